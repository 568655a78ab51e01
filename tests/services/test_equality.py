"""Equality data is counted apart: nothing leads from a count to a case, and few are not shown."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import inspect, select, text

from app.db import db, transaction
from app.models import EqualityCount
from app.services import checking, deployments
from app.services.periods import Period
from app.services.reporting.equality import shown
from app.services.reporting.report import report
from app.viewer import Viewer
from tests.cases import first_team
from tests.conftest import make_user
from tests.forms.form_kit import component, group
from tests.redrawn import SAID, answer_all, begun, deploy_small, with_more

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]
ANSWER = "marmalade"  # a word that stands nowhere else
ASKED = component(
    "select", "breakfast", values=f"{ANSWER} porridge not_said", properties={"equality": "true"}
)
AUTUMN = Period(date(2026, 10, 1), date(2026, 12, 31))


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    deploy_small(landlord, **with_more("record", group("About you", ASKED)))
    return person("grace", teams=(first_team(landlord),))


def where(word: str) -> set[str]:
    """The tables of the database in which a word stands, but for the files of the procedure."""
    found = set()
    for table in inspect(db.engine).get_table_names():
        for row in db.session.execute(text(f'SELECT * FROM "{table}"')):
            if any(word in str(value) for value in row):
                found.add(table)
    return found - {"deployment_file"}


def put(landlord: str, month: str, answer: str, times: int) -> None:
    with transaction() as session:
        session.add(
            EqualityCount(
                landlord_id=landlord,
                month=month,
                kind="complaint",
                field="breakfast",
                answer=answer,
                times=times,
            )
        )


def test_an_answer_raises_a_count_and_is_nowhere_else(landlord: str, officer: Viewer) -> None:
    for _ in range(2):
        answer_all(officer, begun(landlord, breakfast=ANSWER))
    begun(landlord)  # who says nothing is not counted

    (row,) = db.session.scalars(select(EqualityCount).where(EqualityCount.times > 0))
    assert (row.month, row.kind, row.field, row.times) == ("2026-11", "complaint", "breakfast", 2)
    assert where(ANSWER) == {"equality_count"}
    assert {column["name"] for column in inspect(db.engine).get_columns("equality_count")} == {
        "landlord_id",
        "month",
        "kind",
        "field",
        "answer",
        "times",
    }


def test_the_table_does_not_keep_the_order_in_which_people_wrote(
    landlord: str, officer: Viewer
) -> None:
    orders = set()
    for answer in ("porridge", ANSWER, "porridge"):
        begun(landlord, breakfast=answer)
        rows = db.session.execute(text("SELECT answer FROM equality_count")).scalars().all()
        orders.add(tuple(rows))
    assert orders == {tuple(sorted(rows))} and {ANSWER, "porridge"} < set(rows)


def test_a_draft_that_was_sent_leaves_nothing_behind(
    landlord: str, officer: Viewer, sign_in: SignIn
) -> None:
    browser = sign_in(officer)
    typed: dict[str, Any] = dict(
        deployments.live(landlord).forms["record"].as_typed(SAID | {"breakfast": ANSWER})
    )
    page = browser.get("/record?person=new").text
    assert "nobody who decides about it sees them" in page
    (save_at,) = re.findall(r'data-draft-url="([^"]+)"', page)
    browser.post(html.unescape(save_at), data=typed)
    assert where(ANSWER) == {"draft"}
    sent = browser.post("/record", data=typed | {"pr_person": "new"}, follow_redirects=True)
    assert "Recorded" in sent.text and where(ANSWER) == {"equality_count"}


def test_the_report_tells_how_many_but_never_who(
    landlord: str, officer: Viewer, sign_in: SignIn
) -> None:
    put(landlord, "2026-10", ANSWER, 4)
    put(landlord, "2026-12", ANSWER, 3)
    put(landlord, "2026-12", "porridge", 4)
    put(landlord, "2027-01", "porridge", 9)
    manager = make_user(landlord, "maya", "manager")

    (table,) = report(manager, AUTUMN).equality or []
    assert table.rows == [
        ("Marmalade", "7"),
        ("Porridge", "fewer than 5"),
        ("Not_said", "fewer than 5"),
    ]
    odd = Period(date(2026, 10, 1), date(2026, 11, 30))
    assert report(manager, odd).equality is None
    browser = sign_in(manager)
    page = browser.get(f"/report?period={AUTUMN.code}").text
    assert "fewer\u00a0than\u00a05" in page and "Breakfast" in page
    assert "whole quarters" in browser.get(f"/report?period={odd.code}").text
    table_file = browser.get(f"/report.csv?period={AUTUMN.code}").text
    assert "Equality,Breakfast,Porridge,fewer than 5" in table_file


@pytest.mark.parametrize(
    ("quarters", "says"),
    [
        ([4], "fewer than 5"),
        ([0], "fewer than 5"),
        ([5], "5"),
        ([12, 9], "21"),
        ([12, 3], "not shown"),  # 15 less 12 would tell the three
        ([3, 3], "6"),
        ([1200, 9, 7, 6], "1,222"),
    ],
)
def test_few_are_hidden_also_from_who_subtracts(quarters: list[int], says: str) -> None:
    assert shown(quarters) == says


def test_a_fact_and_a_later_form_are_refused_with_the_cure(landlord: str, officer: Viewer) -> None:
    files = dict(deployments.live(landlord).files)
    files["forms/look.form"] = files["forms/record.form"].replace(b'"record"', b'"look"')
    files["facts.toml"] += b'[breakfast]\ntype = "choice"\nchoices = ["marmalade"]\n'
    said = [problem.message for problem in checking.check(files) if problem.element == "breakfast"]
    assert "An answer about equality is no fact. Take [breakfast] out of facts.toml." in said
    assert any("only in a form that begins a case" in words for words in said)
