"""What is owed for each incentive claim is kept with it, and programs are found by the search box."""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("incentive_claim", sa.Column("owed_cents", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(
        "UPDATE incentive_claim SET owed_cents = COALESCE((SELECT SUM(CASE WHEN e.book = 'paid' THEN -e.cents"
        " ELSE e.cents END) FROM incentive_entry e WHERE e.claim_id = incentive_claim.id), 0)"
    )
    op.create_index(
        "ix_incentive_claim_owed", "incentive_claim", ["dealer_id", "id"], unique=False,
        sqlite_where=sa.text("owed_cents != 0"), postgresql_where=sa.text("owed_cents != 0"),
    )  # fmt: skip
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":  # rows that were copied in with their ids have not moved the sequence
        connection.execute(
            sa.text(
                "SELECT setval(pg_get_serial_sequence('search_word', 'id'), (SELECT COALESCE(MAX(id), 0) + 1"
                " FROM search_word), false)"
            )
        )
    programs = connection.execute(sa.text("SELECT id, code, name FROM incentive_program ORDER BY id")).all()
    for program_id, *texts in programs:
        for word in _words(texts):
            connection.execute(
                sa.text("INSERT INTO search_word (word, kind, item_id) VALUES (:w, 'incentive_program', :i)"),
                {"w": word, "i": program_id},
            )


def _words(texts: list[str]) -> list[str]:
    """The words of code and name as the search box looks for them: each whole without signs, then its parts."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", " ".join(texts)).casefold())
    chunks = "".join(c for c in plain if not unicodedata.combining(c)).split()
    found = [w[:40] for c in chunks for p in [re.findall(r"[^\W_]+", c)] for w in ("".join(p), *p) if w]
    return list(dict.fromkeys(found))


def downgrade() -> None:
    """Take back."""
    raise NotImplementedError("restore the backup made before the upgrade")
