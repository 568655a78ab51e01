"""The inbox: what a person can do now, the nearest deadline first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import select

from app import clock
from app.db import db
from app.engine import ROOT
from app.errors import NotAllowed
from app.models import Alert, Case, Conflict, Draft, Instance, Task, User
from app.services import deployments, kinds, late, tasks, worklist
from app.services.access import instance_of
from app.services.adjustments import in_words, language_of
from app.services.calendars import calendar_at
from app.services.complaints import place
from app.services.deadlines import days_left
from app.services.references import spaced
from app.services.worklist import TABS, Filter
from app.viewer import Viewer
from timers.calendar import WorkingCalendar
from timers.deadlines import DeadlineState

PAGE = 100  # rows of one page
TRIED = 50  # of the tasks that somebody might take next


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
    calendar = calendar_at(landlord)
    found = worklist.first(viewer, wanted, PAGE + 1)
    more = len(found) > PAGE
    shown = found[:PAGE]
    beside = _beside(viewer, shown)
    rows = [_row(viewer, task, calendar, beside) for task in shown]
    week = _week(viewer, wanted, calendar)
    last = found[PAGE - 1] if more else None
    return Inbox(
        groups=_groups(rows) if wanted.tab != "done" else [Group("", "", rows)],
        counts=worklist.count(viewer, *TABS),
        week=week,
        late=week[0].count,
        today=next((cell.count for cell in week if cell.kind == "today"), 0),
        next_after=f"{last.due_on or ''}|{last.id}" if last else "",
        stages=worklist.stages(viewer),
        alerts=_alerts(viewer),
    )


@dataclass(frozen=True)
class Beside:
    """What is looked up for all rows at once: versions by case, drafts by task, people."""

    versions: dict[str, str]
    drafts: dict[str, Draft]
    people: Sequence[User]  # held, so that asking for one of them again costs nothing


def _beside(viewer: Viewer, shown: Sequence[Task]) -> Beside:
    cases, ids = {task.case_id for task in shown}, {task.id for task in shown}
    versions = select(Instance.case_id, Instance.deployment_id).where(
        Instance.landlord_id == viewer.landlord_id, Instance.case_id.in_(cases)
    )
    mine = select(Draft).where(
        Draft.landlord_id == viewer.landlord_id,
        Draft.user_id == viewer.user_id,
        Draft.task_id.in_(ids),
    )
    people = select(User).where(User.id.in_({task.claimed_by for task in shown} - {None}))
    return Beside(
        {case_id: version for case_id, version in db.session.execute(versions)},
        {draft.task_id: draft for draft in db.session.scalars(mine)},
        db.session.scalars(people).all(),
    )


def _row(viewer: Viewer, task: Task, calendar: WorkingCalendar, beside: Beside) -> Row:
    case = task.case
    resident = case.resident
    deployed = deployments.pinned(case.landlord_id, beside.versions[case.id], case.kind)
    mine = task.claimed_by == viewer.user_id
    draft = beside.drafts.get(task.id) if mine else None
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
    days = _ten_days(calendar)
    tab = wanted.tab if wanted.tab != "done" else "mine"
    late, counted = worklist.count_by_day(viewer, tab, [day for day, gap in days if not gap])
    kinds = {clock.today(): "today"}
    return [
        WeekCell(None, late, "late"),
        *(
            WeekCell(day, 0, "gap", gap)
            if gap
            else WeekCell(day, counted[day], kinds.get(day, "day"))
            for day, gap in days
        ),
    ]


def _ten_days(calendar: WorkingCalendar) -> list[tuple[date, str]]:
    """Today and the next working days, ten in all; the bank holidays between, with their names."""
    days: list[tuple[date, str]] = []
    day, working = clock.today(), 0
    while working < 10:
        if calendar.is_working_day(day) or day == clock.today():
            working += 1
            days.append((day, ""))
        elif name := calendar.day_off_name(day):
            days.append((day, name))
        day += timedelta(days=1)
    return days


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
    free = Filter(only="unclaimed")
    for wanted in (replace(free, hazard=True), free):
        for task in worklist.first(viewer, wanted, TRIED):
            deployed = deployments.of_instance(instance_of(task.case))
            if not tasks.reason_against(deployed, task, viewer):
                return task.id
    return None
