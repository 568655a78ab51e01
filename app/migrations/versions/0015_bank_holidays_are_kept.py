"""a calendar that cases are pinned to keeps its bank holidays

What was kept without them was counted by those of `holidays` as it is installed now, whatever
version it names: so it stays.

Revision: 0015, after 0014, 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

from timers.calendar import NATIONS, bank_holidays


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('calendar', sa.Column('bank_holidays', sa.JSON(none_as_null=True), nullable=True))
    calendar = sa.table('calendar', sa.column('nation'), sa.column('bank_holidays', sa.JSON()))
    for nation in sorted(NATIONS):
        days = [[day.on.isoformat(), day.name] for day in bank_holidays(nation)]
        op.execute(sa.update(calendar).where(calendar.c.nation == nation).values(bank_holidays=days))


def downgrade():
    with op.batch_alter_table('calendar') as table:
        table.drop_column('bank_holidays')
