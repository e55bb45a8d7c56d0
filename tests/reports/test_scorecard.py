"""Dealers beside their peers: bands, places, quartiles, and that nobody reads another dealer's numbers."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import Engine

from db import catalog
from db.core.actor import EVERYTHING, Scope
from db.core.session import reading, run, writing
from db.exports import run_export
from db.reports.overview_queries import Narrowed
from db.reports.period_rules import Span
from db.reports.scorecard_queries import MOST, OFFERED, chosen_metrics, counted_bands, ordered, scorecard
from tests.leads.factories import NOW, Network, make_dealer, make_network, receive
from tests.reports.test_overview import DAY, JUNE, counted
from tests.reports.told import WORLDS, told
from tests.support.again import begun

NAMES = ("valid_share", "received", "csi")


def cards(engine: Engine, scope: Scope, chosen: Narrowed = Narrowed(), names: tuple[str, ...] = NAMES):  # noqa: B008
    with reading(engine) as session:
        return scorecard(session, scope=scope, chosen=chosen, span=JUNE, names=names, on=DAY, now=NOW)


@pytest.fixture
@begun
def network(sqlite_engine: Engine) -> Network:
    """Seven dealers in the East with ten leads, of which none, one, two ... are bad; the West has nine leads."""
    made = make_network(sqlite_engine)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        others = [make_dealer(session, f"0090{n}", f"Other {n}").id for n in range(5)]
    for bad, dealer_id in enumerate([made.north, *others, made.south]):
        for n in range(10):
            receive(sqlite_engine, dealer_id=dealer_id, status="bad" if n < bad else "")
    for _ in range(9):
        receive(sqlite_engine, dealer_id=made.west)
    return made


def test_each_figure_beside_its_peers(sqlite_engine: Engine, network: Network):
    rows = {row.dealer_id: row for row in cards(sqlite_engine, EVERYTHING)}
    assert network.closed not in rows, "a terminated dealer is nobody's peer"
    north, south, west = (rows[i].cells["valid_share"] for i in (network.north, network.south, network.west))
    assert (north.part.value, north.band, north.place, north.ranked) == (1.0, "best", 1, 7)
    assert north.group == "Dealers in East"
    assert north.peers is not None
    assert (round(north.peers.low, 3), round(north.peers.median, 3), round(north.peers.high, 3)) == (0.55, 0.7, 0.85)
    assert (south.part.value, south.band, south.place) == (0.4, "worst", 7)
    assert (west.small, west.band, west.place, west.group) == (True, "few", None, "All dealers")
    assert west.peers == north.peers, "what is too small to rank is no peer of anybody either"
    assert rows[network.north].cells["received"].band == "plain"
    assert rows[network.north].cells["csi"].band == "none"
    assert counted_bands(rows[network.north]) == {"best": 1, "plain": 1, "none": 1}


def test_a_dealer_manager_reads_the_own_row_and_nobody_elses(sqlite_engine: Engine, network: Network):
    (row,) = cards(sqlite_engine, network.dealer_manager.scope)
    assert row.name == "North Motors"
    assert row.cells["valid_share"].peers is not None, "the median of the others is nobody's number"
    text = repr(row)
    assert not any(name in text for name in ("South", "West", "Other", "00102", "00201", "0090"))
    assert cards(sqlite_engine, network.dealer_manager.scope, Narrowed(dealer_id=network.south)) == []
    assert cards(sqlite_engine, network.dealer_manager.scope, Narrowed(region="West")) == []


def test_fewer_than_five_others_are_no_comparison(sqlite_engine: Engine):
    made = make_network(sqlite_engine)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        others = [make_dealer(session, f"0090{n}", f"Other {n}").id for n in range(2)]
    for dealer_id in [made.north, made.south, made.west, *others]:
        for _ in range(10):
            receive(sqlite_engine, dealer_id=dealer_id)
    cell = next(r for r in cards(sqlite_engine, EVERYTHING) if r.dealer_id == made.north).cells["valid_share"]
    assert (cell.band, cell.peers, cell.place, cell.group) == ("alone", None, None, "Too few peers")


def test_follow_up_and_the_quality_of_answers_stand_beside_peers_as_the_rest(sqlite_templates, tmp_path):
    names = ("cadence_adherence", "response_quality", "question_answered")
    assert set(names) <= set(OFFERED)
    world = WORLDS["desk"]
    span = Span(first=world.first, last=world.last)
    with told(sqlite_templates, "desk", tmp_path) as engine, reading(engine) as session:
        rows = scorecard(
            session, scope=EVERYTHING, chosen=Narrowed(), span=span, names=names, on=world.last, now=world.now
        )
        for name in names:
            found = catalog.metric(name).compute(
                session, scope=EVERYTHING, by=("dealer",), filters={"from": span.first, "to": span.last}, now=world.now
            )
            counted = {r["dealer_id"]: (r["value"], r["denominator"]) for r in found if r["denominator"]}
            shown = {r.dealer_id: r.cells[name] for r in rows}
            assert {i: (c.part.value, c.part.denominator) for i, c in shown.items() if i in counted} == counted != {}
            for cell in shown.values():  # fewer than ten tasks or reviews: told as two numbers, no place
                assert cell.small == bool(cell.part.denominator is not None and cell.part.denominator < 10)
                expected = "none" if cell.part.value is None else "few" if cell.small else "alone"
                assert (cell.band, cell.place) == (expected, None)
            assert any(cell.small for cell in shown.values())


@pytest.mark.parametrize(
    "by, worst_first, first, last",
    [
        ("", True, "North Motors", "West Motors"),
        ("valid_share", True, "South Motors", "West Motors"),
        ("valid_share", False, "North Motors", "West Motors"),
    ],
)
def test_order(sqlite_engine: Engine, network: Network, by: str, worst_first: bool, first: str, last: str):
    rows = ordered(cards(sqlite_engine, EVERYTHING), by=by, worst_first=worst_first)
    assert (rows[0].name, rows[-1].name) == (first, last), "what is too small to rank stands at the end"


def test_as_many_statements_for_a_large_network_as_for_a_small_one(sqlite_engine: Engine, network: Network):
    with counted(sqlite_engine) as said:
        cards(sqlite_engine, EVERYTHING, names=OFFERED[:MOST])
    before = len(said)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        ids = [make_dealer(session, f"008{n:02}", f"More {n}").id for n in range(15)]
    for dealer_id in ids:
        receive(sqlite_engine, dealer_id=dealer_id)
    with counted(sqlite_engine) as said:
        rows = cards(sqlite_engine, EVERYTHING, names=OFFERED[:MOST])
    assert len(rows) == 23
    assert len(said) == before


def test_metrics_are_those_the_actor_may_see(network: Network):
    assert "csi" in chosen_metrics([], actor=network.dealer_manager)
    assert chosen_metrics(["csi", "nonsense", "received"], actor=network.manager) == ("csi",)
    assert len(chosen_metrics(OFFERED, actor=network.manager)) == MOST
    assert chosen_metrics(["won"], actor=network.staff) == ()


def test_the_export_has_what_the_screen_has(sqlite_engine: Engine, network: Network):
    def exported(actor):
        made = run(
            run_export, bind=sqlite_engine, kind="scorecard", file_format="csv", actor=actor, now=NOW,
            filters={"period": "month", "metrics": ["contact_rate", "csi"]},
        )  # fmt: skip
        return list(csv.DictReader(io.StringIO(made.content.decode("utf-8-sig"))))

    whole = exported(network.manager)
    assert len(whole) == 8 * 2
    line = next(r for r in whole if r["Dealer code"] == "00101" and r["Metric"] == "Contact rate")
    assert (line["Out of"], line["Value"], line["Beside peers"]) == ("10", "0.0", "Too few peers")
    own = exported(network.dealer_manager)
    assert {r["Dealer"] for r in own} == {"North Motors"}
