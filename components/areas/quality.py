"""What the views of response quality share: filters, cached figures, definitions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import streamlit as st

from components.clock import today
from components.filters import clear_button, one, pick
from db.core import changes
from db.core.actor import Actor
from db.core.area import MetricDefinition
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.leads.queries import list_sources, months_before
from db.quality import attempt_queries, review_queries, speed_queries
from db.quality.queries import own_only, sums_only

PERIODS = {"1": "This month", "3": "3 months", "6": "6 months", "12": "12 months"}
KEYS = ("quality_dealer", "quality_person", "quality_source")
Filters = tuple[tuple[str, Any], ...]
WHOSE = (
    "A lead belongs to whoever acted on it first, as stamped; where nobody did, to the person it is assigned to."
    " Two people of one name at one dealer are counted together."
)
LEFT_OUT = "Bad leads, duplicates, held leads, and leads taken over from another system, which promised no time"
SPEED = MetricDefinition(
    name="speed_to_lead", title="Speed to lead", formula="Leads by the time until they were answered",
    numerator="Leads by working minutes of their dealer from the start of the clock to the stamp; over an hour by the"
    " clock on the wall, 24 hours from when they came in",
    denominator="Valid leads that were promised an answer, by the month they were received",
    excluded=LEFT_OUT, unit="minutes", rule="2.2 A, B. " + WHOSE, better="down",
)  # fmt: skip
MEDIAN = MetricDefinition(
    name="speed_median", title="Median and 90th percentile",
    formula="The time half, and nine of ten, answered leads were answered within",
    numerator="Working minutes of leads that were answered", denominator="Leads that were answered",
    excluded=LEFT_OUT + "; leads nobody answered", unit="minutes", rule="2.2 B", better="down",
)  # fmt: skip
QUICK = MetricDefinition(
    name="speed_quick", title="Within 15 minutes", formula="Answered within 15 working minutes ÷ leads due",
    numerator="Leads answered within 15 working minutes",
    denominator="Leads in the period without those that may still be answered within a day",
    excluded=LEFT_OUT, unit="percent", rule="2.2 B. " + WHOSE,
)  # fmt: skip
NEVER = MetricDefinition(
    name="speed_never", title="Never answered", formula="Leads nobody answered ÷ leads due",
    numerator="Leads without an answer that are closed or older than a day", denominator=QUICK.denominator,
    excluded=LEFT_OUT, unit="percent", rule="2.2 A", better="down",
)  # fmt: skip
ATTEMPTS = MetricDefinition(
    name="attempts_a_lead", title="Attempts a lead", formula="Attempts ÷ leads",
    numerator="Calls, e-mails and texts by a person, reached or not", denominator=SPEED.denominator,
    excluded=LEFT_OUT + "; automatic messages, internal notes, and what the customer sent", rule="2.2 A, E",
)  # fmt: skip
BEFORE = MetricDefinition(
    name="attempts_before_contact", title="Attempts until contact",
    formula="The number of attempts half of the contacted leads needed",
    numerator="Attempts up to and with the first two-way contact", denominator="Leads with two-way contact",
    excluded=LEFT_OUT, rule="2.2 A", better="down",
)  # fmt: skip
GIVEN_UP = MetricDefinition(
    name="given_up_early", title="Given up too early",
    formula="Closed with fewer than 8 attempts ÷ closed, never reached",
    numerator="Leads closed as lost or expired without two-way contact after fewer than 8 attempts",
    denominator="Leads closed as lost or expired without two-way contact",
    excluded=LEFT_OUT, unit="percent", rule="2.2 E", better="down",
)  # fmt: skip


def choose(actor: Actor, at: datetime) -> dict[str, Any]:
    """Draw the filters, which live in the URL, and give them as the queries take them; `since` for the reviews."""
    with reading() as session:
        dealers = {str(d.dealer_id): f"{d.name} ({d.code})" for d in dealer_choices(session, actor.scope)}
        sources = list_sources(session, scope=actor.scope)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        period = one("Leads received in", PERIODS, key="quality_period", default="3")
        dealer = ""
        if len(dealers) > 1:
            dealer = pick("Dealer", dealers, key="quality_dealer", all_label="All dealers", width=220)
        months = months_before(today(actor.zone).replace(day=1), int(period))
        chosen: dict[str, Any] = {"from": months[0], "to": months[-1]}
        if dealer.isdigit():
            chosen["dealer"] = int(dealer)
        names = people(who(actor), freeze(chosen), token(), actor)
        person = ""
        if names:
            person = pick("Person", {n: n for n in names}, key="quality_person", all_label="Everybody", width=180)
        source = pick("Source", {s: s for s in sources}, key="quality_source", all_label="All sources", width=160)
    clear_button(KEYS, key="quality_clear")
    if person:
        chosen["person"] = person
    if source:
        chosen["source"] = source
    return chosen


def freeze(filters: Mapping[str, Any]) -> Filters:
    """Filters as part of a cache key."""
    return tuple(sorted(filters.items()))


def since(filters: Mapping[str, Any]) -> datetime:
    """The first moment of the period, for reviews, which have no local month: a day early rather than late."""
    first: date = filters["from"]
    return datetime(first.year, first.month, 1, tzinfo=UTC) - timedelta(days=1)


def who(actor: Actor) -> tuple[Any, ...]:
    """Whose figures these are, as part of a cache key: staff see their own only."""
    return (actor.scope, actor.role.value, actor.username if own_only(actor) else "")


def token() -> Any:
    """What changed since: part of every cache key, so that no number is stale."""
    with reading() as session:
        return changes.token(session, "leads", "dealers", "people", "quality")


@st.cache_data(ttl=60, max_entries=200, show_spinner=False)
def people(whose: Any, filters: Filters, change: Any, _actor: Actor) -> list[str]:
    """The names leads of one dealer belong to."""
    with reading() as session:
        return speed_queries.person_choices(session, actor=_actor, filters=dict(filters))


@st.cache_data(ttl=60, max_entries=300, show_spinner=False)
def speed(
    whose: Any, filters: Filters, clock: str, by: str, change: Any, _actor: Actor, _at: datetime
) -> list[speed_queries.Speed]:  # fmt: skip
    """Speed of all leads or one line a group."""
    with reading() as session:
        return speed_queries.speed(session, actor=_actor, filters=dict(filters), clock=clock, by=by, now=_at)


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def hours(
    whose: Any, filters: Filters, clock: str, change: Any, _actor: Actor, _at: datetime
) -> list[speed_queries.HourCell]:  # fmt: skip
    """Leads by weekday and hour."""
    with reading() as session:
        return speed_queries.by_hour(session, actor=_actor, filters=dict(filters), clock=clock, now=_at)


@st.cache_data(ttl=60, max_entries=100, show_spinner=False)
def tries(whose: Any, filters: Filters, change: Any, _actor: Actor) -> attempt_queries.Attempts:
    """Attempts of a cohort."""
    with reading() as session:
        return attempt_queries.attempts(session, actor=_actor, filters=dict(filters))


def scores(actor: Actor, filters: Mapping[str, Any], by: str) -> list[review_queries.ScoreLine]:
    """Sampled scores of the period."""
    with reading() as session:
        return review_queries.scores(
            session, actor=actor, by=by, since=since(filters), dealer_id=filters.get("dealer")
        )  # fmt: skip


def views(actor: Actor) -> dict[str, str]:
    """The views this person has."""
    found = {"speed": "Speed", "attempts": "Attempts"}
    if sums_only(actor):
        return found | {"scores": "Scores"}
    if own_only(actor):
        return found | {"scores": "My score", "reviews": "My reviews", "coaching": "Coaching"}
    return found | {"scores": "Scores", "reviews": "Reviews", "coaching": "Coaching", "form": "Checklist"}
