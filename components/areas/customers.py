"""What the pages of customers share: contact data masked and revealed, the drawer to change one, consent, links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from components.access import guard
from components.labels import badge, facts, plain
from components.perform import forget, outcome_of, perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.geo import STATES
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.core.session import reading
from db.customers import customer_commands as commands
from db.customers.consent_rules import CHANNELS, SOURCES, WORDINGS
from db.customers.customer_queries import CustomerPage, customer_choices, get_customer

OPEN, FORM, ORIGINAL = "_customer_drawer", "customer_form", "_customer_original"
TEXTS = ("name", "first_name", "last_name", "street", "city", "state", "postal_code", "country")
LABELS = {
    "name": "Name", "first_name": "First name", "last_name": "Last name", "street": "Street", "city": "City",
    "state": "State", "postal_code": "Postal code", "country": "Country", "is_business": "Business",
}  # fmt: skip
REVEAL, CONTACT, CONSENT, LINK, HOLD = "crm_reveal", "crm_contact", "crm_consent", "crm_link", "crm_hold"
KINDS = {"phone": "Phone", "email": "E-mail"}


def _key(field: str) -> str:
    return f"crm_{field}"


# ---- change --------------------------------------------------------------------------------------------------------
def open_drawer(customer: CustomerPage) -> None:
    """Open the drawer with what is known now (call it from a callback)."""
    forget(FORM)
    st.session_state[ORIGINAL] = {field: customer.facts[field] for field in (*TEXTS, "is_business")}
    for field, value in st.session_state[ORIGINAL].items():
        st.session_state[_key(field)] = value
    st.session_state[OPEN] = customer.id


def _forget_typed(_result: object = None) -> None:
    for key in (OPEN, ORIGINAL, *(_key(field) for field in (*TEXTS, "is_business"))):
        st.session_state.pop(key, None)


def _close() -> None:
    _forget_typed()
    forget(FORM)


def draw_drawer(*, at: datetime) -> None:
    """Draw the drawer when it is open; call it once a page."""
    which = st.session_state.get(OPEN)
    if which is None:
        show_outcome(FORM)
        return
    st.dialog("Change customer", width=520, position="right", on_dismiss=_close)(_body)(int(which), at)


def _body(which: int, at: datetime) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()
    actor = guard(Permission.CUSTOMERS_EDIT)
    with reading() as session:
        current = get_customer(session, customer_id=which, actor=actor, now=at)
    show_outcome(FORM)
    conflicts = _draw_conflicts(current)
    st.checkbox("A business", key=_key("is_business"))
    with st.grid(2, min_column_width=180, gap="small"):
        for field in TEXTS:
            with st.container(gap="xxsmall"):
                if field == "state":
                    options = list(STATES)
                    here = st.session_state.get(_key("state"))
                    st.selectbox(
                        LABELS[field], options if not here or here in options else [*options, here], key=_key(field),
                        index=None, placeholder="Choose",
                        format_func=lambda code: STATES[code].name if code in STATES else code,
                    )  # fmt: skip
                else:
                    st.text_input(LABELS[field], key=_key(field), max_chars=200)
                if field not in conflicts:
                    problems_of(FORM, field)
    stray_problems(FORM, [*TEXTS, "is_business"])
    st.button("Save customer", key="crm_save", type="primary", on_click=_save, args=(which,))


def _draw_conflicts(current: CustomerPage) -> set[str]:
    """Fields two people changed: what is there now, what was typed, what both had seen (domain-rules 2.0)."""
    outcome = outcome_of(FORM)
    fields = [p.field for p in (outcome.problems if outcome else ()) if p.code == "conflict"]
    if not fields:
        return set()
    original = st.session_state.get(ORIGINAL, {})
    st.warning(
        f"{plain(current.updated_by or 'Somebody')} changed the same while you were typing. Choose what is right.",
        icon=":material/call_split:",
    )
    st.table(
        {
            "Field": [LABELS[f] for f in fields],
            "Now on record": [plain(current.facts[f] or "–") for f in fields],
            "Yours": [plain(st.session_state.get(_key(f)) or "–") for f in fields],
            "Before": [plain(original.get(f) or "–") for f in fields],
        },
        hide_index=True,
    )  # fmt: skip

    def settle(mine: bool) -> None:
        for field in fields:
            if not mine:
                st.session_state[_key(field)] = current.facts[field]
            st.session_state[ORIGINAL] = {**st.session_state[ORIGINAL], field: current.facts[field]}
        forget(FORM)
        if mine:
            _save(current.id)

    with st.container(horizontal=True, gap="small"):
        st.button("Keep mine", key="crm_mine", on_click=settle, args=(True,))
        st.button("Keep what is there", key="crm_theirs", on_click=settle, args=(False,))
    return set(fields)


def _save(which: int) -> None:
    original = st.session_state.get(ORIGINAL, {})
    typed = {field: st.session_state.get(_key(field)) or "" for field in TEXTS}
    typed["is_business"] = bool(st.session_state.get(_key("is_business")))
    changed = {field: value for field, value in typed.items() if value != original.get(field)}
    perform(
        commands.change_customer, form=FORM, say="The customer was saved", after=_forget_typed,
        arguments={"customer_id": which, "original": original, "changes": changed},
    )  # fmt: skip


# ---- how to reach --------------------------------------------------------------------------------------------------
def draw_contact(customer: CustomerPage, *, may_edit: bool) -> None:
    """Name, place and ways to reach; hidden ones with the way to see them."""
    known = customer.facts
    place = ", ".join(p for p in (known["city"], " ".join(p for p in (known["state"], known["postal_code"]) if p)) if p)
    ways = [(KINDS[way.kind], way.shown) for way in customer.contacts]
    facts(
        [
            ("Name", customer.name), *ways, *([] if ways else [("Reach at", "Nothing on record")]),
            ("Street", known["street"]), ("Place", place), ("Country", known["country"]),
        ]
    )  # fmt: skip
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if customer.is_masked:
            st.caption(":material/visibility_off: Contact data is hidden.", width="content")
        if customer.may_reveal:
            _draw_reveal(customer)
        if may_edit and not customer.is_masked:
            st.button("Change", key="crm_change", icon=":material/edit:", on_click=open_drawer, args=(customer,))
            _draw_ways(customer)
    show_outcome(REVEAL)
    show_outcome(CONTACT)


def _draw_reveal(customer: CustomerPage) -> None:
    with popup("Show contact data", key="crm_reveal_popup", icon=":material/visibility:"):
        reasons = commands.REVEAL_REASONS
        st.radio("What do you need it for?", list(reasons), format_func=reasons.__getitem__, key="crm_reveal_reason")
        problems_of(REVEAL, "reason")
        st.text_input("Note :gray[(optional)]", key="crm_reveal_note", max_chars=200)
        st.caption("Kept in the timeline with your name. It stays visible to you for 30 minutes.")

        def show() -> None:
            perform(
                commands.reveal_customer, form=REVEAL, say="Contact data is shown for 30 minutes",
                typed={"reason": "crm_reveal_reason", "note": "crm_reveal_note"}, convert={"note": lambda v: v or ""},
                arguments={"customer_id": customer.id}, after=lambda _r: close("crm_reveal_popup"),
            )  # fmt: skip

        st.button("Show", key="crm_reveal_go", type="primary", on_click=show)


def _draw_ways(customer: CustomerPage) -> None:
    with popup("Numbers and addresses", key="crm_ways_popup", icon=":material/contact_phone:"):
        for way in customer.contacts:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f":gray[{KINDS[way.kind]}] {plain(way.shown)}", width="stretch")
                st.button(
                    "Take off", key=f"crm_way_{way.key_id}", type="tertiary", icon=":material/close:",
                    on_click=_remove_way, args=(customer.id, way.key_id),
                )  # fmt: skip
        st.segmented_control(
            "Add", list(KINDS), format_func=KINDS.__getitem__, key="crm_way_kind", default="phone", required=True
        )
        st.text_input("Number or address", key="crm_way_value", max_chars=254)
        problems_of(CONTACT, "value")

        def add() -> None:
            perform(
                commands.add_contact, form=CONTACT, say="Added",
                typed={"kind": "crm_way_kind", "value": "crm_way_value"}, convert={"value": lambda v: v or ""},
                arguments={"customer_id": customer.id}, after=lambda _r: close("crm_ways_popup", "crm_way_value"),
            )  # fmt: skip

        st.button("Add", key="crm_way_add", type="primary", on_click=add)


def _remove_way(customer_id: int, key_id: int) -> None:
    perform(
        commands.remove_contact, form=CONTACT, say="Taken off",
        arguments={"customer_id": customer_id, "key_id": key_id},
    )  # fmt: skip


# ---- consent -------------------------------------------------------------------------------------------------------
def draw_consents(customer: CustomerPage, *, zone: str, at: datetime, may_edit: bool) -> None:
    """Each channel: whether it may be used, why, and the words that were agreed to."""
    show_outcome(CONSENT)
    for state in customer.consents:
        latest = state.latest
        word, tone = ("May be used", "green") if state.ok else ("Not allowed", "red")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            why = state.why
            if latest is not None:
                why = f"{'Agreed' if latest.is_given else 'Refused'} {moment_words(latest.at, zone, now=at)}"
                why += f" · {latest.source}" if latest.source else ""
            st.markdown(
                f"**{CHANNELS[state.channel]}** {badge(word, tone)}  \n:gray[:small[{plain(why)}]]",
                width="stretch",
            )
            if may_edit:
                _draw_change(customer, state.channel, is_given=bool(latest and latest.is_given))


def _draw_change(customer: CustomerPage, channel: str, *, is_given: bool) -> None:
    label = "Withdraw" if is_given else "Record"
    prefix = f"crm_consent_{channel}"
    with popup(label, key=f"{prefix}_popup", icon=":material/edit_note:", kind="tertiary"):
        if is_given:
            st.markdown("The customer does not want to be contacted by this channel any more.")
        else:
            st.markdown(f"> {plain(WORDINGS[channel])}")
            st.caption("Read it out, or show it. These words are kept with the consent.")
        st.pills("How did they tell you?", list(SOURCES), format_func=SOURCES.__getitem__, key=f"{prefix}_source")
        problems_of(CONSENT, "source")

        def save(given: bool) -> None:
            perform(
                commands.set_consent, form=CONSENT, say=f"{CHANNELS[channel]}: saved",
                typed={"source": f"{prefix}_source"}, convert={"source": lambda v: v or ""},
                arguments={"customer_id": customer.id, "channel": channel, "is_given": given},
                after=lambda _r: close(f"{prefix}_popup"),
            )  # fmt: skip

        with st.container(horizontal=True, gap="small"):
            if is_given:
                st.button("Save the withdrawal", key=f"{prefix}_no", type="primary", on_click=save, args=(False,))
            else:
                st.button("They agreed", key=f"{prefix}_yes", type="primary", on_click=save, args=(True,))
                st.button("They said no", key=f"{prefix}_no", on_click=save, args=(False,))


# ---- who belongs to them -------------------------------------------------------------------------------------------
def draw_links(customer: CustomerPage, actor: Any, *, may_edit: bool) -> None:
    """Household and business, with the form to add one."""
    show_outcome(LINK)
    if not customer.links:
        st.caption("Nobody is linked.")
    for link in customer.links:
        words = "Acts for it" if link.is_other_way else commands.LINKS[link.kind]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.page_link(
                "pages/crm/customer.py", label=plain(link.name), query_params={"customer": str(link.customer_id)}
            )
            st.caption(words)
            if may_edit:
                st.button(
                    "Unlink", key=f"crm_unlink_{link.link_id}", type="tertiary", icon=":material/link_off:",
                    on_click=_unlink, args=(customer.id, link.link_id),
                )  # fmt: skip
    if may_edit:
        with popup("Link", key="crm_link_popup", icon=":material/add_link:"):
            chosen = pick_customer("crm_link", actor, dealer_id=customer.dealer_id)
            problems_of(LINK, "other_id")
            kinds = commands.LINKS
            st.radio("How do they belong together?", list(kinds), format_func=kinds.__getitem__, key="crm_link_kind")

            def save() -> None:
                perform(
                    commands.link_customers, form=LINK, say="Linked", typed={"kind": "crm_link_kind"},
                    arguments={"customer_id": customer.id, "other_id": chosen or customer.id},
                    after=lambda _r: close("crm_link_popup", "crm_link_text"),
                )  # fmt: skip

            st.button("Link", key="crm_link_go", type="primary", on_click=save)


def _unlink(customer_id: int, link_id: int) -> None:
    perform(
        commands.unlink_customers, form=LINK, say="No longer linked",
        arguments={"customer_id": customer_id, "link_id": link_id},
    )  # fmt: skip


def pick_customer(prefix: str, actor: Any, *, dealer_id: int | None) -> int | None:
    """Find a customer by typing part of a name, number or e-mail, then choose; gives the id."""
    text = st.text_input(
        "Customer", key=f"{prefix}_text", type="search", placeholder="Name, phone, e-mail", live=True,
        icon=":material/search:",
    )  # fmt: skip
    with reading() as session:
        found = dict(customer_choices(session, actor=actor, text=text or "", dealer_id=dealer_id, limit=12))
    if text and not found:
        st.caption("Nobody found.")
    if not found:
        return None
    chosen = st.radio(
        "Found", list(found), format_func=lambda i: plain(found[i]), key=f"{prefix}_choice",
        label_visibility="collapsed", index=None if len(found) > 1 else 0,
    )  # fmt: skip
    return int(chosen) if chosen is not None else None
