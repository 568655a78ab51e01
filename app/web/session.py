"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from app.models import User
from app.models.base import new_id
from app.services import accounts, deployments
from app.web import sight
from app.web.again import shows_again
from app.web.policy import allow, viewer

bp = Blueprint("session", __name__)

START_PAGES = {  # where each role begins its day
    "staff": "inbox.inbox",
    "manager": "monitor.running",
    "process_owner": "workshop.procedures",
    "auditor": "audit.histories",
    "administrator": "admin.users",
}

ONCE_MORE = (
    "This page was open for a long time. Type your password once more. If you read this twice, "
    "your browser may refuse cookies: allow them for this site."
)


def init_app(app: Flask) -> None:
    """Find out who asks, before anything else, and let nobody see more than theirs."""

    @app.before_request
    def who() -> None:
        g.viewer = None
        user = _who_signed_in()
        landlord_id = user.landlord_id or session.get("landlord_id") or "" if user else ""
        sight.of_request(landlord_id)
        if user is not None:
            g.viewer = accounts.viewer_for(user, landlord_id)

    app.teardown_request(sight.after_request)


def _who_signed_in() -> User | None:
    """Asked while everybody is in sight. A session that is nobody's any more is emptied."""
    if not (user_id := session.get("user_id")):
        return None
    key, session_id = session.get("session_key", ""), session.get("session_id", "")
    user = accounts.user_of(user_id, key, session_id)
    if user is None:
        session.clear()
    return user


def forget() -> None:
    """End the visit: what the session held is gone, and a copy of its cookie is worth nothing."""
    if session_id := session.get("session_id"):
        accounts.end_session(session_id)
    session.clear()


@bp.get("/")
@allow("public", of_no_landlord=True)
def start() -> ResponseReturnValue:
    """Each role's own first page; a visitor finds the landlords and the sign-in."""
    if g.viewer is not None:
        return redirect(url_for(START_PAGES[g.viewer.role]))
    landlords = [deployments.landlord(landlord_id) for landlord_id in deployments.landlord_ids()]
    return render_template("start.html", landlords=landlords)


def _sign_in_again() -> str:
    return render_template("sign_in.html", email=request.form.get("email", ""), problem=ONCE_MORE)


@bp.get("/signed-in")
@allow("signed_in")
def signed_in() -> ResponseReturnValue:
    """For session.js: who is signed in, and what a form must carry. Asking keeps it so."""
    return jsonify(user=viewer().user_id, token=generate_csrf())


@bp.route("/sign-in", methods=["GET", "POST"])
@shows_again(_sign_in_again)
@allow("public", of_no_landlord=True)
def sign_in() -> ResponseReturnValue:
    """Ask for e-mail and password."""
    if request.method == "GET":
        return render_template("sign_in.html", email="", problem="")
    email = request.form.get("email", "")
    outcome = accounts.sign_in(email, request.form.get("password", ""))
    if outcome.user_id is None:
        return render_template("sign_in.html", email=email, problem=outcome.problem), 422
    forget()  # a session known before the sign-in is worth nothing after it
    session.permanent, session["session_id"] = True, new_id()
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
    """End this session; other devices of the same person stay signed in."""
    viewer()
    forget()
    return redirect(url_for("session.sign_in"))
