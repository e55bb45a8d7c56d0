"""Who is told of old parts: the dealer of what it has to do and what it costs, ours of what they wait for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from db.claim_payments.notices import people_of_dealer
from db.claims.tables import Claim
from db.core.labels import plural
from db.core.permissions import Permission
from db.part_returns.rules import FINDINGS, WAITS_FOR_PART, money
from db.part_returns.tables import PartReturn
from db.people.notifications import notify
from db.people.queries import people_to_tell

KIND = "part_return"
MOST = 5


def _tell_dealer(
    session: Session, row: PartReturn, title: str, body: str, *, key: str, now: datetime, mail: bool
) -> int:  # fmt: skip
    assert row.dealer_id is not None
    return notify(
        session, person_ids=people_of_dealer(session, row.dealer_id, Permission.RETURNS_SHIP), kind=KIND, title=title,
        body=body, item_type="part_return", item_id=row.id, dedupe_key=f"part_return:{row.id}:{key}", now=now,
        mail=mail,
    )  # fmt: skip


def tell_asked(session: Session, rows: Sequence[PartReturn], *, now: datetime) -> int:
    """Parts to send in: one line for each dealer and command, however many parts."""
    by_dealer: dict[int | None, list[PartReturn]] = {}
    for row in rows:
        by_dealer.setdefault(row.dealer_id, []).append(row)
    told = 0
    for some in by_dealer.values():
        first = some[0]
        lines = [f"{r.number}, {r.part_name or r.part_number}: by {r.due_on}. {r.why}" for r in some[:MOST]]
        if len(some) > MOST:
            lines.append(f"And {len(some) - MOST:,} more.")
        title = f"{first.number}: send in {first.part_name or first.part_number} by {first.due_on}"
        if len(some) > 1:
            title = f"{plural(len(some), 'old part')} to send in"
        told += _tell_dealer(session, first, title, " ".join(lines), key=f"asked:{first.version}", now=now, mail=False)
    return told


def tell_reminder(session: Session, row: PartReturn, percent: int, *, now: datetime) -> int:
    """So much of the time to send a part in is used; the last reminder before the charge goes out by mail, too."""
    return _tell_dealer(
        session, row, f"{row.number}: {percent}% of the time to send in {row.part_name or row.part_number} is used",
        f"It has to be with a carrier by {row.due_on}; after that {money(row.part_cents)} is charged.",
        key=f"remind:{row.due_on}:{percent}", now=now, mail=percent >= 80,
    )  # fmt: skip


def tell_charged(session: Session, row: PartReturn, cents: int, *, now: datetime) -> int:
    """A part did not come by its day."""
    body = f"It was due by {row.due_on}. When it still arrives, the charge is taken back."
    charged = f"{money(cents)} charged" if cents else "nothing is charged, for nothing was paid"
    return _tell_dealer(
        session, row, f"{row.number} was not returned: {charged}", body, key=f"missing:{row.debits}:{row.version}",
        now=now, mail=True,
    )  # fmt: skip


def tell_changed(session: Session, row: PartReturn, said: str, note: str, *, now: datetime, mail: bool = False) -> int:
    """Something else the dealer should know: called off, more time, paid for, sent back, the charge taken back."""
    return _tell_dealer(session, row, f"{row.number}: {said}", note, key=f"v{row.version}", now=now, mail=mail)


def tell_inspected(session: Session, row: PartReturn, claim: Claim, *, by: int | None, now: datetime) -> int:
    """Whoever decides the claim, when it waits for this part; who may charge it back, when the part has no defect."""
    waits = claim.status == WAITS_FOR_PART
    if not waits and row.finding != "not_defect":
        return 0
    permission = Permission.CLAIMS_DECIDE if waits else Permission.CLAIMS_CHARGE_BACK
    people = people_to_tell(session, dealer_id=row.dealer_id, region=row.region, permission=permission)
    if waits and claim.assignee_id is not None:
        people = [claim.assignee_id]
    return notify(
        session, person_ids=[p for p in people if p != by], kind=KIND,
        title=f"{claim.number}: the old part was inspected, {FINDINGS[row.finding].lower()}", body=row.finding_note,
        item_type="claim", item_id=claim.id, dedupe_key=f"part_return:{row.id}:inspected:{row.version}", now=now,
        mail=False,
    )  # fmt: skip


def tell_did_not_come(session: Session, row: PartReturn, claim: Claim, *, now: datetime) -> int:
    """A claim waits for a part that did not come by its day: whoever decides it can decide without."""
    people = people_to_tell(
        session, dealer_id=row.dealer_id, region=row.region, permission=Permission.CLAIMS_DECIDE
    )  # fmt: skip
    return notify(
        session, person_ids=[claim.assignee_id] if claim.assignee_id is not None else people, kind=KIND,
        title=f"{claim.number}: the old part did not come", item_type="claim", item_id=claim.id,
        body=f"{row.number} was due by {row.due_on}. The claim's clock runs on; it can be decided without the part.",
        dedupe_key=f"part_return:{row.id}:absent:{row.due_on}", now=now, mail=False,
    )  # fmt: skip


def tell_back_owed(session: Session, row: PartReturn, claim: Claim, *, now: datetime) -> int:
    """We owe a part to the dealer: the claim was denied because it has no defect."""
    people = people_to_tell(
        session, dealer_id=row.dealer_id, region=row.region, permission=Permission.RETURNS_RECEIVE
    )  # fmt: skip
    return notify(
        session, person_ids=people, kind=KIND, title=f"{row.number}: send it back at our cost, or pay for it",
        body=f"{claim.number} was denied because the part has no defect. {row.note}".strip(), item_type="part_return",
        item_id=row.id, dedupe_key=f"part_return:{row.id}:owed:{row.version}", now=now, mail=False,
    )  # fmt: skip
