"""The funnel by cohort, who comes back, and what an import says of products and dates it does not know."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db.core.actor import EVERYTHING, Scope, system_actor
from db.core.area import SourceFile
from db.core.session import reading, run
from db.customers.vehicle_commands import record_purchase
from db.imports.commands import BatchResult, run_import
from db.imports.mapping import Mapping
from db.imports.mapping_spec import ColumnRule
from db.leads.product_queries import unlisted_products
from db.leads.routing_commands import save_product_line
from db.reports.funnel_queries import LADDER, RATES, breakdown, cost_months, funnel_of, months_known, scorecards
from db.reports.funnel_retention_queries import METRICS, buyers, retention
from tests.customers.factories import OTHER_VIN, VIN, customer, visit
from tests.leads.factories import NOW, Network, lead_at, make_network, receive, step

EAST = Scope("regions", regions=frozenset({"East"}))
JUNE = {"from": date(2026, 6, 1), "to": date(2026, 6, 1)}


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def test_the_ladder_counts_each_lead_on_every_rung_it_reached(engine: Engine, network: Network):
    for stage in ("attempted", "contacted", "qualified", "appointment_set", "appointment_shown", "sold", "bad"):
        lead_at(engine, stage, network)
    receive(engine, dealer_id=network.north, status="held")
    receive(engine, dealer_id=network.west, received_at=NOW - timedelta(days=90))
    with reading(engine) as session:
        found = funnel_of(session, scope=EVERYTHING, filters=JUNE, now=NOW)
        assert months_known(session, scope=EVERYTHING) == (date(2026, 3, 1), date(2026, 6, 1))
        assert months_known(session, scope=EAST) == (date(2026, 6, 1), date(2026, 6, 1))
    assert {r.name: r.count for r in found.rungs} == {
        "received": 7, "responded": 6, "contacted": 5, "qualified": 1, "appointment_set": 2,
        "appointment_confirmed": 0, "appointment_shown": 1, "sold": 1,
    }  # fmt: skip
    steps = {r.name: (r.took, r.of) for r in found.rungs if r.base}
    assert steps["contacted"] == (5, 6)
    assert steps["appointment_set"] == (0, 1), "an appointment of a lead nobody qualified is no step from qualified"
    assert steps["appointment_shown"] == (1, 2)
    assert steps["sold"] == (0, 1), "sold without a visit"
    assert all(r.step is None or 0 <= r.step <= 1 for r in found.rungs)
    assert found.rates["close_rate"] == {"numerator": 1, "denominator": 6, "value": 1 / 6}
    assert set(found.rates) == set(RATES)


@pytest.mark.parametrize("by", ["month", "region", "source", "dealer", "person"])
def test_a_break_down_adds_up_to_the_ladder(sqlite_engine: Engine, by: str):
    network = make_network(sqlite_engine)
    for stage in ("contacted", "appointment_shown", "sold"):
        lead_at(sqlite_engine, stage, network, source=f"{stage} source")
    receive(sqlite_engine, received_at=NOW - timedelta(days=60))
    receive(sqlite_engine, dealer_id=network.west)
    for scope, received in ((EVERYTHING, 5), (EAST, 3), (network.dealer_manager.scope, 3), (Scope(), 0)):
        with reading(sqlite_engine) as session:
            whole = funnel_of(session, scope=scope, filters={}, now=NOW)
            rows = breakdown(session, scope=scope, by=by, filters={}, now=NOW)
        assert whole.counts["received"] == received
        for rung in LADDER:
            assert sum(row[rung.name] for row in rows) == whole.counts[rung.name], (rung.name, scope)


def test_the_scorecard_has_every_source_and_month(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    lead_at(sqlite_engine, "sold", network)
    lead_at(sqlite_engine, "bad", network)
    with reading(sqlite_engine) as session:
        whole, (card,) = scorecards(session, scope=EVERYTHING, filters=JUNE, now=NOW)
        ((month, of_month),) = cost_months(session, scope=EVERYTHING, filters=JUNE, now=NOW)
        nothing, none = scorecards(session, scope=network.south_staff.scope, filters=JUNE, now=NOW)
    assert (card.source, card.received, card.sold, card.shares["valid_share"]) == ("autosite", 2, 1, 0.5)
    assert card.is_without_spend
    assert (whole.received, month, of_month.received) == (2, date(2026, 6, 1), 2)
    assert (nothing.received, none) == (0, [])


# -------------------------------------------------------------------------------------------------- who comes back
def bought(engine: Engine, network: Network, who: int, vin: str, day: date) -> int:
    return run(
        record_purchase, bind=engine, dealer_id=network.north, customer_id=who, vin=vin, bought_on=day, condition="new",
        actor=network.coordinator, now=NOW,
    )  # fmt: skip


def test_buyers_who_came_back(engine: Engine, network: Network):
    """Ann came for service in time, Bob after more than a year, Cleo bought again; three buyers of the first months."""
    day = date(2025, 3, 3)
    ann = customer(engine, network, name="Ann Aster", phone="212-555-0101")
    bob = customer(engine, network, name="Bob Birch", phone="212-555-0102")
    cleo = customer(engine, network, name="Cleo Cedar", phone="212-555-0103")
    first = bought(engine, network, ann, VIN, day)
    second = bought(engine, network, bob, OTHER_VIN, day)
    bought(engine, network, cleo, "4T1DAACK5SU123456", day)
    bought(engine, network, cleo, "JHMCM56557C404453", date(2026, 6, 2))
    visit(engine, network, first, ro="A1", opened=day + timedelta(days=365), odometer=100)
    visit(engine, network, second, ro="B1", opened=day + timedelta(days=366), odometer=100, customer_id=bob)
    spring = {"from": date(2025, 1, 1), "to": date(2025, 12, 1)}

    def share(name: str, scope: Scope = EVERYTHING, **filters: Any) -> Any:
        with reading(engine) as session:
            found = retention(session, scope=scope, name=name, filters={**spring, **filters}, now=NOW).get(())
        return None if found is None else (found.part, found.whole, found.still)

    assert share("service_retention") == (1, 3, 0)
    assert share("repurchase") == (1, 3, 0)
    ever: dict[str, Any] = {"from": None, "to": None}
    assert share("service_retention", **ever) == (1, 3, 1), "Cleo may still come"
    assert share("service_retention", network.dealer_manager.scope) == (1, 3, 0)
    assert share("service_retention", network.south_staff.scope) == (0, 0, 0)
    assert share("service_retention", source="autosite") is None
    with reading(engine) as session:
        listed, following = buyers(session, scope=EVERYTHING, filters={}, limit=3, personal=True)
        rest, end = buyers(session, scope=EVERYTHING, filters={}, after=following, limit=3, personal=True)
        assert buyers(session, scope=network.south_staff.scope, filters={}) == ([], None)
        (masked, *_), _ = buyers(session, scope=network.dealer_manager.scope, filters={})
        for metric in METRICS:
            for dim in metric.dims:
                metric.compute(session, scope=EVERYTHING, by=(dim,), filters={}, now=NOW)
    assert "Cedar" not in masked.customer_name
    assert [(b.customer_name, b.came_back, b.bought_again) for b in (*listed, *rest)] == [
        ("Cleo Cedar", False, False), ("Cleo Cedar", False, True), ("Bob Birch", False, False),
        ("Ann Aster", True, False),
    ]  # fmt: skip
    assert end is None


def test_a_sale_to_somebody_who_bought_before(engine: Engine, network: Network):
    old = customer(engine, network, name="Ann Aster")
    bought(engine, network, old, VIN, date(2025, 3, 3))
    for who in (old, customer(engine, network, name="New Person", phone="212-555-0177")):
        lead = receive(engine, dealer_id=network.north, customer_id=who)
        step(engine, "log_activity", lead, actor=network.staff, now=NOW, kind="call", outcome="reached")
        step(engine, "sell", lead, actor=network.staff, now=NOW)
    with reading(engine) as session:
        found = retention(session, scope=EVERYTHING, name="repeat_business", filters=JUNE, now=NOW)[()]
        none = retention(session, scope=network.south_staff.scope, name="repeat_business", filters=JUNE, now=NOW)[()]
    assert (found.part, found.whole) == (1, 2)
    assert (none.part, none.whole) == (0, 0)


# ------------------------------------------------------------------------------------- what an import does not know
def bring(engine: Engine, text: str, **rules: ColumnRule) -> BatchResult:
    columns = {name: ColumnRule(columns=(name,)) for name in ("external_id", "company", "product", "received_at")}
    mapping = Mapping(kind="leads", title="t", zone="America/New_York", columns={**columns, **rules})
    file = SourceFile(name="deals.csv", content=f"external_id,company,product,received_at\n{text}".encode())
    return run(
        run_import, bind=engine, kind="leads", files=[file], mapping=mapping, channel="file",
        actor=system_actor("cli"), now=NOW,
    )  # fmt: skip


def test_products_nobody_knows_are_listed_and_come_in(engine: Engine, network: Network):
    run(save_product_line, bind=engine, name="GTX Pro", brand="", models=["GTX Pro"], actor=network.admin, now=NOW)
    rows = "".join(f"{n},Co {n},{'GTXPro' if n < 3 else 'Zed' if n == 3 else 'GTX Pro'},2026-05-01\n" for n in range(6))
    result = bring(engine, rows)
    assert (result.created, result.rejected) == (6, 0)
    (said,) = [one for one in result.sentences if "Not among the product lines" in one]
    assert '"GTXPro" 3, "Zed" 1. 4 leads came in' in said
    assert result.batch_id is not None
    with reading(engine) as session:
        found = unlisted_products(session, batch_id=result.batch_id, scope=EVERYTHING)
        assert [(one.name, one.leads) for one in found] == [("GTXPro", 3), ("Zed", 1)]
        assert unlisted_products(session, batch_id=result.batch_id, scope=network.dealer_manager.scope) == []
    told = bring(
        engine, rows.replace("Co", "Firm").replace("2026-05-01", "2026-05-02").replace("Zed", "GTXPro"),
        product=ColumnRule(columns=("product",), values={"GTXPro": "GTX Pro"}),
    )  # fmt: skip
    assert not [one for one in told.sentences if "Not among" in one]


DATES = [
    ("nothing proves the order", ["04-05-2018", "06-07-2018", "05-05-2018"], "3 of 3 dates read both ways", 0),
    ("others prove it", ["04-05-2018", "17-05-2018"], "", 2),
    ("they contradict", ["04-05-2018", "17-05-2018", "05-17-2018"], "1 others can only have the day first", 0),
]


@pytest.mark.parametrize(("_what", "dates", "question", "created"), DATES, ids=[d[0] for d in DATES])
def test_doubtful_dates_are_asked_for_and_never_guessed(
    sqlite_engine: Engine, _what: str, dates: list[str], question: str, created: int
):
    rows = "".join(f"{n},Co {n},X,{day}\n" for n, day in enumerate(dates))
    result = bring(sqlite_engine, rows)
    assert result.created == created
    if question:
        (one,) = result.rejections
        assert (one.code, one.row) == ("ambiguous_date", 0)
        assert question in one.message
        assert "4 May 2018 with the day first, 5 Apr 2018 with the month first" in one.message
        told = bring(sqlite_engine, rows, received_at=ColumnRule(columns=("received_at",), formats=("%d-%m-%Y",)))
        assert told.created == sum(day != "05-17-2018" for day in dates)
    else:
        assert any("1 of 2 dates read both ways; 1 others prove that the day" in said for said in result.sentences)
