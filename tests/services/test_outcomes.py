"""How a case ended is told with the name of the end that its own diagram reached."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.db import db
from app.services import deployments
from app.services.outcomes import how_ended, outcome_name, outcome_names
from app.viewer import Viewer
from tests import small
from tests.conftest import make_user
from tests.engine.drawing import end, first_of, flows, message, send, start, timer, user

SignIn = Callable[[Viewer], FlaskClient]
LATE_WORD = (
    start(),
    user("answer", writes="answer"),
    send("send_answer", letter="answer", sets="answered_on"),
    timer("window", "working_days(20, answered_on)", label="Ask again", closes="lapsed"),
    first_of("wait"),
    message("asks", form="asks", offered_to="staff, resident"),
    timer("year", "months(12, answered_on)"),
    end("again", outcome="again"),
    end("never"),
    flows("begun > answer > send_answer > window > wait > asks > again", "wait > year > never"),
)


NAMES = {"again": "Asked again", "never": "Never asked"}


@pytest.fixture
def procedure(app: Flask) -> deployments.Deployed:
    files = small.files(*LATE_WORD)
    for identifier, name in NAMES.items():
        drawn = f'id="{identifier}" name="{identifier}"'.encode()
        named = f'id="{identifier}" name="{name}"'.encode()
        files["complaint.bpmn"] = files["complaint.bpmn"].replace(drawn, named)
    deployments.deploy(small.SMALL, files)
    return deployments.live(small.SMALL)


def test_an_outcome_is_called_like_the_end_that_has_it(procedure: deployments.Deployed) -> None:
    assert outcome_name(procedure, "again") == "Asked again"


def test_what_closes_before_the_end_is_called_like_the_end_if_nobody_says_more(
    procedure: deployments.Deployed,
) -> None:
    assert outcome_name(procedure, "lapsed") == "Never asked"


def test_a_code_that_no_diagram_has_stands_as_words(procedure: deployments.Deployed) -> None:
    assert outcome_name(procedure, "with_somebody_else") == "With somebody else"


def test_all_outcomes_are_named_in_order(procedure: deployments.Deployed) -> None:
    assert outcome_names(procedure) == {"again": "Asked again", "lapsed": "Never asked"}


def test_pages_and_report_name_the_end_and_not_its_code(
    procedure: deployments.Deployed, sign_in: SignIn
) -> None:
    grace = small.officer()
    case = small.complaint(grace)
    case.status, case.outcome, case.closed_at = "closed", "lapsed", case.opened_at
    db.session.commit()
    assert how_ended([case]) == {case.id: "Never asked"}
    client = sign_in(make_user(small.SMALL, "helen", "manager", ("complaints",)))
    assert "Never asked" in client.get(f"/cases/{case.reference}").text
    assert "Never asked" in client.get("/cases?status=closed").text
    assert "Never asked" in client.get("/report").text
    auditor = sign_in(make_user(small.SMALL, "ruth", "auditor"))
    for address in ("/histories", f"/histories/{case.reference}"):
        page_text = auditor.get(address).text
        assert "Never asked" in page_text and "lapsed" not in page_text.casefold()
