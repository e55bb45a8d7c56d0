"""A programme in words, what differs, what is refused: rules as tables, then the command that writes a version."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from db.coop.commands import save_programme
from db.coop.model import MediumRule, Programme, programme_to_json, read_programme
from db.coop.programme_queries import compare, list_programmes, list_years, programme_page
from db.coop.programme_rules import (
    changes_between,
    check_programme,
    effect_of,
    in_words,
    medium_sentence,
    next_start,
    sentences_of,
    worked,
)
from db.coop.tables import CoopVersion
from db.core.problems import NotFound, Problems, Refused, Stale
from db.core.session import reading
from tests.coop.factories import BODY, NOW, TODAY, House, of

PLAIN = Programme(code="COOP-2026", name="Local advertising", year=2026)


def with_(**more: Any) -> Programme:
    body = programme_to_json(PLAIN)
    found, wrong = read_programme({**body, **more})
    assert found is not None, wrong
    return found


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (MediumRule(rate=50_00), "Print pays 50% of eligible cost; no approval is needed before."),
        (MediumRule(rate=75_00, preapproval=True), "Print pays 75% of eligible cost; it has to be approved before."),
        (
            MediumRule(cap_cents=5_000_00),
            "Print pays 50% of eligible cost, at most $5,000 a year; no approval is needed before.",
        ),
        (
            MediumRule(cap_cents=5_000_00, cap_of_accrual=30_00),
            "Print pays 50% of eligible cost, at most $5,000 a year or 30% of what was accrued, whichever is less; "
            "no approval is needed before.",
        ),
    ],
)
def test_a_medium_is_one_sentence(rule, said):
    assert medium_sentence("print", rule) == said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "2% of every purchase in 2026 is set aside for advertising."),
        ({"models": {"Volt": 300, "Bolt": 250}}, "Other rates by model: Bolt 2.5% and Volt 3%."),
        ({"lot_months": 1}, "Money has to be spent within 1 month after the month it was earned in, by its last day."),
        ({}, "TV is proved by video, notarized affidavit and ANA/TVB script."),
        ({}, "Not eligible: agency commission, production and special position charge."),
        ({"minimum_cents": 100_00}, "A claim begins at $100."),
        ({"remind_days": [30, 60, 30]}, "The dealer is reminded 60 and 30 days before money expires."),
        ({"remind_days": []}, "Nobody is reminded automatically before money expires."),
        ({"media": {"print": {}}}, "Not paid: radio, TV, direct mail, outdoor, vehicle wrap, digital, "
                                   "promotional items and trade show."),
    ],
)  # fmt: skip
def test_each_rule_is_said(more, said):
    assert said in in_words(with_(**more))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, ()),
        (
            {"accrual": 300},
            (
                "No longer: 2% of every purchase in 2026 is set aside for advertising.",
                "New: 3% of every purchase in 2026 is set aside for advertising.",
            ),
        ),
        ({"name": "Ads"}, ("No longer: called Local advertising.", "New: called Ads.")),
        ({"minimum_cents": 0}, ("No longer: A claim begins at $25.",)),
    ],
)
def test_two_versions_differ_by_what_they_say(more, said):
    assert changes_between(PLAIN, with_(**more)) == said


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "NEW-2026"), ("accrual", 250), ("models", {"Volt": 1}), ("lot_months", 7), ("brand_share", 40_00),
        ("mentions_per_30s", 3), ("minimum_cents", 1), ("approval_days", 80), ("claim_days", 90), ("decide_days", 9),
        ("remind_days", [45]), ("ineligible", ["production"]), ("media", {"print": {"rate": 1}}),
    ],
)  # fmt: skip
def test_no_change_of_terms_goes_unsaid(field, value):
    """Whatever differs is said, or the history would hide it. (The code is another programme.)"""
    assert bool(changes_between(PLAIN, with_(**{field: value}))) is (field != "code")


@pytest.mark.parametrize(
    "more",
    [{"rate": 60_00}, {"cap_cents": 9_00_00}, {"cap_of_accrual": 5_00}, {"preapproval": True}, {"proofs": ("photo",)}],
    ids=lambda m: next(iter(m)),
)
def test_no_change_of_a_medium_goes_unsaid(more):
    before = with_(media={"wrap": {"rate": 50_00, "proofs": ["photos_all_sides"]}})
    after = with_(media={"wrap": {"rate": 50_00, "proofs": ["photos_all_sides"], **more}})
    assert changes_between(before, after)


def test_the_example_of_the_rules_in_numbers():
    """April's money is spent by 31 October; a claim is taken for 60 days."""
    found = dict(worked(PLAIN))
    assert found["A purchase of $100,000 on 10 Apr 2026"] == "earns $2,000, spent by 31 Oct 2026"
    assert found["Print for $1,000"] == "pays $500"
    assert found["An activity over on 12 May 2026"] == "claimed by 11 Jul 2026"


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"media": {"print": {"rate": 0}}}, "media.print.rate", "pays_nothing"),
        ({"media": {"print": {"cap_cents": 10_00}}}, "media.print.cap_cents", "below_minimum"),
        ({"media": {"items": {"cap_of_accrual": 0}}}, "media.items.cap_of_accrual", "pays_nothing"),
        ({"models": {"Volt": 1, "VOLT": 2}}, "models", "twice"),
        ({"approval_days": 0}, "approval_days", "required"),
    ],
)
def test_what_contradicts_itself_is_refused_at_its_field(more, field, code):
    problems = Problems()
    check_programme(with_(**more), problems)
    assert [(p.field, p.code) for p in problems.found] == [(field, code)]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("code", "", "2 to 30 letters"), ("accrual", None, "between 0% and 100%"),
        ("minimum_cents", "plenty", "amount"),
        ("models", {"": 1}, "needs a name"), ("media", {}, "at least one medium"),
        ("media", {"print": {"rate": 200_00}}, "between 0% and 100%"), ("remind_days", [0], "from 1 to 365"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_the_words_of_the_field(field, value, said):
    found, wrong = read_programme({**programme_to_json(PLAIN), field: value})
    assert found is None
    assert said in dict(sentences_of(wrong)).get(field, dict(sentences_of(wrong)).get(f"{field}.print.rate", ""))


@pytest.mark.parametrize(
    ("today", "began", "first"),
    [
        (date(2026, 5, 4), None, date(2026, 5, 5)), (date(2025, 12, 1), None, date(2026, 1, 1)),
        (date(2027, 2, 1), None, date(2026, 12, 31)), (date(2026, 5, 4), date(2026, 7, 1), date(2026, 7, 1)),
    ],
)  # fmt: skip
def test_the_first_day_a_new_version_suggests(today, began, first):
    assert next_start(2026, today, began) == first


def test_a_day_that_is_past_says_what_it_does():
    assert "That day is past" in effect_of(date(2026, 5, 1), TODAY)
    assert "That day is past" not in effect_of(date(2026, 5, 5), TODAY)


# ---- the command -----------------------------------------------------------------------------------------------------
def versions(house: House) -> int:
    with reading(house.engine) as session:
        return session.scalar(select(func.count()).select_from(CoopVersion)) or 0


def save(house: House, more: dict[str, Any], *, by: str = "mason", **arguments: Any) -> int:
    made: int = house.do(
        save_programme,
        **{
            "body": {**BODY, **more}, "effective_from": date(2026, 6, 1), "reason": "Because", "seen_version": 1,
            "form_key": None, "actor": getattr(house, by), **arguments,
        },
    )  # fmt: skip
    return made


def test_a_new_version_follows_and_what_was_decided_keeps_its_terms(sqlite_engine):
    house = House(sqlite_engine)
    first = house.approved(of(1_000_00))
    save(house, {"accrual": 300})
    later = {**BODY["media"], "print": {"rate": 10_00}}
    save(house, {"accrual": 300, "media": later}, seen_version=2)
    assert versions(house) == 3
    assert house.request(first).approved_cents == 750_00
    with reading(sqlite_engine) as session:
        page = programme_page(session, programme_id=house.programme, actor=house.dora, today=TODAY)
        assert (page.row.number, page.row.coming, page.held.number) == (1, date(2026, 6, 1), 1)
        assert [v.to_come for v in page.versions] == [True, True, False]
        assert any("Print pays 10%" in c for c in compare(page, 2, 3))
        assert not compare(page, 3, 3)
        with pytest.raises(NotFound):
            compare(page, 1, 9)
        june = programme_page(session, programme_id=house.programme, actor=house.dora, today=date(2026, 6, 1))
        assert june.held.number == 3
    house.sound()


@pytest.mark.parametrize(
    ("more", "arguments", "field"),
    [
        ({}, {"reason": " "}, "reason"), ({}, {"effective_from": date(2027, 1, 1)}, "effective_from"),
        ({"accrual": "much"}, {}, "accrual"), ({"media": {"print": {"rate": 0}}}, {}, "media.print.rate"),
        ({"code": "COOP-2026"}, {"seen_version": 0}, "code"), ({"accrual": 2_00}, {"effective_from": None}, ""),
    ],
)  # fmt: skip
def test_a_refused_version_stores_nothing(sqlite_engine, more, arguments, field):
    house = House(sqlite_engine)
    with pytest.raises(Refused) as refused:
        save(house, more, **arguments)
    assert [p.field for p in refused.value.problems] == [field]
    assert versions(house) == 1


def test_a_version_never_begins_before_the_one_it_follows(sqlite_engine):
    house = House(sqlite_engine)
    save(house, {"accrual": 300})
    with pytest.raises(Refused, match="1 Jun 2026"):
        save(house, {"accrual": 400}, seen_version=2, effective_from=date(2026, 5, 31))
    assert versions(house) == 2


def test_a_stale_form_is_refused_whatever_it_says(sqlite_engine):
    house = House(sqlite_engine)
    save(house, {"accrual": 300})
    for more in ({"accrual": 400}, {"accrual": 300}):
        with pytest.raises(Stale, match="Mason"):
            save(house, more, by="mira")
    assert versions(house) == 2


def test_a_form_sent_twice_writes_one_version(sqlite_engine):
    house = House(sqlite_engine)
    made = {save(house, {"accrual": 300}, form_key="k1") for _ in range(2)}
    assert made == {house.programme}
    assert versions(house) == 2


@pytest.mark.parametrize("who", ["cora", "finn", "dora", "wes"])
def test_only_managers_of_the_whole_network_write(sqlite_engine, who):
    house = House(sqlite_engine)
    with pytest.raises(Refused):
        save(house, {"accrual": 300}, by=who)
    assert versions(house) == 1


def test_a_list_counts_only_the_dealers_one_sees(sqlite_engine):
    house = House(sqlite_engine)
    house.earn(5_000_00, dealer=house.other_dealer)
    with reading(sqlite_engine) as session:
        for who, sums in (("mason", (2, 15_000_00)), ("dora", (1, 10_000_00)), ("otto", (1, 5_000_00)),
                          ("wes", (1, 5_000_00))):  # fmt: skip
            (row,) = list_programmes(session, actor=getattr(house, who), today=TODAY)
            assert (row.dealers, row.available_cents) == sums
        assert list_years(session, actor=house.dora) == [2026]
        assert list_programmes(session, actor=house.dora, today=TODAY, year=2025) == []
        with pytest.raises(NotFound):
            programme_page(session, programme_id=99, actor=house.mason, today=TODAY)
    assert NOW.year == 2026
