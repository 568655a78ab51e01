"""the managers' open cases are counted, and all cases listed a page at a time, from indexes

Revision: 0016, after 0015, 2026-11-26
"""

from app.migrations.indexes import change

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


def upgrade():
    change(DROPPED, MADE)


def downgrade():
    change(MADE, DROPPED)
