"""Won business by the local day of the sale: what counts, for whom, by what, and the index it is read from."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from db.core.actor import EVERYTHING, Scope
from db.core.problems import Refused
from db.core.session import reading, writing
from db.leads import cohorts, decided_backfill
from db.leads.metrics_queries import compute as cohort_metric
from db.leads.metrics_queries import quarter_of
from db.leads.tables import Lead
from db.leads.won_queries import METRICS, compute, days_to_win, first_sale, won_rows
from db.reports.funnel_won_queries import won_leads
from tests.leads.factories import NOW, Network, lead_at, load, make_network, receive, step

EAST = Scope("regions", regions=frozenset({"East"}))
# The last evening of June in New York and in Los Angeles is July in UTC.
EVENING = datetime(2026, 7, 1, 3, 30, tzinfo=UTC)


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def sell(
    engine: Engine, network: Network, dealer_id: int, *, at: datetime, value: int | None = None, **other: Any
) -> int:
    lead = receive(engine, dealer_id=dealer_id, received_at=at - timedelta(days=4), **other)
    close(engine, network, lead, at=at, value_cents=value)
    return lead


def close(engine: Engine, network: Network, lead: int, *, at: datetime, **given: Any) -> None:
    step(engine, "log_activity", lead, actor=network.coordinator, now=at, kind="call", outcome="reached")
    step(engine, "sell", lead, actor=network.coordinator, now=at, **given)


def rows(engine: Engine, *by: str, scope: Scope = EVERYTHING, **filters: Any) -> dict[tuple[Any, ...], Any]:
    with reading(engine) as session:
        found = won_rows(session, scope=scope, by=by, filters=filters)
    return {tuple(row.keys[dim] for dim in by): (row.won, row.lost, row.cents, row.without_value) for row in found}


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2026, 1, 1), "2026Q1"), (date(2026, 3, 31), "2026Q1"), (date(2026, 4, 1), "2026Q2"),
        (date(2026, 9, 30), "2026Q3"), (date(2026, 12, 31), "2026Q4"),
    ],
)  # fmt: skip
def test_quarters(day: date, quarter: str):
    assert quarter_of(day) == quarter


def test_a_sale_counts_on_its_day_at_the_dealer(engine: Engine, network: Network):
    sell(engine, network, network.north, at=EVENING, value=1_000_00)  # 30 June, 23:30 in New York
    sell(engine, network, network.west, at=EVENING + timedelta(hours=5), value=None)  # 1 July, 01:30 in Los Angeles
    assert rows(engine, "quarter") == {("2026Q2",): (1, 0, 100_000, 0), ("2026Q3",): (1, 0, 0, 1)}
    assert rows(engine, "month", "region") == {
        (date(2026, 6, 1), "East"): (1, 0, 100_000, 0), (date(2026, 7, 1), "West"): (1, 0, 0, 1)
    }  # fmt: skip
    june: dict[str, Any] = {"from": date(2026, 6, 1), "to": date(2026, 6, 1)}
    assert rows(engine, **june) == {(): (1, 0, 100_000, 0)}
    with reading(engine) as session:
        assert days_to_win(session, scope=EVERYTHING).median == 4
        assert first_sale(session, scope=EVERYTHING) == date(2026, 6, 30)
        assert first_sale(session, scope=Scope()) is None


def test_a_sale_that_falls_through_is_a_loss_and_a_reopened_lead_neither(engine: Engine, network: Network):
    lead = sell(engine, network, network.north, at=NOW, value=5)
    assert rows(engine) == {(): (1, 0, 5, 0)}
    step(engine, "lose", lead, actor=network.coordinator, now=NOW + timedelta(days=3), reason="price")
    assert rows(engine) == {(): (0, 1, 0, 0)}
    assert load(engine, lead).decided_on == (NOW + timedelta(days=3)).date()
    step(engine, "reopen", lead, actor=network.coordinator, now=NOW + timedelta(days=4), note="Back")
    assert rows(engine) == {(): (0, 0, 0, 0)}
    close(engine, network, lead, at=NOW + timedelta(days=9))
    assert rows(engine, "month") == {(date(2026, 7, 1),): (1, 0, 5, 0)}


def test_every_stage_and_every_dimension_agree_with_the_leads(engine: Engine, network: Network):
    for number, stage in enumerate(("contacted", "sold", "delivered", "lost", "bad", "expired", "nurture", "sold")):
        lead_at(engine, stage, network, source=("a", "b")[number % 2], product=("x", "y")[number // 4])
    sell(engine, network, network.west, at=NOW, value=900, source="b", assignee_id=network.admin.user_id)
    assert rows(engine) == {(): (4, 1, 3 * 3_450_000 + 900, 0)}
    assert rows(engine, "source") == {("a",): (1, 0, 3_450_000, 0), ("b",): (3, 1, 2 * 3_450_000 + 900, 0)}
    assert rows(engine, "person")[("Ada Admin",)] == (1, 0, 900, 0)
    for dim in ("quarter", "month", "region", "source", "product", "dealer", "person"):
        cells = rows(engine, dim).values()
        assert tuple(map(sum, zip(*cells, strict=True))) == (4, 1, 3 * 3_450_000 + 900, 0), dim
    with reading(engine) as session:
        for metric in METRICS:
            for by in metric.dims:
                metric.compute(session, scope=EVERYTHING, by=(by,), filters={}, now=NOW)
        (rate,) = compute(session, scope=EVERYTHING, name="win_rate", filters={}, now=NOW)
        sold = cohorts.sums(session, scope=EVERYTHING, by=(), filters={}, measures=("sold",))[()]["sold"]
    assert (rate["numerator"], rate["denominator"], rate["value"]) == (4, 5, 0.8)
    assert sold == 4, "the funnel by receipt knows the same sales"
    assert rows(engine, dealer=network.west) == {(): (1, 0, 900, 0)}
    assert rows(engine, person=network.admin.user_id) == {(): (1, 0, 900, 0)}


def test_each_sees_the_sales_of_their_own_dealers(engine: Engine, network: Network):
    own = sell(engine, network, network.north, at=NOW, value=1)
    sell(engine, network, network.south, at=NOW, value=2)
    sell(engine, network, network.west, at=NOW, value=4)
    for scope, cents in ((EVERYTHING, 7), (EAST, 3), (network.dealer_manager.scope, 1), (Scope(), 0)):
        assert rows(engine, scope=scope)[()][2] == cents
        with reading(engine) as session:
            listed, _ = won_leads(session, scope=scope, filters={})
        assert sum(one.cents or 0 for one in listed) == cents
    with reading(engine) as session:
        (one,) = won_leads(session, scope=network.dealer_manager.scope, filters={})[0]
        assert one.lead_id == own
        assert "Doe" not in one.customer_name
        assert won_leads(session, scope=network.dealer_manager.scope, filters={"dealer": network.west})[0] == []


def test_the_sales_come_in_pages_without_gap(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    made = [sell(sqlite_engine, network, network.north, at=NOW + timedelta(days=n // 3)) for n in range(8)]
    seen: list[int] = []
    after = None
    with reading(sqlite_engine) as session:
        while True:
            page, after = won_leads(session, scope=EVERYTHING, filters={}, after=after, limit=3)
            seen += [one.lead_id for one in page]
            if after is None:
                break
    assert seen == made[::-1]


def test_what_is_not_counted_by_is_said(sqlite_engine: Engine):
    make_network(sqlite_engine)
    with reading(sqlite_engine) as session:
        for wrong in ({"by": ("state",)}, {"filters": {"state": "NY"}}, {"filters": {"colour": "red"}}):
            with pytest.raises(Refused, match=r"by|filter"):
                won_rows(session, scope=EVERYTHING, **wrong)


def test_people_are_counted_where_that_is_cheap_and_refused_where_not(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    network = make_network(sqlite_engine)
    for who in (network.staff, network.staff, network.colleague):
        receive(sqlite_engine, dealer_id=network.north, assignee_id=who.user_id)
    receive(sqlite_engine, dealer_id=network.west)

    def by_person(scope: Scope = EVERYTHING, **filters: Any) -> Counter[str]:
        with reading(sqlite_engine) as session:
            found = cohort_metric(session, scope=scope, name="received", by=("person",), filters=filters, now=NOW)
        return Counter({row["person"]: row["value"] for row in found})

    assert by_person() == {"Sam Staff": 2, "Kim Colleague": 1, "Nobody yet": 1}
    monkeypatch.setattr(cohorts, "MOST_LIVE", 3)
    with pytest.raises(Refused, match="4 leads are too many"):
        by_person()
    assert by_person(dealer=network.north) == {"Sam Staff": 2, "Kim Colleague": 1}
    assert by_person(person=network.staff.user_id) == {"Sam Staff": 2}
    assert by_person(network.dealer_manager.scope) == {"Sam Staff": 2, "Kim Colleague": 1}
    assert by_person(network.south_staff.scope, person=network.staff.user_id) == {}


def test_quarters_of_a_cohort_add_up(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    for days in (0, 40, 70, 100):
        receive(sqlite_engine, dealer_id=network.north, received_at=NOW - timedelta(days=days))
    with reading(sqlite_engine) as session:
        found = cohort_metric(session, scope=EVERYTHING, name="received", by=("quarter",), filters={}, now=NOW)
    assert {row["quarter"]: row["value"] for row in found} == {"2026Q1": 1, "2026Q2": 3}


def test_the_upgrade_fills_the_day_and_the_sales_person(engine: Engine, network: Network):
    sold = sell(engine, network, network.west, at=EVENING)
    lost, plain = lead_at(engine, "lost", network), lead_at(engine, "contacted", network)
    old = receive(
        engine, status="delivered", is_open=False, sold_at=EVENING, closed_at=EVENING, details={"agent": "Zed"}
    )
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE lead SET decided_on = NULL, agent = ''"))
        assert decided_backfill.fill(session.connection(), desk_zone="America/New_York") == 3
    assert load(engine, sold).decided_on == date(2026, 6, 30)
    assert load(engine, lost).decided_on == NOW.date()
    assert load(engine, plain).decided_on is None
    assert (load(engine, old).decided_on, load(engine, old).agent) == (date(2026, 6, 30), "Zed")


def test_won_business_never_reads_the_leads_themselves(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    sell(sqlite_engine, network, network.north, at=NOW)
    table = Lead.__tablename__
    with reading(sqlite_engine) as session:
        plan = session.execute(
            text(
                f"EXPLAIN QUERY PLAN SELECT region, sum(CASE WHEN sold_at IS NOT NULL AND status NOT IN ('bad') THEN"
                f" value_cents END) FROM {table} WHERE decided_on IS NOT NULL AND decided_on >= '2026-01-01'"
                " GROUP BY region"
            )
        ).all()
    assert "COVERING INDEX ix_lead_decided" in " ".join(str(row) for row in plan)
