"""One step of a flow on a stored record: carried out whole, or refused with the reason that applies."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING, Scope
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.leads.flow import FLOW
from db.leads.tables import Lead
from db.workflow.engine import begin_step, end_step, get_item, move
from tests.support.again import begun
from tests.support.core import NOW, actor, add_customer, add_dealer, add_lead, at_once, note

LATER = NOW + timedelta(minutes=9)


@pytest.fixture
@begun
def desk(engine: Engine) -> Engine:
    """A dealer in the East with a contacted lead 1, one in the West with lead 2, lead 3 without a dealer."""
    with writing(engine, keeps_timeline=False) as session:
        add_dealer(session, 1)
        add_dealer(session, 2, region="West")
        add_customer(session)
        add_lead(session, 1, dealer_id=1, region="East", status="contacted")
        add_lead(session, 2, dealer_id=2, region="West", status="contacted")
        add_lead(session, 3, dealer_id=None, region="East", status="new")
    return engine


def take(session: Session, *, name: str, item_id: int, seen_version: int, actor: Any, now: Any, **values: Any) -> Any:
    item = begin_step(session, FLOW, name, item_id=item_id, seen_version=seen_version, actor=actor)
    changed = end_step(session, FLOW, name, item, actor=actor, now=now, **values)
    note(session, by=actor, **changed)
    return changed


def lead(engine: Engine, item_id: int = 1) -> Any:
    columns = (Lead.status, Lead.is_open, Lead.version, Lead.updated_by, Lead.updated_at, Lead.closed_at, Lead.due_at)
    with reading(engine) as session:
        return session.execute(select(*columns).where(Lead.id == item_id)).one()


def test_a_step_moves_the_record_and_tells_what_changed(desk: Engine) -> None:
    changed = run(
        take, bind=desk, name="lose", item_id=1, seen_version=1, actor=actor(), now=LATER, closed_at=LATER, due_at=None
    )
    assert changed == {
        "before": {"status": "contacted", "is_open": True, "stage_entered_at": NOW, "closed_at": None},
        "after": {"status": "lost", "is_open": False, "stage_entered_at": LATER, "closed_at": LATER},
    }
    found = lead(desk)
    assert (found.status, found.is_open, found.version) == ("lost", False, 2)
    assert (found.updated_by, found.updated_at, found.closed_at) == ("Cora", LATER, LATER)
    run(take, bind=desk, name="reopen", item_id=1, seen_version=2, actor=actor(), now=LATER, target="assigned")
    assert (lead(desk).status, lead(desk).is_open, lead(desk).version) == ("assigned", True, 3)


REFUSALS = [
    ("absent", {"item_id": 99}, NotFound, "not_found"),
    ("another region", {"actor": actor(scope=Scope("regions", regions=frozenset({"West"})))}, NotFound, "not_found"),
    (
        "another dealer",
        {"actor": actor(Role.DEALER_MANAGER, scope=Scope("dealers", dealer_ids=frozenset({2})))}, NotFound, "not_found",
    ),
    (
        "no dealer yet, asked by a dealer",
        {"item_id": 3, "actor": actor(Role.DEALER_MANAGER, scope=Scope("dealers", dealer_ids=frozenset({1})))},
        NotFound, "not_found",
    ),
    ("hidden comes before not allowed", {"actor": actor(Role.FINANCE, scope=Scope())}, NotFound, "not_found"),
    ("not allowed", {"actor": actor(Role.FINANCE)}, Refused, "not_allowed"),
    ("not allowed comes before stale", {"actor": actor(Role.FINANCE), "seen_version": 0}, Refused, "not_allowed"),
    ("an old screen", {"seen_version": 0}, Stale, "stale"),
    ("an old screen comes before the state", {"seen_version": 0, "name": "show_appointment"}, Stale, "stale"),
    ("wrong state", {"name": "show_appointment"}, Refused, "wrong_state"),
]  # fmt: skip


@pytest.mark.parametrize("what, changes, error, code", REFUSALS, ids=[r[0] for r in REFUSALS])
def test_a_step_is_refused_and_changes_nothing(
    desk: Engine, what: str, changes: dict[str, Any], error: type[Refused], code: str
) -> None:
    before = [lead(desk, n) for n in (1, 2, 3)]
    arguments: dict[str, Any] = {"name": "lose", "item_id": 1, "seen_version": 1, "actor": actor(), "now": LATER}
    with pytest.raises(error) as refusal:
        run(take, bind=desk, **(arguments | changes))
    assert refusal.value.code == code
    assert [lead(desk, n) for n in (1, 2, 3)] == before


def test_absent_and_hidden_records_read_alike(desk: Engine) -> None:
    sentences = set()
    for item_id, scope in ((99, EVERYTHING), (1, Scope("dealers", dealer_ids=frozenset({2})))):
        with pytest.raises(NotFound) as refusal, reading(desk) as session:
            get_item(session, FLOW, item_id=item_id, actor=actor(scope=scope))
        sentences.add(str(refusal.value))
    assert sentences == {"This lead was not found."}


def test_the_second_to_decide_is_told_who_was_first_and_when(desk: Engine) -> None:
    run(take, bind=desk, name="qualify", item_id=1, seen_version=1, actor=actor(username="sam"), now=LATER)
    with pytest.raises(Stale) as refusal:
        run(take, bind=desk, name="lose", item_id=1, seen_version=1, actor=actor(), now=LATER)
    assert (refusal.value.changed_by, refusal.value.changed_at) == ("Sam", LATER)
    assert "Lead L-000001 was changed by Sam at 13:09 UTC and is now qualified." in str(refusal.value)


def test_what_the_session_read_earlier_does_not_hide_a_change(postgres_url: str) -> None:
    from db.core.session import make_engine

    engine = make_engine(postgres_url)
    with writing(engine, keeps_timeline=False) as session:
        add_customer(session)
        add_lead(session, 1, status="contacted")
    with reading(engine) as session:
        old = session.get_one(Lead, 1)
        run(take, bind=engine, name="qualify", item_id=1, seen_version=1, actor=actor(username="sam"), now=LATER)
        assert old.version == 1
        with pytest.raises(Stale):
            begin_step(session, FLOW, "lose", item_id=1, seen_version=1, actor=actor())
    engine.dispose()


def test_a_change_between_reading_and_writing_is_noticed(desk: Engine) -> None:
    """On PostgreSQL the row is locked; where a lock is not held, the version in the WHERE still decides."""
    with pytest.raises(Stale, match="changed by somebody else"), writing(desk) as session:  # noqa: PT012
        item = begin_step(session, FLOW, "lose", item_id=1, seen_version=1, actor=actor())
        session.execute(
            update(Lead).where(Lead.id == 1).values(version=2).execution_options(synchronize_session=False)
        )  # fmt: skip
        end_step(session, FLOW, "lose", item, actor=actor(), now=LATER)
    assert (lead(desk).status, lead(desk).version) == ("contacted", 1)


@pytest.mark.parametrize(
    "name, target, error",
    [
        ("log_activity", "", "leads to one of"),  # several targets: the command must say which
        ("lose", "sold", "does not lead to 'sold'"),
    ],
)
def test_a_target_the_step_does_not_declare_is_a_programming_error(
    desk: Engine, name: str, target: str, error: str
) -> None:
    with pytest.raises(ValueError, match=error), reading(desk) as session:  # noqa: PT012 - the block is the step
        item = begin_step(session, FLOW, name, item_id=1, seen_version=1, actor=actor())
        end_step(session, FLOW, name, item, actor=actor(), now=LATER, target=target)


def test_a_step_may_leave_the_state_as_it_is_but_raises_the_version(desk: Engine) -> None:
    changed = run(
        take, bind=desk, name="log_activity", item_id=1, seen_version=1, actor=actor(), now=LATER, target="contacted"
    )
    assert changed == {"before": {}, "after": {}}
    assert (lead(desk).status, lead(desk).version, lead(desk).updated_at) == ("contacted", 2, LATER)


def test_a_job_moves_a_record_without_a_screen(desk: Engine) -> None:
    with writing(desk) as session:
        item = get_item(session, FLOW, item_id=1, actor=actor())
        note(session, **move(session, FLOW, item, target="expired", actor=actor(), now=LATER))
        assert (item.status, item.is_open, item.version) == ("expired", False, 2)


def test_of_two_who_decide_at_once_one_wins(desk: Engine) -> None:
    """R05: fifty leads, eight people on each; every lead is decided once, the other seven are told."""
    with writing(desk, keeps_timeline=False) as session:
        for item_id in range(100, 150):
            add_lead(session, item_id, dealer_id=1, region="East", status="contacted")
    together = Barrier(8)

    def work(number: int) -> int:
        wins = 0
        for item_id in range(100, 150):
            together.wait(timeout=60)
            try:
                run(
                    take, bind=desk, name="lose" if number % 2 else "qualify", item_id=item_id, seen_version=1,
                    actor=actor(username=f"p{number}"), now=LATER,
                )  # fmt: skip
                wins += 1
            except Stale:
                continue
        return wins

    assert sum(at_once(work, threads=8)) == 50
    with reading(desk) as session:
        decided = session.execute(select(Lead.version, Lead.status).where(Lead.id >= 100)).all()
    assert {version for version, _ in decided} == {2}
    assert {status for _, status in decided} <= {"lost", "qualified"}
