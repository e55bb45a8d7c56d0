"""What must hold between contacts, promises and the rules (`python -m db check`)."""

from __future__ import annotations

from sqlalchemy import case, literal, or_, select
from sqlalchemy.orm import Session

from db.contact_log import rules
from db.contact_log.flow import FLOW
from db.contact_log.tables import ContactReport, Promise
from db.core.area import Check
from db.dealers.strays import in_another_region

MOST = 50


def check_contacts(session: Session) -> list[str]:
    """Reports that count although nobody was reached, or do not although somebody was; promises that contradict
    themselves or lie in another region than their dealer; at most 50 sentences a kind.
    """
    found = []
    should = case(
        (ContactReport.outcome.in_(sorted(rules.COUNTED)) & ContactReport.voided_at.is_(None), literal(1)),
        else_=literal(0),
    )
    does = case((ContactReport.counts, literal(1)), else_=literal(0))
    for number in session.scalars(select(ContactReport.number).where(should != does).limit(MOST)):
        found.append(f"contact {number} counts, or does not, against its outcome")
    open_states = list(FLOW.open_states)
    for number in session.scalars(
        select(Promise.number)
        .where(
            or_(
                (Promise.status == "kept") & or_(Promise.kept_on.is_(None), Promise.closing_note == ""),
                (Promise.status == "withdrawn") & (Promise.closing_note == ""),
                Promise.status.in_(open_states) & (~Promise.is_open | Promise.closed_at.is_not(None)),
                Promise.status.not_in(open_states) & (Promise.is_open | Promise.closed_at.is_(None)),
                Promise.first_due_day > Promise.due_day,
            )
        )
        .limit(MOST)
    ):
        found.append(f"promise {number} contradicts itself")
    for table in (ContactReport, Promise):
        strays = in_another_region(session, table, most=MOST)
        found += [f"{number} lies in another region than its dealer" for number in strays]
    return found


CHECKS = (Check(name="contacts and promises", run=check_contacts),)
