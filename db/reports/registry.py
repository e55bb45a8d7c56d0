"""Every metric of the desk by name: the catalogue fills the list, because this package may not import it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from db.core.area import Metric

_metrics: dict[str, Metric] = {}


def register(metrics: Iterable[Metric]) -> None:
    """Make metrics known; the catalogue calls this once when it is loaded."""
    for metric in metrics:
        _metrics[metric.definition.name] = metric


def all_metrics() -> tuple[Metric, ...]:
    """Every metric, in the order of the areas."""
    if not _metrics:
        # Named as text, because this package may not import what stands on it; loading it calls `register`.
        importlib.import_module("db.catalog")
    return tuple(_metrics.values())


def find(name: str) -> Metric | None:
    """The metric of this name, None when there is none."""
    all_metrics()
    return _metrics.get(name)


def monthly() -> tuple[Metric, ...]:
    """The metrics that say what a month was: those a month can be frozen of."""
    return tuple(metric for metric in all_metrics() if "month" in metric.dims)
