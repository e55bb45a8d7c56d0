"""Lead providers: who may post leads, with a token that is seen once."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.charts.base import table
from components.clock import now
from components.labels import badge, empty_state, facts, plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.labels import moment_label, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.leads.provider_commands import NewToken, create_provider, renew_token, set_provider_active
from db.leads.provider_queries import ProviderLine, list_providers

actor = guard(Permission.PROVIDERS_MANAGE)
at = now()
FORM, TOKEN, POPUP = "provider", "_provider_token", "provider_popup"


def keep(token: NewToken) -> None:
    """Remember the token until the person has taken it."""
    st.session_state[TOKEN] = token
    close(POPUP, "provider_name")


def draw_token(made: NewToken) -> None:
    """The one time a token is seen, with a request to try it."""
    with st.container(border=True):
        st.markdown(f"**:material/key: The token of {plain(made.name)}**")
        st.caption("Copy it now: it is not kept and cannot be shown again. Send it by a way others cannot read.")
        st.code(made.token, language=None, wrap_lines=True)
        st.button("I have copied it", key="provider_seen", type="primary", on_click=st.session_state.pop, args=(TOKEN,))


def draw_example(token: str) -> None:
    """How a sender posts a lead."""
    address = st.context.url or ""
    base = "/".join(address.split("/")[:3]) if isinstance(address, str) and "://" in address else "https://your-address"
    with st.expander("How a sender posts leads"):
        st.markdown("One ADF document in each request, at most 2 MB, with the token in the header:")
        st.code(
            f"curl -X POST {base}/intake/adf \\\n  -H 'Authorization: Bearer {token}' \\\n"
            "  -H 'Content-Type: application/xml' \\\n  --data-binary @lead.xml",
            language="bash", wrap_lines=True,
        )  # fmt: skip
        facts(
            [
                ("201", "Taken in; the answer names the leads"), ("200", "It was here before; nothing was added"),
                ("401", "The token is missing, wrong or stopped"), ("413", "The document is too large"),
                ("422", "It cannot be taken; the answer says why and what to do"),
                ("503", "The desk is busy; send it again in a minute"),
            ]
        )  # fmt: skip


def draw_add() -> None:
    """The form of a new sender."""
    with popup("Add provider", key=POPUP, icon=":material/add:", kind="primary"):
        st.text_input("Name", key="provider_name", max_chars=80, placeholder="As reports should call it")
        problems_of(FORM, "name")

        def add() -> None:
            perform(
                create_provider, form=FORM, say=lambda made: f"{made.name} may post leads", after=keep,
                typed={"name": "provider_name"},
            )  # fmt: skip

        st.button("Make a token", key="provider_add", type="primary", on_click=add)


def draw_one(line: ProviderLine) -> None:
    """What can be done about one sender."""
    reason = f"provider_reason_{line.provider_id}"

    def switch() -> None:
        perform(
            set_provider_active, form=FORM, typed={"reason": reason},
            say=f"{line.name} was stopped" if line.is_active else f"{line.name} may post again",
            arguments={"provider_id": line.provider_id, "is_active": not line.is_active},
        )  # fmt: skip

    def renew() -> None:
        perform(
            renew_token, form=FORM, say=f"{line.name} has a new token", after=keep,
            arguments={"provider_id": line.provider_id, "seen_hint": line.token_hint},
        )  # fmt: skip

    with st.container(border=True):
        state = badge("Active", "green") if line.is_active else badge("Stopped", "gray")
        st.markdown(f"**{plain(line.name)}** {state}")
        st.text_input("Reason", key=reason, max_chars=400, width=420)
        problems_of(FORM, "reason")
        with st.container(horizontal=True, gap="small"):
            label, icon = ("Stop", ":material/block:") if line.is_active else ("Let it post again", ":material/check:")
            st.button(label, key=f"provider_switch_{line.provider_id}", icon=icon, on_click=switch)
            st.button(
                "New token", key=f"provider_renew_{line.provider_id}", icon=":material/autorenew:", type="tertiary",
                on_click=renew, help="The old token stops working at once.",
            )  # fmt: skip


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/hub: Lead providers")
    draw_add()
show_outcome(FORM)
stray_problems(FORM, ["name", "reason"])
fresh = st.session_state.get(TOKEN)
if isinstance(fresh, NewToken):
    draw_token(fresh)
with reading() as session:
    lines = list_providers(session, actor=actor)
if lines:
    chosen = tables.show(
        table(
            {
                "Provider": [line.name for line in lines],
                "State": [["Active" if line.is_active else "Stopped"] for line in lines],
                "Token ends with": [line.token_hint for line in lines],
                "Last lead posted": [
                    relative_label(line.last_used_at, at) if line.last_used_at else "Never" for line in lines
                ],
                "Added": [moment_label(line.created_at, actor.zone, now=at) for line in lines],
            }
        ),
        key="providers_table", alt="Lead providers by name", select="one",
        columns={
            "Provider": tables.text("Provider", width=280),
            "State": tables.pill("State", {"Active": "green", "Stopped": "gray"}, width=100),
            "Token ends with": tables.text("Token ends with", width=130),
            "Last lead posted": tables.text("Last lead posted", width=150), "Added": tables.text("Added"),
        },
    )  # fmt: skip
    if chosen and chosen[0] < len(lines):
        draw_one(lines[chosen[0]])
    else:
        st.caption("Choose a provider to stop it or to give it a new token.")
else:
    empty_state("hub", "Nobody may post leads yet.", action="Add the first provider and send it its token.")
draw_example("the token" if not isinstance(fresh, NewToken) else fresh.token)
