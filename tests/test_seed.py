"""The demo network: made by commands alone, the same every time, whole, and with something true on every screen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select

from db import catalog
from db.calendar.tables import CalendarException, Holiday
from db.claim_payments.rules import KINDS as ENTRIES
from db.claim_payments.tables import ClaimEntry, CreditMemo, PaymentBatch
from db.claims.clock_rules import used_percent
from db.claims.flow import FLOW as CLAIMS
from db.claims.flow import HOLDERS
from db.claims.tables import Claim, ClaimDecision, ClaimHold
from db.contact_log.flow import FLOW as PROMISES
from db.contact_log.tables import ContactReport, Promise
from db.coop.campaign_tables import CoopCampaign
from db.core.actor import EVERYTHING, system_actor
from db.core.outbox import OutboxMail
from db.core.session import make_engine, reading, run
from db.core.settings import settings
from db.core.timeline import head_of
from db.dealers.tables import Dealer
from db.dealers.territory_queries import changing_areas, owner_on
from db.documents.coverage_queries import find_gaps
from db.documents.tables import Document
from db.imports.tables import ImportBatch, ImportRow, SavedMapping
from db.incentives.flow import FLOW as INCENTIVES
from db.incentives.model import KINDS as RULE_KINDS
from db.incentives.tables import IncentiveClaim, IncentiveProgram, IncentiveVersion, SaleReport
from db.investigations.flow import FLOW as INVESTIGATIONS
from db.investigations.flow import OUTCOMES
from db.investigations.tables import ClaimFlag, Investigation
from db.leads.flow import FLOW
from db.leads.tables import Lead, LeadProvider, ProductLine, RoutingPolicy
from db.parts.allocation_queries import short_parts
from db.parts.backorder_queries import BackorderFilters, ageing, stock_risks
from db.parts.flow import CLAIMS as PARTS_CLAIMS
from db.parts.flow import ORDERS
from db.parts.tables import PartsAllocation, PartsClaim, PartsOrder, PartsPromise
from db.people.commands import set_password
from db.people.queries import actor_for
from db.people.sign_in import verify
from db.people.tables import ExportLog, Notification, Person
from db.reports.gap_queries import contact_gaps
from db.terms.change_queries import get_change
from db.terms.queries import tiers_on
from db.terms.tables import DealerTerm, TermChange
from seed import aside
from seed.arrivals import arrivals
from seed.claim_plan import visits
from seed.demo import DAYS, build
from seed.styles import styles
from tests.support.demos import NOW, SMALL, documents_of, figures, middle_demo, small_demo
from tests.support.paths import ROOT
from tests.support.tier import is_long, sized


@pytest.fixture(scope="module")
def first(costly_templates, tmp_path_factory):
    engine = make_engine(small_demo(costly_templates, tmp_path_factory.mktemp("demo")))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def middle(costly_templates, tmp_path_factory):
    url, made = middle_demo(costly_templates, tmp_path_factory.mktemp("middle"))
    engine = make_engine(url)
    yield engine, made
    engine.dispose()


# ------------------------------------------------------------------------------------------------- the same every time
@pytest.mark.slow
def test_the_same_seed_makes_the_same_demo_on_both_databases_and_the_checks_find_nothing(
    engine, first, costly_templates, monkeypatch
):
    """In the suite the second making is the one on PostgreSQL; the long tier makes it on SQLite a second time too."""
    made = sized(fast=first, long=engine) if engine.dialect.name == "sqlite" else engine
    if made is engine:
        build(engine, **SMALL)
        assert figures(engine) == figures(first)
    else:
        monkeypatch.setenv("DOCUMENTS_DIR", str(documents_of(costly_templates, "small")))
        settings.cache_clear()
    with reading(made) as session:
        assert {name: found for name, found in catalog.run_checks(session) if found} == {}


def test_another_seed_makes_other_leads():
    def plan(seed):
        return [
            (one.at, one.buyer.name)
            for one in arrivals(seed, start=NOW - timedelta(days=9), end=NOW, count=20, open_at=lambda at: [])
        ]

    assert plan(1) == plan(1)
    assert plan(1) != plan(2)
    assert styles(1) == styles(1)


def test_everything_happens_in_the_order_of_time_and_nothing_after_the_end(first):
    _, commands = figures(first)
    moments = [at for _, at in commands]
    assert moments[-1] <= NOW
    # What stood before the first day of the story is told area by area.
    first_day = NOW - timedelta(days=DAYS - 1)
    begun = next(i for i, (_, at) in enumerate(commands) if at >= first_day)
    assert moments[begun:] == sorted(moments[begun:])


def test_leads_arrive_on_every_day_of_the_week_and_at_night_too():
    found = arrivals(3, start=NOW - timedelta(days=183), end=NOW, count=900, open_at=lambda at: [])
    assert {one.at.weekday() for one in found} == set(range(7))
    hours = Counter(one.at.hour for one in found)
    assert len(hours) == 24
    assert all(NOW - timedelta(days=183) <= one.at <= NOW for one in found)


def test_no_two_people_share_an_address_and_vins_have_a_right_check_digit():
    from db.core import vin as vins

    found = [
        one
        for one in arrivals(3, start=NOW - timedelta(days=183), end=NOW, count=600, open_at=lambda at: [])
        if not one.again
    ]
    emails = Counter(one.buyer.email for one in found)
    assert emails.most_common(1)[0][1] == 1
    assert all(email.endswith(".zz") for email in emails)
    numbers = [one.buyer.phone for one in found if one.buyer.phone]
    assert len(set(numbers)) == len(numbers)
    assert all("555-01" in number for number in numbers)
    named = [one.wish.vin for one in found if one.wish.vin]
    assert named
    assert all(vins.has_shape(vin) and vins.check_ok(vin) for vin in named)


# -------------------------------------------------------------------------------------------------- something to show
@pytest.mark.slow
def test_every_state_of_a_lead_and_every_reason_to_look_at_one_is_there(middle):
    engine, _ = middle
    with reading(engine) as session:
        states = dict(session.execute(select(Lead.status, func.count()).group_by(Lead.status)).all())
        # An appointment somebody came to is on offer within the hour, so that state may be empty at any one moment.
        assert set(states) >= {state.name for state in FLOW.states} - {"appointment_shown", "negotiation", "held"}
        number = select(func.count()).select_from(Lead)

        def count(*conditions):
            return session.scalar(number.where(*conditions)) or 0

        waiting = (Lead.is_open, Lead.first_action_at.is_(None), Lead.first_action_due_at.is_not(None))
        assert count(*waiting, Lead.first_action_due_at < NOW) >= 2, "overdue"
        assert count(*waiting, Lead.first_action_due_at.between(NOW, NOW + timedelta(minutes=15))) >= 1, "due soon"
        assert count(Lead.is_open, Lead.dealer_id.is_(None), Lead.status == "new") >= 1, "unassigned"
        assert count(Lead.is_open, Lead.status == "held") >= 1, "held"
        assert count(Lead.closed_at.between(NOW - timedelta(hours=42), NOW - timedelta(hours=18))) >= 1, "closed lately"
        assert count(Lead.is_open, Lead.assignee_id.is_not(None)) >= 1, "given to somebody"
        assert count(Lead.is_open) >= 40
        outcomes = set(session.scalars(select(Lead.breach_outcome)))
        assert outcomes == {"", "escalated", "rerouted"}
        reasons = set(session.scalars(select(Lead.close_reason)))
        assert reasons >= {
            "price",
            "competitor",
            "not_interested",
            "unresponsive",
            "wrong_number",
            "expired",
            "duplicate",
        }
        assert count(Lead.previous_lead_id.is_not(None)) >= 1, "somebody who asked before"
        assert count(Lead.touches > 1) >= 1, "asked through two sources"
        assert len(set(session.scalars(select(Lead.source))) - set(session.scalars(select(CoopCampaign.code)))) == 8
        assert set(session.scalars(select(Lead.product))) >= {"Lyra", "Orion", "Vega", "Atlas", "Nova EV", "Carrier"}


@pytest.mark.slow
def test_the_dealers_papers_are_in_every_state(middle):
    engine, made = middle
    with reading(engine) as session:
        documents = session.scalars(select(Document)).all()
        assert {one.status for one in documents} == {"current", "superseded", "void"}
        assert {one.document_type for one in documents} >= {"contract", "licence", "insurance", "tax_id", "photo"}
        assert {one.media_type for one in documents} == {"application/pdf", "image/png"}
        held = {
            made.dealers["00428"]: "The dealer was terminated.",
            made.dealers["00234"]: "Warranty audit 2026 is open",
        }
        assert {one.dealer_id: one.hold_reason for one in documents if one.is_held} == held
        left = [(one.expires_on - NOW.date()).days for one in documents if one.status == "current" and one.expires_on]
        for low, high in ((-400, -1), (0, 7), (8, 30), (31, 60), (61, 90), (91, 400)):
            assert any(low <= days <= high for days in left), (low, high)
        gaps = {gap.state for gap in find_gaps(session, scope=EVERYTHING, now=NOW)}
        assert gaps >= {"expired", "missing"}


@pytest.mark.slow
def test_incentives_are_there_of_every_kind_and_in_every_state(middle):
    engine, made = middle
    with reading(engine) as session:
        states = set(session.scalars(select(IncentiveClaim.status)))
        assert states == {s.name for s in INCENTIVES.states} - {"entered"}  # a claim is sent as it is entered
        assert set(session.scalars(select(IncentiveProgram.kind))) == set(RULE_KINDS)
        assert session.scalar(select(func.count()).where(IncentiveVersion.state == "draft")) == 2
        home = made.dealers["00402"]
        opened = select(func.count()).where(SaleReport.dealer_id == home, SaleReport.delivered_on.is_(None))
        assert session.scalar(opened) == 5


@pytest.mark.slow
def test_the_desk_itself_has_a_past(middle):
    engine, made = middle
    with reading(engine) as session:
        kinds = set(session.scalars(select(Notification.kind)))
        assert kinds >= {"assigned", "about_to_breach", "breached", "unassigned", "document", "proposed", "decided"}
        assert kinds >= {"promise_due", "promise_overdue", "promise_given"}
        assert kinds >= {"access_requested", "access_decided", "access_ended", "access_review"}
        assert "onboarding" in kinds
        assert session.scalar(select(func.count()).select_from(ExportLog)) == 6
        assert set(session.scalars(select(ImportBatch.status))) == {"applied", "undone"}
        assert set(session.scalars(select(ImportRow.outcome))) >= {"created", "duplicate", "rejected"}
        assert session.scalars(select(SavedMapping.title)).all() == ["Event lists"]
        assert session.scalars(select(RoutingPolicy.version).where(RoutingPolicy.is_active)).all() == [2]
        assert set(session.scalars(select(LeadProvider.is_active))) == {True, False}
        assert session.scalar(select(func.count()).select_from(ProductLine)) == 6
        assert session.scalar(select(func.count()).select_from(CalendarException)) == 3
        assert date(2026, 11, 26) in set(session.scalars(select(Holiday.day)))
        assert set(session.scalars(select(Dealer.status))) == {
            "prospect", "onboarding", "active", "suspended", "terminated",
        }  # fmt: skip
        # Only who can sign in is mailed, and only about the last day.
        to_people = (OutboxMail.from_name == "") & (OutboxMail.item_type != "appointment")  # the rest is for customers
        mails = session.execute(select(OutboxMail.to_address, OutboxMail.created_at).where(to_people)).all()
        assert {address.partition("@")[0] for address, _ in mails} <= {name for name, *_ in made.sign_ins}
        assert all(at > NOW - timedelta(days=1) for _, at in mails)


def test_access_of_the_dealers_people_has_every_state(first):
    from db.access.flow import FLOW as ACCESS
    from db.access.people_queries import AccountFilters, count_accounts
    from db.access.review_queries import list_quarters, list_reviews
    from db.access.tables import AccessRequest, AccessReviewLine

    with reading(first) as session:
        kinds = session.execute(select(AccessRequest.status, AccessRequest.kind, AccessRequest.due_at)).all()
        newest, former = list_quarters(session, scope=EVERYTHING)[:2]
        states = {
            quarter: Counter(r.state(NOW)[0] for r in list_reviews(session, scope=EVERYTHING, quarter=quarter)[0])
            for quarter in (newest, former)
        }
        doubts = {
            flag: count_accounts(session, scope=EVERYTHING, filters=AccountFilters(flag=flag), now=NOW)
            for flag in ("never", "quiet")
        }
        outcomes = set(session.scalars(select(AccessReviewLine.outcome)))
    assert {status for status, _, _ in kinds} == {state.name for state in ACCESS.states}
    assert {kind for status, kind, _ in kinds if status == "granted"} == {"new", "change", "close"}
    late = {due is not None and due < NOW for status, _, due in kinds if status == "requested"}
    assert late == {True, False}
    assert states[former]["Reviewed"] > 30
    assert states[former]["Not done"] > 2
    assert states[newest]["Reviewed"] > 15
    assert states[newest]["Overdue"] > 5
    assert min(doubts.values()) >= 5
    assert outcomes >= {"", "keep", "disable"}


@pytest.mark.slow
def test_dealers_were_spoken_to_and_promises_made_in_every_way(middle):
    engine, _ = middle
    with reading(engine) as session:
        assert {one.name for one in PROMISES.states} == set(session.scalars(select(Promise.status)))
        assert {"call", "visit", "video", "email"} <= set(session.scalars(select(ContactReport.channel)))
        assert {"reached", "met", "left_message", "no_answer"} == set(session.scalars(select(ContactReport.outcome)))
        assert set(session.scalars(select(ContactReport.by_username))) == {"cora", "colin", "mason", "leah"}
        assert (session.scalar(select(func.max(Promise.postponed))) or 0) >= 2
        for condition in (
            ContactReport.voided_at.is_not(None), ContactReport.version == 2, Promise.due_at < NOW,
            Promise.due_at > NOW,
        ):  # fmt: skip
            assert session.scalar(select(func.count()).where(condition)), condition
        gaps = contact_gaps(session, scope=EVERYTHING, now=NOW)
        assert gaps[0].days is None
        assert 6 <= len(gaps) <= 20
        signals = catalog.dealer_signals(session, actor=system_actor(), now=NOW)
        assert {s.level for found in signals.values() for s in found} == {"watch", "risk"}


def states(session, column):
    return set(session.scalars(select(column)))


@pytest.mark.slow
def test_claims_are_in_every_state_and_with_everybody(middle):
    engine, made = middle
    home = made.dealers["00402"]
    with reading(engine) as session:
        # A claim is paid as soon as it is approved in part or whole, so each of the two is there by what came today.
        assert states(session, Claim.status) == {state.name for state in CLAIMS.states}
        assert states(session, Claim.held_by) == {*HOLDERS.values(), ""}
        assert states(session, Claim.decided_kind) == {"", "auto", "person", "deemed"}
        assert states(session, Claim.outcome) == {"", "pay", "pay_changed", "review", "returned", "denied", "rejected"}
        assert states(session, ClaimDecision.kind) >= {"recommend", "approve", "partial", "deny", "return", "appeal"}
        assert states(session, ClaimHold.holder) == {"dealer", "us", "engineering", "finance"}
        assert states(session, Claim.claim_type) >= {
            "standard", "pre_authorization", "goodwill", "service_contract", "recall", "parts_warranty", "pdi",
            "transport_damage", "customer_reimbursement", "add_credit", "debit",
        }  # fmt: skip
        assert {"upheld", "overturned", "pending"} <= states(session, Claim.appeal_result)
        running = session.execute(
            select(Claim.received_at, Claim.decide_by, Claim.warned_percent).where(Claim.status == "in_review")
        ).all()
        used = [used_percent(received, until, NOW) for received, until, _ in running if received and until]
        for low, high in ((0, 49), (50, 79), (80, 99), (100, 400)):
            assert any(low <= percent <= high for percent in used), (low, sorted(used))
        assert {warned for *_, warned in running} == {0, 50, 80, 100}
        own = set(session.scalars(select(Claim.status).where(Claim.dealer_id == home)))
        assert {"draft", "returned", "in_review", "approved", "denied", "paid"} <= own


@pytest.mark.slow
def test_claims_are_paid_taken_back_and_carried(middle):
    engine, _ = middle
    with reading(engine) as session:
        batches = session.scalars(select(PaymentBatch)).all()
        assert len(batches) > 15
        assert {made.username for made in batches} == {"finn"}
        assert {one["why"] for made in batches for one in made.left_out} >= {"suspended"}
        assert len(session.scalars(select(CreditMemo.id)).all()) > 60
        assert states(session, ClaimEntry.kind) >= set(ENTRIES) - {"part_debit", "part_credit"}
        back = session.scalars(select(ClaimEntry).where(ClaimEntry.kind == "charge_back")).all()
        assert len({one.reason_code for one in back}) >= 2
        assert all(one.reason for one in back)
        overdue = Claim.pay_by < NOW.date(), Claim.held_by == "finance"
        assert session.scalar(select(func.count()).where(*overdue)), "of the dealer that is suspended"


@pytest.mark.slow
def test_odd_claims_were_looked_into_with_every_outcome(middle):
    engine, _ = middle
    with reading(engine) as session:
        assert states(session, Investigation.status) == {state.name for state in INVESTIGATIONS.states}
        assert states(session, Investigation.outcome) == {*OUTCOMES, ""}
        assert states(session, ClaimFlag.kind) >= {
            "picture_reuse", "invoice_reuse", "same_words", "vehicle_twice", "usage", "document", "spike",
        }  # fmt: skip
        open_ones = session.scalars(select(Investigation).where(Investigation.is_open)).all()
        assert 4 <= len(open_ones) <= 14
        assert {one.assignee_id is None for one in open_ones} == {True, False}
        assert any(one.opened_because for one in open_ones)


@pytest.mark.slow
def test_parts_are_ordered_late_short_and_claimed(middle):
    engine, _ = middle
    with reading(engine) as session:
        cora = actor_for(session, username="cora")
        assert states(session, PartsOrder.status) == {state.name for state in ORDERS.states}
        assert states(session, PartsOrder.kind) == {"stock", "emergency", "vehicle_down"}
        assert states(session, PartsClaim.status) == {state.name for state in PARTS_CLAIMS.states}
        assert states(session, PartsClaim.is_late) == {True, False}
        groups = ageing(session, actor=cora, filters=BackorderFilters(), now=NOW)
        assert all(group.lines for group in groups)
        assert sum(group.vehicles_down for group in groups) >= 3
        assert max(session.scalars(select(PartsPromise.slip_first))) > 14
        assert len(states(session, PartsPromise.cause)) >= 4
        assert session.scalar(select(func.count()).select_from(PartsAllocation))
        assert short_parts(session, actor=cora), "something to share out now"
        assert stock_risks(session, actor=cora)


def test_claims_are_planned_the_same_each_time_and_at_every_hour():
    for hour in (0, 3, 7, 12, 23):
        end = NOW.replace(hour=hour, minute=59)
        planned = visits(5, end=end)
        assert planned == visits(5, end=end)
        assert list(planned.values()) == sorted(planned.values(), key=lambda v: (v.at, v.ro))
        assert all(end - timedelta(days=DAYS) < v.at <= end for v in planned.values())
        assert 150 < len(planned) < 240
    assert visits(5, end=NOW) != visits(6, end=NOW)


@pytest.mark.slow
def test_the_figures_of_claims_are_those_of_a_real_network(middle):
    engine, _ = middle

    def value(name):
        with reading(engine) as session:
            rows = catalog.metric(name).compute(session, scope=EVERYTHING, by=(), filters={}, now=NOW)
            return rows[0]["value"]

    assert 0.75 <= value("claim_first_pass") <= 0.95
    assert 0.45 <= value("claim_touchless") <= 0.8
    assert 0.02 <= value("claim_denial") <= 0.15


@pytest.mark.slow
def test_the_figures_are_those_of_a_real_network_and_dealers_differ(middle):
    engine, _ = middle

    def value(name, **more):
        with reading(engine) as session:
            return catalog.metric(name).compute(session, scope=EVERYTHING, by=(), filters={}, now=NOW, **more)[0][
                "value"
            ]

    assert 0.65 <= value("response_sla") <= 0.85
    assert 0.45 <= value("contact_rate") <= 0.65
    assert 0.28 <= value("appointment_set_rate") <= 0.48
    assert 0.06 <= value("close_rate") <= 0.15
    with reading(engine) as session:
        rows = catalog.metric("response_sla").compute(session, scope=EVERYTHING, by=("dealer",), filters={}, now=NOW)
    shares = [row["value"] for row in rows if (row["denominator"] or 0) >= 8]
    assert len(shares) >= 8
    assert max(shares) - min(shares) >= 0.2


# ------------------------------------------------------------------------------------------------------- the accounts
def test_everybody_who_is_printed_can_sign_in_and_nobody_else_until_an_administrator_sets_a_password(
    sqlite_engine, costly_templates, tmp_path
):
    """In the suite of the demo the other tests look at; the long tier makes one without leads for it."""
    if is_long():
        made = build(sqlite_engine, now=NOW, seed=1, leads=0)
    else:
        sqlite_engine.dispose()  # its empty file is replaced
        _, made = middle_demo(costly_templates, tmp_path)
    assert [name for name, *_ in made.sign_ins] == ["admin", "cora", "colin", "mason", "leah", "finn", "dana", "drew"]
    for username, password, *_ in made.sign_ins:
        assert verify(sqlite_engine, username=username, password=password, source="test", now=NOW) is not None
    assert len({password for _, password, *_ in made.sign_ins}) == len(made.sign_ins)
    with reading(sqlite_engine) as session:
        columns = (Person.id, Person.password_hash)
        locked = session.execute(select(*columns).where(Person.username == "lakefront.sales2")).one()
    for guess in ("", "!", locked.password_hash, "lakefront.sales2"):
        assert verify(sqlite_engine, username="lakefront.sales2", password=guess, source="other", now=NOW) is None
    given = run(set_password, bind=sqlite_engine, person_id=locked.id, actor=system_actor("seed"), now=NOW)
    opened = verify(
        sqlite_engine, username="lakefront.sales2", password=given.one_time_password, source="other", now=NOW
    )
    assert opened == locked.id


def test_passwords_are_secrets_and_do_not_come_from_the_random_seed():
    from seed.demo import _password

    found = {_password() for _ in range(50)}
    assert len(found) == 50
    assert all(len(password) == 23 and password.count("-") == 3 for password in found)


# ---------------------------------------------------------------------------------------------------- the command line
def seed_command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder / 'dealer.db'}", "VAR_DIR": str(folder), "BCRYPT_COST": "4",
    }  # fmt: skip
    del environment["DOCUMENTS_DIR"]  # where files go when nobody says otherwise is asked, too
    return subprocess.run(
        [sys.executable, "-m", "seed", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_first_start_fills_the_database_and_the_second_does_nothing(tmp_path):
    done = seed_command(tmp_path, "--ensure", "--leads", "12", "--today", "2026-03-04")
    assert done.returncode == 0, done.stderr
    assert "making the demo network (12 leads in six months)" in done.stdout
    assert "  admin " in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dealer.db", "documents"]
    engine = make_engine(f"sqlite:///{tmp_path / 'dealer.db'}")
    try:
        with reading(engine) as session:
            before = head_of(session)
            last = session.scalar(select(func.max(Lead.received_at)))
            assert last is not None
            assert datetime(2026, 3, 3, tzinfo=UTC) < last <= datetime(2026, 3, 4, 18, tzinfo=UTC)
        again = seed_command(tmp_path, "--ensure")
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
        refused = seed_command(tmp_path)
        assert refused.returncode == 4
        assert "already holds dealers" in refused.stderr
        with reading(engine) as session:
            assert head_of(session) == before
    finally:
        engine.dispose()


def test_an_interrupted_first_start_leaves_an_empty_database_and_no_other_file(sqlite_engine, monkeypatch):
    place = Path(sqlite_engine.url.database)

    def interrupted(bind, **_):
        with bind.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE half (made INTEGER)")
        raise KeyboardInterrupt

    monkeypatch.setattr(aside, "build", interrupted)
    with pytest.raises(KeyboardInterrupt):
        aside.fill(sqlite_engine, **SMALL)
    assert not place.with_name(f"{place.name}.part").exists()
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(Dealer)) == 0
        assert head_of(session)[0] == 0


def test_what_was_done_before_the_first_start_stays(sqlite_engine, monkeypatch):
    from db.people.commands import add_person

    run(
        add_person, bind=sqlite_engine, username="olga", name="Olga Olsen", role="admin", scope_kind="all",
        password="a pass phrase of her own", actor=system_actor("cli"), now=NOW,
    )  # fmt: skip
    filled = []
    monkeypatch.setattr(aside, "build", lambda bind, **_: filled.append(bind))
    aside.fill(sqlite_engine, **SMALL)
    assert filled == [sqlite_engine]
    with reading(sqlite_engine) as session:
        assert session.scalars(select(Person.username)).all() == ["olga"]


def test_the_finished_file_is_written_through_as_every_other(sqlite_engine, monkeypatch):
    """Only the file nobody uses yet may lose its last seconds; the one that is served never."""
    used = []

    def look(bind, **_):
        with bind.connect() as connection:
            used.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())

    monkeypatch.setattr(aside, "build", look)
    aside.fill(sqlite_engine, **SMALL)
    with sqlite_engine.connect() as connection:
        served = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    assert (used, served, mode) == ([0], 2, "wal")
    outside = create_engine(sqlite_engine.url)
    with outside.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    outside.dispose()


@pytest.mark.slow
def test_terms_and_areas_have_a_past_and_a_future(middle):
    engine, made = middle
    today = NOW.date()
    with reading(engine) as session:
        assert set(session.scalars(select(TermChange.status))) == {"proposed", "in_force", "rejected", "withdrawn"}
        waiting = session.scalars(select(TermChange).where(TermChange.is_open)).all()
        assert 4 <= len(waiting) <= 6
        assert [c.changes_past for c in waiting].count(True) == 1
        admin = actor_for(session, username="admin")
        assert [get_change(session, item_id=c.id, actor=admin, now=NOW).is_stale for c in waiting].count(True) == 1
        rise = select(DealerTerm.valid_from).where(DealerTerm.kind == "labour_rate").group_by(DealerTerm.valid_from)
        assert len(session.scalars(rise.having(func.count() > 20)).all()) == 2, "given at the start, raised on the way"
        assert tiers_on(session, scope=EVERYTHING, on=today).keys() >= {made.dealers["00402"]}
        assert owner_on(session, postal_code="34711", on=today, scope=EVERYTHING).owners[0].code == "00338"
        assert owner_on(session, postal_code="60632", on=today, scope=EVERYTHING).owners[0].code == "00409"
        soon = changing_areas(session, since=today, until=today + timedelta(days=60), scope=EVERYTHING)
        assert [a.code for a in soon] == ["00617", "00409"]
