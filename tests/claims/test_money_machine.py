"""Random lives of claims (R02): several people decide, return, appeal, pay, charge back; the money adds up.

Lives of thirty steps on SQLite (1,000 in the long tier). After every step the rows themselves are asked, not the
program: approved within claimed, the ledger what was decided, nothing written ever changed, nobody two signatures in a
row, one appeal.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, event

from db import catalog
from db.claim_payments.batch_commands import make_batch
from db.claim_payments.entry_commands import post_part_credit, post_part_debit, reverse_entry
from db.claims import jobs
from db.claims.bulk_commands import approve_many
from db.claims.commands import COMMANDS
from db.claims.decide_commands import decide_lines
from db.claims.decision_rules import LineDecision
from db.claims.draft_commands import save_draft
from db.claims.policy_rules import DEFAULT
from db.claims.record import draft_of
from db.claims.settle_commands import LineBack, charge_back_lines
from db.claims.tables import Claim
from db.claims.version_commands import begin_debit, begin_supplement
from db.core import events
from db.core.problems import Refused
from db.core.session import make_engine, reading, run, writing
from tests.claim_payments.factories import House
from tests.claims.factories import LABOUR, NOW, PART
from tests.support.tier import figure, sized
from tests.warranty.factories import warranty_data

LIVES, STEPS = sized(fast=15, long=1_000), 30
WHY = {"reason_code": "NOT_DEFECT", "note": "The part shows no defect."}
DECIDERS = ("cora", "carl", "mason", "mira", "ada")
KEPT = {  # what is written once; the columns a later step may fill
    "claim_entry": {"memo_id"}, "claim_decision": set(), "claim_run": set(), "credit_memo": set(),
    "payment_batch": set(), "claim_policy": set(),
}  # fmt: skip
AMOUNTS = (1, 60_00, 400_00, 3_000_00, 8_000_00)


@pytest.fixture
def template(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house as every life begins, with five claims in review; its file is copied for each."""
    # Looking for odd claims costs most of sending one, and decides nothing.
    monkeypatch.setattr(events, "_followers", {k: f for k, f in events._followers.items() if k != "look at claims"})
    engine = make_engine(sqlite_url)
    house = House(engine)
    warranty_data(engine)
    with engine.begin() as connection:  # silence approves there, and charge-backs end after a year
        connection.exec_driver_sql(f"UPDATE dealer SET state = 'WA' WHERE id = {house.other_dealer}")
    for n, cents in enumerate((100_00, 900_00, 3_000_00, 8_000_00, 120_00)):
        charges = [
            replace(LABOUR, quantity=1_00, unit_cents=cents - 60_00),
            replace(PART, quantity=1_00, unit_cents=60_00, markup=0),
        ]
        if n % 2:
            charges.append(replace(PART, position=3, kind="deductible", job=0, code="", unit_cents=-50_00, markup=0))
        house.sent(charges=tuple(charges), dealer_id=house.other_dealer if n > 2 else house.dealer)
    for name in (*DECIDERS, "dora", "otto", "finn", "fred"):
        getattr(house, name)
    engine.dispose()
    return house


class Life(RuleBasedStateMachine):
    """Everything that can happen to claims and their money, by whoever may or may not."""

    houses: tuple[House, ...]  # one; a House answers to any name, which would confuse the machine
    engine: Engine

    @initialize()
    def open(self) -> None:
        self.path = Path(self.engine.url.database or "")
        self._away()
        shutil.copy(self.house.engine.url.database or "", self.path)
        self.rows = sqlite3.connect(self.path)
        self.rows.row_factory = sqlite3.Row
        self.now, self.key = NOW, count()
        self.written: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)

    def _away(self) -> None:
        self.engine.dispose()  # the engine itself stays: it keeps its compiled statements
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def teardown(self) -> None:
        if not hasattr(self, "rows"):
            return
        self.rows.close()
        with reading(self.engine) as session:
            checks = [c for area in catalog.AREAS if area.name in ("claims", "claim_payments") for c in area.checks]
            assert [sentence for check in checks for sentence in check.run(session)] == []

    # ---- helpers
    @property
    def house(self) -> House:
        return self.houses[0]

    def who(self, name: str) -> Any:
        return getattr(self.house, name)

    def do(self, command: Callable[..., Any], by: str, **given: Any) -> Any:
        """Run a command an hour later; a refusal is an answer like any other."""
        self.now += timedelta(hours=1)
        try:
            return run(command, bind=self.engine, actor=self.who(by), now=self.now, **given)
        except Refused:
            return None

    def all(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self.rows.execute(query, values).fetchall()

    # ---- one thing that may happen to a claim in its state
    @rule(seed=st.integers(0, 2**64 - 1))
    def happens(self, seed: int) -> None:
        """One step of a life. The choice is drawn from a seed: Hypothesis' own is too fond of small numbers."""
        chance = Random(seed)
        what = chance.random()
        if what < 0.1:
            self.do(make_batch, chance.choice(("finn", "fred", "ada")))
            return
        if what < 0.13:
            self.now += timedelta(days=31)
            jobs.run_deemed(self.engine, now=self.now)
            return
        claim = chance.choice(self.all("SELECT * FROM claim ORDER BY id"))
        owner = "dora" if claim["dealer_id"] == self.house.dealer else "otto"
        cuts = tuple(chance.choice((0, 30, 100, 100, 100)) for _ in range(3))
        chance.choice(ACTIONS[claim["status"]])(
            self, claim, by=chance.choice(DECIDERS), owner=owner, cuts=cuts, cents=chance.choice(AMOUNTS)
        )

    def step(self, name: str, by: str, claim: sqlite3.Row, **more: Any) -> None:
        self.do(COMMANDS[name], by, item_id=claim["id"], seen_version=claim["version"], **more)

    def send_again(self, claim: sqlite3.Row, *, owner: str, **_: Any) -> None:
        self.step("submit", owner, claim)

    def take_back(self, claim: sqlite3.Row, *, owner: str, **_: Any) -> None:
        self.step("void", owner, claim, note="Never mind")

    def appeal(self, claim: sqlite3.Row, *, owner: str, **_: Any) -> None:
        self.step("appeal", owner, claim, note="The hours were needed")

    def supplement(self, claim: sqlite3.Row, *, owner: str, cents: int, **_: Any) -> None:
        self._version(begin_supplement, claim, owner, lambda c: (replace(LABOUR, quantity=1_00, unit_cents=cents),))

    def debit(self, claim: sqlite3.Row, *, owner: str, cuts: tuple[int, int, int], **_: Any) -> None:
        share = max(cuts[0], 10)
        self._version(
            begin_debit, claim, owner, lambda said: [replace(c, unit_cents=c.unit_cents * share // 100) for c in said]
        )

    def _version(self, begin: Callable[..., Any], claim: sqlite3.Row, by: str, lines: Callable[[Any], Any]) -> None:
        if len(self.all("SELECT id FROM claim")) >= 9:
            return
        key = f"v{next(self.key)}"
        made = self.do(begin, by, claim_id=claim["id"], form_key=key)
        if made is None:
            return
        with reading(self.engine) as session:
            said = draft_of(session, session.get_one(Claim, made))
        said = replace(said, charges=tuple(lines(said.charges)), original_number="")
        self.do(
            save_draft, by, dealer_id=claim["dealer_id"], draft=said, claim_id=made, seen_version=1, form_key=key
        )  # fmt: skip
        self.do(COMMANDS["submit"], by, item_id=made, seen_version=2)

    def approve(self, claim: sqlite3.Row, *, by: str, **_: Any) -> None:
        self.step("approve", by, claim)

    def decide(self, claim: sqlite3.Row, *, by: str, cuts: tuple[int, int, int], **_: Any) -> None:
        charges = self.all("SELECT * FROM claim_charge WHERE claim_id = ? ORDER BY position", claim["id"])
        lines = [
            LineDecision(position=c["position"], cents=c["claimed_cents"] * share // 100, reason_code="CAP_APPLIED")
            for c, share in zip(charges, cuts, strict=False)
        ]
        self.do(decide_lines, by, item_id=claim["id"], seen_version=claim["version"], lines=lines)

    def decide_all(self, claim: sqlite3.Row, *, by: str, **_: Any) -> None:
        rows = self.all("SELECT id, version FROM claim WHERE status IN ('in_review', 'appealed')")
        self.do(approve_many, by, items=[(r["id"], r["version"]) for r in rows])

    def deny(self, claim: sqlite3.Row, *, by: str, **_: Any) -> None:
        self.step("deny", by, claim, **WHY)

    def send_back(self, claim: sqlite3.Row, *, by: str, **_: Any) -> None:
        self.step("send_back", by, claim, **WHY)

    def wait(self, claim: sqlite3.Row, *, by: str, **_: Any) -> None:
        self.step("await_part", by, claim, note="Show us the part")

    def go_on(self, claim: sqlite3.Row, *, by: str, **_: Any) -> None:
        self.step("resume", by, claim)

    def charge_back(self, claim: sqlite3.Row, *, by: str, cents: int, **_: Any) -> None:
        self.step("charge_back", by, claim, amount_cents=cents, **WHY)

    def charge_back_a_line(self, claim: sqlite3.Row, *, by: str, cents: int, **_: Any) -> None:
        lines = [LineBack(position=1, cents=cents)]
        self.do(charge_back_lines, by, item_id=claim["id"], seen_version=claim["version"], lines=lines, **WHY)

    def part_debit(self, claim: sqlite3.Row, *, cents: int, **_: Any) -> None:
        self._part(post_part_debit, claim, cents)

    def part_credit(self, claim: sqlite3.Row, *, cents: int, **_: Any) -> None:
        self._part(post_part_credit, claim, cents)

    def _part(self, post: Callable[..., Any], claim: sqlite3.Row, cents: int) -> None:
        with writing(self.engine, keeps_timeline=False) as session:
            post(
                session, claim_id=claim["id"], key=f"part{next(self.key)}", cents=cents, reason="Old part",
                actor=self.who("cora"), now=self.now,
            )  # fmt: skip

    def reverse(self, claim: sqlite3.Row, *, by: str, **_: Any) -> None:
        for entry in self.all("SELECT id FROM claim_entry WHERE claim_id = ? AND kind <> 'approval'", claim["id"])[:1]:
            self.do(reverse_entry, by, entry_id=entry["id"], note="A mistake")

    # ---- what always holds
    @invariant()
    def lines_are_within_what_was_claimed(self) -> None:
        if not hasattr(self, "rows"):
            return
        sums: dict[int, int | None] = {}
        for c in self.all("SELECT * FROM claim_charge"):
            claimed, approved = c["claimed_cents"], c["approved_cents"]
            sums[c["claim_id"]] = None if approved is None else (sums.get(c["claim_id"]) or 0) + approved
            if approved is not None and c["kind"] != "deductible":
                assert min(claimed, 0) <= approved <= max(claimed, 0), dict(c)
        for c in self.all("SELECT * FROM claim WHERE approved_cents IS NOT NULL"):
            assert c["approved_cents"] == (sums.get(c["id"]) or 0), dict(c)
            assert c["claim_type"] == "debit" or c["approved_cents"] <= c["claimed_cents"]
            assert c["appeals"] <= 1

    @invariant()
    def the_ledger_says_what_was_decided(self) -> None:
        if not hasattr(self, "rows"):
            return
        entries = self.all("SELECT * FROM claim_entry ORDER BY id")
        by_id = {e["id"]: e for e in entries}
        posted: dict[int, int] = defaultdict(int)
        unpaid: dict[int, int] = defaultdict(int)
        families: dict[int, int] = defaultdict(int)
        paid: dict[int | None, int] = defaultdict(int)
        for e in entries:
            families[e["family_id"]] += e["cents"]
            paid[e["memo_id"]] += e["cents"]
            if e["reverses_id"] is not None:
                assert e["cents"] == -by_id[e["reverses_id"]]["cents"]
            elif e["kind"] in ("approval", "supplement", "debit", "reversal"):
                posted[e["claim_id"]] += e["cents"]
                unpaid[e["claim_id"]] += e["memo_id"] is None
        for c in self.all("SELECT * FROM claim"):
            owed = 0 if c["status"] in ("denied", "void") else c["approved_cents"] or 0
            assert posted[c["id"]] == owed, dict(c)
            if c["status"] in ("paid", "adjusted", "charged_back"):
                assert unpaid[c["id"]] == 0, dict(c)
        assert all(net >= 0 for net in families.values()), families
        backs = self.all(
            "SELECT d.claim_id, -sum(d.approved_cents) AS back, (SELECT -sum(e.cents) FROM claim_entry e"
            " WHERE e.claim_id = d.claim_id AND e.kind = 'charge_back') AS entered FROM claim_decision d"
            " WHERE d.kind = 'charge_back' GROUP BY d.claim_id"
        )
        assert all(b["back"] == b["entered"] for b in backs)
        memos = self.all("SELECT * FROM credit_memo")
        assert {m["id"]: m["cents"] for m in memos} == {k: v for k, v in paid.items() if k is not None}
        batches: dict[int, int] = defaultdict(int)
        for m in memos:
            batches[m["batch_id"]] += m["cents"]
        assert {b["id"]: b["cents"] for b in self.all("SELECT * FROM payment_batch")} == batches

    @invariant()
    def what_is_written_stays(self) -> None:
        if not hasattr(self, "rows"):
            return
        for table, later in KEPT.items():
            now = {r["id"]: dict(r) for r in self.all(f"SELECT * FROM {table}")}
            for key, before in self.written[table].items():
                after = now[key]
                assert {k for k in before if before[k] != after[k]} <= {k for k in later if before[k] is None}, before
            self.written[table] = now

    @invariant()
    def nobody_signs_two_levels_in_a_row(self) -> None:
        if not hasattr(self, "rows"):
            return
        limits = {a.level: a.up_to_cents for a in DEFAULT.authority}
        submitted = {c["id"]: c["submitted_by"] for c in self.all("SELECT id, submitted_by FROM claim")}
        last: dict[int, sqlite3.Row | None] = defaultdict(lambda: None)
        decided: dict[int, str] = {}
        for d in self.all("SELECT * FROM claim_decision WHERE how = 'person' ORDER BY id"):
            claim, kind, who = d["claim_id"], d["kind"], d["username"]
            if kind in ("return", "appeal"):
                last[claim] = None
                continue
            if kind == "charge_back":
                assert who not in {x["username"] for x in self.all(
                    "SELECT username FROM claim_decision WHERE claim_id = ? AND kind IN"
                    " ('recommend', 'approve', 'partial')", claim)}  # fmt: skip
                continue
            before = last[claim]
            if before is not None:
                assert (before["kind"], before["username"] != who) == ("recommend", True)
                assert d["level"] > before["level"]
            assert who not in (submitted[claim], decided.get(claim)), dict(d)
            if kind in ("approve", "partial"):
                limit = limits[d["level"]]
                assert limit is None or abs(d["approved_cents"]) <= limit or d["reason_code"] == WHY["reason_code"]
                assert limit is not None or (before is not None and before["level"] == 2)
            if kind != "recommend":
                decided[claim] = who
            last[claim] = d

    @invariant()
    def somebody_holds_every_open_claim(self) -> None:
        if not hasattr(self, "rows"):
            return
        end: dict[int, Any] = {}
        for h in self.all("SELECT * FROM claim_hold ORDER BY claim_id, position"):
            if h["claim_id"] in end and end[h["claim_id"]] is not None:
                assert h["since"] >= end[h["claim_id"]], dict(h)
            end[h["claim_id"]] = h["until"]
        for c in self.all("SELECT id, is_open, status FROM claim"):
            assert (end[c["id"]] is None) == bool(c["is_open"]), dict(c)


DECIDE = (Life.approve, Life.decide, Life.approve, Life.decide, Life.deny)
MORE = (Life.supplement, Life.debit, Life.part_debit, Life.part_credit)
BACK = (Life.charge_back, Life.charge_back_a_line, Life.charge_back)
ACTIONS: dict[str, tuple[Callable[..., None], ...]] = {
    "draft": (Life.send_again,), "rejected": (Life.send_again,),
    "returned": (Life.send_again, Life.send_again, Life.take_back),
    "in_review": (*DECIDE, *DECIDE, Life.send_back, Life.wait, Life.decide_all), "pending_part": (*DECIDE, Life.go_on),
    "appealed": (*DECIDE, Life.wait, Life.send_back), "denied": (Life.appeal,),
    "partially_approved": (Life.appeal, *MORE), "approved": (*MORE, Life.appeal), "paid": (*BACK, *MORE),
    "adjusted": (*BACK, *MORE, Life.reverse), "charged_back": (Life.reverse, Life.charge_back, Life.debit),
    "void": (Life.send_again, Life.approve),
}  # fmt: skip
"""What is tried in each state; some of it is always refused."""


def test_random_lives(template: House, tmp_path: Path):
    engine = make_engine(f"sqlite:///{tmp_path / 'life.db'}")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))

    class Here(Life):
        houses = (template,)

    Here.engine = engine
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=LIVES, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    engine.dispose()
    figure("R02", "lives of claims", LIVES)
