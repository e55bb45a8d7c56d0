"""Who may do what, written down by hand a second time (R25), and scope asked in SQL and in Python alike."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select

from db.core.actor import EVERYTHING, Scope, system_actor
from db.core.permissions import GRANTED, ROLE_LABELS, Permission, Role, may
from db.core.problems import Refused
from db.core.search import SearchWord
from db.core.session import reading
from tests.support.core import actor

COLUMNS = ("admin", "manager", "coordinator", "sales_leader", "finance", "dealer_manager", "dealer_staff")
# One row a permission, one letter a role in the order above: y = may, . = may not. A new permission needs a row here.
EXPECTED = {
    "home.view": "yyyyyyy",
    "leads.view": "yyyy.yy",
    "leads.work": "yyy..yy",
    "leads.enter": "yyy..yy",
    "leads.assign": "yyy..y.",
    "leads.close": "yyy..yy",
    "leads.merge": "yyy..y.",
    "leads.import": "yyy....",
    "customers.view": "yyyy.yy",
    "customers.edit": "yyy..yy",
    "customers.merge": "yyy..y.",
    "customers.reveal": "yyy....",
    "customers.import": "yyy....",
    "customers.purge": "yy.....",
    "messages.send": "yyy..yy",
    "templates.edit": "yyy..y.",
    "appointments.view": "yyyy.yy",
    "appointments.work": "yyy..yy",
    "appointments.set_up": "yyy..y.",
    "tasks.view": "yyy..yy",
    "tasks.work": "yyy..yy",
    "tasks.hand_over": "yyy..y.",
    "cadence.view": "yyyy.y.",
    "cadence.manage": "yy.....",
    "quality.view": "yyyy.yy",
    "quality.review": "yyy..y.",
    "quality.coach": "yyy..y.",
    "quality.manage": "yy.....",
    "surveys.view": "yyyy.y.",
    "surveys.enter": "yyy..y.",
    "surveys.import": "yyy....",
    "surveys.work": "yyy..y.",
    "surveys.manage": "yy.....",
    "funnel.view": "yyyy.y.",
    "spend.manage": "yyy....",
    "performance.view": "yyyy.y.",
    "routing.view": "yyy....",
    "routing.manage": "yy.....",
    "providers.manage": "y......",
    "dealers.view": "yyyyyy.",
    "dealers.import": "yyy....",
    "dealers.manage": "yyy....",
    "terms.view": "yyyyyy.",
    "terms.propose": "yyy.y..",
    "terms.decide": "yy..y..",
    "documents.view": "yyy.yy.",
    "documents.add": "yyy..y.",
    "documents.manage": "yyy....",
    "contacts.view": "yyyyy..",
    "contacts.log": "yyyy...",
    "onboarding.view": "yyyyyy.",
    "onboarding.work": "yyy..y.",
    "onboarding.manage": "yyy....",
    "onboarding.decide": "yy.....",
    "checklists.manage": "yy.....",
    "access.view": "yyy..y.",
    "access.request": "yyy..y.",
    "access.decide": "yyy....",
    "access.review": "yyy..y.",
    "pipeline.view": "yyyy.y.",
    "warranty.view": "yyyyyyy",
    "warranty.import": "yyy....",
    "warranty.manage": "yy.....",
    "technicians.edit": "yyy..y.",
    "claims.view": "yyyyyyy",
    "claims.enter": "yyy..yy",
    "claims.import": "yyy....",
    "claims.decide": "yyy....",
    "claims.authorize": "yy.....",
    "claims.simulate": "yyy.y..",
    "claims.performance": "yyyyyy.",
    "claims.payments": "yyy.yy.",
    "claims.pay": "y...y..",
    "claims.charge_back": "yy.....",
    "claims.investigate": "yyy....",
    "returns.ship": "yyy..yy",
    "returns.receive": "yyy....",
    "parts.view": "yyyyyyy",
    "parts.order": "yyy..yy",
    "parts.import": "yyy....",
    "parts.manage": "yyy....",
    "parts.claim": "yyy..yy",
    "parts.decide": "yyy....",
    "incentives.view": "yyyyyyy",
    "incentives.enter": "yyy..yy",
    "incentives.import": "yyy....",
    "incentives.draft": "yyyy...",
    "incentives.publish": "yy.....",
    "incentives.decide": "yyy....",
    "incentives.authorize": "yy.....",
    "incentives.payments": "yyy.yy.",
    "incentives.pay": "y...y..",
    "incentives.reconcile": "y...y..",
    "coop.view": "yyyyyy.",
    "coop.request": "yyy..y.",
    "coop.import": "yyy....",
    "coop.decide": "yyy....",
    "coop.override": "yy.....",
    "coop.manage": "yy.....",
    "coop.pay": "y...y..",
    "pricing.view": "yyyyyy.",
    "pricing.request": "yyyy.y.",
    "pricing.decide": "yyyyy..",
    "pricing.sign": "yyyy...",
    "pricing.authorize": "yy.....",
    "pricing.price": "y...y..",
    "pricing.legal": "yy.....",
    "pricing.budget": "yy.....",
    "reports.view": "yyyyyy.",
    "reports.share": "yyyyy..",
    "pack.view": "yyyyy..",
    "months.freeze": "yy.....",
    "weekly.view": "yyyyyyy",
    "weekly.manage": "yyy....",
    "people.view": "yy.....",
    "people.manage": "y......",
    "calendars.view": "yyy..y.",
    "calendars.manage": "yy.....",
    "imports.view": "yyy....",
    "imports.undo": "yyy....",
    "export.run": "yyyyyy.",
    "export_log.view": "yy.....",
    "timeline.search": "yy.....",
    "flows.view": "yyyyy..",
    "personal_data.view": "yyy..yy",
}


def test_every_permission_has_a_row_and_every_role_a_column() -> None:
    assert set(EXPECTED) == {p.value for p in Permission}
    assert set(COLUMNS) == {r.value for r in Role} == {r.value for r in GRANTED} == {r.value for r in ROLE_LABELS}
    assert {len(row) for row in EXPECTED.values()} == {len(COLUMNS)}


@pytest.mark.parametrize("permission", list(Permission))
def test_what_a_role_may_is_what_the_table_says(permission: Permission) -> None:
    found = "".join("y" if may(Role(role), permission) else "." for role in COLUMNS)
    assert found == EXPECTED[permission], f"{permission}: {COLUMNS}"


@pytest.mark.parametrize("permission", list(Permission))
@pytest.mark.parametrize("role", list(Role))
def test_an_actor_is_refused_exactly_what_the_role_was_not_granted(role: Role, permission: Permission) -> None:
    somebody = actor(role)
    if EXPECTED[permission][COLUMNS.index(role)] == "y":
        somebody.require(permission)
        assert somebody.can(permission)
    else:
        assert not somebody.can(permission)
        with pytest.raises(Refused) as refusal:
            somebody.require(permission)
        assert (refusal.value.code, refusal.value.problems[0].rule) == ("not_allowed", permission.value)
        assert role.label in str(refusal.value)


def test_a_role_or_permission_nobody_declared_is_denied() -> None:
    assert not any(may("owner", p) for p in Permission)  # type: ignore[arg-type]
    assert not any(may(r, "leads.delete") for r in Role)  # type: ignore[arg-type]


def test_dealer_roles_never_hold_what_reaches_beyond_their_dealer() -> None:
    beyond = {p for p in Permission if p.value.endswith((".manage", ".import", ".undo")) or p is Permission.PEOPLE_VIEW}
    for role in Role:
        assert role.is_dealer == role.value.startswith("dealer_")
        if role.is_dealer:
            assert not GRANTED[role] & beyond


@pytest.mark.parametrize("source", ["app", "cli", "http", "sweep", "seed"])
def test_the_desk_itself_sees_everything_and_is_named(source: str) -> None:
    desk = system_actor(source)  # type: ignore[arg-type]
    assert (desk.user_id, desk.username, desk.source, desk.scope) == (None, f"system:{source}", source, EVERYTHING)
    assert desk.name
    assert all(desk.can(p) for p in Permission)


# --------------------------------------------------------------------------------------------------------------- scope
REGIONS = ["East", "West", "North", "", "east", "O'Hare; DROP"]
DEALERS = [1, 2, 3, 2**40]
scopes = st.one_of(
    st.just(EVERYTHING),
    st.builds(Scope, st.just("regions"), regions=st.frozensets(st.sampled_from(REGIONS))),
    st.builds(Scope, st.just("dealers"), dealer_ids=st.frozensets(st.sampled_from(DEALERS))),
    # what belongs to another kind must not widen the scope
    st.builds(
        Scope, st.sampled_from(["regions", "dealers"]), regions=st.frozensets(st.sampled_from(REGIONS)),
        dealer_ids=st.frozensets(st.sampled_from(DEALERS)),
    ),
)  # fmt: skip
records = st.lists(
    st.tuples(st.none() | st.sampled_from(DEALERS), st.none() | st.sampled_from(REGIONS)), min_size=1, max_size=8
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scope=scopes, rows=records)
def test_scope_means_the_same_in_sql_and_in_python(
    engine: Engine, scope: Scope, rows: list[tuple[int | None, str | None]]
) -> None:
    with reading(engine) as session:
        session.execute(delete(SearchWord))
        session.execute(
            insert(SearchWord),
            [
                {"id": n, "word": "w", "kind": "lead", "item_id": n, "dealer_id": d, "region": r}
                for n, (d, r) in enumerate(rows)
            ],
        )  # fmt: skip
        seen = set(session.scalars(select(SearchWord.id).where(scope.where(SearchWord.dealer_id, SearchWord.region))))
        hidden = set(session.scalars(select(SearchWord.id))) - seen
    assert seen == {n for n, (d, r) in enumerate(rows) if scope.allows(dealer_id=d, region=r)}
    assert hidden == {n for n, (d, r) in enumerate(rows) if not scope.allows(dealer_id=d, region=r)}


@pytest.mark.parametrize(
    "scope, words, is_all",
    [
        (EVERYTHING, "All dealers", True),
        (Scope("regions", regions=frozenset({"West", "East"})), "East, West", False),
        (Scope("regions"), "No region", False),
        (Scope("dealers", dealer_ids=frozenset({1})), "1 dealer", False),
        (Scope("dealers", dealer_ids=frozenset({1, 2, 3})), "3 dealers", False),
        (Scope(), "0 dealers", False),
    ],
    ids=lambda v: v if isinstance(v, str) else None,
)
def test_a_scope_says_what_it_is_and_can_key_a_cache(scope: Scope, words: str, is_all: bool) -> None:
    assert (scope.describe(), scope.is_all) == (words, is_all)
    assert hash(scope) == hash(Scope(scope.kind, frozenset(scope.regions), frozenset(scope.dealer_ids)))


def test_somebody_made_without_a_scope_sees_nothing() -> None:
    assert not Scope().allows(dealer_id=1, region="East")
    assert not Scope().allows(dealer_id=None, region=None)
