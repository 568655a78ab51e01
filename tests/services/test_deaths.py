"""A resident has died: nothing goes to them any more, and a named person carries the case on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.errors import BadInput, NotAllowed, NotFound
from app.letters import FilledLetter, to_plain
from app.models import AccessibleCopy, Alert, Case, Conflict, Death, Letter, Outgoing
from app.services import (
    accessible_copies,
    cases,
    complaints,
    deaths,
    inbox,
    late,
    outbox,
    people,
    residents,
    sweep,
)
from app.services.access import instance_of
from app.services.deaths import NOBODY, Carrier, Told
from app.services.representatives import Permission
from app.viewer import Viewer
from tests.cases import first_team, london
from tests.conftest import filled, new_key
from tests.redrawn import again, answer_all, begun, deploy_small, history_of, party

Make = Callable[..., Viewer]
TODAY = date(2026, 11, 24)
TOLD = Told(date(2026, 11, 20), "Ann Doyle rang us")
NOT_YET = Carrier(NOBODY)
ANN = {
    "title": "Ms",
    "name": "Ann Doyle",
    "email": "ann@example.org",
    "postcode": "SK2 2BB",
    "contact_use": "email",
    "contact_never": ["phone"],
}
DAUGHTER = Carrier("executor", "her daughter", "Letters of administration, seen", details=ANN)


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    deploy_small(landlord)
    return person("grace", teams=(first_team(landlord),))


def doyles(landlord: str, **more: Any) -> Case:
    """A case of Mrs Doyle."""
    case = begun(landlord, resident_name="Mary Doyle", **more)
    case.resident.title = "Mrs"
    db.session.commit()
    return case


def record(viewer: Viewer, case: Case, carrier: Carrier = DAUGHTER, **more: Any) -> None:
    deaths.record(
        viewer, case.reference, party(case, "Mary Doyle").person_id, TOLD, carrier, **more
    )


def texts(case: Case, to: str) -> list[str]:
    """What the letters to somebody say, as plain text, in the order of their titles."""
    rows = db.session.scalars(
        select(Letter)
        .where(Letter.case_id == case.id, Letter.person_id == party(case, to).person_id)
        .order_by(Letter.title)
    )
    return [to_plain(FilledLetter.from_json(row.blocks)) for row in rows]


def addressed(case: Case) -> list[tuple[str, str, str]]:
    """Everything in the outbox of a case: status, address, problem."""
    rows = db.session.scalars(select(Outgoing).where(Outgoing.case_id == case.id))
    return sorted((row.status, row.address, row.problem[:14]) for row in rows)


def posted() -> list[str]:
    """To whom e-mail has gone, as the files of the outbox say."""
    folder = current_app.extensions["settings"].instance_dir / "outbox"
    mails = [message_from_bytes(p.read_bytes(), policy=default) for p in folder.rglob("*.eml")]
    return sorted(str(mail["To"]) for mail in mails)


def test_the_named_person_gets_what_waited_and_what_comes_in_decent_words(
    landlord: str, officer: Viewer
) -> None:
    case = doyles(landlord)
    old = people.give_link(officer, case.reference)
    answer_all(officer, case)  # an e-mail to Mrs Doyle waits in the outbox
    assert texts(case, "Mary Doyle")[0].startswith("Dear Mrs Doyle")

    record(officer, case)

    assert again(case).resident.name == "Ann Doyle"
    assert late.in_words(case) == ["Mrs Doyle has died. Ann Doyle, her daughter, carries this on."]
    assert texts(case, "Mary Doyle") == []
    welcome, answer = texts(case, "Ann Doyle")
    for text in (answer, welcome):
        assert text.startswith("Dear Ms Doyle\n")
        assert "You carry on the complaint of the late Mrs Mary Doyle." in text
        assert "what Mrs Doyle told us" in text
    assert "We looked." in answer  # what was typed stays
    assert "We are very sorry for your loss." in welcome
    outbox.send_due(landlord)
    assert posted() == ["ann@example.org"] * 2

    with pytest.raises(NotFound):
        residents.case_behind(landlord, old)
    token = welcome.split("/status/")[1].split()[0]
    page = residents.page(landlord, token, known=True)
    assert page.case.id == case.id and len(page.letters) == 2
    assert residents.second_fact_fits(page.case, "sk22bb")


def test_with_nobody_yet_letters_wait_the_team_is_told_and_care_is_needed(
    landlord: str, officer: Viewer
) -> None:
    case = doyles(landlord)
    due = instance_of(case).facts["raised_on"]
    record(officer, case, NOT_YET)

    facts = instance_of(again(case)).facts
    assert facts["resident_died"] is True and facts["needs_care"] is True
    assert facts["raised_on"] == due
    says = [alert.text for alert in db.session.scalars(select(Alert))]
    assert says == ["Mrs Doyle has died, and nobody carries it on yet: find out who does"]
    assert inbox.inbox(officer, inbox.Filter()).alerts
    assert ("Mrs Doyle has died", False) in inbox.chips(case)

    answer_all(officer, case)
    outbox.send_due(landlord)
    assert posted() == []
    assert addressed(case) == [("blocked", "", "they have died")]
    waiting = texts(case, "Mary Doyle")[0]
    assert waiting.startswith("Dear Sir or Madam")
    assert "This is about the complaint of the late Mrs Mary Doyle." in waiting

    deaths.carry_on(officer, case.reference, case.resident.id, DAUGHTER)
    outbox.send_due(landlord)
    assert posted() == ["ann@example.org"] * 2
    assert texts(case, "Ann Doyle")[0].startswith("Dear Ms Doyle")


def test_somebody_without_an_e_mail_address_gets_post_and_no_link(
    landlord: str, officer: Viewer
) -> None:
    case = doyles(landlord)
    people.give_link(officer, case.reference)
    by_post = ANN | {"email": "", "contact_use": "", "address": "3 Oak Road"}
    record(officer, case, Carrier("household", "her partner", "Lives there", details=by_post))

    assert again(case).link_hash is None
    assert addressed(case) == [("queued", "3 Oak Road", "")]
    assert "/status/" not in texts(case, "Ann Doyle")[0]


def test_permission_ends_with_the_life_of_whoever_gave_it(landlord: str, officer: Viewer) -> None:
    case = doyles(landlord)
    ids = {}
    for name in ("Sam Hill", "Ann Doyle", "Pat Moss"):
        details = {"name": name, "relation": "friend", "email": "x@example.org"}
        ids[name] = people.add_representative(officer, case.reference, details)
    given = Permission("given", TODAY, "attorney")
    for name in ("Sam Hill", "Ann Doyle"):
        people.record_permission(officer, case.reference, ids[name], given, True)

    record(officer, case, Carrier("other", "a friend", "A will", person_id=ids["Ann Doyle"]))

    assert again(case).resident.name == "Ann Doyle"  # who spoke for her carries on
    sam, pat = party(case, "Sam Hill"), party(case, "Pat Moss")
    assert not sam.may_act(TODAY)
    assert instance_of(case).facts["permission_asked_on"] is None
    lines = [(line.title, line.text) for line in cases.page(officer, case.reference).timeline]
    assert ("Permission for Sam Hill", "Permission ended when Mary Doyle died.") in lines
    assert ("Permission for Ann Doyle", "Permission ended when Mary Doyle died.") not in lines
    answer_all(officer, case)
    assert texts(case, "Sam Hill") == texts(case, "Pat Moss") == []
    assert len(texts(case, "Ann Doyle")) == 2

    deaths.undo(officer, case.reference, party(case, "Mary Doyle").person_id, "Wrong person")
    assert party(case, "Sam Hill").may_act(TODAY) and party(case, "Ann Doyle").may_act(TODAY)
    assert instance_of(again(case)).facts["permission_asked_on"] == TODAY.isoformat()
    assert pat.permission == "pending"


def test_another_resident_carries_on_and_gets_no_letter_twice(
    landlord: str, officer: Viewer
) -> None:
    case = doyles(landlord)
    people.add_new(officer, case.reference, ANN | {"name": "Peter Doyle", "title": ""})
    answer_all(officer, case)
    peter = party(case, "Peter Doyle").person_id
    record(officer, case, Carrier("household", "her husband", "We know him", person_id=peter))

    assert [person.name for person in again(case).residents] == ["Peter Doyle"]
    assert sorted(status for status, _, _ in addressed(case)) == ["queued", "queued"]
    assert len(texts(case, "Peter Doyle")) == 2  # his own answer, and the welcome
    with pytest.raises(BadInput, match="Name another contact"):
        people.take_off(officer, case.reference, peter, "Moved")


def test_one_of_several_dies_and_nobody_else_hears_of_it_in_a_letter(
    landlord: str, officer: Viewer
) -> None:
    case = begun(landlord)
    people.add_new(officer, case.reference, ANN | {"name": "Mary Doyle", "title": "Mrs"})
    son = Carrier("executor", "her son", "Probate", details=ANN | {"name": "Tom Doyle"})
    record(officer, case, son)
    answer_all(officer, case)

    assert [person.name for person in again(case).residents] == ["Kezia Boateng", "Tom Doyle"]
    assert "Doyle" not in texts(case, "Kezia Boateng")[0]
    assert "the late Mrs Mary Doyle" in texts(case, "Tom Doyle")[0]
    assert instance_of(case).facts["resident_died"] is True


def test_all_her_cases_learn_of_it_and_kept_ones_only_that(
    landlord: str, officer: Viewer, clock: SetClock
) -> None:
    case = doyles(landlord)
    mary = case.resident.id
    others = []
    for _ in range(2):
        form = filled(landlord, "record", {"resident_name": "Mary Doyle", "resident_postcode": "X"})
        reference = complaints.record(officer, form, new_key(), mary).reference
        others.append(cases.page(officer, reference).case)
    hidden, open_one = others
    db.session.add(Conflict(landlord_id=landlord, case_id=hidden.id, user_id=officer.user_id))
    db.session.commit()
    assert deaths.has_other_cases(officer, case, case.resident)

    record(officer, case, everywhere=True)
    assert [again(each).resident.name for each in (case, open_one, hidden)] == [
        "Ann Doyle",
        "Ann Doyle",
        "Mary Doyle",
    ]
    assert again(case).resident.id == again(open_one).resident.id
    assert again(open_one).link_hash != again(case).link_hash and again(hidden).link_hash is None
    clock.move_to(london("2026-11-24 09:05"))
    sweep.run_due()
    assert all(instance_of(again(each)).facts["needs_care"] for each in (open_one, hidden))

    with pytest.raises(NotFound):
        complaints.record(officer, form, new_key(), mary)
    with pytest.raises(NotFound):
        people.add_known(officer, begun(landlord).reference, mary)

    deaths.undo(officer, case.reference, mary, "It was her sister")
    assert {again(each).resident.name for each in (case, open_one, hidden)} == {"Mary Doyle"}
    assert db.session.scalars(select(Death)).all() == []
    assert again(case).carried == [] and again(case).link_hash is None
    told = [(line.title, line.text) for line in cases.page(officer, case.reference).timeline]
    assert ("Put right: Mary Doyle has not died", "It was her sister") in told
    assert (
        "Ann Doyle carries this on for Mary Doyle",
        "Executor or administrator of the estate: her daughter. Shown by: "
        "Letters of administration, seen",
    ) in told
    assert ("Mary Doyle has died", "On Friday 20 November 2026. Told by: Ann Doyle rang us") in told
    assert ("death_undone", "It was her sister") in [
        (action, detail.get("reason")) for action, detail in history_of(hidden)
    ]


def test_what_was_held_back_by_mistake_goes_after_all(landlord: str, officer: Viewer) -> None:
    case = doyles(landlord)
    answer_all(officer, case)
    record(officer, case)
    deaths.undo(officer, case.reference, party(case, "Mary Doyle").person_id, "A slip")

    outbox.send_due(landlord)
    assert "kezia@example.org" in posted()  # the address that the case was recorded with
    answer = next(text for text in texts(case, "Mary Doyle") if "We looked." in text)
    assert answer.startswith("Dear Mrs Doyle") and "the late" not in answer


def test_a_copy_in_braille_need_not_be_made_and_no_clock_waits_for_it(
    landlord: str, officer: Viewer
) -> None:
    case = doyles(landlord)
    case.resident.adjustments = ["Braille"]
    db.session.commit()
    answer_all(officer, case)
    assert accessible_copies.open_of_case(db.session(), case)
    record(officer, case)

    assert accessible_copies.open_of_case(db.session(), again(case)) == []
    copy = db.session.scalars(select(AccessibleCopy)).one()
    assert copy.dropped and copy.sent_by is None
    assert accessible_copies.pauses(db.session(), case) == [["2026-11-24", "2026-11-25"]]


def test_what_is_missing_or_wrong_is_told_and_nothing_is_saved(
    landlord: str, officer: Viewer, person: Make
) -> None:
    case = doyles(landlord)
    mary = case.resident.id
    nothing = {"name": " ", "email": "a@b@c"}
    for standing, wrong in (
        ("", {"standing"}),
        ("executor", {"relation", "shown_by", "name", "email"}),
    ):
        carrier = Carrier(standing, details=nothing)
        with pytest.raises(BadInput) as refused:
            deaths.record(officer, case.reference, mary, Told(date(2027, 1, 1), " "), carrier)
        assert set(refused.value.errors) == {"died_on", "told_by"} | wrong
    with pytest.raises(BadInput) as refused:
        deaths.record(officer, case.reference, mary, Told(None, "Ann"), NOT_YET)
    assert set(refused.value.errors) == {"died_on"}
    record(officer, case, NOT_YET)
    with pytest.raises(BadInput, match="recorded already"):
        record(officer, case, NOT_YET)
    with pytest.raises(BadInput):
        deaths.undo(officer, case.reference, mary, " ")
    for viewer, error in ((person("ada", role="auditor"), NotAllowed), (officer, NotFound)):
        if error is NotFound:
            key = {"landlord_id": landlord, "case_id": case.id, "user_id": officer.user_id}
            db.session.add(Conflict(**key))
            db.session.commit()
        for act in (
            lambda v: deaths.record(v, case.reference, mary, TOLD, NOT_YET),
            lambda v: deaths.carry_on(v, case.reference, mary, DAUGHTER),
            lambda v: deaths.undo(v, case.reference, mary, "A slip"),
        ):
            with pytest.raises(error):
                act(viewer)
