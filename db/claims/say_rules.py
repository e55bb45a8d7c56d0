"""How the rules speak: results that passed or failed, and amounts, days and hours as a dealer reads them."""

from __future__ import annotations

from datetime import date

from db.claims.model import Level, Result
from db.claims.policy_rules import Policy


def passed(
    rule: str, policy: Policy, sentence: str, *, observed: str = "", limit: str = "", field: str = "", job: int = 0
) -> Result:
    """A rule that holds; it keeps the level it would have had."""
    return Result(
        rule=rule, passed=True, level=policy.rule(rule).level, sentence=sentence, observed=observed, limit=limit,
        field=field, job=job,
    )  # fmt: skip


def failed(
    rule: str, level: Level, reason_code: str, sentence: str, *, observed: str, limit: str, field: str = "",
    job: int = 0, charge: int = 0, cents: int | None = None,
) -> Result:  # fmt: skip
    """A rule that does not hold; `cents` is what a charge should be."""
    return Result(
        rule=rule, passed=False, level=level, sentence=sentence, observed=observed, limit=limit, field=field, job=job,
        reason_code=reason_code, charge=charge, suggested_cents=cents,
    )  # fmt: skip


def money(cents: int) -> str:
    """ "$1,234.50", "−$50.00"."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'−' if cents < 0 else ''}${whole:,}.{rest:02d}"


def hours(hundredths: int) -> str:
    """ "2.5 h"."""
    return f"{hundredths / 100:g} h"


def share(hundredths: int) -> str:
    """ "80%"."""
    return f"{hundredths / 100:g}%"


def count(hundredths: int) -> str:
    """Pieces: "2", "1.5"."""
    return f"{hundredths / 100:g}"


def day(on: date | None) -> str:
    """ "16 Nov 2026"."""
    return "–" if on is None else f"{on.day} {on:%b %Y}"


def words(found: list[str]) -> str:
    """ "a, b and c"."""
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else ""
