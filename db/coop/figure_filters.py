"""What figures of co-op are narrowed by, as the page, exports and the command line say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.calendar.months import DAY, MOST_MONTHS, add_months, days_before, months_between, start_of
from db.calendar.queries import DESK_ZONE
from db.coop.model import MEDIA
from db.coop.tables import CoopFund, CoopProgramme
from db.core.among import among, several
from db.core.labels import local_day
from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer

FILTERS: Final = ("from", "to", "region", "dealer", "medium", "programme")
USUAL_MONTHS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The question: days, both included, and what it is narrowed to. An unknown code matches nothing.

    Postings count by the day of their dealer, decisions and payments of claims by the desk's.
    """

    first: date
    last: date
    today: date
    region: tuple[str, ...] = ()
    dealer: tuple[int, ...] = ()
    medium: str = ""
    programme: int | None = None

    @property
    def months(self) -> list[date]:
        """The months asked for, oldest first."""
        return months_between(self.first, self.last)

    @property
    def starts(self) -> datetime:
        """The first moment asked for, of the desk."""
        return start_of(self.first, DESK_ZONE)

    @property
    def ends(self) -> datetime:
        """The first moment after what is asked for, of the desk."""
        return start_of(self.last + DAY, DESK_ZONE)

    @property
    def before(self) -> Asked:
        """The same question of the period before."""
        first, last = days_before(self.first, self.last)
        return replace(self, first=first, last=last)

    def moments(self, column: Any) -> list[ColumnElement[bool]]:
        """Conditions that keep a moment within the days asked for."""
        return [column >= self.starts, column < self.ends]

    def narrowed(self, table: Any, *, medium: bool = True) -> list[ColumnElement[bool]]:
        """Conditions for region, dealer, medium and programme; the table has to be joined with its fund."""
        found: list[ColumnElement[bool]] = []
        if self.region:
            found.append(among(table.region, self.region))
        if self.dealer:
            found.append(among(table.dealer_id, self.dealer))
        if self.medium and medium:
            found.append(table.medium == self.medium)
        if self.programme is not None:
            found.append(CoopFund.programme_id == self.programme)
        return found


def checked(session: Session, filters: Mapping[str, Any] | None, *, now: datetime) -> Asked:
    """Filters as they are asked with; twelve months up to today where no days are given. Refused: what is unreadable.

    A dealer or programme is an id, or its code as text (codes keep their leading zeros).
    """
    given = {name: value for name, value in (filters or {}).items() if value is not None and value not in ("", (), [])}
    for name in given:
        if name not in FILTERS:
            message = f"Co-op is narrowed by {', '.join(FILTERS)}, not by {name}."
            raise Refused(Problem(code="unknown_filter", field=name, message=message))
    today = local_day(now, DESK_ZONE)
    last = _day(given, "to") or today
    first = _day(given, "from") or add_months(last, 1 - USUAL_MONTHS)
    if first > last:
        raise Refused(Problem(code="reversed", field="from", message="The first day is not after the last."))
    if len(months_between(first, last)) > MOST_MONTHS:
        raise Refused(Problem(code="too_long", field="from", message=f"At most {MOST_MONTHS} months are shown."))
    medium = str(given.get("medium", ""))
    if medium and medium not in MEDIA:
        raise Refused(Problem(code="unknown_medium", field="medium", message=f"There is no medium “{medium}”."))
    return Asked(
        first=first, last=last, today=today, region=tuple(str(r) for r in several(given.get("region", ()))),
        medium=medium, dealer=_ids(session, given.get("dealer"), Dealer),
        programme=_id(session, given.get("programme"), CoopProgramme),
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
