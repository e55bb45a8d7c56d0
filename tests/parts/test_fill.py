"""Fill rates against a plain recomputation of the same lines, figures, slips, and what a dealer's page says."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from sqlalchemy import select

from db.core.area import MetricDefinition
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.parts.backorder_queries import BackorderFilters, ageing
from db.parts.dealer_queries import lines, signals
from db.parts.fill_queries import counts, fill_rates
from db.parts.line_commands import cancel_line
from db.parts.metrics_queries import METRICS, compute
from db.parts.rules import KIND_OF_RANK, WEIGHTS, fill_tone
from db.parts.slip_queries import SlipFilters, list_slips, slips_by_cause
from db.parts.tables import PartsOrderLine, PartsWarehouse
from db.warranty.tables import Component, Part
from tests.parts import factories as f
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person

NOW = f.NOW
DAY = date(2026, 11, 23)
YEAR = {"from": DAY - timedelta(days=364), "to": DAY}


class Desk:
    """Two dealers in two regions, a warehouse that faces one of them, three parts in two classes, and orders."""

    def __init__(self, engine):
        self.engine = engine
        self.lone = make_dealer(engine)
        self.star = make_dealer(engine, code="0999", name="North Star", region="West")
        make_person(engine, "cora", Role.COORDINATOR)
        make_person(engine, "dana", Role.DEALER_MANAGER)
        make_person(engine, "stella", Role.DEALER_MANAGER, dealer_ids=[self.star])
        self.cora, self.dana, self.stella = (actor_named(engine, n) for n in ("cora", "dana", "stella"))

    def order(self, dealer, days=0, **more):
        at = NOW - timedelta(days=days)
        return f.placed(self.engine, dealer_id=dealer, actor=self.cora, now=at, **more)

    def ask(self, query, **more):
        with reading(self.engine) as session:
            return query(session, **more)


@pytest.fixture
@begun
def desk(sqlite_engine):
    return furnished(sqlite_engine)


@pytest.fixture
@begun
def both(engine):
    return furnished(engine)


def furnished(engine):
    made = Desk(engine)
    with writing(engine, keeps_timeline=False) as session:
        session.add(
            PartsWarehouse(code="EAST", name="East", regions=["West"], updated_at=NOW, updated_by="A test")
        )  # fmt: skip
        session.add(Component(code="BRAKES", name="Brakes"))
    for number, stock in (("BR-100", 6), ("EN-1", 3), ("XX-1", None)):
        f.part(engine, number, on_hand=stock)
    with writing(engine, keeps_timeline=False) as session:
        session.scalars(select(Part).where(Part.number == "BR-100")).one().component = "BRAKES"
    made.order(made.lone, 40, lines={"BR-100": 4, "XX-1": 2})
    made.order(made.star, 35, kind="vehicle_down", lines={"BR-100": 3, "EN-1": 3})
    made.order(made.star, 5, kind="emergency", lines={"EN-1": 1})
    made.order(made.lone, 2, lines={"BR-100": 1})
    return made


def recomputed(engine, *, key, source, keep=lambda line, number: True):
    """The same by hand: every line on its own, in plain Python."""
    with reading(engine) as session:
        rows = session.execute(select(PartsOrderLine, Part).join(Part, Part.id == PartsOrderLine.part_id)).all()
        session.expunge_all()
    found: dict[object, list[int]] = {}
    for line, part in rows:
        covered = line.network_units if source == "network" else line.facing_units
        if covered is None or not keep(line, part):
            continue
        cell = found.setdefault(key(line, part), [0, 0, 0, 0])
        cell[0] += 1
        cell[1] += 1 if covered >= line.ordered else 0
        cell[2] += line.ordered
        cell[3] += covered
    return found


KEYS = {
    "all": lambda line, part: None,
    "month": lambda line, part: line.ordered_on.replace(day=1),
    "region": lambda line, part: line.region,
    "component": lambda line, part: part.component,
    "kind": lambda line, part: KIND_OF_RANK[line.rank],
    "dealer": lambda line, part: line.dealer_id,
    "part": lambda line, part: line.part_id,
}


@pytest.mark.parametrize(("by", "source"), list(product(KEYS, ("network", "facing"))))
def test_fill_is_what_a_plain_recomputation_gives(desk, by, source):
    rows = desk.ask(fill_rates, actor=desk.cora, by=by, source=source, since=YEAR["from"], until=YEAR["to"])
    expected = recomputed(desk.engine, key=KEYS[by], source=source)
    assert {r.key: [r.lines, r.filled_lines, r.units, r.filled_units] for r in rows} == expected
    assert expected


def test_fill_is_what_was_free_and_not_what_came_later(desk):
    parts = desk.ask(fill_rates, actor=desk.cora, by="part", since=YEAR["from"], until=YEAR["to"])
    rows = {r.label: (r.lines, r.filled_lines, r.units, r.filled_units) for r in parts}
    # Brakes: 4 of 6 for the first, 2 of 3 for the second, nothing is left for the third. XX-1 has no stock figure.
    assert rows == {"BR-100": (3, 1, 8, 6), "EN-1": (2, 1, 4, 3)}
    facing = {r.label: (r.lines, r.filled_units)
              for r in desk.ask(fill_rates, actor=desk.cora, by="dealer", source="facing", since=YEAR["from"],
                                until=YEAR["to"])}  # fmt: skip
    assert facing["North Star"][1] > 0, "the warehouse faces the West"
    assert facing.get("Lone Pine Motors", (0, 0))[1] == 0, "no warehouse faces the dealer"


def test_both_databases_count_alike(both):
    order = both.order(both.lone, 3)
    f.promised(both.engine, order, DAY, actor=both.cora)
    f.promised(both.engine, order, DAY + timedelta(days=3), actor=both.cora, cause="supplier", reason="Strike")
    for by, key in KEYS.items():
        rows = both.ask(fill_rates, actor=both.cora, by=by, since=YEAR["from"], until=YEAR["to"])
        expected = recomputed(both.engine, key=key, source="network")
        assert {r.key: [r.lines, r.filled_lines, r.units, r.filled_units] for r in rows} == expected, by
    values = {m.definition.name: both.ask(m.compute, scope=both.cora.scope, by=(), filters=None, now=NOW)[0]["value"]
              for m in METRICS}  # fmt: skip
    assert values == {
        "parts_line_fill": pytest.approx(2 / 6), "parts_unit_fill": pytest.approx(9 / 16),
        "parts_backorders": 6,
        "parts_vehicles_down": 2, "parts_backorder_weight": 15, "parts_backorder_age": pytest.approx(442 / 15),
        "parts_promise_kept": None, "parts_line_fill_facing": pytest.approx(2 / 6),
        "parts_unit_fill_facing": pytest.approx(6 / 16),
    }  # fmt: skip
    assert [c.days for c in both.ask(slips_by_cause, actor=both.cora, filters=SlipFilters(since=NOW))] == [3]
    assert [r.slip_first for r in both.ask(list_slips, actor=both.cora, filters=SlipFilters(part="BR"))[0]] == [3]
    said = both.ask(lines, dealer_id=both.star, actor=both.cora, now=NOW, since=None)
    assert "2 vehicle-down lines on backorder" in [x.title for x in said]
    assert both.star in both.ask(signals, scope=both.cora.scope, now=NOW)


@pytest.mark.parametrize(
    ("filters", "keep"),
    [
        ({"kind": "vehicle_down"}, lambda line, part: line.rank == 0),
        ({"component": "BRAKES"}, lambda line, part: part.component == "BRAKES"),
        ({"part": "br"}, lambda line, part: part.number == "BR-100"),
        ({"region": "West"}, lambda line, part: line.region == "West"),
        ({"dealer": "0999"}, lambda line, part: line.region == "West"),
        ({"from": "2026-11-01"}, lambda line, part: line.ordered_on >= date(2026, 11, 1)),
        ({"to": "2026-10-31"}, lambda line, part: line.ordered_on <= date(2026, 10, 31)),
        ({"dealer": "unknown"}, lambda line, part: False),
    ],
)
def test_filters_narrow_to_the_lines_they_name(desk, filters, keep):
    (row,) = desk.ask(counts, scope=desk.cora.scope, filters=filters)
    expected = recomputed(desk.engine, key=lambda *_: None, source="network", keep=keep).get(None, [0, 0, 0, 0])
    assert [row["lines"], row["filled_lines"], row["units"], row["filled_units"]] == expected


@pytest.mark.parametrize("filters", [{"colour": "red"}, {"kind": "urgent"}, {"from": "yesterday"}])
def test_what_cannot_be_read_is_refused(desk, filters):
    with pytest.raises(Refused):
        desk.ask(counts, scope=desk.cora.scope, filters=filters)


@pytest.mark.parametrize(
    ("percent", "tone"), [(None, "gray"), (89.9, "red"), (90, "orange"), (94.9, "orange"), (95, "green")]
)
def test_the_target_is_90_to_95(percent, tone):
    assert fill_tone(percent) == tone


def test_everybody_sees_the_fill_of_the_own_dealers_only(desk):
    span = {"since": YEAR["from"], "until": YEAR["to"]}
    assert [r.label for r in desk.ask(fill_rates, actor=desk.dana, by="dealer", **span)] == ["Lone Pine Motors"]
    assert [r.label for r in desk.ask(fill_rates, actor=desk.stella, by="dealer", **span)] == ["North Star"]
    (own,) = desk.ask(fill_rates, actor=desk.dana, by="all", **span)
    expected = recomputed(
        desk.engine, key=lambda *_: None, source="network", keep=lambda line, _: line.dealer_id == desk.lone
    )
    assert [own.lines, own.filled_lines, own.units, own.filled_units] == expected[None]


# ---- metrics -------------------------------------------------------------------------------------------------------
def metric(desk, name, actor=None, **more):
    return desk.ask(compute, scope=(actor or desk.cora).scope, name=name, now=NOW, **more)


def test_backorders_count_a_vehicle_that_stands_five_times(desk):
    groups = desk.ask(ageing, actor=desk.cora, filters=BackorderFilters(), now=NOW)
    (backorders,), (weighted,) = metric(desk, "parts_backorders"), metric(desk, "parts_backorder_weight")
    assert backorders["value"] == sum(g.lines for g in groups) == 6
    assert weighted["value"] == sum(g.weighted for g in groups) == 2 * 5 + 1 * 2 + 3 * 1
    (age,) = metric(desk, "parts_backorder_age")
    by_hand = (2 * 5 * 35 + 1 * 2 * 5 + 2 * 1 * 40 + 1 * 1 * 2, 15)
    assert (age["numerator"], age["denominator"]) == by_hand
    assert age["value"] == pytest.approx(by_hand[0] / by_hand[1])
    down = {r["kind"]: r["value"] for r in metric(desk, "parts_vehicles_down", by=("kind",))}
    assert down == {"vehicle_down": 2, "emergency": 0, "stock": 0}
    assert WEIGHTS == {"vehicle_down": 5, "emergency": 2, "stock": 1}


def test_a_promise_is_kept_by_the_first_day_or_not_at_all(desk):
    early, late, moved, ended = (desk.order(desk.lone, 20, lines={"EN-1": 1}) for _ in range(4))
    said = NOW - timedelta(days=20)
    for order in (early, late, moved, ended):
        f.promised(desk.engine, order, DAY - timedelta(days=15), actor=desk.cora, now=said)
    f.promised(
        desk.engine, moved, DAY - timedelta(days=5), actor=desk.cora, now=said, cause="supplier", reason="Strike"
    )  # fmt: skip
    f.shipped(desk.engine, early, 1, actor=desk.cora, now=NOW - timedelta(days=16))
    f.shipped(desk.engine, late, 1, actor=desk.cora, now=NOW - timedelta(days=14))
    f.shipped(desk.engine, moved, 1, actor=desk.cora, now=NOW - timedelta(days=6))
    line = f.line_of(desk.engine, ended)
    run(
        cancel_line, bind=desk.engine, line_id=line.id, seen_version=line.version, quantity=1, reason="Superseded",
        actor=desk.cora, now=said,
    )  # fmt: skip
    (kept,) = metric(desk, "parts_promise_kept")
    assert (kept["numerator"], kept["denominator"]) == (1, 3)
    assert metric(desk, "parts_promise_kept", actor=desk.stella)[0]["denominator"] == 0
    assert [r["month"] for r in metric(desk, "parts_promise_kept", by=("month",))] == [date(2026, 11, 1)]


@pytest.mark.parametrize("name", [m.definition.name for m in METRICS])
def test_every_figure_is_split_by_each_of_its_dims_and_adds_up(desk, name):
    (found,) = [m for m in METRICS if m.definition.name == name]
    assert isinstance(found.definition, MetricDefinition)
    (whole,) = desk.ask(found.compute, scope=desk.cora.scope, by=(), filters=None, now=NOW)
    for dim in found.dims:
        rows = desk.ask(found.compute, scope=desk.cora.scope, by=(dim,), filters=None, now=NOW)
        assert sum(r["numerator"] for r in rows) == whole["numerator"], dim
        own = desk.ask(found.compute, scope=desk.dana.scope, by=("dealer", dim), filters=None, now=NOW)
        assert {r["dealer_name"] for r in own} <= {"Lone Pine Motors"}
    for wrong in ({"by": ("colour",)}, {"filters": {"colour": "red"}}):
        with pytest.raises(Refused):
            desk.ask(found.compute, scope=desk.cora.scope, now=NOW, **({"by": (), "filters": None} | wrong))


def test_there_is_no_figure_of_another_name(desk):
    with pytest.raises(Refused):
        metric(desk, "parts_colour")


# ---- slips ---------------------------------------------------------------------------------------------------------
def test_each_slip_is_listed_and_told_by_cause(desk):
    one, other = desk.order(desk.lone, 3), desk.order(desk.star, 3)
    for order in (one, other):
        f.promised(desk.engine, order, DAY + timedelta(days=2), actor=desk.cora)
    moves = [(one, 5, "supplier", "Strike"), (one, 9, "supplier", "Still"), (other, 4, "carrier", "Snow")]
    for order, days, cause, reason in moves:
        f.promised(desk.engine, order, DAY + timedelta(days=days), actor=desk.cora, cause=cause, reason=reason)
    f.promised(desk.engine, one, DAY + timedelta(days=6), actor=desk.cora)
    rows, following = desk.ask(list_slips, actor=desk.cora, filters=SlipFilters())
    assert [(r.dealer, r.slip_last, r.slip_first, r.cause) for r in rows] == [
        ("North Star", 2, 2, "carrier"), ("Lone Pine Motors", 4, 7, "supplier"), ("Lone Pine Motors", 3, 3, "supplier"),
    ]  # fmt: skip
    assert following is None
    assert (rows[0].before, rows[0].promised_on) == (DAY + timedelta(days=2), DAY + timedelta(days=4))
    first, at = desk.ask(list_slips, actor=desk.cora, filters=SlipFilters(), limit=2)
    rest, end = desk.ask(list_slips, actor=desk.cora, filters=SlipFilters(), limit=2, after=at)
    assert [r.id for r in first + rest] == [r.id for r in rows]
    assert end is None
    causes = desk.ask(slips_by_cause, actor=desk.cora, filters=SlipFilters(cause="carrier"))
    assert [(c.cause, c.slips, c.lines, c.days, c.mean_days) for c in causes] == [
        ("supplier", 2, 1, 7, 3.5), ("carrier", 1, 1, 2, 2.0),
    ]  # fmt: skip
    narrow = (
        (SlipFilters(cause="carrier"), 1), (SlipFilters(region="West"), 1), (SlipFilters(dealer_id=desk.lone), 2),
        (SlipFilters(kind="vehicle_down"), 0), (SlipFilters(kind="stock"), 3), (SlipFilters(part="br"), 3),
        (SlipFilters(part="EN"), 0), (SlipFilters(since=NOW + timedelta(days=1)), 0),
    )  # fmt: skip
    for filters, count in narrow:
        assert len(desk.ask(list_slips, actor=desk.cora, filters=filters)[0]) == count, filters
        if not filters.cause:
            assert sum(c.slips for c in desk.ask(slips_by_cause, actor=desk.cora, filters=filters)) == count, filters
    assert {r.dealer for r in desk.ask(list_slips, actor=desk.dana, filters=SlipFilters())[0]} == {"Lone Pine Motors"}
    assert [c.cause for c in desk.ask(slips_by_cause, actor=desk.stella, filters=SlipFilters())] == ["carrier"]


# ---- what parts say of a dealer ------------------------------------------------------------------------------------
def test_a_dealers_page_tells_what_waits_and_how_well_stock_covers(desk):
    order = desk.order(desk.star, 3, lines={"EN-1": 1})
    f.promised(desk.engine, order, DAY, actor=desk.cora)
    f.promised(desk.engine, order, DAY + timedelta(days=3), actor=desk.cora, cause="supplier", reason="Strike")
    f.shipped(desk.engine, order, 1, actor=desk.cora)
    f.claimed(desk.engine, order, actor=desk.cora)
    found = desk.ask(lines, dealer_id=desk.star, actor=desk.cora, now=NOW, since=None)
    assert [(x.kind, x.title) for x in found] == [
        ("overdue", "2 vehicle-down lines on backorder"), ("open", "3 parts lines on backorder"),
        ("changed", "1 promised day of parts slipped"), ("open", "1 parts claim to decide"),
        ("open", "Line fill 1 of 4 in 90 days"),
    ]  # fmt: skip
    assert found[1].detail == "The oldest for 35 days"
    assert found[2].detail == "Mostly: supplier late"
    assert all(str(desk.star) in (x.query.get("bo_dealer"), x.query.get("pc_dealer")) for x in found)
    assert desk.ask(lines, dealer_id=desk.star, actor=desk.dana, now=NOW, since=None) == []


def test_a_vehicle_that_stands_long_is_a_risk_and_low_fill_is_watched(desk):
    found = desk.ask(signals, scope=desk.cora.scope, now=NOW)
    assert [(s.level, s.sentence) for s in found[desk.star]] == [
        ("risk", "2 vehicle-down lines on backorder, the oldest for 35 days.")
    ]
    assert desk.lone not in found
    for _ in range(10):
        desk.order(desk.lone, 1, lines={"EN-1": 1})
    found = desk.ask(signals, scope=desk.cora.scope, now=NOW)
    assert [(s.level, s.sentence) for s in found[desk.lone]] == [
        ("watch", "Stock covered 1 of 12 parts lines ordered in 90 days.")
    ]
    assert set(desk.ask(signals, scope=desk.dana.scope, now=NOW)) == {desk.lone}
