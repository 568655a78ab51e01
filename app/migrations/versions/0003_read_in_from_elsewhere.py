"""homes, and the references that people and cases had before they were read in

Revision: 0003, after 0002, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('home',
    sa.Column('old_reference', sa.String(length=60), nullable=False),
    sa.Column('address', sa.String(length=500), nullable=False),
    sa.Column('postcode', sa.String(length=12), nullable=False),
    sa.Column('search', sa.String(length=600), nullable=False),
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'], name=op.f('fk_home_landlord')),
    sa.PrimaryKeyConstraint('landlord_id', 'id', name=op.f('pk_home'))
    )
    with op.batch_alter_table('home', schema=None) as batch_op:
        batch_op.create_index('ix_home_old_reference', ['landlord_id', 'old_reference'], unique=True)
        batch_op.create_index('ix_home_postcode', ['landlord_id', 'postcode'], unique=False)
    for table in ('person', 'case'):
        op.add_column(table, sa.Column('old_reference', sa.String(length=60), nullable=True))
        op.create_index(f'ix_{table}_old_reference', table, ['landlord_id', 'old_reference'], unique=True)


def downgrade():
    for table in ('case', 'person'):
        op.drop_index(f'ix_{table}_old_reference', table_name=table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column('old_reference')
    op.drop_table('home')
