"""Makes the demo network: calendars, 48 dealers at all stages of life, and a person for each role. Commands only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from db.calendar.commands import save_calendar, seed_us_federal
from db.core.actor import system_actor
from db.core.geo import STATES
from db.core.permissions import Role
from db.core.session import reading, run
from db.dealers.commands import add_dealer, change_dealer
from db.dealers.group_commands import add_group
from db.dealers.tables import Dealer
from db.people.commands import add_person
from seed.owners import GROUPS, owner_of
from seed.places import HOURS, MAKE, PLACES, REGIONS, Place

SEED = system_actor("seed")
FIRST_NAMES = (
    "Ava",
    "Noah",
    "Maya",
    "Liam",
    "Zoe",
    "Ethan",
    "Nora",
    "Owen",
    "Iris",
    "Caleb",
    "Ruth",
    "Felix",
    "June",
    "Miles",
)
LAST_NAMES = (
    "Brooks",
    "Castillo",
    "Dunn",
    "Ellis",
    "Farrow",
    "Grant",
    "Hale",
    "Ibarra",
    "Jensen",
    "Kaplan",
    "Lowe",
    "Mercer",
)


@dataclass
class Network:
    """What was made: ids by code or user name, and the one-time passwords to print."""

    dealers: dict[str, int] = field(default_factory=dict)
    desk: list[str] = field(default_factory=list)  # user names of the manufacturer's people
    staff: dict[int, list[str]] = field(default_factory=dict)  # dealer id -> user names, the manager first
    sign_ins: list[tuple[str, str, str, str]] = field(default_factory=list)  # user name, password, role, sees


def build_network(bind: Engine, *, start: datetime, passwords: Callable[[], str]) -> Network:
    """Make everything that exists before the first lead, as of `start`."""
    made = Network()
    calendars = _calendars(bind, start)
    _dealers(bind, start, calendars, made)
    _people(bind, start, made, passwords)
    return made


def _zone(state: str) -> str:
    return STATES[state].zone


def _calendars(bind: Engine, start: datetime) -> dict[tuple[str, str], int]:
    holidays = run(seed_us_federal, bind=bind, years=range(start.year, start.year + 3), actor=SEED, now=start)
    found: dict[tuple[str, str], int] = {}
    for place in PLACES:
        zone = _zone(place.state)
        if (place.hours, zone) not in found:
            title, weekly = HOURS[place.hours]
            found[place.hours, zone] = run(
                save_calendar, bind=bind, calendar_id=None, seen_version=0, zone=zone, weekly=weekly,
                name=f"{title} ({zone.split('/')[-1].replace('_', ' ')})", holiday_list_id=holidays,
                actor=SEED, now=start,
            )  # fmt: skip
    return found


# Dealers that went live by an onboarding of their own, before the first lead: days before it on which they began, and
# how fast they were (seed/onboarding.py).
JOINED: dict[str, tuple[int, float]] = {
    "00112": (250, 1.05), "00123": (222, 0.80), "00219": (204, 1.20), "00305": (178, 0.95), "00344": (150, 0.85),
    "00402": (134, 1.15), "00512": (104, 0.90), "00628": (82, 0.85),
}  # fmt: skip
# What happened to dealers that traded before the desk came, as (status, reason); the others came as they are.
STEPS: dict[str, tuple[tuple[str, str], ...]] = {
    "suspended": (("suspended", "Licence renewal is overdue"),),
    "terminated": (("terminated", "Retired; served by Columbus"),),
}


def _first(place: Place) -> str:
    """The status a dealer comes with; who is onboarding in the end begins as a prospect (seed/onboarding.py)."""
    return "prospect" if place.status in ("prospect", "onboarding") or place.code in JOINED else "active"


def _dealers(bind: Engine, start: datetime, calendars: dict[tuple[str, str], int], made: Network) -> None:
    longest = max(days + 9 for days, *_ in JOINED.values()) + 1
    for name, (code, _) in GROUPS.items():
        run(add_group, bind=bind, name=name, code=code, actor=SEED, now=start - timedelta(days=longest))
    for position, place in enumerate(PLACES):
        joined = JOINED.get(place.code)
        day = start + timedelta(minutes=position) - timedelta(days=joined[0] + 9 if joined else 0)
        dealer_id = run(
            add_dealer, bind=bind, code=place.code, name=place.name, state=place.state, region=place.region,
            url=f"https://www.{place.name.lower().replace(' ', '')}.example", city=place.city,
            postal_code=place.postal_code, latitude=place.latitude, longitude=place.longitude,
            zone=_zone(place.state), status=_first(place), calendar_id=calendars[place.hours, _zone(place.state)],
            lead_weight=place.weight, lead_cap=40 * place.weight, daily_quota=0, brands=(MAKE,),
            territories=place.territories, actor=SEED, now=day, **owner_of(place),
        )  # fmt: skip
        made.dealers[place.code] = dealer_id
        for status, reason in STEPS.get(place.status, ()):
            with reading(bind) as session:
                version = session.scalars(select(Dealer.version).where(Dealer.id == dealer_id)).one()
            run(
                change_dealer, bind=bind, dealer_id=dealer_id, seen_version=version, changes={"status": status},
                reason=reason, actor=SEED, now=day,
            )  # fmt: skip


def _people(bind: Engine, start: datetime, made: Network, passwords: Callable[[], str]) -> None:
    def add(username: str, name: str, role: Role, sees: str, *, zone: str = "America/New_York", **scope: Any) -> None:
        # Nobody is mailed about the past: whoever can sign in gets an address when the demo reaches its present.
        secret = passwords() if sees else None
        run(
            add_person, bind=bind, username=username, name=name, role=role.value, zone=zone, password=secret,
            must_change=False if secret else None, without_password=not secret, actor=SEED, now=start, **scope,
        )  # fmt: skip
        if secret:
            made.sign_ins.append((username, secret, role.label, sees))
        if not role.is_dealer:
            made.desk.append(username)

    everything: dict[str, Any] = {"scope_kind": "all"}
    add("admin", "Ada Morgan", Role.ADMIN, "Everything", **everything)
    add("cora", "Cora Whitman", Role.COORDINATOR, "Everything", **everything)
    add("colin", "Colin Reyes", Role.COORDINATOR, "Midwest and South Central", zone="America/Chicago",
        scope_kind="regions", regions=REGIONS[3:5])  # fmt: skip
    add("mason", "Mason Okafor", Role.MANAGER, "Everything", **everything)
    add("leah", "Leah Stern", Role.SALES_LEADER, "Everything", **everything)
    add("finn", "Finn Castellan", Role.FINANCE, "Everything", **everything)
    count = 0
    for place in PLACES:
        if place.status in ("prospect", "terminated"):
            continue
        dealer_id = made.dealers[place.code]
        show = place.code == "00402"  # one dealership whose people can sign in
        slug = place.name.removesuffix(f" {MAKE}").removeprefix(f"{MAKE} of ").lower().replace(" ", "-")
        names = made.staff.setdefault(dealer_id, [])
        for role, tag in (
            (Role.DEALER_MANAGER, "manager"),
            (Role.DEALER_STAFF, "sales1"),
            (Role.DEALER_STAFF, "sales2"),
        ):
            person = f"{FIRST_NAMES[count % len(FIRST_NAMES)]} {LAST_NAMES[(count * 5) % len(LAST_NAMES)]}"
            username = {"manager": "dana", "sales1": "drew"}.get(tag, f"{slug}.{tag}") if show else f"{slug}.{tag}"
            add(
                username, person, role, f"{place.name} only" if show and tag != "sales2" else "",
                zone=_zone(place.state), scope_kind="dealers", dealer_ids=[dealer_id],
            )  # fmt: skip
            names.append(username)
            count += 1
