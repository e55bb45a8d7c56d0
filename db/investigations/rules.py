"""What makes a claim or a dealer look odd (domain-rules 2.1 F). A flag opens an investigation and decides nothing.

Each function gives the flags its facts raise, each with a sentence for the investigator and the evidence as it was.
"""

from __future__ import annotations

import hashlib
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

KINDS: Final[dict[str, str]] = {
    "picture_reuse": "Picture used before",
    "invoice_reuse": "Invoice used before",
    "same_words": "Same words as another claim",
    "vehicle_twice": "Same repair claimed twice",
    "usage": "Odometer goes back",
    "document": "Papers contradict the claim",
    "inflated": "Far above the usual amount",
    "hugging": "Amounts just below a limit",
    "spike": "Many more claims than usual",
}
TWICE_DAYS: Final = 45
HUGGING_SHARE: Final = 5
"""Percent below a limit that count as just below it."""
HUGGING_FROM: Final = 25
"""Percent of a dealer's claims just below a limit from which it is flagged; ~1% would lie there by chance."""
FEWEST: Final = 12
WEEKS: Final = 26
DEVIATIONS: Final = 3.0
FEWEST_A_WEEK: Final = 5
_WORDS: Final = re.compile(r"[a-z0-9]+")
_FEWEST_WORDS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Flag:
    """One flag: `key` is the same for the same oddity, so that it is raised once."""

    kind: str
    key: str
    sentence: str
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OtherUse:
    """A file of another claim that is the same as one of this claim, byte for byte or as a picture."""

    file: str
    sha256: str
    same_bytes: bool
    claim: str
    dealer: str
    own_dealer: bool
    vin: str
    other_file: str


@dataclass(frozen=True, kw_only=True)
class OtherInvoice:
    """The same invoice number of the same dealer on another claim."""

    invoice: str
    cents: int | None
    claim: str
    other_cents: int | None


@dataclass(frozen=True, kw_only=True)
class OtherRepair:
    """Another claim on this VIN with the same operation or causal part; `days` between the repairs."""

    claim: str
    dealer: str
    own_dealer: bool
    operation: str
    causal_part: str
    days: int


def narrative_key(causes: Sequence[str], corrections: Sequence[str]) -> str:
    """The key of what was written as cause and correction, blind to case and punctuation; empty for a few words."""
    words = _WORDS.findall(" ".join((*causes, *corrections)).lower())
    if len(words) < _FEWEST_WORDS:
        return ""
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:32]


def money(cents: int) -> str:
    """Cents as people write them."""
    return f"{cents / 100:,.2f}"


def picture_reuse(number: str, uses: Sequence[OtherUse]) -> list[Flag]:
    """A file that another claim has already, most of all one of another vehicle or another dealer."""
    return [
        Flag(
            kind="picture_reuse", key=f"picture_reuse:{number}:{use.claim}:{use.sha256[:16]}",
            sentence=f"{use.file} is {'the same file as' if use.same_bytes else 'the same picture as'} {use.other_file}"
            f" of {use.claim} ({'this dealer' if use.own_dealer else use.dealer}, VIN {use.vin or 'unknown'}).",
            evidence={
                "file": use.file, "sha256": use.sha256, "claim": use.claim, "dealer": use.dealer, "vin": use.vin,
                "other_file": use.other_file, "same_bytes": use.same_bytes,
            },
        )
        for use in uses
    ]  # fmt: skip


def invoice_reuse(number: str, invoices: Sequence[OtherInvoice]) -> list[Flag]:
    """One invoice on two claims, with the same total or, worse, with another one."""
    found = []
    for one in invoices:
        same = one.cents == one.other_cents
        total = "the same total" if same else f"another total ({money(one.other_cents or 0)})"
        here = "" if one.cents is None else f" of {money(one.cents)}"
        found.append(
            Flag(
                kind="invoice_reuse", key=f"invoice_reuse:{number}:{one.claim}:{one.invoice}"[:120],
                sentence=f"Invoice {one.invoice}{here} is also on {one.claim}, with {total}.",
                evidence={
                    "invoice": one.invoice, "cents": one.cents, "claim": one.claim, "other_cents": one.other_cents
                },
            )
        )  # fmt: skip
    return found


def same_words(number: str, others: Sequence[tuple[str, str, str]]) -> list[Flag]:
    """The same cause and correction, word for word, on claims of other vehicles: (claim, dealer, VIN) each."""
    if not others:
        return []
    names = ", ".join(claim for claim, _, _ in others[:5])
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    return [
        Flag(
            kind="same_words", key=f"same_words:{number}",
            sentence=f"Cause and correction are word for word those of {names}{more}, on other vehicles.",
            evidence={"claims": [{"claim": c, "dealer": d, "vin": v} for c, d, v in others[:20]], "count": len(others)},
        )
    ]  # fmt: skip


def vehicle_twice(number: str, others: Sequence[OtherRepair]) -> list[Flag]:
    """The same repair of the same vehicle within 45 days, at whichever dealer."""
    return [
        Flag(
            kind="vehicle_twice", key=f"vehicle_twice:{number}:{one.claim}",
            sentence=f"{one.claim} ({'this dealer' if one.own_dealer else one.dealer}) claims the same"
            f" {'operation ' + one.operation if one.operation else 'part ' + one.causal_part} on this vehicle"
            f" {one.days} days apart.",
            evidence={
                "claim": one.claim, "dealer": one.dealer, "operation": one.operation, "part": one.causal_part,
                "days": one.days,
            },
        )
        for one in others
        if one.days <= TWICE_DAYS
    ]  # fmt: skip


def usage(number: str, odometer: int | None, on: date | None, readings: Sequence[tuple[date, int, str]]) -> list[Flag]:
    """A reading below an earlier one, or above a later one: (day, reading, where it stands)."""
    if odometer is None or on is None:
        return []
    before = max((r for r in readings if r[0] < on and r[1] > odometer), key=lambda r: r[1], default=None)
    after = min((r for r in readings if r[0] > on and r[1] < odometer), key=lambda r: r[1], default=None)
    wrong = before or after
    if wrong is None:
        return []
    day, value, where = wrong
    word = "earlier" if wrong is before else "later"
    return [
        Flag(
            kind="usage", key=f"usage:{number}:{where}"[:120],
            sentence=f"The odometer reads {odometer:,} on {on:%Y-%m-%d}; {word}, on {day:%Y-%m-%d}, it read {value:,}"
            f" ({where}).",
            evidence={"odometer": odometer, "on": on.isoformat(), "reading": value, "day": day.isoformat(),
                      "where": where},
        )
    ]  # fmt: skip


def document(number: str, receipts_cents: int | None, charged_cents: int) -> list[Flag]:
    """Receipts that come to less than what is charged for sublet, rental and freight; without receipts W25 speaks."""
    if receipts_cents is None or charged_cents <= receipts_cents:
        return []
    return [
        Flag(
            kind="document", key=f"document:{number}:{charged_cents}:{receipts_cents}",
            sentence=f"Sublet, rental and freight come to {money(charged_cents)}, the receipts to"
            f" {money(receipts_cents)}: {money(charged_cents - receipts_cents)} more is claimed than was paid.",
            evidence={"charged_cents": charged_cents, "receipts_cents": receipts_cents},
        )
    ]  # fmt: skip


def inflated(number: str, findings: Sequence[tuple[str, str, str]]) -> list[Flag]:
    """What W27 found: (observed, limit, sentence) of the run."""
    return [
        Flag(
            kind="inflated", key=f"inflated:{number}", sentence=sentence, evidence={"observed": seen, "limit": limit}
        )
        for seen, limit, sentence in findings[:1]
    ]  # fmt: skip


def hugging(dealer: str, month: str, amounts: Sequence[int], limit_cents: int) -> list[Flag]:
    """A dealer too many of whose claims lie within 5% below the limit of automatic approval (cents)."""
    near = [a for a in amounts if limit_cents * (100 - HUGGING_SHARE) <= a * 100 <= limit_cents * 100]
    if len(amounts) < FEWEST or len(near) * 100 < HUGGING_FROM * len(amounts):
        return []
    share = round(100 * len(near) / len(amounts))
    return [
        Flag(
            kind="hugging", key=f"hugging:{dealer}:{month}",
            sentence=f"{len(near)} of {len(amounts)} claims in 90 days ({share}%) lie within {HUGGING_SHARE}% below"
            f" {money(limit_cents)}, the limit of automatic approval.",
            evidence={"near": sorted(near), "claims": len(amounts), "limit_cents": limit_cents},
        )
    ]  # fmt: skip


def spike(dealer: str, week: str, weeks: Sequence[int]) -> list[Flag]:
    """The last full week against the 26 before it, by the dealer's own mean and standard deviation; oldest first."""
    if len(weeks) != WEEKS + 1:
        raise ValueError(f"{WEEKS} weeks and the one to judge are needed")
    *before, now = weeks
    mean, deviation = statistics.fmean(before), statistics.pstdev(before)
    # A dealer with hardly any claims has no deviation to speak of: one more than the square root of the mean is chance.
    z = (now - mean) / max(deviation, mean**0.5, 1.0)
    if now < FEWEST_A_WEEK or z <= DEVIATIONS:
        return []
    return [
        Flag(
            kind="spike", key=f"spike:{dealer}:{week}",
            sentence=f"{now} claims in the week of {week}; the {WEEKS} weeks before had {mean:.1f} on average"
            f" ({z:.1f} standard deviations).",
            evidence={"weeks": list(weeks), "mean": round(mean, 2), "deviation": round(deviation, 2), "z": round(z, 2)},
        )
    ]  # fmt: skip
