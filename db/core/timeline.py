"""The timeline: one entry a command, in the command's own transaction, chained by SHA-256 so that edits show.

Source of the rule: domain-rules 2.0 (every change writes actor, time, before and after, reason) and reliability.md F.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from numbers import Integral
from pathlib import PurePath
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Text,
    bindparam,
    cast,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from db.core.actor import Actor
from db.core.base import Base
from db.core.labels import storable
from db.core.types import BigId, Json, UtcDateTime

GENESIS = "0" * 64


class TimelineEntry(Base):
    """One command that was carried out (or denied). Triggers refuse UPDATE and DELETE on this table."""

    __tablename__ = "timeline_entry"
    __table_args__ = (Index("ix_timeline_entry_command", "command", "at"),)

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False, index=True)
    actor: Mapped[str] = mapped_column(String(80), nullable=False, index=True)
    actor_name: Mapped[str] = mapped_column(String(120), nullable=False)
    source: Mapped[str] = mapped_column(String(10), nullable=False)
    area: Mapped[str] = mapped_column(String(40), nullable=False)
    command: Mapped[str] = mapped_column(String(60), nullable=False)
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
    """Make a value fit for canonical JSON, so that it reads back the same from JSON text and from PostgreSQL's JSONB.

    Moments and dates become ISO text, sets are sorted, enums become their values, decimals text. JSONB forgets how a
    number was written (1e22, -0.0, 2.0), so whole floats become integers. TypeError for what has no such form.
    """
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return storable(str(value))
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(float(value))
        return int(value) if value.is_integer() else float(value)
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | PurePath):
        return storable(str(value))
    if isinstance(value, Mapping):
        return {storable(str(k)): _plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(v) for v in value), key=canonical)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    raise TypeError(f"the timeline cannot keep a {type(value).__name__}: {value!r}")


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
        storable(summary),
        list(items),
        storable(reason),
        detail,
    )
    session.info.setdefault("timeline", []).append(entry)


def repeated(session: Session) -> None:
    """Tell that this command was carried out before (a form sent twice): it changes nothing, so no entry is due."""
    session.info["timeline_repeated"] = True


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: the one spelling of a value that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(prev_hash: str, fields: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and the canonical JSON of one entry."""
    return hashlib.sha256(f"{prev_hash}\n{canonical(fields)}".encode()).hexdigest()


def _fields(entry: Any, detail: Any, items: list[list[Any]]) -> dict[str, Any]:
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
        "detail": detail,
        "items": items,
    }


def write(session: Session, *, expected: int) -> None:
    """Append what was queued to the chain; AssertionError when the transaction queued another number of entries."""
    queued: list[_Entry] = session.info.pop("timeline", [])
    if session.info.pop("timeline_repeated", False):
        expected = 0
    if len(queued) != expected:
        names = ", ".join(e.command for e in queued) or "none"
        raise AssertionError(
            f"a command writes exactly {expected} timeline entry, this one queued {len(queued)}: {names}"
        )
    for entry in queued:
        # Tables instead of mapped classes: every command ends here, and while it does, all others wait for the head.
        head = session.execute(_LOCKED_HEAD).one()
        values: dict[str, Any] = {
            "seq": head.seq + 1, "at": entry.at, "actor": storable(entry.actor.username),
            "actor_name": storable(entry.actor.name), "source": entry.actor.source, "area": entry.area,
            "command": entry.command, "summary": entry.summary, "reason": entry.reason, "detail": entry.detail,
            "prev_hash": head.hash,
        }  # fmt: skip
        items = [_plain([i.item_type, i.item_id, i.dealer_id]) for i in entry.items]
        values["hash"] = digest(head.hash, _fields(SimpleNamespace(**values), entry.detail, items))
        session.execute(_ADD_ENTRY, values)
        if items:
            seq = values["seq"]
            session.execute(
                _ADD_LINKS, [{"seq": seq, "item_type": t, "item_id": i, "dealer_id": d} for t, i, d in items]
            )
        session.execute(_MOVE_HEAD, {"new_seq": values["seq"], "new_hash": values["hash"]})


def _head() -> Select[int, str]:
    return select(TimelineHead.seq, TimelineHead.hash).where(TimelineHead.id == 1)


_ENTRY_TABLE, _LINK_TABLE, _HEAD_TABLE = (
    TimelineEntry.metadata.tables[c.__tablename__] for c in (TimelineEntry, TimelineLink, TimelineHead)
)
_LOCKED_HEAD = select(_HEAD_TABLE.c.seq, _HEAD_TABLE.c.hash).where(_HEAD_TABLE.c.id == 1).with_for_update()
_ADD_ENTRY = insert(_ENTRY_TABLE)
_ADD_LINKS = insert(_LINK_TABLE)
_MOVE_HEAD = (
    update(_HEAD_TABLE).where(_HEAD_TABLE.c.id == 1).values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))
)


def head_of(session: Session) -> tuple[int, str]:
    """Number and hash of the newest entry: what is exported daily and given to `verify` later."""
    head = session.execute(_head()).one()
    return head.seq, head.hash


@dataclass(frozen=True)
class ChainReport:
    """What verifying the chain found: the number of entries read, and the first number where something is wrong."""

    entries: int
    head: str
    first_bad: int | None
    message: str


PAGE = 1000


def _entries_after(session: Session, seq: int | None, size: int) -> Sequence[Any]:
    query = select(
        TimelineEntry.seq, TimelineEntry.at, TimelineEntry.actor, TimelineEntry.actor_name, TimelineEntry.source,
        TimelineEntry.area, TimelineEntry.command, TimelineEntry.summary, TimelineEntry.reason,
        cast(TimelineEntry.detail, Text).label("detail"), TimelineEntry.prev_hash, TimelineEntry.hash,
    )  # fmt: skip
    if seq is not None:
        query = query.where(TimelineEntry.seq > seq)
    return session.execute(query.order_by(TimelineEntry.seq).limit(size)).all()


def _links_of(session: Session, first: int, last: int) -> dict[int, list[list[Any]]]:
    found: dict[int, list[list[Any]]] = {}
    query = select(TimelineLink.seq, TimelineLink.item_type, TimelineLink.item_id, TimelineLink.dealer_id)
    query = query.where(TimelineLink.seq >= first, TimelineLink.seq <= last).order_by(TimelineLink.seq, TimelineLink.id)
    for seq, *item in session.execute(query):
        found.setdefault(seq, []).append(item)
    return found


def _problem_of(row: Any, number: int, previous: str, items: list[list[Any]]) -> str:
    if row.seq != number or row.prev_hash != previous:
        return f"entry {number} does not follow entry {number - 1}"
    try:
        is_same = digest(previous, _fields(row, json.loads(row.detail), items)) == row.hash
    except (ValueError, TypeError):  # what is stored is not what this module writes
        is_same = False
    return "" if is_same else f"entry {number} was changed after it was written"


def verify(session: Session, *, exported: tuple[int, str] | None = None) -> ChainReport:
    """Walk the whole chain; finds edits, deletions, swaps and insertions with the first bad number (R37).

    `exported` is a number and hash noted earlier (`head_of`): with it a cut tail and a chain that was rewritten as a
    whole are found too. One pass in pages, so memory stays flat; safe while others write.
    """
    count, previous, size = 0, GENESIS, PAGE
    while True:
        try:
            page = _entries_after(session, count or None, size)
        except (ValueError, TypeError):  # a moment that is none: find its entry one by one
            if size == 1:
                return ChainReport(count, previous, count + 1, f"entry {count + 1} cannot be read")
            size = 1
            continue
        if not page:
            head = session.execute(_head()).one_or_none()
            if head is not None and head.seq > count and _entries_after(session, count or None, 1):
                continue  # somebody wrote between the last page and the look at the head
            break
        links = _links_of(session, page[0].seq, page[-1].seq)
        for row in page:
            message = _problem_of(row, count + 1, previous, links.get(row.seq, []))
            if not message and exported is not None and row.seq == exported[0] and row.hash != exported[1]:
                message = f"entry {row.seq} is not the one whose hash was exported"
            if message:
                return ChainReport(count, previous, count + 1, message)
            count, previous = count + 1, row.hash
    return _check_end(session, count, previous, head, exported)


def _check_end(session: Session, count: int, previous: str, head: Any, exported: tuple[int, str] | None) -> ChainReport:
    bad, message = None, f"{count} entries, chain intact"
    is_there = exists().where(TimelineEntry.seq == TimelineLink.seq)
    beyond = (TimelineLink.seq < 1) | (TimelineLink.seq > count)
    stray = session.scalar(select(func.min(TimelineLink.seq)).where(beyond, ~is_there))
    if exported is not None and exported[0] > count:
        bad, message = count + 1, f"the chain ends at {count}, but its end was exported as {exported[0]}"
    elif head is None:
        bad, message = count + 1, "the note of the newest entry is missing"
    elif head.seq != count:
        bad = min(head.seq, count) + 1
        message = f"the chain ends at {count}, but {head.seq} entries were written"
    elif head.hash != previous:
        bad, message = max(count, 1), f"entry {count} is not the one that was written last"
    elif stray is not None:
        bad, message = stray, f"a link points to entry {stray}, which is missing"
    return ChainReport(count, previous, bad, message)
