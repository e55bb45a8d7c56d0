"""What the page of programs draws: the list, a program's head, its draft with publishing, its versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.incentive_builder import draw_changes, draw_words, draw_worked
from components.areas.incentive_fields import FORM, HEAD, RULES, SECTIONS
from components.charts.base import table
from components.clock import now
from components.labels import badges, facts, plain
from components.navigation import may_open
from components.perform import outcome_of, perform, problems_of
from components.queue_page import id_at, remember_rows
from db.core.actor import Actor
from db.core.labels import moment_label, moment_words, plural
from db.core.permissions import Permission
from db.incentives.claim_rules import TITLES
from db.incentives.commands import discard_draft, publish_program
from db.incentives.program_queries import STATES, ProgramPage, ProgramRow, VersionView
from db.incentives.say_rules import day, money

SIMULATOR = "pages/incentives/simulator.py"
KEY = "inp_rows"


def draw_rows(rows: Sequence[ProgramRow], *, on_open: Callable[[int | None], None], is_house: bool) -> None:
    """Programs as a table; a click on the code opens one."""
    remember_rows(KEY, [r.id for r in rows])

    def opened(position: int) -> None:
        program_id = id_at(KEY, position)
        if program_id is not None:
            on_open(program_id)

    right = st.column_config.TextColumn
    used = [
        min(100, round(100 * (r.committed_cents or 0) / r.budget_cents)) if r.budget_cents else None for r in rows
    ]  # fmt: skip
    tables.show(
        table(
            {
                "Code": [r.code for r in rows], "State": [[r.state_label] for r in rows],
                "Name": [r.name for r in rows], "Kind": [r.kind for r in rows],
                "Days": [f"{day(r.first)} to {day(r.last)}" for r in rows],
                "Units": [r.units for r in rows], "Earned": [money(r.earned_cents) for r in rows],
                "Budget": [money(r.budget_cents) if r.budget_cents else "–" for r in rows], "Used": used,
                "Draft": [f"by {r.draft_by}" if r.draft_by and r.state != "draft" else "–" for r in rows],
                "Version": [r.number for r in rows], "Group": [r.stack_group or "–" for r in rows],
            }
        ),
        key="inp_table", alt="Incentive programs", height=560 if len(rows) > 16 else "content",
        columns={
            "Code": tables.opener("Code", key="inp_click", on_open=opened, width=116),
            "State": tables.pill("State", dict(STATES.values()), width=92),
            "Name": tables.text("Name", width=158), "Kind": tables.text("Kind", width=134),
            "Days": tables.text("Program", width=180),
            "Units": tables.number("Units", width=60), "Earned": right("Earned", width=84, alignment="right"),
            "Budget": right("Budget", width=80, alignment="right") if is_house else None,
            "Used": tables.sla("Committed", help="Share of the budget that was approved") if is_house else None,
            "Draft": tables.text("Next version", width=126) if is_house else None,
            "Version": tables.number("Version", width=72),
            "Group": tables.text("Stack group", width=110),
        },
    )  # fmt: skip


def draw_head(page: ProgramPage) -> None:
    """Code, name, state, and what it has come to."""
    row = page.row
    st.subheader(plain(f"{row.code} · {row.name}"))
    badges(
        [(row.state_label, STATES[row.state][1]), (row.kind, "blue"), (f"Version {row.number}", "gray"),
         (f"Group {row.stack_group}" if row.stack_group else "", "violet")]
    )  # fmt: skip
    earned = f"{money(row.earned_cents)} for {plural(row.units, 'unit')}" if row.units else "Nothing yet"
    said: list[tuple[str, object]] = [("Program", f"{day(row.first)} to {day(row.last)}"), ("Earned", earned)]
    if row.committed_cents is not None:
        limit = f" of {money(row.budget_cents)}" if row.budget_cents else ", without limit"
        said.append(("Approved", f"{money(row.committed_cents)}{limit}"))
    facts(said)
    if page.uncounted:
        why = ", ".join(f"{rule} {TITLES.get(rule, '').lower()} ({n:,})" for rule, n in page.uncounted[:6])
        st.caption(f"Sales that do not count, by the first check against them: {plain(why)}.")


def link_to_simulator(page: ProgramPage, actor: Actor) -> None:
    """The way to try this program on past sales."""
    if may_open(actor, SIMULATOR):
        st.page_link(
            SIMULATOR, label="Try it on past sales", icon=":material/experiment:",
            query_params={"program": str(page.row.id)},
        )  # fmt: skip


def draw_draft(page: ProgramPage, draft: VersionView, *, on_gone: Callable[[int | None], None]) -> None:
    """The draft: what it changes, in words and numbers; publishing, by somebody else than who drafted it."""
    actor = current_actor()
    held = page.published
    with st.container(border=True):
        badges([(f"Draft of version {draft.number}", "orange")])
        st.markdown(
            f"Drafted by **{plain(draft.drafted_by)}**, {moment_words(draft.updated_at, actor.zone, now=now())}, for"
            f" deliveries from **{day(draft.effective_from)}**. {plain(draft.reason)}"
        )
        left, right = st.columns(2, gap="medium")
        with left:
            if held is not None:
                draw_changes(draft.changes)
            else:
                draw_words(draft.words)
        with right:
            draw_worked(draft.program, held.program if held else None, key="inp_draft_worked")
        _draw_publish(page, draft, on_gone=on_gone)


def _draw_publish(page: ProgramPage, draft: VersionView, *, on_gone: Callable[[int | None], None]) -> None:
    actor = current_actor()
    seen = {"version_id": draft.id, "seen_version": draft.version}
    at = f"inp_{draft.id}_{draft.version}_"

    def publish() -> None:
        def words(entries: int) -> str:
            return f"Version {draft.number} of {page.row.code} was published; {plural(entries, 'amount')} changed"

        perform(
            publish_program, form=FORM, say=words, typed={"reason": f"{at}reason"}, arguments=seen,
            convert={"reason": lambda v: v or ""},
        )  # fmt: skip

    def discard() -> None:
        alone = page.published is None
        perform(
            discard_draft, form=FORM, say="The draft was thrown away", arguments=seen,
            after=lambda _: on_gone(None) if alone else None,
        )  # fmt: skip

    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if not actor.can(Permission.INCENTIVES_PUBLISH):
            st.caption("A manager publishes it.", width="content")
        elif draft.username == actor.username:
            st.caption("You drafted this version; somebody else publishes it.", width="content")
        else:
            with st.popover("Publish", icon=":material/campaign:", type="primary"):
                st.caption("A published version is never changed. What was earned is calculated anew at once.")
                st.text_area("Reason", key=f"{at}reason", height=80)
                problems_of(FORM, "reason")
                st.button("Publish now", key=f"{at}publish", type="primary", on_click=publish)
        if actor.can(Permission.INCENTIVES_DRAFT) and actor.scope.is_all:
            with st.popover("Throw away", icon=":material/delete:"):
                st.caption("The draft is gone for everybody.")
                st.button("Throw the draft away", key=f"{at}discard", on_click=discard)
    for problem in outcome.problems if (outcome := outcome_of(FORM)) else ():
        if problem.field and problem.field != "reason":
            st.markdown(f":red[:material/error: {plain(problem.message)}]")


def draw_published(page: ProgramPage) -> None:
    """The version in force in words and numbers, then every version with what it changed."""
    held = page.published
    if held is None:
        return
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.markdown(f"**Version {held.number}, for deliveries from {day(held.effective_from)}**")
        draw_words(held.words)
    with right, st.container(border=True, height="stretch"):
        draw_worked(held.program, None, key="inp_worked")
    published = [v for v in page.versions if v.state == "published"]
    st.markdown("##### Versions")
    for one in published:
        head = f"Version {one.number} · from {day(one.effective_from)} · published by {one.published_by}"
        with st.expander(plain(head)):
            if one.published_at:
                st.caption(
                    f"{moment_label(one.published_at, current_actor().zone, now=now())}, drafted by"
                    f" {plain(one.drafted_by)}. {plain(one.reason)}"
                )
            if one.changes:
                draw_changes(one.changes)
            else:
                draw_words(one.words)


def drawn_fields(form: str) -> list[str]:
    """The problems of a form's last click that stand beside a field of it."""
    paths = [
        f.path for f in (*HEAD, *(f for s in SECTIONS.values() for f in s), *(f for r in RULES.values() for f in r))
    ]
    outcome = outcome_of(form)
    found = [p.field for p in (outcome.problems if outcome else ()) if p.field]
    known = (*paths, "rule", "effective_from")
    return [f for f in found if any(f == path or f.startswith(f"{path}.") for path in known)]
