"""What the ledger says after each decision, and that nobody can change what it says."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.claim_payments.checks import CHECKS
from db.core.problems import Refused
from db.core.session import reading
from tests.claim_payments.factories import House
from tests.claims.factories import claim_of
from tests.support.again import begun


@pytest.fixture
@begun
def house(sqlite_engine):
    return House(sqlite_engine)


def agrees(engine):
    with reading(engine) as session:
        assert [sentence for check in CHECKS for sentence in check.run(session)] == []


def test_an_approval_is_posted_once(house):
    claim = house.approved(cents=300_00)
    assert house.ledger(claim) == [("approval", 300_00)]
    agrees(house.engine)


def test_an_appeal_that_raises_the_amount_posts_the_difference(house):
    claim = house.approved(cents=300_00, share=50)
    house.step("appeal", claim, who="dora", note="The hours were needed")
    assert house.ledger(claim) == [("approval", 150_00)]
    house.decide(claim, by="carl")
    assert house.ledger(claim) == [("approval", 150_00), ("approval", 150_00)]
    agrees(house.engine)


def test_a_denied_appeal_leaves_what_was_approved(house):
    claim = house.approved(cents=300_00, share=50)
    house.step("appeal", claim, who="dora", note="The hours were needed")
    house.step("deny", claim, who="carl", reason_code="BEYOND_POLICY", note="No")
    assert house.status(claim) == "partially_approved"
    assert house.ledger(claim) == [("approval", 150_00)]
    house.batch()
    assert (house.status(claim), house.unpaid()) == ("paid", 0)
    agrees(house.engine)


def test_a_denial_posts_nothing_and_its_appeal_everything(house):
    claim = house.sent(cents=300_00)
    house.step("deny", claim, who="cora", reason_code="BEYOND_POLICY", note="No")
    assert house.ledger(claim) == []
    house.step("appeal", claim, who="dora", note="Look again")
    house.decide(claim, by="carl")
    assert house.ledger(claim) == [("approval", 300_00)]
    agrees(house.engine)


@pytest.mark.parametrize(
    ("name", "who", "more"),
    [("send_back", "carl", {"reason_code": "DOC_MISSING", "note": "Which?"}), ("void", "dora", {"note": "Never mind"})],
)
def test_an_appeal_is_neither_returned_nor_taken_back_and_the_ledger_stays(house, name, who, more):
    claim = house.approved(cents=300_00, share=50)
    house.step("appeal", claim, who="dora", note="The hours were needed")
    with pytest.raises(Refused):
        house.step(name, claim, who=who, **more)
    assert house.ledger(claim) == [("approval", 150_00)]
    agrees(house.engine)


def test_a_pre_authorization_is_never_posted(house):
    claim = house.sent(cents=300_00, claim_type="pre_authorization")
    house.decide(claim)
    assert claim_of(house.engine, claim).status in ("approved", "partially_approved")
    assert house.ledger(claim) == []
    agrees(house.engine)


CHANGES = [
    "UPDATE claim_entry SET cents = 1",
    "UPDATE claim_entry SET reason = 'x'",
    "UPDATE claim_entry SET dealer_id = dealer_id",
    "DELETE FROM claim_entry",
    "UPDATE claim_entry SET memo_id = NULL WHERE memo_id IS NOT NULL",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_nobody_changes_the_ledger(engine, statement):
    house = House(engine)
    claim = house.approved(cents=300_00)
    house.batch()
    with pytest.raises(DBAPIError, match="ledger of claims cannot be changed"), engine.begin() as connection:
        connection.execute(text(statement))
    assert house.ledger(claim) == [("approval", 300_00)]
    with engine.begin() as connection:  # a dealer moves to another region, its records with it
        connection.execute(text("UPDATE claim_entry SET region = 'West'"))
