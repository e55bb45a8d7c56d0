"""What was paid, as it is read: each query within its reader's scope, pages without gaps, files for the ERP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.claim_payments import memo_queries as memos
from db.claim_payments import offers
from db.claim_payments.payable_queries import list_payable
from db.claim_payments.print_commands import print_memo
from db.core.permissions import Role
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from tests.claim_payments.factories import House
from tests.claims.factories import NOW, claim_of
from tests.support.again import begun
from tests.support.users import actor_named, make_person

LATER = NOW + timedelta(days=2)


@pytest.fixture
@begun
def house(sqlite_engine):
    return House(sqlite_engine)


@pytest.fixture
@begun
def paid(engine):
    """Two dealers paid in one batch, one of them again in a second, one claim left out of the first."""
    house = House(engine)
    house.approved(cents=300_00)
    house.approved(cents=90_00, dealer_id=house.other_dealer)
    appealed = house.approved(cents=200_00, share=50)
    house.step("appeal", appealed, who="dora", note="More")
    house.batch()
    house.decide(appealed, by="carl")
    house.batch(who="fred")
    return house


def test_each_reader_sees_the_memos_in_scope(paid):
    with reading(paid.engine) as session:
        seen = {
            who: [m.number for m in memos.list_memos(session, actor=getattr(paid, who))[0]]
            for who in ("finn", "dora", "otto")
        }
        assert seen == {
            "finn": ["CM-000003", "CM-000002", "CM-000001"], "dora": ["CM-000003", "CM-000001"], "otto": ["CM-000002"],
        }  # fmt: skip
        assert memos.count_memos(session, actor=paid.otto) == 1
        assert memos.list_memos(session, actor=paid.otto, dealer_id=paid.dealer)[0] == []


def test_a_memo_has_its_lines_and_is_absent_for_others(paid):
    with reading(paid.engine) as session:
        memo = memos.get_memo(session, memo_id=3, actor=paid.dora)
        assert [(x.claim, x.label, x.cents) for x in memo.lines] == [
            ("WC-000003", "Approved", 100_00), ("WC-000003", "Approved", 100_00),
        ]  # fmt: skip
        assert sum(x.cents for x in memo.lines) == memo.cents
        for memo_id in (3, 99):
            with pytest.raises(NotFound):
                memos.get_memo(session, memo_id=memo_id, actor=paid.otto)
        assert memos.lines_of(session, memo_ids=[1, 3], actor=paid.otto) == {}
        assert memos.memos_by_id(session, ids=[1, 2], actor=paid.otto)[0].number == "CM-000002"


def test_a_batch_counts_what_its_reader_may_see(paid):
    with reading(paid.engine) as session:
        sums = {
            who: [
                (b.number, b.memos, b.claims, b.cents) for b in memos.list_batches(session, actor=getattr(paid, who))[0]
            ]
            for who in ("finn", "otto")
        }
        assert sums == {
            "finn": [("PB-000002", 1, 1, 200_00), ("PB-000001", 2, 2, 390_00)], "otto": [("PB-000001", 1, 1, 90_00)],
        }  # fmt: skip
        assert memos.count_batches(session, actor=paid.otto) == 1
        left = memos.get_batch(session, batch_id=1, actor=paid.finn).left_out
        assert [(x.number, x.cents) for x in left] == [("WC-000003", 100_00)]
        assert memos.get_batch(session, batch_id=1, actor=paid.otto).left_out == ()
        with pytest.raises(NotFound):
            memos.get_batch(session, batch_id=2, actor=paid.otto)


def test_the_ledger_is_read_by_dealer_and_by_claim(paid):
    with reading(paid.engine) as session:
        rows, _ = memos.list_ledger(session, actor=paid.finn, claim=" wc-000003 ")
        assert [(x.claim, x.cents, x.memo) for x in rows] == [("WC-000003", 100_00, "CM-000003")] * 2
        assert memos.ledger_sums(session, actor=paid.finn) == (590_00, 0)
        assert memos.ledger_sums(session, actor=paid.otto) == (90_00, 0)
        assert memos.count_ledger(session, actor=paid.otto) == 1
        assert {x.dealer_id for x in memos.list_ledger(session, actor=paid.otto)[0]} == {paid.other_dealer}
        assert memos.list_ledger(session, actor=paid.otto, claim="WC-000003")[0] == []
        assert memos.ledger_sums(session, actor=paid.otto, claim="WC-000003") == (0, 0)


def test_pages_follow_each_other_without_gaps(engine):
    house = House(engine)
    for i in range(5):
        house.approved(cents=10_00 + i, now=NOW + timedelta(days=i // 2))
    with reading(engine) as session:
        seen: list[str] = []
        after = None
        while True:
            rows, after = list_payable(session, actor=house.finn, after=after, limit=2)
            seen += [r.number for r in rows]
            if after is None:
                break
        assert seen == [f"WC-00000{i}" for i in range(1, 6)]
        assert memos.count_unpaid_claims(session, actor=house.finn) == 5
        assert memos.count_unpaid_claims(session, actor=house.otto) == 0
    for i in range(3):
        house.batch(now=LATER + timedelta(days=i))
        house.approved(cents=20_00, now=LATER)
    with reading(engine) as session:
        for listed in (memos.list_memos, memos.list_batches, memos.list_ledger):
            ids: list[int] = []
            last: int | None = None
            while True:
                page, last = listed(session, actor=house.finn, after=last, limit=2)
                ids += [x.id for x in page]
                if last is None:
                    break
            assert ids == sorted(set(ids), reverse=True)
            assert len(ids) == (8 if listed is memos.list_ledger else 3)


def test_who_may_not_see_payments_is_refused(house):
    make_person(house.engine, "sam", Role.DEALER_STAFF, scope_kind="dealers", dealer_ids=[house.dealer])
    sam = actor_named(house.engine, "sam")
    with reading(house.engine) as session:
        for ask in (
            memos.list_memos, memos.list_batches, memos.list_ledger, memos.count_memos, memos.count_batches,
            memos.count_ledger, memos.count_unpaid_claims, memos.ledger_sums,
        ):  # fmt: skip
            with pytest.raises(Refused):
                ask(session, actor=sam)


def test_the_file_for_the_erp_has_every_line_of_scope(paid):
    with reading(paid.engine) as session:
        rows = {
            who: list(
                offers.export_rows(
                    session, actor=getattr(paid, who), scope=getattr(paid, who).scope, filters={}, now=LATER
                )
            )
            for who in ("finn", "otto")
        }
    assert all(len(row) == len(offers.COLUMNS) for row in rows["finn"])
    assert sum(row[-1] for row in rows["finn"]) == 590_00
    assert [(row[0], row[8], row[-1]) for row in rows["otto"]] == [("CM-000002", "WC-000002", 90_00)]


def test_a_memo_is_printed_by_those_who_see_it(house):
    house.approved(cents=300_00)
    house.batch()
    first = run(print_memo, bind=house.engine, memo_id=1, actor=house.dora, now=LATER)
    again = run(print_memo, bind=house.engine, memo_id=1, actor=house.finn, now=LATER)
    assert first.content[:5] == b"%PDF-"
    assert (first.name, first.content) == ("CM-000001.pdf", again.content)
    with pytest.raises(NotFound):
        run(print_memo, bind=house.engine, memo_id=1, actor=house.otto, now=LATER)


def test_overdue_claims_wait_in_my_work_by_dealer(house):
    claim = house.approved(cents=300_00)
    house.approved(cents=90_00, dealer_id=house.other_dealer)
    day = claim_of(house.engine, claim).pay_by
    assert day is not None
    assert day is not None
    at = NOW + (day - NOW.date()) + timedelta(days=3)
    with reading(house.engine) as session:
        assert offers.work_lines(session, actor=house.finn, now=NOW, limit=5) == []
        lines = offers.work_lines(session, actor=house.finn, now=at, limit=5)
        assert {(x.item_id, x.status) for x in lines} == {(house.dealer, "Overdue"), (house.other_dealer, "Overdue")}
        (count,) = offers.work_counts(session, actor=house.finn, now=at)
        assert (count.count, count.overdue) == (2, 2)
