"""people who sign in are behind the wall, too, and no table stands outside

Revision: 0021, after 0020, 2026-11-27
"""

from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

IN_SIGHT = "(SELECT string_to_array(current_setting('app.landlord', true), ','))::text[]"
TABLES = {
    'user': 'landlord_id IS NULL OR '
    f"landlord_id = ANY ({IN_SIGHT}) OR '*' = ANY ({IN_SIGHT})",
    'membership': 'EXISTS (SELECT 1 FROM "user" WHERE id = user_id)',
    'landlord': 'true',
    'beat': 'true',
    'calendar': 'true',
    'day_off': 'true',
    'ended_session': 'true',
    'flood': 'true',
    'quarantine': 'true',
}


def upgrade():
    if op.get_bind().dialect.name != 'postgresql':
        return
    for table, seen in TABLES.items():  # those made by this version's migrations have it already
        op.execute(f'DROP POLICY IF EXISTS of_landlord ON "{table}"')
        op.execute(f'CREATE POLICY of_landlord ON "{table}" USING ({seen})')
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')


def downgrade():
    if op.get_bind().dialect.name != 'postgresql':
        return
    for table in TABLES:
        op.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
        op.execute(f'DROP POLICY of_landlord ON "{table}"')
