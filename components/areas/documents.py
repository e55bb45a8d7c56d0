"""Pieces of screen that several pages share: the documents of one dealer."""

from __future__ import annotations

from db.core.actor import Actor
from db.dealers.queries import DealerDetail


def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw the documents of one dealer, as a tab of Dealer 360."""
