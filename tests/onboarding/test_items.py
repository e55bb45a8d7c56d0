"""The items of an onboarding: done with proof, opened again, waived, failed; who may, and what each refusal says."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from db.checklist.items import observed_days
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading
from db.core.timeline import TimelineEntry
from db.onboarding import evidence_queries
from db.onboarding.checks import CHECKS
from db.onboarding.evidence_queries import documents_of
from db.onboarding.template_default import PURPOSE
from tests.onboarding.factories import (
    NOW,
    TODAY,
    at_stage,
    case_of,
    complete,
    finish_stage,
    item,
    live,
    new_dealer,
    on_item,
    start,
    step,
)
from tests.support.again import begun
from tests.support.core import at_once
from tests.support.users import actor_named, make_people, make_person


@pytest.fixture
@begun
def people(engine):
    make_people(engine)
    return {r: actor_named(engine, r.value) for r in Role}


@pytest.fixture
@begun
def desk(sqlite_engine):
    make_people(sqlite_engine)
    return {r: actor_named(sqlite_engine, r.value) for r in Role}


def entries(engine):
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(TimelineEntry)) or 0


def test_an_item_is_done_with_its_proof_and_what_waits_on_it_may_begin(engine, people):
    cora = people[Role.COORDINATOR]
    case_id = start(engine, cora)
    assert (item(engine, case_id, "business_profile").ready_on, item(engine, case_id, "ownership").ready_on) == (
        TODAY,
        None,
    )
    later = NOW + timedelta(days=6)
    complete(engine, case_id, "business_profile", cora, now=later, evidence_note=" Family business ")
    done, following = item(engine, case_id, "business_profile"), item(engine, case_id, "ownership")
    assert (done.status, done.took_days, done.evidence_note, done.done_by, done.is_open, done.done_on) == (
        "done", 6, "Family business", "coordinator", False, TODAY + timedelta(days=6),
    )  # fmt: skip
    assert (following.ready_on, following.version) == (TODAY + timedelta(days=6), 1)
    with reading(engine) as session:
        assert [found for check in CHECKS for found in check.run(session)] == []
        last = session.execute(
            select(TimelineEntry.summary, TimelineEntry.detail).order_by(TimelineEntry.seq.desc()).limit(1)
        ).one()
    assert last.summary == "O-000001: “Business profile” done"
    assert last.detail["item"] == "business_profile"


def test_a_blocked_item_is_refused_with_the_whole_chain(sqlite_engine, desk):
    case_id = at_stage(sqlite_engine, "agreement", desk[Role.COORDINATOR])
    before = entries(sqlite_engine)
    with pytest.raises(Refused) as refusal:
        complete(sqlite_engine, case_id, "portal_users", desk[Role.COORDINATOR])
    assert [(p.code, p.message) for p in refusal.value.problems] == [
        ("blocked", "Portal users and roles waits on Dealer code opened, which waits on Signed dealer agreement,"
         " which waits on Territory exhibit."),
    ]  # fmt: skip
    assert item(sqlite_engine, case_id, "portal_users").status == "open"
    assert entries(sqlite_engine) == before


PROOFS = [
    ("business_profile", {"evidence_note": " "}, "evidence_note"),
    ("ownership", {"evidence_note": "", "evidence_document_id": None}, "evidence_document_id"),
    ("ownership", {"evidence_document_id": 77}, "evidence_document_id"),
    ("tax_ids", {"evidence_number": ""}, "evidence_number"),
    ("tax_ids", {"evidence_number": "none"}, "evidence_number"),
    ("tax_ids", {"evidence_number": "1" * 41}, "evidence_number"),
    ("sign", {"evidence_on": None}, "evidence_on"),
    ("sign", {"evidence_on": TODAY + timedelta(days=1)}, "evidence_on"),
    ("sign", {"evidence_note": "x" * 2001}, "evidence_note"),
]


@pytest.fixture(scope="module")
def stages(sqlite_templates, tmp_path_factory):
    """One case in each early stage, so that each proof has an item that can be worked on."""
    from db.core.session import make_engine
    from tests.support.databases import migrate

    engine = make_engine(sqlite_templates.copy("migrated", migrate, to=tmp_path_factory.mktemp("proofs") / "dealer.db"))
    make_people(engine)
    cora = actor_named(engine, "coordinator")
    found = {
        s: at_stage(engine, s, cora, dealer_id=new_dealer(engine, f"08{n}"))
        for n, s in enumerate(("application", "agreement", "setup"))
    }
    complete(engine, found["application"], "business_profile", cora)
    yield engine, cora, found
    engine.dispose()


@pytest.mark.parametrize("code, wrong, field", PROOFS)
def test_proof_that_is_missing_or_wrong_is_refused_at_its_field(stages, code, wrong, field):
    engine, cora, found = stages
    case_id = found[
        {"business_profile": "application", "ownership": "application", "tax_ids": "agreement"}.get(code, "setup")
    ]
    if code == "business_profile" and item(engine, case_id, code).status == "done":
        on_item(engine, "reopen_item", case_id, code, cora, reason="For the test")
    with pytest.raises(Refused) as refusal:
        complete(engine, case_id, code, cora, **wrong)
    assert [p.field for p in refusal.value.problems] == [field]
    assert item(engine, case_id, code).status == "open"
    if code == "business_profile":
        complete(engine, case_id, code, cora)


WHO = [
    ("dealer_manager", "business_profile", ""),
    ("dealer_manager", "market_review", "the manufacturer's to do"),
    ("dealer_manager", "application_gate", "A gate is passed by the manufacturer"),
    ("coordinator", "business_profile", ""),
    ("coordinator", "market_review", ""),
    ("manager", "market_review", ""),
    ("finance", "market_review", "may not do this"),
    ("sales_leader", "market_review", "may not do this"),
    ("dealer_staff", "business_profile", "may not do this"),
]


@pytest.mark.parametrize("who, code, sentence", WHO)
def test_who_may_do_which_item(sqlite_engine, desk, who, code, sentence):
    dealer_id = new_dealer(sqlite_engine)
    for role in (Role.DEALER_MANAGER, Role.DEALER_STAFF):
        make_person(sqlite_engine, f"own.{role.value}", role, scope_kind="dealers", dealer_ids=[dealer_id])
    cora = desk[Role.COORDINATOR]
    case_id = start(sqlite_engine, cora, dealer_id=dealer_id)
    if code != "business_profile":
        complete(sqlite_engine, case_id, "business_profile", cora)
    if code == "application_gate":
        complete(sqlite_engine, case_id, "ownership", cora)
        complete(sqlite_engine, case_id, "market_review", cora)
    person = actor_named(sqlite_engine, f"own.{who}" if who.startswith("dealer") else who)
    if not sentence:
        complete(sqlite_engine, case_id, code, person)
        assert item(sqlite_engine, case_id, code).done_by == person.username
        return
    with pytest.raises(Refused, match=sentence):
        complete(sqlite_engine, case_id, code, person)
    assert item(sqlite_engine, case_id, code).status == "open"


def test_a_manager_of_another_dealer_finds_nothing(sqlite_engine, desk):
    case_id = start(sqlite_engine, desk[Role.COORDINATOR])
    with pytest.raises(NotFound, match="This item was not found"):
        complete(sqlite_engine, case_id, "business_profile", desk[Role.DEALER_MANAGER])


def test_opening_again_needs_a_reason_and_nothing_that_stands_on_it(engine, people):
    cora = people[Role.COORDINATOR]
    case_id = at_stage(engine, "agreement", cora)
    with pytest.raises(Refused, match="“Owners named”, “Market reviewed” stood on it"):
        on_item(engine, "reopen_item", case_id, "business_profile", cora, reason="Wrong")
    with pytest.raises(Refused, match="A reason is needed"):
        on_item(engine, "reopen_item", case_id, "application_gate", cora, reason=" ")
    on_item(engine, "reopen_item", case_id, "application_gate", cora, reason="A new owner", now=NOW + timedelta(days=3))
    gate, licence = item(engine, case_id, "application_gate"), item(engine, case_id, "licence")
    assert (gate.status, gate.ready_on, gate.took_days, gate.evidence_note) == (
        "open", TODAY + timedelta(days=3), None, "Seen",
    )  # fmt: skip
    assert licence.ready_on is None
    with pytest.raises(Refused, match="Dealer licence waits on Application review"):
        complete(engine, case_id, "licence", cora)
    with pytest.raises(Refused, match="open, so it cannot be opened again"):
        on_item(engine, "reopen_item", case_id, "licence", cora, reason="x")
    with pytest.raises(Refused, match="may not do this"):
        on_item(engine, "reopen_item", case_id, "nda", people[Role.FINANCE], reason="x")


def test_waiving_lets_what_waits_go_on_and_a_gate_is_waived_by_who_decides(sqlite_engine, desk):
    cora, mason = desk[Role.COORDINATOR], desk[Role.MANAGER]
    case_id = start(sqlite_engine, cora)
    with pytest.raises(Refused, match="A reason is needed"):
        on_item(sqlite_engine, "waive_item", case_id, "business_profile", cora, reason="")
    on_item(sqlite_engine, "waive_item", case_id, "business_profile", cora, reason="Known for years")
    assert item(sqlite_engine, case_id, "ownership").ready_on == TODAY
    with pytest.raises(Refused, match="may not do this"):
        on_item(sqlite_engine, "waive_item", case_id, "application_gate", cora, reason="No need")
    on_item(sqlite_engine, "waive_item", case_id, "application_gate", mason, reason="Decided by the board")
    case = case_of(sqlite_engine, case_id)
    assert (case.readiness, case.gates_open) == (100 * 5 // 88, 3)
    with pytest.raises(Refused, match="waived, so it cannot be completed"):
        complete(sqlite_engine, case_id, "business_profile", cora)
    on_item(sqlite_engine, "reopen_item", case_id, "business_profile", cora, reason="Ask after all")
    assert item(sqlite_engine, case_id, "ownership").ready_on is None


def test_only_a_gate_fails_and_only_with_a_reason(sqlite_engine, desk):
    cora = desk[Role.COORDINATOR]
    case_id = start(sqlite_engine, cora)
    with pytest.raises(Refused, match="is no gate"):
        on_item(sqlite_engine, "fail_gate", case_id, "business_profile", cora, reason="Bad")
    with pytest.raises(Refused, match="A reason is needed"):
        on_item(sqlite_engine, "fail_gate", case_id, "application_gate", cora, reason="  ")
    # Bad news need not wait for the items before it.
    on_item(sqlite_engine, "fail_gate", case_id, "application_gate", cora, reason="Bankrupt twice")
    assert (case_of(sqlite_engine, case_id).gates_failed, case_of(sqlite_engine, case_id).readiness) == (1, 0)
    with pytest.raises(Refused, match="failed, so it cannot be completed"):
        complete(sqlite_engine, case_id, "application_gate", cora)


def test_the_review_is_passed_by_who_did_none_of_what_it_waits_on(engine, people):
    cora, mason, ada = people[Role.COORDINATOR], people[Role.MANAGER], people[Role.ADMIN]
    case_id = at_stage(engine, "golive", cora)
    finish_stage(engine, case_id, cora, leave=("opening_order", "golive_gate"))
    complete(engine, case_id, "opening_order", mason)
    with pytest.raises(Refused, match="You did “Opening parts and tools order” yourself"):
        complete(engine, case_id, "golive_gate", mason)
    complete(engine, case_id, "golive_gate", ada)
    step(engine, "activate", case_id, mason)


def test_of_two_at_once_one_does_it_and_the_other_is_told(engine, people):
    case_id = start(engine, people[Role.COORDINATOR])

    def attempt(number):
        try:
            complete(engine, case_id, "business_profile", people[Role.COORDINATOR if number else Role.MANAGER])
        except Stale:
            return "stale"
        except Refused as refusal:
            return refusal.code
        return "done"

    answers = sorted(at_once(attempt, threads=2))
    assert answers[0] == "done"
    assert answers[1] in ("stale", "wrong_state")


def test_a_stale_screen_names_who_was_first(sqlite_engine, desk):
    cora = desk[Role.COORDINATOR]
    case_id = start(sqlite_engine, cora)
    complete(sqlite_engine, case_id, "business_profile", cora)
    with pytest.raises(Stale, match="“Business profile” was changed by Coordinator"):
        complete(sqlite_engine, case_id, "business_profile", desk[Role.MANAGER], seen_version=1)


def test_completed_onboardings_teach_the_forecast_and_abandoned_ones_do_not(sqlite_engine, desk):
    cora, mason = desk[Role.COORDINATOR], desk[Role.MANAGER]
    for number in range(3):
        dealer_id = new_dealer(sqlite_engine, f"0900{number}")
        live(sqlite_engine, cora, mason, dealer_id=dealer_id, now=NOW - timedelta(days=300), days=20)
    gone = at_stage(
        sqlite_engine,
        "agreement",
        cora,
        dealer_id=new_dealer(sqlite_engine, "09009"),
        days=90,
        now=NOW - timedelta(days=200),
    )
    step(sqlite_engine, "withdraw", gone, cora, note="No")
    with reading(sqlite_engine) as session:
        observed = observed_days(session, purpose=PURPOSE)
    assert (observed["business_profile"], observed["dealer_code"]) == ([20] * 3, [20] * 3)
    case_id = start(sqlite_engine, cora, dealer_id=new_dealer(sqlite_engine, "09010"))
    case = case_of(sqlite_engine, case_id)
    # The plan says 4 + 5 ... days along the longest chain; those who did it took 20 for each stage's first item.
    assert case.forecast_p50_on == case.forecast_p80_on != case.critical_on
    assert item(sqlite_engine, case_id, "business_profile").due_on == date(2026, 11, 27)


def test_a_document_proves_an_item_only_when_it_is_this_dealers(sqlite_engine, desk, monkeypatch):
    """The documents area as the seam asks for it: one document of the dealer's, one of another, one superseded."""
    case_id = start(sqlite_engine, desk[Role.COORDINATOR])
    cora, dealer_id = desk[Role.COORDINATOR], case_of(sqlite_engine, case_id).dealer_id
    known = {1: (dealer_id, "current"), 2: (99, "current"), 3: (dealer_id, "superseded")}

    def fact(_session, *, document_id, scope, now):
        if document_id not in known:
            raise NotFound("This document")
        return SimpleNamespace(dealer_id=known[document_id][0], status=known[document_id][1])

    def listed(_session, *, dealer_id, scope, now):
        return [SimpleNamespace(id=1, type_label="Ownership", title="Register", label="D-000001")]

    monkeypatch.setattr(evidence_queries, "get_document_fact", fact)
    monkeypatch.setattr(evidence_queries, "list_dealer_documents", listed)
    complete(sqlite_engine, case_id, "business_profile", cora)
    for document_id in (2, 3, 4):
        with pytest.raises(Refused, match="This document was not found"):
            complete(sqlite_engine, case_id, "ownership", cora, evidence_note="", evidence_document_id=document_id)
    complete(sqlite_engine, case_id, "ownership", cora, evidence_note="", evidence_document_id=1)
    assert item(sqlite_engine, case_id, "ownership").evidence_document_id == 1
    with reading(sqlite_engine) as session:
        for role, choices in ((Role.COORDINATOR, [(1, "Ownership: Register (D-000001)")]), (Role.SALES_LEADER, [])):
            assert documents_of(session, dealer_id=dealer_id or 0, actor=desk[role], now=NOW) == choices
