"""What a landlord had before is read in: people, homes, closed cases, open ones at their step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.clock import SetClock
from app.db import db
from app.errors import BadInput, NotFound
from app.models import (
    Alert,
    Case,
    Deadline,
    Event,
    Home,
    Instance,
    Job,
    Letter,
    Outgoing,
    Person,
    Task,
)
from app.services import cases, importing, known_people, sweep
from app.services.access import instance_of
from app.services.deployments import of_instance
from app.services.history import lines_of
from app.services.importing import run
from app.services.independence import handlers_of
from app.viewer import Viewer
from tests.cases import london
from tests.conftest import make_user
from tests.services import elm_homes as elm

HOMES = """reference,address,postcode
U1,"Flat 3, 12 Larkhill Court",sk3 9zz
U2,4 Brook Lane,SK3 9AB
"""
PEOPLE = """reference,name,title,email,home,contact_never,adjustments
T1,Kezia Boateng,Ms,kezia@example.org,U1,phone; text,large print
T2,Paul Hart,Mr,,U2,,
"""
CASES = """\
reference,person,received_on,status,step,officer,closed_on,outcome,stage,points,story,more_days,\
answered_on,by answer
C/1,T1,16/11/2026,open,answer,amira@elm-homes.example,,,,The damp;Nobody rang,Damp.,,,
C/2,T1,2026-11-02,open,answer,,,,,,Late.,,,
C/3,T2,2026-11-02,open,answer,,,,,,Longer.,10,,
C/4,T2,2026-10-20,open,satisfaction,,,,,,Answered.,,2026-11-03,amira@elm-homes.example
C/5,T2,2025-03-03,closed,,,2025-03-17,upheld,Stage One,,Boiler.,,2025-03-17,
"""
HISTORY = """case,on,what,who
C/1,2026-11-17,"Rang the resident, who agreed to a visit",A. Sethi
C/1,2026-11-19,Surveyor visited,
C/5,2025-03-10,Boiler repaired,
"""
Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Writes the files of a folder to read in."""

    def write(homes: str = "", people: str = "", cases: str = "", history: str = "") -> Path:
        texts = {"homes": homes, "people": people, "cases": cases, "history": history}
        for name, text in texts.items():
            path = tmp_path / f"{name}.csv"
            path.unlink(missing_ok=True)
            if text:
                path.write_text(text, encoding="utf-8-sig")
        return tmp_path

    return write


@pytest.fixture(autouse=True)
def amira(app: Flask) -> Viewer:
    """Of Elm Homes, whose procedure is live. It is Tuesday 24 November 2026."""
    elm.deploy()
    return make_user(elm.ELM, "amira", teams=("complaints",))


@pytest.fixture
def whole(folder: Folder) -> Path:
    return folder(HOMES, PEOPLE, CASES, HISTORY)


def case_of(old: str) -> Case:
    return db.session.scalars(select(Case).where(Case.old_reference == old)).one()


def limit_of(old: str) -> Deadline:
    return db.session.scalars(
        select(Deadline).where(
            Deadline.case_id == case_of(old).id, Deadline.element == "answer_due"
        )
    ).one()


def how_many(*tables: type) -> list[int]:
    return [db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_a_dry_run_tells_the_same_and_keeps_nothing(whole: Path) -> None:
    tried = importing.import_folder(elm.ELM, whole, dry=True)
    assert how_many(Home, Person, Case, Instance, Event) == [0, 0, 0, 0, 0]
    done = importing.import_folder(elm.ELM, whole, dry=False)
    assert tried.counts == done.counts
    assert done.refused == []
    assert how_many(Home, Person, Case, Instance) == [2, 2, 5, 5]


def test_a_second_time_leaves_alone_what_is_here(whole: Path) -> None:
    importing.import_folder(elm.ELM, whole, dry=False)
    before = how_many(Home, Person, Case, Event)
    again = importing.import_folder(elm.ELM, whole, dry=False)
    assert {result for _, result in again.counts} == {"here already"}
    assert how_many(Home, Person, Case, Event) == before


def test_an_open_case_stands_at_its_step_and_its_clocks_go_on(
    whole: Path, clock: SetClock, amira: Viewer
) -> None:
    importing.import_folder(elm.ELM, whole, dry=False)
    case = case_of("C/1")
    (task,) = db.session.scalars(select(Task).where(Task.case_id == case.id))
    assert (task.element, task.status, task.claimed_by) == ("answer", "open", amira.user_id)
    assert (case.received_on, case.stage) == (date(2026, 11, 16), "stage_1")
    assert limit_of("C/1").due_on == task.due_on == date(2026, 11, 30)
    assert limit_of("C/3").due_on == date(2026, 11, 30)  # ten working days, and ten more
    assert [point.text for point in cases.page(amira, case.reference).points] == [
        "The damp",
        "Nobody rang",
    ]

    clock.move_to(london("2026-12-01 00:01"))
    sweep.run_due()
    assert [a.text for a in db.session.scalars(select(Alert).where(Alert.case_id == case.id))] == [
        "The answer is late."
    ]


def test_nothing_goes_out_for_the_past(whole: Path) -> None:
    importing.import_folder(elm.ELM, whole, dry=False)
    assert how_many(Letter, Outgoing, Alert) == [0, 0, 0]
    late = limit_of("C/2")
    assert (late.due_on, late.missed_on, late.met_on) == (
        date(2026, 11, 16),
        date(2026, 11, 16),
        None,
    )
    sweep.run_due()
    assert how_many(Alert) == [0]


def test_what_was_met_before_counts_as_met_and_who_did_it_is_known(
    whole: Path, amira: Viewer
) -> None:
    importing.import_folder(elm.ELM, whole, dry=False)
    case = case_of("C/4")
    limit = limit_of("C/4")
    assert (limit.met_on, limit.missed_on) == (date(2026, 11, 3), None)
    assert handlers_of(case, ["answer"]) == [("answer", amira.user_id)]
    assert instance_of(case).offers == ["satisfaction"]
    assert case.status == "open"


def test_the_history_says_what_was_read_in_and_when(whole: Path, clock: SetClock) -> None:
    importing.import_folder(elm.ELM, whole, dry=False)
    case = case_of("C/1")
    instance = instance_of(case)
    lines = lines_of(case, instance, of_instance(instance))
    assert [line.title for line in lines] == [
        "Read in from another system, where it was C/1",
        "Surveyor visited",
        "Rang the resident, who agreed to a visit",
        "Complaint recorded",
    ]
    newest, *older = lines
    assert (newest.text, newest.at) == ("cases.csv, line 2.", clock())
    assert [line.at.date() for line in older] == [
        date(2026, 11, 19),
        date(2026, 11, 17),
        date(2026, 11, 16),
    ]
    assert {line.recorded_at for line in lines} == {clock()}
    assert {line.who for line in lines} == {"From the record before"}


def test_a_closed_case_is_a_record_of_which_nothing_runs(whole: Path, amira: Viewer) -> None:
    importing.import_folder(elm.ELM, whole, dry=False)
    case = case_of("C/5")
    instance = instance_of(case)
    assert (case.status, case.outcome, case.stage_name) == ("closed", "upheld", "Stage One")
    assert case.closed_at is not None and case.closed_at.date() == date(2025, 3, 17)
    assert (instance.completed, instance.next_due_at, instance.offers) == (True, None, [])
    assert instance.facts["answered_on"] == "2025-03-17"
    page = cases.page(amira, case.reference)
    assert page.tasks == [] and page.offers == []
    assert "Boiler repaired" in [line.title for line in page.timeline]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("X,T9,2026-11-02,open,answer,", "‘person’: there is no T9 in people.csv or here"),
        ("X,T1,2026-11-31,open,answer,", "‘received_on’: '2026-11-31' is no date"),
        ("X,T1,,open,answer,", "‘received_on’ is empty"),
        ("X,T1,2026-11-02,open,,", "‘step’ is empty: say where the case stands"),
        ("X,T1,2026-11-02,open,answr,", "Did you mean “answer”"),
        ("X,T1,2026-11-02,closed,,", "‘closed_on’ is empty, but the case is closed"),
        ("X,T1,2026-11-02,waiting,answer,", "‘status’"),
        ("X,T1,2026-11-02,open,satisfaction,", "without a date in answered_on"),
        ("X,T1,2026-09-02,open,survey_over,2026-09-07", "the time of “survey_over” is over"),
        ("X,T1,2026-11-02,open,answer,soon", "‘answered_on’: 'soon' is no date"),
        ("X,T1,2027-01-04,open,answer,", "‘received_on’ is still to come"),
    ],
)
def test_a_row_that_cannot_be_placed_is_listed_with_its_reason(
    folder: Folder, row: str, why: str
) -> None:
    header = "reference,person,received_on,status,step,answered_on\n"
    told = importing.import_folder(elm.ELM, folder(HOMES, PEOPLE, header + row), dry=False)
    (refused,) = told.refused
    assert (refused.file, refused.line.number) == ("cases.csv", 2)
    assert why in refused.why
    assert how_many(Case, Instance, Event) == [0, 0, 0]


def test_rows_that_name_each_other_wrongly_are_listed(folder: Folder) -> None:
    people = PEOPLE + "T3,Nobody Home,,,U9,,\nT1,Twice,,,,,\n"
    officer = CASES.splitlines()[0] + "\nC/1,T1,2026-11-16,open,answer,x@example.org" + "," * 8
    told = importing.import_folder(elm.ELM, folder(HOMES, people, officer, HISTORY), dry=False)
    assert [(row.file, row.line.number, row.why) for row in told.refused] == [
        ("people.csv", 4, "‘home’: there is no home U9 in homes.csv or here"),
        ("people.csv", 5, "‘reference’: T1 stands in this file already"),
        ("cases.csv", 2, "nobody of this landlord signs in with x@example.org"),
        ("history.csv", 2, "the case C/1 was not read in"),
        ("history.csv", 3, "the case C/1 was not read in"),
        ("history.csv", 4, "no case C/5"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("reference,person\n", "has no column received_on"),
        ("reference,person,received_on,colour\n", "colour is no column of ours"),
        ("reference,person,received_on,person\n", "has a column twice: person"),
        ("reference,person,received_on\nC,T1,2026-11-02,more\n", "more cells than the first"),
        ('reference,person,received_on\n"C,T1', "line"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_whole(folder: Folder, text: str, why: str) -> None:
    with pytest.raises(importing.FileRefused, match=why):
        importing.import_folder(elm.ELM, folder(HOMES, PEOPLE, text), dry=False)
    assert how_many(Home, Person) == [0, 0]


def test_what_was_read_in_is_found(whole: Path, amira: Viewer) -> None:
    importing.import_folder(elm.ELM, whole, dry=False)
    (found,), total = cases.search(amira, "c / 3")
    assert (found.case.old_reference, total) == ("C/3", 1)
    (home,) = known_people.homes_at(amira, "SK3 9AB", "")
    assert home.address == "4 Brook Lane"


def test_somebody_without_a_case_is_known_by_their_address(folder: Folder, amira: Viewer) -> None:
    importing.import_folder(elm.ELM, folder(HOMES, PEOPLE), dry=False)
    ((person, open_cases),), _ = known_people.known_people(amira, "", "", "12 larkhill")
    assert (person.name, open_cases) == ("Kezia Boateng", [])
    assert (person.postcode, person.contact_never) == ("SK3 9ZZ", ["phone", "text"])
    assert known_people.person_known(amira, person.id) is not None
    stranger = Viewer("elsewhere", "x", role="staff")
    assert known_people.person_known(stranger, person.id) is None
    assert known_people.homes_at(stranger, "SK3 9AB", "") == []


def test_it_is_a_job_whose_progress_is_seen_and_one_at_a_time(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TOLD_EVERY", 1)
    seen: list[tuple[str, int, int, int]] = []
    rows: list[tuple[str, int]] = []

    def tell(*said: Any) -> None:
        seen.append(said)
        db.session.rollback()
        rows.extend(map(tuple, db.session.execute(select(Job.status, Job.done))))
        if len(seen) == 2:
            with pytest.raises(BadInput, match="already"):
                importing.import_as_job(elm.ELM, whole, False, tell)

    told = importing.import_as_job(elm.ELM, whole, False, tell)
    (job,) = db.session.scalars(select(Job))
    assert told.refused == [] and job.status == "done" and job.says.endswith(" new")
    assert (job.done, job.total) == (len(seen), seen[-1][3])
    assert rows[1] == ("running", 1)
    with pytest.raises(NotFound):
        importing.import_as_job("nowhere", whole, False, tell)
    (whole / "homes.csv").write_text("nonsense\n1\n")
    with pytest.raises(importing.FileRefused):
        importing.import_as_job(elm.ELM, whole, False, tell)
    assert Counter(db.session.scalars(select(Job.status))) == {"done": 1, "failed": 1}
