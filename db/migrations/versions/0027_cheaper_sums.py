"""Triggers of sums without lists on SQLite, and once a statement for what PostgreSQL inserts; no sum changes."""

from __future__ import annotations

from alembic import op

from db.claims import rollup as claims
from db.coop.sums import SUMS as COOP
from db.incentives.sums import SALES
from db.incentives.sums import SUMS as INCENTIVES
from db.leads import rollup as leads
from db.leads.won_sums import SUMS as WON
from db.objectives.sums import SUMS as OBJECTIVES
from db.surveys.sums import SUMS as SURVEYS

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# The sums of 0022 and the counts of leads and claims count what they counted; only how is new, so nothing is counted
# anew: a million leads are upgraded as fast as ten.
ROLLUPS = (INCENTIVES, COOP, WON, SURVEYS, SALES, OBJECTIVES)


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    for statement in (*leads.drop_statements(dialect), *leads.trigger_statements(dialect)):
        op.execute(statement)
    for statement in (*claims.drop_statements(dialect), *claims.trigger_statements(dialect)):
        op.execute(statement)
    for rollup in ROLLUPS:
        for statement in (*rollup.drop(dialect), *rollup.create(dialect)):
            op.execute(statement)


def downgrade() -> None:
    """There is no way back by statements."""
    raise NotImplementedError("restore the backup made before the upgrade")
