"""What a reconciliation is told and keeps: the lines not settled yet, the accounts, and what each was found to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from db.core.labels import local_day
from db.dealers.tables import Dealer
from db.incentives.payment_tables import IncentiveMemo, IncentiveMemoLine
from db.incentives.recon_rules import DIFFERENCES, TOLERANCE, Account, FileLine, Match, PaidLine, open_since, reconcile
from db.incentives.recon_tables import Reconciliation, ReconciliationLine, ReconciliationMatch, StatementLine
from db.incentives.tables import IncentiveClaim, IncentiveEntry, SaleReport

AT_ONCE = 500


def read_file_lines(session: Session) -> list[FileLine]:
    """Every payment of the files no closed reconciliation has settled."""
    rows = session.scalars(select(StatementLine).where(StatementLine.settled_id.is_(None)).order_by(StatementLine.id))
    return [
        FileLine(
            id=r.id, dealer_id=r.dealer_id, program_id=r.program_id, period=r.period, vin=r.vin, memo=r.memo,
            cents=r.cents, paid_on=r.paid_on,
            is_known=r.dealer_id is not None and bool(r.program_id or not r.program_code),
        )
        for r in rows
    ]  # fmt: skip


def _paid(*wanted: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            IncentiveMemoLine.id, IncentiveMemoLine.claim_id, IncentiveMemoLine.dealer_id,
            IncentiveMemoLine.program_id, IncentiveMemoLine.period, func.coalesce(SaleReport.vin, "").label("vin"),
            IncentiveMemo.number.label("memo"), IncentiveMemoLine.cents, IncentiveMemo.issued_on.label("paid_on"),
        )
        .join(IncentiveMemo, IncentiveMemo.id == IncentiveMemoLine.memo_id)
        .join(IncentiveClaim, IncentiveClaim.id == IncentiveMemoLine.claim_id)
        .outerjoin(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
        .where(*wanted)
        .order_by(IncentiveMemoLine.id)
    )  # fmt: skip


def read_paid_lines(session: Session) -> list[PaidLine]:
    """Every line of our memos no closed reconciliation has settled."""
    query = _paid(IncentiveMemoLine.settled_id.is_(None))
    return [PaidLine(**r._asdict()) for r in session.execute(query)]


def read_settled(session: Session, files: Sequence[FileLine], paid: Sequence[PaidLine]) -> list[PaidLine]:
    """Lines of our memos that were settled and concern the same vehicles, memos or periods as what is open now."""
    vins = sorted({f.vin for f in files if f.vin} | {p.vin for p in paid if p.vin})
    memos = sorted({f.memo for f in files if f.memo})
    periods = sorted({f.period for f in files if f.period and not f.vin and not f.memo})
    found: dict[int, PaidLine] = {}
    for column, values in ((SaleReport.vin, vins), (IncentiveMemo.number, memos), (IncentiveMemoLine.period, periods)):
        for start in range(0, len(values), AT_ONCE):
            some: Any = column
            query = _paid(IncentiveMemoLine.settled_id.is_not(None), some.in_(values[start : start + AT_ONCE]))
            found |= {r.id: PaidLine(**r._asdict()) for r in session.execute(query)}
    return [found[i] for i in sorted(found)]


def read_accounts(session: Session) -> list[Account]:
    """Accounts whose earned and paid sums differ, with the day of the oldest earning not paid (the dealer's day)."""
    entry = IncentiveEntry
    sums = {book: func.sum(case((entry.book == book, entry.cents), else_=0)) for book in ("earned", "approved", "paid")}
    rest = sums["earned"] - sums["paid"]
    rows = session.execute(
        select(
            entry.program_id, entry.dealer_id, entry.period, Dealer.zone, sums["earned"].label("earned"),
            sums["approved"].label("approved"), sums["paid"].label("paid"),
        )
        .join(Dealer, Dealer.id == entry.dealer_id)
        .group_by(entry.program_id, entry.dealer_id, entry.period, Dealer.zone)
        .having(or_(rest > TOLERANCE, rest < -TOLERANCE))
        .order_by(entry.dealer_id, entry.program_id, entry.period)
    ).all()  # fmt: skip
    earned = _earnings(session, sorted({r.dealer_id for r in rows if r.earned > r.paid}))
    return [
        Account(
            dealer_id=r.dealer_id, program_id=r.program_id, period=r.period, earned_cents=int(r.earned),
            paid_cents=int(r.paid), approved_cents=int(r.approved),
            open_since=open_since(
                [(local_day(at, r.zone), c) for at, c in earned.get((r.program_id, r.dealer_id, r.period), ())],
                int(r.paid),
            ),
        )
        for r in rows
    ]  # fmt: skip


def _earnings(session: Session, dealer_ids: Sequence[int]) -> dict[tuple[int, int, str], list[tuple[datetime, int]]]:
    found: dict[tuple[int, int, str], list[tuple[datetime, int]]] = {}
    entry = IncentiveEntry
    for start in range(0, len(dealer_ids), AT_ONCE):
        rows = session.execute(
            select(entry.program_id, entry.dealer_id, entry.period, entry.at, entry.cents)
            .where(entry.dealer_id.in_(dealer_ids[start : start + AT_ONCE]), entry.book == "earned")
            .order_by(entry.id)
        )
        for program_id, dealer_id, period, at, cents in rows:
            found.setdefault((program_id, dealer_id, period), []).append((at, cents))
    return found


def match_lines(session: Session, *, today: date, days: int) -> tuple[Match, ...]:
    """What every open line and account is as of now."""
    files, paid = read_file_lines(session), read_paid_lines(session)
    return reconcile(
        files, paid, read_accounts(session), today=today, days=days, settled=read_settled(session, files, paid)
    )


def keep_matches(session: Session, one: Reconciliation, *, today: date) -> None:
    """Match everything anew and replace what was found; a reason stays where what it explains is still the same.

    An earning that may still wait is counted and not kept: every dealer has one for every running program.
    """
    query = select(ReconciliationMatch).where(
        ReconciliationMatch.reconciliation_id == one.id, ReconciliationMatch.reason != ""
    )
    reasons = {
        m.same_key: {
            "is_open": False, "reason": m.reason, "note": m.note, "explained_at": m.explained_at,
            "explained_by": m.explained_by, "username": m.username,
        }
        for m in session.scalars(query)
    }  # fmt: skip
    for table in (ReconciliationLine, ReconciliationMatch):
        column: Any = table.reconciliation_id
        session.execute(delete(table).where(column == one.id).execution_options(synchronize_session=False))
    session.expire_all()
    found = match_lines(session, today=today, days=one.days)
    regions: dict[int, str] = {row.id: row.region for row in session.execute(select(Dealer.id, Dealer.region))}
    for match in found:
        if match.kind == "waiting" and not match.paid_ids:
            continue
        row = ReconciliationMatch(
            reconciliation_id=one.id, kind=match.kind, dealer_id=match.dealer_id, program_id=match.program_id,
            region=regions.get(match.dealer_id or 0), period=match.period, vin=match.vin, memo=match.memo,
            file_cents=match.file_cents, paid_cents=match.paid_cents, cents=match.cents, sentence=match.sentence,
            same_key=match.same_key, version=1,
            **{"is_open": match.kind in DIFFERENCES, **(reasons.get(match.same_key) or {})},
        )  # fmt: skip
        session.add(row)
        session.flush()
        whose = {"reconciliation_id": one.id, "match_id": row.id}
        lines = [{**whose, "statement_line_id": i, "memo_line_id": None} for i in match.file_ids]
        lines += [{**whose, "statement_line_id": None, "memo_line_id": i} for i in match.paid_ids]
        if lines:
            session.execute(insert(ReconciliationLine), lines)
    one.until = today
    one.figures = {
        kind: {"count": sum(m.kind == kind for m in found), "cents": sum(m.cents for m in found if m.kind == kind)}
        for kind in ("matched", "waiting", *DIFFERENCES)
    } | {"sums": {"file": sum(m.file_cents for m in found), "paid": sum(m.paid_cents for m in found)}}  # fmt: skip


def unexplained_of(session: Session, reconciliation_id: int) -> tuple[int, int]:
    """(open differences, the sum of them whatever their sign, in cents)."""
    count, cents = session.execute(
        select(func.count(), func.coalesce(func.sum(func.abs(ReconciliationMatch.cents)), 0)).where(
            ReconciliationMatch.reconciliation_id == reconciliation_id, ReconciliationMatch.is_open.is_(True)
        )
    ).one()
    return count, int(cents)
