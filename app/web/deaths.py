"""A resident has died: recorded, who carries the case on, and put right where it was wrong."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import BadInput
from app.models import Case, Party
from app.services import contacts, deaths, late, tasks
from app.services.complaints import lines
from app.services.deaths import NOBODY, Carrier, Told
from app.services.letters import full_date
from app.web.again import shows_again
from app.web.contact import NEVER, typed_details
from app.web.days import typed_day
from app.web.policy import allow, viewer
from timers.calendar import london_date

bp = Blueprint("deaths", __name__)
STANDINGS = {**late.STANDINGS, NOBODY: "Nobody yet"}
DONE = {
    "record": "It is recorded. Nothing is addressed to them any more.",
    "carrier": "It is recorded. Letters that waited go from here.",
    "undo": "It is put right. The private link stays ended: give a new one on this page.",
}


def _done(reference: str, what: str) -> ResponseReturnValue:
    flash(DONE[what])
    return redirect(url_for("cases.case", reference=reference, tab="people"), code=303)


def _record_again(reference: str, person_id: str) -> str:
    return _page(deaths.late_in(viewer(), reference, person_id), "record", {})


@bp.route("/cases/<reference>/people/<person_id>/died", methods=["GET", "POST"])
@shows_again(_record_again)
@allow("work")
def record(reference: str, person_id: str) -> ResponseReturnValue:
    """That somebody has died, and who carries on."""
    party = deaths.late_in(viewer(), reference, person_id)
    if request.method == "GET":
        return _page(party, "record", {})
    try:
        everywhere = "everywhere" in request.form
        deaths.record(viewer(), reference, person_id, _told(), _carrier(), everywhere)
    except BadInput as bad:
        party = deaths.late_in(viewer(), reference, person_id)
        return _page(party, "record", bad.errors), 422
    return _done(reference, "record")


def _carrier_again(reference: str, person_id: str) -> str:
    return _page(deaths.late_in(viewer(), reference, person_id), "carrier", {})


@bp.route("/cases/<reference>/people/<person_id>/carried-on", methods=["GET", "POST"])
@shows_again(_carrier_again)
@allow("work")
def carry_on(reference: str, person_id: str) -> ResponseReturnValue:
    """Who carries on: named later, or somebody else than before."""
    party = deaths.late_in(viewer(), reference, person_id)
    if request.method == "GET":
        return _page(party, "carrier", {})
    try:
        deaths.carry_on(viewer(), reference, person_id, _carrier())
    except BadInput as bad:
        party = deaths.late_in(viewer(), reference, person_id)
        return _page(party, "carrier", bad.errors), 422
    return _done(reference, "carrier")


@bp.route("/cases/<reference>/people/<person_id>/not-died", methods=["GET", "POST"])
@allow("work")
def undo(reference: str, person_id: str) -> ResponseReturnValue:
    """It was recorded by mistake."""
    party = deaths.late_in(viewer(), reference, person_id)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            deaths.undo(viewer(), reference, person_id, request.form.get("reason", ""))
            return _done(reference, "undo")
        except BadInput as bad:
            errors = bad.errors
            party = deaths.late_in(viewer(), reference, person_id)
    page = render_template(
        "cases/not_died.html",
        case=party.case,
        person=party.person,
        errors=errors,
        typed=request.form,
    )
    return page, 422 if errors else 200


def _told() -> Told:
    not_known = "not_known" in request.form
    day = None if not_known else typed_day("died_on")
    return Told(day, request.form.get("told_by", "").strip(), not_known)


def _carrier() -> Carrier:
    standing = request.form.get("standing", "")
    if standing == NOBODY:
        return Carrier(NOBODY)
    relation, shown_by = (request.form.get(key, "").strip() for key in ("relation", "shown_by"))
    who = request.form.get("who", "new")
    if who != "new":
        return Carrier(standing, relation, shown_by, person_id=who)
    details = typed_details() | {"adjustments": lines(request.form.get("adjustments", ""))}
    return Carrier(standing, relation, shown_by, details=details)


def _page(party: Party, what: str, errors: dict[str, str]) -> str:
    """The form, with what was typed."""
    typed: dict[str, Any] = request.form.to_dict()
    typed |= {"contact_never": request.form.getlist("contact_never")}
    return render_template(
        "cases/death.html",
        case=party.case,
        person=party.person,
        what=what,
        typed=typed,
        errors=errors,
        standings=STANDINGS,
        others=deaths.others(party.case, party.person),
        more_cases=deaths.has_other_cases(viewer(), party.case, party.person),
        channels=contacts.CHANNELS,
        never=NEVER,
    )


def told_of(case: Case) -> list[dict[str, Any]]:
    """For the People page: each resident who has died, and who carries the case on for them."""
    return [
        {
            "person": row.late,
            "title": late.has_died(row.late),
            "facts": [
                ("When", full_date(row.late.death.died_on) or "Not known"),
                ("Who told us", row.late.death.told_by),
                ("Recorded by", _recorder(row.late.death)),
                ("Who carries this on", _who(row.person, row.relation)),
                ("As", late.STANDINGS.get(row.standing, "")),
                ("Shown by", row.shown_by),
            ],
            "carried": row.person_id is not None,
        }
        for row in case.carried
        if row.late.death
    ]


def _recorder(death: Any) -> str:
    name = tasks.name_of(death.recorded_by) or "Somebody who has left"
    return f"{name}, {full_date(london_date(death.recorded_at))}"


def _who(person: Any, relation: str) -> str:
    return ", ".join(filter(None, (person.name, relation))) if person else "Nobody yet"
