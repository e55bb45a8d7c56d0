"""Makes the demo: the network, and six months of leads that end now. Everything goes through commands.

The same random seed, the same moment and the same number of leads make the same records; only passwords and tokens
differ, for those are secrets.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine

from db import catalog  # noqa: F401 - makes every kind of import and export known by name
from db.documents import storage
from db.people.passwords import ALPHABET
from seed import (
    access,
    appointments,
    cadence,
    claim_clocks,
    claim_decisions,
    claim_money,
    claims,
    contacts,
    coop,
    coop_campaigns,
    coop_radar,
    crm,
    dealer_people,
    frozen_months,
    house,
    incentive_payments,
    incentives,
    interactions,
    investigations,
    marketing,
    objectives,
    onboarding,
    paperwork,
    part_returns,
    parts,
    parts_claims,
    pricing,
    quality,
    reports,
    routine,
    surveys,
    terms,
    warranty,
    weekly,
)
from seed.arrivals import arrivals
from seed.cast import Cast
from seed.documents import REFUSED
from seed.intake import Intake
from seed.network import Network, build_network
from seed.story import Story

DAYS = 183
BEFORE = timedelta(days=9)
"""The network stands for some days before its first lead."""


def build(engine: Engine, *, now: datetime, seed: int, leads: int) -> Network:
    """Fill an empty, migrated database with the demo that ends at `now` (UTC); gives the accounts to sign in with."""
    start = (now - timedelta(days=DAYS)).replace(hour=5, minute=0, second=0, microsecond=0)
    made = build_network(engine, start=start - BEFORE, passwords=_password)
    cast = Cast(engine, made, seed=seed)
    story = Story(engine, cast, until=now)
    onboarding.settle(story, start=start, seed=seed)
    house.settle(story, start=start - timedelta(days=2))
    dealer_people.settle(story, made, start=start - timedelta(days=1))
    terms.settle(story, start=start - timedelta(days=2))
    warranty.settle(story, made, start=start - timedelta(days=1), seed=seed)
    intake = Intake(story, seed=seed)
    intake.expect(arrivals(seed, start=start, end=now, count=leads, open_at=cast.open_dealers))
    for days, content in zip((150, 97, 41), REFUSED * 2, strict=False):
        story.at(now - timedelta(days=days, hours=3), partial(intake.refused, content))
    paperwork.expect(story, made)
    routine.expect(story, made)
    crm.expect(story, seed=seed, start=start)
    marketing.expect(story, seed=seed)
    objectives.expect(story, seed=seed)
    appointments.expect(story, seed=seed, start=start)
    interactions.expect(story, seed=seed)
    cadence.expect(story, made)
    contacts.expect(story, made, seed=seed)
    quality.expect(story, made, seed=seed)
    access.expect(story, made)
    surveys.expect(story, made, seed=seed, start=start)
    entered = claims.expect(story, seed=seed)
    claim_decisions.expect(story, entered, start=start)
    part_returns.expect(story, start=start, seed=seed)
    claim_clocks.expect(story, start=start)
    claim_money.expect(story)
    investigations.expect(story, start=start)
    parts.expect(story, seed=seed, start=start)
    parts_claims.expect(story)
    incentives.expect(story, seed=seed, start=start)
    incentive_payments.expect(story)
    pricing.expect(story)
    coop.expect(story, seed=seed)
    coop_radar.expect(story)
    if leads:
        coop_campaigns.expect(story, seed=seed)
    reports.expect(story)
    weekly.expect(story)
    onboarding.expect(story, seed=seed)
    frozen_months.expect(story)
    with storage.unforced():
        story.play()
    claim_clocks.close_day(story)
    onboarding.close_day(story)
    routine.close_day(story, made)
    interactions.close_day(story)
    cadence.close_day(story)
    pricing.close_day(story)
    coop.close_day(story)
    return made


def _password() -> str:
    """Twenty letters and digits in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))
