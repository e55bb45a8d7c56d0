"""How kinds of facts of the weekly report are asked for: for all dealers of a scope in one statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.labels import local_day
from db.reports.weekly_facts_rules import (
    SHOWN,
    Row,
    Standing,
)
from db.reports.weekly_rules import DAY

Found = dict[int, Standing]
MINUTE: Final = timedelta(minutes=1)


class Asked:
    """What every kind is asked with."""

    def __init__(self, session: Session, *, scope: Scope, now: datetime, week: date, today: Mapping[int, date]) -> None:
        self.session, self.scope, self.now, self.week, self.today = session, scope, now, week, today
        self.first_day = min(today.values(), default=local_day(now, "UTC"))
        self.last_day = max(today.values(), default=local_day(now, "UTC"))

    def of(self, table: Any) -> Any:
        """The condition on the dealer of a table's rows."""
        return self.scope.where(table.dealer_id, table.region)

    def left(self, dealer_id: int, day: date) -> int:
        """Days from the dealer's today to a day."""
        return (day - self.today.get(dealer_id, self.first_day)).days

    def ago(self, moment: datetime) -> int:
        """Whole days since a moment."""
        return max(0, int((self.now - moment) / DAY))

    def ranked(
        self, table: Any, columns: Sequence[Any], where: Sequence[Any], *, order: Sequence[Any],
        joins: Sequence[tuple[Any, Any]] = (), cents: Any = None,
    ) -> dict[int, list[Any]]:  # fmt: skip
        """The first rows of each dealer in an order, each with `total` and `cents` of all of them; one statement."""
        dealer = table.dealer_id
        inner = select(
            dealer.label("dealer"), func.count().over(partition_by=dealer).label("total"),
            func.row_number().over(partition_by=dealer, order_by=order).label("place"),
            func.sum(func.coalesce(0 if cents is None else cents, 0)).over(partition_by=dealer).label("cents"),
            *columns,
        )  # fmt: skip
        for other, on in joins:
            inner = inner.join(other, on)
        some = inner.where(self.of(table), dealer.is_not(None), *where).subquery()
        rows = self.session.execute(select(some).where(some.c.place <= SHOWN).order_by(some.c.dealer, some.c.place))
        found: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            found[row.dealer].append(row)
        return found


def standing_of(rows: Sequence[Any], worst: int, told: Callable[[Any], Row], **more: Any) -> Standing:
    return Standing(count=int(rows[0].total), worst=worst, rows=tuple(told(r) for r in rows), **more)
