"""What comes in with a request, without the character that no text has and PostgreSQL refuses."""

from __future__ import annotations

from typing import Any

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict


class WithoutNul(ImmutableMultiDict[str, Any]):
    """The values of a query or form."""

    def __init__(self, mapping: Any = None) -> None:
        if isinstance(mapping, list):
            mapping = [(_clean(key), _clean(value)) for key, value in mapping]
        super().__init__(mapping)


def _clean(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value


class Legible(Request):
    """A request whose texts can be stored anywhere."""

    parameter_storage_class = WithoutNul

    def __init__(self, environ: dict[str, Any], **more: Any) -> None:
        environ["PATH_INFO"] = _clean(environ.get("PATH_INFO", ""))
        super().__init__(environ, **more)
