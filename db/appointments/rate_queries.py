"""Show rate and its relatives, with their definitions, whole and split (domain-rules 2.2 F)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.appointments.rules import KINDS, RESOLVED, TOUCHES
from db.appointments.tables import Appointment
from db.core.actor import Scope
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer
from db.people.tables import Person

DUE = "Appointments whose time has come in the period"
EXCLUDED = (
    "Set in error; moved before their time; still within the grace, because nobody knows yet. Cancelled ones count: "
    "only what should never have existed is left out"
)
DIMS = ("month", "kind", "touch", "host", "dealer", "region")
FILTERS = ("from", "to", "dealer", "region", "kind")


def _define(name: str, title: str, formula: str, numerator: str, **other: Any) -> MetricDefinition:
    values: dict[str, Any] = {"denominator": DUE, "excluded": EXCLUDED, "rule": "2.2 F, G", "unit": "percent"}
    values |= {"owner": "Sales operations"} | other
    return MetricDefinition(name=name, title=title, formula=formula, numerator=numerator, **values)


DEFINITIONS: dict[str, MetricDefinition] = {
    d.name: d
    for d in (
        _define("appointments_due", "Appointments due", DUE, DUE, denominator="", unit="count", better="none"),
        _define(
            "appointment_show_rate", "Show rate of appointments", "Shown ÷ appointments due",
            "Customers who were checked in, also those completed since",
        ),
        _define(
            "appointment_no_show_rate", "No-show rate", "No-shows ÷ appointments due",
            "Customers who did not come within the grace of the dealer", better="down",
        ),
        _define(
            "appointment_confirmation_rate", "Confirmation rate", "Confirmed ÷ appointments due",
            "Appointments whose customer said they would come; a mail that was only sent confirms nothing",
        ),
        _define(
            "appointment_recovery_rate", "Recovery rate", "No-shows that came back ÷ no-shows",
            "No-shows that led to a later appointment the customer came to", denominator="No-shows of the period",
            excluded="No-shows taken back, because the customer came after all",
        ),
    )
}  # fmt: skip


def is_due(now: datetime) -> ColumnElement[bool]:
    """The denominator in SQL; the same answer as `rules.counts_as_due` (a test compares them)."""
    return and_(
        Appointment.starts_at <= now,
        or_(
            Appointment.status.in_(RESOLVED),
            and_(Appointment.status == "rescheduled", Appointment.rescheduled_at >= Appointment.starts_at),
        ),
    )


def _came_back() -> ColumnElement[bool]:
    later = aliased(Appointment)
    return (
        select(later.id)
        .where(
            later.uid == Appointment.uid, later.sequence > Appointment.sequence,
            later.status.in_(("shown", "completed")),
        )
        .exists()
    )  # fmt: skip


def _columns() -> dict[str, Any]:
    def total(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    is_missed = Appointment.status == "no_show"
    return {
        "due": func.count(),
        "shown": total(Appointment.status.in_(("shown", "completed"))),
        "missed": total(is_missed),
        "confirmed": total(Appointment.confirmed_at.is_not(None)),
        "recovered": total(and_(is_missed, _came_back())),
    }


PARTS = {
    "appointments_due": ("due", ""), "appointment_show_rate": ("shown", "due"),
    "appointment_no_show_rate": ("missed", "due"), "appointment_confirmation_rate": ("confirmed", "due"),
    "appointment_recovery_rate": ("recovered", "missed"),
}  # fmt: skip


def rates(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None, now: datetime
) -> list[dict[str, Any]]:
    """Rows of {dims..., due, shown, missed, confirmed, recovered}; by nothing or by one of `DIMS`.

    `filters` may have from and to (moments, or days of UTC, both inclusive), dealer (id), region and kind. By touch
    means: which confirmation the customer said yes to; a month ("2026-11") is one of UTC, as the days are.
    """
    given = {name: value for name, value in (filters or {}).items() if value not in (None, "", ())}
    if len(by) > 1 or any(dim not in DIMS for dim in by):
        message = f"Appointments are counted by one of {', '.join(DIMS)}."
        raise Refused(Problem(code="unknown_dimension", field="by", message=message))
    if unknown := set(given) - set(FILTERS):
        message = f"Appointments are not filtered by {', '.join(sorted(unknown))}; choose from {', '.join(FILTERS)}."
        raise Refused(Problem(code="unknown_filter", field="filters", message=message))
    where: list[ColumnElement[bool]] = [scope.where(Appointment.dealer_id, Appointment.region), is_due(now)]
    if "from" in given:
        where.append(Appointment.starts_at >= _moment(given["from"], at=time(0)))
    if "to" in given:
        where.append(Appointment.starts_at <= _moment(given["to"], at=time.max))
    columns = {"dealer": Appointment.dealer_id, "region": Appointment.region, "kind": Appointment.kind}
    where += [columns[name].in_(_some(given[name])) for name in columns if name in given]
    if not by:
        row = session.execute(select(*_labelled()).where(*where)).one()
        return [dict(row._mapping)]
    keys: dict[str, Any] = {
        **columns, "host": Appointment.assignee_id, "month": _month(session),
        "touch": case(
            (Appointment.confirmed_at.is_(None), "none"),
            (Appointment.confirmed_touch == "", "hand"),
            else_=Appointment.confirmed_touch,
        ),
    }  # fmt: skip
    (dim,) = by
    # Grouped by its place in the list: a CASE with bound values is another expression each time to PostgreSQL.
    inner = select(keys[dim].label("key"), Appointment.id.label("item_id")).where(*where).subquery()
    rows = session.execute(
        select(inner.c.key, *_labelled())
        .join(Appointment, Appointment.id == inner.c.item_id)
        .group_by(inner.c.key)
    ).all()  # fmt: skip
    found = [{dim: row.key if row.key is not None else "", **_without(row._mapping, "key")} for row in rows]
    return sorted(_named(session, found, dim), key=lambda row: _order(dim, row[dim]))


def _month(session: Session) -> ColumnElement[str]:
    """The month of UTC an appointment begins in, as text."""
    if session.get_bind().dialect.name == "sqlite":  # moments are kept there as text in UTC
        return func.substr(cast(Appointment.starts_at, String), 1, 7)
    return func.to_char(func.timezone("UTC", Appointment.starts_at), "YYYY-MM")


def _labelled() -> list[Any]:
    return [column.label(name) for name, column in _columns().items()]


def _without(mapping: Mapping[Any, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}


def _order(dim: str, value: Any) -> tuple[int, str]:
    known = {"kind": [k for k, _ in KINDS], "touch": list(TOUCHES)}.get(dim, [])
    return (known.index(value) if value in known else 99, str(value))


def _some(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _moment(value: Any, *, at: time) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    except ValueError:
        message = f"“{value}” is no day such as 2026-11-27."
        raise Refused(Problem(code="bad_day", field="filters", message=message)) from None
    return datetime.combine(day, at, UTC)


def _named(session: Session, rows: list[dict[str, Any]], dim: str) -> list[dict[str, Any]]:
    if dim == "dealer":
        ids = [row["dealer"] for row in rows if row["dealer"] != ""]
        known = {i: (c, n) for i, c, n in session.execute(
            select(Dealer.id, Dealer.code, Dealer.name).where(Dealer.id.in_(ids))
        )}  # fmt: skip
        for row in rows:
            code, name = known.get(row["dealer"], ("", ""))
            row |= {"dealer": code, "dealer_id": row["dealer"], "dealer_name": name}
    if dim == "host":
        ids = [row["host"] for row in rows if row["host"] != ""]
        names = dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())
        for row in rows:
            row |= {"host": names.get(row["host"], "No host"), "host_id": row["host"] or None}
    return rows


def compute(
    session: Session, *, scope: Scope, name: str, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of {dims..., numerator, denominator, value} of one metric; None where there is nothing to share."""
    top, bottom = PARTS[name]
    found = []
    for row in rates(session, scope=scope, by=by, filters=filters, now=now):
        whole = row[bottom] if bottom else None
        value = row[top] if not bottom else row[top] / whole if whole else None
        kept = {key: row[key] for key in row if key not in _NAMES}
        found.append({**kept, "numerator": row[top], "denominator": whole, "value": value})
    return found


_NAMES = frozenset(("due", "shown", "missed", "confirmed", "recovered"))
METRICS: tuple[Metric, ...] = tuple(
    Metric(
        definition=found,
        dims=DIMS,
        compute=partial(compute, name=found.name),
        permission=Permission.APPOINTMENTS_VIEW,
        most_dims=1,
    )
    for found in DEFINITIONS.values()
)
