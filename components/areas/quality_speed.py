"""The views of speed and attempts, each number with its definition and the leads behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from components import tables
from components.areas import quality as shared
from components.charts import bars
from components.charts import quality as charts
from components.charts.base import draw, table
from components.filters import one
from components.labels import empty_state, plain
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from components.tiles import Tile, draw_tiles
from db.core.actor import Actor
from db.core.labels import minutes_label, moment_label, percent_label, plural
from db.core.session import reading
from db.quality import rules
from db.quality.queries import Speed, leads_behind, own_only, sums_only

BY = {"dealer": "Dealer", "person": "Person", "source": "Source"}


def draw_speed(actor: Actor, filters: Mapping[str, Any], at: datetime) -> None:
    """How fast: tiles, distribution, week by the hour, a line a person, dealer or source, and the leads."""
    frozen, change, whose = shared.freeze(filters), shared.token(), shared.who(actor)
    clock = one("Measured to the", rules.CLOCKS, key="quality_clock", default="first_action")
    (whole,) = shared.speed(whose, frozen, clock, "", change, actor, at)
    if not whole.total:
        empty_state("search_off", "No leads in this period.", action="Choose a longer period or take a filter away.")
        return
    draw_tiles(_tiles(whole), key="quality_speed", as_of=at, zone=actor.zone)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.markdown("**How long customers waited**")
        names = list(rules.BUCKETS.values())
        counts = [whole.counts.get(b, 0) for b in rules.BUCKETS]
        picked = draw(
            charts.buckets(),
            table(
                {
                    "bucket": names, "leads": counts,
                    "label": [f"{n:,} · {percent_label(n, whole.total, 0)}" for n in counts],
                }
            ),
            alt_text="Leads by how long they waited for an answer", key="quality_buckets", select=True,
        )  # fmt: skip
        st.caption(
            "Working minutes of the dealer up to one hour, then the clock on the wall. Click a bar for its leads."
        )
    with right, st.container(border=True, height="stretch"):
        st.markdown("**When they come in, and how many are answered within 15 minutes**")
        _draw_week(shared.hours(whose, frozen, clock, change, actor, at))
    with st.container(border=True):
        _draw_groups(actor, filters, clock, at)
    chosen = (picked.get("pick") or [{}])[0].get("bucket", "")
    bucket = {label: name for name, label in rules.BUCKETS.items()}.get(chosen, "")
    st.subheader("Leads behind the numbers")
    st.caption(f"{rules.CLOCKS[clock]}: {plain(chosen)}" if bucket else "All leads of the period.")
    draw_leads(actor, filters, at, clock=clock, bucket=bucket, total=whole.counts.get(bucket, 0) or whole.total)


def _tiles(whole: Speed) -> list[Tile]:
    median = f"{minutes_label(whole.median)} · {minutes_label(whole.p90)}"
    never = whole.counts.get("never", 0)
    return [
        Tile(
            definition=shared.SPEED, value=f"{whole.total:,}", icon=":material/speed:",
            note=f"{plural(whole.answered, 'lead')} answered, {whole.counts.get('waiting', 0):,} still waiting",
        ),
        Tile(
            definition=shared.MEDIAN, value=median, icon=":material/timer:",
            note=f"Working time, of {plural(whole.answered, 'answered lead')}",
        ),
        Tile(
            definition=shared.QUICK, value=percent_label(whole.quick, whole.due), icon=":material/bolt:",
            note=f"{whole.quick:,} of {plural(whole.due, 'lead')} due",
        ),
        Tile(
            definition=shared.NEVER, value=percent_label(never, whole.due), icon=":material/voice_over_off:",
            note=f"{never:,} of {plural(whole.due, 'lead')} due",
        ),
    ]  # fmt: skip


def _draw_week(cells: Any) -> None:
    if not cells:
        st.caption("No leads with a dealer in this period.")
        return
    most = max(c.leads for c in cells)
    draw(
        charts.week(),
        table(
            {
                "day": [charts.DAYS[c.weekday] for c in cells], "hour": [c.hour for c in cells],
                "share": [c.quick / c.leads for c in cells],
                "weight": [0.35 + 0.65 * c.leads / most for c in cells],
                "label": [
                    f"{charts.DAYS[c.weekday]} {c.hour}:00: {c.quick} of {plural(c.leads, 'lead')} within 15 min,"
                    f" {c.never} never"
                    for c in cells
                ],
            }
        ),
        alt_text="Share answered within 15 minutes by weekday and hour at the dealer",
    )  # fmt: skip
    st.caption("Stronger colour: more leads. Hours are the dealer's own.")


def _draw_groups(actor: Actor, filters: Mapping[str, Any], clock: str, at: datetime) -> None:
    one_dealer = "dealer" in filters or actor.scope.kind == "dealers"
    options = dict(BY)
    if own_only(actor):
        options = {"source": BY["source"]}
    elif sums_only(actor) or not one_dealer:
        options.pop("person")
    if one_dealer and len(options) > 1:
        options.pop("dealer", None)
    by = one("By", options, key="quality_by", default=next(iter(options)))
    rows = shared.speed(shared.who(actor), shared.freeze(filters), clock, by, shared.token(), actor, at)
    share: dict[str, list[Any]] = {
        f"b_{b}": [percent_label(r.counts.get(b, 0), r.total, 0) for r in rows] for b in rules.BUCKETS
    }
    lines: dict[str, list[Any]] = {
        options[by]: [r.label or "–" for r in rows],
        "Leads": [r.total for r in rows],
        "Median": [minutes_label(r.median) for r in rows],
        "90th": [minutes_label(r.p90) for r in rows],
        "quick": [percent_label(r.quick, r.due, 0) for r in rows],
    }
    lines |= share
    tables.show(
        table(lines), key=f"quality_groups_{by}", alt=f"Speed by {options[by].lower()}",
        columns={
            options[by]: tables.text(options[by], width=210, pinned=True), "Leads": tables.number("Leads", width=70),
            "Median": tables.text("Median", width=90), "90th": tables.text("90th", width=90),
            "quick": tables.text("In 15 min", width=80, help=shared.QUICK.formula),
        }
        | {f"b_{b}": tables.text(label, width=90) for b, label in rules.BUCKETS.items()},
        height=min(38 + 36 * max(len(rows), 1), 420),
    )  # fmt: skip
    if not one_dealer and not sums_only(actor):
        st.caption("Choose a dealer above to see its people. The largest groups come first; this is no ranking.")
    else:
        st.caption(shared.WHOSE)


def draw_leads(
    actor: Actor, filters: Mapping[str, Any], at: datetime, *, clock: str, total: int, bucket: str = "",
    given_up: bool = False,
) -> None:  # fmt: skip
    """Exactly the leads a number counted, newest first; a click opens one."""
    after = cursor("quality_leads", fingerprint=(clock, bucket, given_up, str(shared.freeze(filters))))
    with reading() as session:
        rows, following = leads_behind(
            session, actor=actor, filters=filters, clock=clock, bucket=bucket, given_up=given_up, after=after, now=at
        )
    if not rows:
        empty_state("search_off", "No leads behind this number.")
        return
    remember_rows("quality_leads", [r.id for r in rows])

    def opened(position: int) -> None:
        st.session_state["_quality_to"] = id_at("quality_leads", position)

    tables.show(
        table(
            {
                "Lead": [r.number for r in rows],
                "Received": [moment_label(r.received_at, actor.zone, now=at) for r in rows],
                "Customer": [r.customer_name or "–" for r in rows], "Person": [r.person for r in rows],
                "Dealer": [r.dealer for r in rows], "Answered": [rules.BUCKETS[r.bucket] for r in rows],
                "Minutes": [minutes_label(r.minutes) for r in rows], "Attempts": [r.attempts for r in rows],
                "Status": [r.status_label for r in rows], "Source": [r.source for r in rows],
            }
        ),
        key="quality_leads_table", alt="Leads behind the chosen number",
        columns={
            "Lead": tables.opener("Lead", key="quality_lead_click", on_open=opened, width=92),
            "Received": tables.text("Received", width=130), "Customer": tables.text("Customer", width=150),
            "Person": tables.text("Person", width=150), "Dealer": tables.text("Dealer", width=190),
            "Answered": tables.text("Answered", width=110), "Minutes": tables.text("Working time", width=100),
            "Attempts": tables.number("Attempts", width=80), "Status": tables.text("Status", width=120),
            "Source": tables.text("Source", width=150),
        },
    )  # fmt: skip
    draw_paging("quality_leads", following=following, shown=len(rows), total=f"{total:,}")
    if (target := st.session_state.pop("_quality_to", None)) is not None:
        st.switch_page("pages/leads/lead.py", query_params={"lead": str(target)})


def draw_attempts(actor: Actor, filters: Mapping[str, Any], at: datetime) -> None:
    """How often and in what way customers were tried, and who was given up too early."""
    found = shared.tries(shared.who(actor), shared.freeze(filters), shared.token(), actor)
    if not found.leads:
        empty_state("search_off", "No leads in this period.", action="Choose a longer period or take a filter away.")
        return
    median = found.median_before_contact
    draw_tiles(
        [
            Tile(
                definition=shared.ATTEMPTS, value=f"{found.attempts / found.leads:.1f}", icon=":material/call:",
                note=f"{found.attempts:,} attempts on {plural(found.leads, 'lead')}",
            ),
            Tile(
                definition=shared.BEFORE, value="–" if median is None else str(median), icon=":material/forum:",
                note=f"Median of {plural(found.contacted, 'contacted lead')}",
            ),
            Tile(
                definition=shared.GIVEN_UP, value=percent_label(found.given_up, found.closed_unreached),
                icon=":material/person_cancel:",
                note=f"{found.given_up:,} of {plural(found.closed_unreached, 'lead')} closed without contact",
            ),
        ],
        key="quality_tries", as_of=at, zone=actor.zone, columns=3,
    )  # fmt: skip
    for column, title, rows, whole in zip(
        st.columns(3, gap="medium"),
        ("Attempts a lead", "Kind of contact", "Attempts until contact"),
        (found.groups, found.kinds, _until(found.before_contact)),
        (found.leads, sum(n for _, n in found.kinds), found.contacted),
        strict=True,
    ):
        with column, st.container(border=True, height="stretch"):
            st.markdown(f"**{title}**")
            draw(
                bars.stages(height=210),
                table(
                    {
                        "stage": [label for label, _ in rows], "order": list(range(len(rows))),
                        "count": [n for _, n in rows],
                        "label": [f"{n:,} · {percent_label(n, whole, 0)}" for _, n in rows],
                    }
                ),
                alt_text=title,
            )  # fmt: skip
    st.caption(
        "A visit is no attempt and is shown beside them. “None” until contact: the customer came or wrote first."
    )
    which = one(
        "Leads", {"early": "Given up too early", "all": "All of the period"}, key="quality_tries_leads", default="early"
    )
    early = which == "early"
    draw_leads(
        actor, filters, at, clock="first_action", given_up=early, total=found.given_up if early else found.leads
    )  # fmt: skip


def _until(histogram: tuple[tuple[int, int], ...]) -> list[tuple[str, int]]:
    """Attempts until contact in the same groups as attempts a lead."""
    groups = (("None", 0, 0), ("1", 1, 1), ("2", 2, 2), ("3–4", 3, 4), ("5–7", 5, 7), ("8 and more", 8, 10**6))
    return [(label, sum(n for t, n in histogram if low <= t <= high)) for label, low, high in groups]
