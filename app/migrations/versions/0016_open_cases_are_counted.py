"""the managers' open cases are counted, and all cases listed a page at a time, from indexes

Revision: 0016, after 0015, 2026-11-26
"""

from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

UNMET = 'ended_at IS NULL AND met_on IS NULL'
MADE = {
    'ix_case_open': (
        'case', ['id', 'kind', 'stage', 'stage_name', 'hazard', 'status'], "status = 'open'"
    ),
    'ix_case_newest': ('case', ['opened_at'], None),
    'ix_task_of_case': (
        'task',
        ['case_id', 'due_on', 'opened_at', 'id', 'element', 'claimed_by', 'status'],
        "status = 'open'",
    ),
    'ix_task_done': ('task', ['closed_at'], "status = 'done'"),
    'ix_deadline_due': ('deadline', ['kind', 'due_on', 'case_id'], UNMET),
    'ix_deadline_of_case': (
        'deadline', ['case_id', 'kind', 'due_on', 'ended_at', 'met_on'], UNMET
    ),
    'ix_instance_calendar': ('instance', ['completed', 'calendar_version'], None),
}
DROPPED = {'ix_deadline_open': ('deadline', ['kind', 'due_on'], UNMET)}


@contextmanager
def beside_the_work():
    """PostgreSQL builds an index while others write: out of a transaction, waiting as long as it
    takes, since nobody waits for it."""
    if op.get_context().dialect.name != 'postgresql':
        yield
        return
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        yield
        op.execute("SET lock_timeout = '3s'")


def change(dropped, made):
    with beside_the_work():
        for name, (table, columns, only) in made.items():
            # one that was broken off is there, and good for nothing
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
            where = {f'{dialect}_where': only and sa.text(only) for dialect in ('sqlite', 'postgresql')}
            op.create_index(
                name, table, ['landlord_id', *columns], **where, postgresql_concurrently=True
            )
        for name, (table, _, _) in dropped.items():
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


def upgrade():
    change(DROPPED, MADE)


def downgrade():
    change(MADE, DROPPED)
