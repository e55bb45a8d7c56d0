"""Why incentive claims came back or were denied, with the sentence the dealer read: by checks and by people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from db.claims.figure_rules import pareto
from db.core.actor import Scope
from db.core.among import unwalked
from db.core.shapes import made_once
from db.core.timeline import TimelineEntry, TimelineLink
from db.core.types import UtcDateTime
from db.incentives.claim_rules import TITLES
from db.incentives.claim_store import KIND
from db.incentives.figure_filters import Asked
from db.incentives.figure_shape import Shape, shape_of, values_of
from db.incentives.flow import REASONS
from db.incentives.record import AREA
from db.incentives.tables import IncentiveCheck, IncentiveClaim, IncentiveRun

KINDS: Final[dict[str, str]] = {"": "Both", "returned": "Returned", "denied": "Denied"}
_OF_CHECKS: Final = {"returned": ("returned", "missing"), "denied": ("not_eligible", "fail")}
_OF_PEOPLE: Final = {"returned": "send_back", "denied": "deny"}
_WAYS: Final = {
    **{outcome: what for what, (outcome, _) in _OF_CHECKS.items()}, **{name: what for what, name in _OF_PEOPLE.items()},
}  # fmt: skip
OTHER: Final = "other"
"""The reason of a person who gave none."""


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
    the way), or by a person with a reason. The amount claimed counts once a case. Two statements.
    """
    counted: dict[str, dict[str, int]] = {}
    newest: dict[str, tuple[Any, str]] = {}
    shape, wanted = shape_of(scope, asked), [kind] if kind else list(_OF_PEOPLE)
    values = values_of(scope, asked) | {
        "starts": asked.starts, "ends": asked.ends, "outcomes": [_OF_CHECKS[what][0] for what in wanted],
        "commands": [_OF_PEOPLE[what] for what in wanted],
    }  # fmt: skip
    for statement in (_by_checks(shape), _by_people(shape)):
        for way, given, cases, cents, at, sentence in session.connection().execute(statement, values):
            code = given or OTHER
            cell = counted.setdefault(code, {"returned": 0, "denied": 0, "cents": 0})
            cell[_WAYS[way]] += cases
            cell["cents"] += int(cents)
            if code not in newest or newest[code][0] < at:
                newest[code] = (at, sentence or "")
    return [
        Reason(
            code=line.code, cases=line.cases, cents=line.cents, cumulative=line.cumulative,
            returned=counted[line.code]["returned"], denied=counted[line.code]["denied"],
            sentence=newest[line.code][1],
        )
        for line in pareto({c: (n["returned"] + n["denied"], n["cents"]) for c, n in counted.items()})
    ]  # fmt: skip


@made_once
def _by_checks(shape: Shape) -> Any:
    """(outcome, rule, cases, cents, newest moment, its sentence) of what sending brought.

    Checking again decides nothing.
    """
    run, check, claim, entry, link = IncentiveRun, IncentiveCheck, IncentiveClaim, TimelineEntry, TimelineLink
    only_looked = (
        exists()
        .where(
            link.item_type == KIND, link.item_id == run.claim_id, entry.seq == link.seq, entry.area == AREA,
            entry.command == "validate", entry.at == run.made_at,
        )
        .correlate(run)
    )  # fmt: skip
    level = unwalked(check.level)
    stood = or_(*(and_(run.outcome == outcome, level == stopping) for outcome, stopping in _OF_CHECKS.values()))
    firsts = (
        select(
            run.claim_id, run.run, run.made_at, run.outcome, claim.claimed_cents, func.min(check.rule).label("rule")
        )
        .join(claim, claim.id == run.claim_id)
        .join(check, (check.claim_id == run.claim_id) & (check.run == run.run))
        .where(
            run.outcome.in_(bindparam("outcomes", expanding=True)), stood, *_days(run.made_at), *_seen(shape),
            ~only_looked,
        )
        .group_by(run.claim_id, run.run, run.made_at, run.outcome, claim.claimed_cents)
        .subquery()
    )  # fmt: skip
    ranked = select(
        firsts, func.row_number().over(
            partition_by=(firsts.c.outcome, firsts.c.rule),
            order_by=(firsts.c.made_at.desc(), firsts.c.claim_id.desc()),
        ).label("place"),
    ).subquery()  # fmt: skip
    last = case((ranked.c.place == 1, check.sentence), else_=None)
    return (
        select(
            ranked.c.outcome, ranked.c.rule, func.count(), func.coalesce(func.sum(ranked.c.claimed_cents), 0),
            func.max(ranked.c.made_at), func.max(last),
        )
        .join(
            check,
            (check.claim_id == ranked.c.claim_id) & (check.run == ranked.c.run) & (check.rule == ranked.c.rule),
        )
        .group_by(ranked.c.outcome, ranked.c.rule)
    )  # fmt: skip


@made_once
def _by_people(shape: Shape) -> Any:
    """The same of what people returned or denied, from the timeline: a claim keeps its last reason only."""
    entry, link, claim = TimelineEntry, TimelineLink, IncentiveClaim
    code = entry.detail["after"]["reason_code"].as_string()
    events = (
        select(
            entry.command, code.label("code"), entry.at, entry.reason, claim.claimed_cents,
            func.row_number().over(partition_by=(entry.command, code), order_by=entry.seq.desc()).label("place"),
        )
        .join(link, link.seq == entry.seq)
        .join(claim, claim.id == link.item_id)
        .where(
            entry.area == AREA, entry.command.in_(bindparam("commands", expanding=True)),
            unwalked(link.item_type) == KIND,
            *_days(entry.at), *_seen(shape),
        )
        .subquery()
    )  # fmt: skip
    return (
        select(
            events.c.command, events.c.code, func.count(), func.coalesce(func.sum(events.c.claimed_cents), 0),
            func.max(events.c.at), func.max(case((events.c.place == 1, events.c.reason), else_=None)),
        ).group_by(events.c.command, events.c.code)
    )  # fmt: skip


def _days(column: Any) -> list[ColumnElement[bool]]:
    return [column >= bindparam("starts", type_=UtcDateTime()), column < bindparam("ends", type_=UtcDateTime())]


def _seen(shape: Shape) -> list[ColumnElement[bool]]:
    claim = IncentiveClaim
    return shape.where(program=claim.program_id, region=claim.region, dealer=claim.dealer_id)
