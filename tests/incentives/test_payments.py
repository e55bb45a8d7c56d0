"""Payments of incentives: who is paid what, what waits, what is clawed back, and each cent exactly once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from db.core.permissions import Role
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.incentives.account_queries import account_view
from db.incentives.memo_queries import (
    count_batches,
    count_memos,
    get_batch,
    get_memo,
    lines_of,
    list_batches,
    list_memos,
    memos_by_id,
)
from db.incentives.pay_checks import owed_is_the_balance
from db.incentives.pay_commands import make_payment
from db.incentives.pay_queries import (
    list_payable,
    pay_figures,
    preview_payment,
    read_owed,
)
from db.incentives.pay_rules import Owed, payable_of, plan, too_much
from db.incentives.payment_tables import IncentiveMemo, IncentiveMemoLine
from db.incentives.tables import IncentiveClaim
from tests.incentives.factories import NOW, STEPS
from tests.incentives.paying import LATER, PayHouse
from tests.support.again import begun
from tests.support.core import at_once
from tests.support.users import make_person


@pytest.fixture
@begun
def house(sqlite_engine):
    found = PayHouse(sqlite_engine)
    found.program = found.publish()
    return found


def test_a_payment_pays_every_dealer_once(engine):
    house = PayHouse(engine)
    house.publish()
    house.approved(), house.approved(), house.approved(dealer_id=house.other_dealer)
    with reading(engine) as session:
        preview = preview_payment(session, actor=house.finn)
    assert (preview.lines, preview.cents) == (3, 1_500_00)
    batch = house.pay(seen_lines=3, seen_cents=1_500_00, form_key="k")
    assert house.pay(form_key="k") == batch  # a double click
    assert house.memos() == [(house.dealer, 1_000_00), (house.other_dealer, 500_00)]
    assert (house.book("paid"), house.owed()) == ([500_00] * 3, 0)
    with pytest.raises(Refused, match="nothing to pay"):
        house.pay()
    house.agrees()


def test_another_sum_than_the_preview_is_refused_and_nothing_is_stored(house):
    house.approved()
    house.approved()
    with pytest.raises(Refused, match=r"changed to \$1,000 for 2 claims"):
        house.pay(seen_lines=1, seen_cents=500_00)
    assert house.memos() == []


@pytest.mark.parametrize("who", ["cora", "mason", "sally", "dora"])
def test_only_finance_pays(house, who):
    house.approved()
    with pytest.raises(Refused, match="may not do this"):
        house.pay(who=who)


def test_whoever_approved_does_not_pay(house):
    """Somebody who holds both authorities uses one of them: even the first of two signatures counts."""
    make_person(house.engine, "ada", Role.ADMIN)
    alone = house.sell(vin="1HGCM82639A000001", customer_ref="C-90")
    (claim,) = house.claim(alone)
    house.step("approve", claim, who="ada")
    with reading(house.engine) as session:
        left = preview_payment(session, actor=house.ada).left_out
    assert [x.why for x in left] == ["You approved this; somebody else has to pay it"]
    with pytest.raises(Refused, match="nothing to pay"):
        house.pay(who="ada")
    tiers = [{"from_units": 2, "cents": 3_000_00}]
    program = house.publish(STEPS, rule={"kind": "stair_step", "method": "retroactive", "tiers": tiers})
    house.sell_many(2)
    house.volume(program)
    promoted = replace(house.cora, role=Role.ADMIN)
    with reading(house.engine) as session:
        assert {x.cents for x in preview_payment(session, actor=house.ada).left_out} == {500_00}
        assert {x.cents for x in preview_payment(session, actor=promoted).left_out} == {
            9_000_00
        }  # three units, by two signatures
    house.pay(who="finn")
    assert house.owed() == 0


def test_part_is_authorized_and_the_rest_later(house):
    house.approved(), house.approved()
    key = (house.program, house.dealer, "2026-11")
    batch = house.pay(amounts={key: 700_00})
    assert (house.memos(), house.book("paid"), house.owed()) == ([(house.dealer, 700_00)], [500_00, 200_00], 300_00)
    with reading(house.engine) as session:
        left = get_batch(session, batch_id=batch, actor=house.finn).left_out
    assert [(x.cents, x.why) for x in left] == [(300_00, "Not authorized this time; stays payable")]
    house.pay()
    assert house.memos() == [(house.dealer, 700_00), (house.dealer, 300_00)]
    house.agrees()


@pytest.mark.parametrize("cents", [-1, 500_01])
def test_more_than_is_payable_cannot_be_authorized(house, cents):
    house.approved()
    with pytest.raises(Refused, match=r"Between \$0 and \$500"):
        house.pay(amounts={(house.program, house.dealer, "2026-11"): cents})
    assert house.memos() == []


def test_an_unwound_sale_is_clawed_back_with_the_next_payment(house):
    claim = house.approved()
    house.pay()
    house.unwind(house.row(IncentiveClaim, claim).sale_id)
    assert house.owed() == -500_00
    with pytest.raises(Refused, match="nothing to pay"):
        house.pay()  # a debt makes no memo
    house.approved(), house.approved()
    house.pay()
    assert (house.memos()[-1], house.owed()) == ((house.dealer, 500_00), 0)
    house.agrees()


def test_the_74th_unit_claws_15400_back(house):
    """75 units paid 45,000; one is unwound; 15,400 nets with the next payment (domain-rules 2.4)."""
    program = house.publish(STEPS)
    sales = house.sell_many(75)
    house.volume(program)
    house.pay()
    house.unwind(sales[0])
    assert house.owed() == -15_400_00
    house.sell_many(1)
    house.volume(program)
    house.pay()
    assert (house.book("paid", program), house.owed()) == ([45_000_00, -15_400_00, 15_400_00], 0)
    house.agrees()


@pytest.mark.parametrize("status", ["suspended", "terminated"])
def test_a_stopped_dealer_is_not_paid(house, status):
    house.approved()
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE dealer SET status = :s WHERE id = :d"), {"s": status, "d": house.dealer})
    with reading(house.engine) as session:
        assert [r.why for r in list_payable(session, actor=house.finn)] == [f"The dealer is {status}"]
    with pytest.raises(Refused, match="nothing to pay"):
        house.pay()


def test_two_at_once_pay_each_cent_once(engine):
    house = PayHouse(engine)
    house.publish()
    for _ in range(3):
        house.approved()
    actors = [house.finn, house.fred]

    def pay(number):
        try:
            return run(make_payment, bind=engine, actor=actors[number], now=LATER)
        except Refused as refused:
            return refused.code

    assert sorted(map(str, at_once(pay, threads=2))) == ["1", "nothing"]
    assert (house.memos(), house.book("paid")) == ([(house.dealer, 1_500_00)], [500_00] * 3)
    house.agrees()


def test_what_is_owed_is_read_without_what_was_settled(house):
    """The query walks the index of claims with something owed, and the entries of these alone."""
    for _ in range(4):
        house.approved()
    house.pay()
    last = house.approved()
    plans = []

    def explain(connection, _cursor, statement, parameters, _context, _many):
        if "FROM incentive_" in statement and not statement.startswith("EXPLAIN"):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            plans.append(" / ".join(str(r[3]) for r in rows))

    event.listen(house.engine, "before_cursor_execute", explain)
    with reading(house.engine) as session:
        assert [o.claim_id for o in read_owed(session, actor=house.finn)] == [last]
    event.remove(house.engine, "before_cursor_execute", explain)
    first, second = plans[:2]
    assert "SCAN incentive_claim USING INDEX ix_incentive_claim_owed" in first
    assert "SEARCH incentive_entry USING INDEX ix_incentive_entry_claim (claim_id=?)" in second


def test_what_is_kept_as_owed_is_checked_against_the_ledger(house):
    claim = house.approved()
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE incentive_claim SET owed_cents = owed_cents - 1"))
    number = house.row(IncentiveClaim, claim).number
    with reading(house.engine) as session:
        assert owed_is_the_balance(session) == [f"{number}: 49999 cents are kept as owed, the ledger says 50000"]


def test_every_query_keeps_to_the_scope(house):
    house.approved(), house.approved(dealer_id=house.other_dealer)
    house.pay(amounts={(house.program, d, "2026-11"): 400_00 for d in (house.dealer, house.other_dealer)})
    with reading(house.engine) as session:
        mine, theirs = (m.id for m in session.scalars(select(IncentiveMemo).order_by(IncentiveMemo.id)))
        actor = house.dora
        assert [r.dealer_id for r in list_payable(session, actor=actor)] == [house.dealer]
        assert pay_figures(session, actor=actor).payable_cents == 100_00
        assert pay_figures(session, actor=actor).paid_cents == 400_00
        assert [m.id for m in list_memos(session, actor=actor)[0]] == [mine]
        assert [m.id for m in memos_by_id(session, ids=[mine, theirs], actor=actor)] == [mine]
        assert list(lines_of(session, memo_ids=[mine, theirs], actor=actor)) == [mine]
        assert (count_memos(session, actor=actor), count_batches(session, actor=actor)) == (1, 1)
        assert [b.cents for b in list_batches(session, actor=actor)[0]] == [400_00]
        assert len(get_batch(session, batch_id=1, actor=actor).left_out) == 1
        assert get_memo(session, memo_id=mine, actor=actor).lines[0].cents == 400_00
        with pytest.raises(NotFound):
            get_memo(session, memo_id=theirs, actor=actor)
        view = account_view(session, key=(house.program, house.dealer, "2026-11"), actor=actor)
        assert (view.earned_cents, view.approved_cents, view.paid_cents) == (500_00, 500_00, 400_00)
        with pytest.raises(NotFound):
            account_view(session, key=(house.program, house.other_dealer, "2026-11"), actor=actor)
        assert session.scalars(select(IncentiveMemoLine)).all()


amounts = st.integers(-900_00, 900_00).filter(bool)
owed_lines = st.lists(
    st.builds(
        Owed, claim_id=st.integers(1, 99), number=st.just("IC"), program_id=st.integers(1, 2),
        dealer_id=st.integers(1, 3), period=st.sampled_from(["2026-10", "2026-11"]), cents=amounts,
        dealer_status=st.sampled_from(["active", "active", "suspended"]), since=st.just(NOW), is_signed=st.booleans(),
    ),
    max_size=12, unique_by=lambda o: o.claim_id,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(owed_lines, st.dictionaries(st.tuples(st.integers(1, 2), st.integers(1, 3), st.just("2026-11")),
                                   st.integers(0, 500_00)))  # fmt: skip
def test_what_is_owed_is_paid_or_left_to_the_cent(owed, authorized):
    over = too_much(owed, authorized)
    while over is not None:
        authorized.pop(over[0])
        over = too_much(owed, authorized)
    found = plan(owed, amounts=authorized)
    assert found.cents + sum(x.cents for x in found.left_out) == sum(o.cents for o in owed)
    for memo in found.memos:
        assert memo.cents >= 0
        assert len({line.owed.dealer_id for line in memo.lines}) == 1
        for line in memo.lines:
            assert 0 < abs(line.cents) <= abs(line.owed.cents)
            assert not (line.owed.is_signed and line.cents > 0)
            assert line.owed.dealer_status == "active"
    for key, cents in authorized.items():
        paid = [x for m in found.memos for x in m.lines if x.owed.key == key]
        if paid:
            payable = payable_of(owed)[key]  # a debt is set off whole, whatever is authorized
            assert sum(x.cents for x in paid) == (cents if payable > 0 else payable)
