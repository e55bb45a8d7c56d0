"""Approved claims for tests of money, brought there through commands only; whatever the rules find is decided on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from db.claim_payments.batch_commands import make_batch
from db.claim_payments.tables import ClaimEntry
from db.claims.decide_commands import LineDecision, decide_lines
from db.claims.policy_rules import DEFAULT
from db.claims.record import charges_of
from db.claims.snapshots import policy_to_json
from db.claims.submit_commands import submit
from db.claims.tables import Claim, ClaimPolicy
from db.core.actor import Actor
from db.core.permissions import Role
from db.core.session import reading, run, writing
from tests.claims.factories import LABOUR, NOW, PART, claim_of, saved, step
from tests.support.users import actor_named, make_dealer, make_person

OPEN = ("in_review", "appealed", "pending_part", "with_engineering", "pending_preauth")


class House:
    """A dealer and the people around its claims."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dealer = make_dealer(engine)
        self.other_dealer = make_dealer(engine, code="04099", name="Far Away Cars", region="West")
        make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[self.dealer])
        make_person(engine, "otto", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[self.other_dealer])
        for name, role in (
            ("cora", Role.COORDINATOR), ("carl", Role.COORDINATOR), ("mason", Role.MANAGER), ("mira", Role.MANAGER),
            ("finn", Role.FINANCE), ("fred", Role.FINANCE), ("ada", Role.ADMIN),
        ):  # fmt: skip
            make_person(engine, name, role)
        self.made = 0
        self._decide_by_hand()

    def _decide_by_hand(self) -> None:
        """A policy without a rule that pays nothing by itself: these tests are about money, whatever the rules find."""
        policy = replace(DEFAULT, version=90, rules={}, attachments={}, auto_approve_cents=-(10**12), disabled_types={})
        with writing(self.engine, keeps_timeline=False) as session:
            session.add(
                ClaimPolicy(
                    number=90, effective_from=date(2020, 1, 1), body=policy_to_json(policy), reason="Tests of money",
                    created_at=NOW, created_by="Test",
                )
            )  # fmt: skip

    def __getattr__(self, name: str) -> Actor:
        if name.startswith("_"):
            raise AttributeError(name)
        found = actor_named(self.engine, name)
        setattr(self, name, found)
        return found

    def draft(self, *, cents: int = 300_00, dealer_id: int | None = None, now: datetime = NOW, **more: Any) -> int:
        """A draft of one labour line, and of a part of 420.00 when it is dearer than that."""
        self.made += 1
        part = 420_00 if cents > 420_00 else 0
        charges = [replace(LABOUR, quantity=1_00, unit_cents=cents - part)]
        charges += [replace(PART, quantity=1_00, unit_cents=300_00, markup=40_00)] if part else []
        original = more.pop("original", None)
        values: dict[str, Any] = {
            "ro_number": f"RO-{self.made:05}", "charges": tuple(charges),
        }  # fmt: skip
        owner = self.otto if dealer_id == self.other_dealer else self.dora
        claim_id = saved(
            self.engine, dealer_id=dealer_id or self.dealer, actor=owner, key=f"f{self.made}", now=now,
            **(values | more),
        )  # fmt: skip
        if original is not None:  # a further version of a claim (domain-rules 2.1 E)
            with writing(self.engine, keeps_timeline=False) as session:
                claim, first = session.get_one(Claim, claim_id), session.get_one(Claim, original)
                claim.original_id, claim.family_id, claim.series_version = original, first.family_id, self.made
        return claim_id

    def sent(self, **more: Any) -> int:
        """A claim in the state the rules left it in."""
        now = more.get("now", NOW)
        claim_id = self.draft(**more)
        owner = self.otto if more.get("dealer_id") == self.other_dealer else self.dora
        version = claim_of(self.engine, claim_id).version
        run(submit, bind=self.engine, item_id=claim_id, seen_version=version, actor=owner, now=now)
        return claim_id

    def decide(self, claim_id: int, *, share: int = 100, now: datetime = NOW, by: str = "cora") -> None:
        """Sign until it is decided, at `share` percent of each line: by a coordinator, then two managers."""
        for who in (by, "mason", "mira"):
            claim = claim_of(self.engine, claim_id)
            if claim.status not in OPEN:
                return
            with reading(self.engine) as session:
                lines = [
                    LineDecision(
                        position=c.position, cents=c.claimed_cents * share // 100,
                        reason_code="" if share == 100 else "BEYOND_POLICY", note="" if share == 100 else "Too much",
                    )
                    for c in charges_of(session, claim_id)
                ]  # fmt: skip
            run(
                decide_lines, bind=self.engine, item_id=claim_id, seen_version=claim.version, lines=lines,
                actor=getattr(self, who), now=now,
            )  # fmt: skip

    def approved(self, *, share: int = 100, by: str = "cora", **more: Any) -> int:
        """A claim that was approved by a person (in part when `share` is below 100)."""
        claim_id = self.sent(**more)
        self.decide(claim_id, share=share, now=more.get("now", NOW), by=by)
        assert claim_of(self.engine, claim_id).status in ("approved", "partially_approved")
        return claim_id

    def batch(self, *, who: str = "finn", now: datetime = NOW + timedelta(days=2), **more: Any) -> int:
        return run(make_batch, bind=self.engine, actor=getattr(self, who), now=now, **more)

    def step(self, name: str, claim_id: int, *, who: str, now: datetime = NOW, **more: Any) -> Any:
        return step(self.engine, name, claim_id, actor=getattr(self, who), now=now, **more)

    def status(self, claim_id: int) -> str:
        return claim_of(self.engine, claim_id).status

    def ledger(self, claim_id: int) -> list[tuple[str, int]]:
        """(kind, cents) of the claim's entries in order."""
        with reading(self.engine) as session:
            rows = session.execute(
                select(ClaimEntry.kind, ClaimEntry.cents).where(ClaimEntry.claim_id == claim_id).order_by(ClaimEntry.id)
            )
            return [(kind, cents) for kind, cents in rows]

    def unpaid(self, dealer_id: int | None = None) -> int:
        """The sum of entries no memo has paid."""
        with reading(self.engine) as session:
            return (
                session.scalar(
                    select(func.coalesce(func.sum(ClaimEntry.cents), 0)).where(
                        ClaimEntry.memo_id.is_(None), ClaimEntry.dealer_id == (dealer_id or self.dealer)
                    )
                )
                or 0
            )
