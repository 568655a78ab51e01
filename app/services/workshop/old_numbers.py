"""A limit was changed, and something still says the old number: a letter, a form, a target, a name.

Nobody can tell for sure what such words are about, so it is a warning, with the words themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from app.engine import EngineRefused, Problem
from app.engine.checks.limits import COUNTED
from app.engine.diagram import Element, read_diagram
from app.services.contents import Files

IN_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)
AROUND = 40  # characters shown before and after
NOT_READ = ("stories/", "demo/")  # they are played, and then say so themselves
Count = tuple[int, str]  # of working days, calendar days or months


def old_numbers(before: Files, after: Files) -> Iterator[Problem]:
    """What still says a number that a changed limit had, once for each file and number."""
    for (n, unit), limits in _changed(before, after).items():
        old = re.compile(rf"\b(?:{n}|{_word(n)}) {unit}s?\b", re.IGNORECASE)
        for path, text in _texts(after):
            if said := old.search(text):
                words = text[max(0, said.start() - AROUND) : said.end() + AROUND]
                message = (
                    f"still says “{said[0]}” (… {' '.join(words.split())} …). "
                    f"{', '.join(limits)}: is it about that?"
                )
                yield Problem(path, "", message, "warning")


def _word(n: int) -> str:
    return IN_WORDS[n] if n < len(IN_WORDS) else str(n)


def _changed(before: Files, after: Files) -> dict[Count, list[str]]:
    """The counts that limits had and have no more; for each, in words, what they count now."""
    found: dict[Count, list[str]] = {}
    paths = (p for p in after if p.endswith(".bpmn") and p in before and before[p] != after[p])
    for path in sorted(paths):
        was, now = (_limits(path, files[path]) for files in (before, after))
        for id in now.keys() & was.keys():
            (old, drawn), (new, redrawn) = was[id], now[id]
            if old != new:
                renamed = f", and is called “{redrawn.name}”" if drawn.name != redrawn.name else ""
                found.setdefault(old, []).append(f"“{drawn.name}” counts {new[0]} now{renamed}")
    return found


def _limits(path: str, body: bytes) -> Mapping[str, tuple[Count, Element]]:
    try:
        elements = read_diagram(path, body).elements
    except EngineRefused:
        return {}
    found = {id: COUNTED.search(e.expression or "") for id, e in elements.items()}
    return {
        id: ((int(count["n"]), count["unit"].replace("_", " ")), elements[id])
        for id, count in found.items()
        if count
    }


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
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)
