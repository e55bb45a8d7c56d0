"""What lists, statements, My work, search and exports show, and to whom: exactly one's own dealers (U17)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from db import catalog  # noqa: F401 - makes every kind of export known by name
from db.coop import claim_queries, form_queries, fund_queries, pay_queries, request_queries, work_queries
from db.coop.commands import make_payment
from db.coop.request_rules import Filters
from db.core.actor import EVERYTHING
from db.core.problems import NotFound
from db.core.session import reading, run
from db.exports import run_export
from tests.coop.factories import DAY, NOW, PRINT, RADIO, House, of
from tests.support.again import begun

LATER = NOW + 15 * DAY


@pytest.fixture
@begun
def house(sqlite_engine):
    """One paid claim and one waiting request of Dora's dealer; the other dealer has money and a waiting request."""
    house = House(sqlite_engine)
    house.earn(500_00, dealer=house.other_dealer)
    claim = house.claim(request=house.approved())
    house.claim_step("approve", claim, "cora")
    house.do(make_payment, actor=house.finn, now=LATER)
    house.ask(RADIO)
    house.ask(of(400_00), by="otto", dealer=house.other_dealer)
    return house


def test_the_statement_of_any_past_day(house):
    fund = house.fund().id
    with reading(house.engine) as session:
        shown = {
            day: fund_queries.statement(session, fund_id=fund, on=day, scope=EVERYTHING)
            for day in (date(2026, 5, 3), date(2026, 5, 4), date(2026, 5, 18), date(2026, 5, 19))
        }
    assert [s.balance.available for s in shown.values()] == [0, 4_000_00, 4_000_00, 4_000_00]
    assert [s.balance.reserved for s in shown.values()] == [0, 6_000_00, 6_000_00, 0]
    assert [s.balance.paid for s in shown.values()] == [0, 0, 0, 6_000_00]
    last = shown[date(2026, 5, 19)]
    assert [(x.entry.kind, x.change, x.available) for x in last.lines] == [
        ("accrual", 10_000_00, 10_000_00), ("reserve", -6_000_00, 4_000_00), ("claim", 0, 4_000_00),
        ("payment", 0, 4_000_00),
    ]  # fmt: skip
    assert [x.entry.number for x in last.lines] == ["", "FR-000001", "FC-000001", "FC-000001"]
    assert last.balance.available == house.fund().available_cents


def test_everybody_sees_exactly_their_own(house):
    fund, home = house.fund().id, house.dealer
    with reading(house.engine) as session:
        for who, requests, claims, funds in (
            ("dora", [2], [1], [fund]), ("otto", [3], [], [house.fund(house.other_dealer).id]), ("wes", [3], [], None),
            ("cora", [2, 3], [1], None),
        ):  # fmt: skip
            actor = getattr(house, who)
            scope = actor.scope
            assert [r.id for r in request_queries.list_requests(session, scope=scope)[0]] == requests
            assert request_queries.count_requests(session, scope=scope) == len(requests)
            approved = Filters(view="approved")
            assert [r.id for r in claim_queries.list_claims(session, scope=scope, filters=approved)[0]] == claims
            assert claim_queries.count_claims(session, scope=scope, filters=approved) == len(claims)
            rows = fund_queries.list_funds(session, scope=scope)[0]
            assert funds is None or [r.id for r in rows] == funds
            assert fund_queries.count_funds(session, scope=scope) == len(rows)
            total = fund_queries.fund_totals(session, scope=scope)
            assert total.available == sum(r.available_cents for r in rows)
            assert len(pay_queries.list_memos(session, scope=scope)[0]) == (who in ("dora", "cora"))
            assert [s.item_id for s in work_queries.found_requests(session, ids=[2, 3], actor=actor)] == requests
            assert [s.item_id for s in work_queries.found_claims(session, ids=[1], actor=actor)] == claims
            assert fund_queries.list_periods(session, scope=scope) == ["2026"]
        for who in ("otto", "wes"):
            actor = getattr(house, who)
            refused = (
                lambda a=actor: request_queries.get_request(session, item_id=2, actor=a, now=NOW),
                lambda a=actor: claim_queries.get_claim(session, item_id=1, actor=a, now=NOW),
                lambda a=actor: fund_queries.statement(session, fund_id=fund, on=date(2026, 6, 1), scope=a.scope),
                lambda a=actor: pay_queries.memo_lines(session, memo_id=1, scope=a.scope),
                lambda a=actor: form_queries.owner_of(session, request_id=2, actor=a),
                lambda a=actor: request_queries.quote(
                    session, dealer_id=home, programme_id=house.programme, terms=PRINT, actor=a, now=NOW
                ),
                lambda a=actor: form_queries.claim_quote(
                    session, terms=PRINT, proofs=(), dealer_id=home, programme_id=house.programme, request_id=None,
                    actor=a, now=NOW,
                ),
            )  # fmt: skip
            for ask in refused:
                with pytest.raises(NotFound):
                    ask()
            found = fund_queries.dealer_balance(
                session, dealer_id=home, programme_id=house.programme, actor=actor, now=NOW
            )  # fmt: skip
            assert found == (0, ())
            assert pay_queries.read_owed(session, actor=actor) == []
            assert work_queries.found_memos(session, ids=[1], actor=actor) == []
            assert not work_queries.dealer_lines(session, dealer_id=home, actor=actor, now=NOW, since=None)


def test_my_work_brings_the_desk_what_was_sent_and_the_dealer_what_came_back(house):
    with reading(house.engine) as session:
        assert [w.number for w in work_queries.work_lines(session, actor=house.cora, now=NOW, limit=9)] == [
            "FR-000002",
            "FR-000003",
        ]
        assert work_queries.work_lines(session, actor=house.dora, now=NOW, limit=9) == []
        late = work_queries.work_counts(session, actor=house.cora, now=NOW + timedelta(days=11))
        assert [(c.label, c.count, c.overdue) for c in late] == [("Co-op requests", 2, 2), ("Co-op claims", 0, 0)]
    house.step("send_back", 2, "cora", note="Which station?")
    with reading(house.engine) as session:
        assert [w.number for w in work_queries.work_lines(session, actor=house.dora, now=NOW, limit=9)] == ["FR-000002"]
        assert work_queries.work_lines(session, actor=house.finn, now=NOW, limit=5) == []


def test_pages_of_a_list_go_on_where_the_last_ended(house):
    made = [house.ask(of(100_00 + n), now=NOW + n * DAY / 10) for n in range(5)]
    with reading(house.engine) as session:
        seen, after = list[int](), None
        while True:
            rows, after = request_queries.list_requests(session, scope=EVERYTHING, after=after, limit=2)
            seen += [r.id for r in rows]
            if after is None:
                break
    assert seen == [2, 3, *made]


def test_what_is_payable_is_shown_before_and_after(house):
    with reading(house.engine) as session:
        page = request_queries.get_request(session, item_id=2, actor=house.cora, now=NOW)
        assert (page.found.cents, page.available, page.after_cents) == (4_000_00, 4_000_00, 0)
        assert [b.name for b in page.found.bounds if b.decides] == ["available"]
        assert page.needs[-1] == "Script with ANA/RAB certification"
        over = request_queries.get_request(session, item_id=2, actor=house.cora, now=NOW + timedelta(days=200))
        assert (over.available, over.found.cents) == (0, 0)  # the April lot is over, swept or not
        quote = request_queries.quote(
            session, dealer_id=house.dealer, programme_id=house.programme, terms=RADIO, actor=house.dora, now=NOW
        )  # fmt: skip
        assert quote is not None
        assert (quote.found.cents, quote.preapproval) == (4_000_00, True)
        claim = form_queries.claim_quote(
            session, terms=RADIO, proofs=(), dealer_id=house.dealer, programme_id=house.programme, request_id=None,
            actor=house.dora, now=LATER,
        )  # fmt: skip
        assert claim is not None
        assert {c.code for c in claim.checks if not c.ok} == {"C01", "C02"}


@pytest.mark.parametrize(
    "kind, words", [("coop_requests", b"FR-000002"), ("coop_claims", b""), ("coop_funds", b"COOP-2026")]
)
def test_exports_hold_what_the_page_shows(house, kind, words):
    found = {
        who: run(
            run_export, bind=house.engine, kind=kind, file_format="csv", actor=getattr(house, who), now=NOW
        ).content
        for who in ("dora", "otto")
    }
    assert words in found["dora"]
    assert b"Lone Pine" not in found["otto"]
