"""Changing the rules, trying a change on the past, and leads typed by a person."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.core import timeline
from db.core.actor import EVERYTHING, Scope
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.customers.tables import Consent
from db.leads.intake_commands import enter_lead
from db.leads.model_queries import unknown_models
from db.leads.routing_commands import retire_product_line, save_policy, save_product_line
from db.leads.routing_policy import Policy
from db.leads.routing_queries import active_policy, list_policies, replay, routing_of, waiting_for_dealer
from db.leads.tables import Lead
from tests.leads.factories import make_network
from tests.leads.intake_examples import CLI, NOW, count, later, lead_of, make_dealers, prospect, take, take_one


def save(engine: Engine, content: dict[str, Any], *, seen: int = 0, actor: Any = CLI, reason: str = "Trial") -> int:
    return run(save_policy, bind=engine, content=content, reason=reason, seen_version=seen, actor=actor, now=NOW)


def test_new_rules_hold_for_the_next_lead(engine: Engine):
    make_dealers(engine)
    assert save(engine, {"first_action_minutes": 30, "sources": {"cars com": "Listing sites"}}) == 1
    assert save(engine, {"first_action_minutes": 20, "sources": {"Cars.com": "Listing sites"}}, seen=1) == 2
    lead = lead_of(engine, take_one(engine))
    assert (lead.first_action_target, lead.due_at) == (20, later(minutes=20))
    assert (lead.source, lead.provider) == ("Listing sites", "Cars.com")
    assert lead.routing["policy_version"] == 2
    with reading(engine) as session:
        assert active_policy(session)[0] == 2
        assert [(one.version, one.is_active) for one in list_policies(session)] == [(2, True), (1, False)]
        entry = session.scalars(
            select(timeline.TimelineEntry).where(timeline.TimelineEntry.command == "save_policy")
        ).all()[-1]
        assert entry.detail["before"]["first_action_minutes"] == 30
        assert entry.detail["after"]["first_action_minutes"] == 20


def test_who_may_change_rules_and_when(engine: Engine):
    people = make_network(engine)
    with pytest.raises(Refused) as refused:
        save(engine, {"nearest_km": 100}, actor=people.coordinator)
    assert refused.value.code == "not_allowed"
    assert save(engine, {"nearest_km": 100}, actor=people.manager) == 1
    with pytest.raises(Stale) as stale:
        save(engine, {"nearest_km": 120})
    assert stale.value.changed_by == "Max Manager"
    with pytest.raises(Refused) as refused:
        save(engine, {"nearest_km": 100}, seen=1)
    assert refused.value.code == "unchanged"
    with pytest.raises(Refused) as refused:
        save(engine, {"nearest_km": 0}, seen=1, reason="")
    assert {problem.field for problem in refused.value.problems} == {"nearest_km", "reason"}


def test_a_changed_rule_is_tried_on_the_past(engine: Engine):
    """Fort Worth customers go to Dallas until the greatest distance is less than that."""
    dealers = make_dealers(engine)
    people = [
        prospect(
            name=f"Pat {n}", email=f"pat{n}@mail.com", phone="", postal="76102" if n % 2 else "75201", number=str(n)
        )
        for n in range(6)
    ]
    take(engine, *people)
    with reading(engine) as session:
        before = session.execute(select(Lead.id, Lead.dealer_id)).all()
        span = {"since": later(days=-1), "until": later(days=1)}
        found = replay(session, policy=Policy(nearest_km=20), scope=EVERYTHING, **span)
        assert (found.leads, found.moved, found.unassigned_before, found.unassigned_after) == (6, 3, 0, 3)
        assert {(m.from_dealer, m.to_dealer) for m in found.moves} == {("00201 Lone Star Toyota", "Nobody")}
        assert all("within 20 km" in move.why for move in found.moves)
        assert found.lost == {"00201 Lone Star Toyota": 3}
        assert replay(session, policy=Policy(), scope=EVERYTHING, **span).moves == ()
        hidden = Scope(dealer_ids=frozenset({dealers["00101"]}))
        assert replay(session, policy=Policy(nearest_km=20), scope=hidden, **span).leads == 0
        assert session.execute(select(Lead.id, Lead.dealer_id)).all() == before


def test_the_reason_is_shown_to_who_may_see_the_lead(engine: Engine):
    dealers = make_dealers(engine)
    lead = lead_of(engine, take_one(engine, vendor_id="00101"))
    with reading(engine) as session:
        reason = routing_of(session, lead_id=lead.id, scope=EVERYTHING)
        assert reason is not None
        assert (reason.rule, reason.dealer_code) == ("preferred_dealer", "00101")
        assert {c["dealer_code"]: c["dropped_by"] for c in reason.candidates}["00301"] == "status"
        with pytest.raises(NotFound):
            routing_of(session, lead_id=lead.id, scope=Scope(dealer_ids=frozenset({dealers["00102"]})))
        assert waiting_for_dealer(session, scope=EVERYTHING) == 0


def test_product_lines_count_leads(engine: Engine):
    line: dict[str, Any] = {
        "bind": engine,
        "name": "Trucks",
        "brand": "toyota",
        "models": ["Tundra", "tacoma "],
        "actor": CLI,
        "now": NOW,
    }
    run(save_product_line, **line)
    cases = {
        "2026|TOYOTA|Tacoma TRD": "Trucks",
        "2026|Toyota|Camry": "Other",
        "2026|Ford|Tacoma": "Other",
        "": "Not stated",
    }
    for number, (vehicle, product) in enumerate(cases.items()):
        facts: dict[str, Any] = {"name": f"Pat {number}", "email": f"pat{number}@mail.com", "phone": ""}
        assert lead_of(engine, take_one(engine, vehicle=vehicle, **facts)).product == product
    with pytest.raises(Refused) as refused:
        run(save_product_line, **(line | {"name": "Other", "models": []}))
    assert {problem.code for problem in refused.value.problems} == {"reserved", "required"}


def test_a_line_is_retired_and_unknown_models_are_seen_in_the_scope(engine: Engine):
    line: dict[str, Any] = {"name": "Trucks", "brand": "toyota", "models": ["Tundra"], "actor": CLI, "now": NOW}
    line_id = run(save_product_line, bind=engine, **line)
    for number, vehicle in enumerate(("2026|Toyota|Tundra", "2026|Toyota|Camry", "2026|Toyota|Camry")):
        take_one(engine, vehicle=vehicle, name=f"Pat {number}", email=f"pat{number}@mail.com", phone="")
    with reading(engine) as session:
        found = unknown_models(session, scope=EVERYTHING, now=NOW)
        assert [(u.make, u.model, u.leads) for u in found] == [("Toyota", "Camry", 2)]
        assert unknown_models(session, scope=Scope(dealer_ids=frozenset({999})), now=NOW) == []
    run(retire_product_line, bind=engine, line_id=line_id, actor=CLI, now=NOW)
    with pytest.raises(NotFound):
        run(retire_product_line, bind=engine, line_id=line_id, actor=CLI, now=NOW)
    late = take_one(engine, vehicle="2026|Toyota|Tundra", name="Lee", email="lee@mail.com", phone="")
    assert lead_of(engine, late).product == "Other"


# ---- typed by a person ---------------------------------------------------------------------------------------------
def enter(engine: Engine, actor: Any, **facts: Any) -> int:
    given = {"customer_name": "Jane Doe", "phone": "212-555-0143", "postal_code": "10001", **facts}
    return run(enter_lead, bind=engine, actor=actor, now=NOW, **given)


def test_staff_enter_leads_for_their_own_dealer(engine: Engine):
    people = make_network(engine)
    lead_id = enter(
        engine, people.staff, make="Toyota", model="Camry", year=2026, trade_in="2015 Honda Civic",
        comments="Came in person", sms_consent="I agree to be texted", form_key="f1",
    )  # fmt: skip
    lead = lead_of(engine, lead_id)
    assert (lead.dealer_id, lead.status, lead.channel, lead.submitted_by) == (people.north, "assigned", "manual", "sam")
    assert (lead.source, lead.wants, lead.comments) == ("Entered by hand", "2026 Toyota Camry", "Came in person")
    with reading(engine) as session:
        consent = session.scalars(select(Consent)).one()
        assert (consent.channel, consent.is_given, consent.wording) == ("sms", True, "I agree to be texted")
        assert timeline.verify(session).entries == 1


def test_a_double_click_creates_one_lead(engine: Engine):
    people = make_network(engine)
    first = enter(engine, people.staff, form_key="f1")
    assert enter(engine, people.staff, form_key="f1") == first
    assert enter(engine, people.staff, form_key="f2", source="Telephone") == first  # the same wish, once more
    assert (count(engine, Lead), lead_of(engine, first).touches) == (1, 2)


WRONG: list[tuple[str, dict[str, Any], set[str]]] = [
    ("no name", {"customer_name": " "}, {"customer_name"}),
    ("nobody to answer", {"phone": ""}, {"phone"}),
    ("a number nobody can dial", {"phone": "12"}, {"phone"}),
    ("an address no mail reaches", {"email": "jane"}, {"email"}),
    ("a VIN that is too short", {"vin": "123"}, {"vin"}),
    ("a year long past", {"year": 1800}, {"year"}),
    ("no state", {"state": "Narnia"}, {"state"}),
    ("somebody else's dealer", {"dealer_id": -1}, {"dealer_id"}),
    ("everything at once", {"customer_name": "", "phone": "", "vin": "1"}, {"customer_name", "phone", "vin"}),
]


@pytest.mark.parametrize(("facts", "fields"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_typed_wrong_is_told_by_field(sqlite_engine: Engine, facts: dict[str, Any], fields: set[str]):
    people = make_network(sqlite_engine)
    if facts.get("dealer_id"):
        facts = {"dealer_id": people.south}
    with pytest.raises(Refused) as refused:
        enter(sqlite_engine, people.staff, **facts)
    assert {problem.field for problem in refused.value.problems} == fields
    assert count(sqlite_engine, Lead) == 0


def test_without_a_dealer_the_rules_decide(sqlite_engine: Engine):
    make_dealers(sqlite_engine)
    winners = Counter(
        lead_of(sqlite_engine, enter(sqlite_engine, CLI, customer_name=f"Pat {n}", phone=f"212-555-01{n}0")).dealer_id
        for n in range(4)
    )
    assert sorted(winners.values()) == [2, 2]
