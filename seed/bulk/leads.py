"""Leads of two years as rows: who asks, how fast the dealer answers, how far it comes, what it is lost for.

Every lead has its stamps, its score with its parts, its vehicle, its numbers, and is found by the search box. What a
person would read of one lead is kept for the leads of the last `RECENT_DAYS` only, where it is whole: contacts as they
were written, the words of addresses and numbers in the search index, each logged contact. Older leads say how many
attempts there were; their contacts are not told one by one, and no bulk lead has entries in the timeline.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from db.core.contact import phone_texts
from db.core.search import words_of
from db.customers.duplicate_rules import match_key
from seed.bulk.hours import Days
from seed.bulk.network import House, Seller
from seed.bulk.sink import Sink, at_of, epoch, moment
from seed.bulk.ways import Way
from seed.people_names import FIRST_NAMES, LAST_NAMES, MAIL_HOSTS
from seed.places import LINES, MAKE
from seed.sources import SOURCES, Source

DAYS = 730
RECENT_DAYS = 92
MONTHS = (0.86, 0.88, 1.08, 1.06, 1.1, 1.05, 1.02, 1.04, 0.97, 0.96, 0.94, 1.04)
WEEKDAYS = (1.18, 1.05, 1.0, 0.98, 0.95, 1.12, 0.82)
HOURS_DAY = (9, 10, 10, 11, 12, 12, 13, 14, 15, 16, 17)
HOURS_NIGHT = (6, 7, 8, 18, 19, 20, 20, 21, 21, 22, 23)
CHANNELS = {"http": "http", "mail": "mail", "file": "file", "table": "file", "hand": "manual"}
LEAD = (
    "id", "number", "status", "is_open", "dealer_id", "region", "assignee_id", "due_at", "submitted_by", "created_at",
    "updated_at", "updated_by", "received_at", "received_on", "received_month", "channel", "provider", "source",
    "product", "customer_id", "customer_name", "state", "postal_code", "wants", "question", "wanted_by", "vendor_name",
    "value_cents", "score", "score_parts", "routing", "routed_at", "clock_started_at", "first_action_target",
    "first_action_due_at", "first_action_at", "first_action_by", "first_action_minutes", "first_quality_due_at",
    "first_quality_at", "first_quality_minutes", "wall_due_at", "breach_handled_at", "breach_outcome",
    "stage_entered_at", "contacted_at", "qualified_at", "appointment_set_at", "appointment_confirmed_at",
    "appointment_shown_at", "negotiation_at", "sold_at", "delivered_at", "decided_on", "closed_at", "close_reason",
    "close_note", "attempts", "last_activity_at", "next_step", "duplicate_of_id", "previous_lead_id", "version",
)  # fmt: skip
TABLES = (
    "customer",
    "customer_key",
    "lead",
    "lead_contact",
    "lead_vehicle",
    "lead_key",
    "lead_activity",
    "search_word",
)


def add_leads(
    sink: Sink, houses: Sequence[House], *, count: int, now: datetime, seed: int, told: Callable[[int], None]
) -> None:
    """Write `count` leads that end at `now`, oldest first; `told` is given the number done from time to time."""
    writer = _Leads(sink, [h for h in houses if h.is_active and h.people], now=now, seed=seed)
    done = 0
    for per_day, midnight in _per_day(count, now):
        writer.day(midnight, per_day)
        done += per_day
        told(done)
    sink.flush()
    writer.finish()


def _per_day(count: int, now: datetime) -> list[tuple[int, int]]:
    """How many leads each day brings, exactly `count` in all, and the day's midnight (UTC)."""
    end = epoch(now)
    today = end - end % 86_400
    midnights = [today - 86_400 * back for back in range(DAYS, -1, -1)]
    weights = []
    for back, midnight in zip(range(DAYS, -1, -1), midnights, strict=True):
        day = at_of(midnight)
        grown = 1.0 - 0.22 * back / DAYS
        part = min(1.0, max(0.05, (end - midnight) / 86_400))
        weights.append(MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] * grown * part)
    shares = list(accumulate(weights))
    edges = [round(count * share / shares[-1]) for share in shares]
    return [(edge - before, midnight) for edge, before, midnight in zip(edges, [0, *edges], midnights, strict=False)]


class _Leads:
    """Writes the leads of one day after the other."""

    def __init__(self, sink: Sink, houses: list[House], *, now: datetime, seed: int) -> None:
        self.sink, self.houses = sink, houses
        self.now, self.end = now, epoch(now)
        self.recent = self.end - RECENT_DAYS * 86_400
        self.rng = Random(f"{seed}:bulk leads")
        self.sizes = list(accumulate(h.size for h in houses))
        self.shares = list(accumulate(s.share for s in SOURCES))
        self.lead, self.customer = sink.next_id("lead"), sink.next_id("customer")
        self.lines = list(accumulate((30, 26, 24, 14, 14, 8)))
        self.buyers: deque[tuple[Any, ...]] = deque(maxlen=4_000)
        self.words: dict[str, list[str]] = {}
        # The key is the sound of the family name, then the postal code.
        self.sounds = {last: match_key(last, "0")[:-1] for last in LAST_NAMES}
        self.sellers = {h.id: h.people[1:] or h.people for h in houses}
        sink.open("customer", ("id", "dealer_id", "region", "name", "first_name", "last_name", "city", "state",
                               "postal_code", "created_at", "match_key"), country="US")  # fmt: skip
        sink.open("customer_key", ("customer_id", "kind", "value"))
        sink.open("lead", LEAD, brand=MAKE, details="{}", warnings="[]")
        sink.open("lead_contact", ("lead_id", "position", "kind", "raw", "normal", "label"))
        sink.open("lead_vehicle", ("lead_id", "position", "role", "interest", "condition", "year", "make", "model",
                                   "vin", "stock", "price_cents"), details="{}")  # fmt: skip
        sink.open("lead_key", ("lead_id", "kind", "value", "source", "external_id"))
        sink.open("lead_activity", ("lead_id", "at", "kind", "direction", "outcome", "note", "is_first_action",
                                    "is_quality", "is_two_way", "by", "by_username"))  # fmt: skip
        sink.open("search_word", ("word", "kind", "item_id", "dealer_id", "region"))

    def finish(self) -> None:
        """Say which ids are used."""
        self.sink.took("lead", self.lead)
        self.sink.took("customer", self.customer)

    # ---- one day -----------------------------------------------------------------------------------------------------
    def day(self, midnight: int, count: int) -> None:
        """The leads of one day in the order they arrive."""
        rng = self.rng
        sources = rng.choices(SOURCES, cum_weights=self.shares, k=count)
        houses = rng.choices(self.houses, cum_weights=self.sizes, k=count)
        arrivals = []
        last = min(self.end, midnight + 86_400) - 1
        for source, house in zip(sources, houses, strict=True):
            hour = rng.choice(HOURS_NIGHT if rng.random() < source.at_night else HOURS_DAY)
            at = midnight + (hour * 3_600 + rng.randrange(3_600) + 6 * 3_600) % 86_400
            arrivals.append((at if at <= last else rng.randrange(midnight, last + 1), source, house))
        arrivals.sort(key=lambda one: one[0])
        for at, source, house in arrivals:
            self._arrive(at, source, house)

    def _arrive(self, at: int, source: Source, house: House) -> None:
        rng = self.rng
        age = self.end - at
        draw = rng.random()
        if draw < 0.05 and self.buyers:
            buyer = self.buyers[rng.randrange(max(0, len(self.buyers) - 1_500), len(self.buyers))]
            self._lead(at, source, buyer[-1], buyer, twin=draw < 0.042)
            return
        if age < 3 * 86_400 and draw > 0.94:
            self._lead(at, source, house, self._person(at, source, house, nowhere=True))
            return
        self._lead(at, source, house, self._person(at, source, house))

    # ---- who asks ----------------------------------------------------------------------------------------------------
    def _person(self, at: int, source: Source, house: House, *, nowhere: bool = False) -> tuple[Any, ...]:
        rng, i = self.rng, self.customer
        self.customer += 1
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        has_phone, has_email = rng.random() < source.phone, rng.random() < source.email
        if not (has_phone or has_email):
            has_email = True
        # No exchange begins with a 1, so nobody has such a number.
        phone = f"+1{house.area_code}1{i % 1_000_000:06}" if has_phone else ""
        email = f"{first}.{last}{i % 100_000}@{rng.choice(MAIL_HOSTS)}".lower() if has_email else ""
        postal = house.postal if rng.random() < 0.6 else f"{house.postal[:3]}{rng.randint(1, 60):02}"
        name, sink = f"{first} {last}", self.sink
        dealer_id, region = (None, None) if nowhere else (house.id, house.region)
        sink.add("customer", (i, dealer_id, region, name, first, last, house.city, house.state, postal, moment(at),
                              f"{self.sounds[last]}{postal}"))  # fmt: skip
        if email:
            sink.add("customer_key", (i, "email", email))
        if phone:
            sink.add("customer_key", (i, "phone", phone))
        sink.add("customer_key", (i, "name_postal", f"{name.lower()}|{postal}"))
        number = f"{i:06}"
        words = dict.fromkeys((first.lower(), last.lower(), f"c{number}", "c", number))
        if at >= self.recent:
            words.update(dict.fromkeys(words_of(*(phone_texts(phone) if phone else ()), email)))
        sink.add_all("search_word", [(w, "customer", i, dealer_id, region) for w in words])
        return (i, first, last, name, phone, email, postal, nowhere, house)

    # ---- the lead ----------------------------------------------------------------------------------------------------
    def _lead(self, at: int, source: Source, house: House, buyer: tuple[Any, ...], *, twin: bool = False) -> None:
        rng, sink, i = self.rng, self.sink, self.lead
        self.lead += 1
        customer, first, last, name, phone, email, postal, nowhere, _ = buyer[:9]
        number = f"L-{i:06}"
        line, models, low, high = rng.choices(LINES, cum_weights=self.lines)[0]
        model, year = rng.choice(models), at_of(at).year + (rng.random() < 0.35)
        is_new = rng.random() < 0.78
        stock = f"S{i % 100_000:05}" if rng.random() < source.in_stock else None
        price = rng.randrange(low, high, 50) * 100 if stock or rng.random() < 0.5 else None
        days, here = house.days, house.days.index(at)
        seller: Seller | None = rng.choice(self.sellers[house.id]) if not nowhere and rng.random() < 0.9 else None
        parts, score, wanted_by, question = self._score(
            source, phone=phone, email=email, stock=stock, postal=postal, here=here, days=days
        )
        wants = f"{year} {MAKE} {model}"
        earlier = buyer[9] if len(buyer) > 10 else None
        way = Way(
            at=at, end=self.end, source=source, house=house, score=score, nowhere=nowhere,
            twin=twin and earlier is not None, rng=rng,
        )  # fmt: skip
        decided = None
        if way.sold is not None or way.status == "lost":
            decided = days.iso[days.index(way.sold if way.sold is not None else way.closed or at)]
        value = price
        if way.sold is not None:
            value = rng.randrange(low, high, 50) * 100
        dealer_id, region = (None, None) if nowhere else (house.id, house.region)
        by = seller.name if seller is not None and way.acted is not None else "Lead intake"
        m = moment
        sink.add("lead", (
            i, number, way.status, way.is_open, dealer_id, region, seller.id if seller is not None else None,
            m(way.due),
            "system:bulk", m(at), m(way.last), by, m(at), days.iso[here], days.month[here], CHANNELS[source.door],
            source.name, source.name, line, customer, name, house.state, postal, wants, question, wanted_by,
            house.name if source.names_dealer and not nowhere else "", value, score, parts,
            '{"policy_version": 1, "rule": "fallback", "why": "No active dealer within 250 km.", "candidates": []}'
            if nowhere else
            f'{{"policy_version": 1, "rule": "territory", "dealer_code": "{house.code}", '
            f'"dealer_name": "{house.name}", '
            f'"why": "{house.name} owns the postal area {house.postal[:3]}.", "candidates": []}}',
            None if nowhere else m(at), m(way.started), way.target, m(way.action_due), m(way.acted),
            by if way.acted is not None else "", way.action_minutes, m(way.quality_due), m(way.answered),
            way.quality_minutes, m(way.wall_due), m(way.breach), "escalated" if way.breach else "", m(way.entered),
            m(way.contacted), m(way.qualified), m(way.set), m(way.confirmed), m(way.shown), m(way.negotiation),
            m(way.sold), m(way.delivered), decided, m(way.closed), way.reason, way.note, way.attempts, m(way.last),
            way.next_step, earlier if way.status == "duplicate" else None,
            earlier if earlier is not None and way.status != "duplicate" else None, 1 + way.steps,
        ))  # fmt: skip
        sink.add("lead_vehicle", (i, 1, "wanted", "buy", "new" if is_new else "used", str(year), MAKE, model, None,
                                  stock, price))  # fmt: skip
        sink.add("lead_key", (i, "external", f"{source.name.lower()}|b-{i}", source.name, f"B-{i}"))
        words = self.words.get(wants)
        if words is None:
            words = self.words[wants] = words_of(wants)
        mine = dict.fromkeys((f"l{number[2:]}", "l", number[2:], first.lower(), last.lower(), *words))
        if at >= self.recent:
            mine.update(dict.fromkeys(words_of(email, *(phone_texts(phone) if phone else ()), stock, f"B-{i}")))
            position = 0
            for kind, raw, label in (("email", email, ""), ("phone", phone, "cellphone")):
                if raw:
                    position += 1
                    sink.add("lead_contact", (i, position, kind, raw, raw, label))
            if seller is not None or way.acted is not None:
                sink.add_all("lead_activity", way.told(i, seller if seller is not None else house.people[0]))
        sink.add_all("search_word", [(w, "lead", i, dealer_id, region) for w in mine])
        if not nowhere and not twin:
            self.buyers.append((*buyer[:9], i, house))

    def _score(
        self, source: Source, *, phone: str, email: str, stock: str | None, postal: str, here: int, days: Days
    ) -> tuple[str, int, str | None, str]:
        rng = self.rng
        lines: list[tuple[str, int, str]] = []
        if phone:
            lines.append(("Valid phone", 15, phone))
        if email:
            lines.append(("Valid e-mail", 5, email))
        if stock:
            lines.append(("Names a vehicle in stock", 15, f"Stock {stock}"))
        if rng.random() < source.trade_in:
            lines.append(("Trade-in", 10, "Norwick Stride"))
        wanted = None
        if rng.random() < source.soon:
            ahead = rng.randint(2, 80)
            wanted = days.iso[min(here + ahead, len(days.iso) - 1)]
            within = days.days[min(here + ahead, len(days.iso) - 1)] - days.days[here] <= timedelta(days=30)
            lines.append(("Wants it within 30 days", 15, f"By {wanted}") if within
                         else ("Wants it within 90 days", 8, f"By {wanted}"))  # fmt: skip
        if rng.random() < source.finance:
            lines.append(("Asks for financing", 10, "Financing or leasing was requested"))
        if rng.random() < 0.16:
            lines.append(("Wants a test drive", 15, "A test drive was requested"))
        question = ""
        if rng.random() < source.question:
            question = "What is the best price?"
            lines.append(("Asks a question", 5, question))
        lines.append(("In the dealer's territory", 5, f"Postal code {postal}"))
        text = ", ".join(f'{{"label": "{label}", "points": {points}, "why": "{why}"}}' for label, points, why in lines)
        return f"[{text}]", min(100, sum(points for _, points, _ in lines)), wanted, question
