"""Small networks in which every metric has something to count: two regions, several dealers, more than one month."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from db.coop.campaign_commands import start_campaign
from db.coop.campaign_rules import Plan
from db.core import events
from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.session import make_engine, run, writing
from db.customers.vehicle_commands import record_purchase
from db.imports.commands import run_import
from db.marketing.commands import enter_spend
from tests.appointments.factories import booked, take
from tests.claims.test_figures import _network as claims_network
from tests.contact_log.examples import promise
from tests.contact_log.examples import step as keep
from tests.coop.factories import House as CoopHouse
from tests.coop.test_figures import tell as tell_coop
from tests.customers.factories import OTHER_VIN, VIN, customer, visit
from tests.incentives.factories import NOW as SALES_NOW
from tests.incentives.factories import House as IncentiveHouse
from tests.incentives.figuring import FigureHouse
from tests.leads.factories import NOW, SYSTEM, lead_at, minutes, receive, step
from tests.onboarding import factories as onboarding
from tests.parts import factories as parts
from tests.parts.test_fill import furnished
from tests.pricing.test_figures import tell as tell_prices
from tests.quality.test_quality import draw, made, reviews, score, write
from tests.support.databases import SqliteTemplates, migrate
from tests.support.users import actor_named, make_dealer, make_people, make_person
from tests.surveys.factories import BAD, ROW, SENT_ONLY, bring, publish

DAY = timedelta(days=1)
TODAY = NOW.date()


@dataclass(frozen=True, kw_only=True)
class World:
    """A told network: the areas that have something in it, as of when, and the days that are looked at."""

    areas: tuple[str, ...]
    tell: Callable[[Engine], Any]
    now: datetime
    first: date
    last: date


def _sell(engine: Engine, network: Any, dealer: int, at: datetime, cents: int, **more: Any) -> int:
    item = receive(engine, dealer_id=dealer, received_at=at - 3 * DAY, **more)
    step(engine, "log_activity", item, actor=network.coordinator, now=at - 2 * DAY, kind="call", outcome="reached")
    step(engine, "sell", item, actor=network.coordinator, now=at, value_cents=cents)
    return item


def _arrive(engine: Engine, dealer: int, at: datetime) -> int:
    item = receive(engine, dealer_id=dealer, received_at=at, status="assigned")
    with writing(engine, keeps_timeline=False) as session:
        event = events.Event(name="leads.arrived", item_type="lead", item_ids=(item,))
        events.tell(session, event, actor=SYSTEM, now=at)
    return item


def tell_desk(engine: Engine) -> None:
    """Leads on every rung in three months, their appointments, plans, reviews and costs; surveys, promises, buyers."""
    desk = made(engine)
    network = desk.net
    draw(desk)
    for row in reviews(desk)[:2]:
        score(desk, row)
    for stage in ("held", "new", "attempted", "qualified", "appointment_shown", "negotiation", "bad", "lost"):
        lead_at(engine, stage, network, now=NOW - 40 * DAY)
    lead_at(engine, "lost", network, source="website", product="Tundra")
    for dealer, cents in ((network.north, 31_000_00), (network.west, 52_500_00)):
        item = receive(engine, dealer_id=dealer, received_at=NOW - DAY)
        step(engine, "log_activity", item, actor=network.coordinator, now=NOW, kind="call", outcome="reached")
        step(engine, "negotiate", item, actor=network.coordinator, now=NOW, value_cents=cents)
    write(desk, follow_up_day=TODAY + 3 * DAY)
    for dealer, days, cents in ((network.north, 35, 30_000_00), (network.west, 34, 41_000_00), (network.west, 2, 99)):
        _sell(engine, network, dealer, NOW - days * DAY, cents, source="website")
    for dealer in (network.north, network.west):
        lead = _arrive(engine, dealer, NOW - 3 * DAY)
        step(engine, "log_activity", lead, actor=network.coordinator, now=NOW - 3 * DAY + minutes(9), kind="call",
             outcome="voicemail")  # fmt: skip
        step(engine, "log_activity", lead, actor=network.coordinator, now=NOW - 2 * DAY, kind="call", outcome="reached")
        at = NOW + 2 * DAY + timedelta(hours=4)  # open in the East and in the West
        for number in range(2):
            visit_id = booked(
                engine, network, lead_id=lead if not number else _sell(engine, network, dealer, NOW - DAY, 7),
                actor=network.coordinator, starts_at=at, now=NOW,
            )  # fmt: skip
            take(engine, "miss" if number else "check_in", visit_id, now=at + timedelta(hours=2),
                 actor=network.coordinator)  # fmt: skip
            at += timedelta(hours=2)
    for code, month in ((None, TODAY), (network.north, TODAY), (network.west, TODAY - 40 * DAY)):
        run(enter_spend, bind=engine, source="website", month=month, cents=90_000, dealer_id=code,
            actor=network.coordinator, now=NOW)  # fmt: skip
    _surveys(engine, network)
    for dealer, made_by in ((network.north, "us"), (network.west, "dealer"), (network.west, "us")):
        item = promise(engine, network, dealer_id=dealer, made_by=made_by)
        if made_by == "us":
            keep(engine, "keep", item, by=network.manager, now=NOW + DAY, note="Sent")
    for dealer, name, vin, days in (
        (network.north, "Ann", VIN, 500), (network.west, "Bob", OTHER_VIN, 460),
        (network.north, "Cleo", "JHMCM56557C404453", 20),
    ):  # fmt: skip
        who = customer(engine, network, name=name, phone="", dealer_id=dealer, email=f"{name}@mail.example")
        bought = run(record_purchase, bind=engine, dealer_id=dealer, customer_id=who, vin=vin, condition="new",
                     bought_on=TODAY - days * DAY, actor=network.coordinator, now=NOW)  # fmt: skip
        visit(engine, network, bought, ro=name, dealer_id=dealer, opened=TODAY - 9 * DAY, odometer=100)


def _surveys(engine: Engine, network: Any) -> None:
    publish(engine, network)
    publish(engine, network, kind="ssi", title="Sales")
    answers = {name: str(value) for name, value in BAD.items()}
    rows = []
    for number, (code, kind, more) in enumerate(
        (("00101", "csi", {}), ("00101", "csi", answers), ("00201", "csi", {"q3": "10"}), ("00201", "ssi", {}),
         ("00201", "csi", answers), ("00101", "csi", SENT_ONLY))
    ):  # fmt: skip
        own = {"Survey id": f"S-{number}", "Dealer code": code, "Kind": kind, "E-mail": f"s{number}@mail.example"}
        rows.append(ROW | own | more)
    bring(engine, network, *rows)


def tell_coop_with_campaigns(engine: Engine) -> None:
    """The story of the figures of co-op, and two campaigns, one of them with leads and a sale."""
    house: Any = CoopHouse(engine)
    tell_coop(house)
    plan = Plan(
        code="SPRING-26", name="Spring", medium="print", goal_kind="leads", goal=2, starts_on=date(2026, 5, 10),
        ends_on=date(2026, 5, 20),
    )  # fmt: skip
    request_ids = [house.ids_of["again"]]
    house.do(start_campaign, dealer_id=house.dealer, plan=plan, request_ids=request_ids, actor=house.dora)
    house.do(start_campaign, dealer_id=house.dealer, plan=replace(plan, code="FREE"), actor=house.dora)
    for number in range(3):
        receive(
            engine, dealer_id=house.dealer, received_at=datetime(2026, 5, 12, 15, tzinfo=UTC), source="SPRING-26",
            email=f"c{number}@mail.example", phone="",
        )  # fmt: skip


def tell_onboarding(engine: Engine) -> None:
    """Two dealers that went live after different times, and one that gave up."""
    make_people(engine)
    cora, mason = actor_named(engine, Role.COORDINATOR.value), actor_named(engine, Role.MANAGER.value)
    east, west, lost = (
        onboarding.new_dealer(engine, code, region=region)
        for code, region in (("0801", "East"), ("0802", "West"), ("0803", "West"))
    )
    onboarding.live(engine, cora, mason, dealer_id=east, now=onboarding.NOW - 150 * DAY, days=10)
    onboarding.live(engine, cora, mason, dealer_id=west, now=onboarding.NOW - 90 * DAY, days=7)
    gone = onboarding.start(engine, cora, dealer_id=lost, now=onboarding.NOW - 20 * DAY)
    onboarding.step(engine, "withdraw", gone, cora, note="No money", now=onboarding.NOW - 9 * DAY)


def tell_parts(engine: Engine) -> None:
    """Orders of two dealers, some covered, one promised and late, one shipped as promised."""
    desk = furnished(engine)
    for days, shipped in ((20, True), (18, False)):
        order = desk.order(desk.lone if shipped else desk.star, days, lines={"EN-1": 1})
        at = parts.NOW - days * DAY
        parts.promised(engine, order, (at + 3 * DAY).date(), actor=desk.cora, now=at)
        if shipped:
            parts.shipped(engine, order, 1, actor=desk.cora, now=at + DAY)


def tell_objectives(engine: Engine) -> None:
    """Three dealers with markets and agreements, and deliveries: used ones, unwound ones, in months of no market."""
    house = IncentiveHouse(engine)
    third = make_dealer(engine, code="04013", name="Near Cars")
    make_person(engine, "nora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[third])
    rows = [
        f"{code},{month},{segment},{registered},{share},{agreed},State,2026-1"
        for code, month, segment, registered, share, agreed in (
            ("04012", "2026-10", "SUV", 40, 7.5, 3), ("04012", "2026-10", "Van", 9, 12.25, ""),
            ("04012", "2026-11", "SUV", 44, 8, 4), ("04012", "2026-11", "Van", 11, 12.25, 1),
            ("04099", "2026-11", "SUV", 60, 5, 2), ("04099", "2026-10", "SUV", 55, 5, ""),
            ("04013", "2026-11", "Van", 5, 10, ""), ("04099", "2026-12", "SUV", 20, 5, 1),
        )
    ]  # fmt: skip
    text = "\n".join(
        ["Dealer code,Month,Segment,Registrations,Benchmark share,Objective,Benchmark area,Territory", *rows]
    )
    file = SourceFile(name="objectives.csv", content=text.encode())
    run(run_import, bind=engine, kind="sales_objectives", files=[file], channel="page", mapping=None, actor=house.cora,
        now=SALES_NOW)  # fmt: skip
    sales: list[tuple[int, date | None, dict[str, Any]]] = [
        (dealer, date(2026, month, day), {})
        for dealer, month, day in (
            (house.dealer, 10, 1), (house.dealer, 10, 31), (house.dealer, 11, 1), (house.dealer, 11, 18),
            (house.dealer, 11, 20), (house.dealer, 9, 30), (house.other_dealer, 11, 12), (house.other_dealer, 10, 20),
            (third, 11, 3), (third, 10, 5),
        )
    ]  # fmt: skip
    sales += [(house.dealer, date(2026, 11, 5), {"condition": "used"}), (house.other_dealer, None, {})]
    for number, (dealer, day, more) in enumerate(sales):
        house.sell(
            dealer_id=dealer, who="nora" if dealer == third else "dora", vin=f"1HGCM8264{number:08}", documents=(),
            customer_ref="", contract_on=day or date(2026, 11, 9), delivered_on=day, **more,
        )  # fmt: skip
    again = house.sell(vin="1HGCM826400000099", documents=(), customer_ref="", delivered_on=date(2026, 11, 19))
    house.unwind(again)


def _fill(name: str, url: str) -> None:
    migrate(url)
    engine = make_engine(url)
    WORLDS[name].tell(engine)
    engine.dispose()


@contextmanager
def told(templates: SqliteTemplates, name: str, folder: Path) -> Iterator[Engine]:
    """A copy of a network; it is told once a process."""
    engine = make_engine(templates.copy(f"metrics_{name}", partial(_fill, name), to=folder / "told.db"))
    try:
        yield engine
    finally:
        engine.dispose()


WORLDS: dict[str, World] = {
    "desk": World(
        areas=(
            *("contact_log", "leads", "appointments", "cadence", "quality", "surveys", "marketing"),
            "reports",
        ),
        tell=tell_desk, now=NOW + 5 * DAY, first=TODAY - 600 * DAY, last=TODAY + 5 * DAY,
    ),
    "claims": World(
        areas=("claims",), tell=claims_network, now=datetime.fromisoformat("2026-12-12T15:00:00+00:00"),
        first=date(2026, 1, 1), last=date(2026, 12, 12),
    ),
    "parts": World(
        areas=("parts",), tell=tell_parts, now=parts.NOW, first=date(2026, 1, 1), last=parts.NOW.date(),
    ),
    "incentives": World(
        areas=("incentives",), tell=lambda engine: FigureHouse(engine).tell(),
        now=datetime.fromisoformat("2026-12-12T15:00:00+00:00"), first=date(2026, 10, 1), last=date(2026, 12, 12),
    ),
    "coop": World(
        areas=("coop",), tell=tell_coop_with_campaigns,
        now=datetime.fromisoformat("2026-06-20T15:00:00+00:00"), first=date(2026, 1, 1), last=date(2026, 6, 20),
    ),
    "pricing": World(
        areas=("pricing",), tell=tell_prices, now=datetime.fromisoformat("2026-12-12T15:00:00+00:00"),
        first=date(2026, 1, 1), last=date(2026, 12, 12),
    ),
    "objectives": World(
        areas=("objectives",), tell=tell_objectives, now=SALES_NOW, first=date(2026, 10, 1), last=SALES_NOW.date(),
    ),
    "onboarding": World(
        areas=("onboarding",), tell=tell_onboarding, now=onboarding.NOW, first=date(2026, 1, 1),
        last=onboarding.NOW.date(),
    ),
}  # fmt: skip
