"""What later decisions on a claim mean for its old part, and for what was charged for it."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from db.claim_payments.tables import ClaimEntry
from db.claims.version_commands import begin_debit
from db.core.actor import system_actor
from db.core.events import Event
from db.core.problems import Refused, Stale
from db.core.session import reading, run, writing
from db.part_returns import follow, jobs
from db.part_returns.bulk_commands import receive_box
from db.part_returns.rule_commands import publish_rule
from db.part_returns.tables import PartReturn
from db.people.tables import Notification
from tests.claim_payments.factories import House
from tests.claims.factories import NOW
from tests.part_returns.factories import PAID, charged, problems, row_of, step

LATE = NOW + timedelta(days=20)
WORTH = 720_00


def parts(engine, claim_id):
    with reading(engine) as session:
        return list(session.scalars(select(PartReturn.id).where(PartReturn.claim_id == claim_id)))


def asked(house, **more):
    """(claim, part) of an approved claim whose part was asked for."""
    claim = house.approved(cents=WORTH, **more)
    (part,) = parts(house.engine, claim)
    step(house.engine, "request", part, actor=house.cora, note="We want to see it.")
    return claim, part


def missing(house, **more):
    """(claim, part) of an approved claim whose part did not come and was charged."""
    claim, part = asked(house, **more)
    jobs.run_charges(house.engine, now=LATE)
    assert charged(house.engine, part) == PAID
    return claim, part


def waiting(house):
    """(claim, part) of a claim that is decided only once its part was seen."""
    claim = house.sent(cents=WORTH)
    house.step("await_part", claim, who="cora", note="Send it in, please.")
    assert jobs.run_ask(house.engine, now=NOW) == 1
    assert jobs.run_ask(house.engine, now=NOW) == 0
    (part,) = parts(house.engine, claim)
    return claim, part


def tell(engine, name, claim, **facts):
    react = {f.on[0]: f.react for f in follow.FOLLOWERS}[name]
    event = Event(name=name, item_type="claim", item_ids=(claim,), facts=facts)
    with writing(engine, keeps_timeline=False) as session:
        react(session, event=event, actor=system_actor(), now=LATE)


def told(engine, words):
    with reading(engine) as session:
        return session.scalar(select(func.count()).where(Notification.title.like(f"%{words}%")))


# ---- decided ---------------------------------------------------------------------------------------------------------
def test_a_decision_told_twice_makes_one_part(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = missing(house)
    before = row_of(sqlite_engine, part)
    tell(sqlite_engine, "claims.decided", claim)
    tell(sqlite_engine, "claims.charged_back", claim, cents=0)
    tell(sqlite_engine, "claims.reopened", claim)
    assert parts(sqlite_engine, claim) == [part]
    after = row_of(sqlite_engine, part)
    assert (after.version, after.status, charged(sqlite_engine, part)) == (before.version, "missing", PAID)


@pytest.mark.parametrize("kind", ["pre_authorization", "customer_reimbursement", "supplier_recovery"])
def test_claims_without_a_part_of_their_own(sqlite_engine, kind):
    house = House(sqlite_engine)
    claim = house.sent(cents=WORTH, claim_type=kind)
    house.decide(claim)
    assert parts(sqlite_engine, claim) == []


def test_a_denied_claim_makes_no_part(sqlite_engine):
    house = House(sqlite_engine)
    claim = house.sent(cents=WORTH)
    house.step("deny", claim, who="cora", reason_code="WEAR_ITEM", note="It wears.")
    assert parts(sqlite_engine, claim) == []


def test_a_valuable_part_is_asked_for_at_the_decision_and_the_dealer_is_told(sqlite_engine):
    house = House(sqlite_engine)
    rule: dict[str, Any] = {
        "effective_from": date(2026, 11, 22), "scrap_below_cents": 10_00, "return_from_cents": 400_00,
        "return_major": True, "return_unusual": True, "address": "Dock 4", "reason": "Send more in.",
        "seen_version": 1, "form_key": "r1", "now": NOW,
    }  # fmt: skip
    with pytest.raises(Refused):
        run(publish_rule, bind=sqlite_engine, actor=house.cora, **rule)
    assert run(publish_rule, bind=sqlite_engine, actor=house.mason, **rule) == 2
    assert run(publish_rule, bind=sqlite_engine, actor=house.mason, **rule) == 2  # a double click
    with pytest.raises(Stale):
        run(publish_rule, bind=sqlite_engine, actor=house.mason, **(rule | {"form_key": "r2"}))
    claim = house.approved(cents=WORTH)
    (part,) = parts(sqlite_engine, claim)
    row = row_of(sqlite_engine, part)
    assert (row.status, row.disposition, row.due_on) == ("requested", "return", date(2026, 12, 7))
    assert told(sqlite_engine, "send in Turbocharger assembly by 2026-12-07") == 1


def test_an_appeal_stops_the_clock_and_its_decision_gives_new_days(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = asked(house, share=50)
    house.step("appeal", claim, who="dora", note="Look again.")
    assert jobs.run_charges(sqlite_engine, now=LATE) == 0
    assert jobs.run_reminders(sqlite_engine, now=LATE) == 0
    house.decide(claim, now=LATE, by="carl")
    assert house.status(claim) == "approved"
    row = row_of(sqlite_engine, part)
    assert (row.status, row.part_cents, row.due_on) == ("requested", PAID, date(2026, 12, 27))
    assert charged(sqlite_engine, part) == 0


def test_more_is_charged_once_an_appeal_paid_more(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = asked(house, share=50)
    jobs.run_charges(sqlite_engine, now=LATE)
    assert charged(sqlite_engine, part) == PAID // 2
    house.step("appeal", claim, who="dora", now=LATE, note="Look again.")
    assert charged(sqlite_engine, part) == PAID // 2
    house.decide(claim, now=LATE, by="carl")
    assert (charged(sqlite_engine, part), row_of(sqlite_engine, part).debits) == (PAID, 2)
    assert problems(sqlite_engine) == []


def test_a_debit_takes_no_more_than_what_the_charge_for_the_part_has_left(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = missing(house)
    before = charged(sqlite_engine, part)
    debit = run(begin_debit, bind=sqlite_engine, claim_id=claim, form_key="d1", actor=house.cora, now=LATE)
    house.step("submit", debit, who="cora", now=LATE)
    with pytest.raises(Refused) as refused:
        house.decide(debit, now=LATE, by="carl")
    assert [p.code for p in refused.value.problems] == ["above_worth"]
    assert (house.status(debit), charged(sqlite_engine, part)) == ("in_review", before)
    assert problems(sqlite_engine) == []


def test_a_charge_taken_back_by_hand_is_not_posted_again(sqlite_engine):
    from db.claim_payments.entry_commands import reverse_entry

    house = House(sqlite_engine)
    claim, part = missing(house)
    entry = row_of(sqlite_engine, part).debit_entry_id
    run(reverse_entry, bind=sqlite_engine, entry_id=entry, note="Ours.", actor=house.mason, now=LATE)
    tell(sqlite_engine, "claims.decided", claim)
    assert charged(sqlite_engine, part) == 0
    run(receive_box, bind=sqlite_engine, numbers="1", actor=house.cora, now=LATE)
    assert charged(sqlite_engine, part) == 0
    assert problems(sqlite_engine) == []


# ---- charged back ----------------------------------------------------------------------------------------------------
def test_a_claim_charged_back_in_full_asks_for_nothing(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = asked(house)
    house.batch()
    house.step("charge_back", claim, who="mira", amount_cents=WORTH, reason_code="AUDIT_FINDING", note="Never done.")
    assert row_of(sqlite_engine, part).status == "cancelled"
    assert jobs.run_charges(sqlite_engine, now=LATE) == 0
    assert problems(sqlite_engine) == []


def test_a_late_arrival_gives_nothing_back_once_everything_was_taken_back(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = missing(house)
    house.batch(now=LATE)
    rest = WORTH - PAID
    house.step("charge_back", claim, who="mira", now=LATE, amount_cents=rest, reason_code="AUDIT_FINDING", note="No.")
    assert row_of(sqlite_engine, part).status == "cancelled"
    with pytest.raises(Refused):
        run(receive_box, bind=sqlite_engine, numbers="1", actor=house.cora, now=LATE)
    assert charged(sqlite_engine, part) == PAID
    assert problems(sqlite_engine) == []


def test_after_a_charge_back_in_part_no_more_is_charged_than_is_left(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = asked(house)
    house.batch()
    house.step("charge_back", claim, who="mira", amount_cents=600_00, reason_code="AUDIT_FINDING", note="Hours.")
    jobs.run_charges(sqlite_engine, now=LATE)
    assert charged(sqlite_engine, part) == WORTH - 600_00
    assert problems(sqlite_engine) == []


# ---- before the decision ---------------------------------------------------------------------------------------------
def test_a_claim_that_waits_for_its_part_is_never_charged_for_it(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = waiting(house)
    assert row_of(sqlite_engine, part).status == "requested"
    assert jobs.run_charges(sqlite_engine, now=LATE) == 0
    assert jobs.run_reminders(sqlite_engine, now=LATE) == 1
    assert jobs.run_reminders(sqlite_engine, now=LATE) == 0
    assert told(sqlite_engine, "the old part did not come") > 0
    house.step("deny", claim, who="cora", now=LATE, reason_code="DOC_MISSING", note="It did not come.")
    assert row_of(sqlite_engine, part).status == "cancelled"


def inspected(house):
    claim, part = waiting(house)
    engine = house.engine
    step(engine, "ship", part, actor=house.dora, carrier="UPS")
    step(engine, "receive", part, actor=house.cora)
    step(engine, "inspect", part, actor=house.cora, finding="not_defect", then="later", note="Within tolerance.")
    assert told(engine, "the old part was inspected, not defective") > 0
    house.step("deny", claim, who="cora", reason_code="NOT_DEFECT", note="No defect.")
    assert row_of(engine, part).back_owed
    return claim, part


def test_a_part_without_defect_goes_back_at_our_cost(sqlite_engine):
    house = House(sqlite_engine)
    _, part = inspected(house)
    for name in ("scrap", "keep"):
        with pytest.raises(Refused, match="send it back at our cost, or pay for it"):
            step(sqlite_engine, name, part, actor=house.cora)
    step(sqlite_engine, "send_back", part, actor=house.cora, carrier="FedEx", tracking="77")
    row = row_of(sqlite_engine, part)
    assert (row.status, row.back_owed, row.back_tracking) == ("sent_back", False, "77")
    assert problems(sqlite_engine) == []


def test_or_it_is_paid_for_once_and_never_above_its_claim(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = inspected(house)
    with pytest.raises(Refused) as refused:
        step(sqlite_engine, "pay", part, actor=house.cora, note="Cut open.")
    assert refused.value.code == "not_allowed"
    with pytest.raises(Refused) as refused:
        step(sqlite_engine, "pay", part, actor=house.mason, note="Cut open.", amount_cents=PAID + 1)
    assert refused.value.problems[0].field == "amount_cents"
    step(sqlite_engine, "pay", part, actor=house.mason, note="Cut open.")
    assert house.ledger(claim)[-1] == ("part_credit", PAID)
    with pytest.raises(Refused):
        step(sqlite_engine, "pay", part, actor=house.mason, note="Again.")
    assert problems(sqlite_engine) == []


def test_a_part_scrapped_before_the_denial_can_only_be_paid_for(sqlite_engine):
    house = House(sqlite_engine)
    claim, part = waiting(house)
    step(sqlite_engine, "receive", part, actor=house.cora)
    step(sqlite_engine, "inspect", part, actor=house.cora, finding="not_defect", then="scrap", note="Fine.")
    house.step("deny", claim, who="cora", reason_code="NOT_DEFECT", note="No defect.")
    row = row_of(sqlite_engine, part)
    assert (row.status, row.is_open, row.back_owed) == ("inspected", True, True)
    assert "can only be paid for" in row.note
    step(sqlite_engine, "pay", part, actor=house.mason, note="We scrapped it.")
    assert house.ledger(claim)[-1] == ("part_credit", PAID)


def test_a_wrong_part_is_asked_for_again(sqlite_engine):
    house = House(sqlite_engine)
    _, part = asked(house)
    step(sqlite_engine, "receive", part, actor=house.cora)
    step(sqlite_engine, "inspect", part, actor=house.cora, finding="wrong_part", then="later", note="A pump.")
    step(sqlite_engine, "ask_again", part, actor=house.cora, note="The turbo, please.", now=LATE)
    row = row_of(sqlite_engine, part)
    assert (row.status, row.due_on) == ("requested", date(2026, 12, 27))


def test_the_supplier_asks_for_what_the_dealer_keeps(sqlite_engine):
    house = House(sqlite_engine)
    claim = house.approved(cents=WORTH)
    (part,) = parts(sqlite_engine, claim)
    recovery = house.sent(cents=WORTH, claim_type="supplier_recovery", original=claim)
    row = row_of(sqlite_engine, part)
    assert row.status == "requested"
    assert f"WC-{recovery:06} recovers it from the supplier" in row.why


# ---- two at once -----------------------------------------------------------------------------------------------------
def at_once(*what):
    """Run functions in threads that start together; gives what each gave back."""
    gate = threading.Barrier(len(what))
    found: list[Any] = [None] * len(what)

    def one(i, call):
        gate.wait()
        try:
            found[i] = call()
        except Refused as refusal:
            found[i] = refusal.code

    threads = [threading.Thread(target=one, args=(i, call)) for i, call in enumerate(what)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_sweeps_at_once_charge_each_part_once(engine):
    house = House(engine)
    made = [asked(house)[1] for _ in range(3)]
    done = at_once(*[lambda: jobs.run_charges(engine, now=LATE)] * 2)
    assert sum(done) == 3
    assert [charged(engine, part) for part in made] == [PAID] * 3
    assert problems(engine) == []


def test_two_people_receive_at_once_and_one_takes_the_charge_back(engine):
    house = House(engine)
    _, part = missing(house)

    def receive():
        return run(receive_box, bind=engine, numbers="RMA-1", actor=house.cora, now=LATE).cents

    assert sorted(map(str, at_once(receive, receive))) == sorted([str(PAID), "skipped"])
    assert charged(engine, part) == 0
    with reading(engine) as session:
        assert session.scalar(select(func.count()).where(ClaimEntry.reverses_id.is_not(None))) == 1


def test_the_sweep_and_an_arrival_at_once_end_alike(engine):
    house = House(engine)
    _, part = asked(house)
    at_once(
        lambda: jobs.run_charges(engine, now=LATE),
        lambda: run(receive_box, bind=engine, numbers="RMA-1", actor=house.cora, now=LATE),
    )
    assert (row_of(engine, part).status, charged(engine, part)) == ("received", 0)
    assert problems(engine) == []
