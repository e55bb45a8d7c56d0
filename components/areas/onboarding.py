"""Pieces of screen that several pages share: how far one dealer is on its way to going live."""

from __future__ import annotations

from db.core.actor import Actor
from db.dealers.queries import DealerDetail


def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw how far one dealer is on its way to going live, as a tab of Dealer 360."""
