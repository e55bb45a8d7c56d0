"""What happens next with a claim, in one or two sentences with the day: the answer to "where is it?" (U23)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from db.claims.clock_rules import day_words
from db.claims.flow import APPROVED, DEALERS_TURN, NEVER_PAID, WAITING


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a claim stands, in the dealer's days. `number` is its own, `memos` the credit memos that paid it.

    `deemed_on` is None where silence approves nothing; `can_appeal` says that an appeal is still left.
    """

    status: str
    number: str = ""
    claim_type: str = "standard"
    today: date
    decide_by: date | None = None
    deemed_on: date | None = None
    pay_by: date | None = None
    correct_by: date | None = None
    pre_auth_number: str = ""
    memos: tuple[str, ...] = ()
    can_appeal: bool = False
    level: int = 0


_WAITS = {
    "pending_part": "The old part has to be seen before anybody decides.",
    "with_engineering": "Engineering was asked; it goes on with their answer.",
}


def next_words(at: Standing) -> str:
    """What happens next, by when, and what silence means."""
    if at.status == "draft":
        return "It was not sent yet: finish it and send it."
    if at.status in DEALERS_TURN:
        until = f" by {day_words(at.correct_by, at.today)}" if at.correct_by else ""
        return f"The dealer corrects it and sends it again{until}."
    if at.status in WAITING:
        pre = f"pre-authorization {at.pre_auth_number}" if at.pre_auth_number else "its pre-authorization"
        waits = _WAITS.get(at.status, f"It waits for {pre} and goes on by itself when that is decided.")
        return f"{waits} {_decision(at, 'It is still decided')}"
    if at.status == "in_review":
        return _decision(at, "A person decides")
    if at.status == "appealed":
        return _decision(at, "Another person decides the appeal")
    if at.status in APPROVED:
        return _approved(at)
    return _closed(at)


def _decision(at: Standing, who: str) -> str:
    if at.decide_by is None:
        return f"{who}."
    if at.decide_by < at.today:
        said = f"{who}; that was due by {day_words(at.decide_by, at.today)}."
    else:
        said = f"{who} by {day_words(at.decide_by, at.today)}."
    if at.deemed_on is not None:
        return f"{said} If nobody does, it is deemed approved on {day_words(at.deemed_on, at.today)}."
    return said


def _approved(at: Standing) -> str:
    if at.claim_type == NEVER_PAID:
        return f"The work is authorized: name {at.number} on the claim for it."
    by = f" by {day_words(at.pay_by, at.today)}" if at.pay_by else ""
    is_late = at.pay_by is not None and at.pay_by < at.today
    pays = f"It was to be paid{by} with a credit memo." if is_late else f"It is paid{by} with a credit memo."
    appeal = " The dealer may appeal what was reduced." if at.status != "approved" and at.can_appeal else ""
    return pays + appeal


def _closed(at: Standing) -> str:
    memos = f"credit memo {' and '.join(at.memos)}" if at.memos else "a credit memo"
    if at.status == "denied":
        return "Nothing is paid." + (" The dealer may appeal." if at.can_appeal else " It is final.")
    words = {
        "paid": f"It was paid with {memos}.",
        "adjusted": f"It was paid with {memos} and changed by a further version since.",
        "charged_back": "It was taken back after an audit.",
        "void": "The dealer took it back; nothing follows.",
    }
    return words.get(at.status, "")


def decided_words(*, kind: str, by: str, on: date | None, today: date) -> str:
    """Who decided when: "by the rules alone on 3 March"; empty while nobody has."""
    if on is None:
        return ""
    who = {"auto": "by the rules alone", "deemed": "by silence"}.get(kind, f"by {by}" if by else "")
    return " ".join(part for part in ("Decided", who, f"on {day_words(on, today)}") if part) + "."
