"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Flask, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.services import accounts, deployments
from app.web.policy import allow, viewer

bp = Blueprint("session", __name__)

START_PAGES = {  # where each role begins its day
    "staff": "inbox.inbox",
    "manager": "monitor.running",
    "process_owner": "workshop.procedures",
    "auditor": "audit.histories",
    "administrator": "admin.users",
}


def init_app(app: Flask) -> None:
    """Find out who asks, before anything else."""

    @app.before_request
    def who() -> None:
        g.viewer = None
        if user_id := session.get("user_id"):
            g.viewer = accounts.viewer_of(
                user_id, session.get("session_key", ""), session.get("landlord_id")
            )
            if g.viewer is None:
                session.clear()


@bp.get("/")
@allow("public")
def start() -> ResponseReturnValue:
    """Each role's own first page; a visitor finds the landlords and the sign-in."""
    if g.viewer is not None:
        return redirect(url_for(START_PAGES[g.viewer.role]))
    landlords = [deployments.landlord(landlord_id) for landlord_id in deployments.landlord_ids()]
    return render_template("start.html", landlords=landlords)


@bp.route("/sign-in", methods=["GET", "POST"])
@allow("public")
def sign_in() -> ResponseReturnValue:
    """Ask for e-mail and password."""
    if request.method == "GET":
        return render_template("sign_in.html", email="", problem="")
    email = request.form.get("email", "")
    outcome = accounts.sign_in(email, request.form.get("password", ""))
    if outcome.user_id is None:
        return render_template("sign_in.html", email=email, problem=outcome.problem), 422
    session.clear()  # a session known before the sign-in is worth nothing after it
    session.permanent = True
    session["user_id"], session["session_key"] = outcome.user_id, outcome.session_key
    return redirect(_safe(request.args.get("next")) or url_for("session.start"))


def _safe(target: str | None) -> str | None:
    """Only a path of this server, never another site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    parts = urlsplit(target)
    return None if parts.netloc or parts.scheme else target


@bp.post("/sign-out")
@allow("signed_in")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    viewer()
    session.clear()
    return redirect(url_for("session.sign_in"))
