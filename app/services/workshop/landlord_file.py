"""landlord.toml as fields on pages, and back again with its comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError

from app.errors import BadInput
from app.landlords import Landlord
from app.services.contents import Contents
from app.services.workshop import toml_tables, vocabulary
from app.services.workshop.landlord_sections import NATIONS, Ask, Kind, Part, Section
from app.services.workshop.letter_fields import facts_of, readable

ID = re.compile(r"[a-z][a-z0-9_]{0,40}")
NEW = "+"  # the entry that is not there yet
NO_FACT = "-"  # typed for the "" of [code.facts]
OF_THE_CODE: Mapping[Kind, str] = {"day_fact": "date", "days_fact": "int"}  # a fact of this type
Typed = Mapping[str, str]
Choices = Mapping[Kind, Mapping[str, str]]  # by kind of field: value -> words


@dataclass(frozen=True)
class Entry:
    """One table as fields. id: its own name, its place in a list, "-" alone, NEW for one to add."""

    id: str
    values: Mapping[str, str] = field(default_factory=dict)


def entries(body: bytes, part: Part, typed: Typed | None = None) -> list[Entry]:
    """What stands in the file, or was typed instead, and an empty entry to add one.

    Raises BadInput for a file that is not TOML.
    """
    found = [Entry(id, _as_typed(part, table)) for id, table in _tables(parsed(body), part)]
    if part.shape != "one":
        found.append(Entry(NEW, {"id": ""} | dict.fromkeys((ask.name for ask in part.asks), "")))
    if typed is None:
        return found
    return [
        Entry(e.id, {n: typed.get(field_name(part, e.id, n), v) for n, v in e.values.items()})
        for e in found
    ]


def field_name(part: Part, entry: str, name: str) -> str:
    """What a field is called in the page's form."""
    return f"{part.key}.{entry}.{name}"


def parsed(body: bytes) -> tomlkit.TOMLDocument:
    """The file with its comments. Raises BadInput."""
    try:
        return tomlkit.parse(body.decode())
    except (TOMLKitError, UnicodeDecodeError, RecursionError) as problem:
        said = (
            f"landlord.toml cannot be read as it is: {str(problem)[:200]}. Put back an older one."
        )
        raise BadInput({"file": said}) from None


def _tables(document: Mapping[str, Any], part: Part) -> Iterator[tuple[str, Any]]:
    here = toml_tables.at(document, part.where)
    if part.shape == "one":
        yield "-", here if here is not None else {}
    elif part.shape == "named":
        yield from (here or {}).items()
    else:
        yield from ((str(n), table) for n, table in enumerate(here or ()))


def _as_typed(part: Part, table: Mapping[str, Any]) -> dict[str, str]:
    return {ask.name: _words(ask, table.get(ask.name)) for ask in part.asks}


def _words(ask: Ask, value: Any) -> str:
    if value is None:
        return ""
    if ask.kind in OF_THE_CODE and value == "":
        return NO_FACT
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def choices(contents: Contents) -> Choices:
    """What the fields of a kind choose from, with the words for nothing."""
    landlord = readable(lambda: contents.landlord)
    facts = facts_of(contents)
    teams = {key: team.name for key, team in landlord.teams.items()} if landlord else {}
    clocks = {e.id: e.name for e in vocabulary.drawn(contents.files) if e.kind == "timer"}
    return {
        "nation": NATIONS,
        "team": {"": "Nobody", **teams},
        "clock": {"": "None", **dict(sorted(clocks.items(), key=lambda one: one[1]))},
        **{
            kind: {"": "It has the same name", NO_FACT: "We keep no such fact"}
            | {fact.name: fact.label for fact in facts.values() if fact.type == type}
            for kind, type in OF_THE_CODE.items()
        },
    }


def changed(body: bytes, section: Section, typed: Typed, known: Choices) -> bytes:
    """The file with what was typed. Raises BadInput with a message at each field that is wrong.

    known: as `choices` says.
    """
    document = parsed(body)
    errors: dict[str, str] = {}
    places: dict[tuple[str | int, ...], str] = {}
    for part in section.parts:
        kept = 0
        for id, table in [*_tables(document, part)]:
            key: str | int = id if part.shape == "named" else kept
            if typed.get(field_name(part, id, "remove")) == "yes":
                toml_tables.take_out(document, part.where, key)
                continue
            new = part.shape == "one" and toml_tables.at(document, part.where) is None
            target = tomlkit.table() if new else table
            _write(part, id, target, typed, known, errors)
            if new and target:
                toml_tables.put_one(document, part.where, target)
            places[_place(part, key)] = id
            kept += 1
        if part.shape != "one" and any(typed.get(field_name(part, NEW, a.name)) for a in part.asks):
            _add(document, part, typed, known, errors)
            named = typed.get(field_name(part, NEW, "id"), "").strip()
            places[_place(part, named if part.shape == "named" else kept)] = NEW
    text = tomlkit.dumps(document)
    if not errors:
        errors = _refused(text, section, places)
    if errors:
        raise BadInput(errors)
    return text.encode()


def _place(part: Part, key: str | int) -> tuple[str | int, ...]:
    """Where pydantic says that a problem is."""
    return part.where if part.shape == "one" else (*part.where, key)


def _add(document: Any, part: Part, typed: Typed, known: Choices, errors: dict[str, str]) -> None:
    id = typed.get(field_name(part, NEW, "id"), "").strip()
    if part.shape == "named":
        at = field_name(part, NEW, "id")
        if not ID.fullmatch(id):
            errors[at] = "Give it a code of small letters, digits and _, such as repairs_team."
        elif id in (toml_tables.at(document, part.where) or {}):
            errors[at] = f"There is one with the code {id} already."
        if at in errors:
            return
    table = tomlkit.table()
    _write(part, NEW, table, typed, known, errors)
    toml_tables.put_in(document, part.where, id if part.shape == "named" else None, table)


def _write(
    part: Part, id: str, table: Any, typed: Typed, known: Choices, errors: dict[str, str]
) -> None:
    """Put the fields of one entry into its table; what did not change is not touched."""
    before = _as_typed(part, table)
    for ask in part.asks:
        at = field_name(part, id, ask.name)
        said = typed.get(at)
        if said is None or said.split() == before[ask.name].split():
            continue
        said = " ".join(said.split())
        try:
            value = _chosen(said, known[ask.kind]) if ask.kind in known else _value(ask.kind, said)
        except ValueError as wrong:
            errors[at] = str(wrong)
            continue
        if value is None:
            table.pop(ask.name, None)
        else:
            toml_tables.write(table, ask.name, value)
    was, now = before.get("name", ""), str(table.get("name", ""))
    if part.key == "teams" and was and now and was != now and was not in table.get("also", []):
        toml_tables.write(table, "also", [*table.get("also", []), was])  # lanes still find it


def _chosen(said: str, among: Mapping[str, str]) -> str | None:
    """What is written for a choice; None: nothing. Raises ValueError in words."""
    if said and said not in among:
        raise ValueError("Choose one of those that there are.")
    return "" if said == NO_FACT else said or None


def _value(kind: Kind, said: str) -> Any:
    """What is written into the file; None: nothing. Raises ValueError in words."""
    if not said:
        return None
    items = [item for item in re.split(r"\s*,\s*", said) if item]
    match kind:
        case "list":
            return items or None
        case "whole" | "months":
            if not all(re.fullmatch(r"\d{1,4}", item, re.ASCII) for item in items):
                raise ValueError("Use whole numbers, such as 4.")
            return int(said) if kind == "whole" and len(items) == 1 else [*map(int, items)]
        case "percent":
            if not re.fullmatch(r"\d{1,4}(\.\d{1,2})?%?", said, re.ASCII):
                raise ValueError("Give a number in percent, such as 95.")
            number = float(said.rstrip("%"))
            return int(number) if number == int(number) else number
        case "date":
            try:
                return date.fromisoformat(said)
            except ValueError:
                raise ValueError("Give a date such as 2027-03-31.") from None
    if not said.isprintable():
        raise ValueError("There is a sign in it that cannot be printed.")
    return said


WORDS = {
    "missing": "This is needed.",
    "int_parsing": "Use a whole number.",
    "int_type": "Use a whole number.",
    "literal_error": "Choose one of those that the hint names.",
    "string_pattern_mismatch": "It does not have the form that the hint asks for.",
    "too_short": "Give at least one.",
    "less_than_equal": "The number is too large.",
    "greater_than_equal": "The number is too small.",
    "greater_than": "The number is too small.",
}


def _refused(
    text: str, section: Section, places: Mapping[tuple[str | int, ...], str]
) -> dict[str, str]:
    """What the reader of landlord.toml does not take, at the fields that say it."""
    try:
        Landlord.model_validate(tomlkit.parse(text).unwrap())
    except ValidationError as problem:
        return dict(_said(error, section, places) for error in problem.errors())
    return {}


def _said(
    error: Any, section: Section, places: Mapping[tuple[str | int, ...], str]
) -> tuple[str, str]:
    """The field that a problem is about, and its words."""
    loc = tuple(error["loc"])
    message = WORDS.get(error["type"], error["msg"].removeprefix("Value error, ").capitalize())
    for part in section.parts:
        length = len(part.where) + (part.shape != "one")
        if loc[: len(part.where)] != part.where:
            continue
        rest = loc[length:]
        names = [ask.name for ask in part.asks]
        name = str(rest[0]) if rest else names[0]
        if name in names and loc[:length] in places:
            return field_name(part, places[loc[:length]], name), message
    return "file", f"{'.'.join(map(str, loc)) or 'landlord.toml'}: {message}"
