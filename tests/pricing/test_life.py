"""The life of a price request: sent, signed level by level, refused in every way, changed, withdrawn, expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from db.core.actor import Actor
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.core.timeline import TimelineEntry
from db.people.tables import Notification, Person
from db.pricing.approvers import right_of, stood_in_for, waits_for_one
from db.pricing.budget_commands import set_budget
from db.pricing.commands import send_request
from db.pricing.decide_commands import approve
from db.pricing.jobs import run_expiry, run_warnings
from db.pricing.request_queries import RequestFilters, count_requests, list_requests
from db.pricing.tables import PriceBudget, PriceRequest, PriceSignature, PriceVersion
from tests.pricing.factories import DAY, FREE, LARGE, LEGAL, NOW, SMALL, House
from tests.support.again import begun
from tests.support.at_once import at_once


@pytest.fixture
@begun
def house(sqlite_engine: Engine) -> House:
    return House(sqlite_engine)


def codes(error: Any) -> list[str]:
    return [p.code for p in error.value.problems]


def fields(error: Any) -> list[str]:
    return [p.field for p in error.value.problems]


def told(house: House, kind: str) -> list[tuple[str, str]]:
    with reading(house.engine) as session:
        rows = session.execute(
            select(Person.username, Notification.title)
            .join(Person, Person.id == Notification.person_id)
            .where(Notification.kind == kind)
            .order_by(Notification.id)
        )
        return [(who, title) for who, title in rows]


def committed(house: House, region: str = "East") -> int:
    with reading(house.engine) as session:
        return session.scalars(select(PriceBudget.committed_cents).where(PriceBudget.region == region)).one()


# ------------------------------------------------------------------------------------------------------------- sending
def test_a_small_discount_is_approved_by_the_bands_at_once(house: House):
    item = house.send(FREE)
    row = house.row(item)
    assert (row.status, row.needed, row.level, row.approved_at) == ("approved", 0, 0, NOW)
    assert row.expires_at == NOW + 30 * DAY
    assert committed(house) == 300_00
    assert house.count(PriceSignature) == 0
    house.sound()


def test_a_form_is_sent_once(house: House):
    first = house.do(send_request, dealer_id=house.dealer, terms=SMALL, form_key="same", actor=house.dora)
    assert house.do(send_request, dealer_id=house.dealer, terms=SMALL, form_key="same", actor=house.dora) == first
    assert house.count(PriceRequest) == 1


@pytest.mark.parametrize(
    "terms, field",
    [
        (replace(SMALL, percent=36_00), "percent"), (replace(SMALL, units=300), "units"),
        (replace(SMALL, cost_cents=33_000_00), "cost_cents"),
    ],
)  # fmt: skip
def test_past_a_maximum_nothing_is_stored(house: House, terms: Any, field: str):
    with pytest.raises(Refused) as error:
        house.send(terms)
    assert field in fields(error)
    assert set(codes(error)) == {"above_maximum"}
    assert house.count(PriceRequest) == 0


def test_sending_is_refused_for_strangers_closed_dealers_and_roles_without_the_right(house: House):
    with pytest.raises(NotFound):
        house.send(by="otto")
    for name in ("finn", "drew"):
        with pytest.raises(Refused) as error:
            house.send(by=name)
        assert codes(error) == ["not_allowed"]
    with pytest.raises(Refused) as error:
        house.do(send_request, dealer_id=None, terms=replace(SMALL, subject=""), actor=house.cora)
    assert fields(error) == ["dealer_id", "subject"]


# ------------------------------------------------------------------------------------------------------------- signing
def test_one_level_is_signed_and_holds_for_its_days(house: House):
    item = house.send()
    assert (house.row(item).status, house.row(item).level) == ("in_review", 1)
    assert {who for who, _ in told(house, "price_waiting")} == {"cora", "carl", "mason", "mira", "sally"}
    house.step("approve", item, "cora", note="Fine")
    row = house.row(item)
    assert (row.status, row.level, row.due_at, row.decision_note) == ("approved", 0, None, "Fine")
    assert committed(house) == 900_00
    assert told(house, "price_decided") == [("dora", "PR-000001 was approved")]
    house.sound()


def test_levels_are_serial_and_the_second_needs_both(house: House):
    item = house.send(LARGE)
    with pytest.raises(Refused) as error:
        house.step("approve", item, "finn")
    assert codes(error) == ["no_authority"]
    house.step("approve", item, "cora")
    assert (house.row(item).status, house.row(item).level) == ("in_review", 2)
    with pytest.raises(Refused) as error:
        house.step("approve", item, "cora")
    assert codes(error) == ["own_signature"]
    with pytest.raises(Refused) as error:
        house.step("approve", item, "carl")
    assert codes(error) == ["no_authority"]
    house.step("approve", item, "finn")  # all of the level, in any order
    assert (house.row(item).status, house.row(item).level) == ("in_review", 2)
    with pytest.raises(Refused) as error:
        house.step("approve", item, "fay")
    assert codes(error) == ["no_authority"]
    house.step("approve", item, "mason")
    assert house.row(item).status == "approved"
    assert [s.name.split()[-1] for s in house.page(item, "dora").signatures] == ["Cora", "Finn", "Mason"]
    house.sound()


def test_nobody_signs_two_levels_in_a_row(house: House):
    item = house.send(LEGAL)
    house.step("approve", item, "mason")  # as a coordinator could
    with pytest.raises(Refused) as error:
        house.step("approve", item, "mason")
    assert codes(error) == ["own_signature"]
    house.step("approve", item, "finn")
    with pytest.raises(Refused) as error:
        house.step("approve", item, "mason")  # no longer the last to sign, still of the level before
    assert codes(error) == ["own_signature"]
    house.step("approve", item, "mira")
    assert house.row(item).level == 3
    with pytest.raises(Refused) as error:
        house.step("approve", item, "mira")
    assert codes(error) == ["own_signature"]
    house.step("approve", item, "mason")  # level 1 and 3 are not in a row
    assert house.row(item).status == "approved"
    house.sound()


def test_four_eyes_scope_stale_screens_and_states(house: House):
    own = house.send(by="cora")
    with pytest.raises(Refused) as error:
        house.step("approve", own, "cora")
    assert codes(error) == ["own_request"]
    item = house.send()
    for who, code in (("dora", "not_allowed"), ("otto", "not_found"), ("wes", "not_found"), ("drew", "not_allowed")):
        with pytest.raises(Refused) as error:
            house.step("approve", item, who)
        assert codes(error) == [code], who
    house.step("approve", item, "carl")
    with pytest.raises(Stale):
        house.step("approve", item, "cora", version=1)
    with pytest.raises(Refused) as error:
        house.step("approve", item, "cora")
    assert codes(error) == ["wrong_state"]
    assert house.count(PriceSignature) == 1


def test_a_rejection_needs_a_reason_and_the_right_to_sign(house: House):
    item = house.send(LARGE)
    with pytest.raises(Refused) as error:
        house.step("reject", item, "cora", note="  ")
    assert fields(error) == ["note"]
    with pytest.raises(Refused) as error:
        house.step("reject", item, "finn", note="Too much")
    assert codes(error) == ["no_authority"]
    house.step("reject", item, "cora", note="Too much")
    row = house.row(item)
    assert (row.status, row.is_open, row.level, row.decision_note) == ("rejected", False, 0, "Too much")
    assert told(house, "price_decided") == [("dora", "PR-000001 was rejected")]
    house.sound()


# ------------------------------------------------------------------------------------------------------ changing terms
def test_an_edit_voids_the_approval_and_keeps_the_history(house: House):
    item = house.approved(LARGE)
    assert committed(house) == 2_400_00
    house.step("change", item, "dora", terms=replace(LARGE, percent=9_00))
    row = house.row(item)
    assert (row.status, row.terms_version, row.level, row.signed_by, row.approved_at) == ("in_review", 2, 1, "", None)
    assert committed(house) == 0
    house.step("approve", item, "cora")  # whoever signed the old terms may sign the new ones
    house.step("approve", item, "mason")
    house.step("approve", item, "finn")
    assert house.row(item).status == "approved"
    page = house.page(item, "cora")
    assert [(v.number, v.outcome, v.sound.percent) for v in page.versions] == [
        (2, "approved", 9_00), (1, "changed", 8_00)
    ]  # fmt: skip
    assert len(page.signatures) == 6
    assert committed(house) == 2_700_00
    house.sound()


def test_a_rejected_request_is_sent_again_as_a_new_version(house: House):
    item = house.send()
    house.step("reject", item, "cora", note="Say why")
    house.step("change", item, "dora", terms=replace(SMALL, reason="The last one of the old model"))
    row = house.row(item)
    assert (row.status, row.is_open, row.terms_version) == ("in_review", True, 2)
    assert [v.outcome for v in house.page(item, "dora").versions] == ["", "rejected"]
    house.step("change", item, "dora", terms=FREE)
    assert house.row(item).status == "approved"
    house.sound()


def test_a_change_is_only_the_requesters_and_must_change_something(house: House):
    item = house.send()
    with pytest.raises(Refused) as error:
        house.step("change", item, "cora", terms=FREE)
    assert codes(error) == ["not_yours"]
    with pytest.raises(Refused) as error:
        house.step("change", item, "dora", terms=SMALL)
    assert codes(error) == ["same"]
    with pytest.raises(Refused) as error:
        house.step("change", item, "dora", terms=replace(SMALL, percent=50_00))
    assert set(codes(error)) == {"above_maximum"}
    assert (house.row(item).terms_version, house.count(PriceVersion)) == (1, 1)


def test_who_asked_can_withdraw_and_the_budget_is_given_back(house: House):
    item = house.approved()
    with pytest.raises(Refused) as error:
        house.step("withdraw", item, "cora")
    assert codes(error) == ["not_yours"]
    house.step("withdraw", item, "dora", note="Sold at list price")
    assert (house.row(item).status, committed(house)) == ("withdrawn", 0)
    with pytest.raises(Refused):
        house.step("withdraw", item, "dora")
    house.sound()


# -------------------------------------------------------------------------------------------------------------- the end
def test_an_approval_ends_once_at_its_moment(house: House):
    item = house.approved(replace(SMALL, valid_days=10))
    end = NOW + 10 * DAY
    assert run_expiry(house.engine, now=end - timedelta(seconds=1)) == 0
    with pytest.raises(Refused) as error:
        house.step("expire", item, "mason", now=end - timedelta(seconds=1))
    assert codes(error) == ["not_yet"]
    assert run_expiry(house.engine, now=end) == 1
    assert run_expiry(house.engine, now=end + DAY) == 0
    assert (house.row(item).status, committed(house)) == ("expired", 900_00)
    assert told(house, "price_expired") == [("dora", "The approval of PR-000001 has expired")]
    with pytest.raises(Refused) as error:
        house.step("change", item, "dora", terms=FREE)
    assert codes(error) == ["wrong_state"]
    house.sound()


def test_reminder_at_half_and_escalation_at_the_end_of_two_business_days(house: House):
    item = house.send(LARGE)
    row = house.row(item)
    # Monday 10:00 at the desk: Tuesday 10:00 is half, Wednesday 10:00 the end (9 to 18 o'clock).
    assert row.half_at is not None
    assert row.due_at is not None
    assert row.half_at == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    assert row.due_at == datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
    assert run_warnings(house.engine, now=row.half_at - timedelta(minutes=1)) == 0
    assert run_warnings(house.engine, now=row.half_at) == 1
    assert run_warnings(house.engine, now=row.half_at + timedelta(hours=1)) == 0
    assert {who for who, _ in told(house, "price_late")} == {"cora", "carl", "mason", "mira", "sally"}
    assert run_warnings(house.engine, now=row.due_at) == 1
    assert run_warnings(house.engine, now=row.due_at + DAY) == 0
    late = [who for who, title in told(house, "price_late") if title.endswith("is overdue")]
    assert {"finn", "fay", "mason"} <= set(late)  # the next level, too
    house.step("approve", item, "cora", now=row.due_at + DAY)
    again = house.row(item)
    assert (again.level, again.warned_percent) == (2, 0)
    assert again.due_at is not None
    assert run_warnings(house.engine, now=again.due_at) == 1  # after a pause only the escalation
    house.step("approve", item, "finn", now=again.due_at)
    assert run_warnings(house.engine, now=again.due_at + DAY) == 0


# -------------------------------------------------------------------------------------------------------------- budgets
def test_a_budget_that_is_used_up_refuses_the_last_signature(sqlite_engine: Engine):
    house = House(sqlite_engine, budget=1_000_00)
    one, two = house.send(), house.send()
    for who in ("cora", "mason", "finn"):  # 90 percent of what is left: level 2
        house.step("approve", one, who)
    assert (house.row(one).status, committed(house)) == ("approved", 900_00)
    house.step("approve", two, "carl")
    house.step("approve", two, "finn")
    with pytest.raises(Refused) as error:
        house.step("approve", two, "mira")
    assert codes(error) == ["budget"]
    assert (house.row(two).status, len(house.page(two, "cora").signatures), committed(house)) == (
        "in_review",
        2,
        900_00,
    )
    house.do(set_budget, region="East", quarter="2026Q4", budget_cents=5_000_00, seen_version=1, actor=house.mason)
    house.step("approve", two, "mira")
    assert committed(house) == 1_800_00
    house.sound()


BUDGETS = [
    ({"region": "Nowhere"}, "region"), ({"quarter": "2026"}, "quarter"), ({"budget_cents": None}, "budget_cents"),
    ({"budget_cents": -1}, "budget_cents"), ({"budget_cents": 899_99}, "budget_cents"),
]  # fmt: skip


@pytest.mark.parametrize("wrong, field", BUDGETS)
def test_a_budget_that_is_refused_says_where(house: House, wrong: dict[str, Any], field: str):
    house.approved()
    good: dict[str, Any] = {"region": "East", "quarter": "2026Q4", "budget_cents": 900_00, "seen_version": 1}
    values = good | wrong
    if "region" in wrong or "quarter" in wrong:
        values["seen_version"] = 0
    with pytest.raises(Refused) as error:
        house.do(set_budget, actor=house.mason, **values)
    assert fields(error) == [field]
    with pytest.raises(Stale):
        house.do(set_budget, actor=house.mason, **(good | {"seen_version": 7}))
    with pytest.raises(Refused):
        house.do(set_budget, actor=house.cora, **values)


def test_without_a_budget_somebody_has_to_sign(sqlite_engine: Engine):
    house = House(sqlite_engine, budget=None)
    item = house.send(FREE)
    assert (house.row(item).status, house.row(item).needed) == ("in_review", 1)
    house.step("approve", item, "sally")
    assert (house.row(item).status, house.row(item).budget_id) == ("approved", None)
    house.sound()


# ---------------------------------------------------------------------------------------------------- on both databases
def signing(item: int, who: Actor) -> Any:
    """A work for `at_once`: the first signature of a request by somebody who sees it as it was sent."""
    return lambda bind: run(approve, bind=bind, item_id=item, seen_version=1, actor=who, now=NOW)


@pytest.mark.parametrize("same_person", [False, True], ids=["two people", "one person twice"])
def test_two_signatures_at_once_are_one(engine: Engine, same_person: bool):
    house = House(engine)
    item = house.send()
    people = [house.cora, house.cora if same_person else house.carl]
    outcomes = at_once(engine, *(signing(item, who) for who in people))
    assert sorted(map(str, outcomes)) == ["None", "stale"]
    assert (house.count(PriceSignature), committed(house)) == (1, 900_00)
    house.sound()


def test_two_approvals_at_once_never_exceed_the_budget(engine: Engine):
    house = House(engine, budget=1_900_00)
    items = [house.send(), house.send(), house.send()]
    assert {house.row(i).needed for i in items} == {1}
    outcomes = at_once(engine, *(signing(i, house.cora) for i in items))
    assert sorted(map(str, outcomes)) == ["None", "None", "budget"]
    assert committed(house) == 1_800_00
    house.sound()


def test_an_approval_ends_exactly_once_and_a_warning_is_told_once(engine: Engine):
    house = House(engine)
    house.approved()
    due = house.row(house.send()).due_at
    assert due is not None
    ends = at_once(engine, *(lambda bind: run_expiry(bind, now=NOW + 31 * DAY) for _ in range(3)))
    assert sorted(ends) == [0, 0, 1]
    with reading(engine) as session:
        entries = session.scalars(select(TimelineEntry.command).where(TimelineEntry.command == "expire")).all()
    assert len(entries) == 1
    warned = at_once(engine, *(lambda bind: run_warnings(bind, now=due) for _ in range(3)))
    assert sorted(warned) == [0, 0, 1]


# ----------------------------------------------------------------------------------------------------------- the queue
def test_the_list_for_me_is_what_may_be_signed_by_me(house: House):
    items = [house.send(), house.send(LARGE), house.send(LEGAL, by="mason"), house.send(by="sally"), house.send(LARGE)]
    house.send(dealer=house.other_dealer, by="otto")
    house.step("approve", items[1], "mason")
    house.step("approve", items[2], "cora")
    house.step("approve", items[2], "finn")
    house.step("approve", items[4], "carl")
    house.away("mason", "carl", NOW - DAY, NOW + 5 * DAY)
    house.away("fay", "sally", NOW - DAY, NOW + 5 * DAY)
    for name in ("cora", "carl", "mason", "mira", "finn", "fay", "sally", "dora", "otto", "wes"):
        actor = getattr(house, name)
        with reading(house.engine) as session:
            others = stood_in_for(session, actor=actor, now=NOW)
            listed = set(session.scalars(select(PriceRequest.id).where(waits_for_one(actor=actor, others=others))))
            may = {
                r.id
                for r in session.scalars(select(PriceRequest))
                if r.status == "in_review"
                and actor.scope.allows(dealer_id=r.dealer_id, region=r.region)
                and not right_of(session, r, actor=actor, now=NOW).problem
            }
            mine, _ = list_requests(session, actor=actor, now=NOW, filters=RequestFilters(view="mine"))
            count = count_requests(session, actor=actor, now=NOW, filters=RequestFilters(view="mine"))
        assert listed == may == {r.id for r in mine}, name
        assert count == len(may)
        if actor.role.is_dealer:
            assert not may


def test_pages_of_a_list_follow_each_other(house: House):
    items = [house.send(now=NOW + timedelta(minutes=n)) for n in range(5)]
    with reading(house.engine) as session:
        first, after = list_requests(session, actor=house.cora, now=NOW, limit=3)
        rest, end = list_requests(session, actor=house.cora, now=NOW, limit=3, after=after)
        assert ([r.id for r in first + rest], end) == (items, None)
        assert count_requests(session, actor=house.cora, now=NOW, due_before=NOW + 9 * DAY) == 5
    for item in items:
        house.step("reject", item, "cora", note="No")
    with reading(house.engine) as session:
        done = RequestFilters(view="done")
        first, after = list_requests(session, actor=house.cora, now=NOW, filters=done, limit=3)
        rest, _ = list_requests(session, actor=house.cora, now=NOW, filters=done, limit=3, after=after)
    assert [r.id for r in first + rest] == items[::-1]


# ----------------------------------------------------------------------------------------------------- whatever happens
moves = st.lists(
    st.tuples(
        st.sampled_from(("approve", "approve", "approve", "reject", "withdraw", "change", "expire")),
        st.integers(min_value=0, max_value=2),
        st.sampled_from(("cora", "mason", "mira", "finn", "fay", "dora")),
        st.sampled_from((1_00, 3_00, 8_00, 16_00)),
    ),
    max_size=14,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_whatever_people_try_signatures_budgets_and_versions_agree(
    house: House, tried: list[tuple[str, int, str, int]]
):
    """Any order of steps by anybody: what is refused changes nothing, and every check of the area stays silent."""
    items = [house.send(terms) for terms in (SMALL, LARGE, LEGAL)]
    for name, which, who, percent in tried:
        inputs: dict[str, dict[str, Any]] = {
            "reject": {"note": "No"}, "change": {"terms": replace(SMALL, percent=percent)}
        }  # fmt: skip
        more = inputs.get(name, {})
        at = NOW + 40 * DAY if name == "expire" else NOW
        before = house.row(items[which]).version
        try:
            house.step(name, items[which], who, now=at, **more)
        except Refused:
            assert house.row(items[which]).version == before
        else:
            assert house.row(items[which]).version == before + 1
    house.sound()
