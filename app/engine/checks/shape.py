"""Rules about the shape of a diagram: where tokens come from, meet, wait and end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.engine.checks.draft import ACTIVITIES, WAITS, Draft, at
from app.engine.diagram import Element
from app.engine.problems import Problem

MAX_ELEMENTS = 40  # of one diagram: more cannot be read on a page
SPLITS = ("parallelGateway", "inclusiveGateway")


def each_scope_starts_once(draft: Draft) -> Iterator[Problem]:
    """A process or subprocess begins in one place."""
    for (process, parent), elements in draft.scopes.items():
        starts = [e for e in elements if e.kind == "startEvent"]
        if len(starts) != 1:
            where = parent or process
            what = "take away all but one" if starts else "draw it"
            message = f"needs one start event, and has {len(starts)}; {what}"
            yield Problem(elements[0].file, where, message)
        for start in starts:
            if start.incoming:
                yield at(start, "an arrow leads into the start; draw a gateway after it instead")


def arrows_stay_inside(draft: Draft) -> Iterator[Problem]:
    """An arrow joins two elements of the same process and subprocess."""
    for element in draft.elements.values():
        for flow in element.outgoing:
            target = draft.elements.get(flow.target)
            if target is None:
                yield at(
                    element,
                    f"the arrow {flow.id!r} leads to nothing that can be run; redraw it",
                )
            elif (target.process, target.parent) != (element.process, element.parent):
                yield at(
                    element,
                    f"the arrow {flow.id!r} leaves its process or subprocess; use a call activity",
                )
            elif target.attached_to:
                yield at(
                    target, "an arrow leads into an event on the edge of an activity; take it away"
                )


def gateways_join_ways(draft: Draft) -> Iterator[Problem]:
    """Two arrows into a task would start it twice."""
    for element in draft.of_kind(*ACTIVITIES, "timer", "message", "eventBasedGateway"):
        if len(element.incoming) > 1:
            yield at(element, "two arrows lead into it; draw an exclusive gateway that joins them")


def gateways_split_ways(draft: Draft) -> Iterator[Problem]:
    """Only a gateway can send a token one of several ways."""
    for element in draft.of_kind(*ACTIVITIES, "timer", "message", "startEvent"):
        if len(element.outgoing) > 1:
            yield at(element, "two arrows lead out of it; draw a gateway that splits them")
        if any(flow.condition for flow in element.outgoing):
            yield at(element, "the condition on its arrow would be ignored; draw a gateway")


def choices_are_complete(draft: Draft) -> Iterator[Problem]:
    """Where facts choose the way, one way is always open: the default."""
    for gateway in draft.of_kind("exclusiveGateway", "inclusiveGateway"):
        if len(gateway.outgoing) < 2:
            continue
        if not any(flow.default for flow in gateway.outgoing):
            yield at(gateway, "needs a default arrow, taken when no condition is true")
        for flow in gateway.outgoing:
            if flow.default and flow.condition:
                yield at(
                    gateway,
                    f"the condition on the default arrow {flow.id!r} is ignored; take it away",
                )
            if not flow.default and not flow.condition:
                yield at(
                    gateway,
                    f"the arrow {flow.id!r} needs a condition; write a question about facts",
                )


def other_gateways_have_no_conditions(draft: Draft) -> Iterator[Problem]:
    """A parallel gateway takes every way, an event-based one the way of the first event."""
    for gateway in draft.of_kind("parallelGateway", "eventBasedGateway"):
        for flow in gateway.outgoing:
            if flow.condition:
                yield at(
                    gateway,
                    f"the condition on the arrow {flow.id!r} would be ignored; take it away",
                )


def gateways_do_one_thing(draft: Draft) -> Iterator[Problem]:
    """A gateway that joins and splits at once cannot be read, nor checked."""
    for gateway in draft.of_kind(*SPLITS):
        if len(gateway.incoming) > 1 and len(gateway.outgoing) > 1:
            yield at(gateway, "joins and splits at once; draw two gateways")


def everything_is_reached(draft: Draft) -> Iterator[Problem]:
    """What no way leads to would silently be left out."""
    for elements in draft.scopes.values():
        reached = draft.after(e for e in elements if e.kind == "startEvent")
        for element in elements:
            if element.id not in reached:
                yield at(
                    element,
                    "no way leads here from the start; draw an arrow to it, or take it away",
                )


def everything_leads_on(draft: Draft) -> Iterator[Problem]:
    """Every way ends in an end event, or goes on beside the case for as long as there is one."""
    for element in draft.elements.values():
        if element.kind == "endEvent":
            if element.outgoing:
                yield at(element, "an arrow leads out of the end; take it away")
        elif not element.outgoing and element.properties.get("keeps_open") != "no":
            where = "draw what happens then" if element.attached_to else "end it with an end event"
            yield at(element, f"leads nowhere; {where}")


def loops_wait(draft: Draft) -> Iterator[Problem]:
    """A round without a person or a date in it would never stop."""
    for elements in draft.scopes.values():
        automatic = {e.id for e in elements if not _waits(draft, e)}
        for element in elements:
            ahead = [e for e in draft.next_of(element) if e.id in automatic]
            seen = draft.after(ahead, stop=lambda e, ids=automatic: e.id not in ids)  # type: ignore[misc]
            if element.id in automatic and element.id in seen:
                yield at(
                    element,
                    "goes round without ever waiting for a person or a date; draw a task",
                )


def _waits(draft: Draft, element: Element) -> bool:
    """Does every token wait here? A call or subprocess is trusted to, if anything in it does."""
    if element.kind in ("callActivity", "subProcess"):
        return any(inner.kind in WAITS for inner in draft.inside(element))
    return element.kind in WAITS


def calls_do_not_circle(draft: Draft) -> Iterator[Problem]:
    """A process that calls itself, also by way of others, would never be done."""
    for call in draft.of_kind("callActivity"):
        if any(inner.id == call.id for inner in draft.inside(call)):
            yield at(
                call,
                f"the process {call.calls!r} comes back to this call; loop with a gateway",
            )


def diagrams_can_be_read(draft: Draft) -> Iterator[Problem]:
    """A diagram that does not fit a page is better split into stages."""
    for diagram in draft.diagrams:
        if (size := len(diagram.elements)) > MAX_ELEMENTS:
            message = f"has {size} elements; split it: more than {MAX_ELEMENTS} cannot be read"
            yield Problem(diagram.file, None, message, "warning")


def joins_can_be_reached(draft: Draft) -> Iterator[Problem]:
    """A parallel join waits for every one of its ways; they must be ways of one split."""
    for join in draft.of_kind("parallelGateway"):
        if len(join.incoming) < 2:
            continue
        splits = (s for s in draft.of_kind(*SPLITS) if len(s.outgoing) > 1)
        if not any(join.id in meeting_of(draft, split) for split in splits):
            yield at(
                join,
                "would wait for ever: its ways are not those of one parallel split; "
                "draw that split, or join with an exclusive gateway",
            )


def branches_do_not_end(draft: Draft) -> Iterator[Problem]:
    """A way that ends before its join leaves the join waiting for ever."""
    for split in draft.of_kind("parallelGateway"):
        for join in meeting_of(draft, split)[:1]:
            block = _between(draft, split, join)
            for element in block.values():
                if element.kind == "endEvent":
                    message = (
                        f"ends a parallel way that {join!r} goes on waiting for; lead it there"
                    )
                    yield at(element, message)


def inclusive_blocks_are_closed(draft: Draft) -> Iterator[Problem]:
    """Inclusive gateways run right only as blocks: one split, one join, no other way in or out."""
    joins = {g.id for g in draft.of_kind("inclusiveGateway") if len(g.incoming) > 1}
    for split in draft.of_kind("inclusiveGateway"):
        if len(split.outgoing) < 2:
            continue
        join = next((j for j in meeting_of(draft, split) if j in joins), None)
        if join is None:
            yield at(split, "its ways need one inclusive gateway at which all of them meet again")
            continue
        joins.discard(join)
        block = _between(draft, split, join)
        if split.id in block or _entered_from_outside(draft, block, split.id):
            yield at(
                split, f"an arrow leads into the block between it and {join!r}; lead it to before"
            )
    for join in sorted(joins):
        yield at(
            draft.elements[join],
            "joins ways that no inclusive gateway has split; use another gateway",
        )


def meeting_of(draft: Draft, split: Element) -> list[str]:
    """The joins that every way out of a split can reach, nearest first."""
    ways = [
        draft.after([target], stop=lambda e: e.id == split.id, side_ways=False)
        for flow in split.outgoing
        if (target := draft.elements.get(flow.target)) is not None
    ]
    if len(ways) < 2:
        return []
    common = set(ways[0]).intersection(*ways[1:])
    joins = [e for e in _nearest_first(draft, split) if e.id in common and len(e.incoming) > 1]
    return [e.id for e in joins if e.kind in SPLITS]


def _nearest_first(draft: Draft, begin: Element) -> Iterable[Element]:
    seen, queue = {begin.id}, [begin]
    for element in queue:
        for target in draft.next_of(element, side_ways=False):
            if target.id not in seen:
                seen.add(target.id)
                queue.append(target)
    return queue


def _between(draft: Draft, split: Element, join: str) -> dict[str, Element]:
    """The elements that the split's ways pass before the join, without side ways."""
    begin = [e for e in draft.next_of(split, side_ways=False)]
    block = draft.after(begin, stop=lambda e: e.id == join, side_ways=False)
    return {key: element for key, element in block.items() if key != join}


def _entered_from_outside(draft: Draft, block: dict[str, Element], split: str) -> bool:
    inside = {*block, split}
    sources = {flow.source for e in block.values() for flow in e.incoming}
    side_events = {e.id for key in inside for e in draft.boundary.get(key, ())}
    side = draft.after([draft.elements[e] for e in side_events])
    return bool(sources - inside - side.keys())
