"""Dealers by metrics, each figure beside its peers of the same tier and region: median, quartiles, band, place.

It looks beyond a scope on purpose, as claims do: of dealers out of scope only medians and quartiles of at least five
leave this module, never a name, a place or a row (decision 0064).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import EVERYTHING, Actor, Scope
from db.core.area import ExportKind
from db.core.export_files import ExportColumn
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.dealers.queries import DealerChoice, dealer_choices
from db.reports.overview_queries import Narrowed, Part, by_dealer, definition, is_few, metric, narrowed_scope
from db.reports.peer_rules import (
    BANDS,
    Group,
    Quartiles,
    band_of,
    closest,
    group_label,
    groups_of,
    place_of,
    quartiles,
)
from db.reports.period_rules import Span, span_of
from db.terms.queries import tiers_on

DEFAULT: Final = (
    "sales_effectiveness", "objective_attainment", "response_sla", "contact_rate", "close_rate", "csi",
    "claim_first_pass", "coop_utilisation",
)  # fmt: skip
OFFERED: Final = (
    "sales_effectiveness", "objective_attainment",
    "response_sla", "median_first_response", "contact_rate", "appointment_set_rate", "show_rate", "close_rate", "won",
    "won_value", "win_rate", "cadence_adherence", "response_quality", "question_answered", "appointment_show_rate",
    "appointment_no_show_rate", "csi", "ssi", "nps",
    "survey_response_rate", "claims_sent", "claim_first_pass", "claim_denial", "claim_approved_ratio",
    "claim_cost_per_unit", "claims_per_100", "parts_line_fill", "incentive_claim_uptake", "incentive_denial",
    "incentive_paid", "coop_utilisation", "coop_claim_denial", "coop_claim_returned",
)  # fmt: skip
"""The metrics a scorecard may show, in the order it offers them: those that say something of one dealer."""
MOST: Final = 8


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One figure of one dealer: its band and its place of `ranked` dealers of `group`, whose quartiles are `peers`."""

    part: Part
    small: bool
    band: str
    group: str
    place: int | None = None
    ranked: int = 0
    peers: Quartiles | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One dealer of the scope with its figures by metric."""

    dealer_id: int
    code: str
    name: str
    region: str
    tier: str
    cells: Mapping[str, Cell]


def chosen_metrics(names: Sequence[str], *, actor: Actor) -> tuple[str, ...]:
    """The metrics asked for that this actor may see, at most eight; the usual ones when none is named."""
    wanted = [name for name in names if name in OFFERED]
    return tuple(name for name in wanted or DEFAULT if actor.can(metric(name).permission))[:MOST]


def scorecard(
    session: Session, *, scope: Scope, chosen: Narrowed, span: Span, names: Sequence[str], on: date, now: datetime
) -> list[Row]:
    """The dealers of a scope, by name, beside their peers; a set number of statements, however many dealers there are.

    Peers are the closest of tier and region, region, tier and network where at least five others have a figure.
    """
    shown = narrowed_scope(session, scope=scope, chosen=chosen, on=on)
    dealers = [d for d in dealer_choices(session, EVERYTHING) if d.status not in ("prospect", "terminated")]
    tiers = tiers_on(session, scope=EVERYTHING, on=on)
    parts = by_dealer(session, scope=EVERYTHING, span=span, names=names, now=now)
    values = {name: _values(name, parts[name], dealers, tiers) for name in names}
    sizes = {name: {group: len(found) for group, found in values[name].items()} for name in names}
    kept = {name: {group: quartiles(found) for group, found in values[name].items()} for name in names}
    rows = []
    for dealer in dealers:
        if not shown.allows(dealer_id=dealer.dealer_id, region=dealer.region):
            continue
        tier = tiers.get(dealer.dealer_id, "")
        cells = {}
        for name in names:
            part = parts[name].get(dealer.dealer_id, Part())
            counts = part.value is not None and not is_few(name, part)
            group = closest(tier, dealer.region, sizes[name], own=counts)
            cells[name] = (
                _cell(name, part, group_label(group))
                if group is None
                else _cell(name, part, group_label(group), values[name][group], kept[name][group])
            )
        rows.append(
            Row(
                dealer_id=dealer.dealer_id, code=dealer.code, name=dealer.name, region=dealer.region, tier=tier,
                cells=cells,
            )
        )  # fmt: skip
    return rows


def _values(
    name: str, parts: Mapping[int, Part], dealers: Sequence[DealerChoice], tiers: Mapping[int, str]
) -> dict[Group, list[float]]:
    """The values of a metric by group, rising; those of too few cases are in none."""
    found: dict[Group, list[float]] = {}
    for dealer in dealers:
        part = parts.get(dealer.dealer_id)
        if part is not None and part.value is not None and not is_few(name, part):
            for group in groups_of(tiers.get(dealer.dealer_id, ""), dealer.region):
                found.setdefault(group, []).append(part.value)
    for some in found.values():
        some.sort()
    return found


def _cell(name: str, part: Part, group: str, values: Sequence[float] = (), peers: Quartiles | None = None) -> Cell:
    """A figure among its group."""
    small, better = is_few(name, part), definition(name).better
    band = band_of(part.value, peers, better=better, small=small)
    place = None
    if part.value is not None and peers is not None and not small and better != "none":
        place = place_of(part.value, values, better=better)
    return Cell(
        part=part, small=small, band=band, group=group, place=place, ranked=len(values) if place else 0, peers=peers
    )


# ---- order -----------------------------------------------------------------------------------------------------------
def ordered(rows: Sequence[Row], *, by: str, worst_first: bool = True) -> list[Row]:
    """Dealers by name, or by one of their metrics; what has no place in a ranking comes last."""
    if not any(by in row.cells for row in rows):
        return sorted(rows, key=lambda row: (row.name.casefold(), row.dealer_id))
    falling = (definition(by).better == "down") == worst_first

    def key(row: Row) -> tuple[Any, ...]:
        cell = row.cells[by]
        rank = 2 if cell.part.value is None else int(cell.small)
        value = cell.part.value or 0
        return (rank, -value if falling else value, row.name.casefold())

    return sorted(rows, key=key)


def counted_bands(row: Row) -> dict[str, int]:
    """How many of a dealer's figures are in each band, bands that hold none left out."""
    found = Counter(cell.band for cell in row.cells.values())
    return {band: found[band] for band in BANDS if found[band]}


# ---- export ----------------------------------------------------------------------------------------------------------
COLUMNS: Final = (
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="dealer", label="Dealer"),
    ExportColumn(name="region", label="Region"),
    ExportColumn(name="tier", label="Tier"),
    ExportColumn(name="metric", label="Metric"),
    ExportColumn(name="unit", label="Unit"),
    ExportColumn(name="value", label="Value", kind="decimal"),
    ExportColumn(name="numerator", label="Counted", kind="decimal"),
    ExportColumn(name="denominator", label="Out of", kind="decimal"),
    ExportColumn(name="band", label="Beside peers"),
    ExportColumn(name="place", label="Place", kind="integer"),
    ExportColumn(name="ranked", label="Ranked dealers", kind="integer"),
    ExportColumn(name="peers", label="Peers"),
    ExportColumn(name="low", label="Peers, first quartile", kind="decimal"),
    ExportColumn(name="median", label="Peers, median", kind="decimal"),
    ExportColumn(name="high", label="Peers, third quartile", kind="decimal"),
)


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a dealer and metric in the order of `COLUMNS`; money in dollars, shares as shares of 1.

    Filters: period (of `PERIODS`), metrics, region, dealer (id), brand, tier.
    """
    on = local_day(now, DESK_ZONE)
    asked = filters.get("metrics") or ()
    names = chosen_metrics([asked] if isinstance(asked, str) else list(asked), actor=actor)
    dealer = str(filters.get("dealer") or "0")
    if not dealer.isdecimal():
        raise Refused(Problem(code="bad_filter", field="dealer", message="A dealer is named by its id."))
    chosen = Narrowed(
        region=str(filters.get("region") or ""), dealer_id=int(dealer), brand=str(filters.get("brand") or ""),
        tier=str(filters.get("tier") or ""),
    )  # fmt: skip
    span = span_of(str(filters.get("period") or ""), on)
    for row in scorecard(session, scope=scope, chosen=chosen, span=span, names=names, on=on, now=now):
        for name, cell in row.cells.items():
            what, part, peers = definition(name), cell.part, cell.peers
            scale = 100 if what.unit == "money" else 1
            quarters = (peers.low, peers.median, peers.high) if peers else (None, None, None)
            yield (
                row.code, row.name, row.region, row.tier, what.title, what.unit, _scaled(part.value, scale),
                part.numerator, part.denominator, BANDS[cell.band], cell.place, cell.ranked or None, cell.group,
                *(_scaled(value, scale) for value in quarters),
            )  # fmt: skip


def _scaled(value: float | None, scale: int) -> float | None:
    return None if value is None else value / scale


EXPORT = ExportKind(
    name="scorecard", title="Scorecard", permission=Permission.PERFORMANCE_VIEW, columns=COLUMNS, rows=export_rows
)
