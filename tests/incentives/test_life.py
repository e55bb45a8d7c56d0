"""A sale is reported, claimed, returned, completed, approved, unwound; who may, what is refused, what is stored."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.incentives.commands import claim_sale, correct_sale, publish_program, save_program
from db.incentives.sale_rules import VERSIONS
from db.incentives.sale_store import draft_of
from db.incentives.tables import (
    IncentiveCheck,
    IncentiveClaim,
    IncentiveProgram,
    IncentiveUnit,
    IncentiveVersion,
    SaleReport,
)
from tests.incentives.factories import CASH, NOW, SALE, STEPS, House
from tests.support.again import begun


@pytest.fixture
@begun
def house(sqlite_engine):
    return House(sqlite_engine)


def refused(call, *args, **more):
    with pytest.raises(Refused) as refusal:
        call(*args, **more)
    return refusal.value


def correct(house, sale_id, **more):
    from dataclasses import replace

    with reading(house.engine) as session:
        row = session.get_one(SaleReport, sale_id)
        draft, seen = replace(draft_of(session, row), **more), row.version
    run(correct_sale, bind=house.engine, sale_id=sale_id, seen_version=seen, draft=draft, actor=house.dora, now=NOW)


def test_the_whole_way(engine):
    """A wrong paper is returned, the right one is approved, the unwound sale takes everything back."""
    house = House(engine)
    program = house.publish()
    sale = house.sell(documents=(("buyers_order", "B-7"),))
    assert house.book("earned") == []
    (claim,) = house.claim(sale)
    row = house.row(IncentiveClaim, claim)
    assert (row.status, row.reason_code) == ("returned", "I08")
    assert "Signed buyer's order is not accepted. The program accepts Registration or Title" in row.reason_note
    correct(house, sale, documents=(("registration", "R-2"),))
    assert house.book("earned") == [500_00]
    assert house.step("submit", claim, who="dora") == "in_review"
    assert house.step("approve", claim, who="cora") == "approved"
    assert (house.book("approved"), house.committed(program)) == ([500_00], 500_00)
    house.agrees()
    house.unwind(sale)
    assert house.status(claim) == "reversed"
    assert house.book("approved") == [500_00, -500_00]
    assert house.book("earned") == [500_00, -500_00]
    assert house.committed(program) == 0
    house.agrees()


def test_every_check_of_every_run_is_kept(house):
    house.publish()
    (claim,) = house.claim(house.sell(documents=()))
    house.step("submit", claim, who="dora")
    with reading(house.engine) as session:
        rows = session.execute(select(IncentiveCheck.run, IncentiveCheck.rule, IncentiveCheck.rule_version))
        found = [tuple(r) for r in rows.all()]
    assert sorted(found) == [(run_, f"I{n:02}", VERSIONS[f"I{n:02}"]) for run_ in (1, 2) for n in range(1, 15)]


def test_unwinding_a_unit_of_a_tier_takes_back_the_whole_step(house):
    """75 units earn 45,000; one unwound leaves 29,600, and 15,400 is taken back from what was approved (2.4)."""
    program = house.publish(STEPS)
    sales = house.sell_many(75)
    with reading(house.engine) as session:
        assert sum(house.book("earned")) == 45_000_00
        assert session.scalars(select(IncentiveUnit.is_counted)).all() == [True] * 75
    from db.incentives.commands import claim_period

    ask = {"program_id": program, "dealer_id": house.dealer, "period": "2026-11", "checked": (), "actor": house.dora}
    early = run(claim_period, bind=house.engine, form_key="p0", now=NOW, **ask)
    assert house.status(early) == "returned"
    december = NOW + timedelta(days=12)
    assert house.step("submit", early, who="dora", now=december) == "in_review"
    assert house.step("approve", early, who="cora", now=december) == "in_review"  # above one signature
    refusal = refused(house.step, "approve", early, who="cora", now=december)
    assert refusal.code == "own_signature"
    assert house.step("approve", early, who="mason", now=december) == "approved"
    assert house.book("approved") == [45_000_00]
    house.unwind(sales[7], now=december)
    assert house.book("earned")[-1] == -15_400_00
    assert house.book("approved") == [45_000_00, -15_400_00]
    assert house.committed(program) == 29_600_00
    house.agrees()
    again = run(claim_period, bind=house.engine, form_key="p1", now=december, **ask)
    assert house.status(again) == "denied"  # nothing is left to claim


def test_stacking_pays_the_best_set_and_says_who_lost(house):
    house.publish(stack_group="cash")
    house.publish(CASH | {"code": "BIG-11", "rule": {"kind": "dealer_cash", "cents": 800_00}}, stack_group="cash")
    house.publish(CASH | {"code": "LOYAL", "rule": {"kind": "per_unit", "cents": 100_00}})
    sale = house.sell()
    assert sum(house.book("earned")) == 900_00
    claims = house.claim(
        sale, "CASH-11", "BIG-11", "LOYAL", amounts={"CASH-11": 500_00, "BIG-11": 800_00, "LOYAL": 100_00}
    )
    rows = {house.row(IncentiveProgram, r.program_id).code: r for r in (house.row(IncentiveClaim, c) for c in claims)}
    assert {code: r.status for code, r in rows.items()} == {
        "CASH-11": "denied", "BIG-11": "in_review", "LOYAL": "in_review",
    }  # fmt: skip
    assert rows["CASH-11"].reason_code == "I12"
    assert "cannot be combined with BIG-11" in rows["CASH-11"].reason_note


def test_what_was_approved_first_stays_and_excludes(house):
    house.publish(exclusive=True)
    sale = house.sell()
    (first,) = house.claim(sale)
    house.step("approve", first, who="cora")
    house.publish(CASH | {"code": "BIG-11", "rule": {"kind": "dealer_cash", "cents": 800_00}})
    (second,) = house.claim(sale, "BIG-11", cents=800_00)
    row = house.row(IncentiveClaim, second)
    assert (row.status, row.reason_code) == ("denied", "I02")
    assert "CASH-11 is exclusive" in row.reason_note


def test_less_is_a_partial_approval_with_a_note_and_more_is_refused(house):
    program = house.publish()
    (claim,) = house.claim(house.sell())
    assert [p.field for p in refused(house.step, "approve", claim, who="cora", amount_cents=500_01).problems] == [
        "amount_cents"
    ]
    assert [p.field for p in refused(house.step, "approve", claim, who="cora", amount_cents=300_00).problems] == [
        "note"
    ]
    done = house.step("approve", claim, who="cora", amount_cents=300_00, note="The rest was given by us")
    assert (done, house.book("approved"), house.committed(program)) == ("partially_approved", [300_00], 300_00)
    house.agrees()


@pytest.mark.parametrize("name, more", [("deny", {}), ("send_back", {})])
def test_a_denial_and_a_return_need_reason_and_words(house, name, more):
    house.publish()
    (claim,) = house.claim(house.sell())
    refusal = refused(house.step, name, claim, who="cora", reason_code="", note=" ")
    assert [p.field for p in refusal.problems] == ["reason_code", "note"]
    house.step(name, claim, who="cora", reason_code="not_proved", note="The name differs")
    row = house.row(IncentiveClaim, claim)
    assert (row.status, row.reason_note) == ({"deny": "denied", "send_back": "returned"}[name], "The name differs")
    assert row.claim_key is None if name == "deny" else row.claim_key


def test_a_claim_can_be_made_once_while_it_lives(house):
    house.publish()
    sale = house.sell()
    (claim,) = house.claim(sale)
    assert refused(house.claim, sale).problems[0].rule == "I02"
    house.step("void", claim, who="dora", note="Wrong program")
    (again,) = house.claim(sale)
    assert house.status(again) == "in_review"
    with reading(house.engine) as session:
        assert session.scalar(select(IncentiveClaim.id).where(IncentiveClaim.status == "void")) == claim


def test_the_same_form_twice_is_one_claim_and_one_sale(house):
    house.publish()
    sale = house.sell(who="dora")
    first = house.claim(sale, form_key="twice")
    assert house.claim(sale, form_key="twice") == first
    assert house.count(SaleReport) == 1


def test_nobody_decides_what_he_sent_and_a_stale_screen_is_told(house):
    house.publish()
    sale = house.sell(who="cora")
    (claim,) = house.claim(sale, who="cora")
    assert refused(house.step, "approve", claim, who="cora").code == "own_request"
    house.step("validate", claim, who="carl")
    with pytest.raises(Stale):
        house.step("approve", claim, who="carl", seen_version=1)
    assert house.status(claim) == "in_review"


def test_dealers_see_and_touch_only_their_own(house):
    house.publish()
    sale = house.sell()
    (claim,) = house.claim(sale)
    for call in (
        lambda: house.unwind(sale, who="otto"), lambda: house.claim(sale, who="otto"),
        lambda: house.step("void", claim, who="otto", note="x"),
        lambda: house.sell(who="otto", vin="2HGCM82633A004351"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            call()
    assert refused(house.step, "approve", claim, who="dora").code == "not_allowed"
    assert refused(house.step, "approve", claim, who="finn").code == "not_allowed"


def test_a_new_vehicle_is_sold_once_and_another_dealers_sale_is_not_named(house):
    first = house.sell()
    mine = refused(house.sell).problems[0]
    assert (mine.field, mine.code) == ("vin", "duplicate")
    assert "S-0" in mine.message
    theirs = refused(house.sell, dealer_id=house.other_dealer).problems[0]
    assert "S-0" not in theirs.message
    house.unwind(first)
    house.sell(dealer_id=house.other_dealer)
    assert refused(house.unwind, first).code == "wrong_state"


WRONG = [
    ({"vin": " "}, ["vin"]), ({"contract_on": None, "delivered_on": None}, ["contract_on"]),
    ({"sale_type": "gift"}, ["sale_type"]),
    ({"delivered_on": date(2026, 11, 23)}, ["delivered_on"]), ({"documents": (("passport", ""),)}, ["documents"]),
    ({"year": 26}, ["year"]), ({"price_cents": -1}, ["price_cents"]), ({"make": "x" * 81}, ["make"]),
]  # fmt: skip


@pytest.mark.parametrize("more, fields", WRONG)
def test_a_sale_that_cannot_be_stored_says_where(house, more, fields):
    assert [p.field for p in refused(house.sell, **more).problems] == fields
    assert house.count(SaleReport) == 0


def test_what_a_claim_was_approved_for_cannot_be_changed_under_it(house):
    house.publish()
    sale = house.sell()
    (claim,) = house.claim(sale)
    house.step("approve", claim, who="cora")
    assert [p.code for p in refused(correct, house, sale, model="Civic").problems] == ["approved"]
    correct(house, sale, customer_ref="C-2", documents=(*SALE.documents, ("title", "T")))
    assert refused(correct, house, sale).code == "no_change"


def test_what_is_no_longer_in_order_is_not_approved(house):
    house.publish()
    sale = house.sell()
    (claim,) = house.claim(sale)
    correct(house, sale, sale_type="fleet")
    refusal = refused(house.step, "approve", claim, who="cora")
    assert (refusal.code, refusal.problems[0].rule) == ("not_valid", "I05")
    assert house.book("approved") == []


def test_the_budget_is_never_exceeded(house):
    program = house.publish(budget_cents=700_00)
    (first,) = house.claim(house.sell())
    house.step("approve", first, who="cora")
    (second,) = house.claim(house.sell(vin="2HGCM82633A004351", customer_ref="C-2"))
    assert house.row(IncentiveClaim, second).entitled_cents == 200_00
    assert house.step("approve", second, who="cora") == "partially_approved"
    (third,) = house.claim(house.sell(vin="3HGCM82633A004350", customer_ref="C-3"))
    assert house.row(IncentiveClaim, third).reason_code == "I11"
    assert house.committed(program) == 700_00
    house.agrees()
    with writing(house.engine, keeps_timeline=False) as session, pytest.raises(DBAPIError):
        session.execute(text("UPDATE incentive_program SET committed_cents = committed_cents + 1"))


def test_caps_are_asked_again_when_it_is_approved(house):
    house.publish(caps={"dealer_units": 1})
    one = house.claim(house.sell())[0]
    two = house.claim(house.sell(vin="2HGCM82633A004351"))[0]
    house.step("approve", one, who="cora")
    assert refused(house.step, "approve", two, who="cora").problems[0].rule == "I11"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE incentive_entry SET cents = 1", "DELETE FROM incentive_entry",
        "UPDATE incentive_version SET body = '{}'", "DELETE FROM incentive_version",
    ],
)  # fmt: skip
def test_ledger_and_published_versions_cannot_be_changed(engine, statement):
    house = House(engine)
    house.publish()
    house.sell()
    with pytest.raises(DBAPIError, match="cannot be changed"), writing(engine, keeps_timeline=False) as session:
        session.execute(text(statement))


# ---- programs --------------------------------------------------------------------------------------------------------
def test_who_drafts_does_not_publish_and_dealers_do_neither(house):
    version = house.draft()
    ask = {"version_id": version, "seen_version": 1, "reason": "Agreed", "now": NOW}
    assert refused(run, publish_program, bind=house.engine, actor=house.sally, **ask).code == "not_allowed"
    assert refused(run, publish_program, bind=house.engine, actor=house.dora, **ask).code == "not_allowed"
    own = run(
        save_program, bind=house.engine, body=STEPS, effective_from=None, form_key="m", actor=house.mason, now=NOW
    )
    refusal = refused(
        run, publish_program, bind=house.engine, version_id=own, seen_version=1, reason="x", actor=house.mason, now=NOW
    )
    assert refusal.code == "four_eyes"
    assert house.count(IncentiveUnit) == 0


def test_a_new_version_counts_from_its_first_day_and_approved_claims_keep_theirs(house):
    program = house.publish()
    old, new = (
        house.sell(delivered_on=date(2026, 11, 18)),
        house.sell(vin="2HGCM82633A004351", delivered_on=date(2026, 11, 20)),
    )
    (claim,) = house.claim(old)
    house.step("approve", claim, who="cora")
    assert sum(house.book("earned")) == 1_000_00
    house.publish(CASH | {"rule": {"kind": "customer_cash", "cents": 900_00}}, first=date(2026, 11, 19))
    assert sum(house.book("earned")) == 1_400_00
    assert house.book("earned")[-1] == 400_00
    (second,) = house.claim(new, cents=900_00)
    rows = [house.row(IncentiveClaim, c) for c in (claim, second)]
    assert [house.row(IncentiveVersion, r.version_id).number for r in rows] == [1, 2]
    assert house.committed(program) == 500_00
    house.agrees()


CHANGES = [
    ({"rule": {"kind": "dealer_cash", "cents": 1}}, None, "rule"), ({"period": "quarter"}, None, "period"),
    ({}, date(2026, 10, 31), "effective_from"),
    ({"program": {"first": "2026-11-02", "last": "2026-11-30"}}, None, "program"),
]  # fmt: skip


@pytest.mark.parametrize("more, first, field", CHANGES)
def test_a_later_version_is_the_same_kind_of_thing(house, more, first, field):
    house.publish()
    assert field in [p.field for p in refused(house.draft, CASH, first=first, **more).problems]


def test_a_draft_is_changed_by_who_has_seen_it(house):
    version = house.draft()
    with pytest.raises(Stale):
        house.draft(name="Other")
    assert house.draft(name="Other", seen=1) == version
    row = house.row(IncentiveVersion, version)
    assert (row.version, row.body["name"], row.number) == (2, "Other", 1)


def test_a_draft_with_a_wrong_field_stores_nothing(house):
    refusal = refused(house.draft, rule={"kind": "dealer_cash", "cents": -1})
    assert [p.field for p in refusal.problems] == ["rule.cents"]
    assert house.count(IncentiveProgram) == 0


def test_calculating_again_changes_nothing(house):
    from db.incentives.commands import recalculate_program

    program = house.publish()
    house.sell()
    again = run(recalculate_program, bind=house.engine, program_id=program, actor=house.mason, now=NOW)
    assert (again, house.book("earned")) == (0, [500_00])


def test_a_program_without_sales_claims_nothing(house):
    house.publish()
    sale = house.sell(delivered_on=None, documents=())
    refusal = refused(
        run, claim_sale, bind=house.engine, sale_id=sale, programs=["NONE"], checked={}, amounts={}, form_key="x",
        actor=house.dora, now=NOW,
    )  # fmt: skip
    assert refusal.problems[0].field == "programs"
    (claim,) = house.claim(sale)
    assert house.status(claim) == "returned"


def test_a_sale_reported_late_says_so(house):
    house.publish()
    late: datetime = NOW + timedelta(days=20)
    sale = house.sell(now=late)
    (claim,) = house.claim(sale, now=late)
    row = house.row(IncentiveClaim, claim)
    assert (row.status, row.reason_code) == ("denied", "I04")
