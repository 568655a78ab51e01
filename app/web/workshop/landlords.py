"""For administrators of no landlord: a new one, which begins as a copy of another's procedure."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from app.errors import BadInput
from app.services.workshop import landlords
from app.viewer import ROLES
from app.web.policy import allow, viewer

bp = Blueprint("new_landlord", __name__)
OF_PEOPLE = [f"{key}_{field}" for key in landlords.PEOPLE for field in ("name", "email")]
FIELDS = ("source", "slug", "name", "prefix", *OF_PEOPLE)


@bp.route("/procedures/new-landlord", methods=["GET", "POST"])
@allow("administer", of_no_landlord=True)
def make() -> ResponseReturnValue:
    """Ask for what must be said; a post makes it and shows the two passwords, once."""
    errors: dict[str, str] = {}
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    sources = landlords.sources(viewer())
    if request.method == "POST":
        people = {key: (typed[f"{key}_name"], typed[f"{key}_email"]) for key in landlords.PEOPLE}
        asked = landlords.Asked(
            typed["source"], typed["slug"], typed["name"], typed["prefix"], people
        )
        try:
            made = landlords.create(viewer(), asked, _taken())
        except BadInput as bad:
            errors = bad.errors
        else:
            return render_template("workshop/landlord_made.html", made=made, roles=ROLES)
    page = render_template(
        "workshop/new_landlord.html", sources=sources, typed=typed, errors=errors
    )
    return page, 422 if errors else 200


def _taken() -> set[str]:
    """What no landlord can be called: the addresses of Putright's own pages."""
    return {rule.rule.split("/")[1] for rule in current_app.url_map.iter_rules()}
