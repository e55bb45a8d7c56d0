"""What the form says before anything is sent: every bound, who would have to sign, and earlier exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.problems import Problem, Problems
from db.dealers.queries import get_dealer
from db.pricing.band_rules import DEFAULT, Judgement, Level, judge
from db.pricing.exception_queries import Exceptions, exceptions_of
from db.pricing.policy_queries import policy_now
from db.pricing.record import budget_left, budget_of
from db.pricing.tables import PriceRequest
from db.pricing.terms_rules import Sound, Terms, check_terms


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would become of terms: `problems` while something is missing, else the bounds and the levels that sign."""

    problems: tuple[Problem, ...] = ()
    sound: Sound | None = None
    judgement: Judgement | None = None
    exceptions: Exceptions | None = None

    @property
    def path(self) -> tuple[Level, ...]:
        """The levels that would sign, in their order; none when it is approved at once or stopped."""
        if self.judgement is None or self.judgement.stops:
            return ()
        return tuple(one for one in DEFAULT.levels if one.level <= self.judgement.level)


def preview(
    session: Session, *, dealer_id: int, terms: Terms, actor: Actor, now: datetime, item_id: int | None = None
) -> Preview:
    """Judge terms as they are typed, as sending them would; nothing is stored. Raises `NotFound` out of scope.

    `item_id` is the request whose terms are changed: its own approval is void then, so it is no earlier exception and
    what it took of the budget is free again.
    """
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope).facts
    problems = Problems()
    sound = check_terms(terms, problems)
    exceptions = None
    if terms.subject.strip():
        exceptions = exceptions_of(
            session, dealer_id=dealer_id, subject=terms.subject, scope=actor.scope, now=now, but=item_id
        )
    if sound is None:
        return Preview(problems=tuple(problems.found), exceptions=exceptions)
    _, policy = policy_now(session)
    left = budget_left(session, region=dealer.region, now=now)
    if left is not None and item_id is not None:
        left += _given_back(session, item_id=item_id, dealer_id=dealer_id, region=dealer.region, now=now)
    judgement = judge(sound.asked(left), policy)
    return Preview(sound=sound, judgement=judgement, exceptions=exceptions)


def _given_back(session: Session, *, item_id: int, dealer_id: int, region: str | None, now: datetime) -> int:
    """What a change of this request gives back to the budget of now, in cents."""
    budget = budget_of(session, region=region, now=now)
    if budget is None:
        return 0
    own = select(PriceRequest.approved_cents).where(
        PriceRequest.id == item_id, PriceRequest.dealer_id == dealer_id, PriceRequest.budget_id == budget.id
    )
    return session.scalar(own) or 0
