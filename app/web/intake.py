"""The public form: is anyone in danger, then the complaint, then what happens next.

A complaint has an address of its own; every other kind that the public can send in has the same
pages under /tell-us/.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field

from flask import Blueprint, Response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import MultiDict

from app.db import start_over
from app.engine import ROOT, EngineRefused
from app.errors import NotFound
from app.services import complaints, deployments, kinds, residents, returns, tasks
from app.services.deployments import Deployed
from app.web import limits, standing
from app.web.links import link_to
from app.web.policy import allow
from app.web.public import (
    DANGER,
    OPEN_TOO_LONG,
    allow_large_posts,
    danger_lines,
    drop_lost_files,
    keep_files,
    make_private,
    merge_errors,
    names_of_files,
    page,
)
from app.web.session import forget
from forms import BoundForm, FormDefinition, UnknownField

bp = Blueprint("intake", __name__)
allow_large_posts(bp)
logger = logging.getLogger(__name__)

COMPLAINT = {"kind": ROOT}
CHOOSE = "Choose one answer. If you are not sure, choose the first."
FORM_CHANGED = "We changed this form while you filled it in. Look at it once more, then send it."


@bp.route("/<slug>/complain", defaults=COMPLAINT, methods=["GET", "POST"])
@bp.route("/<slug>/tell-us/<kind>", methods=["GET", "POST"])
@allow("public")
def danger(slug: str, kind: str) -> ResponseReturnValue:
    """Numbers to ring, then the only question that comes before the form."""
    deployed = _public(slug, kind)
    answer = request.form.get("danger", "")
    if request.method == "POST" and answer in DANGER:
        session["danger"] = answer
        follows = "intake.help_now" if answer == "now" else "intake.form"
        return redirect(url_for(follows, slug=slug, kind=kind), 303)
    return _danger_page(deployed, CHOOSE if request.method == "POST" else "")


def _public(slug: str, kind: str) -> Deployed:
    """The live procedure of a kind that the public can send in. Raises NotFound for others."""
    deployed = deployments.live(slug, kind)
    if kind != ROOT and not deployed.procedure.public_form:
        raise NotFound
    return deployed


def _not_taken(deployed: Deployed) -> str:
    noun = kinds.noun_of(deployed.procedure)
    return (
        f"We could not take your {noun} just now. That is our fault. What you wrote is still "
        f"here: wait a minute and send it again, or ring us on {deployed.landlord.phone}."
    )


def _danger_page(deployed: Deployed, problem: str) -> Response:
    landlord = deployed.landlord
    others = kinds.kinds_of(landlord.slug, public=True)
    return page(
        "intake/danger.html",
        landlord,
        422 if problem else 200,
        deployed.kind,
        lines=danger_lines(landlord),
        problem=problem,
        others=[other for other in others if other.id != deployed.kind],
    )


@bp.get("/<slug>/complain/help-now", defaults=COMPLAINT)
@bp.get("/<slug>/tell-us/<kind>/help-now")
@allow("public")
def help_now(slug: str, kind: str) -> ResponseReturnValue:
    """Somebody may be in danger: the same numbers, and the way on."""
    landlord = _public(slug, kind).landlord
    return page("intake/help_now.html", landlord, kind=kind, lines=danger_lines(landlord))


@dataclass
class Visit:
    """What a page of the form carries beside the answers.

    danger: the answer of the first page. key: makes a double click one complaint. back: the token
    of the return link that it was opened with.
    """

    danger: str
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    back: str = ""

    @classmethod
    def posted(cls) -> Visit:
        danger = request.form.get("pr_danger", "")
        key = request.form.get("pr_key", "")
        visit = cls(danger if danger in DANGER else "", back=request.form.get("pr_return", ""))
        if 16 <= len(key) <= 64:
            visit.key = key
        return visit


@bp.route("/<slug>/complain/form", defaults=COMPLAINT, methods=["GET", "POST"])
@bp.route("/<slug>/tell-us/<kind>/form", methods=["GET", "POST"])
@allow("public")
def form(slug: str, kind: str) -> ResponseReturnValue:
    """The landlord's public form: empty, or with what was typed and what became of it."""
    deployed = _public(slug, kind)
    return _sent(deployed) if request.method == "POST" else _fresh(deployed)


def _fresh(deployed: Deployed) -> ResponseReturnValue:
    if session.get("danger") not in DANGER:
        return redirect(_address("danger", deployed))
    visit = Visit(session["danger"])
    definition = _definition(deployed)
    hazard = next((f for f in definition.fields if f.key == "triage_hazard"), None)
    known = {}
    if hazard and DANGER[visit.danger] in {option.value for option in hazard.options}:
        known["triage_hazard"] = DANGER[visit.danger]
    return _form_page(deployed, definition.bind(values=known), visit)


def _sent(deployed: Deployed) -> ResponseReturnValue:
    """Take the complaint, keep the form for later, or show it again with all that was typed."""
    slug, visit = deployed.landlord_id, Visit.posted()
    typed, dropped = _typed(_definition(deployed), request.form)
    if dropped:
        _refuse_what_was_never_asked(deployed, dropped)
    errors, wait = keep_files(slug, _definition(deployed).fields, typed)
    errors |= drop_lost_files(slug, _definition(deployed).fields, typed)
    bound = tasks.bind(deployed, _definition(deployed).name, None, {}, typed)
    if wait:
        merge_errors(bound, errors)
        return _too_many(deployed, bound, visit, wait)
    asked = request.form.get("pr_do", "send")
    if asked == "save" and not errors:
        return _save(deployed, bound, visit)
    if asked in {"save", "add_files"}:
        merge_errors(bound, errors)
        return _form_page(deployed, bound, visit, 422 if errors else 200)
    bound.check()
    merge_errors(bound, errors)
    if bound.errors or dropped:
        return _form_page(deployed, bound, visit, 422, FORM_CHANGED if dropped else "")
    if wait := limits.take(limits.COMPLAINTS, limits.visitor()):
        return _too_many(deployed, bound, visit, wait)
    try:
        hazard = DANGER.get(visit.danger, "")
        receipt = complaints.receive(slug, bound, visit.key, hazard, deployed.kind)
    except (EngineRefused, SQLAlchemyError):
        logger.exception("a complaint could not be taken", extra={"landlord": slug})
        start_over()
        return _form_page(deployed, bound, visit, 503, _not_taken(deployed))
    if visit.back:
        returns.forget(slug, visit.back)
    session.pop("danger", None)
    session["receipt"] = [slug, deployed.kind, receipt.reference, receipt.token]
    return redirect(_address("done", deployed), 303)


def _address(endpoint: str, deployed: Deployed) -> str:
    return url_for(f"intake.{endpoint}", slug=deployed.landlord_id, kind=deployed.kind)


@bp.get("/<slug>/complain/done", defaults=COMPLAINT)
@bp.get("/<slug>/tell-us/<kind>/done")
@allow("public")
def done(slug: str, kind: str) -> ResponseReturnValue:
    """Reference, private link, what happens next. Shown in this visit only."""
    landlord = _public(slug, kind).landlord
    *whose, reference, token = session.get("receipt") or ("", "", "", "")
    if whose != [slug, kind]:
        return redirect(url_for("intake.danger", slug=slug, kind=kind))
    status = residents.page(slug, token, known=False) if token else None
    return make_private(
        page(
            "intake/done.html",
            landlord,
            kind=kind,
            reference=reference,
            link=link_to("status.status", slug=slug, token=token) if token else "",
            hazard=status.case.hazard if status else False,
            when=standing.when(status) if status else None,
            steps=standing.steps(status) if status else [],
            place=status.next_place if status else landlord.ombudsman,
            lines=danger_lines(landlord),
        )
    )


@bp.get("/<slug>/complain/saved", defaults=COMPLAINT)
@bp.get("/<slug>/tell-us/<kind>/saved")
@allow("public")
def saved(slug: str, kind: str) -> ResponseReturnValue:
    """The return link of a form that was kept for later."""
    landlord = _public(slug, kind).landlord
    *whose, token = session.get("saved") or ("", "", "")
    if whose != [slug, kind]:
        return redirect(url_for("intake.danger", slug=slug, kind=kind))
    link = link_to("intake.come_back", slug=slug, kind=kind, token=token)
    until = returns.last_day()
    return make_private(page("intake/saved.html", landlord, kind=kind, link=link, until=until))


@bp.get("/<slug>/complain/return/<token>", defaults=COMPLAINT)
@bp.get("/<slug>/tell-us/<kind>/return/<token>")
@allow("public")
def come_back(slug: str, kind: str, token: str) -> ResponseReturnValue:
    """The form as it was left."""
    try:
        deployed = _public(slug, kind)
        values = returns.values_of(slug, token)
    except NotFound:
        raise NotFound(
            "This link does not work any more. It is kept for 14 days, and ends when the form is "
            "sent. You can fill in the form again, or ring your landlord."
        ) from None
    definition = _definition(deployed)
    typed, _ = _typed(definition, MultiDict((k, v) for k, vs in values.items() for v in vs))
    errors = drop_lost_files(slug, definition.fields, typed)
    bound = tasks.bind(deployed, definition.name, None, {}, typed)
    merge_errors(bound, errors)
    visit = Visit(next(iter(values.get("pr_danger", [])), ""), back=token)
    return make_private(_form_page(deployed, bound, visit))


@bp.get("/<slug>/leave")
@allow("public")
def leave(slug: str) -> ResponseReturnValue:
    """Clear the visit and go somewhere that tells nothing."""
    landlord = deployments.landlord(slug)
    forget()
    answer = redirect(landlord.leave_to)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@bp.errorhandler(CSRFError)
def open_too_long(error: CSRFError) -> ResponseReturnValue:
    """The visit ended while the page was open: show what was typed, to be sent once more."""
    place = request.view_args or {}
    deployed, visit = _public(place["slug"], place["kind"]), Visit.posted()
    if request.endpoint != "intake.form":
        return _danger_page(deployed, OPEN_TOO_LONG)
    typed, _ = _typed(_definition(deployed), request.form)
    bound = tasks.bind(deployed, _definition(deployed).name, None, {}, typed)
    return _form_page(deployed, bound, visit, 422, OPEN_TOO_LONG)


def _definition(deployed: Deployed) -> FormDefinition:
    procedure = deployed.procedure
    return deployed.forms[procedure.public_form or procedure.start_form or ""]


def _typed(
    definition: FormDefinition, posted: MultiDict[str, str]
) -> tuple[MultiDict[str, str], list[str]]:
    """The answers among what was posted, and the names that the form does not have."""
    known = definition.names
    others = [name for name in posted if name not in known]
    old = [name for name in others if not name.startswith("pr_") and name != "csrf_token"]
    return MultiDict((k, v) for k in known for v in posted.getlist(k)), old


def _refuse_what_was_never_asked(deployed: Deployed, names: list[str]) -> None:
    """Raises UnknownField unless the names are of an older form that was open meanwhile."""
    form = _definition(deployed).name
    for older in deployments.versions_of(deployed.landlord_id, f"forms/{form}.form"):
        names = [name for name in names if name not in FormDefinition.parse(older, form).names]
    if names:
        raise UnknownField(names)


def _form_page(
    deployed: Deployed,
    bound: BoundForm,
    visit: Visit,
    status: int = 200,
    notice: str = "",
) -> Response:
    landlord = deployed.landlord
    return page(
        "intake/form.html",
        landlord,
        status,
        deployed.kind,
        bound=bound,
        visit=visit,
        notice=notice,
        files=names_of_files(deployed.landlord_id, bound),
        lines=danger_lines(landlord),
    )


def _too_many(deployed: Deployed, bound: BoundForm, visit: Visit, wait: int) -> Response:
    phone = deployed.landlord.phone
    said = (
        f"Too much was sent from here in one hour. Wait {limits.minutes(wait)}, then send it "
        f"again, or ring us on {phone}. What you wrote is still here."
    )
    answer = _form_page(deployed, bound, visit, 429, said)
    answer.headers["Retry-After"] = str(wait)
    return answer


def _save(deployed: Deployed, bound: BoundForm, visit: Visit) -> ResponseReturnValue:
    if wait := limits.take(limits.SAVED_FORMS, limits.visitor()):
        return _too_many(deployed, bound, visit, wait)
    values = {**bound.typed, "pr_danger": [visit.danger]}
    token = returns.save(deployed.landlord_id, values, visit.back)
    session["saved"] = [deployed.landlord_id, deployed.kind, token]
    return redirect(_address("saved", deployed), 303)
