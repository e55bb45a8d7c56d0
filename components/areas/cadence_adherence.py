"""How well follow-up is kept: figures, charts by week and by day of the plan, tables, and the tasks behind each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import streamlit as st

from components import tables
from components.access import current_actor
from components.charts import base
from components.charts.cadence import RESULTS as WORDS
from components.charts.cadence import steps
from components.clock import now, today
from components.filters import clear_button, one, pick
from components.labels import empty_state, plain
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from components.tiles import Tile, draw_tiles
from db.cadence import adherence_queries as asked
from db.cadence.adherence_queries import RESULTS, TaskRow, adherence_by, list_tasks
from db.cadence.rules import KINDS, PLANS, Adherence
from db.core.labels import change_label, moment_label, percent_label, points_label
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.leads.flow import OUTCOMES

SPANS = {"28": "4 weeks", "56": "8 weeks", "91": "13 weeks", "182": "26 weeks"}
KEYS = ("fu_dealer", "fu_plan", "fu_person", "fu_result")
TONES = {"on_time": "green", "late": "orange", "missed": "red"}


def draw_adherence() -> None:
    """The first tab of the page."""
    actor, at = current_actor(), now()
    scope = actor.scope
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        days = int(one("Span", SPANS, key="fu_days", default="56"))
        with reading() as session:
            dealers = {str(d.dealer_id): f"{d.name} ({d.code})" for d in dealer_choices(session, scope)}
        chosen: dict[str, Any] = {}
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="fu_dealer", all_label="All dealers", width=220)
            chosen["dealer"] = int(dealer) if dealer.isdigit() else None
        chosen["plan"] = pick("Plan", PLANS, key="fu_plan", all_label="Every plan", width=150)
        clear_button(KEYS, key="fu_clear")
    last = today(actor.zone)
    first = last - timedelta(days=days - 1)
    before = first - timedelta(days=days)

    def counted(*by: str, since: date = first, until: date = last) -> dict[tuple[Any, ...], Adherence]:
        with reading() as session:
            return adherence_by(session, scope=scope, by=by, now=at, first=since, last=until, filters=chosen)

    total = counted().get((), Adherence())
    earlier = counted(since=before, until=first - timedelta(days=1)).get((), Adherence())
    _draw_tiles(total, earlier, days=days, filters=chosen)
    if not total.due:
        empty_state("event_repeat", "No required step was due in this span.", action="Choose a longer span.")
        return
    by_day = counted("due_on")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader("By week")
        week = _weeks(asked.weekly(by_day))
    with right:
        st.subheader("By day of the plan")
        day = _plan_days(counted("day"))
    people, houses = counted("person"), counted("dealer")
    with reading() as session:
        names = asked.names(
            session, scope=scope, dealer_ids=[k[0] for k in houses], person_ids=[k[0] for k in people if k[0]]
        )
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("By person")
        _ranking("person", {k[0]: v for k, v in people.items()}, names["person"])
    with right:
        if len(houses) > 1:
            st.subheader("By dealer")
            _ranking("dealer", {k[0]: v for k, v in houses.items()}, names["dealer"])
    _draw_tasks(first=first, last=last, week=week, day=day, filters=chosen, names=names)


def _draw_tiles(total: Adherence, earlier: Adherence, *, days: int, filters: Mapping[str, Any]) -> None:
    actor, at = current_actor(), now()
    delta = None
    if total.share is not None and earlier.share is not None:
        delta = change_label(total.share - earlier.share, points_label)
    wanted = {k: v for k, v in filters.items() if v and k in ("dealer", "plan")}
    with reading() as session:
        since = at - timedelta(days=days)
        tried, day = (
            asked.reached(session, scope=actor.scope, column=column, since=since, filters=wanted)
            for column in (asked.RUN_ATTEMPTS, asked.RUN_DAY)
        )

    def mean(rows: list[tuple[dict[str, Any], int, int]]) -> str:
        return f"{rows[0][1] / rows[0][2]:.1f}" if rows and rows[0][2] else "–"

    kept = percent_label(total.on_time, total.due)
    tiles = (
        Tile(
            definition=asked.DEFINITION, value=kept, icon=":material/task_alt:", delta=delta, up_is_good=True,
            versus="against the span before", note=f"{total.on_time:,} of {total.due:,} required steps",
        ),
        Tile(definition=asked.COUNTS["late"], value=f"{total.late:,}", icon=":material/schedule:", note="On their day"),
        Tile(definition=asked.COUNTS["missed"], value=f"{total.missed:,}", icon=":material/event_busy:", note="Never"),
        Tile(
            definition=asked.ATTEMPTS, value=mean(tried), icon=":material/call:",
            note=f"Reached on day {mean(day)} on average",
        ),
    )  # fmt: skip
    draw_tiles(tiles, key="fu", as_of=at, zone=actor.zone)


def _rows(found: Mapping[Any, Adherence], *, field: str, label: Any) -> Any:
    keys = list(found)
    made: dict[str, list[Any]] = {n: [] for n in (field, "label", "order", "result", "part", "count", "hint")}
    for position, key in enumerate(keys):
        value = found[key]
        for part, (name, word) in enumerate(zip(RESULTS, WORDS, strict=True)):
            count = getattr(value, name)
            made[field].append(str(key))
            made["label"].append(label(key))
            made["order"].append(position)
            made["result"].append(word)
            made["part"].append(part)
            made["count"].append(count)
            made["hint"].append(f"{count:,} {word.lower()}, {percent_label(value.on_time, value.due)} kept")
    return base.table(made)


def _picked(event: Mapping[str, Any], field: str) -> str:
    chosen = event.get("pick") or []
    return str(chosen[0].get(field, "")) if chosen else ""


def _weeks(found: Mapping[date, Adherence]) -> date | None:
    rows = _rows(found, field="monday", label=lambda m: f"{m.day} {m:%b}")
    event = base.draw(
        steps(field="monday", title=""), rows, key="fu_weeks", select=True,
        alt_text="Required steps by week: on time, late and missed",
    )  # fmt: skip
    picked = _picked(event, "monday")
    return date.fromisoformat(picked) if picked else None


def _plan_days(found: Mapping[tuple[Any, ...], Adherence]) -> int | None:
    ordered = {key[0]: value for key, value in sorted(found.items())}
    event = base.draw(
        steps(field="day", title="Day"), _rows(ordered, field="day", label=str), key="fu_plan_days", select=True,
        alt_text="Required steps by day of the plan: on time, late and missed",
    )  # fmt: skip
    picked = _picked(event, "day")
    return int(picked) if picked.isdecimal() else None


def _ranking(name: str, found: Mapping[Any, Adherence], names: Mapping[int, str]) -> None:
    """The least kept first; the name narrows the tasks below to it."""
    ordered = sorted(found.items(), key=lambda kv: (kv[1].share if kv[1].share is not None else 2.0, -kv[1].due))
    keys = [key for key, _ in ordered]
    remember_rows(f"fu_{name}", [key or 0 for key in keys])

    def chosen(position: int) -> None:
        key = id_at(f"fu_{name}", position)
        if key is not None:
            st.session_state[f"_fu_{name}"] = key

    tables.show(
        base.table(
            {
                "Name": [names.get(key, "Nobody had it") for key in keys],
                "Kept": [round(100 * (v.share or 0), 1) for _, v in ordered],
                "Due": [v.due for _, v in ordered],
                "Late": [v.late for _, v in ordered],
                "Missed": [v.missed for _, v in ordered],
            }
        ),
        key=f"fu_{name}_table", alt=f"Adherence by {name}, the least kept first",
        height="content" if len(keys) <= 10 else 390,
        columns={
            "Name": tables.opener("Name", key=f"fu_{name}_click", on_open=chosen, width=150),
            "Kept": st.column_config.ProgressColumn(
                "Kept", min_value=0, max_value=100, format="%.1f%%", width=100, color="auto",
                help="Required steps done on time, of those due",
            ),
            "Due": tables.number("Due", width=52), "Late": tables.number("Late", width=52),
            "Missed": tables.number("Missed", width=66),
        },
    )  # fmt: skip


def _draw_tasks(
    *, first: date, last: date, week: date | None, day: int | None, filters: Mapping[str, Any],
    names: Mapping[str, Mapping[int, str]],
) -> None:  # fmt: skip
    """The tasks behind the numbers, narrowed by what was clicked above."""
    actor, at = current_actor(), now()
    st.subheader("The steps behind the numbers")
    narrowed, words = dict(filters), []
    for name in ("person", "dealer"):
        key = st.session_state.get(f"_fu_{name}")
        if key is not None:
            narrowed[name] = key or "nobody"
            words.append(names[name].get(key, "Nobody had it"))
    if day is not None:
        narrowed["day"] = day
        words.append(f"day {day}")
    if week is not None:
        first, last = max(first, week), min(last, week + timedelta(days=6))
        words.append(f"week of {week.day} {week:%b}")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        result = pick("Result", RESULTS, key="fu_result", all_label="Every result", width=160)
        if words:
            st.caption("Only " + ", ".join(plain(w) for w in words), width="content")
            st.button("Show all", key="fu_all", type="tertiary", on_click=_show_all)
    with reading() as session:
        rows, following = list_tasks(
            session,
            actor=actor,
            now=at,
            first=first,
            last=last,
            filters=narrowed,
            result=result,
            after=cursor("fu_tasks", fingerprint=(first, last, sorted(map(str, narrowed.items())), result)),
        )
        counts = adherence_by(session, scope=actor.scope, now=at, first=first, last=last, filters=narrowed)
    value = counts.get((), Adherence())
    total = getattr(value, result) if result else value.due
    if not rows:
        empty_state("search_off", "No such step.", action="Choose another result, or show all.")
        return
    _draw_task_table(rows)
    draw_paging("fu_tasks", following=following, shown=len(rows), total=f"{total:,}")


def _show_all() -> None:
    for key in ("_fu_person", "_fu_dealer", "fu_weeks", "fu_plan_days"):
        st.session_state.pop(key, None)


def _draw_task_table(rows: list[TaskRow]) -> None:
    actor, at = current_actor(), now()
    remember_rows("fu_task", [row.lead_id for row in rows])

    def opened(position: int) -> None:
        st.session_state["_fu_to"] = id_at("fu_task", position)

    outcomes = {f"{kind}:{name}": words for kind, pairs in OUTCOMES.items() for name, words in pairs}
    by_name = {name: words for key, words in outcomes.items() for name in [key.partition(":")[2]]}
    tables.show(
        base.table(
            {
                "Lead": [r.number for r in rows],
                "Customer": [r.customer or "–" for r in rows],
                "Step": [f"Day {r.day}: {KINDS[r.kind].lower()}" for r in rows],
                "Result": [[RESULTS[r.result]] for r in rows],
                "Due": [moment_label(r.due_at, actor.zone, now=at) for r in rows],
                "Done": [moment_label(r.done_at, actor.zone, now=at) for r in rows],
                "Outcome": [by_name.get(r.outcome, "–") for r in rows],
                "By": [r.done_by or "–" for r in rows],
                "Person": [r.person or "Nobody" for r in rows],
                "Dealer": [r.dealer for r in rows],
                "Plan": [PLANS[r.plan] for r in rows],
            }
        ),
        key="fu_task_table", alt="Required steps behind the numbers, the newest first",
        height="content" if len(rows) <= 12 else 460,
        columns={
            "Lead": tables.opener("Lead", key="fu_task_click", on_open=opened, width=92),
            "Customer": tables.text("Customer", width=140), "Step": tables.text("Step", width=150),
            "Result": tables.pill("Result", {RESULTS[k]: tone for k, tone in TONES.items()}, width=90),
            "Due": tables.text("Due", width=135), "Done": tables.text("Done", width=135),
            "Outcome": tables.text("Outcome", width=170), "By": tables.text("By", width=130),
            "Person": tables.text("Person", width=130), "Dealer": tables.text("Dealer", width=150),
            "Plan": tables.text("Plan", width=90),
        },
    )  # fmt: skip
    target = st.session_state.pop("_fu_to", None)
    if target is not None:
        st.switch_page("pages/leads/lead.py", query_params={"lead": str(target)})
