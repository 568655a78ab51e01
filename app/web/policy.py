"""Who may ask for which route. A route that names no policy stops the app from starting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import NotAllowed
from app.viewer import ABILITIES, Viewer

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"


def allow(ability: str, *, of_no_landlord: bool = False) -> Callable[[View], View]:
    """Declare a view's policy: "public", or an ability of app/viewer.py.

    of_no_landlord: the page tells something of all of them, so that it sees the rows of all.
    """
    if ability != PUBLIC and ability not in ABILITIES:
        raise RuntimeError(f"no such ability: {ability}")

    def declare(view: View) -> View:
        view.policy = ability  # type: ignore[attr-defined]
        view.of_no_landlord = of_no_landlord  # type: ignore[attr-defined]
        return view

    return declare


def policy_of(app: Flask, endpoint: str) -> str | None:
    """The policy of an endpoint, or None."""
    if endpoint == "static":
        return PUBLIC
    return getattr(app.view_functions[endpoint], "policy", None)


def viewer() -> Viewer:
    """The signed-in viewer. Raises NotAllowed when there is none."""
    if g.viewer is None:
        raise NotAllowed
    found: Viewer = g.viewer
    return found


def init_app(app: Flask) -> None:
    """Refuse to start with an undeclared route; check the policy before each request."""
    undeclared = [
        rule.endpoint for rule in app.url_map.iter_rules() if policy_of(app, rule.endpoint) is None
    ]
    if undeclared:
        raise RuntimeError(f"routes without a policy: {', '.join(sorted(set(undeclared)))}")

    @app.before_request
    def check() -> ResponseReturnValue | None:
        if request.endpoint is None:
            return None
        ability = policy_of(app, request.endpoint)
        if ability == PUBLIC:
            return None
        if g.viewer is None:
            back = request.full_path if request.method == "GET" else None
            return redirect(url_for("session.sign_in", next=back))
        if not g.viewer.can(ability):
            raise NotAllowed
        return None
