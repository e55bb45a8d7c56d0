"""Bars with words behind them leave room for the words: what stands beyond the edge of a chart is cut off."""

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
def test_words_behind_the_longest_bar_have_room(spec: dict[str, Any]):
    behind = [
        layer["mark"] for layer in spec["layer"] if layer["mark"].get("align") == "left" and "dx" in layer["mark"]
    ]
    assert behind, "this chart writes no words behind its bars"
    assert spec["padding"]["right"] >= 40
