"""landlord.toml as fields on pages, and back again with its comments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError

from app.engine import Element
from app.errors import BadInput
from app.landlords import Landlord
from app.services.contents import Contents
from app.services.kinds import title_of
from app.services.reporting.afterwards import ANSWERS
from app.services.workshop import naming, toml_tables, vocabulary
from app.services.workshop.landlord_sections import NATIONS, Ask, Kind, Part, Section
from app.services.workshop.landlord_values import value_of
from app.services.workshop.letter_fields import facts_of, readable

ID = re.compile(r"[a-z][a-z0-9_]{0,40}")
NEW = "+"  # the entry that is not there yet
WRONG = "wrong"  # an entry whose own name cannot be taken, while the rest of it is looked at
NO_FACT = "-"  # typed for the "" of [code.facts]
OF_THE_CODE: Mapping[Kind, str] = {"day_fact": "date", "days_fact": "int"}  # a fact of this type
BY_HINT = ("literal_error", "string_pattern_mismatch")  # problems whose cure is the hint
Places = Mapping[tuple[str | int, ...], str]  # where pydantic says it is -> entry
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
    drawn = [*vocabulary.drawn(contents.files)]
    diagrams = {process: name for _, process, name in vocabulary.processes(contents)}
    clocks = _told_apart([e for e in drawn if e.kind == "timer"], drawn, diagrams)
    stages = {e.stage: e.name or e.stage for e in drawn if e.stage}
    procedures = readable(lambda: contents.procedures) or {}
    kinds = {id: title_of(procedure) for id, procedure in procedures.items()}
    return {
        "nation": NATIONS,
        "team": {"": "Nobody", **teams},
        "clock": {"": "None", **dict(sorted(clocks.items(), key=lambda one: one[1]))},
        "stage": {"": "None", **stages},
        "kind": {"": "None", **kinds},
        "stage_or_kind": {"": "None", **stages, **kinds},
        "question": {"": "None", **_questions(contents)},
        **{
            kind: {"": "It has the same name", NO_FACT: "We keep no such fact"}
            | {fact.name: fact.label for fact in facts.values() if fact.type == type}
            for kind, type in OF_THE_CODE.items()
        },
    }


def _told_apart(
    clocks: list[Element], drawn: list[Element], diagrams: Mapping[str, str]
) -> dict[str, str]:
    """Clocks by id: name, the step they hang on, diagram; its id behind what is still the same."""
    steps = {element.id: element.name for element in drawn}
    words = {}
    for clock in clocks:
        where = [steps.get(clock.attached_to or ""), diagrams.get(clock.process, clock.file)]
        words[clock.id] = f"{clock.name or clock.id} ({', '.join(filter(None, where))})"
    twice = [told for told, n in Counter(words.values()).items() if n > 1]
    return {id: f"{told}: {id}" if told in twice else told for id, told in words.items()}


def _questions(contents: Contents) -> dict[str, str]:
    """What residents are asked about their satisfaction, by key."""
    forms = (readable(lambda: contents.forms) or {}).values()
    fields = (field for form in forms for field in form.fields)
    return {f.key: f.label for f in fields if f.key.startswith(ANSWERS) and f.options}


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
            named = _add(document, part, typed, known, errors)
            places[_place(part, named if part.shape == "named" else kept)] = NEW
    text = tomlkit.dumps(document)
    if errors := {**_refused(text, section, places, errors), **errors}:
        raise BadInput(errors)
    return text.encode()


def _place(part: Part, key: str | int) -> tuple[str | int, ...]:
    """Where pydantic says that a problem is."""
    return part.where if part.shape == "one" else (*part.where, key)


def _add(document: Any, part: Part, typed: Typed, known: Choices, errors: dict[str, str]) -> str:
    """Put a new table in. Returns its own name, made of its title where none was typed."""
    at = field_name(part, NEW, "id")
    there = toml_tables.at(document, part.where) or {}
    if part.shape == "listed":
        there = {one.get("id") for one in there}
    title = typed.get(field_name(part, NEW, "name"), "")
    id = typed.get(at, "").strip() or naming.code_of(title, there)
    if part.shape == "named":
        if not ID.fullmatch(id):
            errors[at] = "Code: use small letters, digits and _, such as repairs_team."
        elif id in there:
            errors[at] = f"There is one with the code {id} already."
        if at in errors:
            id = WRONG  # so that what is wrong with its other fields is said, too
    table = tomlkit.table()
    _write(part, NEW, table, typed, known, errors)
    if part.shape == "listed" and any(ask.name == "id" for ask in part.asks) and id:
        table.setdefault("id", id)
    toml_tables.put_in(document, part.where, id if part.shape == "named" else None, table)
    return id


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
            value: Any = (
                _chosen(said, known[ask.kind]) if ask.kind in known else value_of(ask.kind, said)
            )
            if ask.kind == "kinds" and (kinds := known["kind"]):
                _all_known(value or [], kinds)
        except ValueError as wrong:
            errors[at] = _at_field(part, id, table, ask, str(wrong))
            continue
        if value is None:
            table.pop(ask.name, None)
        else:
            toml_tables.write(table, ask.name, value)
    was, now = before.get("name", ""), str(table.get("name", ""))
    if part.key == "teams" and was and now and was != now and was not in table.get("also", []):
        toml_tables.write(table, "also", [*table.get("also", []), was])  # lanes still find it


def _at_field(part: Part, id: str, table: Any, ask: Ask | None, said: str) -> str:
    """What is wrong, behind the name of the field, and of the one of several that has it."""
    one = f"new {part.word}" if id == NEW else str(table.get("name", part.word))
    names = [] if part.shape == "one" else [one]
    names += [ask.label.removeprefix("Or: ")] if ask else []
    where = ", ".join(names)
    return f"{where[:1].upper()}{where[1:]}: {said[:1].lower()}{said[1:]}"


def _all_known(named: list[str], kinds: Mapping[str, str]) -> None:
    """Raises ValueError for what is no kind of case of these files."""
    if unknown := [one for one in named if one not in kinds]:
        there = ", ".join(filter(None, kinds))
        raise ValueError(f"No case begins in a diagram “{unknown[0]}”. There are: {there}.")


def _chosen(said: str, among: Mapping[str, str]) -> str | None:
    """What is written for a choice; None: nothing. Raises ValueError in words."""
    if said and said not in among:
        raise ValueError("Choose one of those that there are.")
    return "" if said == NO_FACT else said or None


WORDS = {
    "missing": "This is needed.",
    "int_parsing": "Use a whole number.",
    "int_type": "Use a whole number.",
    "too_short": "Give at least one.",
    "less_than_equal": "The number is too large.",
    "greater_than_equal": "The number is too small.",
    "greater_than": "The number is too small.",
}


def _refused(
    text: str, section: Section, places: Places, errors: Mapping[str, str]
) -> dict[str, str]:
    """What the reader of landlord.toml does not take, at the fields that say it.

    errors: what is wrong already. What does not fit together is said once each of it is right.
    """
    document = tomlkit.parse(text).unwrap()
    try:
        Landlord.model_validate(document)
    except ValidationError as problem:
        told = (_said(error, section, places, document) for error in problem.errors())
        wrong = {at.rpartition(".")[0] for at in errors}
        return {
            at: said for at, whole, said in told if not (whole and at.rpartition(".")[0] in wrong)
        }
    return {}


def _said(
    error: Any, section: Section, places: Places, document: Mapping[str, Any]
) -> tuple[str, bool, str]:
    """The field that a problem is about, whether it is about several of its table, and its words.

    Of several, at the field behind the name.
    """
    loc = tuple(error["loc"])
    message = WORDS.get(error["type"], error["msg"].removeprefix("Value error, "))
    for part in section.parts:
        length = len(part.where) + (part.shape != "one")
        place, rest = loc[:length], loc[length:]
        if place not in places or loc[: len(part.where)] != part.where:
            continue
        table: Any = document
        for key in place:
            table = table[key]
        ask = next((ask for ask in part.asks if rest and ask.name == rest[0]), None)
        if ask and error["type"] in BY_HINT:
            message = f"It should be {ask.hint}."
        if ask or not rest:
            at = field_name(part, places[place], ask.name if ask else part.asks[1].name)
            return at, not rest, _at_field(part, places[place], table, ask, message)
    return "file", False, f"{'.'.join(map(str, loc)) or 'landlord.toml'}: {message}"
