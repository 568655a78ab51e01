"""The people of a case: who complains, who is the contact, who speaks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import BadInput, NotFound
from app.models import Case, Party
from app.services import contacts, people, representatives
from app.services.access import get_case
from app.services.complaints import lines
from app.services.known_people import known_people
from app.services.representatives import Permission
from app.web.contact import NEVER, typed_details
from app.web.days import typed_day
from app.web.links import link_to
from app.web.policy import allow, viewer

bp = Blueprint("people", __name__)
REPRESENTATIVE = ("name", "relation", "email", "phone", "address")
DECISIONS = {
    "given": "Yes, they may act",
    "refused": "No",
    "withdrawn": "They took it back",
}
HOW = {
    "written": "In writing",
    "spoken": "By word of mouth, as an adjustment",
    "attorney": "By a power of attorney, which we have seen",
    "deputy": "As a deputy of the Court of Protection, with the order seen",
}


def _done(reference: str, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("cases.case", reference=reference, tab="people"), code=303)


@bp.route("/cases/<reference>/people/add", methods=["GET", "POST"])
@allow("work")
def add(reference: str) -> ResponseReturnValue:
    """Another resident: somebody we know, or somebody new."""
    case = get_case(viewer(), reference, "work")
    if request.method == "GET":
        return _add_page(case, _asked(), {})
    if known := request.form.get("known"):
        people.add_known(viewer(), reference, known)
        return _done(reference, "Another resident is on the case. They get letters of their own.")
    typed = typed_details() | {"adjustments": request.form.get("adjustments", "")}
    try:
        people.add_new(viewer(), reference, typed | {"adjustments": lines(typed["adjustments"])})
    except BadInput as bad:
        case = get_case(viewer(), reference, "work")
        return _add_page(case, typed | {"new": True}, bad.errors), 422
    return _done(reference, "Another resident is on the case. They get letters of their own.")


def _asked() -> dict[str, Any]:
    """What was typed into the look-up; new: to be filled in for somebody we do not know."""
    asked: dict[str, Any] = {
        name: request.args.get(name, "").strip()[:200] for name in ("name", "postcode", "address")
    }
    return asked | {"new": "new" in request.args}


def _add_page(case: Case, typed: dict[str, Any], errors: dict[str, str]) -> str:
    looked = not typed["new"] and any(typed[name] for name in ("name", "postcode", "address"))
    found, more = (
        known_people(viewer(), typed["name"], typed["postcode"], typed["address"])
        if looked
        else ([], False)
    )
    here = {party.person_id for party in case.parties}
    return render_template(
        "cases/add_resident.html",
        case=case,
        typed=typed,
        errors=errors,
        looked=looked,
        found=[person for person, _ in found if person.id not in here and not person.death],
        more=more,
        channels=contacts.CHANNELS,
        never=NEVER,
    )


@bp.route("/cases/<reference>/people/<person_id>/contact", methods=["GET", "POST"])
@allow("work")
def make_contact(reference: str, person_id: str) -> ResponseReturnValue:
    """Make somebody the one contact."""

    def save() -> None:
        stays = request.form.get("former")
        if stays not in {"stays", "leaves"}:
            raise BadInput({"former": "Choose what becomes of the former contact."})
        reason = request.form.get("reason", "")
        token = people.make_contact(viewer(), reference, person_id, reason, stays == "stays")
        _remember(reference, token)

    return _change(reference, person_id, "contact", save, "The case has a new contact.")


@bp.route("/cases/<reference>/people/<person_id>/off", methods=["GET", "POST"])
@allow("work")
def take_off(reference: str, person_id: str) -> ResponseReturnValue:
    """Somebody no longer has a part in the case."""
    return _change(
        reference,
        person_id,
        "off",
        lambda: people.take_off(viewer(), reference, person_id, request.form.get("reason", "")),
        "They are off the case.",
    )


def _change(
    reference: str, person_id: str, what: str, save: Callable[[], None], said: str
) -> ResponseReturnValue:
    """A page with a reason: shown, or sent and answered on the People page."""
    party = people.party_of(viewer(), reference, person_id)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            save()
            return _done(reference, said)
        except BadInput as bad:
            errors = bad.errors
            party = people.party_of(viewer(), reference, person_id)
    page = render_template(
        "cases/change_person.html",
        case=party.case,
        person=party.person,
        role=people.NAMES[party.role],
        what=what,
        errors=errors,
        typed=request.form,
    )
    return page, 422 if errors else 200


@bp.post("/cases/<reference>/people/link")
@allow("work")
def give_link(reference: str) -> ResponseReturnValue:
    """A new private link for the contact: shown once, on the page that follows."""
    _remember(reference, people.give_link(viewer(), reference))
    return _done(reference, "The new private link is below. The one before stopped working.")


def _remember(reference: str, token: str) -> None:
    if token:
        session["link"] = [get_case(viewer(), reference).id, token]


def link_once(case: Case) -> str:
    """The address of a private link that was just made; empty ever after."""
    whose, token = session.get("link") or ("", "")
    if whose != case.id:
        return ""
    session.pop("link")
    return link_to("status.status", slug=case.landlord_id, token=token)


@bp.route("/cases/<reference>/representatives", methods=["GET", "POST"])
@allow("work")
def add_representative(reference: str) -> ResponseReturnValue:
    """Somebody who speaks for the resident; the permission is asked for next."""
    case = get_case(viewer(), reference, "work")
    errors: dict[str, str] = {}
    if request.method == "POST":
        typed = {name: request.form.get(name, "").strip() for name in REPRESENTATIVE}
        try:
            person_id = people.add_representative(viewer(), reference, typed)
            return redirect(url_for(".permission", reference=reference, person_id=person_id), 303)
        except BadInput as bad:
            errors = bad.errors
            case = get_case(viewer(), reference, "work")
    page = render_template(
        "cases/representative.html", case=case, errors=errors, typed=request.form
    )
    return page, 422 if errors else 200


@bp.route("/cases/<reference>/representatives/<person_id>", methods=["GET", "POST"])
@allow("work")
def permission(reference: str, person_id: str) -> ResponseReturnValue:
    """What the resident said about a representative, and how."""
    party = people.party_of(viewer(), reference, person_id)
    if party.role != "representative":
        raise NotFound
    if request.method == "GET":
        return _permission_page(party, _known(party), {})
    copies = "gets_letters" in request.form
    try:
        people.record_permission(viewer(), reference, person_id, _said(), copies)
    except BadInput as bad:
        party = people.party_of(viewer(), reference, person_id)
        return _permission_page(party, request.form.to_dict(), bad.errors), 422
    return _done(reference, "It is recorded.")


def _said() -> Permission:
    return Permission(
        request.form.get("decision", ""),
        typed_day("on") or clock.today(),
        request.form.get("how", ""),
        typed_day("until"),
        request.form.get("limited_to", "").strip(),
    )


def _known(party: Party) -> dict[str, str]:
    """The permission as it stands, to be changed."""
    return {
        "decision": party.permission,
        "on": clock.today().isoformat(),
        "how": party.permission_how,
        "until": party.permission_until.isoformat() if party.permission_until else "",
        "limited_to": party.limited_to,
        "gets_letters": "yes" if party.gets_letters else "",
    }


def _permission_page(party: Party, typed: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "cases/permission.html",
        case=party.case,
        party=party,
        stands=representatives.in_words(party, clock.today()),
        typed=typed,
        errors=errors,
        decisions=DECISIONS,
        how=HOW,
        today=clock.today(),
    )
