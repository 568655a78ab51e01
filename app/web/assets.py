"""What every template may use: built files, the navigation, today's date in words."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, request, url_for
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from app import clock
from app.paragraphs import whole_paragraphs
from app.services import deployments
from app.services.calendars import calendar_at
from app.services.letters import full_date
from app.services.next_step import mid_sentence
from app.services.operations import quarantine
from app.services.references import spaced
from app.services.workshop import publishing
from app.viewer import Viewer
from forms import BoundForm

NAVIGATION = (  # ability, words, endpoint
    ("work", "Inbox", "inbox.inbox"),
    ("work", "record_words", "record.record"),
    ("read_cases", "Cases", "cases.find"),
    ("watch", "Running cases", "monitor.running"),
    ("audit", "Histories", "audit.histories"),
    ("read_cases", "Learning", "learning.lessons"),
    ("report", "Report", "report.show"),
    ("see_procedures", "Procedures", "workshop.procedures"),
    ("post", "Post", "post.outbox"),
    ("administer", "People", "admin.users"),
    ("signed_in", "Help", "help.help_page"),
)
SOON = timedelta(days=60)  # so long before a closure of the offices, the pages tell of it
NATIONS = {"ENG": "England", "WLS": "Wales", "SCT": "Scotland", "NIR": "Northern Ireland"}


def init_app(app: Flask) -> None:
    """Let the templates find components, built files and words."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    loader = app.jinja_env.loader
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_env.loader = ChoiceLoader([loader, govuk])  # type: ignore[list-item]
    app.jinja_env.filters |= {
        "full_date": full_date,
        "mid_sentence": mid_sentence,
        "small": small,
        "short_date": short_date,
        "day_and_time": day_and_time,
        "spaced": spaced,
        "paragraphs": whole_paragraphs,
    }
    app.context_processor(known_everywhere)


def known_everywhere() -> dict[str, Any]:
    """The variables of every template."""
    words = {"today_words": full_date(clock.today()), "calendar_words": ""}
    if g.get("viewer") is not None and g.viewer.landlord_id:
        words |= _calendar_words(g.viewer.landlord_id)
        words |= {"record_words": _record_words(g.viewer.landlord_id)}
    return {
        "viewer": g.get("viewer"),
        "nav": _navigation(words),
        "asset": asset,
        "is_held": quarantine.holds,
        "signed_in_for": int(current_app.permanent_session_lifetime.total_seconds()),
        **words,
    }


def _record_words(landlord_id: str) -> str:
    """What recording is called: where a landlord has several kinds of case, it is any of them."""
    several = len(deployments.standing(landlord_id).contents.procedures) > 1
    return "Record a case" if several else "Record a complaint"


def _calendar_words(landlord_id: str) -> dict[str, str]:
    landlord = deployments.standing(landlord_id).landlord
    calendar = calendar_at(landlord)
    today = clock.today()
    working = "a working day" if calendar.is_working_day(today) else "not a working day"
    ahead = (today + timedelta(days=n) for n in range(1, 200))
    off = next((day for day in ahead if calendar.day_off_name(day)), None)
    next_off = f" Next day off: {full_date(off)}, {calendar.day_off_name(off)}." if off else ""
    soon = (c for c in landlord.closures if c.first <= today + SOON and c.last >= today)
    if closed := next((c for c in soon if not c.policy), None):
        days = " to ".join(full_date(day) for day in sorted({closed.first, closed.last}))
        next_off += f" {closed.name}, {days}: our offices are closed, and deadlines run on."
    return {
        "today_words": f"{full_date(today)}, {working}.",
        "calendar_words": (
            f"Calendar: {NATIONS[calendar.nation]}, version {calendar.version}.{next_off}"
        ),
    }


def _navigation(known: dict[str, str]) -> list[dict[str, Any]]:
    viewer = g.get("viewer")
    if viewer is None:
        return []
    here = (request.endpoint or "").partition(".")[0]
    return [
        {
            "href": url_for(endpoint),
            "text": known.get(words, words) + _waiting(viewer, endpoint),
            "current": endpoint.partition(".")[0] == here
            or request.path.startswith(f"{url_for(endpoint)}/"),
        }
        for ability, words, endpoint in NAVIGATION
        if viewer.can(ability)
    ]


def _waiting(viewer: Viewer, endpoint: str) -> str:
    """How many drafts of the procedure wait for this person, or came back; or nothing."""
    if endpoint != "workshop.procedures" or not viewer.can("approve_procedures"):
        return ""
    count = len(publishing.notices(viewer))
    return f" ({count})" if count else ""


def asset(name: str) -> str:
    """The address of a built file, such as site.css."""
    return url_for("static", filename=f"build/{_manifest(_stamp())[name]}")


def _manifest_path() -> Path:
    return Path(current_app.static_folder or "") / "build" / "manifest.json"


def _stamp() -> float:
    return _manifest_path().stat().st_mtime


@lru_cache(maxsize=2)
def _manifest(_stamp: float) -> dict[str, str]:
    read: dict[str, str] = json.loads(_manifest_path().read_text())
    return read


def small(form: BoundForm) -> BoundForm:
    """A form with small boxes and circles."""
    form.small = True
    return form


def short_date(day: date | None) -> str:
    """Fri 27 Nov."""
    return f"{day:%a} {day.day} {day:%b}" if day else ""


def day_and_time(at: datetime | None) -> str:
    """Mon 23 Nov 2026, 2:05pm, in London."""
    if at is None:
        return ""
    local = at.astimezone(clock.LONDON)
    return f"{local:%a} {local.day} {local:%b} {local.year}, {clock.time_words(at)}"
