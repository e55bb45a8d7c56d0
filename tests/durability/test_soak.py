"""R14 in small: people click, tabs come and go, and the process keeps nothing of them. Long: `python -m tests.soak`."""

from __future__ import annotations

from db.core.session import make_engine
from tests.soak import missed, soak
from tests.support.tier import is_long, sized
from tests.support.users import make_people


def test_clicks_and_closed_tabs_leave_nothing_behind(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    make_people(engine)
    engine.dispose()
    seen = soak(
        sqlite_url, actions=sized(fast=250, long=43_200), sessions=sized(fast=20, long=1_000),
        users=sized(fast=6, long=30), ttl=sized(fast=2, long=120), gone_within=sized(fast=60, long=180),
    )  # fmt: skip
    if is_long():
        assert missed(seen) == []
        return
    assert seen.errors == []
    assert seen.logged == []
    assert seen.opened == 20
    assert seen.runs >= 240
    assert seen.written > 0
    assert seen.gone_after < 60, "the process keeps sessions whose tabs are closed"
    first, last = seen.samples[0], seen.samples[-1]
    assert last.sessions == 0
    # Each session has three handles of its own; connections are pooled.
    assert last.files - last.connections * 3 <= first.files - first.connections * 3 + 15
    assert last.connections <= 15
