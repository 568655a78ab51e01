"""A whole folder: file after file, row after row, and what is told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.db import transaction
from app.errors import NotFound
from app.services import deployments
from app.services.importing import cases, people
from app.services.importing.reading import (
    FILES,
    CaseRow,
    FileRefused,
    HistoryRow,
    HomeRow,
    Line,
    PersonRow,
    RowRefused,
    read_file,
)
from app.services.operations import jobs
from app.services.operations.jobs import Progress
from app.viewer import Viewer

JOB = "import"
TOLD_EVERY = 200  # rows
BATCH = 500  # homes or people in one transaction
RESULTS = NEW, HERE, REFUSED = ("new", "here already", "not read in")


class _OnlyTried(Exception):
    """A dry run: what the row did is taken back."""


@dataclass(frozen=True)
class RowTold:
    """What became of one row: NEW, HERE or REFUSED, why, and what was supposed about it."""

    file: str
    line: Line
    result: str
    why: str = ""


@dataclass
class Told:
    """What became of a folder. counts: by file and result; refused and supposed: rows in order."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: list[RowTold] = field(default_factory=list)
    supposed: list[RowTold] = field(default_factory=list)

    def sums(self) -> dict[str, int]:
        """How many rows of all files came to which result."""
        found = {each: sum(n for (_, r), n in self.counts.items() if r == each) for each in RESULTS}
        return {result: number for result, number in found.items() if number}

    def add(self, row: RowTold) -> None:
        self.counts[row.file, row.result] += 1
        if row.result == REFUSED:
            self.refused.append(row)
        elif row.why:
            self.supposed.append(row)


Tell = Callable[[str, int, int, int], object]
# a file and how many of its rows are done; of all files, how many are done and how many there are


def import_as_job(landlord_id: str, folder: Path, dry: bool, tell: Tell) -> Told:
    """What import_folder does, as a job that this process does itself: with the same progress.

    Raises BadInput while another process reads in for the landlord.
    """
    _check_landlord(landlord_id)
    told: list[Told] = []

    def work(progress: Progress) -> str:
        def tell_both(file: str, n: int, done: int, total: int) -> None:
            tell(file, n, done, total)
            if done % TOLD_EVERY == 0 or done == total:
                progress.tell(done, total)

        told.append(import_folder(landlord_id, folder, dry, tell_both))
        return ", ".join(f"{number:,} {result}" for result, number in told[0].sums().items())

    jobs.do_here(Viewer(landlord_id), JOB, {"dry": dry}, work, "dry run" if dry else "")
    return told[0]


def _check_landlord(landlord_id: str) -> None:
    if landlord_id not in deployments.landlord_ids():
        raise NotFound(f"There is no landlord {landlord_id} here.")


def import_folder(landlord_id: str, folder: Path, dry: bool, tell: Tell = lambda *_: None) -> Told:
    """Read in the files of a folder. With `dry` everything is tried and nothing is kept.

    Raises FileRefused before anything is
    read in, and NotFound for no such landlord.
    """
    _check_landlord(landlord_id)
    facts = frozenset(deployments.live(landlord_id).facts)
    files = {
        name: list(read_file(folder / name, FILES[name], facts))
        for name in FILES
        if (folder / name).exists()
    }
    if not files:
        raise FileRefused(f"There is none of {', '.join(FILES)} in {folder}.")
    return _Folder(landlord_id, dry, facts, files, tell).read_in()


class _Folder:
    """The rows of a folder, which name each other by their references."""

    def __init__(
        self,
        landlord_id: str,
        dry: bool,
        facts: frozenset[str],
        files: Mapping[str, list[Line]],
        tell: Tell,
    ) -> None:
        self.landlord_id, self.dry, self.facts, self.tell = landlord_id, dry, facts, tell
        self.files, self.told = files, Told()
        self.done, self.total = 0, sum(map(len, files.values()))
        self.homes: dict[str, HomeRow] = {}
        self.people: dict[str, PersonRow] = {}
        self.history: dict[str, list[tuple[Line, HistoryRow]]] = {}
        self.cases: dict[str, str] = {}  # reference: what became of it

    def read_in(self) -> Told:
        for name, keep in (("homes.csv", self._home), ("people.csv", self._person)):
            rows = self._checked(name)
            while batch := list(islice(rows, BATCH)):
                with _kept(self.dry) as session:
                    for line, row in batch:
                        self._told(name, line, partial(keep, session, row))
        for line, row in self._checked("history.csv"):
            self.history.setdefault(row.case, []).append((line, row))
        for line, row in self._checked("cases.csv"):
            self._told("cases.csv", line, partial(self._case, line, row))
        self._tell_history()
        return self.told

    def _checked(self, name: str) -> Iterator[tuple[Line, Any]]:
        """The rows of a file that hold what their columns may hold; the others are told of."""
        for done, line in enumerate(self.files.get(name, ()), 1):
            self.done += 1
            self.tell(name, done, self.done, self.total)
            try:
                row = line.read(FILES[name], self.facts)
            except RowRefused as refused:
                self.told.add(RowTold(name, line, REFUSED, refused.message))
            else:
                yield line, row

    def _told(self, name: str, line: Line, work: Callable[[], tuple[str, str]]) -> None:
        try:
            self.told.add(RowTold(name, line, *work()))
        except RowRefused as refused:
            self.told.add(RowTold(name, line, REFUSED, refused.message))

    def _home(self, session: Session, row: HomeRow) -> tuple[str, str]:
        self._once(self.homes, row)
        return NEW if people.home(session, self.landlord_id, row)[1] else HERE, ""

    def _person(self, session: Session, row: PersonRow) -> tuple[str, str]:
        made = people.person(session, self.landlord_id, row, self.homes)[1]
        self._once(self.people, row)
        return NEW if made else HERE, ""

    def _once(self, seen: dict[str, Any], row: Any) -> None:
        if row.reference in seen:
            raise RowRefused(f"‘reference’: {row.reference} stands in this file already")
        seen[row.reference] = row

    def _case(self, line: Line, row: CaseRow) -> tuple[str, str]:
        if row.reference in self.cases:
            raise RowRefused(f"‘reference’: {row.reference} stands in this file already")
        self.cases[row.reference] = REFUSED
        with _kept(self.dry) as session:
            if cases.known_case(session, self.landlord_id, row.reference) is not None:
                self.cases[row.reference] = HERE
                return HERE, ""
            resident = people.known_person(session, self.landlord_id, row.person)
            if resident is None and row.person in self.people:
                found = self.people[row.person]
                resident, _ = people.person(session, self.landlord_id, found, self.homes)
            if resident is None:
                raise RowRefused(f"‘person’: there is no {row.person} in people.csv or here")
            lines = [entry for _, entry in self.history.get(row.reference, ())]
            where = cases.Where("cases.csv", line.number)
            supposed = cases.read_in(session, self.landlord_id, row, resident, lines, where)
        self.cases[row.reference] = NEW
        return NEW, supposed

    def _tell_history(self) -> None:
        for reference, entries in self.history.items():
            result = self.cases.get(reference, "")
            why = f"the case {reference} was not read in" if result else f"no case {reference}"
            for line, _ in entries:
                refused = result in {"", REFUSED}
                self.told.add(
                    RowTold("history.csv", line, REFUSED, why)
                    if refused
                    else RowTold("history.csv", line, result)
                )


@contextmanager
def _kept(dry: bool) -> Iterator[Session]:
    """A transaction, whose work is taken back in a dry run."""
    try:
        with transaction() as session:
            yield session
            if dry:
                raise _OnlyTried
    except _OnlyTried:
        pass
