"""Reads what the flags of one claim, and of all dealers on one day, are raised by. A bounded number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.claims.tables import Claim, ClaimAttachment, ClaimCharge, ClaimFinding, ClaimJob
from db.core.insert import upsert
from db.customers.vehicle_tables import ServiceVisit
from db.dealers.tables import Dealer
from db.investigations import rules
from db.investigations.rules import Flag, OtherInvoice, OtherRepair, OtherUse
from db.investigations.tables import ClaimFingerprint

_MOST = 20
_RECEIPTED = ("sublet", "rental", "freight")
# Made once: an alias of a wide table costs more to make than its statement to run, and this is asked of every claim.
_OWN, _OTHER, _OWNER = aliased(ClaimAttachment), aliased(ClaimAttachment), aliased(Claim)


def flags_of(session: Session, claim: Claim) -> list[Flag]:
    """Every flag a claim just sent raises; keeps the fingerprint others are compared with."""
    if claim.dealer_id is None or claim.claim_type in ("add_credit", "debit", "supplier_recovery"):
        return []  # a further version of a claim repeats its vehicle, its papers and its words by nature
    jobs = list(session.scalars(select(ClaimJob).where(ClaimJob.claim_id == claim.id).order_by(ClaimJob.position)))
    number = claim.number
    return [
        *rules.picture_reuse(number, _uses(session, claim)),
        *rules.invoice_reuse(number, _invoices(session, claim)),
        *rules.same_words(number, _same_words(session, claim, jobs)),
        *rules.vehicle_twice(number, _repairs(session, claim, jobs)),
        *rules.usage(number, claim.odometer_in, claim.ro_opened_on, _readings(session, claim)),
        *rules.document(number, *_papers(session, claim)),
        *rules.inflated(number, _inflated(session, claim)),
    ]


def _uses(session: Session, claim: Claim) -> list[OtherUse]:
    own, other, owner = _OWN, _OTHER, _OWNER
    same_picture = and_(own.picture_hash != "", other.picture_hash == own.picture_hash)
    # A claim of the same vehicle and repair order may show the same picture; another vehicle may not.
    rows = session.execute(
        select(
            own.file_name, own.sha256, other.sha256, owner.number, Dealer.name, owner.dealer_id, owner.vin,
            other.file_name,
        )
        .join(other, or_(other.sha256 == own.sha256, same_picture))
        .join(owner, owner.id == other.claim_id)
        .join(Dealer, Dealer.id == owner.dealer_id)
        .where(
            own.claim_id == claim.id, own.removed_at.is_(None), other.removed_at.is_(None), owner.id != claim.id,
            owner.family_id != claim.family_id, owner.status != "void", owner.submitted_at.is_not(None),
            or_(owner.vin != claim.vin, owner.ro_number != claim.ro_number),
        )
        .order_by(owner.id.desc(), other.id)
        .limit(_MOST)
    )  # fmt: skip
    return [
        OtherUse(
            file=file, sha256=sha, same_bytes=sha == other_sha, claim=number, dealer=dealer, vin=vin, other_file=name,
            own_dealer=dealer_id == claim.dealer_id,
        )
        for file, sha, other_sha, number, dealer, dealer_id, vin, name in rows
    ]  # fmt: skip


def _invoices(session: Session, claim: Claim) -> list[OtherInvoice]:
    own, other, owner = _OWN, _OTHER, _OWNER
    rows = session.execute(
        select(own.invoice_number, own.invoice_cents, owner.number, other.invoice_cents)
        .join(other, and_(other.dealer_id == own.dealer_id, other.invoice_number == own.invoice_number))
        .join(owner, owner.id == other.claim_id)
        .where(
            own.claim_id == claim.id, own.invoice_number != "", own.removed_at.is_(None), other.removed_at.is_(None),
            owner.id != claim.id, owner.family_id != claim.family_id, owner.status != "void",
            owner.submitted_at.is_not(None),
        )
        .order_by(owner.id.desc())
        .limit(_MOST)
    )  # fmt: skip
    return [OtherInvoice(invoice=i, cents=c, claim=n, other_cents=o) for i, c, n, o in rows]


def _same_words(session: Session, claim: Claim, jobs: Sequence[ClaimJob]) -> list[tuple[str, str, str]]:
    key = rules.narrative_key([j.cause for j in jobs], [j.correction for j in jobs])
    upsert(
        session, ClaimFingerprint,
        {"claim_id": claim.id, "dealer_id": claim.dealer_id, "region": claim.region, "narrative_key": key},
        key=("claim_id",), update=("narrative_key",),
    )  # fmt: skip
    if not key:
        return []
    rows = session.execute(
        select(Claim.number, Dealer.name, Claim.vin)
        .join(ClaimFingerprint, ClaimFingerprint.claim_id == Claim.id)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(
            ClaimFingerprint.narrative_key == key, Claim.id != claim.id, Claim.vin != claim.vin, Claim.status != "void"
        )
        .order_by(Claim.id.desc())
        .limit(_MOST)
    )  # fmt: skip
    return [(number, dealer, vin) for number, dealer, vin in rows]


def _repairs(session: Session, claim: Claim, jobs: Sequence[ClaimJob]) -> list[OtherRepair]:
    if not claim.vin or claim.ro_opened_on is None:
        return []
    operations = {j.operation for j in jobs if j.operation}
    parts = {j.causal_part for j in jobs if j.causal_part}
    rows = session.execute(
        select(Claim.number, Dealer.name, Claim.dealer_id, ClaimJob.operation, ClaimJob.causal_part, Claim.ro_opened_on)
        .join(ClaimJob, ClaimJob.claim_id == Claim.id)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(
            Claim.vin == claim.vin, Claim.id != claim.id, Claim.family_id != claim.family_id, Claim.status != "void",
            Claim.submitted_at.is_not(None), Claim.ro_opened_on.is_not(None),
            Claim.claim_type != "pre_authorization",
        )
        .order_by(Claim.id.desc())
        .limit(200)
    )  # fmt: skip
    found: dict[str, OtherRepair] = {}
    for number, dealer, dealer_id, operation, part, opened in rows:
        if opened is not None and (operation in operations or part in parts):
            found.setdefault(
                number,
                OtherRepair(
                    claim=number, dealer=dealer, own_dealer=dealer_id == claim.dealer_id,
                    operation=operation if operation in operations else "", causal_part=part,
                    days=abs((opened - claim.ro_opened_on).days),
                ),
            )  # fmt: skip
    return list(found.values())[:_MOST]


def _readings(session: Session, claim: Claim) -> list[tuple[date, int, str]]:
    """Readings in the claim's own unit: of other claims on the VIN and of service visits of the vehicle."""
    if not claim.vin:
        return []
    found = [
        (day, value, number)
        for number, day, value in session.execute(
            select(Claim.number, Claim.ro_opened_on, Claim.odometer_in)
            .where(
                Claim.vin == claim.vin, Claim.id != claim.id, Claim.unit == claim.unit, Claim.status != "void",
                Claim.odometer_in.is_not(None), Claim.ro_opened_on.is_not(None), Claim.submitted_at.is_not(None),
            )
            .limit(200)
        )
        if day is not None and value is not None
    ]  # fmt: skip
    if claim.vehicle_id is not None:
        visits = select(ServiceVisit.ro_number, ServiceVisit.opened_on, ServiceVisit.odometer_in).where(
            ServiceVisit.vehicle_id == claim.vehicle_id, ServiceVisit.unit == claim.unit
        )
        found += [(day, value, f"repair order {ro}") for ro, day, value in session.execute(visits.limit(200))]
    return found


def _papers(session: Session, claim: Claim) -> tuple[int | None, int]:
    receipts = session.scalar(
        select(func.sum(ClaimAttachment.invoice_cents)).where(
            ClaimAttachment.claim_id == claim.id, ClaimAttachment.removed_at.is_(None)
        )
    )
    kinds = or_(*(ClaimCharge.kind == kind for kind in _RECEIPTED))
    charged = session.scalar(
        select(func.sum(ClaimCharge.claimed_cents)).where(ClaimCharge.claim_id == claim.id, kinds)
    )  # fmt: skip
    return (None if receipts is None else int(receipts)), int(charged or 0)


def _inflated(session: Session, claim: Claim) -> list[tuple[str, str, str]]:
    rows = session.execute(
        select(ClaimFinding.observed, ClaimFinding.limit_text, ClaimFinding.sentence).where(
            ClaimFinding.claim_id == claim.id, ClaimFinding.rule == "W27"
        )
    )
    return [(seen, limit, sentence) for seen, limit, sentence in rows]


# ---- all dealers on one day -----------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class DealerDay:
    """A dealer with the flags of a day."""

    dealer_id: int
    region: str
    flags: tuple[Flag, ...]


def scan_dealers(session: Session, *, day: date, limit_cents: int) -> tuple[list[DealerDay], int]:
    """Dealers whose week or amounts look odd, and how many claims were looked at; weeks are UTC weeks from Monday."""
    monday = day - timedelta(days=day.weekday())
    first = monday - timedelta(weeks=rules.WEEKS + 1)
    weeks: dict[int, list[int]] = defaultdict(lambda: [0] * (rules.WEEKS + 1))
    amounts: dict[int, list[int]] = defaultdict(list)
    regions: dict[int, str] = {}
    codes: dict[int, str] = {}
    seen = 0
    since = datetime.combine(first, datetime.min.time(), tzinfo=UTC)
    until = datetime.combine(monday, datetime.min.time(), tzinfo=UTC)
    recent = until - timedelta(days=90)
    rows: Any = session.execute(
        select(Claim.dealer_id, Dealer.region, Dealer.code, Claim.submitted_at, Claim.claimed_cents)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(Claim.submitted_at >= since, Claim.submitted_at < until)
        .execution_options(yield_per=5000)
    )
    for dealer_id, region, code, at, cents in rows:
        seen += 1
        regions[dealer_id], codes[dealer_id] = region, code
        weeks[dealer_id][(at.date() - first).days // 7] += 1
        if at >= recent:
            amounts[dealer_id].append(cents)
    last = monday - timedelta(weeks=1)
    found = []
    for dealer_id in sorted(weeks):
        code = codes[dealer_id]
        flags = (
            *rules.spike(code, last.isoformat(), weeks[dealer_id]),
            *rules.hugging(code, f"{day:%Y-%m}", amounts[dealer_id], limit_cents),
        )
        if flags:
            found.append(DealerDay(dealer_id=dealer_id, region=regions[dealer_id], flags=flags))
    return found, seen
