"""The balance of a fund over time and its months, against its ledger and the example of domain-rules 2.3."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from components.areas.coop_balance import _columns, words
from components.charts import coop as charts
from db.coop.figure_balance_queries import balance_view, month_lines
from db.coop.fund_queries import statement
from db.coop.jobs import run_expiry
from db.core.problems import NotFound, Refused
from db.core.session import reading
from tests.coop.factories import DAY, NOW, House, of
from tests.coop.test_figures import tell


def view(house, *, by="cora", request=None, claim=None, on=None, now=NOW, fund=0):
    with reading(house.engine) as session:
        return balance_view(
            session,
            fund_id=fund or house.fund().id,
            actor=getattr(house, by),
            now=now,
            request_id=request,
            claim_id=claim,
            on=on,
        )


def test_the_example_of_the_rules_is_drawn(sqlite_engine):
    """10,000 accrued, 6,000 reserved; a second request of 5,000 asks for 1,000 more than there is."""
    house = House(sqlite_engine)
    house.approved()
    second = house.ask(of(6_666_67))  # 75% are 5,000.00
    found = view(house, request=second)
    assert (found.available, found.wanted, found.after) == (4_000_00, 5_000_00, -1_000_00)
    assert [(p.day, p.cents) for p in found.points][-1] == (date(2026, 5, 4), 4_000_00)
    assert "1,000 more than there is" in words(found)
    rows = _columns(found)
    assert rows["dollars"][-1] == -1_000.0
    assert [w for w in rows["words"] if w] == ["$1,000 short"]
    assert len({len(column) for column in rows.values()}) == 1
    small = house.ask(of(1_000_00))
    assert view(house, request=small).after == 3_250_00
    assert "would reserve $750 and leave $3,250" in words(view(house, request=small))


def test_a_decided_request_changes_nothing_any_more(sqlite_engine):
    house = House(sqlite_engine)
    item = house.approved()
    found = view(house, request=item)
    assert (found.after, found.wanted) == (None, 0)
    assert words(found) == "$4,000 available today."


def test_a_claim_takes_what_its_reserve_does_not_hold(sqlite_engine):
    """6,000 of 10,000 are reserved; claims of more, of as much, of less, and one without a request."""
    house = House(sqlite_engine)
    item = house.approved()
    less = house.claim(of(4_000_00), request=item, proofs=("invoice",))  # returned: nothing is decided
    found = view(house, claim=less, now=NOW + 15 * DAY)
    assert (found.available, found.wanted, found.after) == (4_000_00, -3_000_00, 7_000_00)
    assert "this claim would give back $3,000 and leave $7,000" in words(found)
    assert [w for w in _columns(found)["words"] if w] == ["$7,000 left"]
    alone = house.claim(of(6_000_00))
    found = view(house, claim=alone, now=NOW + 15 * DAY)
    assert (found.wanted, found.after) == (4_500_00, -500_00)
    assert "this claim asks for $4,500, $500 more than there is" in words(found)
    with pytest.raises(NotFound):
        view(house, by="otto", claim=alone)
    house.earn(100_00, dealer=house.other_dealer)
    with pytest.raises(NotFound):  # a claim of another fund
        view(house, fund=house.fund(house.other_dealer).id, claim=alone)


def test_a_day_before_shows_what_stood_then(sqlite_engine):
    house = House(sqlite_engine)
    house.approved(now=NOW + DAY)
    found = view(house, on=date(2026, 5, 4), now=NOW + 5 * DAY)
    assert (found.available, found.points[-1].cents, found.is_past) == (10_000_00, 10_000_00, True)
    assert words(found) == "$10,000 available on 4 May 2026."
    assert view(house, on=date(2027, 1, 1), now=NOW + 5 * DAY).available == 4_000_00  # no day to come


def test_what_is_over_and_not_posted_is_not_available(sqlite_engine):
    house = House(sqlite_engine)
    over = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
    found = view(house, now=over)
    assert (found.points[-1].cents, found.available) == (10_000_00, 0)


def test_nobody_sees_the_fund_of_another_dealer(sqlite_engine):
    house = House(sqlite_engine)
    item = house.ask()
    for who in ("otto", "wes"):
        with pytest.raises(NotFound):
            view(house, by=who)
    house.earn(100_00, dealer=house.other_dealer)
    with pytest.raises(NotFound):  # a request of another fund
        view(house, fund=house.fund(house.other_dealer).id, request=item)
    with pytest.raises(Refused):
        view(house, fund=999)


def test_the_months_add_up_to_the_ledger(sqlite_engine):
    house = House(sqlite_engine)
    tell(house)
    on = date(2026, 6, 20)
    with reading(sqlite_engine) as session:
        months = month_lines(statement(session, fund_id=house.fund().id, on=on, scope=house.cora.scope))
    fund = house.fund()
    assert sum(m.accrued for m in months) == fund.accrued_cents == 10_000_00
    assert sum(m.approved for m in months) == fund.approved_cents - fund.reversed_cents == 2_100_00
    assert sum(m.paid for m in months) == fund.paid_cents == 2_100_00
    with sqlite_engine.connect() as connection:
        left = connection.execute(text("SELECT SUM(left_cents) FROM coop_lot WHERE fund_id = :f"), {"f": fund.id})
        held = connection.execute(text("SELECT SUM(cents) FROM coop_entry WHERE kind = 'reserve' AND fund_id = :f"),
                                  {"f": fund.id})  # fmt: skip
        assert sum(m.expiring for m in months) == left.scalar()
        assert sum(m.reserved for m in months) == held.scalar()
    assert [m.month for m in months] == sorted({m.month for m in months})
    assert months[-1].month == date(2026, 10, 1)  # April's lot ends with October


def test_a_lot_that_expired_stands_in_its_month(sqlite_engine):
    house = House(sqlite_engine)
    run_expiry(sqlite_engine, now=datetime(2026, 11, 1, 13, 0, tzinfo=UTC))
    with reading(sqlite_engine) as session:
        months = month_lines(statement(session, fund_id=house.fund().id, on=date(2026, 11, 30), scope=house.cora.scope))
    assert {m.month: m.expiring for m in months if m.expiring} == {date(2026, 11, 1): 10_000_00}


@pytest.mark.parametrize(
    "make", [charts.months, charts.split, charts.balance, charts.goals, charts.held], ids=lambda f: f.__name__
)
def test_a_chart_is_built_once_and_holds_no_rows(make):
    spec = make()
    assert make() is spec
    assert "rows" not in str(spec.get("data", ""))
