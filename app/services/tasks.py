"""Tasks: open one, claim it, save a draft, finish it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Delete, delete, select
from werkzeug.datastructures import MultiDict

from app import clock
from app.db import db, transaction
from app.engine import EngineRefused, Gone
from app.errors import BadInput, NotAllowed, NotForYou, NotFound, Stopped, TaskIsOver
from app.letters import FilledLetter
from app.models import Answer, Case, Draft, Instance, Task, User
from app.services import (
    access,
    accounts,
    casefile,
    deployments,
    drafts,
    independence,
    letters,
    panels,
    points,
    recipients,
    rows,
    standing,
    steps,
)
from app.services.access import get_task, instance_of, is_kept_out
from app.services.complaints import alert_of_danger
from app.services.deployments import Deployed
from app.services.incidents import report
from app.services.recipients import Recipient
from app.services.taking import take
from app.viewer import Viewer
from forms import BoundForm

Typed = MultiDict[str, str]


@dataclass(frozen=True)
class OpenTask:
    """A task as its page shows it. `not_for_you` is a reason, or empty."""

    task: Task
    case: Case
    instance: Instance
    deployed: Deployed
    form: BoundForm
    not_for_you: str
    letter: str | None
    claimed_name: str
    draft: Draft | None


def get_open(viewer: Viewer, task_id: str, typed: Typed | None = None) -> OpenTask:
    """An open task with its form: as typed, else the viewer's draft, else what is known.

    Raises NotFound, NotAllowed, and TaskIsOver when somebody finished it or it was called off.
    """
    task, instance, draft = access.task_and_all(viewer, task_id)
    if task.status != "open":
        raise over(task)
    deployed = deployments.of_instance(instance)
    element = deployed.elements[task.element]
    return OpenTask(
        task,
        task.case,
        instance,
        deployed,
        bind(
            deployed, task.form, task.case, instance.facts, typed, draft.values if draft else None
        ),
        reason_against(deployed, task, viewer),
        element.properties.get("writes"),
        name_of(task.claimed_by),
        draft,
    )


def bind(
    deployed: Deployed,
    form: str,
    case: Case | None,
    facts: dict[str, Any],
    typed: Typed | None,
    draft: dict[str, Any] | None = None,
    leave_out: frozenset[str] = frozenset(),
) -> BoundForm:
    """A form with everything it may show: facts, the case's rows, the people of its teams.

    leave_out: the keys of questions that this person is not asked.
    """
    definition = deployed.forms[form].without(leave_out)
    people = panels.people(deployed, case, definition)
    known_facts = {
        name: value
        for name, value in facts.items()
        if name in deployed.facts and value != deployed.facts[name].default
    }
    return definition.bind(
        typed=typed,
        draft=draft,
        values=known_facts,
        facts=facts,
        people=people,
        rows=rows.asked(db.session(), case, definition, facts),
        today=clock.today(),
    )


def over(task: Task) -> TaskIsOver:
    """The error for a task that is no longer open: who, and when."""
    when = (task.closed_at or clock.now()).astimezone(clock.LONDON)
    at = f"{clock.time_words(when)} on {when:%A} {when.day} {when:%B}"
    if task.status == "done":
        who = name_of(task.closed_by) or "Somebody"
        return TaskIsOver(f"{who} finished “{task.name}” at {at}.", task.id)
    return TaskIsOver(f"“{task.name}” was called off at {at}: the case has moved on.", task.id)


def name_of(user_id: str | None) -> str:
    """A user's name; empty for none."""
    user = db.session.get(User, user_id) if user_id else None
    return user.name if user else ""


def reason_against(deployed: Deployed, task: Task, viewer: Viewer) -> str:
    """Why the viewer may not do it: team, then independence. Empty when nothing stands against."""
    if panels.member_of(deployed, task) is not None:
        return panels.reason_against(deployed, task, viewer.user_id)
    if task.team not in viewer.teams:
        team = deployed.landlord.teams.get(task.team)
        return f"Not for you: this is work for the {team.name if team else task.team}."
    return independence.reason_against(deployed, task, viewer)


def _must_be_for(deployed: Deployed, task: Task, viewer: Viewer) -> None:
    if reason := panels.reason_against(deployed, task, viewer.user_id):
        raise NotForYou("panel", reason)
    if task.team not in viewer.teams and panels.member_of(deployed, task) is None:
        raise NotForYou("team", reason_against(deployed, task, viewer))
    independence.check(deployed, task, viewer.user_id or "")


def claim(viewer: Viewer, task_id: str) -> Task:
    """Take a task. Raises TaskIsOver, NotForYou, or NotAllowed when somebody else has it."""
    with transaction():
        task, step = _open_step(viewer, task_id)
        _must_be_for(step.deployed, task, viewer)
        if task.claimed_by not in (None, viewer.user_id):
            raise NotAllowed(f"{name_of(task.claimed_by)} has already claimed this task.")
        if task.claimed_by is None:
            task.claimed_by, task.claimed_at = viewer.user_id, step.now
            _note(step, "claimed", task)
        return task


def release(viewer: Viewer, task_id: str) -> Task:
    """Give a task back to its team. Drafts stay with the person who typed them."""
    with transaction():
        task, step = _open_step(viewer, task_id)
        if task.claimed_by != viewer.user_id and not viewer.can("watch"):
            raise NotAllowed("Only the person who has it, or a manager, can release a task.")
        if panels.member_of(step.deployed, task) is not None:
            raise NotAllowed("A member of the panel does this; nobody else can have it.")
        if task.claimed_by is not None:
            task.claimed_by = task.claimed_at = None
            _note(step, "released", task)
        return task


def hand_over(viewer: Viewer, task_id: str, to_user_id: str) -> Task:
    """Give a task to a colleague who may do it. Raises NotForYou when independence forbids it."""
    with transaction() as session:
        task, step = _open_step(viewer, task_id)
        if task.claimed_by not in (None, viewer.user_id) and not viewer.can("watch"):
            raise NotAllowed("Only the person who has it, or a manager, can hand a task over.")
        user = session.get(User, to_user_id)
        if user is None or user.landlord_id != viewer.landlord_id or not user.active:
            raise BadInput({"to": "Choose a colleague from the list."})
        other = accounts.viewer_for(user)
        if is_kept_out(other, task.case):
            raise NotForYou("conflict", f"{user.name} may not work on this case.")
        _must_be_for(step.deployed, task, other)
        task.claimed_by, task.claimed_at = user.id, step.now
        _note(step, "handed_over", task, to=user.id)
        return task


def _note(step: steps.Step, action: str, task: Task, **detail: Any) -> None:
    """A task has another hand: for the history, and for who looks at the case."""
    step.write(action, task.element, **detail)
    standing.note(step.file, step.deployed)


def colleagues(viewer: Viewer, task_id: str) -> list[User]:
    """Who else may do a task."""
    task = get_task(viewer, task_id)
    deployed = deployments.of_instance(instance_of(task.case))
    return [
        user
        for user in accounts.people_of(viewer.landlord_id, task.team)
        if user.id != viewer.user_id
        and not is_kept_out(other := accounts.viewer_for(user), task.case)
        and not reason_against(deployed, task, other)
    ]


def _open_step(viewer: Viewer, task_id: str) -> tuple[Task, steps.Step]:
    """A task with a step on its case. What is asked of it is asked once nobody else has it."""
    if not viewer.can("work"):
        raise NotAllowed
    session = db.session()
    access.lock_by_task(session, viewer, task_id)
    file = casefile.read_by_task(session, viewer, task_id)
    if file is None or file.kept_out:
        raise NotFound
    step = steps.step_with(session, file, viewer)
    if task_id not in step.file.tasks:
        raise over(session.get_one(Task, (viewer.landlord_id, task_id)))
    return step.file.tasks[task_id], step


def names_of(viewer: Viewer, task_id: str) -> set[str]:
    """What may be posted for a task, open or over."""
    task = get_task(viewer, task_id)
    instance = instance_of(task.case)
    deployed = deployments.of_instance(instance)
    form = bind(deployed, task.form, task.case, instance.facts, None)
    return {name for field in form.fields for name in field.names}


def save_draft(viewer: Viewer, task_id: str, typed: Typed) -> Draft:
    """Keep what somebody has typed so far. Works for a task that has just been finished, too."""
    task = get_task(viewer, task_id)
    instance = instance_of(task.case)
    deployed = deployments.of_instance(instance)
    said = {key: typed.getlist(key) for key in typed}
    cleaned = bind(deployed, task.form, task.case, instance.facts, None, said).typed
    return drafts.keep(viewer, task_id, cleaned)


def preview(viewer: Viewer, open_task: OpenTask) -> FilledLetter | None:
    """The letter as it stands with what has been typed."""
    if open_task.letter is None:
        return None
    return letters.compose(
        db.session(),
        open_task.case,
        open_task.deployed,
        open_task.letter,
        *_tried(open_task, viewer),
    )


def letter_problem(open_task: OpenTask, letter: FilledLetter | None) -> str:
    """Why a letter cannot go as it stands; empty if it can."""
    if letter is None:
        return ""
    if letter.missing:
        return f"The letter cannot go yet. It lacks: {', '.join(letter.missing)}."
    if letter.to == recipients.RESIDENT:
        named = recipients.names_in(open_task.case, letter.typed())
        if named:
            return (
                f"Each resident of this case gets this letter, and it names {' and '.join(named)}. "
                "Leave the name out."
            )
    return ""


def recipients_of(open_task: OpenTask) -> list[Recipient]:
    """Who gets the letter that a task writes; empty for a task that writes none."""
    if open_task.letter is None:
        return []
    template = letters.template_of(open_task.deployed, open_task.letter, clock.today())
    landlord = letters.deployed_landlord(open_task.deployed)
    return recipients.of(open_task.case, landlord, template.to)


def _tried(open_task: OpenTask, viewer: Viewer) -> tuple[Any, ...]:
    """What the letter would print: the step is taken by the engine, and nothing is saved."""
    deployed, form = open_task.deployed, open_task.form
    facts = {**open_task.instance.facts, **steps.declared(deployed, form.answers)}
    dates = {}
    try:
        after = steps.foreseen(deployed, open_task.instance, open_task.task.id, form.answers)
        facts = after.facts
        dates = {d.element: d.due_on for d in after.deadlines.values() if d.due_on}
    except EngineRefused:
        pass  # half a form may not fit yet; the letter then shows what is known
    known = points.of_case(db.session(), open_task.case)
    parts = form.letter_parts | letters.not_ours_part(known, form.answers)
    return facts, viewer, parts, letters.points_part(known, form.answers), dates


def submit(viewer: Viewer, task_id: str, form: BoundForm) -> Case:
    """Finish a task with a checked form and run its case on, in one transaction.

    Raises TaskIsOver (somebody was faster), ChangedMeanwhile, NotForYou, BadInput (the letter lacks
    a part), Stopped (an incident). Whatever it raises, nothing is saved.
    """
    try:
        with transaction() as session:
            task, step = _open_step(viewer, task_id)
            _must_be_for(step.deployed, task, viewer)
            if task.claimed_by not in (None, viewer.user_id):
                raise NotAllowed(f"{name_of(task.claimed_by)} has claimed this task.")
            _finish(step, task, form)
            if task_id in step.file.drafted:
                session.execute(_own_draft(viewer, task_id))
            return step.case
    except EngineRefused as refused:
        it = db.session.get_one(Task, (viewer.landlord_id, task_id))
        report(it.landlord_id, it.case_id, f"“{it.name}” was finished", refused, it.element)
        raise Stopped from refused


def _finish(step: steps.Step, task: Task, form: BoundForm) -> None:
    _say_in_letter(step, task, form)
    _chosen_may(step, task, form)
    panels.check(step, form)
    answers = take(step, form, task.element, task.id)
    try:
        steps.finish_task(step, task, answers)
    except Gone:
        raise TaskIsOver(
            f"A deadline passed: “{task.name}” is over, and the case has moved on.", task.id
        ) from None
    if any(key.startswith("triage_") for key in answers):
        alert_of_danger(step, answers)


def _own_draft(viewer: Viewer, task_id: str) -> Delete:
    return delete(Draft).where(
        Draft.landlord_id == viewer.landlord_id,
        Draft.task_id == task_id,
        Draft.user_id == viewer.user_id,
    )


def _say_in_letter(step: steps.Step, task: Task, form: BoundForm) -> None:
    """Hand the form's texts to the step's letters. Raises BadInput while a part is missing."""
    step.parts, step.answers = form.letter_parts, form.answers
    step.points = partial(points.of_case, step.session, step.case)
    if form.definition.lists_points:  # what it adds was not answered yet
        step.points = partial(list, step.points())
    writes = step.deployed.elements[task.element].properties.get("writes")
    if writes is None:
        return
    open_task = OpenTask(task, step.case, step.instance, step.deployed, form, "", writes, "", None)
    if problem := letter_problem(open_task, preview(step.actor, open_task)):
        raise BadInput({"letter": problem})


def _chosen_may(step: steps.Step, task: Task, form: BoundForm) -> None:
    """Whoever the form names for a later task may do it. Raises NotForYou."""
    chosen = [
        db.session.get(User, form.answers[field.key])
        for field in form.definition.fields
        if field.gives_work and form.answers.get(field.key)
    ]
    if not chosen:
        return
    elements = step.deployed.elements.values()
    for element in (e for e in elements if e.properties.get("assigned_in") == task.element):
        for user in filter(None, chosen):
            if is_kept_out(accounts.viewer_for(user), step.case):
                raise NotForYou("conflict", f"{user.name} may not work on this case.")
            independence.check_element(step.deployed, step.case, element, user.id, user.name)


def lost_texts(viewer: Viewer, task_id: str) -> tuple[Task, Answer | None, Draft | None]:
    """After a lost race: the task, the answer that counted, and the viewer's own kept text."""
    task = get_task(viewer, task_id)
    counted = db.session.scalar(
        select(Answer).where(Answer.landlord_id == task.landlord_id, Answer.task_id == task_id)
    )
    return task, counted, drafts.kept(viewer, task_id)


def finished_and_left(viewer: Viewer, task_id: str) -> bool:
    """Whether the viewer finished a task and is kept out of its case since."""
    task = db.session.get(Task, (viewer.landlord_id, task_id))
    mine = task is not None and task.status == "done" and task.closed_by == viewer.user_id
    return task is not None and mine and is_kept_out(viewer, task.case)


def drop_draft(viewer: Viewer, task_id: str) -> None:
    """Let one's own kept text go."""
    with transaction() as session:
        draft = session.get(Draft, (viewer.landlord_id, task_id, viewer.user_id))
        if draft is None:
            raise NotFound
        session.delete(draft)
