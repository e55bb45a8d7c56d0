"""Random lives of claims (R02): several people decide, return, appeal, pay, charge back; the money adds up at each step.

A hundred lives of thirty steps on SQLite. After every step the rows themselves are asked, not the program: approved
within claimed, the ledger what was decided, nothing written ever changed, nobody two signatures in a row, one appeal.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event

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
from db.core.problems import Refused
from db.core.session import make_engine, reading, run, writing
from tests.claim_payments.factories import House
from tests.claims.factories import LABOUR, NOW, PART, draft
from tests.warranty.factories import warranty_data

LIVES, STEPS = 100, 30
WHY = {"reason_code": "NOT_DEFECT", "note": "The part shows no defect."}
DECIDERS = ("cora", "carl", "mason", "mira", "ada")
REVIEW = ("in_review", "appealed", "pending_part", "with_engineering")
SETTLED = ("approved", "partially_approved", "paid", "adjusted")
KEPT = {  # what is written once; the columns a later step may fill
    "claim_entry": {"memo_id"}, "claim_decision": set(), "claim_run": set(), "credit_memo": set(),
    "payment_batch": set(), "claim_policy": set(),
}  # fmt: skip
shares = st.sampled_from([0, 30, 100, 100, 100])
picks = st.integers(0, 99)
deciders = st.sampled_from(DECIDERS)


@pytest.fixture
def template(sqlite_url: str) -> Iterator[House]:
    """The house as every life begins; its file is copied for each."""
    engine = make_engine(sqlite_url)
    house = House(engine)
    warranty_data(engine)
    with engine.begin() as connection:  # silence approves there, and charge-backs end after a year
        connection.exec_driver_sql(f"UPDATE dealer SET state = 'WA' WHERE id = {house.other_dealer}")
    for name in (*DECIDERS, "dora", "otto", "finn", "fred"):
        getattr(house, name)
    engine.dispose()
    yield house


class Life(RuleBasedStateMachine):
    """Everything that can happen to claims and their money, by whoever may or may not."""

    houses: tuple[House, ...]  # one; a House answers to any name, which would confuse the machine
    folder: Path
    numbers = count()

    @initialize()
    def open(self) -> None:
        self.path = self.folder / f"life{next(self.numbers)}.db"
        shutil.copy(self.house.engine.url.database or "", self.path)
        self.engine = make_engine(f"sqlite:///{self.path}")
        event.listen(self.engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"), insert=False)
        self.rows = sqlite3.connect(self.path)
        self.rows.row_factory = sqlite3.Row
        self.now, self.key = NOW, count()
        self.written: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            with reading(self.engine) as session:
                said = [s for area in catalog.AREAS if area.name in ("claims", "claim_payments") for c in area.checks
                        for s in c.run(session)]  # fmt: skip
            self.rows.close()
            self.engine.dispose()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            assert said == []

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

    def claim(self, pick: int, *states: str) -> sqlite3.Row | None:
        """One of the claims in these states."""
        marks = ",".join("?" * len(states))
        found = self.all(f"SELECT * FROM claim WHERE status IN ({marks}) ORDER BY id", *states)
        return found[pick % len(found)] if found else None

    def step(self, name: str, by: str, claim: sqlite3.Row | None, **more: Any) -> None:
        if claim is not None:
            self.do(COMMANDS[name], by, item_id=claim["id"], seen_version=claim["version"], **more)

    def owner(self, claim: sqlite3.Row) -> str:
        return "dora" if claim["dealer_id"] == self.house.dealer else "otto"

    # ---- the dealer
    @rule(cents=st.sampled_from([100_00, 100_00, 900_00, 3_000_00, 8_000_00]), west=st.booleans(), off=st.booleans())
    def send(self, cents: int, west: bool, off: bool) -> None:
        if len(self.all("SELECT id FROM claim")) >= 6:
            return
        n = next(self.key)
        charges = [replace(LABOUR, quantity=1_00, unit_cents=cents - 60_00),
                   replace(PART, quantity=1_00, unit_cents=60_00, markup=0)]  # fmt: skip
        if off:
            charges.append(replace(PART, position=3, kind="deductible", job=0, code="", quantity=1_00, unit_cents=-50_00,
                                   markup=0))  # fmt: skip
        by = "otto" if west else "dora"
        dealer = self.house.other_dealer if west else self.house.dealer
        entered = draft(ro_number=f"RO-{n}", charges=tuple(charges))
        made = self.do(save_draft, by, dealer_id=dealer, draft=entered, form_key=f"c{n}")
        self.do(COMMANDS["submit"], by, item_id=made, seen_version=1)

    @rule(pick=picks)
    def send_again(self, pick: int) -> None:
        claim = self.claim(pick, "returned", "draft")
        if claim is not None:
            self.step("submit", self.owner(claim), claim)

    @rule(pick=picks)
    def take_back(self, pick: int) -> None:
        claim = self.claim(pick, "returned", "draft")
        if claim is not None and pick % 4 == 0:
            self.step("void", self.owner(claim), claim, note="Never mind")

    @rule(pick=picks)
    def appeal(self, pick: int) -> None:
        claim = self.claim(pick, "denied", "partially_approved")
        if claim is not None:
            self.step("appeal", self.owner(claim), claim, note="The hours were needed")

    @rule(pick=picks, is_debit=st.booleans(), share=st.sampled_from([10, 50, 100]))
    def further_version(self, pick: int, is_debit: bool, share: int) -> None:
        claim = self.claim(pick, *SETTLED)
        if claim is None or len(self.all("SELECT id FROM claim")) >= 10:
            return
        by, key = self.owner(claim), f"v{next(self.key)}"
        made = self.do(begin_debit if is_debit else begin_supplement, by, claim_id=claim["id"], form_key=key)
        if made is None:
            return
        with reading(self.engine) as session:
            said = draft_of(session, session.get_one(Claim, made))
        lines = said.charges if is_debit else (replace(LABOUR, quantity=1_00, unit_cents=400_00),)
        lines = tuple(replace(c, unit_cents=c.unit_cents * share // 100) for c in lines)
        self.do(
            save_draft, by, dealer_id=claim["dealer_id"], draft=replace(said, charges=lines, original_number=""),
            claim_id=made, seen_version=1, form_key=key,
        )  # fmt: skip
        self.do(COMMANDS["submit"], by, item_id=made, seen_version=2)

    # ---- people who decide
    @rule(pick=picks, by=deciders)
    def approve(self, pick: int, by: str) -> None:
        self.step("approve", by, self.claim(pick, *REVIEW))

    @rule(pick=picks, by=deciders, cuts=st.tuples(shares, shares, shares))
    def decide(self, pick: int, by: str, cuts: tuple[int, int, int]) -> None:
        claim = self.claim(pick, *REVIEW)
        if claim is None:
            return
        charges = self.all("SELECT * FROM claim_charge WHERE claim_id = ? ORDER BY position", claim["id"])
        lines = [
            LineDecision(
                position=c["position"], cents=c["claimed_cents"] * share // 100, reason_code="CAP_APPLIED",
            )
            for c, share in zip(charges, cuts, strict=False)
        ]  # fmt: skip
        self.do(decide_lines, by, item_id=claim["id"], seen_version=claim["version"], lines=lines)

    @rule(by=deciders)
    def approve_many(self, by: str) -> None:
        rows = self.all("SELECT id, version FROM claim WHERE status IN ('in_review', 'appealed')")
        self.do(approve_many, by, items=[(r["id"], r["version"]) for r in rows])

    @rule(pick=picks, by=deciders, name=st.sampled_from(["deny", "send_back"]))
    def refuse(self, pick: int, by: str, name: str) -> None:
        self.step(name, by, self.claim(pick, *REVIEW), **WHY)

    @rule(pick=picks, by=deciders)
    def wait_or_go_on(self, pick: int, by: str) -> None:
        claim = self.claim(pick, *REVIEW)
        if claim is not None and claim["status"] in ("in_review", "appealed"):
            self.step("await_part", by, claim, note="Show us the part")
        else:
            self.step("resume", by, claim)

    @rule(pick=picks)
    def silence(self, pick: int) -> None:
        if pick % 3 == 0:
            self.now += timedelta(days=31)
            jobs.run_deemed(self.engine, now=self.now)

    # ---- people of money
    @rule(by=st.sampled_from(["finn", "fred", "ada"]))
    def pay(self, by: str) -> None:
        self.do(make_batch, by)

    @rule(pick=picks, by=st.sampled_from(["mason", "mira", "ada"]), cents=st.sampled_from([1, 50_00, 400_00, 3_000_00]))
    def charge_back(self, pick: int, by: str, cents: int) -> None:
        self.step("charge_back", by, self.claim(pick, "paid", "adjusted"), amount_cents=cents, **WHY)

    @rule(pick=picks, by=st.sampled_from(["mason", "mira"]), cents=st.sampled_from([1, 60_00]))
    def charge_back_a_line(self, pick: int, by: str, cents: int) -> None:
        claim = self.claim(pick, "paid", "adjusted")
        if claim is not None:
            lines = [LineBack(position=1 + pick % 2, cents=cents)]
            self.do(charge_back_lines, by, item_id=claim["id"], seen_version=claim["version"], lines=lines, **WHY)

    @rule(pick=picks, by=st.sampled_from(["mason", "mira", "ada"]))
    def reverse(self, pick: int, by: str) -> None:
        entries = self.all("SELECT id FROM claim_entry WHERE kind <> 'approval' ORDER BY id")
        if entries:
            self.do(reverse_entry, by, entry_id=entries[pick % len(entries)]["id"], note="A mistake")

    @rule(pick=picks, cents=st.sampled_from([1, 60_00, 10_000_00]), is_credit=st.booleans())
    def old_part(self, pick: int, cents: int, is_credit: bool) -> None:
        claim = self.claim(pick, *SETTLED)
        if claim is not None:
            post = post_part_credit if is_credit else post_part_debit
            with writing(self.engine, keeps_timeline=False) as session:
                post(
                    session, claim_id=claim["id"], key=f"part{next(self.key)}", cents=cents, reason="Old part",
                    actor=self.who("cora"), now=self.now,
                )  # fmt: skip

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
        posted, unpaid, families, paid = (defaultdict(int) for _ in range(4))
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


def test_a_hundred_lives(template: House, tmp_path: Path):
    class Here(Life):
        houses = (template,)
        folder = tmp_path

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Here,
        settings=settings(
            max_examples=LIVES, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
