"""Very many rows, made in the database as copies of the rows of one real case."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import create_engine, text

from app.db import Base, db
from app.models import Case
from app.viewer import Viewer
from tests.bench import row
from tests.postgres import as_role

TEAMS = 40  # some far larger than others
NO_KEYS = {"link_hash": "NULL", "submission_key": "NULL"}
STAGES = 5
SIZE = 4  # tasks of the procedure
HEX = {"sqlite": "printf('{}%031x', {})", "postgresql": "'{}' || lpad(to_hex({}), 31, '0')"}
NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers "
    "WHERE n < {})",
    "postgresql": "WITH numbers(n) AS (SELECT generate_series(1, CAST({} AS BIGINT)))",
}
DAY = {
    "sqlite": "date('2026-10-20', ({}) || ' days')",
    "postgresql": "DATE '2026-10-20' + CAST({} AS INTEGER)",
}
AT = {
    "sqlite": "datetime('2027-01-01', ({}) || ' seconds')",
    "postgresql": "TIMESTAMP '2027-01-01' + {} * INTERVAL '1 second'",
}
# as app/services/standing.py has it
STANDING = """
UPDATE "case" SET
duty_on = (SELECT min(due_on) FROM deadline l WHERE l.landlord_id = "case".landlord_id
    AND l.case_id = "case".id AND kind = 'duty' AND met_on IS NULL AND ended_at IS NULL),
place = coalesce(
    (SELECT CASE WHEN claimed_by IS NULL THEN 'free ' ELSE 'taken ' END || element FROM task t
        WHERE t.landlord_id = "case".landlord_id AND t.case_id = "case".id AND status = 'open'
        ORDER BY due_on IS NULL, due_on, opened_at, id LIMIT 1),
    (SELECT 'window ' || min(element) FROM deadline l WHERE l.landlord_id = "case".landlord_id
        AND l.case_id = "case".id AND kind = 'window'),
    '')
"""


class Crowd:
    """Copies of one case of a row of four tasks."""

    def __init__(self) -> None:
        self.officer = row.officer(row.deploy(SIZE))
        self.case = db.session.query(Case).filter_by(reference=row.record(self.officer)).one()
        self.colleague = row.officer(self.officer.landlord_id, "idris")
        self.dialect = db.engine.dialect.name
        self.member = Viewer(
            **{**vars(self.officer), "teams": frozenset({"team_1", "team_5", "team_20"})}
        )

    def id(self, kind: str, n: str = "n") -> str:
        """SQL for the id of a copy. kind: a hex digit."""
        return HEX[self.dialect].format(kind, n)

    def fill(self, cases: int, tasks: int = 0, waiting: int = 0, limits: int = 0) -> None:
        """So many more cases, open tasks and done ones, and limits; and instances with a timer.

        A limit is the resident's time where its case has no task, else our duty. No timer is due.
        Where more are `waiting` than there are cases, the others have no more than their instance,
        which is all that a sweep looks at.
        """
        case_of = self.id("c", f"(n % {cases} + 1)")
        due = DAY[self.dialect].format("n * 7919 % 400")
        shared = {"case_id": case_of, "instance_id": self.id("a", f"(n % {cases} + 1)")}
        skewed = f"CAST({TEAMS} * (n * 7919 % 1000) * (n * 7919 % 1000) / 1000000 AS INTEGER)"
        stage = {
            "stage": f"'stage_' || (n % {STAGES})",
            "stage_name": f"'Stage ' || (n % {STAGES})",
        }
        task = (
            shared
            | stage
            | {
                "element": f"'task_' || (n % {SIZE})",
                "team": f"'team_' || {skewed}",
                "due_on": f"CASE WHEN n % 20 = 0 THEN NULL ELSE {due} END",
                "claimed_by": f"CASE WHEN n % 300 = 0 THEN '{self.officer.user_id}' "
                f"WHEN n % 3 = 0 THEN '{self.colleague.user_id}' END",
            }
        )
        long_ago = AT[self.dialect].format("-86400 * 300")
        by = f"'{self.officer.user_id}'"
        closed = {"status": "'done'", "closed_at": long_ago, "closed_by": by}
        case_id, person_id = self.id("c"), self.id("b")
        limit = shared | {
            "host": self.id("d"),
            "kind": f"CASE WHEN n >= {tasks} THEN 'window' ELSE 'duty' END",
            "element": f"CASE WHEN n >= {tasks} THEN 'wait' ELSE 'late_0' END",
            "due_on": due,
        }
        came = {"hazard": "n % 50 = 0", "opened_at": AT[self.dialect].format("-60 * n")}
        self._run(
            self._copy("case", cases, id=case_id, reference="'C' || n", **stage, **came, **NO_KEYS),
            self._copy("person", cases, id=person_id),
            self._copy("party", cases, case_id=case_id, person_id=person_id),
            self._copy(
                "instance",
                waiting or cases,
                id=self.id("a"),
                case_id=case_id,
                next_due_at=AT[self.dialect].format("n"),
            ),
            self._copy("task", tasks, **task, id=self.id("e")),
            self._copy("task", tasks, **(task | closed), id=self.id("f")),
            self._copy("deadline", limits, **limit),
        )
        self._run(STANDING)  # once the database knows how many rows there are

    def _copy(self, table: str, copies: int, **changed: str) -> str:
        """SQL that copies the one row of the case so often. changed: SQL by column."""
        names = [column.name for column in Base.metadata.tables[table].columns]
        said = ", ".join(changed.get(name, f't."{name}"') for name in names)
        columns = ", ".join(f'"{name}"' for name in names)
        one = f"(SELECT * FROM \"{table}\" WHERE landlord_id = '{self.case.landlord_id}' LIMIT 1)"
        numbers = NUMBERS[self.dialect].format(copies)
        return (
            f'INSERT INTO "{table}" ({columns}) {numbers} '
            f"SELECT {said} FROM numbers, {one} t WHERE n <= {copies}"
        )

    def _run(self, *statements: str) -> None:
        """As somebody whom keys and walls do not stop: the rows fit together."""
        db.session.rollback()
        address = current_app.extensions["settings"].owner_database
        postgres = self.dialect == "postgresql"
        engine = create_engine(as_role("postgres", address) if postgres else address)
        no_keys = "SET session_replication_role = replica"  # SQLite asks for none by itself
        with engine.begin() as connection:
            for statement in (*([no_keys] if postgres else []), *statements):
                connection.execute(text(statement))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE" if postgres else "ANALYZE"))
        engine.dispose()
