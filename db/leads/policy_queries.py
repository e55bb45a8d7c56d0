"""The routing rules for the page that shows and edits them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.problems import Refused
from db.leads.routing_policy import Policy, from_content, problems_with
from db.leads.routing_queries import Replay, replay

__all__ = ["Policy", "Replay", "try_policy"]


def try_policy(
    session: Session, *, content: Mapping[str, Any], since: datetime, until: datetime, scope: Scope
) -> Replay:
    """What unsaved rules would have done with the leads of [since, until); refused where saving them would be."""
    problems = problems_with(content)
    if problems:
        raise Refused(*problems)
    return replay(session, policy=from_content(content), since=since, until=until, scope=scope)
