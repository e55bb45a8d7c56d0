"""The form of a co-op claim: while it is typed it says what will be payable, and every check before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.areas.coop_form import FIELDS, Fields
from components.areas.coop_papers import chosen_files, draw_choice, names_chosen
from components.areas.coop_words import draw_checks, draw_payable
from components.clock import now, today
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.coop.claim_flow import FLOW
from db.coop.claim_queries import get_claim
from db.coop.claim_rules import worst
from db.coop.commands import CLAIMS, enter_claim
from db.coop.form_queries import ClaimQuote, Owner, claim_quote, owner_of
from db.coop.model import ALWAYS, PROOFS, UNFILED
from db.coop.request_queries import programme_choices
from db.coop.request_rules import Terms
from db.coop.say_rules import money
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import NotFound, Refused
from db.core.session import reading
from db.dealers.queries import dealer_choices

OPEN, FORM = "_coop_claim_form", "coop_claim_form"
FORM_FIELDS = Fields(prefix="cc", form=FORM, is_claim=True)
DEALER, PROGRAMME = "cc_dealer", "cc_programme"
ENDS = {
    "ok": "Complete: a person decides on it.", "return": "It would come back to you until this is there:",
    "deny": "It would be denied at once:", "exception": "Only an exception could approve it:",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the form is about: a new claim (of a request, or without one), or one that is changed as it was seen."""

    form_key: str
    request_id: int | None = None
    item_id: int | None = None
    version: int = 0
    number: str = ""


def open_form(*, request_id: int | None = None, item_id: int | None = None) -> None:
    """Open the form (call it from a callback or before it is drawn), filled with the request or claim it is about."""
    close_form()
    actor = guard(Permission.COOP_REQUEST)
    terms, target = Terms(), Target(form_key=uuid4().hex, request_id=request_id)
    try:
        with reading() as session:
            if item_id is not None:
                page = get_claim(session, item_id=item_id, actor=actor, now=now())
                terms = page.terms
                target = Target(
                    form_key=uuid4().hex, request_id=page.row.request_id, item_id=page.id, version=page.version,
                    number=page.number,
                )  # fmt: skip
            elif request_id is not None:
                terms = owner_of(session, request_id=request_id, actor=actor).terms or terms
    except NotFound:
        return  # it was claimed or given back meanwhile; the list says so
    FORM_FIELDS.fill(terms)
    st.session_state[OPEN] = target


def close_form() -> None:
    """Close it and forget what was typed."""
    forget(FORM)
    _clear()


def _clear(_result: object = None) -> None:
    FORM_FIELDS.clear()
    keys = [OPEN, DEALER, PROGRAMME, *(f"cc_{part}_{p}" for p in PROOFS for part in ("has", "ref"))]
    for key in keys:
        st.session_state.pop(key, None)


def is_open() -> bool:
    """Whether the form is open; there is one dialog at a time."""
    return st.session_state.get(OPEN) is not None


def draw_form() -> None:
    """Draw the form when it is open; call it once a page."""
    target = st.session_state.get(OPEN)
    if target is None:
        show_outcome(FORM)
        return
    title = f"Change {target.number}" if target.item_id else "Claim what was done"
    st.dialog(title, width=640, position="right", on_dismiss=close_form)(_body)()


def _body() -> None:
    target = st.session_state.get(OPEN)
    if target is None:
        st.rerun()  # sent: the page follows, and the toast is drawn there
    actor = guard(Permission.COOP_REQUEST)
    show_outcome(FORM)
    owner = _owner(actor, target)
    if owner is None:
        return
    if owner.title:
        held = f", {money(owner.reserved)} reserved" if owner.reserved else ""
        st.caption(f":material/campaign: {plain(owner.title)}{plain(held)}")
    FORM_FIELDS.draw(owner.media)
    stray_problems(FORM, (*FIELDS, "dealer_id", "programme_id", "proofs", "file", "kind"))
    found = _quote(actor, owner, target)
    if target.item_id is None:
        _draw_proofs(found.needs if found is not None else ALWAYS, target)
    if found is not None:
        with st.container(border=True, gap="xsmall"):
            draw_payable(found.found, title="Will be payable")
            if target.item_id is None:
                st.markdown(f"**{ENDS[worst(found.checks)]}**")
                draw_checks(found.checks, only_open=True)
    if target.item_id is not None:
        st.button(
            "Keep the change", type="primary", icon=":material/save:", key="cc_save", on_click=_change, args=(target,)
        )
        return
    with st.container(horizontal=True, gap="small"):
        for label, key, at_once in (("Send", "cc_send", True), ("Keep for later", "cc_keep", False)):
            st.button(
                label, key=key, type="primary" if at_once else "secondary", on_click=_send, args=(owner, target),
                kwargs={"at_once": at_once}, icon=":material/send:" if at_once else None,
            )  # fmt: skip


def _owner(actor: Any, target: Target) -> Owner | None:
    with reading() as session:
        if target.request_id is not None:
            try:
                return owner_of(session, request_id=target.request_id, actor=actor)
            except NotFound:
                st.warning("The request this claim rests on holds nothing any more.")
                return None
        programmes = {p.id: p for p in programme_choices(session, actor=actor, today=today(actor.zone))}
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope, statuses=("active", "suspended"))}
        claimed = get_claim(session, item_id=target.item_id, actor=actor, now=now()) if target.item_id else None
    if not programmes:
        st.info("There is no co-op programme for this year.")
        return None
    dealer_id = claimed.row.dealer_id if claimed else next(iter(dealers)) if len(dealers) == 1 else None
    if dealer_id is None:
        dealer_id = st.selectbox(
            "Dealer", list(dealers), format_func=lambda i: dealers.get(i, "–"), index=None, key=DEALER,
            placeholder="Choose",
        )  # fmt: skip
        problems_of(FORM, "dealer_id")
    programme_id = next(iter(programmes))
    if len(programmes) > 1 and claimed is None:
        programme_id = st.selectbox(
            "Programme", list(programmes), format_func=lambda i: programmes[i].label, key=PROGRAMME
        )  # fmt: skip
    return Owner(
        dealer_id=dealer_id or 0, programme_id=programme_id, request_id=None, title="",
        media=programmes[programme_id].media, terms=None,
    )  # fmt: skip


def _given() -> tuple[tuple[str, str], ...]:
    got = st.session_state
    return tuple((p, got.get(f"cc_ref_{p}") or "") for p in PROOFS if got.get(f"cc_has_{p}"))


def _keys(target: Target) -> dict[str, str]:
    """The field of the files of each proof; another form has other fields."""
    return {p: f"cc_{target.form_key}_file_{p}" for p in PROOFS}


def _draw_proofs(needs: tuple[str, ...], target: Target) -> None:
    st.markdown("**Proofs**")
    keys = _keys(target)
    there = names_chosen(keys)
    for proof in needs:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.checkbox(PROOFS[proof], key=f"cc_has_{proof}", width=260)
            st.text_input(
                f"{PROOFS[proof]}, kept as", key=f"cc_ref_{proof}", label_visibility="collapsed", max_chars=120,
                placeholder="File name or number",
            )  # fmt: skip
            if proof not in UNFILED:
                files = there.get(proof, ())
                with st.popover(
                    plural(len(files), "file") if files else "File", icon=":material/attach_file:", type="tertiary"
                ):
                    draw_choice(PROOFS[proof], key=keys[proof])
    for field in ("proofs", "reference", "file", "kind"):
        problems_of(FORM, field)


def _quote(actor: Any, owner: Owner, target: Target) -> ClaimQuote | None:
    if not owner.dealer_id:
        return None
    try:
        terms = FORM_FIELDS.typed()
    except Refused:
        return None  # still typing; the refusal is shown when it is sent
    files = names_chosen(_keys(target))
    with reading() as session:
        return claim_quote(
            session, terms=terms, proofs={p for p, _ in _given()} | set(files), dealer_id=owner.dealer_id,
            programme_id=owner.programme_id, request_id=owner.request_id, actor=actor, now=now(), files=files,
        )  # fmt: skip


def _came_back(item_id: object) -> str:
    """What became of a claim that was sent: it waits for a decision, or came back at once, and why."""
    with reading() as session:
        page = get_claim(session, item_id=int(str(item_id)), actor=guard(Permission.COOP_REQUEST), now=now())
    if page.status == "in_review":
        return f"{page.number} was sent"
    return f"{page.number} is {FLOW.state(page.status).label.lower()}: {page.row.decision_note}"


def _sent(item_id: object) -> None:
    """Forget the form and open the claim, where the dealer sees how it stands."""
    _clear()
    st.session_state["coopclm_open"] = int(str(item_id))


def _send(owner: Owner, target: Target, *, at_once: bool) -> None:
    perform(
        enter_claim, form=FORM, say=_came_back if at_once else "The claim was kept", after=_sent,
        typed={"terms": "_cc_terms"}, convert={"terms": lambda _none: FORM_FIELDS.typed()},
        arguments={
            "request_id": owner.request_id, "dealer_id": owner.dealer_id or None, "programme_id": owner.programme_id,
            "proofs": _given(), "files": chosen_files(_keys(target)), "send": at_once, "form_key": target.form_key,
        },
    )  # fmt: skip


def _change(target: Target) -> None:
    perform(
        CLAIMS["change"], form=FORM, say=f"{target.number} was changed", after=_clear, typed={"terms": "_cc_terms"},
        convert={"terms": lambda _none: FORM_FIELDS.typed()},
        arguments={"item_id": target.item_id, "seen_version": target.version},
    )  # fmt: skip
