"""Search results: everything the typed words find, by kind."""

from __future__ import annotations

import streamlit as st

from components.access import current_actor, guard
from components.filters import words
from components.labels import empty_state, plain
from components.links import link
from db.catalog import search_everything
from db.core.permissions import Permission
from db.core.session import reading

guard(Permission.HOME_VIEW)

st.title(":material/search: Search")
typed = words("Search", key="q", placeholder="Name, record number, VIN, phone, e-mail, city")
if not typed:
    empty_state(
        "search", "Type a name, a number, a VIN, a phone or an e-mail.", action="The start of each word is enough."
    )
    st.stop()

with reading() as session:
    found = search_everything(session, typed, actor=current_actor())

if not any(found.values()):
    empty_state(
        "search_off", f"Nothing was found for “{plain(typed)}”.",
        action="Every word has to match. Try fewer words, or only the start of a name.",
    )  # fmt: skip
for label, results in found.items():
    if not results:
        continue
    st.subheader(f"{label} :gray[{len(results)}]")
    with st.grid(3, min_column_width=280, gap="small"):
        for result in results:
            with st.container(border=True, gap="xxsmall"):
                link(result.page, label=f"**{plain(result.title)}**", query_params=dict(result.query))
                st.caption(plain(result.subtitle))
