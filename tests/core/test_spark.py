"""The trend of a number as a picture: where its points lie, and that it says what it is."""

from __future__ import annotations

import base64

import pytest

from components.spark import HEIGHT, WIDTH, points, spark


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [(4, HEIGHT - 4), (WIDTH - 4, 4)]),
        ([5, 5, 5], [(4, HEIGHT / 2), (WIDTH / 2, HEIGHT / 2), (WIDTH - 4, HEIGHT / 2)]),
        ([-10, 0, 10], [(4, HEIGHT - 4), (WIDTH / 2, HEIGHT / 2), (WIDTH - 4, 4)]),
    ],
)  # fmt: skip
def test_the_least_is_at_the_bottom_and_the_greatest_on_top(values, expected):
    assert [place for point in points(values) for place in point] == pytest.approx([x for one in expected for x in one])


def test_it_is_a_picture_with_words_and_nothing_where_there_is_no_line():
    words, _, picture = spark([1.0, 3.0, 2.0], tone="bad", alt="Trend of Close_rate").partition(
        "](data:image/svg+xml;base64,"
    )
    assert words.replace("\\", "") == "![Trend of Close_rate"
    assert b'stroke="#D94A57"' in base64.b64decode(picture.rstrip(")"))
    assert spark([1.0], alt="one month") == spark([], alt="no month") == ""
