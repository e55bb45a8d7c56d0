"""Why incentive claims came back or were denied, with the sentence the dealer read: by checks and by people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import Session

from db.claims.figure_rules import pareto
from db.core.actor import Scope
from db.core.timeline import TimelineEntry, TimelineLink
from db.incentives.claim_rules import TITLES
from db.incentives.claim_store import KIND
from db.incentives.figure_filters import Asked
from db.incentives.flow import REASONS
from db.incentives.record import AREA
from db.incentives.tables import IncentiveCheck, IncentiveClaim, IncentiveRun

KINDS: Final[dict[str, str]] = {"": "Both", "returned": "Returned", "denied": "Denied"}
_OF_CHECKS: Final = {"returned": ("returned", "missing"), "denied": ("not_eligible", "fail")}
_OF_PEOPLE: Final = {"returned": "send_back", "denied": "deny"}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason: how often claims came back or were denied for it, what they claimed, the newest sentence."""

    code: str
    cases: int
    returned: int
    denied: int
    cents: int
    cumulative: float
    sentence: str

    @property
    def label(self) -> str:
        """The reason in words; those of checks with their number."""
        return reason_label(self.code)

    @property
    def is_check(self) -> bool:
        """Whether a check found it and no person."""
        return self.code in TITLES


def reason_label(code: str) -> str:
    """A reason in words; those of checks with their number."""
    return f"{code} {TITLES[code]}" if code in TITLES else REASONS.get(code, code or "No reason given")


def reasons(session: Session, *, scope: Scope, asked: Asked, kind: str = "") -> list[Reason]:
    """Reasons of returns and denials within the days asked for, most cases first; `kind` is of `KINDS`.

    A case is one time a claim came back or was denied: by the checks when it was sent (the first check that stood in
    the way), or by a person with a reason. The amount claimed counts once a case. Five statements at most.
    """
    counted: dict[str, dict[str, int]] = {}
    newest: dict[str, tuple[Any, str]] = {}
    for what in ("returned", "denied"):
        if kind in ("", what):
            found = [*_by_checks(session, scope, asked, what), *_by_people(session, scope, asked, what)]
            for code, cases, cents, at, sentence in found:
                cell = counted.setdefault(code, {"returned": 0, "denied": 0, "cents": 0})
                cell[what] += cases
                cell["cents"] += cents
                if code not in newest or newest[code][0] < at:
                    newest[code] = (at, sentence)
    return [
        Reason(
            code=line.code, cases=line.cases, cents=line.cents, cumulative=line.cumulative,
            returned=counted[line.code]["returned"], denied=counted[line.code]["denied"],
            sentence=newest[line.code][1],
        )
        for line in pareto({c: (n["returned"] + n["denied"], n["cents"]) for c, n in counted.items()})
    ]  # fmt: skip


def _claims(scope: Scope, asked: Asked) -> list[ColumnElement[bool]]:
    claim = IncentiveClaim
    return [
        scope.where(claim.dealer_id, claim.region),
        *asked.narrowed(program=claim.program_id, region=claim.region, dealer=claim.dealer_id),
    ]


def _by_checks(session: Session, scope: Scope, asked: Asked, what: str) -> list[tuple[str, int, int, Any, str]]:
    """(rule, cases, cents, newest moment, its sentence) of what sending brought; checking again decides nothing."""
    run, check, claim, entry, link = IncentiveRun, IncentiveCheck, IncentiveClaim, TimelineEntry, TimelineLink
    outcome, level = _OF_CHECKS[what]
    only_looked = (
        exists()
        .where(
            link.item_type == KIND, link.item_id == run.claim_id, entry.seq == link.seq, entry.area == AREA,
            entry.command == "validate", entry.at == run.made_at,
        )
        .correlate(run)
    )  # fmt: skip
    firsts = (
        select(run.claim_id, run.run, run.made_at, claim.claimed_cents, func.min(check.rule).label("rule"))
        .join(claim, claim.id == run.claim_id)
        .join(check, (check.claim_id == run.claim_id) & (check.run == run.run))
        .where(
            run.outcome == outcome, check.level == level, *asked.moments(run.made_at), *_claims(scope, asked),
            ~only_looked,
        )
        .group_by(run.claim_id, run.run, run.made_at, claim.claimed_cents)
        .subquery()
    )  # fmt: skip
    ranked = select(
        firsts, func.row_number().over(
            partition_by=firsts.c.rule, order_by=(firsts.c.made_at.desc(), firsts.c.claim_id.desc())
        ).label("place"),
    ).subquery()  # fmt: skip
    last = case((ranked.c.place == 1, check.sentence), else_=None)
    rows = session.execute(
        select(
            ranked.c.rule, func.count(), func.coalesce(func.sum(ranked.c.claimed_cents), 0),
            func.max(ranked.c.made_at), func.max(last),
        )
        .join(
            check,
            (check.claim_id == ranked.c.claim_id) & (check.run == ranked.c.run) & (check.rule == ranked.c.rule),
        )
        .group_by(ranked.c.rule)
    )  # fmt: skip
    return [(rule, n, int(cents), at, sentence or "") for rule, n, cents, at, sentence in rows]


def _by_people(session: Session, scope: Scope, asked: Asked, what: str) -> list[tuple[str, int, int, Any, str]]:
    """The same of what people returned or denied, from the timeline: a claim keeps its last reason only."""
    entry, link, claim = TimelineEntry, TimelineLink, IncentiveClaim
    code = entry.detail["after"]["reason_code"].as_string()
    events = (
        select(
            code.label("code"), entry.at, entry.reason, claim.claimed_cents,
            func.row_number().over(partition_by=code, order_by=entry.seq.desc()).label("place"),
        )
        .join(link, link.seq == entry.seq)
        .join(claim, claim.id == link.item_id)
        .where(
            entry.area == AREA, entry.command == _OF_PEOPLE[what], link.item_type == KIND,
            *asked.moments(entry.at), *_claims(scope, asked),
        )
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(
            events.c.code, func.count(), func.coalesce(func.sum(events.c.claimed_cents), 0), func.max(events.c.at),
            func.max(case((events.c.place == 1, events.c.reason), else_=None)),
        ).group_by(events.c.code)
    )  # fmt: skip
    return [(code or "other", n, int(cents), at, sentence or "") for code, n, cents, at, sentence in rows]
