"""What a version of the claim policy changes, in sentences people read before they publish and afterwards."""

from __future__ import annotations

from db.claims.model import ATTACHMENT_KINDS, CLAIM_TYPES
from db.claims.policy_edit_rules import CLOCK_DAYS, GENERAL, number_words, state_rows
from db.claims.policy_rules import Policy
from db.claims.rule_book import LEVELS, RULE_BOOK


def changes_between(old: Policy, new: Policy) -> tuple[str, ...]:
    """One sentence for each thing that differs: "W04 Test drive up to: 50 mi → 60 mi". Version and day are left out."""
    found: list[str] = []
    before, after = _facts(old), _facts(new)
    for key in [*before, *(key for key in after if key not in before)]:
        was, now = before.get(key), after.get(key)
        if was != now:
            found.append(f"{key}: {was or 'none'} → {now or 'none'}")
    return tuple(found)


def _facts(policy: Policy) -> dict[str, str]:
    """Everything a policy says, in words, by what it is called."""
    found: dict[str, str] = {}
    for code, info in RULE_BOOK.items():
        setting = policy.rule(code)
        found[f"{code} {info.title}"] = LEVELS[setting.level] if setting.enabled else "off"
        for name, limit in info.limits.items():
            if name in setting.limits:
                found[f"{code} {limit.label}"] = number_words(setting.limits[name], limit.unit)
        if not setting.enabled:  # the level of a rule that is off is still part of the version
            found[f"{code} level once it is on"] = LEVELS[setting.level]
    for one in policy.authority:
        found[f"Authority {one.level} may approve up to"] = number_words(one.up_to_cents, "money")
        found[f"Authority {one.level} is called"] = one.label
    for row in state_rows(policy):
        state = row["state"]
        found.update({f"{state}: {label.lower()}": _days(row[name]) for name, label in CLOCK_DAYS.items()})
        found[f"{state}: silence"] = "approves" if row["deemed"] else ""
        found[f"{state}: sent within"] = _days(row["window"])
        found[f"{state}: denied as late"] = "never" if row["never_late"] else ""
        found[f"{state}: source"] = row["source"]
    for share in policy.goodwill:
        reach = f"Goodwill up to {share.up_to_months} months and {share.up_to_distance:,} mi"
        found[reach] = number_words(share.share, "percent")
    for name, label in CLAIM_TYPES.items():
        found[f"{label}: files needed"] = ", ".join(ATTACHMENT_KINDS[k] for k in policy.attachments.get(name, ()))
        day = policy.disabled_types.get(name)
        found[f"{label}: not taken from"] = f"{day.day} {day:%b %Y}" if day else ""
    for name, (label, unit, _, _) in GENERAL.items():
        found[label] = number_words(getattr(policy, name), unit)
    for n, percent in enumerate(policy.warn_at, start=1):
        found[f"Warning {n} of a clock at"] = f"{percent}%"
    return found


def _days(value: int | None) -> str:
    return "" if value is None else f"{value:,} days"
