"""VIN rules agree with every published vector and with a few cases anybody can check by hand."""

from __future__ import annotations

import csv

import pytest

from db.core import vin
from tests.support.paths import shared


def vectors() -> list[dict[str, str]]:
    with shared("vin", "vin_vectors.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_vector_has_the_expected_shape_and_check_digit():
    rows = vectors()
    assert len(rows) == 185
    for row in rows:
        assert vin.has_shape(row["vin"]) is (row["shape_ok"] == "True"), row["vin"]
        assert vin.check_ok(row["vin"]) is (row["check_ok"] == "True"), row["vin"]
        if row["check_expected"] in set("0123456789X"):
            assert vin.check_digit(row["vin"]) == row["check_expected"]


def test_every_known_model_year_is_among_the_two_the_letter_can_mean():
    for row in vectors():
        if row["year"]:
            assert int(row["year"]) in vin.model_years(row["vin"]), row["vin"]
            assert not vin.contradicts_year(row["vin"], int(row["year"]))


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (" 1hgcm82633a004352 ", "1HGCM82633A004352"),
        ("1HGCM826-33A-004352", "1HGCM82633A004352"),
        ("VIN: 1HGCM82633A004352", "1HGCM82633A004352"),
        ("*1HGCM82633A004352*", "1HGCM82633A004352"),
        ("VIN", "VIN"),
        ("", ""),
    ],
)
def test_a_vin_is_stored_without_decoration(written: str, stored: str):
    assert vin.clean(written) == stored


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("1HGCM82633A00435", "sixteen characters"),
        ("1HGCM82633A0043522", "eighteen characters"),
        ("IHGCM82633A004352", "the letter I"),
        ("1HGCM82633AO04352", "the letter O"),
        ("1HGCM82633AQ04352", "the letter Q"),
        ("1hgcm82633a004352", "lower case, which clean() removes"),
    ],
)
def test_a_wrong_shape_is_seen(number: str, why: str):
    assert not vin.has_shape(number), why
    assert not vin.check_ok(number)
    with pytest.raises(ValueError, match="17 characters"):
        vin.check_digit(number)


def test_every_single_wrong_digit_of_a_good_vin_is_noticed_unless_it_has_the_same_value():
    good = "1HGCM82633A004352"
    assert vin.check_ok(good)
    for position in (10, 11, 12, 13, 14, 15, 16):
        changed = good[:position] + ("7" if good[position] != "7" else "8") + good[position + 1 :]
        assert not vin.check_ok(changed)


def test_a_year_thirty_years_off_is_not_a_contradiction_and_any_other_is():
    assert not vin.contradicts_year("1HGCM82633A004352", 2003)
    assert not vin.contradicts_year("1HGCM82633A004352", 2033)
    assert vin.contradicts_year("1HGCM82633A004352", 2024)
    # In Europe position 10 is free, so a VIN without a valid check digit is not judged there.
    assert not vin.contradicts_year("WDB9061131N590143", 2015)
