"""The declared facts of a procedure, and their two forms.

Stored, sent and shown facts are JSON: a date is "2026-03-02" or null, money "150.00". Expressions
see Python: datetime.date, Decimal. `facts.toml` declares them:

    [acknowledged_on]
    type = "date"
    label = "Acknowledged"
"""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from app.engine.problems import DiagramRefused, FactRefused, Problem

DEFAULTS: dict[str, Any] = {
    "date": None,
    "bool": False,
    "int": 0,
    "money": "0.00",
    "choice": "",
    "list": [],
}
FUNCTIONS = (
    "working_days",
    "calendar_days",
    "months",
    "rolled",
    "later",
    "earlier",
    "len",
    "min",
    "max",
)
RESERVED = frozenset({*FUNCTIONS, "typename", "true", "false", "null", "none"})
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
MAX_NUMBER = 10**9
MAX_ENTRIES = 200  # of a list: a panel's members, a case's pauses
MAX_TEXT = 200  # characters of a list's entry: a code or a user's id, never somebody's words


@dataclass(frozen=True)
class FactSpec:
    """One declared fact. type: date, bool, int, money, choice or list. default: as JSON.

    policy: the paragraphs of the policy that it carries, such as "3.4a, 3.5b".
    """

    name: str
    type: str
    label: str
    default: Any = field(default=None, hash=False)
    choices: tuple[str, ...] = ()
    policy: str = ""

    @cached_property
    def unset(self) -> Any:
        """The default as expressions see it."""
        return as_python(self, self.default)


def parse_facts(raw: bytes, file: str = "facts.toml") -> dict[str, FactSpec]:
    """Read facts.toml. Raise DiagramRefused naming each fact that cannot be declared so."""
    try:
        tables = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DiagramRefused([Problem(file, None, f"not readable as TOML: {error}")]) from None
    specs, problems = {}, []
    for name, table in tables.items():
        try:
            specs[name] = _declare(name, table)
        except FactRefused as refused:
            problems.append(Problem(file, name, refused.reason))
    if problems:
        raise DiagramRefused(problems)
    return specs


def _declare(name: str, table: Any) -> FactSpec:
    if not NAME.fullmatch(name) or name in RESERVED or keyword.iskeyword(name):
        raise FactRefused(name, "cannot be a fact's name: use small letters, digits and _")
    if not isinstance(table, dict) or table.get("type") not in DEFAULTS:
        kinds = ", ".join(DEFAULTS)
        raise FactRefused(name, f"needs a type: {kinds}. Words, names and addresses are no facts")
    if unknown := table.keys() - {"type", "label", "default", "choices", "policy"}:
        raise FactRefused(name, f"has an unknown setting: {', '.join(sorted(unknown))}")
    kind, choices = table["type"], table.get("choices", [])
    if (kind == "choice") != bool(choices):
        raise FactRefused(name, "needs choices if it is a choice, and only then")
    if not isinstance(choices, list) or not all(isinstance(c, str) and c for c in choices):
        raise FactRefused(name, "needs choices that are words")
    label = table.get("label", name.replace("_", " ").capitalize())
    policy = table.get("policy", "")
    if not isinstance(label, str) or not isinstance(policy, str):
        raise FactRefused(name, "needs a label and a policy that are text")
    spec = FactSpec(name, kind, label, choices=tuple(choices))
    default = as_json(spec, table.get("default", DEFAULTS[kind]))
    return FactSpec(name, kind, label, default, tuple(choices), policy)


def as_json(spec: FactSpec, value: Any) -> Any:
    """Return a value, JSON or Python, in its stored form. Raise FactRefused if it does not fit.

    An answer left empty (null) is no date, no choice, or a number not known; yes/no and lists
    are never null.
    """
    if value is None and spec.type in ("date", "int", "money"):
        return None
    return _FORMS[spec.type](spec, value)


def as_python(spec: FactSpec, value: Any) -> Any:
    """Return a stored value as expressions see it. Raise FactRefused if it does not fit."""
    value = as_json(spec, value)
    if value is not None and spec.type == "date":
        return date.fromisoformat(value)
    if value is not None and spec.type == "money":
        return Decimal(value)
    return value


def _date(spec: FactSpec, value: Any) -> str:
    try:
        if type(value) is date:
            return value.isoformat()
        if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise FactRefused(spec.name, f"needs a date such as 2026-03-02, not {value!r}")


def _bool(spec: FactSpec, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise FactRefused(spec.name, f"needs yes or no, not {value!r}")


def _int(spec: FactSpec, value: Any) -> int:
    if type(value) is int and abs(value) <= MAX_NUMBER:
        return value
    raise FactRefused(spec.name, f"needs a whole number, not {value!r}")


def _money(spec: FactSpec, value: Any) -> str:
    try:
        amount = Decimal(value) if type(value) in (str, int, Decimal) else Decimal("NaN")
        if amount.is_finite() and abs(amount) <= MAX_NUMBER and amount == round(amount, 2):
            return f"{amount:.2f}"
    except InvalidOperation:
        pass
    raise FactRefused(spec.name, f"needs pounds and pence such as 150.00, not {value!r}")


def _choice(spec: FactSpec, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str) and value in spec.choices:
        return value
    raise FactRefused(spec.name, f"needs one of {', '.join(spec.choices)}, not {value!r}")


def _list(spec: FactSpec, value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)) and len(value) <= MAX_ENTRIES:
        return [_entry(spec, entry) for entry in value]
    raise FactRefused(spec.name, f"needs a list of at most {MAX_ENTRIES} entries")


def _entry(spec: FactSpec, entry: Any) -> Any:
    """A word, number, yes/no or date; or a pause, which is a pair of dates: [from, to]."""
    if isinstance(entry, (list, tuple)) and len(entry) == 2:
        begin, end = entry
        return [_date(spec, begin), None if end is None else _date(spec, end)]
    if type(entry) is date:
        return entry.isoformat()
    if isinstance(entry, Decimal):
        return _money(spec, entry)
    if isinstance(entry, bool) or (type(entry) is int and abs(entry) <= MAX_NUMBER):
        return entry
    if isinstance(entry, str) and len(entry) <= MAX_TEXT:
        return entry
    raise FactRefused(spec.name, "needs entries that are words, numbers or pairs of dates")


_FORMS = {
    "date": _date,
    "bool": _bool,
    "int": _int,
    "money": _money,
    "choice": _choice,
    "list": _list,
}


class Facts:
    """One instance's facts during one step, in both forms.

    Facts declared since the instance was saved take their defaults. Facts that are declared no
    longer are kept, but no expression sees them.
    """

    def __init__(self, specs: Mapping[str, FactSpec], stored: Mapping[str, Any]) -> None:
        self._specs = specs
        self.stored = {name: spec.default for name, spec in specs.items()} | dict(stored)
        self.values = {
            name: spec.unset
            if (value := self.stored[name]) is spec.default
            else as_python(spec, value)
            for name, spec in specs.items()
        }

    def with_pauses(
        self, begun: Collection[str], ended: Collection[str], day: str
    ) -> dict[str, list[Any]]:
        """Lists of pauses with one more that begins on this day, or with the open one ended on it.

        A pause that is open already goes on; one that ends on its first day was none.
        """
        lists = {name: [*self.stored.get(name, ())] for name in (*begun, *ended)}
        for name in begun:
            if not any(end is None for _, end in lists[name]):
                lists[name].append([day, None])
        for name in ended:
            closed = [[begin, end or max(begin, day)] for begin, end in lists[name]]
            lists[name] = [pause for pause in closed if pause[0] != pause[1]]
        return lists

    def record(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Write facts; return them as JSON. Raise FactRefused for a value or name that is wrong."""
        recorded = {}
        for name, value in changes.items():
            if name not in self._specs:
                raise FactRefused(name, "is not declared in facts.toml")
            recorded[name] = as_json(self._specs[name], value)
        self.stored |= recorded
        self.values |= {n: as_python(self._specs[n], value) for n, value in recorded.items()}
        return recorded
