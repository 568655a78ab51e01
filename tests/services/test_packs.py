"""A hearing pack: all that the panel needs, nothing that is kept from it, and kept as it was."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app import clock as clocks
from app.clock import SetClock
from app.db import db, transaction
from app.errors import NotAllowed, NotFound
from app.models import Case, CaseLink, Conflict, HearingPack, Note, User
from app.models.base import new_id
from app.services import (
    actions,
    audit,
    cases,
    deployments,
    documents,
    kept_out,
    pack_contents,
    packs,
    sweep,
)
from app.services.accounts import viewer_for
from app.services.operations import jobs
from app.viewer import Viewer
from tests import hearing, small
from tests.conftest import WHEN, make_user
from tests.packs import uploads
from tests.services.test_panels import (
    TEAMS,
    finish,
    member,
    open_at,
)


@pytest.fixture
def clock() -> SetClock:
    return hearing.Ticking(WHEN)


@pytest.fixture
def grace(app: Flask) -> Viewer:
    return hearing.officer()


@pytest.fixture
def case(grace: Viewer) -> Case:
    return hearing.answered(grace)


@pytest.fixture
def seated(case: Case, grace: Viewer) -> dict[str, Viewer]:
    return hearing.seat(grace, case)


def text_of(viewer: Viewer, case: Case, pack: HearingPack) -> str:
    """The words of a pack, with every run of white space as one blank."""
    read = PdfReader(io.BytesIO(packs.get(viewer, case.reference, pack.id).data))
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in read.pages))


def test_the_panel_finds_all_that_it_needs(
    case: Case, grace: Viewer, seated: dict[str, Viewer]
) -> None:
    documents.add_to_case(grace, case.reference, "survey.pdf", uploads.armed_form())
    documents.add_to_case(grace, case.reference, "leak.jpg", uploads.photo())
    documents.add_to_case(grace, case.reference, "film.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 20)
    said = text_of(seated["bo"], case, hearing.pack(grace, case))
    for words in (
        "Small Homes", "Confidential", "1 file is not bound in", "Kezia Boateng",
        "Ama Osei, her sister, for Kezia Boateng. Permission given",
        "Board member: Bo", "Director: Di", "Room 2 at 10",
        "Day of the hearing Thursday 3 December 2026",
        "Limit: Hear it", "(policy 4.5)", "15 working days after",
        "To be reached: Ask first", "No phone calls.", "Large print.", "A chair with arms.",
        "It has dripped since spring.", "Point 1: The leak", "We agree with this point.",
        "The pipe was old.", "Letter sent: Our answer", "Sent to Kezia Boateng by e-mail",
        "You live at Flat 14", "Evidence 1: survey.pdf", uploads.FILLED_IN, "Evidence 2: leak.jpg",
        "Evidence 3: film.mp4", "It cannot be shown on paper.",
        hashlib.sha256(b"\0\0\0\x18ftypmp42" + b"\0" * 20).hexdigest()[:15],
        "Pack page 1 of",
    ):  # fmt: skip
        assert words in said, words


def test_what_is_kept_from_a_panel_is_not_in_it(
    case: Case, grace: Viewer, seated: dict[str, Viewer]
) -> None:
    cases.add_note(grace, case.reference, "note", "A note among colleagues.")
    for task in open_at(case, "give_view"):
        if task.claimed_by == seated["bo"].user_id:
            finish(seated["bo"], task, view="My own opinion.")
    other = small.complaint(grace, address="Another flat")
    with transaction() as session:
        other.resident.name = "Linked Person"
        link = CaseLink(landlord_id=small.SMALL, case_id=other.id, other_id=case.id, kind="about")
        session.add(link)
    said = text_of(grace, case, hearing.pack(grace, case))
    for words in (
        "among colleagues", "My own opinion", "give_view", "aged 65", "cousin", "Bo met her once",
        "Named", "About whom", "0161 496 0777", "kezia@example.org", other.reference,
        "Linked Person",
    ):  # fmt: skip
        assert words not in said, words


def test_once_chosen_the_panel_hears_what_is_new_from_the_resident_only(
    case: Case, grace: Viewer, seated: dict[str, Viewer]
) -> None:
    _, form = actions.open_action(
        grace, case, "coming", MultiDict({"needs": "A ramp for the hearing"})
    )
    assert form.check(), form.errors
    actions.act(grace, case, "coming", form)
    residents_adds(case, "I have a photo of the ceiling.")
    said = text_of(grace, case, hearing.pack(grace, case))
    assert "A ramp for the hearing" in said and "I have a photo of the ceiling." in said


def residents_adds(case: Case, text: str) -> None:
    with transaction() as session:
        session.add(
            Note(
                landlord_id=case.landlord_id, id=new_id(), case_id=case.id, at=clocks.now(),
                by=None, kind="resident", text=text,
            )
        )  # fmt: skip


def test_each_is_kept_as_it_was_and_the_history_proves_it(
    case: Case, grace: Viewer, seated: dict[str, Viewer]
) -> None:
    first = hearing.pack(grace, case)
    bytes_then = packs.get(grace, case.reference, first.id).data
    documents.add_to_case(grace, case.reference, "leak.jpg", uploads.photo())
    second = hearing.pack(seated["di"], case)

    listed = packs.offered(grace, case.reference)
    assert [made.pack.id for made in listed.packs] == [second.id, first.id]
    assert packs.get(grace, case.reference, first.id).data == bytes_then
    assert [blob.name for blob in cases.documents_of(case)] == ["leak.jpg"]  # none is evidence
    assert "Evidence 2" not in text_of(grace, case, second)

    ruth = make_user(small.SMALL, "ruth", "auditor")
    told = [e for e in audit.whole(ruth, case.reference).entries if e.action == "pack_made"]
    assert [(e.who, e.title) for e in told] == [
        ("Grace", "Hearing pack made"),
        ("Di", "Hearing pack made"),
    ]
    digest = hashlib.sha256(bytes_then).hexdigest()
    assert f"{first.pages} pages. SHA-256 {digest}" in told[0].text
    assert packs.get(ruth, case.reference, first.id).sha256 == digest


def test_who_may_have_it(case: Case, grace: Viewer, seated: dict[str, Viewer]) -> None:
    pack = hearing.pack(seated["bo"], case)
    boss = make_user(small.SMALL, "boss", "manager")
    for viewer in (grace, boss, *seated.values()):
        assert packs.get(viewer, case.reference, pack.id).data[:5] == b"%PDF-"
        assert packs.is_offered(viewer, case)

    cy = member("cy", "board_members")  # of the same team, and not on this panel
    ordinary = member("ordinary")
    named = complained_about(case)
    stranger = make_user(_another_landlord(), "stranger", "manager")
    auditor = make_user(small.SMALL, "ruth", "auditor")
    refused = [
        (cy, NotAllowed, NotAllowed), (ordinary, NotAllowed, NotAllowed),
        (named, NotFound, NotFound), (stranger, NotFound, NotFound), (auditor, None, NotAllowed),
    ]  # fmt: skip
    blob = db.session.get_one(HearingPack, (case.landlord_id, pack.id)).blob_id
    for viewer, read, made in refused:
        for wanted, act in (
            (read, lambda v=viewer: packs.get(v, case.reference, pack.id)),
            (read, lambda v=viewer: packs.offered(v, case.reference)),
            (made, lambda v=viewer: packs.ask(v, case.reference)),
            (NotFound, lambda v=viewer: documents.get_document(v, case.reference, blob)),
        ):
            if wanted:
                with pytest.raises(wanted):
                    act()
            else:
                act()


def complained_about(case: Case) -> Viewer:
    """Whom the answer's form named as complained about."""
    row = db.session.scalars(select(Conflict).where(Conflict.case_id == case.id)).one()
    return viewer_for(db.session.get_one(User, row.user_id))


def _another_landlord() -> str:
    body = (small.LANDLORD + TEAMS).replace("small-homes", "other-homes")
    deployments.deploy("other-homes", hearing.files() | {"landlord.toml": body.encode()})
    return "other-homes"


def test_a_member_who_is_kept_out_later_loses_it(
    case: Case, grace: Viewer, seated: dict[str, Viewer]
) -> None:
    pack = hearing.pack(grace, case)
    kept_out.keep_out(grace, case.reference, seated["bo"].user_id or "", "A neighbour")
    with pytest.raises(NotFound):
        packs.get(seated["bo"], case.reference, pack.id)


def test_before_the_panel_is_chosen_the_cover_says_so(case: Case, grace: Viewer) -> None:
    assert packs.is_offered(grace, case)  # the choosing is open
    assert "The panel Not chosen yet" in text_of(grace, case, hearing.pack(grace, case))


def test_only_a_procedure_with_a_panel_has_packs(app: Flask) -> None:
    small.deploy()
    grace = small.officer()
    case = small.complaint(grace)
    assert not packs.is_offered(grace, case)
    with pytest.raises(NotFound):
        packs.offered(grace, case.reference)
    with pytest.raises(NotFound):
        packs.ask(grace, case.reference)


def test_a_second_press_is_the_same_pack_and_called_off_there_is_none(
    case: Case, grace: Viewer, seated: dict[str, Viewer]
) -> None:
    job_id = packs.ask(grace, case.reference)
    assert packs.ask(seated["bo"], case.reference) == job_id
    with pytest.raises(NotFound):
        jobs.cancel(grace, packs.JOB, job_id)  # which would be about no case
    packs.cancel(seated["bo"], case.reference, job_id)
    assert jobs.run_waiting(sweep.JOBS) == 0
    assert packs.offered(grace, case.reference).packs == []


def test_called_off_at_the_last_moment_nothing_is_kept(
    case: Case, grace: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = packs.ask(grace, case.reference)
    whole = packs._print

    def printed(*args: Any) -> tuple[bytes, int, int]:
        made = whole(*args)
        packs.cancel(grace, case.reference, job_id)
        return made

    monkeypatch.setattr(packs, "_print", printed)
    assert jobs.run_waiting(sweep.JOBS) == 1
    offered = packs.offered(grace, case.reference)
    assert offered.packs == [] and offered.job and offered.job.status == "cancelled"


def test_whoever_may_no_longer_have_it_gets_none_made(
    case: Case, grace: Viewer, seated: dict[str, Viewer]
) -> None:
    packs.ask(seated["bo"], case.reference)
    kept_out.keep_out(grace, case.reference, seated["bo"].user_id or "", "A neighbour")
    jobs.run_waiting(sweep.JOBS)
    offered = packs.offered(grace, case.reference)
    assert offered.packs == [] and offered.job
    assert (offered.job.status, offered.job.tries) == ("failed", 1)


def test_too_many_words_do_not_fill_it(
    case: Case, grace: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_contents, "MOST_TYPED", 10)
    pack = hearing.pack(grace, case)
    said = text_of(grace, case, pack)
    assert "2 forms have no room in this pack." in said and pack_contents.TOO_LONG in said
    assert pack.left_out == 2


def test_two_residents_get_one_letter_and_the_pack_shows_one_address(
    app: Flask, grace: Viewer
) -> None:
    case = hearing.recorded(grace)
    small.joins(
        case, "other_resident", "Joy Boateng", email="joy@example.org", address="Elsewhere 9"
    )
    hearing.answer(grace, case)
    said = text_of(grace, case, hearing.pack(grace, case))
    assert "The same letter went to Joy Boateng" in said and "Elsewhere 9" not in said
