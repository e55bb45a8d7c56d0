"""What one claim counts for in the sums of claims, as SQL both databases read (domain-rules 2.1 I)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from db.claims.figure_rules import UNPAID_TYPES


def types_sql(names: Iterable[str]) -> str:
    """Types of claims as SQL text."""
    return ", ".join(f"'{name}'" for name in names)


# {r} is the row of a claim. A void claim counts for nothing, but for what was approved for it (`gains`, `gained`).
LIVE: Final = "{r}.status <> 'void'"
IS_CLAIM: Final = f"{LIVE} AND {{r}}.claim_type <> 'debit'"
SETTLED: Final = f"{IS_CLAIM} AND {{r}}.approved_cents IS NOT NULL"
PAYABLE: Final = f"{{r}}.claim_type NOT IN ({types_sql(UNPAID_TYPES)})"
SOMETHING: Final = "COALESCE({r}.approved_cents, 0) > 0"

SENT: Final[dict[str, tuple[str, str]]] = {
    "sent": (LIVE, "1"),
    "sent_cents": (LIVE, "{r}.claimed_cents"),
    "repeats": (f"{LIVE} AND {{r}}.is_repeat", "1"),
}
"""What a claim counts for on the day it was sent first: {measure: (condition, value)}."""
DECIDED: Final[dict[str, tuple[str, str]]] = {
    "entries": (LIVE, "1"),
    "decided": (IS_CLAIM, "1"),
    "touchless": (f"{IS_CLAIM} AND {{r}}.decided_kind = 'auto' AND {{r}}.appeals = 0 AND {SOMETHING}", "1"),
    "first_pass": (f"{IS_CLAIM} AND {{r}}.returns = 0 AND {{r}}.appeals = 0 AND {SOMETHING}", "1"),
    "denied": (
        f"{IS_CLAIM} AND ({{r}}.status = 'denied' OR ({{r}}.approved_cents = 0 AND {{r}}.claimed_cents > 0))", "1",
    ),
    "appealed": (f"{IS_CLAIM} AND {{r}}.appeals > 0", "1"),
    "appeal_decided": (f"{IS_CLAIM} AND {{r}}.appeal_result IN ('upheld', 'overturned')", "1"),
    "overturned": (f"{IS_CLAIM} AND {{r}}.appeal_result = 'overturned'", "1"),
    "deemed": (f"{IS_CLAIM} AND {{r}}.decided_kind = 'deemed'", "1"),
    "paid": (f"{IS_CLAIM} AND {{r}}.pay_days IS NOT NULL", "1"),
    "returns": (IS_CLAIM, "{r}.returns"),
    "claimed": (SETTLED, "{r}.claimed_cents"),
    "approved": (SETTLED, "{r}.approved_cents"),
    "cost": (f"{LIVE} AND {PAYABLE}", "COALESCE({r}.approved_cents, 0)"),
    "pay_days": (f"{IS_CLAIM} AND {{r}}.pay_days IS NOT NULL", "{r}.pay_days"),
    "turnaround": (IS_CLAIM, "COALESCE({r}.turnaround_minutes, 0)"),
    "business": (IS_CLAIM, "COALESCE({r}.business_minutes, 0)"),
    "gains": (f"{PAYABLE} AND {SOMETHING}", "1"),
    "gained": (f"{PAYABLE} AND {SOMETHING}", "{r}.approved_cents"),
}  # fmt: skip
"""What a claim counts for on the day of its first decision; `entries` are claims and debits."""
TOOK: Final = {"turnaround": "{r}.turnaround_minutes", "business": "{r}.business_minutes"}
"""What is kept as a histogram, in minutes."""
