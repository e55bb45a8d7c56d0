"""What a dealer could do with money that expires, and what a reminder says of it (domain-rules 2.3, P19, U21).

The rule of the suggestion, in words: media in the order the dealer used them last, then the others by what they pay;
the first that can still use the money. A medium can while money of the programme may be spent, its cap has something
left, what it pays reaches the minimum claim, and either no approval is needed before or one asked for today is
decided, in the days the programme promises, before the money expires. An approval keeps the money past its last day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from db.coop.claim_rules import claim_by
from db.coop.model import MEDIA, Programme
from db.coop.payable_rules import medium_cap
from db.coop.say_rules import day, money, rate

WINDOWS: Final = (30, 60, 90)
AGAIN_DAYS: Final = 7
"""A dealer is reminded of the same window again after so many days."""


@dataclass(frozen=True, kw_only=True)
class Used:
    """A medium a dealer was paid for, with the last day of the newest activity."""

    medium: str
    on: date


@dataclass(frozen=True, kw_only=True)
class AtRisk:
    """Money of one fund that expires: how much, its first last day, and what its media have used of their caps.

    `first_cents` is what expires on that day; 0 means all of it.
    """

    cents: int
    expires_on: date
    first_cents: int = 0
    accrued: int = 0
    used_of: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What could be done; no medium when nothing can use the money any more. `cost_cents` is eligible cost."""

    medium: str
    pays_cents: int
    cost_cents: int
    ask_by: date | None
    sentence: str

    @property
    def label(self) -> str:
        """The medium in a word, or a dash."""
        return MEDIA.get(self.medium, "–")


def cost_for(cents: int, hundredths: int) -> int:
    """The least eligible cost that pays an amount at a rate; rounded up, so that it does."""
    return -(-cents * 10_000 // hundredths)


def media_in_order(programme: Programme, used: Sequence[Used]) -> list[str]:
    """The media of a programme: those used last first, then by rate, then in the order of the model."""
    last = {u.medium: u.on for u in used}
    names = list(MEDIA)
    mine = sorted((m for m in last if m in programme.media), key=lambda m: (-last[m].toordinal(), names.index(m)))
    others = [m for m in names if m in programme.media and m not in last]
    return [*mine, *sorted(others, key=lambda m: (-programme.media[m].rate, names.index(m)))]


def suggest(programme: Programme, risk: AtRisk, *, used: Sequence[Used], today: date) -> Suggestion:
    """The activity to suggest, with what it would pay and until when to ask; why not, when there is none."""
    over = programme.last_day
    if today > over:
        last = claim_by(over, programme)
        said = f"The last money of {programme.year} is over: only what was done by {day(over)} can be claimed"
        return _nothing(
            f"{said}, until {day(last)}." if today <= last else f"{said}, and the last day for that is over."
        )
    if today > risk.expires_on:
        return _nothing(f"Its last day was {day(risk.expires_on)}.")
    ask_by = risk.expires_on - timedelta(days=programme.decide_days)
    days = {u.medium: u.on for u in used}
    refused = []
    for medium in media_in_order(programme, used):
        rule = programme.media[medium]  # type: ignore[index]
        cap = medium_cap(rule, accrued=risk.accrued)
        left = None if cap is None else max(cap - risk.used_of.get(medium, 0), 0)
        pays = risk.cents if left is None else min(risk.cents, left)
        if not rule.rate or not pays:
            refused.append(f"{MEDIA[medium]} has used its cap")
            continue
        if pays < programme.minimum_cents:
            refused.append(f"{MEDIA[medium]} would pay less than a claim of {money(programme.minimum_cents)}")
            continue
        if rule.preapproval and today > ask_by:
            refused.append(f"{MEDIA[medium]} has to be approved before, and was to be asked for by {day(ask_by)}")
            continue
        return _of(programme, medium, pays, ask_by=ask_by, last=days.get(medium), today=today, risk=risk)
    return _nothing(f"No medium can use it any more: {'; '.join(refused)}.")


def _nothing(sentence: str) -> Suggestion:
    return Suggestion(medium="", pays_cents=0, cost_cents=0, ask_by=None, sentence=sentence)


def _of(
    programme: Programme, medium: str, pays: int, *, ask_by: date, last: date | None, today: date, risk: AtRisk
) -> Suggestion:
    rule = programme.media[medium]  # type: ignore[index]
    cost = cost_for(pays, rule.rate)
    name = f"{MEDIA[medium]}, used last on {day(last)}" if last else MEDIA[medium]
    before = "has to be approved before" if rule.preapproval else "needs no approval before"
    said = f"{name}: {before}; {money(cost)} of eligible cost at {rate(rule.rate)} pays {money(pays)}"
    if pays < risk.cents:
        said += f" of the {money(risk.cents)} (cap of the medium)"
    if today <= ask_by:
        said += f". Ask by {day(ask_by)}: an approval keeps the money."
    else:
        said += f". Claim what is done at once: {money(risk.first_cents or risk.cents)} is gone unless approved by "
        said += f"{day(risk.expires_on)}."
    return Suggestion(
        medium=medium, pays_cents=pays, cost_cents=cost, ask_by=ask_by if today <= ask_by else None, sentence=said
    )


# ---- reminders -------------------------------------------------------------------------------------------------------
def may_remind_again(last: datetime | None, now: datetime) -> bool:
    """Whether a week has passed since the last reminder of the same dealer and window."""
    return last is None or now - last >= timedelta(days=AGAIN_DAYS)


def auto_days(days_left: int, remind_days: Sequence[int]) -> int | None:
    """Which of the programme's reminders is due so many days before the last one; a missed earlier one is not sent.

    None before the first, and once the last day is over.
    """
    due = [d for d in remind_days if 0 <= days_left <= d]
    return min(due) if due else None


def title_of(parts: Sequence[tuple[date, int]]) -> str:
    """What a reminder says first: the sum and its first day; `parts` are (last day, cents)."""
    total = sum(cents for _, cents in parts)
    first = min(on for on, _ in parts)
    begins = "expires on" if len({on for on, _ in parts}) == 1 else "expires, beginning on"
    return f"{money(total)} of co-op money {begins} {day(first)}"


def body_of(parts: Sequence[tuple[date, int]], sentence: str) -> str:
    """The body of a reminder: each last day with its amount, and what could be done."""
    lines = [f"{money(cents)} until {day(on)}" for on, cents in sorted(parts)]
    return "\n".join([
        "This money of your co-op fund is lost unless it is used:", *lines, "", sentence, "",
        "Start a request on the page Ask for co-op funds; the page Fund expiry radar shows what is left.",
    ])  # fmt: skip
