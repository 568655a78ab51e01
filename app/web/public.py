"""What all pages of residents share: their look, the numbers to ring, and room for their photos."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from app.engine import ROOT
from app.landlords import Landlord
from app.services.kinds import kind_named
from app.web import limits, uploads
from forms import BoundForm, Field

LARGEST_POST = 100 * 1024 * 1024  # bytes: several photos at once, so that no text is lost to a 413
DANGER = {"now": "yes", "home": "yes", "no": "no"}  # answer of the first page -> triage_hazard

OPEN_TOO_LONG = (
    "This page was open for a long time. Look at it once more, then send it again. If you read "
    "this twice, your browser may refuse cookies: then ring us."
)

Line = dict[str, str]
MENTAL_HEALTH = {
    "ENG": "NHS 111, free, any hour. Choose option 2 if it is about your mental health.",
    "WLS": "NHS 111 Wales, free, any hour. Press 2 if it is about your mental health.",
    "SCT": "NHS 24, free, any hour. They have a mental health line, too.",
}


def national_lines(nation: str) -> tuple[list[Line], list[Line]]:
    """The national numbers: those before the landlord's own, and those after it."""
    gas = "0800 002 001" if nation == "NIR" else "0800 111 999"
    first = [
        _line(
            "Fire, violence, or a life at risk",
            "999",
            "Cannot speak? Ring 999, then press 55 on a mobile phone.",
        ),
        _line(
            "You smell gas, or an alarm for carbon monoxide sounds",
            gas,
            "Open the windows. Do not touch switches. Go outside.",
        ),
    ]
    if nation == "NIR":
        ill = _line("You feel you cannot go on", "0808 808 8000", "Lifeline, free, any hour.")
    else:
        ill = _line("You are ill, or you feel you cannot go on", "111", MENTAL_HEALTH[nation])
    samaritans = "Samaritans, free, any hour. You can talk about anything."
    return first, [ill, _line("You want to talk to somebody", "116 123", samaritans)]


def danger_lines(landlord: Landlord) -> list[Line]:
    """The numbers to ring before any question: national ones, the landlord's emergency line, and
    what landlord.toml adds. A number of its own replaces the national words for it."""
    first, last = national_lines(landlord.nation)
    own = [_line(line.name, line.phone, line.about) for line in landlord.danger_lines]
    if landlord.emergency_phone:
        about = landlord.emergency_about or "Day and night."
        own.insert(0, _line("Your home is not safe", landlord.emergency_phone, about))
    by_number: dict[str, Line] = {}
    for line in (*first, *own, *last):
        number = line["number"].replace(" ", "")
        by_number[number] = next((o for o in own if o["number"].replace(" ", "") == number), line)
    return list(by_number.values())


def _line(when: str, number: str, advice: str) -> Line:
    return {"when": when, "number": number, "advice": advice}


def page(
    template: str, landlord: Landlord, status: int = 200, kind: str = ROOT, **values: Any
) -> Response:
    """A page in the landlord's name, in the words of a kind of case.

    Nothing outside learns its address.
    """
    html = render_template(
        template,
        landlord=landlord,
        kind=kind_named(landlord.slug, kind),
        landlord_name=landlord.name,
        leave_href=url_for("intake.leave", slug=landlord.slug),
        **values,
    )
    return make_response(html, status)


def make_private(response: Response) -> Response:
    """For pages behind a private link: no address is passed on, and nobody lists it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def allow_large_posts(bp: Blueprint) -> None:
    """Let residents send several photos at once. Set before anything reads the request."""

    @bp.url_value_preprocessor
    def allow(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
        if request.method == "POST":
            request.max_content_length = LARGEST_POST


def keep_files(
    landlord_id: str, fields: Iterable[Field], typed: MultiDict[str, str]
) -> tuple[dict[str, str], int]:
    """Store chosen files and add their ids to what was typed.

    Returns what is wrong, by key, and the seconds to wait when too many came from one place.
    """
    fields = list(fields)
    for field in fields:
        chosen = request.files.getlist(uploads.PREFIX + field.key)
        for file in chosen:
            if file.filename and (wait := limits.take(limits.UPLOADS, limits.visitor())):
                return {field.key: "Too many files came at once. Send us the rest later."}, wait
    return uploads.keep(landlord_id, None, fields, typed), 0


def drop_lost_files(
    landlord_id: str, fields: Iterable[Field], typed: MultiDict[str, str]
) -> dict[str, str]:
    """Take out ids of files that are no longer kept. Returns what to say, by key."""
    errors = {}
    for field in fields:
        ids = typed.getlist(field.key) if field.type == "filepicker" else []
        kept = [file_id for file_id, _ in uploads.names(landlord_id, ids)]
        if len(kept) < len(ids):
            errors[field.key] = "We keep files for 7 days before you send the form. Add them again."
            typed.setlist(field.key, kept)
    return errors


def merge_errors(bound: BoundForm, errors: dict[str, str]) -> None:
    """Add the page's own errors to a form's, in the order of its questions."""
    found = errors | bound.errors
    bound.errors = {field.key: found[field.key] for field in bound.fields if field.key in found}


def names_of_files(landlord_id: str, bound: BoundForm) -> dict[str, str]:
    """The names of the files that a form has so far, by id."""
    pickers = [field.key for field in bound.fields if field.type == "filepicker"]
    ids = [file_id for key in pickers for file_id in bound.typed.get(key, [])]
    return dict(uploads.names(landlord_id, ids))
