"""What a diagram of a draft may name, and what an expression in it would mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lxml import etree

from app import clock
from app.engine import EngineRefused, ExpressionRefused, FactSpec
from app.engine.checks.references import EVERYWHERE, PROPERTIES, VALUES
from app.engine.decisions import read_tables
from app.engine.diagram import BPMN, Element, read_diagram
from app.engine.expressions import evaluate
from app.engine.facts import Facts
from app.engine.typecheck import names_in
from app.errors import DeploymentRefused
from app.letters import LetterRefused
from app.services.calendars import calendar_of
from app.services.contents import Contents, Files, parsed_form
from app.services.outline import process_name, rule_words
from app.services.plain_rules import condition
from app.services.workshop.drafts import Sketch
from forms import FormRefused
from timers.calendar import expression_functions
from timers.deadlines import long_date

Choice = dict[str, str]  # value and words
BROKEN = (DeploymentRefused, EngineRefused, LetterRefused, FormRefused, ValueError, KeyError)


def known(sketch: Sketch) -> dict[str, Any]:
    """All that the fields of an element may choose from, by kind; as JSON.

    A file that cannot be read gives no choices: lint says what is wrong with it.
    """
    contents = sketch.contents
    return {
        "forms": forms(sketch.files),
        "letters": letters(contents),
        "teams": teams(contents),
        "facts": _facts(contents),
        "decisions": decisions(sketch.files),
        "paragraphs": _or_none(lambda: _paragraphs(contents)),
        "processes": _processes(contents),
        "tasks": [_choice(e.id, e.name) for e in drawn(sketch.files) if e.kind == "userTask"],
        "properties": {kind: sorted(EVERYWHERE | own) for kind, own in PROPERTIES.items()},
        "values": {name: sorted(values) for name, values in VALUES.items()},
        "today": clock.today().isoformat(),
    }


def forms(files: Files) -> list[Choice]:
    """The forms of a draft with their titles, also of those that cannot be read."""
    return [_choice(name, _title(files[path], name)) for path, name in _named(files, ".form")]


def _title(body: bytes, name: str) -> str:
    try:
        return parsed_form(body, name).title
    except FormRefused:
        return name


def letters(contents: Contents) -> list[Choice]:
    """The letters of a draft with their titles; by name alone where one cannot be read."""
    try:
        return [_choice(name, versions[0].title) for name, versions in contents.letters.items()]
    except BROKEN:
        names = {name.partition("@")[0] for _, name in _named(contents.files, ".md")}
        return [_choice(name, name) for name in sorted(names)]


def teams(contents: Contents) -> list[Choice]:
    """The teams of landlord.toml: their ids and the names of their lanes."""
    return _or_none(
        lambda: [
            _choice(key, name)
            for key, team in contents.landlord.teams.items()
            for name in (team.name, *team.also)
        ]
    )


def _facts(contents: Contents) -> list[Choice]:
    return _or_none(
        lambda: [
            _choice(fact.name, fact.label or fact.name) | {"type": fact.type}
            for fact in contents.facts.values()
        ]
    )


def decisions(files: Files) -> list[Choice]:
    """The decision tables of every file that can be read: their ids and names."""
    found: list[Choice] = []
    for path in sorted(path for path in files if path.endswith(".dmn")):
        try:
            found += [_choice(table.id, table.name) for table in read_tables(path, files[path])]
        except EngineRefused:
            continue
    return found


def _paragraphs(contents: Contents) -> list[Choice]:
    policy = contents.policy
    told = policy.paragraphs if policy else {}
    return [_choice(number, f"{number} {one.says[:90]}") for number, one in told.items()]


def _processes(contents: Contents) -> list[Choice]:
    return [
        _choice(process, process if name == process else f"{name} ({process})")
        for _, process, name in processes(contents)
    ]


def processes(contents: Contents) -> Iterator[tuple[str, str, str]]:
    """The file, the id and the name of every process that can be read."""
    for path in sorted(path for path in contents.files if path.endswith(".bpmn")):
        try:
            diagram = read_diagram(path, contents.files[path])
        except EngineRefused:
            continue
        for node in diagram.root.iterfind(f"{BPMN}process"):
            if (process := node.get("id") or "") in diagram.processes:
                yield path, process, _name(node, contents)


def _name(process: etree._Element, contents: Contents) -> str:
    try:
        return process_name(process, contents.landlord)
    except BROKEN:
        return process.get("name") or process.get("id") or ""


def drawn(files: Files) -> Iterable[Element]:
    """The elements of every diagram that can be read."""
    for path in sorted(path for path in files if path.endswith(".bpmn")):
        try:
            yield from read_diagram(path, files[path]).elements.values()
        except EngineRefused:
            continue


def _named(files: Files, ending: str) -> list[tuple[str, str]]:
    return [(path, Path(path).stem) for path in sorted(files) if path.endswith(ending)]


def _choice(value: str, words: str) -> Choice:
    return {"value": value, "words": words}


def _or_none(read: Callable[[], list[Choice]]) -> list[Choice]:
    try:
        return read()
    except BROKEN:
        return []


@dataclass(frozen=True)
class Worked:
    """What an expression says, in words. day: the date that it gives; error: why it has none."""

    words: str = ""
    day: date | None = None
    error: str = ""

    @property
    def sentence(self) -> str:
        """ "10 working days after it is acknowledged: this would be Tuesday 16 January 2024." """
        if self.error:
            return self.error
        return f"{self.words}: this would be {long_date(self.day)}." if self.day else self.words


def worked_out(contents: Contents, expression: str, on: date) -> Worked:
    """What an expression gives for an example: a case that begins, all its dates being `on`.

    By the engine's own functions and the landlord's calendar in force.
    """
    try:
        facts, nation = contents.facts, contents.landlord.nation
    except BROKEN as broken:
        return Worked(error=f"landlord.toml or facts.toml cannot be read: {broken}")
    try:
        names = _example(facts, expression, on)
        value = evaluate(expression, names, expression_functions(calendar_of(nation)))
    except ExpressionRefused as refused:
        return Worked(error=f"This cannot be worked out: {refused.reason}.")
    if isinstance(value, date):
        return Worked(rule_words(expression, facts), value)
    if value is None:
        return Worked(f"{rule_words(expression, facts)}: no date yet for a case that begins.")
    return Worked(condition(expression, facts))


def _example(facts: Mapping[str, FactSpec], expression: str, on: date) -> dict[str, Any]:
    named = names_in(expression)
    dates = {name: on for name in named if name in facts and facts[name].type == "date"}
    return {**Facts(facts, {}).values, **dates}
