"""a played case knows which story it was opened from

Revision: 0019, after 0018, 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('played_case', sa.Column('story', sa.String(length=100)))


def downgrade():
    op.drop_column('played_case', 'story')
