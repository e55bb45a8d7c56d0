"""Reads the timeline for people: what changed since a visit, and a search over everything that was ever done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, true
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.timeline import TimelineEntry, TimelineLink
from db.dealers.tables import Dealer

AREA_LABELS = {
    "leads": "Leads", "dealers": "Dealers", "people": "People", "imports": "Imports", "calendar": "Calendars",
    "customers": "Customers", "routing": "Routing", "exports": "Exports", "terms": "Terms",
    "documents": "Documents", "interactions": "Contacts and messages",
    "contact_log": "Dealer contacts", "access": "Dealer access", "checklist": "Checklists", "onboarding": "Onboarding",
    "quality": "Response quality",
    "surveys": "Customer surveys",
    "marketing": "Marketing spend",
    "appointments": "Appointments",
    "cadence": "Follow-up",
    "warranty": "Warranty data", "claims": "Claims", "claim_payments": "Claim payments",
    "part_returns": "Parts returns", "investigations": "Investigations", "parts": "Parts", "incentives": "Incentives",
    "pricing": "Price requests", "objectives": "Sales objectives",
    "coop": "Co-op",
}  # fmt: skip

# What one may not see on its page must not show in a history either; areas that are not named are for everybody.
NEEDED: dict[str, Permission] = {
    "contact_log": Permission.CONTACTS_VIEW, "terms": Permission.TERMS_VIEW, "documents": Permission.DOCUMENTS_VIEW,
    "interactions": Permission.CUSTOMERS_VIEW,
    "onboarding": Permission.ONBOARDING_VIEW, "access": Permission.ACCESS_VIEW, "leads": Permission.LEADS_VIEW,
    "quality": Permission.QUALITY_REVIEW,
    "surveys": Permission.SURVEYS_VIEW,
    "marketing": Permission.FUNNEL_VIEW,
    "appointments": Permission.APPOINTMENTS_VIEW,
    "cadence": Permission.TASKS_VIEW,
    "warranty": Permission.WARRANTY_VIEW, "claims": Permission.CLAIMS_VIEW,
    "claim_payments": Permission.CLAIMS_PAYMENTS, "part_returns": Permission.CLAIMS_VIEW,
    "investigations": Permission.CLAIMS_INVESTIGATE, "parts": Permission.PARTS_VIEW,
    "incentives": Permission.INCENTIVES_VIEW, "pricing": Permission.PRICING_VIEW, "coop": Permission.COOP_VIEW,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class HistoryLine:
    """One entry as a person reads it; `item_type` and `item_id` name the first record it is about."""

    seq: int
    at: datetime
    actor_name: str
    actor: str
    source: str
    area: str
    command: str
    summary: str
    reason: str
    item_type: str = ""
    item_id: int | None = None
    items: int = 0
    detail: dict[str, Any] | None = None


def _in_scope(query: Select[Any], actor: Actor) -> Select[Any]:
    """Only entries about dealers this actor may see; entries about no dealer are for people who see all."""
    if actor.scope.is_all:
        return query
    return query.where(exists().where(TimelineLink.seq == TimelineEntry.seq, _is_seen(actor)))


def _is_seen(actor: Actor) -> ColumnElement[bool]:
    """The link is about a dealer this actor may see."""
    if actor.scope.kind == "dealers":
        return TimelineLink.dealer_id.in_(sorted(actor.scope.dealer_ids) or [0])
    return TimelineLink.dealer_id.in_(select(Dealer.id).where(Dealer.region.in_(sorted(actor.scope.regions) or [""])))


def _allowed(query: Select[Any], actor: Actor) -> Select[Any]:
    """Only entries of areas whose page this actor may see."""
    hidden = sorted(area for area, permission in NEEDED.items() if not actor.can(permission))
    return query.where(TimelineEntry.area.not_in(hidden)) if hidden else query


def _lines(
    session: Session, entries: Sequence[TimelineEntry], *, with_detail: bool = False, actor: Actor | None = None
) -> list[HistoryLine]:
    """The entries as lines; with an actor, each leads to a record that one may see, and counts those only."""
    first: dict[int, tuple[str, int]] = {}
    counts: dict[int, int] = {}
    if entries:
        seqs = [e.seq for e in entries]
        lowest = (
            select(TimelineLink.seq, func.min(TimelineLink.id).label("id"), func.count().label("n"))
            .where(TimelineLink.seq.in_(seqs), true() if actor is None or actor.scope.is_all else _is_seen(actor))
            .group_by(TimelineLink.seq)
            .subquery()
        )
        rows = session.execute(
            select(TimelineLink.seq, TimelineLink.item_type, TimelineLink.item_id, lowest.c.n).join(
                lowest, lowest.c.id == TimelineLink.id
            )
        )
        for seq, item_type, item_id, n in rows:
            first[seq], counts[seq] = (item_type, item_id), n
    return [
        HistoryLine(
            seq=e.seq, at=e.at, actor_name=e.actor_name, actor=e.actor, source=e.source, area=e.area,
            command=e.command, summary=e.summary, reason=e.reason, items=counts.get(e.seq, 0),
            item_type=first.get(e.seq, ("", 0))[0], item_id=first[e.seq][1] if e.seq in first else None,
            detail=dict(e.detail) if with_detail else None,
        )
        for e in entries
    ]  # fmt: skip


def changes_since(session: Session, *, actor: Actor, since: datetime, limit: int = 12) -> list[HistoryLine]:
    """What others did to records this actor may see since a moment, newest first; not the actor's own."""
    query = (
        select(TimelineEntry)
        .where(TimelineEntry.at > since, TimelineEntry.actor != actor.username)
        .where(TimelineEntry.summary.notlike("Denied:%"))
        .order_by(TimelineEntry.seq.desc())
        .limit(limit)
    )
    return _lines(session, session.scalars(_allowed(_in_scope(query, actor), actor)).all(), actor=actor)


def find_entries(
    session: Session, *, actor: Actor, text: str = "", area: str = "", person: str = "", source: str = "",
    since: datetime | None = None, until: datetime | None = None, after: int | None = None, limit: int = 50,
) -> list[HistoryLine]:  # fmt: skip
    """Entries that match, newest first, by keyset (`after` is the number of the last entry of the page before).

    `text` is looked for in the summary, the reason and the command; refused without the permission `timeline.search`.
    """
    actor.require(Permission.TIMELINE_SEARCH)
    query = select(TimelineEntry).order_by(TimelineEntry.seq.desc()).limit(limit)
    if text:
        like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = (TimelineEntry.summary, TimelineEntry.reason, TimelineEntry.command)
        query = query.where(or_(*(c.ilike(like, escape="\\") for c in columns)))
    if area:
        query = query.where(TimelineEntry.area == area)
    if person:
        query = query.where(or_(TimelineEntry.actor == person, TimelineEntry.actor_name == person))
    if source:
        query = query.where(TimelineEntry.source == source)
    if since is not None:
        query = query.where(TimelineEntry.at >= since)
    if until is not None:
        query = query.where(TimelineEntry.at < until)
    if after is not None:
        query = query.where(TimelineEntry.seq < after)
    lines = _lines(
        session, session.scalars(_allowed(_in_scope(query, actor), actor)).all(), with_detail=True, actor=actor
    )
    if actor.scope.is_all:
        return lines
    changed = {code for line in lines for code in _dealers_in(line)}
    seen = actor.scope.where(Dealer.id, Dealer.region)
    mine = set(session.scalars(select(Dealer.code).where(Dealer.code.in_(sorted(changed)), seen))) if changed else set()
    return [_narrowed(line, mine) for line in lines]


def _dealers_in(line: HistoryLine) -> set[str]:
    """The codes of the dealers whose facts stand side by side in an entry about many of them."""
    detail = line.detail or {}
    return {*detail.get("before", {}), *detail.get("after", {})} if line.command == "bulk_change" else set()


def _narrowed(line: HistoryLine, codes: set[str]) -> HistoryLine:
    """The same line with the facts of these dealers only: others may belong to somebody else."""
    if not _dealers_in(line) or line.detail is None:
        return line
    kept = {
        name: {code: facts for code, facts in value.items() if code in codes} if name in ("before", "after") else value
        for name, value in line.detail.items()
    }
    return replace(line, detail=kept)


def _facts_of_one(line: HistoryLine, code: str) -> HistoryLine:
    """An entry about many dealers as the history of one shows it: what was and what is of this one."""
    if not _dealers_in(line) or line.detail is None:
        return line
    own = {name: line.detail.get(name, {}).get(code, {}) for name in ("before", "after")}
    return replace(line, detail={**line.detail, **own})


def item_history(session: Session, *, item_type: str, item_id: int, limit: int = 100) -> list[HistoryLine]:
    """Entries about one record, newest first; the caller has already decided that the actor may see the record."""
    seqs = (
        select(TimelineLink.seq)
        .where(TimelineLink.item_type == item_type, TimelineLink.item_id == item_id)
        .order_by(TimelineLink.seq.desc())
        .limit(limit)
    )
    query = (
        select(TimelineEntry).where(TimelineEntry.seq.in_(seqs.subquery().select())).order_by(TimelineEntry.seq.desc())
    )
    lines = _lines(session, session.scalars(query).all(), with_detail=True)
    if item_type != "dealer":
        return lines
    code = session.scalar(select(Dealer.code).where(Dealer.id == item_id)) or ""
    return [_facts_of_one(line, code) for line in lines]


def dealer_history(
    session: Session, *, dealer_id: int, actor: Actor, area: str = "", leave_out: Sequence[str] = (),
    after: int | None = None, limit: int = 50,
) -> tuple[list[HistoryLine], int | None]:  # fmt: skip
    """Everything that was done about one dealer, newest first, one page and the number the next begins after.

    Only areas the actor may see; a dealer out of their scope has no history, like one that is not there.
    """
    seqs = (
        select(TimelineLink.seq)
        .join(TimelineEntry, TimelineEntry.seq == TimelineLink.seq)
        .where(TimelineLink.dealer_id == dealer_id)
    )
    if not actor.scope.is_all:
        seqs = seqs.where(exists().where(Dealer.id == dealer_id, actor.scope.where(Dealer.id, Dealer.region)))
    if area:
        seqs = seqs.where(TimelineEntry.area == area)
    if leave_out:
        seqs = seqs.where(TimelineEntry.area.not_in(list(leave_out)))
    if after is not None:
        seqs = seqs.where(TimelineLink.seq < after)
    # From the dealer's own links, newest first: a quiet dealer in a long timeline costs what it has, not what there is.
    found = session.scalars(_allowed(seqs, actor).distinct().order_by(TimelineLink.seq.desc()).limit(limit + 1)).all()
    entries = session.scalars(
        select(TimelineEntry).where(TimelineEntry.seq.in_(found[:limit])).order_by(TimelineEntry.seq.desc())
    ).all()
    return _lines(session, entries), found[limit - 1] if len(found) > limit else None
