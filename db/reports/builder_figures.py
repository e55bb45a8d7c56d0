"""The metrics of the catalogue as a report of one's own needs them: what each can be split by, in whose words."""

from __future__ import annotations

from db.core.actor import Actor
from db.core.area import Metric
from db.reports.builder_rules import Figure
from db.reports.catalogue import Entry, entries, find


def figures_of(actor: Actor) -> dict[str, Figure]:
    """The figures this actor's role may see, by name, in the order of the areas."""
    return {e.metric.definition.name: _figure(e) for e in entries() if actor.can(e.metric.permission)}


def all_figures() -> dict[str, Figure]:
    """Every figure by name, whoever asks: for the words of a report, never for its numbers."""
    return {e.metric.definition.name: _figure(e) for e in entries()}


def metric_of(name: str) -> Metric:
    """The metric of a figure that is known."""
    found = find(name)
    if found is None:
        raise KeyError(name)
    return found


def _figure(entry: Entry) -> Figure:
    what = entry.metric.definition
    return Figure(
        name=what.name, title=what.title, unit=what.unit, dims=tuple(entry.metric.dims), area=entry.area,
        area_title=entry.area_title, better=what.better,
    )  # fmt: skip
