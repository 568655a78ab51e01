"""Deployments: a landlord's folders, checked and stored whole. The database is the truth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, bindparam, event, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db import db, transaction
from app.engine import ROOT, Element, FactSpec, Problem, Procedure
from app.errors import DeploymentRefused, NotFound, NotYetLive
from app.landlords import Landlord as LandlordFile
from app.landlords import read_landlord
from app.letters import LetterTemplate
from app.models import Deployment, DeploymentFile, Instance, Landlord
from app.models.base import new_id
from app.services.checking import errors
from app.services.contents import SHARED_FACTS, Contents, Files, content_hash
from forms import FormDefinition


@dataclass(frozen=True)
class Deployed:
    """A deployment as a case sees it. Its contents are shared by all that hold the same files.

    kind: the kind of case, which is the name of the process that it began in.
    """

    landlord_id: str
    id: str
    contents: Contents
    kind: str = ROOT

    @property
    def files(self) -> Files:
        return self.contents.files

    @property
    def facts(self) -> dict[str, FactSpec]:
        return self.contents.facts

    @property
    def procedure(self) -> Procedure:
        """The procedure of this kind of case."""
        return self.contents.procedures[self.kind]

    @property
    def elements(self) -> dict[str, Element]:
        """The elements of the procedures of all kinds."""
        return self.contents.elements

    def stage_name(self, stage: str) -> str:
        """What people call a stage: the name of the call activity that carries it."""
        return next((e.name for e in self.procedure.elements.values() if e.stage == stage), stage)

    @property
    def forms(self) -> dict[str, FormDefinition]:
        return self.contents.forms

    @property
    def letters(self) -> dict[str, list[LetterTemplate]]:
        return self.contents.letters

    @property
    def landlord(self) -> LandlordFile:
        return self.contents.landlord


def read_folders(slug: str, processes_dir: Path, forms_dir: Path) -> dict[str, bytes]:
    """A landlord's two folders and what it shares with others, as one set of files.

    The landlord's own file wins over a shared one of the same name; of the shared diagrams, those
    come that are called. Keys: complaint.bpmn, letters/refusal.md, forms/intake.form, …
    Raises NotFound when the landlord has no folder.
    """
    own = _files_in(processes_dir / slug)
    if "landlord.toml" not in own:
        raise NotFound(f"There is no landlord called {slug} in {processes_dir}.")
    shared = _files_in(processes_dir / "shared")
    if "facts.toml" in shared:
        shared[SHARED_FACTS] = shared.pop("facts.toml")
    forms = {**_files_in(forms_dir / "shared"), **_files_in(forms_dir / slug)}
    diagrams = {path: shared.pop(path) for path in [*shared] if path.endswith(".bpmn")}
    files = {**shared, **own, **{f"forms/{path}": body for path, body in forms.items()}}
    return files | _called(diagrams, files)


def _files_in(folder: Path) -> dict[str, bytes]:
    """What a folder holds of a landlord's kinds of file, by path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".bpmn", ".dmn", ".toml", ".md", ".form"}
    }


def _shared_kinds(files: Files) -> list[str]:
    return read_landlord(files["landlord.toml"]).shared_kinds


def _called(shared: Files, files: Files) -> dict[str, bytes]:
    """The shared diagrams that a landlord begins or calls, and those that they call in turn."""
    found: dict[str, bytes] = {}
    callers = [body for path, body in files.items() if path.endswith(".bpmn")]
    with suppress(DeploymentRefused):  # whoever checks the files says what is wrong
        callers += [b'calledElement="%s"' % kind.encode() for kind in _shared_kinds(files)]
    for body in callers:  # grows while it is gone through
        for process in re.findall(rb'calledElement="(\w+)"', body):
            path = f"{process.decode()}.bpmn"
            if path in shared and path not in {*files, *found}:
                found[path] = shared[path]
                callers.append(shared[path])
    return found


def slugs(processes_dir: Path) -> list[str]:
    """The landlords that have a folder."""
    return sorted(path.parent.name for path in processes_dir.glob("*/landlord.toml"))


@dataclass(frozen=True)
class Published:
    """How a version came to be: from where, by whom, who approved it, and from when it is live."""

    source: str  # disk, workshop or copied
    by: str | None = None
    says: str = ""
    approved_by: str | None = None
    live_from: datetime | None = None


NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # live_from of what a new landlord begins with
FROM_DISK = Published("disk", says="From the folders on disk")


def deploy(landlord_id: str, files: Files, how: Published = FROM_DISK) -> str:
    """Store a checked set of files as the landlord's newest deployment and return its id.

    Raises DeploymentRefused with every error. The same content as the newest one's is no new one.
    """
    refuse_errors(landlord_id, files)
    with transaction() as session:
        return store(session, landlord_id, files, how)


def refuse_errors(landlord_id: str, files: Files) -> None:
    """Raises DeploymentRefused with every error of the files."""
    if found := errors(files):
        raise DeploymentRefused([in_words(problem) for problem in found])
    landlord = read_landlord(files["landlord.toml"])
    if landlord.slug != landlord_id:
        raise DeploymentRefused([f"landlord.toml says slug {landlord.slug}, not {landlord_id}."])


def store(session: Session, landlord_id: str, files: Files, how: Published) -> str:
    """The same, of files that were checked, as a part of the caller's transaction."""
    newest, digest = newest_row(landlord_id), content_hash(files)
    if newest is not None and newest.live_from != NEVER and newest.content_hash == digest:
        return newest.id
    session.merge(Landlord(id=landlord_id, name=read_landlord(files["landlord.toml"]).name))
    session.flush()
    row = Deployment(
        landlord_id=landlord_id,
        id=new_id(),
        number=0 if how.live_from == NEVER else _next_number(landlord_id),
        content_hash=digest,
        source=how.source,
        at=clock.now(),
        live_from=how.live_from,
        by=how.by,
        approved_by=how.approved_by,
        says=how.says,
    )
    session.add(row)
    session.flush()
    session.info.pop(LIVE_NOW, None)
    session.add_all(
        DeploymentFile(landlord_id=landlord_id, deployment_id=row.id, path=path, data=body)
        for path, body in files.items()
    )
    return row.id


def _next_number(landlord_id: str) -> int:
    """No number is given twice, whatever became of the version that had it."""
    last = db.session.scalar(_newest_first(landlord_id).with_only_columns(Deployment.number))
    return 1 if last is None else last + 1


def in_words(problem: Problem) -> str:
    """One line: file, element, what is wrong."""
    return ", ".join(filter(None, (problem.file, problem.element))) + f": {problem.message}"


def deploy_from_disk(landlord_id: str, processes_dir: Path, forms_dir: Path) -> str | None:
    """Deploy a landlord's folders unless somebody has since published in the workshop.

    Returns the new deployment's id, or None when nothing was to be done.
    """
    files = read_folders(landlord_id, processes_dir, forms_dir)
    newest = newest_row(landlord_id)
    if newest and (newest.source != "disk" or newest.content_hash == content_hash(files)):
        return None
    return deploy(landlord_id, files)


LIVE = (  # asked for by nearly every page and step: built once
    select(Deployment.id)
    .where(
        Deployment.landlord_id == bindparam("landlord"),
        or_(Deployment.live_from.is_(None), Deployment.live_from <= bindparam("now")),
        Deployment.called_off_at.is_(None),
    )
    .order_by(Deployment.number.desc())
    .limit(1)
)


LIVE_NOW = "what is live"  # in a session's info, until its transaction ends: by landlord and minute


@event.listens_for(Session, "after_transaction_end")
def _look_again(session: Session, _ended: Any) -> None:
    session.info.pop(LIVE_NOW, None)


def newest_row(landlord_id: str) -> Deployment | None:
    """The last version that counts, also one that is not live yet.

    For a new landlord, what it begins with.
    """
    counts = _newest_first(landlord_id).where(Deployment.called_off_at.is_(None))
    return db.session.scalar(counts.limit(1))


def _newest_first(landlord_id: str) -> Select[Deployment]:
    of_landlord = select(Deployment).where(Deployment.landlord_id == landlord_id)
    return of_landlord.order_by(Deployment.number.desc())


def live(landlord_id: str, kind: str = ROOT) -> Deployed:
    """The deployment that new cases start on.

    Raises NotFound for a landlord without one, and for a kind of case that it does not have;
    NotYetLive for a new landlord that has published nothing.
    """
    now, known = clock.now(), db.session().info.setdefault(LIVE_NOW, {})
    key = landlord_id, now.replace(second=0, microsecond=0)
    if key not in known:
        known[key] = db.session.scalar(LIVE, {"landlord": landlord_id, "now": now})
    if known[key] is None:
        raise NotYetLive if newest_row(landlord_id) else NotFound
    return pinned(landlord_id, known[key], kind)


def standing(landlord_id: str) -> Deployed:
    """The live deployment; before the first is published, what the landlord begins with."""
    try:
        return live(landlord_id)
    except NotYetLive:
        return pinned(landlord_id, history(landlord_id)[-1].id)


def of_instance(instance: Instance) -> Deployed:
    """The deployment that a case is pinned to."""
    return pinned(instance.landlord_id, instance.deployment_id, instance.case.kind)


def pinned(landlord_id: str, deployment_id: str, kind: str = ROOT) -> Deployed:
    """A deployment by its id. Raises NotFound."""
    digest = _digests.get((landlord_id, deployment_id))
    if digest is None:
        digest = _digests[landlord_id, deployment_id] = _digest_of(landlord_id, deployment_id)
    contents = _contents.get(digest)
    if contents is None:
        rows = db.session.execute(
            select(DeploymentFile.path, DeploymentFile.data).where(
                DeploymentFile.landlord_id == landlord_id,
                DeploymentFile.deployment_id == deployment_id,
            )
        )
        contents = _contents[digest] = Contents({path: data for path, data in rows})
    if kind != ROOT and kind not in contents.procedures:
        raise NotFound
    return Deployed(landlord_id, deployment_id, contents, kind)


# parsed contents by their hash: a few hundred KB for each version of a procedure in use
_contents: dict[str, Contents] = {}
_digests: dict[tuple[str, str], str] = {}  # by landlord and deployment: what is deployed stays so


@contextmanager
def for_a_while(digest: str) -> Iterator[None]:
    """Files that are only tried are forgotten afterwards, unless a deployment has the same."""
    known, before = digest in _contents, set(_digests)
    yield
    if not known:
        _contents.pop(digest, None)
    for key in [key for key, of in list(_digests.items()) if of == digest and key not in before]:
        del _digests[key]


def _digest_of(landlord_id: str, deployment_id: str) -> str:
    row = db.session.get(Deployment, (landlord_id, deployment_id))
    if row is None:
        raise NotFound
    return row.content_hash


def forget(digest: str) -> None:
    """Let go of parsed contents that were only tried; whoever needs them reads them again."""
    _contents.pop(digest, None)


def landlord(landlord_id: str) -> LandlordFile:
    """What landlord.toml says today. Raises NotFound for an unknown landlord."""
    return live(landlord_id).landlord


def landlord_ids() -> list[str]:
    """The landlords that have a live deployment."""
    begun = or_(Deployment.live_from.is_(None), Deployment.live_from <= clock.now())
    return list(db.session.scalars(select(Deployment.landlord_id).where(begun).distinct()))


def versions_of(landlord_id: str, path: str) -> list[bytes]:
    """A file as it stood in each of a landlord's deployments, every version once."""
    found = select(DeploymentFile.data).where(
        DeploymentFile.landlord_id == landlord_id, DeploymentFile.path == path
    )
    return list(dict.fromkeys(db.session.scalars(found)))


def history(landlord_id: str) -> list[Deployment]:
    """All deployments of a landlord, newest first."""
    return list(db.session.scalars(_newest_first(landlord_id)))
