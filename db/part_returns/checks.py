"""What must hold between old parts, their claims and the ledger (`python -m db check`)."""

from __future__ import annotations

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from db.claim_payments.tables import ClaimEntry
from db.core.area import Check
from db.dealers.strays import in_another_region
from db.part_returns.flow import FLOW
from db.part_returns.tables import PartReturn

MOST = 50


def returns_are_whole(session: Session) -> list[str]:
    """Old parts that contradict themselves, or lie in another region than their dealer."""
    open_states = list(FLOW.open_states)
    r = PartReturn
    odd = or_(
        and_(r.status.in_(open_states), ~r.is_open), and_(r.status.not_in(open_states), r.is_open), r.due_at.is_(None),
        and_(r.status == "requested", or_(r.due_on.is_(None), r.requested_at.is_(None))),
        and_(r.status == "held", r.hold_until.is_(None)), and_(r.status == "shipped", r.shipped_at.is_(None)),
        and_(r.status == "received", r.received_at.is_(None)), and_(r.status == "inspected", r.finding == ""),
        and_(r.back_owed, r.status.in_(("scrapped", "kept", "sent_back"))),
    )  # fmt: skip
    found = [f"{n} contradicts itself" for n in session.scalars(select(r.number).where(odd).order_by(r.id).limit(MOST))]
    strays = in_another_region(session, PartReturn, most=MOST)
    return found + [f"{number} lies in another region than its dealer" for number in strays]


def charges_are_in_the_ledger(session: Session) -> list[str]:
    """A part is charged at most once at a time: its charges less those taken back are none, or the one it names."""
    r, entry = PartReturn, ClaimEntry
    back = select(entry.reverses_id.label("id")).where(entry.reverses_id.is_not(None)).subquery()
    key = "part:" + func.cast(r.id, entry.entry_key.type) + ":%"
    rows = session.execute(
        select(
            r.number, r.status, r.part_cents, r.debit_entry_id, func.count(entry.id),
            func.coalesce(func.sum(case((back.c.id.is_(None), 1), else_=0)), 0),
            func.coalesce(func.sum(case((back.c.id.is_(None), entry.cents), else_=0)), 0),
            func.max(case((back.c.id.is_(None), entry.id), else_=None)),
        )
        .join(entry, and_(entry.claim_id == r.claim_id, entry.kind == "part_debit", entry.entry_key.like(key)))
        .outerjoin(back, back.c.id == entry.id)
        .group_by(r.id)
        .order_by(r.id)
    )  # fmt: skip
    found = []
    for number, status, part_cents, named, _, standing, cents, newest in rows:
        if standing > 1:
            found.append(f"{number} is charged {standing} times")
        elif standing == 1 and named != newest:
            found.append(f"{number} is charged by an entry it does not name")
        elif standing == 1 and -int(cents) > part_cents and status == "missing":
            found.append(f"{number} is charged more than was paid for the part")
        elif standing == 1 and status in ("received", "inspected", "scrapped", "kept", "sent_back"):
            found.append(f"{number} has arrived, but is still charged")
    return found[:MOST]


CHECKS = (
    Check(name="Old parts are whole", run=returns_are_whole),
    Check(name="Charges for old parts are in the ledger", run=charges_are_in_the_ledger),
)
