"""What the form says before anything is sent: every bound, who would have to sign, and earlier exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.problems import Problem, Problems
from db.dealers.queries import get_dealer
from db.pricing.band_rules import DEFAULT, Judgement, Level, judge
from db.pricing.exception_queries import Exceptions, exceptions_of
from db.pricing.policy_queries import policy_now
from db.pricing.record import budget_left
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


def preview(session: Session, *, dealer_id: int, terms: Terms, actor: Actor, now: datetime) -> Preview:
    """Judge terms as they are typed, as sending them would; nothing is stored. Raises `NotFound` out of scope."""
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope).facts
    problems = Problems()
    sound = check_terms(terms, problems)
    exceptions = None
    if terms.subject.strip():
        exceptions = exceptions_of(session, dealer_id=dealer_id, subject=terms.subject, scope=actor.scope, now=now)
    if sound is None:
        return Preview(problems=tuple(problems.found), exceptions=exceptions)
    _, policy = policy_now(session)
    judgement = judge(sound.asked(budget_left(session, region=dealer.region, now=now)), policy)
    return Preview(sound=sound, judgement=judgement, exceptions=exceptions)
