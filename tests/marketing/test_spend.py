"""Spend entered, corrected and imported; what each lead and sale then costs, and who may see which of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db.core.actor import EVERYTHING, Scope
from db.core.area import SourceFile
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.imports.commands import BatchResult, dry_run_import, run_import, undo_import
from db.marketing.checks import check_spend
from db.marketing.commands import correct_spend, enter_spend
from db.marketing.metrics_queries import METRICS, compute
from db.marketing.queries import NETWORK, cost_rows, export_rows, get_spend, history_of, list_spend
from db.marketing.tables import MarketingSpend
from tests.leads.factories import NOW, Network, lead_at, make_network, receive
from tests.support.contents import contents

JUNE = date(2026, 6, 1)
EAST = Scope("regions", regions=frozenset({"East"}))


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def enter(engine: Engine, network: Network, **other: Any) -> int:
    values: dict[str, Any] = {"source": "autosite", "month": date(2026, 6, 17), "cents": 90_000}
    return run(enter_spend, bind=engine, actor=network.coordinator, now=NOW, **(values | other))


def lines(engine: Engine, scope: Scope = EVERYTHING) -> list[tuple[str, str, int]]:
    with reading(engine) as session:
        return [(one.source, one.place, one.cents) for one in list_spend(session, scope=scope, now=NOW)[0]]


def refused(engine: Engine, network: Network, **other: Any) -> list[tuple[str, str]]:
    before = contents(engine)
    with pytest.raises(Refused) as refusal:
        enter(engine, network, **other)
    assert contents(engine) == before
    return [(p.field, p.code) for p in refusal.value.problems]


def test_a_line_is_written_once(engine: Engine, network: Network):
    first = enter(engine, network, form_key="k1")
    assert enter(engine, network, form_key="k1") == first, "a double click"
    assert refused(engine, network) == [("cents", "there_already")]
    assert refused(engine, network, source="AUTOSITE") == [("cents", "there_already")]
    enter(engine, network, region="East")
    enter(engine, network, dealer_id=network.north)
    assert sorted(lines(engine)) == [
        ("autosite", "East", 90_000), ("autosite", "North Motors (00101)", 90_000), ("autosite", NETWORK, 90_000)
    ]  # fmt: skip
    with reading(engine) as session:
        assert check_spend(session) == []


WRONG = [
    ({"source": " "}, ("source", "required")),
    ({"month": None}, ("month", "required")),
    ({"cents": None}, ("cents", "required")),
    ({"cents": -5}, ("cents", "out_of_range")),
    ({"region": "Atlantis"}, ("region", "not_found")),
    ({"note": "x" * 401}, ("note", "too_long")),
]


@pytest.mark.parametrize(("wrong", "problem"), WRONG)
def test_what_is_refused_says_where(sqlite_engine: Engine, wrong: dict[str, Any], problem: tuple[str, str]):
    assert refused(sqlite_engine, make_network(sqlite_engine), **wrong) == [problem]


def test_a_source_is_written_as_its_leads_are(engine: Engine, network: Network):
    receive(engine, dealer_id=network.north, source="Auto Site")
    enter(engine, network, source="auto  site")
    assert lines(engine) == [("Auto Site", NETWORK, 90_000)]


def test_a_correction_replaces_and_keeps(engine: Engine, network: Network):
    first = enter(engine, network)
    change: dict[str, Any] = {"actor": network.manager, "now": NOW + timedelta(hours=1), "bind": engine}
    with pytest.raises(Refused, match="reason"):
        run(correct_spend, spend_id=first, seen_version=1, cents=80_000, reason=" ", **change)
    with pytest.raises(Refused, match="already"):
        run(correct_spend, spend_id=first, seen_version=1, cents=90_000, reason="Typo", **change)
    second = run(correct_spend, spend_id=first, seen_version=1, cents=80_000, reason="Credit note", **change)
    with pytest.raises(Stale, match="Max Manager"):
        run(correct_spend, spend_id=first, seen_version=1, cents=70_000, reason="Late", **change)
    third = run(correct_spend, spend_id=second, seen_version=1, cents=0, reason="Cancelled", **change)
    assert lines(engine) == [("autosite", NETWORK, 0)]
    with reading(engine) as session:
        said = history_of(session, spend_id=third, actor=network.manager, now=NOW)
        assert [(one.cents, one.note) for one in said] == [(80_000, "Credit note"), (90_000, "")]
        assert check_spend(session) == []
        rows = list(export_rows(session, actor=network.manager, scope=EVERYTHING, filters={}, now=NOW))
    assert [row[5] for row in rows] == ["Counted", "Replaced", "Replaced"]


def test_who_may_and_whose(engine: Engine, network: Network):
    for who in (network.dealer_manager, network.finance, network.sales_leader, network.staff):
        with pytest.raises(Refused, match="may not do this"):
            run(enter_spend, bind=engine, source="a", month=JUNE, cents=1, actor=who, now=NOW)
    east: dict[str, Any] = {"actor": network.east_coordinator, "now": NOW, "bind": engine}
    east |= {"source": "a", "month": JUNE, "cents": 1}
    with pytest.raises(NotFound):
        run(enter_spend, dealer_id=network.west, **east)
    with pytest.raises(NotFound):
        run(enter_spend, dealer_id=10**6, **east)
    with pytest.raises(Refused, match="one of your regions"):
        run(enter_spend, **east)
    west = enter(engine, network, dealer_id=network.west)
    whole = enter(engine, network)
    own = run(enter_spend, dealer_id=network.north, **east)
    for hidden in (west, whole, 10**6):
        with pytest.raises(NotFound):
            run(
                correct_spend, bind=engine, spend_id=hidden, seen_version=1, cents=2, reason="x",
                actor=network.east_coordinator, now=NOW,
            )  # fmt: skip
        with reading(engine) as session, pytest.raises(NotFound):
            get_spend(session, spend_id=hidden, actor=network.dealer_manager, now=NOW)
    assert lines(engine, EAST) == [("a", "North Motors (00101)", 1)]
    assert lines(engine, network.dealer_manager.scope) == [("a", "North Motors (00101)", 1)]
    assert lines(engine, network.south_staff.scope) == []
    with reading(engine) as session:
        assert get_spend(session, spend_id=own, actor=network.dealer_manager, now=NOW).cents == 1
        rows = list(export_rows(session, actor=network.dealer_manager, scope=network.staff.scope, filters={}, now=NOW))
        assert len(rows) == 1


def test_what_a_lead_and_a_sale_cost(engine: Engine, network: Network):
    """Four received, one of them bad, one sold; spend without a lead and leads without spend stay in the table."""
    for stage in ("contacted", "appointment_set", "sold", "bad"):
        lead_at(engine, stage, network)
    receive(engine, dealer_id=network.north, source="walk-in")
    enter(engine, network)
    enter(engine, network, source="radio", cents=5_000)
    enter(engine, network, month=date(2026, 7, 1), cents=77_700)  # planned

    def value(name: str, **more: Any) -> Any:
        with reading(engine) as session:
            return compute(session, scope=EVERYTHING, name=name, now=NOW, **more)

    by_source = {row["source"]: (row["numerator"], row["denominator"], row["value"]) for row in value(
        "cost_per_lead", by=("source",)
    )}  # fmt: skip
    assert by_source == {"autosite": (90_000, 4, 22_500), "radio": (5_000, 0, None), "walk-in": (None, 1, None)}
    one = {"filters": {"source": "autosite"}}
    assert value("cost_per_valid_lead", **one)[0]["value"] == 30_000
    assert value("cost_per_sale", **one)[0]["value"] == 90_000
    assert value("cost_per_appointment", **one)[0]["value"] == 90_000
    assert value("marketing_spend")[0]["value"] == 95_000
    assert value("cost_per_lead", filters={"product": "Camry"})[0]["value"] is None, "spend is not known by product"
    with reading(engine) as session:
        rows = cost_rows(session, scope=EVERYTHING, by=("source",), filters={}, now=NOW)
        later = cost_rows(session, scope=EVERYTHING, filters={}, now=NOW + timedelta(days=10))[0]
        for metric in METRICS:
            for dim in metric.dims:
                metric.compute(session, scope=EVERYTHING, by=(dim,), filters={}, now=NOW)
    assert {r.keys["source"] for r in rows if r.is_without_lead} == {"radio"}
    assert {r.keys["source"] for r in rows if r.is_without_spend} == {"walk-in"}
    assert sum(r.planned_cents for r in rows) == 77_700
    assert later.cents == 95_000 + 77_700, "July has begun"


def test_costs_of_a_place_have_only_its_spend(engine: Engine, network: Network):
    lead_at(engine, "sold", network)
    receive(engine, dealer_id=network.west)
    enter(engine, network, dealer_id=network.north, cents=1_000)
    enter(engine, network, region="West", cents=2_000)
    enter(engine, network, cents=4_000)
    with reading(engine) as session:
        by_region = cost_rows(session, scope=EVERYTHING, by=("region",), filters={}, now=NOW)
        own = cost_rows(session, scope=network.dealer_manager.scope, filters={}, now=NOW)[0]
        east = cost_rows(session, scope=EAST, filters={}, now=NOW)[0]
    found = {r.keys["region"]: (r.cents, r.counts.get("received", 0)) for r in by_region}
    assert found == {"East": (1_000, 1), "West": (2_000, 1), NETWORK: (4_000, 0)}
    assert (own.cents, own.counts["received"]) == (1_000, 1)
    assert (east.cents, east.counts["received"]) == (1_000, 1)


# ------------------------------------------------------------------------------------------------------------ a file
HEAD = "Month,Source,Amount,Dealer code,Note\n"


def bring(engine: Engine, network: Network, text: str, **other: Any) -> BatchResult:
    file = SourceFile(name="spend.csv", content=(HEAD + text).encode())
    values: dict[str, Any] = {"actor": network.coordinator, "now": NOW, "channel": "page", **other}
    return run(run_import, bind=engine, kind="marketing_spend", files=[file], **values)


def test_a_file_is_taken_with_its_corrections_and_taken_back(engine: Engine, network: Network):
    enter(engine, network)
    enter(engine, network, source="radio", cents=500)
    text = '2026-06,autosite,"$1,000.50",,Final invoice\n2026-06,radio,5.00,,\n'
    text += "May 2026,autosite,70,00101,\n2026-08,radio,9,,\n"
    before = contents(engine)
    file = SourceFile(name="spend.csv", content=(HEAD + text).encode())
    dry_run_import(
        engine, kind="marketing_spend", files=[file], actor=network.coordinator, now=NOW, channel="page"
    )  # fmt: skip
    assert contents(engine) == before
    result = bring(engine, network, text)
    assert [o.outcome for o in result.outcomes] == ["updated", "duplicate", "created", "created"]
    assert any("planned, not counted yet" in sentence for sentence in result.sentences)
    assert ("autosite", NETWORK, 100_050) in lines(engine)
    with reading(engine) as session:
        assert check_spend(session) == []
    run(
        undo_import, bind=engine, batch_id=result.batch_id, reason="Wrong file", actor=network.coordinator, now=NOW
    )  # fmt: skip
    assert sorted(lines(engine)) == [("autosite", NETWORK, 90_000), ("radio", NETWORK, 500)]
    with reading(engine) as session:
        assert check_spend(session) == []
        assert session.scalar(select(func.count()).select_from(MarketingSpend)) == 5, "nothing said is removed"
    again = bring(engine, network, text.replace("Final", "Second"))
    assert [o.outcome for o in again.outcomes] == ["updated", "duplicate", "created", "created"]


def test_an_import_corrected_since_is_not_undone(engine: Engine, network: Network):
    result = bring(engine, network, "2026-06,autosite,10,,\n")
    (line,) = [o.item_id for o in result.outcomes]
    run(
        correct_spend, bind=engine, spend_id=line, seen_version=1, cents=5, reason="Less", actor=network.manager,
        now=NOW,
    )  # fmt: skip
    with pytest.raises(Refused):
        run(undo_import, bind=engine, batch_id=result.batch_id, reason="x", actor=network.coordinator, now=NOW)


BAD = [
    ("2026-06,autosite,x,,\n", "not_a_number"),
    ("soon,autosite,5,,\n", "not_a_month"),
    ("04/05/2026,autosite,5,,\n", "ambiguous_date"),
    ("2026-06,,5,,\n", "required"),
    ("2026-06,autosite,5,99999,\n", "unknown_dealer"),
    ("2026-06,autosite,-5,,\n", "out_of_range"),
    ("2026-06,radio,7,,\n", "twice"),
    ("2026-06,known,7,,\n", "reason_needed"),
]


@pytest.mark.parametrize(("row", "code"), BAD)
def test_one_bad_row_keeps_its_file_out(sqlite_engine: Engine, row: str, code: str):
    network = make_network(sqlite_engine)
    enter(sqlite_engine, network, source="known", cents=100)
    result = bring(sqlite_engine, network, f"2026-06,radio,5,,\n{row}")
    assert (result.created, result.rejected) == (0, 2)
    assert next(o.code for o in result.outcomes) == "file_refused"
    if code != "not_a_number":
        assert [o.code for o in result.outcomes][1] == code
    assert lines(sqlite_engine) == [("known", NETWORK, 100)]


def test_a_file_of_a_region_reaches_its_own_dealers_only(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    result = bring(sqlite_engine, network, "2026-06,radio,5,00201,\n", actor=network.east_coordinator)
    unknown = bring(sqlite_engine, network, "2026-06,radio,5,99999,\n", actor=network.east_coordinator)
    assert result.outcomes[0].message.replace("00201", "") == unknown.outcomes[0].message.replace("99999", "")
    assert result.created == 0
