"""Who gets a letter: each resident, whoever speaks for them, or a body outside."""

from __future__ import annotations

from datetime import date, timedelta
from email import message_from_bytes

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.errors import BadInput
from app.letters import FilledLetter, to_plain
from app.models import Alert, Case, Letter, Outgoing, Party
from app.services import checking, contacts, outbox, residents, stories
from app.services.complaints import hash_token
from app.settings import Settings
from app.viewer import Viewer
from tests import small

AMA = "Mr Ama Osei"
TODAY = date(2026, 11, 24)


@pytest.fixture
def grace(app: Flask) -> Viewer:
    small.deploy()
    return small.officer(phone="0161 496 0911")


def text(letter: Letter) -> str:
    return to_plain(FilledLetter.from_json(letter.blocks))


def outgoing(letter: Letter) -> Outgoing:
    return db.session.scalars(select(Outgoing).where(Outgoing.letter_id == letter.id)).one()


def represented(case: Case, **party: object) -> str:
    """Tom speaks for the contact, and wants the letters."""
    told = {"permission": "given", "gets_letters": True} | party
    return small.joins(
        case, "representative", "Tom Adeyemi", told, email="tom@example.org", address="Flat 1"
    ).id


def test_each_resident_gets_a_letter_of_their_own_in_their_own_safe_channel(grace: Viewer) -> None:
    case = small.complaint(grace)
    ama = small.joins(
        case, "other_resident", "Ama Osei", title="Mr", email="ama@example.org",
        address="Flat 15", contact_never=["email"],
    )  # fmt: skip

    small.does(grace, case, answer="We agree.")

    letters = small.letters_of(case)
    kezias, amas = letters[case.resident.id], letters[ama.id]
    assert len(letters) == 2
    assert "Dear Ms Boateng" in text(kezias) and "You live at Flat 14" in text(kezias)
    assert "Dear Mr Osei" in text(amas) and "You live at Flat 15, Ama Osei" in text(amas)
    assert "We agree." in text(kezias) and "We agree." in text(amas)
    assert (outgoing(kezias).channel, outgoing(kezias).address) == ("email", "kezia@example.org")
    assert (outgoing(amas).channel, outgoing(amas).address) == ("post", "Flat 15")


def test_no_letter_names_another_resident_of_the_case(grace: Viewer) -> None:
    case = small.complaint(grace)
    ama = small.joins(case, "other_resident", "Ama Osei", email="ama@example.org")

    small.does(grace, case, answer="We agree.")

    letters = small.letters_of(case)
    assert "Osei" not in text(letters[case.resident.id])
    assert "Boateng" not in text(letters[ama.id]) and "Flat 14" not in text(letters[ama.id])


@pytest.mark.parametrize("typed", ["As Ama Osei told us.", "We told ms boateng so."])
def test_a_name_typed_into_a_letter_to_several_residents_is_refused(
    grace: Viewer, typed: str
) -> None:
    case = small.complaint(grace)
    small.joins(case, "other_resident", "Ama Osei", email="ama@example.org")

    with pytest.raises(BadInput, match="Leave the name out"):
        small.does(grace, case, answer=typed)

    assert small.letters_of(case) == {}


def test_of_a_single_resident_the_name_may_be_typed(grace: Viewer) -> None:
    case = small.complaint(grace)
    represented(case)

    small.does(grace, case, answer="Kezia Boateng told us.")

    assert "Kezia Boateng told us." in text(small.letters_of(case)[case.resident.id])


def test_who_speaks_for_the_contact_gets_a_marked_copy(grace: Viewer) -> None:
    case = small.complaint(grace)
    tom = represented(case)

    small.does(grace, case, answer="We agree.")

    letters = small.letters_of(case)
    own, copy = text(letters[case.resident.id]), text(letters[tom])
    assert copy == f"Copy for Tom Adeyemi, who speaks for Kezia Boateng\n\n{own}"
    assert outgoing(letters[tom]).address == "tom@example.org"


@pytest.mark.parametrize(
    "party",
    [
        {"permission": "pending"},
        {"permission": "withdrawn"},
        {"permission_until": TODAY - timedelta(days=1)},
        {"gets_letters": False},
    ],
)
def test_without_permission_or_wish_nobody_gets_a_copy(
    grace: Viewer, party: dict[str, object]
) -> None:
    case = small.complaint(grace)
    represented(case, **party)

    small.does(grace, case, answer="We agree.")

    assert list(small.letters_of(case)) == [case.resident.id]


def test_permission_counts_up_to_its_last_day(grace: Viewer) -> None:
    case = small.complaint(grace)
    tom = represented(case, permission_until=TODAY)

    small.does(grace, case, answer="We agree.")

    assert tom in small.letters_of(case)


def test_a_letter_may_go_to_who_speaks_for_the_resident_before_there_is_permission(
    app: Flask,
) -> None:
    small.deploy(letter=small.LETTER.replace('to = "resident"', 'to = "representative"'))
    grace = small.officer()
    case = small.complaint(grace)
    tom = represented(case, permission="pending")

    small.does(grace, case, answer="We asked.")

    letters = small.letters_of(case)
    assert list(letters) == [tom]
    assert "Dear Tom Adeyemi" in text(letters[tom])
    assert "You live at Flat 14, Kezia Boateng" in text(letters[tom])  # resident_… is the contact


def test_a_letter_to_nobody_is_told_to_the_team(app: Flask) -> None:
    small.deploy(letter=small.LETTER.replace('to = "resident"', 'to = "representative"'))
    grace = small.officer()
    case = small.complaint(grace)

    small.does(grace, case, answer="We asked.")

    assert small.letters_of(case) == {}
    said = "“Our answer” was not sent: there is nobody to send it to."
    assert db.session.scalars(select(Alert.text)).all() == [said]


def test_a_letter_to_a_body_goes_to_its_address_and_nowhere_else(
    app: Flask, settings: Settings
) -> None:
    small.deploy(letter=small.LETTER.replace('to = "resident"', 'to = "council"'))
    grace = small.officer()
    case = small.complaint(grace, adjustments=["Braille"], language="Polish")

    small.does(grace, case, answer="What do you think?")
    outbox.send_due()

    letters = small.letters_of(case)
    assert list(letters) == [None]
    assert "Dear Grants officer" in text(letters[None])
    sent = [*(settings.instance_dir / "outbox" / small.SMALL).glob("*.eml")]
    assert [message_from_bytes(file.read_bytes())["To"] for file in sent] == [
        "grants@council.example"
    ]
    assert outbox.page(grace).copies == []


def test_a_body_without_an_address_is_held_back(app: Flask) -> None:
    bare = small.LANDLORD.replace('email = "grants@council.example"\naddress = "Town Hall"', "")
    small.deploy(landlord=bare, letter=small.LETTER.replace('to = "resident"', 'to = "council"'))
    grace = small.officer()
    case = small.complaint(grace)

    small.does(grace, case, answer="What do you think?")

    blocked = outbox.page(grace).blocked
    assert [row.to for row in blocked] == ["Small Council"]
    with pytest.raises(BadInput, match="no address for Small Council"):
        contacts.send_again(grace, blocked[0].outgoing.id)


def test_each_letter_is_marked_and_sent_again_by_itself(grace: Viewer) -> None:
    case = small.complaint(grace)
    ama = small.joins(case, "other_resident", "Ama Osei")  # nothing is known of how to reach Ama
    small.does(grace, case, answer="We agree.")
    assert outbox.send_due() == 1

    blocked = outbox.page(grace).blocked
    assert [row.to for row in blocked] == ["Ama Osei"]
    assert "to Ama Osei cannot be sent" in db.session.scalars(select(Alert.text)).one()
    with transaction() as session:
        session.merge(ama).email = "ama@example.org"
    contacts.send_again(grace, blocked[0].outgoing.id)

    assert outbox.send_due() == 1
    assert {row.to for row in outbox.page(grace).gone} == {"Kezia Boateng", "Ama Osei"}


def test_behind_the_private_link_stand_only_the_contacts_letters(grace: Viewer) -> None:
    case = small.complaint(grace)
    small.joins(case, "other_resident", "Ama Osei", email="ama@example.org")
    represented(case)
    small.does(grace, case, answer="We agree.")
    with transaction():
        case.link_hash = hash_token("a link")

    page = residents.page(small.SMALL, "a link", known=True)

    assert [letter.person_id for letter, _ in page.letters] == [case.resident.id]


TWO_STEPS = (
    small.start(),
    small.user("answer", writes="answer"),
    small.user("check", form="asks"),
    small.send("send_answer", letter="answer", sets="answered_on"),
    small.end("over", outcome="over"),
    small.flows("begun > answer > check > send_answer > over"),
)


def test_whoever_lost_permission_since_it_was_written_gets_no_copy(app: Flask) -> None:
    small.deploy(*TWO_STEPS)
    grace = small.officer()
    case = small.complaint(grace)
    tom = represented(case)
    small.does(grace, case, answer="We agree.")
    assert {letter.status for letter in small.letters_of(case).values()} == {"written"}

    with transaction() as session:
        session.get_one(Party, (case.landlord_id, case.id, tom)).permission = "withdrawn"
    small.does(grace, case, received_on="2026-11-24")

    letters = small.letters_of(case)
    assert letters[case.resident.id].status == "queued"
    assert letters[tom].status == "withheld"


def test_whoever_came_since_it_was_written_gets_a_copy_or_is_told_to_the_team(
    app: Flask,
) -> None:
    small.deploy(*TWO_STEPS)
    grace = small.officer()
    case = small.complaint(grace)
    small.does(grace, case, answer="We agree.")

    tom = represented(case)
    ama = small.joins(case, "other_resident", "Ama Osei", email="ama@example.org")
    small.does(grace, case, received_on="2026-11-24")

    letters = small.letters_of(case)
    assert "Copy for Tom Adeyemi" in text(letters[tom]) and "We agree." in text(letters[tom])
    assert ama.id not in letters
    assert "before Ama Osei was known" in db.session.scalars(select(Alert.text)).one()


def test_stories_count_each_letter_that_was_sent(app: Flask, clock: SetClock) -> None:
    small.deploy()
    story = {
        "landlord": small.SMALL,
        "title": "One resident, one letter",
        "step": [
            {"at": "2026-11-24 09:00", "who": "complaints/grace", "does": "record_complaint",
             "answers": {"resident_name": "Kezia Boateng", "resident_email": "k@example.org"}},
            {"at": "2026-11-24 10:00", "who": "complaints/grace", "does": "answer",
             "answers": {"answer": "We agree."}, "expect": {"letters": ["answer"]}},
        ],
    }  # fmt: skip
    assert stories.play(story).failures == []


@pytest.mark.parametrize(
    ("letter", "said"),
    [
        ('to = "minister"', "There is nobody called minister; a letter may go to resident, repr"),
        ('to = "Council"', "name who gets the letter in small letters"),
    ],
)
def test_an_unknown_reader_is_refused(letter: str, said: str) -> None:
    files = small.files(letter=small.LETTER.replace('to = "resident"', letter))
    assert any(said in problem.message for problem in checking.check(files))


def test_a_body_may_not_be_called_like_a_part_in_the_case() -> None:
    files = small.files(landlord=f'{small.LANDLORD}\n[bodies.resident]\nname = "X"\n')
    assert [p.element for p in checking.check(files)] == ["bodies.resident"]
