"""Up to which amount one signature approves a claim (domain-rules 2.0: nobody signs two levels in a row)."""

from __future__ import annotations

from typing import Final

from db.incentives.say_rules import money

ONE_SIGNATURE_CENTS: Final = 5_000_00
"""What somebody who decides claims approves alone; above it somebody who authorizes them signs, too."""


def is_final(cents: int, *, can_authorize: bool) -> bool:
    """Whether this signature decides."""
    return can_authorize or cents <= ONE_SIGNATURE_CENTS


def next_level_sentence(cents: int) -> str:
    """What is said when the signature does not decide."""
    return f"{money(cents)} is above {money(ONE_SIGNATURE_CENTS)}; a manager signs next."
