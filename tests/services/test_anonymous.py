"""Somebody who gives no name is taken as everybody is; what makes it harder for people is known."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.db import db, transaction
from app.models import Case
from app.services import complaints, recipients, steps
from app.services.access import instance_of
from app.services.complaints import NO_NAME
from app.services.kept_facts import KEPT
from app.viewer import Viewer
from tests import small
from tests.conftest import filled, new_key


@pytest.fixture
def nameless(app: Flask) -> Case:
    small.deploy()
    form = filled(small.SMALL, "record_complaint", {})
    receipt = complaints.record(small.officer(), form, new_key())
    return db.session.scalars(select(Case).where(Case.reference == receipt.reference)).one()


def test_a_case_without_a_name_says_so_and_has_no_way_to_send_a_letter(nameless: Case) -> None:
    assert nameless.resident.name == NO_NAME
    assert recipients.own(nameless.resident).problem == recipients.NO_WAY


def test_two_of_them_are_two_people(nameless: Case) -> None:
    form = filled(small.SMALL, "record_complaint", {})
    receipt = complaints.record(small.officer("olga"), form, new_key())
    other = db.session.scalars(select(Case).where(Case.reference == receipt.reference)).one()
    assert other.resident.id != nameless.resident.id


def needs_care_now(case: Case) -> Any:
    step = steps.open_step(db.session(), instance_of(case), Viewer(case.landlord_id))
    return KEPT["needs_care"](step)


@pytest.mark.parametrize(
    ("said", "needs_care"),
    [
        ({}, False),
        ({"language": "English"}, False),
        ({"language": "Polish"}, True),
        ({"adjustments": ["large_print"]}, True),
    ],
)
def test_an_adjustment_or_a_language_needs_care(
    nameless: Case, said: dict[str, Any], needs_care: bool
) -> None:
    with transaction():
        for name, value in said.items():
            setattr(nameless.resident, name, value)
    assert needs_care_now(nameless) is needs_care


@pytest.mark.parametrize("key", ["triage_vulnerability", "triage_safeguarding"])
def test_so_does_a_vulnerability_or_a_worry_about_safety(nameless: Case, key: str) -> None:
    with transaction():
        nameless.triage = {key: "yes"}
    assert needs_care_now(nameless) is True


def test_whoever_speaks_for_somebody_can_be_named_in_a_letter(nameless: Case) -> None:
    nobody = recipients.representative_fields(nameless)
    assert set(nobody.values()) == {""}

    small.joins(
        nameless, "representative", "Ann Advocate", {"permission": "given", "relation": "MP"}
    )
    assert recipients.representative_fields(nameless) == {
        "representative_name": "Ann Advocate",
        "representative_salutation": "Ann Advocate",
        "representative_relation": "MP",
    }
