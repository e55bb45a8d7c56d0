"""Two years of co-op money as rows: purchases that earn, requests that hold, claims that use, payments, what expires.

Each fund is played in the order of time with its lots, so that every entry could be posted when it was: nothing is
spent that is not there, the lots that expire first pay first, what is unspent expires on its day. Kept for no bulk
claim are files and the sentences of all its checks; the demo's claims have them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from heapq import heappop, heappush
from itertools import count
from json import dumps
from random import Random
from typing import Any

from db.coop.lot_rules import expires_on
from db.coop.say_rules import money
from db.core.search import words_of
from seed.bulk.coop_funds import COLUMNS, DAYS, Fund, Lot, Memo, open_tables
from seed.bulk.network import House
from seed.bulk.sink import Sink, at_of, epoch, moment

MEDIA = (
    ("digital", "Search ads", "Bright Search", 75), ("print", "Full page", "The Courier", 50),
    ("radio", "Spots", "WHUD 100.7", 50), ("outdoor", "Billboard", "Sky Boards", 50),
    ("direct_mail", "Letter to owners", "PrintWorks", 50), ("event", "Home show stand", "Expo Center", 50),
)  # fmt: skip
ASKED_FIRST = ("radio", "event", "outdoor")
TABLES = (
    "coop_fund", "coop_purchase", "coop_lot", "coop_entry", "coop_request", "coop_claim", "coop_proof", "coop_draw",
    "coop_batch", "coop_memo", "coop_memo_line", "search_word",
)  # fmt: skip


def add_coop(
    sink: Sink, programmes: dict[int, int], houses: Sequence[House], *, entries: int, now: datetime, seed: int,
    told: Callable[[int], None],
) -> None:  # fmt: skip
    """Write exactly `entries` entries of the co-op ledger with all that stands behind them."""
    active = [h for h in houses if h.is_active and h.people]
    writer = _Coop(sink, programmes, active, most=entries, now=now, seed=seed)
    writer.play(told)
    writer.finish()


class _Coop:
    """Plays one dealer after the other until the entries are used up, then gives out what is left as allocations."""

    def __init__(
        self, sink: Sink, programmes: dict[int, int], houses: list[House], *, most: int, now: datetime, seed: int
    ) -> None:
        self.sink, self.programmes, self.houses, self.left = sink, programmes, houses, most
        self.most, self.end, self.rng = most, epoch(now), Random(f"{seed}:bulk coop")
        self.fund, self.entry, self.lot = (
            sink.next_id("coop_fund"),
            sink.next_id("coop_entry"),
            sink.next_id("coop_lot"),
        )
        self.purchase, self.request = sink.next_id("coop_purchase"), sink.next_id("coop_request")
        self.claim, self.memo, self.batch = (
            sink.next_id("coop_claim"),
            sink.next_id("coop_memo"),
            sink.next_id("coop_batch"),
        )
        self.memos: dict[tuple[int, int], Memo] = {}
        self.payments = [at for at in (self.end - back * 86_400 - self.end % 86_400 + 68_000
                                       for back in range(DAYS + 5, 0, -1)) if at_of(at).day == 22]  # fmt: skip
        self.turns = count()
        self.pending: dict[int, dict[str, Any]] = {}
        open_tables(sink)

    # ---- dealers -----------------------------------------------------------------------------------------------------
    def play(self, told: Callable[[int], None]) -> None:
        """Every dealer in an order of chance, as busy as the number of entries asks for."""
        houses = self.rng.sample(self.houses, len(self.houses))
        total, newest = sum(h.size for h in houses), list[Fund]()
        for house in houses:
            if self.left <= 0:
                break
            # About three entries follow from one activity and the purchases that pay for it.
            want = 0.93 * self.most * house.size / total
            funds = self._dealer(house, activities=want / (DAYS / 30.4) / 3.06)
            for fund in funds[:-1]:
                self._close(fund)
            newest += funds[-1:]
            told(self.most - self.left)
        newest = newest or [self._open(houses[0], max(self.programmes), self.end - 30 * 86_400)]
        while self.left > 0:
            self._top_up(self.rng.choice(newest))
        for fund in newest:
            self._close(fund)

    def _top_up(self, fund: Fund) -> None:
        """An allocation of the manufacturer's own money: an entry and a lot."""
        at = max(self.end - self.rng.randint(3_600, 20 * 86_400), fund.began)
        self._in(fund, "allocation", self.rng.randrange(100_00, 900_00, 25_00), at, reason="Regional budget",
                 key=f"allocation:bulk-{next(self.turns)}")  # fmt: skip

    def _open(self, house: House, year: int, at: int) -> Fund:
        fund = Fund(id=self.fund, year=year, house=house, began=at)
        self.fund += 1
        return fund

    def _dealer(self, house: House, *, activities: float) -> list[Fund]:
        """The entries of one dealer in the order of time, until none are left to write."""
        rng, funds = self.rng, dict[int, Fund]()
        waiting: list[tuple[int, int, str, Any]] = []

        def push(at: int, what: str, more: Any = None) -> None:
            if at < self.end:
                heappush(waiting, (at, next(self.turns), what, more))

        months = DAYS // 30
        for month in range(months):
            begin = self.end - DAYS * 86_400 + month * 30 * 86_400
            buys = max(1, _whole(rng, activities * 0.7))
            for _ in range(buys):
                push(begin + rng.randrange(30 * 86_400), "buy")
            for _ in range(_whole(rng, activities)):
                push(begin + rng.randrange(30 * 86_400), "ask")
        while waiting and self.left > 0:
            at, _, what, more = heappop(waiting)
            if what == "buy":
                self._buy(funds, house, at, push)
            elif what == "expire":
                self._expire(more, at)
            elif what == "ask":
                self._ask(funds, house, at, push)
            elif what == "lapse":
                self._lapse(more, at)
            elif what == "claim":
                fund, plan, request = more
                self._claim(fund, plan, request, at)
        return [funds[year] for year in sorted(funds)]

    # ---- entries -----------------------------------------------------------------------------------------------------
    def _post(
        self, fund: Fund, kind: str, cents: int, at: int, key: str, *, reserve: int = 0, request: int | None = None,
        claim: int | None = None, medium: str = "", user: tuple[str, str] = ("cora", "Cora Whitman"), reason: str = "",
    ) -> int:  # fmt: skip
        i, house = self.entry, fund.house
        self.entry += 1
        self.left -= 1
        column, sign = {"accrual": ("accrued", 1), "allocation": ("allocated", 1), "reserve": ("reserved", 1),
                        "release": ("reserved", -1), "claim": ("approved", 1), "expiry": ("expired", 1),
                        "payment": ("paid", 1)}[kind]  # fmt: skip
        fund.book[column] += sign * cents
        fund.book["reserved"] -= reserve
        self.sink.add("coop_entry", (
            i, key, fund.id, house.id, house.region, kind, cents, reserve, request, claim, medium, moment(at),
            house.days.iso[house.days.index(at)], *user, reason,
        ))  # fmt: skip
        return i

    def _in(self, fund: Fund, kind: str, cents: int, at: int, *, reason: str, key: str) -> Lot:
        day = fund.house.days.days[fund.house.days.index(at)]
        entry = self._post(fund, kind, cents, at, key, reason=reason)
        lot = Lot(id=self.lot, entry=entry, earned=day, expires=expires_on(day, 6), cents=cents, left=cents)
        self.lot += 1
        fund.lots.append(lot)
        return lot

    def _buy(self, funds: dict[int, Fund], house: House, at: int, push: Callable[..., None]) -> None:
        rng, days = self.rng, house.days
        here = days.index(at)
        year = days.days[here].year
        if year not in funds:
            funds[year] = self._open(house, year, at)
        fund, i = funds[year], self.purchase
        self.purchase += 1
        cents = round(rng.lognormvariate(12.2, 0.5) * house.size) * 100 // 4
        earned = max(100, (cents * 200 + 5_000) // 10_000)
        cents = earned * 50
        number = f"W{i:07}"
        lot = self._in(
            fund, "accrual", earned, at, reason=f"{number}: 2% of {money(cents)}", key=f"accrual:{i}:{number}"
        )
        self.sink.add("coop_purchase", (i, fund.id, house.id, house.region, number, days.iso[here], cents, earned,
                                        lot.entry, moment(at)))  # fmt: skip
        ends = days.midnights[min(here + (lot.expires - lot.earned).days + 1, len(days.midnights) - 1)]
        push(ends + 6 * 3_600, "expire", (fund, lot))

    def _expire(self, what: tuple[Fund, Lot], at: int) -> None:
        fund, lot = what
        if lot.left <= 0:
            return
        cents = lot.left
        said = f"Of {lot.earned:%b %Y}, to be spent by {lot.expires.day} {lot.expires:%b %Y}"
        self._post(fund, "expiry", cents, at, f"expiry:{lot.id}:{lot.expired}", reason=said)
        lot.left, lot.expired = 0, lot.expired + cents

    def _take(self, fund: Fund, cents: int, column: str, today: date) -> list[tuple[Lot, int]]:
        found = []
        for lot in sorted(fund.lots, key=lambda x: (x.expires, x.id)):
            part = min(lot.left, cents)
            if part and lot.expires >= today:
                lot.left -= part
                setattr(lot, column, getattr(lot, column) + part)
                cents -= part
                found.append((lot, part))
            if not cents:
                break
        return found

    def _ask(self, funds: dict[int, Fund], house: House, at: int, push: Callable[..., None]) -> None:
        """An activity: asked for first where its medium wants that, claimed when it is over."""
        rng, days = self.rng, house.days
        here = days.index(at)
        fund = funds.get(days.days[here].year)
        if fund is None:
            return
        medium, activity, vendor, rate = rng.choices(MEDIA, (30, 16, 18, 12, 14, 10))[0]
        spendable = sum(lot.left for lot in fund.lots if lot.expires >= days.days[here])
        payable = min(int(rng.lognormvariate(11.6, 0.6)), spendable * 8 // 10) // 100 * 100
        if payable < 25_00:
            return
        cost = payable * 100 // rate
        costs = dumps([{"kind": "space", "cents": cost}])
        why = f"{rate}% of {money(cost)} eligible cost"
        calculation = dumps({
            "cents": payable, "bounds": [{"name": "rate", "label": "Eligible cost x rate", "cents": payable, "why": why,
                                          "decides": True}],
            "costs": [{"kind": "space", "cost": cost, "cents": cost, "why": ""}],
        })  # fmt: skip
        over = at + rng.randint(5, 25) * 86_400
        plan = (medium, activity, vendor, costs, cost, calculation, payable, here)
        if medium not in ASKED_FIRST:
            push(over, "claim", (fund, plan, None))
            return
        i, person = self.request, rng.choice(house.people)
        self.request += 1
        decided, draw = at + rng.randint(3_600, 4 * 86_400), rng.random()
        status, is_open, reserved, held, reason = "in_review", 1, 0, None, ""
        if decided < self.end:
            status, is_open, reason = ("denied", 0, "other") if draw < 0.06 else ("approved", 1, "")
        if status == "approved":
            here = days.index(decided)
            draws = (
                self._take(fund, payable, "held", days.days[here]) if self._can(fund, payable, days.days[here]) else []
            )
            if draws:
                self._post(fund, "reserve", payable, decided, f"reserve:{i}", request=i, medium=medium)
                held, reserved = draws, payable
            else:
                status, is_open, reason = "denied", 0, "other"
        request = {"id": i, "at": at, "decided": decided, "status": status, "is_open": is_open, "reserved": reserved,
                   "reason": reason, "held": held, "person": person, "plan": plan, "fund": fund,
                   "moved": decided}  # fmt: skip
        if held is None:
            self._request(request)
            return
        self.pending[i] = request
        lapses = days.midnights[min(here + 66, len(days.midnights) - 1)] + 3_600
        if draw >= 0.9:
            push(max(lapses, decided + 3_600), "lapse", request)
        elif max(over, decided + 3_600) < self.end:
            push(max(over, decided + 3_600), "claim", (fund, plan, request))

    def _lapse(self, one: dict[str, Any], at: int) -> None:
        """Nobody claimed in time: the reserve returns to its lots, and what is over there expires at once."""
        fund, today = one["fund"], one["fund"].house.days.days[one["fund"].house.days.index(at)]
        if self.left <= len(one["held"]):
            return
        medium, payable = one["plan"][0], one["plan"][6]
        self._post(fund, "release", payable, at, f"release:{one['id']}", request=one["id"], medium=medium,
                   reason="Nobody claimed in time")  # fmt: skip
        for lot, part in one["held"]:
            lot.held -= part
            lot.left += part
            if lot.expires < today:
                self._expire((fund, lot), at)
        one |= {"status": "lapsed", "is_open": 0, "reserved": 0, "moved": at}

    def _can(self, fund: Fund, cents: int, today: date) -> bool:
        return sum(lot.left for lot in fund.lots if lot.expires >= today) >= cents

    def _request(self, one: dict[str, Any]) -> None:
        """Write a request as it stands, with what it still holds."""
        fund, house = one["fund"], one["fund"].house
        medium, activity, vendor, costs, cost, calculation, payable, here = one["plan"]
        days, i, m = house.days, one["id"], moment
        decided = one["decided"] if one["status"] != "in_review" else None
        on = days.index(one["decided"])
        ok = one["status"] in ("approved", "claimed", "lapsed")
        self.sink.add("coop_request", (
            i, f"FR-{i:06}", one["status"], one["is_open"], house.id, house.region,
            m(one["at"] + 10 * 86_400) if decided is None else None, one["person"].username, m(one["at"]),
            m(one["moved"] if decided else one["at"]), "Cora Whitman" if decided else one["person"].name, fund.id,
            medium, activity, vendor, days.iso[here + 1], days.iso[here + 4], costs, cost, calculation, payable,
            one["person"].name, m(one["at"]), m(decided), "cora" if decided else "", days.iso[on] if ok else None,
            days.iso[min(on + 90, len(days.iso) - 1)] if ok else None,
            days.iso[min(here + 64, len(days.iso) - 1)] if one["reserved"] else None, payable if ok else None,
            one["reserved"], one["reason"],
        ))  # fmt: skip
        if one["reserved"]:
            self.sink.add_all("coop_draw", [(lot.id, i, None, part) for lot, part in one["held"]])
        self._words("coop_request", i, f"FR-{i:06}", house, activity)

    def _words(self, kind: str, i: int, number: str, house: House, *texts: str) -> None:
        self.sink.add_all("search_word", [(w, kind, i, house.id, house.region)
                                          for w in words_of(number, *texts, house.code, house.name)])  # fmt: skip

    def _claim(self, fund: Fund, plan: tuple[Any, ...], request: dict[str, Any] | None, at: int) -> None:
        rng, house, i, m = self.rng, fund.house, self.claim, moment
        medium, activity, vendor, costs, cost, calculation, payable, here = plan
        self.claim += 1
        days, person, invoice = house.days, rng.choice(house.people), f"BK-{i:06}"
        waits, draw = rng.randint(3_600, 8 * 86_400), rng.random()
        decided = at + waits
        status = "in_review"
        approved = paid = None
        now_on = days.days[days.index(min(decided, self.end - 1))]
        if decided < self.end:
            status = "denied" if draw < 0.06 else "approved"
            if status == "approved" and request is None and not self._can(fund, payable, now_on):
                status = "denied"
        used: list[tuple[Lot, int]] = []
        if status == "approved" and self.left > 0:
            approved = payable
            if request is not None:
                for lot, part in request["held"]:
                    lot.held -= part
                    lot.used += part
                used = request["held"]
                request |= {"status": "claimed", "is_open": 0, "reserved": 0, "moved": decided}
                self._post(fund, "claim", payable, decided, f"claim:{i}", reserve=payable, request=request["id"],
                           claim=i, medium=medium)  # fmt: skip
            else:
                used = self._take(fund, payable, "used", now_on)
                self._post(fund, "claim", payable, decided, f"claim:{i}", claim=i, medium=medium)
            paid = next((p for p in self.payments if p > decided), None) if self.left > 0 else None
            if paid is not None:
                self._pay(fund, i, payable, paid, medium)
        elif status == "approved":
            status, decided = "in_review", self.end
        is_decided = status != "in_review"
        self.sink.add("coop_claim", (
            i, f"FC-{i:06}", status, int(status != "denied"), house.id, house.region,
            None if is_decided else m(at + 10 * 86_400), person.username, m(at), m(decided if is_decided else at),
            "Cora Whitman" if is_decided else person.name, fund.id, request["id"] if request else None,
            None if status == "denied" else f"{house.id}:{invoice.lower()}", medium, activity, vendor, invoice,
            days.iso[here + 1], days.iso[here + 4], costs, cost,
            dumps([{"code": "C07", "label": "Amount", "outcome": "ok", "sentence": f"{money(payable)} is payable."}]),
            calculation, payable, person.name, m(at), days.iso[days.index(at)], m(decided) if is_decided else None,
            "cora" if is_decided else "", approved, payable if approved and request is not None else 0,
            "proof" if status == "denied" else "",
        ))  # fmt: skip
        for kind in ("invoice", "payment"):
            self.sink.add("coop_proof", (i, house.id, house.region, kind, f"{kind}-{invoice}", m(at), person.name))
        if used:
            self.sink.add_all("coop_draw", [(lot.id, None, i, part) for lot, part in used])
        self._words("coop_claim", i, f"FC-{i:06}", house, activity, invoice)

    def _pay(self, fund: Fund, claim: int, cents: int, at: int, medium: str) -> None:
        memo = self.memos.get((at, fund.house.id))
        if memo is None:
            memo = self.memos[at, fund.house.id] = Memo(id=self.memo, house=fund.house, at=at)
            self.memo += 1
        memo.cents += cents
        memo.lines += 1
        entry = self._post(fund, "payment", cents, at, f"payment:{claim}:0", claim=claim, medium=medium,
                           user=("finn", "Finn Castellan"), reason=f"FM-{memo.id:06}")  # fmt: skip
        house = fund.house
        self.sink.add("coop_memo_line", (memo.id, entry, claim, house.id, house.region, cents))

    def _close(self, fund: Fund) -> None:
        """Write a fund as it stands, with its lots and the requests that still hold something."""
        house, book = fund.house, fund.book
        for i in [i for i, one in self.pending.items() if one["fund"] is fund]:
            self._request(self.pending.pop(i))
        self.sink.add("coop_fund", (
            fund.id, self.programmes[fund.year], house.id, house.region, str(fund.year), fund.available,
            *(book[name] for name in COLUMNS), moment(fund.began),
        ))  # fmt: skip
        self.sink.add_all("coop_lot", [
            (lot.id, fund.id, house.id, house.region, lot.entry, lot.earned.isoformat(), lot.expires.isoformat(),
             lot.cents, lot.left, lot.held, lot.used, lot.expired)
            for lot in fund.lots
        ])  # fmt: skip

    def finish(self) -> None:
        """Write the memos and their batches, and say which ids are used."""
        sink, batches = self.sink, dict[int, list[Memo]]()
        for memo in self.memos.values():
            batches.setdefault(memo.at, []).append(memo)
        for at, memos in sorted(batches.items()):
            sink.add("coop_batch", (self.batch, f"FB-{self.batch:06}", moment(at), len(memos),
                                    sum(x.lines for x in memos), sum(x.cents for x in memos)))  # fmt: skip
            for x in memos:
                sink.add("coop_memo", (x.id, f"FM-{x.id:06}", self.batch, x.house.id, x.house.region, moment(at),
                                       x.house.days.iso[x.house.days.index(at)], x.cents, x.lines))  # fmt: skip
                self._words("coop_memo", x.id, f"FM-{x.id:06}", x.house)
            self.batch += 1
        sink.flush()
        for table, used in (
            ("coop_fund", self.fund), ("coop_entry", self.entry), ("coop_lot", self.lot), ("coop_claim", self.claim),
            ("coop_purchase", self.purchase), ("coop_request", self.request), ("coop_memo", self.memo),
            ("coop_batch", self.batch),
        ):  # fmt: skip
            sink.took(table, used)


def _whole(rng: Random, wanted: float) -> int:
    """A whole number that is `wanted` on average."""
    return int(wanted) + (rng.random() < wanted % 1)
