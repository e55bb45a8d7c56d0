"""How co-op says what is payable and why, what a decision does to the fund, and how each check stands."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.labels import plain
from db.coop.claim_rules import Check
from db.coop.model import COSTS
from db.coop.payable_rules import Payable
from db.coop.say_rules import money

OUTCOMES = {
    "ok": ":green[:material/check_circle:]", "return": ":orange[:material/undo:]", "deny": ":red[:material/block:]",
    "exception": ":orange[:material/gpp_maybe:]",
}  # fmt: skip


def draw_payable(found: Payable, *, title: str = "Payable") -> None:
    """What is payable: every bound with its sentence, the one that decides in bold, costs that do not count below."""
    lines = [f"**{title}: {plain(money(found.cents))}**"]
    for bound in found.bounds:
        icon = ":blue[:material/arrow_forward:]" if bound.decides else ":gray[:material/remove:]"
        words = f"{plain(bound.why)}: {plain(money(bound.cents))}"
        lines.append(f"{icon} {f'**{words}**' if bound.decides else words}")
    lines += [
        f":orange[:material/money_off:] {plain(f'{COSTS[c.line.kind]} {money(c.line.cents)}')}: {plain(c.why)}"
        for c in found.costs
        if c.why
    ]
    st.markdown("  \n".join(lines))


def draw_balance(*, before: int, after: int, what: str) -> None:
    """What is available before and after a decision."""
    tone = "red" if after < 0 else "gray"
    st.markdown(
        f":material/account_balance: Available {plain(money(before))} "
        f":{tone}[:material/arrow_forward: {plain(money(after))} {plain(what)}]"
    )


def draw_checks(checks: Sequence[Check], *, only_open: bool = False) -> None:
    """Every check in its sentence; what is in the way stands out."""
    lines = [
        f"{OUTCOMES[c.outcome]} {c.label if c.ok else f'**{c.label}**'}: {plain(c.sentence)}"
        for c in checks
        if not (only_open and c.ok)
    ]
    if lines:
        st.markdown("  \n".join(lines))
