"""Statements are made once for a shape, and a process keeps as many as it has room for."""

from __future__ import annotations

import ast
from collections import OrderedDict

import pytest

from db.core import shapes
from tests.support.paths import ROOT

BOUNDED = {
    "db/core/insert.py": "as many as there are tables and ways to write them",
    "db/workflow/engine.py": "one for each queue",
}
"""Where statements are kept beside the one room, and why they cannot become many."""


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

    def note(shape: str) -> str:
        made.append(shape)
        return shape

    first, second = shapes.made_once(note), shapes.made_once(lambda shape: shape)
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


def _room_of(decorator: ast.expr) -> int:
    """How many answers a decorator keeps; 0 where it keeps none."""
    if not isinstance(decorator, ast.Call) or getattr(decorator.func, "id", "") != "lru_cache":
        return 0
    return next((ast.literal_eval(k.value) or 10**9 for k in decorator.keywords if k.arg == "maxsize"), 128)


def test_no_statement_has_a_room_of_its_own():
    found = []
    for path in sorted((ROOT / "db").rglob("*.py")):
        name, written = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(written)) if "lru_cache(" in written and name not in BOUNDED else ():
            if not isinstance(node, ast.FunctionDef) or node.returns is None:
                continue
            makes = ast.unparse(node.returns).split("[")[0] in {"Select", "Any", "CompoundSelect"}
            if makes and max(map(_room_of, node.decorator_list), default=0) > 8:
                found.append(f"{name}: {node.name}")
    assert found == [], "keep it with made_once of db/core/shapes.py"
