"""Reconciliations as people read them: figures, differences with their lines, and earned, approved, paid by account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import CAP
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.incentives.payment_tables import IncentiveMemo, IncentiveMemoLine
from db.incentives.recon_rules import DIFFERENCES, KINDS, REASONS
from db.incentives.recon_tables import Reconciliation, ReconciliationLine, ReconciliationMatch, StatementLine
from db.incentives.tables import IncentiveClaim, IncentiveEntry, IncentiveProgram, SaleReport

PAGE = 50
Row = ReconciliationMatch


@dataclass(frozen=True, kw_only=True)
class ReconRow:
    """One reconciliation; open differences and their sum are those of the dealers the reader may see."""

    id: int
    number: str
    until: date
    days: int
    is_open: bool
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str
    version: int
    open_count: int
    unexplained_cents: int
    explained: int


@dataclass(frozen=True, kw_only=True)
class KindFigure:
    """How many matches of a kind there are, what they sum up to, and how many of them are open."""

    kind: str
    count: int
    cents: int
    file_cents: int
    open_count: int

    @property
    def label(self) -> str:
        """The kind in words."""
        return KINDS[self.kind]


def _within(actor: Actor) -> ColumnElement[bool]:
    return actor.scope.where(Row.dealer_id, Row.region)


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    is_open, explained = Row.is_open.is_(True), Row.reason != ""
    one = Reconciliation
    return (
        select(
            one.id, one.number, one.until, one.days, one.open_key, one.opened_at, one.opened_by, one.closed_at,
            one.closed_by, one.version,
            func.coalesce(func.sum(case((is_open, 1), else_=0)), 0).label("open_count"),
            func.coalesce(func.sum(case((is_open, func.abs(Row.cents)), else_=0)), 0).label("unexplained_cents"),
            func.coalesce(func.sum(case((explained, 1), else_=0)), 0).label("explained"),
        )
        .outerjoin(Row, (Row.reconciliation_id == one.id) & _within(actor))
        .group_by(one.id)
    )  # fmt: skip


def _recon(row: Any) -> ReconRow:
    values = row._asdict()
    values["is_open"] = values.pop("open_key") is not None
    numbers = {name: int(values[name]) for name in ("open_count", "unexplained_cents", "explained")}
    return ReconRow(**{**values, **numbers})


def list_reconciliations(
    session: Session, *, actor: Actor, after: int | None = None, limit: int = PAGE
) -> tuple[list[ReconRow], int | None]:
    """Reconciliations, the latest first, and the cursor of the next page. Needs incentives.reconcile."""
    actor.require(Permission.INCENTIVES_RECONCILE)
    query = _rows(actor).order_by(Reconciliation.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(Reconciliation.id < after)
    rows = [_recon(r) for r in session.execute(query)]
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def count_reconciliations(session: Session, *, actor: Actor) -> int:
    """How many reconciliations there are, counted up to `CAP` + 1. Needs incentives.reconcile."""
    actor.require(Permission.INCENTIVES_RECONCILE)
    some = select(Reconciliation.id).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def get_reconciliation(session: Session, *, reconciliation_id: int, actor: Actor) -> ReconRow:
    """One reconciliation; raises `NotFound`. Needs incentives.reconcile."""
    actor.require(Permission.INCENTIVES_RECONCILE)
    row = session.execute(_rows(actor).where(Reconciliation.id == reconciliation_id)).one_or_none()
    if row is None:
        raise NotFound("This reconciliation")
    return _recon(row)


def current_reconciliation(session: Session, *, actor: Actor) -> ReconRow | None:
    """The open reconciliation, else the one closed last, None when there was none. Needs incentives.reconcile."""
    actor.require(Permission.INCENTIVES_RECONCILE)
    order = (case((Reconciliation.open_key == "open", 0), else_=1), Reconciliation.id.desc())
    row = session.execute(_rows(actor).order_by(*order).limit(1)).one_or_none()
    return _recon(row) if row else None


def kind_figures(session: Session, *, reconciliation_id: int, actor: Actor) -> list[KindFigure]:
    """Every kind with its matches within the scope, in the order of `KINDS`. Needs incentives.reconcile."""
    actor.require(Permission.INCENTIVES_RECONCILE)
    rows = {
        r.kind: r
        for r in session.execute(
            select(
                Row.kind, func.count().label("count"), func.sum(Row.cents).label("cents"),
                func.sum(Row.file_cents).label("file_cents"),
                func.sum(case((Row.is_open.is_(True), 1), else_=0)).label("open_count"),
            )
            .where(Row.reconciliation_id == reconciliation_id, _within(actor))
            .group_by(Row.kind)
        )
    }  # fmt: skip
    return [
        KindFigure(
            kind=kind, count=r[1], cents=int(r.cents), file_cents=int(r.file_cents), open_count=int(r.open_count)
        )
        if (r := rows.get(kind)) is not None
        else KindFigure(kind=kind, count=0, cents=0, file_cents=0, open_count=0)
        for kind in KINDS
    ]  # fmt: skip


# ---- differences -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class MatchLine:
    """One line behind a match: of the file, or of a credit memo of ours."""

    is_file: bool
    number: str
    on: date
    what: str
    cents: int


@dataclass(frozen=True, kw_only=True)
class MatchRow:
    """One match; `lines` are filled for the drawer."""

    id: int
    kind: str
    dealer_id: int | None
    dealer: str
    code: str
    program: str
    period: str
    vin: str
    memo: str
    file_cents: int
    paid_cents: int
    cents: int
    sentence: str
    is_open: bool
    reason: str
    note: str
    explained_at: datetime | None
    explained_by: str
    version: int
    reconciliation_id: int
    lines: tuple[MatchLine, ...] = ()

    @property
    def label(self) -> str:
        """The kind in words."""
        return KINDS[self.kind]

    @property
    def reason_label(self) -> str:
        """The reason in words; empty without one."""
        return REASONS.get(self.reason, self.reason)


def _matches(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Row.id, Row.kind, Row.dealer_id, func.coalesce(Dealer.name, "").label("dealer"),
            func.coalesce(Dealer.code, "").label("code"), func.coalesce(IncentiveProgram.code, "").label("program"),
            Row.period, Row.vin, Row.memo, Row.file_cents, Row.paid_cents, Row.cents, Row.sentence, Row.is_open,
            Row.reason, Row.note, Row.explained_at, Row.explained_by, Row.version, Row.reconciliation_id,
        )
        .outerjoin(Dealer, Dealer.id == Row.dealer_id)
        .outerjoin(IncentiveProgram, IncentiveProgram.id == Row.program_id)
        .where(_within(actor))
    )  # fmt: skip


def _narrowed(reconciliation_id: int, kind: str, state: str, dealer_id: int | None) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [Row.reconciliation_id == reconciliation_id]
    if kind == "differences":
        parts.append(Row.kind.in_(DIFFERENCES))
    elif kind:
        parts.append(Row.kind == kind)
    if state == "open":
        parts.append(Row.is_open.is_(True))
    elif state == "explained":
        parts.append(Row.reason != "")
    if dealer_id is not None:
        parts.append(Row.dealer_id == dealer_id)
    return parts


def list_matches(
    session: Session, *, reconciliation_id: int, actor: Actor, kind: str = "", state: str = "",
    dealer_id: int | None = None, after: int | None = None, limit: int = PAGE,
) -> tuple[list[MatchRow], int | None]:  # fmt: skip
    """Matches of a kind ("differences" for all of them), open or explained, and the cursor of the next page.

    Needs incentives.reconcile.
    """
    actor.require(Permission.INCENTIVES_RECONCILE)
    query = _matches(actor).where(*_narrowed(reconciliation_id, kind, state, dealer_id))
    if after is not None:
        query = query.where(Row.id > after)
    found = [MatchRow(**r._asdict()) for r in session.execute(query.order_by(Row.id).limit(limit + 1))]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def count_matches(
    session: Session, *, reconciliation_id: int, actor: Actor, kind: str = "", state: str = "",
    dealer_id: int | None = None,
) -> int:  # fmt: skip
    """How many matches there are, counted up to `CAP` + 1. Needs incentives.reconcile."""
    actor.require(Permission.INCENTIVES_RECONCILE)
    within = (_within(actor), *_narrowed(reconciliation_id, kind, state, dealer_id))
    some = select(Row.id).where(*within).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def get_match(session: Session, *, match_id: int, actor: Actor) -> MatchRow:
    """One match with the lines behind it; raises `NotFound`. Needs incentives.reconcile."""
    actor.require(Permission.INCENTIVES_RECONCILE)
    row = session.execute(_matches(actor).where(Row.id == match_id)).one_or_none()
    if row is None:
        raise NotFound("This difference")
    link = ReconciliationLine
    files = session.scalars(
        select(StatementLine).join(link, link.statement_line_id == StatementLine.id).where(link.match_id == match_id)
    )
    lines = [
        MatchLine(
            is_file=True, number=f.reference, on=f.paid_on, cents=f.cents,
            what=" · ".join(x for x in (f.memo, f.program_code, f.period, f.vin) if x) or f.dealer_code,
        )
        for f in files
    ]  # fmt: skip
    memo_lines = session.execute(
        select(
            IncentiveMemo.number, IncentiveMemo.issued_on, IncentiveProgram.code, IncentiveMemoLine.period,
            func.coalesce(SaleReport.vin, "").label("vin"), IncentiveClaim.number.label("claim"),
            IncentiveMemoLine.cents,
        )
        .join(link, link.memo_line_id == IncentiveMemoLine.id)
        .join(IncentiveMemo, IncentiveMemo.id == IncentiveMemoLine.memo_id)
        .join(IncentiveProgram, IncentiveProgram.id == IncentiveMemoLine.program_id)
        .join(IncentiveClaim, IncentiveClaim.id == IncentiveMemoLine.claim_id)
        .outerjoin(SaleReport, SaleReport.id == IncentiveClaim.sale_id)
        .where(link.match_id == match_id)
        .order_by(IncentiveMemoLine.id)
    )  # fmt: skip
    lines += [
        MatchLine(
            is_file=False, number=m.number, on=m.issued_on, cents=m.cents,
            what=" · ".join(x for x in (m.claim, m.code, m.period, m.vin) if x),
        )
        for m in memo_lines
    ]  # fmt: skip
    return MatchRow(**row._asdict(), lines=tuple(lines))


# ---- three ways ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """Earned, approved and paid of a dealer with a program in a period; `confirmed` is what files were matched with."""

    program_id: int
    program: str
    dealer_id: int
    dealer: str
    code: str
    period: str
    earned: int
    approved: int
    paid: int
    confirmed: int


Cursor = tuple[str, int, int]


def list_accounts(
    session: Session, *, actor: Actor, dealer_id: int | None = None, program_id: int | None = None,
    only_open: bool = False, after: Cursor | None = None, limit: int = PAGE,
) -> tuple[list[AccountRow], Cursor | None]:  # fmt: skip
    """Accounts, the latest period first, and the cursor of the next page; `only_open` those that do not agree.

    Needs incentives.payments.
    """
    actor.require(Permission.INCENTIVES_PAYMENTS)
    entry, line = IncentiveEntry, IncentiveMemoLine
    sums = {book: func.sum(case((entry.book == book, entry.cents), else_=0)) for book in ("earned", "approved", "paid")}
    query = (
        select(
            entry.program_id, IncentiveProgram.code.label("program"), entry.dealer_id, Dealer.name.label("dealer"),
            Dealer.code, entry.period, *(s.label(book) for book, s in sums.items()),
        )
        .join(IncentiveProgram, IncentiveProgram.id == entry.program_id)
        .join(Dealer, Dealer.id == entry.dealer_id)
        .where(actor.scope.where(entry.dealer_id, entry.region))
        .group_by(entry.program_id, IncentiveProgram.code, entry.dealer_id, Dealer.name, Dealer.code, entry.period)
        .order_by(entry.period.desc(), entry.dealer_id, entry.program_id)
        .limit(limit + 1)
    )  # fmt: skip
    if dealer_id is not None:
        query = query.where(entry.dealer_id == dealer_id)
    if program_id is not None:
        query = query.where(entry.program_id == program_id)
    if only_open:
        query = query.having((sums["earned"] != sums["paid"]) | (sums["approved"] != sums["paid"]))
    if after is not None:
        period, dealer, program = after
        later = (entry.dealer_id > dealer) | ((entry.dealer_id == dealer) & (entry.program_id > program))
        query = query.where((entry.period < period) | ((entry.period == period) & later))
    rows = session.execute(query).all()
    seen = sorted({r.dealer_id for r in rows})
    confirmed = {
        (program, dealer, period): int(cents)
        for program, dealer, period, cents in session.execute(
            select(line.program_id, line.dealer_id, line.period, func.sum(line.cents))
            .where(
                line.settled_id.is_not(None), line.dealer_id.in_(seen), actor.scope.where(line.dealer_id, line.region)
            )
            .group_by(line.program_id, line.dealer_id, line.period)
        )
    }  # fmt: skip
    found = [
        AccountRow(
            program_id=r.program_id, program=r.program, dealer_id=r.dealer_id, dealer=r.dealer, code=r.code,
            period=r.period, earned=int(r.earned), approved=int(r.approved), paid=int(r.paid),
            confirmed=confirmed.get((r.program_id, r.dealer_id, r.period), 0),
        )
        for r in rows
    ]  # fmt: skip
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], (last.period, last.dealer_id, last.program_id) if last else None
