"""Reads a letter's file: front matter in TOML between lines of +++, then a little Markdown.

The Markdown: headings ## and ###, paragraphs, lists with - or 1., **bold**. The end of a line
within a paragraph is the end of a line in the letter. Besides: {{field}}, and {{#if field}}…{{/if}}
either within one paragraph or on lines of their own, with an {{#else}} if need be. A fact that is a
choice may be compared: {{#if fact == "choice"}}. Anything else is refused, with its line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.letters.fields import is_part, problem_with, problem_with_comparison
from app.letters.markdown import Refusals, read_body
from app.letters.nodes import Block, comparisons_of, fields_of

CODE = re.compile(r"\{%|%\}|<%|%>|\$\{")  # of languages that a letter is not written in
INSTEAD = "Write a field, as in {{resident_name}}, or {{#if field}} … {{/if}}."
MAX_LENGTH = 100_000  # characters of a letter's file
MAX_TITLE = 200
KEYS = {"title", "to", "requires", "decides", "valid_from", "policy"}


class LetterRefused(ValueError):
    """A letter's file cannot be used. `problems` are sentences for the process owner."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


@dataclass(frozen=True)
class LetterTemplate:
    """One version of a letter, parsed. `fields` are all that it prints or asks about.

    to: resident, representative, or the id of a body of landlord.toml. decides: it tells somebody
    a decision, so it must say where they can go next.
    """

    id: str
    title: str
    to: str
    requires: tuple[str, ...]
    decides: bool
    valid_from: date | None
    policy: str
    fields: frozenset[str]
    body: tuple[Block, ...]


def parse_letter(
    text: str,
    name: str,
    facts: Collection[str],
    choices: Mapping[str, Collection[str]] | None = None,
) -> LetterTemplate:
    """Parse a letter's file, whose name without .md is `name`: an id, or an id@2022-10-01.

    facts: the names of the landlord's declared facts; choices: what there is to choose from, of
    each fact that is a choice. Raise LetterRefused with every problem found.
    """
    problems = Refusals()
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if len(text) > MAX_LENGTH:
        raise LetterRefused([f"A letter may have at most {MAX_LENGTH:,} characters."])
    front, body_text, first_line = split_letter(text)
    letter_id, _, dated = name.partition("@")
    settings = _read_front(front, dated, problems)
    body = read_body(body_text, first_line, problems)
    _no_code(body_text, problems)
    used = fields_of(body)
    for field in sorted(used | set(settings["requires"])):
        if problem := problem_with(field, facts):
            problems.add(f"{problem}.")
    for field, value in sorted(comparisons_of(body)):
        if problem := problem_with_comparison(field, value, choices or {}):
            problems.add(f"{problem}.")
    if settings["decides"] and "ombudsman_name" not in used:
        problems.add(
            "This letter decides something, so it must say where to go next: print "
            "{{ombudsman_name}}, or ask {{#if ombudsman_name}}."
        )
    printed = fields_of(body, asked=False)
    for field in settings["requires"]:
        if field not in printed:
            problems.add(f"requires names {field}, but the text never prints {{{{{field}}}}}.")
    if problems.found:
        raise LetterRefused(problems.found)
    return LetterTemplate(id=letter_id, fields=frozenset(used), body=body, **settings)


def _no_code(text: str, problems: Refusals) -> None:
    for code in dict.fromkeys(CODE.findall(text)):
        problems.add(f"“{code}” is code of templates, which nothing runs here. {INSTEAD}")


def split_letter(text: str) -> tuple[str, str, int]:
    """Return front matter, body, and the line of the file on which the body begins.

    Raise LetterRefused for a file without front matter. Ends of lines are "\\n".
    """
    found = re.match(r"\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise LetterRefused(["A letter begins with a line +++, its title and so on, and +++."])
    return found[1], text[found.end() :], text[: found.end()].count("\n") + 1


def _read_front(front: str, dated: str, problems: Refusals) -> dict[str, Any]:
    try:
        found = tomllib.loads(front)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problems.add(f"The part between the +++ lines is not TOML: {error}.")
        found = {"title": "?"}
    for key in sorted(found.keys() - KEYS):
        problems.add(f"“{key}” is not a setting of letters; they are {', '.join(sorted(KEYS))}.")
    return {
        "title": _title(found.get("title"), problems),
        "to": _to(found.get("to", "resident"), problems),
        "requires": _requires(found.get("requires", []), problems),
        "decides": _decides(found.get("decides", False), problems),
        "valid_from": _valid_from(found.get("valid_from", dated or None), dated, problems),
        "policy": _policy(found.get("policy", ""), problems),
    }


def _title(value: object, problems: Refusals) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TITLE:
        problems.add(f"A letter needs a title of at most {MAX_TITLE} characters.")
        return ""
    if "{{" in value or "\n" in value:
        problems.add("A title is plain text on one line, without fields.")
    return value.strip()


def _to(value: object, problems: Refusals) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", value):
        problems.add(f"to = {value!r}: name who gets the letter in small letters, as in resident.")
        return ""
    return value


def _requires(value: object, problems: Refusals) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        problems.add('requires is a list, such as ["part_findings"].')
        return ()
    for name in value:
        if not is_part(name):
            problems.add(f"requires names {name}; only what staff type, part_…, can be required.")
    return tuple(dict.fromkeys(value))


def _decides(value: object, problems: Refusals) -> bool:
    if not isinstance(value, bool):
        problems.add("decides is true or false, without quotation marks.")
    return value is True


def _valid_from(value: object, dated: str, problems: Refusals) -> date | None:
    if value is None or (isinstance(value, date) and type(value) is date):
        day = value
    else:
        try:
            day = date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            problems.add(f"valid_from = {value!r} is not a date such as 2022-10-01.")
            return None
    if dated and (day is None or day.isoformat() != dated):
        problems.add(f"The file's name says @{dated}, but valid_from says {day}.")
    return day


def _policy(value: object, problems: Refusals) -> str:
    if not isinstance(value, str):
        problems.add('policy cites paragraphs as text, such as "4.1, 3.2".')
        return ""
    return value.strip()
