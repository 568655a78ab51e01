"""Settings that cannot be are refused when they are read, in words that give no secret away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from pydantic import ValidationError
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from app.cli import main
from app.cli.group import NAMED_BY
from app.cli.procedures import named
from app.outside import ADDRESSES, in_a_sentence
from app.settings import ROOT, Misspelt, Settings

WRONG = [
    ("SECRET_KEY", "CHANGE-ME-to-48-random-characters-the-same-everywhere", "CHANGE-ME"),
    ("SECRET_KEY", "hunter2hunter2", "32 characters"),
    ("SMTP_URL", "mail.example:hunter2", "smtp://"),
    ("SMTP_URL", "https://putright:hunter2@mail.example", "smtp://"),
    ("PUBLIC_URL", "complaints.example", "https://"),
    ("PUBLIC_URL", "https://", "https://"),
    ("OWNER_DATABASE_URL", "postgresql+psycopg://o:hunter2@h/x", "PUTRIGHT_DATABASE_URL has to be"),
]


@pytest.mark.parametrize(("name", "value", "says"), WRONG)
def test_a_setting_that_cannot_be_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"PUTRIGHT_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    said = in_a_sentence(refused.value)
    assert said.startswith(f"The setting PUTRIGHT_{name} is wrong: ") and says in said
    for words in (said, str(refused.value)):
        assert "hunter2" not in words and "the-same-everywhere" not in words


def test_no_key_no_mail_server_and_good_ones_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, mail in (("", ""), ("k" * 32, "smtps://u:p@mail.example:465")):
        monkeypatch.setenv("PUTRIGHT_SECRET_KEY", key)
        monkeypatch.setenv("PUTRIGHT_SMTP_URL", mail)
        made = Settings(public_url="http://127.0.0.1:8001")
        assert made.secret_key.get_secret_value() == key


def test_a_misspelt_setting_is_refused_by_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUTRIGHT_DATABSE_URL", "x")
    told = CliRunner().invoke(main, ["users", "list"])
    meant = "PUTRIGHT_DATABSE_URL is no setting. Did you mean PUTRIGHT_DATABASE_URL?"
    assert told.exit_code == 1 and told.stderr == f"Error: {meant}\n"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABSE_URL", "x", "PUTRIGHT_DATABSE_URL is no setting. Did you mean"),
        ("SECRET_KEY", "hunter2", "The setting PUTRIGHT_SECRET_KEY is wrong: a key has 32"),
        ("DATABASE_URL", "postgresql+psycopg://u@127.0.0.1:1/x", "PUTRIGHT_DATABASE_URL names it."),
    ],
)
def test_gunicorn_says_in_a_sentence_what_cannot_be(
    tmp_path: Path, name: str, value: str, says: str
) -> None:
    tried = subprocess.run(
        [sys.executable, "-c", "import app.wsgi"],
        cwd=ROOT,
        env=os.environ | {"PUTRIGHT_INSTANCE_DIR": str(tmp_path), f"PUTRIGHT_{name}": value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert tried.returncode == 3 and says in tried.stderr, tried.stderr
    assert tried.stderr.count("\n") == 1 and "hunter2" not in tried.stderr


@pytest.mark.parametrize(
    ("address", "named_as"),
    [
        (
            "postgresql+psycopg://ann:hunter2@db.example:5433/putright?sslmode=require",
            "postgresql://db.example:5433/putright",
        ),
        (
            "postgresql+psycopg://db.example/x?user=ann&password=hunter2",
            "postgresql://db.example/x",
        ),
        (
            "postgresql+psycopg:///x?host=/run/pg&sslpassword=hunter2",
            "postgresql:///x?host=/run/pg",
        ),
        ("sqlite:////srv/putright.db", "sqlite:////srv/putright.db"),
    ],
)
def test_a_database_is_named_without_what_opens_it(address: str, named_as: str) -> None:
    assert unquote(named(make_url(address))) == named_as


def test_variables_that_are_like_no_setting_are_let_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    others = ("PYTHON", "LONG", "KEEP_WALKS", "CASES", "PORT", "SERVICE_HOST", "BACKUP_BUCKET")
    for other in others:
        monkeypatch.setenv(f"PUTRIGHT_{other}", "1")
    assert Settings().log == "plain"
    monkeypatch.setenv("PUTRIGHT_SECURE_COOKIE", "true")
    with pytest.raises(Misspelt, match="PUTRIGHT_SECURE_COOKIES"):
        Settings()


def unreachable() -> DBAPIError:
    with pytest.raises(DBAPIError) as problem:
        create_engine("postgresql+psycopg://u@127.0.0.1:1/putright").connect()
    return problem.value


def test_what_a_driver_says_is_told_with_the_name_of_the_setting_and_no_example() -> None:
    said = in_a_sentence(unreachable())
    assert "refused" in said and said.endswith("PUTRIGHT_DATABASE_URL names it.")
    assert "\n" not in said and ADDRESSES not in said
    with pytest.raises(ArgumentError) as problem:
        create_engine("foo")
    assert in_a_sentence(problem.value).endswith(ADDRESSES)


@pytest.mark.parametrize("command", ["migrate", "restore x.zip", "drill", "users list"])
def test_each_command_names_the_setting_of_its_database(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    problem = unreachable()

    def fail(*_: object) -> None:
        raise problem

    for module in ("operations", "users"):
        monkeypatch.setattr(f"app.cli.{module}.settings_of", fail)
    told = CliRunner().invoke(main, command.split())
    named = NAMED_BY.get(command.split()[0], "PUTRIGHT_DATABASE_URL")
    assert ("OWNER" in named) == (command != "users list")
    assert told.exit_code == 1 and told.stderr.endswith(f"{named} names it.\n")
