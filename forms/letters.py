"""The parts of a letter that are typed in a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forms.components import Field, Group, Node
from forms.readable import said_answer


def parts(tree: Sequence[Node], answers: Mapping[str, Any]) -> dict[str, str]:
    """Plain text by part name, of the fields with a letter_part that are answered.

    Several fields of one part follow each other as paragraphs. What is asked for each point comes
    under "1. The leak was not repaired", with "Outcome: Upheld" for what was chosen.
    """
    found: dict[str, list[str]] = {}
    _collect(tree, answers, found)
    return {part: "\n\n".join(paragraphs) for part, paragraphs in found.items()}


def _collect(
    nodes: Sequence[Node], answers: Mapping[str, Any], found: dict[str, list[str]]
) -> None:
    for node in nodes:
        if isinstance(node, Group):
            of_group: dict[str, list[str]] = {}
            _collect(node.children, answers, of_group)
            for part, paragraphs in of_group.items():
                heading = [f"{node.number}. {node.point.label}"] if node.point else []
                found.setdefault(part, []).extend(heading + paragraphs)
        elif isinstance(node, Field) and "letter_part" in node.properties:
            answer = answers.get(node.key, node.blank)
            if answer != node.blank and answer != "0.00":  # no letter promises £0
                named = node.properties["letter_part"]
                found.setdefault(named, []).append(_paragraph(node, answer))


def _paragraph(field: Field, answer: Any) -> str:
    said = said_answer(field, answer)
    return f"{field.label}: {said}" if field.point and field.kind not in ("text", "lines") else said
