"""The lead metrics: by hand-counted cohorts, by scope, against a fresh count, with the leads behind each (2.2 F)."""

from __future__ import annotations

import random
import statistics
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.core.actor import EVERYTHING, Actor, Scope
from db.core.problems import Refused
from db.core.session import reading
from db.leads import cohorts
from db.leads.area import AREA
from db.leads.drill_queries import drill
from db.leads.export_queries import COLUMNS, export_documents, export_rows
from db.leads.metrics_queries import (
    METRICS,
    RATIOS,
    compare,
    compute,
    definition,
    funnel,
    months_before,
    provider_scorecard,
    trend,
)
from db.leads.tables import Lead
from tests.leads.factories import NOW, SYSTEM, Network, lead_at, load, make_network, minutes, receive, step

MAY = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)
EAST = Scope("regions", regions=frozenset({"East"}))


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def value(engine: Engine, name: str, *, scope: Scope = EVERYTHING, now: datetime = NOW, **filters: Any) -> Any:
    with reading(engine) as session:
        (row,) = compute(session, scope=scope, name=name, filters=filters, now=now)
    return row["numerator"], row["denominator"], row["value"]


def test_the_funnel_counted_by_hand(engine: Engine, network: Network):
    for stage in (
        "attempted",
        "contacted",
        "qualified",
        "appointment_set",
        "appointment_shown",
        "sold",
        "delivered",
        "bad",
    ):
        lead_at(engine, stage, network)
    receive(engine, dealer_id=network.north, status="held")
    # received 8 (held left out), valid 7 (bad left out); contacted: all but the attempted one
    assert value(engine, "received") == (8, None, 8)
    assert value(engine, "valid") == (7, None, 7)
    assert value(engine, "contact_rate") == (6, 7, 6 / 7)
    assert value(engine, "appointment_set_rate") == (2, 6, 2 / 6)
    assert value(engine, "show_rate") == (1, 2, 0.5)
    assert value(engine, "close_rate") == (2, 7, 2 / 7)
    assert value(engine, "bad_share") == (1, 8, 1 / 8)
    assert value(engine, "valid_share") == (7, 8, 7 / 8)
    assert value(engine, "duplicate_share") == (0, 8, 0)


def test_the_response_sla_counts_what_is_due(engine: Engine, network: Network):
    """In time 1, late 1, missed and open 1, missed and expired 1, not due yet 1, from another system 1: 1 of 4."""
    received = NOW - minutes(40)
    for waited in (10, 30):
        item_id = receive(engine, dealer_id=network.north, received_at=received)
        step(
            engine, "log_activity", item_id, actor=network.staff, now=received + minutes(waited), kind="call",
            outcome="voicemail",
        )  # fmt: skip
    receive(engine, dealer_id=network.north, received_at=received)
    expired = receive(engine, dealer_id=network.north, received_at=NOW - timedelta(days=95))
    step(engine, "expire", expired, actor=SYSTEM, now=NOW - timedelta(days=1))
    receive(engine, dealer_id=network.north, received_at=NOW - minutes(5))
    receive(
        engine, dealer_id=network.north, clock_started_at=None, first_action_due_at=None, due_at=None,
        first_quality_due_at=None, wall_due_at=None,
    )  # fmt: skip
    assert value(engine, "response_sla") == (1, 4, 1 / 4)
    assert value(engine, "response_sla", now=NOW + minutes(11)) == (1, 5, 1 / 5), "the open one is due now"
    with reading(engine) as session:
        for measure, number in (("due", 4), ("in_target", 1), ("late", 1), ("overdue", 1), ("not_in_target", 3)):
            page = drill(session, scope=EVERYTHING, filters={}, measure=measure, now=NOW)
            assert len(page.rows) == number, measure


def test_nothing_to_share_is_no_number(engine: Engine, network: Network):
    for name in (*RATIOS, "median_first_response"):
        top, bottom, found = value(engine, name)
        assert not bottom
        assert found == (0 if definition(name).unit == "count" else None), name
        assert top in (0, None)


@pytest.mark.parametrize(
    ("waits", "median"), [([7], 7), ([3, 9], 6), ([1, 2, 30], 2), ([4, 4, 4, 20], 4), ([1, 2, 5, 90], 3.5)]
)
def test_the_median_is_exact(sqlite_engine: Engine, waits: list[int], median: float):
    network = make_network(sqlite_engine)
    for waited in waits:
        item_id = receive(sqlite_engine, dealer_id=network.north)
        step(
            sqlite_engine, "log_activity", item_id, actor=network.staff, now=NOW + minutes(waited), kind="call",
            outcome="reached",
        )  # fmt: skip
    assert value(sqlite_engine, "median_first_response", now=NOW + timedelta(hours=3))[2] == median
    assert median == statistics.median(waits)


def grow(engine: Engine, network: Network, number: int = 70) -> None:
    """Leads of two months, three dealers and no dealer, several sources, states and stages, by a fixed seed."""
    chosen = random.Random(7)
    for n in range(number):
        received = chosen.choice([MAY, NOW]) + timedelta(days=chosen.randrange(-8, 1), minutes=-n)
        dealer = chosen.choice([network.north, network.south, network.west, None])
        item_id = receive(
            engine, dealer_id=dealer, received_at=received, source=chosen.choice(["autosite", "phone"]),
            state=chosen.choice(["NY", "CA", ""]), product=chosen.choice(["Camry", "RAV4"]),
        )  # fmt: skip
        for step_name, given in chosen.choice(
            [
                [],
                [("log_activity", {"kind": "call", "outcome": "voicemail"})],
                [("log_activity", {"kind": "call", "outcome": "reached"})],
                [("log_activity", {"kind": "call", "outcome": "reached"}), ("sell", {})],
                [("lose", {"reason": "price"})],
                [("mark_bad", {"reason": "test", "note": "Says test"})],
            ]
        ):  # fmt: skip
            received += minutes(chosen.randrange(1, 40))
            step(engine, step_name, item_id, actor=network.coordinator, now=received, **given)


def by_hand(engine: Engine, scope: Scope, now: datetime) -> list[Any]:
    with reading(engine) as session:
        table = Lead.__table__
        rows = list(session.execute(select(table)))
    return [r for r in rows if scope.allows(dealer_id=r.dealer_id, region=r.region) and r.status != "held"]


BY: list[tuple[str, ...]] = [(), *((dim,) for dim in cohorts.DIMS), ("dealer", "product")]


def cell_of(lead: Any, by: tuple[str, ...]) -> tuple[Any, ...]:
    facts = {
        "month": lead.received_month, "source": lead.source, "product": lead.product, "state": lead.state,
        "region": lead.region or "", "dealer": lead.dealer_id or 0,
        "person": lead.assignee_id or 0,
    }  # fmt: skip
    return tuple(facts[dim] for dim in by)


def test_every_dimension_agrees_with_counting_the_leads(engine: Engine, network: Network):
    grow(engine, network)
    two = Scope(dealer_ids=frozenset({network.north, network.west}))
    for scope in (EVERYTHING, EAST, network.staff.scope, two, Scope()):
        leads = by_hand(engine, scope, NOW)
        for by in BY:
            with reading(engine) as session:
                found = cohorts.counts(session, scope=scope, by=by, filters={}, now=NOW)
            got = {tuple(row[dim] for dim in by): row for row in found}
            for cell in {cell_of(one, by) for one in leads}:
                here = [one for one in leads if cell_of(one, by) == cell]
                mine = [one for one in here if one.status not in ("bad", "duplicate")]
                due = [o for o in mine if o.first_action_at or not o.is_open or o.first_action_due_at < NOW]
                in_time = [o for o in mine if o.first_action_at and o.first_action_at <= o.first_action_due_at]
                sold = [o for o in mine if o.sold_at]
                counted = {name: got[cell][name] for name in ("received", "valid", "due", "in_target", "sold")}
                assert counted == {
                    "received": len(here), "valid": len(mine), "due": len(due), "in_target": len(in_time),
                    "sold": len(sold),
                }, (scope.describe(), by, cell)  # fmt: skip
            assert sum(row["received"] for row in found) == len(leads), (scope.describe(), by)


def test_filters_keep_to_their_cells_and_drill_to_the_same_leads(engine: Engine, network: Network):
    grow(engine, network)
    filters: list[dict[str, Any]] = [
        {}, {"from": "2026-06"}, {"to": date(2026, 5, 1)}, {"from": "2026-05-01", "to": "2026-05-31"},
        {"source": "phone"},
        {"source": ["phone", "autosite"]}, {"region": "East"}, {"state": "NY"}, {"product": "RAV4", "source": "phone"},
        {"dealer": network.north}, {"dealer": [network.north, network.south], "product": "Camry"},
        {"from": "", "source": None, "region": []},
    ]  # fmt: skip
    for scope in (EVERYTHING, EAST, network.staff.scope):
        for given in filters:
            with reading(engine) as session:
                (row,) = cohorts.counts(session, scope=scope, by=(), filters=given, now=NOW)
                for measure in ("received", "valid", "bad", "responded", "in_target", "late", "sold", "due"):
                    seen: list[int] = []
                    after = None
                    for _ in range(30):
                        page = drill(
                            session, scope=scope, filters=given, measure=measure, now=NOW, after=after, limit=7
                        )
                        seen += [one.id for one in page.rows]
                        after = page.following
                        if after is None:
                            break
                    assert len(seen) == len(set(seen)) == row[measure], (given, measure, scope.describe())


def test_a_dealer_has_code_name_and_id(engine: Engine, network: Network):
    grow(engine, network, 20)
    with reading(engine) as session:
        rows = compute(session, scope=EVERYTHING, name="received", by=("dealer",), now=NOW)
    named = {row["dealer"]: (row["dealer_id"], row["dealer_name"]) for row in rows}
    assert named["00101"] == (network.north, "North Motors")
    assert named[""] == (None, "No dealer")


@pytest.mark.parametrize(
    ("why", "given"),
    [
        ("an unknown metric", {"name": "luck"}),
        ("an unknown dimension", {"name": "received", "by": ("weather",)}),
        ("an unknown filter", {"name": "received", "filters": {"colour": "red"}}),
        ("a month that is none", {"name": "received", "filters": {"from": "June"}}),
    ],
)
def test_what_nobody_counts_is_refused_in_words(sqlite_engine: Engine, why, given):
    with reading(sqlite_engine) as session, pytest.raises(Refused) as refused:
        compute(session, scope=EVERYTHING, now=NOW, **given)
    assert refused.value.problems[0].field


def test_the_trend_has_every_month_and_the_change_is_against_as_many_months(engine: Engine, network: Network):
    for _ in range(2):
        lead_at(engine, "sold", network, now=MAY)
    lead_at(engine, "contacted", network, now=MAY)
    lead_at(engine, "sold", network)
    with reading(engine) as session:
        line = trend(session, scope=EVERYTHING, name="received", last=date(2026, 6, 15), months=4, now=NOW)
        rate = trend(session, scope=EVERYTHING, name="close_rate", last=date(2026, 6, 1), months=3, now=NOW)
        moved = compare(
            session, scope=EVERYTHING, name="received", filters={"from": "2026-06", "to": "2026-06"}, now=NOW
        )
    assert line == [(date(2026, 3, 1), 0), (date(2026, 4, 1), 0), (date(2026, 5, 1), 3), (date(2026, 6, 1), 1)]
    assert rate == [(date(2026, 4, 1), None), (date(2026, 5, 1), 2 / 3), (date(2026, 6, 1), 1.0)]
    assert (moved.value, moved.prior, moved.change) == (1, 3, -2)
    assert (moved.prior_from, moved.prior_to) == (date(2026, 5, 1), date(2026, 5, 1))
    assert months_before(date(2026, 2, 28), 3) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]


def test_the_provider_scorecard(engine: Engine, network: Network):
    for stage in ("contacted", "sold", "bad"):
        lead_at(engine, stage, network, source="autosite")
    lead_at(engine, "attempted", network, source="phone")
    with reading(engine) as session:
        first, second = provider_scorecard(session, scope=EVERYTHING, now=NOW)
        (whole,) = funnel(session, scope=EVERYTHING, now=NOW)
    assert (first["source"], first["received"], first["valid_share"], first["bad_share"]) == (
        "autosite",
        3,
        2 / 3,
        1 / 3,
    )
    assert (first["contact_rate"], first["close_rate"]) == (1.0, 0.5)
    assert (second["source"], second["contact_rate"]) == ("phone", 0.0)
    assert whole["median_first_response"] == 1
    assert whole["received"] == 4


def test_each_metric_says_what_it_is(engine: Engine, network: Network):
    assert len({m.definition.name for m in METRICS}) == len(METRICS)
    with reading(engine) as session:
        for metric in METRICS:
            about = metric.definition
            assert about.formula
            assert about.numerator
            assert about.rule.startswith("2.2")
            assert about.denominator or about.unit == "count"
            for dim in metric.dims:
                metric.compute(session, scope=EVERYTHING, by=(dim,), filters={}, now=NOW)


def test_the_checks_find_what_cannot_be(engine: Engine, network: Network):
    grow(engine, network, 12)
    item_id = lead_at(engine, "contacted", network)
    with reading(engine) as session:
        assert [s for check in AREA.checks for s in check.run(session)] == []
    from sqlalchemy import text

    from db.core.session import writing

    with writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE lead SET first_action_at = NULL WHERE id = :id"), {"id": item_id})
        session.execute(text("UPDATE lead_month SET received = received + 1"))
    with reading(engine) as session:
        found = [s for check in AREA.checks for s in check.run(session)]
    assert any(load(engine, item_id).number in s and "contacted without any action" in s for s in found)
    assert any("lead_month" in s for s in found)


# ---- export --------------------------------------------------------------------------------------------------------
def test_the_export_has_one_line_a_lead_and_respects_scope_and_filters(engine: Engine, network: Network):
    grow(engine, network, 15)
    names = [c.name for c in COLUMNS]
    with reading(engine) as session:

        def taken(actor: Actor, scope: Scope, **filters: Any) -> list[tuple[Any, ...]]:
            return list(export_rows(session, actor=actor, scope=scope, filters=filters, now=NOW))

        every, own = taken(network.manager, EVERYTHING), taken(network.dealer_manager, network.dealer_manager.scope)
        phone, month = (
            taken(network.manager, EVERYTHING, **{n: v}) for n, v in (("source", "phone"), ("from", "2026-06"))
        )
        masked = taken(network.sales_leader, EVERYTHING)
    assert len(every) == 15
    assert {len(row) for row in every} == {len(names)}
    column = {name: [row[n] for row in every] for n, name in enumerate(names)}
    assert set(column["customer_name"]) == {"Jane Doe"}
    assert {row[names.index("dealer_code")] for row in own} == {"00101"}
    assert len(own) == column["dealer_code"].count("00101")
    assert len(phone) == column["source"].count("phone")
    assert len(month) == len([at for at in column["received_at"] if at.month == 6])
    assert "Jane" not in repr(masked)
    assert "@mail" not in repr(masked)
    with reading(engine) as session, pytest.raises(Refused):
        next(export_rows(session, actor=network.staff, scope=EVERYTHING, filters={}, now=NOW))


def test_a_document_has_what_the_issue_names(engine: Engine, network: Network):
    item_id = lead_at(engine, "contacted", network)
    with reading(engine) as session:
        (found,) = export_documents(session, actor=network.manager, scope=EVERYTHING, filters={}, now=NOW)
    wanted = {
        "external_ids", "status", "received_at", "requested_at", "customer_name", "emails", "phones", "dealer_code",
        "vehicle", "trade_in", "provider", "source", "score", "first_action_due_at", "first_action_at",
    }  # fmt: skip
    assert wanted <= set(found)
    assert found["number"] == load(engine, item_id).number
    assert found["vehicle"]["year"] == "2026"
    assert (found["dealer_code"], found["trade_in"]) == ("00101", None)
    assert found["emails"] == ["jane@mail.example"]
    assert datetime.fromisoformat(found["received_at"]) == NOW - minutes(30)
