"""For administrators: who signs in and as what, and the days on which nobody works."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import BadInput
from app.services import accounts, administration, calendars, deployments
from app.viewer import ROLES
from app.web.assets import NATIONS
from app.web.policy import allow, viewer

bp = Blueprint("admin", __name__)
FIELDS = ("name", "email", "job_title", "phone", "role", "teams", "password", "landlord")
ROLE_HINTS = {
    "staff": "works in the inbox of their teams",
    "manager": "does that too, and watches all running cases",
    "process_owner": "publishes changes of the procedure",
    "auditor": "reads every case and history, changes nothing",
    "administrator": "manages people and days off, sees no cases",
}


def _teams() -> dict[str, str]:
    """The teams of the viewer's landlord: id -> name."""
    landlord_id = viewer().landlord_id
    teams = deployments.standing(landlord_id).landlord.teams if landlord_id else {}
    return {team_id: team.name for team_id, team in teams.items()}


@bp.get("/people")
@allow("administer")
def users() -> ResponseReturnValue:
    """Everybody who can sign in."""
    people = administration.everyone(viewer())
    return render_template(
        "admin/users.html",
        people=people,
        locked={user.id for user in people if administration.is_locked(user)},
        teams=_teams(),
        roles=ROLES,
        choices=_choices(),
    )


def _choices() -> list[Any]:
    """The landlords to choose from, for an administrator who belongs to none."""
    if not administration.belongs_to_none(viewer()):
        return []
    return administration.landlords(viewer())


@bp.route("/people/add", methods=["GET", "POST"])
@allow("administer", of_no_landlord=True)  # an e-mail address is somebody's only once
def add() -> ResponseReturnValue:
    """Make an account."""
    errors: dict[str, str] = {}
    typed: dict[str, Any] = {"password": administration.new_password(), "teams": []}
    if request.method == "POST":
        names = ("email", "name", "role", "job_title", "phone", "password")
        typed = {name: request.form.get(name, "").strip() for name in names}
        typed["teams"] = request.form.getlist("teams")
        try:
            accounts.add_user(
                viewer().landlord_id or None,
                **{name: typed[name] for name in names},
                teams=tuple(typed["teams"]),
            )
        except BadInput as bad:
            errors = bad.errors
        else:
            flash(f"{typed['name']} can sign in. Give them the password yourself, not by e-mail.")
            return redirect(url_for(".users"), 303)
    page = render_template("admin/add.html", typed=typed, errors=errors, **_fields(errors))
    return page, 422 if errors else 200


def _fields(errors: dict[str, str]) -> dict[str, Any]:
    return {
        "roles": ROLES if viewer().landlord_id else {"administrator": ROLES["administrator"]},
        "hints": ROLE_HINTS,
        "teams": _teams(),
        "shortest": accounts.SHORTEST_PASSWORD,
        "error_list": [
            {"text": errors[name], "href": f"#{name}"} for name in FIELDS if name in errors
        ],
    }


@bp.route("/people/<user_id>", methods=["GET", "POST"])
@allow("administer")
def edit(user_id: str) -> ResponseReturnValue:
    """Change a person's role and teams, give a new password, or switch the account off."""
    user = administration.get_user(viewer(), user_id)
    errors: dict[str, str] = {}
    typed: dict[str, Any] = {
        "role": user.role,
        "teams": [membership.team for membership in user.memberships],
        "active": user.active,
        "password": "",
    }
    if request.method == "POST":
        form = request.form
        typed = {
            "role": form.get("role", ""),
            "teams": form.getlist("teams"),
            "active": form.get("active") == "yes",
            "password": form.get("password", "").strip(),
        }
        try:
            accounts.change_user(
                viewer(),
                user_id,
                role=typed["role"],
                teams=tuple(typed["teams"]),
                active=typed["active"],
                password=typed["password"] or None,
            )
        except BadInput as bad:
            errors = bad.errors
        else:
            flash(f"The account of {user.name} is changed.")
            return redirect(url_for(".users"), 303)
    page = render_template(
        "admin/edit.html",
        user=user,
        locked=administration.is_locked(user),
        typed=typed,
        errors=errors,
        offered=administration.new_password(),
        **_fields(errors),
    )
    return page, 422 if errors else 200


@bp.post("/people/landlord")
@allow("administer")
def choose_landlord() -> ResponseReturnValue:
    """Look after one landlord, for an administrator who belongs to none."""
    landlord = administration.choose_landlord(viewer(), request.form.get("landlord", ""))
    session["landlord_id"] = landlord.id
    flash(f"You now look after {landlord.name}. This is recorded.")
    return redirect(url_for(".users"), 303)


@bp.route("/people/days-off", methods=["GET", "POST"])
@allow("administer")
def days_off() -> ResponseReturnValue:
    """The days that no deadline counts."""
    nation = _nation()
    errors: dict[str, str] = {}
    on, name = request.form.get("on", ""), request.form.get("name", "").strip()
    if request.method == "POST":
        day = _date(on)
        if day is None:
            errors["on"] = "Enter the date, like 2026-12-24."
        elif day < clock.today():
            errors["on"] = "Enter a date that is still to come: past days have been counted."
        if not name:
            errors["name"] = "Say what the day is, like Coronation of the King."
        if day is not None and not errors:
            calendars.add_day_off(viewer(), nation, day, name)
            flash(f"{name} is entered. New cases count it; managers see what moves in open ones.")
            return redirect(url_for(".days_off", nation=nation), 303)
    lines = administration.days_off(viewer(), nation)
    page = render_template(
        "admin/days_off.html",
        nation=nation,
        nations=NATIONS,
        fixed=bool(viewer().landlord_id),
        lines=lines,
        years=sorted({line.on.year for line in lines}),
        on=on,
        name=name,
        errors=errors,
        error_list=[{"text": text, "href": f"#{key}"} for key, text in errors.items()],
        today=clock.today(),
    )
    return page, 422 if errors else 200


def _nation() -> str:
    """The landlord's own nation; without a landlord, the one that was asked for."""
    if viewer().landlord_id:
        return deployments.standing(viewer().landlord_id).landlord.nation
    asked = request.values.get("nation", "ENG")
    return asked if asked in NATIONS else "ENG"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
