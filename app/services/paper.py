"""A letter on paper: its PDF, as its reader asked for it, made at first need and kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.errors import NotFound
from app.letters import FilledLetter, LetterHead, to_pdf
from app.models import Blob, Case, Letter, Outgoing
from app.models.base import new_id
from app.services import deployments
from app.services.adjustments import paper_of, wishes
from app.services.letters import full_date, recipient_of, sent_on
from app.services.references import spaced
from timers.calendar import london_date


def pdf_of(case: Case, letter: Letter) -> bytes:
    """The PDF of a letter; made at first need, then kept with the case."""
    if letter.pdf:
        kept = db.session.scalar(
            select(Blob.data).where(
                Blob.landlord_id == letter.landlord_id,
                Blob.case_id == letter.case_id,
                Blob.sha256 == letter.pdf,
            )
        )
        if kept:
            return kept
    landlord_id, letter_id, case_id = letter.landlord_id, letter.id, case.id
    pdf = _render(case, letter)
    with transaction() as session:
        row = session.get(Letter, (landlord_id, letter_id))
        if row is None:
            raise NotFound
        digest = hashlib.sha256(pdf).hexdigest()
        session.add(
            Blob(
                landlord_id=landlord_id,
                id=new_id(),
                sha256=digest,
                case_id=case_id,
                name=f"{row.template}.pdf",
                media_type="application/pdf",
                data=pdf,
                at=clock.now(),
                by=None,
            )
        )
        row.pdf = digest
    return pdf


def _render(case: Case, letter: Letter) -> bytes:
    landlord = deployments.landlord(letter.landlord_id)
    to = recipient_of(db.session(), case, letter)
    outgoing = db.session.scalar(
        select(Outgoing).where(
            Outgoing.landlord_id == letter.landlord_id, Outgoing.letter_id == letter.id
        )
    )
    by_post = outgoing is not None and outgoing.channel == "post"
    on = sent_on(outgoing) or london_date(outgoing.queued_at if outgoing else letter.written_at)
    asked = wishes(to.person) if to.person else frozenset()
    head = LetterHead(
        landlord=landlord.name,
        landlord_address=landlord.address,
        reference=spaced(case.reference),
        date=full_date(on),
        channel="" if by_post else "By e-mail only",
        address=to.address if by_post else "",
        footer=f"{landlord.name} · {landlord.phone} · {landlord.email}",
    )
    return to_pdf(
        FilledLetter.from_json(letter.blocks),
        head,
        letter.written_at,
        large_print="large_print" in asked,
        plain="plain_text" in asked,
        tint=paper_of(to.person) if to.person else "",
        fonts_dir=Path(current_app.static_folder or "") / "build" / "letter-fonts",
    )
