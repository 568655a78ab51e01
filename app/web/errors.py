"""Every error as a page that says what to do next."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.db import start_over
from app.errors import Busy, PutrightError, TaskIsOver
from app.services import deployments
from app.web.again import show_again, show_busy
from app.web.conflict import conflict_page
from app.web.public import make_private
from forms import UnknownField

logger = logging.getLogger(__name__)

TITLES = {
    400: "We could not read what was sent",
    403: "This is not open to you",
    404: "Page not found",
    405: "This page cannot be used like that",
    409: "Somebody was faster",
    413: "The file is too large",
    422: "Something needs to be put right",
    429: "Too many tries",
    500: "Something went wrong",
}


OUT_OF_REACH = (
    "This service cannot reach its records just now. Nothing was saved. Try again in a few minutes."
)
DANGER = "If somebody is in danger now, call 999."


def init_app(app: Flask) -> None:
    """Answer errors with pages; never with a stack trace."""

    @app.errorhandler(TaskIsOver)
    def lost_race(error: TaskIsOver) -> ResponseReturnValue:
        if error.task_id and g.get("viewer") is not None:
            return conflict_page(error)
        return page(409, error.message)

    @app.errorhandler(Busy)
    def busy(error: Busy) -> ResponseReturnValue:
        return show_busy() if request.method == "POST" else page(503, error.message, error.title)

    @app.errorhandler(PutrightError)
    def ours(error: PutrightError) -> ResponseReturnValue:
        return page(error.http_status, error.message, getattr(error, "title", None))

    @app.errorhandler(UnknownField)
    def unknown_field(error: UnknownField) -> ResponseReturnValue:
        return page(400, f"The form has no such question: {error}. Nothing was saved.")

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> ResponseReturnValue:
        return show_again()

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        words = {
            404: "Check the address, or start again from the first page.",
            405: "Go back and use the buttons of the page.",
            413: "Files may be 20 MB at most. Nothing was saved.",
        }.get(error.code or 500, "Nothing was saved. Go back and try again.")
        return page(error.code or 500, words)

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    def out_of_reach(error: Exception) -> ResponseReturnValue:
        logger.exception("the database cannot be reached", extra={"route": request.endpoint})
        start_over()
        g.viewer = None  # the pages of whoever is signed in read more
        danger = f" {DANGER}" if _slug() else ""
        return page(503, f"{OUT_OF_REACH}{danger}", "We cannot reach our records for a moment")

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> ResponseReturnValue:
        logger.exception("unexpected error", extra={"route": request.endpoint})
        start_over()
        whom = "ring us" if _below() else "tell your administrator"
        return page(500, f"Nothing was saved. Try again; if it comes back, {whom}.")


def page(status: int, message: str, title: str | None = None) -> ResponseReturnValue:
    """An error page in the look of whoever asked: below a landlord's address, of its residents."""
    title = title or TITLES.get(status, TITLES[500])
    below = _below()
    html = render_template("error.html", title=title, message=message, status=status, **below)
    response = make_response(html, status)
    return make_private(response) if below else response


def _slug() -> str:
    """The landlord that the address of a public page names."""
    return str((request.view_args or {}).get("slug", ""))


def _below() -> dict[str, Any]:
    """The landlord below whose address something went wrong, and the ways out of its pages."""
    slug = request.path.split("/")[1]
    name, phone = "Your landlord", ""
    try:
        landlord = deployments.landlord(slug)
        name, phone = landlord.name, landlord.phone
    except PutrightError:
        return {}
    except SQLAlchemyError:
        if not _slug():
            return {}
    ways = {"leave_href": "intake.leave", "landlord_start": "intake.danger"}
    hrefs = {key: url_for(endpoint, slug=slug) for key, endpoint in ways.items()}
    return {"viewer": None, "landlord_name": name, "ring": phone, **hrefs}
