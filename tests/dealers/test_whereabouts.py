"""Which time a dealer keeps, and whether its position can be in its state."""

from __future__ import annotations

import csv
from zoneinfo import ZoneInfo

import pytest

from db.core.geo import STATES
from db.dealers.whereabouts import FAR_KM, km_outside, position_warning, zone_of
from tests.support.paths import shared

PLACES = [
    ("Phoenix", "AZ", 33.45, -112.07, "America/Phoenix"),
    ("El Paso keeps mountain time", "TX", 31.76, -106.49, "America/Denver"),
    ("Van Horn does not", "TX", 31.04, -104.83, "America/Chicago"),
    ("Pensacola keeps central time", "FL", 30.42, -87.22, "America/Chicago"),
    ("Tallahassee does not", "FL", 30.44, -84.28, "America/New_York"),
    ("Nashville", "TN", 36.16, -86.78, "America/Chicago"),
    ("Crossville", "TN", 35.95, -85.03, "America/Chicago"),
    ("Knoxville keeps eastern time", "TN", 35.96, -83.92, "America/New_York"),
    ("Chattanooga as well", "TN", 35.05, -85.31, "America/New_York"),
    ("Louisville", "KY", 38.25, -85.76, "America/New_York"),
    ("Bowling Green keeps central time", "KY", 36.99, -86.44, "America/Chicago"),
    ("Gary keeps central time", "IN", 41.59, -87.35, "America/Chicago"),
    ("South Bend does not", "IN", 41.68, -86.25, "America/Indiana/Indianapolis"),
    ("Evansville does", "IN", 37.97, -87.57, "America/Chicago"),
    ("Rapid City keeps mountain time", "SD", 44.08, -103.23, "America/Denver"),
    ("Pierre does not", "SD", 44.37, -100.35, "America/Chicago"),
    ("Scottsbluff", "NE", 41.87, -103.66, "America/Denver"),
    ("North Platte", "NE", 41.12, -100.77, "America/Chicago"),
    ("Dickinson", "ND", 46.88, -102.79, "America/Denver"),
    ("Williston", "ND", 48.15, -103.62, "America/Chicago"),
    ("Goodland", "KS", 39.35, -101.71, "America/Denver"),
    ("Boise", "ID", 43.62, -116.21, "America/Boise"),
    ("Coeur d'Alene keeps pacific time", "ID", 47.68, -116.78, "America/Los_Angeles"),
    ("Ontario, Oregon keeps Boise's time", "OR", 44.03, -116.96, "America/Boise"),
    ("Iron Mountain keeps central time", "MI", 45.82, -88.07, "America/Chicago"),
    ("Marquette does not", "MI", 46.54, -87.40, "America/Detroit"),
    ("Houghton neither", "MI", 47.12, -88.57, "America/Detroit"),
]


@pytest.mark.parametrize(
    ("state", "latitude", "longitude", "zone"), [place[1:] for place in PLACES], ids=[place[0] for place in PLACES]
)
def test_zone_of_a_place(state, latitude, longitude, zone):
    assert zone_of(state, latitude, longitude) == zone
    assert km_outside(state, latitude, longitude) == 0.0


@pytest.mark.parametrize("code", sorted(STATES))
def test_every_state_has_a_time_and_its_middle_lies_inside(code):
    zone = zone_of(code)
    assert zone is not None
    assert ZoneInfo(zone).key == zone
    state = STATES[code]
    if state.latitude is not None and state.longitude is not None:
        assert km_outside(code, state.latitude, state.longitude) == 0.0


def test_unknown_states():
    assert zone_of("ZZ") is None
    assert km_outside("ZZ", 1.0, 1.0) is None
    assert position_warning("ZZ", 1.0, 1.0) == ""


def test_a_position_far_from_its_state_is_told():
    assert position_warning("AZ", 40.7, -74.0).startswith("The position 40.7000, -74.0000 lies 3,")
    assert position_warning("AZ", None, None) == ""
    # Latitude and longitude of the wrong sign are the usual mistake.
    assert position_warning("AZ", 33.45, 112.07) != ""


def test_the_antimeridian_is_not_far_from_alaska():
    away = km_outside("AK", 52.9, 172.9)  # Attu, west of 180 degrees
    assert away is not None
    assert away < 600


def test_no_dealer_of_the_directory_stands_outside_of_its_state():
    with shared("dealers_toyota_us", "dealers_directory.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    far = [r for r in rows if position_warning(r["state"], float(r["lat"]), float(r["long"]))]
    assert (len(rows), far) == (1415, [])
    assert FAR_KM >= 50
