"""Any order of events: what the ledger charges for a part is nothing or what was paid for it, and never twice."""

from __future__ import annotations

import shutil
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from db.core.problems import Refused
from db.core.session import make_engine, run
from db.part_returns import jobs
from db.part_returns.bulk_commands import receive_box
from db.part_returns.commands import COMMANDS
from tests.claim_payments.factories import House
from tests.claims.factories import NOW
from tests.part_returns.factories import PAID, charged, problems, row_of
from tests.part_returns.test_follow import parts, tell
from tests.support.databases import migrate
from tests.support.users import actor_named

MORE: dict[str, dict[str, Any]] = {
    "request": {"note": "Please."}, "ship": {"carrier": "UPS"}, "receive": {}, "cancel": {"note": "No."},
    "inspect": {"finding": "wrong_part", "then": "later", "note": "Another."}, "ask_again": {"note": "The other."},
    "not_arrived": {"note": "Lost."}, "waive": {"note": "Ours."}, "keep": {}, "release": {},
}  # fmt: skip


@lru_cache(maxsize=1)
def template() -> Path:
    """A database with one approved claim, made once and copied for each life."""
    path = Path(mkdtemp(prefix="returns-")) / "template.db"
    migrate(f"sqlite:///{path}")
    engine = make_engine(f"sqlite:///{path}")
    House(engine).approved(cents=720_00)
    engine.dispose()
    return path


class Life(RuleBasedStateMachine):
    """One part; steps are tried in any order, and those that do not fit are refused."""

    @initialize()
    def begin(self) -> None:
        path = Path(shutil.copy(template(), Path(mkdtemp(prefix="returns-")) / "life.db"))
        self.engine = make_engine(f"sqlite:///{path}")
        self.mason, self.cora = (actor_named(self.engine, name) for name in ("mason", "cora"))
        self.claim = 1
        (self.part,) = parts(self.engine, self.claim)
        self.now = NOW

    @rule(name=st.sampled_from(sorted(MORE)))
    def step(self, name: str) -> None:
        row = row_of(self.engine, self.part)
        try:
            run(
                COMMANDS[name], bind=self.engine, item_id=self.part, seen_version=row.version, actor=self.mason,
                now=self.now, **MORE[name],
            )  # fmt: skip
        except Refused as refusal:
            assert refusal.code in ("wrong_state", "not_possible"), refusal  # noqa: PT017 - each other refusal is a fault

    @rule(days=st.integers(1, 20))
    def sweep(self, days: int) -> None:
        self.now += timedelta(days=days)
        for job in jobs.JOBS:
            job.run(self.engine, now=self.now)
            job.run(self.engine, now=self.now)

    @rule()
    def box(self) -> None:
        try:
            run(receive_box, bind=self.engine, numbers="1", actor=self.cora, now=self.now)
        except Refused as refusal:
            assert refusal.code == "skipped"  # noqa: PT017

    @rule(name=st.sampled_from(["claims.decided", "claims.reopened"]))
    def told_again(self, name: str) -> None:
        tell(self.engine, name, self.claim)

    @precondition(lambda self: hasattr(self, "part"))
    @invariant()
    def nothing_or_the_part(self) -> None:
        row, cents = row_of(self.engine, self.part), charged(self.engine, self.part)
        assert cents in (0, PAID)
        assert (cents == PAID) == (row.debit_entry_id is not None)
        if row.status == "missing":
            assert cents == PAID
        if row.status not in ("missing", "shipped", "requested"):
            assert cents == 0
        assert problems(self.engine) == []

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=8, stateful_step_count=14, deadline=None)
