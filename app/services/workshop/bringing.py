"""Files brought into a draft from somewhere else: each by its name, all of them or none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import PurePosixPath

from app.engine import EngineRefused
from app.engine.xml import read_xml
from app.errors import BadInput
from app.services.workshop import drafts, form_file
from app.services.workshop.dialects import in_our_words
from app.services.workshop.drafts import How
from app.viewer import Viewer

MOST = 100  # files at once
LARGEST_TOML = 300_000  # bytes; theirs is the one reader without a limit of its own
AT_THE_TOP = ("landlord", "facts", "shared_facts", "policy", "code")
ROOT = re.compile(r"\{http://www\.omg\.org/spec/(?:BPMN|DMN)/[\w/]+\}definitions|"
                  r"\{https://www\.omg\.org/spec/DMN/[\w/]+\}definitions")  # fmt: skip
KINDS = {"BPMN": "diagram", "DMN": "decision table"}
COPY = re.compile(r" \(\d+\)(\.\w+)$")  # what browsers add to a name that they have saved before
FOLDERS = {".bpmn": "", ".dmn": "", ".form": "forms/", ".md": "letters/"}


def bring_in(viewer: Viewer, draft_id: str, sent: Iterable[tuple[str, bytes]]) -> dict[str, How]:
    """Put files into a draft; returns what each did to it, by path.

    sent: (name as it was called where it comes from, bytes). Raises BadInput with every file that
    cannot come in, and then none does; and what `drafts.put_all` raises.
    """
    errors: list[str] = []
    files: dict[str, bytes] = {}
    for name, body in sent:
        try:
            path = path_of(name)
            if path in files:
                raise BadInput({"files": "it was sent twice."})
            files[path] = checked(path, body)
        except BadInput as bad:
            errors.append(f"{name[:80]}: {next(iter(bad.errors.values()))}")
    if not files and not errors:
        errors.append("Choose one file or more.")
    if len(files) > MOST:
        errors.append(f"At most {MOST} files come in at once.")
    if errors:
        raise BadInput({"files": " ".join(errors)})
    there = drafts.get(viewer, draft_id)
    done: dict[str, How] = {
        path: "changed" if path in there.files else "added"
        for path, body in files.items()
        if there.files.get(path) != body
    }
    drafts.put_all(viewer, draft_id, files, there.row.revision)
    return done


def path_of(name: str) -> str:
    """Where a file of this name stands in a procedure. Raises BadInput."""
    file = PurePosixPath(COPY.sub(r"\1", name.replace("\\", "/").rsplit("/", 1)[-1]))
    folder = FOLDERS.get(file.suffix)
    if file.suffix == ".toml":
        folder = "" if file.stem in AT_THE_TOP else "stories/"
    path = f"{folder}{file.name}"
    if folder is None or not drafts.PATH.fullmatch(path):
        raise BadInput(
            {
                "files": "a file is called something.bpmn, .dmn, .form, .md or .toml, in small "
                "letters, digits and _."
            }
        )
    return path


def checked(path: str, body: bytes) -> bytes:
    """The file as it comes in, if it is one of its kind at all. Raises BadInput.

    Whether it fits the others is for lint to say, once it is in the draft.
    """
    if len(body) > drafts.LARGEST:
        raise BadInput({"files": "it is larger than 2 MB."})
    try:
        if path.endswith((".bpmn", ".dmn")):
            kind, root = path.rsplit(".", 1)[-1].upper(), read_xml(body)
            if not ROOT.fullmatch(root.tag) or kind not in root.tag:
                raise BadInput(
                    {"files": f"it is XML, but no {kind}: there is no {KINDS[kind]} in it."}
                )
            return in_our_words(body) if kind == "BPMN" else body
        if path.endswith(".form"):
            form_file.words_of(body)
        elif path.endswith(".toml"):
            _toml(body)
        elif "\0" in body.decode():
            raise BadInput({"files": "there is a sign in it that no letter has."})
    except EngineRefused as refused:
        raise BadInput({"files": f"{refused}."}) from None
    except UnicodeDecodeError:
        raise BadInput({"files": "it is not text in UTF-8."}) from None
    return body


def _toml(body: bytes) -> None:
    if len(body) > LARGEST_TOML:
        raise BadInput({"files": "it is larger than 300 kB."})
    try:
        tomllib.loads(body.decode())
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput({"files": f"it is not TOML: {str(error)[:150]}."}) from None
