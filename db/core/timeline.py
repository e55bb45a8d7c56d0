"""The timeline: one entry a command, in the command's own transaction, chained by SHA-256 so that edits show.

Source of the rule: domain-rules 2.0 (every change writes actor, time, before and after, reason) and reliability.md F.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from db.core.actor import Actor
from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime

GENESIS = "0" * 64


class TimelineEntry(Base):
    """One command that was carried out (or denied). Triggers refuse UPDATE and DELETE on this table."""

    __tablename__ = "timeline_entry"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False, index=True)
    actor: Mapped[str] = mapped_column(String(80), nullable=False, index=True)
    actor_name: Mapped[str] = mapped_column(String(120), nullable=False)
    source: Mapped[str] = mapped_column(String(10), nullable=False)
    area: Mapped[str] = mapped_column(String(40), nullable=False)
    command: Mapped[str] = mapped_column(String(60), nullable=False, index=True)
    summary: Mapped[str] = mapped_column(Text, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    detail: Mapped[dict[str, Any]] = mapped_column(Json, nullable=False)
    prev_hash: Mapped[str] = mapped_column(String(64), nullable=False, unique=True)
    hash: Mapped[str] = mapped_column(String(64), nullable=False, unique=True)


class TimelineLink(Base):
    """Which records an entry is about, so that each record can show its own history."""

    __tablename__ = "timeline_link"
    __table_args__ = (
        Index("ix_timeline_link_item", "item_type", "item_id", "seq"),
        Index("ix_timeline_link_dealer", "dealer_id", "seq"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    seq: Mapped[int] = mapped_column(ForeignKey("timeline_entry.seq"), nullable=False, index=True)
    item_type: Mapped[str] = mapped_column(String(40), nullable=False)
    item_id: Mapped[int] = mapped_column(BigInteger, nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(BigInteger)


class TimelineHead(Base):
    """The newest entry's number and hash: the row every writer locks before it adds to the chain."""

    __tablename__ = "timeline_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, nullable=False)
    hash: Mapped[str] = mapped_column(String(64), nullable=False)


@dataclass(frozen=True)
class Item:
    """A record an entry is about."""

    item_type: str
    item_id: int
    dealer_id: int | None = None


@dataclass
class _Entry:
    at: datetime
    actor: Actor
    area: str
    command: str
    summary: str
    items: list[Item]
    reason: str
    detail: dict[str, Any]


def _plain(value: Any) -> Any:
    """Make a value fit for canonical JSON: moments and dates as ISO text, sets sorted, enums as their values."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(_plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, str):
        # PostgreSQL cannot keep U+0000 in JSON; a visible stand-in is kept instead of losing the entry.
        return str(value).replace("\x00", "\N{SYMBOL FOR NULL}")
    return value


def record(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    area: str,
    command: str,
    summary: str,
    items: Iterable[Item] = (),
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Queue the one entry of this command; it is hashed and written when the transaction ends.

    `summary` is a sentence for people; `before` and `after` hold the changed fields only.
    """
    detail: dict[str, Any] = {}
    if before is not None:
        detail["before"] = _plain(before)
    if after is not None:
        detail["after"] = _plain(after)
    if extra:
        detail.update(_plain(extra))
    entry = _Entry(
        now,
        actor,
        area,
        command,
        str(_plain(summary)),
        list(items),
        str(_plain(reason)),
        detail,
    )
    session.info.setdefault("timeline", []).append(entry)


def digest(prev_hash: str, fields: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and the canonical JSON of one entry."""
    body = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{prev_hash}\n{body}".encode()).hexdigest()


def _fields(entry: TimelineEntry, items: list[list[Any]]) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor,
        "actor_name": entry.actor_name,
        "source": entry.source,
        "area": entry.area,
        "command": entry.command,
        "summary": entry.summary,
        "reason": entry.reason,
        "detail": entry.detail,
        "items": items,
    }


def write(session: Session, *, expected: int) -> None:
    """Append what was queued to the chain. A transaction that queued another number of entries is a programming error."""
    queued: list[_Entry] = session.info.pop("timeline", [])
    if len(queued) != expected:
        names = ", ".join(e.command for e in queued) or "none"
        raise AssertionError(
            f"a command writes exactly {expected} timeline entry, this one queued {len(queued)}: {names}"
        )
    for queue_entry in queued:
        head = session.execute(select(TimelineHead).where(TimelineHead.id == 1).with_for_update()).scalar_one()
        entry = TimelineEntry(
            seq=head.seq + 1,
            at=queue_entry.at,
            actor=queue_entry.actor.username,
            actor_name=queue_entry.actor.name,
            source=queue_entry.actor.source,
            area=queue_entry.area,
            command=queue_entry.command,
            summary=queue_entry.summary,
            reason=queue_entry.reason,
            detail=queue_entry.detail,
            prev_hash=head.hash,
        )
        items = [[i.item_type, i.item_id, i.dealer_id] for i in queue_entry.items]
        entry.hash = digest(head.hash, _fields(entry, items))
        session.add(entry)
        session.flush()
        session.add_all(TimelineLink(seq=entry.seq, item_type=t, item_id=i, dealer_id=d) for t, i, d in items)
        session.flush()
        session.execute(update(TimelineHead).where(TimelineHead.id == 1).values(seq=entry.seq, hash=entry.hash))


@dataclass(frozen=True)
class ChainReport:
    """What verifying the chain found: the number of entries, and the first number where something is wrong."""

    entries: int
    head: str
    first_bad: int | None
    message: str


def verify(session: Session) -> ChainReport:
    """Walk the whole chain; finds edits, deletions, swaps and insertions with the first bad number (R37)."""
    links: dict[int, list[list[Any]]] = {}
    for link in session.execute(
        select(
            TimelineLink.seq,
            TimelineLink.item_type,
            TimelineLink.item_id,
            TimelineLink.dealer_id,
        ).order_by(TimelineLink.id)
    ):
        links.setdefault(link.seq, []).append([link.item_type, link.item_id, link.dealer_id])
    previous, count = GENESIS, 0
    stream = session.execute(
        select(TimelineEntry).order_by(TimelineEntry.seq).execution_options(yield_per=2000)
    ).scalars()
    for entry in stream:
        count += 1
        if entry.seq != count or entry.prev_hash != previous:
            return ChainReport(
                count,
                previous,
                count,
                f"entry {count} does not follow entry {count - 1}",
            )
        if digest(previous, _fields(entry, links.pop(entry.seq, []))) != entry.hash:
            return ChainReport(
                count,
                previous,
                count,
                f"entry {count} was changed after it was written",
            )
        previous = entry.hash
    if links:
        return ChainReport(count, previous, min(links), "a link points to an entry that is missing")
    head = session.get_one(TimelineHead, 1)
    if (head.seq, head.hash) != (count, previous):
        return ChainReport(
            count,
            previous,
            count + 1,
            f"the chain ends at {count}, but {head.seq} entries were written",
        )
    return ChainReport(count, previous, None, f"{count} entries, chain intact")
