"""What was typed, by HTML name: cleaned on the way in, and made again from stored answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from forms.components import Field
from forms.refused import UnknownField

Typed: TypeAlias = dict[str, list[str]]
TICKED = "true"
MAX_VALUES = 200  # posted under one name

# Control characters, lone surrogates and non-characters: nobody types them, and a database, a
# JSON column or a PDF breaks on one or the other (security.md row 12).
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@runtime_checkable
class Posted(Protocol):
    """Werkzeug's MultiDict, as far as we use it."""

    def __iter__(self) -> Iterator[str]: ...
    def getlist(self, key: str) -> list[Any]: ...


def from_post(
    posted: Posted | Mapping[str, str | Sequence[str]], fields: Iterable[Field], strict: bool = True
) -> Typed:
    """Return the posted values of the form's own fields. The page's own (csrf_token, pr_…) are
    left out. Raises UnknownField for any other name; with strict=False such names are dropped,
    as in a draft that is older than the form."""
    known = {name: field for field in fields for name in field.names}
    names = [name for name in posted if name != "csrf_token" and not name.startswith("pr_")]
    unknown = [name for name in names if name not in known]
    if unknown and strict:
        raise UnknownField(unknown)
    return {name: _cleaned(known[name], _values(posted, name)) for name in names if name in known}


def _values(posted: Posted | Mapping[str, str | Sequence[str]], name: str) -> list[str]:
    found = posted.getlist(name) if isinstance(posted, Posted) else posted[name]
    values = found if isinstance(found, (list, tuple)) else [found]
    return [value for value in values[:MAX_VALUES] if isinstance(value, str)]


def _cleaned(field: Field, values: list[str]) -> list[str]:
    texts = [_UNWANTED.sub("", value.replace("\r\n", "\n").replace("\r", "\n")) for value in values]
    if field.kind not in ("lines", "points"):
        texts = [" ".join(text.split()) for text in texts]
    texts = [text.strip() for text in texts]
    if field.is_list:
        return [text for text in texts if text]
    return texts[:1]


def from_answers(answers: Mapping[str, Any], fields: Iterable[Field]) -> Typed:
    """What somebody would have typed to give these answers (JSON, by key). Others are left out."""
    typed: Typed = {}
    for field in fields:
        value = answers.get(field.key)
        if value is None:
            continue
        if field.kind == "date":
            year, month, day = (*str(value).split("-", 2), "", "")[:3]
            typed |= {f"{field.key}-day": [day.lstrip("0")], f"{field.key}-year": [year]}
            typed |= {f"{field.key}-month": [month.lstrip("0")]}
        elif field.is_list:
            items = value if isinstance(value, (list, tuple)) else [value]
            typed[field.key] = _cleaned(field, [str(item) for item in items])
        else:
            typed[field.key] = _cleaned(field, [_typed_value(field, value)])
    return typed


def _typed_value(field: Field, value: Any) -> str:
    if field.kind == "tick":
        return TICKED if value in (True, TICKED) else ""
    if field.kind == "points" and isinstance(value, (list, tuple)):
        return "\n".join(str(line) for line in value)
    if field.kind == "money":
        return str(value).removesuffix(".00")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
