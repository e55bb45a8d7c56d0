"""The data step of the upgrade that brought won business: the local day of a sale or loss, and who sold elsewhere."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Connection, column, select, table, update

from db.core.labels import local_day
from db.core.types import Json, UtcDateTime

_CHUNK = 1000
# As the tables were at that upgrade: a later column of the models must not be asked for here.
_LEAD = table(
    "lead", column("id"), column("status"), column("sold_at", UtcDateTime), column("closed_at", UtcDateTime),
    column("dealer_id"), column("decided_on"), column("agent"), column("details", Json),
)  # fmt: skip
_DEALER = table("dealer", column("id"), column("zone"))


def fill(connection: Connection, *, desk_zone: str) -> int:
    """Fill `decided_on` and `agent` of leads that were sold or lost, page by page; gives how many there were.

    The day is that of the dealer's zone, or of `desk_zone` for a lead without a dealer.
    """
    c, last, filled = _LEAD.c, 0, 0
    known = available_timezones()  # an upgrade must not stop at a zone somebody once misspelt
    while True:
        rows = connection.execute(
            select(c.id, c.status, c.sold_at, c.closed_at, c.details, _DEALER.c.zone)
            .select_from(_LEAD.outerjoin(_DEALER, _DEALER.c.id == c.dealer_id))
            .where(c.id > last)
            .order_by(c.id)
            .limit(_CHUNK)
        ).all()
        if not rows:
            return filled
        last = rows[-1].id
        for row in rows:
            values: dict[str, Any] = {}
            moment = row.sold_at or (row.closed_at if row.status == "lost" else None)
            if moment is not None:
                values["decided_on"] = local_day(moment, row.zone if row.zone in known else desk_zone)
            agent = str((row.details or {}).get("agent") or "")[:80]
            if agent:
                values["agent"] = agent
            if values:
                connection.execute(update(_LEAD).where(c.id == row.id).values(**values))
                filled += 1
