"""deaths, who carries a case on, equality data

Revision: 0005, after 0004, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('death',
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.Column('person_id', sa.String(length=32), nullable=False),
    sa.Column('died_on', sa.Date(), nullable=True),
    sa.Column('told_by', sa.String(length=200), nullable=False),
    sa.Column('recorded_at', sa.DateTime(), nullable=False),
    sa.Column('recorded_by', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['landlord_id', 'person_id'], ['person.landlord_id', 'person.id'], name=op.f('fk_death_person')),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'], name=op.f('fk_death_landlord')),
    sa.PrimaryKeyConstraint('landlord_id', 'person_id', name=op.f('pk_death'))
    )
    op.create_table('carried_on',
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('late_id', sa.String(length=32), nullable=False),
    sa.Column('late_role', sa.String(length=20), nullable=False),
    sa.Column('person_id', sa.String(length=32), nullable=True),
    sa.Column('standing', sa.String(length=20), nullable=False),
    sa.Column('relation', sa.String(length=100), nullable=False),
    sa.Column('shown_by', sa.String(length=300), nullable=False),
    sa.Column('role_before', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id', 'case_id'], ['case.landlord_id', 'case.id'], name=op.f('fk_carried_on_case')),
    sa.ForeignKeyConstraint(['landlord_id', 'late_id'], ['person.landlord_id', 'person.id'], name='fk_carried_on_late'),
    sa.ForeignKeyConstraint(['landlord_id', 'person_id'], ['person.landlord_id', 'person.id'], name='fk_carried_on_person'),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'], name=op.f('fk_carried_on_landlord')),
    sa.PrimaryKeyConstraint('landlord_id', 'case_id', 'late_id', name=op.f('pk_carried_on'))
    )
    op.create_table('equality_count',
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('field', sa.String(length=100), nullable=False),
    sa.Column('answer', sa.String(length=200), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'], name=op.f('fk_equality_count_landlord')),
    sa.PrimaryKeyConstraint('landlord_id', 'month', 'kind', 'field', 'answer', name=op.f('pk_equality_count')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('party', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ended_by_death', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('accessible_copy', schema=None) as batch_op:
        batch_op.add_column(sa.Column('dropped', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    with op.batch_alter_table('accessible_copy', schema=None) as batch_op:
        batch_op.drop_column('dropped')

    with op.batch_alter_table('party', schema=None) as batch_op:
        batch_op.drop_column('ended_by_death')

    op.drop_table('equality_count')
    op.drop_table('carried_on')
    op.drop_table('death')
