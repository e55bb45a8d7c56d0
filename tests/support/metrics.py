"""A registry of metrics of a test's own, in place of the one of all areas."""

from __future__ import annotations

from db.core.area import Metric
from db.reports import catalogue


def only_metrics(monkeypatch, *metrics: Metric) -> None:
    """Until the test is over these are all the metrics there are, in one area."""
    alone = {m.definition.name: catalogue.Entry(metric=m, area="test", area_title="Test") for m in metrics}
    monkeypatch.setattr(catalogue, "_entries", alone)


def other_metric(monkeypatch, metric: Metric) -> None:
    """Until the test is over this metric stands in place of the one of its name."""
    catalogue.entries()
    was = catalogue._entries[metric.definition.name]
    entry = catalogue.Entry(metric=metric, area=was.area, area_title=was.area_title)
    monkeypatch.setitem(catalogue._entries, metric.definition.name, entry)
