"""Every metric of the desk, for reports: `db/catalog.py` tells them here, for reports may not import the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from db.core.actor import Actor
from db.core.area import Area, Metric
from db.reports.builder_rules import Figure

_METRICS: dict[str, Metric] = {}
_FIGURES: dict[str, Figure] = {}


def register(areas: Iterable[Area], metrics: Mapping[str, Metric]) -> None:
    """Keep every metric as the catalogue gives it, with the area it comes from."""
    for area in areas:
        for declared in area.metrics:
            what = declared.definition
            _METRICS[what.name] = metrics[what.name]
            _FIGURES[what.name] = Figure(
                name=what.name, title=what.title, unit=what.unit, dims=tuple(declared.dims), area=area.name,
                area_title=area.title, better=what.better,
            )  # fmt: skip


def metric(name: str) -> Metric:
    """The metric of a name that is known."""
    return _METRICS[name]


def figures_of(actor: Actor) -> dict[str, Figure]:
    """The figures this actor's role may see, by name, in the order of the areas."""
    return {name: figure for name, figure in _FIGURES.items() if actor.can(_METRICS[name].permission)}


def all_figures() -> dict[str, Figure]:
    """Every figure by name, whoever asks: for the words of a report, never for its numbers."""
    return dict(_FIGURES)
