"""Bars with words behind them: there is room for the words, and all layers agree on the order of the bars."""

from __future__ import annotations

from typing import Any

import pytest

from components.charts import bars, ladder, overview, pipeline, reports

SPECS: dict[str, dict[str, Any]] = {
    "ranked": bars.ranked(category="name", value="value", value_title="Leads"),
    "stages": bars.stages(),
    "regions": overview.regions(title="Leads", axis="~s"),
    "report": reports.bars(title="Leads", unit="count"),
    "rungs": ladder.ladder(),
    "pipeline": pipeline.stage_bars(value_title="Open leads"),
    "steps": pipeline.ladder(),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_unseen_points_beyond_the_bars_leave_room_for_their_words(spec: dict[str, Any]):
    """Worked out for all layers: rows of their own would have another order, and Vega would sort the bars by name."""
    layers = spec["layer"]
    (points,) = (layer for layer in layers if layer["mark"]["type"] == "point")
    assert (points["encoding"]["x"]["field"], points["mark"]["opacity"]) == ("beyond", 0)
    assert [made["as"] for made in spec["transform"]] == ["beyond"]
    assert not any("transform" in layer for layer in layers)
    orders = [layer["encoding"]["y"]["sort"] for layer in layers]
    assert all(order == orders[0] and "field" in order for order in orders)
