# ruff: noqa: E501 - a table of sources reads best with a source a line
"""Where the leads of the demo come from, and how each source writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Door = Literal["http", "mail", "file", "table", "hand"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source: its share of all leads, the door it uses, and how often its leads have what (0-1).

    `names_dealer` sends the lead to a dealer, otherwise the rules decide. `at_night` is the share that arrives outside
    9 to 18 o'clock. `serious` makes contact and sale more likely (1 is usual).
    """

    name: str
    share: float
    door: Door
    names_dealer: float = 0.0
    at_night: float = 0.4
    trade_in: float = 0.2
    question: float = 0.25
    finance: float = 0.15
    in_stock: float = 0.2
    phone: float = 0.85
    email: float = 0.9
    consent: float = 0.35
    soon: float = 0.3
    worthless: float = 0.03
    serious: float = 1.0


SOURCES = (
    Source(name="Dealer website", share=0.31, door="http", names_dealer=1.0, at_night=0.45, question=0.45, in_stock=0.4),
    Source(name="Manufacturer site", share=0.23, door="http", at_night=0.48, in_stock=0.05, trade_in=0.25),
    Source(
        name="AutoMarket", share=0.15, door="mail", names_dealer=0.6, at_night=0.5, trade_in=0.3, in_stock=0.5,
        worthless=0.11, serious=0.75, consent=0.15,
    ),
    Source(
        name="Car finder", share=0.08, door="http", at_night=0.5, trade_in=0.05, question=0.1, worthless=0.09,
        serious=0.65, phone=0.6, consent=0.1,
    ),
    Source(name="Event", share=0.05, door="table", at_night=0.1, trade_in=0.1, question=0.0, finance=0.05, in_stock=0.0, serious=0.85),
    Source(
        name="Phone", share=0.08, door="hand", names_dealer=1.0, at_night=0.0, email=0.45, phone=1.0, question=0.3,
        worthless=0.01, serious=1.3,
    ),
    Source(
        name="Walk-in", share=0.06, door="hand", names_dealer=1.0, at_night=0.0, email=0.5, phone=0.95, trade_in=0.4,
        worthless=0.0, serious=1.6, soon=0.6,
    ),
    Source(
        name="Partner bank", share=0.04, door="http", names_dealer=0.3, at_night=0.25, finance=1.0, phone=1.0,
        worthless=0.02, serious=1.15,
    ),
)  # fmt: skip
PROVIDERS = ("Dealer website", "Manufacturer site", "Car finder", "Partner bank")
