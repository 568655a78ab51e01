"""A case: where it stands and how it came there, what is due and why, and what can be done now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.db import db
from app.errors import BadInput, NotOffered
from app.letters import FilledLetter, to_html, to_plain
from app.models import Case, Draft
from app.services import actions, cases, deployments, documents, drafts, letters, paper, picture
from app.services.access import get_case, instance_of
from app.services.inbox import chips
from app.services.kinds import kinds_of
from app.services.letter_words import outgoing_of, sent_words
from app.services.outcomes import how_ended
from app.services.references import spaced
from app.web import casepage, uploads
from app.web.again import shows_again
from app.web.drafts import ADDED, ask_first, case_key, goes_on
from app.web.kept_out import out_of
from app.web.policy import allow, viewer
from app.web.public import allow_large_posts, drop_lost_files, merge_errors, names_of_files
from app.web.strips import safety_in
from app.web.tasks import posted

bp = Blueprint("cases", __name__)
allow_large_posts(bp)

STATUS = {"open": "Open", "closed": "Closed", "all": "Open and closed"}
DANGER = {"yes": "Yes", "no": "No", "not_sure": "Not sure"}
SANDBOX = "default-src 'none'; sandbox"


@bp.get("/cases")
@allow("read_cases")
def find() -> ResponseReturnValue:
    """Look a case up."""
    names = ("q", "status", "stage", "kind")
    asked = {name: request.args.get(name, "").strip()[:100] for name in names}
    asked["status"] = asked["status"] if asked["status"] in STATUS else "open"
    stages = casepage.stages_of(viewer().landlord_id, asked["kind"])
    asked["stage"] = asked["stage"] if asked["stage"] in dict(stages) else ""
    number = request.args.get("page", 1, int)
    q, status, stage, kind = asked.values()
    found, total = cases.search(viewer(), q, status, stage, number, kind=kind)
    return render_template(
        "cases/find.html",
        found=found,
        ended=how_ended(row.case for row in found),
        total=total,
        asked=asked,
        status=STATUS,
        stages=stages,
        kinds=[(kind.id, kind.title) for kind in kinds_of(viewer().landlord_id)],
        chips=chips,
        pages=casepage.pages(number, total),
        href=lambda n: url_for(
            "cases.find", page=n, q=q, status=status, stage=stage, kind=kind or None
        ),
    )


@bp.get("/cases/<reference>/begin")
@allow("work")
def begin(reference: str) -> ResponseReturnValue:
    """What else can be begun about the resident of a case."""
    found = get_case(viewer(), reference, "work")
    return render_template(
        "cases/begin.html",
        case=found,
        kinds=kinds_of(found.landlord_id),
        safety=safety_in(found),
    )


@bp.get("/cases/<reference>")
@allow("read_cases")
def case(reference: str) -> ResponseReturnValue:
    """One case, a tab at a time."""
    tab = request.args.get("tab", "overview")
    if tab not in casepage.TABS:
        abort(404)
    return casepage.show(viewer(), cases.page(viewer(), reference), tab)


def _action_again(reference: str, message: str) -> str:
    case = get_case(viewer(), reference, "work")
    return _action_page(*actions.open_action(viewer(), case, message, posted()), case)


@bp.route("/cases/<reference>/actions/<message>", methods=["GET", "POST"])
@shows_again(_action_again)
@allow("work")
def action(reference: str, message: str) -> ResponseReturnValue:
    """Something from outside that the procedure takes now: more time, a withdrawal, a request."""
    found = get_case(viewer(), reference, "work")
    typed = posted()
    try:
        if request.method == "GET":
            return _open_action(found, message)
        offer, form = actions.open_action(viewer(), found, message)
        errors = uploads.keep(
            found.landlord_id, viewer().user_id, form.definition.fields, typed
        ) | drop_lost_files(found.landlord_id, form.definition.fields, typed)
        offer, form = actions.open_action(viewer(), found, message, typed)
        form.check()
        merge_errors(form, errors)
        if form.errors:
            return _action_page(offer, form, found), 422
        actions.act(viewer(), found, message, form)
    except BadInput as refused:
        form.errors.update(refused.errors)
        return _action_page(offer, form, get_case(viewer(), reference, "work")), 422
    except NotOffered as late:
        found = get_case(viewer(), reference, "work")
        return _not_offered(found, message, late.message, typed), 409
    drafts.let_go(viewer(), case_key(found.reference, message))
    if gone := out_of(reference):
        return gone
    flash(f"{offer.label}: recorded.")
    return redirect(url_for("cases.case", reference=reference), code=303)


def _open_action(case: Case, message: str) -> str:
    """The action's form: empty, or with what was typed before."""
    kept = drafts.kept(viewer(), case_key(case.reference, message))
    typed = _typed_before(kept) if kept else None
    action, form = actions.open_action(viewer(), case, message, typed)
    if kept and not goes_on():
        save_at = url_for("drafts.action", reference=case.reference, message=message)
        return ask_first(kept, action.label, form.said_answers, save_at)
    return _action_page(action, form, case)


def _typed_before(kept: Draft) -> MultiDict[str, str]:
    return MultiDict((name, text) for name, texts in kept.values.items() for text in texts)


def _action_page(offer: Any, form: Any, found: Any) -> str:
    deployed = deployments.of_instance(instance_of(found))
    return render_template(
        "cases/action.html",
        offer=offer,
        form=form,
        case=found,
        step=deployed.elements[offer.element],
        safety=safety_in(found),
        files=names_of_files(found.landlord_id, form),
    )


def _not_offered(case: Case, action: str, message: str, typed: MultiDict[str, str]) -> str:
    """Too late; what was typed, now or before, is shown, so that it can be kept as a note."""
    kept = drafts.kept(viewer(), case_key(case.reference, action))
    if not typed and kept:
        typed = _typed_before(kept)
    texts = [text for _, text in typed.items(multi=True) if len(text) > 3]
    return render_template(
        "cases/not_offered.html", case=case, message=message, text="\n\n".join(texts)[:20_000]
    )


def _form(
    reference: str, what: str, tab: str, save: Callable[[], object], done: str
) -> ResponseReturnValue:
    """A small form of one kind: shown, or sent and answered on the case."""
    found = get_case(viewer(), reference, "work")
    kept = drafts.kept(viewer(), case_key(found.reference, what))
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            save()
        except BadInput as refused:
            errors = refused.errors
        else:
            drafts.let_go(viewer(), case_key(found.reference, what))
            flash(done)
            return redirect(url_for("cases.case", reference=reference, tab=tab), code=303)
    elif kept and not goes_on():
        return _ask_about_added(found, what, kept)
    typed = _typed_before(kept) if kept and request.method == "GET" else request.form
    return _added_page(found, what, typed, errors), 422 if errors else 200


def _added_page(
    case: Case, what: str, typed: MultiDict[str, str], errors: dict[str, str] | None = None
) -> str:
    return render_template(
        "cases/add.html",
        what=what,
        case=case,
        errors=errors or {},
        typed=typed,
        safety=safety_in(case),
        kinds=cases.NOTE_KINDS,
        hazard_team=_hazard_team(case.landlord_id),
    )


def _again(what: str) -> Callable[[str], str]:
    """The small form of one kind with what was posted."""
    return lambda reference: _added_page(get_case(viewer(), reference, "work"), what, request.form)


def _ask_about_added(case: Case, what: str, kept: Draft) -> str:
    chosen = cases.NOTE_KINDS | DANGER  # of the questions with choices, the words
    said = []
    for key, label in ADDED[what][1].items():
        text = kept.values.get(key, [""])[0]
        said.append((label, text if key == "text" else chosen.get(text, text)))
    save_at = url_for("drafts.added", reference=case.reference, what=what)
    return ask_first(kept, f"Add to the case of {case.resident.name}", said, save_at)


def _hazard_team(landlord_id: str) -> str:
    landlord = deployments.landlord(landlord_id)
    team = landlord.teams.get(landlord.alert_team_hazard)
    return team.name if team else landlord.alert_team_hazard


@bp.route("/cases/<reference>/notes", methods=["GET", "POST"])
@shows_again(_again("note"))
@allow("work")
def add_note(reference: str) -> ResponseReturnValue:
    """A note, or a call, visit or e-mail that took place."""
    kind, text = request.form.get("kind", ""), request.form.get("text", "")
    triage = {key: value for key, value in request.form.items() if key.startswith("triage_")}
    return _form(
        reference,
        "note",
        "notes",
        lambda: cases.add_note(viewer(), reference, kind, text, triage),
        "The note is kept.",
    )


@bp.route("/cases/<reference>/hazard", methods=["GET", "POST"])
@shows_again(_again("hazard"))
@allow("work")
def report_hazard(reference: str) -> ResponseReturnValue:
    """A hazard or a worry about somebody's safety."""
    text = request.form.get("text", "")
    told = _hazard_team(viewer().landlord_id)
    return _form(
        reference,
        "hazard",
        "overview",
        lambda: cases.report_hazard(viewer(), reference, text),
        f"The {told} was told.",
    )


@bp.route("/cases/<reference>/documents", methods=["GET", "POST"])
@allow("work")
def add_document(reference: str) -> ResponseReturnValue:
    """Add files to the case."""
    chosen = [file for file in request.files.getlist("file") if file.filename]

    def save() -> None:
        if not chosen:
            raise BadInput({"file": "Choose a file."})
        for file in chosen:
            documents.add_to_case(viewer(), reference, file.filename or "", file.read())

    many = "The file is" if len(chosen) == 1 else "The files are"
    return _form(reference, "document", "documents", save, f"{many} with the case.")


@bp.get("/cases/<reference>/documents/<document_id>")
@allow("read_cases")
def document(reference: str, document_id: str) -> ResponseReturnValue:
    """A document, to be saved: it never runs or shows as a page of ours."""
    blob = documents.get_document(viewer(), reference, document_id)
    response = Response(blob.data, content_type=blob.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=blob.name)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@bp.get("/cases/<reference>/letters/<letter_id>")
@allow("read_cases")
def letter(reference: str, letter_id: str) -> ResponseReturnValue:
    """A letter as it was written."""
    found, row = documents.get_letter(viewer(), reference, letter_id)
    outgoing = outgoing_of(found, row)
    return render_template(
        "cases/letter.html",
        case=found,
        letter=row,
        to=letters.recipient_of(db.session(), found, row).name,
        sent=sent_words(row, outgoing),
        sheet_of={
            "landlord": deployments.landlord(found.landlord_id).name,
            "reference": spaced(found.reference),
            "date_words": letters.full_date(letters.sent_on(outgoing)) or "Not sent yet",
            "channel_words": "",
            "body": to_html(FilledLetter.from_json(row.blocks), preview=False, level=2),
        },
    )


@bp.get("/cases/<reference>/letters/<letter_id>/letter.pdf")
@allow("read_cases")
def letter_pdf(reference: str, letter_id: str) -> ResponseReturnValue:
    """The letter as PDF."""
    found, row = documents.get_letter(viewer(), reference, letter_id)
    response = Response(paper.pdf_of(found, row), content_type="application/pdf")
    name = f"{found.reference}-{row.template}.pdf"
    response.headers.set("Content-Disposition", "inline", filename=name)
    return response


@bp.get("/cases/<reference>/letters/<letter_id>/letter.txt")
@allow("read_cases")
def letter_text(reference: str, letter_id: str) -> ResponseReturnValue:
    """The letter as plain text: to send as it is, or to hand to whoever makes a copy."""
    found, row = documents.get_letter(viewer(), reference, letter_id)
    text = to_plain(FilledLetter.from_json(row.blocks))
    response = Response(text, content_type="text/plain; charset=utf-8")
    name = f"{found.reference}-{row.template}.txt"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@bp.get("/cases/<reference>/diagrams/<process>.bpmn")
@allow("read_cases")
def diagram(reference: str, process: str) -> ResponseReturnValue:
    """A diagram of the case's own deployment, as it was drawn."""
    found = get_case(viewer(), reference)
    deployed = deployments.of_instance(instance_of(found))
    response = Response(picture.file_of(deployed, process), content_type="application/xml")
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@bp.get("/cases/<reference>/diagrams/<process>")
@allow("read_cases")
def large_diagram(reference: str, process: str) -> ResponseReturnValue:
    """One diagram alone, with the way that the case took."""
    return casepage.large_diagram(viewer(), cases.page(viewer(), reference), process)
