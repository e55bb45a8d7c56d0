"""Figures of leads read a bounded part of their sums, whatever the number of leads (issue 8, decision 0079)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING, Scope
from db.core.session import reading, writing
from db.leads import cohorts
from db.leads.metrics_queries import RATIOS, compute
from db.leads.rollup import MEASURES
from tests.support.again import begun
from tests.support.core import NOW, add_customer, add_dealer, add_lead
from tests.support.plans import plan, statements

YEAR = {"from": date(2025, 7, 1), "to": date(2026, 6, 1)}
ONE = Scope("dealers", dealer_ids=frozenset({1}))


@pytest.fixture
@begun
def desk(engine: Engine) -> Engine:
    with writing(engine, keeps_timeline=False) as session:
        add_customer(session)
        add_dealer(session, 1)
        add_dealer(session, 2, region="West")
    return engine


def asked(engine: Engine, *, scope: Scope = EVERYTHING, by: Any = ("month",), **more: Any) -> list[tuple[str, Any]]:
    measures = more.pop("measures", ("received", "valid", "in_target", "sold"))

    def ask(session: Session) -> Any:
        return cohorts.counts(session, scope=scope, by=by, filters=YEAR | more, now=NOW, measures=measures)

    return statements(engine, ask)


# ------------------------------------------------------------------------------------------------ what is read, and how
@pytest.mark.parametrize(
    "filters, table",
    [
        ({}, "lead_region_month"),
        ({"region": "West"}, "lead_region_month"),
        ({"region": "West", "product": "Sedan", "source": "website"}, "lead_region_month"),
        ({"state": "NJ"}, "lead_month"),
        ({"dealer": 1}, "lead_dealer_month"),
        ({"dealer": 1, "source": "website"}, "lead_dealer_month"),
    ],
)
def test_the_smallest_sums_that_know_the_filters_are_read_in_one_statement(
    sqlite_engine: Engine, filters: Mapping[str, Any], table: str
) -> None:
    (only,) = asked(sqlite_engine, by=("month", "source"), **filters)
    assert f"FROM {table}" in only[0]
    assert sum(f"sum({table}.{name})" in only[0] for name in MEASURES) == 4, "and of them what is shown"
    assert "SCAN" not in plan(sqlite_engine, only).replace("SCAN dealer", "")


@pytest.mark.parametrize("name", sorted(RATIOS))
def test_a_metric_adds_up_what_it_is_made_of(sqlite_engine: Engine, name: str) -> None:
    ratio = RATIOS[name][1]
    found = statements(
        sqlite_engine,
        lambda session: compute(session, scope=EVERYTHING, name=name, by=("month",), filters=YEAR, now=NOW),
    )
    needed = {"received", *({ratio.top, ratio.bottom} - {"", "due"}), *(["promised"] if ratio.bottom == "due" else [])}
    read = {measure for measure in MEASURES if f"sum(lead_region_month.{measure})" in found[0][0]}
    assert read == needed
    assert len(found) == (2 if ratio.bottom == "due" else 1), "only what may still be due is asked of leads"


@pytest.mark.parametrize("how", [{"dealer": 1}, {"scope": ONE}], ids=["filter", "scope"])
def test_cells_of_one_dealer_are_sought_month_by_month(desk: Engine, how: Any) -> None:
    (only,) = asked(desk, **how)
    found = plan(desk, only)
    if desk.dialect.name == "sqlite":
        assert "(received_month=? AND dealer_id=?)" in found, found
    else:
        (sought,) = [line for line in found.splitlines() if "Index Cond" in line and "received_month" in line]
        assert "dealer_id" in sought
        assert ">=" not in sought, found


def test_leads_that_wait_are_read_from_the_few_that_are_open(sqlite_engine: Engine) -> None:
    of_one = plan(sqlite_engine, asked(sqlite_engine, dealer=1, measures=("due",))[1])
    assert "ix_lead_board_dealer (dealer_id=? AND is_open=?)" in of_one
    of_all = plan(sqlite_engine, asked(sqlite_engine, measures=("due",))[1])
    assert "ix_lead_breach (is_open=? AND breach_handled_at=? AND first_action_due_at>?)" in of_all


# ------------------------------------------------------------------------- all of them are recounted in test_metrics.py
moments = st.none() | st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))
facts = st.fixed_dictionaries(
    {
        "dealer_id": st.sampled_from([None, 1, 2]), "region": st.sampled_from([None, "East", "West"]),
        "state": st.sampled_from(["", "NJ"]), "source": st.sampled_from(["website", "phone"]),
        "product": st.sampled_from(["Other", "Sedan"]), "status": st.sampled_from(["new", "bad", "held", "working"]),
        "received_month": st.sampled_from([date(2025, 6, 1), date(2025, 7, 1), date(2026, 6, 1)]),
        "first_action_at": moments, "first_action_due_at": moments, "breach_handled_at": st.none() | st.just(NOW),
    }
)  # fmt: skip
questions = st.tuples(
    st.lists(st.sampled_from(["month", "region", "source", "dealer", "state", "product"]), unique=True, max_size=3),
    st.dictionaries(
        st.sampled_from(["region", "source", "product", "state", "dealer"]), st.integers(0, 1), max_size=2
    ),
    st.sampled_from([EVERYTHING, ONE, Scope("regions", regions=frozenset({"West"}))]),
)  # fmt: skip
VALUES: Mapping[str, tuple[Any, Any]] = {
    "region": ("East", "West"), "source": ("website", "phone"), "product": ("Other", "Sedan"), "state": ("", "NJ"),
    "dealer": (1, 2),
}  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(leads=st.lists(facts, max_size=8), question=questions)
def test_some_measures_are_the_same_as_all_of_them(desk: Engine, leads: list[dict[str, Any]], question: Any) -> None:
    by, chosen, scope = question
    filters = YEAR | {name: VALUES[name][which] for name, which in chosen.items() if VALUES[name][which] != ""}
    with reading(desk) as session:
        for number, lead in enumerate(leads, 1):
            region = {1: "East", 2: "West"}.get(lead["dealer_id"], lead["region"])
            add_lead(session, number, **{**lead, "region": region})
        ask = {"scope": scope, "by": by, "filters": filters}
        every = cohorts.counts(session, now=NOW, **ask)
        some = cohorts.counts(session, now=NOW, measures=("valid", "due"), **ask)
    assert some == [{k: row[k] for k in (*by, "received", "valid", "promised", "due")} for row in every]
