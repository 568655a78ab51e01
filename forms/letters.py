"""The parts of a letter that are typed in a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from forms import repeats, words
from forms.components import Field, Group, Node
from forms.readable import said_answer

Parts: TypeAlias = dict[str, str | list[str]]  # by name: paragraphs, or the lines of a list


def parts(tree: Sequence[Node], answers: Mapping[str, Any]) -> Parts:
    """Plain text by part name, of the fields with a letter_part that are answered.

    Several fields of one part follow each other as paragraphs. What is asked for each point comes
    under "1. The leak was not repaired", with "Outcome: Upheld" for what was chosen. A list of
    promises is a list: "Repair the gate — Repairs, by Friday 5 January 2024".
    """
    found: dict[str, list[str]] = {}
    lists: Parts = {}
    _collect(tree, answers, found, lists)
    return {part: "\n\n".join(paragraphs) for part, paragraphs in found.items()} | lists


def _collect(
    nodes: Sequence[Node],
    answers: Mapping[str, Any],
    found: dict[str, list[str]],
    lists: Parts,
) -> None:
    for node in nodes:
        if isinstance(node, Group):
            of_group: dict[str, list[str]] = {}
            _collect(node.children, answers, of_group, lists)
            for part, paragraphs in of_group.items():
                heading = [repeats.heading(node)] if node.row else []
                found.setdefault(part, []).extend(heading + paragraphs)
            if node.letter_part and (lines := _promises(node, answers)):
                lists[node.letter_part] = lines
        elif isinstance(node, Field) and "letter_part" in node.properties:
            answer = answers.get(node.key, node.blank)
            if answer != node.blank and answer != "0.00":  # no letter promises £0
                named = node.properties["letter_part"]
                found.setdefault(named, []).append(_paragraph(node, answer))


def _paragraph(field: Field, answer: Any) -> str:
    said = said_answer(field, answer)
    return f"{field.label}: {said}" if field.row and field.kind not in ("text", "lines") else said


def _promises(group: Group, answers: Mapping[str, Any]) -> list[str]:
    rows = [child.row.id for child in group.children if isinstance(child, Group) and child.row]
    return [
        promise_line(
            answers[f"promise_text__{row}"],
            answers.get(f"promise_who__{row}", ""),
            answers.get(f"promise_by__{row}"),
        )
        for row in rows
        if answers.get(f"promise_text__{row}")
    ]


def promise_line(what: str, who: str, by: str | None) -> str:
    """Repair the gate — Repairs, by Friday 5 January 2024; a full stop before the dash goes."""
    day = f"by {words.said_day(date.fromisoformat(by))}" if by else ""
    details = ", ".join(filter(None, (" ".join(who.split()), day)))
    said = " ".join(what.split())
    return f"{said.removesuffix('.')} — {details}" if details else said
