"""Claims of parts as a queue, what can be claimed, my work, the export, and the checks that find what is broken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from db.core.permissions import Permission
from db.core.problems import NotFound, Refused
from db.core.session import reading, writing
from db.parts.checks import lines_add_up, parts_lie_in_their_region
from db.parts.claim_queries import (
    ClaimFilters,
    claimable_lines,
    count_claims,
    export_lines,
    found_claims,
    get_claim,
    list_claims,
    work_counts,
    work_lines,
)
from tests.parts import factories as f
from tests.parts.test_queries import Desk, delivered
from tests.support.again import begun

NOW = f.NOW


def delivered_again(desk):
    order = desk.place()
    f.shipped(desk.engine, order, 4, actor=desk.cora)
    return order


@pytest.fixture
@begun
def quick(sqlite_engine):
    return Desk(sqlite_engine)


def test_the_queue_shows_the_own_claims_only(quick):
    own = f.claimed(quick.engine, delivered(quick), actor=quick.dana)
    late = f.claimed(quick.engine, delivered_again(quick), actor=quick.dana, now=NOW + timedelta(days=20))
    other_order = quick.place("stella", lines={"BR-100": 1})
    f.shipped(quick.engine, other_order, 1, actor=quick.cora)
    other = f.claimed(quick.engine, other_order, actor=quick.stella, kind="damaged")
    for filters, ids in (
        (ClaimFilters(), [own, other, late]), (ClaimFilters(late=True), [late]), (ClaimFilters(is_open=False), []),
        (ClaimFilters(kind="damaged"), [other]), (ClaimFilters(region="West"), [other]),
        (ClaimFilters(dealer_id=quick.lone), [own, late]),
    ):  # fmt: skip
        rows, _ = quick.ask(list_claims, actor=quick.cora, filters=filters)
        assert sorted(r.id for r in rows) == sorted(ids)
        assert quick.ask(count_claims, actor=quick.cora, filters=filters) == len(ids)
    rows, at = quick.ask(list_claims, actor=quick.dana, filters=ClaimFilters(), limit=1)
    more, end = quick.ask(list_claims, actor=quick.dana, filters=ClaimFilters(), limit=1, after=at)
    assert ([r.id for r in (*rows, *more)], end) == ([own, late], None)
    with pytest.raises(NotFound):
        quick.ask(get_claim, item_id=other, actor=quick.dana, now=NOW)
    assert [r.item_id for r in quick.ask(found_claims, ids=[other, own], actor=quick.dana)] == [own]
    number = f.order_of(quick.engine, other_order).number
    assert quick.ask(claimable_lines, number=number, actor=quick.dana) == []
    assert len(quick.ask(claimable_lines, number=number.lower(), actor=quick.stella)) == 1


def test_the_manufacturer_decides_and_the_dealer_answers(quick):
    claim = f.claimed(quick.engine, delivered(quick), actor=quick.dana)
    (mine,) = quick.ask(work_lines, actor=quick.cora, now=NOW, limit=9)
    assert (mine.item_id, mine.why) == (claim, "Decide the claim")
    assert quick.ask(work_lines, actor=quick.dana, now=NOW, limit=9) == []
    f.step(quick.engine, "parts_claims", "ask", claim, actor=quick.cora, note="Which box?")
    assert [x.why for x in quick.ask(work_lines, actor=quick.dana, now=NOW, limit=9)] == ["Answer the question"]
    (count,) = quick.ask(work_counts, actor=quick.dana, now=NOW + timedelta(days=60))
    assert (count.count, count.overdue) == (1, 1)
    assert quick.ask(work_counts, actor=quick.cora, now=NOW) == []
    assert quick.ask(work_counts, actor=quick.stella, now=NOW) == []


def test_who_filed_a_claim_does_not_decide_it(quick):
    claim = f.claimed(quick.engine, delivered(quick), actor=quick.cora)
    assert quick.cora.can(Permission.PARTS_DECIDE)
    with pytest.raises(Refused):
        f.step(quick.engine, "parts_claims", "credit", claim, actor=quick.cora)
    assert f.claim_of(quick.engine, claim).status == "sent_in"
    f.step(quick.engine, "parts_claims", "credit", claim, actor=quick.mason)
    assert f.claim_of(quick.engine, claim).status == "credited"


def test_the_export_holds_the_lines_of_the_scope(quick):
    delivered(quick)
    quick.place("stella", kind="emergency", lines={"BR-100": 2})

    def rows(actor, **filters):
        with reading(quick.engine) as session:
            return list(export_lines(session, actor=actor, scope=actor.scope, filters=filters, now=NOW))

    assert [(r[3], r[4], r[9], r[10]) for r in rows(quick.cora)] == [
        ("Lone Pine Motors", "Stock", 4, 4), ("North Star", "Emergency", 2, 0),
    ]  # fmt: skip
    assert [r[3] for r in rows(quick.dana)] == ["Lone Pine Motors"]
    assert [r[3] for r in rows(quick.cora, open="yes")] == ["North Star"]
    assert rows(quick.dana, dealer_id=str(quick.star)) == []


@pytest.mark.parametrize(
    "damage, check, said",
    [
        ("UPDATE parts_order_line SET shipped = 1", lines_add_up, "another count than its shipments"),
        ("UPDATE parts_order_line SET promises = 2", lines_add_up, "another count than its promises"),
        ("UPDATE parts_order_line SET is_open = 0", lines_add_up, "is not as open as its"),
        ("UPDATE parts_order SET is_open = 0", lines_add_up, "is not as open as its lines"),
        ("UPDATE parts_order_line SET region = 'Moon'", parts_lie_in_their_region, "line 1 lies in another region"),
        ("UPDATE parts_order SET region = 'Moon'", parts_lie_in_their_region, "lies in another region"),
    ],
)
def test_a_check_finds_what_is_broken(quick, damage, check, said):
    f.part(quick.engine)
    quick.place()
    assert quick.ask(check) == []
    with writing(quick.engine, keeps_timeline=False) as session:
        session.execute(text(damage))
    assert any(said in sentence for sentence in quick.ask(check))
