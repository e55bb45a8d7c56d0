"""A KPI tile as it is drawn: the number, its definition, its trend and note, and nothing more than these (0097)."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    from datetime import UTC, datetime

    from components.tiles import NO_CHANGE, Tile, draw_tiles
    from db.core.area import MetricDefinition

    rate = MetricDefinition(
        name="rate", title="Close rate", formula="Sold ÷ valid leads", numerator="Leads sold",
        denominator="Valid leads", excluded="Bad leads", rule="2.2 F", owner="Sales operations", unit="percent",
    )  # fmt: skip
    sold = MetricDefinition(name="sold", title="Sold", formula="Leads sold", numerator="Leads sold")
    tiles = [
        Tile(definition=rate, value="12.9%", delta="-1.3 pp", up_is_good=True, versus="vs May", trend=(3, 1, 2),
             note="163 of 1,264"),
        Tile(definition=sold, value="163"),
        Tile(definition=rate, value="12.9%", delta=NO_CHANGE, up_is_good=True, versus="vs June"),
    ]  # fmt: skip
    draw_tiles(tiles, key="t", as_of=datetime(2026, 11, 28, 17, 5, tzinfo=UTC), zone="UTC")


@pytest.fixture(scope="module")
def drawn() -> AppTest:
    return AppTest.from_function(page).run()


def test_the_definition_is_with_the_number(drawn: AppTest):
    rate, sold, _ = drawn.metric
    assert rate.proto.help.splitlines() == [
        "**Close rate**", "", ":gray[Formula] Sold ÷ valid leads  ", ":gray[Counted] Leads sold  ",
        ":gray[Out of] Valid leads  ", ":gray[Left out] Bad leads  ", ":gray[Rule] 2.2 F  ",
        ":gray[Owner] Sales operations  ", ":gray[As of] Sat 28 Nov 2026, 17:05",
    ]  # fmt: skip
    assert "Out of" not in sold.proto.help
    assert (rate.value, rate.delta, rate.proto.delta_description) == ("12.9%", "-1.3 pp", "vs May")


def test_a_number_that_did_not_move_says_so_without_arrow_or_colour(drawn: AppTest):
    moved, unknown, same = (one.proto for one in drawn.metric)
    assert (same.delta, same.delta_description) == ("No change", "vs June")
    assert unknown.delta == ""
    assert same.color == unknown.color != moved.color
    assert same.direction == unknown.direction != moved.direction


def test_trend_and_note_are_one_text_and_a_tile_without_them_has_none(drawn: AppTest):
    (text,) = drawn.markdown
    picture, note = text.value.split("\n\n")
    assert picture.startswith("![Trend of Close rate](data:image/svg+xml;base64,")
    assert note == ":small[:gray[163 of 1,264]]"
    assert not drawn.caption
