"""A house with dealers, people, programs and sales, made through commands only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, func, select

from db.core.actor import Actor
from db.core.permissions import Role
from db.core.session import reading, run
from db.incentives.checks import CHECKS
from db.incentives.commands import COMMANDS, claim_sale, publish_program, report_sale, save_program, unwind_sale
from db.incentives.entry_rules import SaleDraft
from db.incentives.tables import IncentiveClaim, IncentiveEntry, IncentiveProgram, IncentiveVersion, SaleReport
from tests.support.users import actor_named, make_dealer, make_person

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
NOVEMBER = {"first": "2026-11-01", "last": "2026-11-30"}
CASH: dict[str, Any] = {
    "code": "CASH-11", "name": "November cash", "rule": {"kind": "customer_cash", "cents": 500_00}, "program": NOVEMBER,
    "documents": [{"label": "Proof of the customer", "accepted": ["registration", "title"]}],
    "checklist": ["Signed by the customer"],
}  # fmt: skip
STEPS: dict[str, Any] = {
    "code": "STEP-11", "name": "November volume", "program": NOVEMBER,
    "rule": {"kind": "stair_step", "method": "retroactive", "tiers": [
        {"from_units": n, "cents": c * 100} for n, c in ((1, 0), (25, 200), (50, 400), (75, 600))]},
}  # fmt: skip
SALE = SaleDraft(
    vin="1HGCM82633A004352", make="Honda", model="Accord", year=2026, sale_type="cash", stocked_on=date(2026, 10, 1),
    contract_on=date(2026, 11, 16), delivered_on=date(2026, 11, 18), customer_ref="C-1",
    documents=(("registration", "R-1"),),
)  # fmt: skip


class House:
    """Two dealers, the people around their incentives, and short ways to do what a test needs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dealer = make_dealer(engine)
        self.other_dealer = make_dealer(engine, code="04099", name="Far Away Cars", region="West")
        make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[self.dealer])
        make_person(engine, "otto", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[self.other_dealer])
        for name, role in (
            ("cora", Role.COORDINATOR), ("carl", Role.COORDINATOR), ("mason", Role.MANAGER), ("mira", Role.MANAGER),
            ("finn", Role.FINANCE), ("sally", Role.SALES_LEADER),
        ):  # fmt: skip
            make_person(engine, name, role)
        self.made = 0

    def __getattr__(self, name: str) -> Actor:
        if name.startswith("_"):
            raise AttributeError(name)
        found = actor_named(self.engine, name)
        setattr(self, name, found)
        return found

    def key(self) -> str:
        self.made += 1
        return f"k{self.made}"

    def draft(self, base: dict[str, Any] = CASH, *, first: date | None = None, seen: int = 0, **more: Any) -> int:
        return run(
            save_program, bind=self.engine, body={**base, **more}, effective_from=first, seen_version=seen,
            form_key=self.key(), actor=self.sally, now=NOW,
        )  # fmt: skip

    def publish(self, base: dict[str, Any] = CASH, *, first: date | None = None, **more: Any) -> int:
        """A published version; gives the program's id."""
        version_id = self.draft(base, first=first, **more)
        row = self.row(IncentiveVersion, version_id)
        run(
            publish_program, bind=self.engine, version_id=version_id, seen_version=row.version, reason="Agreed",
            actor=self.mason, now=NOW,
        )  # fmt: skip
        return int(row.program_id)

    def sell(self, *, who: str = "dora", dealer_id: int | None = None, now: datetime = NOW, **more: Any) -> int:
        owner = self.otto if dealer_id == self.other_dealer else getattr(self, who)
        return run(
            report_sale, bind=self.engine, dealer_id=dealer_id or self.dealer, draft=replace(SALE, **more),
            form_key=self.key(), actor=owner, now=now,
        )  # fmt: skip

    def sell_many(self, number: int, **more: Any) -> list[int]:
        """Sales of vehicles with numbers of their own, spread over the first days of the month."""
        found = []
        for n in range(number):
            day = date(2026, 11, 13 + n % 9)
            self.made += 1
            vin = f"1HGCM8263{self.made:08}"
            found.append(self.sell(vin=vin, contract_on=day, delivered_on=day, customer_ref="", **more))
        return found

    def claim(self, sale_id: int, *codes: str, who: str = "dora", cents: int | None = 500_00, **more: Any) -> list[int]:
        codes = codes or ("CASH-11",)
        values = {
            "checked": dict.fromkeys(codes, ("Signed by the customer",)), "amounts": dict.fromkeys(codes, cents),
            "form_key": self.key(), "now": NOW,
        } | more  # fmt: skip
        numbers = run(claim_sale, bind=self.engine, sale_id=sale_id, programs=codes, actor=getattr(self, who), **values)
        with reading(self.engine) as session:
            query = select(IncentiveClaim.id).where(IncentiveClaim.number.in_(list(numbers)))
            return list(session.scalars(query.order_by(IncentiveClaim.id)))

    def step(self, name: str, claim_id: int, *, who: str, now: datetime = NOW, **more: Any) -> Any:
        seen = more.pop("seen_version", None) or self.row(IncentiveClaim, claim_id).version
        return run(
            COMMANDS[name], bind=self.engine, item_id=claim_id, seen_version=seen, actor=getattr(self, who), now=now,
            **more,
        )  # fmt: skip

    def unwind(self, sale_id: int, *, who: str = "dora", now: datetime = NOW, **more: Any) -> None:
        values = {"reason": "The customer stepped back", "seen_version": self.row(SaleReport, sale_id).version} | more
        run(unwind_sale, bind=self.engine, sale_id=sale_id, actor=getattr(self, who), now=now, **values)

    def row(self, table: Any, row_id: int) -> Any:
        """A row as it is stored."""
        with reading(self.engine) as session:
            found = session.get_one(table, row_id)
            session.expunge(found)
            return found

    def status(self, claim_id: int) -> str:
        return str(self.row(IncentiveClaim, claim_id).status)

    def book(self, name: str, program_id: int | None = None) -> list[int]:
        """The cents of the entries of a book in their order."""
        query = select(IncentiveEntry.cents).where(IncentiveEntry.book == name).order_by(IncentiveEntry.id)
        if program_id is not None:
            query = query.where(IncentiveEntry.program_id == program_id)
        with reading(self.engine) as session:
            return list(session.scalars(query))

    def committed(self, program_id: int) -> int:
        return int(self.row(IncentiveProgram, program_id).committed_cents)

    def count(self, table: Any) -> int:
        with reading(self.engine) as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def agrees(self) -> None:
        """Ledger, sums, budget and claims say the same, and what a calculation from scratch says."""
        with reading(self.engine) as session:
            assert [sentence for check in CHECKS for sentence in check.run(session)] == []
