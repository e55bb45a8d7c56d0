"""Pieces of the page of old parts: the drawer with facts and history, and the rule for what is sent in."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple
from uuid import uuid4

import streamlit as st

from components import labels
from components.access import current_actor
from components.clock import now, today
from components.exports import guarded_download
from components.forms import cents
from components.labels import plain
from components.navigation import may_open
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.queue_page import Screen
from components.timeline import draw_timeline
from db.core.labels import moment_label, moment_words
from db.core.permissions import Permission
from db.core.session import reading
from db.part_returns.commands import COMMANDS
from db.part_returns.flow import FLOW
from db.part_returns.print_commands import PRINTED, print_labels
from db.part_returns.queries import ReturnRow, get_return, newest_rule, rule_in_force, rule_versions
from db.part_returns.rule_commands import publish_rule
from db.part_returns.rules import DISPOSITIONS, FINDINGS, ReturnRules, money
from db.reports.history_queries import item_history

CLAIM_PAGE = "pages/claims/claim.py"
RULE_FORM, RULE_OPEN = "pr_rule", "pr_rule_open"
RULE_KEYS = {
    name: f"pr_rule_{name}"
    for name in (
        "effective_from", "scrap_below_cents", "return_from_cents", "return_major", "return_unusual", "address",
        "reason",
    )
}  # fmt: skip


class _Entry(NamedTuple):
    at: Any
    title: str
    by: str
    note: str


def day(value: date | None) -> str:
    """A day in words: "3 Aug 2026"; an en dash for none."""
    return "–" if value is None else f"{value.day} {value:%b %Y}"


def _facts(row: ReturnRow) -> None:
    actor, at = current_actor(), now()
    state = FLOW.state(row.status)
    labels.badges(
        [
            (state.label, state.tone), ("Overdue" if row.is_late(at) else "", "red"),
            (FINDINGS.get(row.finding, ""), "violet"), ("Owed to the dealer" if row.back_owed else "", "red"),
            (f"{money(row.charged_cents)} charged" if row.charged_cents else "", "red"),
        ]
    )  # fmt: skip
    st.markdown(f"> {plain(row.why)}")
    if row.back_owed:
        st.warning(
            "The claim was denied because the part has no defect: send it back at our cost, or pay for it.",
            icon=":material/gavel:",
        )
    if row.is_stopped:
        st.caption("The claim is being decided again: its days do not count, and nothing is charged meanwhile.")
    facts: list[tuple[str, object]] = [
        ("Part", f"{row.part_number} {row.part_name}".strip()), ("Serial number", row.serial),
        ("Dealer", row.dealer), ("VIN", row.vin),
        ("Paid for it", "" if row.paid_cents is None else money(row.paid_cents)),
        ("At the decision", DISPOSITIONS.get(row.disposition, row.disposition)),
    ]  # fmt: skip
    if row.status == "held":
        facts.append(("Keep until", day(row.hold_until)))
    if row.due_on is not None:
        facts.append(("Send in by", f"{day(row.due_on)}, where the dealer is"))
    for label, moment in (("Shipped", row.shipped_at), ("Arrived", row.received_at), ("Inspected", row.inspected_at)):
        if moment is not None:
            facts.append((label, moment_label(moment, actor.zone, now=at)))
    if row.carrier:
        facts.append(("Carrier", f"{row.carrier} {row.tracking}".strip()))
    if row.finding:
        facts.append(("What was seen", row.finding_note))
    if row.back_carrier:
        facts.append(("Sent back with", f"{row.back_carrier} {row.back_tracking}".strip()))
    if row.credit_cents:
        facts.append(("Paid instead", money(row.credit_cents)))
    if row.note:
        facts.append(("Note", row.note))
    labels.facts(facts)
    with st.container(horizontal=True, gap="small"):
        if may_open(actor, CLAIM_PAGE):
            st.page_link(
                CLAIM_PAGE, label=f"Claim {row.claim}", icon=":material/description:",
                query_params={"claim": str(row.claim_id)},
            )  # fmt: skip
        if row.status in PRINTED and actor.can(Permission.RETURNS_SHIP):
            draw_labels([row.id], key=f"pr_label_{row.id}", name=row.number)


def draw_labels(item_ids: list[int], *, key: str, name: str = "labels") -> None:
    """A button that prints the labels of some parts."""
    guarded_download(
        "Label" if len(item_ids) == 1 else f"{len(item_ids)} labels", key=key, file_name=f"{name}.pdf",
        mime="application/pdf", command=print_labels, arguments={"item_ids": item_ids}, read=lambda made: made.content,
        help="4 by 6 inches, with the RMA number to scan",
    )  # fmt: skip


def _history(row: ReturnRow) -> None:
    with st.expander("History"):
        with reading() as session:
            lines = item_history(session, item_type="part_return", item_id=row.id, limit=40)
        draw_timeline(
            [_Entry(x.at, x.summary, x.actor_name, x.reason) for x in lines]
            + [_Entry(row.created_at, f"{row.number}: {row.why}", "Decision on the claim", "")],
            zone=current_actor().zone, now=now(),
        )  # fmt: skip


def _last_day_zone(row: ReturnRow) -> str:
    return row.zone


SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="pr", load=get_return, title=lambda r: f"{r.number} · {plain(r.part)}",
    draw_facts=_facts, draw_below=_history, zone=_last_day_zone,
)  # fmt: skip


# ---- the rule --------------------------------------------------------------------------------------------------------
def open_rule() -> None:
    """Open the rule at the next run (call it from a callback)."""
    forget(RULE_FORM)
    for key in RULE_KEYS.values():
        st.session_state.pop(key, None)
    st.session_state[RULE_OPEN] = uuid4().hex


def _close(*_: Any) -> None:
    st.session_state.pop(RULE_OPEN, None)
    forget(RULE_FORM)


def draw_rule() -> bool:
    """Draw the rule when it is open; gives back whether it is."""
    if not st.session_state.get(RULE_OPEN):
        return False
    st.dialog("What becomes of old parts", width=520, position="right", on_dismiss=_close)(_rule)()
    return True


def sentences(rule: ReturnRules) -> list[str]:
    """The rule as people read it, in the order it is asked."""
    found = [
        "Parts a supplier is asked to pay for are sent in.",
        f"Parts of campaigns, and parts below {money(rule.scrap_below_cents)}, are scrapped.",
        "A part that failed again on the same vehicle is sent in.",
    ]
    if rule.return_unusual:
        found.append("Parts of unusual claims (exclusions, far above the usual amount) are sent in.")
    if rule.return_major:
        found.append("Major assemblies are sent in.")
    return [
        *found, f"Parts from {money(rule.return_from_cents)} on are sent in.",
        "Everything else the dealer keeps for the days of the claim policy.",
    ]  # fmt: skip


def _rule() -> None:
    form_key = st.session_state.get(RULE_OPEN)
    if form_key is None:
        st.rerun()
    actor = current_actor()
    with reading() as session:
        rule = rule_in_force(session, on=today(actor.zone), actor=actor)
        versions = rule_versions(session, actor=actor)
        seen = newest_rule(session, actor=actor)
    st.markdown("\n".join(f"{i}. {plain(s)}" for i, s in enumerate(sentences(rule), 1)))
    st.caption(f"Version {rule.number}. The first reason that holds decides, on the day the claim is decided.")
    if rule.address:
        labels.facts([("Parts go to", rule.address)])
    if actor.can(Permission.WARRANTY_MANAGE) and actor.scope.is_all:
        with st.expander("Change it"):
            _rule_form(rule, seen=seen, form_key=str(form_key))
    if versions:
        with st.expander("Versions"):
            for one in versions:
                st.markdown(f"**{one.rules.number}** from {day(one.rules.effective_from)} · {plain(one.reason)}")
                st.caption(f"{plain(one.created_by)}, {moment_words(one.created_at, actor.zone, now=now())}")


def _rule_form(rule: ReturnRules, *, seen: int, form_key: str) -> None:
    start: dict[str, Any] = {
        "effective_from": today(current_actor().zone), "scrap_below_cents": f"{rule.scrap_below_cents / 100:.2f}",
        "return_from_cents": f"{rule.return_from_cents / 100:.2f}", "return_major": rule.return_major,
        "return_unusual": rule.return_unusual, "address": rule.address,
    }  # fmt: skip
    for name, value in start.items():
        st.session_state.setdefault(RULE_KEYS[name], value)
    show_outcome(RULE_FORM)
    with st.container(horizontal=True, gap="small"):
        st.text_input("Scrap below", key=RULE_KEYS["scrap_below_cents"])
        st.text_input("Send in from", key=RULE_KEYS["return_from_cents"])
    problems_of(RULE_FORM, "scrap_below_cents")
    problems_of(RULE_FORM, "return_from_cents")
    st.checkbox("Major assemblies are sent in", key=RULE_KEYS["return_major"])
    st.checkbox("Parts of unusual claims are sent in", key=RULE_KEYS["return_unusual"])
    st.text_area("Address on the label", key=RULE_KEYS["address"], height=100, max_chars=400)
    problems_of(RULE_FORM, "address")
    st.date_input("From", key=RULE_KEYS["effective_from"])
    problems_of(RULE_FORM, "effective_from")
    st.text_area("Reason", key=RULE_KEYS["reason"], height=80, max_chars=1000)
    problems_of(RULE_FORM, "reason")
    stray_problems(RULE_FORM, list(RULE_KEYS))

    def publish() -> None:
        perform(
            publish_rule, form=RULE_FORM, say="The rule was published", typed=RULE_KEYS, after=_close,
            arguments={"seen_version": seen, "form_key": form_key},
            convert={
                "scrap_below_cents": lambda v: cents(v, field="scrap_below_cents"),
                "return_from_cents": lambda v: cents(v, field="return_from_cents"), "reason": lambda v: v or "",
                "address": lambda v: v or "", "return_major": bool, "return_unusual": bool,
            },
        )  # fmt: skip

    st.button("Publish", key="pr_rule_go", type="primary", icon=":material/publish:", on_click=publish)
