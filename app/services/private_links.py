"""The resident's private link: how it is made, how it is stored, and where it leads."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app

from app.models import Case


def link_token(landlord_id: str, key: str) -> str:
    """The private link of a submission: 128 bits that only this server can work out from its key.

    Not drawn at random: a double click must show the link, too, and it is stored hashed only.
    """
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, f"link {landlord_id} {key}".encode(), "sha256").hexdigest()[:32]


def hash_token(token: str) -> str:
    """How a private link is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def carriers_token(case: Case) -> str:
    """The private link of the contact who carries a case on for somebody who has died."""
    return link_token(case.landlord_id, f"{case.id} {case.resident.id}")


def status_link(case: Case) -> str:
    """The address of the resident's page, for a letter; empty once the link was replaced."""
    known = [carriers_token(case)]
    if case.submission_key:
        known.append(link_token(case.landlord_id, case.submission_key))
    hashed = case.link_hash or ""
    token = next((t for t in known if hmac.compare_digest(hash_token(t), hashed)), "")
    if not token:
        return ""
    public_url = current_app.extensions["settings"].public_url.rstrip("/")
    return f"{public_url}/{case.landlord_id}/status/{token}"
