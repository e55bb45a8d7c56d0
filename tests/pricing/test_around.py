"""Absences as commands, what the approver is shown, and what the area offers to the desk; scope of each query."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from db import catalog
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.exports import run_export
from db.pricing.approvers import waits_for
from db.pricing.away_queries import list_away, list_budgets, stand_in_choices
from db.pricing.checks import CHECKS
from db.pricing.commands import add_away, end_away, set_band
from db.pricing.exception_queries import exceptions_of
from db.pricing.form_queries import preview
from db.pricing.request_queries import RequestFilters, count_requests, get_request, list_requests
from db.pricing.tables import PriceAway, PriceBudget, PricePolicy, PriceRequest, PriceSignature
from db.pricing.work_queries import dealer_lines, found_requests, work_lines
from tests.pricing.factories import DAY, FREE, LARGE, NOW, SMALL, House
from tests.support.again import begun
from tests.support.at_once import at_once


@pytest.fixture
@begun
def house(sqlite_engine: Engine) -> House:
    return House(sqlite_engine)


def codes(error: Any) -> list[str]:
    return [p.code for p in error.value.problems]


# ------------------------------------------------------------------------------------------------------------ absences
def test_a_stand_in_signs_with_the_authority_of_who_is_away_in_its_time_only(house: House):
    start, end = NOW + DAY, NOW + 3 * DAY
    house.away("cora", "finn", start, end)
    item = house.send()
    for at in (start - timedelta(seconds=1), end):  # half-open: not before, not at the end
        with pytest.raises(Refused) as error:
            house.step("approve", item, "finn", now=at)
        assert codes(error) == ["no_authority"]
    house.step("approve", item, "finn", now=start)
    (line,) = house.page(item, "dora").signatures
    assert (line.name, line.for_name) == ("Finance Finn", "Coordinator Cora")
    house.sound()


def test_a_stand_in_never_signs_for_who_asked_nor_for_who_signed_before(house: House):
    house.away("cora", "finn", NOW - DAY, NOW + 9 * DAY)
    own = house.send(by="cora")
    with pytest.raises(Refused) as error:
        house.step("approve", own, "finn")
    assert codes(error) == ["own_request"]
    item = house.send(LARGE)
    house.step("approve", item, "finn")  # for Cora, at level 1
    with pytest.raises(Refused) as error:
        house.step("approve", item, "finn")  # for pricing, at level 2
    assert codes(error) == ["own_signature"]
    house.step("approve", item, "fay")
    house.step("approve", item, "mira")
    house.sound()


def test_a_stand_in_has_no_more_scope_than_either(house: House):
    house.away("wes", "carl", NOW - DAY, NOW + DAY)  # Wes sees the West only
    with writing(house.engine, keeps_timeline=False) as session:
        session.execute(update(PriceAway).values(stand_in_id=house.ids["finn"]))
    east, west = house.send(), house.send(dealer=house.other_dealer, by="otto")
    with pytest.raises(Refused) as error:
        house.step("approve", east, "finn")
    assert codes(error) == ["no_authority"]
    house.step("approve", west, "finn")
    house.away("mason", "wes", NOW - DAY, NOW + DAY)
    with pytest.raises(NotFound):
        house.step("approve", east, "wes")


def test_who_is_away_is_skipped_and_the_stand_in_is_asked(house: House):
    item = house.send(LARGE)
    house.step("approve", item, "cora")

    def asked() -> tuple[set[int], bool]:
        with reading(house.engine) as session:
            people, all_away = waits_for(session, session.get_one(PriceRequest, item), now=NOW)
        return set(people), all_away

    ids = house.ids
    assert asked() == ({ids["mason"], ids["mira"], ids["finn"], ids["fay"]}, False)
    house.away("mason", None, NOW - DAY, NOW + DAY)
    house.away("fay", "sally", NOW - DAY, NOW + DAY)
    house.away("mira", "cora", NOW - DAY, NOW + DAY)  # who signed the level before
    assert asked() == ({ids["finn"], ids["sally"]}, False)
    house.away("finn", None, NOW - DAY, NOW + DAY)
    house.away("sally", None, NOW - DAY, NOW + DAY)
    people, all_away = asked()  # nobody is left: those who are away are named, no level is skipped
    assert (people, all_away) == ({ids["mason"], ids["mira"], ids["finn"], ids["fay"]}, True)


WRONG = [
    ({"starts_at": None}, "starts_at", "required"), ({"until_at": None}, "until_at", "required"),
    ({"until_at": NOW}, "until_at", "order"), ({"starts_at": NOW - 9 * DAY, "until_at": NOW - DAY}, "until_at", "past"),
    ({"stand_in": "cora"}, "stand_in_id", "self"), ({"stand_in": "dora"}, "stand_in_id", "no_approver"),
    ({"note": "x" * 401}, "note", "too_long"), ({"stand_in": "finn"}, "stand_in_id", "circle"),
    ({"starts_at": NOW + 20 * DAY, "until_at": NOW + 22 * DAY}, "starts_at", "overlap"),
]  # fmt: skip


@pytest.mark.parametrize("wrong, field, code", WRONG)
def test_an_absence_that_is_refused_says_where(house: House, wrong: dict[str, Any], field: str, code: str):
    house.away("finn", "cora", NOW, NOW + 4 * DAY)
    house.away("cora", None, NOW + 21 * DAY, NOW + 23 * DAY)
    values: dict[str, Any] = {"starts_at": NOW, "until_at": NOW + DAY, "note": "", "stand_in": "carl"} | wrong
    stand_in = house.ids[values.pop("stand_in")]
    with pytest.raises(Refused) as error:
        house.do(add_away, person_id=None, stand_in_id=stand_in, actor=house.cora, **values)
    assert [(p.field, p.code) for p in error.value.problems] == [(field, code)]
    assert house.count(PriceAway) == 2


def test_absences_of_others_and_their_end(house: House):
    with pytest.raises(Refused) as error:
        house.away("carl", "cora", NOW, NOW + DAY, by="cora")
    assert codes(error) == ["not_allowed"]
    item = house.away("carl", "cora", NOW, NOW + DAY, by="mason")
    for who, version, code in (("cora", 1, "not_allowed"), ("carl", 7, "stale"), ("dora", 1, "not_allowed")):
        with pytest.raises(Refused) as error:
            house.do(end_away, away_id=item, seen_version=version, actor=getattr(house, who))
        assert codes(error) == [code], who
    house.do(end_away, away_id=item, seen_version=1, actor=house.carl)
    with pytest.raises(Stale):
        house.do(end_away, away_id=item, seen_version=1, actor=house.mason)
    with pytest.raises(Refused) as error:
        house.do(end_away, away_id=item, seen_version=2, actor=house.mason)
    assert codes(error) == ["over"]
    with pytest.raises(NotFound):
        house.do(end_away, away_id=99, seen_version=1, actor=house.mason)
    with reading(house.engine) as session:
        assert list_away(session, actor=house.cora, now=NOW) == []
        assert house.ids["cora"] not in dict(stand_in_choices(session, actor=house.cora))
        for query in (
            lambda: list_away(session, actor=house.dora, now=NOW),
            lambda: list_budgets(session, actor=house.dora, now=NOW),
        ):
            with pytest.raises(Refused):
                query()
        assert [b.region for b in list_budgets(session, actor=house.wes, now=NOW)] == ["West"]


def test_two_entries_at_once_never_close_a_circle(engine: Engine):
    house = House(engine)
    pairs = [(house.cora, house.ids["carl"]), (house.carl, house.ids["cora"])]
    works = [
        lambda bind, a=actor, s=stand_in: run(
            add_away, bind=bind, person_id=None, stand_in_id=s, starts_at=NOW, until_at=NOW + DAY, actor=a, now=NOW
        )
        for actor, stand_in in pairs
    ]
    outcomes = at_once(engine, *works)
    assert sorted(str(o) for o in outcomes if not isinstance(o, int)) == ["circle"]
    assert house.count(PriceAway) == 1


# ------------------------------------------------------------------------------------------- what the approver is shown
def test_earlier_exceptions_their_cost_and_one_time_ones_that_repeat(house: House):
    house.approved(now=NOW - 400 * DAY)  # too long ago
    house.approved(now=NOW - 100 * DAY)  # another quarter
    house.approved(replace(FREE, subject=" roadster  gt"), now=NOW - 10 * DAY)
    house.approved(replace(SMALL, subject="Van"), now=NOW - 9 * DAY)
    house.approved(replace(SMALL, repeats="program"), now=NOW - 8 * DAY)
    house.approved(dealer=house.other_dealer, by="otto", now=NOW - 7 * DAY)
    rejected = house.send()
    house.step("reject", rejected, "cora", note="No")
    item = house.send()
    found = house.page(item, "cora").exceptions
    assert (found.dealer_count, found.one_time_before) == (4, 2)
    assert (found.quarter_cents, found.model_cents) == (2_100_00, 2_100_00)
    assert [e.dealer for e in found.of_model] == ["Far Away Cars"]
    assert len(found.at_dealer) == 4
    first = found.sentences(repeats="one_time", subject="Roadster GT")[0]
    assert first[1] == "red"
    assert "no. 3" in first[0]
    assert found.sentences(repeats="program", subject="Roadster GT")[0][0].startswith("4 exceptions")
    # A dealer reads of its own only.
    own = house.page(item, "dora").exceptions
    assert (own.of_model, own.model_cents) == ((), 1_200_00)
    with reading(house.engine) as session:
        hidden = exceptions_of(
            session, dealer_id=house.dealer, subject="Roadster GT", scope=house.otto.scope, now=NOW
        )  # fmt: skip
    assert (hidden.dealer_count, hidden.at_dealer) == (0, ())


def test_the_preview_says_what_sending_would_do(house: House):
    with reading(house.engine) as session:
        stopped = preview(
            session, dealer_id=house.dealer, terms=replace(SMALL, percent=40_00), actor=house.dora, now=NOW
        )
        assert stopped.judgement is not None
        assert (stopped.judgement.stops, stopped.path) == (True, ())
        large = preview(session, dealer_id=house.dealer, terms=LARGE, actor=house.dora, now=NOW)
        assert [one.level for one in large.path] == [1, 2]
        free = preview(session, dealer_id=house.dealer, terms=FREE, actor=house.dora, now=NOW)
        assert free.path == ()
        half = preview(session, dealer_id=house.dealer, terms=replace(SMALL, reason=""), actor=house.dora, now=NOW)
        assert [p.field for p in half.problems] == ["reason"]
        with pytest.raises(NotFound):
            preview(session, dealer_id=house.dealer, terms=SMALL, actor=house.otto, now=NOW)


# ------------------------------------------------------------------------------------------------- offered to the desk
def test_every_query_keeps_to_the_scope(house: House):
    own, other = house.send(), house.send(dealer=house.other_dealer, by="otto")
    everywhere = [own, other]
    for who, seen in (("dora", [own]), ("otto", [other]), ("wes", [other]), ("cora", everywhere)):
        actor = getattr(house, who)
        with reading(house.engine) as session:
            rows, _ = list_requests(session, actor=actor, now=NOW)
            assert [r.id for r in rows] == seen
            assert count_requests(session, actor=actor, now=NOW, filters=RequestFilters()) == len(seen)
            assert [r.item_id for r in found_requests(session, ids=everywhere, actor=actor)] == seen
            lines = dealer_lines(session, dealer_id=house.dealer, actor=actor, now=NOW, since=None)
            assert len(lines) == (own in seen)
            mine = work_lines(session, actor=actor, now=NOW, limit=9)
            assert [w.item_id for w in mine] == ([] if actor.role.is_dealer else seen)
            for item in set(everywhere) - set(seen):
                with pytest.raises(NotFound):
                    get_request(session, item_id=item, actor=actor, now=NOW)
        if who != "wes":
            made = house.do(run_export, kind="price_requests", file_format="csv", filters={}, purpose="", actor=actor)
            assert made.content.count(b"PR-") == len(seen)


def test_search_and_work_find_a_request(house: House):
    item = house.send()
    with reading(house.engine) as session:
        found = catalog.search_everything(session, "roadster lone", actor=house.cora)
        assert [r.title for r in found["Price requests"]] == ["PR-000001 Roadster GT"]
        counts = {c.label: c.count for c in catalog.work_counts(session, actor=house.cora, now=NOW)}
        assert counts["Price requests to sign"] == 1
    assert house.page(item, "cora").row.waits == "1 of 1: Coordinator or sales"


SPOILED = [
    (update(PriceRequest).values(status="approved", level=0, expires_at=NOW), "without every signature"),
    (update(PriceRequest).values(level=0), "contradicts itself"),
    (update(PriceRequest).values(terms_version=9), "lost the version"),
    (update(PriceBudget).values(committed_cents=5), "says $0.05 approved"),
    (update(PriceSignature).values(username="dora"), "signed by who asked"),
]


@pytest.mark.parametrize("spoil, sentence", SPOILED, ids=[s for _, s in SPOILED])
def test_the_checks_notice_what_was_changed_past_the_app(house: House, spoil: Any, sentence: str):
    item = house.send(LARGE)
    house.step("approve", item, "cora")
    house.sound()
    with writing(house.engine, keeps_timeline=False) as session:
        session.execute(spoil)
    with reading(house.engine) as session:
        found = [said for check in CHECKS for said in check.run(session)]
    assert any(sentence in said for said in found), found


# --------------------------------------------------------------------------------------------------------------- bands
GOOD = (1_00, 3_00, 10_00, 20_00)
LIMITS = [
    ({"band": "colour"}, ["band"]), ({"limits": (1_00, None, 3_00, 4_00)}, ["level_1"]), ({"reason": " "}, ["reason"]),
    ({"limits": (-1, 1, 2, 3)}, ["nobody"]), ({"limits": (1, 2, 3, 100_01)}, ["level_3"]),
    ({"limits": (2, 1, 3, 2)}, ["level_1", "level_3"]), ({"band": "margin", "limits": (1, 2, 0, -5)}, ["level_1"]),
    ({"limits": (2_00, 4_00, 15_00, 35_00)}, [""]),
]  # fmt: skip


@pytest.mark.parametrize("wrong, fields", LIMITS)
def test_limits_that_are_refused_say_where(house: House, wrong: dict[str, Any], fields: list[str]):
    values: dict[str, Any] = {"band": "percent", "limits": GOOD, "reason": "Less leeway", "seen_number": 0} | wrong
    with pytest.raises(Refused) as error:
        house.do(set_band, actor=house.mason, **values)
    assert [p.field for p in error.value.problems] == fields
    assert house.count(PricePolicy) == 0


def test_other_limits_count_for_what_is_sent_from_then_on(house: House):
    before = house.send(FREE)
    values: dict[str, Any] = {"band": "percent", "limits": (50, 3_00, 10_00, 20_00), "reason": "Less leeway"}
    assert house.do(set_band, actor=house.mason, seen_number=0, **values) == 1
    with pytest.raises(Stale):
        house.do(set_band, actor=house.mason, seen_number=0, **values)
    with pytest.raises(Refused) as error:
        house.do(set_band, actor=house.cora, seen_number=1, **values)
    assert codes(error) == ["not_allowed"]
    after = house.send(FREE)
    assert (house.row(before).status, house.row(after).status) == ("approved", "in_review")
    assert [v.policy for item in (before, after) for v in house.page(item, "cora").versions] == [0, 1]
    with pytest.raises(Refused):
        house.send(replace(SMALL, percent=21_00))
    house.sound()


def test_two_versions_of_the_bands_at_once_are_one(engine: Engine):
    house = House(engine)
    works = [
        lambda bind, a=actor: run(
            set_band, bind=bind, band="percent", limits=GOOD, reason="Why", seen_number=0, actor=a, now=NOW
        )
        for actor in (house.mason, house.mira)
    ]
    assert sorted(map(str, at_once(engine, *works))) == ["1", "stale"]


def test_a_change_is_judged_as_if_its_own_approval_were_void(sqlite_engine: Engine) -> None:
    house = House(sqlite_engine, budget=10_000_00)
    item, other = house.approved(), house.approved()
    wanted = replace(SMALL, percent=3_50)  # 1,050.00: with its own 900.00 given back 9,100.00 are left, else 8,200.00
    said: dict[int | None, list[str]] = {}
    counted: dict[int | None, tuple[list[int], int]] = {}
    for own in (None, item):
        with reading(house.engine) as session:
            found = preview(
                session, dealer_id=house.dealer, terms=wanted, actor=house.dora, now=NOW, item_id=own
            )  # fmt: skip
        assert found.judgement is not None
        assert found.exceptions is not None
        said[own] = [b.sentence for b in found.judgement.bounds]
        counted[own] = ([e.id for e in found.exceptions.at_dealer], found.exceptions.quarter_cents)
    assert counted == {None: ([other, item], 1_800_00), item: ([other], 900_00)}
    assert any("$8,200 left" in sentence for sentence in said[None])
    assert any("$9,100 left" in sentence for sentence in said[item])
    house.step("change", item, "dora", terms=wanted)
    assert [b.sentence for b in house.page(item, "cora").bounds] == said[item]
    house.sound()


def test_what_is_approved_is_an_exception_and_what_waits_would_be_one(sqlite_engine: Engine) -> None:
    house = House(sqlite_engine)
    house.approved(now=NOW - 2 * DAY)
    approved, waiting = house.approved(), house.send()
    for item, words in ((approved, 'This is "one-time"'), (waiting, 'This would be "one-time"')):
        page = house.page(item, "cora")
        said = page.exceptions.sentences(repeats="one_time", subject="X", is_approved=page.row.status == "approved")
        assert said[0][0].startswith(words)
