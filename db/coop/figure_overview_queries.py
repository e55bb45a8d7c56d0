"""Every figure of co-op beside the period before, the table by dealer or month, and the records behind a number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.claims.overview_queries import Beside
from db.coop import figure_decided_queries as decided
from db.coop import figure_queries as figures
from db.coop import figure_reason_queries
from db.coop.figure_filters import Asked, check_dims, checked
from db.coop.figure_metrics_queries import FIGURES, TIMED, timed_value
from db.coop.model import MEDIA
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.record import CLAIM, REQUEST
from db.core.actor import Scope
from db.dealers.tables import Dealer

BY: Final[dict[str, str]] = {
    "dealer": "Dealer", "region": "Region", "medium": "Medium", "programme": "Programme", "month": "Month",
}  # fmt: skip
MOST_ROWS: Final = 200
MOST_BEHIND: Final = 100
BEHIND: Final[dict[str, str]] = {
    "requests": "Requests decided", "requests_denied": "Requests denied", "requests_again": "Requests touched again",
    "claims": "Claims decided", "claims_denied": "Claims denied", "claims_returned": "Claims returned",
    "claims_paid": "Claims paid", "funds": "Funds",
}  # fmt: skip


SUMMED: Final[dict[Callable[..., Any], tuple[tuple[str, ...], tuple[str, ...]]]] = {
    figures.expiring: (("month", "region"), figures.LEFT),
    decided.requests: (("month", "region", "medium"), decided.DECIDED),
    decided.claims: (("month", "region", "medium"), decided.DECIDED),
}
"""Sources whose cells add up, with the ways one look splits them and what is added."""


@dataclass(frozen=True, kw_only=True)
class _Book:
    """The rows of one question. Those of `SUMMED` are read once, as finely as one look needs them, and added up."""

    session: Session
    scope: Scope
    asked: Asked
    fine: dict[Callable[..., Any], figures.Rows] = field(default_factory=dict)
    is_look: bool = False

    def rows(self, source: Callable[..., Any], by: Sequence[str] = ()) -> figures.Rows:
        """The rows of a source split one way, or not at all."""
        dims, names = SUMMED.get(source, ((), ()))
        if not self.is_look or not names or not set(by) <= set(dims):
            found: figures.Rows = source(self.session, scope=self.scope, asked=self.asked, by=by)
            return found
        if source not in self.fine:
            self.fine[source] = source(self.session, scope=self.scope, asked=self.asked, by=dims)
        sums: dict[tuple[Any, ...], dict[str, int]] = {}
        for row in self.fine[source]:
            cell = sums.setdefault(tuple(row[dim] for dim in by), dict.fromkeys(names, 0))
            for name in names:
                cell[name] += row[name]
        return figures.filled(sums, by, names)

    def one(self, source: Callable[..., Any]) -> dict[str, Any]:
        """The only row of a source that is not split."""
        (row,) = self.rows(source)
        return row


def overview(session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime) -> dict[str, Beside]:
    """Every figure of the days asked for beside the same figure of the period before; each source is read twice."""
    return _overview(_Book(session=session, scope=scope, asked=checked(session, filters, now=now)))


def _overview(book: _Book) -> dict[str, Beside]:
    session, scope, asked = book.session, book.scope, book.asked
    earlier_book = _Book(session=session, scope=scope, asked=asked.before)
    sources = list(dict.fromkeys(f.source for f in FIGURES.values()))
    rows = {source: book.one(source) for source in sources}
    # What expires is counted from today whatever the period: there is nothing before it.
    prior = {source: earlier_book.one(source) for source in sources if source != figures.expiring}
    found = {}
    for name, figure in FIGURES.items():
        before = figure.value_of(prior[figure.source])["value"] if figure.source in prior else None
        found[name] = Beside(name=name, **figure.value_of(rows[figure.source]), prior=before)
    whats = tuple(dict.fromkeys(w for _, w, _ in TIMED.values()))
    asks = [(what, period) for what in whats for period in (asked, asked.before)]
    spans = dict(zip(asks, decided.spans(session, scope=scope, asks=asks), strict=True))
    for name, (_, what, share) in TIMED.items():
        took, earlier = spans[what, asked], spans[what, asked.before]
        found[name] = Beside(
            name=name, value=timed_value(took, share), numerator=None, denominator=took.n,
            prior=timed_value(earlier, share),
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class _Told(Mapping[str, Mapping[str, Any]]):
    """The figures of one line by name, worked out when they are looked at: of 2,000 dealers a page shows 200."""

    by: str
    rows: dict[Callable[..., Any], Mapping[str, Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name == "expiring":
            left = self.rows[figures.expiring]["left"]
            return {"numerator": left, "denominator": None, "value": left}
        figure = FIGURES[name]
        if self.by not in figure.dims:
            raise KeyError(name)
        return figure.value_of(self.rows[figure.source])

    def __iter__(self) -> Iterator[str]:
        yield from (n for n, f in FIGURES.items() if self.by in f.dims and f.source in self.rows)
        if figures.expiring in self.rows:
            yield "expiring"

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One dealer, region, medium, programme or month with its figures by name; `key` is what narrows the page to it."""

    key: str
    code: str
    name: str
    figures: Mapping[str, Mapping[str, Any]]

    def value(self, name: str) -> float | None:
        """A figure of this line; None where it has none, or is not split this way."""
        found = self.figures.get(name)
        return None if found is None else found["value"]

    def parts(self, name: str) -> tuple[int, int]:
        """Numerator and denominator of a figure; 0 of 0 where there is none."""
        found = self.figures.get(name)
        return (0, 0) if found is None else (found["numerator"] or 0, found["denominator"] or 0)


def lines(session: Session, *, scope: Scope, filters: Mapping[str, Any], by: str, now: datetime) -> list[Line]:
    """The figures split one way: months in their order, with those to come in which something expires; everything
    else by what was approved and paid, most first."""
    check_dims((by,), tuple(BY))
    return _lines(_Book(session=session, scope=scope, asked=checked(session, filters, now=now)), by)


def _lines(book: _Book, by: str) -> list[Line]:
    cells: dict[Any, _Told] = defaultdict(lambda: _Told(by))
    if by == "month":
        cells |= {month: _Told(by) for month in book.asked.months}
    for source in dict.fromkeys(f.source for f in FIGURES.values() if by in f.dims):
        for row in book.rows(source, (by,)):
            cells[row[by]].rows[source] = row
    made = _named(book.session, cells, by, book.scope)
    if by == "month":
        return made
    return sorted(
        made, key=lambda x: (-(x.value("coop_approved") or 0), -(x.value("coop_accrued") or 0), x.code, x.name)
    )


LOOKED: Final = ("month", "region", "medium")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a page shows at once: every figure beside the period before, and the figures by month, region, medium."""

    figures: Mapping[str, Beside]
    lines: Mapping[str, list[Line]]


def look(session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime) -> Look:
    """The tiles and the three ways the page always draws, from one read of what expires and of decisions (rule 2.3)."""
    book = _Book(session=session, scope=scope, asked=checked(session, filters, now=now), is_look=True)
    return Look(figures=_overview(book), lines={by: _lines(book, by) for by in LOOKED})


def _named(session: Session, cells: Mapping[Any, Mapping[str, Any]], by: str, scope: Scope) -> list[Line]:
    if by == "month":
        return [Line(key=f"{m:%Y-%m}", code="", name=f"{m:%b %Y}", figures=cells[m]) for m in sorted(cells)]
    if by == "region":
        return [Line(key=r, code="", name=r or "No region", figures=some) for r, some in cells.items()]
    if by == "medium":
        return [Line(key=m, code="", name=MEDIA.get(m, m), figures=some) for m, some in cells.items() if m]
    known = {k: some for k, some in cells.items() if k}
    rows = figures.named(session, [{by: k, "figures": some} for k, some in known.items()], (by,), scope=scope)
    return [Line(key=str(r[f"{by}_id"]), code=r[by], name=r[f"{by}_name"], figures=r["figures"]) for r in rows]


# ---- for the page ----------------------------------------------------------------------------------------------------
def why(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], kind: str, now: datetime
) -> list[figure_reason_queries.Reason]:
    """Reasons of returns and denials of the days asked for; `kind` is of `figure_reason_queries.KINDS`."""
    asked = checked(session, filters, now=now)
    return figure_reason_queries.reasons(session, scope=scope, asked=asked, kind=kind)


def held(session: Session, *, scope: Scope, filters: Mapping[str, Any], now: datetime) -> decided.Held:
    """Who held the claims that were paid in the days asked for."""
    return decided.held(session, scope=scope, asked=checked(session, filters, now=now))


@dataclass(frozen=True, kw_only=True)
class BehindRow:
    """A request, claim or fund behind a number. `kind` is what the catalogue knows its page by; days are minutes."""

    kind: str
    id: int
    number: str
    dealer: str
    medium: str
    what: str
    status: str
    cost_cents: int
    approved_cents: int
    at: datetime | None
    took: int | None


def behind(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], what: str, now: datetime, reason: str = ""
) -> tuple[list[BehindRow], int]:
    """The records a number counts, newest first, at most a hundred, and how many there are; `what` is of `BEHIND`.

    With a `reason` those that came back or were denied for it.
    """
    asked = checked(session, filters, now=now)
    if reason:
        return _of_reason(session, scope, asked, reason)
    if what == "funds":
        return _funds(session, scope, asked)
    of, _, only = what.partition("_")
    kind = REQUEST if of == "requests" else CLAIM
    group = "pay" if only == "paid" else of.removesuffix("s")
    rows, total = decided.newest(session, scope=scope, asked=asked, what=group, only=only, limit=MOST_BEHIND)
    return [
        BehindRow(
            kind=kind, id=x.id, number=x.number, dealer=x.dealer, medium=MEDIA.get(x.medium, ""), what=x.activity,
            status=x.status, cost_cents=x.cost_cents, approved_cents=x.approved_cents or 0,
            at=x.paid_at or x.decided_at, took=x.took_minutes,
        )
        for x in rows
    ], total  # fmt: skip


def _dealers(session: Session, scope: Scope) -> dict[int, str]:
    rows = session.execute(select(Dealer.id, Dealer.name).where(scope.where(Dealer.id, Dealer.region)))
    return {r.id: r.name for r in rows}


def _of_reason(session: Session, scope: Scope, asked: Asked, reason: str) -> tuple[list[BehindRow], int]:
    found = [c for c in figure_reason_queries.cases(session, scope=scope, asked=asked) if c.code == reason]
    names = _dealers(session, scope) if found else {}
    newest = {(c.kind, c.item_id): c for c in found}  # oldest first: the last one of a record stays
    shown = sorted(newest.values(), key=lambda c: (c.at, c.item_id), reverse=True)[:MOST_BEHIND]
    known: dict[tuple[str, int], Any] = {}
    for kind, table in ((REQUEST, CoopRequest), (CLAIM, CoopClaim)):
        ids = [c.item_id for c in shown if c.kind == kind]
        if ids:
            known |= {(kind, x.id): x for x in session.scalars(select(table).where(table.id.in_(ids)))}
    rows = []
    for case in shown:
        item = known[case.kind, case.item_id]
        rows.append(
            BehindRow(
                kind=case.kind, id=item.id, number=item.number, dealer=names.get(item.dealer_id or 0, ""),
                medium=MEDIA.get(item.medium, ""), what=item.activity, status=item.status, cost_cents=item.cost_cents,
                approved_cents=item.approved_cents or 0, at=case.at, took=None,
            )
        )  # fmt: skip
    return rows, len(newest)


def _funds(session: Session, scope: Scope, asked: Asked) -> tuple[list[BehindRow], int]:
    fund = figures.CoopFund
    wanted = [scope.where(fund.dealer_id, fund.region), *asked.narrowed(fund, medium=False)]
    rows = session.execute(
        select(
            fund.id,
            Dealer.name,
            fund.period,
            fund.available_cents,
            fund.accrued_cents,
            fund.approved_cents,
            fund.reversed_cents,
            fund.closed_at,
            figures.CoopProgramme.code,
        )
        .join(Dealer, Dealer.id == fund.dealer_id)
        .join(figures.CoopProgramme, figures.CoopProgramme.id == fund.programme_id)
        .where(*wanted)
        .order_by(fund.period.desc(), fund.available_cents.desc(), fund.id)
        .limit(MOST_BEHIND)
    ).all()
    total = session.scalar(select(func.count()).select_from(fund).where(*wanted)) or 0
    return [
        BehindRow(
            kind="coop_fund", id=r.id, number=f"{r.code} {r.period}", dealer=r.name, medium="",
            what=f"${r.available_cents / 100:,.2f} available", status="closed" if r.closed_at else "open",
            cost_cents=r.accrued_cents, approved_cents=r.approved_cents - r.reversed_cents, at=None, took=None,
        )
        for r in rows
    ], total  # fmt: skip
