"""What stands around every page: the desk's name, search, who is signed in, signing out."""

from __future__ import annotations

import streamlit as st

from components import auth, brand, search_box
from components.labels import plain
from db.core.session import reading
from db.core.settings import settings
from db.people.queries import count_unread as count_unread_of
from db.people.sessions import Account


def count_unread(account: Account) -> int:
    """How many notifications the person has not read."""
    with reading() as session:
        return count_unread_of(session, person_id=account.person_id)


def draw(account: Account) -> None:
    """Draw the sidebar below the list of pages."""
    actor = account.actor
    st.logo(brand.logo(settings().organisation), size="large", icon_image=brand.mark())
    with st.sidebar:
        search_box.draw()
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{plain(actor.name)}**")
            st.caption(f"{actor.role.label}, {plain(actor.scope.describe()[:1].lower() + actor.scope.describe()[1:])}")
            st.button(
                "Sign out", icon=":material/logout:", type="tertiary", key="sign_out", on_click=auth.sign_out,
                help="Ends the sign-in of this browser, in every tab",
            )  # fmt: skip
        auth.tell_browser(account)
