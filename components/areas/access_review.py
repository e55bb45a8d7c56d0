"""The one screen of the quarterly review: who still works there, kept or disabled row by row, confirmed at once."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

import streamlit as st

from components import tables
from components.areas.access_people import DOUBT_TONES, ROLE_TONES, draw_last_managers, fitting, last_seen
from components.charts.base import table
from components.clock import now
from components.editing import edited
from components.labels import badges, empty_state, plain
from components.perform import perform, show_outcome, stray_problems
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.access.review_commands import Confirmed, Judged, confirm_reviews, open_reviews
from db.access.review_queries import (
    AttestedLine,
    ReviewPage,
    ReviewProgress,
    ReviewRow,
    WaitingAccount,
    attested_lines,
    count_open,
    dealers_without_review,
    get_review,
    list_reviews,
    waiting_page,
)
from db.access.rules import FLAGS, OUTCOMES, REVIEW_STATES
from db.core.actor import Actor
from db.core.area import CAP
from db.core.labels import count_label, moment_label, moment_words, plural, relative_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading

FORM, MARKS, LINES, OPENING = "access_review", "access_review_marks", "access_review_lines", "access_opening"
DISABLE = "Disable"


# ---- how far it is -------------------------------------------------------------------------------------------------
def draw_progress(progress: ReviewProgress, at: datetime) -> None:
    """Four figures of a quarter."""
    due = "–" if progress.due_at is None else relative_label(progress.due_at, at)
    tiles = (
        ("Dealers reviewed", f"{progress.reviewed:,} of {progress.dealers:,}", "Every account of the dealer is judged"),
        ("Accounts to confirm", f"{progress.waiting:,}", "Accounts nobody has judged in this quarter"),
        ("Disabled", f"{progress.disabled:,}", "Accounts whose access this quarter's review ended"),
        ("Overdue dealers", f"{progress.overdue:,}", f"Open for more than 30 days. The next one is due {due}."),
    )
    with st.grid(4, min_column_width=150, gap="small"):
        for label, value, meaning in tiles:
            st.metric(label, value, help=meaning, border=True)


def draw_opening(actor: Actor, at: datetime) -> None:
    """The button that opens this quarter's review where there is none; nothing where every dealer has one."""
    show_outcome(OPENING)
    with reading() as session:
        without = dealers_without_review(session, scope=actor.scope, now=at)
    if without and actor.can(Permission.ACCESS_REVIEW):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"{plural(len(without), 'dealer')} without a review in this quarter", width="content")
            st.button(
                "Open review", icon=":material/playlist_add:", key="access_review_open", type="tertiary",
                on_click=_open_reviews,
            )  # fmt: skip


def _open_reviews() -> None:
    perform(open_reviews, form=OPENING, say=lambda n: f"{plural(n, 'review')} opened", arguments={"dealer_ids": ()})


# ---- the one screen ------------------------------------------------------------------------------------------------
def draw_screen(actor: Actor, *, dealer_id: int | None = None) -> None:
    """Every account that waits, grouped by dealer; the flagged ones are marked, one click confirms all of it."""
    at = now()
    with reading() as session:
        after = cursor("acr", fingerprint=dealer_id)
        page = waiting_page(session, actor=actor, now=at, dealer_id=dealer_id, after=after)
        total = count_open(session, scope=actor.scope, dealer_id=dealer_id)
    to_judge = page.to_judge
    if not page.reviews or (not to_judge and any(a.is_own for a in page.accounts)):
        show_outcome(FORM)
        _draw_nothing(page)
        return
    names = {r.dealer_id: r.dealer_label for r in page.reviews}
    marks: dict[tuple[int, int], bool] = st.session_state.setdefault(MARKS, {})
    rows = [{"review_id": a.review_id, "person_id": a.account.person_id, DISABLE: _marked(a, marks)} for a in to_judge]
    key = _editor_key(page)
    above = st.container(border=True, gap="xsmall")  # filled when the ticks are known: the button stands over the list
    _draw_editor(to_judge, rows, names, key=key, at=at)
    chosen = [(a, bool(row[DISABLE])) for a, row in zip(to_judge, edited(rows, key), strict=True)]
    with above:
        _draw_confirm(page, chosen, names, key=key, rows=rows)
    draw_paging(
        "acr", following=page.following, shown=len(page.reviews),
        total=f"{count_label(total, CAP)} open",
    )  # fmt: skip


def _marked(one: WaitingAccount, marks: dict[tuple[int, int], bool]) -> bool:
    return marks.get((one.review_id, one.account.person_id), one.preset == "disable")


def _draw_nothing(page: ReviewPage) -> None:
    if page.accounts:
        names = ", ".join(sorted({plain(a.account.name) for a in page.accounts}))
        empty_state("verified", "You have confirmed everybody else.", action=f"{names}: waits for the manufacturer.")
    else:
        empty_state("verified", "No review waits here.", action="The next one opens with the quarter.")


def _editor_key(page: ReviewPage) -> str:
    """A grid of its own for each state of the list: what was ticked belongs to the rows that were drawn."""
    state = [(r.id, r.version) for r in page.reviews], [(a.account.person_id, a.account.flags) for a in page.to_judge]
    return f"acr_grid_{zlib.crc32(repr(state).encode()):08x}"


def _draw_editor(
    accounts: Sequence[WaitingAccount], rows: list[dict[str, Any]], names: dict[int, str], *, key: str, at: datetime
) -> None:
    shown = {
        DISABLE: [row[DISABLE] for row in rows],
        "Name": [a.account.name for a in accounts],
        "Role": [[a.account.role_label] for a in accounts],
        "Last sign-in": [last_seen(a.account.last_sign_in_at, at) for a in accounts],
        "Doubt": [[FLAGS[flag] for flag in a.account.flags] for a in accounts],
        "Since": ["Joined since it was opened" if a.has_joined else "" for a in accounts],
        "Dealer": [names[a.dealer_id] for a in accounts],
    }
    if not accounts:
        st.caption("Nobody has access any more; confirm to finish.")
        return
    many, joined = len(names) > 1, any(a.has_joined for a in accounts)
    columns: dict[str, Any] = {
        DISABLE: st.column_config.CheckboxColumn(DISABLE, width=76, help="Ticked: access ends. Else it is kept."),
        "Name": tables.text("Name", width=150),
        "Dealer": tables.text("Dealer", width=212) if many else None,
        "Role": tables.pill("Role", ROLE_TONES, width=126),
        "Last sign-in": tables.text("Last sign-in", width=120),
        "Doubt": tables.pill("Doubt", DOUBT_TONES, width=240, help="Ticked for you because of this"),
        "Since": tables.text("Note", width=190) if joined else None,
    }  # fmt: skip
    config = {name: column for name, column in columns.items() if column is not None}
    st.data_editor(
        tables.only(table(shown), list(config)), key=key, hide_index=True, num_rows="fixed", column_config=config,
        column_order=list(config),
        disabled=[name for name in shown if name != DISABLE], alt="Accounts to confirm, by dealer and name",
        height=fitting(len(accounts), most=600),
    )  # fmt: skip


def _draw_confirm(
    page: ReviewPage, chosen: Sequence[tuple[WaitingAccount, bool]], names: dict[int, str], *, key: str,
    rows: list[dict[str, Any]],
) -> None:  # fmt: skip
    going = [a for a, is_disabled in chosen if is_disabled]
    kept = len(chosen) - len(going)
    text = f"**{kept:,} kept, {len(going):,} disabled** at {plural(len(page.reviews), 'dealer')}"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.markdown(text, width="content")
        st.button(
            "Confirm review", type="primary", icon=":material/verified:", key="access_review_confirm",
            on_click=partial(_confirm, page, rows, key),
            help="I have looked at this list: those kept still work there, the others lose access now.",
        )  # fmt: skip
    if going:
        who = ", ".join(a.account.name for a in going[:6]) + (f" and {len(going) - 6} more" if len(going) > 6 else "")
        st.caption(f"Will be signed out and cannot sign in again: {plain(who)}")
    own = [a.account.name for a in page.accounts if a.is_own]
    if own:
        st.caption(f"Your own account ({plain(', '.join(own))}) waits for the manufacturer.")
    draw_last_managers([(a.account.person_id, a.dealer_id) for a in going], names)
    stray_problems(FORM, [])
    show_outcome(FORM)


def _confirm(page: ReviewPage, rows: list[dict[str, Any]], key: str) -> None:
    decided = {(row["review_id"], row["person_id"]): bool(row[DISABLE]) for row in edited(rows, key)}
    st.session_state[MARKS] = decided  # a refusal draws the list anew, with these ticks
    judged = [
        Judged(
            review_id=a.review_id, person_id=a.account.person_id, role=a.account.role, flags=a.account.flags,
            outcome="disable" if decided[a.review_id, a.account.person_id] else "keep",
        )
        for a in page.to_judge
    ]  # fmt: skip

    def said(done: Confirmed) -> str:
        left = f", {plural(done.left, 'account')} waiting for the manufacturer" if done.left else ""
        return f"Review confirmed: {done.kept} kept, {done.disabled} disabled{left}"

    perform(
        confirm_reviews, form=FORM, say=said, clear=[MARKS, key],
        arguments={"reviews": [(r.id, r.version) for r in page.reviews], "judged": judged},
    )  # fmt: skip


# ---- what was attested ---------------------------------------------------------------------------------------------
def draw_reviews(actor: Actor, quarter: date) -> None:
    """The reviews of a quarter by dealer; the dealer opens what was attested."""
    at = now()
    with reading() as session:
        rows, following = list_reviews(
            session, scope=actor.scope, quarter=quarter, after=cursor("acq", fingerprint=quarter)
        )
    if not rows:
        return
    remember_rows("acq", [r.id for r in rows])

    def opened(position: int) -> None:
        st.session_state[LINES] = id_at("acq", position)

    tables.show(
        table(
            {
                "Dealer": [r.dealer_label for r in rows], "State": [[r.state(at)[0]] for r in rows],
                "Confirmed": [f"{r.decided} of {r.accounts}" for r in rows], "Disabled": [r.disabled for r in rows],
                "Due": [moment_label(r.due_at, actor.zone, now=at) for r in rows],
                "Finished": [moment_label(r.completed_at, actor.zone, now=at) for r in rows],
                "By": [r.updated_by if r.decided else "–" for r in rows],
            }
        ),
        key="acq_table", alt="Access reviews of the quarter, by dealer", height=fitting(len(rows), most=420),
        columns={
            "Dealer": tables.opener("Dealer", key="acq_click", on_open=opened, width=230),
            "State": tables.pill("State", dict(REVIEW_STATES.values()), width=130),
            "Confirmed": tables.text("Confirmed", width=96), "Disabled": tables.number("Disabled", width=80),
            "Due": tables.text("Due", width=140), "Finished": tables.text("Finished", width=140),
            "By": tables.text("By", width=160),
        },
    )  # fmt: skip
    draw_paging("acq", following=following, shown=len(rows), total=f"{len(rows)}{'+' if following else ''}")


def draw_lines(actor: Actor) -> bool:
    """Draw the drawer of one review when it is open; gives back whether it is."""
    review_id = st.session_state.get(LINES)
    if review_id is None:
        return False
    try:
        with reading() as session:
            review = get_review(session, review_id=review_id, scope=actor.scope)
            lines = attested_lines(session, review_id=review_id, scope=actor.scope)
    except NotFound as gone:
        _close_lines()
        st.error(gone.problems[0].message, icon=":material/error:")
        return False
    title = f"{plain(review.dealer_name)} · {review.quarter_label}"
    st.dialog(title, width=640, position="right", on_dismiss=_close_lines)(_draw_lines)(review, lines, actor)
    return True


def _close_lines() -> None:
    st.session_state.pop(LINES, None)


def _draw_lines(review: ReviewRow, lines: Sequence[AttestedLine], actor: Actor) -> None:
    at = now()
    badges([review.state(at), (f"{review.decided} of {review.accounts} confirmed", "gray")])
    st.caption(
        f"Opened {moment_words(review.opened_at, actor.zone, now=at)}, due"
        f" {moment_words(review.due_at, actor.zone, now=at)}"
    )
    for line in lines:
        label, tone = OUTCOMES[line.outcome]
        signed = moment_label(line.seen_last_sign_in_at, actor.zone, now=at) if line.seen_last_sign_in_at else "never"
        saw = [line.role, f"last sign-in {signed}", *(FLAGS.get(f, f).lower() for f in line.seen_flags)]
        with st.container(border=True, gap="xxsmall"):
            st.markdown(f"**{plain(line.name)}** :{tables.TONES.get(tone, tone)}-badge[{label}]")
            st.caption(plain(("Seen: " if line.outcome else "") + " · ".join(saw)))
            if line.outcome:
                st.caption(plain(f"{line.decided_by}, {moment_words(line.decided_at, actor.zone, now=at)}"))
