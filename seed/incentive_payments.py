"""Finance pays the demo's incentives every two weeks, and reconciles with the bank's file at the end of each month."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading
from db.dealers.tables import Dealer
from db.imports.commands import run_import
from db.incentives.pay_commands import make_payment
from db.incentives.pay_queries import preview_payment
from db.incentives.payment_tables import IncentiveMemo
from db.incentives.recon_commands import close_reconciliation, explain, open_reconciliation
from db.incentives.recon_tables import Reconciliation, ReconciliationMatch
from seed.story import Story

TURNS = 11
RECONCILED = (96, 64, 33, 2)
"""Days before the end; the last one stays open."""
HEADINGS = "Transaction ID,Payee,Value date,Amount,Remittance,Program"
REASONS = {
    "orphan": "other_system", "duplicate": "recover", "amount_mismatch": "bank_error", "paid_not_earned": "recover",
    "earned_not_paid": "timing",
}  # fmt: skip


def expect(story: Story) -> None:
    """Let finance pay every two weeks and reconcile every month."""
    for turn in range(TURNS, 0, -1):
        at = (story.until - timedelta(days=14 * turn - 5)).replace(hour=15, minute=40)
        story.at(at, partial(_pay, story, f"demo-incentives-{turn}"))
    for days in RECONCILED:
        at = (story.until - timedelta(days=days)).replace(hour=16, minute=5)
        story.at(at, partial(_reconcile, story, days))


def _pay(story: Story, key: str, now: datetime) -> None:
    """Pay what is payable; of the largest account only a part when the turn says so."""
    finn = story.cast.named("finn")
    amounts = {}
    if key.endswith(("-4", "-1")):
        with reading(story.bind) as session:
            rows = preview_payment(session, actor=finn).rows
        most = max(rows, key=lambda r: (r.payable_cents, r.key), default=None)
        if most is not None and most.payable_cents > 100_00:
            amounts = {most.key: most.payable_cents // 200 * 100}
    try:
        story.do(make_payment, amounts=amounts, form_key=key, actor=finn, now=now)
    except Refused:
        story.overtaken["make_payment"] += 1  # nothing is payable


def _reconcile(story: Story, days: int, now: datetime) -> None:
    """The bank's file comes in with the faults such files have; finance explains them, but for the last time."""
    finn = story.cast.named("finn")
    content = _file(story, days, now.date())
    if content is None:
        return
    source = SourceFile(name=f"bank-{now:%Y-%m-%d}.csv", content=content.encode())
    story.do(run_import, kind="incentive_statement", files=[source], channel="page", actor=finn, now=now)
    one = story.do(open_reconciliation, form_key=f"demo-reconciliation-{days}", actor=finn, now=now)
    with reading(story.bind) as session:
        rows = session.execute(
            select(ReconciliationMatch.id, ReconciliationMatch.version, ReconciliationMatch.kind)
            .where(ReconciliationMatch.reconciliation_id == one, ReconciliationMatch.is_open.is_(True))
            .order_by(ReconciliationMatch.id)
        ).all()
    kinds: dict[str, dict[int, int]] = {}
    for match_id, version, kind in rows:
        kinds.setdefault(kind, {})[match_id] = version
    is_last = days == RECONCILED[-1]
    for kind, matches in kinds.items():
        if is_last and kind not in ("orphan", "earned_not_paid"):
            continue
        story.do(
            explain, reconciliation_id=one, matches=matches, reason=REASONS[kind], note="Asked the bank.", actor=finn,
            now=now,
        )  # fmt: skip
    if not is_last:
        with reading(story.bind) as session:
            seen = session.get_one(Reconciliation, one).version
        story.do(close_reconciliation, reconciliation_id=one, seen_version=seen, actor=finn, now=now)


def _file(story: Story, days: int, today: date) -> str | None:
    """One row a memo of the month before: the first with another amount, the second twice, and one of nobody."""
    with reading(story.bind) as session:
        memos: list[Any] = list(
            session.execute(
                select(IncentiveMemo.number, Dealer.code, IncentiveMemo.issued_on, IncentiveMemo.cents)
                .join(Dealer, Dealer.id == IncentiveMemo.dealer_id)
                .where(
                    IncentiveMemo.issued_on > today - timedelta(days=31), IncentiveMemo.issued_on <= today,
                    IncentiveMemo.cents > 0,
                )
                .order_by(IncentiveMemo.id)
            )
        )  # fmt: skip
    if not memos:
        return None
    rows = [HEADINGS]
    for n, (number, code, issued, cents) in enumerate(memos):
        if n % 9 == 8 and days == RECONCILED[-1]:
            continue  # on its way
        amount = cents - 25_00 if n == 0 and cents > 25_00 else cents
        paid = issued + timedelta(days=1)
        rows.append(f"BK{days:03}{n:04},{code},{paid.isoformat()},{amount / 100:.2f},{number},")
        if n == 1:
            rows.append(f"BK{days:03}{n:04}A,{code},{paid.isoformat()},{amount / 100:.2f},{number},")
    rows.append(f"BK{days:03}9999,88001,{today.isoformat()},{310 + days}.00,,")
    return "\n".join(rows)
