"""cases that are played on a draft

Revision: 0014, after 0013, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('played_case',
    sa.Column('draft_id', sa.String(length=32), nullable=False),
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.Column('steps', sa.JSON(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'],
        name=op.f('fk_played_case_landlord')),
    sa.ForeignKeyConstraint(['landlord_id', 'draft_id'],
        ['procedure_draft.landlord_id', 'procedure_draft.id'],
        name=op.f('fk_played_case_procedure_draft')),
    sa.PrimaryKeyConstraint('landlord_id', 'draft_id', 'user_id', name=op.f('pk_played_case'))
    )


def downgrade():
    op.drop_table('played_case')
