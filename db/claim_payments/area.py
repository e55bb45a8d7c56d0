"""What claim payments offer to the whole desk."""

from __future__ import annotations

from db.claim_payments import offers
from db.claim_payments.checks import CHECKS
from db.claim_payments.followers import FOLLOWERS
from db.core.area import Area, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission

AREA = Area(
    name="claim_payments",
    title="Claim payments",
    work=(
        WorkSource(
            name="claim_payments", permission=Permission.CLAIMS_PAY, lines=offers.work_lines, counts=offers.work_counts
        ),
    ),
    search=(
        SearchSource(
            kind="credit_memo", label="Credit memos", permission=Permission.CLAIMS_PAYMENTS, load=offers.found_memos
        ),
    ),
    exports=(
        ExportKind(
            name="credit_memos", title="Credit memos with their lines", permission=Permission.CLAIMS_PAYMENTS,
            columns=offers.COLUMNS, rows=offers.export_rows,
        ),
    ),
    checks=CHECKS,
    followers=FOLLOWERS,
)  # fmt: skip
