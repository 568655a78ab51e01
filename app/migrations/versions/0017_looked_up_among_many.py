"""what waits to be sent, a letter's sending, a person's cases and files of nobody are looked up

Revision: 0017, after 0016, 2026-11-26
"""

from app.migrations.indexes import change

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

MADE = {
    'ix_party_person': ('party', ['person_id', 'case_id'], None),
    'ix_case_link_other': ('case_link', ['other_id'], None),
    'ix_outgoing_letter': ('outgoing', ['letter_id'], None),
    'ix_outgoing_waits': ('outgoing', ['queued_at'], 'sent_at IS NULL'),
    'ix_outgoing_gone': ('outgoing', ['sent_at'], 'sent_at IS NOT NULL'),
    'ix_blob_unclaimed': ('blob', ['at'], 'case_id IS NULL'),
}
DROPPED = {'ix_outgoing_status': ('outgoing', ['status', 'queued_at'], None)}


def upgrade():
    change(DROPPED, MADE)


def downgrade():
    change(MADE, DROPPED)
