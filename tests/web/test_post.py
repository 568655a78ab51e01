"""The post room's page."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC

import pypdf
import pytest
from flask.testing import FlaskClient

from app import clock as clocks
from app.db import db
from app.letters import FilledLetter, LetterHead, fill, parse_letter, to_pdf
from app.models import Case, Event, Letter, Outgoing
from app.models.base import new_id
from app.services.printing import bundle
from app.viewer import Viewer
from tests.cases import first_team, recorded
from tests.conftest import WHEN

SignIn = Callable[[Viewer], FlaskClient]
Person = Callable[..., Viewer]


def filled(words: str, paragraphs: int = 1) -> FilledLetter:
    """A letter with nothing to fill in."""
    text = "\n\n".join([words] * paragraphs)
    front = '+++\ntitle = "A letter"\nto = "resident"\n+++\n\n'
    return fill(parse_letter(front + text, "a_letter", ()), {})


BLOCKS = filled("Dear Kezia").to_json()


@pytest.fixture
def clerk(landlord: str, person: Person, sign_in: SignIn) -> FlaskClient:
    return sign_in(person("amira", teams=(first_team(landlord),)))


def letter(case: Case, channel: str = "post", status: str = "queued", **other: object) -> Outgoing:
    """A letter of a case on its way out."""
    row = Letter(
        landlord_id=case.landlord_id,
        id=new_id(),
        case_id=case.id,
        template="a_letter",
        title=f"Letter by {channel}",
        blocks=BLOCKS,
        written_at=clocks.now(),
        status="queued",
    )
    db.session.add(row)
    db.session.flush()
    out = Outgoing(
        landlord_id=case.landlord_id,
        id=new_id(),
        case_id=case.id,
        letter_id=row.id,
        key=f"letter:{row.id}",
        channel=channel,
        address="Flat 14\nLarkhill Court" if channel == "post" else "kezia@example.org",
        queued_at=clocks.now(),
        status=status,
        **other,
    )
    db.session.add(out)
    db.session.commit()
    return out


def test_an_empty_outbox_says_so_and_how_mail_goes(clerk: FlaskClient) -> None:
    page = clerk.get("/post").text
    assert "To print and post: nothing" in page
    assert "No mail server is set up" in page and "letters.pdf" not in page


def test_what_is_held_back_waits_and_went_is_told_apart(landlord: str, clerk: FlaskClient) -> None:
    case = recorded(landlord)
    letter(case)
    letter(case, "post", "blocked", problem="no address is safe to use.")
    letter(case, "email", "failed", problem="550 mailbox unavailable")
    letter(case, "email", "queued", tries=1, problem="Connection refused")
    letter(case, "email", "sent", sent_on=clocks.today(), sent_at=clocks.now())
    page = clerk.get("/post").text
    assert "Held back: 2" in page and "No address is safe to use." in page
    assert "550 mailbox unavailable" in page
    assert "To print and post: 1" in page and "Print it" in page
    assert "E-mail on its way: 1" in page and "Connection refused" in page
    assert "Tuesday 24 November 2026" in page


def test_posting_is_recorded_with_its_day(landlord: str, clerk: FlaskClient) -> None:
    out = letter(recorded(landlord))
    page = clerk.get("/post").text
    assert 'value="2026-11-24" max="2026-11-24"' in page
    answer = clerk.post(f"/post/{out.id}/posted", data={"posted_on": "2026-11-24"})
    assert answer.status_code == 303
    db.session.expire_all()
    assert out.status == "sent" and out.sent_on == clocks.today()
    assert db.session.query(Event).filter_by(action="letter_sent").count() == 1
    again = clerk.post(f"/post/{out.id}/posted", data={"posted_on": "2026-11-24"})
    assert again.status_code == 404


@pytest.mark.parametrize("posted_on", ["", "yesterday", "2026-11-25", "2026-11-23"])
def test_a_day_that_cannot_be_is_refused_at_its_row(
    landlord: str, clerk: FlaskClient, posted_on: str
) -> None:
    out = letter(recorded(landlord))
    letter(recorded(landlord, resident_name="Jean Hartley"))
    answer = clerk.post(f"/post/{out.id}/posted", data={"posted_on": posted_on})
    assert answer.status_code == 422
    assert f'href="#posted-{out.id}"' in answer.text
    assert answer.text.count("govuk-input--error") == 1
    db.session.expire_all()
    assert out.status == "queued"


NAMES = ["Jean Hartley", "Kezia Boateng"]  # both are queued at once: either comes first


def test_all_letters_are_printed_each_on_sheets_of_its_own(
    landlord: str, clerk: FlaskClient
) -> None:
    assert clerk.get("/post/letters.pdf").status_code == 404
    for name in NAMES:
        letter(recorded(landlord, resident_name=name))
    answer = clerk.get("/post/letters.pdf")
    assert answer.mimetype == "application/pdf"
    pages = pypdf.PdfReader(io.BytesIO(answer.data)).pages
    assert len(pages) == 3  # the back of the first sheet stays empty
    first, empty, second = (page.extract_text().strip() for page in pages)
    assert sorted(name for page in (first, second) for name in NAMES if name in page) == NAMES
    assert not empty


def test_letters_of_an_even_number_of_pages_need_no_empty_one() -> None:
    head = LetterHead("A landlord", "1 Street", "AL 1", "Today")
    short = to_pdf(filled("Short."), head, WHEN.astimezone(UTC))
    long = to_pdf(filled("A long paragraph of this letter. " * 12, 14), head, WHEN.astimezone(UTC))
    counts = [len(pypdf.PdfReader(io.BytesIO(pdf)).pages) for pdf in (short, long)]
    assert counts == [1, 2]
    assert len(pypdf.PdfReader(io.BytesIO(bundle([long, short, long]))).pages) == 6
    assert len(pypdf.PdfReader(io.BytesIO(bundle([long, long]))).pages) == 4
