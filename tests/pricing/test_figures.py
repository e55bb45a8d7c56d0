"""The figures of price requests against a plain recount of the requests as they are stored (issue 6, P16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import median

import pytest
from sqlalchemy import select

from db.calendar.queries import DESK_ZONE, usual_calendar
from db.calendar.rules import elapsed_minutes
from db.core.actor import EVERYTHING, Scope
from db.core.labels import local_day
from db.core.problems import Refused
from db.core.session import reading
from db.incentives.figure_filters import checked
from db.pricing import figure_metrics_queries, figure_queries
from db.pricing.figure_metrics_queries import FIGURES, METRICS
from db.pricing.tables import PriceRequest, PriceVersion
from tests.pricing.factories import DAY, FREE, LARGE, NOW, SMALL, House
from tests.support.again import begun

DAYS = {"from": date(2026, 10, 1), "to": date(2026, 11, 30)}
LATER = NOW + 7 * DAY
EARLY = NOW - 40 * DAY  # October, and a year before it something that does not count any more
LONG_AGO = NOW - 420 * DAY
OTHER = replace(SMALL, subject="Wagon X")
MEANT = replace(SMALL, repeats="program")


def tell(engine):
    """Approved at once, by one and by two levels, repeated, withdrawn, rejected, and one that waits."""
    house = House(engine)
    house.approved(SMALL, now=LONG_AGO)
    house.approved(SMALL, now=EARLY)
    item = house.send(SMALL, now=NOW)
    house.step("approve", item, "cora", now=NOW + timedelta(hours=30))
    house.approved(replace(SMALL, subject=" roadster gt "), now=NOW + DAY)
    house.approved(OTHER)
    house.approved(MEANT)
    house.approved(MEANT)
    house.approved(replace(FREE, subject="Wagon X"), dealer=house.other_dealer, by="otto")
    house.approved(LARGE, dealer=house.other_dealer, by="otto", now=NOW + DAY)
    house.step("withdraw", house.approved(SMALL), "dora")
    house.step("reject", house.send(SMALL), "cora", note="Enough")
    house.send(SMALL)
    return house


@pytest.fixture
@begun
def house(sqlite_engine):
    return tell(sqlite_engine)


def ask(house, name, *, scope=EVERYTHING, by=(), **filters):
    with reading(house.engine) as session:
        return figure_metrics_queries.compute(
            session, scope=scope, name=name, by=by, filters={**DAYS, **filters}, now=LATER
        )


def parts(house, name, **more):
    (row,) = ask(house, name, **more)
    return row["numerator"], row["denominator"]


def stored(house):
    with reading(house.engine) as session:
        rows = list(session.scalars(select(PriceRequest).order_by(PriceRequest.id)))
        sent = {
            (v.request_id, v.number): v.sent_at for v in session.scalars(select(PriceVersion).order_by(PriceVersion.id))
        }
        session.expunge_all()
    return rows, sent


def within(moment):
    return moment is not None and DAYS["from"] <= local_day(moment, DESK_ZONE) <= DAYS["to"]


def test_every_figure_is_what_a_plain_recount_gives(engine):
    house = tell(engine)
    rows, sent = stored(house)
    approved = [r for r in rows if within(r.approved_at)]
    assert parts(house, "price_requests")[0] == len([r for r in rows if within(r.created_at)]) == 11
    assert parts(house, "price_exceptions")[0] == len(approved) == 8
    assert parts(house, "price_cost")[0] == sum(r.approved_cents for r in approved)
    assert parts(house, "price_per_exception") == (sum(r.approved_cents for r in approved), 8)
    one_time = [r for r in approved if r.repeats == "one_time"]
    again = [
        r for r in one_time if any(
            e.id != r.id and e.dealer_id == r.dealer_id and e.subject_key == r.subject_key and e.repeats == "one_time"
            and e.approved_at and r.approved_at - timedelta(days=365) < e.approved_at < r.approved_at for e in rows
        )
    ]  # fmt: skip
    assert parts(house, "price_repeats") == (len(again), len(one_time)) == (2, 6)
    took = sorted(
        elapsed_minutes(usual_calendar(DESK_ZONE), sent[r.id, r.terms_version], r.approved_at)
        for r in approved if r.needed
    )  # fmt: skip
    (row,) = ask(house, "price_approval_time")
    assert (row["value"], row["denominator"]) == (pytest.approx(median(took) / 480), len(took))
    (row,) = ask(house, "price_approval_p90")
    assert row["value"] == pytest.approx(took[-1] / 480)  # nine in ten of seven is the seventh
    assert took[-1] > 0
    for by in figure_queries.DIMS:
        for one in METRICS:
            ask(house, one.definition.name, by=(by,))


@pytest.mark.parametrize("by", figure_queries.DIMS)
def test_parts_add_up_to_the_whole(house, by):
    for name, figure in FIGURES.items():
        whole, rows = parts(house, name), ask(house, name, by=(by,))
        assert sum(r["numerator"] for r in rows) == whole[0], name
        if figure.bottom:
            assert sum(r["denominator"] for r in rows) == whole[1], name


def test_the_first_after_more_than_a_year_is_no_repeat(house):
    with reading(house.engine) as session:
        asked = checked(session, DAYS, now=LATER)
        found = figure_queries.repeats(session, scope=EVERYTHING, asked=asked)
    early = next(r for r in stored(house)[0] if within(r.approved_at) and r.approved_at == EARLY)
    assert early.id not in {x.id for x in found}
    assert [x.dealer for x in found] == ["Lone Pine Motors"] * 2
    assert all(x.prior_at < x.approved_at and isinstance(x.prior_at, datetime) for x in found)
    assert [x.approved_at for x in found] == sorted((x.approved_at for x in found), reverse=True)


def test_nobody_sees_more_than_their_dealers(house):
    own = Scope("dealers", dealer_ids=frozenset({house.other_dealer}))
    west = Scope("regions", regions=frozenset({"West"}))
    for scope in (own, west):
        assert parts(house, "price_exceptions", scope=scope)[0] == 2
        assert parts(house, "price_repeats", scope=scope) == (0, 2)
        for one in METRICS:
            rows = ask(house, one.definition.name, scope=scope, by=("dealer",))
            assert {r["dealer_id"] for r in rows} <= {house.other_dealer}
        with reading(house.engine) as session:
            assert figure_metrics_queries.came_back(session, scope=scope, filters=DAYS, now=LATER) == []
            for by in figure_metrics_queries.BY:
                lines = figure_metrics_queries.lines(session, scope=scope, filters=DAYS, by=by, now=LATER)
                assert sum(x.value("price_exceptions") or 0 for x in lines) == 2
    assert parts(house, "price_exceptions", scope=own, dealer=house.dealer)[0] == 0
    assert parts(house, "price_exceptions", dealer="04099")[0] == 2
    assert parts(house, "price_exceptions", region="West")[0] == 2


def test_without_anything_no_figure_divides_by_zero(sqlite_engine):
    house = House(sqlite_engine)
    for one in METRICS:
        (row,) = ask(house, one.definition.name)
        is_ratio = one.definition.name not in FIGURES or FIGURES[one.definition.name].bottom
        assert row["value"] == (None if is_ratio else 0), one.definition.name
        assert ask(house, one.definition.name, by=("dealer",)) == []
    with reading(sqlite_engine) as session:
        found = figure_metrics_queries.overview(session, scope=EVERYTHING, filters=DAYS, now=LATER)
    assert found["price_repeats"].value is None
    with pytest.raises(Refused):
        ask(house, "price_nothing")
    with pytest.raises(Refused):
        ask(house, "price_cost", by=("program",))
