"""Who bought it: a customer of the dealer or a name; what the customer had before answers loyalty and conquest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.customers.customer_commands import enter_customer
from db.customers.vehicle_commands import enter_vehicle
from db.incentives.claim_rules import judge
from db.incentives.commands import correct_sale, report_sale
from db.incentives.facts import Earlier
from db.incentives.sale_store import draft_of
from db.incentives.tables import SaleReport
from db.incentives.validation_queries import preview_sale, sale_view
from tests.incentives.cases import CLAIM, RULES, of_kind, sale
from tests.incentives.factories import CASH, NOW, SALE, House
from tests.support.again import begun

D = date
HONDA = Earlier(make="Honda", model="Civic", year=2021, since=D(2021, 5, 3))
GONE = Earlier(make="Honda", model="Civic", year=2021, since=D(2021, 5, 3), until=D(2024, 1, 1))
MAZDA = Earlier(make="Mazda", model="3", year=2019, since=D(2019, 2, 1))
OLD = Earlier(make="Mazda", model="323", year=1999, since=D(2001, 2, 1))
YEARLESS = Earlier(make="Mazda", since=D(2001, 2, 1))
LOYAL = CASH | {"code": "LOYAL-11", "rule": {"kind": "loyalty", "cents": 300_00, "makes": ["Honda"]}}


@pytest.mark.parametrize(
    ("kind", "trade", "year", "earlier", "level", "said"),
    [
        ("loyalty", "", None, (MAZDA,), "pass", "The customer on file has had a 2019 Mazda 3 since 1 Feb 2019."),
        ("loyalty", "", None, (HONDA, OLD), "pass", "a 1999 Mazda 323"),
        ("loyalty", "", None, (HONDA,), "missing", "previous vehicle is missing"),
        ("loyalty", "Ford", 2020, (MAZDA,), "pass", "a 2019 Mazda 3"),
        ("loyalty", "Ford", 2020, (HONDA,), "fail", "comes from Ford"),
        ("loyalty", "Mazda", 2020, (), "pass", "has owned Mazda"),
        ("conquest", "", None, (MAZDA,), "pass", "comes from a 2019 Mazda 3, since 1 Feb 2019."),
        ("conquest", "", None, (MAZDA, GONE), "pass", "comes from a 2019 Mazda 3"),
        ("conquest", "", None, (HONDA, MAZDA), "warn", "the customer still has a 2021 Honda Civic, which is ours"),
        ("conquest", "", None, (HONDA,), "missing", "on file the customer has a 2021 Honda Civic, which is ours"),
        ("conquest", "", None, (GONE,), "missing", "The previous vehicle is missing."),
        ("conquest", "", None, (OLD,), "fail", "it has to be of 2016 or newer"),
        ("conquest", "", None, (YEARLESS,), "missing", "The previous vehicle is missing."),
        ("conquest", "Mazda", 2020, (HONDA,), "warn", "still has a 2021 Honda Civic, which is ours"),
        ("conquest", "Mazda", 2020, (GONE,), "pass", "not older than 10 model years"),
        ("conquest", "Honda", 2020, (MAZDA,), "fail", "comes from Honda, which is ours"),
        ("trade_in", "", None, (MAZDA,), "missing", "previous vehicle is missing"),
    ],
)
def test_what_the_customer_had_before_answers(kind, trade, year, earlier, level, said):
    rule = RULES[kind]
    facts = sale(trade_make=trade, trade_year=year, earlier=earlier)
    found = next(c for c in judge(facts, CLAIM, of_kind(kind, **rule)).checks if c.rule == "I09")
    assert (found.level, said in found.sentence) == (level, True), found.sentence
    assert found.version == 2


@pytest.fixture
@begun
def house(engine):
    return House(engine)


@pytest.fixture
@begun
def small(sqlite_engine):
    return House(sqlite_engine)


def customer(house, *, owns="", dealer_id=None, who="cora", phone="212-555-0143"):
    found = run(
        enter_customer, bind=house.engine, dealer_id=dealer_id or house.dealer, name="Jane Doe", phone=phone,
        actor=getattr(house, who), now=NOW,
    )  # fmt: skip
    if owns:
        run(
            enter_vehicle, bind=house.engine, vin="2HGFC2F59KH512345", vin_reason="Read from the title",
            facts={"make": owns, "model": "Civic", "year": 2019}, customer_id=found, since=D(2019, 5, 3),
            actor=house.cora, now=NOW,
        )  # fmt: skip
    return found


def report(house, customer_id=None, **more):
    return run(
        report_sale, bind=house.engine, dealer_id=house.dealer, draft=replace(SALE, customer_ref="", **more),
        customer_id=customer_id, form_key=house.key(), actor=house.dora, now=NOW,
    )  # fmt: skip


def i09(view):
    return next(c for c in view.programs[0].checks if c.rule == "I09")


def test_a_chosen_customer_is_read_while_typing_and_kept_with_the_sale(house):
    house.publish(LOYAL)
    jane = customer(house, owns="Honda")
    with reading(house.engine) as session:
        typed = preview_sale(session, SALE, dealer_id=house.dealer, customer_id=jane, actor=house.dora, now=NOW)
        alone = preview_sale(session, SALE, dealer_id=house.dealer, actor=house.dora, now=NOW)
    assert (i09(typed).level, i09(alone).level) == ("pass", "missing")
    assert "has had a 2019 Honda Civic since 3 May 2019" in i09(typed).sentence
    made = report(house, jane)
    row = house.row(SaleReport, made)
    assert row.customer_ref.endswith(f"{jane:06}")
    assert [(e["make"], e["year"], e["until"]) for e in row.earlier] == [("Honda", 2019, None)]
    assert sum(house.book("earned")) == 300_00
    house.agrees()


def test_what_was_earned_stays_when_the_customer_changes_later(small):
    """What the customer had is kept with the sale: a vehicle that is entered later changes nothing of it."""
    small.publish(LOYAL)
    jane = customer(small)
    made = report(small, jane)
    assert small.book("earned") == []
    run(
        enter_vehicle, bind=small.engine, vin="2HGFC2F59KH512345", vin_reason="Read from the title",
        facts={"make": "Honda", "model": "Civic", "year": 2019}, customer_id=jane, since=D(2019, 5, 3),
        actor=small.cora, now=NOW,
    )  # fmt: skip
    small.agrees()
    with reading(small.engine) as session:
        draft = draft_of(session, session.get_one(SaleReport, made))
    run(
        correct_sale, bind=small.engine, sale_id=made, seen_version=1, draft=replace(draft, stocked_on=D(2026, 10, 2)),
        actor=small.dora, now=NOW,
    )  # fmt: skip
    assert small.book("earned") == [300_00]  # a correction reads the file of the customer anew
    small.agrees()


def test_another_dealers_customer_is_not_chosen(small):
    small.publish(LOYAL)
    theirs = customer(small, dealer_id=small.other_dealer)
    with pytest.raises(Refused, match="Choose a customer of this dealer"):
        report(small, theirs)
    with reading(small.engine) as session:
        found = preview_sale(session, SALE, dealer_id=small.dealer, customer_id=theirs, actor=small.dora, now=NOW)
    assert [field for field, _ in found.problems] == ["customer_id"]
    assert found.programs == ()
    assert small.count(SaleReport) == 0


def test_a_typed_name_is_shown_by_initials_to_who_sees_no_personal_data(small):
    made = report(small, customer_name="Jane Mary Doe")

    def shown(who):
        with reading(small.engine) as session:
            return sale_view(session, sale_id=made, actor=getattr(small, who), now=NOW).row.customer

    assert shown("dora") == "Jane Mary Doe"
    assert shown("finn") == "J. M. D."
    with pytest.raises(NotFound):
        shown("otto")
    jane = customer(small)
    with reading(small.engine) as session:
        draft = draft_of(session, session.get_one(SaleReport, made))
    run(
        correct_sale, bind=small.engine, sale_id=made, seen_version=1, draft=draft, customer_id=jane, actor=small.dora,
        now=NOW,
    )  # fmt: skip
    assert (shown("dora"), small.row(SaleReport, made).customer_name) == ("Jane Doe", "")


def test_the_customer_stays_once_a_claim_was_approved(small):
    small.publish()
    made = report(small)
    (claim,) = small.claim(made)
    small.step("approve", claim, who="cora")
    jane = customer(small)
    with reading(small.engine) as session:
        draft = draft_of(session, session.get_one(SaleReport, made))
    with pytest.raises(Refused, match="was approved for this sale"):
        run(
            correct_sale, bind=small.engine, sale_id=made, seen_version=1, draft=draft, customer_id=jane,
            actor=small.dora, now=NOW,
        )  # fmt: skip
