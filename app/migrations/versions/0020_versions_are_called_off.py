"""a version that waits for its moment can be called off

Revision: 0020, after 0019, 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('deployment', sa.Column('called_off_at', sa.DateTime()))


def downgrade():
    op.drop_column('deployment', 'called_off_at')
