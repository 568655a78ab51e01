"""drafts of the procedure, a second person's approval, cases that move to a new version

Revision: 0012, after 0011, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('deployment') as table:
        table.add_column(sa.Column('live_from', sa.DateTime(), nullable=True))
        table.add_column(sa.Column('approved_by', sa.String(length=32), nullable=True))
    op.create_table('procedure_draft',
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('based_on', sa.String(length=32), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('made_by', sa.String(length=32), nullable=True),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('says', sa.Text(), nullable=False),
    sa.Column('starts_at', sa.DateTime(), nullable=True),
    sa.Column('proposed_by', sa.String(length=32), nullable=True),
    sa.Column('proposed_at', sa.DateTime(), nullable=True),
    sa.Column('decided_by', sa.String(length=32), nullable=True),
    sa.Column('decided_at', sa.DateTime(), nullable=True),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('deployment_id', sa.String(length=32), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'],
        name=op.f('fk_procedure_draft_landlord')),
    sa.ForeignKeyConstraint(['landlord_id', 'based_on'],
        ['deployment.landlord_id', 'deployment.id'], name='fk_procedure_draft_based_on'),
    sa.PrimaryKeyConstraint('landlord_id', 'id', name=op.f('pk_procedure_draft'))
    )
    op.create_index('ix_procedure_draft_status', 'procedure_draft', ['landlord_id', 'status'])
    op.create_table('procedure_draft_file',
    sa.Column('draft_id', sa.String(length=32), nullable=False),
    sa.Column('path', sa.String(length=200), nullable=False),
    sa.Column('bytes', sa.LargeBinary(), nullable=True),
    sa.Column('changed_by', sa.String(length=32), nullable=True),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'],
        name=op.f('fk_procedure_draft_file_landlord')),
    sa.ForeignKeyConstraint(['landlord_id', 'draft_id'],
        ['procedure_draft.landlord_id', 'procedure_draft.id'],
        name=op.f('fk_procedure_draft_file_procedure_draft')),
    sa.PrimaryKeyConstraint('landlord_id', 'draft_id', 'path', name=op.f('pk_procedure_draft_file'))
    )
    op.create_table('case_move',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('job_id', sa.String(length=32), nullable=True),
    sa.Column('from_id', sa.String(length=32), nullable=False),
    sa.Column('to_id', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('by', sa.String(length=32), nullable=True),
    sa.Column('state', sa.LargeBinary(), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('after', sa.String(length=64), nullable=False),
    sa.Column('moved', sa.JSON(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('undone_at', sa.DateTime(), nullable=True),
    sa.Column('undone_by', sa.String(length=32), nullable=True),
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'], name=op.f('fk_case_move_landlord')),
    sa.ForeignKeyConstraint(['landlord_id', 'case_id'], ['case.landlord_id', 'case.id'],
        name=op.f('fk_case_move_case')),
    sa.PrimaryKeyConstraint('landlord_id', 'id', name=op.f('pk_case_move'))
    )
    op.create_index('ix_case_move_case', 'case_move', ['landlord_id', 'case_id', 'at'])


def downgrade():
    op.drop_table('case_move')
    op.drop_table('procedure_draft_file')
    op.drop_table('procedure_draft')
    with op.batch_alter_table('deployment') as table:
        table.drop_column('approved_by')
        table.drop_column('live_from')
