"""Sums of decisions, payments and lots: exact after any history, each figure what the records say (decision 0087)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.claims.figure_rules import median, percentile
from db.coop import figure_decided_queries as decided
from db.coop import figure_queries as figures
from db.coop import ways
from db.coop.checks import CHECKS
from db.coop.figure_filters import Asked
from db.coop.figure_rules import histogram
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.sums import LOTS, WAYS
from db.coop.tables import CoopEntry, CoopFund, CoopLot, CoopProgramme
from db.core.actor import EVERYTHING, Scope
from db.core.labels import local_day
from db.core.rollups import rebuild
from db.core.session import reading, writing
from tests.support.again import begun
from tests.support.core import _needed, add_customer, add_dealer

REGIONS = {1: "East", 2: "West", 3: "East"}
FIRST = date(2026, 1, 27)
DAYS = 100
TODAY = date(2026, 5, 2)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SCOPES = (EVERYTHING, Scope("regions", regions=frozenset({"East"})), Scope("regions"),
          Scope("dealers", dealer_ids=frozenset({1, 3})))  # fmt: skip


@pytest.fixture
@begun
def desk(engine: Engine) -> Engine:
    with writing(engine, keeps_timeline=False) as session:
        add_customer(session)
        for dealer_id, region in REGIONS.items():
            add_dealer(session, dealer_id, region=region)
        for number in (1, 2):
            programme = _needed(CoopProgramme, {"id", "code"})
            session.execute(insert(CoopProgramme).values(id=number, code=f"C{number}", **programme))
        for fund in range(1, 7):
            dealer = (fund - 1) % 3 + 1
            values = {
                "id": fund, "programme_id": (fund + 2) // 3, "dealer_id": dealer, "region": REGIONS[dealer],
                "period": "2026",
            }  # fmt: skip
            session.execute(insert(CoopFund).values(**values, **_needed(CoopFund, set(values))))
            entry = {
                "id": fund, "entry_key": f"k{fund}", "fund_id": fund, "dealer_id": dealer, "region": REGIONS[dealer],
                "kind": "accrual", "cents": 1, "on": FIRST,
            }  # fmt: skip
            session.execute(insert(CoopEntry).values(**entry, **_needed(CoopEntry, {*entry, "on_day"})))
    return engine


def moment(day: int) -> datetime:
    """Late in the evening of a day of the desk, when it is the next one in UTC."""
    return datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=27, minutes=30)


def values_of(item: dict[str, Any]) -> dict[str, Any]:
    """The columns of a request or claim that are counted."""
    at = moment(item["day"])
    found = {
        "status": item["status"], "medium": item["medium"], "decided_at": at, "decided_on": local_day(at, DESK_ZONE),
        "took_minutes": item["took"], "times_sent": item["sent"], "times_returned": item["returned"],
    }  # fmt: skip
    if item["kind"] == "claim":
        paid = None if item["paid"] is None else moment(item["day"] + item["paid"])
        found |= {
            "first_paid_at": paid, "first_paid_on": None if paid is None else local_day(paid, DESK_ZONE),
            "pay_minutes": None if paid is None else item["paid"] * 1440 + 7, "dealer_minutes": item["sent"] * 11,
            "desk_minutes": item["returned"] * 5,
        }  # fmt: skip
    return found


def store(session: Session, number: int, item: dict[str, Any]) -> None:
    if item["kind"] == "lot":
        values = {
            "id": number, "fund_id": item["fund"], "dealer_id": (item["fund"] - 1) % 3 + 1, "entry_id": item["fund"],
            "region": REGIONS[(item["fund"] - 1) % 3 + 1], "earned_on": FIRST,
            "expires_on": FIRST + timedelta(days=item["day"] * 2), "cents": item["cents"], "left_cents": item["cents"],
        }  # fmt: skip
        session.execute(insert(CoopLot).values(**values, **_needed(CoopLot, set(values))))
        return
    table: Any = CoopClaim if item["kind"] == "claim" else CoopRequest
    dealer = (item["fund"] - 1) % 3 + 1
    values = {
        "id": number, "number": f"N-{number}", "dealer_id": dealer, "region": REGIONS[dealer], "form_key": None,
        "fund_id": item["fund"], "is_open": False, "costs": [], "calculation": {}, "cost_cents": 1, **values_of(item),
    }  # fmt: skip
    values |= {"checks": []} if table is CoopClaim else {}
    left_out = {*values, "request_id", "claim_key", "assignee_id"}
    session.execute(insert(table).values(**values, **_needed(table, left_out)))


items = st.fixed_dictionaries({
    "kind": st.sampled_from(["request", "claim", "claim", "lot"]), "fund": st.integers(1, 6),
    "day": st.integers(0, DAYS), "cents": st.integers(1, 900), "medium": st.sampled_from(["print", "radio"]),
    "status": st.sampled_from(["approved", "denied", "paid"]), "took": st.none() | st.integers(0, 9_000),
    "sent": st.integers(1, 3), "returned": st.integers(0, 2), "paid": st.none() | st.integers(0, 20),
})  # fmt: skip
changes = st.tuples(st.integers(0, 30), st.sampled_from(["again", "undecided", "gone", "used"]), items)
questions = st.fixed_dictionaries({
    "first": st.integers(0, 60), "length": st.integers(0, 90), "region": st.sampled_from([(), ("East",), ("Nowhere",)]),
    "medium": st.sampled_from(["", "radio"]), "programme": st.sampled_from([None, None, 1]),
    "dealer": st.sampled_from([(), (), (1,)]), "scope": st.sampled_from(SCOPES),
    "by": st.lists(st.sampled_from(figures.DIMS), max_size=2, unique=True),
})  # fmt: skip


def live(engine: Engine, made: list[dict[str, Any]], changed: list[Any], *, move: bool, closed: int) -> None:
    """A history: records come in, are decided otherwise, taken back or deleted; a dealer moves, a fund is closed."""
    tables: dict[str, Any] = {"request": CoopRequest, "claim": CoopClaim, "lot": CoopLot}
    with writing(engine, keeps_timeline=False) as session:
        for table in tables.values():
            session.execute(delete(table))
        session.execute(update(CoopFund).values(closed_at=None))
        for number, item in enumerate(made, start=1):
            store(session, number, item)
        for number, what, other in changed:
            if not 0 < number <= len(made):
                continue
            kind = made[number - 1]["kind"]
            change = update(tables[kind]).where(tables[kind].id == number)
            if what == "gone":
                session.execute(delete(tables[kind]).where(tables[kind].id == number))
            elif kind == "lot":
                half = made[number - 1]["cents"] // 2
                used = made[number - 1]["cents"] if what == "used" else half
                session.execute(change.values(used_cents=used, left_cents=CoopLot.cents - used))
            elif what == "undecided":
                paid = {"first_paid_at": None, "first_paid_on": None, "pay_minutes": None} if kind == "claim" else {}
                session.execute(change.values(decided_at=None, decided_on=None, took_minutes=None, **paid))
            elif what == "again":
                session.execute(change.values(**values_of({**other, "kind": kind})))
        if closed:
            session.execute(update(CoopFund).where(CoopFund.id == closed).values(closed_at=moment(0)))
        if move:
            for table in (CoopRequest, CoopClaim, CoopLot, CoopFund):
                session.execute(update(table).where(table.dealer_id == 1).values(region="West"))


def asked_of(question: dict[str, Any]) -> Asked:
    first = FIRST + timedelta(days=question["first"])
    return Asked(
        first=first, last=first + timedelta(days=question["length"]), today=TODAY, region=question["region"],
        dealer=question["dealer"], medium=question["medium"], programme=question["programme"],
    )  # fmt: skip


def wanted(session: Session, table: Any, question: dict[str, Any], asked: Asked, day: Any) -> list[tuple[Any, Any]]:
    """The records of a question with the key of each, read one by one."""
    funds = dict(session.execute(select(CoopFund.id, CoopFund.programme_id)).all())
    found = []
    for row in session.scalars(select(table)):
        on = getattr(row, day)
        if on is None or not question["scope"].allows(dealer_id=row.dealer_id, region=row.region):
            continue
        if (asked.region and row.region not in asked.region) or (asked.dealer and row.dealer_id not in asked.dealer):
            continue
        if asked.programme is not None and funds[row.fund_id] != asked.programme:
            continue
        key = {
            "month": on.replace(day=1), "region": row.region, "dealer": row.dealer_id,
            "medium": getattr(row, "medium", None), "programme": funds[row.fund_id],
        }  # fmt: skip
        found.append((tuple(key[dim] for dim in question["by"]), row))
    return found


@QUICK
@given(
    made=st.lists(items, max_size=14), changed=st.lists(changes, max_size=8), move=st.booleans(),
    closed=st.integers(0, 6), question=questions,
)  # fmt: skip
def test_sums_and_figures_are_what_the_records_say(desk, made, changed, move, closed, question):
    live(desk, made, changed, move=move, closed=closed)
    asked, by, scope = asked_of(question), question["by"], question["scope"]
    with reading(desk) as session:
        for kept in (*WAYS, LOTS):
            assert kept.differences(session) == []
        for source, table in ((decided.requests, CoopRequest), (decided.claims, CoopClaim)):
            rows = [
                (key, row) for key, row in wanted(session, table, question, asked, "decided_on")
                if asked.first <= row.decided_on <= asked.last and asked.medium in ("", row.medium)
            ]  # fmt: skip
            cells: dict[Any, dict[str, int]] = defaultdict(lambda: dict.fromkeys(decided.DECIDED, 0))
            took: dict[Any, list[int]] = defaultdict(list)
            for key, row in rows:
                cells[key]["decided"] += 1
                cells[key]["denied"] += row.status == "denied"
                cells[key]["returned"] += row.times_returned > 0
                cells[key]["again"] += row.times_sent > 1 or row.times_returned > 0
                if row.took_minutes is not None:
                    took[key].append(row.took_minutes)
            if not by and not cells:
                cells[()]["decided"] += 0
            found = source(session, scope=scope, asked=asked, by=by)
            assert {tuple(row[d] for d in by): {n: row[n] for n in decided.DECIDED} for row in found} == dict(cells)
            what = "claim" if table is CoopClaim else "request"
            spans = decided.minutes(session, scope=scope, asked=asked, what=what, by=by)
            told = {key: (one.n, one.value(0.5), one.value(0.9)) for key, one in spans.items()}
            assert told == {
                key: (len(some), median(histogram(some)), percentile(histogram(some), 0.9))
                for key, some in took.items()
            }
        paid = [
            row for _, row in wanted(session, CoopClaim, {**question, "by": ()}, asked, "first_paid_on")
            if asked.first <= row.first_paid_on <= asked.last and asked.medium in ("", row.medium)
        ]  # fmt: skip
        held = decided.held(session, scope=scope, asked=asked)
        assert (held.claims, held.minutes["dealer"], held.minutes["finance"]) == (
            len(paid), sum(r.dealer_minutes for r in paid), sum(r.pay_minutes for r in paid),
        )  # fmt: skip
        _lots(session, question, asked)


def _lots(session: Session, question: dict[str, Any], asked: Asked) -> None:
    """What expires, lot by lot."""
    by = tuple(dim for dim in question["by"] if dim != "medium")
    shut = set(session.scalars(select(CoopFund.id).where(CoopFund.closed_at.is_not(None))))
    cells: dict[Any, dict[str, int]] = defaultdict(lambda: dict.fromkeys(figures.LEFT, 0))
    for key, lot in wanted(session, CoopLot, {**question, "by": by}, asked, "expires_on"):
        if lot.left_cents and lot.fund_id not in shut and lot.expires_on >= TODAY:
            cells[key]["left"] += lot.left_cents
            for n in figures.WITHIN:
                cells[key][f"within_{n}"] += lot.left_cents if lot.expires_on <= TODAY + timedelta(days=n) else 0
    if not by and not cells:
        cells[()]["left"] += 0
    found = figures.expiring(session, scope=question["scope"], asked=asked, by=by)
    assert {tuple(row[d] for d in by): {n: row[n] for n in figures.LEFT} for row in found} == dict(cells)


ONE = {
    "kind": "claim", "fund": 1, "day": 3, "cents": 5, "medium": "print", "status": "denied", "took": 70, "sent": 2,
    "returned": 1, "paid": 4,
}  # fmt: skip


@pytest.mark.parametrize(
    "damage",
    ["UPDATE coop_claim_month SET denied = 0", "DELETE FROM coop_claim_took", "UPDATE coop_pay_month SET desk = 1",
     "UPDATE coop_lot_day SET left_cents = left_cents + 1"],
)  # fmt: skip
def test_damage_is_found_by_the_check_and_repaired(desk: Engine, damage: str):
    live(desk, [ONE, {**ONE, "kind": "lot"}], [], move=False, closed=0)
    checks = [check for check in CHECKS if check.name.startswith("Sums in ")]
    assert len(checks) == 7
    with writing(desk, keeps_timeline=False) as session:
        session.execute(text(damage))
    with reading(desk) as session:
        assert any(check.run(session) for check in checks)
    with writing(desk, keeps_timeline=False) as session:
        rebuild(session, rollups=(*WAYS, LOTS))
    with reading(desk) as session:
        assert not any(check.run(session) for check in checks)


def test_a_day_that_is_not_its_moments_is_found(desk: Engine):
    live(desk, [ONE], [], move=False, closed=0)
    with writing(desk, keeps_timeline=False) as session:
        session.execute(text("UPDATE coop_claim SET decided_on = '2026-04-01'"))
    with reading(desk) as session:
        assert any("decided_on" in one for one in ways.differences(session))
    with writing(desk, keeps_timeline=False) as session:
        ways.fill_days(session)
    with reading(desk) as session:
        assert not any("decided_on" in one for one in ways.differences(session))
