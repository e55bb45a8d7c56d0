"""Monthly pack: what a month was, in figures and in sentences tied to their rows; as PDF and as workbook."""

from __future__ import annotations

from datetime import date

import streamlit as st

from components.access import guard
from components.areas import monthly_pack as show
from components.clock import now
from components.filters import pick
from components.labels import empty_state
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import regions
from db.reports.pack_queries import pack_months
from db.reports.snapshot_queries import frozen_months
from db.reports.subscription_queries import files_wanted

actor = guard(Permission.PACK_VIEW)
at = now()

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/summarize: Monthly pack")
    files = st.container(horizontal=True, width="content", gap="small")
with reading() as session:
    known = regions(session, actor.scope)
    frozen = frozen_months(session, actor=actor)
months = {f"{m:%Y-%m}": f"{m:%B %Y}{'' if m in frozen else ' (not frozen)'}" for m in pack_months(now=at)}
newest = next(iter(months))
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    chosen = pick("Month", {k: v for k, v in months.items() if k != newest}, key="mpk_month",
                  all_label=months[newest], width=220) or newest  # fmt: skip
    region = ""
    if len(known) > 1:
        whole = "All dealers" if actor.scope.is_all else "All my dealers"
        region = pick("Region", {r: r for r in known}, key="mpk_region", all_label=whole, width=200)
    with_rows = st.toggle("Show rules and rows", key="mpk_rows", bind="query-params")
month = date.fromisoformat(f"{chosen}-01")

pack = show.pack_of(actor, month, region, at)
with files:
    with reading() as session:
        mailed = files_wanted(session, region=region, actor=actor)
    show.draw_subscription(pack, actor, files=mailed)
    show.draw_downloads(pack, actor)
show.draw_standing(pack)
if not pack.headlines:
    empty_state("summarize", "Your role sees none of the figures of the pack.")
elif all(head.now.value is None for head in pack.headlines):
    empty_state("summarize", "Nothing was counted in this month.", action="Choose another month or region.")
else:
    show.draw_figures(pack, actor)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.markdown("**What the month says**")
        show.draw_sentences(pack.sentences, none="No figure to speak of.", with_rows=with_rows)
    with right:
        with st.container(border=True):
            st.markdown("**First and last dealers**")
            show.draw_dealers(pack)
        with st.container(border=True):
            st.markdown("**Changes since the last pack**")
            show.draw_changes(pack, with_rows=with_rows)
if actor.can(Permission.MONTHS_FREEZE):
    show.draw_freeze(pack, month, frozen.get(month, 0))
st.caption(
    f"Made {moment_words(pack.made_at, actor.zone, now=at)} for {region or pack.place.lower()}. "
    "Months are the calendar's in the desk's zone. What is frozen is the network and whole regions."
)
