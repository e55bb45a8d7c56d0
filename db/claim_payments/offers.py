"""What claim payments add to my work, search and exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from db.claim_payments import memo_queries as memos
from db.claim_payments.payable_queries import overdue_by_dealer
from db.claim_payments.rules import money_label
from db.core.actor import Actor, Scope
from db.core.area import SearchResult, WorkCount, WorkLine
from db.core.export_files import ExportColumn
from db.core.labels import plural

PAGE_FILE = "pages/claims/claim_payments.py"


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Dealers with claims not paid by their day, the longest overdue first."""
    return [
        WorkLine(
            item_type="dealer", item_id=dealer_id, number=dealer, title=f"Pay {plural(claims, 'claim')}",
            status="Overdue", tone="red", due_at=datetime.combine(first, time.max, tzinfo=UTC),
            why=f"{money_label(cents)} was due from {first.day} {first:%B} on", page=PAGE_FILE,
            query={"pay_view": "new", "pay_new_dealer": str(dealer_id)}, dealer=dealer,
        )
        for dealer_id, dealer, claims, cents, first in overdue_by_dealer(session, actor=actor, now=now)[:limit]
    ]  # fmt: skip


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many claims have money to pay, and how many of them are past their day."""
    late = sum(claims for _, _, claims, _, _ in overdue_by_dealer(session, actor=actor, now=now))
    count = memos.count_unpaid_claims(session, actor=actor)
    return [WorkCount(label="Claims to pay", count=count, overdue=late, page=PAGE_FILE)]


def found_memos(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Credit memos the search box found, without those the actor may not see."""
    return [
        SearchResult(
            kind="credit_memo", item_id=m.id, title=m.number,
            subtitle=f"{money_label(m.cents, m.currency)} · {m.dealer}", page=PAGE_FILE, query={"memo": str(m.id)},
        )
        for m in memos.memos_by_id(session, ids=ids, actor=actor)
    ]  # fmt: skip


COLUMNS = (
    ExportColumn(name="memo", label="Credit memo"), ExportColumn(name="batch", label="Batch"),
    ExportColumn(name="issued_on", label="Issued on", kind="date"), ExportColumn(name="dealer_code", label="Code"),
    ExportColumn(name="dealer", label="Dealer"), ExportColumn(name="region", label="Region"),
    ExportColumn(name="currency", label="Currency"), ExportColumn(name="memo_amount", label="Memo", kind="money"),
    ExportColumn(name="claim", label="Claim"), ExportColumn(name="entry", label="Entry", kind="integer"),
    ExportColumn(name="kind", label="Kind"), ExportColumn(name="amount", label="Amount", kind="money"),
)  # fmt: skip


def export_rows(session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime) -> Any:
    """Every line of every credit memo the filters keep, page by page; the latest memo first."""
    dealer, batch = str(filters.get("dealer_id") or ""), str(filters.get("batch_id") or "")
    dealer_id, batch_id = (int(x) if x.isdecimal() else None for x in (dealer, batch))
    after: int | None = None
    while True:
        page, after = memos.list_memos(
            session, actor=actor, dealer_id=dealer_id, batch_id=batch_id, after=after, limit=200
        )
        page = [m for m in page if scope.allows(dealer_id=m.dealer_id, region=m.region)]
        lines = memos.lines_of(session, memo_ids=[m.id for m in page], actor=actor)
        for memo in page:
            for line in lines.get(memo.id, ()):
                yield (
                    memo.number, memo.batch, memo.issued_on, memo.code, memo.dealer, memo.region, memo.currency,
                    memo.cents, line.claim, line.id, line.label, line.cents,
                )  # fmt: skip
        if after is None:
            return
