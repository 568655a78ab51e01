"""Each list of the inbox has an index in its order

Revision: 0011, after 0010, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

TAKEN = "status = 'open' AND claimed_by IS NOT NULL"
INDEXES = {
    'ix_task_free': (['team', 'due_on', 'id'], "status = 'open' AND claimed_by IS NULL"),
    'ix_task_taken': (['team', 'due_on', 'id'], TAKEN),
    'ix_task_mine': (['claimed_by', 'team', 'due_on', 'id'], TAKEN),
    'ix_task_stage': (['stage', 'team', 'due_on', 'id'], "status = 'open'"),
    'ix_task_closed': (['closed_by', 'closed_at'], 'closed_by IS NOT NULL'),
}
INBOX = {'ix_task_inbox': (['team', 'due_on', 'id'], "status = 'open'")}


def change(dropped, made):
    for name in dropped:
        op.drop_index(name, 'task')
    for name, (columns, only) in made.items():
        where = {f'{dialect}_where': sa.text(only) for dialect in ('sqlite', 'postgresql')}
        op.create_index(name, 'task', ['landlord_id', *columns], **where)


def upgrade():
    change(INBOX, INDEXES)


def downgrade():
    change(INDEXES, INBOX)
