"""where an open case stands, and its first duty, are kept with it: `putright migrate` fills them in

Revision: 0018, after 0017, 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.indexes import change

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

OPEN = "status = 'open'"
UNMET = 'ended_at IS NULL AND met_on IS NULL'
MADE = {
    'ix_case_standing': (
        'case',
        ['kind', 'stage', 'stage_name', 'place', 'duty_on', 'hazard', 'id', 'status'],
        OPEN,
    ),
    'ix_case_first': (
        'case', ['duty_on', 'id', 'place', 'kind', 'stage', 'hazard', 'status'], OPEN
    ),
    'ix_case_unplaced': ('case', ['id'], "status = 'open' AND place IS NULL"),
    'ix_task_lying': ('task', ['element', 'opened_at', 'case_id', 'status'], OPEN),
}
DROPPED = {
    'ix_case_open': ('case', ['id', 'kind', 'stage', 'stage_name', 'hazard', 'status'], OPEN),
    'ix_task_of_case': (
        'task',
        ['case_id', 'due_on', 'opened_at', 'id', 'element', 'claimed_by', 'status'],
        OPEN,
    ),
    'ix_deadline_due': ('deadline', ['kind', 'due_on', 'case_id'], UNMET),
    'ix_deadline_of_case': (
        'deadline', ['case_id', 'kind', 'due_on', 'ended_at', 'met_on'], UNMET
    ),
}


def upgrade():
    # what comes after is in no transaction: an earlier try may have got so far
    again = op.get_context().dialect.name == 'postgresql'
    op.add_column('case', sa.Column('place', sa.String(length=600)), if_not_exists=again)
    op.add_column('case', sa.Column('duty_on', sa.Date()), if_not_exists=again)
    change(DROPPED, MADE)


def downgrade():
    change(MADE, DROPPED)
    op.drop_column('case', 'duty_on')
    op.drop_column('case', 'place')
