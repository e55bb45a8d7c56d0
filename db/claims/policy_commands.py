"""Publishing the next version of the claim policy. Versions are never changed, only followed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.claims.policy_compare_rules import changes_between
from db.claims.policy_edit_rules import check_policy
from db.claims.policy_queries import decided_since, forget_kept
from db.claims.policy_rules import DEFAULT, Policy
from db.claims.snapshots import policy_from_json, policy_to_json
from db.claims.tables import ClaimPolicy
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import count_label, local_day
from db.core.locks import hold
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused, Stale

_SHOWN = 40
LATEST = date(2100, 1, 1)


def publish_policy(
    session: Session, *, policy: Policy, effective_from: date | None, reason: str, past_reason: str = "",
    seen_version: int, form_key: str | None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """The next version of the policy from a day on; gives its number. The same `form_key` again gives the first.

    Decided claims keep their decision; a first day claims were decided on or after needs `past_reason`, too. Problems:
    the names of the tables (policy_edit_rules.TABLES), effective_from, reason, past_reason.
    """
    actor.require(Permission.WARRANTY_MANAGE)
    known = session.scalar(select(ClaimPolicy.number).where(ClaimPolicy.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    if not actor.scope.is_all:
        sentence = "The policy holds for every dealer: only somebody who looks after all of them may change it."
        raise Refused(Problem(code="not_allowed", message=sentence))
    hold(session, "claim policy")
    newest = session.scalars(select(ClaimPolicy).order_by(ClaimPolicy.number.desc()).limit(1)).one_or_none()
    number = newest.number if newest else DEFAULT.version
    if newest is not None and seen_version != number:
        raise Stale(what="The claim policy", changed_by=newest.created_by, changed_at=newest.created_at)
    before = policy_from_json(newest.body) if newest else DEFAULT
    problems = Problems(list(check_policy(policy)))
    reason = problems.require(reason, "reason", "The reason", longest=1000)
    _check_day(session, effective_from, past_reason, newest, problems, actor=actor, now=now)
    said = changes_between(before, policy)
    if not said and not problems.found:
        problems.add("", "no_change", "Nothing differs from the newest version.")
    problems.refuse_if_any()
    assert effective_from is not None
    body = policy_to_json(replace(policy, version=number + 1, effective_from=effective_from))
    why = reason if not past_reason.strip() else f"{reason} (from a past day: {past_reason.strip()})"
    row = ClaimPolicy(
        number=number + 1, effective_from=effective_from, body=body, reason=why, created_at=now, created_by=actor.name,
        form_key=form_key,
    )  # fmt: skip
    session.add(row)
    session.flush()
    forget_kept(session)
    changes.touch(session, "claims")
    timeline.record(
        session, actor=actor, now=now, area="claims", command="publish_policy",
        summary=f"Claim policy: version {row.number} from {effective_from} on, {len(said)} changes.",
        items=[timeline.Item("claim_policy", row.id)], before={"version": number},
        after={"version": row.number, "effective_from": effective_from, "changes": list(said[:_SHOWN])}, reason=why,
    )  # fmt: skip
    return row.number


def _check_day(
    session: Session, day: date | None, past_reason: str, newest: ClaimPolicy | None, problems: Problems, *,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """The first day: after the newest version's, and not in the past of decided claims without a reason of its own."""
    if day is None or not DEFAULT.effective_from < day <= LATEST:
        problems.add("effective_from", "required", "Choose the first day of the new version.")
        return
    if newest is not None and day < newest.effective_from:
        sentence = (
            f"Version {newest.number} begins on {newest.effective_from:%-d %b %Y}; choose that day, to replace it, "
            "or a later one."
        )
        problems.add("effective_from", "before_newest", sentence)
    if len(past_reason) > 1000:
        problems.add("past_reason", "too_long", "At most 1,000 characters fit.")
    if day > local_day(now, DESK_ZONE) or past_reason.strip():
        return
    decided = decided_since(session, moment=datetime.combine(day, time(0), tzinfo=ZoneInfo(DESK_ZONE)), actor=actor)
    if decided:
        sentence = (
            f"{count_label(decided)} claims were decided since that day by another version and keep their decision. "
            "Choose a later day, or say why it begins then."
        )
        problems.add("past_reason", "decided", sentence)
