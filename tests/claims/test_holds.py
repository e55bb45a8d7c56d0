"""Who held a claim: the intervals of any life add up to the whole time, in every cut of it (domain-rules 1.3)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from db.claims.flow import FLOW, HOLDERS
from db.claims.hold_queries import held_minutes, hold_summary
from db.claims.hold_rules import PARTIES, Held, Holds, overlaps, since_sent
from db.claims.record import hold
from db.claims.tables import Claim, ClaimHold
from db.core.actor import EVERYTHING
from db.core.session import reading, writing
from tests.claim_payments.factories import House
from tests.claims.factories import NOW

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
STATUSES = sorted(s.name for s in FLOW.states)
lives = st.lists(st.tuples(st.sampled_from(STATUSES), st.integers(0, 60 * 24 * 20)), min_size=1, max_size=12)


def intervals(life: list[tuple[str, int]]) -> tuple[list[tuple[str, str, datetime, datetime | None]], datetime]:
    """The intervals a life of (state, minutes in it) leaves, and its end; the last one still runs."""
    found: list[tuple[str, str, datetime, datetime | None]] = []
    at = START
    for n, (status, minutes) in enumerate(life):
        end = at + timedelta(minutes=minutes)
        if status in HOLDERS:
            found.append((HOLDERS[status], status, at, None if n == len(life) - 1 else end))
        at = end
    return found, at


@given(lives, st.randoms(use_true_random=False))
def test_the_intervals_of_any_life_add_up(life: list[tuple[str, int]], chance: Any):
    rows, now = intervals(life)
    chance.shuffle(rows)
    held = Holds(
        intervals=tuple(
            Held(holder=h, status=s, since=a, until=b, is_running=r) for h, s, a, b, r in since_sent(rows, now)
        )
    )
    open_minutes = sum(m for status, m in life if status in HOLDERS and status != "draft")
    assert held.minutes == open_minutes == sum(s.minutes for s in held.shares)
    assert sum(held.share(p) for p in PARTIES) == open_minutes
    assert overlaps(held.intervals) == []
    assert sum(s.times for s in held.shares) == len(held.intervals)


def stored(engine: Engine, house: House, *, claims: int) -> dict[int, tuple[int, dict[str, float], dict[str, float]]]:
    """Random lives as rows; (dealer, minutes by holder, minutes by state) of each claim."""
    chance = Random(7)
    found = {}
    with writing(engine, keeps_timeline=False) as session:
        for n in range(1, claims + 1):
            life = [(chance.choice(STATUSES), chance.randrange(60 * 24 * 6)) for _ in range(chance.randrange(1, 9))]
            rows, _ = intervals(life)
            west = n % 3 == 0
            dealer, region = (house.other_dealer, "West") if west else (house.dealer, "East")
            session.execute(
                insert(Claim),
                [
                    {
                        "id": n, "number": f"WC-{n:06}", "status": life[-1][0], "version": 1, "is_open": True,
                        "held_by": "", "dealer_id": dealer, "region": region, "claim_type": "standard",
                        "family_id": n, "submitted_by": "x", "created_at": START, "updated_at": START,
                        "updated_by": "x", "stage_entered_at": START,
                    }
                ],
            )  # fmt: skip
            by_holder: dict[str, float] = defaultdict(float)
            by_status: dict[str, float] = defaultdict(float)
            for position, (holder, status, since, until) in enumerate(rows, 1):
                session.execute(
                    insert(ClaimHold),
                    [
                        {
                            "claim_id": n, "dealer_id": dealer, "region": region, "position": position,
                            "holder": holder, "status": status, "since": since, "until": until,
                        }
                    ],
                )  # fmt: skip
                if status != "draft":
                    minutes = ((until or NOW) - since) / timedelta(minutes=1)
                    by_holder[holder] += minutes
                    by_status[status] += minutes
            found[n] = dealer, dict(by_holder), dict(by_status)
    return found


def test_the_queries_add_up_to_the_whole_time_in_every_cut(sqlite_engine: Engine):
    house = House(sqlite_engine)
    lives = stored(sqlite_engine, house, claims=40)
    expected: dict[str, float] = defaultdict(float)
    for _, by_holder, _ in lives.values():
        for holder, minutes in by_holder.items():
            expected[holder] += minutes
    days = 120  # everything since the first day
    with reading(sqlite_engine) as session:
        held = held_minutes(session, claim_ids=sorted(lives), scope=EVERYTHING, now=NOW)
        for claim_id, (_, by_holder, _) in lives.items():
            found = {s.holder: s.minutes for s in held[claim_id].shares} if claim_id in held else {}
            assert found == {h: m for h, m in by_holder.items() if h in found}
            assert sum(found.values()) == sum(by_holder.values())
        (whole,) = hold_summary(session, scope=EVERYTHING, days=days, now=NOW)
        assert whole.minutes == pytest.approx(dict(expected))
        for by in ("region", "dealer", "status"):
            parts = hold_summary(session, scope=EVERYTHING, days=days, now=NOW, by=by)
            assert sum(p.total for p in parts) == pytest.approx(whole.total), by
            assert by == "status" or sum(p.claims for p in parts) == whole.claims
        states = {p.key: p.total for p in hold_summary(session, scope=EVERYTHING, days=days, now=NOW, by="status")}
        by_state: dict[str, float] = defaultdict(float)
        for _, _, by_status in lives.values():
            for status, minutes in by_status.items():
                by_state[status] += minutes
        assert states == pytest.approx({k: v for k, v in by_state.items() if k in states})
        # Seven windows of a day side by side are a week: nothing is counted twice at their edges, nothing lost.
        week = hold_summary(session, scope=EVERYTHING, days=7, now=NOW)[0].total
        pieces = [
            sum(t.total for t in hold_summary(session, scope=EVERYTHING, days=1, now=NOW - timedelta(days=d)))
            for d in range(7)
        ]
        assert sum(pieces) == pytest.approx(week)
        own = hold_summary(session, scope=house.otto.scope, days=days, now=NOW)[0].total
        theirs = sum(sum(m.values()) for dealer, m, _ in lives.values() if dealer == house.other_dealer)
        assert own == pytest.approx(theirs)


def test_a_step_that_reads_an_older_clock_leaves_no_overlap(sqlite_engine: Engine):
    """A sweep began before the step it meets: its moment lies before that of the interval it ends."""
    house = House(sqlite_engine)
    claim_id = house.sent()
    house.step("await_part", claim_id, who="cora", now=NOW + timedelta(hours=2), note="Show us the part")
    house.step("resume", claim_id, who="cora", now=NOW + timedelta(hours=1))
    with reading(sqlite_engine) as session:
        held = held_minutes(session, claim_ids=[claim_id], scope=EVERYTHING, now=NOW + timedelta(hours=5))[claim_id]
    assert overlaps(held.intervals) == []
    assert held.minutes == 5 * 60


def test_a_state_nobody_holds_begins_no_interval(sqlite_engine: Engine):
    house = House(sqlite_engine)
    claim_id = house.draft()
    with writing(sqlite_engine, keeps_timeline=False) as session:
        hold(session, session.get_one(Claim, claim_id), "void", NOW + timedelta(hours=1))
    with reading(sqlite_engine) as session:
        assert [h.until is None for h in session.query(ClaimHold).filter_by(claim_id=claim_id)] == [False]
