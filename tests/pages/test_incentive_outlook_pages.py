"""Next tier, and the same sentence where a dealer reports sales."""

from __future__ import annotations

import pytest

from db.core.session import engine as process_engine
from tests.incentives.factories import STEPS, House
from tests.support.again import begun
from tests.support.users import app_as

NOVEMBER = {"first": "2020-01-01", "last": "2090-12-31"}


@pytest.fixture
@begun
def house(app_database):
    return House(process_engine())


def said(app):
    kinds = (app.markdown, app.caption, app.error)
    return "\n".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")


def opened(who, page="pages/incentives/outlook.py"):
    return app_as(who, page=page).run()


def test_a_dealer_reads_what_is_at_stake_and_only_its_own(house):
    house.publish(STEPS | {"program": NOVEMBER}, period="program")
    house.sell_many(2)
    app = opened("dora")
    assert not app.exception
    assert "23 units to the next tier, $5,000 at stake" in said(app)
    assert "25 units to the next tier" in said(opened("otto"))
    assert "23 units to the next tier" in said(opened("dora", "pages/incentives/validate.py"))
    assert "to the next tier" not in said(opened("cora", "pages/incentives/validate.py"))


def test_without_a_program_it_says_so(house):
    app = opened("cora")
    assert not app.exception
    assert "No program that counts volume runs now" in said(app)
