"""The pages: one blueprint for each kind of person. Every route names its policy."""

from __future__ import annotations

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from app.web import (
    admin,
    assets,
    audit,
    calendar,
    cases,
    contact,
    deaths,
    drafts,
    errors,
    headers,
    health,
    help_pages,
    inbox,
    intake,
    kept_out,
    learning,
    metrics,
    monitor,
    packs,
    people,
    points,
    policy,
    post,
    procedure,
    record,
    report,
    session,
    status,
    tasks,
    workshop,
)

csrf = CSRFProtect()
BLUEPRINTS = (
    session.bp,
    intake.bp,
    status.bp,
    inbox.bp,
    tasks.bp,
    record.bp,
    cases.bp,
    contact.bp,
    people.bp,
    deaths.bp,
    points.bp,
    packs.bp,
    drafts.bp,
    kept_out.bp,
    post.bp,
    monitor.bp,
    calendar.bp,
    learning.bp,
    procedure.bp,
    report.bp,
    audit.bp,
    *workshop.BLUEPRINTS,
    admin.bp,
    help_pages.bp,
    health.bp,
)


def init_app(app: Flask) -> None:
    """Register everything that answers requests. Raises RuntimeError for a route without policy."""
    metrics.init_app(app)
    assets.init_app(app)
    headers.init_app(app)
    session.init_app(app)
    csrf.init_app(app)  # after the session: a refused post is shown again to whoever is signed in
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    policy.init_app(app)
