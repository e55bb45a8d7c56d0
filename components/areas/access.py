"""Pieces of screen that several pages share: who of one dealer may sign in."""

from __future__ import annotations

from db.core.actor import Actor
from db.dealers.queries import DealerDetail


def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw who of one dealer may sign in, as a tab of Dealer 360."""
