"""Keys of form fields that Putright takes by itself: what kind of field each must be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from app.services.representatives import DECISIONS, HOW
from forms import Field, FormDefinition


@dataclass(frozen=True)
class Asked:
    """How a key must be asked. values: what may be chosen; for_each: once for each point."""

    kinds: Collection[str]
    values: Collection[str] = ()
    for_each: bool = False


WORDS = frozenset({"text", "lines"})
CHOICE = frozenset({"choice"})
KEYS: Mapping[str, Asked] = {
    "representative_email": Asked(WORDS),
    "representative_phone": Asked(WORDS),
    "representative_address": Asked(WORDS),
    "representative_permission": Asked(CHOICE, ("given", "confirmed", "pending")),
    "permission_decision": Asked(CHOICE, DECISIONS),
    "permission_how": Asked(CHOICE, tuple(HOW)),
    "permission_on": Asked({"date"}),
    "permission_until": Asked({"date"}),
    "limited_to": Asked(WORDS),
    "gets_letters": Asked({"tick", "choice"}, ("yes", "no")),
    "ours": Asked(CHOICE, ("yes", "no"), for_each=True),
    "whose": Asked(WORDS, for_each=True),
}
KINDS = {
    "text": "a text field",
    "lines": "a text area",
    "choice": "a radio group or select",
    "tick": "a checkbox",
    "date": "a date",
}


def key_problems(form: FormDefinition) -> Iterator[tuple[str, str]]:
    """Each known key that is asked in another way than it is taken, with what is wrong."""
    for field in form.fields:
        asked = KEYS.get(field.key)
        if asked is None:
            continue
        if asked.for_each and field.key not in form.point_keys:
            yield field.key, f"{field.key} belongs in a group with for_each = point."
        if problem := _problem(field, asked):
            yield field.key, problem


def _problem(field: Field, asked: Asked) -> str:
    if field.kind not in asked.kinds:
        wanted = " or ".join(KINDS[kind] for kind in KINDS if kind in asked.kinds)
        return f"{field.key} must be {wanted}."
    other = [o.value for o in field.options if o.value not in asked.values]
    if field.kind == "choice" and other:
        return f"{field.key} can be {', '.join(asked.values)}, not {other[0]}."
    return ""
