"""Customers and vehicles of the demo: a service history brought in, sales, visits, lookalikes, consent, old records."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import select

from db.core.area import SourceFile
from db.core.session import reading
from db.customers.customer_commands import (
    enter_customer,
    hold_customer,
    link_customers,
    reveal_customer,
    set_consent,
)
from db.customers.duplicate_queries import list_duplicates
from db.customers.merge_commands import keep_apart, merge_customers, undo_merge
from db.customers.purge_commands import purge_customers
from db.customers.purge_queries import due_ids
from db.customers.tables import Customer
from db.customers.vehicle_commands import add_reading, record_purchase
from db.customers.vehicle_tables import Ownership, Purchase, ServiceVisit, Vehicle
from db.customers.visit_commands import enter_visit
from db.imports.commands import run_import
from db.leads.tables import Lead, LeadVehicle
from seed.arrivals import made_up_vin
from seed.people_names import FIRST_NAMES, LAST_NAMES
from seed.places import MAKE, PLACES
from seed.story import Story

HOMES = ("00101", "00137", "00202", "00313", "00402", "00501")
COMPLAINTS = (
    "Regular service.", "Brakes squeal in the morning.", "Warning light of the engine is on.",
    "Air conditioning does not cool.", "Vibration at highway speed.", "Oil change, and check the tyres.",
    "Battery was dead twice this month.", "Recall notice in the mail.", "Rattles over rough roads.",
)  # fmt: skip
MODELS = ("Lyra", "Orion", "Vega", "Atlas")
COLUMNS = (
    "dealer code", "vin", "year", "make", "model", "ro number", "opened", "closed", "odometer in", "odometer out",
    "unit", "complaint", "owner", "phone", "postal code",
)  # fmt: skip
SAMPLE_VINS = ("1HGCM82633A004352", "1M8GDM9AXKP042788")
"""Published as examples: a decoder knows their makers, which it cannot of an invented make."""


class _History(NamedTuple):
    """Odometer readings of one old vehicle: (days before the end, miles or kilometres, unit)."""

    readings: tuple[tuple[int, int, str], ...]
    years_old: int = 4


_PLAIN = _History(((1200, 9_800, "mi"), (830, 21_400, "mi"), (470, 33_900, "mi"), (200, 44_100, "mi")))
ODD = (
    _History(((1100, 12_300, "mi"), (700, 48_900, "mi"), (320, 36_200, "mi"))),  # fell
    _History(((900, 20_100, "mi"), (520, 43_200, "km"), (215, 35_900, "mi"))),  # kilometres in between
    _History(((800, 18_000, "mi"), (430, 131_000, "mi"), (210, 31_400, "mi"))),  # a slip of the hand
    _History(((230, 15_200, "mi"), (205, 29_900, "mi"))),  # far too fast
    _History(((1400, 96_700, "mi"), (900, 98_900, "mi"), (350, 4_300, "mi")), 12),  # turned over
)
OLD = _History(((2350, 61_000, "mi"), (2200, 64_800, "mi")), 11)


def expect(story: Story, *, seed: int, start: datetime) -> None:
    """Let everything of customers and vehicles happen in its time; `start` is the first day of the story."""
    rng = Random(f"{seed}:crm")
    story.at(start + timedelta(days=1), partial(_bring_history, story, rng))
    end = story.until
    for weeks in range(25, -1, -1):
        story.at(end - timedelta(days=7 * weeks, hours=5), partial(_book_sales, story, rng))
    for weeks in range(20, 0, -4):
        story.at(end - timedelta(days=7 * weeks, hours=4), partial(_service, story, rng))
    story.at(end - timedelta(days=40, hours=3), partial(_lookalikes, story, rng))
    story.at(end - timedelta(days=33), partial(_decide, story))
    story.at(end - timedelta(days=26), partial(_consents, story, rng))
    story.at(end - timedelta(days=21), partial(_families, story))
    story.at(end - timedelta(days=14, hours=2), partial(_retention, story))
    story.at(end - timedelta(days=2, hours=1), partial(_reveal, story))
    story.at(end - timedelta(hours=7), partial(_today, story))


# ---- service history -----------------------------------------------------------------------------------------------
def _bring_history(story: Story, rng: Random, now: datetime) -> None:
    end, rows = story.until.date(), []
    places = {place.code: place for place in PLACES}
    histories = [_PLAIN] * 10 + list(ODD) + [OLD] * 8
    for position, history in enumerate(histories):
        place = places[HOMES[position % len(HOMES)]]
        year = end.year - history.years_old
        vin = SAMPLE_VINS[position] if position < len(SAMPLE_VINS) else made_up_vin(rng, max(year, 2011))
        owner = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        phone = f"({rng.choice(('617', '718', '404', '312', '214'))}) 555-01{position:02d}"
        postal = f"{(place.territories or (place.postal_code[:3],))[0]}{rng.randint(1, 60):02d}"
        shift = rng.randint(0, 20)
        for visit, (days, value, unit) in enumerate(history.readings):
            opened = end - timedelta(days=days + shift)
            named = position >= len(SAMPLE_VINS)
            rows.append(
                (
                    place.code, vin, year if named else "", MAKE if named else "",
                    MODELS[position % len(MODELS)] if named else "", f"R{20_000 + position * 10 + visit}",
                    opened.isoformat(), (opened + timedelta(days=1)).isoformat(), value, value + rng.randint(0, 6),
                    unit, rng.choice(COMPLAINTS), owner, phone, postal,
                )
            )  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    file = SourceFile(name="service-history.csv", content=text.getvalue().encode())
    story.do(run_import, kind="service_visits", files=[file], channel="page", actor=story.cast.named("cora"), now=now)


# ---- sales and service ---------------------------------------------------------------------------------------------
def _book_sales(story: Story, rng: Random, now: datetime) -> None:
    """Vehicles delivered since the last time are written down by the dealers that sold them."""
    booked = select(Purchase.reference)
    with reading(story.bind) as session:
        leads = session.scalars(
            select(Lead)
            .where(Lead.delivered_at.is_not(None), Lead.dealer_id.is_not(None), Lead.number.not_in(booked))
            .order_by(Lead.id)
        ).all()
        wanted = {
            row.lead_id: row
            for row in session.scalars(
                select(LeadVehicle)
                .where(LeadVehicle.lead_id.in_([lead.id for lead in leads]), LeadVehicle.role == "wanted")
                .order_by(LeadVehicle.position.desc())
            )
        }
        taken = set(session.scalars(select(Vehicle.vin)))
        session.expunge_all()
    for lead in leads[:-2]:  # the last two deliveries still wait for their VIN
        found = wanted.get(lead.id)
        assert lead.dealer_id is not None
        assert lead.delivered_at is not None
        year = int(found.year) if found and found.year and found.year.isdigit() else now.year
        is_new = found is None or found.condition != "used"
        vin = (found.vin if found else "") or made_up_vin(rng, year)
        if vin in taken:
            vin = made_up_vin(rng, year)
        taken.add(vin)
        story.do(
            record_purchase, dealer_id=lead.dealer_id, customer_id=lead.customer_id, vin=vin,
            bought_on=lead.delivered_at.date(), condition="new" if is_new else "used", price_cents=lead.value_cents,
            odometer=rng.randint(4, 60) if is_new else rng.randint(12_000, 70_000), reference=lead.number,
            facts={"year": year, "make": MAKE, "model": (found.model if found else "") or lead.product},
            actor=story.cast.manager(lead.dealer_id), now=now,
        )  # fmt: skip


def _service(story: Story, rng: Random, now: datetime) -> None:
    """Some vehicles sold earlier come in for their first service."""
    today = (now - timedelta(hours=8)).date()  # no dealer is further west: never tomorrow in its own zone
    with reading(story.bind) as session:
        rows = session.execute(
            select(Purchase.vehicle_id, Purchase.dealer_id, Purchase.customer_id, Purchase.odometer, Purchase.bought_on)
            .where(Purchase.bought_on < now.date() - timedelta(days=20))
            .order_by(Purchase.id)
        ).all()
    for row in rng.sample(rows, min(5, len(rows))):
        days = (now.date() - row.bought_on).days
        story.do(
            enter_visit, vehicle_id=row.vehicle_id, dealer_id=row.dealer_id, customer_id=row.customer_id,
            ro_number=f"R{rng.randint(30_000, 99_999)}", opened_on=today - timedelta(days=1), closed_on=today,
            odometer_in=(row.odometer or 0) + days * rng.randint(20, 55), complaint=rng.choice(COMPLAINTS),
            actor=story.cast.manager(row.dealer_id), now=now,
        )  # fmt: skip


def _today(story: Story, now: datetime) -> None:
    """An odometer that was replaced, and a vehicle that stands in the workshop now."""
    with reading(story.bind) as session:
        rows = session.execute(
            select(ServiceVisit.vehicle_id, ServiceVisit.dealer_id, ServiceVisit.customer_id, ServiceVisit.odometer_in)
            .where(ServiceVisit.ro_number.in_(("R20021", "R20031", "R20041")), ServiceVisit.unit == "mi")
            .order_by(ServiceVisit.id)
        ).all()
    if len(rows) < 2:
        return
    first, second = rows[:2]
    story.do(
        add_reading, vehicle_id=first.vehicle_id, dealer_id=first.dealer_id, read_on=now.date() - timedelta(days=3),
        value=12, starts_anew=True, note="Instrument cluster replaced; the old one showed 47,310.",
        actor=story.cast.manager(first.dealer_id), now=now,
    )  # fmt: skip
    story.do(
        enter_visit, vehicle_id=second.vehicle_id, dealer_id=second.dealer_id, customer_id=second.customer_id,
        ro_number="R99001", opened_on=now.date() - timedelta(days=1), odometer_in=47_950,
        complaint="Warning light of the engine is on again.", actor=story.cast.manager(second.dealer_id), now=now,
    )  # fmt: skip


# ---- customers -------------------------------------------------------------------------------------------------------
def _lookalikes(story: Story, rng: Random, now: datetime) -> None:
    """People who came again under another number, as the counter typed them."""
    with reading(story.bind) as session:
        people = session.scalars(
            select(Customer)
            .where(Customer.dealer_id.is_not(None), Customer.postal_code != "", Customer.last_name != "")
            .where(Customer.first_name != "", Customer.is_business.is_(False))
            .order_by(Customer.id)
        ).all()
        session.expunge_all()
    for position, one in enumerate(rng.sample(people, min(9, len(people)))):
        assert one.dealer_id is not None
        first = one.first_name
        name = (
            f"{first[0]} {one.last_name}", f"{first[:-1]} {one.last_name}", f"{one.last_name} {first}",
        )[position % 3]  # fmt: skip
        story.do(
            enter_customer, dealer_id=one.dealer_id, name=name if len(first) > 2 else one.name + " Jr",
            phone=f"(202) 555-01{40 + position:02d}", street=one.street, city=one.city, state=one.state,
            postal_code=one.postal_code, actor=story.cast.manager(one.dealer_id), now=now,
        )  # fmt: skip


def _pairs(story: Story) -> list[Any]:
    with reading(story.bind) as session:
        return list_duplicates(session, actor=story.cast.named("cora"))


def _decide(story: Story, now: datetime) -> None:
    """Two are merged, one of them taken back, one pair stays apart; the others wait."""
    cora = story.cast.named("cora")
    merged: list[int] = []
    seen: set[int] = set()
    for pair in _pairs(story):
        ids = {pair.left.customer_id, pair.right.customer_id}
        if ids & seen or len(merged) == 2:
            continue
        seen |= ids
        merged.append(
            story.do(
                merge_customers,
                keep_id=pair.left.customer_id,
                gone_id=pair.right.customer_id,
                seen_versions=(pair.left.version, pair.right.version),
                reason="Same person, new phone number",
                actor=cora,
                now=now,
            )
        )
    if len(merged) == 2:
        reason = "Father and son: two people."
        story.do(undo_merge, merge_id=merged[1], reason=reason, actor=cora, now=now)
    left = [p for p in _pairs(story) if not {p.left.customer_id, p.right.customer_id} & seen]
    if len(left) > 3:
        story.do(
            keep_apart, customer_id=left[-1].left.customer_id, other_id=left[-1].right.customer_id,
            reason="Asked: they are neighbours", actor=cora, now=now,
        )  # fmt: skip


def _owners(story: Story, limit: int) -> list[Any]:
    with reading(story.bind) as session:
        return list(
            session.execute(
                select(Customer.id, Customer.dealer_id)
                .join(Ownership, Ownership.customer_id == Customer.id)
                .where(Customer.merged_into_id.is_(None), Customer.purged_at.is_(None))
                .order_by(Customer.id)
                .distinct()
                .limit(limit)
            )
        )


def _consents(story: Story, rng: Random, now: datetime) -> None:
    for owner in _owners(story, 16):
        channel, given = rng.choice((("sms", True), ("sms", True), ("email", True), ("sms", False), ("phone", False)))
        story.do(
            set_consent, customer_id=owner.id, channel=channel, is_given=given,
            source=rng.choice(("in_person", "form", "phone")), actor=story.cast.manager(owner.dealer_id),
            now=now,
        )  # fmt: skip


def _families(story: Story, now: datetime) -> None:
    by_dealer: dict[int, list[int]] = {}
    for owner in _owners(story, 60):
        by_dealer.setdefault(owner.dealer_id, []).append(owner.id)
    pairs = [(dealer, ids) for dealer, ids in sorted(by_dealer.items()) if len(ids) > 1][:3]
    for dealer_id, ids in pairs:
        story.do(
            link_customers, customer_id=ids[0], other_id=ids[1], kind="household",
            actor=story.cast.manager(dealer_id), now=now,
        )  # fmt: skip
    if pairs:
        dealer_id, ids = pairs[0]
        company = story.do(
            enter_customer, dealer_id=dealer_id, name="Harbor Plumbing LLC", phone="(202) 555-0190", is_business=True,
            actor=story.cast.manager(dealer_id), now=now,
        )  # fmt: skip
        story.do(
            link_customers, customer_id=ids[0], other_id=company, kind="acts_for",
            actor=story.cast.manager(dealer_id), now=now,
        )  # fmt: skip


def _retention(story: Story, now: datetime) -> None:
    """The yearly review: one record is held, the oldest are removed, the rest waits for the next look."""
    mason = story.cast.named("mason")
    with reading(story.bind) as session:
        ids = list(due_ids(session, actor=mason, now=now, limit=20))
    if len(ids) > 3:
        reason = "Lawsuit about a repair, ask legal before removing"
        story.do(hold_customer, customer_id=ids[-1], reason=reason, actor=mason, now=now)
        story.do(purge_customers, customer_ids=ids[:2], reason="Yearly retention review", actor=mason, now=now)


def _reveal(story: Story, now: datetime) -> None:
    cora = story.cast.named("cora")
    for position, owner in enumerate(_owners(story, 2)):
        story.do(
            reveal_customer, customer_id=owner.id, reason=("complaint", "recall")[position],
            note="Case of the call center", actor=cora, now=now,
        )  # fmt: skip
