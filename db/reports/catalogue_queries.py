"""The data dictionary: every metric a reader may see with its definition, its value now, and its export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from db.calendar.months import add_months, month_of
from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.area import ExportKind, MetricDefinition
from db.core.export_files import ExportColumn
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.reports.catalogue import Entry, entries
from db.reports.catalogue_rules import BETTER, PERIODS, UNITS, dim_label, dims_label, has_words

MONTHS: Final = 12
"""The period a value of the dictionary is of, the running month included."""
SPLITS: Final = ("region", "dealer")
MOST_ROWS: Final = 12
"""So many parts are shown; a metric that only dealers split has more, and the first by size are shown."""


@dataclass(frozen=True, kw_only=True)
class MetricRow:
    """One metric of the dictionary."""

    definition: MetricDefinition
    area: str
    area_title: str
    dims: tuple[str, ...]
    period: str

    @property
    def name(self) -> str:
        """Its name in addresses, on the command line and in exports."""
        return self.definition.name

    @property
    def haystack(self) -> str:
        """Everything the search looks into."""
        d = self.definition
        said = (d.name, d.title, self.area_title, d.formula, d.numerator, d.denominator, d.excluded, d.owner, d.rule)
        return " ".join((*said, UNITS[d.unit], dims_label(self.dims)))


@dataclass(frozen=True, kw_only=True)
class Value:
    """A metric measured: shares of 1, cents, minutes or days, with its parts."""

    label: str
    value: float | None
    numerator: float | None
    denominator: float | None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A metric as the reader's dealers stand: the whole, and its parts by `split` ("" where nothing splits it).

    `first` and `last` are the days asked for, None where it tells what stands now. `left_out` parts are not shown.
    """

    whole: Value
    split: str
    parts: tuple[Value, ...]
    left_out: int
    first: date | None
    last: date | None


def _row(entry: Entry) -> MetricRow:
    metric = entry.metric
    return MetricRow(
        definition=metric.definition, area=entry.area, area_title=entry.area_title, dims=metric.dims,
        period=metric.period,
    )  # fmt: skip


def _seen(actor: Actor) -> list[Entry]:
    return [entry for entry in entries() if actor.can(entry.metric.permission)]


def list_metrics(*, actor: Actor, text: str = "", area: str = "", owner: str = "") -> list[MetricRow]:
    """The metrics the actor's role may see, in the order of the areas; `text` is words that all stand in its entry."""
    return [
        row
        for row in map(_row, _seen(actor))
        if (not area or row.area == area)
        and (not owner or row.definition.owner == owner)
        and (not text or has_words(row.haystack, text))
    ]


def get_metric(name: str, *, actor: Actor) -> MetricRow:
    """One metric; `NotFound` where there is none or the actor's role may not see it, which looks the same."""
    return _row(_entry(name, actor))


def _entry(name: str, actor: Actor) -> Entry:
    for entry in _seen(actor):
        if entry.metric.definition.name == name:
            return entry
    raise NotFound("This metric")


def measure(session: Session, *, name: str, actor: Actor, now: datetime) -> Measured:
    """A metric over the actor's dealers in the last twelve months, whole and by region, else by dealer; `NotFound`.

    Days are those of the desk. A part of nothing is left out; the biggest parts come first where there are many.
    """
    entry = _entry(name, actor)
    metric, today = entry.metric, local_day(now, DESK_ZONE)
    first = add_months(month_of(today), 1 - MONTHS)
    days: dict[str, Any] = {} if metric.period == "now" else {"from": first, "to": today}
    whole = metric.compute(session, scope=actor.scope, by=(), filters=days, now=now)
    split = next((dim for dim in SPLITS if dim in metric.dims), "")
    rows = metric.compute(session, scope=actor.scope, by=(split,), filters=days, now=now) if split else []
    parts = sorted((_value(row, _label(row, split)) for row in rows), key=_size)
    return Measured(
        whole=_value(whole[0] if whole else {}, "All"), split=split, parts=tuple(parts[:MOST_ROWS]),
        left_out=max(0, len(parts) - MOST_ROWS), first=days.get("from"), last=days.get("to"),
    )  # fmt: skip


def _size(part: Value) -> tuple[float, str]:
    size = part.denominator if part.denominator is not None else part.numerator
    return -(size or 0), part.label


def _label(row: Mapping[str, Any], split: str) -> str:
    if split == "dealer":
        return f"{row['dealer_name']} ({row['dealer']})" if row["dealer"] else str(row["dealer_name"])
    return str(row[split] or f"No {dim_label(split).lower()}")


def _value(row: Mapping[str, Any], label: str) -> Value:
    return Value(
        label=label, value=row.get("value"), numerator=row.get("numerator"), denominator=row.get("denominator")
    )


# ---- export ----------------------------------------------------------------------------------------------------------
COLUMNS: Final = (
    ExportColumn(name="name", label="Name"),
    ExportColumn(name="title", label="Metric"),
    ExportColumn(name="area", label="Area"),
    ExportColumn(name="owner", label="Owner"),
    ExportColumn(name="unit", label="Unit"),
    ExportColumn(name="better", label="What is good"),
    ExportColumn(name="formula", label="Formula"),
    ExportColumn(name="numerator", label="Counted"),
    ExportColumn(name="denominator", label="Out of"),
    ExportColumn(name="excluded", label="Left out"),
    ExportColumn(name="period", label="Period"),
    ExportColumn(name="dims", label="Split by"),
    ExportColumn(name="rule", label="Rule"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a metric in the order of `COLUMNS`: definitions, which belong to no dealer."""
    for row in list_metrics(actor=actor, **{k: str(filters.get(k) or "") for k in ("text", "area", "owner")}):
        d = row.definition
        yield (
            d.name, d.title, row.area_title, d.owner, UNITS[d.unit], BETTER[d.better], d.formula, d.numerator,
            d.denominator, d.excluded, PERIODS[row.period], dims_label(row.dims), d.rule,
        )  # fmt: skip


EXPORTS: Final[Sequence[ExportKind]] = (
    ExportKind(
        name="metrics", title="Metrics", permission=Permission.HOME_VIEW, columns=COLUMNS, rows=export_rows,
    ),
)  # fmt: skip
