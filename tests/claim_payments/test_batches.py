"""Payment batches: who is paid what, who is left out and why, and each entry exactly once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from db.claim_payments.batch_commands import make_batch
from db.claim_payments.payable_queries import preview_batch
from db.claim_payments.tables import ClaimEntry, CreditMemo, PaymentBatch
from db.core.problems import Refused
from db.core.session import reading, run
from tests.claim_payments.factories import House
from tests.claim_payments.test_ledger import agrees
from tests.claims.factories import NOW, claim_of
from tests.support.again import begun

LATER = NOW + timedelta(days=2)


@pytest.fixture
@begun
def house(sqlite_engine):
    return House(sqlite_engine)


def stored(engine, table):
    with reading(engine) as session:
        rows = list(session.scalars(select(table).order_by(table.id)))
        session.expunge_all()
        return rows


def why_left(house, **more):
    with reading(house.engine) as session:
        return {x.number: x.why for x in preview_batch(session, actor=house.finn, **more).left_out}


def test_a_batch_pays_every_dealer_once(engine):
    house = House(engine)
    claims = [
        house.approved(cents=300_00), house.approved(cents=200_00, share=50),
        house.approved(cents=90_00, dealer_id=house.other_dealer),
    ]  # fmt: skip
    with reading(engine) as session:
        preview = preview_batch(session, actor=house.finn)
    assert (preview.claims, preview.cents) == (3, 490_00)
    batch_id = house.batch(seen_entries=preview.entries, seen_cents=preview.cents, form_key="k")
    assert house.batch(form_key="k") == batch_id  # a double click
    memos = stored(engine, CreditMemo)
    assert {m.dealer_id: m.cents for m in memos} == {house.dealer: 400_00, house.other_dealer: 90_00}
    assert [m.number for m in memos] == ["CM-000001", "CM-000002"]
    assert [house.status(c) for c in claims] == ["paid"] * 3
    assert claim_of(engine, claims[0]).paid_at == LATER
    assert house.unpaid() == 0
    agrees(engine)
    with pytest.raises(Refused, match="nothing to pay"):
        house.batch(who="fred")


def test_another_sum_than_the_preview_is_refused(house):
    house.approved(cents=300_00)
    with reading(house.engine) as session:
        seen = preview_batch(session, actor=house.finn)
    house.approved(cents=10_00)
    with pytest.raises(Refused, match=r"changed to \$310\.00 for 2 claims"):
        house.batch(seen_entries=seen.entries, seen_cents=seen.cents)
    assert stored(house.engine, PaymentBatch) == []


@pytest.mark.parametrize("who", ["cora", "mason", "dora"])
def test_only_finance_pays(house, who):
    house.approved(cents=300_00)
    with pytest.raises(Refused, match="may not do this"):
        house.batch(who=who)


def test_an_appealed_claim_waits(house):
    appealed, other = house.approved(cents=300_00, share=50), house.approved(cents=100_00)
    house.step("appeal", appealed, who="dora", note="More")
    assert list(why_left(house).values()) == ["Appealed or being decided again; not payable until then"]
    house.batch()
    assert (house.status(appealed), house.status(other)) == ("appealed", "paid")
    house.decide(appealed, by="carl")
    house.batch(who="fred")
    assert stored(house.engine, CreditMemo)[1].cents == 300_00
    agrees(house.engine)


def test_whoever_signed_does_not_pay(house):
    signed = house.approved(cents=300_00, by="ada")
    with reading(house.engine) as session:
        preview = preview_batch(session, actor=house.ada)
    assert [x.why for x in preview.left_out] == ["You signed this claim; somebody else has to pay it"]
    with pytest.raises(Refused, match="nothing to pay"):
        house.batch(who="ada")
    house.batch(who="finn")
    assert house.status(signed) == "paid"


@pytest.mark.parametrize("status", ["suspended", "terminated"])
def test_a_stopped_dealer_is_left_out(house, status):
    claim = house.approved(cents=300_00)
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE dealer SET status = :s WHERE id = :d"), {"s": status, "d": house.dealer})
    assert list(why_left(house).values()) == [f"The dealer is {status}"]
    with pytest.raises(Refused, match="nothing to pay"):
        house.batch()
    assert house.status(claim) == "approved"


def test_only_what_is_due_and_only_some_dealers(house):
    early = house.approved(cents=300_00)
    late = house.approved(cents=100_00, now=NOW + timedelta(days=10))
    other = house.approved(cents=50_00, dealer_id=house.other_dealer)
    day = claim_of(house.engine, early).pay_by
    house.batch(due_until=day, dealer_ids=[house.dealer], now=NOW + timedelta(days=11))
    assert [house.status(c) for c in (early, late, other)] == ["paid", "approved", "approved"]
    assert [x["why"] for x in stored(house.engine, PaymentBatch)[0].left_out] == ["not_due"]


def test_a_debt_is_carried_until_it_is_earned(house):
    claim = house.approved(cents=300_00)
    house.batch()
    house.step("charge_back", claim, who="mason", amount_cents=300_00, reason_code="AUDIT_FINDING", note="Not done")
    small = house.approved(cents=100_00)
    assert set(why_left(house).values()) == {"The dealer owes more than it is owed; carried to the next batch"}
    with pytest.raises(Refused, match="nothing to pay"):
        house.batch()
    assert (house.status(small), house.unpaid()) == ("approved", -200_00)
    house.approved(cents=250_00)
    house.batch()
    assert [m.cents for m in stored(house.engine, CreditMemo)] == [300_00, 50_00]
    assert house.status(small) == "paid"
    agrees(house.engine)


def test_two_finance_people_at_once_pay_each_entry_once(engine):
    house = House(engine)
    claims = [house.approved(cents=100_00 + i) for i in range(3)]
    actors, start, outcomes = [house.finn, house.fred], threading.Barrier(2), list[object]()

    def pay(actor):
        start.wait()
        try:
            outcomes.append(run(make_batch, bind=engine, actor=actor, now=LATER))
        except Refused as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=pay, args=(a,)) for a in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["1", "nothing"]
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(CreditMemo)) == 1
        assert session.scalar(select(func.sum(CreditMemo.cents))) == 300_03
        assert session.scalar(select(func.count()).where(ClaimEntry.memo_id.is_(None))) == 0
    assert [house.status(c) for c in claims] == ["paid"] * 3
    agrees(engine)
