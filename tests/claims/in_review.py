"""A claim that waits for a person, whatever the rules say of it: what is tested here is the decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine

from db.claims import submit_commands
from db.core.actor import Actor
from tests.claims.factories import NOW, sent


def review(engine: Engine, *, dealer_id: int, actor: Actor, key: str = "f1", now: datetime = NOW, **more: Any) -> int:
    """A sent claim in review: the run is that of the rules but for outcome and amounts. Gives its id."""
    judge = submit_commands.adjudicate

    def to_a_person(facts: Any, policy: Any) -> Any:
        found = judge(facts, policy)
        charges = tuple(replace(c, suggested_cents=c.claimed_cents) for c in found.charges)
        total = sum(c.claimed_cents for c in charges)
        return replace(found, outcome="review", charges=charges, level_needed=policy.level_for(abs(total)))

    with patch.object(submit_commands, "adjudicate", to_a_person):
        return sent(engine, dealer_id=dealer_id, actor=actor, key=key, now=now, **more)
