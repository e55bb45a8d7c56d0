"""Warranty claims of two years as rows: jobs, charge lines, who held them, decisions, losses, ledger and credit memos.

A claim has what its figures, its lists and its ledger need, and adds up: charges to the claim, losses to what was not
approved, entries to what was approved, memos to their entries. Kept for none of them: the run of the rules with all its
facts (the demo's own claims have that), the files, the lines of a decision, and entries in the timeline. A claim that
was looked at by a person has the finding that sent it there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from sqlalchemy import Engine, select

from db.calendar.queries import DESK_ZONE, calendar_for_dealer
from db.claims.clock_rules import decide_by, pay_by
from db.claims.policy_rules import DEFAULT
from db.core.search import words_of
from db.core.session import reading
from db.warranty.tables import LabourOperation
from seed.bulk.claim_stories import Story
from seed.bulk.hours import Days, Hours
from seed.bulk.network import House
from seed.bulk.sink import Sink, at_of, epoch, moment
from seed.bulk.vins import vin_of
from seed.places import LINES, MAKE
from seed.warranty import NAMES, WORTH

DAYS = 730
TYPES = ("standard", "goodwill", "recall", "parts_warranty", "service_contract", "customer_reimbursement", "pdi")
TYPE_SHARES = (84, 4, 4, 3, 2, 2, 1)
RULES = {"HOURS_EXCEED_FLATRATE": "W11", "RATE_ADJUSTED": "W12", "CAP_APPLIED": "W14", "PREAUTH_MISSING": "W17"}
WORDS = (
    ("Customer heard a grinding noise when braking at speed.", "Measured wear beyond the limit on one side only.",
     "Replaced the part, road test of ten miles, no noise."),
    ("Warning lamp came on, the vehicle lost power uphill.", "Fault code stored, pressure was 18 psi below the value.",
     "Replaced the unit, cleared the codes, pressure is right."),
    ("Fluid under the vehicle every morning.", "Seal hardened and leaking at the lower flange, confirmed with dye.",
     "Fitted a new unit with seal, no leak after an hour of running."),
    ("Does not start on cold mornings.", "Voltage drops to 8.9 V under load, the cell is broken.",
     "Replaced it, starts at once, charging voltage 14.2 V."),
)  # fmt: skip
CLAIM = (
    "id", "number", "status", "is_open", "dealer_id", "region", "due_at", "submitted_by", "created_at", "updated_at",
    "updated_by", "claim_type", "family_id", "vin", "vehicle_id", "ro_number", "ro_opened_on", "ro_closed_on",
    "failed_on", "reported_on", "odometer_in", "odometer_out", "technician", "state", "claimed_cents",
    "suggested_cents", "approved_cents", "outcome", "run", "held_by", "stage_entered_at", "submitted_at", "received_at",
    "decide_by", "deemed_on", "first_decided_at", "decided_at", "decided_by", "decided_kind", "level", "signed_by",
    "signed_level", "reason_code", "returns", "appeals", "appeal_note", "pay_by", "paid_at", "submitted_on",
    "first_decided_on", "component", "causal_part", "model", "turnaround_minutes", "business_minutes", "pay_days",
    "before_appeal_cents", "appeal_result", "version",
)  # fmt: skip
TABLES = (
    "vehicle", "claim", "claim_job", "claim_charge", "claim_finding", "claim_decision", "claim_loss", "claim_hold",
    "claim_entry", "credit_memo", "payment_batch", "search_word",
)  # fmt: skip


@dataclass(kw_only=True)
class Memo:
    """A credit memo as it fills."""

    id: int
    house: House
    at: int
    cents: int = 0
    entries: int = 0


@dataclass(frozen=True, kw_only=True)
class Lists:
    """What claims refer to: the hours of our desk, and the longest operation of each component with its hours."""

    hours: Hours
    operations: dict[str, tuple[str, int]]


def read_lists(bind: Engine, *, now: datetime) -> Lists:
    """Read them before the sink holds the database."""
    operations: dict[str, tuple[str, int]] = {}
    with reading(bind) as session:
        desk = calendar_for_dealer(session, None)
        for row in session.execute(
            select(LabourOperation.component, LabourOperation.code, LabourOperation.hours).order_by(
                LabourOperation.component, LabourOperation.hours.desc(), LabourOperation.code
            )
        ):
            operations.setdefault(row.component, (row.code, row.hours))
    hours = Hours(desk, now - timedelta(days=DAYS + 30), now + timedelta(days=60))
    return Lists(hours=hours, operations=operations)


def add_claims(
    sink: Sink, lists: Lists, houses: Sequence[House], *, count: int, now: datetime, seed: int,
    told: Callable[[int], None],
) -> None:  # fmt: skip
    """Write `count` claims that were sent up to `now`, oldest first; paid ones are on half-monthly credit memos."""
    active = [h for h in houses if h.is_active and h.people]
    writer = _Claims(sink, active, hours=lists.hours, operations=lists.operations, now=now, seed=seed)
    end = epoch(now)
    weights = [
        0.8 + 0.2 * ((at_of(end - 86_400 * back).month in (6, 7, 8, 12, 1)) + (1 - back / DAYS))
        for back in range(DAYS, 0, -1)
    ]
    weights = [
        w * (0.35 if at_of(end - 86_400 * b).weekday() > 4 else 1)
        for w, b in zip(weights, range(DAYS, 0, -1), strict=True)
    ]
    shares = list(accumulate(weights))
    done = 0
    for share, back in zip(shares, range(DAYS, 0, -1), strict=True):
        upto = round(count * share / shares[-1])
        writer.day(end - 86_400 * back, upto - done)
        done = upto
        told(done)
    writer.finish()


class _Claims:
    """Writes the claims of one day after the other."""

    def __init__(
        self, sink: Sink, houses: list[House], *, hours: Hours, operations: dict[str, tuple[str, int]], now: datetime,
        seed: int,
    ) -> None:  # fmt: skip
        self.sink, self.houses, self.hours, self.operations = sink, houses, hours, operations
        self.end, self.rng = epoch(now), Random(f"{seed}:bulk claims")
        self.desk = Days(DESK_ZONE, (now - timedelta(days=DAYS + 40)).date(), (now + timedelta(days=60)).date())
        self.sizes = list(accumulate(h.size for h in houses))
        self.components = [c for c in WORTH if c in operations]
        self.likely = list(accumulate(3_000 / (200 + WORTH[c][0]) for c in self.components))
        self.claim, self.vehicle = sink.next_id("claim"), sink.next_id("vehicle")
        self.memo, self.batch = sink.next_id("credit_memo"), sink.next_id("payment_batch")
        self.entry = sink.next_id("claim_entry")
        self.memos: dict[tuple[int, int], Memo] = {}
        self.cars: dict[int, deque[tuple[int, str, str, int]]] = {h.id: deque(maxlen=30) for h in houses}
        self.payments = self._payments()
        self.clocks: dict[str, Any] = {}
        self.due: dict[tuple[str, str, int], tuple[int, str | None]] = {}
        stamp = moment(epoch(now))
        sink.open("vehicle", ("id", "vin", "year", "model", "in_service_on", "created_at", "updated_at"), make=MAKE,
                  is_regular=1, check_ok=1, updated_by="Bulk seed")  # fmt: skip
        sink.open("claim", CLAIM, exclusions="[]", currency="USD", unit="mi", source="file")
        sink.open("claim_job", ("claim_id", "dealer_id", "region", "position", "ro_key", "complaint", "cause",
                                "correction", "component", "causal_part", "operation"),
                  action="replacement")  # fmt: skip
        sink.open("claim_charge", ("claim_id", "dealer_id", "region", "position", "job", "kind", "code", "description",
                                   "quantity", "unit_cents", "markup", "claimed_cents", "suggested_cents",
                                   "approved_cents", "decision", "reason_code"))  # fmt: skip
        sink.open("claim_finding", ("claim_id", "dealer_id", "region", "found_at", "rule", "level", "sentence",
                                    "reason_code", "job"), run=1)  # fmt: skip
        sink.open("claim_decision", ("claim_id", "dealer_id", "region", "kind", "how", "level", "decided_at",
                                     "username", "name", "approved_cents", "reason_code"),
                  run=1, lines="[]")  # fmt: skip
        sink.open("claim_loss", ("claim_id", "dealer_id", "region", "kind", "reason_code", "cents", "happened_on"))
        sink.open("claim_hold", ("claim_id", "dealer_id", "region", "position", "holder", "status", "since", "until"))
        sink.open("claim_entry", ("id", "entry_key", "claim_id", "family_id", "dealer_id", "region", "kind", "cents",
                                  "at", "username", "by", "reason_code", "memo_id"), currency="USD")  # fmt: skip
        sink.open("credit_memo", ("id", "number", "batch_id", "dealer_id", "region", "issued_at", "issued_on", "cents",
                                  "entries", "claims"), issued_by="Finn Castellan", currency="USD")  # fmt: skip
        sink.open("payment_batch", ("id", "number", "made_at", "memos", "claims", "entries", "cents"),
                  made_by="Finn Castellan", username="finn", left_out="[]")  # fmt: skip
        sink.open("search_word", ("word", "kind", "item_id", "dealer_id", "region"))
        self.stamp = stamp

    def _payments(self) -> list[int]:
        """When finance pays: in the afternoon of the 3rd and the 18th of each month."""
        found, at = [], self.end - (DAYS + 5) * 86_400
        while at < self.end:
            day = at_of(at)
            if day.day in (3, 18):
                found.append(at - at % 86_400 + 20 * 3_600)
            at += 86_400
        return [at for at in found if at < self.end]

    def day(self, start: int, count: int) -> None:
        """The claims sent in the day that begins at a moment."""
        rng = self.rng
        houses = rng.choices(self.houses, cum_weights=self.sizes, k=count)
        for at, house in zip(sorted(rng.randrange(start, start + 86_400) for _ in range(count)), houses, strict=True):
            self._claim(at, house)

    # ---- one claim ---------------------------------------------------------------------------------------------------
    def _car(self, house: House, at: int) -> tuple[int, str, str, int]:
        rng, cars = self.rng, self.cars[house.id]
        if cars and rng.random() < 0.4:
            return rng.choice(cars)
        i = self.vehicle
        self.vehicle += 1
        since = at - rng.randint(60, 1_000) * 86_400
        day = at_of(since)
        vin = vin_of(i, day.year, "B", rng)
        model = rng.choice(rng.choice(LINES)[1])
        self.sink.add("vehicle", (i, vin, day.year, model, day.date().isoformat(), self.stamp, self.stamp))
        number = f"{i:06}"
        words = dict.fromkeys(
            (f"v{number}", "v", number, vin.lower(), vin[-8:].lower(), MAKE.lower(), *words_of(model))
        )
        self.sink.add_all("search_word", [(w, "vehicle", i, None, None) for w in words])
        car = (i, vin, model, since)
        cars.append(car)
        return car

    def _clock(self, house: House, at: int) -> tuple[int, str | None]:
        """The end of the days to decide, and the day silence approves."""
        day = house.days.index(at)
        key = (house.state, house.zone, day)
        if key not in self.due:
            found = decide_by(at_of(at), DEFAULT.clock(house.state), zone=house.zone)
            self.due[key] = epoch(found.decide_by), found.deemed_on.isoformat() if found.deemed_on else None
        return self.due[key]

    def _claim(self, at: int, house: House) -> None:
        rng, sink, i = self.rng, self.sink, self.claim
        self.claim += 1
        m, days, end = moment, house.days, self.end
        number, kind = f"WC-{i:06}", rng.choices(TYPES, TYPE_SHARES)[0]
        car, vin, model, since = self._car(house, at)
        component = rng.choices(self.components, cum_weights=self.likely)[0]
        sender = rng.choice(house.people)
        ro = f"B{i:07}"
        here = days.index(at)
        closed_on = here - min(rng.randint(0, 12), here - 8)
        opened_on = closed_on - rng.choice((0, 0, 1, 1, 2, 4))
        miles = 10 + max(1, (at - since) // 86_400) * rng.randint(18, 38)
        charges = self._charges(component)
        claimed = sum(c[6] for c in charges)
        story = Story(
            at=at,
            end=self.end,
            house=house,
            kind=kind,
            claimed=claimed,
            charges=charges,
            payments=self.payments,
            rng=rng,
        )
        due, deemed = self._clock(house, story.received)
        sent_on, first_on = self.desk.index(at), None
        turnaround = business = pay_days = None
        if story.first is not None:
            first_on = self.desk.index(story.first)
            turnaround, business = (story.first - at) // 60, self.hours.minutes(at, story.first)
        paid = None
        payable = story.status in ("approved", "partially_approved")
        decided_on = pay_until = None
        if payable and story.decided is not None:
            decided_on = days.days[days.index(story.decided)]
            pay_until = pay_by(decided_on, DEFAULT.clock(house.state))
            paid = next((p for p in self.payments if p > story.decided + 3_600), None) if story.decided < end else None
            self._entry(i, house, story, paid)
            if paid is not None:
                pay_days = self.desk.index(paid) - self.desk.index(story.decided)
                story.hold("finance", story.status, story.decided, paid)
                story.pay(paid)
                if rng.random() < 0.004 and paid + 40 * 86_400 < end and story.approved:
                    story.charge_back(paid + rng.randint(20, 39) * 86_400)
                    self._taken_back(i, house, story)
            else:
                story.hold("finance", story.status, story.decided, None)
        elif story.status == "appealed" and story.before:
            self._entry(i, house, story, None)
        held = {"approved": "finance", "partially_approved": "finance", "in_review": "us", "appealed": "us",
                "returned": "dealer", "draft": "dealer", "pending_part": "dealer",
                "with_engineering": "engineering"}.get(story.status, "")  # fmt: skip
        is_open = int(held != "")
        promised = due if held in ("us", "engineering") or story.status == "pending_part" else None
        if held == "finance" and pay_until is not None:
            promised = days.midnights[days.days.index(pay_until) + 1] if pay_until in days.days else None
        draft = story.status == "draft"
        sink.add("claim", (
            i, number, story.status, is_open, house.id, house.region, m(promised), sender.username, m(at),
            m(story.entered), story.by, kind, i, vin, car, ro, days.iso[opened_on], days.iso[closed_on],
            days.iso[opened_on], days.iso[opened_on], miles, miles + rng.randint(1, 9), "T01",
            "" if draft else house.state, claimed, None if draft else story.suggested, story.approved, story.outcome,
            0 if draft else 1, held, m(story.entered), None if draft else m(at), None if draft else m(story.received),
            None if draft else m(due), None if draft else deemed, m(story.first), m(story.decided), story.decided_by,
            story.decided_kind, story.level if held == "us" else 0, story.signed_by, story.signed_level, story.reason,
            story.returns, story.appeals, "The part shows the fault; please look again." if story.appeals else "",
            pay_until.isoformat() if pay_until else None, m(paid), None if draft else self.desk.iso[sent_on],
            self.desk.iso[first_on] if first_on is not None else None, component, f"{component}-10", model, turnaround,
            business, pay_days, story.before, story.appeal, 2 + len(story.decisions),
        ))  # fmt: skip
        complaint, cause, correction = rng.choice(WORDS)
        counts = not draft and story.status != "void"
        ro_key = f"{ro}/1" if counts else None
        sink.add("claim_job", (i, house.id, house.region, 1, ro_key, complaint, cause, correction,
                               component, f"{component}-10", self.operations[component][0]))  # fmt: skip
        for position, (what, code, said, quantity, unit, markup, cents, ok, why) in enumerate(story.lines(), 1):
            decision = "" if ok is None else "approve" if ok == cents else "reject" if ok == 0 else "reduce"
            sink.add("claim_charge", (i, house.id, house.region, position, 1, what, code, said, quantity, unit, markup,
                                      cents, cents, ok, decision, why))  # fmt: skip
        if story.finding and not draft:
            sink.add("claim_finding", (i, house.id, house.region, m(at), RULES.get(story.finding, "W09"), "R",
                                       "Looked at by a person for this.", story.finding, 1))  # fmt: skip
        for what, how, level, when, user, name, cents, why in story.decisions:
            sink.add("claim_decision", (i, house.id, house.region, what, how, level, m(when), user, name, cents, why))
        for what, why, cents, when in story.losses():
            sink.add("claim_loss", (i, house.id, house.region, what, why, cents, self.desk.iso[self.desk.index(when)]))
        for position, (holder, status, begin, until) in enumerate(story.holds, 1):
            sink.add("claim_hold", (i, house.id, house.region, position, holder, status, m(begin), m(until)))
        bare = number[3:]
        words = dict.fromkeys((f"wc{bare}", "wc", bare, vin.lower(), vin[-8:].lower(), ro.lower()))
        sink.add_all("search_word", [(w, "claim", i, house.id, house.region) for w in words])

    def _charges(self, component: str) -> list[tuple[Any, ...]]:
        """Labour, parts and sometimes a rental car, each rounded as a person would write it."""
        rng = self.rng
        code, hundredths = self.operations[component]
        rate = rng.randrange(11_500, 17_500, 25)
        hours = max(30, hundredths + rng.choice((0, 0, 0, 10, 20)))
        unit = WORTH[component][0] * rng.randint(92, 108)
        found = [
            ("labour", code, f"{NAMES[component]}: replace", hours, rate, 0, (hours * rate + 50) // 100),
            ("parts", f"{component}-10", NAMES[component], 100, unit, 4_000, (unit * 140 + 50) // 100),
        ]
        if rng.random() < 0.18:
            nights = rng.randint(1, 5)
            found.append(("rental", "RENTAL", "Rental car", nights * 100, 4_600, 0, nights * 4_600))
        return found

    # ---- the ledger --------------------------------------------------------------------------------------------------
    def _entry(self, claim: int, house: House, story: Story, paid: int | None) -> None:
        memo = None
        assert story.decided is not None
        if paid is not None:
            key = (paid, house.id)
            memo = self.memos.get(key)
            if memo is None:
                memo = self.memos[key] = Memo(id=self.memo, house=house, at=paid)
                self.memo += 1
            memo.cents += story.approved or 0
            memo.entries += 1
        self.sink.add("claim_entry", (
            self.entry, f"decision:{claim}:{1 + len(story.decisions)}", claim, claim, house.id, house.region,
            "approval", story.approved, moment(story.decided), story.signed_by or "system:app", story.decided_by, "",
            memo.id if memo else None,
        ))  # fmt: skip
        self.entry += 1

    def _taken_back(self, claim: int, house: House, story: Story) -> None:
        self.sink.add("claim_entry", (
            self.entry, f"charge_back:{claim}", claim, claim, house.id, house.region, "charge_back",
            -(story.approved or 0), moment(story.entered), "mason", "Mason Okafor", "AUDIT_FINDING", None,
        ))  # fmt: skip
        self.entry += 1

    def finish(self) -> None:
        """Write the memos and the batches they are of, and say which ids are used."""
        sink, batches = self.sink, dict[int, list[Memo]]()
        for memo in self.memos.values():
            batches.setdefault(memo.at, []).append(memo)
        for at, memos in sorted(batches.items()):
            entries, cents = sum(x.entries for x in memos), sum(x.cents for x in memos)
            sink.add(
                "payment_batch", (self.batch, f"PB-{self.batch:06}", moment(at), len(memos), entries, entries, cents)
            )
            for x in memos:
                house = x.house
                sink.add("credit_memo", (x.id, f"CM-{x.id:06}", self.batch, house.id, house.region, moment(at),
                                         house.days.iso[house.days.index(at)], x.cents, x.entries,
                                         x.entries))  # fmt: skip
                sink.add_all("search_word", [(w, "credit_memo", x.id, house.id, house.region)
                                             for w in words_of(f"CM-{x.id:06}", house.name)])  # fmt: skip
            self.batch += 1
        sink.flush()
        for table, used in (("claim", self.claim), ("vehicle", self.vehicle), ("credit_memo", self.memo),
                            ("payment_batch", self.batch), ("claim_entry", self.entry)):  # fmt: skip
            sink.took(table, used)
