"""Why claims cost dealers returns, denials and reductions: the Pareto of reasons, coaching, and the claims behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from db.claims import figure_queries as figures
from db.claims.figure_rules import (
    AWAITING,
    NO_PREVENTION,
    NOT_CLAIMS,
    PREVENTION,
    ParetoLine,
    pareto,
)
from db.claims.flow import FLOW
from db.claims.model import CLAIM_TYPES
from db.claims.reason_rules import REASON_CODES
from db.claims.tables import Claim, ClaimFinding, ClaimLoss
from db.core.actor import Scope
from db.core.among import among
from db.dealers.tables import Dealer

KINDS: Final[dict[str, str]] = {
    "": "All that cost", "returned": "Returned", "denied": "Denied", "reduced": "Reduced", "found": "Found by rules",
}  # fmt: skip
PAGE: Final = 50
Cursor = tuple[datetime, int]


def reason_label(code: str) -> str:
    """A reason in the dealer's words."""
    return REASON_CODES.get(code, code or "No reason given")


def prevention(code: str) -> str:
    """What keeps a reason from coming up again."""
    return PREVENTION.get(code, NO_PREVENTION)


def _losses(scope: Scope, wanted: Mapping[str, Any], kind: str) -> list[ColumnElement[bool]]:
    """Conditions on `ClaimLoss`; the claim is asked only where a filter needs it."""
    parts = [scope.where(ClaimLoss.dealer_id, ClaimLoss.region)]
    if "from" in wanted:
        parts.append(ClaimLoss.happened_on >= wanted["from"])
    if "to" in wanted:
        parts.append(ClaimLoss.happened_on <= wanted["to"])
    if "region" in wanted:
        parts.append(among(ClaimLoss.region, wanted["region"]))
    if "dealer" in wanted:
        parts.append(among(ClaimLoss.dealer_id, wanted["dealer"]))
    if kind:
        parts.append(ClaimLoss.kind == kind)
    of_claim = [column == wanted[name] for name, column in figures.COLUMNS.items()
                if name in wanted and name not in ("region", "dealer")]  # fmt: skip
    if of_claim:
        parts.append(ClaimLoss.claim_id.in_(select(Claim.id).where(*of_claim)))
    return parts


def reasons(
    session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None, kind: str = ""
) -> list[ParetoLine]:
    """Reasons of returns, denials and reductions by the day they happened, most cases first; `kind` is of `KINDS`.

    A case is one return, or one reason for which money of a claim was denied or taken off. Of "found" it is a claim
    sent in the period whose last run has a finding with that reason, whatever was decided.
    """
    wanted = figures.checked(session, filters)
    if kind == "found":
        counted = func.count(ClaimFinding.claim_id.distinct())
        query = (
            select(ClaimFinding.reason_code, counted, counted * 0)
            .join(Claim, Claim.id == ClaimFinding.claim_id)
            .where(ClaimFinding.reason_code != "", *_sent_in(scope, wanted))
            .group_by(ClaimFinding.reason_code)
        )
    else:
        query = (
            select(ClaimLoss.reason_code, func.count(), func.coalesce(func.sum(ClaimLoss.cents), 0))
            .where(*_losses(scope, wanted, kind))
            .group_by(ClaimLoss.reason_code)
        )
    return pareto({code: (int(cases), int(cents)) for code, cases, cents in session.execute(query)})


def _sent_in(scope: Scope, wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    parts = [scope.where(Claim.dealer_id, Claim.region), Claim.status != "void"]
    parts += [column == wanted[name] for name, column in figures.COLUMNS.items() if name in wanted]
    if "type" not in wanted:
        parts.append(Claim.claim_type.not_in(NOT_CLAIMS))
    if "from" in wanted:
        parts.append(Claim.submitted_on >= wanted["from"])
    if "to" in wanted:
        parts.append(Claim.submitted_on <= wanted["to"])
    return parts


# ---- coaching ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Coaching:
    """A dealer's reasons, most cases first; `cases` and `cents` are of all its reasons, `sent` its claims sent."""

    dealer_id: int
    code: str
    name: str
    region: str
    sent: int
    cases: int
    cents: int
    reasons: tuple[ParetoLine, ...]


def coaching(
    session: Session, *, scope: Scope, filters: Mapping[str, Any] | None = None, most: int = 3, dealers: int = 50
) -> list[Coaching]:
    """For each dealer the reasons that cost it most, dealers with the most cases first, at most `dealers` of them."""
    wanted = figures.checked(session, filters)
    rows = session.execute(
        select(ClaimLoss.dealer_id, ClaimLoss.reason_code, func.count(), func.coalesce(func.sum(ClaimLoss.cents), 0))
        .where(*_losses(scope, wanted, ""), ClaimLoss.dealer_id.is_not(None))
        .group_by(ClaimLoss.dealer_id, ClaimLoss.reason_code)
    )
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for dealer_id, code, cases, cents in rows:
        assert dealer_id is not None
        found.setdefault(dealer_id, {})[code] = (int(cases), int(cents))
    totals = {d: (sum(n for n, _ in of.values()), sum(c for _, c in of.values())) for d, of in found.items()}
    first = sorted(found, key=lambda d: (-totals[d][0], -totals[d][1], d))[:dealers]
    names = {
        d.id: d
        for d in session.execute(
            select(Dealer.id, Dealer.code, Dealer.name, Dealer.region).where(Dealer.id.in_(first))
        )
    }  # fmt: skip
    sent = {
        row["dealer"]: row["sent"]
        for row in figures.sent(session, scope=scope, by=("dealer",), filters=wanted)
    }  # fmt: skip
    return [
        Coaching(
            dealer_id=d, code=names[d].code, name=names[d].name, region=names[d].region, sent=sent.get(d, 0),
            cases=totals[d][0], cents=totals[d][1], reasons=tuple(pareto(found[d])[:most]),
        )
        for d in first
    ]  # fmt: skip


# ---- the claims behind a number ------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Behind:
    """Which claims stand behind a number: `what` is one of `BEHIND`, `value` the bar that was chosen."""

    what: str = "decided"
    value: str = ""
    kind: str = ""


BEHIND: Final = (
    "decided",
    "sent",
    "open",
    "overdue",
    "age",
    "reason",
    "denied",
    "deemed",
    "span",
    "appealed",
    "repeat",
)


@dataclass(frozen=True, kw_only=True)
class ClaimLine:
    """One claim of a list behind a number; no personal data."""

    id: int
    number: str
    dealer: str
    status: str
    status_label: str
    type_label: str
    component: str
    submitted_at: datetime
    decided_at: datetime | None
    decided_kind: str
    returns: int
    claimed_cents: int
    approved_cents: int | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class ClaimPage:
    """One page of them and the cursor of the next."""

    rows: tuple[ClaimLine, ...]
    following: Cursor | None = None


def claims_behind(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], behind: Behind, now: datetime,
    after: Cursor | None = None, limit: int = PAGE,
) -> ClaimPage:  # fmt: skip
    """The claims a number counts, those sent last first."""
    query = _behind(session, scope, figures.checked(session, filters), behind, now)
    if after is not None:
        at, claim_id = after
        query = query.where(Claim.submitted_at <= at, or_(Claim.submitted_at < at, Claim.id < claim_id))
    query = query.order_by(Claim.submitted_at.desc(), Claim.id.desc()).limit(limit + 1)
    rows = [_line(row) for row in session.execute(query)]
    following = (rows[limit - 1].submitted_at, rows[limit - 1].id) if len(rows) > limit else None
    return ClaimPage(rows=tuple(rows[:limit]), following=following)


def count_behind(
    session: Session, *, scope: Scope, filters: Mapping[str, Any], behind: Behind, now: datetime, cap: int = 1000
) -> int:
    """How many there are, counted up to `cap` + 1."""
    query = _behind(session, scope, figures.checked(session, filters), behind, now)
    inner = query.with_only_columns(Claim.id).order_by(None).limit(cap + 1).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0


def _behind(
    session: Session, scope: Scope, wanted: Mapping[str, Any], behind: Behind, now: datetime
) -> Select[*tuple[Any, ...]]:
    if behind.what not in BEHIND:
        raise ValueError(f"{behind.what} is none of {', '.join(BEHIND)}")
    query = select(
        Claim.id, Claim.number, Dealer.name.label("dealer"), Claim.status, Claim.claim_type, Claim.component,
        Claim.submitted_at, Claim.decided_at, Claim.decided_kind, Claim.returns, Claim.claimed_cents,
        Claim.approved_cents, Claim.reason_code,
    ).outerjoin(Dealer, Dealer.id == Claim.dealer_id)  # fmt: skip
    parts = [scope.where(Claim.dealer_id, Claim.region), Claim.submitted_at.is_not(None), Claim.status != "void"]
    parts += [column == wanted[name] for name, column in figures.COLUMNS.items() if name in wanted]
    if "type" not in wanted:
        parts.append(Claim.claim_type.not_in(NOT_CLAIMS))
    what = behind.what
    if what in ("open", "overdue", "age"):
        parts.append(Claim.status.in_(AWAITING))
        if what == "overdue":
            parts.append(Claim.decide_by < now)
        if what == "age" and behind.value:
            parts.append(figures.of_age(behind.value, now))
    elif what == "reason" and behind.kind != "found":
        losses = _losses(scope, {k: v for k, v in wanted.items() if k in ("from", "to")}, behind.kind)
        if behind.value:
            losses.append(ClaimLoss.reason_code == behind.value)
        parts.append(Claim.id.in_(select(ClaimLoss.claim_id).where(*losses)))
    elif what in ("sent", "reason", "repeat"):
        parts += _days(Claim.submitted_on, wanted)
        if what == "repeat":
            parts.append(Claim.id.in_(select(ClaimFinding.claim_id).where(ClaimFinding.rule == "W18")))
        elif what == "reason":
            found = [ClaimFinding.reason_code == behind.value] if behind.value else [ClaimFinding.reason_code != ""]
            parts.append(Claim.id.in_(select(ClaimFinding.claim_id).where(*found)))
    else:
        parts += _days(Claim.first_decided_on, wanted)
        if what == "span" and behind.value:
            first, last = behind.value.split(":")
            parts.append(Claim.turnaround_minutes >= int(first) * 24 * 60)
            if last:
                parts.append(Claim.turnaround_minutes < (int(last) + 1) * 24 * 60)
        elif what not in ("decided", "span"):
            parts.append(
                {"denied": figures.DENIED, "deemed": Claim.decided_kind == "deemed", "appealed": Claim.appeals > 0}[
                    what
                ]
            )
    return query.where(and_(*parts))


def _days(column: Any, wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [column.is_not(None)]
    if "from" in wanted:
        parts.append(column >= wanted["from"])
    if "to" in wanted:
        parts.append(column <= wanted["to"])
    return parts


def _line(row: Any) -> ClaimLine:
    return ClaimLine(
        id=row.id, number=row.number, dealer=row.dealer or "", status=row.status,
        status_label=FLOW.state(row.status).label, type_label=CLAIM_TYPES.get(row.claim_type, row.claim_type),
        component=row.component, submitted_at=row.submitted_at, decided_at=row.decided_at,
        decided_kind=row.decided_kind, returns=row.returns, claimed_cents=row.claimed_cents,
        approved_cents=row.approved_cents, reason=reason_label(row.reason_code) if row.reason_code else "",
    )  # fmt: skip


def first_sent(session: Session, *, scope: Scope) -> date | None:
    """The first day a claim in scope was sent; None without any."""
    return session.scalar(
        select(func.min(Claim.submitted_on)).where(scope.where(Claim.dealer_id, Claim.region))
    )  # fmt: skip
