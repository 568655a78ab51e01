"""A bound field as the parameters of its GOV.UK Frontend macro.

The id of a field's first input is its key, so the error summary's links put the cursor where the
answer is missing; of a date it is key-day, key-month or key-year.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from forms.components import DAY_PARTS, Field, Node
from forms.posts import TICKED, Typed

# Asked only of those to whom it applies, by a rule that the label explains.
_SOMETIMES_NEEDED = frozenset({"received_reason"})


def params(
    field: Field,
    typed: Typed,
    error: str | None = None,
    wrong_parts: Sequence[str] = (),
    small: bool = False,
) -> dict[str, Any]:
    """Made new for every page: the macros may change what they are given."""
    boxes = "govuk-checkboxes--small" if small else ""
    label = f"{field.label} (optional)" if _says_optional(field) else field.label
    common = {
        "id": field.key,
        "idPrefix": field.key,
        "name": field.key,
        "label": {"text": label, "classes": "govuk-label--s"},
        "fieldset": {"legend": {"text": label, "classes": "govuk-fieldset__legend--s"}},
        "hint": {"text": field.hint} if field.hint else None,
        "errorMessage": {"text": error} if error else None,
        "formGroup": {"attributes": attributes(field)},
        "value": next(iter(typed.get(field.key, ())), ""),
    }
    if field.kind == "date":
        return common | {"namePrefix": field.key, "items": _day(field, typed, error, wrong_parts)}
    if field.kind == "choice":
        return common | _choice(field, small)
    if field.kind == "choices":
        values = typed.get(field.key, [])
        return common | {"items": _items(field), "values": values, "classes": boxes}
    if field.kind == "tick":
        ticked = {
            "value": TICKED,
            "text": label,
            "checked": common["value"] == TICKED,
            "hint": common[
                "hint"
            ],  # under its words: above the box it would belong to the last one
        }
        return common | {"items": [ticked], "fieldset": None, "hint": None, "classes": boxes}
    if field.kind in ("lines", "points"):
        rows = 3 if field.row else 5
        return common | {"rows": rows, "autocomplete": field.properties.get("autocomplete")}
    return common | _input(field)


def attributes(node: Node) -> dict[str, str]:
    """What app/frontend/conditions.js reads of a field, a group or a text."""
    found = {}
    if isinstance(node, Field):
        found = {"data-field": node.key, "data-kind": node.kind}
        if node.decimals:
            found["data-decimals"] = str(node.decimals)
    if node.condition:
        found["data-condition"] = json.dumps(node.condition)
    return found


def _says_optional(field: Field) -> bool:
    if field.required or field.kind == "tick" or "optional" in field.label.lower():
        return False
    return field.key not in _SOMETIMES_NEEDED


def _items(field: Field) -> list[dict[str, str]]:
    return [{"value": option.value, "text": option.label} for option in field.options]


def _choice(field: Field, small: bool) -> dict[str, Any]:
    if field.type == "select":
        return {"items": [{"value": "", "text": "Choose one"}, *_items(field)]}
    line = "govuk-radios--inline" if field.has_short_options else ""
    size = "govuk-radios--small" if small or line else ""
    return {"items": _items(field), "classes": f"{size} {line}".strip()}


def _day(
    field: Field, typed: Typed, error: str | None, wrong_parts: Sequence[str]
) -> list[dict[str, str]]:
    found = []
    for part, name in zip(DAY_PARTS, field.names, strict=True):
        width = "govuk-input--width-4" if part == "year" else "govuk-input--width-2"
        wrong = " govuk-input--error" if error and part in (wrong_parts or DAY_PARTS) else ""
        value = next(iter(typed.get(name, ())), "")
        found.append({"name": part, "classes": width + wrong, "value": value})
    return found


def _input(field: Field) -> dict[str, Any]:
    """A one-line input: what keyboard a phone shows, how wide, what a browser may fill in."""
    if field.kind == "money":
        return {
            "prefix": {"text": "£"},
            "inputmode": "decimal",
            "classes": "govuk-input--width-5",
            "spellcheck": False,
        }
    if field.kind == "number":
        keyboard = "decimal" if field.decimals else "numeric"
        return {"inputmode": keyboard, "classes": "govuk-input--width-5", "spellcheck": False}
    short = "govuk-input--width-10" if 0 < field.max_length <= 20 else ""
    return {
        "type": field.input_type,
        "classes": short,
        "spellcheck": False if field.input_type != "text" else None,
        "autocomplete": field.properties.get("autocomplete"),
    }
