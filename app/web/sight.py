"""Whose rows a request may see, whatever its queries ask for. app/wall.py makes PostgreSQL hold it.

A page for somebody signed in: the viewer's landlord. A public page: the one in its address, too.
"""

from __future__ import annotations

from flask import current_app, request

from app.db import look_at, start_over
from app.web.policy import PUBLIC, policy_of


def of_request(landlord_id: str = "") -> None:
    """As soon as it is known who asks. Until then everybody is in sight."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "of_no_landlord", False):
        look_at(None)
        return
    is_public = request.endpoint is None or policy_of(current_app, request.endpoint) == PUBLIC
    look_at({landlord_id, request.path.split("/")[1] if is_public else ""})


def after_request(_: BaseException | None = None) -> None:
    """What this thread does next is not that viewer's any more."""
    start_over()
    look_at(None)
