"""Letters and the resident's page name the same place to go next: the right one, or none."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db, transaction
from app.letters import FilledLetter, to_plain
from app.models import Letter
from app.services import checking
from app.services.complaints import hash_token
from tests import small

PLACES = {
    "": ("First Ombudsman", "Ask the First Ombudsman: 0300 1. They look at landlords."),
    "ombudsman": ("First Ombudsman", "Ask the First Ombudsman: 0300 1."),
    "councils": ("Council Ombudsman", "Ask the Council Ombudsman: 0300 2."),
    "none": ("No ombudsman can look at this", "No ombudsman looks at this. Citizens Advice can"),
}


@pytest.mark.parametrize("choice", PLACES)
def test_the_letter_and_the_page_name_the_place_that_was_chosen(
    app: Flask, client: FlaskClient, choice: str
) -> None:
    small.deploy()
    grace = small.officer()
    case = small.complaint(grace)
    small.does(grace, case, answer="We cannot.", **({"next_place": choice} if choice else {}))
    with transaction():
        case.link_hash = hash_token("a-link")

    letter = db.session.scalars(select(Letter)).one()
    said = to_plain(FilledLetter.from_json(letter.blocks))
    page = client.get(f"/{small.SMALL}/status/a-link").text

    on_page, in_letter = PLACES[choice]
    assert in_letter in said and on_page in page
    others = {name for name, _ in PLACES.values()} - {on_page}
    assert not [name for name in others if name in said or name in page]


def test_a_place_that_landlord_toml_does_not_know_is_refused() -> None:
    facts = small.FACTS.replace('"councils"', '"court"')
    problems = [str(problem) for problem in checking.check(small.files(facts=facts))]
    assert problems == [
        "facts.toml, next_place: landlord.toml has no place called court; it knows ombudsman, "
        "councils, none."
    ]


def test_a_next_place_that_is_no_choice_is_refused() -> None:
    facts = small.FACTS.replace(
        'type = "choice"\nlabel = "Next place"\nchoices = ["ombudsman", "councils", "none"]',
        'type = "bool"',
    )
    problems = checking.check(small.files(facts=facts))
    assert [(p.element, p.message) for p in problems] == [
        ("next_place", "This fact says where the resident can go next: its type is choice.")
    ]
