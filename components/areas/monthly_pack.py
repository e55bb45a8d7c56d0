"""Pieces of the monthly pack on the screen: made once with its progress shown, then drawn from what was made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid4

import streamlit as st

from components import tables
from components.areas.reports import drill
from components.charts.base import table
from components.exports import guarded_download
from components.filters import one
from components.labels import badges, empty_state, plain
from components.perform import perform, problems_of, show_outcome
from components.tiles import Tile, draw_tiles
from db.calendar.months import add_months
from db.core.actor import Actor
from db.core.labels import moment_label, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.reports.overview_queries import Narrowed
from db.reports.pack_commands import print_pack
from db.reports.pack_queries import Headline, Pack, build_pack, file_name, known_of, nothing_changed, standing
from db.reports.pack_rules import (
    FEW,
    FILE_WORDS,
    FORMATS,
    MEDIA_TYPES,
    RULES,
    Sentence,
    amount,
    change,
    is_few,
    told,
    way,
)
from db.reports.period_rules import Span
from db.reports.snapshot_commands import LONGEST_REASON, freeze_now, restate_month
from db.reports.subscription_commands import choose_files, subscribe, unsubscribe

MADE: Final = "_pack_made"
FORM: Final = "mpk_freeze"
MAIL: Final = "mpk_mail_form"
FILES_KEY: Final = "mpk_mail_files"
ICONS: Final = {
    "good": ":green[:material/thumb_up:]", "bad": ":red[:material/thumb_down:]",
    "neutral": ":blue[:material/arrow_right_alt:]", "unsure": ":gray[:material/help:]",
}  # fmt: skip
TILE_ICONS: Final = {
    "received": "inbox", "response_sla": "bolt", "close_rate": "handshake", "won": "sell", "won_value": "attach_money",
    "csi": "sentiment_satisfied", "claims_decided": "gavel", "claim_first_pass": "done_all",
    "claim_turnaround": "schedule", "claim_cost": "build", "parts_line_fill": "inventory_2",
    "incentive_paid": "campaign", "coop_paid": "payments", "coop_utilisation": "data_usage", "price_cost": "sell",
}  # fmt: skip


def pack_of(actor: Actor, month: date, region: str, at: datetime) -> Pack:
    """The pack as this person may see it; made anew only when something in the desk changed since."""
    with reading() as session:
        asked = (month, region, actor.scope, actor.role, actor.name, known_of(session))
        kept: Pack | None = st.session_state.get(MADE)
        if kept is not None and asked == (
            kept.month, kept.region, kept.scope, kept.role, kept.reader, kept.token
        ):  # fmt: skip
            return kept
        bar = st.progress(0.0, text="Making the pack")

        def tell(share: float, words: str) -> None:
            bar.progress(min(share, 1.0), text=plain(words))

        made = build_pack(session, month=month, region=region, actor=actor, now=at, tell=tell)
        bar.empty()
    st.session_state[MADE] = made
    return made


def draw_downloads(pack: Pack, actor: Actor) -> None:
    """PDF and workbook of what is on the screen; nothing for people who may not export."""
    if not actor.can(Permission.EXPORT_RUN):
        return
    for file_format, label in FORMATS.items():
        guarded_download(
            label, key=f"mpk_{file_format}", file_name=file_name(pack, file_format), mime=MEDIA_TYPES[file_format],
            command=print_pack, read=lambda made: made.content, kind="primary" if file_format == "pdf" else "secondary",
            arguments={"month": pack.month, "region": pack.region, "file_format": file_format, "made": pack},
            help="What you see here. Each download is logged.",
        )  # fmt: skip


def draw_subscription(pack: Pack, actor: Actor, *, files: str | None) -> None:
    """Get the pack by mail when its month is frozen, with which files, or no more; `files` is None for no mail."""
    show_outcome(MAIL)
    is_subscribed = files is not None
    if files is not None and actor.can(Permission.EXPORT_RUN):
        key = f"{FILES_KEY}_{pack.region}"
        st.session_state.setdefault(key, files)
        st.selectbox(
            "Files with the mail", list(FILE_WORDS), format_func=FILE_WORDS.__getitem__, key=key, width=170,
            label_visibility="collapsed", help="What goes with each mail. It is logged as taken out by you.",
            on_change=_choose_files, args=(pack.region,),
        )  # fmt: skip
    st.button(
        "Stop mailing me" if is_subscribed else "Mail me", key="mpk_mail", type="tertiary",
        icon=":material/unsubscribe:" if is_subscribed else ":material/mail:",
        help="The sentences of this pack for these dealers, each month when it is frozen.",
        on_click=_unsubscribe if is_subscribed else _subscribe, args=(pack.region,),
    )  # fmt: skip


def _subscribe(region: str) -> None:
    perform(subscribe, form=MAIL, say="You get the pack of each month by mail", arguments={"region": region})


def _choose_files(region: str) -> None:
    perform(
        choose_files, form=MAIL, say="The files of your mails were changed", arguments={"region": region},
        typed={"files": f"{FILES_KEY}_{region}"}, convert={"files": lambda v: v or ""},
    )  # fmt: skip


def _unsubscribe(region: str) -> None:
    perform(unsubscribe, form=MAIL, say="It is mailed no more", arguments={"region": region})


def draw_standing(pack: Pack) -> None:
    """Whether these are frozen figures, of which version, and every version there is."""
    pairs = [(standing(pack), "blue" if pack.is_frozen else "orange")]
    if pack.hidden:
        pairs.append((f"{plural(pack.hidden, 'figure')} not shown to your role", "gray"))
    badges(pairs)
    if len(pack.versions) > 1:
        lines = [
            f"**Version {v.version}** :gray[{moment_label(v.frozen_at, pack.zone)}, {plain(v.by)}:] "
            f"{plain(v.reason) or 'first frozen'}"
            for v in pack.versions
        ]
        st.markdown("  \n".join(lines))


def draw_figures(pack: Pack, actor: Actor) -> None:
    """A tile for each figure, with its trend and the way to the records behind it."""
    draw_tiles([_tile(head, pack, actor) for head in pack.headlines], key="mpk", as_of=pack.made_at, zone=pack.zone)


def _behind(name: str, pack: Pack, actor: Actor) -> tuple[str, dict[str, str]]:
    """The page behind a figure with the month and the region of the pack; nowhere where the reader may not go."""
    month = Span(first=pack.month, last=add_months(pack.month, 1) - timedelta(days=1))
    return drill(actor, name, Narrowed(region=pack.region), month) or ("", {})


def _tile(head: Headline, pack: Pack, actor: Actor) -> Tile:
    what, now, before = head.what, head.now, head.before
    few = is_few(now, what) or (before is not None and is_few(before, what))
    page, query = _behind(what.name, pack, actor)
    still = way(now.value, before.value if before else None, what.unit) == "flat"
    first = f"First frozen as {amount(now.first, what.unit)}" if now.version > 1 and now.first != now.value else ""
    return Tile(
        definition=replace(head.definition, title=what.title), value=told(now, what),
        icon=f":material/{TILE_ICONS.get(what.name, 'monitoring')}:",
        delta=change(now.value, before.value if before else None, what.unit) or None,
        up_is_good=None if few or still or what.better == "none" else what.better == "up",
        versus=f"vs {before.month:%B}" if before else "",
        trend=[p.value / 100 if what.unit == "money" else p.value for p in head.points if p.value is not None],
        note=first, page=page, query=query, link="Details",
    )  # fmt: skip


def draw_sentences(found: tuple[Sentence, ...], *, none: str, with_rows: bool) -> None:
    """Sentences as the files have them; with the rule and the rows of each below it."""
    if not found:
        st.caption(none)
        return
    lines = []
    for sentence in found:
        line = f"{ICONS[sentence.tone]} {plain(sentence.text)}"
        if with_rows:
            line += f"  \n:gray[:material/rule: {plain(RULES[sentence.rule])}  {plain(_rows(sentence))}]"
        lines.append(line)
    st.markdown("\n\n".join(lines))


def _rows(sentence: Sentence) -> str:
    """The rows a sentence stands on; whose they are is said once where all are alike."""
    places = {row.place for row in sentence.rows}
    if len(places) == 1:
        return f"{places.pop()}: " + "; ".join(f"{row.month:%b %Y} {row.words}" for row in sentence.rows)
    return "; ".join(f"{row.place}, {row.month:%b %Y}: {row.words}" for row in sentence.rows)


def draw_dealers(pack: Pack) -> None:
    """The first and the last five by one figure; a click opens the dealer."""
    if not pack.rankings:
        empty_state("leaderboard", f"No figure has two dealers with at least {FEW} counted.")
        return
    names = {r.what.name: r.what.title for r in pack.rankings}
    chosen = one("Dealers by", names, key="mpk_rank", default=next(iter(names)))
    found = next(r for r in pack.rankings if r.what.name == chosen)
    rows = [("First", r) for r in found.top] + [("Last", r) for r in found.bottom]
    money = found.what.name == "coop_utilisation"
    tables.show(
        table(
            {
                "Where": [where for where, _ in rows],
                "Dealer": [f"{r.name} ({r.code})" for _, r in rows],
                "Value": [amount(r.value, found.what.unit) for _, r in rows],
                "Of": [amount(r.denominator, "money" if money else "count") for _, r in rows],
            }
        ),
        key=f"mpk_dealers_{chosen}", alt=f"First and last dealers by {found.what.title}",
        columns={
            "Where": tables.text("Where", width=56), "Dealer": tables.text("Dealer", width=168),
            "Value": tables.text("Figure", width=64),
            "Of": tables.text("Accrued" if money else "Counted", width=84),
        },
    )  # fmt: skip
    left = f" {plural(found.few, 'dealer')} with fewer are not ranked." if found.few else ""
    st.caption(f"Of {plural(found.ranked, 'dealer')} with at least {FEW} counted.{left}")


def draw_changes(pack: Pack, *, with_rows: bool) -> None:
    """What of the last pack, and of this frozen month, is another number now."""
    draw_sentences(pack.changed, none=nothing_changed(pack), with_rows=with_rows)
    if pack.is_frozen:
        st.markdown("**Since this month was frozen**")
        draw_sentences(pack.own_changed, none="None of these figures changed since.", with_rows=with_rows)


def draw_freeze(pack: Pack, month: date, version: int) -> None:
    """Freeze the month, or count it again with a reason; `version` is what the person sees."""
    name = f"{month:%B %Y}"
    show_outcome(FORM)
    with st.expander(f"Freeze or restate {name}", icon=":material/ac_unit:"):
        if not version:
            st.caption("The sweep freezes it by itself on the fifth of the next month. A frozen month never changes.")
            st.button("Freeze now", key="mpk_freeze_go", on_click=_freeze, args=(month,), icon=":material/ac_unit:")
            problems_of(FORM, "month")
            return
        st.caption(f"Counts the whole month again and keeps version {version + 1} beside version {version}.")
        st.text_area("Why", key="mpk_reason", max_chars=LONGEST_REASON, placeholder="What came late or was mended")
        problems_of(FORM, "reason")
        key = st.session_state.setdefault("_mpk_form_key", uuid4().hex)
        st.button(
            "Count again", key="mpk_restate_go", on_click=_restate, args=(month, version, key),
            icon=":material/restart_alt:",
        )  # fmt: skip


def _freeze(month: date) -> None:
    perform(freeze_now, form=FORM, say=f"{month:%B %Y} is frozen", arguments={"month": month})


def _restate(month: date, version: int, form_key: str) -> None:
    perform(
        restate_month, form=FORM, say=lambda made: f"{month:%B %Y} is now version {made}",
        typed={"reason": "mpk_reason"}, clear=("_mpk_form_key",),
        arguments={"month": month, "seen_version": version, "form_key": form_key},
    )  # fmt: skip
