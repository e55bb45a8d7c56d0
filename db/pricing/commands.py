"""Every step of a price request by its name, and the other commands of the area."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from db.pricing.away_commands import add_away, end_away
from db.pricing.budget_commands import set_budget
from db.pricing.decide_commands import approve, expire, reject
from db.pricing.policy_commands import set_band
from db.pricing.request_commands import change, send_request, withdraw

COMMANDS: Mapping[str, Callable[..., Any]] = {
    "approve": approve, "reject": reject, "withdraw": withdraw, "change": change, "expire": expire,
}  # fmt: skip
__all__ = ["COMMANDS", "add_away", "end_away", "send_request", "set_band", "set_budget"]
