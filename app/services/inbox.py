"""The inbox: what a person can do now, the nearest deadline first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, or_, select

from app import clock
from app.db import db
from app.engine import ROOT
from app.errors import NotAllowed
from app.models import Alert, Case, Conflict, Draft, Person, Task
from app.services import deployments, kinds, late, tasks
from app.services.access import instance_of, with_people
from app.services.adjustments import in_words, language_of
from app.services.calendars import calendar_of
from app.services.complaints import place
from app.services.deadlines import days_left
from app.services.persons import folded
from app.services.references import has_reference, spaced
from app.viewer import Viewer
from timers.calendar import WorkingCalendar
from timers.deadlines import DeadlineState

PAGE = 100  # rows of one page
TABS = {
    "mine": "Mine and unclaimed",
    "teams": "All of my teams",
    "others": "Waiting for others",
    "done": "Done today",
}


@dataclass(frozen=True)
class Filter:
    """What the person is looking for. on: only this due date; late: only what is late."""

    tab: str = "mine"
    q: str = ""
    team: str = ""
    stage: str = ""
    only: str = ""  # hazard, safe_contact, unclaimed
    on: date | None = None
    late: bool = False
    after: str = ""  # the last row seen: "<due>|<task id>"


@dataclass(frozen=True)
class Row:
    """One task in the list."""

    task: Task
    state: DeadlineState | None
    resident: str
    place: str
    reference: str
    chips: list[tuple[str, bool]]  # words, and whether it is a hazard
    mine: bool
    with_name: str
    with_note: str
    not_for_you: str


@dataclass(frozen=True)
class Group:
    """A band of rows: late, today, this week, later."""

    title: str
    note: str
    rows: list[Row]


@dataclass(frozen=True)
class WeekCell:
    """A day of the strip: how many deadlines, and the name of a bank holiday."""

    day: date | None
    count: int
    kind: str  # late, today, day, gap
    name: str = ""


@dataclass(frozen=True)
class Inbox:
    """All that the page shows."""

    groups: list[Group]
    counts: dict[str, int]
    week: list[WeekCell]
    late: int
    today: int
    next_after: str
    stages: list[tuple[str, str]]
    alerts: list[tuple[Alert, Case]] = field(default_factory=list)


def inbox(viewer: Viewer, wanted: Filter) -> Inbox:
    """The viewer's inbox. Raises NotAllowed for a role that does no tasks."""
    if not viewer.can("work"):
        raise NotAllowed
    landlord = deployments.landlord(viewer.landlord_id)
    calendar = calendar_of(landlord.nation)
    found = list(db.session.scalars(_page(viewer, wanted)))
    more = len(found) > PAGE
    rows = [_row(viewer, task, calendar) for task in found[:PAGE]]
    week = _week(viewer, wanted, calendar)
    last = found[PAGE - 1] if more else None
    return Inbox(
        groups=_groups(rows) if wanted.tab != "done" else [Group("", "", rows)],
        counts={tab: _count(viewer, Filter(tab=tab)) for tab in TABS},
        week=week,
        late=week[0].count,
        today=next((cell.count for cell in week if cell.kind == "today"), 0),
        next_after=f"{last.due_on or ''}|{last.id}" if last else "",
        stages=_stages(viewer),
        alerts=_alerts(viewer),
    )


def _scope(viewer: Viewer, wanted: Filter) -> Select[Task]:
    """The tasks of a tab that the viewer may know of."""
    query = (
        select(Task)
        .join(Case, (Case.landlord_id == Task.landlord_id) & (Case.id == Task.case_id))
        .where(
            Task.landlord_id == viewer.landlord_id,
            ~select(Conflict.case_id)
            .where(
                Conflict.landlord_id == Task.landlord_id,
                Conflict.case_id == Task.case_id,
                Conflict.user_id == viewer.user_id,
            )
            .exists(),
        )
    )
    if wanted.tab == "done":
        start = datetime.combine(clock.today(), datetime.min.time(), clock.LONDON)
        return query.where(Task.closed_by == viewer.user_id, Task.closed_at >= start)
    query = query.where(Task.status == "open", Task.team.in_(sorted(viewer.teams)))
    if wanted.tab == "mine":
        query = query.where(or_(Task.claimed_by.is_(None), Task.claimed_by == viewer.user_id))
    if wanted.tab == "others":
        query = query.where(Task.claimed_by.is_not(None), Task.claimed_by != viewer.user_id)
    return query


def _filtered(viewer: Viewer, wanted: Filter) -> Select[Task]:
    query = _scope(viewer, wanted)
    if wanted.team:
        query = query.where(Task.team == wanted.team)
    if wanted.stage:
        query = query.where(Task.stage == wanted.stage)
    if wanted.only == "unclaimed":
        query = query.where(Task.claimed_by.is_(None))
    if wanted.only == "hazard":
        query = query.where(Case.hazard)
    if wanted.only == "safe_contact":
        ruled = func.json_array_length(Person.contact_never) > 0
        query = query.where(Case.id.in_(with_people(viewer.landlord_id, ruled)))
    if wanted.q:
        like = Person.search.contains(folded(wanted.q), autoescape=True)
        query = query.where(
            or_(has_reference(wanted.q), Case.id.in_(with_people(viewer.landlord_id, like)))
        )
    return query


def _page(viewer: Viewer, wanted: Filter) -> Select[Task]:
    query = _filtered(viewer, wanted)
    last_day = date(9999, 12, 31)  # tasks without a date come last
    due = func.coalesce(Task.due_on, last_day)
    if wanted.late:
        query = query.where(Task.due_on < clock.today())
    if wanted.on:
        query = query.where(Task.due_on == wanted.on)
    if wanted.after:
        on, _, task_id = wanted.after.partition("|")
        after = date.fromisoformat(on) if on else last_day
        query = query.where(or_(due > after, (due == after) & (Task.id > task_id)))
    return query.order_by(due, Task.id).limit(PAGE + 1)


def _count(viewer: Viewer, wanted: Filter) -> int:
    scope = _scope(viewer, wanted).with_only_columns(Task.id).limit(1000).subquery()
    return db.session.scalar(select(func.count()).select_from(scope)) or 0


def _stages(viewer: Viewer) -> list[tuple[str, str]]:
    rows = db.session.execute(
        _scope(viewer, Filter(tab="teams"))
        .with_only_columns(Task.stage, Task.stage_name)
        .distinct()
        .order_by(Task.stage)
    )
    return [(stage, name) for stage, name in rows if stage]


def _row(viewer: Viewer, task: Task, calendar: WorkingCalendar) -> Row:
    case = task.case
    resident = case.resident
    deployed = deployments.of_instance(instance_of(case))
    mine = task.claimed_by == viewer.user_id
    draft = db.session.get(Draft, (viewer.landlord_id, task.id, viewer.user_id)) if mine else None
    claimed = task.claimed_at.astimezone(clock.LONDON) if task.claimed_at else None
    note = f"claimed {claimed:%a} {claimed.day}" if claimed else ""
    if draft:
        note = f"draft saved {clock.time_words(draft.saved_at)}"
    return Row(
        task,
        days_left(task.due_on, calendar) if task.due_on else None,
        resident.name,
        place(resident),
        spaced(case.reference),
        chips(case),
        mine,
        "You" if mine else tasks.name_of(task.claimed_by),
        note,
        "" if task.status != "open" else tasks.reason_against(deployed, task, viewer),
    )


def chips(case: Case) -> list[tuple[str, bool]]:
    """What to look out for, a word or two each, hazards first."""
    found = [("Hazard", True)] if case.hazard else []
    if case.kind != ROOT:
        found.append((kinds.kind_of(case).title, False))
    found += [(late.has_died(row.late), False) for row in case.carried]
    living = [person for person in case.residents if not person.death]
    words = ["Safe contact"] if any(person.contact_never for person in living) else []
    for person in living:
        words += [language] if (language := language_of(person)) else []
        words += [in_words(wish) for wish in person.adjustments]
    return found + [(word, False) for word in dict.fromkeys(words)]


def _groups(rows: list[Row]) -> list[Group]:
    """The four bands; the week ends on Friday, or next Friday when today is no working day."""
    today = clock.today()
    friday = today + timedelta(days=(4 - today.weekday()) % 7)
    bands: dict[str, list[Row]] = {"late": [], "today": [], "week": [], "later": []}
    for row in rows:
        due = row.task.due_on
        if due is None or due > friday:
            bands["later"].append(row)
        else:
            key = "late" if due < today else "today" if due == today else "week"
            bands[key].append(row)
    titles = {
        "late": ("Late", "act today, and tell the resident"),
        "today": ("Due today", f"{today:%A} {today.day} {today:%B}"),
        "week": ("This week", f"to {friday:%A} {friday.day} {friday:%B}"),
        "later": ("Next week and later", ""),
    }
    return [Group(*titles[key], band) for key, band in bands.items() if band]


def _week(viewer: Viewer, wanted: Filter, calendar: WorkingCalendar) -> list[WeekCell]:
    """Late, then the next ten working days with bank holidays between them as gaps."""
    today = clock.today()
    counted = {
        due: count
        for due, count in db.session.execute(
            _scope(viewer, Filter(tab=wanted.tab if wanted.tab != "done" else "mine"))
            .with_only_columns(Task.due_on, func.count())
            .where(Task.due_on.is_not(None))
            .group_by(Task.due_on)
        )
    }
    late = sum(count for due, count in counted.items() if due and due < today)
    cells = [WeekCell(None, late, "late")]
    day, working = today, 0
    while working < 10:
        if calendar.is_working_day(day) or day == today:
            working += 1
            cells.append(WeekCell(day, counted.get(day, 0), "today" if day == today else "day"))
        elif name := calendar.day_off_name(day):
            cells.append(WeekCell(day, 0, "gap", name))
        day += timedelta(days=1)
    return cells


def _alerts(viewer: Viewer) -> list[tuple[Alert, Case]]:
    rows = db.session.execute(
        select(Alert, Case)
        .join(Case, (Case.landlord_id == Alert.landlord_id) & (Case.id == Alert.case_id))
        .where(
            Alert.landlord_id == viewer.landlord_id,
            Alert.team.in_(sorted(viewer.teams)),
            Alert.seen_at.is_(None),
            ~select(Conflict.case_id)
            .where(
                Conflict.landlord_id == Alert.landlord_id,
                Conflict.case_id == Alert.case_id,
                Conflict.user_id == viewer.user_id,
            )
            .exists(),
        )
        .order_by(Case.hazard.desc(), Alert.at.desc())
        .limit(20)
    )
    return [(alert, case) for alert, case in rows]


def next_unclaimed(viewer: Viewer) -> str | None:
    """The earliest unclaimed task that the viewer may do; hazards come first."""
    query = (
        _scope(viewer, Filter(tab="mine"))
        .where(Task.claimed_by.is_(None))
        .order_by(Case.hazard.desc(), func.coalesce(Task.due_on, date(9999, 12, 31)), Task.id)
        .limit(50)
    )
    for task in db.session.scalars(query):
        deployed = deployments.of_instance(instance_of(task.case))
        if not tasks.reason_against(deployed, task, viewer):
            return task.id
    return None
