"""Every letter names a person with a number to ring."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.db import db, transaction
from app.letters import FilledLetter, to_plain
from app.models import Case, Conflict, Letter, Task, User
from app.services import actions, checking, tasks
from app.viewer import Viewer
from tests import small

# A task, and beside it a letter that nobody writes.
BESIDE = (
    small.start(),
    small.user("answer"),
    small.message("asks", form="asks", on="answer"),
    small.send("send_answer", letter="answer"),
    small.end("told", outcome="told"),
    small.user("check", form="asks"),
    small.end("over", outcome="over"),
    small.flows("begun > answer > check > over", "asks > send_answer > told"),
)
LETTER = small.LETTER.replace('requires = ["part_answer"]\n', "")


def signed(case: Case) -> str:
    """The last line of the newest letter of a case."""
    letter = db.session.scalars(
        select(Letter).where(Letter.case_id == case.id).order_by(Letter.written_at.desc())
    ).first()
    assert letter is not None
    return to_plain(FilledLetter.from_json(letter.blocks)).strip().splitlines()[-1]


@pytest.fixture
def sends(app: Flask) -> Callable[[Case, Viewer], str]:
    """Lets the procedure send its letter, and returns who signs."""
    small.deploy(*BESIDE, letter=LETTER)

    def send(case: Case, viewer: Viewer) -> str:
        offer = actions.offered(case, "staff")[0]
        _, form = actions.open_action(viewer, case, offer.name)
        form = form.definition.bind(typed=form.definition.as_typed({}))
        assert form.check(), form.errors
        actions.act(viewer, case, offer.name, form)
        db.session.expire_all()
        return signed(case)

    return send


def claimed(viewer: Viewer, case: Case) -> None:
    task = db.session.scalars(select(Task).where(Task.case_id == case.id)).one()
    tasks.claim(viewer, task.id)


def test_what_somebody_wrote_they_sign(app: Flask) -> None:
    small.deploy()
    grace = small.officer(phone="0161 496 0911")
    case = small.complaint(grace)
    small.does(grace, case, answer="We agree.")
    assert signed(case) == "Grace, Housing officer, 0161 496 0911"


def test_whoever_has_the_work_signs_what_nobody_wrote(sends: Callable[..., str]) -> None:
    clerk, nadia = small.officer("clerk"), small.officer("nadia", "0161 496 0921")
    case = small.complaint(clerk)
    claimed(nadia, case)
    assert sends(case, clerk) == "Nadia, Housing officer, 0161 496 0921"
    assert db.session.scalars(select(Letter.written_by)).all() == [None]


def test_else_whoever_did_the_last_task_signs(app: Flask) -> None:
    small.deploy(
        small.start(),
        small.user("answer"),
        small.send("send_answer", letter="answer"),
        small.end("told", outcome="told"),
        small.flows("begun > answer > send_answer > told"),
        letter=LETTER,
    )
    clerk, nadia = small.officer("clerk"), small.officer("nadia", "0161 496 0921")
    case = small.complaint(clerk)
    small.does(nadia, case)
    assert signed(case) == "Nadia, Housing officer, 0161 496 0921"


def test_else_the_contact_person_of_the_landlord_signs(sends: Callable[..., str]) -> None:
    clerk = small.officer("clerk")
    case = small.complaint(clerk)
    assert sends(case, clerk) == "Olu Contact, Complaints officer, 0161 496 0999"


def test_somebody_who_was_kept_out_or_has_left_never_signs(sends: Callable[..., str]) -> None:
    clerk, nadia, idris = (small.officer(name, "0161") for name in ("clerk", "nadia", "idris"))
    kept_out, left = small.complaint(clerk), small.complaint(clerk)
    claimed(nadia, kept_out)
    claimed(idris, left)
    with transaction() as session:
        session.add(
            Conflict(landlord_id=small.SMALL, case_id=kept_out.id, user_id=nadia.user_id, reason="")
        )
        session.get_one(User, idris.user_id).active = False
    assert sends(kept_out, clerk).startswith("Olu Contact")
    assert sends(left, clerk).startswith("Olu Contact")


@pytest.mark.parametrize(
    ("team_phone", "printed"), [("0161 496 0910", "0161 496 0910"), ("", "0161 496 0900")]
)
def test_without_a_number_of_their_own_the_teams_stands_else_the_landlords(
    app: Flask, team_phone: str, printed: str
) -> None:
    small.deploy(landlord=small.LANDLORD.replace("0161 496 0910", team_phone))
    grace = small.officer()
    case = small.complaint(grace)
    small.does(grace, case, answer="We agree.")
    assert signed(case) == f"Grace, , {printed}"


def test_a_landlord_without_a_contact_person_is_warned() -> None:
    start = small.LANDLORD.index("[contact_person]")
    end = small.LANDLORD.index("[ombudsman]")
    files = small.files(landlord=small.LANDLORD[:start] + small.LANDLORD[end:])
    (missing,) = set(checking.check(files)) - set(checking.check(small.files()))
    assert (missing.file, missing.severity) == ("landlord.toml", "warning")
    assert "[contact_person]" in missing.message
