"""Why requests and claims came back or were denied, with the sentence the dealer read: by checks and by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.figure_rules import pareto
from db.coop.figure_filters import Asked
from db.coop.figure_rules import BY_A_PERSON, CHECKS
from db.coop.flow import REASONS
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.record import AREA, CLAIM, REQUEST
from db.coop.tables import CoopFund
from db.core.actor import Scope
from db.core.timeline import TimelineEntry, TimelineLink

KINDS: Final[dict[str, str]] = {"": "Both", "returned": "Returned", "denied": "Denied"}
_COMMANDS: Final = ("send_back", "deny", "submit", "enter_claim")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One time a request or claim came back or was denied."""

    kind: str
    item_id: int
    code: str
    outcome: str
    cents: int
    at: datetime
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason: how often it came up, what was asked for then, the newest sentence."""

    code: str
    cases: int
    returned: int
    denied: int
    cents: int
    cumulative: float
    sentence: str

    @property
    def label(self) -> str:
        """The reason in words."""
        return reason_label(self.code)


def reason_label(code: str) -> str:
    """A reason in words: of a check, of a denial, or that a person returned it."""
    return "Returned by a person" if code == BY_A_PERSON else CHECKS.get(code) or REASONS.get(code, "Another reason")


def cases(session: Session, *, scope: Scope, asked: Asked, kind: str = "") -> list[Case]:
    """Every return and denial within the days asked for, oldest first; `kind` is of `KINDS`. Two statements.

    Of the checks the first that stood in the way counts; of people the reason they chose. What is asked for is the
    payable amount of the request or claim.
    """
    found: list[Case] = []
    for item_kind, table in ((REQUEST, CoopRequest), (CLAIM, CoopClaim)):
        found += _of(session, item_kind, table, scope, asked)
    return sorted((c for c in found if kind in ("", c.outcome)), key=lambda c: (c.at, c.kind, c.item_id))


def _of(session: Session, kind: str, table: Any, scope: Scope, asked: Asked) -> list[Case]:
    entry, link = TimelineEntry, TimelineLink
    rows = session.execute(
        select(
            link.item_id, entry.at, entry.command, entry.reason, entry.summary, entry.detail, table.number,
            table.cost_cents,
        )
        .join(link, link.seq == entry.seq)
        .join(table, table.id == link.item_id)
        .join(CoopFund, CoopFund.id == table.fund_id)
        .where(
            entry.area == AREA, entry.command.in_(_COMMANDS), link.item_type == kind, *asked.moments(entry.at),
            scope.where(table.dealer_id, table.region), *asked.narrowed(table),
        )
    )  # fmt: skip
    found = []
    for r in rows:
        after: Mapping[str, Any] = r.detail.get("after") or {}
        status = str(after.get("status", ""))
        if status not in ("returned", "denied"):
            continue
        if kind == REQUEST and ("open" in after or r.number not in r.summary):
            continue  # an entry of its claim, which names the request as well
        if r.command == "send_back":
            code = BY_A_PERSON
        elif r.command == "deny":
            code = str(after.get("reason_code") or "other")
        else:
            code = str((after.get("open") or ["other"])[0])
        found.append(
            Case(
                kind=kind, item_id=r.item_id, code=code, outcome=status, cents=r.cost_cents, at=r.at, sentence=r.reason
            )
        )
    return found


def reasons(session: Session, *, scope: Scope, asked: Asked, kind: str = "") -> list[Reason]:
    """Reasons of returns and denials within the days asked for, most cases first."""
    return folded(cases(session, scope=scope, asked=asked, kind=kind))


def folded(found: Sequence[Case]) -> list[Reason]:
    """Cases by reason, most first, with the cumulative share."""
    counted: dict[str, list[Case]] = {}
    for case in found:
        counted.setdefault(case.code, []).append(case)
    return [
        Reason(
            code=line.code, cases=line.cases, cents=line.cents, cumulative=line.cumulative,
            returned=sum(c.outcome == "returned" for c in counted[line.code]),
            denied=sum(c.outcome == "denied" for c in counted[line.code]),
            sentence=max(counted[line.code], key=lambda c: (c.at, c.item_id)).sentence,
        )
        for line in pareto({code: (len(some), sum(c.cents for c in some)) for code, some in counted.items()})
    ]  # fmt: skip
