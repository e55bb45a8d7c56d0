"""Why lines came to less than claimed, in words: lines cut for the same reason together, as the dealer reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from db.claims.reason_rules import REASON_CODES


class Line(Protocol):
    """What is asked of a line; a stored charge is one. Cents; None while nothing was suggested or decided."""

    @property
    def position(self) -> int: ...
    @property
    def claimed_cents(self) -> int: ...
    @property
    def suggested_cents(self) -> int | None: ...
    @property
    def approved_cents(self) -> int | None: ...
    @property
    def reason_code(self) -> str: ...
    @property
    def reason_note(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Lines that came to less for one reason: "Lines 1 and 2", "rejected" or "reduced" ("would be" while open)."""

    lines: str
    word: str
    reason: str
    claimed_cents: int
    paid_cents: int


def cuts_of(lines: Iterable[Line]) -> tuple[Cut, ...]:
    """The reasons in the order of the lines; a line without a reason was not cut by anybody."""
    groups: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    for one in lines:
        paid = one.approved_cents if one.approved_cents is not None else one.suggested_cents
        reason = ": ".join(p for p in (REASON_CODES.get(one.reason_code, ""), one.reason_note) if p)
        if paid is None or paid >= one.claimed_cents or not reason:
            continue
        word = ("would be " if one.approved_cents is None else "") + ("rejected" if paid == 0 else "reduced")
        groups.setdefault((word, reason), []).append((one.position, one.claimed_cents, paid))
    return tuple(
        Cut(
            lines=_named([position for position, _, _ in some]), word=word, reason=reason,
            claimed_cents=sum(claimed for _, claimed, _ in some), paid_cents=sum(paid for _, _, paid in some),
        )
        for (word, reason), some in groups.items()
    )  # fmt: skip


def _named(positions: list[int]) -> str:
    if len(positions) == 1:
        return f"Line {positions[0]}"
    return f"Lines {', '.join(str(p) for p in positions[:-1])} and {positions[-1]}"
