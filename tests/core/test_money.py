"""Money is whole cents everywhere it is kept (R06): no column of a float, none without its unit in the name."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import BigInteger, Column, Float, Integer, Numeric

from db.tables import METADATA
from tests.support.tier import figure

COLUMNS = [column for table in METADATA.sorted_tables for column in table.columns]
SOUNDS_LIKE_MONEY = re.compile(r"(^|_)(amount|price|cost|fee|bonus|budget|usd|paid|revenue)(_|$)")
"""Words a column of money is named with; it then says `cents` too."""
NOT_MONEY = re.compile(
    r"_(at|on|by|key|id|kind|code|count|share|percent|bp|days|minutes|note|label|reason)$|^is_|^(n|no)_"
)

COUNTS = {"claim_cell.paid", "claim_dealer_month.paid"}
"""Measures of sums that count claims; the others of such names are cents, as what they sum up is."""


def _is_sum(column: Column[object]) -> bool:
    """Whether it stands in a table of sums, whose measures are called as the metrics are (decisions 0070, 0071)."""
    return "entries" in column.table.columns


def _name(column: Column[object]) -> str:
    return f"{column.table.name}.{column.name}"


def test_money_columns_hold_whole_cents():
    cents = [column for column in COLUMNS if re.search(r"(^|_)cents$", column.name)]
    assert len(cents) > 50
    wrong = [_name(column) for column in cents if type(column.type) is not BigInteger]
    figure("R06", "columns of money", len(cents))
    figure("R06", "columns of money that are no whole cents", len(wrong))
    assert wrong == []


def test_no_fraction_is_kept_under_a_name_of_money():
    fractions = [column for column in COLUMNS if isinstance(column.type, Float | Numeric)]
    named = [_name(column) for column in fractions if "cents" in column.name or SOUNDS_LIKE_MONEY.search(column.name)]
    assert [name for name in named if not NOT_MONEY.search(name)] == []


def test_whole_numbers_of_money_say_that_they_are_cents():
    whole = [column for column in COLUMNS if isinstance(column.type, Integer) and not column.foreign_keys]
    unclear = [
        _name(column)
        for column in whole
        if SOUNDS_LIKE_MONEY.search(column.name) and "cents" not in column.name and not NOT_MONEY.search(column.name)
        if not (_is_sum(column) and (type(column.type) is BigInteger or _name(column) in COUNTS))
    ]
    assert unclear == []


def test_no_reason_outlives_its_column():
    assert {_name(column) for column in COLUMNS} >= COUNTS


@pytest.mark.parametrize("name", ["price_cents", "paid_cents"])
def test_the_words_would_be_noticed(name: str):
    assert SOUNDS_LIKE_MONEY.search(name)
