"""long work that somebody asked for

Revision: 0007, after 0006, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('job',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('args', sa.JSON(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('says', sa.Text(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('asked_by', sa.String(length=32), nullable=True),
    sa.Column('asked_at', sa.DateTime(), nullable=False),
    sa.Column('beat_at', sa.DateTime(), nullable=True),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'], name=op.f('fk_job_landlord')),
    sa.PrimaryKeyConstraint('landlord_id', 'id', name=op.f('pk_job'))
    )
    op.create_index('ix_job_open', 'job', ['asked_at'], unique=False,
        sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))


def downgrade():
    op.drop_table('job')
