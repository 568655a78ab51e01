"""Sentences: what a person reads when an answer is missing or wrong, and how values are said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from forms.components import Block, Field

NOT_ANSWERED = "Not answered"
NOT_KNOWN = "not known yet"

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_POUNDS = re.compile(r"-?\d+\.\d\d", re.ASCII)
_CLAUSE = re.compile(r"(what|why|how|when|where|who|which|whether) ", re.IGNORECASE)
_ORDER = re.compile(
    r"(add|choose|confirm|describe|enter|explain|give|list|pick|put|say|select|tell|tick|write) ",
    re.IGNORECASE,
)
_DETERMINED = re.compile(
    r"(a|an|the|your|our|their|his|her|its|my|any|all|each|every|this|that|these|those|who|no) ",
    re.IGNORECASE,
)


def missing(field: Field) -> str:
    """What to do about a required field that is empty: the owner's own words if there are any."""
    label = field.label.strip().rstrip(":.")
    if field.properties.get("error"):
        return field.properties["error"]
    if _ORDER.match(label):
        return label
    if field.kind == "tick":
        return f"Tick the box “{label}”"
    if field.kind == "files":
        return f"Add a file for “{label}”"
    if label.endswith("?"):
        verb = {"choice": "Choose an answer to", "choices": "Choose an answer to"}
        return f"{verb.get(field.kind, 'Answer')} “{label}”"
    if field.kind == "date" and label.lower().startswith("when "):
        return f"Enter the date {label[5:]}"
    if _CLAUSE.match(label):
        return f"Tell us {_lowered(label)}"
    verb_alone = "Choose" if field.kind in ("choice", "choices") else "Enter"
    article = "" if _DETERMINED.match(label) else "the "
    return f"{verb_alone} {article}{_lowered(label)}"


def misshapen(field: Field) -> str:
    """What to do about a text that its pattern does not fit; the hint says how it should be."""
    return f"Check {subject(field)}" + (f": {field.hint}" if field.hint else "")


def subject(field: Field) -> str:
    """Who "must be …" is said of."""
    label = field.label.strip().rstrip(":.")
    if not label.endswith("?") and not _CLAUSE.match(label) and not _ORDER.match(label):
        return label
    return "The date" if field.kind == "date" else f"Your answer to “{label}”"


def day_parts(names: Sequence[str]) -> str:
    """a day / a day and a month / a day, a month and a year"""
    said = [f"a {name}" for name in names]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def said_day(day: date) -> str:
    """Friday 27 November 2026"""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def said_pounds(amount: Decimal) -> str:
    """£1,500.50, and £150 for whole pounds"""
    text = f"{abs(amount):,.2f}".removesuffix(".00")
    return f"{'-' if amount < 0 else ''}£{text}"


def said(value: Any) -> str:
    """A stored fact as a person says it."""
    if value is None or value == "" or value == []:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(said(item) for item in value)
    text = str(value)
    if _DAY.fullmatch(text):
        return said_day(date.fromisoformat(text))
    if _POUNDS.fullmatch(text):
        return said_pounds(Decimal(text))
    return text if " " in text else text.replace("_", " ")


def blocks(text: str) -> tuple[Block, ...]:
    """The little Markdown of a text component: # headings, - lists, paragraphs. No HTML."""
    found: list[Block] = []
    for line in (line.strip() for line in text.splitlines()):
        last = found[-1] if found else None
        if not line:
            found.append(Block("paragraph", ()))  # ends what came before
        elif line.startswith("#"):
            found.append(Block("heading", (line.lstrip("# "),)))
        elif line.startswith(("- ", "* ")):
            before = found.pop().lines if last and last.kind == "list" else ()
            found.append(Block("list", (*before, line[2:].strip())))
        elif last and last.kind == "paragraph" and last.lines:
            found[-1] = Block("paragraph", (f"{last.lines[0]} {line}",))
        else:
            found.append(Block("paragraph", (line,)))
    return tuple(block for block in found if block.lines)


def placeholders(found: Sequence[Block]) -> Iterator[str]:
    """The facts named in the text."""
    for block in found:
        for line in block.lines:
            yield from _PLACEHOLDER.findall(line)


def filled(found: Sequence[Block], facts: Mapping[str, Any]) -> tuple[Block, ...]:
    """The text with its facts said in words."""

    def one(match: re.Match[str]) -> str:
        return said(facts.get(match[1]))

    return tuple(
        replace(block, lines=tuple(_PLACEHOLDER.sub(one, line) for line in block.lines))
        for block in found
    )


def _lowered(label: str) -> str:
    """The label inside a sentence: "I was told" and "MP's name" keep their capitals."""
    first = label.split(" ", 1)[0]
    keeps = first == "I" or first.startswith("I’") or any(c.isupper() for c in first[1:])
    return label if keeps else label[:1].lower() + label[1:]
