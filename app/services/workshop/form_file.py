"""A form's file: its words as a list, a new one, and what Putright does with a field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.errors import BadInput
from app.services.contents import Contents
from app.services.workshop.letter_fields import readable
from forms import BoundForm, FormDefinition, Row
from forms.formjs import OLDEST_SCHEMA
from forms.questions import PROPERTIES
from forms.repeats import REPEATS

MOST_DEEP = 10  # groups in groups
Typed = Mapping[str, str]
WORDS = {  # property: what a tick or a word in it means
    "letter_part": "What is typed goes into the letter as this part",
    "fact": "The answer is kept as a fact",
    "error": "What is said when it is left empty",
    "policy": "Paragraphs of the policy",
    "money": "It is an amount in pounds",
    "person": "Offer the people of this team",
    "keeps_out": "Whoever is chosen may not see the case",
    "panel": "Choose a panel: 1 team, 2 other_team",
    "seat": "Whoever is chosen sits on the panel",
    "not_the_handler_of": "Nobody who did these tasks",
    "senior_to": "Only somebody senior to who did these tasks",
    "of": "The list fact whose members are asked",
    "points": "What is complained about, point by point",
    "for_each": "Ask this group once for each",
    "rows": "Most rows",
    "payment": "It promises a payment",
    "equality": "It is only counted, never kept with the case",
    "autocomplete": "What the browser may fill in",
    "min": "First day allowed: today, or a date",
    "max": "Last day allowed: today, or a date",
}


@dataclass(frozen=True)
class Words:
    """The words of one part of a form. at: where it stands, such as 2-0; key: empty for a text."""

    at: str
    type: str
    key: str
    label: str
    hint: str
    required: bool


def words_of(body: bytes) -> list[Words]:
    """All parts of a form that have words, in order. Raises BadInput for what is no form."""
    return [
        Words(
            at,
            str(part.get("type")),
            str(part.get("key", "")),
            str(part.get(_label(part), "")),
            str(part.get("description", "")),
            _validate(part).get("required") is True,
        )
        for at, part in _parts(_schema(body))
        if part.get("type") not in ("button", "separator", "spacer")
    ]


def reworded(body: bytes, typed: Typed) -> bytes:
    """The form with other words: its title, and label, hint and “required” of each part."""
    schema = _schema(body)
    if title := " ".join(typed.get("title", "").split()):
        schema["title"] = title
    for at, part in _parts(schema):
        label = typed.get(f"label.{at}")
        if label is None:
            continue
        label = label.replace("\r\n", "\n").strip()
        if label != str(part.get(_label(part), "")).strip():
            part[_label(part)] = label
        _set(part, "description", (typed.get(f"hint.{at}") or "").strip())
        if part.get("key"):
            required = typed.get(f"required.{at}") == "yes"
            if required != (_validate(part).get("required") is True):
                part["validate"] = {**_validate(part), "required": required}
    written = json.dumps(schema, ensure_ascii=False, indent=2).encode(errors="replace") + b"\n"
    return body if json.loads(written) == json.loads(body) else written


def title_of(body: bytes) -> str:
    """What the form is called."""
    return str(_schema(body).get("title") or "")


def new(name: str, title: str) -> bytes:
    """The file of a new form with one question."""
    question = {
        "type": "textarea",
        "id": "Field_note",
        "key": "note",
        "label": "What was done?",
        "validate": {"required": True},
    }
    schema = {"type": "default", "id": name, "schemaVersion": max(OLDEST_SCHEMA, 18)}
    whole = {"components": [question], "title": title, **schema}
    return json.dumps(whole, ensure_ascii=False, indent=2).encode(errors="replace") + b"\n"


def vocabulary(contents: Contents) -> list[dict[str, Any]]:
    """What may be said about a field besides form-js's own settings, with what to choose from."""
    landlord = readable(lambda: contents.landlord)
    teams = [[id, team.name] for id, team in landlord.teams.items()] if landlord else []
    facts = readable(lambda: contents.facts) or {}
    lists = [[fact.name, fact.label] for fact in facts.values() if fact.type == "list"]
    letters = readable(lambda: contents.letters) or {}
    required = {
        name.removeprefix("part_")
        for versions in letters.values()
        for letter in versions
        for name in letter.fields
        if name.startswith("part_")
    }
    chosen: dict[str, list[list[str]]] = {
        "person": [["*", "Everybody"], *teams],
        "of": lists,
        "for_each": [[name, repeat.word] for name, repeat in REPEATS.items()],
        "letter_part": [[name, name.replace("_", " ")] for name in sorted(required)],
    }
    return [
        {
            "name": name,
            "label": WORDS.get(name, name),
            "types": sorted(types),
            "tick": shape == "true",
            "choices": chosen.get(name, []),
        }
        for name, (types, shape) in PROPERTIES.items()
    ]


def looked_at(form: FormDefinition, contents: Contents, today: date) -> BoundForm:
    """The form as people see it, with made-up points, promises and colleagues."""
    people = {team: (("a", "Alex Example"), ("b", "Robin Example")) for team in form.teams}
    rows = {
        "point": [Row(1, "The leak was not repaired"), Row(2, "Nobody rang back")],
        "promise": [Row(1, "A new kitchen tap")],
        "copy": [Row(1, "Braille")],
        "member": [Row("a", "Alex Example")],
    }
    facts = readable(lambda: contents.facts) or {}
    said = {name: fact.default for name, fact in facts.items()}
    return form.bind(facts=said, people=people, rows=rows, today=today)


def _schema(body: bytes) -> dict[str, Any]:
    try:
        schema = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput({"form": "The file is not JSON as the form editor saves it."}) from None
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        raise BadInput({"form": "The file is not a form: it has no list of components."})
    return schema


def _parts(schema: dict[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    inside = schema.get("components")
    for number, part in enumerate(inside if isinstance(inside, list) else []):
        if isinstance(part, dict) and depth < MOST_DEEP:
            yield f"{before}{number}", part
            yield from _parts(part, f"{before}{number}-", depth + 1)


def _label(part: Mapping[str, Any]) -> str:
    if part.get("type") == "text":
        return "text"
    return "dateLabel" if part.get("type") == "datetime" and "label" not in part else "label"


def _validate(part: Mapping[str, Any]) -> dict[str, Any]:
    found = part.get("validate")
    return found if isinstance(found, dict) else {}


def _set(part: dict[str, Any], name: str, said: str) -> None:
    if said == str(part.get(name, "")).strip():
        return
    if said:
        part[name] = said
    else:
        part.pop(name, None)
