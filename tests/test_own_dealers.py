"""A dealer manager sees exactly their own dealers: on every page and view, in every export, search and query."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from components.navigation import PAGES
from db import catalog
from db.core.permissions import Permission, Role, may
from db.core.problems import Refused
from db.core.session import engine as process_engine
from db.core.session import reading, run
from db.dealers.tables import Dealer
from db.exports import run_export
from tests.support.databases import SqliteTemplates
from tests.support.demos import NOW, small_demo
from tests.support.users import actor_named, app_as, drawn
from tests.support.walk import queries

OWN = "00402"
MANAGER = "dana"


# ------------------------------------------------------------------------------------------------ how queries are asked
# A query without scope or actor, and why that is right. Whoever adds a line here says who keeps others' rows out.
_DESK = "belongs to the desk, to no dealer"
_SELF = "one person's own, by the id of who is signed in"
_TOLD = "the caller has already decided that the actor may see the record"
_JOB = "read by rules, routing or jobs for the whole network; what is shown of it is asked for with a scope"
ASKED_WITHOUT: dict[str, str] = {
    "db.access.people_queries.account_versions": _TOLD,
    "db.access.people_queries.managers_at": _TOLD,
    "db.access.queries.accounts_with_email": "for who decides, never for who asks",
    "db.appointments.policy_queries.policies": _JOB,
    "db.appointments.policy_queries.policy_of": _TOLD,
    "db.calendar.queries.calendar_book": _DESK,
    "db.calendar.queries.calendar_for_dealer": _TOLD,
    "db.calendar.queries.get_calendar": _DESK,
    "db.calendar.queries.list_calendars": _DESK,
    "db.calendar.queries.list_holiday_lists": _DESK,
    "db.calendar.queries.load_calendar": _DESK,
    "db.checklist.queries.is_published": _DESK,
    "db.contact_log.promise_queries.owner_choices": _TOLD,
    "db.coop.campaign_queries.facts_of": _TOLD,
    "db.claims.drawer_queries.with_decisions": _TOLD,
    "db.coop.radar_queries.suggestions_of": _TOLD,
    "db.customers.customer_queries.consents_of": _TOLD,
    "db.customers.purge_queries.judge": _TOLD,
    "db.customers.purge_queries.retention_facts": _TOLD,
    "db.dealers.people_queries.accounts_of_dealer": _TOLD,
    "db.dealers.territory_queries.prefixes_at": _JOB,
    "db.documents.coverage_queries.day_at_dealer": _DESK,
    "db.documents.queries.requirements": _DESK,
    "db.incentives.figure_baseline_queries.spans_of": _DESK,
    "db.leads.metrics_queries.named_rows": _TOLD,
    "db.leads.milestones_queries.first_answers": "asked for the dealers of cases that were read within a scope",
    "db.leads.milestones_queries.first_sales": "asked for the dealers of cases that were read within a scope",
    "db.leads.routing_queries.active_policy": _DESK,
    "db.leads.sale_queries.vin_of": _TOLD,
    "db.leads.routing_queries.list_policies": _DESK,
    "db.leads.routing_queries.list_product_lines": _DESK,
    "db.onboarding.case_queries.people_for": _TOLD,
    "db.people.queries.actor_for": "makes the actor; there is none yet",
    "db.people.queries.count_unread": _SELF,
    "db.people.queries.desk_figures": "counts for a monitor on the machine itself, without names",
    "db.people.queries.list_browsers": _SELF,
    "db.people.queries.list_notifications": _SELF,
    "db.people.queries.list_regions": "names of regions only, on a page for administrators",
    "db.people.queries.names_of": _TOLD,
    "db.people.queries.people_by_place": "gives ids to an import that tells people, each only of places in their scope",
    "db.people.queries.people_to_tell": "gives ids to commands that tell people, each of whom it asks for their scope",
    "db.people.queries.previous_visit": _SELF,
    "db.pricing.policy_queries.policy_now": _DESK,
    "db.reports.history_queries.item_history": _TOLD,
    "db.reports.pack_queries.known_of": _DESK,
    "db.claims.policy_queries.forget_kept": _DESK,
    "db.claims.policy_queries.policy_on": _DESK,
    "db.warranty.queries.components_by_code": _DESK,
    "db.warranty.queries.operations_on": _DESK,
    "db.warranty.queries.parts_on": _DESK,
    "db.warranty.queries.plans_of_vehicle": _TOLD,
    "db.warranty.queries.block_of": _TOLD,
    "db.warranty.queries.campaign_for_vin": _DESK,
    "db.warranty.queries.open_campaigns_for_vin": _DESK,
    "db.warranty.queries.technician_on": _TOLD,
}


def test_every_query_is_told_whose_dealers_it_may_show():
    open_ones = {
        name
        for name, query in queries()
        if not {"scope", "actor"} & set(inspect.signature(query).parameters) and name not in ASKED_WITHOUT
    }
    assert sorted(open_ones) == [], "give it a scope or an actor, or say in ASKED_WITHOUT why it needs none"


def test_no_reason_outlives_its_query():
    assert sorted(set(ASKED_WITHOUT) - {name for name, _ in queries()}) == []


# ------------------------------------------------------------------------------------------------------- what is shown
@pytest.fixture(scope="module")
def demo(costly_templates: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small demo network, made once."""
    return small_demo(costly_templates, tmp_path_factory.mktemp("own"))


@pytest.fixture
def desk(demo: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The demo as the database of this process."""
    from db.core.session import dispose

    monkeypatch.setenv("DATABASE_URL", demo)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    dispose()
    yield demo
    dispose()


@pytest.fixture
def others(desk: str) -> dict[str, list[bytes]]:
    """What must never be seen, by the code of the dealer it belongs to: its name as it is stored."""
    with reading() as session:
        rows = session.execute(select(Dealer.code, Dealer.name).where(Dealer.code != OWN)).all()
    assert len(rows) >= 39
    return {code: [name.encode()] for code, name in rows}


def leaks(content: bytes, others: dict[str, list[bytes]]) -> list[str]:
    return [code for code, marks in others.items() if any(mark in content for mark in marks)]


MAY_OPEN = [entry for entry in PAGES if entry.exists and may(Role.DEALER_MANAGER, entry.permission)]


def test_the_walk_would_notice(desk: str, others: dict[str, list[bytes]]):
    app = app_as("cora", page="pages/network/dealers.py")
    assert len(leaks(drawn(app), others)) > 20


@pytest.mark.parametrize("entry", MAY_OPEN, ids=[entry.url_path for entry in MAY_OPEN])
def test_no_page_shows_another_dealer_in_any_of_its_views(desk: str, others: dict[str, list[bytes]], entry: Any):
    app = app_as(MANAGER, page=entry.file)
    assert not app.exception, app.exception
    assert leaks(drawn(app), others) == []
    switches = [(group.key, list(group.options)) for group in app.get("button_group") if group.key]
    for key, options in switches:
        for option in options[:8]:
            here = [group for group in app.get("button_group") if group.key == key]
            if not here:
                break
            here[0].set_value(option).run()
            assert not app.exception, (key, option, app.exception)
            assert leaks(drawn(app), others) == [], (key, option)


@pytest.mark.parametrize("page, name", [("pages/network/dealer.py", "dealer")])
def test_another_dealers_page_answers_as_if_it_did_not_exist(desk: str, others: dict[str, list[bytes]], page, name):
    with reading() as session:
        foreign = session.scalars(select(Dealer.id).where(Dealer.code != OWN)).first()
    said = []
    for number in (foreign, 10**6):
        app = app_as(MANAGER)
        app.switch_page(page)
        app.query_params[name] = str(number)
        app.run()
        assert not app.exception
        assert leaks(drawn(app), others) == []
        said.append([str(one.value) for one in app.main.get("markdown")])
    assert said[0] == said[1]


@pytest.mark.parametrize("kind", [kind.name for kind in catalog.all_exports()])
def test_no_export_holds_another_dealer(desk: str, others: dict[str, list[bytes]], kind: str):
    dana = actor_named(process_engine(), MANAGER)
    asked: dict[str, Any] = {"kind": kind, "file_format": "csv", "purpose": "A test", "actor": dana, "now": NOW}
    if not (dana.can(Permission.EXPORT_RUN) and dana.can(catalog.export_kind(kind).permission)):
        with pytest.raises(Refused):
            run(run_export, **asked)
        return
    assert leaks(run(run_export, **asked).content, others) == []


def test_search_finds_no_other_dealer(desk: str, others: dict[str, list[bytes]]):
    dana = actor_named(process_engine(), MANAGER)
    with reading() as session:
        for marks in others.values():
            for results in catalog.search_everything(session, marks[0].decode(), actor=dana).values():
                shown = " ".join(f"{r.title} {r.subtitle}" for r in results).encode()
                assert leaks(shown, others) == []


def test_work_and_notifications_name_no_other_dealer(desk: str, others: dict[str, list[bytes]]):
    dana = actor_named(process_engine(), MANAGER)
    with reading() as session:
        lines = catalog.work_lines(session, actor=dana, now=NOW, limit=500)
        signals = catalog.dealer_signals(session, actor=dana, now=NOW)
    assert leaks("\n".join(repr(line) for line in lines).encode(), others) == []
    assert set(signals) <= set(dana.scope.dealer_ids)
