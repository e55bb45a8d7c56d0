"""Whom the clock of a claim tells what: warnings, approval by silence, a returned claim nobody corrected."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.claims.clock_rules import clock_state, day_words, silence_may_approve
from db.claims.flow import FLOW
from db.claims.policy_rules import Policy
from db.claims.tables import Claim
from db.core.labels import local_day
from db.core.permissions import Permission
from db.people.notifications import notify
from db.people.queries import people_to_tell


def _may(session: Session, claim: Claim, permission: Permission) -> set[int]:
    return set(people_to_tell(session, dealer_id=claim.dealer_id, region=claim.region, permission=permission))


def tell_warning(
    session: Session, claim: Claim, percent: int, *, zone: str, policy: Policy, now: datetime
) -> None:  # fmt: skip
    """Tell whoever has the claim, else those who may decide, that a threshold was passed; the last one managers, too.

    Where silence approves nothing, that is the escalation: an overdue claim would only grow older.
    """
    assert claim.received_at is not None
    assert claim.decide_by is not None
    is_over = percent >= max(policy.warn_at)
    silent = silence_may_approve(deemed_on=claim.deemed_on, first_decided_at=claim.first_decided_at)
    state = clock_state(
        claim.received_at, claim.decide_by, now, zone=zone, deemed_on=claim.deemed_on if silent else None,
        source=policy.clock(claim.state).source, warn_at=policy.warn_at,
    )  # fmt: skip
    people = {claim.assignee_id} if claim.assignee_id is not None else _may(session, claim, Permission.CLAIMS_DECIDE)
    if is_over:
        people |= _may(session, claim, Permission.CLAIMS_AUTHORIZE)
    head = "is overdue" if is_over else f"has used {percent}% of its clock"
    notify(
        session, person_ids=people, kind="claim_clock", title=f"{claim.number} {head}",
        body=f"{state.sentence} It is {FLOW.state(claim.status).label.lower()}.", item_type="claim", item_id=claim.id,
        # A new clock (sent again, appealed) warns anew.
        dedupe_key=f"claim:{claim.id}:{claim.decide_by:%Y%m%d%H%M}:{percent}", now=now, mail=is_over,
    )  # fmt: skip


def tell_deemed(session: Session, claim: Claim, note: str, *, now: datetime) -> None:
    """Tell those who may decide, and whoever had the claim, that they were too late."""
    people = _may(session, claim, Permission.CLAIMS_DECIDE)
    if claim.assignee_id is not None:
        people.add(claim.assignee_id)
    notify(
        session, person_ids=people, kind="claim_clock", title=f"{claim.number} was approved by silence", body=note,
        item_type="claim", item_id=claim.id, dedupe_key=f"claim:{claim.id}:deemed", now=now, mail=True,
    )  # fmt: skip


def tell_never_corrected(session: Session, claim: Claim, until: datetime, *, zone: str, now: datetime) -> None:
    """Tell everybody who may enter claims of this dealer that a returned one was not corrected in its days."""
    returned = day_words(local_day(claim.stage_entered_at, zone), local_day(now, zone))
    notify(
        session, person_ids=_may(session, claim, Permission.CLAIMS_ENTER), kind="claim_returned",
        title=f"{claim.number} was returned and never corrected",
        body=f"It went back on {returned}, and the days to correct it are over. It can still be corrected and sent, "
        "but it may then be late; or take it back.",
        item_type="claim", item_id=claim.id, dedupe_key=f"claim:{claim.id}:returned:{claim.returns}:{until:%Y%m%d}",
        now=now, mail=True,
    )  # fmt: skip
