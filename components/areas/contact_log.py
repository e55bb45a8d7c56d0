"""Pieces of screen that several pages share: what was said with one dealer, and promised."""

from __future__ import annotations

from db.core.actor import Actor
from db.dealers.queries import DealerDetail


def draw_dealer_tab(dealer: DealerDetail, actor: Actor) -> None:
    """Draw what was said with one dealer, and promised, as a tab of Dealer 360."""
