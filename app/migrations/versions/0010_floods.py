"""what visitors may do only so often is counted by all processes together

Revision: 0010, after 0009, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('flood',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('empty_at', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_flood'))
    )


def downgrade():
    op.drop_table('flood')
