"""What a migration may not do to a table that is large and in use, after squawk's rules.

Each statement of a migration is looked at as PostgreSQL would get it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

from alembic.migration import MigrationContext
from alembic.operations import Operations

RULES = {
    r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)": (
        "holds up every write: postgresql_concurrently=True in an autocommit block"
    ),
    r"DROP INDEX (?!CONCURRENTLY)": "waits for all readers: postgresql_concurrently=True",
    r"ALTER COLUMN \S+ SET NOT NULL": (
        "reads the whole table: first a CHECK (… IS NOT NULL) that is NOT VALID, then VALIDATE"
    ),
    r"ADD COLUMN (?!.*DEFAULT).*NOT NULL": "fails on rows that are there: give a server_default",
    r"ADD COLUMN .*DEFAULT (now\(\)|CURRENT_|gen_random|random\(\)|nextval)": (
        "writes every row anew: add it without, then set the default"
    ),
    r"ALTER COLUMN \S+ TYPE": "writes the whole table anew: add another column",
    r"ADD CONSTRAINT \S+ (UNIQUE|PRIMARY KEY) \(": "builds an index: USING INDEX of a made one",
    r"ADD (CONSTRAINT \S+ )?(FOREIGN KEY|CHECK)(?!.*NOT VALID)": (
        "reads the whole table: NOT VALID, and VALIDATE in a later migration"
    ),
    r"RENAME (TO|COLUMN|CONSTRAINT)?": "the version that still runs knows the old name",
    r"DROP COLUMN": "the version that still runs reads it: drop it a version later",
    r"DROP TABLE": "the version that still runs reads it: drop it a version later",
    r"(VACUUM FULL|CLUSTER|LOCK TABLE)": "takes the table for itself",
    r"^(UPDATE|DELETE)": "may touch every row in one transaction: do it in a job",
}

SMALL = {"job", "deployment", "procedure_draft", "calendar"}  # a few rows of each landlord


def statements(upgrade: Callable[[], None]) -> list[str]:
    """What PostgreSQL gets."""
    out = io.StringIO()
    options = {"as_sql": True, "output_buffer": out}
    with Operations.context(MigrationContext.configure(dialect_name="postgresql", opts=options)):
        upgrade()
    return [" ".join(part.split()) for part in out.getvalue().split(";") if part.strip()]


def blocks(said: list[str]) -> Iterator[str]:
    """The statements that hold up others, and why. A table made here has no rows yet."""
    made = {name for line in said for name in re.findall(r'^CREATE TABLE "?(\w+)', line)}
    for line in said:
        table = re.search(r'(?:TABLE|ON|UPDATE|FROM) (?:ONLY )?"?(\w+)"?', line)
        if table and table[1] in made | SMALL:
            continue
        yield from (f"{line}: {why}" for rule, why in RULES.items() if re.search(rule, line))
