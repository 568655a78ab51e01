"""A page that was sent after the session had ended: what was typed is shown again, never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, flash, g, get_flashed_messages, render_template, request
from flask.typing import ResponseReturnValue

from app.errors import PutrightError
from app.web.policy import PUBLIC, policy_of
from forms import UnknownField

View = TypeVar("View", bound=Callable[..., Any])
Show = Callable[..., Any]  # takes what the view takes; gives its page with what was posted

STILL_HERE = (
    "You were signed out while this page was open, so nothing was sent. What you typed is still "
    "here: look at it once more, then send it again. Choose files again, if there were any."
)
BUSY = (
    "Somebody else is working on this just now, so nothing was sent. What you typed is still here: "
    "wait a moment, then send it again. Choose files again, if there were any."
)
OURS = ("csrf_token", "pr_")  # how the names of fields begin that people do not fill in


def shows_again(show: Show) -> Callable[[View], View]:
    """Declare how a view shows its form with what was posted, without doing anything."""

    def declare(view: View) -> View:
        view.show_again = show  # type: ignore[attr-defined]
        return view

    return declare


def show_again() -> ResponseReturnValue:
    """Status 400: the same form where there is one and it is open to the viewer, else a page with
    the texts. Signed in, they can be sent once more; signed out, they can be copied."""
    show = getattr(current_app.view_functions.get(request.endpoint or ""), "show_again", None)
    signed_in = g.get("viewer") is not None
    if show is not None and _may():
        if signed_in:
            flash(STILL_HERE, "error")
        try:
            return show(**(request.view_args or {})), 400
        except (PutrightError, UnknownField):
            get_flashed_messages()  # said in other words below
    send_to = request.path if signed_in and _may() else ""
    return render_template("signed_out.html", typed=_typed(), own=_own(), send_to=send_to), 400


def show_busy() -> ResponseReturnValue:
    """Status 503: another transaction has held for too long what this one needs. The same form, or
    a page with the texts, to be sent once more."""
    show = getattr(current_app.view_functions.get(request.endpoint or ""), "show_again", None)
    if show is not None and g.get("viewer") is not None:  # residents' forms say something else
        flash(BUSY, "error")
        return show(**(request.view_args or {})), 503
    return render_template("busy.html", typed=_typed(), own=_own(), send_to=request.path), 503


def _may() -> bool:
    """Whether the view is open to whoever asks."""
    ability = policy_of(current_app, request.endpoint or "")
    viewer = g.get("viewer")
    return ability == PUBLIC or bool(viewer and ability and viewer.can(ability))


def _typed() -> list[tuple[str, str, str]]:
    """Name, label and text of everything that a person filled in; never a password."""
    return [
        (name, _label(name), text)
        for name, text in request.form.items(multi=True)
        if text and not name.startswith(OURS) and "password" not in name
    ]


def _own() -> list[tuple[str, str]]:
    """The page's own fields, such as the key that makes a double click one complaint."""
    return [(k, text) for k, text in request.form.items(multi=True) if k.startswith("pr_")]


def _label(name: str) -> str:
    """A question's key as words: “findings__2” is “Findings (point 2)”."""
    key, _, point = name.partition("__")
    words = key.replace("_", " ").replace("-", ", ")
    return f"{words[:1].upper()}{words[1:]}" + (f" (point {point})" if point else "")
