"""The way of a request or claim to its decision, kept beside it when it is decided and when it is paid (decision 0079).

The timeline says it; what is kept saves the figures reading it: minutes by who held it, sendings, returns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.coop.figure_rules import Moved, Way, minutes_between, way_of
from db.coop.payment_tables import CoopMemo, CoopMemoLine
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.record import AREA, CLAIM, REQUEST
from db.core.labels import local_day
from db.core.timeline import TimelineEntry, TimelineLink

TABLES: Final[dict[str, Any]] = {REQUEST: CoopRequest, CLAIM: CoopClaim}
CHUNK: Final = 2_000
MOST: Final = 50


def keep(session: Session, item: Any, *, command: str, now: datetime) -> None:
    """Write down the way of what was decided just now by a command, whose own entry is not in the timeline yet."""
    table = type(item)
    kind = CLAIM if table is CoopClaim else REQUEST
    moves = _moves(session, kind, item.id, item.id)[item.id]
    way = way_of([*moves, Moved(at=now, command=command, status=item.status)], until=now)
    values = _values(way, sent=item.submitted_at, decided_at=now, by=item.decided_by)
    values["decided_on"] = local_day(now, DESK_ZONE)
    session.execute(_set(table, item.id, values))


def keep_paid(session: Session, claim_id: int, *, now: datetime) -> None:
    """Write down the first payment of a claim; a later one changes nothing."""
    claim = CoopClaim
    row = session.execute(select(claim.decided_at, claim.first_paid_at).where(claim.id == claim_id)).one()
    if row.first_paid_at is None:
        values = {**_paid(row.decided_at, now), "first_paid_on": local_day(now, DESK_ZONE)}
        session.execute(_set(claim, claim_id, values))


def _set(table: Any, item_id: int, values: dict[str, Any]) -> Any:
    return (
        update(table).where(table.id == item_id).values(**values).execution_options(synchronize_session=False)
    )  # fmt: skip


def _values(way: Way, *, sent: datetime | None, decided_at: datetime, by: str) -> dict[str, Any]:
    return {
        "took_minutes": None if by == "rules" or sent is None else minutes_between(sent, decided_at),
        "times_sent": way.sent, "times_returned": way.returned, "dealer_minutes": way.dealer,
        "desk_minutes": way.desk,
    }  # fmt: skip


def _paid(decided_at: datetime | None, at: datetime | None) -> dict[str, Any]:
    whole = None if at is None or decided_at is None else minutes_between(decided_at, at)
    return {"first_paid_at": at, "pay_minutes": whole}


def _moves(target: Session | Connection, kind: str, first: int, last: int) -> dict[int, list[Moved]]:
    rows = target.execute(
        select(TimelineLink.item_id, TimelineEntry.at, TimelineEntry.command, TimelineEntry.detail)
        .join(TimelineEntry, TimelineEntry.seq == TimelineLink.seq)
        .where(
            TimelineLink.item_type == kind, TimelineLink.item_id.between(first, last), TimelineEntry.area == AREA
        )
        .order_by(TimelineLink.seq)
    )  # fmt: skip
    found: dict[int, list[Moved]] = defaultdict(list)
    for item_id, at, command, detail in rows:
        status = ((detail or {}).get("after") or {}).get("status", "")
        found[item_id].append(Moved(at=at, command=command, status=str(status or "")))
    return found


def _fresh(target: Session | Connection) -> Iterator[tuple[Any, int, dict[str, Any], dict[str, Any]]]:
    """Table, id, what is kept and what should be, of everything decided; read in chunks by id."""
    for kind, table in TABLES.items():
        names = ["took_minutes", "times_sent", "times_returned", "dealer_minutes", "desk_minutes"]
        names += ["first_paid_at", "pay_minutes"] if kind == CLAIM else []
        last = target.execute(select(func.max(table.id))).scalar() or 0
        for first in range(1, last + 1, CHUNK):
            until = first + CHUNK - 1
            rows = target.execute(
                select(
                    table.id, table.decided_at, table.submitted_at, table.decided_by,
                    *(getattr(table, name) for name in names),
                ).where(table.id.between(first, until), table.decided_at.is_not(None))
            ).all()  # fmt: skip
            if not rows:
                continue
            moves = _moves(target, kind, first, until)
            paid = _first_paid(target, first, until) if kind == CLAIM else {}
            for row in rows:
                way = way_of(moves[row.id], until=row.decided_at)
                wanted = _values(way, sent=row.submitted_at, decided_at=row.decided_at, by=row.decided_by)
                wanted |= _paid(row.decided_at, paid.get(row.id)) if kind == CLAIM else {}
                yield table, row.id, {name: getattr(row, name) for name in names}, wanted


def _first_paid(target: Session | Connection, first: int, until: int) -> dict[int, datetime]:
    rows = target.execute(
        select(CoopMemoLine.claim_id, func.min(CoopMemo.issued_at))
        .join(CoopMemo, CoopMemo.id == CoopMemoLine.memo_id)
        .where(CoopMemoLine.cents > 0, CoopMemoLine.claim_id.between(first, until))
        .group_by(CoopMemoLine.claim_id)
    )
    return {row[0]: row[1] for row in rows}


def fill(target: Session | Connection) -> None:
    """Write down every way anew, from the timeline and the credit memos; days are `fill_days`'."""
    changed: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for table, item_id, kept, wanted in _fresh(target):
        if kept != wanted:
            changed[table].append({"b_id": item_id, **{f"b_{name}": value for name, value in wanted.items()}})
    connection = target.connection() if isinstance(target, Session) else target
    for table, rows in changed.items():
        own = table.__table__
        values: dict[str, Any] = {name[2:]: bindparam(name) for name in rows[0] if name != "b_id"}
        connection.execute(update(own).where(own.c.id == bindparam("b_id")).values(**values), rows)


def _days(target: Session | Connection) -> Iterator[tuple[Any, str, int, date | None, date | None]]:
    """Table, column, id, the day that is kept and the desk's day of the moment."""
    for table, at, day in (
        (CoopRequest, "decided_at", "decided_on"), (CoopClaim, "decided_at", "decided_on"),
        (CoopClaim, "first_paid_at", "first_paid_on"),
    ):  # fmt: skip
        moment, kept = getattr(table, at), getattr(table, day)
        last = target.execute(select(func.max(table.id))).scalar() or 0
        for first in range(1, last + 1, CHUNK):
            rows = target.execute(
                select(table.id, moment, kept).where(
                    table.id.between(first, first + CHUNK - 1), or_(moment.is_not(None), kept.is_not(None))
                )
            ).all()
            for item_id, when, known in rows:
                yield table, day, item_id, known, None if when is None else local_day(when, DESK_ZONE)


def fill_days(target: Session | Connection) -> None:
    """Write down every day of the desk anew, from the moments."""
    changed: dict[tuple[Any, str], list[dict[str, Any]]] = defaultdict(list)
    for table, day, item_id, kept, wanted in _days(target):
        if kept != wanted:
            changed[table, day].append({"b_id": item_id, "b_day": wanted})
    connection = target.connection() if isinstance(target, Session) else target
    for (table, day), rows in changed.items():
        own = table.__table__
        connection.execute(update(own).where(own.c.id == bindparam("b_id")).values({day: bindparam("b_day")}), rows)


def repair(session: Session) -> None:
    """Write down every way and every day anew."""
    fill(session)
    fill_days(session)


def differences(session: Session) -> list[str]:
    """Records whose way is not what the timeline and the credit memos say, or a day not its moment's, as sentences."""
    found = [
        f"{table.__tablename__} {item_id} keeps {kept}, its timeline says {wanted}"
        for table, item_id, kept, wanted in _fresh(session)
        if kept != wanted
    ]
    found += [
        f"{table.__tablename__} {item_id} has {kept} as {day}, its moment says {wanted}"
        for table, day, item_id, kept, wanted in _days(session)
        if kept != wanted
    ]
    return found[:MOST]
