"""What load balancers, watchmen and Prometheus ask. Nothing here names a person or a case."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.services.operations import health, quarantine
from app.settings import Settings
from app.web import metrics
from app.web.policy import allow

bp = Blueprint("health", __name__)


@bp.get("/livez")
@allow("public")
def livez() -> ResponseReturnValue:
    """The process answers. It asks nothing of the database."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@allow("public", of_no_landlord=True)
def readyz() -> ResponseReturnValue:
    """Whether it does its work; what is wrong in detail is for those who may read the metrics.

    ?pages: whether this process can answer pages, for a proxy; the rest is no reason to send nobody
    here. A restored copy in quarantine is ready for people who look, and says that it sends
    nothing.
    """
    found = health.checks(of_pages="pages" in request.args)
    ready = all(check.ok for check in found)
    told = {check.name: ("ok" if check.ok else "wrong") for check in found}
    if _may_look():
        told = {c.name: f"{'ok' if c.ok else 'wrong'}: {c.says}" for c in found}
    reads = any(check.name == "database" and check.ok for check in found)
    held = quarantine.holds() if reads else None
    return jsonify(ready=ready, quarantine=held, checks=told), 200 if ready else 503


@bp.get("/metrics")
@allow("public", of_no_landlord=True)
def metrics_page() -> ResponseReturnValue:
    """Prometheus' text, for this machine or whoever has the token."""
    if not _may_look():
        abort(404)
    return Response(generate_latest(metrics.registry(current_app)), mimetype=CONTENT_TYPE_LATEST)


def _may_look() -> bool:
    settings: Settings = current_app.extensions["settings"]
    token = settings.metrics_token.get_secret_value()
    if token:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(sent.encode(), token.encode())
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
