"""The dealers of a large network: those of the demo by commands, the others set-based, with their people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Engine, select

from db.calendar.queries import calendar_for_dealer
from db.core.geo import STATES
from db.core.search import words_of
from db.core.session import reading
from db.core.settings import settings
from db.dealers import rules
from db.dealers.tables import Dealer
from db.people.passwords import nobodys_hash
from db.people.tables import Person, PersonScope
from seed.bulk.hours import Days, Hours
from seed.bulk.sink import Sink, epoch, moment
from seed.elsewhere import AREA_CODES
from seed.people_names import FIRST_NAMES, LAST_NAMES, STREETS
from seed.places import MAKE, PLACES

WORDS = (
    "Harbor", "Summit", "Valley", "Riverside", "Lakeside", "Heritage", "Crossway", "Northgate", "Southgate", "Westgate",
    "Eastgate", "Parkway", "Pioneer", "Union", "Central", "Frontier", "Highland", "Meadow", "Bridge", "Cedar",
    "Granite",
    "Liberty", "Prairie", "Canyon", "Coastal", "Metro", "Orchard", "Sterling", "Keystone", "Landmark", "Mesa", "Ridge",
    "Timber", "Village", "Willow", "Anchor", "Beacon", "Cypress", "Delta", "Evergreen", "Falcon", "Glen", "Hudson",
)  # fmt: skip


@dataclass(kw_only=True)
class Seller:
    """Somebody at a dealer who can be given a lead."""

    id: int
    name: str
    username: str


@dataclass(kw_only=True)
class House:
    """One dealer as the generators know it; `size` is its share of everything, `quick` how fast it answers."""

    id: int
    code: str
    name: str
    city: str
    region: str
    state: str
    postal: str
    area_code: str
    zone: str
    status: str
    size: float
    quick: float
    hours: Hours
    days: Days
    people: list[Seller]

    @property
    def is_active(self) -> bool:
        """Whether it takes leads and sells."""
        return self.status == "active"


def add_dealers(sink: Sink, *, count: int, at: datetime, seed: int) -> int:
    """Write `count` more dealers with make, a postal area, three people each and their search words; gives how many.

    They stand in and around the demo's towns; some are suspended or terminated. Nobody signs in as their people until
    an administrator sets a password.
    """
    rng = Random(f"{seed}:dealers")
    stamp, day = moment(epoch(at)), at.date().isoformat()
    sink.open(
        "dealer", ("id", "code", "name", "name_key", "url", "email", "phone", "street", "region", "state", "city",
                   "postal_code", "latitude", "longitude", "zone", "status", "calendar_id", "lead_weight", "lead_cap"),
        created_at=stamp, updated_at=stamp,
    )  # fmt: skip
    sink.open("dealer_brand", ("dealer_id",), brand=MAKE)
    sink.open("dealer_territory", ("dealer_id", "postal_prefix"), valid_from=day)
    sink.open(
        "person", ("id", "username", "name", "role", "zone"), scope_kind="dealers", must_change_password=1,
        password_hash=nobodys_hash(settings().bcrypt_cost), created_at=stamp,
    )  # fmt: skip
    sink.open("person_scope", ("person_id", "dealer_id"))
    sink.open("search_word", ("word", "kind", "item_id", "dealer_id", "region"))
    hours = {p.code: c for p, c in zip(PLACES, _calendars(sink), strict=True)}
    next_dealer, next_person = sink.next_id("dealer"), sink.next_id("person")
    turns: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for number in range(count):
        place = rng.choices(PLACES, [p.weight for p in PLACES])[0]
        turns[place.code] += 1
        code, dealer_id = f"1{number + 1:05}", next_dealer + number
        name = f"{rng.choice(WORDS)} {MAKE} {place.city}"
        names[name] += 1
        if names[name] > 1:
            name = f"{name} {names[name]}"
        prefixes = place.territories or (place.postal_code[:3],)
        area = 61 + turns[place.code] % 39
        prefix = prefixes[turns[place.code] // 39 % len(prefixes)]
        postal, street = f"{prefix}{area}", f"{rng.randint(2, 4800)} {rng.choice(STREETS)}"
        status = rng.choices(("active", "suspended", "terminated"), (94, 3, 3))[0]
        weight = min(6, max(1, round(rng.lognormvariate(0.5, 0.6))))
        slug = f"d{code}"
        sink.add("dealer", (
            dealer_id, code, name, rules.name_key(name), f"https://{slug}.example", f"office@{slug}.example",
            f"+1{AREA_CODES.get(place.code, '212')}1{number % 1_000_000:06}", street, place.region,
            place.state, place.city, postal,
            round(place.latitude + rng.uniform(-0.6, 0.6), 4), round(place.longitude + rng.uniform(-0.6, 0.6), 4),
            STATES[place.state].zone, status, hours[place.code], weight, 40 * weight,
        ))  # fmt: skip
        sink.add("dealer_brand", (dealer_id,))
        if turns[place.code] <= 39 * len(prefixes) and status == "active":
            sink.add("dealer_territory", (dealer_id, postal))
        sink.add_all(
            "search_word", ((w, "dealer", dealer_id, dealer_id, place.region) for w in words_of(code, name, place.city))
        )
        for role, tag in (("dealer_manager", "manager"), ("dealer_staff", "sales1"), ("dealer_staff", "sales2")):
            person = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
            sink.add("person", (next_person, f"{slug}.{tag}", person, role, STATES[place.state].zone))
            sink.add("person_scope", (next_person, dealer_id))
            next_person += 1
    sink.flush()
    sink.took("dealer", next_dealer + count)
    sink.took("person", next_person)
    return count


def _calendars(sink: Sink) -> list[int | None]:
    known: dict[Any, Any] = dict(sink.all("SELECT code, calendar_id FROM dealer"))
    return [known.get(place.code) for place in PLACES]


def houses(bind: Engine, *, seed: int, start: datetime, end: datetime) -> list[House]:
    """Every dealer with its hours from `start` to some weeks after `end`, in the order of ids."""
    rng = Random(f"{seed}:houses")
    area = {p.city: AREA_CODES.get(p.code, "212") for p in PLACES}
    last = end + timedelta(days=120)
    hours: dict[tuple[int | None, str], Hours] = {}
    days: dict[str, Days] = {}
    found: list[House] = []
    with reading(bind) as session:
        people: dict[int, list[Seller]] = {}
        rows = session.execute(
            select(PersonScope.dealer_id, Person.id, Person.name, Person.username)
            .join(Person, Person.id == PersonScope.person_id)
            .where(PersonScope.dealer_id.is_not(None))
            .order_by(Person.id)
        )
        for dealer_id, person_id, name, username in rows:
            people.setdefault(dealer_id or 0, []).append(Seller(id=person_id, name=name, username=username))
        for row in session.scalars(select(Dealer).order_by(Dealer.id)):
            key = (row.calendar_id, row.zone)
            if key not in hours:
                hours[key] = Hours(calendar_for_dealer(session, row.id), start - timedelta(days=3), last)
            if row.zone not in days:
                days[row.zone] = Days(row.zone, (start - timedelta(days=40)).date(), last.date())
            found.append(House(
                id=row.id, code=row.code, name=row.name, city=row.city, region=row.region, state=row.state,
                postal=row.postal_code, area_code=area.get(row.city, "212"), zone=row.zone, status=row.status,
                size=row.lead_weight * rng.lognormvariate(0, 0.55), quick=rng.lognormvariate(0, 0.5),
                hours=hours[key], days=days[row.zone], people=people.get(row.id, []),
            ))  # fmt: skip
    return found
