"""Drafts of the forms that no task holds: saved while staff type, offered when opened anew.

A page that has one sends it whole, so that two pages of one form never mix: the last one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import NotFound
from app.models import Draft
from app.services import actions, deployments, drafts, tasks
from app.services.access import get_case
from app.services.letters import full_date
from app.web.policy import allow, viewer
from app.web.taskpage import NOT_ANSWERED
from app.web.tasks import posted
from forms import UnknownField

bp = Blueprint("drafts", __name__)

TRIAGE = ("triage_hazard", "triage_safeguarding", "triage_vulnerability", "triage_urgency")
ADDED = {  # what may be added to a case: its page, and the names of its questions
    "note": (
        "cases.add_note",
        {"kind": "What it is", "text": "What was said, done or found"}
        | dict(
            zip(TRIAGE, ("A danger", "Somebody at risk", "Harder for them", "By when"), strict=True)
        ),
    ),
    "hazard": ("cases.report_hazard", {"text": "The danger"}),
}


def record_key(form: str, person: str, about: str = "") -> str:
    """The draft of a case that is being recorded, for each person whom it is about."""
    return drafts.key_of("record", form, person, about)


def case_key(reference: str, what: str) -> str:
    """The draft of something about a case: an action's message, or what is added."""
    return drafts.key_of("case", reference, what)


def goes_on() -> bool:
    """Whether the page was opened to go on with what was typed before."""
    return request.args.get("draft") == "on"


def ask_first(kept: Draft, title: str, said: list[tuple[str, str]], save_at: str) -> str:
    """The page that asks: go on with what was typed, or begin afresh."""
    day = kept.saved_at.astimezone(clock.LONDON).date()
    return render_template(
        "drafts/offer.html",
        title=title,
        typed=[(label, text) for label, text in said if text != NOT_ANSWERED],
        when=f"{full_date(day)} at {clock.time_words(kept.saved_at)}",
        until=full_date(day + drafts.KEPT),
        go_on=with_query(request.path, {**request.args.to_dict(), "draft": "on"}),
        save_at=save_at,
    )


def with_query(path: str, asked: Mapping[str, str]) -> str:
    """An address of ours with what was asked for in it."""
    return f"{path}?{urlencode(asked)}" if asked else path


@bp.post("/record/draft")
@allow("work")
def record() -> ResponseReturnValue:
    """A case that is being recorded. In the address: form, and person or about."""
    form, person, about = (request.args.get(name, "") for name in ("form", "person", "about"))
    deployed = deployments.live(viewer().landlord_id)
    if form not in {p.start_form for p in deployed.contents.procedures.values()}:
        raise NotFound
    key = record_key(form, person, about)
    if "pr_let_go" in request.form:
        same = {name: text for name, text in request.args.items() if name != "form"}
        return _let_go(key, with_query(url_for("record.record"), same))
    return _keep(key, tasks.bind(deployed, form, None, {}, posted()).typed)


@bp.post("/cases/<reference>/actions/<message>/draft")
@allow("work")
def action(reference: str, message: str) -> ResponseReturnValue:
    """An action of a case."""
    case = get_case(viewer(), reference, "work")
    if "pr_let_go" in request.form:
        page = url_for("cases.action", reference=reference, message=message)
        return _let_go(case_key(case.reference, message), page)
    _, form = actions.open_action(viewer(), case, message, posted())
    return _keep(case_key(case.reference, message), form.typed)


@bp.post("/cases/<reference>/draft")
@allow("work")
def added(reference: str) -> ResponseReturnValue:
    """A note, a point or a hazard. In the address: what."""
    case = get_case(viewer(), reference, "work")
    page, questions = ADDED.get(what := request.args.get("what", ""), ("", {}))
    if not page:
        raise NotFound
    if "pr_let_go" in request.form:
        return _let_go(case_key(case.reference, what), url_for(page, reference=reference))
    typed = posted()
    if unknown := [name for name in typed if name not in questions]:
        raise UnknownField(unknown)
    return _keep(case_key(case.reference, what), {k: typed.getlist(k) for k in typed})


def _keep(key: str, values: dict[str, list[str]]) -> ResponseReturnValue:
    saved = drafts.keep(viewer(), key, values)
    return jsonify(saved=clock.time_words(saved.saved_at))


def _let_go(key: str, page: str) -> ResponseReturnValue:
    drafts.let_go(viewer(), key)
    return redirect(page, code=303)
