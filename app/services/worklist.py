"""Which tasks a person's inbox lists, the nearest deadline first.

Each list is made of shares, such as the free tasks of one team, that an index has in order, and
reads no more than the front of each: as much of a million tasks as of a hundred. What is asked of
the case, such as a name, is looked up on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import defaultload

from app import clock
from app.db import db
from app.models import Case, Conflict, Person, Task
from app.services.access import with_people
from app.services.persons import folded
from app.services.references import has_reference
from app.viewer import Viewer

MOST = 1000  # nobody counts further
TABS = {
    "mine": "Mine and unclaimed",
    "teams": "All of my teams",
    "others": "Waiting for others",
    "done": "Done today",
}
# a literal: an index of open tasks only is not used for a value that is bound later
OPEN = Task.status == literal_column("'open'")
FREE = and_(OPEN, Task.claimed_by.is_(None))
TAKEN = and_(OPEN, Task.claimed_by.is_not(None))
Condition = ColumnElement[bool]
NONE: Condition = false()


@dataclass(frozen=True)
class Filter:
    """What the person is looking for. on: only this due date; late: only what is late."""

    tab: str = "mine"
    q: str = ""
    team: str = ""
    stage: str = ""
    only: str = ""  # hazard, safe_contact, unclaimed
    hazard: bool = False  # whatever `only` says
    on: date | None = None
    late: bool = False
    after: str = ""  # the last row seen: "<due>|<task id>"


def first(viewer: Viewer, wanted: Filter, most: int) -> list[Task]:
    """The first tasks after `wanted.after`; those without a date come last."""
    ids: list[str] = []
    for query in queries(viewer, wanted, most):
        ids += db.session.scalars(query) if len(ids) < most else ()
    found = select(Task).where(Task.landlord_id == viewer.landlord_id, Task.id.in_(ids[:most]))
    found = found.options(defaultload(Task.case).selectinload(Case.carried))
    tasks = {task.id: task for task in db.session.scalars(found)}
    return [tasks[task_id] for task_id in ids if task_id in tasks]


def queries(viewer: Viewer, wanted: Filter, most: int) -> list[Select[str]]:
    """What asks for their ids: of those with a date, then of those without one."""
    day, _, task_id = wanted.after.partition("|")
    dated: Condition = Task.due_on.is_not(None)
    undated: Condition = Task.due_on.is_(None)
    if day:
        dated = tuple_(Task.due_on, Task.id) > tuple_(date.fromisoformat(day), task_id)
    elif task_id:
        dated, undated = NONE, and_(undated, Task.id > task_id)
    if wanted.late:
        dated, undated = and_(dated, Task.due_on < clock.today()), NONE
    if wanted.on:
        dated, undated = and_(dated, Task.due_on == wanted.on), NONE
    shares = [and_(share, _narrowed(viewer, wanted)) for share in _shares(viewer, wanted)]
    return [_merged(viewer, shares, which, most) for which in (dated, undated) if which is not NONE]


def count(viewer: Viewer, *tabs: str) -> dict[str, int]:
    """How many tasks each tab has; MOST stands for all that is more."""
    return dict(db.session.execute(counting(viewer, *tabs)).one()._mapping)


def counting(viewer: Viewer, *tabs: str) -> Select[Any]:
    """What asks for these numbers, in columns of the tabs' names."""
    numbers: list[Any] = [_number(viewer, tab, true()).label(tab) for tab in tabs]
    return select(*numbers)


def count_by_day(viewer: Viewer, tab: str, days: Sequence[date]) -> tuple[int, dict[date, int]]:
    """How many tasks of a tab are late, and how many fall due on each day, as `count` counts."""
    late = _number(viewer, tab, Task.due_on < clock.today())
    on_days = [_number(viewer, tab, Task.due_on == day) for day in days]
    numbers = db.session.execute(select(late, *on_days)).one()
    return numbers[0], dict(zip(days, numbers[1:], strict=True))


def stages(viewer: Viewer) -> list[tuple[str, str]]:
    """Code and name of each stage in which the viewer's teams have open tasks.

    From one stage to the next in the index, however many tasks each has.
    """
    mine = _of(viewer, Task.stage_name).where(OPEN, Task.team.in_(sorted(viewer.teams)))
    known = select(literal("").label("stage")).cte("known", recursive=True)
    following = (
        select(Task.stage)
        .where(Task.landlord_id == viewer.landlord_id, OPEN, Task.stage > known.c.stage)
        .order_by(Task.stage)
        .limit(1)
        .scalar_subquery()
    )
    known = known.union_all(select(following).where(known.c.stage.is_not(None)))
    name = mine.where(Task.stage == known.c.stage).limit(1).scalar_subquery()
    found = db.session.execute(select(known.c.stage, name).where(known.c.stage != ""))
    return [(stage, name) for stage, name in found if name is not None]


def _of(viewer: Viewer, *columns: Any) -> Select[Any]:
    """Of the tasks of the viewer's landlord: not of cases from which the viewer is kept out."""
    kept_out = select(Conflict.case_id).where(
        Conflict.landlord_id == Task.landlord_id,
        Conflict.case_id == Task.case_id,
        Conflict.user_id == viewer.user_id,
    )
    return select(*columns).where(Task.landlord_id == viewer.landlord_id, ~kept_out.exists())


def _lots(viewer: Viewer, tab: str) -> list[Condition]:
    """What a tab is made of; no task is in two."""
    mine = and_(OPEN, Task.claimed_by == viewer.user_id)
    lots = {
        "mine": [FREE, mine],
        "teams": [FREE, TAKEN],
        "others": [and_(TAKEN, Task.claimed_by != viewer.user_id)],
    }
    return lots[tab]


def _done_today(viewer: Viewer) -> Condition:
    midnight = datetime.combine(clock.today(), datetime.min.time(), clock.LONDON)
    return and_(Task.closed_by == viewer.user_id, Task.closed_at >= midnight)


def _shares(viewer: Viewer, wanted: Filter) -> list[Condition]:
    """The lots of a tab, a team each."""
    if wanted.tab == "done":
        return [_done_today(viewer)]
    teams = [team for team in sorted(viewer.teams) if wanted.team in ("", team)]
    lots = _lots(viewer, wanted.tab)
    if wanted.only == "unclaimed":
        lots = [lot for lot in lots if lot is FREE]
    return [and_(lot, Task.team == team) for lot in lots for team in teams] or [NONE]


def _narrowed(viewer: Viewer, wanted: Filter) -> Condition:
    """What else is asked of a task."""
    asked: list[Condition] = [true()]
    if wanted.tab == "done" and wanted.team:
        asked.append(Task.team == wanted.team)
    if wanted.tab == "done" and wanted.only == "unclaimed":
        asked.append(Task.claimed_by.is_(None))
    if wanted.stage:
        asked.append(Task.stage == wanted.stage)
    if wanted.hazard or wanted.only == "hazard":
        asked.append(_of_case(Case.hazard.is_(True)))
    if wanted.only == "safe_contact":
        ruled = func.json_array_length(Person.contact_never) > 0
        asked.append(Task.case_id.in_(with_people(viewer.landlord_id, ruled)))
    if wanted.q:
        like = Person.search.contains(folded(wanted.q), autoescape=True)
        named = Task.case_id.in_(with_people(viewer.landlord_id, like))
        asked.append(or_(named, _of_case(has_reference(wanted.q))))
    return and_(*asked)


def _of_case(which: Condition) -> Condition:
    its = select(Case.id).where(Case.landlord_id == Task.landlord_id, Case.id == Task.case_id)
    return its.where(which).exists()


def _merged(viewer: Viewer, shares: list[Condition], which: Condition, most: int) -> Select[str]:
    """The first of each share, merged."""
    fronts = [
        _of(viewer, Task.id, Task.due_on)
        .where(share, which)
        .order_by(Task.due_on, Task.id)
        .limit(most)
        .subquery()
        for share in shares
    ]
    whole = union_all(*(select(front.c.id, front.c.due_on) for front in fronts)).subquery()
    return select(whole.c.id).order_by(whole.c.due_on, whole.c.id).limit(most)


def _number(viewer: Viewer, tab: str, which: Condition) -> ScalarSelect[int]:
    """How many tasks of a tab: no more than MOST are looked at."""
    in_teams = Task.team.in_(sorted(viewer.teams))
    done = [_done_today(viewer)]
    lots = done if tab == "done" else [and_(lot, in_teams) for lot in _lots(viewer, tab)]
    parts = [_of(viewer, Task.id).where(lot, which).limit(MOST).subquery() for lot in lots]
    whole = union_all(*(select(part.c.id) for part in parts)).limit(MOST).subquery()
    return select(func.count()).select_from(whole).scalar_subquery()
