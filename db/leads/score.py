"""The lead score 0-100: facts worth points, added up, each part shown with its reason (domain-rules 2.2 E)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypedDict


class Part(TypedDict):
    """One line of the sum: `why` is the fact it rests on."""

    label: str
    points: int
    why: str


@dataclass(frozen=True, kw_only=True)
class ScoreFacts:
    """What the score rests on. `wanted_by` is the latest date the customer named, `today` the day it arrived."""

    today: date
    phones: Sequence[str] = ()
    emails: Sequence[str] = ()
    vin: str = ""
    stock: str = ""
    trade_in: str = ""
    wanted_by: date | None = None
    finance_requested: bool = False
    test_drive: bool = False
    question: str = ""
    earlier_sale: str = ""
    in_territory: str = ""
    other_sources: Sequence[str] = ()
    out_of_market: str = ""


# Addresses that reach nobody: names forms are tested with, domains reserved for examples, throw-away mailboxes.
_NAMES: Final = """
    test tester testing asdf asdfasdf qwerty abc abcd none noemail no nomail na fake nobody noone null spam xxx aaa
    123 1234 12345 donotreply noreply no-reply no.email no_email unknown
"""
_DOMAINS: Final = """
    example.com example.org example.net test.com test.test none.com noemail.com nomail.com fake.com asdf.com abc.xyz
    mailinator.com guerrillamail.com guerrillamail.info sharklasers.com 10minutemail.com tempmail.com temp-mail.org
    yopmail.com trashmail.com dispostable.com getnada.com maildrop.cc throwawaymail.com fakeinbox.com mintemail.com
    discard.email mohmal.com spamgourmet.com tempail.com moakt.com emailondeck.com
"""
_FAKE_NAMES: Final = frozenset(_NAMES.split())
_FAKE_DOMAINS: Final = frozenset(_DOMAINS.split())
_FAKE_ENDINGS: Final = (".test", ".example", ".invalid", ".localhost", ".local")


def suspicious_email(address: str) -> str:
    """Why an address looks made up, as half a sentence; empty text when nothing speaks against it."""
    local, _, domain = address.lower().rpartition("@")
    if domain in _FAKE_DOMAINS or domain.endswith(_FAKE_ENDINGS):
        return f"{domain} is no mailbox of a person"
    if local.split("+", 1)[0] in _FAKE_NAMES:
        return f"“{local}” is a placeholder"
    if re.fullmatch(r"(.)\1{3,}", local):
        return f"“{local}” is one letter again and again"
    if len(local) >= 8 and re.fullmatch(r"[bcdfghjklmnpqrstvwxz]+", local):
        return f"“{local}” cannot be spoken"
    return ""


def parts(facts: ScoreFacts) -> list[Part]:
    """The lines that count for these facts, in the order of the rule; a fact that is absent has no line."""
    stock = f"VIN {facts.vin}" if facts.vin else f"Stock {facts.stock}" if facts.stock else ""
    doubts = [why for email in facts.emails if (why := suspicious_email(email))]
    lines = (
        ("Valid phone", 15, facts.phones[0] if facts.phones else ""),
        ("Valid e-mail", 5, facts.emails[0] if facts.emails else ""),
        ("Names a vehicle in stock", 15, stock),
        ("Trade-in", 10, facts.trade_in),
        *_timeframe(facts),
        ("Asks for financing", 10, "Financing or leasing was requested" if facts.finance_requested else ""),
        ("Wants a test drive", 15, "A test drive was requested" if facts.test_drive else ""),
        ("Asks a question", 5, facts.question),
        ("Bought before", 10, facts.earlier_sale),
        ("In the dealer's territory", 5, facts.in_territory),
        (SEVERAL_SOURCES, 5, ", ".join(facts.other_sources)),
        ("Suspicious e-mail", -20, doubts[0] if doubts else ""),
        ("Out of market", -15, facts.out_of_market),
    )
    return [Part(label=label, points=points, why=_short(why)) for label, points, why in lines if why]


def _timeframe(facts: ScoreFacts) -> list[tuple[str, int, str]]:
    if facts.wanted_by is None:
        return []
    days, why = (facts.wanted_by - facts.today).days, f"By {facts.wanted_by:%-d %b %Y}"
    if 0 <= days <= 30:
        return [("Wants it within 30 days", 15, why)]
    return [("Wants it within 90 days", 8, why)] if 30 < days <= 90 else []


SEVERAL_SOURCES: Final = "Came from several sources"


def with_other_source(before: Sequence[Part], source: str) -> list[Part]:
    """The parts after the same wish arrived from another source too; a second one does not count again."""
    kept = [part for part in before if part["label"] != SEVERAL_SOURCES]
    earlier = [part for part in before if part["label"] == SEVERAL_SOURCES]
    named = list(dict.fromkeys([*(s for part in earlier for s in part["why"].split(", ")), source]))
    return [*kept, Part(label=SEVERAL_SOURCES, points=5, why=", ".join(named))]


def total(lines: Iterable[Part]) -> int:
    """The score: the points added up, never under 0 or over 100."""
    return max(0, min(100, sum(part["points"] for part in lines)))


def _short(text: str, longest: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
