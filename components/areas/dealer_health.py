"""What every area knows of all dealers of a scope at once: health, tier, last contact; cached, never across scopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from db import catalog
from db.contact_log.queries import last_contacts
from db.core import changes
from db.core.actor import Actor, Scope
from db.core.permissions import Permission, Role
from db.core.session import reading
from db.dealers.health_rules import LEVELS, LOOKED_AFTER, Health, health_of
from db.dealers.queries import DealerFilters, matching_ids
from db.terms.queries import tiers_on

GOOD = Health("good")
HEALTH_TONES = {"Good": "green", "Watch": "orange", "At risk": "red"}
MOST = 100_000


@dataclass(frozen=True)
class Overview:
    """The dealers of one scope as one role may know them; `noticed` holds those that are not simply good."""

    looked_after: frozenset[int]
    noticed: Mapping[int, Health]
    tiers: Mapping[int, str]
    last_contacts: Mapping[int, datetime]

    def health(self, dealer_id: int) -> Health | None:
        """A dealer's health; None for one nobody looks after (a prospect, a terminated dealer)."""
        return self.noticed.get(dealer_id, GOOD) if dealer_id in self.looked_after else None

    def with_level(self, level: str) -> frozenset[int]:
        """The dealers whose health is `level`."""
        if level == "good":
            return self.looked_after - set(self.noticed)
        return frozenset(i for i, found in self.noticed.items() if found.level == level and i in self.looked_after)

    def with_tier(self, tier: str) -> frozenset[int]:
        """The dealers of a tier."""
        return frozenset(number for number, found in self.tiers.items() if found == tier)

    def counts(self) -> dict[str, int]:
        """How many dealers have each level of health."""
        return {level: len(self.with_level(level)) for level in LEVELS}


def overview(actor: Actor, now: datetime) -> Overview:
    """The overview of this actor's dealers, at most a minute old and never older than the last change."""
    with reading() as session:
        change = changes.token(session)
    minute = now.replace(second=0, microsecond=0)
    today = now.astimezone(ZoneInfo(actor.zone)).date()
    return _overview(actor.scope, actor.role, minute, today, change, actor)


@st.cache_data(ttl=300, max_entries=32, show_spinner=False)
def _overview(scope: Scope, role: Role, minute: datetime, today: date, change: Any, _actor: Actor) -> Overview:
    # What may be known depends on the role (which areas speak) and on the scope (of which dealers), so both are keys.
    with reading() as session:
        signals = catalog.dealer_signals(session, actor=_actor, now=minute)
        looked_after = matching_ids(session, scope=scope, filters=DealerFilters(statuses=LOOKED_AFTER), limit=MOST)
        tiers = tiers_on(session, scope=scope, on=today) if _actor.can(Permission.TERMS_VIEW) else {}
        contacts = last_contacts(session, scope=scope) if _actor.can(Permission.CONTACTS_VIEW) else {}
    return Overview(
        looked_after=frozenset(looked_after),
        noticed={number: health_of(found) for number, found in signals.items() if found},
        tiers=dict(tiers), last_contacts=dict(contacts),
    )  # fmt: skip
