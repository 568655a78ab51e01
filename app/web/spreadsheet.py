"""A table as a file to save."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from flask import Response, stream_with_context

from app.services.spreadsheets import csv_text, rows_text


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """The rows as a file to save."""
    return _file(name, csv_text(columns, rows))


def csv_stream(
    name: str, columns: Sequence[str], parts: Iterable[Iterable[Sequence[Any]]]
) -> Response:
    """Many rows as a file to save, which go out part by part as they are worked out."""
    texts = chain([csv_text(columns, ())], map(rows_text, parts))
    return _file(name, stream_with_context(texts))


def _file(name: str, body: str | Iterator[str]) -> Response:
    said = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype="text/csv", headers=said)
