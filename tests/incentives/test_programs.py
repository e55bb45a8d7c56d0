"""Worked numbers of every kind, and who sees what of a program."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from db.catalog import search_everything
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.incentives.commands import discard_draft
from db.incentives.model import KINDS, VOLUME, read_program
from db.incentives.program_offers import EXPORT, program_rows
from db.incentives.program_queries import count_states, find_program, list_programs, program_page
from db.incentives.tables import IncentiveClaim, IncentiveVersion
from db.incentives.worked_rules import budget_units, pays, sides, worked
from tests.incentives.cases import BODY, RULES, of_kind, program
from tests.incentives.factories import CASH, NOW, STEPS, House
from tests.support.again import begun

TODAY = NOW.date()
TIERS = [{"from_units": n, "cents": c * 100} for n, c in ((1, 0), (25, 200), (50, 400), (75, 600))]


@pytest.fixture
@begun
def small(sqlite_engine):
    return House(sqlite_engine)


# ---- worked numbers --------------------------------------------------------------------------------------------------
def steps(method="retroactive", **more):
    return program(rule={"kind": "stair_step", "method": method, "tiers": TIERS}, **more)


def said(cases):
    return {c.what: c.cents for c in cases}


def test_a_stair_step_is_shown_around_each_tier_with_the_fall_of_15_400():
    found = said(worked(steps()))
    assert list(found) == [
        "1 unit", "24 units", "25 units", "49 units", "50 units", "74 units", "75 units", "90 units",
    ]  # fmt: skip
    assert found["75 units"] - found["74 units"] == 15_400_00
    assert found["90 units"] == 54_000_00


@pytest.mark.parametrize(
    ("units", "caps", "cents"),
    [(74, {}, 29_600_00), (75, {}, 45_000_00), (90, {"dealer_units": 80}, 48_000_00), (24, {}, 0),
     (90, {"dealer_cents": 30_000_00}, 30_000_00)],
)  # fmt: skip
def test_volume_pays_within_its_caps(units, caps, cents):
    assert pays(steps(caps=caps), units, 0) == cents


def test_a_change_of_tiers_is_compared_at_the_units_of_both():
    after = program(rule={"kind": "stair_step", "method": "retroactive",
                          "tiers": [{"from_units": 1, "cents": 0}, {"from_units": 60, "cents": 500_00}]})  # fmt: skip
    found = {c.what: (c.before_cents, c.cents) for c in worked(after, steps())}
    assert found["60 units"] == (24_000_00, 30_000_00)
    assert found["50 units"] == (20_000_00, 0)
    assert sides(worked(after, steps()))


def test_growth_is_shown_against_a_baseline_and_without_one():
    found = said(worked(of_kind("growth", baseline="year_before", min_percent=1000, cents=100_00)))
    assert found["43 units against 40 (7.5%)"] == 0
    assert found["44 units against 40 (10%)"] == 400_00
    assert found["10 units without a baseline"] == 0


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(VOLUME)))
def test_every_kind_of_a_vehicle_has_its_ordinary_case_and_ten_of_them(kind):
    cases = worked(of_kind(kind, **RULES[kind]))
    ordinary = cases[0].cents
    assert ordinary in (500_00, 1_200_00)  # the lease takes over three payments of 400
    assert said(cases)["10 such vehicles of a dealer in a period"] == 10 * ordinary


@pytest.mark.parametrize(
    ("kind", "what"),
    [("conquest", "Trading in a vehicle of 2015"), ("conquest", "Trading in Honda"), ("loyalty", "Any other customer"),
     ("trade_in", "Trading in a vehicle of 2015"), ("price_protection", "Any other model"),
     ("certified", "Sold by somebody else"), ("affinity", "Any other customer")],
)  # fmt: skip
def test_what_pays_nothing_is_shown_as_well(kind, what):
    assert said(worked(of_kind(kind, **RULES[kind])))[what] == 0


def test_caps_and_budget_show_in_the_numbers():
    one = program(caps={"vin_cents": 300_00, "dealer_units": 4, "customer_units": 2}, budget_cents=1_000_00)
    found = said(worked(one))
    assert found["One eligible vehicle"] == 300_00
    assert found["10 such vehicles of a dealer in a period"] == 1_200_00
    assert found["10 such vehicles for one customer"] == 600_00
    assert budget_units(one) == 3
    assert budget_units(steps(budget_cents=1_000_00)) is None


def test_another_kind_is_not_compared():
    assert not sides(worked(steps(), of_kind("growth", **RULES["growth"])))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("code", "a b", "Use 2 to 30 letters"), ("name", "", "This is needed."),
     ("rule", {"kind": "per_unit", "cents": None}, "This is needed."),
     ("rule", {"kind": "per_unit", "cents": "abc"}, "Give a whole number or an amount."),
     ("rule", {"kind": "per_unit", "cents": 0}, "above 0"), ("rule", {"kind": ""}, "Choose a kind."),
     ("rule", {"kind": "loyalty", "cents": 1, "makes": []}, "Give at least one."),
     ("program", {"first": None, "last": "2026-11-30"}, "Choose a day."),
     ("program", {"first": "2026-12-01", "last": "2026-11-30"}, "A window ends on its first day or later.")],
)  # fmt: skip
def test_what_is_wrong_with_a_form_is_said_in_words(field, value, sentence):
    found, wrong = read_program({**BODY, field: value})
    assert found is None
    assert [said for _, said in wrong if sentence in said]
    assert all(name.startswith(field) for name, _ in wrong)


# ---- who sees what ---------------------------------------------------------------------------------------------------
def listed(house, who, **more):
    with reading(house.engine) as session:
        return {r.code: r for r in list_programs(session, actor=getattr(house, who), today=TODAY, **more)}


def page(house, who, program_id):
    with reading(house.engine) as session:
        return program_page(session, program_id=program_id, actor=getattr(house, who), today=TODAY)


def test_programs_by_state_kind_and_text(small):
    small.publish()
    small.publish(STEPS)
    small.publish(CASH | {"code": "DEC", "program": {"first": "2026-12-01", "last": "2026-12-31"}})
    small.publish(CASH | {"code": "OLD", "program": {"first": "2026-08-01", "last": "2026-08-31"}})
    small.draft(CASH | {"code": "IDEA"})
    small.draft(name="November cash, longer")
    assert {c: r.state for c, r in listed(small, "cora").items()} == {
        "CASH-11": "running", "STEP-11": "running", "DEC": "coming", "OLD": "ended", "IDEA": "draft",
    }  # fmt: skip
    assert set(listed(small, "cora", state="draft")) == {"IDEA", "CASH-11"}
    assert set(listed(small, "cora", kind="Stair step")) == {"STEP-11"}
    assert set(listed(small, "cora", text="old")) == {"OLD"}
    with reading(small.engine) as session:
        counts = count_states(session, actor=small.cora, today=TODAY)
        assert find_program(session, code="idea", actor=small.cora)
        with pytest.raises(Refused):
            find_program(session, code="idea", actor=small.dora)
    assert counts == {"running": 2, "coming": 1, "ended": 1, "draft": 2}


def test_a_dealer_sees_no_draft_no_budget_and_no_other_dealer(small):
    growth = {"kind": "growth", "baseline": "target", "targets": {"04012": 5, "04099": 9}, "cents": 100_00}
    mine = small.publish(CASH | {"code": "GROW", "rule": growth, "documents": [], "checklist": []}, budget_cents=9_00)
    with reading(small.engine) as session:
        from db.dealers.tables import Dealer

        code = session.get_one(Dealer, small.dealer).code
    others = small.publish(CASH | {"code": "THEIRS"}, eligible={"enrolled": ["04099"]})
    small.draft(CASH | {"code": "IDEA"})
    assert set(listed(small, "dora")) == {"GROW"}
    assert listed(small, "dora")["GROW"].budget_cents is None
    assert set(listed(small, "otto")) == {"GROW", "THEIRS"}
    seen = page(small, "dora", mine).versions[0].program
    assert set(seen.rule.targets) <= {code}
    assert seen.budget_cents is None
    with pytest.raises(NotFound):
        page(small, "dora", others)
    with pytest.raises(NotFound):
        page(small, "cora", 999)


def test_sums_are_those_of_the_dealers_one_sees(small):
    program_id = small.publish()
    small.sell()
    assert (listed(small, "cora")["CASH-11"].units, listed(small, "otto")["CASH-11"].units) == (1, 0)
    small.sell(vin="1HGCM82633A004360", documents=())
    assert page(small, "cora", program_id).uncounted == (("I08", 1),)
    assert page(small, "otto", program_id).uncounted == ()


def test_a_page_has_every_version_with_what_it_changed(small):
    program_id = small.publish()
    small.publish(first=date(2026, 11, 20), rule={"kind": "customer_cash", "cents": 700_00})
    small.draft(first=date(2026, 11, 25), rule={"kind": "customer_cash", "cents": 900_00})
    found = page(small, "sally", program_id)
    assert [(v.number, v.state) for v in found.versions] == [(3, "draft"), (2, "published"), (1, "published")]
    assert found.draft.number == 3
    assert found.published.number == 2
    assert any("$900" in s for s in found.versions[0].changes)
    assert [v.state for v in page(small, "dora", program_id).versions] == ["published", "published"]
    assert found.row.state == "running"
    assert TODAY + timedelta(days=1) < found.row.last


# ---- search and export -----------------------------------------------------------------------------------------------
def looked_up(house, typed, who):
    with reading(house.engine) as session:
        found = search_everything(session, typed, actor=getattr(house, who))
        return {label: [r.title for r in results] for label, results in found.items()}


def test_programs_are_found_by_who_may_see_them(small):
    small.publish(bulletin="B-26-77")
    small.publish(CASH | {"code": "THEIRS", "name": "November for far ones"}, eligible={"enrolled": ["04099"]})
    small.draft(CASH | {"code": "IDEA", "name": "November idea"})
    every = ["IDEA November idea", "THEIRS November for far ones", "CASH-11 November cash"]
    assert looked_up(small, "novem", "cora") == {"Incentive programs": every}
    assert looked_up(small, "novem", "otto") == {"Incentive programs": every[1:]}
    assert looked_up(small, "novem", "dora") == {"Incentive programs": every[2:]}
    for typed in ("cash-11", "B-26-77"):
        assert looked_up(small, typed, "dora") == {"Incentive programs": every[2:]}
    with reading(small.engine) as session:
        version = session.scalars(select(IncentiveVersion).where(IncentiveVersion.state == "draft")).one()
        draft, seen = version.id, version.version
    run(discard_draft, bind=small.engine, version_id=draft, seen_version=seen, actor=small.sally, now=NOW)
    assert looked_up(small, "idea", "cora") == {}


def test_claims_are_found_by_number_vehicle_and_only_within_the_scope(small):
    small.publish()
    sale = small.sell()
    (claim,) = small.claim(sale)
    number = small.row(IncentiveClaim, claim).number
    for typed in (number, number.lower(), "3A004352"):
        for who in ("dora", "cora"):
            assert looked_up(small, typed, who)["Incentive claims"] == [f"{number} CASH-11"]
        assert looked_up(small, typed, "otto") == {}


def test_the_file_of_programs_has_each_version_and_nothing_of_the_house_for_dealers(small):
    small.publish(budget_cents=9_000_00)
    small.publish(first=date(2026, 11, 20), rule={"kind": "customer_cash", "cents": 700_00})
    small.draft(first=date(2026, 11, 25), rule={"kind": "customer_cash", "cents": 900_00})
    small.publish(CASH | {"code": "THEIRS"}, eligible={"enrolled": ["04099"]})
    small.sell()
    names = [c.name for c in EXPORT.columns]

    def rows(who, **filters):
        actor = getattr(small, who)
        with reading(small.engine) as session:
            made = program_rows(session, actor=actor, scope=actor.scope, filters=filters, now=NOW)
            return [dict(zip(names, row, strict=True)) for row in made]

    mine = [(r["code"], r["version"], r["version_state"], r["budget"], r["units"]) for r in rows("cora")]
    assert mine == [
        ("CASH-11", 1, "Published", 9_000_00, 1), ("CASH-11", 2, "Published", None, 1),
        ("CASH-11", 3, "Draft", None, 1),
        ("THEIRS", 1, "Published", None, 0),
    ]  # fmt: skip
    theirs = rows("dora")
    assert [(r["code"], r["version"], r["budget"], r["committed"], r["reason"]) for r in theirs] == [
        ("CASH-11", 1, None, None, ""), ("CASH-11", 2, None, None, ""),
    ]  # fmt: skip
    assert "$700" in theirs[1]["says"]
    assert [r["units"] for r in rows("otto")] == [0, 0, 0]
    assert {r["code"] for r in rows("cora", text="theirs")} == {"THEIRS"}
    assert rows("cora", state="ended") == []
