"""What payments and reconciliation of incentives add to my work, search and exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import ExportKind, SearchResult, SearchSource, WorkCount, WorkLine, WorkSource
from db.core.export_files import ExportColumn
from db.core.labels import plural
from db.core.permissions import Permission
from db.incentives import memo_queries as memos
from db.incentives import pay_queries as pays
from db.incentives.recon_queries import current_reconciliation, list_accounts, list_matches
from db.incentives.say_rules import money

PAGE_FILE = "pages/incentives/payments.py"
RECON_FILE = "pages/incentives/reconciliation.py"
PAY_DAYS = 30
"""Within how many days of its approval an incentive is paid; My work calls it overdue after."""


def _to_pay(session: Session, actor: Actor) -> dict[int, list[pays.PayableRow]]:
    dealers: dict[int, list[pays.PayableRow]] = {}
    for row in pays.list_payable(session, actor=actor):
        if row.payable_cents > 0:
            dealers.setdefault(row.dealer_id, []).append(row)
    return dealers


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Dealers with incentives to pay, the longest waiting first."""
    lines = []
    for dealer_id, rows in list(_to_pay(session, actor).items())[:limit]:
        due = rows[0].since + timedelta(days=PAY_DAYS)
        cents = sum(r.payable_cents for r in rows)
        lines.append(
            WorkLine(
                item_type="dealer", item_id=dealer_id, number=rows[0].dealer, title=f"Pay {money(cents)} of incentives",
                status="Overdue" if due < now else "Payable", tone="red" if due < now else "blue", due_at=due,
                why=f"Approved for {plural(len(rows), 'program')}", page=PAGE_FILE,
                query={"ip_view": "new", "ip_new_dealer": str(dealer_id)}, dealer=rows[0].dealer,
            )
        )  # fmt: skip
    return lines


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many dealers have incentives to pay, and how many of them wait too long."""
    dealers = _to_pay(session, actor)
    late = sum(rows[0].since + timedelta(days=PAY_DAYS) < now for rows in dealers.values())
    return [WorkCount(label="Dealers to pay incentives", count=len(dealers), overdue=late, page=PAGE_FILE)]


def recon_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Differences of the open reconciliation that have no reason yet."""
    one = current_reconciliation(session, actor=actor)
    if one is None or not one.is_open:
        return []
    rows, _ = list_matches(session, reconciliation_id=one.id, actor=actor, state="open", limit=limit)
    return [
        WorkLine(
            item_type="incentive_match", item_id=r.id, number=one.number, title=f"{r.label}: {money(abs(r.cents))}",
            status="To explain", tone="orange", due_at=one.opened_at + timedelta(days=one.days), why=r.sentence,
            page=RECON_FILE, query={"difference": str(r.id)}, dealer=r.dealer,
        )
        for r in rows
    ]  # fmt: skip


def recon_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many differences have no reason yet."""
    one = current_reconciliation(session, actor=actor)
    count = one.open_count if one is not None and one.is_open else 0
    late = count if one is not None and one.opened_at + timedelta(days=one.days) < now else 0
    return [WorkCount(label="Differences to explain", count=count, overdue=late, page=RECON_FILE)]


def found_memos(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Credit memos the search box found, without those the actor may not see."""
    return [
        SearchResult(
            kind="incentive_memo", item_id=m.id, title=m.number, subtitle=f"{money(m.cents)} · {m.dealer}",
            page=PAGE_FILE, query={"memo": str(m.id)},
        )
        for m in memos.memos_by_id(session, ids=ids, actor=actor)
    ]  # fmt: skip


# ---- exports ---------------------------------------------------------------------------------------------------------
def _id(filters: Mapping[str, Any], name: str) -> int | None:
    value = str(filters.get(name) or "")
    return int(value) if value.isdecimal() else None


def memo_rows(session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime) -> Any:
    """Every line of every credit memo the filters keep, page by page; the latest memo first."""
    after: int | None = None
    while True:
        page, after = memos.list_memos(
            session, actor=actor, dealer_id=_id(filters, "dealer_id"), batch_id=_id(filters, "batch_id"), after=after,
            limit=200,
        )  # fmt: skip
        page = [m for m in page if scope.allows(dealer_id=m.dealer_id, region=m.region)]
        lines = memos.lines_of(session, memo_ids=[m.id for m in page], actor=actor)
        for memo in page:
            for line in lines.get(memo.id, ()):
                yield (
                    memo.number, memo.batch, memo.issued_on, memo.code, memo.dealer, memo.region, memo.currency,
                    memo.cents, line.claim, line.program, line.period, line.vin, line.owed_cents, line.cents,
                )  # fmt: skip
        if after is None:
            return


def account_rows(session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime) -> Any:
    """Earned, approved, paid and confirmed of every account the filters keep, the latest period first."""
    after = None
    while True:
        page, after = list_accounts(
            session, actor=actor, dealer_id=_id(filters, "dealer_id"), only_open=bool(filters.get("only_open")),
            after=after, limit=500,
        )  # fmt: skip
        for r in page:
            yield (
                r.code, r.dealer, r.program, r.period, r.earned, r.approved, r.paid, r.confirmed, r.earned - r.paid
            )  # fmt: skip
        if after is None:
            return


def difference_rows(session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime) -> Any:
    """Every match of one reconciliation (the current one when none is named), with reason and person."""
    chosen = _id(filters, "reconciliation_id")
    if chosen is None:
        current = current_reconciliation(session, actor=actor)
        if current is None:
            return
        chosen = current.id
    after: int | None = None
    while True:
        page, after = list_matches(session, reconciliation_id=chosen, actor=actor, after=after, limit=500)
        for r in page:
            yield (
                r.label, r.code, r.dealer, r.program, r.period, r.vin, r.memo, r.file_cents, r.paid_cents, r.cents,
                r.sentence, "Open" if r.is_open else "", r.reason_label, r.note, r.explained_by, r.explained_at,
            )  # fmt: skip
        if after is None:
            return


_DEALER = (ExportColumn(name="dealer_code", label="Code"), ExportColumn(name="dealer", label="Dealer"))
_WHAT = (
    ExportColumn(name="program", label="Program"), ExportColumn(name="period", label="Period"),
)  # fmt: skip
EXPORTS = (
    ExportKind(
        name="incentive_memos", title="Incentive credit memos with their lines",
        permission=Permission.INCENTIVES_PAYMENTS, rows=memo_rows,
        columns=(
            ExportColumn(name="memo", label="Credit memo"), ExportColumn(name="batch", label="Batch"),
            ExportColumn(name="issued_on", label="Issued on", kind="date"), *_DEALER,
            ExportColumn(name="region", label="Region"), ExportColumn(name="currency", label="Currency"),
            ExportColumn(name="memo_amount", label="Memo", kind="money"), ExportColumn(name="claim", label="Claim"),
            *_WHAT, ExportColumn(name="vin", label="VIN"), ExportColumn(name="owed", label="Owed", kind="money"),
            ExportColumn(name="amount", label="Amount", kind="money"),
        ),
    ),
    ExportKind(
        name="incentive_accounts", title="Incentives earned, approved and paid",
        permission=Permission.INCENTIVES_PAYMENTS, rows=account_rows,
        columns=(
            *_DEALER, *_WHAT, ExportColumn(name="earned", label="Earned", kind="money"),
            ExportColumn(name="approved", label="Approved", kind="money"),
            ExportColumn(name="paid", label="Paid", kind="money"),
            ExportColumn(name="confirmed", label="In a file", kind="money"),
            ExportColumn(name="open", label="Earned, not paid", kind="money"),
        ),
    ),
    ExportKind(
        name="incentive_differences", title="Reconciliation of incentives",
        permission=Permission.INCENTIVES_RECONCILE, rows=difference_rows,
        columns=(
            ExportColumn(name="kind", label="Kind"), *_DEALER, *_WHAT, ExportColumn(name="vin", label="VIN"),
            ExportColumn(name="memo", label="Credit memo"), ExportColumn(name="file", label="File", kind="money"),
            ExportColumn(name="ours", label="Credit memos", kind="money"),
            ExportColumn(name="difference", label="Difference", kind="money"),
            ExportColumn(name="sentence", label="What"), ExportColumn(name="state", label="State"),
            ExportColumn(name="reason", label="Reason"), ExportColumn(name="note", label="Note"),
            ExportColumn(name="by", label="Explained by"),
            ExportColumn(name="at", label="Explained at", kind="datetime"),
        ),
    ),
)  # fmt: skip
WORK = (
    WorkSource(
        name="incentive_payments", permission=Permission.INCENTIVES_PAY, lines=work_lines, counts=work_counts
    ),
    WorkSource(
        name="incentive_reconciliation", permission=Permission.INCENTIVES_RECONCILE, lines=recon_lines,
        counts=recon_counts,
    ),
)  # fmt: skip
SEARCH = SearchSource(
    kind="incentive_memo", label="Incentive memos", permission=Permission.INCENTIVES_PAYMENTS, load=found_memos
)
