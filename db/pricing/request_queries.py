"""Price requests as a queue, and one of them with everything whoever signs it asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.export_files import ExportColumn
from db.core.keyset import beyond
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.people.queries import names_of
from db.pricing.approvers import right_of, stood_in_for, waits_for, waits_for_one
from db.pricing.band_rules import DEFAULT, Bound, share
from db.pricing.exception_queries import Exceptions, exceptions_of
from db.pricing.flow import FLOW
from db.pricing.record import sound_of
from db.pricing.sign_rules import SENTENCES, Right
from db.pricing.tables import PriceRequest, PriceSignature, PriceVersion
from db.pricing.terms_rules import REPEATS, Sound, Terms, typed_again

PAGE = 50
Cursor = tuple[datetime, int]
VIEWS = {"mine": "For me", "waiting": "All waiting", "valid": "Valid", "done": "Done"}


@dataclass(frozen=True, kw_only=True)
class RequestFilters:
    """What a list is narrowed to; `view` is mine (to sign by the reader), waiting, valid or done."""

    view: str = "waiting"
    region: str = ""
    kind: str = ""
    dealer_id: int | None = None
    level: int = 0


@dataclass(frozen=True, kw_only=True)
class RequestRow:
    """One request as lists show it; `percent` is in hundredths."""

    id: int
    number: str
    status: str
    version: int
    dealer_id: int
    dealer: str
    dealer_code: str
    region: str
    kind: str
    subject: str
    list_cents: int
    cost_cents: int
    discount_cents: int
    units: int
    total_cents: int
    repeats: str
    needed: int
    level: int
    terms_version: int
    submitted_by: str
    submitted_name: str
    created_at: datetime
    due_at: datetime | None
    approved_at: datetime | None
    expires_at: datetime | None
    updated_at: datetime
    updated_by: str
    decision_note: str
    reason: str

    @property
    def percent(self) -> int:
        """The discount in hundredths of a percent of the list price."""
        return share(self.discount_cents, self.list_cents)

    @property
    def waits(self) -> str:
        """The level it waits at, in words."""
        return f"{self.level} of {self.needed}: {DEFAULT.level(self.level).label}" if self.level else "–"


_NAMES = tuple(
    name for name in RequestRow.__dataclass_fields__ if name not in ("dealer", "dealer_code")
)  # fmt: skip


def _rows(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(getattr(PriceRequest, name) for name in _NAMES), Dealer.name.label("dealer"),
            Dealer.code.label("dealer_code"),
        )
        .join(Dealer, Dealer.id == PriceRequest.dealer_id)
        .where(scope.where(PriceRequest.dealer_id, PriceRequest.region))
    )  # fmt: skip


def _conditions(session: Session, filters: RequestFilters, *, actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if filters.view == "mine":
        parts.append(waits_for_one(actor=actor, others=stood_in_for(session, actor=actor, now=now)))
    elif filters.view == "waiting":
        parts.append(PriceRequest.status == "in_review")
    elif filters.view == "valid":
        parts.append(PriceRequest.status == "approved")
    else:
        parts.append(PriceRequest.is_open == false())
    if filters.region:
        parts.append(PriceRequest.region == filters.region)
    if filters.kind:
        parts.append(PriceRequest.kind == filters.kind)
    if filters.level:
        parts.append(PriceRequest.level == filters.level)
    if filters.dealer_id is not None:
        parts.append(PriceRequest.dealer_id == filters.dealer_id)
    return parts


def list_requests(
    session: Session, *, actor: Actor, now: datetime, filters: RequestFilters | None = None,
    after: Cursor | None = None, limit: int = PAGE,
) -> tuple[list[RequestRow], Cursor | None]:  # fmt: skip
    """One page and the cursor of the next: waiting ones due first, valid ones by their end, done ones newest first."""
    chosen = filters or RequestFilters()
    column = {"valid": "expires_at", "done": "updated_at"}.get(chosen.view, "due_at")
    at, falls = getattr(PriceRequest, column), chosen.view == "done"
    query = _rows(actor.scope).where(*_conditions(session, chosen, actor=actor, now=now))
    if after is not None:
        query = query.where(beyond((at, PriceRequest.id), after, falls=falls))
    order = (at.desc(), PriceRequest.id.desc()) if falls else (at, PriceRequest.id)
    found = [RequestRow(**r._mapping) for r in session.execute(query.order_by(*order).limit(limit + 1))]
    following = (getattr(found[limit - 1], column), found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def count_requests(
    session: Session, *, actor: Actor, now: datetime, filters: RequestFilters | None = None,
    due_before: datetime | None = None,
) -> int:  # fmt: skip
    """How many there are, counted up to `CAP` + 1."""
    wanted = [
        actor.scope.where(PriceRequest.dealer_id, PriceRequest.region),
        *_conditions(session, filters or RequestFilters(), actor=actor, now=now),
    ]
    if due_before is not None:
        wanted.append(PriceRequest.due_at < due_before)
    some = select(PriceRequest.id).where(*wanted).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


# ---- one request -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class SignatureLine:
    """One signature: at which version of the terms, at which level, by whom and for whom."""

    terms_version: int
    level: int
    name: str
    for_name: str
    note: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """The terms as they were sent once, and what became of them."""

    number: int
    sound: Sound
    needed: int
    sent_at: datetime
    sent_by: str
    policy: int
    outcome: str
    note: str


@dataclass(frozen=True, kw_only=True)
class RequestPage:
    """One request for its drawer: bounds, signatures, versions, exceptions, whom it waits for, what the reader may."""

    row: RequestRow
    sound: Sound
    bounds: tuple[Bound, ...]
    signatures: tuple[SignatureLine, ...]
    versions: tuple[VersionLine, ...]
    waits_for: tuple[str, ...]
    all_away: bool
    right: Right
    exceptions: Exceptions
    reader: str
    may_change: bool

    # What the shared drawer asks of a record.
    @property
    def id(self) -> int:
        """The request's id."""
        return self.row.id

    @property
    def number(self) -> str:
        """The request's number."""
        return self.row.number

    @property
    def status(self) -> str:
        """The state of the flow."""
        return self.row.status

    @property
    def version(self) -> int:
        """What goes back with a decision."""
        return self.row.version

    @property
    def submitted_by(self) -> str:
        """The user name of who asked."""
        return self.row.submitted_by

    @property
    def signed_by(self) -> str:
        """Whom the engine bars: the reader, where the level is not theirs to sign, so that no button promises it."""
        return self.reader if self.row.status == "in_review" and self.right.problem else ""

    @property
    def why_not(self) -> str:
        """Why the reader may not sign, in a sentence; empty when they may or nothing waits."""
        return SENTENCES.get(self.right.problem, "") if self.row.status == "in_review" else ""

    @property
    def terms(self) -> Terms:
        """The terms as a form shows them again."""
        return typed_again(self.sound)


def get_request(session: Session, *, item_id: int, actor: Actor, now: datetime) -> RequestPage:
    """One request with what whoever signs it asks; raises `NotFound`."""
    request = session.scalars(
        select(PriceRequest).where(
            PriceRequest.id == item_id, actor.scope.where(PriceRequest.dealer_id, PriceRequest.region)
        )
    ).one_or_none()
    if request is None or request.dealer_id is None:
        raise NotFound("This price request")
    row = RequestRow(**session.execute(_rows(actor.scope).where(PriceRequest.id == item_id)).one()._mapping)
    people, all_away = waits_for(session, request, now=now)
    names = names_of(session, person_ids=people)
    signatures = session.execute(
        select(
            PriceSignature.terms_version, PriceSignature.level, PriceSignature.name, PriceSignature.for_name,
            PriceSignature.note, PriceSignature.at,
        )
        .where(PriceSignature.request_id == item_id)
        .order_by(PriceSignature.id)
    )  # fmt: skip
    versions = session.scalars(
        select(PriceVersion).where(PriceVersion.request_id == item_id).order_by(PriceVersion.number.desc()).limit(PAGE)
    )
    changes = FLOW.step("change")
    return RequestPage(
        row=row, sound=sound_of(request), bounds=tuple(Bound(**b) for b in request.bounds),
        signatures=tuple(SignatureLine(**s._mapping) for s in signatures),
        versions=tuple(
            VersionLine(
                number=v.number, sound=Sound(**v.terms), needed=v.needed, sent_at=v.sent_at, sent_by=v.sent_by,
                policy=v.policy,
                outcome=v.outcome, note=v.note,
            )
            for v in versions
        ),
        waits_for=tuple(names[p] for p in people if p in names), all_away=all_away,
        right=right_of(session, request, actor=actor, now=now),
        exceptions=exceptions_of(
            session, dealer_id=request.dealer_id, subject=request.subject, scope=actor.scope, now=now, but=item_id
        ),
        reader=actor.username,
        may_change=request.submitted_by == actor.username and actor.can(Permission.PRICING_REQUEST)
        and request.status in changes.sources,
    )  # fmt: skip


# ---- the export ------------------------------------------------------------------------------------------------------
COLUMNS = (
    ExportColumn(name="number", label="Request"),
    ExportColumn(name="status", label="Status"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="kind", label="Kind"),
    ExportColumn(name="subject", label="Model or part"),
    ExportColumn(name="list_cents", label="List price", kind="money"),
    ExportColumn(name="percent", label="Discount", kind="percent"),
    ExportColumn(name="units", label="Units", kind="integer"),
    ExportColumn(name="total_cents", label="Total", kind="money"),
    ExportColumn(name="repeats", label="One-time or program"),
    ExportColumn(name="needed", label="Level", kind="integer"),
    ExportColumn(name="submitted_name", label="Asked for by"),
    ExportColumn(name="created_at", label="Asked at", kind="datetime"),
    ExportColumn(name="approved_at", label="Approved at", kind="datetime"),
    ExportColumn(name="expires_at", label="Holds until", kind="datetime"),
    ExportColumn(name="reason", label="Reason"),
    ExportColumn(name="decision_note", label="Decision"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """The requests that the filters of the page leave, in its order."""
    chosen = RequestFilters(
        view=str(filters.get("view") or "waiting"), region=str(filters.get("region") or ""),
        kind=str(filters.get("kind") or ""), level=int(filters.get("level") or 0),
    )  # fmt: skip
    reader = replace(actor, scope=scope)
    after: Cursor | None = None
    while True:
        rows, after = list_requests(session, actor=reader, now=now, filters=chosen, after=after, limit=500)
        for r in rows:
            yield (
                r.number, FLOW.state(r.status).label, r.dealer_code, r.dealer, r.region, r.kind, r.subject,
                r.list_cents, r.percent / 10_000, r.units, r.total_cents, REPEATS[r.repeats], r.needed,
                r.submitted_name, r.created_at, r.approved_at, r.expires_at, r.reason, r.decision_note,
            )  # fmt: skip
        if after is None:
            return
