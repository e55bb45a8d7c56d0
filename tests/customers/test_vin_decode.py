"""What a VIN says, by both decoders: the published vectors agree, and what cannot be read is said, not guessed."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest

from db.customers import vin_decode
from db.customers.vin_decode import VinDecode, decode, nice_make
from tests.support.paths import shared

YEAR = 2026
has_ultravin = vin_decode._ultravin() is not None


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the large decoder."""
    monkeypatch.setattr(vin_decode, "_ultravin", lambda: None)


def vectors() -> list[dict[str, str]]:
    with shared("vin", "vin_vectors.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def compare(read: Callable[[str], VinDecode]) -> tuple[list[str], int, int]:
    """(contradictions, years read, makes read) over every published vector with a regular VIN."""
    wrong, years, makes = [], 0, 0
    for row in vectors():
        found = read(row["vin"])
        if row["year"] and found.year is not None:
            years += 1
            if found.year != int(row["year"]):
                wrong.append(f"{row['vin']}: {found.year}, published {row['year']}")
        if row["make"] and found.make:
            makes += 1
            if found.make.casefold() != row["make"].casefold():
                wrong.append(f"{row['vin']}: {found.make}, published {row['make']}")
    return wrong, years, makes


def test_vininfo_never_contradicts_a_published_vector(small):
    wrong, years, makes = compare(lambda vin: decode(vin, this_year=YEAR))
    assert wrong == []
    assert (years, makes) == (125, 122)


@pytest.mark.skipif(not has_ultravin, reason="ultravin is not installed")
def test_ultravin_agrees_with_every_published_vector_but_one_it_does_not_know():
    wrong, years, makes = compare(lambda vin: decode(vin, this_year=YEAR))
    assert wrong == []
    assert (years, makes) == (179, 152)


def test_a_number_without_the_form_of_a_vin_is_not_read():
    for number in ("1HGCM82633A00435", "1HGCM82633AO04352", "SN-1234", ""):
        found = decode(number, this_year=YEAR)
        assert (found.is_known, found.source) == (False, "")
        assert "no regular VIN" in found.note


def test_an_unknown_maker_is_said(small):
    found = decode("ZZ9ABCDE0JH000001", this_year=YEAR)
    assert not found.make
    assert found.note


def test_a_code_of_several_makes_gives_no_make(small):
    jeep = "1C4RJKBG0S8730795"
    assert decode(jeep, this_year=YEAR).make == ""
    assert "Several makes" in decode(jeep, this_year=YEAR).note


@pytest.mark.parametrize(
    ("vin", "year"),
    [
        ("1HGCM82633A004352", 2003),  # position 7 is a digit: before 2010
        ("1FTFW1E59NKD69096", 2022),  # 1992 cannot be: position 7 is a letter
        ("1FTFW1E58NKD69096", None),  # the same with a wrong check digit: nothing of it is trusted
        ("JH2RC5004LM200291", None),  # a motorcycle, where position 7 says nothing
        ("1XKAD49X9FJ458598", None),  # a heavy truck
    ],
)
def test_a_year_is_read_only_where_the_rule_of_position_7_holds(small, vin, year):
    found = decode(vin, this_year=YEAR)
    assert found.year == year
    assert (" or " in found.note) is (year is None)


def test_nothing_is_built_more_than_a_year_ahead(small):
    truck = "1XKAD49X9FJ458598"  # the letter F: 1985 or 2015
    assert decode(truck, this_year=2013).year == 1985
    assert decode(truck, this_year=2014).year is None


def test_a_decoder_that_breaks_keeps_nobody_from_working(monkeypatch):
    class Broken:
        def decode(self, vin):
            raise RuntimeError("no data file")

    monkeypatch.setattr(vin_decode, "_ultravin", Broken)
    found = decode("1HGCM82633A004352", this_year=YEAR)
    assert (found.make, found.year) == ("", None)
    assert "could not read" in found.note


@pytest.mark.parametrize(
    ("written", "nice"),
    [("HONDA", "Honda"), ("BMW", "BMW"), ("MERCEDES-BENZ", "Mercedes-Benz"), ("MCLAREN", "McLaren"), ("Kia", "Kia")],
)
def test_a_make_is_shown_as_people_write_it(written, nice):
    assert nice_make(written) == nice
