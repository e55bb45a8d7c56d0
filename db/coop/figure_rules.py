"""The way of a request or claim through the hands that held it, and its touches: what figures are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

Holder = Literal["dealer", "desk", "finance"]
HOLDERS: Final[dict[Holder, str]] = {"dealer": "The dealer", "desk": "The desk", "finance": "Finance"}
MINUTES_A_DAY: Final = 24 * 60
CHECKS: Final[dict[str, str]] = {
    "C01": "Pre-approval", "C02": "A proof is missing", "C03": "Claimed too late", "C04": "Outside its days",
    "C05": "The activity is not over", "C06": "The brand rules are not kept", "C07": "The amount",
}  # fmt: skip
BY_A_PERSON: Final = "person"


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A move of a request or claim: when, by which command, and the state it came to."""

    at: datetime
    command: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Way:
    """What a request or claim went through until its decision: minutes by holder, sendings, returns."""

    dealer: int = 0
    desk: int = 0
    sent: int = 0
    returned: int = 0
    first_sent: datetime | None = None

    @property
    def is_touched_again(self) -> bool:
        """Whether it was sent more than once or came back before it was decided."""
        return self.sent > 1 or self.returned > 0


def minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes, rounded down."""
    return max(0, (end - start) // timedelta(minutes=1))


def way_of(moves: Sequence[Moved], *, until: datetime) -> Way:
    """The way up to a decision. The desk holds what is in review, the dealer what came back; what was never sent counts
    for nobody. A claim that comes back at once when it is sent was held by the desk for no time."""
    dealer = desk = sent = returned = 0
    first: datetime | None = None
    state, since = "", until
    for move in sorted(moves, key=lambda m: m.at):
        if move.at > until:
            break
        if state == "in_review":
            desk += minutes_between(since, move.at)
        elif state == "returned":
            dealer += minutes_between(since, move.at)
        if move.command in ("ask", "enter_claim", "submit") and move.status not in ("", "entered"):
            sent += 1
            first = first or move.at
        if move.status == "returned" and move.command in ("ask", "enter_claim", "submit", "send_back"):
            returned += 1
        state, since = move.status or state, move.at
        if move.command in ("approve", "deny"):
            break  # decided: what follows, such as the claim of a request, is not its way there
    if state == "in_review":
        desk += minutes_between(since, until)
    elif state == "returned":
        dealer += minutes_between(since, until)
    return Way(dealer=dealer, desk=desk, sent=sent, returned=returned, first_sent=first)


def histogram(values: Sequence[int]) -> list[tuple[float, int]]:
    """Values ascending with their counts, as a median needs them."""
    found: dict[int, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return [(float(value), found[value]) for value in sorted(found)]
