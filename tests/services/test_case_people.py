"""Several residents on one case, one of whom is the contact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import func, select

from app.clock import SetClock
from app.db import db
from app.errors import BadInput, NotAllowed, NotFound
from app.models import Conflict, Person
from app.services import (
    cases,
    contacts,
    inbox,
    known_people,
    people,
    residents,
)
from app.viewer import Viewer
from tests.cases import first_team, london
from tests.conftest import make_user
from tests.redrawn import (
    again,
    answer_all,
    begun,
    deploy_small,
    history_of,
    party,
)

Make = Callable[..., Viewer]
KOFI = {
    "name": "Kofi Mensah",
    "email": "kofi@example.org",
    "address": "2 Elm Street",
    "postcode": "SK1 1AA",
    "contact_never": ["phone"],
    "contact_use": "email",
}
TODAY = date(2026, 11, 24)


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    deploy_small(landlord)
    return person("grace", teams=(first_team(landlord),))


def test_another_resident_is_found_by_search_and_in_the_inbox(
    landlord: str, officer: Viewer
) -> None:
    case = begun(landlord)
    people.add_new(officer, case.reference, KOFI)

    assert [person.name for person in again(case).residents] == ["Kezia Boateng", "Kofi Mensah"]
    for q in ("kofi", "elm street", "kezia"):
        assert [found.case.id for found in cases.search(officer, q)[0]] == [case.id]
        assert inbox.inbox(officer, inbox.Filter(q=q)).groups
    assert inbox.inbox(officer, inbox.Filter(q="nobody")).groups == []
    assert inbox.inbox(officer, inbox.Filter(only="safe_contact")).groups
    assert ("resident_added", "Kofi Mensah") in [(a, d.get("name")) for a, d in history_of(case)]


def test_a_repeated_add_is_one_row(landlord: str, officer: Viewer) -> None:
    case = begun(landlord)
    for _ in range(2):
        people.add_new(officer, case.reference, KOFI)
    kofi = party(case, "Kofi Mensah").person_id
    people.add_known(officer, case.reference, kofi)

    assert len(again(case).parties) == 2
    assert db.session.scalar(select(func.count()).select_from(Person)) == 2
    assert [action for action, _ in history_of(case)].count("resident_added") == 1


def test_father_and_son_of_one_name_are_two_people(landlord: str, officer: Viewer) -> None:
    case = begun(landlord)
    people.add_new(officer, case.reference, KOFI)
    people.add_new(officer, case.reference, KOFI | {"email": "junior@example.org"})

    assert len(again(case).residents) == 3


def test_a_person_whom_we_know_can_be_added_but_only_who_may_be_known(
    landlord: str, officer: Viewer
) -> None:
    first, second = begun(landlord), begun(landlord, resident_name="Ada Okafor")
    people.add_known(officer, first.reference, second.resident.id)
    assert len(again(first).residents) == 2

    third = begun(landlord, resident_name="Hidden Person")
    db.session.add(Conflict(landlord_id=landlord, case_id=third.id, user_id=officer.user_id))
    db.session.commit()
    with pytest.raises(NotFound):
        people.add_known(officer, first.reference, third.resident.id)
    assert known_people.person_known(officer, third.resident.id) is None


def test_wrong_details_are_told_at_the_field_and_nothing_is_saved(
    landlord: str, officer: Viewer
) -> None:
    case = begun(landlord)
    with pytest.raises(BadInput) as refused:
        people.add_new(officer, case.reference, {"name": " ", "email": "a@b@c"})
    assert set(refused.value.errors) == {"name", "email"}
    assert len(again(case).parties) == 1


def test_another_one_becomes_the_contact_with_the_reason_kept(
    landlord: str, officer: Viewer
) -> None:
    case = begun(landlord)
    people.add_new(officer, case.reference, KOFI)
    kofi = party(case, "Kofi Mensah").person_id
    with pytest.raises(BadInput):
        people.make_contact(officer, case.reference, kofi, " ", former_stays=True)
    with pytest.raises(BadInput, match="Name another contact first"):
        people.take_off(officer, case.reference, case.resident.id, "Moved")

    token = people.make_contact(officer, case.reference, kofi, "Kezia has died", False)

    assert again(case).resident.name == "Kofi Mensah"
    assert len(again(case).parties) == 1
    assert residents.case_behind(landlord, token).id == case.id
    lines = [(line.title, line.text) for line in cases.page(officer, case.reference).timeline]
    assert ("New contact: Kofi Mensah, after Kezia Boateng", "Kezia has died") in lines
    assert (
        "Taken off the case: Kezia Boateng, another resident",
        "Kezia has died",
    ) in lines


def test_the_new_contact_sees_nothing_that_was_between_us_and_the_former_one(
    landlord: str, officer: Viewer, clock: SetClock
) -> None:
    case = begun(landlord)
    answer_all(officer, case)
    old = people.give_link(officer, case.reference)
    residents.add_information(landlord, old, "My private words", [])
    assert len(residents.page(landlord, old, known=True).letters) == 1
    people.add_new(officer, case.reference, KOFI)
    clock.move_to(london("2026-11-25 09:00"))

    kofi = party(case, "Kofi Mensah").person_id
    new = people.make_contact(officer, case.reference, kofi, "Kezia is ill", True)

    page = residents.page(landlord, new, known=True)
    assert (page.letters, page.added, page.documents) == ([], [], [])
    with pytest.raises(NotFound):
        residents.case_behind(landlord, old)
    clock.move_to(london("2026-11-26 09:00"))
    residents.add_information(landlord, new, "Words of Kofi", [])
    assert [n.text for n in residents.page(landlord, new, known=True).added] == ["Words of Kofi"]


def test_a_letter_to_another_resident_is_never_on_the_contacts_page(
    landlord: str, officer: Viewer
) -> None:
    case = begun(landlord)
    answer_all(officer, case)
    people.add_new(officer, case.reference, KOFI)
    token = people.give_link(officer, case.reference)
    letter = residents.page(landlord, token, known=True).letters[0][0]

    letter.person_id = party(case, "Kofi Mensah").person_id
    db.session.commit()

    assert residents.page(landlord, token, known=True).letters == []


def test_details_of_each_person_are_put_right_by_themselves(landlord: str, officer: Viewer) -> None:
    case, other = begun(landlord), begun(landlord)
    people.add_new(officer, case.reference, KOFI)
    kofi = party(case, "Kofi Mensah").person_id

    contacts.change(officer, case.reference, KOFI | {"phone": "0161 496 0999"}, kofi)

    assert again(case).resident.phone != "0161 496 0999"
    assert party(case, "Kofi Mensah").person.phone == "0161 496 0999"
    with pytest.raises(NotFound):
        contacts.change(officer, other.reference, KOFI, kofi)


def test_only_who_may_work_on_the_case_changes_its_people(
    landlord: str, officer: Viewer, person: Make
) -> None:
    case = begun(landlord)
    people.add_new(officer, case.reference, KOFI)
    kofi = party(case, "Kofi Mensah").person_id
    auditor = person("ada", role="auditor")
    outside = make_user(None, "zoe", "administrator")
    db.session.add(Conflict(landlord_id=landlord, case_id=case.id, user_id=officer.user_id))
    db.session.commit()

    for viewer, error in ((auditor, NotAllowed), (outside, NotAllowed), (officer, NotFound)):
        for change in (
            lambda v: people.add_new(v, case.reference, KOFI),
            lambda v: people.take_off(v, case.reference, kofi, "Moved"),
            lambda v: people.make_contact(v, case.reference, kofi, "Moved", True),
            lambda v: people.give_link(v, case.reference),
            lambda v: people.add_representative(v, case.reference, {"name": "Sam"}),
        ):
            with pytest.raises(error):
                change(viewer)
