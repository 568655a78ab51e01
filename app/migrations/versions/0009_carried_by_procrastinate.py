"""long work is about something, makes a file, and on PostgreSQL is carried by procrastinate

Revision: 0009, after 0008, 2026-11-26
"""

from pathlib import Path

import procrastinate.schema
import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

# procrastinate's own changes of its tables, in its package; a later one of ours goes on from here
LAST = '03.04.00_50_post_add_retry_failed_job_procedure.sql'


def upgrade():
    if op.get_bind().dialect.name == 'postgresql' and not op.get_context().as_sql:
        # each file by itself: before PostgreSQL 17, what an ALTER TYPE adds is usable after COMMIT
        with op.get_context().autocommit_block():
            drop()  # what an earlier try has left
            for path in sorted(Path(procrastinate.schema.migrations_path).glob('*.sql')):
                if path.name <= LAST:
                    op.get_bind().exec_driver_sql(path.read_text('utf-8').replace('%', '%%'))
    with op.batch_alter_table('job') as batch_op:
        batch_op.add_column(sa.Column('about', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('taken', sa.String(length=32), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('blob_id', sa.String(length=32), nullable=True))
        batch_op.create_index('ix_job_about', ['landlord_id', 'name', 'about', 'asked_at'], unique=False)


def drop():
    op.execute("""
        DO $$ DECLARE it record; BEGIN
          FOR it IN SELECT oid::regclass AS name FROM pg_class
                    WHERE relname LIKE 'procrastinate\\_%' AND relkind = 'r' LOOP
            EXECUTE 'DROP TABLE ' || it.name || ' CASCADE';
          END LOOP;
          FOR it IN SELECT oid::regprocedure AS name FROM pg_proc
                    WHERE proname LIKE 'procrastinate\\_%' LOOP
            EXECUTE 'DROP FUNCTION ' || it.name || ' CASCADE';
          END LOOP;
          FOR it IN SELECT oid::regtype AS name FROM pg_type
                    WHERE typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c') LOOP
            EXECUTE 'DROP TYPE ' || it.name || ' CASCADE';
          END LOOP;
        END $$""")


def downgrade():
    if op.get_bind().dialect.name == 'postgresql':
        drop()
    with op.batch_alter_table('job') as batch_op:
        batch_op.drop_index('ix_job_about')
        batch_op.drop_column('blob_id')
        batch_op.drop_column('taken')
        batch_op.drop_column('about')
