"""A small network, and leads at a named stage of life: the arrival is written, all else goes through commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import EVERYTHING, Actor, Scope, system_actor
from db.core.permissions import Role
from db.core.session import reading, run, writing
from db.customers.customer_commands import set_consent
from db.customers.tables import Customer, CustomerKey
from db.leads.clock import start_clock
from db.leads.commands import COMMANDS
from db.leads.tables import Dealer, Lead, LeadContact, LeadVehicle
from db.people.tables import Person, PersonScope
from tests.support.again import again

# A Monday, 10:00 in New York: the usual hours are open from 09:00 to 18:00.
NOW = datetime(2026, 6, 29, 14, 0, tzinfo=UTC)
SYSTEM = system_actor()
_numbers = count(1)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@dataclass(frozen=True)
class Network:
    """Two dealers in the East and one in the West, and somebody of each role; ids are in the database."""

    north: int
    south: int
    west: int
    closed: int
    admin: Actor
    manager: Actor
    coordinator: Actor
    east_coordinator: Actor
    sales_leader: Actor
    finance: Actor
    dealer_manager: Actor  # of north
    staff: Actor  # of north
    colleague: Actor  # of north too
    south_staff: Actor

    def as_role(self, role: Role) -> Actor:
        """The person of a role whose scope reaches the dealer north."""
        return {
            Role.ADMIN: self.admin, Role.MANAGER: self.manager, Role.COORDINATOR: self.coordinator,
            Role.SALES_LEADER: self.sales_leader, Role.FINANCE: self.finance,
            Role.DEALER_MANAGER: self.dealer_manager, Role.DEALER_STAFF: self.staff,
        }[role]  # fmt: skip


def make_dealer(session: Session, code: str, name: str, **other: Any) -> Dealer:
    facts = {
        "code": code, "name": name, "name_key": name.lower(), "region": "East", "state": "NY", "status": "active",
        "zone": "America/New_York", "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    dealer = Dealer(**{**facts, **other})
    session.add(dealer)
    session.flush()
    return dealer


def make_person(session: Session, username: str, name: str, role: Role, scope: Scope) -> Actor:
    person = Person(
        username=username, name=name, email=f"{username}@desk.example", role=role.value, scope_kind=scope.kind,
        password_hash="-", created_at=NOW,
    )  # fmt: skip
    session.add(person)
    session.flush()
    session.add_all(PersonScope(person_id=person.id, region=region) for region in scope.regions)
    session.add_all(PersonScope(person_id=person.id, dealer_id=dealer_id) for dealer_id in scope.dealer_ids)
    session.flush()
    return Actor(user_id=person.id, username=username, name=name, role=role, scope=scope)


def make_network(engine: Engine) -> Network:
    return again(engine, "network of leads", lambda: _build_network(engine))


def _build_network(engine: Engine) -> Network:
    with writing(engine, keeps_timeline=False) as session:
        north = make_dealer(session, "00101", "North Motors").id
        south = make_dealer(session, "00102", "South Motors").id
        west = make_dealer(session, "00201", "West Motors", region="West", state="CA", zone="America/Los_Angeles").id
        closed = make_dealer(session, "00301", "Closed Motors", status="terminated").id
        own, east = Scope(dealer_ids=frozenset({north})), Scope("regions", regions=frozenset({"East"}))
        return Network(
            north, south, west, closed,
            admin=make_person(session, "ada", "Ada Admin", Role.ADMIN, EVERYTHING),
            manager=make_person(session, "max", "Max Manager", Role.MANAGER, EVERYTHING),
            coordinator=make_person(session, "cora", "Cora Coordinator", Role.COORDINATOR, EVERYTHING),
            east_coordinator=make_person(session, "eve", "Eve East", Role.COORDINATOR, east),
            sales_leader=make_person(session, "leo", "Leo Leader", Role.SALES_LEADER, EVERYTHING),
            finance=make_person(session, "fay", "Fay Finance", Role.FINANCE, EVERYTHING),
            dealer_manager=make_person(session, "dan", "Dan Dealer", Role.DEALER_MANAGER, own),
            staff=make_person(session, "sam", "Sam Staff", Role.DEALER_STAFF, own),
            colleague=make_person(session, "kim", "Kim Colleague", Role.DEALER_STAFF, own),
            south_staff=make_person(
                session, "sue", "Sue South", Role.DEALER_STAFF, Scope(dealer_ids=frozenset({south}))
            ),
        )  # fmt: skip


def receive(
    engine: Engine, *, dealer_id: int | None = None, received_at: datetime = NOW, status: str = "", score: int = 50,
    name: str = "Jane Doe", email: str = "jane@mail.example", phone: str = "+12125550143",
    customer_id: int | None = None, **other: Any,
) -> int:  # fmt: skip
    """Write a lead as intake leaves it: new without a dealer, assigned with one, or held; gives its id."""
    with writing(engine, keeps_timeline=False) as session:
        dealer = session.get(Dealer, dealer_id) if dealer_id else None
        region = dealer.region if dealer else None
        status = status or ("assigned" if dealer else "new")
        if customer_id is None:
            customer = Customer(dealer_id=dealer_id, region=region, name=name, created_at=received_at)
            session.add(customer)
            session.flush()
            customer_id = customer.id
            session.add_all(
                CustomerKey(customer_id=customer_id, kind=kind, value=value)
                for kind, value in (("email", email), ("phone", phone))
                if value
            )
            search.index(
                session, kind="customer", item_id=customer_id, texts=[name], dealer_id=dealer_id, region=region
            )
        clock: dict[str, Any] = {}
        if status != "held":
            clock = start_clock(
                session, dealer_id=dealer_id, score=score, started_at=received_at, received_at=received_at
            )
        facts = {
            "number": f"L-{next(_numbers):06d}", "status": status, "is_open": True, "dealer_id": dealer_id,
            "region": region, "due_at": clock.get("first_action_due_at"), "submitted_by": "system:http",
            "created_at": received_at, "updated_at": received_at, "updated_by": "Lead intake",
            "received_at": received_at, "received_on": received_at.date(),
            "received_month": received_at.date().replace(day=1), "channel": "http", "source": "autosite",
            "provider": "Auto Site", "product": "Camry", "customer_id": customer_id, "customer_name": name,
            "state": "NY", "wants": "2026 Toyota Camry", "last_activity_at": received_at, "score": score,
            "routed_at": received_at if dealer else None,
        }  # fmt: skip
        lead = Lead(**{**facts, **clock, **other})
        session.add(lead)
        session.flush()
        session.add_all(
            LeadContact(lead_id=lead.id, position=position, kind=kind, raw=raw, normal=raw)
            for position, (kind, raw) in enumerate((("email", email), ("phone", phone)), 1)
            if raw and status != "held"
        )
        session.add(
            LeadVehicle(
                lead_id=lead.id, position=1, role="wanted", interest="buy", year="2026", make="Toyota", model="Camry",
                vin="4T1DAACK5SU123456",
            )
        )  # fmt: skip
        search.index(
            session, kind="lead", item_id=lead.id, texts=[lead.number, name, email], dealer_id=dealer_id, region=region
        )
        return lead.id


def may_text(engine: Engine, item_id: int, network: Network, *, is_given: bool = True, now: datetime = NOW) -> None:
    """The customer of a lead agrees to text messages, or says no."""
    run(
        set_consent, bind=engine, customer_id=load(engine, item_id).customer_id, channel="sms", is_given=is_given,
        source="in_person", actor=network.coordinator, now=now,
    )  # fmt: skip


def version_of(engine: Engine, item_id: int) -> int:
    with reading(engine) as session:
        return session.get_one(Lead, item_id).version


def load(engine: Engine, item_id: int) -> Lead:
    with reading(engine) as session:
        lead = session.get_one(Lead, item_id)
        session.expunge(lead)
        return lead


def step(engine: Engine, name: str, item_id: int, *, actor: Actor, now: datetime, **inputs: Any) -> None:
    """Take one step as it would be taken from a fresh screen."""
    seen = inputs.pop("seen_version", None) or version_of(engine, item_id)
    run(COMMANDS[name], bind=engine, item_id=item_id, seen_version=seen, actor=actor, now=now, **inputs)


# What each step is given where a test does not care. `moment` is when it is taken, `network` who there is.
INPUTS: dict[str, Callable[[Network, datetime], dict[str, Any]]] = {
    "log_activity": lambda n, at: {"kind": "call", "outcome": "reached"},
    "assign": lambda n, at: {"dealer_id": n.north, "note": "Closest"},
    "release": lambda n, at: {"email": "jane@mail.example"},
    "qualify": lambda n, at: {"note": "Wants it this month"},
    "set_appointment": lambda n, at: {"appointment_at": at + timedelta(days=1)},
    "show_appointment": lambda n, at: {},
    "negotiate": lambda n, at: {},
    "sell": lambda n, at: {"value_cents": 3_450_000},
    "deliver": lambda n, at: {},
    "nurture": lambda n, at: {"note": "Buys in spring"},
    "lose": lambda n, at: {"reason": "price"},
    "mark_bad": lambda n, at: {"reason": "test", "note": "Says “test” in every field"},
    "reopen": lambda n, at: {"note": "Called back"},
    "hold": lambda n, at: {"note": "Nobody to contact"},
    "expire": lambda n, at: {},
}

CALLED = ("log_activity", {"kind": "call", "outcome": "voicemail"})
REACHED = ("log_activity", {"kind": "call", "outcome": "reached"})
PATHS: dict[str, tuple[str | tuple[str, dict[str, Any]], ...]] = {
    "new": (),
    "held": (),
    "assigned": ("assign",),
    "attempted": ("assign", CALLED),
    "contacted": ("assign", REACHED),
    "qualified": ("assign", REACHED, "qualify"),
    "appointment_set": ("assign", REACHED, "set_appointment"),
    "appointment_shown": ("assign", REACHED, "set_appointment", "show_appointment"),
    "negotiation": ("assign", REACHED, "negotiate"),
    "nurture": ("assign", "nurture"),
    "sold": ("assign", REACHED, "sell"),
    "delivered": ("assign", REACHED, "sell", "deliver"),
    "lost": ("assign", REACHED, "lose"),
    "bad": ("assign", "mark_bad"),
    "expired": ("assign", "expire"),
}


def lead_at(engine: Engine, stage: str, network: Network, *, now: datetime = NOW, **arrival: Any) -> int:
    """The id of a lead of the dealer north that has come as far as `stage`, a minute a step, as the coordinator."""
    status = "held" if stage == "held" else ""
    if stage == "held":
        arrival.setdefault("dealer_id", network.north)
    if stage == "expired":
        now -= timedelta(days=100)
    item_id = receive(engine, status=status, received_at=now - minutes(30), **arrival)
    at = now - minutes(20)
    for taken in PATHS[stage]:
        name, inputs = (taken, {}) if isinstance(taken, str) else taken
        at += minutes(1)
        actor = network.coordinator
        if name == "expire":
            at, actor = at + timedelta(days=95), SYSTEM
        step(engine, name, item_id, actor=actor, now=at, **(INPUTS[name](network, at) | inputs))
    return item_id


def within(actor: Actor, **scope: Any) -> Actor:
    """The same person with another scope."""
    return replace(actor, scope=Scope(**scope))
