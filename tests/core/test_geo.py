"""Places: postal codes find their state and about where they lie, and distances are right."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.core.geo import BY_FIPS, STATES, distance_km, place_of, state_code, state_of_postal
from db.core.geo_postal import CANADA_ANCHORS, US_ANCHORS, ZIP3_STATES
from tests.support.paths import shared

CASES = [
    ("a ZIP", "90210", "CA"),
    ("a ZIP+4", "33101-1234", "FL"),
    ("leading zeros count", "02139", "MA"),
    ("a Canadian code", "K1A 0B1", "ON"),
    ("a Canadian code without the space", "v6b1a1", "BC"),
    ("Nunavut shares its letter with the Northwest Territories", "X0A 0H0", "NU"),
    ("the Northwest Territories", "X1A 1A1", "NT"),
    ("Samoa has three digits of Hawaii", "96799", "AS"),
    ("Saipan has three digits of Guam", "96950", "MP"),
    ("El Paso", "88510", "TX"),
    ("nothing", "", ""),
    ("a prefix nobody uses", "00001", ""),
    ("a German code with a letter", "D-10115", ""),
    ("four digits", "1234", ""),
]


@pytest.mark.parametrize(("postal", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_state_of_postal(postal: str, expected: str):
    assert state_of_postal(postal) == expected


NAMES = [("tx", "TX"), ("Texas", "TX"), ("US-TX", "TX"), ("ca", "CA"), ("New  York", "NY"), ("Narnia", ""), (None, "")]


@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_state_code(text: str | None, expected: str):
    assert state_code(text) == expected


def test_every_state_of_the_map_is_known():
    assert len(BY_FIPS) == 56
    assert {state.country for state in STATES.values()} == {"US", "CA"}


def test_each_anchor_lies_in_its_state():
    """Against the middle of its state, with room for the long ones."""
    room = {"TX": 750, "CA": 750, "AK": 1500, "FL": 520}
    for prefix, (latitude, longitude) in US_ANCHORS.items():
        state = STATES[ZIP3_STATES[prefix]]
        assert state.latitude is not None
        assert state.longitude is not None
        away = distance_km(latitude, longitude, state.latitude, state.longitude)
        assert away < room.get(state.code, 480), (prefix, state.code, away)
    assert {prefix[0] for prefix in CANADA_ANCHORS} == set("ABCEGHJKLMNPRSTVXY")


def test_a_postal_code_beats_the_state_beside_it():
    place = place_of("75201", "Ohio")
    assert place is not None
    assert (place.state, place.precision) == ("TX", "postal")


def test_a_state_alone_is_its_middle():
    place = place_of("", "Ohio")
    assert place is not None
    assert (place.state, place.precision, place.key) == ("OH", "state", "OH")


def test_a_foreign_postal_code_is_no_zip():
    assert place_of("10115", "", "DE") is None
    assert place_of("", "") is None


def test_known_distance():
    assert distance_km(40.7128, -74.0060, 34.0522, -118.2437) == pytest.approx(3936, abs=5)


points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(points, points)
def test_distance_is_symmetric_and_bounded(a: tuple[float, float], b: tuple[float, float]):
    there = distance_km(*a, *b)
    assert there == pytest.approx(distance_km(*b, *a), abs=1e-6)
    assert 0 <= there <= 20_016


def test_real_dealers_lie_near_an_anchor():
    """1,415 real positions: a dealer further than 200 km from every anchor would mean a hole in the table."""
    path = shared("dealers_toyota_us/dealers_directory.csv")
    with path.open(newline="") as file:
        dealers = list(csv.DictReader(file))
    near = 0
    for dealer in dealers:
        here = (float(dealer["lat"]), float(dealer["long"]))
        away = min(distance_km(*here, *anchor) for anchor in US_ANCHORS.values())
        assert away < 200, dealer
        near += away < 60
    assert near / len(dealers) > 0.9
