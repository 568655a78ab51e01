"""Everything that differs between two installations."""

from __future__ import annotations

import os
import secrets
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from app.errors import PutrightError

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = ROOT / "app" / "migrations"
PREFIX = "PUTRIGHT_"
OTHERS = {"PUTRIGHT_LONG", "PUTRIGHT_PYTHON"}  # of ./check and ./run; the first is near a setting
CLOSE = 0.85  # of 1: as alike as a name and its misspelling
SHORTEST_KEY = 32  # characters
# of libpq, in seconds and milliseconds: a network that goes silent is noticed within a minute
SILENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


class Misspelt(PutrightError):
    """A variable of the environment that was surely meant to be a setting."""


class Settings(BaseSettings):
    """Read once, from PUTRIGHT_* variables. A landlord's limits are not settings: see processes/.

    instance_dir: the folder of the database, secret key and outbox.
    database_url: an SQLAlchemy address; empty means SQLite in instance_dir.
    owner_database_url: the address of the role that owns the tables, for migrate, restore and
    drill; empty means that database_url's does.
    secret_key: signs sessions, 32 characters or more; empty means one kept in
    instance_dir/secret_key.
    smtp_url: of the mail server: smtp://user:password@host:587 (STARTTLS) or smtps://…:465; empty
    means files in the outbox.
    mail_from: sender of e-mail when the landlord's own file names none.
    public_url: how residents reach this server; used in letters and links.
    trusted_proxies: how many reverse proxies stand in front and set X-Forwarded-For and -Proto.
    sweep_every_seconds: how often deadlines and the outbox are looked at.
    metrics_token: who sends it as bearer token may read /metrics and the detail of /readyz; empty
    means this machine only.
    log: plain or json.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        hide_input_in_errors=True,  # it may be a password
    )

    instance_dir: Path = ROOT / "instance"
    processes_dir: Path = ROOT / "processes"
    forms_dir: Path = ROOT / "forms" / "definitions"
    database_url: str = ""
    owner_database_url: str = ""
    secret_key: SecretStr = SecretStr("")
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = "complaints@putright.example"
    public_url: str = "http://127.0.0.1:8000"
    sweep_every_seconds: int = Field(default=15, ge=1, le=900)
    heartbeat: bool = True
    metrics_token: SecretStr = SecretStr("")
    log: Literal["plain", "json"] = "plain"
    secure_cookies: bool = False
    trusted_proxies: int = Field(default=0, ge=0, le=5)

    @model_validator(mode="before")
    @classmethod
    def no_other_names(cls, values: Any) -> Any:
        """Raises Misspelt."""
        known = [f"{PREFIX}{field.upper()}" for field in cls.model_fields]
        for name in sorted(os.environ):
            spelt = name.upper()
            if not spelt.startswith(PREFIX) or spelt in {*known, *OTHERS}:
                continue
            if meant := get_close_matches(spelt, known, 1, CLOSE):
                raise Misspelt(f"{name} is no setting. Did you mean {meant[0]}?")
        return values

    @field_validator("secret_key")
    @classmethod
    def hard_to_guess(cls, key: SecretStr) -> SecretStr:
        said = key.get_secret_value()
        if said.startswith("CHANGE-ME"):
            raise ValueError("it is still the CHANGE-ME that stands in the example")
        if said and len(said) < SHORTEST_KEY:
            raise ValueError(f"a key has {SHORTEST_KEY} characters or more")
        return key

    @field_validator("owner_database_url")
    @classmethod
    def of_the_same_database(cls, url: str, others: ValidationInfo) -> str:
        ours = others.data["database_url"]
        if url.startswith("postgresql") and not ours.startswith("postgresql"):
            raise ValueError("it is of PostgreSQL, and PUTRIGHT_DATABASE_URL has to be, too")
        return url

    @field_validator("smtp_url")
    @classmethod
    def of_a_mail_server(cls, url: SecretStr) -> SecretStr:
        said = url.get_secret_value()
        if said and not said.startswith(("smtp://", "smtps://")):
            raise ValueError("it begins with smtp:// or smtps://")
        return url

    @field_validator("public_url")
    @classmethod
    def of_a_website(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
            raise ValueError("it begins with http:// or https://, and a name follows")
        return url

    @property
    def database(self) -> str:
        """The address in force."""
        address = self.database_url or f"sqlite:///{self.instance_dir / 'putright.db'}"
        return not_for_ever(address)

    @property
    def sqlite_file(self) -> Path | None:
        """Where SQLite keeps the database. A name alone is one in instance_dir: so says Flask."""
        url = make_url(self.database)
        if url.get_backend_name() != "sqlite":
            return None
        return self.instance_dir.resolve() / url.database if url.database else None

    @property
    def owner_database(self) -> str:
        """The address by which tables are made. SQLite has no roles."""
        if self.database.startswith("sqlite"):
            return self.database
        return not_for_ever(self.owner_database_url) or self.database

    def home(self) -> Path:
        """instance_dir, made where it is not there yet: nobody else on this machine reads it."""
        self.instance_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.instance_dir

    def session_key(self) -> str:
        """The secret that signs sessions; made once and kept when none is set."""
        if self.secret_key.get_secret_value():
            return self.secret_key.get_secret_value()
        kept = self.home() / "secret_key"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_urlsafe(48))
        return kept.read_text().strip()


def not_for_ever(address: str) -> str:
    """An address by which nobody waits for a silent PostgreSQL. What it says itself stays."""
    if not address.startswith("postgresql"):
        return address
    url = make_url(address)
    return url.set(query=SILENCE | url.query).render_as_string(hide_password=False)
