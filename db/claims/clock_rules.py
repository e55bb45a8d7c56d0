"""The decision clock: how long the manufacturer has for a claim, and the day silence approves it (domain-rules 2.1 H).

Days are the dealer's days: a claim received on 1 March at 23:50 in Sacramento was received on 1 March, whatever the day
is elsewhere. What moves the clock and what does not (decision 0048):
- sending starts it; sending a returned claim again starts a new one;
- returning the claim to the dealer stops it: the law asks for an answer, and that was one;
- waiting for engineering, the old part or a pre-authorization does not stop it: no law gives that time back;
- an appeal starts a clock of our own promise, of the same length; silence approves no appeal, for the claim was decided
  in time once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from db.claims.policy_rules import Clock
from db.core.labels import plural

ClockLevel = Literal["ok", "half", "late", "over"]
WARN_AT: Final = (50, 80, 100)
TONES: Final[dict[str, str]] = {"ok": "green", "half": "blue", "late": "orange", "over": "red"}
"""The colour of each level: the clock is green, blue from 50%, orange from 80%, red from 100% (2.1 H)."""


@dataclass(frozen=True, kw_only=True)
class DecideBy:
    """`decide_by` is the end (UTC moment) of the last day to decide; `deemed_on` the day silence approves, or None."""

    decide_by: datetime
    deemed_on: date | None


@dataclass(frozen=True, kw_only=True)
class ClockState:
    """Where a clock stands: percent used (100 and more is over), its level, and what to say of it in words."""

    used_percent: int
    level: ClockLevel
    sentence: str

    @property
    def tone(self) -> str:
        """The colour of the level."""
        return TONES[self.level]


def end_of(day: date, zone: str) -> datetime:
    """The UTC moment a day ends in a zone, the first moment of the next one; days of 23 and 25 hours included."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def decide_by(received_at: datetime, clock: Clock, *, zone: str, is_appeal: bool = False) -> DecideBy:
    """The clock of a claim received at a moment: receipt 2026-03-01 and 30 days give 2026-03-31, the dealer's days.

    Silence approves no appeal; see the top of this file.
    """
    last = received_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=clock.decide_days)
    return DecideBy(decide_by=end_of(last, zone), deemed_on=last if clock.deemed and not is_appeal else None)


def pay_by(decided_on: date, clock: Clock) -> date:
    """The last day to pay what was approved on a day."""
    return decided_on + timedelta(days=clock.pay_days)


def correct_by(returned_at: datetime, clock: Clock, *, return_days: int, zone: str) -> datetime:
    """Until when (UTC) the dealer has to correct a returned claim: the days of the law, else those of our policy."""
    days = clock.resubmit_days if clock.resubmit_days is not None else return_days
    return end_of(returned_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=days), zone)


def silence_may_approve(*, deemed_on: date | None, first_decided_at: datetime | None) -> bool:
    """Whether silence would approve: the law says so, and nobody has decided this claim before (an appeal)."""
    return deemed_on is not None and first_decided_at is None


def used_percent(received_at: datetime, until: datetime, now: datetime) -> int:
    """How much of the clock is used, rounded down: 100 from its very end on, 0 before it began."""
    if now >= until and until <= received_at:
        return 100
    if now <= received_at:
        return 0
    return int(100 * (now - received_at) / (until - received_at)) if now < until else _over(received_at, until, now)


def _over(received_at: datetime, until: datetime, now: datetime) -> int:
    return max(100, int(100 * (now - received_at) / (until - received_at)))


def level_of(percent: int, warn_at: Sequence[int] = WARN_AT) -> ClockLevel:
    """The level of a percentage; `warn_at` holds the three thresholds of the policy in order."""
    names: tuple[ClockLevel, ...] = ("half", "late", "over")
    found: ClockLevel = "ok"
    for threshold, name in zip(warn_at, names, strict=False):
        if percent >= threshold:
            found = name
    return found


def warning_due(percent: int, warned: int, warn_at: Sequence[int] = WARN_AT) -> int | None:
    """The threshold to warn of now: the highest one reached, unless it was told; after a pause the nearest alone."""
    reached = [t for t in warn_at if t <= percent]
    return max(reached) if reached and max(reached) > warned else None


def day_words(day: date, today: date) -> str:
    """A day in words: "31 March", with its year where that is another one."""
    return f"{day.day} {day:%B}" if day.year == today.year else f"{day.day} {day:%B %Y}"


def silence_words(*, deemed_on: date | None, source: str) -> str:
    """What silence means, in words."""
    if deemed_on is None:
        return "silence approves nothing"
    return f"silence approves it ({source})" if source else "silence approves it"


def clock_state(
    received_at: datetime, decide_by: datetime, now: datetime, *, zone: str = "UTC", deemed_on: date | None = None,
    source: str = "", warn_at: Sequence[int] = WARN_AT,
) -> ClockState:  # fmt: skip
    """Where a running clock stands at a moment. `zone` is the dealer's; `source` names the law or promise."""
    percent = used_percent(received_at, decide_by, now)
    today = now.astimezone(ZoneInfo(zone)).date()
    last = (decide_by.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)).date()
    left = (last - today).days
    silence = silence_words(deemed_on=deemed_on, source=source)
    if now < decide_by:
        when = "today is the last day" if left == 0 else f"{plural(left, 'day')} left"
        sentence = f"Decide by {day_words(last, today)} ({when}); {silence}."
    else:
        late = max(1, (today - last).days)
        sentence = f"Was to be decided by {day_words(last, today)}, {plural(late, 'day')} ago; {silence}."
    return ClockState(used_percent=percent, level=level_of(percent, warn_at), sentence=sentence)


def pay_state(
    decided_at: datetime, pay_by: date, now: datetime, *, zone: str, warn_at: Sequence[int] = WARN_AT
) -> ClockState:  # fmt: skip
    """Where the clock to pay stands: it runs from the decision to the end of the last day to pay."""
    percent = used_percent(decided_at, end_of(pay_by, zone), now)
    today = now.astimezone(ZoneInfo(zone)).date()
    left = (pay_by - today).days
    when = "today is the last day" if left == 0 else f"{plural(abs(left), 'day')} {'left' if left > 0 else 'ago'}"
    verb = "Pay by" if left >= 0 else "Was to be paid by"
    sentence = f"{verb} {day_words(pay_by, today)} ({when})."
    return ClockState(used_percent=percent, level=level_of(percent, warn_at), sentence=sentence)
