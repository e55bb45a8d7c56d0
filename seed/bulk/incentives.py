"""Two years of reported sales with what they earned, the claims for them, their approvals and payments, as rows.

What a sale counts for and what a month earned is asked of the rules themselves (`evaluate`, `earned`), once for each
case that differs, so the ledger is what a calculation from scratch gives. Kept for no bulk claim: the run of its checks
and its papers; the demo's claims have them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from json import dumps
from math import exp
from random import Random
from typing import Any

from sqlalchemy import Engine

from db.calendar.queries import DESK_ZONE, usual_calendar
from db.core.actor import Actor
from db.core.search import words_of
from db.core.session import reading, run
from db.incentives import books
from db.incentives.amount_rules import earned
from db.incentives.facts import SaleFacts, Unit
from db.incentives.program_commands import publish_program, save_program
from db.incentives.unit_rules import Plan, UnitResult, evaluate, near
from seed.bulk.hours import Days, Hours
from seed.bulk.network import House
from seed.bulk.sink import Sink, at_of, epoch, moment
from seed.bulk.vins import vin_of
from seed.places import LINES, MAKE

DAYS = 728
DENIED = ("not_proved", "wrong_document", "data", "amount")
SHARE_DENIED = 0.07
TABLES = (
    "sale_report", "incentive_unit", "incentive_earning", "incentive_claim", "incentive_entry", "incentive_batch",
    "incentive_memo", "incentive_memo_line", "search_word",
)  # fmt: skip
CLAIM = (
    "id", "number", "status", "is_open", "dealer_id", "region", "due_at", "submitted_by", "created_at", "updated_at",
    "updated_by", "program_id", "version_id", "sale_id", "period", "claim_key", "claimed_cents", "entitled_cents",
    "approved_cents", "owed_cents", "submitted_at", "signed_by", "decided_at", "decided_on", "worked_minutes",
    "decided_by", "decided_kind",
    "reason_code", "reason_note", "denied_by",
)  # fmt: skip


def publish(bind: Engine, *, now: datetime, author: Actor, publisher: Actor, at: datetime) -> list[Plan]:
    """Publish the programs the sales are under, by commands: cash and a bonus for a vehicle, and a stair step."""
    first = (now - timedelta(days=DAYS + 40)).date().replace(day=1)
    window = {"first": first.isoformat(), "last": date(now.year, 12, 31).isoformat()}
    every: dict[str, Any] = {"program": window, "eligible": {"makes": [MAKE]}, "report_days": 10}
    vega = {"makes": [MAKE], "models": list({line: models for line, models, *_ in LINES}["Vega"])}
    steps = [{"from_units": n, "cents": dollars * 100} for n, dollars in ((1, 0), (6, 150), (12, 300), (20, 450))]
    bodies = (
        every | {"code": "RETAIL-CASH", "name": "Retail cash", "rule": {"kind": "dealer_cash", "cents": 500_00}},
        every | {"code": "VEGA-BONUS", "name": "Vega bonus", "eligible": vega,
                 "rule": {"kind": "per_unit", "cents": 150_00}},
        every | {"code": "VOLUME", "name": "Volume bonus",
                 "rule": {"kind": "stair_step", "method": "retroactive", "tiers": steps}},
    )  # fmt: skip
    for number, body in enumerate(bodies):
        version = run(save_program, bind=bind, body=body, effective_from=None, reason="Agreed for two years.",
                      form_key=f"bulk-program-{number}", actor=author, now=at)  # fmt: skip
        run(publish_program, bind=bind, version_id=version, seen_version=1, reason="Agreed for two years.",
            actor=publisher, now=at)  # fmt: skip
    with reading(bind) as session:
        return [plan for plans in books.plans_of(session).values() for plan in plans]


def sales_for(entries: int, dealers: int) -> int:
    """About how many sales bring so many entries: their own, and those of each dealer's months."""
    cells = dealers * DAYS / 30.4

    def expected(sales: int) -> float:
        months = cells * ((1 - exp(-sales / cells)) * 2 + (1 - exp(-0.25 * sales / cells)))
        return 1.25 * sales * (1 - SHARE_DENIED) * 1.93 + months

    low, high = 0, entries
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if expected(middle) <= entries else (low, middle)
    return low


@dataclass(kw_only=True)
class Memo:
    """A credit memo as it fills."""

    id: int
    house: House
    at: int
    cents: int = 0
    lines: int = 0


@dataclass(kw_only=True)
class Units:
    """What of a dealer's month counts for a program, and when it was last calculated."""

    plan: Plan
    house: House
    period: str
    count: int = 0
    days: list[date] = field(default_factory=list)
    at: int = 0


def add_incentives(
    sink: Sink, plans: Sequence[Plan], houses: Sequence[House], *, entries: int, now: datetime, seed: int,
    told: Callable[[int], None],
) -> int:  # fmt: skip
    """Write sales and claims that bring about so many entries, never more; gives how many it were."""
    active = [h for h in houses if h.is_active and h.people]
    writer = _Incentives(sink, plans, active, most=entries, now=now, seed=seed)
    writer.sell(sales_for(int(entries * 0.97), len(active)), told)
    writer.finish()
    return writer.posted


class _Incentives:
    """Writes sales in the order of their days, with everything that follows from each."""

    def __init__(
        self, sink: Sink, plans: Sequence[Plan], houses: list[House], *, most: int, now: datetime, seed: int
    ) -> None:
        self.sink, self.plans, self.houses, self.most = sink, plans, houses, most
        self.end, self.rng, self.posted = epoch(now), Random(f"{seed}:bulk incentives"), 0
        self.today = now.date()
        self.desk = Days(DESK_ZONE, self.today - timedelta(days=DAYS + 400), self.today + timedelta(days=2))
        self.hours = Hours(usual_calendar(), now - timedelta(days=DAYS + 40), now + timedelta(days=2))
        self.sale, self.claim = sink.next_id("sale_report"), sink.next_id("incentive_claim")
        self.entry, self.memo = sink.next_id("incentive_entry"), sink.next_id("incentive_memo")
        self.batch, self.earning = sink.next_id("incentive_batch"), sink.next_id("incentive_earning")
        self.memos: dict[tuple[int, int], Memo] = {}
        self.units: dict[tuple[int, int, str], Units] = {}
        self.committed: Counter[int] = Counter()
        self.judged: dict[tuple[str, str], list[UnitResult]] = {}
        self.payments = [at for at in (self.end - back * 86_400 - self.end % 86_400 + 72_000
                                       for back in range(DAYS + 5, 0, -1)) if at_of(at).day == 12]  # fmt: skip
        sink.open("sale_report", (
            "id", "number", "dealer_id", "region", "vin", "sale_key", "model", "year", "sale_type", "stocked_on",
            "contract_on", "delivered_on", "reported_on", "customer_ref", "price_cents", "dealer_region", "username",
            "created_at", "updated_at", "updated_by",
        ), make=MAKE, condition="new", dealer_status="active", certificates="[]", earlier="[]")  # fmt: skip
        sink.open("incentive_unit", ("sale_id", "program_id", "version_id", "dealer_id", "region", "period",
                                     "is_counted", "cents", "rule", "why", "delivered_on", "is_claimed",
                                     "is_earning"))  # fmt: skip
        sink.open("incentive_earning", ("id", "program_id", "dealer_id", "region", "period", "units", "cents", "said",
                                        "calculated_at"), baseline=0, calculations=1)  # fmt: skip
        sink.open("incentive_claim", CLAIM, checked="[]", run=1, outcome="valid", version=2)
        sink.open("incentive_entry", ("id", "entry_key", "book", "kind", "program_id", "dealer_id", "region", "period",
                                      "sale_id", "claim_id", "cents", "at", "on_day", "username", "by", "reason"),
                  currency="USD")  # fmt: skip
        sink.open("incentive_batch", ("id", "number", "made_at", "memos", "lines", "cents"), made_by="Finn Castellan",
                  username="finn", left_out="[]")  # fmt: skip
        sink.open("incentive_memo", ("id", "number", "batch_id", "dealer_id", "region", "issued_at", "issued_on",
                                     "cents", "lines"), issued_by="Finn Castellan", currency="USD")  # fmt: skip
        sink.open("incentive_memo_line", ("memo_id", "entry_id", "claim_id", "program_id", "dealer_id", "region",
                                          "period", "owed_cents", "cents"))  # fmt: skip
        sink.open("search_word", ("word", "kind", "item_id", "dealer_id", "region"))

    def sell(self, count: int, told: Callable[[int], None]) -> None:
        """So many sales over the two years, the last days of a month busier."""
        rng = self.rng
        weights = [(1.0, 1.0, 1.8)[min(2, at_of(self.end - b * 86_400).day // 12)] for b in range(DAYS, 0, -1)]
        backs = rng.choices(range(DAYS, 0, -1), weights, k=count)
        sellers = rng.choices(self.houses, cum_weights=list(accumulate(h.size for h in self.houses)), k=count)
        for back, house in zip(sorted(backs, reverse=True), sellers, strict=True):
            # Three programs may begin a month each, two claims may be approved and paid.
            if self.posted + 7 > self.most:
                break
            self._sold(house, self.end - back * 86_400)
            told(self.posted)

    def _sold(self, house: House, at: int) -> None:
        rng, sink, i = self.rng, self.sink, self.sale
        self.sale += 1
        days, here = house.days, house.days.index(at)
        _, models, low, high = rng.choices(LINES, (30, 26, 24, 14, 14, 8))[0]
        model, price = rng.choice(models), rng.randrange(low, high, 50) * 100
        day = days.days[here]
        vin = vin_of(i, day.year + (day.month > 8), "C", rng)
        reported = min(at + rng.randint(0, 6) * 86_400, self.end - 3_600)
        person, ref = rng.choice(house.people), f"C-{rng.randrange(10_000, 99_999)}"
        stamp = moment(reported)
        sink.add("sale_report", (
            i, f"S-{i:06}", house.id, house.region, vin, f"{vin}|new", model, day.year,
            rng.choice(("cash", "loan", "lease")),
            days.iso[max(0, here - rng.randint(5, 35))], days.iso[max(0, here - rng.randint(0, 4))], days.iso[here],
            days.iso[days.index(reported)], ref, price, house.region, person.username, stamp, stamp, person.name,
        ))  # fmt: skip
        number = f"{i:06}"
        words = dict.fromkeys((f"s{number}", "s", number, vin.lower(), vin[-8:].lower(), f"c{ref[2:]}", "c", ref[2:]))
        sink.add_all("search_word", [(w, "sale", i, house.id, house.region) for w in words])
        for one in self._results(model, house, day):
            program = one.plan.program_id
            sink.add("incentive_unit", (i, program, one.plan.version_id, house.id, house.region, one.period,
                                        int(one.is_counted), one.cents, one.rule, one.why, days.iso[here],
                                        int(one.is_counted and not one.plan.program.is_volume),
                                        int(one.cents > 0)))  # fmt: skip
            if not one.is_counted:
                continue
            units = self.units.get((program, house.id, one.period))
            if units is None:
                units = self.units[program, house.id, one.period] = Units(plan=one.plan, house=house, period=one.period)
                self.posted += 1  # the month's calculation, written at the end
            units.count += 1
            units.at = max(units.at, reported)
            if not one.plan.program.is_volume:
                self._claim(i, house, one, reported, vin)

    def _results(self, model: str, house: House, day: date) -> list[UnitResult]:
        """What the rules say of such a sale; it depends on the model and the month alone."""
        key = (model, day.isoformat()[:7])
        if key not in self.judged:
            fact = SaleFacts(
                vin="ZZ9AC1230RB000001", make=MAKE, model=model, year=day.year, dealer_code=house.code,
                dealer_name=house.name, region=house.region, contract_on=day, delivered_on=day, reported_on=day,
                stocked_on=day, today=self.today,
            )  # fmt: skip
            self.judged[key] = evaluate(fact, near(fact, [[p] for p in self.plans]))[0]
        return self.judged[key]

    def _claim(self, sale: int, house: House, one: UnitResult, at: int, vin: str) -> None:
        rng, i, program = self.rng, self.claim, one.plan.program_id
        self.claim += 1
        sink, m = self.sink, moment
        sent = at + rng.randint(60, 2 * 86_400)
        sent = min(sent, self.end - 60)
        decided: int | None = sent + int(rng.lognormvariate(12.3, 0.7))
        if decided is not None and decided >= self.end:
            decided = None
        denied = rng.random() < SHARE_DENIED
        status = "in_review" if decided is None else "denied" if denied else "approved"
        sender = rng.choice(house.people)
        user, name = rng.choice((("cora", "Cora Whitman"), ("mason", "Mason Okafor")))
        approved = one.cents if status == "approved" else None
        paid = None
        if approved is not None and decided is not None:
            of = (program, house, one.period)
            self._post(f"approval:{i}", ("approved", "approval"), of, approved, decided, user=(user, name), sale=sale,
                       claim=i)  # fmt: skip
            self.committed[program] += approved
            paid = next((p for p in self.payments if p > decided), None)
            if paid is not None:
                self._pay(of, i, approved, paid)
        sink.add("incentive_claim", (
            i, f"IC-{i:06}", status, int(status != "denied"), house.id, house.region,
            m(sent + 30 * 86_400) if decided is None else None, sender.username, m(sent), m(decided or sent),
            name if decided else sender.name, program, one.plan.version_id, sale, one.period,
            None if status == "denied" else f"p{program}:s{sale}", one.cents, one.cents, approved,
            0 if paid is not None else approved or 0, m(sent), user if approved is not None else "", m(decided),
            None if decided is None else self.desk.iso[self.desk.index(decided)],
            None if decided is None else self.hours.minutes(sent, decided), name if decided else "",
            "person" if decided else "", rng.choice(DENIED) if status == "denied" else "",
            "The paper does not show it." if status == "denied" else "", user if status == "denied" else "",
        ))  # fmt: skip
        number = f"{i:06}"
        words = dict.fromkeys((f"ic{number}", "ic", number, vin.lower(), vin[-8:].lower()))
        sink.add_all("search_word", [(w, "incentive_claim", i, house.id, house.region) for w in words])

    def _post(
        self, key: str, what: tuple[str, str], of: tuple[int, House, str], cents: int, at: int, *,
        user: tuple[str, str], sale: int | None = None, claim: int | None = None, reason: str = "",
        counted: bool = False,
    ) -> int:  # fmt: skip
        """One entry: its book and kind, the program, dealer and period it is of; gives its id."""
        entry, (program, house, period) = self.entry, of
        self.entry += 1
        self.posted += not counted
        day = self.desk.iso[self.desk.index(at)]
        self.sink.add("incentive_entry", (entry, key, *what, program, house.id, house.region, period, sale, claim,
                                          cents, moment(at), day, *user, reason))  # fmt: skip
        return entry

    def _pay(self, of: tuple[int, House, str], claim: int, cents: int, at: int) -> None:
        program, house, period = of
        memo = self.memos.get((at, house.id))
        if memo is None:
            memo = self.memos[at, house.id] = Memo(id=self.memo, house=house, at=at)
            self.memo += 1
        memo.cents += cents
        memo.lines += 1
        entry = self._post(f"paid:{claim}:1", ("paid", "payment"), of, cents, at, user=("finn", "Finn Castellan"),
                           claim=claim, reason=f"IM-{memo.id:06}")  # fmt: skip
        self.sink.add("incentive_memo_line", (memo.id, entry, claim, program, house.id, house.region, period, cents,
                                              cents))  # fmt: skip

    def finish(self) -> None:
        """What each month earned, the memos and their batches, what the programs have committed."""
        sink, said = self.sink, dict[tuple[int, int], tuple[int, str, str]]()
        zero = 0
        for (program, dealer, period), units in sorted(self.units.items()):
            key = (program, units.count)
            if key not in said:
                day = self.today
                cents = next((r.cents for rs in self.judged.values() for r in rs
                              if r.plan.program_id == program and r.is_counted), 0)  # fmt: skip
                found = earned(units.plan.program, [Unit(sale_id=n, delivered_on=day, cents=cents)
                                                    for n in range(units.count)])  # fmt: skip
                said[key] = found.cents, dumps(list(found.said)), " ".join(found.said)[:1000]
            cents, told, why = said[key]
            sink.add("incentive_earning", (self.earning, program, dealer, units.house.region, period, units.count,
                                           cents, told, moment(units.at)))  # fmt: skip
            if cents:
                self._post(f"earned:{self.earning}:1", ("earned", "calculation"), (program, units.house, period), cents,
                           units.at, user=("cora", "Cora Whitman"), reason=why, counted=True)  # fmt: skip
            else:
                zero += 1
            self.earning += 1
        self.posted -= zero
        batches: dict[int, list[Memo]] = {}
        for memo in self.memos.values():
            batches.setdefault(memo.at, []).append(memo)
        for at, memos in sorted(batches.items()):
            sink.add("incentive_batch", (self.batch, f"IB-{self.batch:06}", moment(at), len(memos),
                                         sum(x.lines for x in memos), sum(x.cents for x in memos)))  # fmt: skip
            for x in memos:
                sink.add("incentive_memo", (x.id, f"IM-{x.id:06}", self.batch, x.house.id, x.house.region, moment(at),
                                            x.house.days.iso[x.house.days.index(at)], x.cents, x.lines))  # fmt: skip
                sink.add_all("search_word", [(w, "incentive_memo", x.id, x.house.id, x.house.region)
                                             for w in words_of(f"IM-{x.id:06}", x.house.name)])  # fmt: skip
            self.batch += 1
        sink.flush()
        for program, cents in sorted(self.committed.items()):
            sink.execute("UPDATE incentive_program SET committed_cents = ? WHERE id = ?", (cents, program))
        for table, used in (
            ("sale_report", self.sale), ("incentive_claim", self.claim), ("incentive_entry", self.entry),
            ("incentive_memo", self.memo), ("incentive_batch", self.batch), ("incentive_earning", self.earning),
        ):  # fmt: skip
            sink.took(table, used)
