"""Each list of the inbox has an index in its order

Revision: 0011, after 0010, 2026-11-26
"""

from app.migrations.indexes import change

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

TAKEN = "status = 'open' AND claimed_by IS NOT NULL"
MADE = {
    'ix_task_free': ('task', ['team', 'due_on', 'id'], "status = 'open' AND claimed_by IS NULL"),
    'ix_task_taken': ('task', ['team', 'due_on', 'id'], TAKEN),
    'ix_task_mine': ('task', ['claimed_by', 'team', 'due_on', 'id'], TAKEN),
    'ix_task_stage': ('task', ['stage', 'team', 'due_on', 'id'], "status = 'open'"),
    'ix_task_closed': ('task', ['closed_by', 'closed_at'], 'closed_by IS NOT NULL'),
}
DROPPED = {'ix_task_inbox': ('task', ['team', 'due_on', 'id'], "status = 'open'")}


def upgrade():
    change(DROPPED, MADE)


def downgrade():
    change(MADE, DROPPED)
