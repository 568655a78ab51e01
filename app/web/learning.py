"""What was learned from complaints: a list for staff, and a page for everybody."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import BadInput
from app.services import deployments, learning
from app.web.policy import allow, viewer
from app.web.public import page

bp = Blueprint("learning", __name__)
FIRST = 50  # lessons shown until somebody asks for all
FILTERS = (
    ("", "All"),
    ("unpublished", "Not published"),
    ("published", "Published"),
    ("quarter", "This quarter"),
)


@bp.get("/learning")
@allow("read_cases")
def lessons() -> ResponseReturnValue:
    """The lessons, newest first."""
    show = request.args.get("show", "")
    show = show if show in dict(FILTERS) else ""
    found = learning.learned(viewer(), show)
    every = "all" in request.args
    tabs = [
        {
            "href": url_for(".lessons", show=key or None),
            "text": words,
            "count": len(found if key == show else learning.learned(viewer(), key)),
            "current": key == show,
        }
        for key, words in FILTERS
    ]
    return render_template(
        "learning/lessons.html",
        found=found if every else found[:FIRST],
        total=len(found),
        show=show,
        shown_words=dict(FILTERS)[show],
        tabs=tabs,
        slug=viewer().landlord_id,
    )


@bp.route("/learning/<lesson_id>", methods=["GET", "POST"])
@allow("watch")
def edit(lesson_id: str) -> ResponseReturnValue:
    """The text for the public page: written, saved, published."""
    text, publishes = request.form.get("text"), request.form.get("pr_do") == "publish"
    if request.method == "GET" or text is None:
        return _page(lesson_id)
    try:
        if publishes:
            learning.publish(viewer(), lesson_id, text)
        else:
            learning.edit(viewer(), lesson_id, text)
    except BadInput as bad:
        return _page(lesson_id, text, bad.errors), 422
    flash("It is on the website now." if publishes else "The text is saved.")
    return redirect(url_for(".lessons"), 303)


@bp.post("/learning/<lesson_id>/publish")
@allow("watch")
def publish(lesson_id: str) -> ResponseReturnValue:
    """Publish the text as it stands."""
    try:
        learning.publish(viewer(), lesson_id)
    except BadInput as bad:
        return _page(lesson_id, None, bad.errors), 422
    flash("It is on the website now.")
    return redirect(url_for(".lessons"), 303)


@bp.post("/learning/<lesson_id>/take-off")
@allow("watch")
def take_off(lesson_id: str) -> ResponseReturnValue:
    """Take it off the public page."""
    learning.take_off(viewer(), lesson_id)
    flash("It is off the website. It stays in this list.")
    return redirect(url_for(".lessons"), 303)


def _page(lesson_id: str, text: str | None = None, errors: dict[str, str] | None = None) -> str:
    lesson, case = learning.get_lesson(viewer(), lesson_id)
    return render_template(
        "learning/edit.html",
        lesson=lesson,
        case=case,
        text=lesson.public_text if text is None else text,
        longest=learning.LONGEST,
        errors=errors or {},
    )


@bp.get("/<slug>/learning")
@allow("public")
def public(slug: str) -> ResponseReturnValue:
    """What the landlord changed because of complaints. Names nobody."""
    landlord = deployments.landlord(slug)
    return page("learning/public.html", landlord, quarters=learning.published(slug))
