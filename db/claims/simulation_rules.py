"""Another policy tried on the facts kept with each claim: what would have been decided, and what that risks.

Pure: the facts are judged again by `adjudicate`, the very function that judged them when the claim was sent, with a
policy somebody drafts. Money is whole cents (domain-rules 1.3 item 8, decision 0048).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from db.claims.adjudicate_rules import adjudicate
from db.claims.figure_rules import UNPAID_TYPES
from db.claims.model import OUTCOMES, ClaimFacts
from db.claims.policy_rules import Policy, RuleSetting
from db.claims.rule_book import LEVELS, RULE_BOOK
from db.core.problems import Problems

PAID: Final = ("pay", "pay_changed")
"""Outcomes that are paid without a person."""
NOTHING: Final = ("rejected", "returned", "denied")
BY_A_PERSON: Final[dict[str, str]] = {
    "approved": "Approved", "reduced": "Reduced", "denied": "Denied", "returned": "Sent back",
}  # fmt: skip
"""What a person made of a claim the rules had left to people; empty: nobody decided."""
MOST_CENTS: Final = 1_000_000_00
MOST_DAYS: Final = 730


# ---- the draft -------------------------------------------------------------------------------------------------------
def drafted(policy: Policy, change: Mapping[str, Any]) -> Policy:
    """A policy with some of its numbers changed: {"auto_approve_cents": .., "window_days": .., "rules": {"W15":
    {"enabled": .., "level": .., "limits": {..}}}}; what is not named stays. Refused where a name or number is none.

    The window is that of states without one of their own, as on the policy page.
    """
    problems = Problems()
    for name in sorted(set(change) - {"auto_approve_cents", "window_days", "rules"}):
        problems.add(name, "unknown", f"A policy has nothing called {name}.")
    more: dict[str, Any] = {}
    cents = change.get("auto_approve_cents")
    if cents is not None:
        if _whole(cents, 0, MOST_CENTS):
            more["auto_approve_cents"] = cents
        else:
            problems.add("auto_approve_cents", "out_of_range", "The automatic amount is between 0 and 1,000,000.")
    days = change.get("window_days")
    if days is not None:
        if _whole(days, 1, MOST_DAYS):
            more["windows"] = {**policy.windows, "": days}
        else:
            problems.add("window_days", "out_of_range", f"The window is between 1 and {MOST_DAYS} days.")
    rules = dict(policy.rules)
    for code, one in (change.get("rules") or {}).items():
        if code not in RULE_BOOK:
            problems.add("rules", "unknown", f"There is no rule {code}.")
        else:
            rules[code] = _setting(code, policy.rule(code), one, problems)
    problems.refuse_if_any()
    return replace(policy, rules=rules, **more)


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _setting(code: str, now: RuleSetting, one: Mapping[str, Any], problems: Problems) -> RuleSetting:
    level = one.get("level", now.level)
    if level not in LEVELS:
        problems.add("rules", "unknown", f"{code}: a rule has one of the levels {', '.join(LEVELS)}.")
        level = now.level
    limits = dict(now.limits)
    for name, value in (one.get("limits") or {}).items():
        info = RULE_BOOK[code].limits.get(name)
        if info is None or not _whole(value, 0, info.most):
            problems.add("rules", "out_of_range", f"{code}: {info.label if info else name} is out of range.")
        else:
            limits[name] = value
    return RuleSetting(enabled=bool(one.get("enabled", now.enabled)), level=level, limits=limits)


# ---- what was kept ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Kept:
    """A claim with the facts of its newest run, what the rules said then, and what a person made of it.

    `by_person` is a key of `BY_A_PERSON` or empty; `person_cents` what that person approved.
    """

    claim_id: int
    number: str
    dealer_id: int
    dealer: str
    dealer_code: str
    claim_type: str
    policy_version: int
    outcome: str
    suggested_cents: int
    fired: frozenset[str]
    facts: ClaimFacts
    by_person: str = ""
    person_cents: int = 0


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A claim the draft decides differently; `why` says what makes the difference, `risk_cents` what a person had
    kept back and the draft would pay unseen (0: no such risk, or not above what was approved)."""

    claim_id: int
    number: str
    dealer: str
    dealer_code: str
    claim_type: str
    before: str
    after: str
    before_cents: int
    after_cents: int
    by_person: str
    risk: bool
    risk_cents: int
    why: str


@dataclass(kw_only=True)
class Side:
    """One side of the comparison: claims by outcome, what the rules would pay, and what of it no person sees."""

    outcomes: Counter[str] = field(default_factory=Counter)
    cents: int = 0
    unseen_cents: int = 0

    @property
    def touchless(self) -> int:
        """How many are paid without a person."""
        return sum(self.outcomes[name] for name in PAID)


@dataclass(kw_only=True)
class Line:
    """Before and after of one dealer: claims, of those paid without a person, cents, and how many change."""

    name: str
    code: str
    claims: int = 0
    touchless_before: int = 0
    touchless_after: int = 0
    cents_before: int = 0
    cents_after: int = 0
    changed: int = 0
    at_risk: int = 0


@dataclass(kw_only=True)
class Simulation:
    """What a draft would have made of the kept claims, beside what was made of them."""

    claims: int = 0
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    fired_before: Counter[str] = field(default_factory=Counter)
    fired_after: Counter[str] = field(default_factory=Counter)
    dealers: dict[int, Line] = field(default_factory=dict)
    changed: list[Changed] = field(default_factory=list)
    at_risk: int = 0
    risk_cents: int = 0
    other_versions: int = 0
    """Judged under another version of the policy: their difference is not the draft's alone."""
    unreadable: int = 0
    is_capped: bool = False

    @property
    def cost_difference(self) -> int:
        """What the rules would pay more (or less) in all."""
        return self.after.cents - self.before.cents


def cost(outcome: str, claim_type: str, suggested_cents: int) -> int:
    """What an outcome costs as the rules suggest it: nothing where nothing is paid; a review at what is suggested."""
    return 0 if outcome in NOTHING or claim_type in UNPAID_TYPES else suggested_cents


def simulate(kept: Iterable[Kept], policy: Policy) -> Simulation:
    """Judge each claim again with `policy` and compare."""
    found = Simulation()
    for one in kept:
        verdict = adjudicate(one.facts, policy)
        fired = frozenset(r.rule for r in verdict.failed)
        before = cost(one.outcome, one.claim_type, one.suggested_cents)
        after = cost(verdict.outcome, one.claim_type, verdict.suggested_cents)
        found.claims += 1
        found.other_versions += one.policy_version != policy.version
        _count(found.before, one.outcome, before)
        _count(found.after, verdict.outcome, after)
        found.fired_before.update(one.fired)
        found.fired_after.update(fired)
        held_back = one.by_person in ("denied", "reduced", "returned")
        # A claim that was paid unseen then is no new risk; a person looked at all others.
        risk = held_back and verdict.outcome in PAID and after > one.person_cents
        risk_cents = after - one.person_cents if risk else 0
        found.at_risk += risk
        found.risk_cents += risk_cents
        is_changed = (one.outcome, before) != (verdict.outcome, after)
        line = found.dealers.setdefault(one.dealer_id, Line(name=one.dealer, code=one.dealer_code))
        line.claims += 1
        line.touchless_before += one.outcome in PAID
        line.touchless_after += verdict.outcome in PAID
        line.cents_before += before
        line.cents_after += after
        line.changed += is_changed
        line.at_risk += risk
        if is_changed:
            found.changed.append(
                Changed(
                    claim_id=one.claim_id, number=one.number, dealer=one.dealer, dealer_code=one.dealer_code,
                    claim_type=one.claim_type, before=one.outcome, after=verdict.outcome, before_cents=before,
                    after_cents=after, by_person=one.by_person, risk=risk, risk_cents=risk_cents,
                    why=_why(one, fired, verdict.outcome, verdict.why),
                )
            )  # fmt: skip
    return found


def _count(side: Side, outcome: str, cents: int) -> None:
    side.outcomes[outcome] += 1
    side.cents += cents
    side.unseen_cents += cents if outcome in PAID else 0


def _why(one: Kept, fired: frozenset[str], outcome: str, why: tuple[str, ...]) -> str:
    """What makes the difference: rules that fail no more, rules that fail now, else the draft's first sentence."""
    gone, new = sorted(one.fired - fired), sorted(fired - one.fired)
    parts = []
    if gone:
        parts.append(f"{', '.join(gone)} no longer in the way")
    if new:
        parts.append(f"{', '.join(new)} now in the way")
    if not parts and outcome not in PAID and why:
        return why[0]
    return "; ".join(parts) or "Within the amount that is paid without a person"


def ordered(changed: Iterable[Changed]) -> list[Changed]:
    """The riskiest first, then the largest difference, then by number."""
    return sorted(changed, key=lambda c: (not c.risk, -c.risk_cents, -abs(c.after_cents - c.before_cents), c.number))


def outcome_label(outcome: str) -> str:
    """An outcome for people."""
    return OUTCOMES.get(outcome, outcome)
