"""The newest run of each claim read back with its facts, and a draft of the policy tried on them.

Read in chunks by the moment of the run, newest first, each claim once, at most `MOST` claims. Everything is of the
actor's scope; who may not simulate is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.claims.model import CLAIM_TYPES
from db.claims.policy_queries import policy_on
from db.claims.policy_rules import Policy
from db.claims.rule_book import HUNDREDTHS, LEVELS, RULE_BOOK, UNITS
from db.claims.simulation_rules import (
    BY_A_PERSON,
    Kept,
    Simulation,
    drafted,
    ordered,
    outcome_label,
    simulate,
)
from db.claims.snapshots import facts_from_json
from db.claims.tables import Claim, ClaimRun
from db.core.actor import Actor, Scope
from db.core.area import ExportKind
from db.core.export_files import ExportColumn
from db.core.keyset import beyond
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer

__all__ = [
    "BY_A_PERSON", "CLAIM_TYPES", "EXPORT", "HUNDREDTHS", "LEVELS", "MOST", "PERIODS", "RULE_BOOK", "UNITS",
    "Simulation", "changed_rows", "outcome_label", "present", "run_simulation",
]  # fmt: skip
MOST: Final = 20_000
CHUNK: Final = 500
PERIODS: Final = (30, 90, 365)


def present(session: Session, *, actor: Actor, now: datetime) -> Policy:
    """The policy in force today: where a draft starts. A day of the desk."""
    actor.require(Permission.CLAIMS_SIMULATE)
    return policy_on(session, local_day(now, DESK_ZONE))


def run_simulation(
    session: Session, *, actor: Actor, now: datetime, days: int = 90, change: Mapping[str, Any] | None = None,
    most: int = MOST,
) -> Simulation:  # fmt: skip
    """The present policy with `change` (see `drafted`) tried on the claims judged in the last `days`.

    Void claims are left out; each claim counts once, with the facts of its newest run. Refused: other periods than
    `PERIODS`, and changes that are none.
    """
    actor.require(Permission.CLAIMS_SIMULATE)
    if days not in PERIODS:
        raise Refused(Problem(code="bad_period", field="days", message="Choose 30, 90 or 365 days."))
    draft = drafted(present(session, actor=actor, now=now), change or {})
    counted = {"read": 0, "unreadable": 0, "capped": 0}
    found = simulate(_kept(session, actor=actor, since=now - timedelta(days=days), most=most, counted=counted), draft)
    found.unreadable, found.is_capped = counted["unreadable"], bool(counted["capped"])
    found.changed = ordered(found.changed)
    return found


def _kept(session: Session, *, actor: Actor, since: datetime, most: int, counted: dict[str, int]) -> Iterator[Kept]:
    query = (
        select(
            ClaimRun.id, ClaimRun.made_at, ClaimRun.policy_version, ClaimRun.outcome, ClaimRun.suggested_cents,
            ClaimRun.facts, ClaimRun.results, Claim.id.label("claim_id"), Claim.number, Claim.claim_type,
            Claim.status, Claim.decided_kind, Claim.claimed_cents, Claim.approved_cents, Claim.dealer_id,
            Dealer.name, Dealer.code,
        )
        .join(Claim, and_(Claim.id == ClaimRun.claim_id, Claim.run == ClaimRun.run))
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(ClaimRun.made_at >= since, Claim.status != "void", actor.scope.where(Claim.dealer_id, Claim.region))
        .order_by(ClaimRun.made_at.desc(), ClaimRun.id.desc())
        .limit(CHUNK)
    )  # fmt: skip
    following = query
    while True:
        rows = session.execute(following).all()
        for row in rows:
            if counted["read"] == most:
                counted["capped"] = 1
                return
            counted["read"] += 1
            try:
                facts = facts_from_json(row.facts)
            except ValueError:  # of a shape from before an update: said, not hidden
                counted["unreadable"] += 1
                continue
            by_person, cents = _by_person(row)
            yield Kept(
                claim_id=row.claim_id, number=row.number, dealer_id=row.dealer_id, dealer=row.name,
                dealer_code=row.code, claim_type=row.claim_type, policy_version=row.policy_version,
                outcome=row.outcome, suggested_cents=row.suggested_cents, facts=facts,
                fired=frozenset(r["rule"] for r in row.results if not r["passed"]), by_person=by_person,
                person_cents=cents,
            )  # fmt: skip
        if len(rows) < CHUNK:
            return
        last = rows[-1]
        following = query.where(beyond((ClaimRun.made_at, ClaimRun.id), (last.made_at, last.id), falls=True))


def _by_person(row: Any) -> tuple[str, int]:
    """What a person made of the claim, and what that person approved of it."""
    if row.decided_kind == "person":
        cents = row.approved_cents or 0
        if cents <= 0 and row.claimed_cents > 0:
            return "denied", 0
        return ("reduced" if cents < row.claimed_cents else "approved"), cents
    # The rules left it to a person, and it is with the dealer again.
    if row.outcome == "review" and row.status in ("returned", "rejected"):
        return "returned", 0
    return "", 0


# ---- the claims that change, as a file -------------------------------------------------------------------------------
def changed_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a claim the draft decides differently; `filters` are days and change, the change as JSON text."""
    try:
        days, change = int(filters.get("days") or 90), json.loads(str(filters.get("change") or "{}"))
        if not isinstance(change, dict):
            raise ValueError
    except ValueError:
        raise Refused(Problem(code="unreadable", field="change", message="The draft cannot be read.")) from None
    found = run_simulation(session, actor=actor, now=now, days=days, change=change)
    for c in found.changed:
        yield (
            c.number, c.dealer_code, c.dealer, CLAIM_TYPES.get(c.claim_type, c.claim_type), outcome_label(c.before),
            outcome_label(c.after), c.before_cents, c.after_cents, c.after_cents - c.before_cents,
            BY_A_PERSON.get(c.by_person, ""), "yes" if c.risk else "no", c.risk_cents, c.why,
        )  # fmt: skip


def _column(name: str, label: str, kind: Any = "text") -> ExportColumn:
    return ExportColumn(name=name, label=label, kind=kind)


EXPORT: Final = ExportKind(
    name="claim_simulation", title="Claims another policy decides differently", permission=Permission.CLAIMS_SIMULATE,
    rows=changed_rows,
    columns=(
        _column("number", "Claim"), _column("code", "Dealer code"), _column("dealer", "Dealer"),
        _column("type", "Type"), _column("before", "Outcome before"), _column("after", "Outcome after"),
        _column("before_cents", "Cost before", "money"), _column("after_cents", "Cost after", "money"),
        _column("difference", "Difference", "money"), _column("person", "A person decided"),
        _column("risk", "Would be paid against a person"), _column("risk_cents", "By how much", "money"),
        _column("why", "Why"),
    ),
)  # fmt: skip
