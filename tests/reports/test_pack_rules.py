"""What the monthly pack says: rules as tables of cases, each sentence tied to the rows it stands on."""

from __future__ import annotations

from datetime import date

import pytest

from db import catalog
from db.calendar.months import add_months
from db.reports.pack_rules import (
    HEADLINES,
    RANKED,
    RULES,
    SHOWN,
    Point,
    Ranked,
    What,
    amount,
    change,
    is_few,
    ranking,
    ranking_sentence,
    sentences,
    since_frozen,
    told,
    tone_of,
    way,
    without_figure,
)
from db.reports.snapshot_rules import BY_DEALER

OCTOBER = date(2026, 10, 1)
SHARE = What(name="s", title="Answered in time", unit="percent", better="up")
COUNT = What(name="c", title="Leads", unit="count", better="none")
COST = What(name="m", title="Cost", unit="money", better="down")
DAYS = What(name="d", title="Turnaround", unit="days", better="down")


def points(*values, n=100, what=SHARE):
    """Months that end with October; a share of `n`."""
    first = add_months(OCTOBER, 1 - len(values))
    return [
        Point(
            month=add_months(first, i), value=v, numerator=None if v is None else v * n,
            denominator=n if what.unit in ("percent", "days") else None,
        )
        for i, v in enumerate(values)
    ]  # fmt: skip


def said(what, *values, n=100):
    return sentences(what, points(*values, n=n, what=what), place="East")


AMOUNTS = [
    (None, "count", "–"), (1234, "count", "1,234"), (88.62, "count", "88.6"), (0, "count", "0"),
    (0.7125, "percent", "71.2%"), (125_00, "money", "$125"), (12_50, "money", "$12.50"), (0, "money", "$0"),
    (-125_000_00, "money", "-$125,000"), (3.44, "days", "3.4 d"), (0.02, "days", "under 0.1 d"),
    (125, "minutes", "2 h 05 min"),
]  # fmt: skip


@pytest.mark.parametrize("value, unit, wanted", AMOUNTS)
def test_amounts(value, unit, wanted):
    assert amount(value, unit) == wanted


CHANGES = [
    (None, 1, "count", ""), (1, None, "count", ""), (0.75, 0.7, "percent", "+5.0 pp"), (30, 25, "count", "+5"),
    (88.1, 88.6, "count", "-0.5"), (0.7004, 0.7, "percent", "No change"), (30.04, 30, "count", "No change"),
    (42.4, 30, "count", "+12"), (100_00, 350_00, "money", "-$250"), (2.0, 3.5, "days", "-1.5 d"),
]  # fmt: skip


@pytest.mark.parametrize("now, before, unit, wanted", CHANGES)
def test_changes(now, before, unit, wanted):
    assert change(now, before, unit) == wanted


WAYS = [
    (None, 0.5, "percent", "unknown"), (0.5, None, "percent", "unknown"), (0.5, 0.5, "percent", "flat"),
    (0.5049, 0.5, "percent", "flat"), (0.506, 0.5, "percent", "up"), (0.494, 0.5, "percent", "down"),
    (1009, 1000, "count", "flat"), (1010, 1000, "count", "up"), (990, 1000, "money", "down"),
    (0, 0, "money", "flat"), (1, 0, "money", "up"), (0, 1, "count", "down"), (-5, -10, "money", "up"),
]  # fmt: skip


@pytest.mark.parametrize("now, before, unit, wanted", WAYS)
def test_ways(now, before, unit, wanted):
    assert way(now, before, unit) == wanted


TONES = [
    ("up", "up", "good"), ("up", "down", "bad"), ("down", "down", "good"), ("down", "up", "bad"),
    ("up", "none", "neutral"), ("flat", "up", "neutral"), ("unknown", "up", "neutral"),
]  # fmt: skip


@pytest.mark.parametrize("moved, better, wanted", TONES)
def test_what_is_good_is_the_metrics_own(moved, better, wanted):
    assert tone_of(moved, better) == wanted


FEW_CASES = [
    (SHARE, Point(month=OCTOBER, value=0.5, numerator=4, denominator=9), True),
    (SHARE, Point(month=OCTOBER, value=0.5, numerator=5, denominator=10), False),
    (SHARE, Point(month=OCTOBER, value=None, denominator=3), False),
    (COUNT, Point(month=OCTOBER, value=9), True),
    (COUNT, Point(month=OCTOBER, value=10), False),
    (COST, Point(month=OCTOBER, value=5), False),
    (COST, Point(month=OCTOBER, value=5, denominator=3), True),
]


@pytest.mark.parametrize("what, point, wanted", FEW_CASES)
def test_few(what, point, wanted):
    assert is_few(point, what) is wanted


def test_a_share_of_few_is_its_two_numbers():
    assert told(Point(month=OCTOBER, value=0.5, numerator=4, denominator=8), SHARE) == "4 of 8"


SAID = [
    ("none", SHARE, (0.5, None), 100, "no_figure", "unsure", "Answered in time: no figure for October 2026."),
    ("alone", SHARE, (0.5,), 100, "no_before", "neutral",
     "Answered in time: 50.0% in October 2026; the month before has no figure."),
    ("none before", SHARE, (None, 0.5), 100, "no_before", "neutral",
     "Answered in time: 50.0% in October 2026; the month before has no figure."),
    ("small", SHARE, (0.75, 0.25), 8, "few", "unsure",
     "Answered in time: 2 of 8 after 6 of 8 in September; fewer than 10, so no trend is read from it."),
    ("small count", COUNT, (30, 9), 0, "few", "unsure",
     "Leads: 9 after 30 in September; fewer than 10, so no trend is read from it."),
    ("flat", SHARE, (0.7, 0.704), 100, "flat", "neutral", "Answered in time stayed at 70.4% (70.0% in September)."),
    ("up is good", SHARE, (0.7, 0.8), 100, "moved", "good",
     "Answered in time rose to 80.0% (+10.0 pp) from 70.0% in September, which is better."),
    ("down is bad", SHARE, (0.8, 0.7), 100, "moved", "bad",
     "Answered in time fell to 70.0% (-10.0 pp) from 80.0% in September, which is worse."),
    ("down is good", DAYS, (5.0, 3.0), 100, "moved", "good",
     "Turnaround fell to 3.0 d (-2.0 d) from 5.0 d in September, which is better."),
    ("cost up is bad", COST, (100_00, 250_00), 0, "moved", "bad",
     "Cost rose to $250 (+$150) from $100 in September, which is worse."),
    ("neither", COUNT, (20, 30), 0, "moved", "neutral", "Leads rose to 30 (+10) from 20 in September."),
    ("from nothing", COST, (0, 250_00), 0, "moved", "bad",
     "Cost rose to $250 (+$250) from $0 in September, which is worse."),
]  # fmt: skip


@pytest.mark.parametrize("why, what, values, n, rule, tone, text", SAID, ids=[c[0] for c in SAID])
def test_against_last_month(why, what, values, n, rule, tone, text):
    (found,) = said(what, *values, n=n)
    assert (found.rule, found.tone, found.text) == (rule, tone, text)
    assert found.metric == what.name
    assert found.rows[0].month == OCTOBER
    assert all(row.place == "East" for row in found.rows)


MORE = [
    ("highest", SHARE, (0.5, 0.6, 0.5, 0.6, 0.5, 0.7), ["moved", "record"]),
    ("as high as before", SHARE, (0.5, 0.7, 0.5, 0.6, 0.5, 0.7), ["moved"]),
    ("a hair higher", SHARE, (0.5, 0.7, 0.5, 0.6, 0.5, 0.703), ["moved"]),
    ("too few months known", SHARE, (0.5, 0.6, 0.5, 0.6, 0.7), ["moved"]),
    ("lowest", SHARE, (0.5, 0.6, 0.5, 0.6, 0.5, 0.4), ["moved", "record"]),
    ("three up", SHARE, (0.4, 0.5, 0.6, 0.7), ["moved", "streak"]),
    ("two up", SHARE, (0.6, 0.5, 0.6, 0.7), ["moved"]),
    ("a gap breaks it", SHARE, (0.3, None, 0.4, 0.5, 0.6), ["moved"]),
    ("flat now", SHARE, (0.4, 0.5, 0.6, 0.7, 0.7), ["flat"]),
    ("last year", SHARE, (0.5, *[None] * 10, 0.6, 0.7), ["moved", "year"]),
    ("as last year", SHARE, (0.7, *[None] * 10, 0.6, 0.7), ["moved"]),
]


@pytest.mark.parametrize("why, what, values, rules", MORE, ids=[c[0] for c in MORE])
def test_more_is_said(why, what, values, rules):
    assert [s.rule for s in said(what, *values)] == rules


def test_words_of_record_streak_and_year():
    assert said(SHARE, 0.5, 0.6, 0.5, 0.6, 0.5, 0.7)[1].text == (
        "Answered in time is at the highest of 6 known months; it was 60.0% in August 2026."
    )
    streak = said(SHARE, 0.4, 0.5, 0.6, 0.7)[1]
    assert streak.text == "Answered in time went up 3 months in a row, from 40.0% in July 2026."
    assert [row.words for row in streak.rows] == ["70.0%", "60.0%", "50.0%", "40.0%"]
    assert said(SHARE, 0.5, *[None] * 10, 0.6, 0.7)[1].text == (
        "Answered in time is better than in October 2025: +20.0 pp from 50.0%."
    )


def test_a_small_month_breaks_a_streak_and_holds_no_record():
    small = points(0.4, 0.5, 0.6, 0.7)
    small[1] = Point(month=small[1].month, value=0.5, numerator=2, denominator=4)
    assert [s.rule for s in sentences(SHARE, small, place="")] == ["moved"]
    high = points(0.5, 0.9, 0.5, 0.5, 0.5, 0.5, 0.7)
    high[1] = Point(month=high[1].month, value=0.9, numerator=3, denominator=3)
    assert [s.rule for s in sentences(SHARE, high, place="")] == ["moved", "record"]


def test_a_restatement_shows_both():
    now = Point(month=OCTOBER, value=0.6, numerator=60, denominator=100, version=2, first=0.7)
    found = sentences(SHARE, [*points(0.6, 0.6)[:1], now], place="")[-1]
    assert (found.rule, [r.words for r in found.rows]) == ("restated", ["60.0%", "70.0%"])
    assert found.text == ("Answered in time of October 2026 was 70.0% when it was first frozen; version 2 says 60.0%.")
    same = Point(month=OCTOBER, value=0.6, numerator=60, denominator=100, version=2, first=0.6)
    assert [s.rule for s in sentences(SHARE, [*points(0.6, 0.6)[:1], same], place="")] == ["flat"]


def test_a_frozen_figure_that_is_another_one_now():
    found = since_frozen(COST, month=OCTOBER, frozen=100_00, live=130_00, place="East")
    assert found.text == "Cost of October 2026 was frozen at $100 and would be $130 now (+$30.00)."
    gone = since_frozen(COST, month=OCTOBER, frozen=100_00, live=None, place="East")
    assert gone.text == "Cost of October 2026 was frozen at $100 and would be – now."


def test_what_has_no_figure_is_said_at_once():
    found = without_figure([SHARE, COST], month=OCTOBER, place="East")
    assert found.text == "No figure for October 2026: Answered in time, Cost."
    assert (found.rule, found.metric, found.rows[0].place) == ("no_figure", "s, m", "East")


# ---- dealers -------------------------------------------------------------------------------------------------------
def dealer(code, value, n=50.0):
    return Ranked(code=code, name=f"Dealer {code}", value=value, denominator=n)


RANKINGS = [
    ("nobody", [], [], [], 0),
    ("one", [("a", 0.5)], ["a"], [], 0),
    ("two", [("a", 0.5), ("b", 0.7)], ["b"], ["a"], 0),
    ("alike", [("a", 0.5), ("b", 0.5)], [], [], 0),
    ("eleven", [(f"{i:02}", i / 100) for i in range(11)], ["10", "09", "08", "07", "06"],
     ["00", "01", "02", "03", "04"], 0),
    ("seven", [(str(i), i / 10) for i in range(7)], ["6", "5", "4", "3", "2"], ["0", "1"], 0),
    ("equal by code", [("b", 0.9), ("a", 0.9), ("c", 0.1)], ["a", "b"], ["c"], 0),
    ("most have nothing", [("a", 0.4), *((f"z{i}", 0.0) for i in range(9))], ["a"],
     ["z8", "z7", "z6", "z5", "z4"], 0),
]  # fmt: skip


@pytest.mark.parametrize("why, rows, top, bottom, few", RANKINGS, ids=[c[0] for c in RANKINGS])
def test_rankings(why, rows, top, bottom, few):
    found = ranking(SHARE, [dealer(code, value) for code, value in rows])
    assert found is not None
    assert [r.code for r in found.top] == top
    assert [r.code for r in found.bottom] == bottom
    assert not {r.code for r in found.top} & {r.code for r in found.bottom}
    assert (len(found.top) <= SHOWN, len(found.bottom) <= SHOWN, found.few) == (True, True, few)


def test_dealers_with_few_are_not_ranked_and_are_counted():
    found = ranking(
        DAYS, [dealer("a", 3.0), dealer("b", 1.0, n=9), dealer("c", 5.0), Ranked(code="d", name="", value=1)]
    )
    assert found is not None
    assert ([r.code for r in found.top], found.ranked, found.few) == (["a"], 2, 2)  # fewer days are better
    assert ranking(COUNT, [dealer("a", 1.0)]) is None


def test_the_sentence_of_a_ranking():
    found = ranking(SHARE, [dealer("a", 0.5), dealer("b", 0.7), dealer("c", 0.6), dealer("d", 0.4)])
    assert found is not None
    sentence = ranking_sentence(found, month=OCTOBER)
    assert sentence is not None
    assert sentence.text == (
        "Answered in time: of 4 dealers with at least 10 counted, Dealer b (b) is first with 70.0%, "
        "Dealer d (d) last with 40.0%."
    )
    for few in ([], [dealer("a", 0.5)], [dealer("a", 0.5), dealer("b", 0.5)]):
        one = ranking(SHARE, few)
        assert one is not None
        assert ranking_sentence(one, month=OCTOBER) is None


# ---- the catalogue -------------------------------------------------------------------------------------------------
def test_the_figures_of_the_pack_exist():
    for name in HEADLINES:
        assert "month" in catalog.metric(name).dims, name
    for name in RANKED:
        metric = catalog.metric(name)
        assert name in HEADLINES
        assert name in BY_DEALER, "else a frozen month could not rank by it"
        assert metric.definition.better in ("up", "down")


def test_every_rule_is_explained():
    used = {case[4] for case in SAID} | {rule for case in MORE for rule in case[3]}
    assert used | {"ranks", "restated", "since_frozen"} == set(RULES)
