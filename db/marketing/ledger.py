"""Writing lines of spend: each new one takes the place of the former, which stays as it was said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.numbering import next_ids
from db.leads.network import policy_in_force
from db.leads.tables import LeadMonth
from db.marketing.rules import place_key
from db.marketing.tables import MarketingSpend

ITEM = "marketing_spend"
_LOCK = 7_306_014
_CHUNK = 400


@dataclass(frozen=True, kw_only=True)
class Place:
    """Whose spend it is: a dealer with its region, a region, or the whole network when both are None."""

    dealer_id: int | None = None
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class Said:
    """A line somebody wants to write; `replaces` is the line whose place it takes."""

    source: str
    month: date
    place: Place
    cents: int
    note: str
    replaces: MarketingSpend | None = None
    form_key: str | None = None

    @property
    def key(self) -> str:
        """What it must not share with another line that counts."""
        return place_key(self.source, self.month, dealer_id=self.place.dealer_id, region=self.place.region)


def hold(session: Session) -> None:
    """Nobody else writes spend until the transaction ends; SQLite's write lock does the same."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def known_sources(session: Session, names: Iterable[str]) -> dict[str, str]:
    """Each name as leads are counted under it: by the synonyms of the routing rules, else as leads spell it."""
    _, policy = policy_in_force(session)
    seen = {source.casefold(): source for source in session.scalars(select(LeadMonth.source).distinct())}
    found = {name: policy.source_of(name) for name in names}
    return {name: seen.get(source.casefold(), source) for name, source in found.items()}


def current_by_key(session: Session, keys: Sequence[str]) -> dict[str, MarketingSpend]:
    """The lines that count now under these keys."""
    found: dict[str, MarketingSpend] = {}
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), _CHUNK):
        for line in session.scalars(
            select(MarketingSpend).where(MarketingSpend.place_key.in_(wanted[start : start + _CHUNK]))
        ):
            found[line.place_key or ""] = line
    return found


def write(
    session: Session, said: Sequence[Said], *, actor: Actor, now: datetime, batch_id: int | None = None
) -> list[MarketingSpend]:
    """Write the lines; those they replace count no more from here on."""
    for one in said:
        if one.replaces is not None:
            one.replaces.is_current, one.replaces.place_key = False, None
            one.replaces.version += 1
    session.flush()
    ids = next_ids(session, MarketingSpend, item_type=ITEM, count=len(said))
    lines = [
        MarketingSpend(
            id=line_id, number=f"MS-{line_id:06d}", source=one.source, month=one.month, dealer_id=one.place.dealer_id,
            region=one.place.region, cents=one.cents, note=one.note, is_current=True, place_key=one.key,
            replaces_id=one.replaces.id if one.replaces else None, batch_id=batch_id, form_key=one.form_key,
            entered_at=now, entered_by=actor.name,
        )
        for line_id, one in zip(ids, said, strict=True)
    ]  # fmt: skip
    session.add_all(lines)
    session.flush()
    return lines


def items_of(lines: Sequence[MarketingSpend]) -> list[timeline.Item]:
    """The lines for the timeline."""
    return [timeline.Item(ITEM, line.id, line.dealer_id) for line in lines]


def amount(cents: int) -> str:
    """Cents as people read them: "$1,250.00"."""
    return f"${cents / 100:,.2f}"
