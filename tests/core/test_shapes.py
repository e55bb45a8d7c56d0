"""Statements are made once for a shape, and a process keeps as many as it has room for."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from db.core import shapes


@pytest.fixture(autouse=True)
def own_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_made", OrderedDict())
    monkeypatch.setattr(shapes, "ROOM", 3)


def test_a_shape_is_made_once_and_another_one_anew():
    made = []

    @shapes.made_once
    def statement(shape: str, *, by: str = "") -> str:
        made.append((shape, by))
        return f"{shape} {by}"

    assert [statement("a"), statement("a"), statement("a", by="month"), statement("b")] == ["a ", "a ", "a month", "b "]
    assert made == [("a", ""), ("a", "month"), ("b", "")]


def test_two_questions_of_one_shape_are_told_apart():
    first, second = shapes.made_once(lambda shape: f"first {shape}"), shapes.made_once(lambda shape: f"second {shape}")
    assert (first("a"), second("a"), first("a")) == ("first a", "second a", "first a")


def test_all_questions_share_one_room_and_the_one_not_asked_for_longest_goes():
    made = []
    first = shapes.made_once(lambda shape: made.append(shape) or shape)
    second = shapes.made_once(lambda shape: made.append(f"second {shape}") or shape)
    for shape in ("a", "b"):
        first(shape)
    second("c")
    first("a")
    second("d")  # b goes
    assert len(shapes._made) == 3
    made.clear()
    first("a")
    first("b")
    assert made == ["b"]
