"""The routing rules as sentences, as a form, and as what another rule would have changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from components import tables
from components.charts.base import table
from components.labels import empty_state, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.labels import minutes_label, plural
from db.core.problems import Problem, Refused
from db.leads.policy_queries import Policy, Replay
from db.leads.routing_commands import save_policy

FORM = "routing"
PREFIX = "rp_"
SEEN, REASON = f"{PREFIX}seen", f"{PREFIX}reason"
FAIRNESS = {"weighted": "By turns, weighted by share", "least_load": "Who carries least for its share"}
WITHOUT_PLACE = {"fallback": "Waits for a person", "share": "Every dealer in turn"}
BREACH = {"escalate": "Tell manager and desk", "reroute": "Move to the next dealer"}
NUMBERS = (
    "nearest_km", "nearest_band_km", "performance_floor_percent", "performance_share_percent", "performance_days",
    "performance_least_leads", "duplicate_window_days", "historic_after_days", "first_action_minutes",
    "hot_first_action_minutes", "first_quality_minutes", "wall_clock_hours",
)  # fmt: skip
OTHERS = (
    "fairness", "without_place", "breach_action", "named_dealer_beyond_capacity", "used_cars_need_brand",
    "stay_with_dealer", "sources",
)  # fmt: skip
FIELDS = (*NUMBERS, *OTHERS)
MOVES = 300


def sentences(policy: Policy) -> list[tuple[str, str]]:
    """The rules in the order they are asked, each with its name."""
    beyond = ", even when it is full" if policy.named_dealer_beyond_capacity else ", unless it is full"
    used = "used cars too" if policy.used_cars_need_brand else "used cars go to any"
    share = "goes round by turns" if policy.fairness == "weighted" else "goes to who carries the fewest open ones"
    placeless = "waits for a person" if policy.without_place == "fallback" else "goes to every dealer in turn"
    stays = " A customer who comes back stays with their dealer." if policy.stay_with_dealer else ""
    floor = "No dealer gets fewer leads for slow answers."
    if policy.performance_floor_percent is not None:
        floor = (
            f"A dealer that answered fewer than {policy.performance_floor_percent}% of its leads in time over "
            f"{plural(policy.performance_days, 'day')} gets {policy.performance_share_percent}% of its share "
            f"(judged from {plural(policy.performance_least_leads, 'lead')} on)."
        )
    breach = "the dealer's manager and the desk are told" if policy.breach_action == "escalate" else "it moves on"
    return [
        ("Dealer named", f"The dealer the customer or the sender names gets the lead{beyond}."),
        ("Who may", f"Only active dealers that take leads and are authorised for the make; {used}."),
        (
            "Where",
            "First the owner of the postal area, then the nearest within "
            f"{policy.nearest_km:,} km; up to {policy.nearest_band_km:,} km further counts as equally near. "
            f"A lead without a place {placeless}.",
        ),
        ("Fairness", f"Among several dealers the lead {share}, weighted by each dealer's share."),
        ("Capacity", "A dealer at its cap of open leads or at its quota of the day is passed over."),
        ("Performance", floor),
        ("Nobody left", "The lead waits in the queue of leads without a dealer, and the desk is told."),
        (
            "Duplicates",
            f"The same person and vehicle within {plural(policy.duplicate_window_days, 'day')} joins the lead we have."
            f"{stays} Leads older than {plural(policy.historic_after_days, 'day')} when they arrive are history.",
        ),
        (
            "Promises",
            f"First action within {minutes_label(policy.first_action_minutes)} of working time "
            f"({minutes_label(policy.hot_first_action_minutes)} for hot leads), a full answer within "
            f"{minutes_label(policy.first_quality_minutes)}, never later than "
            f"{policy.wall_clock_hours} h on the wall clock. When it is broken, {breach}, once.",
        ),
    ]


def draw_sentences(policy: Policy) -> None:
    """The rules, numbered, in plain words."""
    lines = [f"{number}. **{name}.** {plain(told)}" for number, (name, told) in enumerate(sentences(policy), start=1)]
    st.markdown("\n".join(lines))
    if policy.sources:
        with st.expander(f"Names of sources :gray[{len(policy.sources)}]"):
            pairs = sorted(policy.sources.items())
            tables.show(
                table({"Sender says": [a for a, _ in pairs], "Counted as": [b for _, b in pairs]}), key="rp_synonyms",
                alt="Names of senders and the source they count as",
                columns={"Sender says": tables.text("Sender says"), "Counted as": tables.text("Counted as")},
            )  # fmt: skip


def _key(field: str) -> str:
    return f"{PREFIX}{field}"


def fill_form(policy: Policy, version: int) -> None:
    """Put the rules in force into the form, unless somebody is editing it."""
    if _key("nearest_km") in st.session_state:
        return
    forget(FORM)
    for name, value in policy.as_content().items():
        st.session_state[_key(name)] = (
            "\n".join(f"{said} = {source}" for said, source in sorted(value.items())) if name == "sources" else value
        )
    st.session_state[REASON] = ""
    st.session_state[SEEN] = version


def forget_form() -> None:
    """Throw away what was typed."""
    for key in (SEEN, REASON, *map(_key, FIELDS)):
        st.session_state.pop(key, None)
    forget(FORM)


def typed_content() -> dict[str, Any]:
    """The rules as they stand in the form; refused where the names of sources cannot be read."""
    content: dict[str, Any] = {name: st.session_state.get(_key(name)) for name in FIELDS}
    for name in NUMBERS:
        content[name] = int(content[name]) if content[name] is not None else None
    sources = {}
    for line in str(content["sources"] or "").splitlines():
        said, sign, source = line.partition("=")
        if line.strip() and not (sign and said.strip() and source.strip()):
            sentence = f"“{line.strip()[:40]}” is not a line such as AutoTrader.com = AutoTrader."
            raise Refused(Problem(field="sources", code="not_a_pair", message=sentence))
        if line.strip():
            sources[said.strip()] = source.strip()
    return {**content, "sources": sources}


def _field(kind: Any, label: str, name: str, *more: Any, **options: Any) -> None:
    with st.container(gap="xxsmall", width="content" if kind is st.checkbox else "stretch"):
        kind(label, *more, key=_key(name), **options)
        problems_of(FORM, name)


def draw_form() -> None:
    """Every setting, in the order of the sentences."""
    whole: dict[str, Any] = {"step": 1, "value": None}
    with st.grid(4, min_column_width=190, gap="small"):
        _field(st.number_input, "Greatest distance, km", "nearest_km", **whole)
        _field(st.number_input, "Equally near within, km", "nearest_band_km", **whole)
        _field(st.selectbox, "Among several dealers", "fairness", list(FAIRNESS), format_func=FAIRNESS.__getitem__)
        _field(
            st.selectbox, "Without a place", "without_place", list(WITHOUT_PLACE), format_func=WITHOUT_PLACE.__getitem__
        )
        _field(st.number_input, "First action, minutes", "first_action_minutes", **whole)
        _field(st.number_input, "Hot leads, minutes", "hot_first_action_minutes", **whole)
        _field(st.number_input, "Full answer, minutes", "first_quality_minutes", **whole)
        _field(st.number_input, "Wall clock at most, hours", "wall_clock_hours", **whole)
        _field(st.selectbox, "When a promise is broken", "breach_action", list(BREACH), format_func=BREACH.__getitem__)
        _field(st.number_input, "Duplicates within, days", "duplicate_window_days", **whole)
        _field(st.number_input, "History after, days", "historic_after_days", **whole)
    with st.container(horizontal=True, gap="medium"):
        _field(st.checkbox, "A dealer named gets the lead even when full", "named_dealer_beyond_capacity")
        _field(st.checkbox, "Used cars need the make too", "used_cars_need_brand")
        _field(st.checkbox, "Returning customers stay with their dealer", "stay_with_dealer")
    st.markdown("**Slow dealers**")
    with st.grid(4, min_column_width=190, gap="small"):
        _field(
            st.number_input, "Floor of leads in time, %", "performance_floor_percent", placeholder="Off",
            help="Empty: every dealer keeps its share.", **whole,
        )  # fmt: skip
        _field(st.number_input, "Below it, % of its share", "performance_share_percent", **whole)
        _field(st.number_input, "Measured over, days", "performance_days", **whole)
        _field(st.number_input, "From how many leads on", "performance_least_leads", **whole)
    _field(
        st.text_area, "Names of sources", "sources", height=90, placeholder="AutoTrader.com = AutoTrader",
        help="One line each: what a sender calls itself, and the source its leads are counted under.",
    )  # fmt: skip
    stray_problems(FORM, [*FIELDS, "reason"])


def draw_save() -> None:
    """Reason, and the two ways out of the form."""
    st.text_input("Reason of the change", key=REASON, max_chars=400)
    problems_of(FORM, "reason")
    show_outcome(FORM)

    def save() -> None:
        perform(
            save_policy, form=FORM, say=lambda version: f"Version {version} is in force", typed={"reason": REASON},
            convert={"reason": lambda text: text or ""}, clear=[SEEN, *map(_key, FIELDS)],
            arguments=_arguments(),
        )  # fmt: skip

    with st.container(horizontal=True, gap="small"):
        st.button("Put in force", key="rp_save", type="primary", icon=":material/check:", on_click=save)
        st.button("Discard changes", key="rp_discard", type="tertiary", on_click=forget_form)


def _arguments() -> Mapping[str, Any]:
    try:
        content = typed_content()
    except Refused:
        content = {"sources": None}  # the command says so at the field
    return {"content": content, "seen_version": st.session_state.get(SEEN, 0)}


def draw_replay(found: Replay) -> None:
    """How many leads would have gone elsewhere, which dealers gain and lose, and each lead with its reason."""
    figures = (
        ("Leads tried", f"{found.leads:,}{'+' if found.is_capped else ''}"), ("Would move", f"{found.moved:,}"),
        ("Without a dealer now", f"{found.unassigned_before:,}"),
        ("Without a dealer then", f"{found.unassigned_after:,}"),
    )  # fmt: skip
    with st.grid(4, min_column_width=150, gap="small"):
        for label, value in figures:
            st.metric(label, value, border=True)
    if not found.moves:
        empty_state("sync_alt", "No lead would have gone elsewhere.", action="Change a rule above and try again.")
        return
    names = sorted({*found.gained, *found.lost}, key=lambda n: (-_net(found, n), n))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.markdown("**By dealer**")
        tables.show(
            table(
                {
                    "Dealer": names, "Gains": [found.gained.get(n, 0) for n in names],
                    "Loses": [found.lost.get(n, 0) for n in names], "Net": [f"{_net(found, n):+,}" for n in names],
                }
            ),
            key="rp_dealers", alt="Leads gained and lost by dealer",
            columns={
                "Dealer": tables.text("Dealer", width=210), "Gains": tables.number("Gains", width=60),
                "Loses": tables.number("Loses", width=60),
                "Net": st.column_config.TextColumn("Net", width=55, alignment="right"),
            },
        )  # fmt: skip
    with right:
        st.markdown("**Lead by lead**")
        moves = found.moves[:MOVES]
        tables.show(
            table(
                {
                    "Lead": [m.number for m in moves],
                    "From": [m.from_dealer for m in moves], "To": [m.to_dealer for m in moves],
                    "Why": [m.why for m in moves],
                }
            ),
            key="rp_moves", alt="Leads that would have gone to another dealer",
            columns={
                "Lead": tables.text("Lead", width=85), "From": tables.text("From", width=150),
                "To": tables.text("To", width=150), "Why": tables.text("Why", width=320),
            },
        )  # fmt: skip
        if found.moved > MOVES:
            st.caption(f"The first {MOVES} of {found.moved:,} are shown.")


def _net(found: Replay, name: str) -> int:
    return found.gained.get(name, 0) - found.lost.get(name, 0)
