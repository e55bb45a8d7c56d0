"""Co-op performance: how much is used, accrued, paid and expiring, how long it takes, what comes back and why."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from components.access import guard
from components.areas import coop_figures as show
from components.areas.figures import narrow, pick_days
from components.areas.places import places
from components.clock import now, today
from components.exports import export_button
from components.filters import clear_button, one, pick
from components.kept import kept
from components.labels import empty_state, plain
from components.navigation import may_open
from components.tiles import draw_tiles
from db.calendar.queries import DESK_ZONE
from db.coop.figure_overview_queries import BEHIND, BY, BehindRow, behind
from db.coop.figure_queries import programme_choices
from db.coop.figure_reason_queries import KINDS, Reason
from db.coop.model import MEDIA
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.core.session import reading

actor = guard(Permission.COOP_VIEW)
at, day, change = now(), today(DESK_ZONE), show.token()
CAMPAIGNS = "pages/coop/coop_campaigns.py"
PAGES = {
    "coop_request": ("pages/coop/coop_requests.py", "request"), "coop_claim": ("pages/coop/coop_claims.py", "claim"),
    "coop_fund": ("pages/coop/coop_funds.py", "fund"),
}  # fmt: skip


def narrowed() -> tuple[dict[str, Any], list[str]]:
    """Draw programme, region, dealer and medium; gives what is chosen, and the ways to split that make sense here."""
    with reading() as session:
        stand = places(actor.scope, session=session)
        known, dealers = stand.regions, stand.dealers
        programmes = kept(
            session,
            lambda: {str(i): label for i, label in programme_choices(session, scope=actor.scope).items()},
            "programmes", actor.scope, areas=("coop", "dealers"),
        )  # fmt: skip
    picked: dict[str, Any] = {
        "programme": pick("Programme", programmes, key="cof_programme", all_label="All programmes", width=210)
    }
    if len(known) > 1:
        picked["region"] = pick("Region", {r: r for r in known}, key="cof_region", all_label="All regions", width=140)
    if len(dealers) > 1:
        picked["dealer"] = pick("Dealer", dealers, key="cof_dealer", all_label="All dealers", width=200)
    picked["medium"] = pick("Medium", MEDIA, key="cof_medium", all_label="All media", width=150)
    clear_button(show.KEYS, key="cof_clear")
    ways = {"dealer": len(dealers) > 1, "region": len(known) > 1, "programme": len(programmes) > 1}
    ids = ("programme", "dealer")
    return {k: int(v) if k in ids else v for k, v in picked.items() if v}, [w for w in BY if ways.get(w, True)]


def draw_why() -> Reason | None:
    """Why requests and claims came back or were denied; gives the reason that was clicked."""
    st.subheader("Why they come back")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = one("Reasons", KINDS, key="cof_kind", default="")
        export_button("coop_reasons", {**chosen, "kind": kind}, key="cof_reasons_export")
    reasons = show.why(actor.scope, filters, kind, at, day, change)
    if not reasons:
        empty_state("sentiment_satisfied", "Nothing was returned or denied.", action="Choose a longer period.")
        return None
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        picked = show.draw_reasons(reasons)
    with right, st.container(border=True, height="stretch"):
        st.markdown("**What the dealer read** :gray[the newest of each reason]")
        for reason in [picked] if picked else reasons[:5]:
            st.markdown(f"**{plain(reason.label)}** :gray[{reason.cases:,}]  \n{plain(reason.sentence)}")
        if not picked:
            st.caption("Click a bar to list what came back for it.")
    return picked


def draw_behind(month: str, reason: Reason | None) -> None:
    """The requests, claims and funds a number counts."""
    st.subheader("Behind the numbers")
    asked = dict(chosen)
    what = one("List", BEHIND, key="cof_list", default="claims")
    label = f"Returned or denied: {reason.label}" if reason else BEHIND[what]
    if month and not reason:
        first, last = show.month_days(month)
        asked |= {"from": first, "to": last}
        label += f", {first:%B %Y}"
    code = reason.code if reason else ""
    with reading() as session:
        rows, total = kept(
            session,
            lambda: behind(session, scope=actor.scope, filters=asked, what=what, now=at, reason=code),
            "coop_behind", actor.scope, tuple(sorted(asked.items())), what, code, day,
            areas=("coop", "dealers", "leads"),
        )  # fmt: skip
    st.caption(f"{label}: {total:,}")
    if not rows:
        empty_state("search_off", "Nothing behind this number.", action="Choose a longer period.")
        return

    def opened(row: BehindRow) -> None:
        st.session_state["_cof_to"] = (row.kind, row.id)

    opens = all(may_open(actor, PAGES[kind][0]) for kind in {r.kind for r in rows})
    show.draw_behind(rows, total, zone=actor.zone, at=at, on_open=opened if opens else None)
    if (target := st.session_state.pop("_cof_to", None)) is not None:
        page, name = PAGES[target[0]]
        st.switch_page(page, query_params={name: str(target[1])})


st.title(":material/query_stats: Co-op performance")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    first_day, last_day, versus = pick_days(day, prefix="cof", default="12")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    chosen, ways = narrowed()
chosen |= {"from": first_day, "to": last_day}
filters = tuple(sorted(chosen.items()))

found = show.look(actor.scope, filters, at, day, change).figures
if not any(found[f"coop_{n}"].value for n in ("accrued", "reserved", "approved", "paid", "expired", "expiring_90")):
    empty_state(
        "query_stats", "Nothing was accrued, reserved or paid then.",
        action="Choose a longer period, or take a filter away.",
    )  # fmt: skip
make = partial(show.tiles, found, versus=versus, campaigns=CAMPAIGNS if may_open(actor, CAMPAIGNS) else "")
draw_tiles(make(names=show.TILES[: show.FIRST]), key="cof", as_of=at, zone=actor.zone)
with st.expander("More figures", icon=":material/expand_more:", key="cof_more_open", on_change="rerun") as more:
    if more.open:
        draw_tiles(make(names=show.TILES[show.FIRST :]), key="cof_more", as_of=at, zone=actor.zone)

with st.container(border=True):
    st.markdown("**By month** :gray[expiring: what expired, and in months to come what is left]")
    by_month = show.lines(actor.scope, filters, "month", at, day, change=change)
    month_shown = show.draw_months(by_month, key="cof_months_chart")
left, right = st.columns(2, gap="medium")
if "region" in ways:
    with left, st.container(border=True, height="stretch"):
        st.markdown("**By region**")
        show.draw_split(show.lines(actor.scope, filters, "region", at, day, change=change), by="region")
with right if "region" in ways else left, st.container(border=True, height="stretch"):
    st.markdown("**By medium** :gray[what comes in has none]")
    media = show.lines(actor.scope, filters, "medium", at, day, change=change)
    if media:
        show.draw_split(media, by="medium")
    else:
        empty_state("campaign", "Nothing was asked for then.")
with st.container() if "region" in ways else right, st.container(border=True, height="stretch"):
    st.markdown("**Who held a claim** :gray[from the first sending to the payment]")
    show.draw_held(show.held(actor.scope, filters, at, day, change))

st.subheader("Where it goes")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    by = one("By", {name: BY[name] for name in ways}, key="cof_by", default=ways[0])
    export_button("coop_figures", {**chosen, "by": by}, key="cof_export")
rows = show.lines(actor.scope, filters, by, at, day, change=change)
if rows:
    show.draw_lines(rows, by=by, label=BY[by], on_open=partial(narrow, "cof", by))
    st.caption("Click a name to see only that.")
else:
    empty_state("query_stats", "Nothing happened then.", action="Choose a longer period.")
draw_behind(month_shown, draw_why())
st.caption(
    f"As of {moment_words(at, actor.zone, now=at)}. Postings count on the day of their dealer, decisions and payments "
    "of claims on the desk's."
)
