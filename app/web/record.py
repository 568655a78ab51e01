"""Recording what came by phone, letter, e-mail or in person: a complaint, or another kind."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.engine import ROOT
from app.errors import NotFound
from app.models import Home, Person
from app.services import cases, complaints, deployments, drafts, tasks
from app.services.access import get_case
from app.services.complaints import Receipt
from app.services.kinds import kind_named, kind_of, kinds_of
from app.services.known_people import carriers_known, homes_at, known_people, person_known
from app.services.late import has_died
from app.services.persons import folded
from app.services.references import spaced
from app.web import uploads
from app.web.again import shows_again
from app.web.drafts import ask_first, goes_on, record_key, with_query
from app.web.kept_out import out_of
from app.web.links import link_to
from app.web.policy import allow, viewer
from app.web.public import (
    allow_large_posts,
    danger_lines,
    drop_lost_files,
    merge_errors,
    names_of_files,
)
from app.web.strips import arranged_with, safety_of
from app.web.tasks import posted
from forms import BoundForm

bp = Blueprint("record", __name__)
allow_large_posts(bp)

KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Asked:
    """What was typed into the look-up, and what was chosen there.

    person: a person's id, "new", or nobody yet. about: the case that the new one is about, whose
    resident it then has.
    """

    name: str
    postcode: str
    address: str
    person: str
    kind: str = ROOT
    about: str = ""

    @property
    def any(self) -> bool:
        return bool(self.name or self.postcode or self.address)


def _again() -> str:
    asked = _asked_before()
    return _form_page(asked, _bound(asked, posted()), uuid.uuid4().hex)


@bp.route("/record", methods=["GET", "POST"])
@shows_again(_again)
@allow("work")
def record() -> ResponseReturnValue:
    """Danger first, then what and who it is, then the landlord's own form."""
    if request.method == "POST":
        return _sent()
    asked = _asked()
    if not (asked.about or asked.person):
        return _look_up(asked)
    if gone := _died(asked):
        return gone
    form = _bound(asked, None, _known(asked))
    kept = drafts.kept(viewer(), _draft_key(asked, form))
    if kept is not None:
        form = _bound(asked, None, kept.values)
        if not goes_on():
            save_at = _draft_at(form, request.args.to_dict())
            return ask_first(kept, form.definition.title, form.said_answers, save_at)
    return _form_page(asked, form, uuid.uuid4().hex)


def _draft_key(asked: Asked, form: BoundForm) -> str:
    return record_key(form.definition.name, asked.person, asked.about)


def _draft_at(form: BoundForm, asked: Mapping[str, str]) -> str:
    """Where the page keeps what is typed."""
    return with_query(url_for("drafts.record"), {**asked, "form": form.definition.name})


def _asked() -> Asked:
    def text(name: str, otherwise: str = "") -> str:
        return request.args.get(name, "").strip()[:200] or otherwise

    return _of_a_kind(
        Asked(
            text("name"),
            text("postcode"),
            text("address"),
            text("person")[:32],
            text("kind", ROOT),
            text("about"),
        )
    )


def _of_a_kind(asked: Asked) -> Asked:
    """Raises NotFound for no kind of ours, and for one that can only be about another case."""
    deployments.live(viewer().landlord_id, asked.kind)
    if not asked.about and not kind_named(viewer().landlord_id, asked.kind).asks_who:
        raise NotFound
    return asked


def _look_up(asked: Asked) -> str:
    found, more = known_people(viewer(), asked.name, asked.postcode, asked.address)
    every = kinds_of(viewer().landlord_id)
    return render_template(
        "record/look_up.html",
        asked=asked,
        found=found,
        arranged={person.id: arranged_with(person) for person, _ in found},
        carriers={p.id: carriers_known(viewer(), p) for p, _ in found if p.death},
        kinds=[kind for kind in every if kind.asks_who],
        titles={kind.id: kind.title for kind in every},
        more=more,
        homes=_homes(asked, [person for person, _ in found]),
        lines=danger_lines(deployments.landlord(viewer().landlord_id)),
    )


def _homes(asked: Asked, found: list[Person]) -> list[Home]:
    """The homes there of nobody who was found."""
    taken = {folded(person.address) for person in found}
    homes = homes_at(viewer(), asked.postcode, asked.address)
    return [home for home in homes if folded(home.address) not in taken]


def _known(asked: Asked) -> dict[str, Any]:
    """The answers that the look-up gives already."""
    person = _person(asked)
    if person is not None:
        return {key: getattr(person, column) for key, column in complaints.PERSON_FIELDS.items()}
    return {
        "resident_name": asked.name,
        "resident_postcode": asked.postcode.upper(),
        "resident_address": asked.address,
    }


def _person(asked: Asked) -> Person | None:
    """The chosen person; None for somebody else, or for somebody whom the viewer may not know."""
    if asked.about:
        return get_case(viewer(), asked.about, "work").resident
    return person_known(viewer(), asked.person) if asked.person else None


def _bound(
    asked: Asked, typed: MultiDict[str, str] | None, values: dict[str, Any] | None = None
) -> BoundForm:
    deployed = deployments.live(viewer().landlord_id, asked.kind)
    form = deployed.procedure.start_form or ""
    return tasks.bind(deployed, form, None, {}, typed, values)


def _died(asked: Asked) -> ResponseReturnValue | None:
    """Nobody who has died complains anew: back to where somebody else is named."""
    person = _person(asked)
    if person is None or not person.death:
        return None
    flash(f"{has_died(person)}. Say first who complains now.")
    if asked.about:
        return redirect(url_for("cases.case", reference=asked.about, tab="people"), code=303)
    return redirect(url_for("record.record", name=person.name, kind=asked.kind), code=303)


def _sent() -> ResponseReturnValue:
    asked, key, typed = _asked_before(), request.form.get("pr_key", ""), posted()
    key = key if KEY.fullmatch(key) else uuid.uuid4().hex
    fields = _bound(asked, None).fields
    errors = uploads.keep(viewer().landlord_id, viewer().user_id, fields, typed)
    errors |= drop_lost_files(viewer().landlord_id, fields, typed)
    form = _bound(asked, typed)
    if gone := _died(asked):
        return gone
    if request.form.get("pr_step") != "add_files":
        form.check()
    merge_errors(form, errors)
    if form.errors or request.form.get("pr_step") == "add_files":
        return _form_page(asked, form, key), 422 if form.errors else 200
    chosen = _person(asked)
    person_id = chosen.id if chosen else None
    receipt = complaints.record(viewer(), form, key, person_id, asked.kind, asked.about or None)
    drafts.let_go(viewer(), _draft_key(asked, form))
    if gone := out_of(receipt.reference):
        return gone
    if asked.about:
        kind = kind_named(viewer().landlord_id, asked.kind)
        flash(f"{kind.title} recorded. It is linked with {spaced(asked.about)}.")
        return redirect(url_for("cases.case", reference=receipt.reference), code=303)
    _remember(receipt)
    return redirect(url_for("record.receipt", reference=receipt.reference), code=303)


def _asked_before() -> Asked:
    """What the form's own page carries from the look-up."""
    own = {name: request.form.get(f"pr_{name}", "")[:200] for name in ("person", "kind", "about")}
    return _of_a_kind(Asked("", "", "", own["person"], own["kind"] or ROOT, own["about"]))


def _form_page(asked: Asked, form: BoundForm, key: str) -> str:
    chosen = _person(asked)
    return render_template(
        "record/form.html",
        form=form,
        key=key,
        asked=asked,
        kind=kind_named(viewer().landlord_id, asked.kind),
        chosen=chosen,
        safety=safety_of(chosen) if chosen else None,
        draft_url=_draft_at(
            form,
            {
                k: v
                for k, v in (("person", asked.person), ("kind", asked.kind), ("about", asked.about))
                if v
            },
        ),
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
        link = link_to("status.status", slug=case.landlord_id, token=token)
    return render_template(
        "record/receipt.html",
        case=case,
        kind=kind_of(case),
        reference=spaced(case.reference),
        link=link,
        landlord=landlord,
        lines=danger_lines(landlord) if case.hazard else [],
        now_and_then=page.now_and_then,
        due=next((row for row, how in page.deadlines if row.kind == "duty" and row.due_on), None),
    )
