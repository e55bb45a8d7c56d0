"""The claim policy as tables people read and edit, back again, and what must hold of it.

Every number of `Policy` stands in exactly one cell here (tests/claims/test_policy.py walks them). Cells hold what
people read: dollars, hours and percents as decimals, everything else whole. Problems carry the name of their table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from db.claims.model import ATTACHMENT_KINDS, CLAIM_TYPES
from db.claims.policy_rules import AuthorityLevel, Clock, GoodwillShare, Policy, RuleSetting
from db.claims.rule_book import HUNDREDTHS, LEVELS, RULE_BOOK, UNITS
from db.core.problems import Problem, Problems

Rows = list[dict[str, Any]]
OTHERS: Final = "All others"
FILE_KINDS: Final = ATTACHMENT_KINDS
"""Kinds of files by what people call them."""
TABLES: Final = ("rules", "limits", "authority", "states", "goodwill", "types", "general")
GENERAL: Final[dict[str, tuple[str, str, int, int]]] = {
    "auto_approve_cents": ("Paid without a person up to", "money", 0, 1_000_000_00),
    "receipts_from_cents": ("Sublet, rental and freight need a receipt from", "money", 0, 1_000_000_00),
    "goodwill_cap_cents": ("Goodwill pays at most", "money", 0, 1_000_000_00),
    "appeals": ("Appeals a claim may have", "count", 0, 10),
    "return_days": ("Days to send an old part back", "days", 1, 365),
    "hold_days": ("Days to keep an old part", "days", 0, 365),
}
"""Field of `Policy`: label, unit, smallest and largest value."""
WARNINGS: Final = 3
CLOCK_DAYS: Final = {
    "decide_days": "Decide within", "pay_days": "Pay within", "resubmit_days": "Resubmit within",
    "audit_days": "Audit within",
}  # fmt: skip


# ---- cells -----------------------------------------------------------------------------------------------------------
def shown(value: int | None, unit: str) -> float | None:
    """A stored number as people read it: 5000 cents are 50.0."""
    if value is None:
        return None
    return value / 100 if unit in HUNDREDTHS else float(value)


def number_words(value: int | None, unit: str) -> str:
    """ "1,000.00 USD", "40%", "2.50 h", "30 days"; None is "no limit"."""
    if value is None:
        return "no limit"
    if unit == "money":
        return f"{value / 100:,.2f} USD"
    if unit in HUNDREDTHS:
        return f"{Decimal(value) / 100:,f}{'' if unit == 'percent' else ' '}{UNITS[unit]}"
    return f"{value:,} {UNITS[unit]}".strip()


def _cell(value: Any, unit: str, problems: Problems, table: str, label: str) -> int | None:
    """What was typed as it is stored; empty and not-a-number cells are None."""
    if value is None or value == "" or value != value:  # noqa: PLR0124 - an empty cell of a grid is NaN
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        problems.add(table, "not_a_number", f"{label}: {value} is not a number.")
        return None
    scaled = number * 100 if unit in HUNDREDTHS else number
    if not scaled.is_finite() or abs(scaled) > 10**12:
        problems.add(table, "not_a_number", f"{label}: {value} is not a number.")
        return None
    if unit not in HUNDREDTHS and scaled != scaled.to_integral_value():
        problems.add(table, "not_whole", f"{label}: {value} is not a whole number.")
        return None
    return int(scaled.to_integral_value(ROUND_HALF_UP))


# ---- a policy as tables ----------------------------------------------------------------------------------------------
def to_tables(policy: Policy) -> dict[str, Rows]:
    """Every table of a policy, in the order people read it."""
    return {
        "rules": [
            {
                "rule": code, "title": info.title, "asks": info.question, "on": policy.rule(code).enabled,
                "level": LEVELS[policy.rule(code).level],
            }
            for code, info in RULE_BOOK.items()
        ],
        "limits": [
            {
                "rule": code, "name": name, "number": limit.label, "unit": UNITS[limit.unit],
                "value": shown(policy.rule(code).limits.get(name), limit.unit),
            }
            for code, info in RULE_BOOK.items()
            for name, limit in info.limits.items()
        ],
        "authority": [
            {
                "level": a.level, "label": a.label, "permission": a.permission,
                "up_to": shown(a.up_to_cents, "money"),
            }
            for a in policy.authority
        ],
        "states": state_rows(policy),
        "goodwill": [
            {"months": g.up_to_months, "distance": g.up_to_distance, "share": shown(g.share, "percent")}
            for g in policy.goodwill
        ],
        "types": [
            {
                "type": name, "label": label, "files": list(policy.attachments.get(name, ())),
                "disabled_from": policy.disabled_types.get(name),
            }
            for name, label in CLAIM_TYPES.items()
        ],
        "general": [
            *(
                {"name": name, "number": label, "unit": UNITS[unit], "value": shown(getattr(policy, name), unit)}
                for name, (label, unit, _, _) in GENERAL.items()
            ),
            *(
                {"name": f"warn_{n}", "number": f"Warning {n} of a clock at", "unit": "%", "value": float(percent)}
                for n, percent in enumerate(policy.warn_at, start=1)
            ),
        ],
    }  # fmt: skip


def state_rows(policy: Policy) -> Rows:
    """One row a state that has something of its own; "All others" first."""
    states = {*policy.clocks, *policy.windows, *policy.never_untimely} - {""}
    rows: Rows = []
    for state in ["", *sorted(states)]:
        clock = policy.clocks.get(state)
        rows.append(
            {
                "state": state or OTHERS, "window": policy.windows.get(state),
                "never_late": state in policy.never_untimely,
                **{name: getattr(clock, name) if clock else None for name in CLOCK_DAYS},
                "deemed": clock.deemed if clock else False, "source": clock.source if clock else "",
            }
        )  # fmt: skip
    return rows


# ---- and back --------------------------------------------------------------------------------------------------------
def from_tables(base: Policy, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Policy, list[Problem]]:
    """The policy these tables say, and what is wrong with them; a table that is not given stays as in `base`.

    Version and first day are `base`'s. Where a cell cannot be read the policy holds what it held.
    """
    problems = Problems()
    made = base
    if "rules" in tables or "limits" in tables:
        made = replace(made, rules=_rules(made, tables.get("rules", ()), tables.get("limits", ()), problems))
    if "authority" in tables:
        made = replace(made, authority=_authority(made, tables["authority"], problems))
    if "states" in tables:
        made = _with_states(made, tables["states"], problems)
    if "goodwill" in tables:
        made = replace(made, goodwill=_goodwill(tables["goodwill"], problems))
    if "types" in tables:
        made = _with_types(made, tables["types"], problems)
    if "general" in tables:
        made = _with_general(made, tables["general"], problems)
    return made, [*problems.found, *check_policy(made)]


def _rules(
    base: Policy, rules: Sequence[Mapping[str, Any]], limits: Sequence[Mapping[str, Any]], problems: Problems
) -> dict[str, RuleSetting]:
    levels = {label: level for level, label in LEVELS.items()}
    found = {code: base.rule(code) for code in RULE_BOOK}
    for row in rules:
        code = str(row.get("rule"))
        if code not in found:
            continue
        level = levels.get(str(row.get("level")), found[code].level)
        found[code] = replace(found[code], enabled=bool(row.get("on")), level=level)  # type: ignore[arg-type]
    for row in limits:
        code, name = str(row.get("rule")), str(row.get("name"))
        if code not in RULE_BOOK or name not in RULE_BOOK[code].limits:
            continue
        limit = RULE_BOOK[code].limits[name]
        value = _cell(row.get("value"), limit.unit, problems, "limits", f"{code} {limit.label}")
        if value is None:
            problems.add("limits", "required", f"{code} {limit.label}: a number is needed.")
            continue
        found[code] = replace(found[code], limits={**found[code].limits, name: value})
    return found


def _authority(base: Policy, rows: Sequence[Mapping[str, Any]], problems: Problems) -> tuple[AuthorityLevel, ...]:
    found = []
    for level, row in zip(base.authority, rows, strict=False):
        label = " ".join(str(row.get("label") or "").split())
        value = _cell(row.get("up_to"), "money", problems, "authority", level.label)
        found.append(replace(level, label=label or level.label, up_to_cents=value))
    return tuple(found)


def _with_states(base: Policy, rows: Sequence[Mapping[str, Any]], problems: Problems) -> Policy:
    clocks: dict[str, Clock] = {}
    windows: dict[str, int] = {}
    never = []
    seen = set()
    for row in rows:
        written = " ".join(str(row.get("state") or "").split())
        state = "" if written == OTHERS else written.upper()
        if not written:
            problems.add("states", "required", "A row has no state; take it away or name the state.")
            continue
        if state in seen:
            problems.add("states", "twice", f"{written} stands there twice.")
            continue
        seen.add(state)
        days = {
            name: _cell(row.get(name), "days", problems, "states", f"{written} {label.lower()}")
            for name, label in CLOCK_DAYS.items()
        }
        decide, pay = days["decide_days"], days["pay_days"]
        if decide is not None and pay is not None:
            clocks[state] = Clock(
                decide_days=decide, pay_days=pay, resubmit_days=days["resubmit_days"], audit_days=days["audit_days"],
                deemed=bool(row.get("deemed")), source=" ".join(str(row.get("source") or "").split()),
            )  # fmt: skip
        elif any(value is not None for value in days.values()) or row.get("deemed"):
            problems.add("states", "half", f"{written}: a clock needs the days to decide and the days to pay.")
        window = _cell(row.get("window"), "days", problems, "states", f"{written} sent within")
        if window is not None:
            windows[state] = window
        if row.get("never_late") and state:
            never.append(state)
    return replace(base, clocks=clocks, windows=windows, never_untimely=tuple(sorted(never)))


def _goodwill(rows: Sequence[Mapping[str, Any]], problems: Problems) -> tuple[GoodwillShare, ...]:
    found = []
    for number, row in enumerate(rows, start=1):
        label = f"Goodwill row {number}"
        months = _cell(row.get("months"), "count", problems, "goodwill", label)
        distance = _cell(row.get("distance"), "distance", problems, "goodwill", label)
        share = _cell(row.get("share"), "percent", problems, "goodwill", label)
        if months is None and distance is None and share is None:
            continue
        if months is None or distance is None or share is None:
            problems.add("goodwill", "half", f"{label}: months, distance and share belong together.")
            continue
        found.append(GoodwillShare(up_to_months=months, up_to_distance=distance, share=share))
    return tuple(sorted(found, key=lambda g: (g.up_to_months, g.up_to_distance)))


def _with_types(base: Policy, rows: Sequence[Mapping[str, Any]], problems: Problems) -> Policy:
    attachments: dict[str, tuple[str, ...]] = {}
    disabled: dict[str, date] = {}
    kinds = {label: kind for kind, label in ATTACHMENT_KINDS.items()}
    for row in rows:
        name = str(row.get("type"))
        written = row.get("files")
        chosen = {kinds.get(str(v), str(v)) for v in (written if written is not None else ())}
        if chosen:
            attachments[name] = tuple(kind for kind in ATTACHMENT_KINDS if kind in chosen)
        day: Any = row.get("disabled_from")
        if isinstance(day, str) and day.strip():
            try:
                day = date.fromisoformat(day.strip()[:10])
            except ValueError:
                problems.add("types", "not_a_day", f"{CLAIM_TYPES.get(name, name)}: {day[:20]} is no day.")
        if isinstance(day, date):
            disabled[name] = day
    return replace(base, attachments=attachments, disabled_types=disabled)


def _with_general(base: Policy, rows: Sequence[Mapping[str, Any]], problems: Problems) -> Policy:
    values: dict[str, Any] = {}
    warn_at = list(base.warn_at)
    for row in rows:
        name = str(row.get("name"))
        unit = GENERAL[name][1] if name in GENERAL else "count"
        value = _cell(row.get("value"), unit, problems, "general", str(row.get("number") or name))
        if value is None:
            problems.add("general", "required", f"{row.get('number') or name}: a number is needed.")
        elif name in GENERAL:
            values[name] = value
        elif name.startswith("warn_") and name[5:].isdecimal() and 0 < int(name[5:]) <= len(warn_at):
            warn_at[int(name[5:]) - 1] = value
    return replace(base, **values, warn_at=tuple(warn_at))


# ---- what must hold --------------------------------------------------------------------------------------------------
def check_policy(policy: Policy) -> list[Problem]:
    """Everything that is wrong with a policy, each problem at its table."""
    problems = Problems()
    _check_rules(policy, problems)
    _check_authority(policy, problems)
    _check_states(policy, problems)
    last = (0, 0)
    for share in policy.goodwill:
        here = (share.up_to_months, share.up_to_distance)
        if not (0 < share.up_to_months <= 600 and 0 < share.up_to_distance <= 2_000_000 and 0 <= share.share <= 100_00):
            problems.add("goodwill", "out_of_range", f"Goodwill up to {here[0]} months: the numbers make no sense.")
        if here[0] <= last[0] or here[1] < last[1]:
            problems.add("goodwill", "order", "Goodwill shares must rise in months and in distance.")
        last = here
    for name in (*policy.attachments, *policy.disabled_types):
        if name not in CLAIM_TYPES:
            problems.add("types", "unknown", f"There is no type {name}.")
    for kinds in policy.attachments.values():
        for kind in kinds:
            if kind not in ATTACHMENT_KINDS:
                problems.add("types", "unknown", f"There is no kind of file {kind}.")
    for name, (label, unit, least, most) in GENERAL.items():
        value = getattr(policy, name)
        if not least <= value <= most:
            words = f"{number_words(least, unit)} and {number_words(most, unit)}"
            problems.add("general", "out_of_range", f"{label}: must lie between {words}.")
    warn = policy.warn_at
    if len(warn) != WARNINGS or list(warn) != sorted(set(warn)) or not all(1 <= w <= 100 for w in warn):
        problems.add("general", "order", "The three warnings of a clock must rise, from 1 to 100%.")
    return problems.found


def _check_rules(policy: Policy, problems: Problems) -> None:
    if set(policy.rules) != set(RULE_BOOK):
        problems.add("rules", "unknown", "A policy says something of each rule from W01 to W28, and of no other.")
    for code, setting in policy.rules.items():
        info = RULE_BOOK.get(code)
        if info is None:
            continue
        if setting.level not in LEVELS:
            problems.add("rules", "unknown", f"{code}: there is no level {setting.level}.")
        if set(setting.limits) != set(info.limits):
            problems.add("limits", "unknown", f"{code}: its numbers are {', '.join(info.limits) or 'none'}.")
        for name, limit in info.limits.items():
            value = setting.limits.get(name, 0)
            if not 0 <= value <= limit.most:
                most = number_words(limit.most, limit.unit)
                problems.add("limits", "out_of_range", f"{code} {limit.label}: must lie between 0 and {most}.")


def _check_authority(policy: Policy, problems: Problems) -> None:
    levels = policy.authority
    if not levels or [a.level for a in levels] != list(range(1, len(levels) + 1)):
        problems.add("authority", "order", "Levels of authority are numbered from 1 on.")
        return
    if levels[-1].up_to_cents is not None:
        problems.add("authority", "last", "The last level must be without limit, or nobody could approve the rest.")
    amounts = [a.up_to_cents for a in levels[:-1]]
    if None in amounts:
        problems.add("authority", "required", "Only the last level is without limit.")
    known = [amount for amount in amounts if amount is not None]
    if any(amount <= 0 for amount in known) or known != sorted(set(known)):
        problems.add("authority", "order", "Each level must reach further than the one before.")


def _check_states(policy: Policy, problems: Problems) -> None:
    if "" not in policy.clocks:
        problems.add("states", "required", f"{OTHERS}: a clock is needed.")
    if "" not in policy.windows:
        problems.add("states", "required", f"{OTHERS}: the days to send a claim are needed.")
    for state in {*policy.clocks, *policy.windows, *policy.never_untimely}:
        if state and not (len(state) == 2 and state.isascii() and state.isalpha() and state.isupper()):
            problems.add("states", "state", f"{state[:20]} is no state; write two letters such as WA.")
    for state, clock in policy.clocks.items():
        for name, label in CLOCK_DAYS.items():
            value = getattr(clock, name)
            if value is not None and not 1 <= value <= 3_650:
                problems.add("states", "out_of_range", f"{state or OTHERS}: {label.lower()} must be 1 to 3,650 days.")
        if len(clock.source) > 80:
            problems.add("states", "too_long", f"{state or OTHERS}: the source has more than 80 characters.")
    for state, days in policy.windows.items():
        if not 1 <= days <= 3_650:
            problems.add("states", "out_of_range", f"{state or OTHERS}: sent within must be 1 to 3,650 days.")
