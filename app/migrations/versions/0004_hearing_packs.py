"""hearing packs

Revision: 0004, after 0003, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('hearing_pack',
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('blob_id', sa.String(length=32), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('made_by', sa.String(length=32), nullable=True),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('left_out', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id', 'blob_id'], ['blob.landlord_id', 'blob.id'], name=op.f('fk_hearing_pack_blob')),
    sa.ForeignKeyConstraint(['landlord_id', 'case_id'], ['case.landlord_id', 'case.id'], name=op.f('fk_hearing_pack_case')),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'], name=op.f('fk_hearing_pack_landlord')),
    sa.PrimaryKeyConstraint('landlord_id', 'id', name=op.f('pk_hearing_pack'))
    )
    with op.batch_alter_table('hearing_pack', schema=None) as batch_op:
        batch_op.create_index('ix_hearing_pack_case', ['landlord_id', 'case_id'], unique=False)


def downgrade():
    with op.batch_alter_table('hearing_pack', schema=None) as batch_op:
        batch_op.drop_index('ix_hearing_pack_case')

    op.drop_table('hearing_pack')
