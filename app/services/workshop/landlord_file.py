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
from app.services.workshop.landlord_sections import Kind, Part, Section

ID = re.compile(r"[a-z][a-z0-9_]{0,40}")
NEW = "+"  # the entry that is not there yet
Typed = Mapping[str, str]


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
    here = document if part.key == "" else document.get(part.key)
    if part.shape == "one":
        yield "-", here if here is not None else {}
    elif part.shape == "named":
        yield from (here or {}).items()
    else:
        yield from ((str(n), table) for n, table in enumerate(here or ()))


def _as_typed(part: Part, table: Mapping[str, Any]) -> dict[str, str]:
    return {ask.name: _words(table.get(ask.name)) for ask in part.asks}


def _words(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def changed(body: bytes, section: Section, typed: Typed) -> bytes:
    """The file with what was typed. Raises BadInput with a message at each field that is wrong."""
    document = parsed(body)
    errors: dict[str, str] = {}
    places: dict[tuple[str | int, ...], str] = {}
    for part in section.parts:
        kept = 0
        for id, table in [*_tables(document, part)]:
            if typed.get(field_name(part, id, "remove")) == "yes":
                _take_out(document, part, id, kept)
                continue
            target = _own(document, part, id, kept, table, typed)
            if target is not None:
                _write(part, id, target, typed, errors)
            places[_place(part, id, kept)] = id
            kept += 1
        if part.shape != "one" and any(typed.get(field_name(part, NEW, a.name)) for a in part.asks):
            _add(document, part, typed, errors)
            places[_place(part, typed.get(field_name(part, NEW, "id"), ""), kept)] = NEW
    text = tomlkit.dumps(document)
    if not errors:
        errors = _refused(text, section, places)
    if errors:
        raise BadInput(errors)
    return text.encode()


def _place(part: Part, id: str, number: int) -> tuple[str | int, ...]:
    """Where pydantic says that a problem is."""
    if part.shape == "one":
        return (part.key,) if part.key else ()
    return (part.key, id if part.shape == "named" else number)


def _take_out(document: Any, part: Part, id: str, number: int) -> None:
    here = document[part.key]
    if part.shape == "named":
        here.remove(id)
    else:
        del here[number]
    if not here:
        document.remove(part.key)


def _own(document: Any, part: Part, id: str, number: int, table: Any, typed: Typed) -> Any:
    """The table to write into; one that is not there yet is made at need."""
    if part.shape != "one" or part.key == "" or part.key in document:
        return document if part.key == "" else _at(document, part, id, number)
    if any(typed.get(field_name(part, "-", ask.name)) for ask in part.asks):
        document[part.key] = tomlkit.table()
        return document[part.key]
    return None


def _at(document: Any, part: Part, id: str, number: int) -> Any:
    here = document[part.key]
    return here if part.shape == "one" else here[id if part.shape == "named" else number]


def _add(document: Any, part: Part, typed: Typed, errors: dict[str, str]) -> None:
    id = typed.get(field_name(part, NEW, "id"), "").strip()
    table = tomlkit.table()
    if part.shape == "listed":
        if part.key not in document:
            document[part.key] = tomlkit.aot()
        document[part.key].append(table)
        _write(part, NEW, table, typed, errors)
        return
    at = field_name(part, NEW, "id")
    if not ID.fullmatch(id):
        errors[at] = "Give it a code of small letters, digits and _, such as repairs_team."
    elif id in document.get(part.key, {}):
        errors[at] = f"There is one with the code {id} already."
    else:
        if part.key not in document:
            document[part.key] = tomlkit.table(is_super_table=True)
        _write(part, NEW, table, typed, errors)
        document[part.key][id] = table


def _write(part: Part, id: str, table: Any, typed: Typed, errors: dict[str, str]) -> None:
    """Put the fields of one entry into its table; what did not change is not touched."""
    before = _as_typed(part, table)
    for ask in part.asks:
        at = field_name(part, id, ask.name)
        said = typed.get(at)
        if said is None or said.split() == before[ask.name].split():
            continue
        try:
            value = _value(ask.kind, " ".join(said.split()))
        except ValueError as wrong:
            errors[at] = str(wrong)
            continue
        if value in (None, "", []):
            table.pop(ask.name, None)
        else:
            table[ask.name] = value
    was, now = before.get("name", ""), str(table.get("name", ""))
    if part.key == "teams" and was and now and was != now and was not in table.get("also", []):
        table["also"] = [*table.get("also", []), was]  # lanes still find it


def _value(kind: Kind, said: str) -> Any:
    """What is written into the file. Raises ValueError in words."""
    if not said:
        return None
    items = [item for item in re.split(r"\s*,\s*", said) if item]
    match kind:
        case "list":
            return items
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
        landlord = Landlord.model_validate(tomlkit.parse(text).unwrap())
    except ValidationError as problem:
        return dict(_said(error, section, places) for error in problem.errors())
    teams = (part for part in section.parts for ask in part.asks if ask.kind == "team")
    return {
        field_name(part, "-", ask.name): f"There is no team {named}."
        for part in dict.fromkeys(teams)
        for ask in part.asks
        if ask.kind == "team"
        and (named := getattr(landlord, ask.name))
        and landlord.team_of(named) is None
    }


def _said(
    error: Any, section: Section, places: Mapping[tuple[str | int, ...], str]
) -> tuple[str, str]:
    """The field that a problem is about, and its words."""
    loc = tuple(error["loc"])
    message = WORDS.get(error["type"], error["msg"].removeprefix("Value error, ").capitalize())
    for part in section.parts:
        length = (1 if part.key else 0) + (0 if part.shape == "one" else 1)
        if part.key != "" and loc[:1] != (part.key,):
            continue
        rest = loc[length:]
        names = [ask.name for ask in part.asks]
        name = str(rest[0]) if rest else names[0]
        if name in names and loc[:length] in places:
            return field_name(part, places[loc[:length]], name), message
    return "file", f"{'.'.join(map(str, loc)) or 'landlord.toml'}: {message}"
