"""What leaves the house: once, in a safe channel, and with a record of when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from email import message_from_bytes
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from pypdf import PdfReader
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.errors import BadInput, NotFound
from app.models import Alert, Blob, Case, Event, Outgoing
from app.services import outbox
from app.settings import Settings
from app.viewer import Viewer
from tests.cases import RECORDED, first_team, london, told
from tests.mailbox import CERTIFICATE, Mailbox, opened

Make = Callable[..., Viewer]


def acknowledged(landlord: str, **answers: Any) -> Case:
    """A case whose acknowledgement has been queued."""
    amira = f"{first_team(landlord)}/amira"
    told_steps = [
        ("record_complaint", RECORDED | answers),
        ("acceptance", {"acceptance_decision": "accept"}),
        ("acknowledge", {"understanding": "A leak.", "outcome_sought": "Mend it."}),
    ]
    return told(
        landlord,
        [
            {"at": f"2026-11-24 09:{n}0", "who": amira, "does": does, "answers": said}
            for n, (does, said) in enumerate(told_steps)
        ],
    )


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    with opened() as box:
        sends_to(app, box.url)
        yield box


def sends_to(app: Flask, address: str) -> None:
    update = {"smtp_url": SecretStr(address)}
    app.extensions["settings"] = app.extensions["settings"].model_copy(update=update)


def test_without_a_mail_server_letters_are_kept_as_files(landlord: str, settings: Settings) -> None:
    acknowledged(landlord)
    assert outbox.send_due() == 1

    files = list((settings.instance_dir / "outbox" / landlord).glob("*.eml"))
    assert len(files) == 1
    assert "No mail server" in outbox.how_email_goes()
    assert db.session.scalars(select(Outgoing.status)).one() == "sent"


def test_an_email_carries_the_letter_as_text_and_pdf_and_goes_once(
    landlord: str, mailbox: Mailbox
) -> None:
    case = acknowledged(landlord)
    assert [outbox.send_due(), outbox.send_due()] == [1, 0]

    message = message_from_bytes(mailbox.received[0])
    assert len(mailbox.received) == 1
    assert message["To"] == "kezia@example.org"
    text, pdf = message.get_payload()
    assert "A leak." in text.get_payload(decode=True).decode()
    assert pdf.get_content_type() == "application/pdf"
    assert case.reference in pdf.get_filename()
    sent = db.session.scalars(select(Event).where(Event.action == "letter_sent")).one()
    assert sent.actor_kind == "procedure"


def test_the_pdf_is_made_once_and_says_what_the_letter_says(
    landlord: str, mailbox: Mailbox
) -> None:
    acknowledged(landlord)
    outbox.send_due()
    stored = db.session.scalars(select(Blob).where(Blob.media_type == "application/pdf")).one()
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(stored.data)).pages)
    assert "A leak." in text and "Housing Ombudsman" in text


def test_a_refused_email_is_tried_again_and_then_told_to_the_team(
    landlord: str, mailbox: Mailbox, clock: SetClock
) -> None:
    acknowledged(landlord)
    mailbox.answer = "451 not now"
    for _ in range(4):
        assert outbox.send_due() == 0
        clock.move_to(clock() + timedelta(minutes=31))

    failed = db.session.scalars(select(Outgoing)).one()
    assert (failed.status, failed.tries) == ("failed", 4)
    assert "could not be sent" in db.session.scalars(select(Alert.text)).one()


def test_a_letter_goes_by_tls_to_a_server_that_somebody_vouches_for_and_to_no_other(
    app: Flask, landlord: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledged(landlord)
    with opened("smtps") as box:
        sends_to(app, box.url)
        assert outbox.send_due() == 0
        refused = db.session.scalars(select(Outgoing)).one()
        assert "certificate" in refused.problem and refused.status == "queued"
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        clock.move_to(clock() + timedelta(minutes=2))
        assert (outbox.send_due(), len(box.received)) == (1, 1)


def test_a_password_goes_to_no_server_that_speaks_in_the_open(
    app: Flask, landlord: str, mailbox: Mailbox
) -> None:
    acknowledged(landlord)
    sends_to(app, mailbox.url.replace("//", "//putright:secret@"))
    assert outbox.send_due() == 0
    assert "STARTTLS" in db.session.scalars(select(Outgoing.problem)).one()


def test_where_no_mail_server_answers_one_letter_is_tried_and_the_others_wait(
    app: Flask, landlord: str, mailbox: Mailbox, clock: SetClock
) -> None:
    for _ in range(3):
        acknowledged(landlord)
    sends_to(app, "smtp://127.0.0.1:1")
    assert outbox.send_due() == 0
    assert sorted(db.session.scalars(select(Outgoing.tries))) == [0, 0, 1]
    clock.move_to(clock() + timedelta(seconds=15))
    assert outbox.send_due() == 0
    assert sorted(db.session.scalars(select(Outgoing.tries))) == [0, 1, 1]
    sends_to(app, mailbox.url)
    clock.move_to(clock() + timedelta(minutes=2))
    assert outbox.send_due() == 3


def test_what_was_being_sent_when_the_server_stopped_is_sent_once_more_and_marked(
    landlord: str, mailbox: Mailbox, clock: SetClock
) -> None:
    acknowledged(landlord)
    outgoing = db.session.scalars(select(Outgoing)).one()
    outgoing.status, outgoing.tries, outgoing.next_try_at = "sending", 1, clock()
    db.session.commit()
    assert outbox.send_due() == 0

    clock.move_to(clock() + timedelta(minutes=11))
    assert outbox.send_due() == 1
    assert len(mailbox.received) == 1
    assert sendings() == ["letter_interrupted", "letter_sent"]  # for good


def test_a_server_that_stands_still_while_sending_does_not_write_over_the_one_that_stepped_in(
    app: Flask, landlord: str, mailbox: Mailbox, clock: SetClock
) -> None:
    def another_steps_in() -> None:
        with app.app_context():
            clock.move_to(clock() + timedelta(minutes=11))
            assert outbox.send_due() == 1
            db.session.remove()

    acknowledged(landlord)
    mailbox.meanwhile = another_steps_in
    outbox.send_due()
    assert len(mailbox.received) == 2
    assert sendings() == ["letter_interrupted", "letter_sent"]


def sendings() -> list[str]:
    """What the history says of letters that left."""
    of_letters = Event.action.in_(("letter_interrupted", "letter_sent"))
    return list(db.session.scalars(select(Event.action).where(of_letters).order_by(Event.n)))


def test_a_letter_by_post_waits_on_the_list_until_somebody_posted_it(
    landlord: str, person: Make, clock: SetClock
) -> None:
    viewer = person("grace", teams=(first_team(landlord),))
    acknowledged(landlord, contact_use="post", contact_never=["email"])
    clock.move_to(london("2026-11-24 16:00"))
    row = outbox.page(viewer).to_post[0]
    with pytest.raises(BadInput, match="today or earlier"):
        outbox.mark_posted(viewer, row.outgoing.id, date(2026, 11, 25))
    with pytest.raises(BadInput, match="cannot have been posted earlier"):
        outbox.mark_posted(viewer, row.outgoing.id, date(2026, 11, 23))

    outbox.mark_posted(viewer, row.outgoing.id, date(2026, 11, 24))

    page = outbox.page(viewer)
    assert page.to_post == [] and page.gone[0].outgoing.sent_on == date(2026, 11, 24)
    with pytest.raises(NotFound):
        outbox.mark_posted(viewer, row.outgoing.id, date(2026, 11, 24))


def test_a_letter_that_did_not_leave_on_its_day_is_told_once(
    landlord: str, clock: SetClock
) -> None:
    acknowledged(landlord, contact_use="post", contact_never=["email"])
    outbox.send_due()
    assert db.session.scalars(select(Alert)).all() == []

    clock.move_to(london("2026-11-25 00:01"))
    outbox.send_due()
    outbox.send_due()
    assert ["not sent on the day" in text for text in db.session.scalars(select(Alert.text))] == [
        True
    ]


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nBcc: c@d.example", "a@b, c@d", "nobody", "<a@b.example>"]
)
def test_an_address_that_is_none_never_reaches_the_mail_server(
    landlord: str, mailbox: Mailbox, address: str
) -> None:
    acknowledged(landlord)
    db.session.scalars(select(Outgoing)).one().address = address
    db.session.commit()

    assert outbox.send_due() == 0
    assert mailbox.received == []
