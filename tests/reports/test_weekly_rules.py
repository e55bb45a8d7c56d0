# ruff: noqa: E501 - a case reads best on one line
"""The week and its sentences, and every recommendation: fires, at its limit, and does not, as tables of cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.reports.peer_rules import Quartiles
from db.reports.weekly_advice_rules import ALL, RULES, judged, ordered
from db.reports.weekly_facts_rules import (
    BACK_DAYS,
    BACKORDERS,
    COOP_CENTS,
    MOST,
    NEAR_DAYS,
    RETURN_DAYS,
    SAME_REASON,
    SHOWN,
    TASKS,
    TIER_DAYS,
    TIER_UNITS,
    Facts,
    Row,
    Standing,
)
from db.reports.weekly_rules import (
    BACK,
    FIGURES,
    WEEKS,
    Figure,
    Part,
    all_said,
    due_week,
    is_few,
    last_week,
    monday_of,
    moved,
    part_of,
    pooled,
    sentences,
    told,
    week_label,
    weeks_back,
)

WEEK = date(2026, 11, 16)
PEERS = Quartiles(n=6, low=0.5, median=0.7, high=0.9)


def figure(name: str, *parts: tuple[float, float | None], band: str = "none", peers: Quartiles | None = None) -> Figure:
    """A figure whose weeks are (numerator, denominator), the newest first; older ones count nothing."""
    what = FIGURES[name]
    weeks = [part_of(what, *part) for part in parts] + [part_of(what, 0, 0)] * (WEEKS - len(parts))
    return Figure(name=name, weeks=tuple(weeks), band=band, peers=peers, group="Gold dealers in East" if peers else "")


# ---- weeks -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "day, monday, last",
    [
        (date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 16)),
        (date(2026, 11, 29), date(2026, 11, 23), date(2026, 11, 16)),
        (date(2026, 11, 30), date(2026, 11, 30), date(2026, 11, 23)),
        (date(2027, 1, 1), date(2026, 12, 28), date(2026, 12, 21)),
    ],
)
def test_a_week_is_over_on_its_next_monday(day, monday, last):
    assert (monday_of(day), last_week(day)) == (monday, last)
    assert weeks_back(day)[0] == last
    assert len(set(weeks_back(day))) == BACK


@pytest.mark.parametrize(
    "monday, label",
    [
        (date(2026, 11, 16), "16 to 22 Nov 2026"), (date(2026, 11, 30), "30 Nov to 6 Dec 2026"),
        (date(2026, 12, 28), "28 Dec 2026 to 3 Jan 2027"),
    ],
)  # fmt: skip
def test_a_week_in_words(monday, label):
    assert week_label(monday) == label


@pytest.mark.parametrize(
    "moment, zone, week",
    [
        (datetime(2026, 11, 23, 10, 59, tzinfo=UTC), "America/New_York", date(2026, 11, 9)),
        (datetime(2026, 11, 23, 11, 0, tzinfo=UTC), "America/New_York", date(2026, 11, 16)),
        (datetime(2026, 11, 23, 13, 59, tzinfo=UTC), "America/Los_Angeles", date(2026, 11, 9)),
        (datetime(2026, 11, 23, 14, 0, tzinfo=UTC), "America/Los_Angeles", date(2026, 11, 16)),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), "America/New_York", date(2026, 11, 16)),
        # The clocks were put forward on Sunday: 06:00 is 10:00 UTC.
        (datetime(2026, 3, 9, 9, 59, tzinfo=UTC), "America/New_York", date(2026, 2, 23)),
        (datetime(2026, 3, 9, 10, 0, tzinfo=UTC), "America/New_York", date(2026, 3, 2)),
    ],
)
def test_a_report_is_due_at_six_on_monday_where_the_dealer_is(moment, zone, week):
    assert due_week(moment, zone) == week


@given(st.integers(0, 5_000_000), st.sampled_from(
    ["America/New_York", "America/Los_Angeles", "Pacific/Auckland", "UTC"]
))  # fmt: skip
def test_what_is_due_is_over_and_never_older_than_two_weeks(minute, zone):
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    week = due_week(now, zone)
    assert week.weekday() == 0
    assert timedelta(days=6) < now.date() - week + timedelta(days=1) <= timedelta(days=16)


# ---- figures ---------------------------------------------------------------------------------------------------------
def test_the_mean_of_counts_is_by_week_and_of_shares_by_what_was_counted():
    counts = figure("leads_received", (12, None), (8, None), (4, None), (4, None), (0, None), (99, None))
    assert counts.mean == Part(value=4, numerator=16)
    shares = figure("leads_in_time", (9, 10), (1, 1), (0, 9), (0, 0), (0, 0), (50, 50))
    assert shares.mean == Part(value=0.1, numerator=1, denominator=10)
    assert shares.five == Part(value=0.5, numerator=10, denominator=20)
    assert pooled(FIGURES["csi"], ()) == Part(numerator=0, denominator=0)


@pytest.mark.parametrize(
    "name, part, few, words",
    [
        ("leads_received", (9, None), True, "9"), ("leads_received", (10, None), False, "10"),
        ("leads_in_time", (4, 9), True, "4 of 9"), ("leads_in_time", (4, 10), False, "40.0%"),
        ("leads_in_time", (0, 0), False, "–"), ("csi", (270.0, 3), True, "90"), ("csi", (905.0, 10), False, "90.5"),
    ],
)  # fmt: skip
def test_under_ten_is_told_as_its_numbers(name, part, few, words):
    what = FIGURES[name]
    assert (is_few(what, part_of(what, *part)), told(what, part_of(what, *part))) == (few, words)


def test_a_change_is_told_only_of_enough():
    what = FIGURES["leads_in_time"]
    assert moved(what, part_of(what, 8, 10), part_of(what, 6, 10)) == "+20.0 pp"
    assert moved(what, part_of(what, 8, 9), part_of(what, 6, 10)) == ""
    assert moved(what, part_of(what, 8, 10), part_of(what, 0, 0)) == ""


@pytest.mark.parametrize(
    "made, rules, words",
    [
        (figure("leads_in_time", (0, 0)), ["no_figure"], "none."),
        (figure("leads_in_time", (3, 9), (9, 9)), ["few"], "3 of 9, 9 of 9 the week before."),
        (figure("leads_in_time", (8, 10), (0, 0)), ["no_before"], "80.0%; nothing the week before."),
        (figure("leads_in_time", (8, 10), (4, 5)), ["few"], "4 of 5 the week before."),
        (figure("leads_in_time", (8, 10), (6, 10)), ["moved", "mean"], "+20.0 pp on the week before (60.0%), which is better"),
        (figure("leads_in_time", (6, 10), (8, 10)), ["moved", "mean"], "which is worse"),
        (figure("leads_in_time", (8, 10), (8, 10)), ["flat", "mean"], "80.0%, as the week before (80.0%)."),
        (figure("leads_received", (20, None), (10, None)), ["moved", "mean"], "+10 on the week before (10)."),
    ],
)  # fmt: skip
def test_what_is_said_of_a_figure(made, rules, words):
    said = sentences(made, week=WEEK)
    assert [s.rule for s in said] == rules
    assert words in said[0].text
    assert all(s.rows for s in said)


@pytest.mark.parametrize(
    "band, tone, words",
    [
        ("best", "good", "in the best quarter of gold dealers"), ("upper", "good", "at or better than the median"),
        ("lower", "neutral", "worse than the median"), ("worst", "bad", "in the last quarter of"),
        ("few", "", ""), ("alone", "", ""), ("none", "", ""),
    ],
)  # fmt: skip
def test_what_is_said_beside_peers(band, tone, words):
    said = [
        s
        for s in sentences(figure("show_rate", (8, 10), (8, 10), band=band, peers=PEERS), week=WEEK)
        if s.rule == "peers"
    ]
    assert [s.tone for s in said] == ([tone] if tone else [])
    assert all(words in s.text and "median 70.0%" in s.text for s in said)


def test_what_has_too_few_comes_in_one_sentence_at_the_end():
    said = all_said(
        [figure("csi", (90.0, 1)), figure("show_rate", (8, 10), (6, 10)), figure("leads_in_time", (1, 2))], week=WEEK
    )
    assert [s.rule for s in said] == ["moved", "mean", "few"]
    assert "Customer satisfaction (CSI): 90" in said[-1].text
    assert "Leads answered in time: 1 of 2" in said[-1].text
    assert all_said([figure("csi", (0, 0))], week=WEEK) == ()


# ---- recommendations -------------------------------------------------------------------------------------------------
def answer(rule: str, **facts: object):
    found = {name: value for name, value in facts.items() if isinstance(value, Standing)}
    figures = {name: value for name, value in facts.items() if isinstance(value, Figure)}
    verdicts = judged(Facts(dealer_id=7, figures=figures, standing=found))
    return next(v for v in verdicts if v.rule == rule)


S = Standing
CASES = [
    ("A01", {"unanswered": S(count=1, worst=75)}, "fires", "1 h 15 min past its time"),
    ("A01", {"unanswered": S()}, "none", ""),
    ("A01", {}, "none", ""),
    ("A02", {"leads_in_time": figure("leads_in_time", (6, 10))}, "fires", "6 of 10 leads of the week were answered"),
    ("A02", {"leads_in_time": figure("leads_in_time", (7, 10))}, "quiet", "70.0%"),
    ("A02", {"leads_in_time": figure("leads_in_time", (10, 10))}, "quiet", "100.0%"),
    ("A02", {"leads_in_time": figure("leads_in_time", (1, 1), (0, 9))}, "fires", "of the week and the 4 before it"),
    ("A02", {"leads_in_time": figure("leads_in_time", (0, 0), (9, 10))}, "quiet", "9 of 10 leads of the week and"),
    ("A02", {"leads_in_time": figure("leads_in_time", (0, 9))}, "few", "fewer than 10"),
    ("A02", {"leads_in_time": figure("leads_in_time", (0, 0))}, "none", ""),
    ("A02", {}, "none", ""),
    ("A03", {"no_shows": S(count=1, worst=3)}, "fires", "1 no-show without a new appointment; the oldest waits for 3 days"),
    ("A03", {}, "none", ""),
    ("A04", {"unconfirmed": S(count=2, worst=90)}, "fires", "2 appointments within 48 hours are not confirmed"),
    ("A04", {}, "none", ""),
    ("A05", {"tasks": S(count=TASKS, worst=2)}, "fires", "5 follow-up tasks past their time"),
    ("A05", {"tasks": S(count=TASKS - 1, worst=9)}, "quiet", "told from 5 on"),
    ("A05", {}, "none", ""),
    ("A06", {"alerts": S(count=1, worst=1500)}, "fires", "the promise is 24 h"),
    ("A06", {}, "none", ""),
    ("A07", {"vehicles_down": S(count=1, worst=8)}, "fires", "the oldest ordered 8 days ago"),
    ("A07", {}, "none", ""),
    ("A08", {"backorders": S(count=BACKORDERS, worst=8)}, "fires", "5 lines"),
    ("A08", {"backorders": S(count=BACKORDERS - 1, worst=80)}, "quiet", "4 lines"),
    ("A08", {}, "none", ""),
    ("A09", {"same_reason": S(count=SAME_REASON, word="A paper is missing")}, "fires", "one reason: A paper is missing"),
    ("A09", {"same_reason": S(count=SAME_REASON - 1, word="A paper is missing")}, "quiet", "2 claims"),
    ("A09", {}, "none", ""),
    ("A10", {"claim_drafts": S(count=1, worst=NEAR_DAYS)}, "fires", "7 days left"),
    ("A10", {"claim_drafts": S(count=1, worst=0)}, "fires", "today is the last day"),
    ("A10", {"claim_drafts": S(count=1, worst=-1)}, "fires", "its time is over"),
    ("A10", {"claim_drafts": S(count=1, worst=NEAR_DAYS + 1)}, "quiet", "8 days left"),
    ("A10", {}, "none", ""),
    ("A11", {"claims_back": S(count=2, worst=BACK_DAYS)}, "fires", "the oldest waits for 7 days"),
    ("A11", {"claims_back": S(count=2, worst=BACK_DAYS - 1)}, "quiet", "6 days"),
    ("A11", {}, "none", ""),
    ("A12", {"old_parts": S(count=1, worst=RETURN_DAYS, cents=12_00)}, "fires", "due in 5 days"),
    ("A12", {"old_parts": S(count=1, worst=-2, cents=120_00)}, "fires", "2 days overdue. What does not come is charged: $120"),
    ("A12", {"old_parts": S(count=1, worst=RETURN_DAYS + 1)}, "quiet", "due in 6 days"),
    ("A12", {}, "none", ""),
    ("A13", {"incentive_proof": S(count=1, cents=500_00)}, "fires", "1 incentive claim lacks something; $500"),
    ("A13", {}, "none", ""),
    ("A14", {"coop_expiring": S(count=1, worst=4, cents=COOP_CENTS)}, "fires", "$100 of co-op money"),
    ("A14", {"coop_expiring": S(count=1, worst=4, cents=COOP_CENTS - 1)}, "quiet", "$99.99"),
    ("A14", {}, "none", ""),
    ("A15", {"coop_back": S(count=2, cents=900_00)}, "fires", "$900 is payable for them"),
    ("A15", {}, "none", ""),
    ("A16", {"documents": S(count=1, word="Insurance missing")}, "fires", "Insurance missing"),
    ("A16", {}, "none", ""),
    ("A17", {"certificates": S(count=1, worst=30)}, "fires", "the first in 30 days"),
    ("A17", {}, "none", ""),
    ("A18", {"next_tier": S(count=TIER_UNITS, worst=TIER_DAYS, cents=1540_00, word="Vans")}, "fires", "3 units to the next step of Vans, $1,540"),
    ("A18", {"next_tier": S(count=TIER_UNITS + 1, worst=TIER_DAYS, cents=1, word="Vans")}, "quiet", "4 units"),
    ("A18", {"next_tier": S(count=1, worst=TIER_DAYS + 1, cents=1, word="Vans")}, "quiet", "32 days left"),
    ("A18", {"next_tier": S(count=1, worst=0, cents=1, word="Vans")}, "fires", "today is the last day"),
    ("A18", {}, "none", ""),
    ("A19", {"show_rate": figure("show_rate", (1, 10), band="worst", peers=PEERS)}, "fires", "Appointments kept 10.0%, median 70.0%"),
    ("A19", {"show_rate": figure("show_rate", (6, 10), band="lower", peers=PEERS)}, "quiet", "none in the last quarter"),
    ("A19", {"show_rate": figure("show_rate", (1, 9), band="few")}, "few", ""),
    ("A19", {"show_rate": figure("show_rate", (1, 10), band="alone")}, "few", ""),
    ("A19", {}, "none", ""),
]  # fmt: skip


@pytest.mark.parametrize("rule, facts, state, words", CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_each_rule_fires_at_its_limit_and_not_before(rule, facts, state, words):
    found = answer(rule, **facts)
    assert found.state == state, found
    assert words in found.because
    assert bool(found.action) == bool(found.page) == (state == "fires")


def test_every_rule_has_cases_that_fire_and_that_do_not():
    assert {c[0] for c in CASES if c[2] == "fires"} == {c[0] for c in CASES if c[2] != "fires"} == set(RULES)
    assert [r.id for r in ALL] == sorted(r.id for r in ALL)
    assert all(r.title and r.source and r.condition for r in ALL)


def test_what_is_recommended_is_ordered_by_urgency_and_number_and_shows_five_rows():
    rows = tuple(Row(label=f"L-{n}") for n in range(SHOWN + 2))
    facts = Facts(
        dealer_id=7,
        standing={
            "documents": S(count=1, word="x"), "certificates": S(count=1, worst=1), "alerts": S(count=1, worst=1),
            "unanswered": S(count=9, worst=1, rows=rows), "claims_back": S(count=2, worst=99),
        },
    )  # fmt: skip
    found = ordered(judged(facts))
    assert [(v.rule, v.urgency) for v in found] == [("A01", 1), ("A06", 1), ("A11", 2), ("A16", 2), ("A17", 3)]
    assert (len(found[0].rows), found[0].more) == (SHOWN, 4)
    assert dict(found[0].query) == {"lead_view": "overdue", "lead_dealer": "7"}
    assert len(found) <= MOST + 2


@given(st.integers(0, 400), st.integers(0, 400))
def test_leads_in_time_are_judged_exactly_from_ten_on(top, more):
    n = top + more
    found = answer("A02", leads_in_time=figure("leads_in_time", (top, n)))
    if n == 0:
        assert found.state == "none"
    elif n < 10:
        assert found.state == "few"
    else:
        assert (found.state == "fires") == (10 * top < 7 * n)
