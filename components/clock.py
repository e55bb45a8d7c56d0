"""The one clock of the screens. Everything below takes `now` as an argument."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

from db.core.labels import local_day


def now() -> datetime:
    """This moment in UTC. ALLOW_CLOCK=1 with DEALER_NOW (ISO 8601) holds it still, for tests and demonstrations."""
    fixed = os.environ.get("DEALER_NOW", "")
    if fixed and os.environ.get("ALLOW_CLOCK") == "1":
        moment = datetime.fromisoformat(fixed)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The day it is in an IANA zone. The day of UTC is tomorrow for an American evening, and commands refuse that."""
    return local_day(now(), zone)
