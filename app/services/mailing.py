"""How an e-mail leaves the house: by SMTP, or into a file where no mail server is set up."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import SplitResult, unquote, urlsplit

from flask import current_app

from app.db import db
from app.letters import FilledLetter, to_plain
from app.models import Case, Letter, Outgoing
from app.services import deployments, paper
from app.services.adjustments import wishes
from app.services.letters import recipient_of
from app.services.references import spaced
from app.settings import Settings

PATIENCE = 20.0  # seconds, with a mail server that says nothing
OF_ONE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)


def is_of_all(problem: Exception) -> bool:
    """Whether no e-mail could go now, and not only this one. All that smtplib raises is OSError."""
    return isinstance(problem, OSError) and not isinstance(problem, OF_ONE)


def deliver(outgoing: Outgoing) -> str:
    """Send it, or keep it as a file; return how it went. Raises OSError, ValueError."""
    settings: Settings = current_app.extensions["settings"]
    message = _message(outgoing, settings)
    url = settings.smtp_url.get_secret_value()
    if not url:
        folder = settings.instance_dir / "outbox" / outgoing.landlord_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{outgoing.id}.eml").write_bytes(message.as_bytes(policy=SMTP))
        return "Kept as a file in the outbox: no mail server is set up."
    address, secure = urlsplit(url), ssl.create_default_context()
    with _server(address, secure) as server:
        if address.username:
            if address.scheme == "smtp":
                server.starttls(context=secure)
            server.login(unquote(address.username), unquote(address.password or ""))
        server.send_message(message)
    return "By e-mail."


def _server(address: SplitResult, secure: ssl.SSLContext) -> smtplib.SMTP:
    """The mail server, called. smtps speaks TLS from the first byte."""
    host = address.hostname or "localhost"
    if address.scheme == "smtps":
        return smtplib.SMTP_SSL(host, address.port or 465, timeout=PATIENCE, context=secure)
    return smtplib.SMTP(host, address.port or 25, timeout=PATIENCE)


def _message(outgoing: Outgoing, settings: Settings) -> EmailMessage:
    """The e-mail: the letter as plain text, and as PDF unless its reader asked for text only.

    Raise ValueError for a forged address.
    """
    letter = db.session.get(Letter, (outgoing.landlord_id, outgoing.letter_id))
    case = db.session.get(Case, (outgoing.landlord_id, outgoing.case_id))
    if letter is None or case is None:
        raise ValueError("the letter is gone")
    landlord = deployments.landlord(outgoing.landlord_id)
    if any(c in outgoing.address for c in "\r\n,;<> ") or outgoing.address.count("@") != 1:
        raise ValueError(f"“{outgoing.address}” is no e-mail address")
    message = EmailMessage(policy=SMTP)
    message["From"] = f'"{landlord.name}" <{settings.mail_from}>'
    message["To"] = outgoing.address
    message["Reply-To"] = landlord.email
    message["Subject"] = f"{letter.title} ({spaced(case.reference)})"
    message["Message-ID"] = (
        f"<{outgoing.key.replace(':', '.')}@{urlsplit(settings.public_url).hostname}>"
    )
    message.set_content(to_plain(FilledLetter.from_json(letter.blocks)))
    reader = recipient_of(db.session(), case, letter).person
    if reader is None or "plain_text" not in wishes(reader):
        filename = f"{case.reference}-{letter.template}.pdf"
        pdf = paper.pdf_of(case, letter)  # a transaction, after which all is read anew
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=filename)
    return message
