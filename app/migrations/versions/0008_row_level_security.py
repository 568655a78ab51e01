"""PostgreSQL shows no landlord's rows but of those in sight

Revision: 0008, after 0007, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

IN_SIGHT = "(SELECT string_to_array(current_setting('app.landlord', true), ','))::text[]"


def owned(connection):
    """The tables whose rows belong to a landlord each."""
    look = sa.inspect(connection)
    for table in look.get_table_names():
        if 'landlord_id' in look.get_pk_constraint(table)['constrained_columns']:
            yield table


def upgrade():
    connection = op.get_bind()
    if connection.dialect.name != 'postgresql':
        return
    for table in owned(connection):  # those made by this version's migrations have it already
        op.execute(f'DROP POLICY IF EXISTS of_landlord ON "{table}"')
        op.execute(
            f'CREATE POLICY of_landlord ON "{table}" USING '
            f"(landlord_id = ANY ({IN_SIGHT}) OR '*' = ANY ({IN_SIGHT}))"
        )
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')


def downgrade():
    connection = op.get_bind()
    if connection.dialect.name != 'postgresql':
        return
    for table in owned(connection):
        op.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
        op.execute(f'DROP POLICY of_landlord ON "{table}"')
