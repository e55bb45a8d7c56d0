"""The brief before a call: the first thing on a dealer's page, and the button that prints it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components import labels
from components.clock import now
from components.exports import guarded_download
from components.labels import plain
from components.navigation import may_open
from db.briefs import brief_of, file_name, print_brief
from db.core.actor import Actor
from db.core.labels import moment_label, percent_label, plural, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import DealerDetail
from db.reports.brief_queries import Brief
from db.reports.brief_rules import BriefLine, Part, parts_of, ranked

TONES = {"overdue": "red", "promised": "blue", "open": "orange", "changed": "gray"}
ICONS = {
    "overdue": ":material/alarm:", "promised": ":material/handshake:", "open": ":material/pending:",
    "changed": ":material/update:",
}  # fmt: skip
FEW = 4


def read_brief(dealer_id: int, actor: Actor) -> Brief:
    """The brief as of now."""
    with reading() as session:
        return brief_of(session, dealer_id=dealer_id, actor=actor, now=now())


def draw_print_button(dealer: DealerDetail, actor: Actor) -> None:
    """One click, one page; made then, for who is signed in then, and logged."""
    if actor.can(Permission.EXPORT_RUN):
        label = "Before you call" if actor.can(Permission.CONTACTS_VIEW) else "Print"
        guarded_download(
            label, key="brief_print", file_name=file_name(dealer.facts.code, now()),
            command=print_brief, read=lambda made: made.content, arguments={"dealer_id": dealer.dealer_id},
            mime="application/pdf", help="What is open, as one page to print (PDF). Each print is logged.",
        )  # fmt: skip


def draw_brief(brief: Brief, actor: Actor) -> None:
    """Overdue, promised, open and changed, at most four lines each until somebody asks for all."""
    with st.container(border=True, gap="small"):
        counts = [(f"{brief.count(k)} {k}", TONES[k]) for k in TONES if brief.count(k)]
        marks = " ".join(labels.badge(text, tone) for text, tone in counts)
        # For somebody of the dealership itself there is nobody to call.
        st.markdown(f"**{'Before you call' if brief.has_log else 'What is open'}** {marks}")
        parts = parts_of(ranked(brief.lines), len(brief.lines))
        if not parts:
            since = f" Nothing changed since {day_words(brief)}." if brief.since else ""
            st.caption(f":material/task_alt: Nothing is overdue, promised or open.{since}")
        for part in parts:
            _part(part, brief, actor)


def in_short(brief: Brief) -> str:
    """The brief in one line: "Before you call: 8 overdue, 2 promised"."""
    counts = ", ".join(f"{brief.count(kind)} {kind}" for kind in TONES if brief.count(kind))
    return f"**{'Before you call' if brief.has_log else 'What is open'}** {counts or 'nothing is open'}"


def draw_people(brief: Brief) -> None:
    """Whom to ask for, the primary contact first."""
    if brief.people:
        with st.container(border=True, gap="xsmall"):
            st.markdown("**Ask for**")
            st.markdown(
                "  \n".join(
                    f"{plain(p.name)} :gray[:small[{plain(' · '.join(w for w in (p.role, p.reach) if w))}]]"
                    for p in brief.people[:FEW]
                )
            )


def draw_last(brief: Brief, actor: Actor) -> None:
    """Who spoke with them last and what was said, how much they do, and how each side keeps its word."""
    with st.container(border=True, gap="xsmall"):
        last = brief.last
        st.markdown("**Last contact**" + (f" {plain(relative_label(last.at, brief.as_of))}" if last else ""))
        if last is None:
            st.caption("Nobody of ours has spoken to this dealer yet.")
        else:
            who = last.by_name + (f" with {last.with_name}" if last.with_name else "")
            when = moment_label(last.at, actor.zone, now=brief.as_of)
            st.caption(plain(f"{last.said}, {when} · {who}"))
            st.markdown(plain(_short(last.summary, 320)))
        volume = f"{plural(brief.volume.received, 'lead')}, {brief.volume.sold:,} sold in the last 3 months"
        kept = [
            f"{word} {percent_label(found.kept_on_time, found.due, 0)}"
            for word, found in (("we keep", brief.reliability["us"]), ("they keep", brief.reliability["dealer"]))
            if found.due
        ]
        promised = f"Promises kept on time: {', '.join(kept)}" if kept else ""
        st.caption("  \n".join(plain(words) for words in (volume, promised) if words))


def day_words(brief: Brief) -> str:
    """The day since which changes are shown, where the reader is."""
    day = moment_label(brief.since, brief.reader_zone, now=brief.as_of).rpartition(",")[0]
    return "today" if day == "Today" else day


def _short(text: str, most: int = 260) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _part(part: Part, brief: Brief, actor: Actor) -> None:
    heading = part.label
    if part.kind == "changed":
        heading += f" since {day_words(brief)}" if brief.since else ""
    with st.container(gap="xxsmall"):
        st.markdown(f":{TONES[part.kind]}[{ICONS[part.kind]} **{heading}**]")
        _lines(part.lines[:FEW], actor)
        rest = part.lines[FEW:]
        if rest:
            with st.expander(f"and {len(rest)} more"):
                _lines(rest, actor)


def _lines(lines: Sequence[BriefLine], actor: Actor) -> None:
    for line in lines:
        detail = " · ".join(p for p in (line.area, line.detail) if p)
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall"):
            st.markdown(
                f"{plain(_short(line.title, 160))}  \n:gray[:small[{plain(_short(detail, 180))}]]", width="stretch"
            )
            if line.page and may_open(actor, line.page):
                st.page_link(line.page, label="Open", query_params=dict(line.query), width="content")
