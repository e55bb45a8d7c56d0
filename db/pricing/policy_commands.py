"""Other limits for a band: a new version of all bands; requests that were sent keep the level they were given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.locks import hold
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused, Stale
from db.pricing.limit_rules import BANDS, HEADS, check_limits, limit_words, limits_of
from db.pricing.policy_queries import policy_now, policy_view
from db.pricing.record import AREA
from db.pricing.tables import PricePolicy

LOCK = "pricing:policy"


def set_band(
    session: Session, *, band: str, limits: Sequence[int | None], reason: str, seen_number: int, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Give one band other limits from now on; gives the number of the new version.

    `limits` are the four of `limit_rules.FIELDS`, in cents or hundredths of a percent; `seen_number` is the version
    that was seen. Problems: band, the fields of the limits, reason; `same` when nothing would change.
    """
    actor.require(Permission.PRICING_BUDGET)
    hold(session, LOCK)
    number, policy = policy_now(session)
    if number != seen_number:
        newest = policy_view(session, actor=actor)
        raise Stale(what="The bands", changed_by=newest.recorded_by, changed_at=newest.recorded_at or now)
    problems = Problems()
    sound = check_limits(band, limits, problems)
    reason = problems.require(reason, "reason", "A reason", longest=400)
    problems.refuse_if_any()
    before = limits_of(policy, band)
    if sound == before:
        raise Refused(Problem(code="same", message="These are the limits as they are; nothing would change."))
    kept = {name: list(limits_of(policy, name)) for name in BANDS} | {band: list(sound)}
    row = PricePolicy(
        number=number + 1, limits=kept, reason=reason, recorded_at=now, recorded_by=actor.name
    )  # fmt: skip
    session.add(row)
    session.flush()
    changes.touch(session, AREA)
    timeline.record(
        session, actor=actor, now=now, area=AREA, command="set_band", reason=reason,
        summary=f"Changed the band of price requests: {BANDS[band].lower()}.",
        items=[timeline.Item("price_policy", row.id)], before=_words(band, before), after=_words(band, sound),
    )  # fmt: skip
    return row.number


def _words(band: str, limits: Sequence[int]) -> dict[str, str]:
    return {head: limit_words(band, limit) for head, limit in zip(HEADS, limits, strict=True)}
