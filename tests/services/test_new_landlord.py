"""A new landlord is made from another's procedure, published by two people, and complained to."""

from __future__ import annotations

import dataclasses

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db import db
from app.errors import BadInput, NotAllowed, NotYetLive
from app.models import Landlord, User
from app.services import accounts, administration, complaints, deployments, sweep
from app.services.operations import jobs
from app.services.workshop import drafts, landlords, publishing, records, versions
from app.viewer import Viewer
from tests import small
from tests.conftest import filled, make_user, new_key
from tests.services.test_publishing import story
from tests.small import SMALL

OAK = "oak-homes"
PEOPLE = {"owner": ("Olu Owner", "olu@oak.example"), "manager": ("Maya M", "maya@oak.example")}
ASKED = landlords.Asked(SMALL, OAK, "Oak “Tree” Homes", "OH", PEOPLE)


@pytest.fixture
def sam(app: Flask) -> Viewer:
    """An administrator who belongs to no landlord, where one landlord is live."""
    deployments.deploy(SMALL, small.files() | {"stories/first.toml": story()})
    return make_user(None, "sam", "administrator")


def viewer_of(email: str) -> Viewer:
    return accounts.viewer_for(db.session.scalars(select(User).where(User.email == email)).one())


def test_it_is_made_published_by_two_people_and_used(sam: Viewer) -> None:
    made = landlords.create(sam, ASKED)
    assert [role for *_, role, _ in made.accounts] == ["process_owner", "manager"]
    olu, maya = viewer_of("olu@oak.example"), viewer_of("maya@oak.example")
    with pytest.raises(NotYetLive):
        deployments.live(OAK)
    assert OAK not in deployments.landlord_ids()
    (row,) = drafts.every(olu)
    letter = small.LETTER.replace("Dear", "Welcome")
    drafts.put(olu, row.id, "letters/answer.md", letter.encode())
    publishing.propose(olu, row.id, "Our first version.")
    jobs.run_waiting(sweep.JOBS)
    publishing.approve(maya, row.id, drafts.get(maya, row.id).row.revision)
    landlord = deployments.landlord(OAK)
    assert (landlord.name, landlord.slug, landlord.reference_prefix) == (ASKED.name, OAK, "OH")
    assert [v.row.number for v in versions.versions(olu)] == [1, 0]
    assert {line.action for line in records.history(maya)} == {"began", "proposed", "approved"}
    grace = accounts.add_user(
        OAK, email="g@oak.example", name="Grace", role="staff", password=None, teams=("complaints",)
    )
    assert grace
    form = filled(
        OAK, "record_complaint", {"resident_name": "Ann", "resident_email": "a@b.example"}
    )
    receipt = complaints.record(viewer_of("g@oak.example"), form, new_key())
    assert receipt.reference.startswith("OH")


def test_the_first_version_may_be_the_copy_itself(sam: Viewer) -> None:
    landlords.create(sam, ASKED)
    olu, maya = viewer_of("olu@oak.example"), viewer_of("maya@oak.example")
    (row,) = drafts.every(olu)
    publishing.propose(olu, row.id, "As it is.")
    jobs.run_waiting(sweep.JOBS)
    publishing.approve(maya, row.id, drafts.get(maya, row.id).row.revision)
    assert deployments.history(OAK)[0].number == 1 and deployments.live(OAK)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source": "nobody"}, "source"),
        ({"slug": SMALL}, "slug"),
        ({"slug": "inbox"}, "slug"),
        ({"slug": "Oak Homes"}, "slug"),
        ({"slug": "../oak"}, "slug"),
        ({"name": " "}, "name"),
        ({"name": 'Oak"\nslug = "x'}, "name"),
        ({"prefix": "oh"}, "prefix"),
        ({"prefix": "SM"}, "prefix"),
        ({"people": {**PEOPLE, "owner": ("", "olu@oak.example")}}, "owner_name"),
        ({"people": {**PEOPLE, "manager": ("Maya", "olu@oak.example")}}, "manager_email"),
        ({"people": {**PEOPLE, "manager": ("Maya", "sam@nowhere.example")}}, "manager_email"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    sam: Viewer, change: dict[str, object], field: str
) -> None:
    before = db.session.scalar(select(func.count(User.id)))
    with pytest.raises(BadInput) as refused:
        landlords.create(sam, dataclasses.replace(ASKED, **change), {"inbox"})  # type: ignore[arg-type]
    assert list(refused.value.errors) == [field]
    assert db.session.scalar(select(func.count(User.id))) == before
    assert db.session.get(Landlord, OAK) is None


def test_only_an_administrator_of_no_landlord_makes_one(sam: Viewer) -> None:
    for viewer in (
        make_user(SMALL, "ada", "administrator"),
        make_user(SMALL, "olu", "process_owner"),
    ):
        with pytest.raises(NotAllowed):
            landlords.create(viewer, ASKED)


def test_a_name_with_quotes_stays_a_name(sam: Viewer) -> None:
    odd = dataclasses.replace(ASKED, name='Oak \\1 "& Sons" Homes')
    landlords.create(sam, odd)
    assert deployments.standing(OAK).landlord.name == odd.name


def test_its_pages_work_before_anything_is_published(sam: Viewer, client: FlaskClient) -> None:
    made = landlords.create(sam, ASKED)
    assert client.get(f"/{OAK}").status_code == 404
    assert OAK not in client.get("/").text
    for email, password in [(email, password) for _, email, _, password in made.accounts]:
        answer = client.post("/sign-in", data={"email": email, "password": password})
        assert answer.status_code == 302
        for path in ("/procedures", "/procedures/drafts", "/procedures/history", "/help"):
            assert client.get(path).status_code == 200, path
        client.post("/sign-out")
    answer = client.post("/sign-in", data={"email": "maya@oak.example", "password": password})
    assert "Nothing is published yet" in client.get("/", follow_redirects=True).text


def test_the_administrator_sees_it_among_the_landlords(sam: Viewer) -> None:
    landlords.create(sam, ASKED)
    assert OAK in [each.id for each in administration.landlords(sam)]
