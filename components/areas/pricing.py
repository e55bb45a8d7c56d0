"""Price requests: the list, and the drawer with every bound, earlier exceptions, signatures and versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.areas.pricing_form import open_form
from components.areas.pricing_words import draw_bounds, draw_sentences
from components.charts.base import table
from components.clock import now
from components.labels import plain
from components.queue_page import Screen, id_at, open_drawer, remember_rows
from db.core.labels import moment_label, moment_words, plural, relative_label
from db.core.permissions import Permission
from db.pricing.band_rules import money, percent
from db.pricing.commands import COMMANDS
from db.pricing.exception_queries import Earlier
from db.pricing.flow import FLOW
from db.pricing.request_queries import RequestPage, RequestRow, get_request
from db.pricing.terms_rules import KINDS, REPEATS

OUTCOMES = {
    "": ("Counts", "blue"), "approved": ("Approved", "green"), "rejected": ("Rejected", "red"),
    "changed": ("Replaced", "gray"), "withdrawn": ("Withdrawn", "gray"), "expired": ("Expired", "gray"),
}  # fmt: skip


def draw_facts(page: RequestPage) -> None:
    """What whoever signs asks: what is wanted, every bound, what came before, whom it waits for."""
    row, sound, at, zone = page.row, page.sound, now(), current_actor().zone
    state = FLOW.state(row.status)
    level = f"Level {row.level} of {row.needed}" if row.level else ""
    labels.badges([(state.label, state.tone), (level, "blue"), (REPEATS[row.repeats], "gray")])
    net = money(sound.list_cents - sound.discount_cents)
    price = f"{money(sound.list_cents)} less {percent(sound.percent)} ({money(sound.discount_cents)}) = {net}"
    holds = f"{plural(sound.valid_days, 'day')} from the approval"
    if row.expires_at is not None:
        holds = f"until {moment_words(row.expires_at, zone, now=at)}, {relative_label(row.expires_at, at)}"
    facts: list[tuple[str, object]] = [
        ("Dealer", f"{row.dealer} ({row.dealer_code}), {row.region}"),
        (KINDS[sound.kind], sound.subject),
        ("Price", price),
        ("In all", f"{plural(sound.units, 'unit')}, {money(sound.total_cents)} discount"),
        ("Margin", f"{percent(sound.margin)} left; cost {money(sound.cost_cents)} a unit"),
        ("Holds", holds),
        ("Asked for by", f"{row.submitted_name}, {moment_words(row.created_at, zone, now=at)}"),
        ("Reason", sound.reason),
    ]  # fmt: skip
    if row.decision_note:
        facts.append((state.label, f"{row.decision_note} ({row.updated_by})"))
    labels.facts(facts)
    st.markdown(f"**Bounds**: {_decided_by(page)}")
    draw_bounds(page.bounds, level=row.needed)
    st.markdown("**Not in the request**")
    said = page.exceptions.sentences(
        repeats=row.repeats, subject=sound.subject, is_approved=row.status == "approved"
    )  # fmt: skip
    draw_sentences(said)
    if row.status == "in_review":
        _draw_waiting(page, at=at, zone=zone)


def _decided_by(page: RequestPage) -> str:
    if page.row.needed == 0:
        return "nobody has to approve"
    names = [b.label.lower() for b in page.bounds if b.level == page.row.needed]
    because = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
    return plain(f"level {page.row.needed}, because of {because}")


def _draw_waiting(page: RequestPage, *, at: datetime, zone: str) -> None:
    row = page.row
    if page.all_away:
        st.warning(
            f"Everybody who may sign is away: {plain(', '.join(page.waits_for))}.", icon=":material/beach_access:"
        )
    elif page.waits_for:
        st.caption(f":material/person: Waits for {plain(' or '.join(page.waits_for[:6]))} ({plain(row.waits)}).")
    if row.due_at is not None:
        late = "red" if row.due_at < at else "gray"
        due = f"{relative_label(row.due_at, at)} · {moment_words(row.due_at, zone, now=at)}"
        st.markdown(f":{late}[:material/schedule: Signature due {plain(due)}]")
    if page.right.for_username:
        st.info(f"You sign for {plain(page.right.for_username)}, who is away.", icon=":material/group:")
    elif page.why_not and current_actor().can(Permission.PRICING_DECIDE):
        st.caption(f":material/lock: {plain(page.why_not)}")


def draw_below(page: RequestPage) -> None:
    """Signatures, versions, and earlier exceptions; who asked may change the terms or ask anew."""
    zone, at = current_actor().zone, now()
    if page.may_change:
        st.button(
            "Change the terms", icon=":material/edit:", key=f"price_change_{page.id}", on_click=_change, args=(page,),
            help="A new version: every signature and an approval are void.",
        )  # fmt: skip
    elif page.row.status in ("expired", "withdrawn") and current_actor().can(Permission.PRICING_REQUEST):
        st.button("Ask anew", icon=":material/replay:", key=f"price_anew_{page.id}", on_click=_anew, args=(page,))
    if page.signatures:
        st.markdown("**Signatures**")
        for s in page.signatures:
            void = " :gray-badge[Void]" if s.terms_version != page.row.terms_version else ""
            whose = f" for {plain(s.for_name)}" if s.for_name else ""
            note = f"  \n{plain(s.note)}" if s.note else ""
            when = plain(moment_label(s.at, zone, now=at))
            st.markdown(
                f":material/verified: Level {s.level}: {plain(s.name)}{whose} :gray[:small[{when}]]{void}{note}"
            )
    if len(page.versions) > 1:
        st.markdown("**Versions of the terms**")
        for v in page.versions:
            word, tone = OUTCOMES[v.outcome]
            when = plain(f"{v.sent_by}, {moment_words(v.sent_at, zone, now=at)}")
            st.markdown(f"{v.number}. {plain(v.sound.words())} {labels.badge(word, tone)} :gray[:small[{when}]]")
    _draw_earlier("Earlier exceptions of this dealer", page.exceptions.at_dealer, key=f"price_dealer_{page.id}")
    _draw_earlier("The same at other dealers", page.exceptions.of_model, key=f"price_model_{page.id}", dealers=True)


def _change(page: RequestPage) -> None:
    st.session_state.pop(SCREEN.open_key, None)
    open_form(
        terms=page.terms, dealer_id=page.row.dealer_id, item_id=page.id, version=page.version, number=page.number,
        voids=page.row.status == "approved",
    )  # fmt: skip


def _anew(page: RequestPage) -> None:
    st.session_state.pop(SCREEN.open_key, None)
    open_form(terms=page.terms, dealer_id=page.row.dealer_id)


def _draw_earlier(title: str, rows: Sequence[Earlier], *, key: str, dealers: bool = False) -> None:
    if not rows:
        return
    zone, at = current_actor().zone, now()
    st.markdown(f"**{title}**")
    tables.show(
        table(
            {
                "Request": [r.number for r in rows],
                "Dealer": [r.dealer for r in rows],
                "Model or part": [r.subject for r in rows],
                "Off": [percent(r.percent) for r in rows],
                "In all": [money(r.total_cents) for r in rows],
                "Kind": [REPEATS[r.repeats] for r in rows],
                "Approved": [moment_label(r.approved_at, zone, now=at) for r in rows],
            }
        ),
        key=key, alt=title,
        columns={
            "Request": tables.text("Request", width=84),
            "Dealer": tables.text("Dealer", width=130) if dealers else None,
            "Model or part": None if dealers else tables.text("Model or part", width=130),
            "Off": _right("Off", 60), "In all": _right("In all", 84), "Kind": tables.text("Kind", width=80),
            "Approved": tables.text("Approved", width=130),
        },
    )  # fmt: skip


def _said(page: RequestPage, step: Any) -> str:
    words = {"approve": "was signed", "reject": "was rejected", "withdraw": "was withdrawn"}
    return f"{page.number} {words[step.name]}"


SCREEN = Screen(
    flow=FLOW, commands=COMMANDS, key="price", load=get_request, draw_facts=draw_facts, draw_below=draw_below,
    title=lambda p: f"{p.number} · {plain(p.row.dealer)}", said=_said, width=640,
)  # fmt: skip


def _right(label: str, width: int) -> Any:
    return st.column_config.TextColumn(label, width=width, alignment="right")


def open_at(key: str, position: int) -> None:
    """Open the drawer of a row of the list `key`."""
    item_id = id_at(key, position)
    if item_id is not None:
        open_drawer(SCREEN, item_id)


def draw_list(rows: Sequence[RequestRow], *, view: str) -> None:
    """A list of requests: what is asked, at which level it waits and how long still, or what became of it."""
    at, zone, key = now(), current_actor().zone, f"price_{view}"
    remember_rows(key, [r.id for r in rows])
    waiting = view in ("mine", "waiting")
    moments = [r.due_at if waiting else r.expires_at for r in rows]
    when = [relative_label(m, at) for m in moments]
    late = {w: "red" if m is not None and m < at else "gray" for w, m in zip(when, moments, strict=True)}
    tables.show(
        table(
            {
                "Request": [r.number for r in rows],
                "Dealer": [r.dealer for r in rows],
                "Model or part": [r.subject for r in rows],
                "Off": [percent(r.percent) for r in rows],
                "Units": [f"{r.units:,}" for r in rows],
                "In all": [money(r.total_cents) for r in rows],
                "Kind": [REPEATS[r.repeats] for r in rows],
                "Waits for": [r.waits for r in rows],
                "When": [[w] for w in when],
                "Status": [[FLOW.state(r.status).label] for r in rows],
                "By": [r.submitted_name for r in rows],
                "Changed": [moment_label(r.updated_at, zone, now=at) for r in rows],
            }
        ),
        key=f"{key}_table", alt="Price requests", height=560 if len(rows) > 16 else "content",
        columns={
            "Request": tables.opener("Request", key=f"{key}_click", on_open=lambda p: open_at(key, p), width=92),
            "Dealer": tables.text("Dealer", width=134), "Model or part": tables.text("Model or part", width=128),
            "Off": _right("Off", 58), "Units": _right("Units", 52), "In all": _right("In all", 84),
            "Kind": tables.text("Kind", width=78),
            "Waits for": tables.text("Waits for", width=166) if waiting else None,
            "When": tables.pill("Due" if waiting else "Ends", late, width=102) if view != "done" else None,
            "Status": None if view != "done" else tables.status(FLOW, width=96),
            "By": tables.text("Asked for by", width=104),
            "Changed": None if waiting else tables.text("Last change", width=150),
        },
    )  # fmt: skip
