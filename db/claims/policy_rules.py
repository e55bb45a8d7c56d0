"""The claim policy: thresholds of the rules W01 to W28, who may approve how much, clocks. One document, versioned.

Defaults are those of domain-rules 2.1; every version holds from a day on and is never changed. Money in cents, hours in
hundredths, shares in hundredths of a percent, days as whole days.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from db.claims.model import Level


@dataclass(frozen=True, kw_only=True)
class RuleSetting:
    """How one rule is set: whether it is asked, what it does when it fails, and its numbers by name."""

    enabled: bool = True
    level: Level = "E"
    limits: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AuthorityLevel:
    """A level of authority: who holds `permission` may approve up to `up_to_cents` (None: without limit).

    The last level needs the level before it signed by somebody else (domain-rules 2.0, decision 0043).
    """

    level: int
    label: str
    permission: str
    up_to_cents: int | None


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A legal or own promise (domain-rules 2.1 H): days to decide, whether silence approves, days to pay afterwards."""

    decide_days: int
    deemed: bool
    pay_days: int
    resubmit_days: int | None = None
    audit_days: int | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class GoodwillShare:
    """Up to this age (months) and usage (miles) the manufacturer bears this share, in hundredths of a percent."""

    up_to_months: int
    up_to_distance: int
    share: int


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One version of the whole policy. `clocks` are by state of the dealer, "" is everybody else's."""

    version: int = 1
    effective_from: date = date(2000, 1, 1)
    rules: dict[str, RuleSetting] = field(default_factory=dict)
    authority: tuple[AuthorityLevel, ...] = ()
    clocks: dict[str, Clock] = field(default_factory=dict)
    goodwill: tuple[GoodwillShare, ...] = ()
    goodwill_cap_cents: int = 3_000_00
    attachments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Kinds of files each type of claim needs."""
    receipts_from_cents: int = 250_00
    """Sublet, rental and freight lines from this amount on need a receipt."""
    disabled_types: dict[str, date] = field(default_factory=dict)
    """Types that are taken no more from a day on (W28)."""
    never_untimely: tuple[str, ...] = ()
    """States whose law forbids to deny a claim because it is late (W15)."""
    windows: dict[str, int] = field(default_factory=dict)
    """Days from the close of the repair order to the claim, by state; "" is everybody else's (W15)."""
    auto_approve_cents: int = 1_000_00
    """Up to here a claim without findings is paid without a person."""
    appeals: int = 1
    return_days: int = 15
    hold_days: int = 30
    warn_at: tuple[int, ...] = (50, 80, 100)

    def rule(self, name: str) -> RuleSetting:
        """The setting of a rule; a rule nobody set is off."""
        return self.rules.get(name, RuleSetting(enabled=False))

    def clock(self, state: str) -> Clock:
        """The clock of a dealer's state."""
        return self.clocks.get(state) or self.clocks[""]

    def level_for(self, cents: int) -> int:
        """The lowest level of authority that may approve an amount."""
        for one in self.authority:
            if one.up_to_cents is None or cents <= one.up_to_cents:
                return one.level
        return self.authority[-1].level


def _rules(**settings: tuple[Level, dict[str, int]]) -> dict[str, RuleSetting]:
    return {name: RuleSetting(level=level, limits=limits) for name, (level, limits) in settings.items()}


DEFAULT: Final = Policy(
    rules=_rules(
        W01=("E", {}), W02=("E", {}), W03=("E", {}), W04=("W", {"test_drive": 50}), W05=("E", {}), W06=("X", {}),
        W07=("X", {}), W08=("A", {}), W09=("E", {"characters": 15}), W10=("E", {}), W11=("A", {"hours": 1_00}),
        W12=("R", {}), W13=("R", {"default_markup": 40_00}), W14=("W", {}), W15=("A", {"days": 30}), W16=("E", {}),
        W17=("A", {}), W18=("A", {"days": 90, "distance": 6_000}), W19=("A", {}),
        W20=("E", {"amount": 5_000_00}), W21=("A", {"excess_share": 0}), W22=("W", {}), W23=("X", {}),
        W24=("R", {"rental_day": 50_00, "rental_total": 500_00, "transport": 250_00}), W25=("E", {}),
        W26=("R", {}), W27=("W", {"deviations": 3, "claims": 20}), W28=("E", {}),
    ),
    authority=(
        AuthorityLevel(level=1, label="Coordinator", permission="claims.decide", up_to_cents=1_000_00),
        AuthorityLevel(level=2, label="Manager", permission="claims.authorize", up_to_cents=5_000_00),
        AuthorityLevel(level=3, label="Second manager", permission="claims.authorize", up_to_cents=None),
    ),
    clocks={
        "": Clock(decide_days=30, deemed=False, pay_days=30, source="Our own promise"),
        "WA": Clock(decide_days=30, deemed=True, pay_days=30, resubmit_days=30, audit_days=365, source="WA"),
        "OR": Clock(decide_days=30, deemed=True, pay_days=30, resubmit_days=30, audit_days=365, source="OR"),
        "CA": Clock(decide_days=30, deemed=True, pay_days=30, source="CA VC 3065(d)"),
    },
    goodwill=(
        GoodwillShare(up_to_months=48, up_to_distance=48_000, share=80_00),
        GoodwillShare(up_to_months=60, up_to_distance=60_000, share=60_00),
        GoodwillShare(up_to_months=84, up_to_distance=84_000, share=40_00),
    ),
    attachments={
        "pre_authorization": ("photo",), "goodwill": ("ro_copy",),
        "customer_reimbursement": ("ownership", "paid_receipt"),
        "transport_damage": ("photo", "damage_report"), "standard": ("ro_copy",), "service_contract": ("ro_copy",),
        "recall": ("ro_copy",), "parts_warranty": ("ro_copy",),
    },
    disabled_types={"pdi": date(2024, 1, 1)},
    never_untimely=("OR",),
    windows={"": 30, "CA": 90, "OR": 180},
)  # fmt: skip
"""What holds where nobody has decided otherwise (domain-rules 2.1 D, H and the authorization matrix)."""
