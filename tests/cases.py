"""A complaint for tests, by playing a story: no test of the machinery knows a landlord's forms."""

from __future__ import annotations

import tomllib
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.clock import LONDON
from app.db import db
from app.models import Case, Task
from app.services import stories
from app.settings import ROOT
from app.viewer import Viewer

RECORDED = {
    "channel": "phone",
    "triage_hazard": "no",
    "triage_safeguarding": "no",
    "standing": "tenant",
    "resident_name": "Kezia Boateng",
    "resident_email": "kezia@example.org",
    "resident_address": "Flat 14, Larkhill Court",
    "resident_postcode": "SK3 9ZZ",
    "story": "Water comes through my ceiling.",
    "points": "The leak was not repaired\nNobody rang me back",
    "desired_outcome": "I want it fixed.",
}


def told(landlord_id: str, steps: list[dict[str, Any]]) -> Case:
    """Play steps on the test's clock and return the case; what does not hold fails the test.

    Letters stay in the outbox.
    """
    story = {"landlord": landlord_id, "title": "A test", "step": steps}
    played = stories.play(story, sends=False)
    assert played.failures == [], played.failures
    db.session.expire_all()
    return db.session.scalars(select(Case).where(Case.reference == played.reference)).one()


def recorded(landlord_id: str, at: str = "2026-11-24 09:00", **answers: Any) -> Case:
    """A complaint taken by telephone."""
    return told(
        landlord_id,
        [
            {
                "at": at,
                "who": f"{first_team(landlord_id)}/amira",
                "does": "record_complaint",
                "answers": RECORDED | answers,
            }
        ],
    )


def first_team(landlord_id: str) -> str:
    """The team that landlord.toml names first: the one that records complaints."""
    body = (ROOT / "processes" / landlord_id / "landlord.toml").read_text()
    return next(iter(tomllib.loads(body)["teams"]))


def open_task(case: Case) -> Task:
    """The only open task of a case."""
    return db.session.scalars(
        select(Task).where(Task.case_id == case.id, Task.status == "open")
    ).one()


def as_staff(viewer: Viewer, team: str) -> Viewer:
    """The same viewer, in a team."""
    return Viewer(**{**vars(viewer), "teams": frozenset({team})})


def london(text: str) -> datetime:
    """An instant in London."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)
