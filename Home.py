"""The front door: page config, sign-in, navigation. Nothing else.

`streamlit run server.py` serves it with cookies and HTTP routes; `streamlit run Home.py` alone works too, and a
sign-in then lasts for the tab.
"""

import streamlit as st

from components import access, auth, brand, navigation, sidebar, startup, waiting
from db.migrate import SchemaUnknown, require_known

with waiting.for_the_database():
    try:
        startup.ready(require_known)
    except SchemaUnknown as error:
        startup.refuse(str(error))
    account = auth.find_account()
    signed_in = account is not None and not account.must_change_password
    sections, entries = navigation.build(
        account.actor if account and signed_in else None,
        unread=sidebar.count_unread(account) if account and signed_in else 0,
    )
    # Always before the gate: Streamlit must know the pages, or it would serve them without this file
    # (streamlit.md 0.1).
    page = st.navigation(sections, position="sidebar" if signed_in else "hidden", expanded=True)
    title = entries[page.url_path].title if signed_in else "Sign in"
    st.set_page_config(page_title=brand.browser_title(title), page_icon=brand.favicon(), layout="wide")

    access.gate(account)
    assert account is not None
    sidebar.draw(account)
    page.run()
