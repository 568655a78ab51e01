"""Stories: cases told as data, played through the real engine, forms and services.

The same format is an acceptance test, a demo case, a training example and an owner's guard.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, select

from app import clock
from app.clock import LONDON, SetClock
from app.db import db
from app.errors import BadInput, NotForYou, NotOffered, PanelRefused, PutrightError, TaskIsOver
from app.models import Case, Instance, Outgoing, Task
from app.services import deployments, firing, outbox
from app.services.calendars import calendar_at
from app.services.expectations import EXPECTATIONS, open_elements, seen
from app.services.story_acts import MINUTES, Play, StoryRefused, act, answer, staff, when

__all__ = ["Played", "StoryRefused", "go_on", "look", "play", "read_story"]


@dataclass(frozen=True)
class Difference:
    """A step that went another way than the story says. step: its number, from 1.

    name: of the expectation, such as deadlines. wanted, found: its value as a story writes it.
    """

    step: int
    at: str
    name: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        expected = f"expected {self.name} {_in_words(self.wanted)}"
        return f"step {self.step}, {self.at}: {expected}, found {_in_words(self.found)}"


@dataclass(frozen=True)
class Stopped:
    """A step that cannot be taken. open: the tasks that are open instead of the step's own."""

    step: int
    said: str
    open: list[str]


@dataclass
class Played:
    """What happened: one row a step, and what did not hold.

    failures: all of it in words. differences: those of them where a step could be taken, and only
    what came of it was another thing. stopped: why the story could not be played to its end.
    """

    title: str
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)  # at, who, does, then
    failures: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    stopped: Stopped | None = None
    reference: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """What a page needs of it, as JSON has it."""
        return {
            "title": self.title,
            "failures": self.failures,
            "differences": [asdict(each) for each in self.differences],
            "stopped": asdict(self.stopped) if self.stopped else None,
        }


def read_story(body: bytes) -> dict[str, Any]:
    """Parse a story. Raises StoryRefused."""
    try:
        story = tomllib.loads(body.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as problem:
        raise StoryRefused(str(problem)) from problem
    for key in ("landlord", "title", "step"):
        if key not in story:
            raise StoryRefused(f"the story has no {key}")
    if unknown := [e for s in story["step"] for e in s.get("expect", {}) if e not in EXPECTATIONS]:
        raise StoryRefused(f"unknown expectations: {', '.join(unknown)}")
    return story


def play(
    story: dict[str, Any],
    today: date | None = None,
    until: datetime | None = None,
    sends: bool = True,
    key: str = "",
) -> Played:
    """Play a story on the app's clock, which must be a SetClock.

    Goes on when something else came of a step, and stops at a step that cannot be taken.

    today: what relative dates ("-12wd 10:15") count from; the clock's own date by default.
    until: steps after this instant are not played, and time then passes up to it.
    sends: whether letters leave the house, too. key: of the case, to know it by; see demo.py.
    """
    story_clock = current_app.extensions["clock"]
    if not isinstance(story_clock, SetClock):
        raise StoryRefused("stories need an app whose clock can be moved")
    landlord_id = story["landlord"]
    calendar = calendar_at(deployments.landlord(landlord_id))
    played = Played(story["title"])
    state = Play(landlord_id, story_clock, calendar, today or clock.today(), sends)
    state.key = key or state.key
    for number, step in enumerate(story["step"], 1):
        at = _instant(step["at"], state, until)
        if until is not None and at > until:
            break
        _let_time_pass(state, at)
        stuck = _act(state, step)
        _see_to_post(state, step, until)
        different = [] if stuck else _differences(state, number, step)
        played.differences += different
        if stuck:
            played.failures.append(f"step {number}, {step['at']}: {stuck}")
            played.stopped = Stopped(number, stuck, _open_instead(state, step))
        played.failures += map(str, different)
        played.rows.append(
            (
                f"{at:%a %d %b %Y %H:%M}",
                step.get("who", ""),
                step.get("does", "time passes"),
                state.refused or _standing(state),
            )
        )
        if stuck:
            break
    if state.case_id:
        if until is not None:
            _let_time_pass(state, until)
        mine = (Case.landlord_id == landlord_id) & (Case.id == state.case_id)
        played.reference = db.session.scalars(select(Case.reference).where(mine)).one()
    return played


def _open_instead(state: Play, step: dict[str, Any]) -> list[str]:
    found = list(open_elements(state)) if state.case_id else []
    return [] if step.get("does") in found else found


def _instant(text: str, state: Play, until: datetime | None) -> datetime:
    """As `when`; and "-90min" is so long before the end of a demo, whatever the time of day."""
    if match := MINUTES.fullmatch(text):
        end = until or datetime.combine(state.today, time(12), LONDON)
        return end.astimezone(LONDON) - timedelta(minutes=int(match["n"]))
    return when(text, state.today, state.calendar)


def _let_time_pass(state: Play, at: datetime) -> None:
    """Fire every deadline of the story's cases at its own instant, as a punctual server would."""
    while due := _next_due(state, at.astimezone(UTC)):
        state.clock.move_to(max(due[0], state.clock()))
        firing.fire(firing.Due(state.landlord_id, due[1]))
        state.find_new_cases()
        _send(state)
    state.clock.move_to(at)
    if state.waits:
        _send(state)


# Each deadline of a story asks these, and an alert may come again on each of 500 days: built once.
DUE = (
    select(Instance.next_due_at, Instance.id)
    .where(
        Instance.landlord_id == bindparam("landlord"),
        Instance.case_id.in_(bindparam("cases", expanding=True)),
        Instance.next_due_at <= bindparam("until"),
    )
    .order_by(Instance.next_due_at, Instance.id)
    .limit(1)
)
UNSENT = (
    select(Outgoing.id)
    .where(Outgoing.landlord_id == bindparam("landlord"), Outgoing.waits())
    .limit(1)
)


def _next_due(state: Play, until: datetime) -> tuple[datetime, str] | None:
    """When the next deadline of the cases falls due, and the instance that it belongs to."""
    which = {"landlord": state.landlord_id, "cases": state.case_ids, "until": until}
    row = db.session.execute(DUE, which).first()
    return (row[0], row[1]) if row and row[0] else None


def _send(state: Play) -> bool:
    """Send what can be sent; returns whether anything was waiting. Most steps write no letter."""
    waits = state.sends and db.session.scalar(UNSENT, {"landlord": state.landlord_id})
    state.waits = bool(waits)
    if state.waits:
        outbox.send_due(state.landlord_id)
    return state.waits


def _see_to_post(state: Play, step: dict[str, Any], until: datetime | None) -> None:
    """E-mail leaves at once, post on the same day; of the last day of a demo it is still to do."""
    waited = _send(state)
    who = step.get("who", "resident")
    last_day = until is not None and clock.today() == until.astimezone(LONDON).date()
    if not waited or not state.case_id or who == "resident" or last_day:
        return
    post = select(Outgoing.id).where(
        Outgoing.landlord_id == state.landlord_id,
        Outgoing.waits(),
        Outgoing.channel == "post",
        Outgoing.status == "queued",
    )
    if db.session.scalar(post.limit(1)) is None:
        return
    viewer = staff(state, who)
    for row in outbox.page(viewer).to_post:
        if row.case.id in state.case_ids:
            outbox.mark_posted(viewer, row.outgoing.id, clock.today())


def _act(state: Play, step: dict[str, Any]) -> str:
    """Do what the step says; returns why it cannot be, unless the step expects a refusal."""
    state.refused = ""
    does = step.get("does")
    try:
        _do(state, step)
    except (PutrightError, StoryRefused) as refused:
        state.refused = _refusal(refused)
        if step.get("expect", {}).get("refused") is None:
            return f"{does}: refused: {refused}"
    return ""


def go_on(state: Play, step: dict[str, Any]) -> None:
    """Take one more step of a story that is being made. Raises what its service raises."""
    _let_time_pass(state, when(step["at"], state.today, state.calendar))
    _do(state, step)
    _see_to_post(state, step, None)


def _do(state: Play, step: dict[str, Any]) -> None:
    if "case" in step:
        state.go_to(step["case"])
    if does := step.get("does"):
        act(state, does, step)
    state.find_new_cases()


def _refusal(refused: Exception) -> str:
    """The word with which `expect.refused` names an error."""
    match refused:
        case NotForYou() | PanelRefused():
            return refused.rule
        case NotOffered():
            return "not_offered"
        case TaskIsOver():
            return "over"
        case BadInput():
            return "form: " + ", ".join(f"{k} ({v})" for k, v in refused.errors.items())
    return type(refused).__name__


def _standing(state: Play) -> str:
    if not state.case_id:
        return ""
    here = (Task.landlord_id == Case.landlord_id) & (Task.case_id == Case.id)
    query = select(Case.stage_name, Case.status, Task.element)
    mine = (Case.landlord_id == state.landlord_id) & (Case.id == state.case_id)
    open_ = query.outerjoin(Task, here & (Task.status == "open")).where(mine)
    rows = db.session.execute(open_).all()
    stage, status, _ = rows[0]
    at = ", ".join(dict.fromkeys(element for *_, element in rows if element))
    return f"{stage or 'no stage'}, {status}: {at or 'nothing open'}"


# --- what must hold ------------------------------------------------------------------------------


def _differences(state: Play, number: int, step: dict[str, Any]) -> list[Difference]:
    db.session.expire_all()
    different = []
    for name, value in step.get("expect", {}).items():
        wanted = _plain(state, value)
        if name == "refused":
            found: Any = state.refused
            holds = bool(found) and (wanted is True or str(found).startswith(str(wanted)))
        else:
            found = EXPECTATIONS[name](state, value)
            holds = found == wanted
        if not holds:
            told = state.named(wanted), state.named(found)
            different.append(Difference(number, step["at"], name, *told))
    look(state)
    return different


def _in_words(value: Any) -> str:
    """What was expected or found, as people read it: "acknowledge_due 2026-03-09"."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_in_words(each)}" for name, each in value.items()) or "nothing"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(_in_words, value)) or "nothing"
    return "nothing" if value in (None, "", False) else "it" if value is True else str(value)


def look(state: Play) -> None:
    """The alerts and letters of the case are known from here on."""
    if state.case_id:
        state.seen[state.case_id] = seen(state)


def _plain(state: Play, wanted: Any) -> Any:
    if isinstance(wanted, dict):
        return {key: _plain(state, value) for key, value in wanted.items()}
    return answer(state, wanted) if not isinstance(wanted, list) else sorted(wanted)
