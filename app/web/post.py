"""What leaves the house: letters to print and post, e-mail, and what was held back."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import BadInput, NotFound
from app.services import contacts
from app.services import outbox as outboxes
from app.services.printing import print_all as all_letters
from app.web.policy import allow, viewer

bp = Blueprint("post", __name__)


@bp.get("/post")
@allow("post")
def outbox() -> ResponseReturnValue:
    """The lists."""
    return _page()


def _page(errors: dict[str, str] | None = None, at: str = "", typed: str = "") -> str:
    return render_template(
        "post/outbox.html",
        page=outboxes.page(viewer()),
        today=clock.today(),
        errors=errors or {},
        at=at,
        typed=typed,
    )


@bp.post("/post/<outgoing_id>/posted")
@allow("post")
def posted(outgoing_id: str) -> ResponseReturnValue:
    """Record the day on which a letter was posted."""
    typed = request.form.get("posted_on", "")
    try:
        on = date.fromisoformat(typed)
    except ValueError:
        if all(row.outgoing.id != outgoing_id for row in outboxes.page(viewer()).to_post):
            raise NotFound from None
        return _page({"posted_on": "Enter the day of posting."}, outgoing_id, typed), 422
    try:
        outboxes.mark_posted(viewer(), outgoing_id, on)
    except BadInput as bad:
        return _page(bad.errors, outgoing_id, typed), 422
    flash("Posted. The date stands in the history of the case.")
    return redirect(url_for(".outbox"), 303)


@bp.post("/post/<outgoing_id>/again")
@allow("post")
def send_again(outgoing_id: str) -> ResponseReturnValue:
    """Send what was held back by the way that is safe now."""
    try:
        outgoing = contacts.send_again(viewer(), outgoing_id)
    except BadInput as bad:
        return _page(bad.errors, outgoing_id), 422
    way = "It goes by e-mail." if outgoing.channel == "email" else "It is on the list to post."
    flash(f"Sent again. {way}")
    return redirect(url_for(".outbox"), 303)


@bp.get("/post/letters.pdf")
@allow("post")
def print_all() -> ResponseReturnValue:
    """The letters to post as one file, each beginning on a sheet of its own."""
    name = f"letters-{clock.today().isoformat()}.pdf"
    return Response(
        all_letters(viewer()),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )
