"""Reviews: the queue, drawing a sample, and the screen on which a response is scored in three actions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.areas.quality_coaching import open_coaching
from components.charts.base import table
from components.clock import now, today
from components.filters import one
from components.labels import empty_state, plain
from components.perform import forget, perform, problems_of, show_outcome
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.actor import Actor
from db.core.area import CAP
from db.core.labels import count_label, minutes_label, moment_label, moment_words, plural, relative_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.quality import rules
from db.quality.commands import COMMANDS
from db.quality.flow import FLOW
from db.quality.queries import (
    FormRow,
    ReviewFilters,
    ReviewPage,
    count_reviews,
    form_in_use,
    get_review,
    list_reviews,
    list_samples,
    own_only,
)
from db.quality.sample_commands import draw_sample, second_look

OPEN, FORM, DRAW = "quality_review_open", "quality_review", "quality_draw"
DRAW_KEYS = {
    "dealer_id": "quality_draw_dealer", "from_day": "quality_draw_from", "to_day": "quality_draw_to",
    "per_person": "quality_draw_each", "seed": "quality_draw_seed", "focus": "quality_draw_focus",
}  # fmt: skip
STATUSES = {"drawn": "To review", "reviewed": "Reviewed", "skipped": "Skipped"}


def open_review(review_id: int) -> None:
    """Open the screen of a review at the next run (call it from a callback or before drawing)."""
    forget(FORM)
    st.session_state[OPEN] = review_id


def draw_reviews(actor: Actor, filters: Mapping[str, Any], at: datetime) -> None:
    """The queue of reviews; for staff their own reviewed responses."""
    status = "reviewed"
    if not own_only(actor):
        with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
            status = one("Reviews", STATUSES, key="quality_status", default="drawn")
            with st.popover("Draw responses", icon=":material/casino:", key="quality_draw_box"):
                _draw_form(actor, filters)
        show_outcome(DRAW)
    wanted = ReviewFilters(status=status, dealer_id=filters.get("dealer"), person=filters.get("person", ""))
    after = cursor("quality_reviews", fingerprint=str(wanted))
    with reading() as session:
        rows, following = list_reviews(session, actor=actor, filters=wanted, after=after)
        total = count_reviews(session, actor=actor, filters=wanted)
    if not rows:
        if status == "drawn":
            empty_state(
                "task_alt", "No response waits for a review.", action="Draw some above: three a person is usual."
            )
        else:
            empty_state("reviews", "No reviews here yet.")
    else:
        remember_rows("quality_reviews", [r.id for r in rows])

        def opened(position: int) -> None:
            review_id = id_at("quality_reviews", position)
            if review_id is not None:
                open_review(review_id)

        done = status != "drawn"
        tables.show(
            table(
                {
                    "Review": [r.number for r in rows], "Person": [r.person for r in rows],
                    "Lead": [r.lead_number for r in rows],
                    "Responded": [moment_label(r.responded_at, actor.zone, now=at) for r in rows],
                    "Dealer": [r.dealer for r in rows],
                    "Due": [relative_label(r.due_at, at) for r in rows],
                    "Score": ["–" if r.score is None else str(r.score) for r in rows],
                    "Kind": [
                        "Second look" if r.round == 2 else "Random" if r.is_random else "Late only" for r in rows
                    ],
                    "Reviewer": [r.reviewer or "–" for r in rows], "Draw": [r.sample or "–" for r in rows],
                }
            ),
            key=f"quality_reviews_{status}", alt="Reviews of responses",
            columns={
                "Review": tables.opener("Review", key="quality_review_click", on_open=opened, width=100),
                "Person": tables.text("Person", width=170), "Lead": tables.text("Lead", width=100),
                "Responded": tables.text("Responded", width=140), "Dealer": tables.text("Dealer", width=200),
                "Due": None if done else tables.text("Due", width=120),
                "Score": tables.text("Score", width=70) if status == "reviewed" else None,
                "Kind": tables.text("Kind", width=110),
                "Reviewer": tables.text("Reviewer", width=160) if done else None,
                "Draw": tables.text("Draw", width=100),
            },
        )  # fmt: skip
        draw_paging("quality_reviews", following=following, shown=len(rows), total=count_label(total, CAP))
    if not own_only(actor):
        _draw_samples(actor, filters, at)


# ---- drawing ---------------------------------------------------------------------------------------------------------
def _draw_form(actor: Actor, filters: Mapping[str, Any]) -> None:
    form_key = st.session_state.setdefault("quality_draw_key", uuid4().hex)
    with reading() as session:
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
    day = today(actor.zone)
    first = day.replace(day=1)
    chosen = filters.get("dealer") or (next(iter(dealers)) if len(dealers) == 1 else None)
    defaults = {
        "dealer_id": chosen, "from_day": (first - timedelta(days=1)).replace(day=1),
        "to_day": first - timedelta(days=1),
        "per_person": rules.DEFAULT_PER_PERSON, "seed": int(f"{day:%Y%m%d}"), "focus": "all",
    }  # fmt: skip
    for name, value in defaults.items():
        if value is not None:
            st.session_state.setdefault(DRAW_KEYS[name], value)
    st.selectbox(
        "Dealer", list(dealers), format_func=lambda v: dealers.get(v, "–"), key=DRAW_KEYS["dealer_id"],
        index=None, placeholder="Choose",
    )  # fmt: skip
    problems_of(DRAW, "dealer_id")
    with st.container(horizontal=True):
        st.date_input("Leads received from", key=DRAW_KEYS["from_day"])
        st.date_input("to", key=DRAW_KEYS["to_day"])
    problems_of(DRAW, "from_day")
    problems_of(DRAW, "to_day")
    with st.container(horizontal=True):
        st.number_input("Of each person", 1, rules.MOST_PER_PERSON, key=DRAW_KEYS["per_person"])
        st.number_input(
            "Seed", 1, 999_999_999, key=DRAW_KEYS["seed"],
            help="The same seed on the same responses draws the same ones again; it is kept with the draw",
        )  # fmt: skip
    problems_of(DRAW, "per_person")
    problems_of(DRAW, "seed")
    st.radio("Drawn from", list(rules.FOCUS), format_func=lambda v: rules.FOCUS[v], key=DRAW_KEYS["focus"])
    problems_of(DRAW, "focus")

    def save() -> None:
        perform(
            draw_sample, form=DRAW, say="Drawn; the responses wait for review", typed=DRAW_KEYS,
            arguments={"form_key": form_key}, after=lambda _id: st.session_state.pop("quality_draw_key", None),
        )  # fmt: skip

    st.button("Draw", key="quality_draw_go", type="primary", icon=":material/casino:", on_click=save)


def _draw_samples(actor: Actor, filters: Mapping[str, Any], at: datetime) -> None:
    with reading() as session:
        samples = list_samples(session, actor=actor, dealer_id=filters.get("dealer"))
    if not samples:
        return
    st.subheader("How they were drawn")
    for sample in samples:
        head = f"{sample.number} · {plain(sample.dealer)} · {plural(sample.drawn, 'response')} of {sample.population:,}"
        with st.expander(head):
            when = moment_label(sample.created_at, actor.zone, now=at)
            st.caption(
                f"{plain(sample.created_by)}, {when}. {rules.FOCUS[sample.focus]}. "
                + ("Drawing again gives the same ones." if sample.repeats else "This draw does NOT repeat; report it.")
            )
            st.markdown("\n".join(f"- {plain(sample.words(s))}" for s in sample.strata))


# ---- one review ------------------------------------------------------------------------------------------------------
def draw_review(actor: Actor) -> None:
    """Draw the screen of the open review, if one is; call it once, at the end of the page."""
    review_id = st.session_state.get(OPEN)
    if review_id is None:
        show_outcome(FORM)
        return
    try:
        with reading() as session:
            found = get_review(session, item_id=review_id, actor=actor, now=now())
    except NotFound as gone:
        _close()
        st.error(gone.problems[0].message)
        return
    title = f"{found.row.number} · {plain(found.row.person)}"
    st.dialog(title, width=760, position="right", on_dismiss=_close)(lambda: _body(review_id))()


def _close(_result: Any = None) -> None:
    st.session_state.pop(OPEN, None)
    forget(FORM)


def _taken(_result: Any = None) -> None:
    st.session_state.pop(OPEN, None)


def _body(review_id: int) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()
    actor, at = current_actor(), now()
    with reading() as session:
        found = get_review(session, item_id=review_id, actor=actor, now=at)
        form = form_in_use(session, actor=actor)
    _draw_case(found, actor, at)
    show_outcome(FORM)
    row = found.row
    if row.status == "drawn" and actor.can(Permission.QUALITY_REVIEW):
        if row.person_username == actor.username:
            st.info("This is your own response; another person has to review it.", icon=":material/lock:")
        else:
            _draw_scoring(found, form)
    elif row.status == "skipped":
        st.info(f"Skipped by {plain(row.reviewer)}: {plain(found.skip_reason) or '–'}", icon=":material/skip_next:")
        _draw_take_back(found, actor)
    elif row.status == "reviewed":
        _draw_result(found, actor, at)


def _draw_case(found: ReviewPage, actor: Actor, at: datetime) -> None:
    """The customer's question, what was answered, and the clock."""
    row, state = found.row, FLOW.state(found.row.status)
    kind = "Second look" if row.round == 2 else "Drawn at random" if row.is_random else "Drawn from late ones"
    labels.badges([(state.label, state.tone), (kind, "violet" if row.round == 2 else "gray")])
    asked = found.question or found.comments
    with st.container(border=True, gap="xsmall"):
        st.markdown(
            f":material/person: **{plain(found.customer)}** asked about **{plain(found.wants) or 'no vehicle'}**"
            f" :gray[· {moment_words(found.received_at, found.zone, now=at)} at {plain(row.dealer)}]"
        )
        st.markdown(f"> {plain(asked)}" if asked else ":gray[The customer wrote no question.]")
        if found.question and found.comments and found.comments != found.question:
            st.caption(plain(found.comments))
    target = f" of {found.first_action_target} min promised" if found.first_action_target else ""
    st.caption(
        f":material/timer: First action after {minutes_label(found.first_action_minutes)}{target},"
        f" quality response after {minutes_label(found.first_quality_minutes)}, in working time."
        + (f" Wanted to be reached by {plain(found.preferred_contact)}." if found.preferred_contact else "")
    )
    for line in found.contacts:
        mark = ":blue-badge[Reviewed here] " if line.is_reviewed else ""
        icon = ":material/north_east:" if line.is_out else ":material/south_west:"
        words = (
            f"{mark}{icon} **{plain(line.title)}** :gray[{plain(line.by)}, {moment_words(line.at, found.zone, now=at)}]"
        )
        st.markdown(words + (f"  \n{plain(line.note)}" if line.note else ""))


def _draw_scoring(found: ReviewPage, form: FormRow) -> None:
    keys = {i.key: f"quality_a_{found.id}_{form.number}_{i.key}" for i in form.items}
    said = {i.key: f"quality_c_{found.id}_{form.number}_{i.key}" for i in form.items}
    note_key = f"quality_n_{found.id}"

    def all_met() -> None:
        for key in keys.values():
            if st.session_state.get(key) is None:
                st.session_state[key] = rules.YES

    def answers() -> dict[str, str]:
        return {k: v for k, key in keys.items() if (v := st.session_state.get(key))}

    def save() -> None:
        comments = {k: st.session_state.get(key) or "" for k, key in said.items() if answers().get(k) == rules.NO}
        perform(
            COMMANDS["review"], form=FORM, say=f"{found.row.number} is reviewed", typed={"note": note_key},
            convert={"note": lambda v: v or ""}, clear=[*keys.values(), *said.values()], after=_taken,
            arguments={
                "item_id": found.id, "seen_version": found.version, "form_id": form.id, "answers": answers(),
                "comments": comments,
            },
        )  # fmt: skip

    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**Checklist, version {form.number}**", width="content")
        st.button("All met", key=f"quality_all_{found.id}", icon=":material/done_all:", on_click=all_met)
    for item in form.items:
        extra = " :red-badge[critical]" if item.is_critical else ""
        st.segmented_control(
            f"{plain(item.text)} :gray[{item.weight}]{extra}", list(rules.ANSWERS),
            format_func=lambda v: rules.ANSWERS[v],
            key=keys[item.key],
        )  # fmt: skip
        if st.session_state.get(keys[item.key]) == rules.NO:
            st.text_input(
                "Comment", key=said[item.key], placeholder="What was missing", label_visibility="collapsed",
                max_chars=1_000,
            )  # fmt: skip
    for field in ("answers", "comments", "form_id"):
        problems_of(FORM, field)
    score = rules.score_of(form.items, answers())
    st.text_input("In short :gray[(optional)]", key=note_key, max_chars=1_000)
    problems_of(FORM, "note")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Save the review", key=f"quality_save_{found.id}", type="primary", icon=":material/task_alt:", on_click=save
        )
        if score is not None:
            zero = f" :red[(0 for a critical item; {score.raw} without)]" if score.failed else ""
            st.markdown(f"**{score.value}** of 100{zero}", width="content")
    with st.popover("Skip", icon=":material/skip_next:", type="tertiary", key=f"quality_skipbox_{found.id}"):
        key = f"quality_skip_{found.id}"
        st.text_input("Why it cannot be scored", key=key, max_chars=500)
        problems_of(FORM, "reason_text")

        def skip() -> None:
            perform(
                COMMANDS["skip"], form=FORM, say=f"{found.row.number} was skipped", typed={"reason_text": key},
                arguments={"item_id": found.id, "seen_version": found.version}, after=_taken,
            )  # fmt: skip

        st.button("Skip this review", key=f"quality_skip_go_{found.id}", on_click=skip)


def _draw_result(found: ReviewPage, actor: Actor, at: datetime) -> None:
    row = found.row
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.metric("Score", f"{row.score} of 100", width="content")
        words = (
            f"{plain(row.reviewer)}, {moment_words(row.reviewed_at, actor.zone, now=at)}, version {found.form_number}"
        )
        st.caption(words + ("" if row.counts else ". Does not count in the score."), width="content")
    if row.score == 0 and row.raw_score:
        st.warning(
            f"A critical item was not met; without it the score is {row.raw_score}.", icon=":material/priority_high:"
        )
    tones = {rules.YES: ("check", "green"), rules.NO: ("close", "red"), rules.NA: ("remove", "gray")}
    for item in found.items:
        icon, tone = tones[found.answers.get(item.key, rules.NA)]
        comment = found.said.get(item.key, "")
        st.markdown(
            f":{tone}[:material/{icon}:] {plain(item.text)} :gray[{item.weight}]"
            + (f"  \n:gray[{plain(comment)}]" if comment else "")
        )
    if found.note:
        st.caption(plain(found.note))
    with st.container(horizontal=True, gap="small"):
        if actor.can(Permission.QUALITY_COACH) and row.person_id is not None and row.person_id != actor.user_id:

            def coach() -> None:
                _close()
                open_coaching(dealer_id=row.dealer_id, person_id=row.person_id, review_id=row.id)

            st.button("Coach", key=f"quality_coach_{row.id}", icon=":material/school:", type="primary", on_click=coach)
        if actor.can(Permission.QUALITY_REVIEW) and row.round == 1 and found.second_id is None:

            def again() -> None:
                perform(
                    second_look, form=FORM, say="A second look was asked for", arguments={"review_id": row.id},
                    after=_taken,
                )  # fmt: skip

            st.button(
                "Ask for a second look", key=f"quality_second_{row.id}", icon=":material/group:", on_click=again,
                help="Somebody else scores the same response; reviewers are compared by it, the score stays",
            )  # fmt: skip
        _draw_take_back(found, actor)


def _draw_take_back(found: ReviewPage, actor: Actor) -> None:
    if not actor.can(Permission.QUALITY_MANAGE):
        return
    with st.popover("Take back", icon=":material/undo:", type="tertiary", key=f"quality_backbox_{found.id}"):
        key = f"quality_back_{found.id}"
        st.text_input("What was wrong", key=key, max_chars=500)
        problems_of(FORM, "reason_text")

        def take_back() -> None:
            perform(
                COMMANDS["take_back"], form=FORM, say=f"{found.row.number} waits for review again",
                typed={"reason_text": key}, after=_taken,
                arguments={"item_id": found.id, "seen_version": found.version},
            )  # fmt: skip

        st.button("Back into the queue", key=f"quality_back_go_{found.id}", on_click=take_back)
