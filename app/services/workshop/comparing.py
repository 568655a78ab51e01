"""What differs between two sets of files: on the diagrams, and line by line in words.

Forms are compared by question, tables by row, stories by step, letters and settings by line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from app.engine import EngineRefused
from app.errors import DeploymentRefused
from app.services import stories
from app.services.contents import SHARED_FACTS, Contents, Files
from app.services.deployments import Deployed
from app.services.tables import tables
from app.services.workshop import marking, story_words, versions
from app.services.workshop.marking import Marks

AROUND = 2  # lines shown before and after a change
MOST_LINES = 6000  # of a file that is compared line by line
READABLE = (EngineRefused, DeploymentRefused, ValueError, LookupError, TypeError, AttributeError)
Sign = Literal["+", "-", " ", "…"]


@dataclass(frozen=True)
class FileDifference:
    """What differs in one file. how: added, changed or removed.

    lines: (sign, text), with what stands round a change; "…" where something is left out. marks:
    what is different on a diagram; None for other files.
    """

    path: str
    how: str
    kind: str
    lines: list[tuple[Sign, str]]
    marks: Marks | None = None


KINDS = {".bpmn": "Diagram", ".dmn": "Decision table", ".form": "Form", ".md": "Letter"}


def compare(before: Files, after: Files) -> list[FileDifference]:
    """Every file that differs: diagrams first, then tables, forms, letters, and the others."""
    paths = [path for path in {*before, *after} if before.get(path) != after.get(path)]
    old, new = Contents(before), Contents(after)
    found = [_difference(path, old, new) for path in paths]
    order = [*KINDS.values(), "Story", "Settings"]
    return sorted(found, key=lambda each: (order.index(each.kind), each.path))


def sentences(before: Files, after: Files) -> list[str]:
    """What the procedure does otherwise, a sentence each; none where one cannot be read."""
    try:
        return list(versions.changes(_deployed(before), _deployed(after)))
    except READABLE:
        return []


def _deployed(files: Files) -> Deployed:
    return Deployed("", "", Contents(files))


def _difference(path: str, before: Contents, after: Contents) -> FileDifference:
    old, new = before.files.get(path), after.files.get(path)
    how = "added" if old is None else "removed" if new is None else "changed"
    kind = _kind(path)
    if kind == "Diagram":
        marks = marking.marks(path, old, new)
        if marks is not None and marks.told:
            return FileDifference(path, how, kind, [], marks)
    read = READERS.get(kind, lambda contents, path: _plain(contents.files[path]))
    was = _lines(read, before, path) if old is not None else []
    now = _lines(read, after, path) if new is not None else []
    if was == now and old is not None and new is not None:
        was, now = _plain(old), _plain(new)  # only the spelling of the file differs
    return FileDifference(path, how, kind, list(_hunks(was, now)))


def _kind(path: str) -> str:
    if path.startswith(("stories/", "demo/")):
        return "Story"
    return next((kind for ending, kind in KINDS.items() if path.endswith(ending)), "Settings")


Reader = Callable[[Contents, str], list[str]]


def _lines(read: Reader, contents: Contents, path: str) -> list[str]:
    try:
        return read(contents, path)
    except READABLE:
        return _plain(contents.files[path])


def _plain(body: bytes) -> list[str]:
    return body.decode(errors="replace").splitlines()


def _hunks(was: list[str], now: list[str]) -> Iterator[tuple[Sign, str]]:
    if len(was) + len(now) > MOST_LINES:
        yield "…", "The file is too long to be compared line by line. Download both."
        return
    groups = SequenceMatcher(None, was, now, autojunk=False).get_grouped_opcodes(AROUND)
    reached = 0
    for group in groups:
        if group[0][1] > reached:
            yield "…", ""
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from ((" ", line) for line in was[a:b])
            else:
                yield from (("-", line) for line in was[a:b])
                yield from (("+", line) for line in now[c:d])
            reached = b
    if reached < len(was):
        yield "…", ""


def _form(contents: Contents, path: str) -> list[str]:
    """The questions in their order, with all that belongs to each."""
    form = json.loads(contents.files[path])
    return [f"Form: {form.get('title') or form.get('id')}", *_questions(form["components"], "")]


def _questions(components: list[Mapping[str, Any]], indent: str) -> Iterator[str]:
    for one in components:
        validate = dict(one.get("validate") or {})
        must = ", must be answered" if validate.pop("required", False) else ""
        says = one.get("label") or one.get("dateLabel") or one.get("text") or one.get("key", "")
        key = f" [{one['key']}]" if one.get("key") else ""
        yield f"{indent}{one.get('type')}: {says}{key}{must}"
        for choice in one.get("values") or ():
            yield f"{indent}    choice: {choice.get('label')} [{choice.get('value')}]"
        known = {"id", "type", "key", "label", "dateLabel", "text", "validate", "values", "layout"}
        rest = {name: one[name] for name in one if name not in {*known, "components"}}
        for name, value in sorted({**rest, **validate}.items()):
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{indent}    {name}: {said}"
        yield from _questions(one.get("components") or [], indent + "  ")


def _table(contents: Contents, path: str) -> list[str]:
    """The rows in their order, as people read them."""
    files = contents.files
    facts = {name: files[name] for name in ("facts.toml", SHARED_FACTS) if name in files}
    found = []
    for table in tables(_deployed({path: files[path], **facts})).values():
        found += [f"Table: {table.name}", f"{table.policy} Else: {table.otherwise}."]
        for row in table.rows:
            asked = [
                f"{label or says}: {cell}"
                for (label, says), cell in zip(table.columns, row.cells, strict=True)
                if cell
            ]
            about = f"  ({row.about})" if row.about else ""
            answers = ", ".join(
                f"{label}: {answer}"
                for label, answer in zip(table.results, row.answers, strict=True)
            )
            found.append(f"{'; '.join(asked) or 'Whatever else'} → {answers}{about}")
    return found


def _story(contents: Contents, path: str) -> list[str]:
    """What is done and what must hold then, step by step."""
    return story_words.lines(stories.read_story(contents.files[path]), contents)


READERS: dict[str, Reader] = {"Form": _form, "Decision table": _table, "Story": _story}
