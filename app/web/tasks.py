"""One task: who and why, the form, and the letter beside it. Nothing typed is ever lost."""

from __future__ import annotations

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app import clock
from app.errors import (
    BadInput,
    Busy,
    ChangedMeanwhile,
    NotAllowed,
    NotFound,
    PutrightError,
    TaskIsOver,
)
from app.services import cases, tasks
from app.services.complaints import DANGER
from app.services.tasks import OpenTask
from app.web import taskpage, uploads
from app.web.again import shows_again
from app.web.inbox import back_to_list
from app.web.kept import kept_text
from app.web.kept_out import out_of
from app.web.policy import allow, viewer
from app.web.public import allow_large_posts
from forms import UnknownField

bp = Blueprint("tasks", __name__)
allow_large_posts(bp)
Typed = MultiDict[str, str]


def _again(task_id: str) -> str:
    """The task with what was posted. Raises NotAllowed where the page would show no form."""
    found = tasks.get_open(viewer(), task_id, posted())
    if found.not_for_you or found.task.claimed_by not in (None, viewer().user_id):
        raise NotAllowed
    return taskpage.show(viewer(), found)


@bp.route("/tasks/<task_id>", methods=["GET", "POST"])
@shows_again(_again)
@allow("work")
def task(task_id: str) -> ResponseReturnValue:
    """The task with the viewer's draft, or why it is not for the viewer; and working on it."""
    if request.method == "GET":
        return taskpage.show(viewer(), tasks.get_open(viewer(), task_id))
    typed = posted()
    try:
        return _step(*_with_files(task_id, typed), typed)
    except TaskIsOver:
        if _was_mine(task_id):  # a double click, or Back and once more
            flash("You have already finished this task.")
            return redirect(url_for("inbox.inbox"), code=303)
        _keep_lost(task_id, typed)
        raise
    except NotFound:
        if tasks.finished_and_left(viewer(), task_id):  # a double click by who has named oneself
            flash("You have already finished this task.")
            return redirect(url_for("inbox.inbox"), code=303)
        raise
    except PutrightError:  # its page says that what was typed is kept: make it true
        tasks.save_draft(viewer(), task_id, typed)
        raise


def posted() -> Typed:
    """What was typed, without the page's own fields."""
    pairs = request.form.items(multi=True)
    return MultiDict((k, v) for k, v in pairs if k != "csrf_token" and not k.startswith("pr_"))


def _with_files(task_id: str, typed: Typed) -> tuple[OpenTask, dict[str, str]]:
    """The task with what was typed; chosen files are stored first."""
    found = tasks.get_open(viewer(), task_id, typed)
    fields = found.form.definition.fields
    problems = uploads.keep(viewer().landlord_id, viewer().user_id, fields, typed)
    return taskpage.bound(found, typed) if request.files else found, problems


def _step(open_task: OpenTask, problems: dict[str, str], typed: Typed) -> ResponseReturnValue:
    """Check, preview, save or finish, as the pressed button says."""
    task, pressed = open_task.task, request.form.get("pr_step", "check")
    if pressed in {"save", "preview"} or problems:
        tasks.save_draft(viewer(), task.id, typed)
    if problems:
        open_task.form.errors.update(problems)
        return taskpage.show(viewer(), open_task), 422
    if pressed == "save":
        flash(f"Saved. “{task.name}” for {task.case.resident.name} waits for you as you left it.")
        return redirect(url_for("inbox.inbox"), code=303)
    if asked := request.form.get("pr_rows", type=int):  # "Show more rows" of a list
        open_task.form.empty_rows = asked
        return taskpage.show(viewer(), open_task)
    if pressed in {"preview", "edit"}:
        return taskpage.show(viewer(), open_task)
    if not _is_complete(open_task):
        return taskpage.show(viewer(), open_task), 422
    if open_task.letter and pressed != "finish":
        return taskpage.confirm(viewer(), open_task)
    return _finish(open_task, typed)


def _is_complete(open_task: OpenTask) -> bool:
    """Whether every answer is good and the letter, if there is one, lacks nothing."""
    if not open_task.form.check():
        return False
    letter = tasks.preview(viewer(), open_task)
    if problem := tasks.letter_problem(open_task, letter):
        open_task.form.errors["letter"] = problem
    return not open_task.form.errors


def _finish(open_task: OpenTask, typed: Typed) -> ResponseReturnValue:
    task = open_task.task
    reference = task.case.reference
    said = f"“{task.name}” for {task.case.resident.name} is finished."
    goes = taskpage.goes(open_task)
    try:
        tasks.submit(viewer(), task.id, open_task.form)
    except BadInput as refused:
        open_task.form.errors.update(refused.errors)
        return taskpage.show(viewer(), open_task), 422
    except (TaskIsOver, Busy):
        raise
    except ChangedMeanwhile:
        tasks.save_draft(viewer(), task.id, typed)
        again = taskpage.bound(tasks.get_open(viewer(), task.id), typed)
        again.form.errors["letter"] = (
            "This case was changed at the same moment. Your text is kept, and nothing was sent. "
            "Look at the case once more, then finish."
        )
        return taskpage.show(viewer(), again), 409
    names_staff = any(field.keeps_out for field in open_task.form.definition.fields)
    if names_staff and (gone := out_of(reference)):
        return gone
    flash(f"{said} The letter {goes.after}." if open_task.letter else said)
    return redirect(url_for("inbox.inbox"), code=303)


def _was_mine(task_id: str) -> bool:
    over, counted, _ = tasks.lost_texts(viewer(), task_id)
    return over.status == "done" and counted is not None and counted.by == viewer().user_id


def _keep_lost(task_id: str, typed: Typed) -> None:
    """After a lost race: keep the text for its writer; a hazard in it is passed on at once."""
    tasks.save_draft(viewer(), task_id, typed)
    if typed.get("triage_hazard") in DANGER or typed.get("triage_safeguarding") in DANGER:
        over, _, _ = tasks.lost_texts(viewer(), task_id)
        says = f"Somebody may be in danger: see what {viewer().name} typed for “{over.name}”"
        cases.report_hazard(viewer(), over.case.reference, says)


@bp.post("/tasks/<task_id>/draft")
@allow("work")
def draft(task_id: str) -> ResponseReturnValue:
    """Keep what was typed since the last time: the page sends only what changed."""
    changed = posted()
    if unknown := set(changed) - tasks.names_of(viewer(), task_id):
        raise UnknownField(sorted(unknown))
    try:
        before = taskpage.typed_so_far(tasks.get_open(viewer(), task_id))
    except TaskIsOver:  # kept all the same; the writer sees it when finishing
        _, _, kept = tasks.lost_texts(viewer(), task_id)
        before = {name: list(values) for name, values in kept.values.items()} if kept else {}
    for name in changed:
        before[name] = changed.getlist(name)
    whole: Typed = MultiDict((name, text) for name, texts in before.items() for text in texts)
    saved = tasks.save_draft(viewer(), task_id, whole)
    return jsonify(saved=clock.time_words(saved.saved_at))


@bp.post("/tasks/<task_id>/letter")
@allow("work")
def letter(task_id: str) -> ResponseReturnValue:
    """The letter as it stands with what has been typed, as a piece of the page."""
    open_task = taskpage.bound(tasks.get_open(viewer(), task_id), posted())
    if open_task.letter is None:
        abort(404)
    return taskpage.letter_piece(viewer(), open_task)


@bp.post("/tasks/<task_id>/claim")
@allow("work")
def claim(task_id: str) -> ResponseReturnValue:
    """Take a task: from the list back to the same row, from its page back to it."""
    asked = request.form.get("pr_back", "")
    try:
        tasks.claim(viewer(), task_id)
    except NotAllowed as refused:
        flash(refused.message, "error")
    if not asked:
        return redirect(url_for("tasks.task", task_id=task_id), code=303)
    back = back_to_list(asked)
    row = f"#task-{task_id}" if request.form.get("pr_to_row") else ""  # place.js does better
    return redirect(f"{back}{'&' if '?' in back else '?'}claimed={task_id}{row}", code=303)


@bp.post("/tasks/<task_id>/release")
@allow("work")
def release(task_id: str) -> ResponseReturnValue:
    """Give a task back to its team."""
    task = tasks.release(viewer(), task_id)
    flash(f"“{task.name}” for {task.case.resident.name} is back with the team.")
    return redirect(url_for("inbox.inbox"), code=303)


@bp.route("/tasks/<task_id>/hand-over", methods=["GET", "POST"])
@allow("work")
def hand_over(task_id: str) -> ResponseReturnValue:
    """Give a task to a colleague who may do it."""
    problem = ""
    if request.method == "POST":
        try:
            task = tasks.hand_over(viewer(), task_id, request.form.get("to", ""))
        except BadInput as refused:
            problem = refused.message
        else:
            flash(f"{tasks.name_of(task.claimed_by)} has “{task.name}” now.")
            return redirect(url_for("inbox.inbox"), code=303)
    found = tasks.get_open(viewer(), task_id)
    page = render_template(
        "tasks/hand_over.html",
        task=found.task,
        claimed_name=found.claimed_name,
        colleagues=tasks.colleagues(viewer(), task_id),
        problem=problem,
    )
    return page, 422 if problem else 200


@bp.post("/tasks/<task_id>/kept/note")
@allow("work")
def keep_as_note(task_id: str) -> ResponseReturnValue:
    """After a lost race: the kept text becomes a note of the case."""
    over, _, kept = tasks.lost_texts(viewer(), task_id)
    if kept is None:
        abort(404)
    head = f"Typed for “{over.name}” at {clock.time_words(kept.saved_at)}, after it was over:"
    text = f"{head}\n\n{kept_text(over, kept)}"
    cases.add_note(viewer(), over.case.reference, "note", text[:20_000])
    tasks.drop_draft(viewer(), task_id)
    flash("Your text is now a note of the case.")
    return redirect(url_for("cases.case", reference=over.case.reference, tab="notes"), code=303)


@bp.post("/tasks/<task_id>/kept/let-go")
@allow("work")
def let_go(task_id: str) -> ResponseReturnValue:
    """After a lost race: the writer does not need the kept text."""
    tasks.drop_draft(viewer(), task_id)
    flash("Your text was let go. Nothing of it was sent.")
    return redirect(url_for("inbox.inbox"), code=303)
