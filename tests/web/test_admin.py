"""The administrators' pages."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.models import DayOffRow, User
from app.services import accounts, deployments
from app.services.calendars import calendar_of
from app.viewer import Viewer
from tests.cases import first_team, london
from tests.conftest import PASSWORD, make_user

SignIn = Callable[[Viewer], FlaskClient]
Person = Callable[..., Viewer]


@pytest.fixture
def admin(person: Person, sign_in: SignIn) -> FlaskClient:
    return sign_in(person("adam", "administrator"))


def user(name: str) -> User:
    db.session.expire_all()
    return db.session.scalars(select(User).where(User.email.startswith(f"{name}@"))).one()


def new_person(landlord: str, **other: str) -> dict[str, str]:
    return {
        "name": "Tom Ridley",
        "email": "tom@example.org",
        "role": "staff",
        "teams": first_team(landlord),
        "password": "one two three four",
    } | other


def test_the_list_tells_role_teams_locks_and_who_is_switched_off(
    landlord: str, person: Person, admin: FlaskClient, clock: SetClock
) -> None:
    team = first_team(landlord)
    person("amira", teams=(team,))
    for _ in range(accounts.TRIES):
        accounts.sign_in(f"amira@{landlord}.example", "wrong")
    person("gone")
    user("gone").active = False
    db.session.commit()
    page = admin.get("/people").text
    assert deployments.landlord(landlord).teams[team].name in page
    assert "Locked" in page and "Switched off" in page and "No team" in page


def test_a_person_is_added_and_can_sign_in(landlord: str, admin: FlaskClient) -> None:
    answer = admin.post("/people/add", data=new_person(landlord))
    assert answer.status_code == 303
    assert accounts.sign_in("tom@example.org", "one two three four").user_id == user("tom").id
    assert [place.team for place in user("tom").memberships] == [first_team(landlord)]


def test_a_password_is_offered_that_fits_the_rule(admin: FlaskClient) -> None:
    page = admin.get("/people/add").text
    offered = re.search(r'name="password"[^>]*value="([^"]+)"', page)
    assert offered and len(offered[1]) >= accounts.SHORTEST_PASSWORD
    assert f"At least {accounts.SHORTEST_PASSWORD} characters" in page


def test_what_is_wrong_stands_at_the_field_and_nothing_typed_is_lost(
    landlord: str, admin: FlaskClient
) -> None:
    answer = admin.post("/people/add", data=new_person(landlord, email="nothing", password="short"))
    assert answer.status_code == 422
    assert 'href="#email"' in answer.text and 'href="#password"' in answer.text
    assert 'value="Tom Ridley"' in answer.text


def test_role_teams_password_and_access_are_changed(
    landlord: str, person: Person, admin: FlaskClient
) -> None:
    amira = person("amira", teams=(first_team(landlord),))
    key = user("amira").session_key
    answer = admin.post(
        f"/people/{amira.user_id}",
        data={"role": "manager", "active": "no", "password": "five six seven eight"},
    )
    assert answer.status_code == 303
    changed = user("amira")
    assert (changed.role, changed.active, changed.memberships) == ("manager", False, [])
    assert changed.session_key != key
    page = admin.get(f"/people/{amira.user_id}").text
    assert re.search(r'id="role-manager"[^>]*checked', page)


def test_an_empty_password_keeps_the_old_one(
    landlord: str, person: Person, admin: FlaskClient
) -> None:
    amira = person("amira")
    admin.post(f"/people/{amira.user_id}", data={"role": "staff", "active": "yes", "password": ""})
    assert accounts.sign_in(f"amira@{landlord}.example", PASSWORD).user_id == amira.user_id


def test_an_unknown_team_is_refused(landlord: str, person: Person, admin: FlaskClient) -> None:
    amira = person("amira")
    answer = admin.post(
        f"/people/{amira.user_id}", data={"role": "staff", "active": "yes", "teams": "pirates"}
    )
    assert answer.status_code == 422 and "pirates" in answer.text


def test_nobody_locks_themselves_out(person: Person, sign_in: SignIn) -> None:
    adam = person("adam", "administrator")
    client = sign_in(adam)
    for data in ({"role": "administrator", "active": "no"}, {"role": "staff", "active": "yes"}):
        assert client.post(f"/people/{adam.user_id}", data=data).status_code == 422
    assert user("adam").active and user("adam").role == "administrator"


def test_an_administrator_of_no_landlord_chooses_one_and_that_is_recorded(
    landlord: str, person: Person, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    person("amira")
    root = make_user(None, "root", "administrator")
    client = sign_in(root)
    assert "amira@" not in client.get("/people").text
    with caplog.at_level(logging.WARNING):
        assert client.post("/people/landlord", data={"landlord": landlord}).status_code == 303
    assert f"{root.user_id} chose landlord {landlord}" in caplog.text
    assert "amira@" in client.get("/people").text
    assert client.post("/people/landlord", data={"landlord": "nowhere"}).status_code == 404


def test_an_administrator_of_one_landlord_chooses_no_other(
    landlord: str, admin: FlaskClient
) -> None:
    assert "/people/landlord" not in admin.get("/people").text
    assert admin.post("/people/landlord", data={"landlord": landlord}).status_code == 403


def test_who_belongs_to_no_landlord_stays_an_administrator(landlord: str, sign_in: SignIn) -> None:
    client = sign_in(make_user(None, "root", "administrator"))
    other = make_user(None, "second", "administrator")
    answer = client.post(f"/people/{other.user_id}", data={"role": "staff", "active": "yes"})
    assert answer.status_code == 422


def test_days_off_of_this_year_and_the_next_are_listed(landlord: str, admin: FlaskClient) -> None:
    page = admin.get("/people/days-off").text
    assert "Friday 25 December 2026" in page and "2027" in page


def test_a_day_off_is_entered_and_no_longer_a_working_day(
    landlord: str, admin: FlaskClient
) -> None:
    day = london("2027-06-16 12:00").date()  # a Wednesday
    nation = deployments.landlord(landlord).nation
    assert calendar_of(nation).is_working_day(day)
    answer = admin.post("/people/days-off", data={"on": "2027-06-16", "name": "Royal wedding"})
    assert answer.status_code == 303
    assert not calendar_of(nation).is_working_day(day)
    page = admin.get("/people/days-off").text
    assert "Royal wedding" in page and "entered by hand" in page


@pytest.mark.parametrize(
    "data",
    [
        {"on": "", "name": "A day"},
        {"on": "16/6/2027", "name": "A day"},
        {"on": "2026-11-01", "name": "A past day"},
        {"on": "2027-06-16", "name": " "},
    ],
)
def test_a_day_off_needs_a_date_to_come_and_a_name(
    admin: FlaskClient, data: dict[str, str]
) -> None:
    assert admin.post("/people/days-off", data=data).status_code == 422
    assert db.session.query(DayOffRow).count() == 0
