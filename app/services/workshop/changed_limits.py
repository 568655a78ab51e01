"""What a changed limit asks to be looked at: words that still say the old number, and the Code.

Nobody can tell for sure what such words are about, so it is a warning, with the words themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.engine import EngineRefused, Problem
from app.engine.checks.limits import COUNTED
from app.engine.diagram import Element, read_diagram
from app.errors import DeploymentRefused
from app.services.contents import Contents, Files

IN_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)
AROUND = 40  # characters shown before and after
NOT_READ = ("stories/", "demo/")  # they are played, and then say so themselves
SAYS = {"title", "label", "dateLabel", "text", "description"}  # keys of a form
Count = tuple[int, str]  # of working days, calendar days or months


class Changed(NamedTuple):
    """A limit whose number is another: what it counted and counts, and the clock before and now."""

    old: Count
    new: Count
    was: Element
    now: Element


def to_look_at(before: Files, after: Contents) -> Iterator[Problem]:
    """The warnings. before: the files of the version that a draft goes out from."""
    changed = list(_changed(before, after.files))
    if changed:
        yield from _old_numbers(changed, after.files)
        yield from _beyond_the_code(changed, after)


def _old_numbers(changed: list[Changed], files: Files) -> Iterator[Problem]:
    """What still says a number that a limit had, once for each file and number."""
    counts: dict[Count, list[str]] = {}
    for one in changed:
        renamed = f", and is called “{one.now.name}”" if one.was.name != one.now.name else ""
        says = f"“{one.was.name}” counts {one.new[0]} now{renamed}"
        counts.setdefault(one.old, []).append(says)
    for (n, unit), limits in counts.items():
        old = re.compile(rf"\b(?:{n}|{_word(n)}) {unit}s?\b", re.IGNORECASE)
        for path, text in _texts(files):
            if said := old.search(text):
                words = text[max(0, said.start() - AROUND) : said.end() + AROUND]
                message = (
                    f"still says “{said[0]}” (… {' '.join(words.split())} …). "
                    f"{', '.join(limits)}: is it about that?"
                )
                yield Problem(path, "", message, "warning")


def _beyond_the_code(changed: list[Changed], after: Contents) -> Iterator[Problem]:
    """Limits that are longer now than what the Ombudsman's Code gives for the same."""
    try:
        code, ours = after.code, after.landlord.code
    except (DeploymentRefused, ValueError, KeyError):  # lint says what is wrong with them
        return
    for one in changed:
        for clock in code.clocks if code else ():
            given = _count(clock.rule)
            fact = ours.facts.get(clock.met_by, clock.met_by)
            met_by = one.now.properties.get("met_by", "")
            same = one.now.id == ours.beside.get(clock.id, clock.beside) and not met_by
            if not fact or not (same or met_by == fact) or given is None:
                continue
            if given[1] == one.new[1] and one.new[0] > given[0]:
                said = (
                    f"counts {one.new[0]} {one.new[1]}s, and the Code gives {given[0]} "
                    f"({clock.paragraph}): its own date stands beside, and the earlier one counts"
                )
                yield Problem(one.now.file, one.now.id, said, "warning")


def _word(n: int) -> str:
    return IN_WORDS[n] if n < len(IN_WORDS) else str(n)


def _changed(before: Files, after: Files) -> Iterator[Changed]:
    """Each limit that counts otherwise than before."""
    paths = (p for p in after if p.endswith(".bpmn") and p in before and before[p] != after[p])
    for path in sorted(paths):
        was, now = (_limits(path, files[path]) for files in (before, after))
        for id in sorted(now.keys() & was.keys()):
            (old, drawn), (new, redrawn) = was[id], now[id]
            if old != new:
                yield Changed(old, new, drawn, redrawn)


def _limits(path: str, body: bytes) -> Mapping[str, tuple[Count, Element]]:
    try:
        elements = read_diagram(path, body).elements
    except EngineRefused:
        return {}
    found = {id: _count(e.expression or "") for id, e in elements.items()}
    return {id: (count, elements[id]) for id, count in found.items() if count}


def _count(rule: str) -> Count | None:
    found = COUNTED.search(rule)
    return (int(found["n"]), found["unit"].replace("_", " ")) if found else None


def _texts(files: Files) -> Iterator[tuple[str, str]]:
    """What people read of each file."""
    for path, body in sorted(files.items()):
        if path.startswith(NOT_READ) or path.endswith(".dmn"):
            continue
        try:
            yield path, _words(path, body)
        except (ValueError, EngineRefused):  # lint says what is wrong with it
            continue


def _words(path: str, body: bytes) -> str:
    if path.endswith(".bpmn"):
        elements = read_diagram(path, body).elements.values()
        told = (
            ("" if e.expression else e.name, e.properties.get("label", ""), e.documentation)
            for e in elements  # names of limits are held to their own rules
        )
        return "\n".join(words for each in told for words in each if words)
    if path.endswith(".form"):
        return "\n".join(_strings(json.loads(body)))
    return body.decode()


def _strings(value: object) -> Iterator[str]:
    """What a form says, as against how it works."""
    if isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, str) and key in SAYS:
                yield each
            yield from _strings(each)
