"""The form of a step in a drawer is drawn by itself, and never beside something older than the desk is now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bench.client import Tab
from bench.people import cookie_for
from db.core.session import make_engine, reading
from db.leads.tables import LeadActivity
from tests.leads.factories import NOW, make_network, minutes, receive, step
from tests.support.clock import hold_clock

pytestmark = pytest.mark.slow
FEW = 15
"""More messages than the form of a step takes."""


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """One minute that does not end, for this process and the one that serves."""
    hold_clock(monkeypatch, NOW + minutes(1))


def test_a_choice_draws_the_form_alone_until_something_changed(still: None, serve: Callable[..., Any], sqlite_url: str):
    engine = make_engine(sqlite_url)
    network = make_network(engine)
    lead_id = receive(engine, dealer_id=network.north)
    assert network.manager.user_id is not None
    cookie = cookie_for(engine, network.manager.user_id)
    served = serve(sqlite_url, {"SWEEP_SECONDS": "0"})

    async def open_on(tab: Tab) -> None:
        await tab.press(next(f.label for f in tab.fields.values() if f.id.endswith(f"lead_card_{lead_id}")))
        await tab.choose("Next step", "Log contact")

    async def walk() -> None:
        async with Tab(served.url, "board", query="lead_shape=cards", cookie=cookie) as tab:
            await open_on(tab)
            alone = await tab.choose("Kind", "Note")
            assert alone.messages < FEW
            step(engine, "log_activity", lead_id, actor=network.coordinator, now=NOW, kind="call", outcome="voicemail")
            after = await tab.choose("Kind", "Call")
            assert after.messages > 2 * FEW  # somebody else called meanwhile: the whole drawer
            await tab.choose("Outcome", "Spoke with the customer")
            logged = await tab.press("Log contact")
            assert logged.runs == 2
            assert any("contact logged" in word for word in logged.said)

            await open_on(tab)
            await tab.choose("Kind", "Note")
            await tab.choose("Outcome", tab.find("Outcome").options[0])
            refused = await tab.press("Log contact")
            assert refused.messages > 2 * FEW  # what is refused is said in the whole drawer
            assert not [*alone.errors, *after.errors, *logged.errors, *refused.errors]

    asyncio.run(walk())
    with reading(engine) as session:
        assert session.scalars(select(LeadActivity.outcome).order_by(LeadActivity.id)).all() == ["voicemail", "reached"]
    engine.dispose()
