"""What the requester does not write: earlier exceptions, what they cost, and "one-time" ones that repeat (P16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Scope
from db.core.labels import local_day, plural
from db.dealers.tables import Dealer
from db.pricing.band_rules import money, share
from db.pricing.tables import PriceRequest
from db.pricing.terms_rules import subject_key

LOOK_BACK = timedelta(days=365)
MOST = 8


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """One approval given before."""

    id: int
    number: str
    dealer_id: int
    dealer: str
    subject: str
    subject_key: str
    repeats: str
    percent: int
    total_cents: int
    approved_at: datetime
    status: str


@dataclass(frozen=True, kw_only=True)
class Exceptions:
    """Earlier exceptions of the same dealer and of the same model, and what they come to.

    The counts and sums are of the year before; `quarter_cents` is this quarter's at the dealer, `model_cents` this
    quarter's for the model at every dealer the reader may see; neither holds the request itself.
    """

    at_dealer: tuple[Earlier, ...]
    of_model: tuple[Earlier, ...]
    dealer_count: int
    quarter_cents: int
    model_cents: int
    one_time_before: int

    def sentences(self, *, repeats: str, subject: str, is_approved: bool = False) -> list[tuple[str, str]]:
        """(sentence, tone) a decider reads first; a warning where a "one-time" exception comes back."""
        found: list[tuple[str, str]] = []
        if repeats == "one_time" and self.one_time_before:
            nth = self.one_time_before + 1
            verb = "is" if is_approved else "would be"
            what = f'This {verb} "one-time" exception no. {nth} of this dealer for {subject} within a year.'
            found.append((what, "orange" if nth == 2 else "red"))
        if self.dealer_count:
            found.append((f"{plural(self.dealer_count, 'exception')} of this dealer within a year.", "gray"))
        if self.quarter_cents:
            found.append((f"{money(self.quarter_cents)} approved for this dealer this quarter.", "gray"))
        if self.model_cents:
            found.append((f"{money(self.model_cents)} approved for {subject} this quarter.", "gray"))
        return found or [("No earlier exception of this dealer or model.", "gray")]


def quarter_start(now: datetime) -> datetime:
    """The first moment of the quarter, by the desk's day."""
    day = local_day(now, DESK_ZONE)
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return datetime(first.year, first.month, 1, tzinfo=ZoneInfo(DESK_ZONE))


def _earlier(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            PriceRequest.id, PriceRequest.number, PriceRequest.dealer_id, Dealer.name.label("dealer"),
            PriceRequest.subject, PriceRequest.subject_key, PriceRequest.repeats, PriceRequest.discount_cents,
            PriceRequest.list_cents, PriceRequest.total_cents, PriceRequest.approved_at, PriceRequest.status,
        )
        .join(Dealer, Dealer.id == PriceRequest.dealer_id)
        .where(scope.where(PriceRequest.dealer_id, PriceRequest.region))
    )  # fmt: skip


def _as_earlier(row: Any) -> Earlier:
    values = dict(row._mapping)
    off, of = values.pop("discount_cents"), values.pop("list_cents")
    return Earlier(**values, percent=share(off, of))


def exceptions_of(
    session: Session, *, dealer_id: int, subject: str, scope: Scope, now: datetime, but: int | None = None
) -> Exceptions:
    """Earlier approvals within a year, of the dealer and of the model; `but` leaves out the request itself."""
    key, since, quarter = subject_key(subject), now - LOOK_BACK, quarter_start(now)
    common = [PriceRequest.approved_at > since, PriceRequest.id != (but or 0)]
    newest = (PriceRequest.approved_at.desc(), PriceRequest.id.desc())
    at_dealer = session.execute(
        _earlier(scope).where(PriceRequest.dealer_id == dealer_id, *common).order_by(*newest).limit(MOST)
    )
    of_model = session.execute(
        _earlier(scope)
        .where(PriceRequest.subject_key == key, PriceRequest.dealer_id != dealer_id, *common)
        .order_by(*newest)
        .limit(MOST)
    )
    this_quarter = PriceRequest.approved_at >= quarter
    seen = scope.where(PriceRequest.dealer_id, PriceRequest.region)
    total = func.coalesce(func.sum(PriceRequest.total_cents), 0)
    dealer = session.execute(
        select(
            func.count(), func.coalesce(func.sum(PriceRequest.total_cents).filter(this_quarter), 0),
            func.count().filter(PriceRequest.repeats == "one_time", PriceRequest.subject_key == key),
        ).where(PriceRequest.dealer_id == dealer_id, seen, *common)
    ).one()  # fmt: skip
    model = session.scalar(select(total).where(PriceRequest.subject_key == key, seen, this_quarter, *common))
    return Exceptions(
        at_dealer=tuple(_as_earlier(r) for r in at_dealer), of_model=tuple(_as_earlier(r) for r in of_model),
        dealer_count=dealer[0], quarter_cents=int(dealer[1]), model_cents=int(model or 0), one_time_before=dealer[2],
    )  # fmt: skip
