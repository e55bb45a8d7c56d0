"""The search box finds the lists of warranty data for everybody who may read the page, and rows of dealers in scope."""

from __future__ import annotations

from datetime import date

import pytest

from db import catalog
from db.core.permissions import GRANTED, Permission, Role
from db.core.session import reading, writing
from db.parts.record import ensure_parts
from db.warranty import record
from db.warranty.tables import Campaign, CoveragePlan, LabourOperation, Part
from tests.parts import factories as parts
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person
from tests.warranty.factories import MADE, SINCE

SHARED = {"Parts": "Part ZEBRA-1", "Labour operations": "Operation ZEBRA2", "Campaigns": "Campaign ZEBRA3",
          "Coverage plans": "Plan ZEBRA4"}  # fmt: skip


@pytest.fixture
@begun
def desk(sqlite_engine):
    with writing(sqlite_engine, keeps_timeline=False) as session:
        made = {
            "labour_operation": LabourOperation(
                code="ZEBRA2", name="Stripes", hours=100, component="E", valid_from=SINCE
            ),
            "campaign": Campaign(
                number="ZEBRA3", title="Stripes", starts_on=SINCE, operations=[], parts=[], created_at=MADE,
                created_by="Test",
            ),
            "coverage_plan": CoveragePlan(
                code="ZEBRA4", name="Stripes", kind="basic", months=36, distance=0, valid_from=date(2020, 1, 1),
 created_at=MADE, created_by="Test",
            ),
        }  # fmt: skip
        session.add_all(made.values())
        session.flush()
        for kind, item in made.items():
            record.index(session, kind, item, is_new=True)
        ensure_parts(session, {"ZEBRA-1": "Stripes"}, batch_id=None)
    return sqlite_engine


@pytest.mark.parametrize("role", [role for role in Role if Permission.WARRANTY_VIEW in GRANTED[role]])
def test_everybody_who_may_read_warranty_data_finds_it(desk, role):
    make_dealer(desk)
    make_person(desk, "pat", role)
    actor = actor_named(desk, "pat")
    with reading(desk) as session:
        found = catalog.search_everything(session, "zebra", actor=actor)
        assert {label: hits[0].title for label, hits in found.items()} == SHARED
        assert catalog.search_everything(session, "zebra4", actor=actor)["Coverage plans"][0].query == {
            "wty_view": "plans", "wty_text": "ZEBRA4",
        }  # fmt: skip


def test_what_dealers_ordered_stays_theirs(desk):
    lone, star = make_dealer(desk), make_dealer(desk, code="0999", name="North Star", region="West")
    make_person(desk, "cora", Role.COORDINATOR)
    make_person(desk, "dana", Role.DEALER_MANAGER)
    cora = actor_named(desk, "cora")
    own, other = (
        parts.placed(desk, dealer_id=dealer, actor=cora, lines={"ZEBRA-1": 1}, reference=f"ZEBRA-{dealer}")
        for dealer in (lone, star)
    )
    with reading(desk) as session:
        everything = catalog.search_everything(session, "zebra", actor=cora)
        mine = catalog.search_everything(session, "zebra", actor=actor_named(desk, "dana"))
    assert {r.item_id for r in everything["Parts orders"]} == {own, other}
    assert [r.item_id for r in mine["Parts orders"]] == [own]
    assert "Parts" in mine


def test_only_what_belongs_to_no_dealer_is_shared():
    """Lists of warranty data, and incentive programs, whose own query shows each person what may be seen."""
    shared = {source.kind for area in catalog.AREAS for source in area.search if source.is_shared}
    assert shared == {"part", "labour_operation", "campaign", "coverage_plan", "incentive_program"}
    assert all(not hasattr(table, "dealer_id") for table in (Part, LabourOperation, Campaign, CoveragePlan))
