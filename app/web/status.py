"""The resident's page behind a private link: what is going on, when, and what can be done now."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.errors import BadInput, ChangedMeanwhile, NotFound, NotOffered, Stopped
from app.letters import FilledLetter, to_html
from app.models import Case, Letter, Outgoing
from app.services import actions, deployments, paper, residents
from app.services.access import instance_of
from app.services.kinds import (
    kind_of,
)
from app.services.letters import full_date, sent_on
from app.services.private_links import hash_token
from app.services.residents import StatusPage
from app.web import limits, standing, uploads
from app.web.again import shows_again
from app.web.errors import page as error_page
from app.web.policy import allow
from app.web.public import (
    OPEN_TOO_LONG,
    allow_large_posts,
    drop_lost_files,
    keep_files,
    make_private,
    merge_errors,
    names_of_files,
    page,
)
from forms import BoundForm, Field
from timers.calendar import london_date

bp = Blueprint("status", __name__, url_prefix="/<slug>/status/<token>")
allow_large_posts(bp)
bp.after_request(make_private)

DEAD_LINK = (
    "This link does not work. A part of it may be missing, or a new one took its place. Ring your "
    "landlord: they can give you a new link."
)
PAPERS = Field(key="papers", type="filepicker", kind="files", label="Photos or papers")
MOVED_ON = "Your {} has moved on, so this cannot be done any more. Nothing is lost: "
NOT_NOW = "We cannot do this now, and a manager has been told. Nothing is lost: "
SEND_INSTEAD = "what you wrote is below. Send it, and we read it."
AGAIN = "Somebody worked on your {} in the same moment. Send it once more."


@bp.errorhandler(NotFound)
def dead(error: NotFound) -> ResponseReturnValue:
    """An unknown landlord and an unknown link give one and the same answer."""
    return error_page(404, DEAD_LINK)


@bp.get("")
@allow("public")
def status(slug: str, token: str) -> ResponseReturnValue:
    """What is going on, and when."""
    return _status_page(slug, token)


def _unlock_again(slug: str, token: str) -> Response:
    return _status_page(slug, token, 400, OPEN_TOO_LONG)


@bp.post("/unlock")
@shows_again(_unlock_again)
@allow("public")
def unlock(slug: str, token: str) -> ResponseReturnValue:
    """The second fact: then letters and what was added can be read in this visit."""
    case = residents.case_behind(slug, token)
    link = hash_token(token)
    wait = limits.wait(limits.SECOND_FACTS, link)
    if wait:
        phone = deployments.landlord(slug).phone
        said = f"That was wrong too often. Wait {limits.minutes(wait)}, or ring us on {phone}."
        return _slow_down(_status_page(slug, token, 429, said), wait)
    if not residents.second_fact_fits(case, request.form.get("fact", "")):
        limits.take(limits.SECOND_FACTS, link)
        return _status_page(slug, token, 422, "This is not what we have. Check it and try again.")
    session["known"] = [*session.get("known", []), link[:16]]
    return redirect(url_for("status.status", slug=slug, token=token, _anchor="letters"), 303)


def _slow_down(answer: Response, wait: int) -> Response:
    answer.status_code = 429
    answer.headers["Retry-After"] = str(wait)
    return answer


def _is_known(token: str) -> bool:
    return hash_token(token)[:16] in session.get("known", [])


def _status_page(slug: str, token: str, code: int = 200, problem: str = "") -> Response:
    found = residents.page(slug, token, _is_known(token))
    landlord = deployments.landlord(slug)
    return page(
        "status/status.html",
        landlord,
        code,
        found.case.kind,
        found=found,
        token=token,
        headline=standing.headline(found),
        when=standing.when(found),
        steps=standing.steps(found),
        promised=standing.promised(found),
        offers=_offers(found, slug, token),
        asked_for=_second_fact(found.case),
        letters=[(letter, _how_sent(letter, out)) for letter, out in found.letters],
        problem=problem,
    )


def _offers(found: StatusPage, slug: str, token: str) -> list[dict[str, str]]:
    """What can be done now, in the words of its form; the label of a diagram speaks to staff."""
    forms = found.deployed.forms
    return [
        {
            "href": url_for("status.act", slug=slug, token=token, message=offer.name),
            "words": forms[offer.form].title or offer.label,
        }
        for offer in found.offers
        if offer.form in forms
    ]


def _second_fact(case: Case) -> str:
    """What we can ask for: postcode, email, or nothing."""
    if case.resident.postcode:
        return "postcode"
    return "email" if case.resident.email else ""


def _how_sent(letter: Letter, out: Outgoing | None) -> str:
    day = sent_on(out)
    if day is None:
        return "On its way to you"
    way = {"email": "by e-mail", "post": "by post"}.get(out.channel if out else "", "")
    return f"Sent {way} on {full_date(day)}".replace("  ", " ")


def _add_again(slug: str, token: str) -> Response:
    case = residents.case_behind(slug, token)
    return _add_page(case, token, _typed_to_add(), 400, notice=OPEN_TOO_LONG)


def _typed_to_add() -> MultiDict[str, str]:
    return MultiDict((k, v) for k in ("text", PAPERS.key) for v in request.form.getlist(k))


@bp.route("/add", methods=["GET", "POST"])
@shows_again(_add_again)
@allow("public")
def add(slug: str, token: str) -> ResponseReturnValue:
    """Tell us something new, or add files."""
    case = residents.case_behind(slug, token)
    typed = _typed_to_add()
    if request.method == "GET":
        return _add_page(case, token, typed)
    errors, wait = keep_files(slug, [PAPERS], typed)
    errors |= drop_lost_files(slug, [PAPERS], typed)
    wait = wait or limits.take(limits.ADDITIONS, limits.visitor())
    if wait:
        said = f"Too much was sent from here in one hour. Wait {limits.minutes(wait)}, or ring us."
        return _slow_down(_add_page(case, token, typed, 429, errors | {"text": said}), wait)
    if errors or request.form.get("pr_do") == "add_files":
        return _add_page(case, token, typed, 422 if errors else 200, errors)
    try:
        residents.add_information(slug, token, typed.get("text", ""), typed.getlist(PAPERS.key))
    except BadInput as wrong:
        return _add_page(case, token, typed, 422, wrong.errors)
    flash(f"We have it. The people who work on your {kind_of(case).noun} have been told.")
    return redirect(url_for("status.status", slug=slug, token=token), 303)


def _add_page(
    case: Case,
    token: str,
    typed: MultiDict[str, str],
    code: int = 200,
    errors: dict[str, str] | None = None,
    notice: str = "",
) -> Response:
    landlord = deployments.landlord(case.landlord_id)
    return page(
        "status/add.html",
        landlord,
        code,
        case.kind,
        token=token,
        text=typed.get("text", ""),
        papers=PAPERS,
        files=dict(uploads.names(landlord.slug, typed.getlist(PAPERS.key))),
        errors=errors or {},
        notice=notice,
    )


def _act_again(slug: str, token: str, message: str) -> Response:
    case = residents.case_behind(slug, token)
    _, form = actions.open_action(residents.resident_viewer(case), case, message, request.form)
    return _act_page(case, token, message, form, 400, OPEN_TOO_LONG)


@bp.route("/actions/<message>", methods=["GET", "POST"])
@shows_again(_act_again)
@allow("public")
def act(slug: str, token: str, message: str) -> ResponseReturnValue:
    """Do one of the things that the procedure offers the resident now."""
    case = residents.case_behind(slug, token)
    viewer = residents.resident_viewer(case)
    try:
        if request.method == "GET":
            _, form = actions.open_action(viewer, case, message)
            return _act_page(case, token, message, form)
        offer, form = actions.open_action(viewer, case, message, request.form)
        typed = MultiDict((k, v) for k, vs in form.typed.items() for v in vs)
        errors, wait = keep_files(slug, form.fields, typed)
        errors |= drop_lost_files(slug, form.fields, typed)
        _, form = actions.open_action(viewer, case, message, typed)
        if request.form.get("pr_do") != "add_files":
            form.check()
        merge_errors(form, errors)
        if form.errors or request.form.get("pr_do") == "add_files":
            answer = _act_page(case, token, message, form, 422 if form.errors else 200)
            return _slow_down(answer, wait) if wait else answer
        actions.act(viewer, case, message, form)
    except ChangedMeanwhile:
        return _act_page(case, token, message, form, 409, AGAIN.format(kind_of(case).noun))
    except (NotOffered, Stopped) as refused:
        if request.method == "GET":
            flash(f"This cannot be done any more: your {kind_of(case).noun} has moved on.")
            return redirect(url_for("status.status", slug=slug, token=token))
        moved_on = MOVED_ON.format(kind_of(case).noun)
        return _kept(case, token, moved_on if isinstance(refused, NotOffered) else NOT_NOW)
    flash(f"We have it: {form.definition.title or offer.label}.")
    return redirect(url_for("status.status", slug=slug, token=token), 303)


def _act_page(
    case: Case, token: str, message: str, form: BoundForm, code: int = 200, notice: str = ""
) -> Response:
    return page(
        "status/act.html",
        deployments.landlord(case.landlord_id),
        code,
        case.kind,
        token=token,
        message=message,
        bound=form,
        files=names_of_files(case.landlord_id, form),
        notice=notice,
    )


def _kept(case: Case, token: str, said: str) -> ResponseReturnValue:
    """What was typed for something that is over: to be sent as information instead."""
    deployed = deployments.of_instance(instance_of(case))
    definition = deployed.forms.get(request.form.get("pr_form", ""))
    typed: MultiDict[str, str] = MultiDict()
    if definition is not None:
        draft = {key: request.form.getlist(key) for key in request.form}
        form = definition.bind(draft=draft)
        said_so_far = [f"{label}: {said}" for label, said in form.said_answers]
        typed["text"] = "\n".join(said_so_far)
    return _add_page(case, token, typed, 409, notice=said + SEND_INSTEAD)


@bp.get("/letters/<letter_id>")
@allow("public")
def letter(slug: str, token: str, letter_id: str) -> ResponseReturnValue:
    """A letter, to read on the page."""
    found = _letter(slug, token, letter_id)
    if found is None:
        return redirect(url_for("status.status", slug=slug, token=token, _anchor="letters"))
    case, row, out = found
    return page(
        "status/letter.html",
        deployments.landlord(slug),
        kind=case.kind,
        token=token,
        case=case,
        letter=row,
        how_sent=_how_sent(row, out),
        written_on=london_date(row.written_at),
        body=to_html(FilledLetter.from_json(row.blocks), preview=False, level=1),
    )


@bp.get("/letters/<letter_id>.pdf")
@allow("public")
def letter_pdf(slug: str, token: str, letter_id: str) -> ResponseReturnValue:
    """The same letter as it was sent."""
    found = _letter(slug, token, letter_id)
    if found is None:
        return redirect(url_for("status.status", slug=slug, token=token, _anchor="letters"))
    case, row, _ = found
    answer = make_response(paper.pdf_of(case, row))
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{case.reference}.pdf"'
    answer.headers["Content-Security-Policy"] = "sandbox"
    return answer


def _letter(slug: str, token: str, letter_id: str) -> tuple[Case, Letter, Outgoing | None] | None:
    """A letter of the case; None before the second fact. Raises NotFound for any other."""
    found = residents.page(slug, token, _is_known(token))
    if not found.known:
        return None
    for row, out in found.letters:
        if row.id == letter_id:
            return found.case, row, out
    raise NotFound
