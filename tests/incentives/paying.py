"""The house of incentives with approved claims, payments, files of the bank and reconciliations."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.session import reading, run
from db.imports.commands import run_import
from db.incentives.area import AREA
from db.incentives.commands import claim_period
from db.incentives.pay_commands import make_payment
from db.incentives.pay_queries import read_owed
from db.incentives.payment_tables import IncentiveMemo
from db.incentives.recon_commands import open_reconciliation
from db.incentives.recon_tables import ReconciliationMatch
from tests.incentives.factories import NOW, House
from tests.support.users import make_person

LATER = NOW + timedelta(days=20)


class PayHouse(House):
    """The house of incentives with approved claims and payments."""

    program: int
    claims: list[int]

    def __init__(self, engine):
        super().__init__(engine)
        make_person(engine, "fred", Role.FINANCE)

    def approved(self, *, dealer_id=None, cents=500_00, **more):
        """An approved claim for one more sale of the program CASH-11; gives its id."""
        self.made += 1
        who = "otto" if dealer_id == self.other_dealer else "dora"
        sale = self.sell(dealer_id=dealer_id, vin=f"1HGCM8263{self.made:08}", customer_ref=f"C-{self.made}", **more)
        (claim,) = self.claim(sale, who=who, cents=cents)
        self.step("approve", claim, who="cora")
        return claim

    def pay(self, *, who="finn", now=LATER, **more):
        return run(make_payment, bind=self.engine, actor=getattr(self, who), now=now, **more)

    def volume(self, program_id):
        """The volume of November claimed in December and approved, by two signatures where one is not enough."""
        claim = run(
            claim_period, bind=self.engine, program_id=program_id, dealer_id=self.dealer, period="2026-11", checked=(),
            form_key=self.key(), actor=self.dora, now=LATER,
        )  # fmt: skip
        self.step("approve", claim, who="cora", now=LATER)
        self.step("approve", claim, who="mason", now=LATER)
        assert self.status(claim) == "approved"
        return claim

    def take_file(self, *rows, who="finn", **more):
        """A file of the bank: rows of (reference, dealer code, amount, more columns by name)."""
        names = ("reference", "dealer code", "amount", "paid on", "program", "period", "vin", "memo")
        lines = [",".join(names)]
        for reference, code, amount, extra in rows:
            values = {"reference": reference, "dealer code": code, "amount": amount, "paid on": "2026-12-13"} | extra
            lines.append(",".join(str(values.get(n, "")) for n in names))
        self.made += 1
        source = SourceFile(name=f"bank{self.made}.csv", content="\n".join(lines).encode())
        return run(
            run_import, bind=self.engine, kind="incentive_statement", files=[source], channel="page",
            actor=getattr(self, who),
            now=more.pop("now", LATER), **more,
        )  # fmt: skip

    def reconcile(self, *, who="finn", now=LATER, **more):
        return run(open_reconciliation, bind=self.engine, actor=getattr(self, who), now=now, **more)

    def matches(self, number=1):
        """(kind, cents, whether it is open) of each match but the accounts that wait."""
        with reading(self.engine) as session:
            rows = session.scalars(
                select(ReconciliationMatch)
                .where(ReconciliationMatch.reconciliation_id == number)
                .order_by(ReconciliationMatch.id)
            )
            return [(m.kind, m.cents, m.is_open) for m in rows]

    def ids(self, number=1):
        """Open differences with their versions."""
        with reading(self.engine) as session:
            rows = session.scalars(
                select(ReconciliationMatch).where(
                    ReconciliationMatch.reconciliation_id == number, ReconciliationMatch.is_open.is_(True)
                )
            )
            return {m.id: m.version for m in rows}

    def agrees(self):
        with reading(self.engine) as session:
            assert [sentence for check in AREA.checks for sentence in check.run(session)] == []

    def memos(self):
        with reading(self.engine) as session:
            rows = session.scalars(select(IncentiveMemo).order_by(IncentiveMemo.id))
            return [(m.dealer_id, m.cents) for m in rows]

    def owed(self):
        with reading(self.engine) as session:
            return sum(o.cents for o in read_owed(session, actor=self.finn))
