"""More metrics against the rows as they are stored: what leads became and cost, surveys, parts, campaigns, openings."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from statistics import median
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.appointments.rules import counts_as_due
from db.appointments.tables import Appointment
from db.calendar.queries import DESK_ZONE
from db.claims.tables import Claim
from db.coop.campaign_tables import CoopCampaign, CoopCampaignRequest
from db.coop.flow import HOLDS
from db.coop.payment_tables import CoopMemo, CoopMemoLine
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.core.labels import local_day
from db.core.session import reading
from db.customers.vehicle_tables import Purchase
from db.incentives.tables import IncentiveClaim
from db.leads.tables import Lead
from db.marketing.tables import MarketingSpend
from db.onboarding.tables import Onboarding
from db.parts.rules import KIND_OF_RANK
from db.parts.tables import PartsOrderLine
from db.surveys.tables import Survey, SurveyAnswer
from tests.claim_payments.factories import House as ClaimHouse
from tests.claims.factories import NOW as CLAIMS_NOW
from tests.reports.recounting import Parts, ask, assert_parts, hold, number, ratio, share, stored
from tests.reports.told import WORLDS, World, told


@pytest.fixture
def desk(sqlite_templates, tmp_path):
    with told(sqlite_templates, "desk", tmp_path) as engine:
        yield engine


def test_leads_by_the_month_they_came(desk: Engine):
    world = WORLDS["desk"]
    received = [lead for lead in stored(desk, Lead) if lead.status != "held"]
    valid = [lead for lead in received if lead.status not in ("bad", "duplicate")]
    contacted = [lead for lead in valid if lead.contacted_at]
    with_time = [lead for lead in valid if lead.appointment_set_at]
    hold(desk, world, "received", received, number)
    hold(desk, world, "valid", valid, number)
    hold(desk, world, "valid_share", received, share(lambda x: x in valid))
    hold(desk, world, "bad_share", received, share(lambda x: x.status == "bad"))
    hold(desk, world, "duplicate_share", received, share(lambda x: x.status == "duplicate"))
    hold(desk, world, "contact_rate", valid, share(lambda x: bool(x.contacted_at)))
    hold(desk, world, "appointment_set_rate", contacted, share(lambda x: bool(x.appointment_set_at)))
    hold(desk, world, "show_rate", with_time, share(lambda x: bool(x.appointment_shown_at)))
    hold(desk, world, "close_rate", valid, share(lambda x: bool(x.sold_at)))
    due = [x for x in valid if x.first_action_due_at and (
        x.first_action_at or not x.is_open or x.first_action_due_at < world.now
    )]  # fmt: skip
    in_time = lambda x: bool(x.first_action_at and x.first_action_at <= x.first_action_due_at)  # noqa: E731
    hold(desk, world, "response_sla", due, share(in_time))
    ended = [x for x in valid if x.sold_at or x.status == "lost"]
    hold(desk, world, "win_rate", ended, share(lambda x: bool(x.sold_at)))


def test_appointments_confirmed_and_recovered(desk: Engine):
    world = WORLDS["desk"]
    rows = stored(desk, Appointment)
    due = [
        a for a in rows
        if counts_as_due(a.status, starts_at=a.starts_at, rescheduled_at=a.rescheduled_at, now=world.now)
    ]  # fmt: skip

    def came_later(missed: Any) -> bool:
        return any(
            a.uid == missed.uid and a.sequence > missed.sequence and a.status in ("shown", "completed") for a in rows
        )

    hold(desk, world, "appointment_confirmation_rate", due, share(lambda a: bool(a.confirmed_at)))
    hold(desk, world, "appointment_recovery_rate", [a for a in due if a.status == "no_show"], share(came_later))


def tenths(total: Fraction | int, n: int) -> float | None:
    """A mean rounded half up to one decimal."""
    return math.floor(Fraction(total) / n * 10 + Fraction(1, 2)) / 10 if n else None


def test_surveys(desk: Engine):
    world = WORLDS["desk"]
    surveys = stored(desk, Survey)
    counted = [s for s in surveys if s.answered_on and not s.excluded_at and s.raw_answers]
    given: dict[int, list[Any]] = defaultdict(list)
    for answer in stored(desk, SurveyAnswer):
        given[answer.survey_id].append(answer)

    def questions(survey: Any) -> list[tuple[Any, dict[str, Any]]]:
        by_key = {q["key"]: q for q in survey.questions}
        return [(a, by_key[a.question]) for a in given[survey.id]]

    def index(survey: Any) -> Fraction | None:
        """In points with two decimals, as it is stored with each survey."""
        weighted = [(a, q) for a, q in questions(survey) if q["weight"]]
        if not weighted:
            return None
        total = sum(Fraction(q["weight"] * a.answer, q["best"]) for a, q in weighted)
        exact = total / sum(q["weight"] for _, q in weighted) * 100
        return Fraction(math.floor(exact * 100 + Fraction(1, 2)), 100)

    def of_index(rows: list[Any]) -> Parts:
        found = [i for i in map(index, rows) if i is not None]
        return float(sum(found)), len(found), tenths(sum(found), len(found))

    def of_nps(rows: list[Any]) -> Parts:
        said = [a.answer for s in rows for a, q in questions(s) if q["is_nps"]]
        net = sum(a >= 9 for a in said) - sum(a <= 6 for a in said)
        value = tenths(Fraction(100 * net), len(said))
        return net, len(said), value

    def of_top(rows: list[Any]) -> Parts:
        said = [(a, q) for s in rows for a, q in questions(s) if q["weight"]]
        return ratio(sum(a.answer >= q["top_from"] for a, q in said), len(said))

    assert len(counted) >= 4
    hold(desk, world, "csi", [s for s in counted if s.kind == "csi"], of_index)
    hold(desk, world, "ssi", [s for s in counted if s.kind == "ssi"], of_index)
    hold(desk, world, "nps", counted, of_nps)
    hold(desk, world, "survey_top_box", counted, of_top)
    hold(
        desk,
        world,
        "survey_response_rate",
        surveys,
        share(lambda s: s.answered_on is not None),
        month=lambda s: s.sent_on,
    )


def test_what_leads_appointments_and_sales_cost(desk: Engine):
    world = WORLDS["desk"]
    spend = [s for s in stored(desk, MarketingSpend) if s.is_current and s.month <= world.now.date()]
    leads = [lead for lead in stored(desk, Lead) if lead.status != "held"]
    valid = [lead for lead in leads if lead.status not in ("bad", "duplicate")]
    counted = {
        "cost_per_lead": leads, "cost_per_valid_lead": valid,
        "cost_per_appointment": [x for x in valid if x.appointment_set_at],
        "cost_per_sale": [x for x in valid if x.sold_at],
    }  # fmt: skip
    for row in ask(desk, world, "marketing_spend", "source"):
        assert row["value"] == (sum(s.cents for s in spend if s.source == row["source"]) or None), row
    total = sum(s.cents for s in spend)
    assert_parts("marketing_spend", "all", ask(desk, world, "marketing_spend")[0], (total, None, total))
    for name, some in counted.items():
        places = [("all", ask(desk, world, name)[0], spend, some)] + [
            (
                row["source"], row, [s for s in spend if s.source == row["source"]],
                [x for x in some if x.source == row["source"]],
            )
            for row in ask(desk, world, name, "source")
        ]  # fmt: skip
        assert len(places) > 1
        for where, row, paid, of in places:
            cents = sum(s.cents for s in paid) if paid else None
            each = math.floor(Fraction(cents, len(of)) + Fraction(1, 2)) if cents is not None and of else None
            assert_parts(name, where, row, (cents, len(of), each))


def test_who_bought_again(desk: Engine):
    world = WORLDS["desk"]
    purchases = stored(desk, Purchase)
    bought = [p for p in purchases if world.first.replace(day=1) <= p.bought_on]
    assert len({p.customer_id for p in bought}) == len(bought)
    again = lambda p: any(o.customer_id == p.customer_id and o.bought_on > p.bought_on for o in purchases)  # noqa: E731
    hold(desk, world, "repurchase", bought, share(again))
    won = [x for x in stored(desk, Lead) if x.sold_at and x.status not in ("bad", "duplicate", "held")]

    def before(lead: Any) -> bool:
        if lead.customer_id is None:
            return False
        return any(p.customer_id == lead.customer_id and p.bought_on < lead.decided_on for p in purchases) or any(
            o.customer_id == lead.customer_id and o.sold_at < lead.sold_at for o in won
        )

    hold(desk, world, "repeat_business", won, share(before))


def test_backorders_and_promises_of_parts(sqlite_templates, tmp_path):
    world = WORLDS["parts"]
    with told(sqlite_templates, "parts", tmp_path) as engine:
        lines = stored(engine, PartsOrderLine)
        today = local_day(world.now, DESK_ZONE)
        waiting = [x for x in lines if x.is_open and (x.first_promised_on is None or x.first_promised_on < today)]
        weights = {"vehicle_down": 5, "emergency": 2, "stock": 1}

        def weight(line: Any) -> int:
            return weights[KIND_OF_RANK[line.rank]]

        def heavy(rows: list[Any]) -> Parts:
            return sum(map(weight, rows)), None, sum(map(weight, rows))

        def down(rows: list[Any]) -> Parts:
            stand = sum(KIND_OF_RANK[x.rank] == "vehicle_down" for x in rows)
            return stand, len(rows), stand

        hold(engine, world, "parts_backorders", waiting, number)
        hold(engine, world, "parts_vehicles_down", waiting, down)
        hold(engine, world, "parts_backorder_weight", waiting, heavy)
        days = lambda rows: sum(weight(x) * (today - x.ordered_on).days for x in rows)  # noqa: E731
        hold(engine, world, "parts_backorder_age", waiting, lambda rows: ratio(days(rows), sum(map(weight, rows))))
        promised = [x for x in lines if x.first_promised_on and x.first_promised_on < today and not x.cancelled]
        kept = lambda x: x.shipped >= x.ordered and x.shipped_on <= x.first_promised_on  # noqa: E731
        hold(engine, world, "parts_promise_kept", promised, share(kept))


def test_campaigns_and_payments_of_coop(sqlite_templates, tmp_path):
    world = WORLDS["coop"]
    with told(sqlite_templates, "coop", tmp_path) as engine:
        claims = stored(engine, CoopClaim)
        memos = {m.id: m.issued_at for m in stored(engine, CoopMemo)}
        paid: dict[int, Any] = {}
        for line in stored(engine, CoopMemoLine):
            if line.cents > 0:
                paid[line.claim_id] = min(paid.get(line.claim_id, memos[line.memo_id]), memos[line.memo_id])
        took = sorted((paid[c.id] - c.decided_at) // timedelta(minutes=1) for c in claims if c.id in paid)
        assert took
        (row,) = ask(engine, world, "coop_pay_time")
        assert row["value"] == pytest.approx(median(took) / 1440)
        (row,) = ask(engine, world, "coop_pay_p90")
        assert row["value"] == pytest.approx(took[math.ceil(0.9 * len(took)) - 1] / 1440)

        requests = {r.id: r for r in stored(engine, CoopRequest)}
        pays: dict[int, list[Any]] = defaultdict(list)
        with reading(engine) as session:
            for campaign_id, request_id in session.execute(
                select(CoopCampaignRequest.campaign_id, CoopCampaignRequest.request_id)
            ):
                pays[campaign_id].append(requests[request_id])
        leads = [x for x in stored(engine, Lead) if x.status not in ("bad", "duplicate", "held")]
        campaigns = stored(engine, CoopCampaign)

        def cost(campaign: Any) -> int:
            """What approved claims say, and what an approved request that nobody claimed yet plans."""
            total = 0
            for request in pays[campaign.id]:
                own = [c for c in claims if c.request_id == request.id and c.status in ("approved", "paid")]
                planned = request.cost_cents if request.status in HOLDS else 0
                total += sum(c.cost_cents for c in own) or planned
            return total

        def came(campaign: Any) -> list[Any]:
            last = campaign.ends_on + timedelta(days=30)
            return [
                x for x in leads
                if x.dealer_id == campaign.dealer_id and x.source.upper() == campaign.code
                and campaign.starts_on <= x.received_on <= last
            ]  # fmt: skip

        def each(rows: list[Any], of: Callable[[Any], int]) -> Parts:
            costed = [c for c in rows if cost(c)]
            cents, n = sum(map(cost, costed)), sum(map(of, costed))
            return cents, n, math.floor(Fraction(cents, n) + Fraction(1, 2)) if n else None

        def sold(campaign: Any) -> int:
            return sum(bool(x.sold_at) for x in came(campaign))

        hold(engine, world, "coop_campaign_lead_cost", campaigns, lambda rows: each(rows, lambda c: len(came(c))))
        hold(engine, world, "coop_campaign_sale_cost", campaigns, lambda rows: each(rows, sold))
        over = [c for c in campaigns if c.ends_on < local_day(world.now, DESK_ZONE)]
        reached = lambda c: (len(came(c)) if c.goal_kind == "leads" else sold(c)) >= c.goal  # noqa: E731
        hold(engine, world, "coop_campaign_goals", over, share(reached))


def test_openings_of_dealers(sqlite_templates, tmp_path):
    world = WORLDS["onboarding"]
    with told(sqlite_templates, "onboarding", tmp_path) as engine:
        ended = [x for x in stored(engine, Onboarding) if x.closed_at is not None]
        live = [x for x in ended if x.status == "active"]
        hold(engine, world, "activation_rate", ended, share(lambda x: x in live))
        took = lambda rows: sorted((x.closed_at - x.created_at) // timedelta(days=1) for x in rows)  # noqa: E731
        days = lambda rows: took(rows)[math.ceil(len(rows) / 2) - 1]  # noqa: E731 - of two middles the lower
        hold(engine, world, "onboarding_days", live, lambda rows: (None, len(rows), days(rows)))


def test_denied_claims_of_incentives(sqlite_templates, tmp_path):
    world = WORLDS["incentives"]
    with told(sqlite_templates, "incentives", tmp_path) as engine:
        decided = [
            c for c in stored(engine, IncentiveClaim)
            if c.decided_at and c.status in ("approved", "partially_approved", "denied")
            and world.first <= local_day(c.decided_at, DESK_ZONE) <= world.last
        ]  # fmt: skip
        hold(engine, world, "incentive_denial", decided, share(lambda c: c.status == "denied"))


def test_days_until_a_claim_is_paid(sqlite_engine):
    house = ClaimHouse(sqlite_engine)
    for days, dealer in ((0, house.dealer), (3, house.dealer), (1, house.other_dealer)):
        at = CLAIMS_NOW + timedelta(days=days)
        house.approved(cents=200_00 + days, dealer_id=dealer, now=at)
        if days:
            house.batch(now=at + timedelta(days=2 * days, hours=7))
    house.approved(cents=90_00, now=CLAIMS_NOW)  # waits
    world = World(
        areas=(), tell=ClaimHouse, now=CLAIMS_NOW + timedelta(days=30), first=CLAIMS_NOW.date() - timedelta(days=9),
        last=CLAIMS_NOW.date() + timedelta(days=30),
    )  # fmt: skip
    paid = [c for c in stored(sqlite_engine, Claim) if c.paid_at]
    assert len(paid) == 3

    def waited(rows: list[Any]) -> Parts:
        return ratio(
            sum((local_day(c.paid_at, DESK_ZONE) - local_day(c.decided_at, DESK_ZONE)).days for c in rows), len(rows)
        )

    hold(sqlite_engine, world, "claim_days_to_pay", paid, waited)
