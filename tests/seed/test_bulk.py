"""The bulk seed: exact in number, the same every time, whole by every check, and what the rules would say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select, text

import seed.__main__ as command
from db import catalog
from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import due_at, elapsed_minutes, next_opening
from db.claim_payments.tables import ClaimEntry, CreditMemo
from db.claims.tables import Claim, ClaimCharge, ClaimHold, ClaimJob
from db.coop.tables import CoopEntry, CoopFund
from db.core import vin as vins
from db.core.actor import EVERYTHING
from db.core.base import Base
from db.core.search import SearchWord, find
from db.core.session import make_engine, reading, run
from db.core.timeline import TimelineEntry
from db.dealers.tables import Dealer
from db.incentives.tables import IncentiveEntry, SaleReport
from db.leads import rollup
from db.leads.commands import COMMANDS
from db.leads.rules import next_promise
from db.leads.score import total
from db.leads.tables import Lead, LeadActivity, LeadDealerMonth
from db.people.queries import actor_for
from seed.bulk import leads as bulk_leads
from seed.bulk import sink as sinks
from seed.bulk.build import Size, build_bulk
from seed.bulk.hours import Hours
from seed.bulk.sink import Sink, at_of, epoch, moment
from seed.bulk.vins import vin_of
from seed.network import Network
from seed.places import PLACES

NOW = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)
SIZE = Size(dealers=60, leads=400, claims=300, ledger=700)
SMALL: dict[str, Any] = {"now": NOW, "seed": 7, "size": SIZE}


def quiet(_line: str) -> None:
    """Nobody listens."""


def rows_of(engine) -> dict[str, list[tuple[Any, ...]]]:
    """Everything the bulk wrote, by table; one-time passwords and their hashes are no part of it."""
    tables = (
        "dealer", "lead", "lead_activity", "customer", "claim", "claim_charge", "claim_entry", "claim_hold",
        "sale_report", "incentive_claim", "incentive_entry", "coop_entry", "coop_lot", "coop_claim",
        "coop_request", "credit_memo",
    )  # fmt: skip
    with reading(engine) as session:
        return {
            name: [tuple(row) for row in session.execute(select(Base.metadata.tables[name]).order_by(text("id")))]
            for name in tables
        }


@pytest.fixture(scope="module")
def first(sqlite_templates, tmp_path_factory):
    """A small network made in bulk on SQLite."""
    from tests.support.databases import migrate

    url = sqlite_templates.copy("migrated", migrate, to=tmp_path_factory.mktemp("bulk") / "dealer.db")
    engine = make_engine(url)
    build_bulk(engine, **SMALL, say=quiet, aside=True)
    yield engine
    engine.dispose()


@pytest.fixture
def session(first):
    with reading(first) as found:
        yield found


# ---- whole, exact, the same ----------------------------------------------------------------------------------------
def schema_of(engine) -> set[tuple[Any, ...]]:
    """Every index, key and trigger there is."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            found = connection.execute(text("SELECT type, name, sql FROM sqlite_master"))
        else:
            found = connection.execute(text(
                "SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() UNION ALL"
                " SELECT 'key', conname, pg_get_constraintdef(oid) FROM pg_constraint UNION ALL"
                " SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
            ))  # fmt: skip
        return {tuple(row) for row in found if not str(row[1]).startswith("sqlite_stat")}


def log_a_call(engine) -> int:
    """The next step of a person on a lead of the bulk; gives its id."""
    with reading(engine) as session:
        cora = actor_for(session, username="cora")
        waiting = Lead.status.in_(("attempted", "contacted", "nurture"))
        lead_id, version = session.execute(select(Lead.id, Lead.version).where(waiting).limit(1)).one()
    run(COMMANDS["log_activity"], bind=engine, item_id=lead_id, seen_version=version, kind="call", outcome="reached",
        note="", form_key="bulk-test", actor=cora, now=NOW + timedelta(hours=1))  # fmt: skip
    return int(lead_id)


@pytest.mark.slow
def test_both_databases_hold_the_same_rows_and_no_check_finds_anything(engine, first):
    before = schema_of(engine)
    build_bulk(engine, **SMALL, say=quiet)
    assert schema_of(engine) == before  # triggers, indexes and foreign keys are there again
    with reading(engine) as session:
        assert {name: found for name, found in catalog.run_checks(session) if found} == {}
        assert rollup.differences(session) == []
    again = rows_of(engine)
    for table, rows in rows_of(first).items():
        assert again[table] == rows, table
    # Commands go on where the bulk ended: ids are free, counts follow.
    lead_id = log_a_call(engine)
    with reading(engine) as session:
        assert rollup.differences(session) == []
        assert session.get_one(Lead, lead_id).status == "contacted"


def test_a_database_made_aside_is_whole_too(session):
    assert {name: found for name, found in catalog.run_checks(session) if found} == {}
    assert session.scalar(text("PRAGMA journal_mode")) == "wal"


def test_every_number_is_exact(session):
    def count(table, *where):
        return session.scalar(select(func.count()).select_from(table).where(*where))

    assert count(Dealer) == SIZE.dealers
    assert count(Lead) == SIZE.leads
    assert count(Claim) == SIZE.claims
    assert count(IncentiveEntry) + count(CoopEntry) == SIZE.ledger
    counted = session.scalar(select(func.sum(LeadDealerMonth.received)))
    assert counted == count(Lead, Lead.status != "held")  # what nobody can answer is not received yet
    assert count(IncentiveEntry) > 0
    assert count(CoopEntry) > 0
    assert count(ClaimEntry) >= count(Claim, Claim.approved_cents > 0)


@pytest.fixture
def without_base(monkeypatch):
    """No calendars, people and lists of the demo, for what does not need them: commands take their time."""
    monkeypatch.setattr("seed.bulk.build._base", lambda *_, **__: Network())


@pytest.mark.usefixtures("without_base")
def test_another_seed_makes_other_leads(sqlite_engine, first):
    build_bulk(sqlite_engine, now=NOW, seed=8, size=Size(dealers=60, leads=60), say=quiet)
    with reading(sqlite_engine) as one, reading(first) as other:
        names = [list(s.scalars(select(Lead.customer_name).order_by(Lead.id).limit(60))) for s in (one, other)]
    assert len(names[0]) == len(names[1])
    assert names[0] != names[1]


@pytest.mark.usefixtures("without_base")
def test_nothing_is_left_of_a_bulk_that_fails(engine, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    before = schema_of(engine)
    monkeypatch.setattr("seed.bulk.claims.add_claims", broken)
    with pytest.raises(RuntimeError, match="disk is full"):
        build_bulk(engine, now=NOW, seed=7, size=Size(dealers=60, leads=50, claims=5), say=quiet)
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Lead)) == 0
        assert session.scalar(select(func.count()).select_from(Dealer)) == 12
        assert rollup.differences(session) == []
    assert schema_of(engine) == before


# ---- true by the rules ---------------------------------------------------------------------------------------------
def test_promises_of_leads_are_those_of_the_calendar(session):
    leads = session.scalars(select(Lead).where(Lead.clock_started_at.is_not(None), Lead.dealer_id.is_not(None))).all()
    assert len(leads) > 300
    for lead in leads[::7]:
        calendar = calendar_for_dealer(session, lead.dealer_id)
        assert lead.first_action_due_at == due_at(calendar, lead.clock_started_at, lead.first_action_target)
        assert lead.first_quality_due_at == due_at(calendar, lead.clock_started_at, 60)
        if lead.first_action_at is not None:
            assert lead.first_action_minutes == elapsed_minutes(calendar, lead.clock_started_at, lead.first_action_at)


def test_open_leads_promise_what_the_rule_promises(session):
    leads = session.scalars(select(Lead).where(Lead.is_open, Lead.dealer_id.is_not(None))).all()
    assert leads
    for lead in leads:
        promise = next_promise(
            status=lead.status, first_action_at=lead.first_action_at, first_action_due_at=lead.first_action_due_at,
            first_quality_at=lead.first_quality_at, first_quality_due_at=lead.first_quality_due_at,
            contacted_at=lead.contacted_at, clock_started_at=lead.clock_started_at, appointment_at=None,
            calendar=calendar_for_dealer(session, lead.dealer_id), now=lead.last_activity_at,
        )  # fmt: skip
        assert (lead.due_at, lead.next_step) == (promise.due_at, promise.next_step)


def test_scores_are_the_sum_of_their_parts_and_nothing_happens_after_the_present(session):
    for lead in session.scalars(select(Lead)):
        assert lead.score == total(lead.score_parts)
        stamps = [lead.received_at, lead.first_action_at, lead.contacted_at, lead.qualified_at, lead.appointment_set_at,
                  lead.appointment_confirmed_at, lead.appointment_shown_at, lead.negotiation_at, lead.sold_at,
                  lead.delivered_at, lead.closed_at]  # fmt: skip
        assert all(at <= NOW for at in stamps if at is not None)
        reached = [at for at in stamps[:4] if at is not None]
        assert reached == sorted(reached)


def test_contacts_of_recent_leads_are_whole_and_older_ones_are_not_told(session):
    since = NOW - timedelta(days=bulk_leads.RECENT_DAYS)
    told = dict(session.execute(select(LeadActivity.lead_id, func.count()).group_by(LeadActivity.lead_id)).all())
    for lead in session.scalars(select(Lead).where(Lead.dealer_id.is_not(None), Lead.status != "duplicate")):
        assert told.get(lead.id, 0) == (lead.attempts if lead.received_at >= since else 0)


def test_every_lead_and_claim_is_found_by_its_number(session):
    for lead in session.scalars(select(Lead).order_by(Lead.id).limit(5)):
        assert lead.id in {h.item_id for h in find(session, lead.number, kinds=["lead"], scope=EVERYTHING)}
        first_name = lead.customer_name.split()[0]
        words = session.scalars(select(SearchWord.word).where(SearchWord.kind == "lead", SearchWord.item_id == lead.id))
        assert first_name.lower() in set(words)
    claim = session.scalars(select(Claim).order_by(Claim.id).limit(1)).one()
    assert claim.id in {h.item_id for h in find(session, claim.vin[-8:], kinds=["claim"], scope=EVERYTHING)}


def test_charges_add_up_to_their_claim_and_each_job_is_one_of_its_repair_order(session):
    sums = session.execute(
        select(Claim.id, Claim.claimed_cents, Claim.approved_cents, func.sum(ClaimCharge.claimed_cents),
               func.sum(ClaimCharge.approved_cents))
        .join(ClaimCharge, ClaimCharge.claim_id == Claim.id).group_by(Claim.id)
    ).all()  # fmt: skip
    assert len(sums) == SIZE.claims
    for _, claimed, approved, lines, allowed in sums:
        assert claimed == lines
        assert approved == allowed
    assert session.scalar(select(func.count()).select_from(ClaimJob)) == SIZE.claims


def test_who_holds_a_claim_is_one_chain_that_ends_open_only_where_somebody_holds_it(session):
    spans: dict[int, list[ClaimHold]] = {}
    for hold in session.scalars(select(ClaimHold).order_by(ClaimHold.claim_id, ClaimHold.position)):
        spans.setdefault(hold.claim_id, []).append(hold)
    for claim in session.scalars(select(Claim)):
        own = spans[claim.id]
        assert all(one.until is not None and one.until <= other.since for one, other in pairwise(own))
        assert (own[-1].until is None) == bool(claim.held_by)
        if claim.held_by:
            assert (own[-1].holder, own[-1].status) == (claim.held_by, claim.status)


def test_there_are_claims_leads_and_money_in_many_states(session):
    leads = set(session.scalars(select(Lead.status).distinct()))
    assert {"attempted", "delivered", "lost", "expired", "bad", "duplicate"} <= leads
    assert {"paid", "denied", "approved"} <= set(session.scalars(select(Claim.status).distinct()))
    kinds = set(session.scalars(select(CoopEntry.kind).distinct()))
    assert {"accrual", "claim", "payment", "expiry"} <= kinds
    assert {"calculation", "approval", "payment"} <= set(session.scalars(select(IncentiveEntry.kind).distinct()))
    assert session.scalar(select(func.min(CoopFund.available_cents))) >= 0
    assert session.scalar(select(func.count()).select_from(CreditMemo)) > 0
    assert session.scalar(select(func.count()).select_from(SaleReport)) > 0
    assert session.scalar(select(func.count()).select_from(TimelineEntry)) > 0


# ---- its parts -----------------------------------------------------------------------------------------------------
def test_fast_hours_are_the_calendars_hours(session):
    calendar = calendar_for_dealer(session, session.scalars(select(Dealer.id).limit(1)).one())
    start, rng = NOW - timedelta(days=60), Random(3)
    hours = Hours(calendar, start, NOW + timedelta(days=60))
    for _ in range(200):
        at = at_of(epoch(start) + rng.randrange(90 * 86_400))
        minutes = rng.randrange(1, 3_000)
        assert at_of(hours.after(epoch(at), minutes * 60)) == due_at(calendar, at, minutes)
        assert at_of(hours.after(epoch(at), 0)) == next_opening(calendar, at)
        later = at + timedelta(minutes=rng.randrange(20_000))
        assert hours.minutes(epoch(at), epoch(later)) == elapsed_minutes(calendar, at, later)


@pytest.mark.parametrize("at", ["1999-12-31T23:59:59", "2024-02-29T00:00:00", "2026-11-18T18:07:03"])
def test_a_moment_is_written_as_both_databases_read_it(at):
    then = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert moment(epoch(then)) == then.strftime("%Y-%m-%d %H:%M:%S.%f")
    assert moment(None) is None


def test_made_up_vehicle_numbers_are_regular_and_differ():
    rng = Random(1)
    made = [vin_of(number, 2015 + number % 12, "B", rng) for number in range(500)]
    assert len(set(made)) == 500
    assert all(vins.has_shape(one) and vins.check_ok(one) for one in made)


@pytest.mark.parametrize("count", [0, 1, 7, 1_000, 12_345])
def test_days_bring_exactly_as_many_leads_as_asked_for(count):
    per_day = bulk_leads._per_day(count, NOW)
    assert sum(n for n, _ in per_day) == count
    assert min(n for n, _ in per_day) >= 0
    assert [at for _, at in per_day] == sorted(at for _, at in per_day)


def test_text_with_every_awkward_character_arrives_as_it_is(engine, monkeypatch):
    monkeypatch.setattr(sinks, "CHUNK", 2)
    awkward = ("a\\b", "tab\there", "line\nbreak", "quote ' and \"", "\\N", "ünï", "")
    sink = Sink(engine)
    sink.open("coop_programme", ("code", "name"), year=2026, created_at=moment(epoch(NOW)),
              updated_at=moment(epoch(NOW)), updated_by="it's \\ me")  # fmt: skip
    sink.add_all("coop_programme", [(f"C{n}", name) for n, name in enumerate(awkward)])
    sink.close()
    with reading(engine) as session:
        found = session.execute(text("SELECT name, updated_by FROM coop_programme ORDER BY code")).all()
    assert [name for name, _ in found] == list(awkward)
    assert {by for _, by in found} == {"it's \\ me"}


def test_a_table_whose_columns_are_forgotten_is_refused(sqlite_engine):
    sink = Sink(sqlite_engine)
    with pytest.raises(ValueError, match="name"):
        sink.open("coop_programme", ("code",), year=2026)
    sink.close(keep=False)


# ---- the command ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "bulk"),
    [([], False), (["--leads", "120"], False), (["--leads", "901"], True), (["--claims", "5"], True),
     (["--ledger", "5"], True), (["--dealers", "48"], True)],
)  # fmt: skip
def test_the_demo_stays_the_demo_unless_more_is_asked_for(arguments, bulk, monkeypatch, tmp_path):
    taken = []
    monkeypatch.setattr("sys.argv", ["seed", *arguments])
    monkeypatch.setattr("seed.there.holds_dealers", lambda _url: False)
    monkeypatch.setattr("db.migrate.upgrade", lambda _url: None)
    monkeypatch.setattr(command, "holds_dealers", lambda: False)
    monkeypatch.setattr("seed.aside.alone", lambda _url: __import__("contextlib").nullcontext())
    monkeypatch.setattr(command, "_bulk", lambda *_: taken.append("bulk"))
    monkeypatch.setattr(command, "_demo", lambda *_: taken.append("demo"))
    monkeypatch.setattr(command, "_show", lambda *_, **__: None)
    assert command.main() == 0
    assert taken == ["bulk" if bulk else "demo"]


@pytest.mark.parametrize("arguments", [["--dealers", "47"], ["--claims", "-1"], ["--leads", "-5"]])
def test_numbers_that_cannot_be_made_are_refused(arguments, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["seed", *arguments])
    with pytest.raises(SystemExit):
        command.main()
    assert "--dealers" in capsys.readouterr().err or "below 0" in capsys.readouterr().err


def test_the_least_network_is_the_demos():
    assert len(PLACES) == command.LEAST_DEALERS
    with pytest.raises(ValueError, match="at least"):
        build_bulk(None, now=NOW, seed=1, size=Size(dealers=3))  # type: ignore[arg-type]
