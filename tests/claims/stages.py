"""A claim at each stage of its life with the people around it, for tests that ask every command at every stage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, func, select

from db.claim_payments.entry_commands import reverse_entry
from db.claim_payments.tables import ClaimEntry, CreditMemo
from db.claims import submit_commands
from db.claims.draft_commands import save_draft
from db.claims.model import Outcome
from db.claims.record import draft_of
from db.claims.tables import Claim
from db.claims.version_commands import begin_debit, begin_supplement
from db.core.permissions import Role
from db.core.session import reading, run
from db.investigations.commands import COMMANDS as LOOK
from db.investigations.tables import Investigation
from tests.claim_payments.factories import House
from tests.claims.factories import LABOUR, NOW, claim_of, step
from tests.support.users import make_person

WHY: dict[str, Any] = {"reason_code": "NOT_DEFECT", "note": "The part shows no defect."}
LATER = NOW + timedelta(days=2)


class Stages(House):
    """`claims` holds one claim a state, `own` one that mason sent, `signed` one mason signed at level 2 of 3.

    `looks` holds investigations by state; `memo`, `charged` and `approval` ids of the money of a paid claim.
    """

    # What the table of commands needs beside, made in test_every_command.py.
    taken: int
    large: int
    by_mason: int
    looked_at: int | None
    closed_before: int
    scanned: date

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        make_person(engine, "stella", Role.DEALER_STAFF, dealer_ids=[self.dealer])
        make_person(engine, "sal", Role.SALES_LEADER)
        for name, role, region in (
            ("wes", Role.COORDINATOR, "West"), ("wanda", Role.MANAGER, "West"), ("fay", Role.FINANCE, "South"),
        ):  # fmt: skip
            make_person(engine, name, role, scope_kind="regions", regions=[region])
        self.claims: dict[str, int] = {}
        self.own: dict[str, int] = {}
        self._paid()
        self._open()
        self._looks()

    def outcome(self, name: Outcome, **more: Any) -> int:
        """A claim the rules made this outcome of."""
        judge = submit_commands.adjudicate
        with patch.object(
            submit_commands, "adjudicate", lambda facts, policy: replace(judge(facts, policy), outcome=name)
        ):
            return self.sent(**more)

    def _paid(self) -> None:
        for state in ("paid", "adjusted", "charged_back"):
            self.claims[state] = self.approved(cents=700_00, by="mason" if state == "adjusted" else "cora")
        twice = self.approved(cents=50_00)
        self.own["paid"] = self.mine(cents=100_00)
        self.decide(self.own["paid"], by="cora")
        self.batch()
        with reading(self.engine) as session:
            self.memo = session.scalars(select(CreditMemo.id)).one()
        self.supplement = self.version(
            begin_supplement, self.claims["adjusted"], charges=(replace(LABOUR, quantity=1_00),)
        )
        self.decide(self.supplement)
        self.batch(who="fred", now=LATER + timedelta(hours=1), dealer_ids=[self.dealer])
        self.step("charge_back", self.claims["charged_back"], who="mason", amount_cents=700_00, **WHY)
        assert self.status(self.claims["adjusted"]) == "adjusted"
        self.step("charge_back", twice, who="mason", amount_cents=50_00, **WHY)
        with reading(self.engine) as session:
            self.charged, self.reversed = session.scalars(
                select(ClaimEntry.id).where(ClaimEntry.kind == "charge_back").order_by(ClaimEntry.id)
            )
            self.approval = session.scalars(select(func.min(ClaimEntry.id))).one()
        run(reverse_entry, bind=self.engine, entry_id=self.reversed, note="A mistake", actor=self.mira, now=LATER)

    def version(self, begin: Any, claim_id: int, *, now: Any = NOW, **more: Any) -> int:
        """A supplement or debit of a claim, sent with these charges (or those it begins with)."""
        self.made += 1
        key = f"v{self.made}"
        made: int = run(begin, bind=self.engine, claim_id=claim_id, form_key=key, actor=self.dora, now=now)
        if more:
            with reading(self.engine) as session:
                claim = session.get_one(Claim, made)
                draft = replace(draft_of(session, claim), original_number="", **more)
                seen, owner = claim.version, claim.dealer_id
            run(
                save_draft, bind=self.engine, dealer_id=owner, draft=draft, claim_id=made, seen_version=seen,
                form_key=key, actor=self.dora, now=now,
            )  # fmt: skip
        step(self.engine, "submit", made, actor=self.dora, now=now)
        return made

    def mine(self, **more: Any) -> int:
        """A claim mason, who holds every permission of claims, sent himself."""
        claim_id = self.draft(**more)
        step(self.engine, "submit", claim_id, actor=self.mason)
        return claim_id

    def _open(self) -> None:
        found = self.claims
        found["draft"] = self.draft()
        outcomes: tuple[Outcome, ...] = ("rejected", "returned", "denied")
        for outcome in outcomes:
            found[outcome] = self.outcome(outcome)
        found["void"] = self.draft()
        self.step("void", found["void"], who="dora", note="Never mind")
        found["in_review"] = self.sent()
        found["pending_part"], found["with_engineering"] = self.sent(), self.sent()
        self.step("await_part", found["pending_part"], who="cora", note="Show us the part")
        self.step("ask_engineering", found["with_engineering"], who="cora", note="Is that so?")
        preauth = self.sent(claim_type="pre_authorization")
        found["pending_preauth"] = self.sent(pre_auth_number=claim_of(self.engine, preauth).number)
        found["approved"], found["partially_approved"] = self.approved(), self.approved(share=50)
        found["appealed"] = self.approved(share=50)
        self.step("appeal", found["appealed"], who="dora", note="The hours were needed")
        self.appealed_twice = self.approved(share=50)
        self.step("appeal", self.appealed_twice, who="dora", note="The hours were needed")
        self.step("deny", self.appealed_twice, who="carl", **WHY)
        self.appeal_signed = self.approved(
            cents=3_000_00, share=50
        )  # mason decided it, carl signs the appeal below him
        self.step("appeal", self.appeal_signed, who="dora", note="The hours were needed")
        self.step("approve", self.appeal_signed, who="carl")
        self.debit = self.version(begin_debit, found["paid"])
        self.own["in_review"] = self.mine()
        self.signed = self.sent(cents=8_000_00)
        self.step("approve", self.signed, who="mason")

    def _looks(self) -> None:
        """The copied words of these claims were flagged when they were sent."""
        with reading(self.engine) as session:
            flagged = session.scalars(select(Investigation.id).order_by(Investigation.id).limit(3)).all()
        self.looks = dict(zip(("flagged", "looking", "closed"), flagged, strict=True))
        self.look("take", self.looks["looking"])
        self.look("close", self.looks["closed"], outcome="unfounded", note="Nothing in it")

    def look(self, name: str, item_id: int, *, who: str = "cora", **more: Any) -> None:
        """A step of an investigation with the version as it is now."""
        with reading(self.engine) as session:
            seen = session.get_one(Investigation, item_id).version
        run(LOOK[name], bind=self.engine, item_id=item_id, seen_version=seen, actor=getattr(self, who), now=NOW, **more)
