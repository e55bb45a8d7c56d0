"""What each line is in a reconciliation: a table of cases, and every line in exactly one match to the cent."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.incentives.recon_rules import (
    DIFFERENCES,
    KINDS,
    MEANINGS,
    REASONS,
    SETTLING,
    TONES,
    Account,
    FileLine,
    PaidLine,
    open_since,
    reconcile,
    unexplained,
)  # fmt: skip

TODAY = date(2026, 12, 20)
OLD, NEW = TODAY - timedelta(days=31), TODAY - timedelta(days=30)
V1, V2 = "1HGCM82633A004352", "1HGCM82633A004353"


def f(cents, number=1, *, dealer=1, program=1, period="2026-11", vin=V1, memo="", known=True):
    return FileLine(
        id=number, dealer_id=dealer, program_id=program, period=period, vin=vin, memo=memo, cents=cents,
        paid_on=TODAY, is_known=known,
    )  # fmt: skip


def p(cents, number=1, *, dealer=1, program=1, period="2026-11", vin=V1, memo="IM-1", on=NEW, claim=None):
    return PaidLine(
        id=number, claim_id=claim or number, dealer_id=dealer, program_id=program, period=period, vin=vin, memo=memo,
        cents=cents, paid_on=on,
    )  # fmt: skip


def a(earned, paid, since=None):
    return Account(dealer_id=1, program_id=1, period="2026-11", earned_cents=earned, paid_cents=paid, open_since=since)


NOTHING = {"program": None, "period": "", "vin": ""}
CASES = {
    "the same vehicle and amount": ([f(500)], [p(500)], [], ["matched 0"]),
    "a cent is within the tolerance": ([f(501)], [p(500)], [], ["matched 0"]),
    "two cents are not": ([f(502)], [p(500)], [], ["amount_mismatch 2"]),
    "less than our memo": ([f(300)], [p(500)], [], ["amount_mismatch -200"]),
    "a bank line pays a whole memo": (
        [f(800, memo="IM-1", **NOTHING)], [p(500), p(300, 2, vin=V2, program=2)], [], ["matched 0"]),
    "a memo with another sum": (
        [f(900, memo="IM-1", **NOTHING)], [p(500), p(300, 2, vin=V2)], [], ["amount_mismatch 100"]),
    "two lines of the file make up one of ours": ([f(200), f(300, 2)], [p(500)], [], ["matched 0"]),
    "two payments of one claim in one line": ([f(500)], [p(200, claim=9), p(300, 2, claim=9)], [], ["matched 0"]),
    "a period without a vehicle": ([f(800, vin="")], [p(500), p(300, 2, vin=V2)], [], ["matched 0"]),
    "the exact line chooses first": (
        [f(500, vin=""), f(500, 2)], [p(500), p(500, 2, vin=V2)], [], ["matched 0", "matched 0"]),
    "the file pays a vehicle twice": ([f(500), f(500, 2)], [p(500)], [], ["matched 0", "duplicate 500"]),
    "the file pays a memo twice": (
        [f(500, memo="IM-1", **NOTHING), f(500, 2, memo="IM-1", **NOTHING)], [p(500)], [],
        ["matched 0", "duplicate 500"]),
    "we paid a vehicle twice": (
        [f(500, memo="IM-1"), f(500, 2, memo="IM-2")], [p(500), p(500, 2, memo="IM-2")], [],
        ["matched 0", "duplicate 500"]),
    "the second was taken back": (
        [], [p(500, on=NEW), p(500, 2, memo="IM-2"), p(-500, 3, claim=2, memo="IM-2")], [],
        ["waiting -500", "matched 0"]),
    "the file pays what we did not": ([f(500)], [], [], ["paid_not_earned 500"]),
    "another program": ([f(500)], [p(500, program=2)], [], ["paid_not_earned 500", "waiting -500"]),
    "another period": ([f(500, vin="")], [p(500, period="2026-10")], [], ["paid_not_earned 500", "waiting -500"]),
    "another dealer": ([f(500)], [p(500, dealer=2)], [], ["paid_not_earned 500", "waiting -500"]),
    "a dealer we do not know": ([f(500, dealer=None)], [p(500)], [], ["orphan 500", "waiting -500"]),
    "a program we do not know": ([f(500, known=False)], [], [], ["orphan 500"]),
    "nothing is named": ([f(500, **NOTHING)], [p(500)], [], ["orphan 500", "waiting -500"]),
    "a program alone is not enough": ([f(500, period="", vin="")], [], [], ["orphan 500"]),
    "a memo we do not know": ([f(500, memo="IM-9", **NOTHING)], [], [], ["orphan 500"]),
    "credited thirty days ago": ([], [p(500, on=NEW)], [], ["waiting -500"]),
    "credited longer ago": ([], [p(500, on=OLD)], [], ["earned_not_paid -500"]),
    "set off to nothing": ([], [p(500, on=OLD), p(-500, 2, vin=V2)], [], ["matched 0"]),
    "earned and paid": ([], [], [a(500, 500)], []),
    "earned, a cent open": ([], [], [a(501, 500, OLD)], []),
    "earned thirty days ago": ([], [], [a(500, 200, NEW)], ["waiting -300"]),
    "earned longer ago": ([], [], [a(500, 200, OLD)], ["earned_not_paid -300"]),
    "paid more than earned": ([], [], [a(29_600_00, 45_000_00)], ["paid_not_earned 1540000"]),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CASES))
def test_a_case(name):
    files, paid, accounts, wanted = CASES[name]
    found = reconcile(files, paid, accounts, today=TODAY, days=30)
    assert sorted(f"{m.kind} {m.cents}" for m in found) == sorted(wanted)
    assert unexplained(found) == sum(abs(m.cents) for m in found if m.kind in DIFFERENCES)


def test_what_an_earlier_file_paid_already_is_paid_twice():
    found = reconcile([f(500)], [], [], today=TODAY, days=30, settled=[p(500)])
    assert [(m.kind, m.cents, m.paid_ids) for m in found] == [("duplicate", 500, ())]


@pytest.mark.parametrize(
    ("paid", "wanted"),
    [(0, date(2026, 11, 1)), (98, date(2026, 11, 1)), (100, date(2026, 11, 5)), (300, None), (299, None), (400, None)],
)
def test_the_oldest_earning_the_payments_do_not_reach(paid, wanted):
    assert open_since([(date(2026, 11, 5), 200), (date(2026, 11, 1), 100)], paid) == wanted


def test_an_earning_taken_back_is_not_open():
    assert open_since([(OLD, 500), (NEW, -500)], 0) is None


def test_the_words_are_complete():
    assert set(KINDS) == set(TONES) == set(MEANINGS) == {*DIFFERENCES, "matched", "waiting"}
    assert len(set(REASONS.values())) == len(REASONS)
    assert set(SETTLING) < set(REASONS)


dealers, programs = st.integers(1, 2), st.integers(1, 2)
periods, vins, memos = (st.sampled_from(x) for x in (["2026-10", "2026-11"], ["", V1, V2], ["IM-1", "IM-2"]))
cents = st.sampled_from([-500, -1, 1, 200, 300, 500, 501, 800])
file_lines = st.lists(
    st.builds(
        FileLine, id=st.integers(1, 999), dealer_id=st.none() | dealers, program_id=st.none() | programs,
        period=st.just("") | periods, vin=vins, memo=st.just("") | memos, cents=cents, paid_on=st.just(NEW),
        is_known=st.sampled_from([True, True, True, False]),
    ),
    max_size=8, unique_by=lambda x: x.id,
)  # fmt: skip
paid_lines = st.lists(
    st.builds(
        PaidLine, id=st.integers(1, 999), claim_id=st.integers(1, 4), dealer_id=dealers, program_id=programs,
        period=periods, vin=vins, memo=memos, cents=cents, paid_on=st.sampled_from([OLD, NEW]),
    ),
    max_size=8, unique_by=lambda x: x.id,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(file_lines, paid_lines)
def test_every_line_is_in_exactly_one_match_and_the_sums_agree(files, paid):
    found = reconcile(files, paid, [], today=TODAY, days=30)
    assert Counter(i for m in found for i in m.file_ids) == Counter(x.id for x in files)
    assert Counter(i for m in found for i in m.paid_ids) == Counter(x.id for x in paid)
    assert sum(m.file_cents for m in found) == sum(x.cents for x in files)
    assert sum(m.paid_cents for m in found) == sum(x.cents for x in paid)
    by_file, by_paid = {x.id: x for x in files}, {x.id: x for x in paid}
    for match in found:
        assert match.file_cents == sum(by_file[i].cents for i in match.file_ids)
        assert match.paid_cents == sum(by_paid[i].cents for i in match.paid_ids)
        if match.kind == "matched":
            assert abs(match.file_cents - match.paid_cents) <= 1
            assert match.cents == 0
        elif match.kind != "duplicate":
            assert match.cents == match.file_cents - match.paid_cents != 0
    assert found == reconcile(list(reversed(files)), list(reversed(paid)), [], today=TODAY, days=30)
