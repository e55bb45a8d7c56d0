"""Pieces of the claim simulator: the draft of the policy, tiles before and after, and the tables below them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from components import tables
from components.charts.base import table
from components.labels import empty_state, plain
from components.tiles import Tile, draw_tiles
from db.claims.policy_compare_rules import changes_between
from db.claims.policy_rules import Policy
from db.claims.simulation_queries import (
    BY_A_PERSON,
    CLAIM_TYPES,
    HUNDREDTHS,
    LEVELS,
    RULE_BOOK,
    UNITS,
    Simulation,
    outcome_label,
    run_simulation,
)
from db.claims.simulation_rules import drafted
from db.core.actor import Actor, Scope
from db.core.area import MetricDefinition
from db.core.labels import change_label, percent_label, plural, points_label
from db.core.session import reading

RUN, AT = "_csm_run", "_csm_at"
RULES, AUTO, WINDOW = "csm_rules", "csm_auto", "csm_window"
SHOWN = 200
FEW = 8
_KEPT = "Void claims, and claims judged before the period or beyond the newest 20,000"
_DEFINITIONS = {
    "share": MetricDefinition(
        name="simulated_touchless", title="Without a person", formula="Paid as they are or with changes ÷ claims",
        numerator="Claims the rules pay by themselves", denominator="Claims judged in the period, each with its newest"
        " run", excluded=_KEPT, unit="percent", rule="1.3 (8), 2.1 D",
    ),
    "cost": MetricDefinition(
        name="simulated_cost", title="Cost as the rules suggest", formula="Sum of what the rules suggest",
        numerator="Suggested cents of claims that are paid or left to a person",
        excluded="Denied, returned and rejected claims; pre-authorizations and supplier recoveries", unit="money",
        rule="1.3 (8)", better="down",
    ),
    "unseen": MetricDefinition(
        name="simulated_unseen", title="Paid unseen", formula="Sum of what is paid without a person",
        numerator="Suggested cents of claims the rules pay by themselves", excluded=_KEPT, unit="money", rule="1.3 (8)",
        better="none",
    ),
    "risk": MetricDefinition(
        name="simulated_risk", title="Against a person's decision",
        formula="Claims the draft pays by itself though a person denied, reduced or sent them back",
        numerator="Claims where it pays more than that person approved; the amount is the difference",
        excluded="Claims no person decided", rule="1.3 (8)", better="down",
    ),
}  # fmt: skip


@st.cache_data(ttl=900, max_entries=20, show_spinner="Trying it on past claims …")
def tried(scope: Scope, days: int, change: str, at: datetime, _actor: Actor) -> Simulation:
    """The draft tried as of the moment of the click; it stays as it is until the next click."""
    with reading() as session:
        return run_simulation(session, actor=_actor, now=at, days=days, change=json.loads(change))


def dollars(cents: int) -> str:
    """Whole dollars with their sign."""
    return ("-" if cents < 0 else "") + f"${round(abs(cents) / 100):,}"


# ---- the draft -------------------------------------------------------------------------------------------------------
def draw_draft(policy: Policy, *, on_run: Callable[[], None]) -> None:
    """The fields of a draft, starting from `policy`; widgets keep what was typed."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.number_input(
                "Paid without a person up to (USD)", min_value=0, max_value=1_000_000, step=100, key=AUTO,
                value=policy.auto_approve_cents // 100, width=230,
                help=f"In force: {dollars(policy.auto_approve_cents)}",
            )  # fmt: skip
            own = ", ".join(f"{s} {n}" for s, n in sorted(policy.windows.items()) if s)
            st.number_input(
                "Send within (days)", min_value=1, max_value=730, step=5, key=WINDOW, value=policy.windows.get("", 30),
                width=170, help="Days after closing the repair order" + (f". Stay as they are: {own}" if own else ""),
            )  # fmt: skip
            st.multiselect(
                "Rules to change", list(RULE_BOOK), format_func=lambda c: f"{c} {RULE_BOOK[c].title}", key=RULES,
                placeholder="None", max_selections=FEW, width="stretch",
            )  # fmt: skip
        for code in st.session_state.get(RULES, []):
            _draw_rule(code, policy)
        with st.container(horizontal=True, gap="small"):
            st.button("Run", key="csm_go", type="primary", icon=":material/play_arrow:", on_click=on_run)
            if st.session_state.get(RUN) is not None:
                st.button("Start again", key="csm_reset", type="tertiary", on_click=forget)


def _draw_rule(code: str, policy: Policy) -> None:
    info, now = RULE_BOOK[code], policy.rule(code)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.toggle(f"{code} {info.title}", value=now.enabled, key=f"csm_{code}_on", help=info.question, width=280)
        st.selectbox(
            "When it fails", list(LEVELS), index=list(LEVELS).index(now.level), format_func=LEVELS.__getitem__,
            key=f"csm_{code}_level", width=170,
        )  # fmt: skip
        for name, limit in _limits(code):
            stored = now.limits.get(name, 0)
            hundredths = limit.unit in HUNDREDTHS
            unit = f" ({UNITS[limit.unit]})" if UNITS[limit.unit] and "days" not in limit.label.lower() else ""
            most = limit.most / 100 if hundredths else limit.most
            st.number_input(
                f"{limit.label}{unit}", min_value=0.0 if hundredths else 0, max_value=most,
                value=stored / 100 if hundredths else stored, step=1.0 if hundredths else 1,
                key=f"csm_{code}_{name}", width=190,
            )  # fmt: skip


def _limits(code: str) -> list[tuple[str, Any]]:
    """The numbers of a rule; that of W15 is the window above."""
    return [] if code == "W15" else list(RULE_BOOK[code].limits.items())


def typed(policy: Policy) -> str:
    """What the fields change in `policy`, as JSON; what is as in force is left out."""
    state, change = st.session_state, {}
    cents = round(state[AUTO] * 100)
    if cents // 100 != policy.auto_approve_cents // 100:
        change["auto_approve_cents"] = cents
    if state[WINDOW] != policy.windows.get("", 30):
        change["window_days"] = state[WINDOW]
    rules = {}
    for code in state.get(RULES, []):
        now, one = policy.rule(code), {}
        if state[f"csm_{code}_on"] != now.enabled:
            one["enabled"] = state[f"csm_{code}_on"]
        if state[f"csm_{code}_level"] != now.level:
            one["level"] = state[f"csm_{code}_level"]
        numbers = {
            name: round(state[f"csm_{code}_{name}"] * (100 if limit.unit in HUNDREDTHS else 1))
            for name, limit in _limits(code)
        }
        limits = {name: n for name, n in numbers.items() if n != now.limits.get(name, 0)}
        if limits:
            one["limits"] = limits
        if one:
            rules[code] = one
    if rules:
        change["rules"] = rules
    return json.dumps(change, sort_keys=True)


def draw_tried(policy: Policy, change: str) -> None:
    """What was tried in words, and whether the fields say something else by now."""
    sentences = [
        sentence for sentence in changes_between(policy, drafted(policy, json.loads(change)))
        if "level once it is on: none" not in sentence  # only a version of the policy has to keep it
    ]  # fmt: skip
    if sentences:
        st.markdown("**Tried** " + " · ".join(plain(s) for s in sentences))
    else:
        st.info("This is the policy in force: nothing was changed above.", icon=":material/info:")
    if typed(policy) != change:
        st.caption(":material/edit: The fields above say something else by now. Run again to try them.")


def forget() -> None:
    """Back to the policy in force."""
    for key in [k for k in st.session_state if isinstance(k, str) and k.startswith(("csm_", "_csm_"))]:
        if key != "csm_days":
            del st.session_state[key]


# ---- what came of it -------------------------------------------------------------------------------------------------
def draw_tiles_of(found: Simulation, *, at: datetime, zone: str) -> None:
    """Before and after in four numbers."""
    before, after, n = found.before, found.after, found.claims
    share = (after.touchless - before.touchless) / n
    unseen = after.unseen_cents - before.unseen_cents
    draw_tiles(
        [
            Tile(
                definition=_DEFINITIONS["share"], value=percent_label(after.touchless, n), icon=":material/bolt:",
                delta=change_label(share, points_label), up_is_good=True, versus="against then",
                note=f"{percent_label(before.touchless, n)} → {percent_label(after.touchless, n)} · n = {n:,}",
            ),
            Tile(
                definition=_DEFINITIONS["cost"], value=dollars(after.cents), icon=":material/payments:",
                delta=change_label(found.cost_difference, dollars), up_is_good=False, versus="against then",
                note=f"{dollars(before.cents)} → {dollars(after.cents)}",
            ),
            Tile(
                definition=_DEFINITIONS["unseen"], value=dollars(after.unseen_cents), icon=":material/visibility_off:",
                delta=change_label(unseen, dollars), versus="against then",
                note=f"{dollars(before.unseen_cents)} → {dollars(after.unseen_cents)}",
            ),
            Tile(
                definition=_DEFINITIONS["risk"], value=f"{found.at_risk:,}", icon=":material/warning:",
                note=f"{dollars(found.risk_cents)} a person had kept back" if found.at_risk else "None",
            ),
        ],
        key="csm", as_of=at, zone=zone,
    )  # fmt: skip


def _signed(cents: int) -> str | None:
    """A difference with its sign; None where there is none."""
    return None if not cents else ("+" if cents > 0 else "") + dollars(cents)


def draw_outcomes(found: Simulation) -> None:
    """Claims by outcome, before and after."""
    names = [o for o in ("pay", "pay_changed", "review", "returned", "rejected", "denied")
             if found.before.outcomes[o] or found.after.outcomes[o]]  # fmt: skip
    _sides(
        [outcome_label(o) for o in names], [found.before.outcomes[o] for o in names],
        [found.after.outcomes[o] for o in names], label="Outcome", key="csm_outcomes",
        alt="Claims by outcome, before and after",
    )  # fmt: skip


def draw_rules(found: Simulation) -> None:
    """How many claims each rule fails for, before and after; what changes most first."""
    before, after = found.fired_before, found.fired_after
    codes = sorted({*before, *after}, key=lambda c: (-abs(after[c] - before[c]), -after[c], c))
    if not codes:
        empty_state("task_alt", "No rule fails for any of these claims.")
        return
    _sides(
        [f"{c} {RULE_BOOK[c].title}" if c in RULE_BOOK else c for c in codes], [before[c] for c in codes],
        [after[c] for c in codes], label="Rule", key="csm_rules_table", alt="Claims each rule fails for",
    )  # fmt: skip


def _sides(names: Sequence[str], before: list[int], after: list[int], *, label: str, key: str, alt: str) -> None:
    differences = [f"{b - a:+,}" if b != a else "–" for a, b in zip(before, after, strict=True)]
    tables.show(
        table({"Name": list(names), "Before": before, "After": after, "Change": differences}),
        key=key, alt=alt, height=320 if len(names) > FEW else "auto",
        columns={
            "Name": tables.text(label, width=240), "Before": tables.number("Before", width=72),
            "After": tables.number("After", width=72), "Change": tables.text("Change", width=72),
        },
    )  # fmt: skip


def draw_dealers(found: Simulation) -> None:
    """Dealers whose claims change, the largest difference first."""
    lines = sorted(
        (x for x in found.dealers.values() if x.changed),
        key=lambda x: (-abs(x.cents_after - x.cents_before), -x.changed, x.code),
    )
    if not lines:
        empty_state("storefront", "Nothing changes for any dealer.")
        return
    tables.show(
        table(
            {
                "Dealer": [f"{x.name} ({x.code})" for x in lines], "Claims": [x.claims for x in lines],
                "Changed": [x.changed for x in lines],
                "Before": [percent_label(x.touchless_before, x.claims, 0) for x in lines],
                "After": [percent_label(x.touchless_after, x.claims, 0) for x in lines],
                "Cost": [_signed(x.cents_after - x.cents_before) or "–" for x in lines],
                "Risk": [x.at_risk for x in lines],
            }
        ),
        key="csm_dealers", alt="Dealers whose claims change", height=360 if len(lines) > FEW else "auto",
        columns={
            "Dealer": tables.text("Dealer", width=240), "Claims": tables.number("Claims", width=72),
            "Changed": tables.number("Changed", width=80), "Before": tables.text("No person, before", width=130),
            "After": tables.text("After", width=72), "Cost": tables.text("Cost", width=96),
            "Risk": tables.number("At risk", width=72),
        },
    )  # fmt: skip


def draw_changed(found: Simulation, *, on_open: Callable[[int], None] | None) -> None:
    """Claims the draft decides differently, the riskiest first; at most `SHOWN`."""
    rows = found.changed[:SHOWN]
    if not rows:
        empty_state("balance", "Every claim is decided as it was.", action="Change a number above and run again.")
        return
    number = tables.text("Claim", width=96)
    if on_open is not None:
        number = tables.opener("Claim", key="csm_click", on_open=on_open, width=96)
    tables.show(
        table(
            {
                "Claim": [r.number for r in rows], "Dealer": [r.dealer for r in rows],
                "Type": [CLAIM_TYPES.get(r.claim_type, r.claim_type) for r in rows],
                "Before": [outcome_label(r.before) for r in rows], "After": [outcome_label(r.after) for r in rows],
                "Was": [r.before_cents / 100 for r in rows], "Would": [r.after_cents / 100 for r in rows],
                "Person": [BY_A_PERSON.get(r.by_person, "–") for r in rows],
                "Risk": [["At risk"] if r.risk else [] for r in rows], "Why": [r.why for r in rows],
            }
        ),
        key="csm_changed", alt="Claims that would be decided differently", height=420 if len(rows) > 10 else "auto",
        columns={
            "Claim": number, "Risk": tables.pill("", {"At risk": "red"}, width=72),
            "Dealer": tables.text("Dealer", width=140), "Type": tables.text("Type", width=110),
            "Before": tables.text("Before", width=120), "After": tables.text("After", width=120),
            "Was": tables.number("Cost before", width=90, format="$%,.2f"),
            "Would": tables.number("Cost after", width=90, format="$%,.2f"),
            "Person": tables.text("A person", width=80), "Why": tables.text("Why", width=260),
        },
    )  # fmt: skip
    if len(found.changed) > SHOWN:
        st.caption(f"The first {SHOWN} of {plural(len(found.changed), 'claim')}; the file has all.")
