"""Page 4,000 of the queue of claims costs what page 1 does: it is sought, not walked to (issue 8, decision 9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert
from sqlalchemy.orm import Session

from db.claims.board_queries import OURS, ClaimFilters, list_claims
from db.claims.tables import Claim
from db.core.session import make_engine, reading, writing
from tests.support.core import NOW, _needed, actor, add_dealer
from tests.support.plans import plans

AFTER = (datetime(2026, 6, 1, tzinfo=UTC), 98_376)
ORDER = {"all": ("submitted_at", True), "decided": ("decided_at", True)}


@pytest.mark.parametrize("view", sorted(OURS))
def test_a_page_in_the_middle_is_sought_by_its_index(sqlite_engine: Engine, view: str) -> None:
    column, falls = ORDER.get(view, ("due_at", False))
    filters = ClaimFilters(view=view, levels=(1, 2))
    page, *_ = plans(sqlite_engine, partial(list_claims, actor=actor(), filters=filters, after=AFTER))
    assert f"{column}{'<' if falls else '>'}?" in page, page
    assert "SCAN claim" not in page


def test_both_columns_are_sought_where_moments_repeat(postgres_url: str) -> None:
    desk = make_engine(postgres_url)
    for view in ("all", "decided", "waiting"):
        column, falls = ORDER.get(view, ("due_at", False))
        filters = ClaimFilters(view=view)
        page, *_ = plans(desk, partial(list_claims, actor=actor(), filters=filters, after=AFTER))
        sought = [line for line in page.splitlines() if "Index Cond" in line and column in line]
        assert any(f"ROW({column}, id) {'<' if falls else '>'} ROW(" in line for line in sought), page
    desk.dispose()


def test_rows_before_a_page_are_not_read(sqlite_engine: Engine) -> None:
    """Counted by SQLite itself, in steps of its program: a page far down takes as many as the first one."""
    with writing(sqlite_engine, keeps_timeline=False) as session:
        add_dealer(session, 1)
        _claims(session, 600)
    filters = ClaimFilters(view="decided")
    cursor, taken = None, []
    for _ in range(12):
        (_, cursor), steps = _counted(sqlite_engine, filters, cursor)
        taken.append(steps)
    assert cursor is None, "the last page was reached"
    assert max(taken[:-1]) <= 1.25 * taken[0], taken


def _claims(session: Session, many: int) -> None:
    given = {
        "status": "paid", "is_open": False, "submitted_by": "dora", "created_at": NOW, "updated_at": NOW,
        "updated_by": "Dora", "claim_type": "standard", "stage_entered_at": NOW, "claimed_cents": 100_00,
    }  # fmt: skip
    needed = _needed(Claim, {"id", "number", "family_id", "decided_at", *given})
    session.execute(
        insert(Claim),
        [
            {
                **needed, **given, "id": n, "number": f"WC-{n:06}", "family_id": n,
                "decided_at": NOW - timedelta(hours=n // 3),
            }
            for n in range(1, many + 1)
        ],
    )  # fmt: skip


def _counted(engine: Engine, filters: ClaimFilters, after: Any) -> tuple[Any, int]:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    def watch(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        on = statement.lstrip().startswith("SELECT claim.id")
        connection.connection.driver_connection.set_progress_handler(step if on else None, 1)

    event.listen(engine, "before_cursor_execute", watch)
    try:
        with reading(engine) as session:
            return list_claims(session, actor=actor(), filters=filters, after=after), steps
    finally:
        event.remove(engine, "before_cursor_execute", watch)
