"""For everybody: how a landlord deals with complaints, drawn from its live diagrams."""

from __future__ import annotations

from flask import Blueprint, Response

from app.services import deployments, kinds, learning
from app.services.public_steps import public_stages
from app.web.policy import allow
from app.web.public import page

bp = Blueprint("procedure", __name__)
LESSONS = 3  # the newest ones


@bp.get("/<slug>")
@allow("public")
def public(slug: str) -> Response:
    """Stages and limits, how to complain, who helps from outside, and what was learned."""
    deployed = deployments.live(slug)
    landlord = deployments.landlord(slug)
    newest = [lesson for _, lessons in learning.published(slug) for lesson in lessons]
    return page(
        "procedure/public.html",
        landlord,
        stages=public_stages(deployed),
        others=[kind for kind in kinds.kinds_of(slug, public=True) if not kind.is_complaint],
        lessons=newest[:LESSONS],
        places=[landlord.ombudsman, *landlord.ombudsmen.values()],
        policy=deployed.contents.policy,
    )
