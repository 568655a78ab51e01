"""One form-js input component -> one Field, or sentences that say why not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from forms import feel, patterns
from forms.components import Field, Kind, Option
from forms.repeats import REPEATS

KINDS: dict[str, Kind] = {
    "textfield": "text",
    "textarea": "lines",
    "number": "number",
    "datetime": "date",
    "radio": "choice",
    "checklist": "choices",
    "checkbox": "tick",
    "select": "choice",
    "filepicker": "files",
}
# What a property may stand on, and what its value may look like.
_NAMES = r"\w+(, \w+)*"
_TRUE, _NAME, _DAY = "true", "[a-z][a-z0-9_]{0,40}", r"today|\d{4}-\d\d-\d\d"
PROPERTIES: dict[str, tuple[Collection[str], str]] = {
    "letter_part": ({*KINDS, "group"}, _NAME),
    "fact": (KINDS, _TRUE),
    "error": (KINDS, ".{1,200}"),
    "policy": ({*KINDS, "group", "text"}, ".{1,100}"),
    "money": (("number", "textfield"), _TRUE),
    "person": (("select", "checklist"), rf"{_NAME}|\*"),
    "keeps_out": (("select", "checklist"), _TRUE),
    "panel": (("checklist",), rf"[1-9] {_NAME}(, [1-9] {_NAME})*"),
    "seat": (("select",), _TRUE),
    "not_the_handler_of": (("checklist",), _NAMES),
    "senior_to": (("checklist",), _NAMES),
    "of": (("group",), _NAME),
    "points": (("textarea",), _TRUE),
    "for_each": (("group",), "|".join(REPEATS)),
    "rows": (("group",), "[1-9]|1[0-9]|20"),
    "payment": (("number", "textfield"), _TRUE),
    "equality": (("radio", "select", "checklist"), _TRUE),
    "autocomplete": (("textfield", "textarea"), "[a-z][a-z0-9 -]{1,60}"),
    "min": (("datetime",), _DAY),
    "max": (("datetime",), _DAY),
}
KEY = re.compile(r"[a-z][a-z0-9_]{0,40}")

MAX_LABEL, MAX_HINT, MAX_OPTIONS, MAX_OPTION = 300, 1_000, 200, 200  # characters; answers
MAX_SEATS = 7  # of a panel
LINE, LONGEST_LINE, PATTERN_LINE, LONGEST_TEXT = 300, 1_000, 200, 20_000  # characters
EARLIEST_DAY = "1990-01-01"  # the calendars begin there
LATEST_DAY = "2100-12-31"
HAPPENED = frozenset({"received_on", "promise_done_on", "copy_sent_on"})  # dates never ahead


def read_question(
    component: Mapping[str, Any], where: str, reserved: Collection[str], problems: list[str]
) -> Field | None:
    """Return the field, or None after adding the reasons to `problems`."""
    before = len(problems)
    kind = KINDS[component["type"]]
    properties = properties_of(component, where, problems)
    if properties.get("money"):
        kind = "money"
    elif properties.get("points"):
        kind = "points"
    problems += (f"{where}: {said}" for said in _at_odds(component, properties, kind))
    key = _key(component.get("key"), where, reserved, problems)
    label = _words(component, "dateLabel" if kind == "date" else "label", MAX_LABEL)
    if kind == "date" and not label:
        label = _words(component, "label", MAX_LABEL)
    if not label:
        problems.append(f"{where}: it has no label. People need to know what is asked.")
    options = _options(component, where, problems) if kind in ("choice", "choices") else ()
    validate = component.get("validate")
    limits = _limits(validate if isinstance(validate, dict) else {}, kind, where, problems)
    if kind == "date":
        limits["minimum"], limits["maximum"] = _days(component, properties, where, problems)
    decimals = component.get("decimalDigits", 0)
    default = _default(component.get("defaultValue"), kind, options, where, problems)
    condition = read_condition(component, where, problems)
    if len(problems) > before:
        return None
    return Field(
        key=key,
        type=component["type"],
        kind=kind,
        label=label,
        hint=_words(component, "description", MAX_HINT),
        options=options,
        condition=condition,
        properties=MappingProxyType(properties),
        decimals=decimals if isinstance(decimals, int) and 0 <= decimals <= 6 else 0,
        multiple=component.get("multiple") is True,
        default=default,
        **limits,
    )


def _at_odds(
    component: Mapping[str, Any], properties: Mapping[str, str], kind: Kind
) -> Iterator[str]:
    """Properties of one field that do not go together."""
    has = properties.keys()
    if "keeps_out" in has and "person" not in has:
        yield "keeps_out needs the property person, which offers colleagues."
    if "person" in has and "panel" in has:
        yield "it offers a panel or the people of a team, not both."
    if "seat" in has and "person" not in has:
        yield "a seat of a panel needs the property person, which offers people."
    if "panel" not in has and has & {"not_the_handler_of", "senior_to"}:
        yield "independence needs the property panel, which offers people."
    if sum(map(int, re.findall(r"\b\d\b", properties.get("panel", "")))) > MAX_SEATS:
        yield f"a panel has at most {MAX_SEATS} members."
    if kind == "date" and component.get("subtype", "date") != "date":
        yield "we ask for dates only, not for times. Choose the subtype date."
    if "payment" in has and kind != "money":
        yield "a payment needs the property money = true, too."


def properties_of(component: Mapping[str, Any], where: str, problems: list[str]) -> dict[str, str]:
    """The component's own properties, each known and in its place."""
    raw = component.get("properties", {})
    found: dict[str, str] = {}
    for name, value in raw.items() if isinstance(raw, dict) else ():
        value = "true" if value is True else value
        types, shape = PROPERTIES.get(name, ((), ""))
        if name not in PROPERTIES:
            known = ", ".join(PROPERTIES)
            problems.append(f"{where}: we do not know the property {name[:40]}. Known: {known}.")
        elif component["type"] not in types:
            problems.append(f"{where}: {name} belongs on a {' or '.join(types)}.")
        elif not isinstance(value, str) or not re.fullmatch(shape, value):
            problems.append(f"{where}: the property {name} cannot be “{str(value)[:40]}”.")
        else:
            found[name] = value
    return found


def read_condition(
    component: Mapping[str, Any], where: str, problems: list[str]
) -> feel.Tree | None:
    """The tree of "Hide if", or None where there is none."""
    conditional = component.get("conditional")
    hide = conditional.get("hide") if isinstance(conditional, dict) else None
    if hide in (None, "", "="):
        return None
    try:
        return feel.parse(str(hide))
    except feel.ConditionRefused as refused:
        problems.append(f"{where}: we cannot read “Hide if {str(hide)[:80]}”: {refused}.")
        return None


def _key(key: Any, where: str, reserved: Collection[str], problems: list[str]) -> str:
    if not isinstance(key, str) or not KEY.fullmatch(key) or "__" in key:
        problems.append(
            f"{where}: the key “{str(key)[:50]}” needs small letters, digits and single _ only, "
            "with a letter first and 41 characters at most."
        )
    elif key in reserved or key.startswith("pr_"):
        problems.append(f"{where}: the key {key} means something else here. Choose another one.")
    return str(key)


def _words(component: Mapping[str, Any], name: str, longest: int) -> str:
    words = component.get(name)
    return words.strip()[:longest] if isinstance(words, str) else ""


def _options(component: Mapping[str, Any], where: str, problems: list[str]) -> tuple[Option, ...]:
    raw = component.get("values")
    if component.get("valuesKey") or component.get("valuesExpression"):
        return ()  # already refused by formjs
    own = component.get("properties")
    if isinstance(own, dict) and own.keys() & {"person", "panel"}:
        return ()
    if not isinstance(raw, list) or not raw or len(raw) > MAX_OPTIONS:
        problems.append(f"{where}: list 1 to {MAX_OPTIONS} answers to choose from.")
        return ()
    found: list[Option] = []
    for item in raw:
        value, label = (
            (item.get("value"), item.get("label")) if isinstance(item, dict) else (None, None)
        )
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_OPTION:
            problems.append(f"{where}: the answer “{str(label)[:60]}” has no value.")
        elif any(option.value == value for option in found):
            problems.append(f"{where}: two answers have the value {value}.")
        elif value != value.strip() or not value.isprintable():
            problems.append(f"{where}: the value “{value[:40]}” has blanks or signs at its edge.")
        else:
            words = label.strip()[:MAX_OPTION] if isinstance(label, str) else ""
            found.append(Option(value, words or value))
    return tuple(found)


def _limits(
    validate: Mapping[str, Any], kind: Kind, where: str, problems: list[str]
) -> dict[str, Any]:
    """required, lengths, pattern, input type, minimum and maximum."""
    limits: dict[str, Any] = {"required": validate.get("required") is True}
    if kind in ("number", "money"):
        limits["minimum"] = _number(validate.get("min"), where, problems)
        limits["maximum"] = _number(validate.get("max"), where, problems)
    if kind not in ("text", "lines", "points"):
        return limits
    pattern = validate.get("pattern") if kind == "text" else None
    normal = PATTERN_LINE if pattern else LINE if kind == "text" else LONGEST_TEXT
    most = PATTERN_LINE if pattern else LONGEST_LINE if kind == "text" else LONGEST_TEXT
    limits["min_length"] = _length(validate.get("minLength"), 0, most)
    limits["max_length"] = _length(validate.get("maxLength"), normal, most)
    limits["input_type"] = {"email": "email", "phone": "tel"}.get(
        str(validate.get("validationType")), "text"
    )
    if pattern:
        reason = patterns.why_refused(str(pattern), limits["max_length"])
        if reason:
            problems.append(f"{where}: the pattern {reason}.")
        limits["pattern"] = str(pattern)
    return limits


def _length(value: Any, normal: int, most: int) -> int:
    return min(value, most) if isinstance(value, int) and value >= 0 else normal


def _number(value: Any, where: str, problems: list[str]) -> str:
    if value is None or value == "":
        return ""
    try:
        number = Decimal(str(value))
        if not number.is_finite() or abs(number) >= 10**9:
            raise InvalidOperation
    except InvalidOperation:
        problems.append(f"{where}: “{str(value)[:40]}” is not a number to compare with.")
        return ""
    return format(number, "f")


def _days(
    component: Mapping[str, Any], properties: Mapping[str, str], where: str, problems: list[str]
) -> tuple[str, str]:
    """The first and the last allowed day. A date on which something happened is never ahead."""
    first = "today" if component.get("disallowPassedDates") is True else EARLIEST_DAY
    last = "today" if component.get("key") in HAPPENED else LATEST_DAY
    first, last = properties.get("min", first), properties.get("max", last)
    for day in (first, last):
        if day != "today" and not _is_day(day):
            problems.append(f"{where}: {day} is not a date.")
    return first, last


def _default(
    value: Any, kind: Kind, options: tuple[Option, ...], where: str, problems: list[str]
) -> Any:
    if value is None or value == "" or value == []:
        return None
    offered = {option.value for option in options}
    fits = {
        "text": isinstance(value, str),
        "lines": isinstance(value, str),
        "points": isinstance(value, str),
        "number": isinstance(value, (int, float, str)) and not isinstance(value, bool),
        "money": isinstance(value, (int, float, str)) and not isinstance(value, bool),
        "date": isinstance(value, str) and _is_day(value),
        "choice": isinstance(value, str) and value in offered,
        "choices": isinstance(value, list) and all(str(item) in offered for item in value),
        "tick": isinstance(value, bool),
        "files": False,
    }
    if not fits[kind]:
        problems.append(f"{where}: the default “{str(value)[:40]}” is not one of its answers.")
    return value


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
