"""Filters in the address: an address that was opened stays what it is, by values as links write it or by labels."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from components.filters import one, pick

    month = pick("From", {"2026-05": "May 2026", "2026-06": "Jun 2026"}, key="month", all_label="Choose")
    shape = one("Shape", {"own": "Own months", "year": "This year"}, key="shape", default="year")
    st.write(f"{month or 'none'} {shape}")


def opened(**written: str) -> AppTest:
    app = AppTest.from_function(page)
    for name, value in written.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


ADDRESSES = [
    ({"month": "2026-05", "shape": "own"}, "2026-05 own"),
    ({"month": "May 2026", "shape": "Own months"}, "2026-05 own"),
    ({"month": "2026-06"}, "2026-06 year"),
]


@pytest.mark.parametrize("written, shown", ADDRESSES)
def test_an_address_is_followed_and_kept(written: dict[str, str], shown: str) -> None:
    app = opened(**written)
    for _ in range(2):  # the second run is that of the next click
        assert app.markdown[0].value == shown
        assert {name: app.query_params[name] for name in written} in (
            written, {name: [value] for name, value in written.items()},
        )  # fmt: skip
        app.run()


def test_what_nobody_knows_is_taken_out_of_the_address() -> None:
    app = opened(month="2031-01", shape="round")
    assert app.markdown[0].value == "none year"
    assert not dict(app.query_params)


def test_a_choice_beats_the_address() -> None:
    app = opened(month="2026-05")
    app.selectbox(key="month").set_value("2026-06").run()
    assert app.markdown[0].value == "2026-06 year"


def test_every_run_says_what_is_chosen_at_first() -> None:
    """A run that was ended before it sent the field is not the only one that knows: its default is in the next, too."""
    app = opened()
    for _ in range(2):
        assert list(app.get("button_group")[0].proto.default) == [1]
        app.run()
