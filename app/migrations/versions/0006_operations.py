"""signs of life, quarantine

Revision: 0006, after 0005, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('beat',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_beat'))
    )
    op.create_table('quarantine',
    sa.Column('began_at', sa.DateTime(), nullable=False),
    sa.Column('says', sa.Text(), nullable=False),
    sa.Column('released_at', sa.DateTime(), nullable=True),
    sa.Column('by', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('began_at', name=op.f('pk_quarantine'))
    )


def downgrade():
    op.drop_table('quarantine')
    op.drop_table('beat')
