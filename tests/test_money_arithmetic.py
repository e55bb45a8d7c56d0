"""R06: money is calculated in whole numbers: no float where amounts are decided, no `/` on cents anywhere in db/."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.support import house
from tests.support.house import Source
from tests.support.tier import figure

AREAS = {"claims", "claim_payments", "incentives", "coop", "pricing", "part_returns"}
"""Where amounts are decided, calculated and paid."""
NO_MONEY = {
    "db/claims/clock_rules.py": "how much of a deadline is over",
    "db/claims/hold_rules.py": "minutes a claim was with somebody",
    "db/claims/policy_edit_rules.py": "numbers of a policy as a table editor shows them; what is read back is Decimal",
    "db/incentives/simulation_rules.py": "days of a period, moved by years",
    "db/part_returns/rules.py": "how much of a deadline is over",
}
"""Rules of these areas that calculate with something else, and with what."""
FIGURES = {
    "db/claims/figure_rules.py": "shares, middle values and deviations of counts; amounts are half_up",
    "db/coop/figure_rules.py": "middle values of minutes",
}


def _is_float(node: ast.AST) -> bool:
    """A float, a true division, or a call that makes a float or rounds to the even one."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        return isinstance(node.op, ast.Div)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("float", "round")
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def _printed(nodes: Iterable[ast.AST]) -> set[int]:
    """Nodes inside of f"{... :,.2f}": an amount written for people, of which nothing is calculated."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            found |= {id(part) for part in ast.walk(node.value)}
    return found


def float_rules(source: Source) -> Iterator[str]:
    """Floats in the rules of the areas that decide on money."""
    if source.parts[0] != "db" or source.parts[1] not in AREAS or not source.name.endswith("rules.py"):
        return
    if source.path in NO_MONEY or source.path in FIGURES:
        return
    printed = _printed(source.nodes)
    for node in source.nodes:
        if _is_float(node) and id(node) not in printed:
            yield source.says(getattr(node, "lineno", 1), f"calculates with a float: {ast.unparse(node)}")


def divided_cents(source: Source) -> Iterator[str]:
    """`/`, float() and round() on something that is called cents, anywhere in db/."""
    if source.parts[0] != "db" or source.path.startswith("db/migrations/"):
        return
    if "cents" not in source.text:
        return
    printed = _printed(source.nodes)
    for node in source.nodes:
        if isinstance(node, ast.Constant) or not _is_float(node) or id(node) in printed:
            continue
        words = ast.unparse(node)
        if "cents" in words and not words.startswith("Decimal("):
            yield source.says(getattr(node, "lineno", 1), f"divides cents: {words}; use half_up or //")


CHECKS = {"rules": float_rules, "cents": divided_cents}


def test_no_float_decides_an_amount():
    found = [sentence for source in house.one_by_one() for check in CHECKS.values() for sentence in check(source)]
    figure("R06", "floats in arithmetic of money", len(found))
    assert not found, "\n" + "\n".join(found)


def test_the_walk_sees_the_rules_and_no_exception_outlives_its_float():
    rules = {s.path: s for s in house.sources() if s.parts[0] == "db" and s.name.endswith("rules.py")}
    assert sum(s.parts[1] in AREAS for s in rules.values()) > 30
    for path in NO_MONEY | FIGURES:
        assert any(_is_float(node) for node in ast.walk(rules[path].tree)), f"{path} needs no exception"


@pytest.mark.parametrize(
    ("check", "path", "text", "is_found"),
    [
        ("rules", "db/coop/pay_rules.py", "def f(a, b):\n  return a / b", True),
        ("rules", "db/coop/pay_rules.py", "RATE = 0.5", True),
        ("rules", "db/coop/pay_rules.py", "x = round(a)", True),
        ("rules", "db/coop/pay_rules.py", "x = a // b", False),
        ("rules", "db/coop/pay_rules.py", 'x = f"{rate / 100:g}%"', False),
        ("rules", "db/leads/score_rules.py", "x = a / b", False),
        ("cents", "db/leads/x.py", "half = total_cents / 2", True),
        ("cents", "db/leads/x.py", "half_cents = float(total_cents) * share", True),
        ("cents", "db/leads/x.py", 'x = f"${total_cents / 100:,.2f}"', False),
        ("cents", "db/leads/x.py", "half = total_cents // 2", False),
        ("cents", "db/leads/x.py", "x = Decimal(cents) / n", False),
    ],
)
def test_what_would_be_found(check: str, path: str, text: str, is_found: bool):
    assert bool(list(CHECKS[check](Source(path, text)))) is is_found
