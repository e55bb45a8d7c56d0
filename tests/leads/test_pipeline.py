"""The pipeline of dealers: against a slow recount from raw rows, by scope, by small n, lead by lead (2.2 F)."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text, update

from db import catalog
from db.core.actor import EVERYTHING, Scope
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.customers.tables import Customer
from db.exports import run_export
from db.leads import checks
from db.leads.area import AREA
from db.leads.pipeline_metrics import COLUMNS, DEFINITIONS, export_rows
from db.leads.pipeline_queries import (
    DealerRow,
    cohort,
    completed,
    dealer_rows,
    ladder,
    open_pipeline,
    page_of,
    peers,
    pipeline_leads,
    speed,
    weights,
)
from db.leads.pipeline_rules import (
    BUCKETS,
    LADDER,
    STAGE_OF,
    STAGES,
    age_days,
    bucket_of,
    entered_before,
    settled_months,
    weigh,
    weighted_cents,
)
from db.leads.pipeline_signals import signals
from db.leads.stage_backfill import fill_statements
from db.leads.tables import Dealer, Lead
from tests.leads.factories import INPUTS, NOW, PATHS, Network, lead_at, load, make_dealer, make_network, minutes, step
from tests.leads.intake_examples import lead_of, make_dealers, prospect, take
from tests.support.core import add_customer, add_dealer, add_lead

REGIONS = ("East", "West")
PRODUCTS = ("Camry", "RAV4")
SOURCES = ("website", "phone")
STATUSES = (
    *STAGE_OF, "held", "nurture", "delivered", "lost", "bad", "duplicate", "expired",
)  # fmt: skip
OPEN = {*STAGE_OF, "held", "nurture"}
DAY = timedelta(days=1)


# ------------------------------------------------------------------------------------------------------------- rules
@pytest.mark.parametrize(
    "ago, days, bucket",
    [
        (timedelta(0), 0, "d0"), (3 * DAY - timedelta(seconds=1), 2, "d0"), (3 * DAY, 3, "d3"),
        (8 * DAY - timedelta(seconds=1), 7, "d3"), (8 * DAY, 8, "d8"), (15 * DAY - timedelta(seconds=1), 14, "d8"),
        (15 * DAY, 15, "d15"), (31 * DAY - timedelta(seconds=1), 30, "d15"), (31 * DAY, 31, "d31"),
        (400 * DAY, 400, "d31"), (-2 * DAY, 0, "d0"),
    ],
)  # fmt: skip
def test_days_in_a_stage_fall_into_spans(ago: timedelta, days: int, bucket: str):
    assert age_days(NOW - ago, NOW) == days
    assert bucket_of(days).name == bucket


@given(st.integers(-10, 10**7), st.integers(0, 999_999), st.integers(0, 999_999), st.integers(1, 60))
def test_who_entered_before_a_moment_is_so_many_days_old(seconds: int, a: int, b: int, days: int):
    now, entered = NOW.replace(microsecond=a), (NOW - timedelta(seconds=seconds)).replace(microsecond=b)
    assert (age_days(entered, now) >= days) == (entered < entered_before(days, now))


@pytest.mark.parametrize(
    "value, sold, reached, weighted",
    [
        (1000, 5, 10, 500), (1001, 5, 10, 501), (999, 5, 10, 500), (0, 1, 10, 0), (1000, 0, 10, 0),
        (1000, 10, 10, 1000), (1000, 5, 9, None), (1000, 0, 0, None), (3_333_333, 1, 30, 111_111),
    ],
)  # fmt: skip
def test_a_value_is_weighted_and_rounded_half_up(value: int, sold: int, reached: int, weighted: int | None):
    assert weighted_cents(value, sold=sold, reached=reached) == weighted


def test_stages_too_few_leads_came_to_are_left_out_of_the_weight():
    counts = defaultdict(int, {"valid": 100, "sold": 20, "contacted": 50, "negotiation": 4, "negotiation_sold": 4})
    assert weigh({"new": 1000, "contacted": 1000, "negotiation": 9999, "sold": 5000}, counts) == 200 + 400
    assert weigh({"negotiation": 9999}, counts) is None
    assert weigh({"new": 1000}, None) is None
    assert weigh({}, counts) == 0


def test_weights_come_from_cohorts_that_are_settled():
    months = settled_months((2026, 6))
    assert (months[0], months[-1], len(months)) == ((2025, 4), (2026, 3), 12)


def test_every_open_status_stands_in_exactly_one_stage_or_is_parked():
    from db.leads.flow import FLOW

    assert sorted([*(s for stage in STAGES for s in stage.statuses), "held", "nurture"]) == sorted(FLOW.open_states)
    assert [b.first for b in BUCKETS[1:]] == [b.last + 1 for b in BUCKETS[:-1] if b.last is not None]
    # Stale is counted by spans too: each limit is where a span begins.
    assert {stage.stale_days for stage in STAGES} <= {b.first for b in BUCKETS}


# --------------------------------------------------------------------------------------- a slow recount from raw rows
@dataclass(frozen=True)
class Raw:
    """A lead as the recount sees it."""

    id: int
    status: str
    dealer_id: int | None
    region: str | None
    product: str
    source: str
    value: int | None
    entered: datetime
    received: datetime
    stamps: dict[str, datetime | None]

    @property
    def valid(self) -> bool:
        return self.status not in ("bad", "duplicate", "held")

    def moment(self, stamp: str) -> datetime | None:
        return self.received if stamp == "received_at" else self.stamps[stamp]


moments = st.integers(0, 60 * 24 * 60).map(lambda m: NOW - timedelta(minutes=m))
edges = st.sampled_from([3, 8, 15, 31]).flatmap(
    lambda d: st.sampled_from([-1, 0, 1]).map(lambda s: NOW - d * DAY - timedelta(seconds=s))
)
STAMPS = ("contacted_at", "qualified_at", "appointment_set_at", "appointment_shown_at", "negotiation_at", "sold_at")
raws: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    status=st.sampled_from(STATUSES), dealer_id=st.sampled_from([None, 1, 2, 3]), product=st.sampled_from(PRODUCTS),
    source=st.sampled_from(SOURCES), value=st.none() | st.integers(1, 10**7), entered=moments | edges,
    received=moments, reached=st.sets(st.sampled_from(STAMPS)), took=st.integers(0, 10_000),
)  # fmt: skip
filters_of = st.fixed_dictionaries(
    {},
    optional={
        "region": st.sampled_from(REGIONS), "product": st.sampled_from(PRODUCTS), "source": st.sampled_from(SOURCES),
        "dealer": st.sampled_from([1, 2, 3]),
    },
)  # fmt: skip
scopes = st.sampled_from(
    [EVERYTHING, Scope("regions", regions=frozenset({"East"})), Scope("dealers", dealer_ids=frozenset({1, 3}))]
)
REGION_OF = {1: "East", 2: "East", 3: "West", None: None}


@pytest.fixture
def desk(engine: Engine) -> Engine:
    with writing(engine, keeps_timeline=False) as session:
        add_customer(session)
        for dealer_id in (1, 2, 3):
            add_dealer(session, dealer_id, region=str(REGION_OF[dealer_id]))
    return engine


def store(session: Any, number: int, drawn: dict[str, Any]) -> Raw:
    """One lead as drawn; a stamp brings those it never comes without."""
    reached = set(drawn["reached"])
    if "appointment_shown_at" in reached:
        reached.add("appointment_set_at")
    if reached:
        reached.add("contacted_at")
    stamps = {
        name: drawn["received"] + timedelta(minutes=drawn["took"] * place) if name in reached else None
        for place, name in enumerate(STAMPS, 1)
    }
    region = REGION_OF[drawn["dealer_id"]]
    add_lead(
        session, number, status=drawn["status"], is_open=drawn["status"] in OPEN, dealer_id=drawn["dealer_id"],
        region=region, product=drawn["product"], source=drawn["source"], value_cents=drawn["value"],
        stage_entered_at=drawn["entered"], received_at=drawn["received"],
        received_month=drawn["received"].date().replace(day=1), **stamps,
    )  # fmt: skip
    return Raw(
        id=number, status=drawn["status"], dealer_id=drawn["dealer_id"], region=region, product=drawn["product"],
        source=drawn["source"], value=drawn["value"], entered=drawn["entered"], received=drawn["received"],
        stamps=stamps,
    )  # fmt: skip


def seen_by(leads: list[Raw], scope: Scope, filters: dict[str, Any]) -> list[Raw]:
    def passes(lead: Raw) -> bool:
        facts = {
            "region": lead.region, "product": lead.product, "source": lead.source, "dealer": lead.dealer_id,
        }  # fmt: skip
        return scope.allows(dealer_id=lead.dealer_id, region=lead.region) and all(
            facts[name] == value for name, value in filters.items()
        )

    return [lead for lead in leads if passes(lead)]


def days_of(lead: Raw) -> int:
    return max(0, int((NOW - lead.entered).total_seconds() // 86_400))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(raws, min_size=1, max_size=14), filters=filters_of, scope=scopes,
    cell=st.tuples(st.sampled_from(STAGES), st.sampled_from(BUCKETS)),
)  # fmt: skip
def test_every_number_is_what_a_recount_of_the_raw_rows_gives(
    desk: Engine, drawn: list[dict[str, Any]], filters: dict[str, Any], scope: Scope, cell: tuple[Any, Any]
):
    with reading(desk) as session:  # rolled back at its end
        leads = [store(session, number, one) for number, one in enumerate(drawn, 1)]
        mine = seen_by(leads, scope, filters)
        weighing = defaultdict(int, {"valid": 40, "sold": 7, "contacted": 20, "qualified": 11, "qualified_sold": 5})
        found = open_pipeline(session, scope=scope, filters=filters, now=NOW, weighing=weighing)
        working = [lead for lead in mine if STAGE_OF.get(lead.status) and lead.status != "sold"]
        for line, stage in zip(found.lines, STAGES, strict=True):
            here = [lead for lead in mine if lead.status in stage.statuses]
            ages = sorted(map(days_of, here))
            assert line.count == len(here)
            assert line.value_cents == sum(lead.value or 0 for lead in here)
            assert line.unvalued == sum(lead.value is None for lead in here)
            assert line.median_days == (statistics.median(ages) if ages else None)
            assert line.stale == sum(age >= stage.stale_days for age in ages)
            for bucket in BUCKETS:
                inside = [a for a in ages if a >= bucket.first and (bucket.last is None or a <= bucket.last)]
                assert line.by_bucket[bucket.name] == len(inside)
        # The lists behind a bar and behind a cell hold exactly the leads those counted.
        stage, bucket = cell
        here = [lead for lead in mine if lead.status in stage.statuses]
        asked: dict[str, Any] = {"scope": scope, "filters": filters, "now": NOW}
        assert {r.id for r in pipeline_leads(session, stage=stage.name, **asked).rows} == {lead.id for lead in here}
        of_cell = {lead.id for lead in here if bucket_of(days_of(lead)) == bucket}
        behind = pipeline_leads(session, stage=stage.name, bucket=bucket.name, **asked).rows
        assert {r.id for r in behind} == of_cell
        assert (found.count, found.value_cents) == (len(working), sum(lead.value or 0 for lead in working))
        assert found.median_days == (statistics.median(map(days_of, working)) if working else None)
        assert found.parked == {s: sum(lead.status == s for lead in mine) for s in ("held", "nurture")}
        everything = pipeline_leads(session, scope=scope, filters=filters, now=NOW, limit=3)
        ids = [r.id for r in everything.rows]
        while everything.following:
            everything = pipeline_leads(
                session, scope=scope, filters=filters, now=NOW, limit=3, after=everything.following
            )
            ids += [r.id for r in everything.rows]
        assert ids == [lead.id for lead in sorted(working, key=lambda one: (one.entered, one.id))]
        stale = pipeline_leads(session, scope=scope, filters=filters, now=NOW, stale=True)
        assert len(stale.rows) == found.stale

        by_dealer = {
            row.dealer_id: row
            for row in completed(
                session, dealer_rows(session, scope=scope, filters=filters, now=NOW, weighing=weighing), scope=scope,
                filters=filters, now=NOW,
            )
        }  # fmt: skip
        for dealer_id in (1, 2, 3):
            of_dealer = [lead for lead in mine if lead.dealer_id == dealer_id]
            counted = [lead for lead in of_dealer if lead in working or lead.status == "sold"]
            valid = [lead for lead in of_dealer if lead.valid]
            if not counted and not valid:
                assert dealer_id not in by_dealer or not by_dealer[dealer_id].valid
                continue
            if dealer_id not in by_dealer:
                assert filters.get("product")
                assert not counted  # shown with open leads only, see dealer_rows
                continue
            row = by_dealer[dealer_id]
            open_ = [lead for lead in counted if lead.status != "sold"]
            assert (row.open, row.value_cents) == (len(open_), sum(lead.value or 0 for lead in open_))
            assert row.stale == sum(days_of(lead) >= STAGE_OF[lead.status].stale_days for lead in open_)
            assert row.median_days == (statistics.median(map(days_of, open_)) if open_ else None)
            assert (row.valid, row.sold) == (len(valid), sum(lead.stamps["sold_at"] is not None for lead in valid))
        assert sum(row.open for row in by_dealer.values()) == sum(lead.dealer_id is not None for lead in working)

        spans = {"from": date(2026, 1, 1), "to": date(2026, 12, 1)}
        counts = cohort(session, scope=scope, filters={**filters, **spans})
        steps = ladder(counts, pace=speed(session, scope=scope, filters={**filters, **spans}))
        before: list[Raw] | None = None
        for rung, rung_line in zip(LADDER, steps, strict=True):
            stamp = rung.until
            here = [lead for lead in mine if lead.valid and (not stamp or lead.stamps[stamp] is not None)]
            assert rung_line.count == len(here)
            if before is not None:
                both = [lead for lead in here if lead in before]
                assert (rung_line.of, rung_line.both) == (len(before), len(both))
                assert rung_line.share == (len(both) / len(before) if before else None)
                pairs = [(lead.moment(rung.since), lead.moment(stamp)) for lead in here]
                took = [(until - since) / DAY for since, until in pairs if since and until]
                assert rung_line.days == (pytest.approx(statistics.median(took)) if took else None)
            before = here


# ----------------------------------------------------------------------------------------- since when it stands there
@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def test_each_step_that_changes_the_state_begins_a_stage_and_no_other(engine: Engine, network: Network):
    item_id = lead_at(engine, "contacted", network)
    entered = load(engine, item_id).stage_entered_at
    assert entered == NOW - minutes(18)
    step(engine, "log_activity", item_id, actor=network.coordinator, now=NOW, kind="note", outcome="note", note="x")
    step(engine, "assign", item_id, actor=network.coordinator, now=NOW, dealer_id=network.north, note="stays")
    assert load(engine, item_id).stage_entered_at == entered
    step(engine, "qualify", item_id, actor=network.coordinator, now=NOW, note="x", value_cents=2_500_000)
    lead = load(engine, item_id)
    assert (lead.stage_entered_at, lead.value_cents) == (NOW, 2_500_000)
    step(engine, "negotiate", item_id, actor=network.coordinator, now=NOW + minutes(5))
    lead = load(engine, item_id)
    assert (lead.stage_entered_at, lead.negotiation_at, lead.value_cents) == (
        NOW + minutes(5), NOW + minutes(5), 2_500_000,
    )  # fmt: skip


@pytest.mark.parametrize("stage", sorted(PATHS))
def test_a_lead_at_any_stage_knows_since_when(engine: Engine, network: Network, stage: str):
    lead = load(engine, lead_at(engine, stage, network))
    assert lead.stage_entered_at is not None
    assert lead.stage_entered_at == (lead.received_at if stage in ("new", "held") else lead.updated_at)
    with reading(engine) as session:
        assert checks.stamps_are_possible(session) == []


def test_a_merge_taken_back_restores_since_when(engine: Engine, network: Network):
    first, second = lead_at(engine, "contacted", network), lead_at(engine, "qualified", network)
    entered = load(engine, second).stage_entered_at
    step(engine, "merge", second, actor=network.coordinator, now=NOW, into_id=first, note="same")
    assert load(engine, second).stage_entered_at == NOW
    step(engine, "unmerge", second, actor=network.coordinator, now=NOW + minutes(9), note="not the same")
    assert load(engine, second).stage_entered_at == entered


def test_the_upgrade_finds_out_from_the_timeline(engine: Engine, network: Network):
    ids = [lead_at(engine, stage, network) for stage in PATHS]
    again = lead_at(engine, "negotiation", network)
    step(engine, "lose", again, actor=network.coordinator, now=NOW, reason="price")
    step(engine, "reopen", again, actor=network.coordinator, now=NOW + minutes(3), note="back")
    taken_over = lead_at(engine, "new", network)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(
            update(Lead).where(Lead.id == taken_over).values(status="contacted", contacted_at=NOW - 5 * DAY)
        )
        kept = {i: (load(engine, i).stage_entered_at, load(engine, i).negotiation_at) for i in (*ids, again)}
        session.execute(update(Lead).values(stage_entered_at=None, negotiation_at=None))
        for statement in fill_statements(engine.dialect.name):
            session.execute(text(statement))
    assert {i: (load(engine, i).stage_entered_at, load(engine, i).negotiation_at) for i in kept} == kept
    assert load(engine, taken_over).stage_entered_at == NOW - 5 * DAY


def test_an_open_lead_without_the_moment_is_named_by_the_check(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    item_id = lead_at(sqlite_engine, "qualified", network)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(update(Lead).values(stage_entered_at=None))
    with reading(sqlite_engine) as session:
        (sentence,) = checks.stamps_are_possible(session)
        assert sentence.endswith("is open and nobody knows since when it stands in its state")
        assert open_pipeline(session, scope=EVERYTHING, filters={}, now=NOW, weighing=None).count == 0
        assert pipeline_leads(session, scope=EVERYTHING, filters={}, now=NOW).rows == ()
    assert load(sqlite_engine, item_id).stage_entered_at is None


@pytest.mark.parametrize("name", ["qualify", "negotiate"])
@pytest.mark.parametrize("value", [0, -1, 12.5, True, 1_000_000_001])
def test_a_price_that_is_none_is_refused(sqlite_engine: Engine, name: str, value: Any):
    network = make_network(sqlite_engine)
    item_id = lead_at(sqlite_engine, "contacted", network)
    with pytest.raises(Refused) as refusal:
        step(
            sqlite_engine, name, item_id, actor=network.coordinator, now=NOW,
            **(INPUTS[name](network, NOW) | {"value_cents": value}),
        )  # fmt: skip
    assert [p.field for p in refusal.value.problems] == ["value_cents"]
    assert load(sqlite_engine, item_id).value_cents is None


# ------------------------------------------------------------------------------------------------------ scope, small n
def spread(engine: Engine, *, dealers: int, leads: int, region: str = "East") -> list[int]:
    """Dealers with settled leads: every second one contacted, every fourth sold."""
    with writing(engine, keeps_timeline=False) as session:
        if session.get(Customer, 900) is None:
            add_customer(session, 900)
        ids = [make_dealer(session, f"{region[-1]}{n:03}", f"{region} {n}", region=region).id for n in range(dealers)]
        number = random.Random(region).randint(10_000, 900_000)
        for dealer_id in ids:
            for n in range(leads):
                number += 1
                contacted = NOW - 200 * DAY if n % 2 == 0 else None
                add_lead(
                    session, number, customer_id=900, dealer_id=dealer_id, region=region, status="lost", is_open=False,
                    received_at=NOW - 201 * DAY, received_month=date(2025, 12, 1), contacted_at=contacted,
                    sold_at=NOW - 199 * DAY if n % 4 == 0 else None, closed_at=NOW - 190 * DAY,
                )  # fmt: skip
    return ids


SPAN = {"from": date(2025, 12, 1), "to": date(2025, 12, 1)}


def test_peers_are_an_average_of_five_or_nobody(engine: Engine):
    east = spread(engine, dealers=5, leads=8)
    own = Scope("dealers", dealer_ids=frozenset(east[:1]))
    with reading(engine) as session:
        assert peers(session, scope=own, filters=SPAN) is None, "four others would tell what one of them does"
        assert peers(session, scope=EVERYTHING, filters=SPAN) is None, "the network has no peers"
        assert weights(session, scope=own, now=NOW) is not None
    spread(engine, dealers=1, leads=8, region="East B")
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Dealer).where(Dealer.region == "East B").values(region="East"))
    with reading(engine) as session:
        for scope, filters in ((own, SPAN), (EVERYTHING, {**SPAN, "dealer": east[0]})):
            found = peers(session, scope=scope, filters=filters)
            assert found is not None
            assert (found.label, found.dealers, found.counts["valid"]) == ("Peers in East", 5, 40)
            (_, contacted, *_) = ladder(cohort(session, scope=scope, filters=filters), beside=found)
            assert (contacted.of, contacted.is_small, contacted.share, contacted.peers) == (8, True, 0.5, 0.5)
        assert peers(session, scope=own, filters={**SPAN, "product": "Camry"}) is None
        whole = peers(session, scope=EVERYTHING, filters={**SPAN, "region": "East"})
        assert whole is not None
        assert (whole.label, whole.dealers) == ("Network", 6)
        # asking for a dealer outside of the scope compares nobody's with anybody's
        foreign = peers(session, scope=own, filters={**SPAN, "dealer": east[1]})
        assert foreign is None


def test_few_leads_are_shown_and_never_ranked(engine: Engine):
    few, many = spread(engine, dealers=1, leads=4, region="A")[0], spread(engine, dealers=2, leads=12, region="B")
    with reading(engine) as session:
        rows = dealer_rows(session, scope=EVERYTHING, filters=SPAN, now=NOW, weighing=None)
        page = page_of(rows, sort="conversion")
        assert [row.dealer_id for row in page.rows] == [*many, few]
        assert page.rows[-1].conversion == 0.25
        with pytest.raises(Refused):
            page_of(rows, sort="luck")


def test_dealers_come_in_pages_that_join(sqlite_engine: Engine):
    def row(n: int) -> DealerRow:
        return DealerRow(
            dealer_id=n, code=str(n), name=f"Dealer {n % 7}", region="East", stages={}, open=n % 5, value_cents=n % 3,
            unvalued=0, weighted_cents=None if n % 4 == 0 else n % 6, stale=0, valid=n, sold=n // 2, median_days=n % 9,
        )  # fmt: skip

    rows = [row(n) for n in range(1, 131)]
    for sort in ("open", "value", "weighted", "conversion", "median", "stale", "name"):
        got: list[DealerRow] = []
        after = None
        while True:
            page = page_of(rows, sort=sort, after=after)
            assert page.total == 130
            assert len(page.rows) <= 50
            got += page.rows
            after = page.following
            if after is None:
                break
        assert sorted(r.dealer_id for r in got) == list(range(1, 131))
    assert [r.open for r in page_of(rows, sort="open").rows] == sorted((r.open for r in rows), reverse=True)[:50]


def test_one_sees_only_the_pipelines_of_ones_scope(engine: Engine, network: Network):
    ours = lead_at(engine, "qualified", network)
    theirs = lead_at(engine, "contacted", network, name="Joe Other")
    step(engine, "assign", theirs, actor=network.coordinator, now=NOW, dealer_id=network.south, note="moved")
    nobody = lead_at(engine, "new", network, name="Nobody Yet")
    own = network.dealer_manager.scope
    with reading(engine) as session:
        asked: dict[str, Any] = {"filters": {}, "now": NOW}
        assert open_pipeline(session, scope=own, weighing=None, **asked).count == 1
        assert [r.id for r in pipeline_leads(session, scope=own, **asked).rows] == [ours]
        assert {r.id for r in pipeline_leads(session, scope=EVERYTHING, **asked).rows} == {ours, theirs, nobody}
        assert [r.dealer_id for r in dealer_rows(session, scope=own, weighing=None, **asked)] == [network.north]
        foreign: dict[str, Any] = {"filters": {"dealer": network.south}, "now": NOW}
        assert open_pipeline(session, scope=own, weighing=None, **foreign).count == 0
        assert pipeline_leads(session, scope=own, **foreign).rows == ()
        assert dealer_rows(session, scope=own, weighing=None, **foreign) == ()
        assert cohort(session, scope=own, filters={})["valid"] == 1
        exported = list(export_rows(session, actor=network.dealer_manager, scope=own, **asked))
        assert [row[0] for row in exported] == ["00101"]
        assert weights(session, scope=own, now=NOW) is None, "four dealers without a past"
        masked = pipeline_leads(session, scope=own, **asked).rows[0]
        known = pipeline_leads(session, scope=own, personal=True, **asked).rows[0]
        assert (masked.customer_name, known.customer_name) == ("J. D.", "Jane Doe")
        for name in ("stage", "bucket"):
            unknown: dict[str, Any] = {name: "luck"}
            with pytest.raises(Refused):
                pipeline_leads(session, scope=own, **asked, **unknown)


def test_what_a_pipeline_says_of_its_dealer(engine: Engine, network: Network):
    for stage in ("contacted", "attempted", "sold"):
        lead_at(engine, stage, network)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Lead).where(Lead.status == "attempted").values(stage_entered_at=NOW - 8 * DAY))
    asked: dict[str, Any] = {"dealer_id": network.north, "now": NOW, "since": None}
    with reading(engine) as session:
        found = catalog.dealer_lines(session, actor=network.dealer_manager, **asked)["Sales pipeline"]
        assert [(line.kind, line.title) for line in found] == [
            ("open", "2 leads in the pipeline"), ("overdue", "1 lead too long in the same stage"),
        ]  # fmt: skip
        assert found[0].detail == "attempted 1, contacted 1"
        assert "Sales pipeline" not in catalog.dealer_lines(session, actor=network.staff, **asked)
        assert "Sales pipeline" not in catalog.dealer_lines(
            session, actor=network.manager, **{**asked, "dealer_id": network.south}
        )


@pytest.mark.parametrize(
    "count, stale, level",
    [(9, 9, None), (10, 3, None), (10, 4, "watch"), (12, 4, "watch"), (12, 7, "watch"), (12, 8, "risk")],
)
def test_a_stale_pipeline_is_a_signal(sqlite_engine: Engine, count: int, stale: int, level: str | None):
    with writing(sqlite_engine, keeps_timeline=False) as session:
        add_customer(session)
        for dealer_id in (1, 2):
            add_dealer(session, dealer_id)
        for n in range(count):
            entered = NOW - (8 if n < stale else 1) * DAY
            add_lead(
                session, n + 1, dealer_id=1, region="East", status="attempted", stage_entered_at=entered,
                received_at=entered,
            )  # fmt: skip
        for scope in (EVERYTHING, Scope("dealers", dealer_ids=frozenset({1}))):
            found = signals(session, scope=scope, now=NOW)
            assert {d: s[0].level for d, s in found.items()} == ({1: level} if level else {})
        assert signals(session, scope=Scope("dealers", dealer_ids=frozenset({2})), now=NOW) == {}


# ----------------------------------------------------------------------------------------------- metrics and export
def test_the_catalogue_has_the_pipeline_with_its_definitions(engine: Engine, network: Network):
    for stage in ("contacted", "qualified", "sold", "held"):
        lead_at(engine, stage, network, value_cents=None if stage == "qualified" else 1_000_000)
    metrics = {m.definition.name: m for m in AREA.metrics if m.definition.name in DEFINITIONS}
    assert set(metrics) == set(DEFINITIONS)
    wanted = {
        "pipeline_open": 2, "pipeline_value": 1_000_000, "pipeline_won": 1, "pipeline_days": 0, "pipeline_stale": 0,
        "pipeline_weighted": None,
    }  # fmt: skip
    with reading(engine) as session:
        for name, metric in metrics.items():
            (row,) = metric.compute(session, scope=EVERYTHING, by=(), filters={}, now=NOW)
            assert row["value"] == wanted[name], name
            for dim in metric.dims:
                rows = metric.compute(session, scope=EVERYTHING, by=(dim,), filters={}, now=NOW)
                assert [r["value"] for r in rows] == [wanted[name]], (name, dim)
            assert metric.definition.formula
            assert metric.definition.excluded
        with pytest.raises(Refused):
            metrics["pipeline_open"].compute(session, scope=EVERYTHING, by=("luck",), filters={}, now=NOW)


def test_the_export_has_a_row_for_each_dealer_and_stage(engine: Engine, network: Network):
    for stage in ("contacted", "contacted", "sold"):
        lead_at(engine, stage, network, value_cents=1_000_000)
    made = run(run_export, bind=engine, kind="pipeline", file_format="csv", actor=network.sales_leader, now=NOW)
    content = made.content.decode("utf-8-sig")
    lines = [line for line in content.splitlines() if line.startswith("00101")]
    assert made.row_count == 2
    assert lines[0].startswith("00101,North Motors,East,Contacted,2,20000.00,0,,2,0,0,0,0,0"), lines
    assert "Sold, not delivered" in lines[1]
    assert len(COLUMNS) == 15


PRICES = [
    ('<price type="asking" currency="USD">26995</price>', 2_699_500), ("<price>26995</price>", 2_699_500),
    ('<price type="invoice">24000</price>', None), ('<price type="appraisal">9000</price>', None),
    ('<price type="quote" currency="CAD">30000</price>', None), ('<price type="quote">0</price>', None),
    ('<price type="msrp">999999999999</price>', None), ("", None),
]  # fmt: skip


@pytest.mark.parametrize("price, value", PRICES)
def test_the_price_a_document_names_is_the_value_until_one_is_agreed(
    sqlite_engine: Engine, price: str, value: int | None
):
    make_dealers(sqlite_engine)
    document = prospect(trade="2019|Honda|Civic").replace("</vehicle>", f"{price}</vehicle>", 1)
    (outcome,) = take(sqlite_engine, document).outcomes
    lead = lead_of(sqlite_engine, outcome)
    assert (lead.value_cents, lead.stage_entered_at) == (value, lead.received_at)
