"""The rule for old parts: a new version from a day on; none is ever changed (decision 0053)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, locks, timeline
from db.core.actor import Actor
from db.core.labels import storable
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused, Stale
from db.part_returns import record, rules
from db.part_returns.rules import ReturnRules
from db.part_returns.tables import PartReturnRule


def publish_rule(
    session: Session, *, effective_from: date | None, scrap_below_cents: int | None, return_from_cents: int | None,
    return_major: bool, return_unusual: bool, address: str, reason: str, seen_version: int, form_key: str | None,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """The next version of the rule from a day on; gives its number. The same `form_key` again gives the first.

    It decides for claims decided from that day on; parts asked for keep their days. Needs warranty.manage and everybody
    in scope. Problems: the names of the arguments.
    """
    actor.require(Permission.WARRANTY_MANAGE)
    known = session.scalar(select(PartReturnRule.number).where(PartReturnRule.form_key == form_key))
    if form_key and known is not None:
        timeline.repeated(session)
        return known
    if not actor.scope.is_all:
        sentence = "The rule holds for every dealer: only somebody who looks after all of them may change it."
        raise Refused(Problem(code="not_allowed", message=sentence))
    locks.hold(session, "part return rule")
    newest = session.scalars(select(PartReturnRule).order_by(PartReturnRule.number.desc()).limit(1)).one_or_none()
    number = newest.number if newest else ReturnRules().number
    if newest is not None and seen_version != number:
        raise Stale(what="The rule for old parts", changed_by=newest.created_by, changed_at=newest.created_at)
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=1_000)
    today = rules.day_of(now, actor.zone)
    if effective_from is None or effective_from < today:
        problems.add("effective_from", "day", "Choose a day from today on.")
    elif newest is not None and effective_from < newest.effective_from:
        problems.add("effective_from", "day", f"Version {number} begins on {newest.effective_from}; not before it.")
    for field, value in (("scrap_below_cents", scrap_below_cents), ("return_from_cents", return_from_cents)):
        if value is None:
            problems.add(field, "required", "An amount is needed.")
    if not problems.found:
        assert effective_from is not None
        assert scrap_below_cents is not None
        assert return_from_cents is not None
        wanted = ReturnRules(
            number=number + 1, effective_from=effective_from, scrap_below_cents=scrap_below_cents,
            return_from_cents=return_from_cents, return_major=return_major, return_unusual=return_unusual,
            address=storable(address or "").strip(),
        )  # fmt: skip
        for field, sentence in rules.check_rules(wanted):
            problems.add(field, "wrong", sentence)
    problems.refuse_if_any()
    row = PartReturnRule(
        number=wanted.number, effective_from=wanted.effective_from, scrap_below_cents=wanted.scrap_below_cents,
        return_from_cents=wanted.return_from_cents, return_major=return_major, return_unusual=return_unusual,
        address=wanted.address, reason=reason, created_at=now, created_by=actor.name, form_key=form_key,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record.forget_rules(session)
    changes.touch(session, record.AREA)
    timeline.record(
        session, actor=actor, now=now, area=record.AREA, command="publish_rule", reason=reason,
        summary=f"Rule for old parts: version {row.number} from {row.effective_from} on.",
        items=[timeline.Item("part_return_rule", row.id)], before={"version": number},
        after={
            "version": row.number, "scrap_below_cents": row.scrap_below_cents,
            "return_from_cents": row.return_from_cents, "return_major": return_major, "return_unusual": return_unusual,
        },
    )  # fmt: skip
    return row.number
