"""The words of what checks answer, for screens."""

from __future__ import annotations

from typing import Final

from db.incentives.facts import LEVELS, OUTCOMES

ANSWERS: Final[dict[str, tuple[str, str]]] = {
    "valid": ("In order", "green"), "returned": ("Incomplete", "orange"), "not_eligible": ("Not eligible", "red"),
}  # fmt: skip
"""What all checks of a program come to, as a word and a tone."""
__all__ = ["ANSWERS", "LEVELS", "OUTCOMES"]
