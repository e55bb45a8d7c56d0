"""R02: a fund against a model that only adds and subtracts, through any order of steps; every invariant after each.

Each run has dealers of its own and is rolled back: 50 of 50 steps in the suite (a fifth of them on PostgreSQL, where
a step takes longer), 3,000 in the long tier, half of them on each database and none of them twice.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, bindparam, func, select
from sqlalchemy.orm import Session

from db.coop import ledger, lot_rules
from db.coop.balance_rules import Balance, effect
from db.coop.ledger import balance
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.record import fund_of, open_fund
from db.coop.tables import CoopEntry, CoopFund, CoopLot, CoopProgramme
from db.core.actor import system_actor
from db.core.problems import Refused
from db.dealers.tables import Dealer
from tests.coop.factories import NOW, House
from tests.support.tier import figure, sized
from tests.support.users import make_dealer

PARTS = (1, 2)
"""Each a test of its own, so that the long tier uses both cores."""
RUNS = sized(fast={"sqlite": 20, "postgresql": 5}, long={"sqlite": 750, "postgresql": 750})
STEPS = 50
ACTOR = system_actor("seed")
amounts = st.integers(1, 900_00)
COMMON = {
    "medium": "print",
    "activity": "Model",
    "starts_on": date(2026, 5, 1),
    "ends_on": date(2026, 5, 2),
    "costs": [],
}
_IDS: Any = bindparam("ids", expanding=True)
_FUND, _LOT, _ENTRY = CoopFund.__table__, CoopLot.__table__, CoopEntry.__table__
FUNDS = select(_FUND).where(_FUND.c.id.in_(_IDS))
LEFT = select(_LOT.c.fund_id, func.sum(_LOT.c.left_cents).label("cents")).where(_LOT.c.fund_id.in_(_IDS))
LEFT = LEFT.group_by(_LOT.c.fund_id)
_SUMMED = (_ENTRY.c.fund_id, _ENTRY.c.kind, _ENTRY.c.of_kind)
SUMS = select(
    *_SUMMED, func.sum(_ENTRY.c.cents).label("cents"), func.sum(_ENTRY.c.reserve_cents).label("held"),
    func.count().label("n"),
).where(_ENTRY.c.fund_id.in_(_IDS)).group_by(*_SUMMED)  # fmt: skip


class Model(RuleBasedStateMachine):
    """Two funds of one programme; the model keeps what is available, held, approved and paid as plain numbers.

    A step works inside one transaction that is never committed: the database's own CHECKs, keys and triggers are asked,
    and the next run begins where this one began.
    """

    engine: ClassVar[Engine]
    programme: ClassVar[int]
    dealers: ClassVar[tuple[int, int]]

    @initialize()
    def begin(self) -> None:
        self.connection = self.engine.execution_options(writer=True).connect()
        self.outer = self.connection.begin()
        self.session = Session(self.connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        self.now, self.keys = NOW, count(1)
        row = self.session.get_one(CoopProgramme, self.programme)
        self.funds = [
            open_fund(self.session, row, self.session.get_one(Dealer, d), actor=ACTOR, now=NOW) for d in self.dealers
        ]
        self.free = [0, 0]
        self.held: dict[int, int] = {}
        self.claims: dict[int, int] = {}
        self.paid: dict[int, int] = {}
        self.owner: dict[int, int] = {}
        self.entries = 0
        self.total = 0
        self.lots: dict[int, tuple[int, date, int]] = {}

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.outer.rollback()
            self.connection.close()

    def fund(self, n: int) -> CoopFund:
        return fund_of(self.session, self.funds[n].id, actor=ACTOR)

    def _try(self, act: Any, *, fits: bool) -> bool:
        try:
            with self.session.begin_nested():
                act()
        except Refused as refused:
            if refused.code != "available" or fits:
                raise
            return False
        assert fits, "paid what the fund could not pay"
        return True

    def _expire(self, n: int) -> None:
        """The model's own expiry: what the lots still hold on this day."""
        fund = self.fund(n)
        before = fund.available_cents
        gone = ledger.expire(self.session, fund, actor=ACTOR, now=self.now)
        assert gone >= 0
        assert fund.available_cents == before - gone
        assert ledger.expire(self.session, fund, actor=ACTOR, now=self.now) == 0
        self.free[n] -= gone
        assert self.free[n] == before - gone

    @rule(n=st.integers(0, 1), cents=amounts, kind=st.sampled_from(["accrual", "allocation", "adjustment"]))
    def comes_in(self, n: int, cents: int, kind: str) -> None:
        today = self.now.date()
        ledger.money_in(
            self.session, self.fund(n), kind=kind, cents=cents, key=f"in:{next(self.keys)}", earned_on=today,
            expires_on=lot_rules.expires_on(today, 1), actor=ACTOR, now=self.now,
        )  # fmt: skip
        self.free[n] += cents

    @rule(n=st.integers(0, 1), cents=amounts)
    def is_taken_away(self, n: int, cents: int) -> None:
        self._expire(n)
        key = f"out:{next(self.keys)}"
        if self._try(
            lambda: ledger.money_out(
                self.session, self.fund(n), kind="adjustment", cents=cents, key=key, actor=ACTOR, now=self.now
            ),
            fits=cents <= self.free[n],
        ):
            self.free[n] -= cents

    @rule(n=st.integers(0, 1), cents=amounts)
    def moves(self, n: int, cents: int) -> None:
        self._expire(n)
        key = next(self.keys)

        def act() -> None:
            _, parts = ledger.money_out(
                self.session, self.fund(n), kind="transfer_out", cents=cents, key=f"to:{key}", actor=ACTOR, now=self.now
            )
            for i, (lot, part) in enumerate(parts):
                ledger.money_in(
                    self.session, self.fund(1 - n), kind="transfer_in", cents=part, key=f"from:{key}:{i}",
                    earned_on=lot.earned_on, expires_on=lot.expires_on, actor=ACTOR, now=self.now,
                )  # fmt: skip

        if self._try(act, fits=cents <= self.free[n]):
            self.free[n] -= cents
            self.free[1 - n] += cents

    @rule(n=st.integers(0, 1), cents=amounts, override=st.sampled_from(["", "", "", "Fair"]))
    def is_reserved(self, n: int, cents: int, override: str) -> None:
        self._expire(n)
        fund = self.fund(n)
        request = CoopRequest(
            number=f"T-{next(self.keys)}", status="approved", version=1, is_open=True, dealer_id=fund.dealer_id,
            region=fund.region, submitted_by="x", created_at=NOW, updated_at=NOW, updated_by="x", fund_id=fund.id,
            cost_cents=cents, calculation={}, payable_cents=cents, submitted_name="x", reserved_cents=0, **COMMON,
        )  # fmt: skip
        self.session.add(request)
        self.session.flush()
        if self._try(
            lambda: ledger.reserve(
                self.session, self.fund(n), request, cents, actor=ACTOR, now=self.now, override_reason=override
            ),
            fits=cents <= self.free[n] or bool(override),
        ):
            self.free[n] -= cents
            self.held[request.id] = cents
            self.owner[request.id] = n

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def is_released(self, data: Any) -> None:
        request_id = data.draw(st.sampled_from(sorted(self.held)))
        n, cents = self.owner[request_id], self.held.pop(request_id)
        request = self.session.get_one(CoopRequest, request_id)
        fund = self.fund(n)
        before = fund.expired_cents
        ledger.release(self.session, fund, request, cents, months=1, actor=ACTOR, now=self.now)
        self.free[n] += cents - (fund.expired_cents - before)

    @rule(n=st.integers(0, 1), cents=amounts, data=st.data())
    def is_claimed(self, n: int, cents: int, data: Any) -> None:
        held_by = [i for i in sorted(self.held) if self.owner[i] == n]
        request_id = data.draw(st.sampled_from([None, *held_by]))
        reserved = self.held.get(request_id, 0) if request_id else 0
        held = min(cents, reserved)
        self._expire(n)
        fund = self.fund(n)
        claim = CoopClaim(
            number=f"T-{next(self.keys)}", status="approved", version=1, is_open=True, dealer_id=fund.dealer_id,
            region=fund.region, submitted_by="x", created_at=NOW, updated_at=NOW, updated_by="x", fund_id=fund.id,
            request_id=request_id, invoice_number="i", cost_cents=cents, brand_share=1, competitor=False, checks=[],
            calculation={}, payable_cents=cents, submitted_name="x", **COMMON,
        )  # fmt: skip
        self.session.add(claim)
        self.session.flush()

        def act() -> None:
            ledger.use(self.session, self.fund(n), claim, cents, held=held, actor=ACTOR, now=self.now)

        if not self._try(act, fits=cents - held <= max(self.free[n], 0)):
            return
        self.free[n] -= cents - held
        self.claims[claim.id] = cents
        self.owner[-claim.id] = n
        if request_id:
            del self.held[request_id]
            fund = self.fund(n)
            before = fund.expired_cents
            request = self.session.get_one(CoopRequest, request_id)
            ledger.release(self.session, fund, request, reserved - held, months=1, actor=ACTOR, now=self.now)
            self.free[n] += reserved - held - (fund.expired_cents - before)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def is_reversed(self, data: Any) -> None:
        claim_id = data.draw(st.sampled_from(sorted(self.claims)))
        n, cents = self.owner[-claim_id], self.claims.pop(claim_id)
        fund = self.fund(n)
        before = fund.expired_cents
        ledger.reverse_claim(
            self.session, fund, self.session.get_one(CoopClaim, claim_id), months=1, actor=ACTOR, now=self.now,
            reason="x",
        )  # fmt: skip
        self.free[n] += cents - (fund.expired_cents - before)
        self.paid.pop(claim_id, None)

    @precondition(lambda self: bool(set(self.claims) - set(self.paid)))
    @rule(data=st.data())
    def is_paid(self, data: Any) -> None:
        claim_id = data.draw(st.sampled_from(sorted(set(self.claims) - set(self.paid))))
        ledger.pay(
            self.session, self.fund(self.owner[-claim_id]), claim_id=claim_id, cents=self.claims[claim_id],
            key=f"pay:{claim_id}", medium="print", actor=ACTOR, now=self.now, reason="x",
        )  # fmt: skip
        self.paid[claim_id] = self.claims[claim_id]

    @rule(n=st.integers(0, 1), days=st.integers(1, 25))
    def days_pass(self, n: int, days: int) -> None:
        self.now += timedelta(days=days)
        self._expire(n)

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "session"):
            return
        self.session.flush()
        for n, (fund, left, summed) in enumerate(self._stored()):
            held = sum(c for i, c in self.held.items() if self.owner[i] == n)
            approved = sum(c for i, c in self.claims.items() if self.owner[-i] == n)
            assert (fund.available_cents, fund.reserved_cents) == (self.free[n], held)
            assert fund.approved_cents - fund.reversed_cents == approved
            assert fund.available_cents >= 0 or fund.overdraft_cents == -fund.available_cents
            assert left == max(fund.available_cents, 0)
            assert balance(fund) == summed

    def _stored(self) -> list[tuple[Any, int, Balance]]:
        """Of each fund its row, what its lots hold and what its entries add up to: three statements, made once."""
        ids = [fund.id for fund in self.funds]
        rows = {r.id: r for r in self.connection.execute(FUNDS, {"ids": ids})}
        left = {r.fund_id: int(r.cents) for r in self.connection.execute(LEFT, {"ids": ids})}
        sums, many = dict.fromkeys(ids, Balance()), 0
        for r in self.connection.execute(SUMS, {"ids": ids}):
            sums[r.fund_id] += effect(r.kind, int(r.cents), reserve_cents=int(r.held), of_kind=r.of_kind)
            many += r.n
        assert many >= self.entries, "the ledger only grows"
        self.entries = many
        return [(rows[i], left.get(i, 0), sums[i]) for i in ids]


@pytest.mark.parametrize("part", PARTS)
def test_the_ledger_is_its_model(engine, part):
    house = House(engine, earned=0)
    Model.engine, Model.programme = engine, house.programme
    Model.dealers = (make_dealer(engine, code="05001", name="One"), make_dealer(engine, code="05002", name="Two"))
    runs, kind = RUNS[engine.dialect.name], engine.dialect.name
    # The same lives every time, and others in each part and on each database.
    drawn = seed(f"{kind} {part}")(type("Model", (Model,), {}))
    run_state_machine_as_test(
        drawn,
        settings=settings(
            max_examples=runs, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    figure("R02", "runs of the fund", runs)
    figure("R02", "steps a run", STEPS)
