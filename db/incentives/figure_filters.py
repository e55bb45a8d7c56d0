"""What figures of incentives and prices are narrowed by, as pages, exports and the command line say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, select
from sqlalchemy.orm import Session

from db.calendar.months import DAY, MOST_MONTHS, add_months, bounds_of, days_before, months_between, start_of
from db.calendar.queries import DESK_ZONE
from db.core.among import among, several
from db.core.labels import local_day
from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer
from db.incentives.tables import IncentiveProgram

FILTERS: Final = ("from", "to", "program", "region", "dealer")
USUAL_MONTHS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The question: days of the desk, both included, and what it is narrowed to. An unknown code matches nothing."""

    first: date
    last: date
    today: date
    program: int | None = None
    region: tuple[str, ...] = ()
    dealer: tuple[int, ...] = ()

    @property
    def months(self) -> list[date]:
        """The months asked for, oldest first."""
        return months_between(self.first, self.last)

    @property
    def starts(self) -> datetime:
        """The first moment asked for."""
        return start_of(self.first, DESK_ZONE)

    @property
    def ends(self) -> datetime:
        """The first moment after what is asked for."""
        return start_of(self.last + DAY, DESK_ZONE)

    @property
    def tiers_on(self) -> date:
        """The day whose tiers hold: the last one asked for, but none that has not come."""
        return min(self.last, self.today)

    @property
    def before(self) -> Asked:
        """The same question of the period before."""
        first, last = days_before(self.first, self.last)
        return replace(self, first=first, last=last)

    def moments(self, column: Any) -> list[ColumnElement[bool]]:
        """Conditions that keep a moment within the days asked for."""
        return [column >= self.starts, column < self.ends]

    def days(self, column: Any) -> list[ColumnElement[bool]]:
        """Conditions that keep a day within the days asked for."""
        return [column >= self.first, column <= self.last]

    def narrowed(self, *, program: Any = None, region: Any, dealer: Any) -> list[ColumnElement[bool]]:
        """Conditions for program, region and dealer; without a column for programs that filter matches nothing."""
        found: list[ColumnElement[bool]] = []
        if self.program is not None and program is not None:
            found.append(program == self.program)
        if self.region:
            found.append(among(region, self.region))
        if self.dealer:
            found.append(among(dealer, self.dealer))
        return found


def month_number(asked: Asked, column: Any, *, is_moment: bool) -> ColumnElement[int]:
    """The position of a row's month among `asked.months`, for grouping in the database by the desk's calendar."""
    ends: list[Any] = [add_months(m, 1) for m in asked.months]
    if is_moment:
        ends = bounds_of(ends, DESK_ZONE)
    return case(*((column < end, n) for n, end in enumerate(ends)), else_=len(ends) - 1)


def checked(session: Session, filters: Mapping[str, Any] | None, *, now: datetime) -> Asked:
    """Filters as they are asked with; twelve months up to today where no days are given. Refused: what is unreadable.

    A dealer or program is an id, or its code as text (codes keep their leading zeros).
    """
    given = {name: value for name, value in (filters or {}).items() if value is not None and value not in ("", (), [])}
    for name in given:
        if name not in (*FILTERS, "by"):
            message = f"Incentives are narrowed by {', '.join(FILTERS)}, not by {name}."
            raise Refused(Problem(code="unknown_filter", field=name, message=message))
    today = local_day(now, DESK_ZONE)
    last = _day(given, "to") or today
    first = _day(given, "from") or add_months(last, 1 - USUAL_MONTHS)
    if first > last:
        raise Refused(Problem(code="reversed", field="from", message="The first day is not after the last."))
    if len(months_between(first, last)) > MOST_MONTHS:
        raise Refused(Problem(code="too_long", field="from", message=f"At most {MOST_MONTHS} months are shown."))
    return Asked(
        first=first, last=last, today=today, region=tuple(str(r) for r in several(given.get("region", ()))),
        program=_id(session, given.get("program"), IncentiveProgram), dealer=_ids(session, given.get("dealer"), Dealer),
    )  # fmt: skip


def _day(given: Mapping[str, Any], name: str) -> date | None:
    value = given.get(name)
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        message = f"{value} is no day: write it as 2026-01-31."
        raise Refused(Problem(code="bad_day", field=name, message=message)) from None


def _ids(session: Session, value: Any, table: Any) -> tuple[int, ...]:
    return () if value is None else tuple(_id(session, one, table) or 0 for one in several(value))


def _id(session: Session, value: Any, table: Any) -> int | None:
    if value is None or isinstance(value, int):
        return value
    return session.scalar(select(table.id).where(table.code == str(value))) or 0


def check_dims(by: Sequence[str], allowed: Sequence[str]) -> None:
    """Refused: a dimension that is not among those allowed."""
    unknown = [dim for dim in by if dim not in allowed]
    if unknown:
        message = f"This is counted by {', '.join(allowed) or 'nothing'}, not by {', '.join(unknown)}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))
