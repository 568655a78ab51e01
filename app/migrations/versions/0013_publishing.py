"""who worked on a draft, the history of publishing, what came of playing the stories

Revision: 0013, after 0012, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('procedure_draft') as table:
        table.add_column(sa.Column('authors', sa.JSON(), nullable=False, server_default='[]'))
    op.create_table('procedure_event',
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('by', sa.String(length=32), nullable=True),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('says', sa.Text(), nullable=False),
    sa.Column('draft_id', sa.String(length=32), nullable=True),
    sa.Column('deployment_id', sa.String(length=32), nullable=True),
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'],
        name=op.f('fk_procedure_event_landlord')),
    sa.PrimaryKeyConstraint('landlord_id', 'id', name=op.f('pk_procedure_event'))
    )
    op.create_index('ix_procedure_event_at', 'procedure_event', ['landlord_id', 'at'])
    op.create_table('stories_played',
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.Column('told', sa.JSON(), nullable=False),
    sa.Column('landlord_id', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['landlord_id'], ['landlord.id'],
        name=op.f('fk_stories_played_landlord')),
    sa.PrimaryKeyConstraint('landlord_id', 'content_hash', name=op.f('pk_stories_played'))
    )


def downgrade():
    op.drop_table('stories_played')
    op.drop_table('procedure_event')
    with op.batch_alter_table('procedure_draft') as table:
        table.drop_column('authors')
