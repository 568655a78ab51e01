"""Recording a complaint that came by phone, letter, e-mail or in person."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.db import db
from app.models import Person
from app.services import cases, complaints, deployments, drafts, tasks
from app.services.complaints import Receipt
from app.services.known_people import known_people
from app.services.references import spaced
from app.web import uploads
from app.web.again import shows_again
from app.web.drafts import ask_first, goes_on, record_key, with_query
from app.web.policy import allow, viewer
from app.web.public import (
    allow_large_posts,
    danger_lines,
    drop_lost_files,
    merge_errors,
    names_of_files,
)
from app.web.tasks import posted
from forms import BoundForm

bp = Blueprint("record", __name__)
allow_large_posts(bp)

KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Asked:
    """What was typed into the look-up, and who was chosen: a person's id, "new", or nobody yet."""

    name: str
    postcode: str
    address: str
    person: str

    @property
    def any(self) -> bool:
        return bool(self.name or self.postcode or self.address)


def _again() -> str:
    return _form_page(_bound(posted()), request.form.get("pr_person", ""), uuid.uuid4().hex)


@bp.route("/record", methods=["GET", "POST"])
@shows_again(_again)
@allow("work")
def record() -> ResponseReturnValue:
    """Danger first, then who it is, then the landlord's own form."""
    if request.method == "POST":
        return _sent()
    asked = _asked()
    if not asked.person:
        return _look_up(asked)
    form = _bound(None, _known(asked))
    kept = drafts.kept(viewer(), _draft_key(form, asked.person))
    if kept is not None:
        form = _bound(None, kept.values)
        if not goes_on():
            save_at = _draft_at(form, request.args.to_dict())
            return ask_first(kept, form.definition.title, form.said_answers, save_at)
    return _form_page(form, asked.person, uuid.uuid4().hex)


def _draft_key(form: BoundForm, person: str) -> str:
    return record_key(form.definition.name, person)


def _draft_at(form: BoundForm, asked: Mapping[str, str]) -> str:
    """Where the page keeps what is typed."""
    return with_query(url_for("drafts.record"), {**asked, "form": form.definition.name})


def _asked() -> Asked:
    def text(name: str) -> str:
        return request.args.get(name, "").strip()[:200]

    return Asked(text("name"), text("postcode"), text("address"), text("person")[:32])


def _look_up(asked: Asked) -> str:
    found, more = known_people(viewer(), asked.name, asked.postcode, asked.address)
    return render_template(
        "record/look_up.html",
        asked=asked,
        found=found,
        more=more,
        lines=danger_lines(deployments.landlord(viewer().landlord_id)),
    )


def _known(asked: Asked) -> dict[str, Any]:
    """The answers that the look-up gives already."""
    person = _person(asked.person)
    if person is not None:
        return {key: getattr(person, column) for key, column in complaints.PERSON_FIELDS.items()}
    return {
        "resident_name": asked.name,
        "resident_postcode": asked.postcode.upper(),
        "resident_address": asked.address,
    }


def _person(person_id: str) -> Person | None:
    """The chosen person; None for somebody else, or for an id of another landlord."""
    return db.session.get(Person, (viewer().landlord_id, person_id)) if person_id else None


def _bound(typed: MultiDict[str, str] | None, values: dict[str, Any] | None = None) -> BoundForm:
    deployed = deployments.live(viewer().landlord_id)
    form = complaints.start_form(viewer().landlord_id, public=False)
    return tasks.bind(deployed, form, None, {}, typed, values)


def _sent() -> ResponseReturnValue:
    person, key = request.form.get("pr_person", ""), request.form.get("pr_key", "")
    key = key if KEY.fullmatch(key) else uuid.uuid4().hex
    typed = posted()
    fields = _bound(None).fields
    errors = uploads.keep(viewer().landlord_id, viewer().user_id, fields, typed)
    errors |= drop_lost_files(viewer().landlord_id, fields, typed)
    form = _bound(typed)
    if request.form.get("pr_step") != "add_files":
        form.check()
    merge_errors(form, errors)
    if form.errors or request.form.get("pr_step") == "add_files":
        return _form_page(form, person, key), 422 if form.errors else 200
    chosen = _person(person)
    receipt = complaints.record(viewer(), form, key, chosen.id if chosen else None)
    drafts.let_go(viewer(), _draft_key(form, person))
    _remember(receipt)
    return redirect(url_for("record.receipt", reference=receipt.reference), code=303)


def _form_page(form: BoundForm, person: str, key: str) -> str:
    chosen = _person(person)
    return render_template(
        "record/form.html",
        form=form,
        key=key,
        person=person,
        chosen=chosen,
        draft_url=_draft_at(form, {"person": person}),
        files=names_of_files(viewer().landlord_id, form),
        lines=danger_lines(deployments.landlord(viewer().landlord_id)),
    )


def _remember(receipt: Receipt) -> None:
    """The private link is shown once: its token is stored as a hash only."""
    if receipt.token:
        session["recorded"] = [receipt.reference, receipt.token]


@bp.get("/record/<reference>")
@allow("work")
def receipt(reference: str) -> ResponseReturnValue:
    """Reference, the private link to read out or print, what happens next, what to do in danger."""
    page = cases.page(viewer(), reference)
    case, landlord = page.case, deployments.landlord(viewer().landlord_id)
    whose, token = session.pop("recorded", None) or ("", "")
    link = ""
    if token and whose == case.reference:
        link = url_for("status.status", slug=case.landlord_id, token=token, _external=True)
    return render_template(
        "record/receipt.html",
        case=case,
        reference=spaced(case.reference),
        link=link,
        landlord=landlord,
        lines=danger_lines(landlord) if case.hazard else [],
        now_and_then=page.now_and_then,
        due=next((row for row, how in page.deadlines if row.kind == "duty" and row.due_on), None),
    )
