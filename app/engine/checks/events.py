"""Rules about events and about things that happen side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from app.engine.checks.draft import ACTIVITIES, WAITS, Draft, at
from app.engine.checks.shape import meeting_of
from app.engine.diagram import Element
from app.engine.facts import NAME, RESERVED
from app.engine.problems import Problem


def events_sit_on_activities(draft: Draft) -> Iterator[Problem]:
    """An event on the edge belongs to something that takes time."""
    for event in draft.elements.values():
        host = draft.elements.get(event.attached_to or "")
        if event.attached_to and (host is None or host.kind not in ACTIVITIES):
            yield at(event, f"sits on {event.attached_to!r}, which is no task; put it on one")


def one_limit_ends_an_activity(draft: Draft) -> Iterator[Problem]:
    """Of two timers that end the same activity, one would never matter, or chance would choose."""
    for activity, events in draft.boundary.items():
        ends = [e for e in events if e.kind == "timer" and e.interrupting]
        for event in ends[1:]:
            yield at(event, f"{activity!r} is ended by another timer already; take one away")


def one_message_one_place(draft: Draft) -> Iterator[Problem]:
    """A message wakes every event that waits for it."""
    together = dict(draft.boundary)
    together |= {
        gateway.id: draft.next_of(gateway) for gateway in draft.of_kind("eventBasedGateway")
    }
    for holder, events in together.items():
        messages = [event for event in events if event.message]
        names = Counter(event.message for event in messages)
        for event in messages:
            if names[event.message] > 1:
                yield at(
                    event,
                    f"{holder!r} waits twice for the message {event.message!r}; take one away",
                )


def messages_do_not_overlap(draft: Draft) -> Iterator[Problem]:
    """A message that a stage waits for, and something inside it too, wakes both."""
    for activity, events in draft.boundary.items():
        inner = {e.message: e for e in draft.inside(draft.elements[activity]) if e.message}
        for event in events:
            if event.message in inner:
                other = inner[event.message].id
                message = f"the message {event.message!r} wakes {other!r} as well"
                yield at(event, message, "warning")


def events_follow_event_gateways(draft: Draft) -> Iterator[Problem]:
    """An event-based gateway waits for whichever of its events comes first."""
    for gateway in draft.of_kind("eventBasedGateway"):
        targets = draft.next_of(gateway)
        if len(targets) < 2:
            yield at(gateway, "needs at least two events to wait for; draw another after it")
        for target in targets:
            if target.kind not in ("timer", "message"):
                yield at(
                    target,
                    "only timers and messages can follow an event-based gateway; draw one",
                )


def side_ways_do_not_ask(draft: Draft) -> Iterator[Problem]:
    """A person's task beside the main way keeps the case open until somebody has done it."""
    for event in draft.elements.values():
        if event.attached_to and not event.interrupting:
            for element in draft.after(draft.next_of(event)).values():
                if element.kind == "userTask":
                    message = f"keeps the case open: it stands beside the main way ({event.id})"
                    yield at(element, message, "warning")


def parallel_ways_write_apart(draft: Draft) -> Iterator[Problem]:
    """Where two ways write one fact, the later one wins, and that may be either."""
    for split in draft.of_kind("parallelGateway", "inclusiveGateway"):
        if len(split.outgoing) < 2:
            continue
        joins = set(meeting_of(draft, split)[:1]) | {split.id}
        ways = [
            draft.after([draft.elements[flow.target]], stop=lambda e, j=joins: e.id in j)  # type: ignore[misc]
            for flow in split.outgoing
            if flow.target in draft.elements
        ]
        written = [_written(draft, way, joins) for way in ways]
        twice = {fact for one, other in combinations(written, 2) for fact in one & other}
        for fact in sorted(twice):
            yield at(split, f"two of its ways write the fact {fact!r}", "warning")


def _written(draft: Draft, way: dict[str, Element], joins: set[str]) -> set[str]:
    elements = (element for key, element in way.items() if key not in joins)
    return {fact for element in elements for fact in draft.facts_written(element)}


def letters_follow_a_wait(draft: Draft) -> Iterator[Problem]:
    """A stage whose limit has passed before it begins would still send what it sends at once."""
    for activity, events in draft.boundary.items():
        if not any(e.kind == "timer" and e.interrupting for e in events):
            continue
        inside = draft.inside(draft.elements[activity])
        starts = [e for e in inside if e.kind == "startEvent"]
        for element in draft.after(starts[:1], stop=lambda e: e.kind in WAITS).values():
            if element.kind == "sendTask" and element.properties.get("letter"):
                message = f"is sent before anybody acts, even if {activity!r} is already over"
                yield at(element, message, "warning")


def panels_are_lists_of_people(draft: Draft) -> Iterator[Problem]:
    """A task or subprocess is repeated for each entry of a list; nothing else is."""
    for element in draft.elements.values():
        if not element.collection:
            continue
        if element.kind not in ("userTask", "subProcess"):
            yield at(element, "only a user task or a subprocess can be repeated for each member")
        item = element.item_name or ""
        if item in draft.facts or item in RESERVED or not NAME.fullmatch(item):
            yield at(
                element,
                f"{item!r} cannot name a member: a fact or function has that name; take another",
            )
        if any(inner.collection for inner in draft.inside(element)):
            yield at(element, "is repeated, and so is something inside it; only one level can be")
        for event in draft.boundary.get(element.id, ()):
            if event.kind == "timer" and event.interrupting:
                message = "ends a panel whose members have not all been heard"
                yield at(event, message, "warning")
