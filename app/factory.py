"""The application: its settings, database, pages and headers."""

from __future__ import annotations

import orjson
from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from app import pipeline, web
from app.clock import Clock, system_clock
from app.db import as_json, db, prepare
from app.settings import MIGRATIONS, Settings
from app.web.legible import Legible

LARGEST_REQUEST = 25 * 1024 * 1024  # bytes: one attachment of 20 MB and its form
migrate = Migrate()


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> Flask:
    """The application. Starts nothing in the background: see `app.cli serve`.

    clock: what time it is; a story or a test hands in its own.
    """
    settings = settings or Settings()
    app = Flask("app", instance_path=str(settings.home().resolve()))
    app.request_class = Legible
    app.config.update(
        SECRET_KEY=settings.session_key(),
        SQLALCHEMY_DATABASE_URI=settings.database,
        SQLALCHEMY_ENGINE_OPTIONS={
            "hide_parameters": True,  # what people typed is in no log
            "json_serializer": as_json,
            "json_deserializer": orjson.loads,
        },
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=5 * 1024 * 1024,
        MAX_FORM_PARTS=1000,
        SESSION_COOKIE_NAME="__Host-putright" if settings.secure_cookies else "putright",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,  # pages behind a private link send no Referer
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: nobody loses a text to an old page
    )
    if settings.trusted_proxies:
        behind = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=behind, x_proto=behind)  # type: ignore[method-assign]
    app.extensions["clock"] = clock
    app.extensions["settings"] = settings
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    with app.app_context():
        pipeline.use(db.engine)
        prepare(db.engine)
    web.init_app(app)
    return app
