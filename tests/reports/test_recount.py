"""Metrics nobody else recounts, against the rows as they are stored: one by one, in plain Python, by region."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, timedelta
from statistics import mean, median
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.appointments.rules import counts_as_due
from db.appointments.tables import Appointment
from db.cadence.rules import TaskFact, result_of
from db.cadence.tables import CadenceRun, CadenceTask
from db.calendar.queries import DESK_ZONE, usual_calendar
from db.calendar.rules import elapsed_minutes
from db.claims.tables import Claim, ClaimFinding
from db.contact_log.tables import Promise
from db.core.labels import local_day
from db.core.session import reading
from db.customers.vehicle_tables import Purchase, ServiceVisit, Vehicle
from db.incentives.tables import SaleReport
from db.leads.tables import Lead
from db.objectives.tables import SalesObjective
from db.quality.tables import CoachingNote, QualityReview
from db.reports.catalogue import entries
from db.surveys.tables import Survey, SurveyAlert
from tests.reports.recounting import Parts, Told, ask, assert_parts, hold, mean_of, number, ratio, share, stored
from tests.reports.told import WORLDS, World, told

DAY = timedelta(days=1)


@pytest.fixture
def desk(sqlite_templates, tmp_path):
    with told(sqlite_templates, "desk", tmp_path) as engine:
        yield engine


def test_leads_sales_plans_and_appointments(desk):
    world = WORLDS["desk"]
    leads = [lead for lead in stored(desk, Lead) if lead.status not in ("bad", "duplicate", "held")]
    hold(desk, world, "qualified_rate", [x for x in leads if x.contacted_at], share(lambda x: bool(x.qualified_at)))
    qualified = [x for x in leads if x.qualified_at]
    hold(desk, world, "qualified_to_appointment", qualified, share(lambda x: bool(x.appointment_set_at)))
    came = [x for x in leads if x.appointment_shown_at]
    hold(desk, world, "show_to_sale", came, share(lambda x: bool(x.sold_at)))
    won = [x for x in leads if x.sold_at]
    hold(desk, world, "won", won, number)
    hold(
        desk, world, "won_value", won,
        lambda rows: (
            sum(x.value_cents or 0 for x in rows), sum(x.value_cents is not None for x in rows),
            sum(x.value_cents or 0 for x in rows),
        ),
    )  # fmt: skip
    took = lambda rows: (None, len(rows), median((x.sold_at - x.received_at) / DAY for x in rows))  # noqa: E731
    hold(desk, world, "days_to_win", won, took)

    due = defaultdict(list)
    for task in stored(desk, CadenceTask):
        fact = TaskFact(state=task.state, required=task.required, due_at=task.due_at, done_at=task.done_at)
        due[result_of(fact, now=world.now)].append(task)
    due.pop("", None)
    counted = [task for some in due.values() for task in some]
    in_time = {task.id for task in due["on_time"]}
    hold(desk, world, "cadence_adherence", counted, share(lambda t: t.id in in_time), month=lambda t: t.due_on)
    for name in ("on_time", "missed"):
        (whole,) = ask(desk, world, f"cadence_{name}")
        assert whole["value"] == len(due[name]) > 0
    assert ask(desk, world, "cadence_due")[0]["value"] == len(counted)
    assert ask(desk, world, "cadence_late")[0]["value"] == len(due["late"])
    reached = [run for run in stored(desk, CadenceRun) if run.end_reason == "reached"]
    hold(desk, world, "cadence_attempts", reached, mean_of(lambda r: r.attempts))
    hold(desk, world, "cadence_contact_day", reached, mean_of(lambda r: r.contact_day or 0))

    times = [
        a for a in stored(desk, Appointment)
        if counts_as_due(a.status, starts_at=a.starts_at, rescheduled_at=a.rescheduled_at, now=world.now)
    ]  # fmt: skip
    starts = lambda a: a.starts_at.astimezone(UTC).date()  # noqa: E731
    shown = lambda a: a.status in ("shown", "completed")  # noqa: E731
    hold(desk, world, "appointments_due", times, number, month=starts)
    hold(desk, world, "appointment_show_rate", times, share(shown), month=starts)
    hold(desk, world, "appointment_no_show_rate", times, share(lambda a: a.status == "no_show"), month=starts)


def test_reviews_alerts_promises_and_buyers(desk):
    world = WORLDS["desk"]
    reviews = stored(desk, QualityReview)
    counted = [r for r in reviews if r.counts]
    hold(desk, world, "response_quality", counted, mean_of(lambda r: r.score))
    hold(desk, world, "question_answered", [r for r in counted if r.answered is not None], share(lambda r: r.answered))
    hold(desk, world, "reviews_done", [r for r in reviews if r.status == "reviewed"], number)
    notes = [n for n in stored(desk, CoachingNote) if n.is_open and n.due_at <= world.now]
    hold(desk, world, "coaching_due", notes, number)
    answered = {s.id: s.answered_on for s in stored(desk, Survey)}
    alerts = [
        a for a in stored(desk, SurveyAlert) if a.contacted_at or a.closed_at or a.contact_due_at <= world.now
    ]  # fmt: skip
    hold(
        desk, world, "survey_contacted_24h", alerts,
        share(lambda a: a.contacted_at is not None and a.contacted_at <= a.contact_due_at),
        month=lambda a: answered[a.survey_id],
    )  # fmt: skip
    promises = [
        p for p in stored(desk, Promise) if p.status == "kept" or (p.status == "open" and p.first_due_at <= world.now)
    ]  # fmt: skip
    kept = share(lambda p: p.status == "kept" and p.kept_on <= p.first_due_day)
    hold(desk, world, "promise_reliability", promises, kept)
    visits = stored(desk, ServiceVisit)
    bought = [p for p in stored(desk, Purchase) if world.first.replace(day=1) <= p.bought_on]

    def came_back(purchase: Any) -> bool:
        return any(
            timedelta(0) < v.opened_on - purchase.bought_on <= 365 * DAY
            and (
                v.customer_id == purchase.customer_id or (v.customer_id is None and v.vehicle_id == purchase.vehicle_id)
            )
            for v in visits
        )

    assert len({p.customer_id for p in bought}) == len(bought)
    hold(desk, world, "service_retention", bought, share(came_back))


def test_sales_against_what_was_agreed_and_expected(sqlite_templates, tmp_path):
    world = WORLDS["objectives"]
    with told(sqlite_templates, "objectives", tmp_path) as engine:
        markets: dict[tuple[int, str, str], list[Any]] = defaultdict(list)
        for one in stored(engine, SalesObjective):
            if world.first.replace(day=1) <= one.month <= world.last:
                markets[one.dealer_id, one.region, f"{one.month:%Y-%m}"].append(one)
        new = [s for s in stored(engine, SaleReport) if s.condition == "new" and s.delivered_on and not s.unwound_on]

        def delivered(dealer_id: int, month: str) -> int:
            return sum(s.dealer_id == dealer_id and f"{s.delivered_on:%Y-%m}" == month for s in new)

        def agreed(rows: list[Any]) -> int | None:
            found = [r.objective for r in rows if r.objective is not None]
            return sum(found) if found else None

        plain: dict[str, Callable[[list[Any]], Parts]] = {
            "sales_effectiveness": lambda of: ratio(
                sum(delivered(d, m) for d, _, m in of),
                sum(r.share * r.registrations for key in of for r in markets[key]) / 10_000,
            ),
            "objective_attainment": lambda of: ratio(
                sum(delivered(d, m) for d, r, m in of if agreed(markets[d, r, m]) is not None),
                float(sum(agreed(markets[key]) or 0 for key in of)),
            ),
            "objective_units": lambda of: (
                units := sum(agreed(markets[key]) or 0 for key in of), None, units
            ),
        }  # fmt: skip
        assert set(plain) == {e.metric.definition.name for e in entries() if e.area == "objectives"}
        for name, say in plain.items():
            (whole,) = ask(engine, world, name)
            assert_parts(name, "all", whole, say(list(markets)))
            assert whole["value"]
            for place, dim in enumerate(("dealer_id", "region", "month")):
                found = {row[dim]: row for row in ask(engine, world, name, dim.removesuffix("_id"))}
                for value in {key[place] for key in markets}:
                    assert_parts(name, str(value), found[value], say([key for key in markets if key[place] == value]))


@pytest.fixture
def claims_desk(sqlite_templates, tmp_path):
    with told(sqlite_templates, "claims", tmp_path) as engine:
        yield engine


def test_times_and_costs_of_claims(claims_desk):
    world, engine = WORLDS["claims"], claims_desk
    claims = stored(engine, Claim)
    decided = [c for c in claims if c.first_decided_at is not None]
    calendar = usual_calendar(DESK_ZONE)

    def whole_days(claim: Any) -> float:
        return ((claim.first_decided_at - claim.submitted_at) // timedelta(minutes=1)) / 1440

    def business(claim: Any) -> float:
        return elapsed_minutes(calendar, claim.submitted_at, claim.first_decided_at) / 480

    def nine_in_ten(of: Callable[[Any], float]) -> Told:
        return lambda rows: (None, len(rows), sorted(map(of, rows))[math.ceil(0.9 * len(rows)) - 1])

    hold(engine, world, "claim_turnaround_p90", decided, nine_in_ten(whole_days))
    hold(engine, world, "claim_business_p90", decided, nine_in_ten(business))
    hold(
        engine, world, "claim_business_mean", decided,
        lambda rows: (sum(round(480 * business(c)) for c in rows), len(rows), float(mean(map(business, rows)))),
    )  # fmt: skip
    waiting = [c for c in claims if c.status in ("in_review", "appealed")]
    late = lambda rows: (n := sum(c.decide_by < world.now for c in rows), len(rows), n)  # noqa: E731
    hold(engine, world, "claim_overdue", waiting, late)
    with reading(engine) as session:
        again = set(session.scalars(select(ClaimFinding.claim_id).where(ClaimFinding.rule == "W18")))
    hold(engine, world, "claim_repeat", claims, share(lambda c: c.id in again))

    begin = date(world.last.year - 3, world.last.month, world.last.day)
    young = [v for v in stored(engine, Vehicle) if v.in_service_on and begin < v.in_service_on <= world.last]
    assert young
    (cost,) = ask(engine, world, "claim_cost_per_unit")
    cents = sum(c.approved_cents or 0 for c in decided)
    assert_parts("claim_cost_per_unit", "all", cost, (cents, len(young), round(cents / len(young))))
    (per_100,) = ask(engine, world, "claims_per_100")
    assert_parts("claims_per_100", "all", per_100, (len(claims), len(young), 100 * len(claims) / len(young)))
    _receivable(engine, world, claims)


def _receivable(engine: Engine, world: World, claims: list[Any]) -> None:
    today = local_day(world.now, DESK_ZONE)
    expected = {}
    for dealer in {c.dealer_id for c in claims}:
        own = [c for c in claims if c.dealer_id == dealer]
        unpaid = sum(c.approved_cents for c in own if c.status in ("approved", "partially_approved"))
        year = [c for c in own if c.first_decided_on and today - 365 * DAY < c.first_decided_on and c.approved_cents]
        if not unpaid and not year:
            continue
        first = min(c.first_decided_on for c in year)
        months = min(12, (today.year - first.year) * 12 + today.month - first.month + 1)
        expected[dealer] = (unpaid, round(sum(c.approved_cents for c in year) / months))
    rows = ask(engine, world, "claim_receivable", "dealer")
    assert {r["dealer_id"]: (r["numerator"], r["denominator"]) for r in rows} == expected != {}
    (whole,) = ask(engine, world, "claim_receivable")
    top, bottom = (sum(parts) for parts in zip(*expected.values(), strict=True))
    assert_parts("claim_receivable", "all", whole, (top, bottom, top / bottom))
