"""The look-up before recording: the likeliest person first, and nobody hidden behind others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.db import db
from app.models import Case, Conflict, Party, Person
from app.models.base import new_id
from app.services.known_people import MOST, known_people
from app.services.persons import folded
from app.viewer import Viewer
from tests.cases import first_team, recorded

Make = Callable[..., Viewer]


@pytest.fixture
def viewer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


@pytest.fixture
def case(landlord: str) -> Case:
    """Of Kezia Boateng, Flat 14, Larkhill Court, SK3 9ZZ."""
    return recorded(landlord)


def neighbour(case: Case, name: str, address: str, postcode: str, status: str = "closed") -> str:
    """Somebody with a case of their own, made as a copy of the first."""
    person = Person(landlord_id=case.landlord_id, id=new_id(), name=name, postcode=postcode)
    person.address, person.search = address, folded(f"{name} {address} {postcode}")
    columns = {c.key: getattr(case, c.key) for c in Case.__mapper__.column_attrs}
    own = {"id": new_id(), "reference": new_id()[:12], "submission_key": new_id()}
    own |= {"link_hash": new_id(), "status": status}
    copied = Case(**columns | own)
    db.session.add_all([person, copied])
    db.session.flush()
    db.session.add(Party(landlord_id=case.landlord_id, case_id=copied.id, person_id=person.id))
    db.session.commit()
    return copied.id


def names(viewer: Viewer, name: str = "", postcode: str = "", address: str = "") -> list[str]:
    found, _ = known_people(viewer, name, postcode, address)
    return [person.name for person, _ in found]


def test_the_best_match_comes_first(viewer: Viewer, case: Case) -> None:
    neighbour(case, "Abel Namesake Boateng", "1 Other Road", "M1 1AA")
    neighbour(case, "Cora Same Door", "Flat 14, Larkhill Court", "SK3 9ZZ")
    neighbour(case, "Anna Postcode", "Flat 2, Larkhill Court", "SK3 9ZZ")
    assert names(viewer, "boateng", "sk39zz", "flat 14") == [
        "Kezia Boateng",
        "Cora Same Door",
        "Abel Namesake Boateng",
        "Anna Postcode",
    ]


def test_among_equals_those_with_an_open_case_come_first(viewer: Viewer, case: Case) -> None:
    neighbour(case, "Abel Boateng", "1 Other Road", "M1 1AA")
    neighbour(case, "Zoe Boateng", "2 Other Road", "M1 1AA", status="open")
    assert names(viewer, "boateng") == ["Kezia Boateng", "Zoe Boateng", "Abel Boateng"]


def test_with_more_than_fit_the_page_says_so_and_the_best_is_among_them(
    viewer: Viewer, case: Case
) -> None:
    for n in range(MOST + 2):
        neighbour(case, f"A{n} Tenant", f"Flat {n}, Larkhill Court", "SK3 9ZZ", status="open")
    found, more = known_people(viewer, "kezia", "SK3 9ZZ", "")
    assert more and len(found) == MOST and found[0][0].name == "Kezia Boateng"
    assert known_people(viewer, "kezia", "", "")[1] is False


def test_people_of_cases_that_are_kept_from_the_viewer_take_no_place(
    viewer: Viewer, case: Case
) -> None:
    for n in range(MOST + 2):
        hidden = neighbour(case, f"A{n} Boateng", "Larkhill Court", "SK3 9ZZ", status="open")
        db.session.add(
            Conflict(landlord_id=case.landlord_id, case_id=hidden, user_id=viewer.user_id)
        )
    db.session.commit()
    found, more = known_people(viewer, "boateng", "", "")
    assert [person.name for person, _ in found] == ["Kezia Boateng"] and not more


def test_nothing_asked_finds_nobody(viewer: Viewer, case: Case) -> None:
    assert known_people(viewer, " ", "", "") == ([], False)
