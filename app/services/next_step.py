"""What comes after a step, by its diagram: for the sentence “Now … Then …”."""

from __future__ import annotations

from collections.abc import Mapping

from app.engine import Element

STEPS = {"userTask", "sendTask", "callActivity", "subProcess"}
MOST = 2  # a longer choice is no answer to “what comes next?”


def next_step(elements: Mapping[str, Element], element_id: str) -> str:
    """The next named step; two where the ways divide: “Send the answer or change the answer”.

    Empty where it cannot be said. What may come from outside is no next step.
    """
    names = [*_after(elements, elements[element_id], {element_id})]
    if not names or len(names) > MOST or not all(names):
        return ""
    return " or ".join([names[0], *map(mid_sentence, names[1:])])


def mid_sentence(words: str) -> str:
    """Words for the middle of a sentence: "Write the answer" begins small, a name such as
    "Stage Two" stays as it is."""
    first, _, rest = words.partition(" ")
    is_name = rest[:1].isupper() or first[1:2].isupper()
    return words if is_name else words[:1].lower() + words[1:]


def _after(elements: Mapping[str, Element], element: Element, seen: set[str]) -> dict[str, None]:
    """The names of what comes next, along every way; empty for a way that cannot be told."""
    ways = sorted(element.outgoing, key=lambda flow: not flow.default)
    found: dict[str, None] = {}
    if not ways:
        around = _around(elements, element)
        if not around:
            return {element.name: None}
        if len(around) > 1:
            return {"": None}
        return _after(elements, around[0], seen | {around[0].id})
    for flow in ways:
        target = elements[flow.target]
        if target.kind in STEPS:
            found[target.name] = None
        elif target.id not in seen and target.kind != "message":
            seen.add(target.id)
            found |= _after(elements, target, seen)
    return found


def _around(elements: Mapping[str, Element], element: Element) -> list[Element]:
    """The subprocess that an element stands in, else the calls that lead to its diagram."""
    if element.parent:
        return [elements[element.parent]]
    return [e for e in elements.values() if e.calls == element.process]
