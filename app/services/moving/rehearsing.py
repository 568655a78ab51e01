"""What moving open cases to another version would do, case by case. Nothing is saved here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import Select, func, select

from app.db import db
from app.engine import CannotMove, Element, EngineRefused, Snapshot, Stored, move
from app.errors import NotAllowed, NotFound
from app.models import Case, Deployment, Instance
from app.services import code_clocks, deadlines, deployments, steps
from app.services.access import unconflicted
from app.services.deployments import Deployed
from app.services.kept_facts import kept_facts
from app.viewer import Viewer

Shown = Literal["plain", "asking", "dates", "code", "happens", "staying"]
MOST = 1_000  # cases of one rehearsal
DUE_NOW = "A deadline is due this very moment. Look again in a minute."
HELD = "An incident stands: resolve it first."
NO_KIND = "The new version has no cases of this kind."


@dataclass(frozen=True)
class DateMoved:
    """One deadline before and after; None: there is none. duty: the landlord's own."""

    name: str
    was: date | None
    now: date | None
    duty: bool
    of_code: bool = False

    @property
    def moves(self) -> bool:
        return self.was != self.now

    @property
    def empty(self) -> bool:
        """Whether there is no date, before or after."""
        return self.was is None and self.now is None

    @property
    def way(self) -> str:
        """Of one that moves: later, earlier, new or gone."""
        if self.was and self.now:
            return "later" if self.now > self.was else "earlier"
        return "new" if self.now else "gone"


@dataclass(frozen=True)
class Rehearsed:
    """What a move would do to one case.

    before, after: the steps at which it waits. refused: why it cannot move. happens: what would
    happen at once, in words.
    """

    instance_id: str
    case: Case
    number: int
    before: list[str]
    after: list[str] = field(default_factory=list)
    dates: list[DateMoved] = field(default_factory=list)
    happens: list[str] = field(default_factory=list)
    refused: str = ""

    @property
    def moved_duties(self) -> list[DateMoved]:
        return [one for one in self.dates if one.duty and one.moves]

    @property
    def asks(self) -> bool:
        """Whether a manager has to say why it may move."""
        return bool(self.moved_duties or self.happens)

    @property
    def shown_as(self) -> set[Shown]:
        """The lists that it stands in."""
        if self.refused:
            return {"staying"}
        if not self.asks:
            return {"plain"}
        why: dict[Shown, object] = {
            "dates": self.moved_duties,
            "code": any(one.of_code for one in self.moved_duties),
            "happens": self.happens,
        }
        return {"asking", *(name for name, found in why.items() if found)}


@dataclass(frozen=True)
class Rehearsal:
    """Open cases that are not on a version, MOST of them rehearsed, by reference.

    total: how many there are in all. more: whether there are some after these.
    """

    target: Deployment
    total: int
    cases: list[Rehearsed]
    more: bool = False

    def shown(self, name: Shown, part: str = "") -> list[Rehearsed]:
        """One of its lists. part: of a reference, with or without blanks."""
        part = "".join(part.split()).upper()
        return [one for one in self.cases if name in one.shown_as and part in one.case.reference]

    @property
    def plain(self) -> list[Rehearsed]:
        """Those that move without a word: every duty keeps its date and nothing happens."""
        return self.shown("plain")

    @property
    def asking(self) -> list[Rehearsed]:
        return self.shown("asking")

    @property
    def staying(self) -> list[Rehearsed]:
        return self.shown("staying")

    @property
    def why(self) -> list[tuple[str, int]]:
        """Why cases cannot move, with how many each holds back, the most first."""
        return Counter(one.refused for one in self.staying).most_common()

    @property
    def dates(self) -> dict[tuple[str, bool], Counter[str]]:
        """How dates that we owe move: (name, of_code) -> in how many cases each way."""
        found: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
        for date_moved in (each for one in self.asking for each in one.moved_duties):
            found[date_moved.name, date_moved.of_code][date_moved.way] += 1
        return found


def open_by_version(viewer: Viewer) -> list[tuple[Deployment, int]]:
    """The versions that open cases are on, newest first, with how many there are on each."""
    must_move(viewer)
    counted = (
        select(Instance.deployment_id, func.count())
        .where(Instance.landlord_id == viewer.landlord_id, Instance.completed.is_(False))
        .group_by(Instance.deployment_id)
    )
    numbers = {id: number for id, number in db.session.execute(counted)}
    rows = deployments.history(viewer.landlord_id)
    return [(row, numbers[row.id]) for row in rows if row.id in numbers]


def rehearse(viewer: Viewer, number: int | None = None, after: str = "") -> Rehearsal:
    """What moving open cases to a version, the live one by default, would do. Nothing is saved.

    after: the reference after which to go on. Raises NotFound for a number that never was.
    """
    must_move(viewer)
    target = target_of(viewer.landlord_id, number)
    waiting = _not_on(viewer, target)
    total = db.session.scalar(select(func.count()).select_from(waiting.subquery())) or 0
    onward = waiting.where(Case.reference > after).order_by(Case.reference).limit(MOST + 1)
    found = db.session.scalars(onward).unique().all()
    cases = [_rehearsed(instance, target) for instance in found[:MOST]]
    return Rehearsal(target, total, cases, len(found) > MOST)


def _not_on(viewer: Viewer, target: Deployment) -> Select[Instance]:
    query = (
        select(Instance)
        .join(Instance.case)
        .where(
            Instance.landlord_id == viewer.landlord_id,
            Instance.completed.is_(False),
            Instance.deployment_id != target.id,
        )
    )
    return unconflicted(query, viewer)


def target_of(landlord_id: str, number: int | None) -> Deployment:
    rows = deployments.history(landlord_id)
    live = deployments.live(landlord_id).id
    wanted = [row for row in rows if (row.id == live if number is None else row.number == number)]
    if not wanted or wanted[0].called_off_at:
        raise NotFound
    return wanted[0]


def _rehearsed(instance: Instance, target: Deployment) -> Rehearsed:
    session = db.session()
    step = steps.step_on(session, instance, steps.PROCEDURE)
    number = session.get_one(Deployment, (instance.landlord_id, instance.deployment_id)).number
    before = sorted({task.name for task in step.file.tasks.values()}) or ["Nobody’s turn"]
    told = Rehearsed(instance.id, step.case, number, before)
    try:
        after, snapshot = moved(step, target.id)
    except (EngineRefused, NotFound) as refused:
        return Rehearsed(instance.id, step.case, number, before, refused=_why(refused))
    waits = sorted({task.name for task in snapshot.tasks.values()}) or ["Nobody’s turn"]
    dates = list(dates_of(step, after, snapshot))
    return Rehearsed(
        told.instance_id, step.case, number, before, waits, dates, list(happens(after, snapshot))
    )


def _why(refused: Exception) -> str:
    return str(refused) if isinstance(refused, EngineRefused) else NO_KIND


def moved(step: steps.Step, target_id: str) -> tuple[Deployed, Snapshot]:
    """The case under the other version. Raises EngineRefused and NotFound (no such kind)."""
    instance = step.instance
    if instance.held:
        raise CannotMove("", HELD)
    if instance.next_due_at and instance.next_due_at <= step.now:
        raise CannotMove("", DUE_NOW)
    after = deployments.pinned(instance.landlord_id, target_id, step.case.kind)
    before, step.deployed = step.deployed, after
    try:  # what Putright keeps by itself is what the new version declares
        stored = Stored(instance.state, instance.facts, kept_facts(step))
    finally:
        step.deployed = before
    snapshot = move(before.procedure, after.procedure, stored, step.now, step.calendar)
    if snapshot.stuck:
        raise CannotMove("", "Nobody and nothing could move the case any further there.")
    return after, snapshot


def dates_of(step: steps.Step, after: Deployed, snapshot: Snapshot) -> Iterator[DateMoved]:
    """Every open deadline before and after, the Code's among them."""
    own = [row for row in step.file.deadlines if not code_clocks.of_code(row)]
    over = {(row.host, row.element) for row in own if row.met_on or row.ended_at}
    was = {(row.host, row.element): row for row in own}
    now = {key: armed for key, armed in snapshot.deadlines.items() if key in was or not armed.fired}
    for key in dict.fromkeys((*was, *now)):
        if key in over:
            continue
        row, armed = was.get(key), now.get(key)
        drawn = after.elements.get(key[1])
        name = row.name if row else label(drawn)
        kind = deadlines.kind_of(drawn) if drawn else row.kind if row else ""
        due_on = armed.due_on if armed else None
        yield DateMoved(name, row.due_on if row else None, due_on, kind == "duty")
    yield from _dates_of_code(step, after, snapshot)


def label(timer: Element | None) -> str:
    return (timer.properties.get("label") or timer.name) if timer else ""


def _dates_of_code(step: steps.Step, after: Deployed, snapshot: Snapshot) -> Iterator[DateMoved]:
    rows = {row.element: row for row in step.file.deadlines if code_clocks.of_code(row)}
    before, step.deployed = step.deployed, after
    try:
        now = code_clocks.dates(step, rows.values())
    finally:
        step.deployed = before
    for id, row in rows.items():
        if not row.met_on and not row.ended_at:
            yield DateMoved(row.name, row.due_on, now.get(id), True, of_code=True)


def happens(after: Deployed, snapshot: Snapshot) -> Iterator[str]:
    for event in snapshot.events:
        drawn = after.elements.get(event.element)
        name = (drawn.properties.get("label") or drawn.name) if drawn else event.element
        match event.action:
            case "sent":
                yield f"“{name}” goes out at once"
            case "due":
                yield f"“{name}” falls due at once"
            case "ended":
                yield "the procedure ends at once"
            case "opened":
                yield f"“{name}” is to be done"
            case "closed":
                yield f"“{name}” is called off"


def must_move(viewer: Viewer) -> None:
    """Raises NotAllowed for whoever may not move cases."""
    if not viewer.can("move_cases"):
        raise NotAllowed
