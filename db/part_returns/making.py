"""Makes the rows of old parts: what the rules say of each, with its number, its day and its words to be found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.claims.policy_queries import policy_on
from db.claims.tables import Claim
from db.core import changes, search
from db.core.actor import Actor
from db.core.numbering import next_ids
from db.dealers.tables import Dealer
from db.part_returns import record, rules
from db.part_returns.flow import FLOW
from db.part_returns.tables import PartReturn
from db.warranty.tables import Component, Part

STATES: Mapping[rules.Disposition, str] = {"scrap": "released", "hold": "held", "return": "requested"}


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that leaves an old part; `part_cents` is what was approved for it, `reasons` the codes of its lines."""

    position: int
    part_number: str
    component: str = ""
    serial: str = ""
    part_name: str = ""
    part_cents: int = 0
    reasons: tuple[str, ...] = ()


def make_rows(
    session: Session, wanted: Sequence[tuple[Claim, Job]], failed: Mapping[int, frozenset[str]], *, actor: Actor,
    now: datetime, verdict: rules.Verdict | None = None,
) -> list[PartReturn]:  # fmt: skip
    """A row for each old part, in the state its verdict says (or the one given for all); a bounded number of reads."""
    if not wanted:
        return []
    zones = dict(session.execute(_ZONES, {"ids": sorted({c.dealer_id or 0 for c, _ in wanted})}).all())
    codes = sorted({j.component for _, j in wanted if j.component})
    majors = set(session.scalars(_MAJORS, {"codes": codes})) if codes else set()
    numbers = sorted({j.part_number for _, j in wanted if not j.part_name})
    names = dict(session.execute(_PARTS, {"numbers": numbers}).all()) if numbers else {}
    recoveries = dict(session.execute(_RECOVERIES, {"ids": sorted({c.id for c, _ in wanted})}).all())
    ids = next_ids(session, PartReturn, item_type=record.ITEM, count=len(wanted))
    made = []
    for new_id, (claim, job) in zip(ids, wanted, strict=True):
        zone = zones[claim.dealer_id or 0]
        said = verdict or _verdict(
            session, claim, job, zone=zone, is_major=job.component in majors, failed=failed.get(claim.id, frozenset()),
            recovery=recoveries.get(claim.id, ""), now=now,
        )  # fmt: skip
        row = _row(session, new_id, claim, job, said, zone=zone, actor=actor, now=now)
        row.part_name = (job.part_name or names.get(job.part_number, ""))[:160]
        made.append(row)
    session.add_all(made)
    session.flush()
    for row in made:
        if row.is_open:
            search.index(
                session, kind=record.ITEM, item_id=row.id, texts=[row.number, row.part_number, row.serial],
                dealer_id=row.dealer_id, region=row.region, is_new=True,
            )  # fmt: skip
    changes.touch(session, record.AREA)
    return made


_ZONES: Final = select(Dealer.id, Dealer.zone).where(Dealer.id.in_(bindparam("ids", expanding=True)))
_MAJORS: Final = select(Component.code).where(
    Component.code.in_(bindparam("codes", expanding=True)), Component.is_major
)
_PARTS: Final = select(Part.number, Part.name).where(Part.number.in_(bindparam("numbers", expanding=True)))
_RECOVERIES: Final = select(Claim.original_id, Claim.number).where(
    Claim.original_id.in_(bindparam("ids", expanding=True)), Claim.claim_type == "supplier_recovery",
    Claim.submitted_at.is_not(None),
)  # fmt: skip


def _verdict(
    session: Session, claim: Claim, job: Job, *, zone: str, is_major: bool, failed: frozenset[str], recovery: str,
    now: datetime,
) -> rules.Verdict:  # fmt: skip
    day = rules.day_of(now, zone)
    facts = rules.PartFacts(
        part_cents=job.part_cents,
        is_major=is_major,
        failed_rules=failed,
        recovery=recovery,
        campaign=claim.campaign_number if claim.claim_type == "recall" else "",
    )
    return rules.decide(facts, record.rules_on(session, day), hold_days=policy_on(session, day).hold_days)


def _row(
    session: Session, new_id: int, claim: Claim, job: Job, said: rules.Verdict, *, zone: str, actor: Actor,
    now: datetime,
) -> PartReturn:  # fmt: skip
    status = STATES[said.disposition]
    values: dict[str, Any] = {"closed_at": now, "due_at": now}
    if status == "requested":
        values = record.asked(session, zone=zone, now=now) | {"requested_by": actor.name}
    elif status == "held":
        until = rules.last_day(now, policy_on(session, rules.day_of(now, zone)).hold_days, zone)
        values = {"hold_until": until, "due_at": rules.end_of_day(until, zone)}
    return PartReturn(
        id=new_id, number=f"RMA-{new_id:06}", status=status, version=1, is_open=not FLOW.state(status).final,
        dealer_id=claim.dealer_id, region=claim.region, submitted_by=actor.username, created_at=now, updated_at=now,
        updated_by=actor.name, claim_id=claim.id, job=job.position, part_number=job.part_number,
        component=job.component, serial=job.serial, part_cents=job.part_cents, disposition=said.disposition,
        why=said.why, debits=0, back_owed=False, **({"warned_percent": 0} | values),
    )  # fmt: skip
