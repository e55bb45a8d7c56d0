"""Changing many dealers at once, all or none of them, as one entry of the timeline (H2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes as counters
from db.core import timeline
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.dealers import groups, record
from db.dealers.commands import check_calendar, check_region, in_known_group, stale
from db.dealers.rules import BULK_FIELDS, MOST_BULK
from db.dealers.tables import Dealer

_CHUNK = 500
BulkChange = tuple[int, int, Mapping[str, Any]]
"""A dealer's id, the version that was seen, and its changed facts by the names of `BULK_FIELDS`."""


def bulk_change(session: Session, *, changes: Sequence[BulkChange], reason: str, actor: Actor, now: datetime) -> int:
    """Change many dealers together; gives how many differ now. One problem a dealer that cannot be changed, naming it.

    Nothing is stored when one of them is out of date, out of scope (`not_found`) or refused.
    """
    actor.require(Permission.DEALERS_MANAGE)
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason", longest=400)
    _check_list(changes, problems)
    problems.refuse_if_any()
    dealers = _hold(session, [dealer_id for dealer_id, _, _ in changes])
    known = groups.by_key(session, [str(wanted.get("group") or "") for _, _, wanted in changes])
    facts = record.facts_of(session, dealers.values())
    refused: list[Problem] = []
    work = []
    for dealer_id, seen_version, wanted in changes:
        dealer = dealers.get(dealer_id)
        if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
            refused.append(Problem(code="not_found", message="A dealer of the list was not found.", field="changes"))
            continue
        if dealer.version != seen_version:
            refused += [_named(dealer, p) for p in stale(session, dealer).problems]
            continue
        own = Problems()
        before = facts[dealer_id]
        after = record.checked(record.changed_with(before, wanted), own)
        if "group" in wanted:
            after = in_known_group(after, known, own)
        old, new = record.differences(before, after)
        if "calendar_id" in new:
            check_calendar(session, after, own)
        if "region" in new:
            check_region(actor, after, own)
        refused += [_named(dealer, p) for p in own.found]
        if new:
            work.append((dealer, before, after, old, new))
    if refused:
        raise Refused(*dict.fromkeys(refused))
    for dealer, before, after, _, _ in work:
        record.write(session, dealer, before, after, now=now)
    fields = [name for name in BULK_FIELDS if any(name in new for *_, new in work)]
    if work:
        counters.touch(session, "dealers", *(record.MOVE_ALONG if "region" in fields else ()))
    labels = ", ".join(record.LABELS[name].lower() for name in fields) or "nothing"
    timeline.record(
        session, actor=actor, now=now, area="dealers", command="bulk_change", reason=reason,
        summary=f"{plural(len(work), 'dealer')} {'was' if len(work) == 1 else 'were'} changed together: {labels}.",
        items=[timeline.Item("dealer", dealer.id, dealer.id) for dealer, *_ in work],
        before={dealer.code: old for dealer, _, _, old, _ in work},
        after={dealer.code: new for dealer, _, _, _, new in work},
    )  # fmt: skip
    return len(work)


def _check_list(changes: Sequence[BulkChange], problems: Problems) -> None:
    if not changes:
        problems.add("changes", "required", "Choose at least one dealer.")
    if len(changes) > MOST_BULK:
        problems.add("changes", "too_many", f"At most {MOST_BULK:,} dealers can be changed together.")
    if len({dealer_id for dealer_id, _, _ in changes}) < len(changes):
        problems.add("changes", "twice", "A dealer stands in the list twice.")
    unknown = sorted({name for _, _, wanted in changes for name in wanted if name not in BULK_FIELDS})
    for name in unknown:
        label = record.LABELS.get(name, name)
        problems.add("changes", "unknown_field", f"{label} cannot be changed for many dealers at once.")


def _hold(session: Session, ids: Sequence[int]) -> dict[int, Dealer]:
    """The dealers, held until the end in the order of their ids, so that two of these cannot wait for each other."""
    wanted = sorted(set(ids))
    found: dict[int, Dealer] = {}
    for start in range(0, len(wanted), _CHUNK):
        query = select(Dealer).where(Dealer.id.in_(wanted[start : start + _CHUNK])).order_by(Dealer.id)
        found.update((dealer.id, dealer) for dealer in session.scalars(query.with_for_update()))
    return found


def _named(dealer: Dealer, problem: Problem) -> Problem:
    message = problem.message if problem.code == "stale" else f"{dealer.name} ({dealer.code}): {problem.message}"
    return Problem(code=problem.code, message=message, field="changes", rule=problem.rule)
