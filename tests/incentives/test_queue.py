"""The queue's queries and approving many at once: order, counts, scope, four eyes, and what is skipped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db.core.problems import NotFound, Refused
from db.core.session import make_engine, reading, run
from db.incentives.bulk_commands import approve_many
from db.incentives.queue_queries import (
    DEALERS,
    OURS,
    Filters,
    claim_page,
    count_all,
    first_to_decide,
    list_claims,
    program_choices,
    with_hits,
)
from db.incentives.tables import IncentiveClaim, IncentiveRun
from tests.incentives.factories import CASH, NOW, House
from tests.incentives.figuring import told_at, told_house
from tests.support.again import begun


@pytest.fixture
@begun
def house(engine):
    return House(engine)


@pytest.fixture
@begun
def small(sqlite_engine):
    return House(sqlite_engine)


def three(house, **more):
    house.publish(**more)
    vins = [f"1HGCM82633A0043{n}" for n in (52, 53, 54)]
    return [house.claim(house.sell(vin=vin), now=NOW + timedelta(hours=n))[0] for n, vin in enumerate(vins)]


def ids(house, who, filters=None, **more):
    with reading(house.engine) as session:
        return [r.id for r in list_claims(session, actor=getattr(house, who), filters=filters or Filters(**more))[0]]


def bulk(house, claims, *, who="cora", versions=None):
    items = [(c, (versions or {}).get(c) or house.row(IncentiveClaim, c).version) for c in claims]
    return run(approve_many, bind=house.engine, items=items, actor=getattr(house, who), now=NOW)


def test_due_first_and_pages_meet(small):
    first, second, third = three(small)
    with reading(small.engine) as session:
        rows, following = list_claims(session, actor=small.cora, filters=Filters(), limit=2)
        assert [r.id for r in rows] == [first, second]
        rest, end = list_claims(session, actor=small.cora, filters=Filters(), after=following, limit=2)
        assert ([r.id for r in rest], end) == ([third], None)
        newest, following = list_claims(session, actor=small.cora, filters=Filters(view="all"), limit=2)
        assert [r.id for r in newest] == [third, second]
        rest, _ = list_claims(session, actor=small.cora, filters=Filters(view="all"), after=following, limit=2)
        assert [r.id for r in rest] == [first]


def test_filters_and_counts_say_the_same(small):
    first, second, third = three(small)
    small.step("deny", first, who="cora", reason_code="other", note="No")
    small.step("send_back", second, who="cora", reason_code="other", note="Complete it")
    assert ids(small, "cora", view="returned") == [second]
    assert ids(small, "cora", view="decided", status="denied") == [first]
    assert ids(small, "cora", due="over", now=NOW + timedelta(days=31)) == [third]
    assert ids(small, "cora", due="3", now=NOW) == []
    assert ids(small, "cora", view="all", least_cents=500_01) == []
    assert ids(small, "cora", view="all", below_cents=500_01) == [third, second, first]
    assert ids(small, "cora", view="all", rule="I08") == []
    assert ids(small, "cora", view="all", region="West") == []
    with reading(small.engine) as session:
        found = with_hits(session, Filters(view="all", text="3A004354"), actor=small.cora)
        views = {v: count_all(session, actor=small.cora, filters=Filters(view=v)).total for v in OURS}
        states = count_all(session, actor=small.cora, filters=Filters(status="denied")).statuses
        late = count_all(session, actor=small.cora, filters=Filters(now=NOW + timedelta(days=31)))
        early = count_all(session, actor=small.cora, filters=Filters(view="decided", now=NOW))
        assert len(program_choices(session, actor=small.cora)) == 1
    assert ids(small, "cora", found) == [third]
    assert views == {"waiting": 1, "mine": 1, "returned": 1, "decided": 1, "all": 3}
    assert {k: v for k, v in states.items() if v} == {"returned": 1, "in_review": 1, "denied": 1}
    assert (late.total, late.late, late.soon) == (1, 1, 1)
    assert (early.total, early.late, early.soon) == (1, 0, 0)


PLAIN_VIEWS = {
    "waiting": ("in_review", "appealed"), "returned": ("entered", "returned"),
    "decided": ("approved", "partially_approved", "denied", "reversed"), "all": None,
}  # fmt: skip


def test_every_filter_finds_what_a_plain_look_at_the_claims_finds(sqlite_templates, tmp_path):
    house = told_house(make_engine(told_at(sqlite_templates, tmp_path / "told.db")))
    with reading(house.engine) as session:
        claims = list(session.scalars(select(IncentiveClaim)))
        session.expunge_all()

    def plain(who, wanted, *, view):
        states, soon = PLAIN_VIEWS[view], wanted.get("due")
        return {
            c.id for c in claims
            if getattr(house, who).scope.allows(dealer_id=c.dealer_id, region=c.region)
            and (states is None or c.status in states)
            and (view != "waiting" or c.due_at is not None)
            and wanted.get("status") in (None, c.status) and wanted.get("region") in (None, c.region)
            and wanted.get("program_id") in (None, c.program_id) and wanted.get("dealer_id") in (None, c.dealer_id)
            and (c.claimed_cents or 0) >= wanted.get("least_cents", 0)
            and (c.claimed_cents or 0) < wanted.get("below_cents", 10**9)
            and (not soon or (c.due_at is not None and c.due_at < NOW + timedelta(days=int(soon))))
        }  # fmt: skip

    asked: list[dict[str, Any]] = [
        {}, {"status": "approved"}, {"region": "West"}, {"region": "Nowhere"}, {"program_id": house.cash},
        {"dealer_id": house.dealer}, {"least_cents": 500_00}, {"below_cents": 500_00}, {"due": "14"},
        {"program_id": house.cash, "region": "West", "least_cents": 1, "below_cents": 900_00},
        {"dealer_id": house.other_dealer, "status": "approved"},
    ]  # fmt: skip
    with reading(house.engine) as session:
        for who in ("cora", "dora", "otto"):
            actor = getattr(house, who)
            for view in PLAIN_VIEWS:
                for wanted in asked:
                    filters = Filters(view=view, now=NOW, **wanted)
                    found = plain(who, wanted, view=view)
                    rows, _ = list_claims(session, actor=actor, filters=filters)
                    assert {r.id for r in rows} == found, (who, view, wanted)
                    counts = count_all(session, actor=actor, filters=filters)
                    assert counts.total == len(found), (who, view, wanted)
                    rest = {k: v for k, v in wanted.items() if k not in ("status", "due")}
                    assert counts.soon == len(plain(who, {**rest, "due": "3"}, view="waiting"))
                    for state, number in counts.statuses.items():
                        assert number == len(plain(who, {**rest, "status": state}, view="all")), (who, wanted, state)


def test_both_databases_answer_every_kind_of_question(house):
    first, *others = three(house)
    every: dict[str, Any] = {"least_cents": 1, "below_cents": 900_00, "due": "14", "rule": "I08", "ids": (first,)}
    with reading(house.engine) as session:
        for who in ("cora", "dora", "mason"):
            actor = getattr(house, who)
            for view in OURS:
                for more in ({}, every):
                    filters = Filters(view=view, now=NOW, region="", **more)
                    count_all(session, actor=actor, filters=filters)
                    _, following = list_claims(session, actor=actor, filters=filters, limit=1)
                    rest, _ = list_claims(session, actor=actor, filters=filters, after=following or (NOW, 0))
                    assert len(rest) <= len(others)


def test_a_check_that_stands_in_the_way_finds_its_claims(small):
    small.publish()
    wrong = small.claim(small.sell(documents=(("diploma", ""),)))[0]
    assert ids(small, "cora", view="all", rule="I08") == [wrong]
    assert ids(small, "cora", view="all", rule="I01") == []


def test_other_dealers_see_nothing(small):
    first, *_ = three(small)
    for view in ("waiting", "returned", "decided", "all"):
        assert ids(small, "otto", view=view) == []
    with reading(small.engine) as session:
        assert [v for v in DEALERS if count_all(session, actor=small.otto, filters=Filters(view=v)).total] == []
        nothing = count_all(session, actor=small.otto, filters=Filters(now=NOW))
        assert (nothing.total, nothing.late, nothing.soon, sum(nothing.statuses.values())) == (0, 0, 0, 0)
        assert first_to_decide(session, actor=small.otto, filters=Filters(), but=0) is None
        with pytest.raises(NotFound):
            claim_page(session, item_id=first, actor=small.otto, now=NOW)


def test_nobody_is_offered_what_they_sent_or_signed(small):
    small.publish(CASH | {"rule": {"kind": "customer_cash", "cents": 9_000_00}})
    own = small.claim(small.sell(who="cora"), who="cora", cents=9_000_00)[0]
    assert ids(small, "cora", view="mine") == []
    assert ids(small, "carl", view="mine") == [own]
    assert small.step("approve", own, who="carl") == "in_review"
    assert ids(small, "carl", view="mine") == []
    assert ids(small, "mason", view="mine") == [own]
    with reading(small.engine) as session:
        assert first_to_decide(session, actor=small.mason, filters=Filters(), but=0) == own
        assert first_to_decide(session, actor=small.mason, filters=Filters(), but=own) is None


def test_the_page_shows_every_check_the_losers_and_the_runs(small):
    small.publish(stack_group="cash")
    small.publish(CASH | {"code": "LESS-11", "rule": {"kind": "dealer_cash", "cents": 300_00}}, stack_group="cash")
    claim = small.claim(small.sell())[0]
    small.step("validate", claim, who="cora")
    with reading(small.engine) as session:
        page = claim_page(session, item_id=claim, actor=small.cora, now=NOW)
    assert [c.rule for c in page.checks] == [f"I{n:02}" for n in range(1, 15)]
    assert (page.chosen, page.chosen_cents) == (("CASH-11",), 500_00)
    assert [loser.code for loser in page.losers] == ["LESS-11"]
    assert [r.run for r in page.runs] == [2, 1]


# ---- many at once ----------------------------------------------------------------------------------------------------
def test_many_are_approved_with_one_entry_and_the_others_are_named(house):
    first, second, third = three(house)
    result = bulk(house, [first, second, third], versions={third: 99})
    assert result.approved == (first, second)
    assert result.cents == 1_000_00
    assert [number for number, _ in result.skipped] == [house.row(IncentiveClaim, third).number]
    assert [house.status(c) for c in (first, second, third)] == ["approved", "approved", "in_review"]
    house.agrees()


def test_what_the_budget_cannot_pay_is_skipped_and_leaves_nothing(house):
    claims = three(house, budget_cents=1_000_00)
    before = house.count(IncentiveRun)
    result = bulk(house, claims)
    assert len(result.approved) == 2
    assert house.status(claims[2]) == "in_review"
    assert house.count(IncentiveRun) == before + 2
    house.agrees()


def test_what_needs_another_signature_is_skipped(small):
    small.publish(CASH | {"rule": {"kind": "customer_cash", "cents": 9_000_00}})
    large = small.claim(small.sell(), cents=9_000_00)[0]
    with pytest.raises(Refused, match="Open it to sign"):
        bulk(small, [large])
    assert small.row(IncentiveClaim, large).signed_by == ""
    assert bulk(small, [large], who="mason").cents == 9_000_00


def test_refused_without_the_permission_without_a_claim_and_out_of_scope(small):
    first, *_ = three(small)
    with pytest.raises(Refused, match="role"):
        bulk(small, [first], who="dora")
    with pytest.raises(Refused, match="at least one"):
        bulk(small, [])
    with pytest.raises(Refused, match="A claim"):
        run(approve_many, bind=small.engine, items=[(999, 1)], actor=small.cora, now=NOW)
    own = small.claim(small.sell(who="cora", vin="1HGCM82633A004390"), who="cora")[0]
    with pytest.raises(Refused, match=small.row(IncentiveClaim, own).number):
        bulk(small, [own])
