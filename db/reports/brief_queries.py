"""The brief before a call: who the dealer is, what was said last, and what is overdue, promised, open and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from db.contact_log.queries import ReportRow, dealer_reliability, last_report
from db.contact_log.rules import Reliability
from db.core.actor import Actor
from db.core.area import DealerLine
from db.core.permissions import Permission
from db.dealers.people_queries import list_contacts
from db.dealers.queries import DealerDetail, get_dealer
from db.dealers.rules import STATUSES
from db.reports.brief_rules import BriefLine
from db.reports.gap_queries import Volume, volumes

WITHOUT_LOG = timedelta(days=30)
"""How far back "changed" reaches for people who do not see the contact log."""


@dataclass(frozen=True, kw_only=True)
class BriefPerson:
    """Somebody to ask for at the dealer: what they are there, and how to reach them."""

    name: str
    role: str = ""
    reach: str = ""


@dataclass(frozen=True, kw_only=True)
class Brief:
    """Everything to know before calling one dealer, as of one moment; the same facts give the same brief.

    `has_log` says whether the reader may see the contact log: without it there is no last contact, no promise and no
    reliability. `since` is where "changed" begins; None: since ever.
    """

    dealer_id: int
    code: str
    name: str
    status: str
    region: str
    place: str
    zone: str
    makes: str
    website: str
    people: tuple[BriefPerson, ...]
    has_log: bool
    last: ReportRow | None
    reliability: Mapping[str, Reliability]
    volume: Volume
    lines: tuple[BriefLine, ...]
    since: datetime | None
    as_of: datetime
    reader: str
    reader_zone: str

    def count(self, kind: str) -> int:
        """How many lines of a kind there are."""
        return sum(line.kind == kind for line in self.lines)


def find_last(session: Session, *, dealer_id: int, actor: Actor) -> ReportRow | None:
    """The last counted contact, or None where there is none or the actor may not see the log."""
    if not actor.can(Permission.CONTACTS_VIEW):
        return None
    return last_report(session, dealer_id=dealer_id, scope=actor.scope)


def changed_since(last: ReportRow | None, *, actor: Actor, now: datetime) -> datetime | None:
    """Where "changed" begins: at the last contact (None: never spoken), or 30 days ago for who does not see the log."""
    if not actor.can(Permission.CONTACTS_VIEW):
        return now - WITHOUT_LOG
    return last.at if last is not None else None


def people_to_ask_for(session: Session, *, dealer_id: int, actor: Actor) -> list[BriefPerson]:
    """The dealer's people on file, the primary contact first, each with telephone or else e-mail."""
    return [
        BriefPerson(name=p.name, role=p.role_label, reach=p.phone or p.email)
        for p in list_contacts(session, dealer_id=dealer_id, scope=actor.scope)
    ]


def build_brief(
    session: Session, *, dealer: DealerDetail, last: ReportRow | None, lines: Mapping[str, Sequence[DealerLine]],
    actor: Actor, now: datetime,
) -> Brief:  # fmt: skip
    """Put a brief together from what the areas said of a dealer the actor may see (`lines` by the area's label)."""
    known = dealer.facts
    has_log = actor.can(Permission.CONTACTS_VIEW)
    found = [
        BriefLine(
            kind=line.kind, area=area, title=line.title, detail=line.detail, at=line.at, page=line.page,
            query=dict(line.query),
        )
        for area, some in lines.items()
        for line in some
    ]  # fmt: skip
    return Brief(
        dealer_id=dealer.dealer_id, code=known.code, name=known.name, status=STATUSES[known.status],
        region=known.region, place=", ".join(p for p in (known.city, known.state) if p), zone=known.zone,
        makes=", ".join(known.brands) or "Every make", website=known.url,
        people=tuple(people_to_ask_for(session, dealer_id=dealer.dealer_id, actor=actor)), has_log=has_log,
        last=last if has_log else None,
        reliability=(
            dealer_reliability(session, dealer_id=dealer.dealer_id, scope=actor.scope, now=now) if has_log else {}
        ),
        volume=volumes(session, scope=actor.scope, now=now, dealer_id=dealer.dealer_id).get(
            dealer.dealer_id, Volume()
        ),
        lines=tuple(found), since=changed_since(last, actor=actor, now=now), as_of=now, reader=actor.name,
        reader_zone=actor.zone,
    )  # fmt: skip


__all__ = [
    "Brief", "BriefPerson", "Volume", "build_brief", "changed_since", "find_last", "get_dealer",
]  # fmt: skip
