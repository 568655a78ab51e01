"""Who speaks for the resident of a case, and with what permission."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from app.clock import SetClock
from app.db import db
from app.errors import BadInput
from app.models import Case
from app.services import (
    cases,
    kept_facts,
    people,
    steps,
    sweep,
)
from app.services.access import instance_of
from app.services.representatives import SPOKEN, Permission, in_words, may_be_told
from app.viewer import Viewer
from tests.cases import first_team, london
from tests.forms.form_kit import component
from tests.redrawn import (
    again,
    begun,
    deploy_small,
    finish,
    history_of,
    party,
    task_at,
    with_more,
)

Make = Callable[..., Viewer]
TODAY = date(2026, 11, 24)


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    deploy_small(landlord)
    return person("grace", teams=(first_team(landlord),))


def asked_on(case: Case) -> Any:
    step = steps.open_step(db.session(), instance_of(again(case)), Viewer(case.landlord_id))
    return kept_facts.KEPT["permission_asked_on"](step)


def test_a_representative_waits_for_permission(landlord: str, officer: Viewer) -> None:
    case = begun(landlord, representative_name="Sam Lee")
    sam = party(case, "Sam Lee")

    assert (sam.role, sam.permission, sam.may_act(TODAY)) == ("representative", "pending", False)
    assert may_be_told(sam, TODAY, "Kezia") == (
        "Share nothing with Sam Lee yet: Kezia has not said that they may act."
    )
    assert asked_on(case) == "2026-11-24"
    assert [f.case.id for f in cases.search(officer, "sam lee")[0]] == [case.id]


@pytest.mark.parametrize("decision", ["given", "refused", "withdrawn"])
def test_once_it_is_decided_nobody_waits_for_it(
    landlord: str, officer: Viewer, decision: str
) -> None:
    case = begun(landlord, representative_name="Sam Lee")
    sam = party(case, "Sam Lee").person_id
    said = Permission(decision, TODAY, "written" if decision == "given" else "")
    people.record_permission(officer, case.reference, sam, said, True)

    assert asked_on(case) is None
    assert instance_of(again(case)).facts["permission_asked_on"] is None
    found = party(case, "Sam Lee")
    assert found.may_act(TODAY) is (decision == "given")
    assert found.gets_letters is (decision == "given")
    said_so = [detail["says"] for action, detail in history_of(case) if action == "permission"]
    assert said_so == [in_words(found, TODAY)]


def test_the_reminder_starts_the_asking_and_its_task_decides(
    landlord: str, officer: Viewer, clock: SetClock
) -> None:
    case = begun(landlord, representative_name="Sam Lee")
    clock.move_to(london("2026-11-25 09:00"))
    sweep.run_due()
    finish(officer, case, "ask_permission", permission_decision="given", permission_how="written")

    assert party(case, "Sam Lee").permission_on == date(2026, 11, 25)
    assert instance_of(again(case)).facts["permission_asked_on"] is None


def test_permission_past_its_last_day_counts_as_none(landlord: str, officer: Viewer) -> None:
    case = begun(landlord, representative_name="Sam Lee")
    sam = party(case, "Sam Lee").person_id
    said = Permission("given", TODAY, "attorney", date(2026, 12, 1), "the leak")
    people.record_permission(officer, case.reference, sam, said, False)
    found = party(case, "Sam Lee")

    assert found.may_act(date(2026, 12, 1))
    assert may_be_told(found, date(2026, 12, 1), "Kezia") == "Share with Sam Lee only: the leak."
    assert not found.may_act(date(2026, 12, 2))
    assert in_words(found, date(2026, 12, 2)) == "Permission ended on Tuesday 1 December 2026."
    assert "Share nothing with Sam Lee any more" in may_be_told(found, date(2026, 12, 2), "Kezia")
    assert asked_on(case) is None


def test_spoken_permission_is_kept_as_an_adjustment(landlord: str, officer: Viewer) -> None:
    case = begun(landlord, representative_name="Sam Lee")
    sam = party(case, "Sam Lee").person_id
    for _ in range(2):
        people.record_permission(
            officer, case.reference, sam, Permission("given", TODAY, "spoken"), False
        )

    assert again(case).resident.adjustments == [SPOKEN]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (Permission("maybe", TODAY), "decision"),
        (Permission("given", TODAY, "by pigeon"), "how"),
        (Permission("given", date(2026, 11, 25), "written"), "on"),
        (Permission("given", TODAY, "written", date(2026, 11, 23)), "until"),
        (Permission("given", TODAY, "written", None, "x" * 301), "limited_to"),
    ],
)
def test_a_permission_that_does_not_fit_is_refused_at_its_field(
    landlord: str, officer: Viewer, said: Permission, field: str
) -> None:
    case = begun(landlord, representative_name="Sam Lee")
    with pytest.raises(BadInput) as refused:
        people.record_permission(
            officer, case.reference, party(case, "Sam Lee").person_id, said, False
        )
    assert list(refused.value.errors) == [field]
    assert party(case, "Sam Lee").permission == "pending"


def test_an_intake_form_names_a_representative_with_permission(landlord: str) -> None:
    deploy_small(
        landlord,
        **with_more(
            "record", component("radio", "representative_permission", values="confirmed pending")
        ),
    )
    case = begun(landlord, representative_name="Sam Lee", representative_permission="confirmed")

    sam = party(case, "Sam Lee")
    assert (sam.permission, sam.permission_on, sam.may_act(TODAY)) == ("given", TODAY, True)
    assert asked_on(case) is None


def asks_permission(landlord: str) -> None:
    """A task asks for everything about a representative."""
    asked = (
        component("textfield", "representative_name"),
        component("textfield", "representative_email"),
        component("textfield", "representative_phone"),
        component("textarea", "representative_address"),
        component("radio", "permission_decision", values="given refused"),
        component("radio", "permission_how", values="written spoken attorney deputy"),
        component("datetime", "permission_on"),
        component("datetime", "permission_until"),
        component("textfield", "limited_to"),
        component("checkbox", "gets_letters"),
    )
    deploy_small(landlord, **with_more("look", *asked))


def test_a_task_records_the_permission(landlord: str, officer: Viewer) -> None:
    asks_permission(landlord)
    case = begun(landlord, representative_name="Sam Lee")
    finish(
        officer,
        case,
        "look",
        permission_decision="given",
        permission_how="written",
        permission_on="2026-11-23",
        permission_until="2027-01-31",
        limited_to="the leak",
        gets_letters=True,
    )

    sam = party(case, "Sam Lee")
    assert (sam.permission, sam.permission_how, sam.limited_to) == ("given", "written", "the leak")
    assert (sam.permission_on, sam.permission_until) == (date(2026, 11, 23), date(2027, 1, 31))
    assert sam.gets_letters
    assert "permission" in [action for action, _ in history_of(case)]


def test_a_task_names_a_representative_and_decides_at_once(landlord: str, officer: Viewer) -> None:
    asks_permission(landlord)
    case = begun(landlord)
    finish(
        officer,
        case,
        "look",
        representative_name="Sam Lee",
        representative_email="sam@example.org",
        representative_phone="0161 496 0777",
        representative_address="1 Oak Road",
        permission_decision="refused",
    )

    sam = party(case, "Sam Lee")
    assert (sam.permission, sam.person.email) == ("refused", "sam@example.org")
    assert (sam.person.phone, sam.person.address) == ("0161 496 0777", "1 Oak Road")


def test_with_several_representatives_a_task_must_say_whom_it_is_about(
    landlord: str, officer: Viewer
) -> None:
    asks_permission(landlord)
    case = begun(landlord, representative_name="Sam Lee")
    people.add_representative(officer, case.reference, {"name": "Ola Ray", "relation": "MP"})
    people.add_representative(officer, case.reference, {"name": "ola  ray"})
    assert len(again(case).representatives) == 2

    with pytest.raises(BadInput, match="Ola Ray and Sam Lee"):
        finish(officer, case, "look", permission_decision="given", permission_how="written")
    assert task_at(case, "look").status == "open"

    finish(officer, case, "look", permission_decision="refused", representative_name="Ola Ray")
    assert party(case, "Ola Ray").permission == "refused"
    assert party(case, "Sam Lee").permission == "pending"


def test_a_decision_with_nobody_to_decide_about_breaks_nothing(
    landlord: str, officer: Viewer
) -> None:
    asks_permission(landlord)
    case = begun(landlord)
    finish(officer, case, "look", permission_decision="refused")

    assert again(case).representatives == []


def test_a_representative_can_become_the_contact_and_waits_for_nothing(
    landlord: str, officer: Viewer
) -> None:
    case = begun(landlord, representative_name="Sam Lee")
    sam = party(case, "Sam Lee").person_id
    people.make_contact(officer, case.reference, sam, "Kezia has died; Sam is the executor", False)

    assert again(case).resident.name == "Sam Lee"
    assert asked_on(case) is None
