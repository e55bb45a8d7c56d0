"""A house with dealers, people, a programme and co-op money, made through commands only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.coop.accrual import Purchase
from db.coop.checks import CHECKS
from db.coop.commands import CLAIMS, REQUESTS, accrue, ask, enter_claim, set_programme
from db.coop.model import MEDIA, MediumRule
from db.coop.payable_rules import CostLine
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.request_rules import Terms
from db.coop.tables import CoopFund, CoopProgramme
from db.core.actor import Actor
from db.core.permissions import Role
from db.core.session import reading, run
from tests.support.users import actor_named, make_dealer, make_person

T = TypeVar("T")
NOW = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)  # a Monday, 11:00 in New York
DAY = timedelta(days=1)
TODAY = date(2026, 5, 4)
BODY: dict[str, Any] = {
    "code": "COOP-2026", "name": "Local advertising 2026", "year": 2026, "models": {"Volt": 3_00},
    "media": {
        **{m: MediumRule(rate=75_00, preapproval=m == "radio").model_dump() for m in MEDIA},
        "print": MediumRule(rate=75_00, proofs=("tear_sheet",)).model_dump(),
        "radio": MediumRule(rate=75_00, preapproval=True, proofs=("affidavit", "script")).model_dump(),
        "items": MediumRule(rate=50_00, cap_of_accrual=30_00, proofs=("item_photos",)).model_dump(),
    },
}  # fmt: skip
PRINT = Terms(
    medium="print", activity="Spring sale, full page", vendor="Albany Times", starts_on=date(2026, 5, 10),
    ends_on=date(2026, 5, 12), costs=(CostLine(kind="space", cents=8_000_00),),
)  # fmt: skip
RADIO = replace(PRINT, medium="radio", activity="Spot, two weeks")
PROOFS = {
    "print": ("invoice", "payment", "tear_sheet"), "radio": ("invoice", "payment", "affidavit", "script"),
    "digital": ("invoice", "payment"), "items": ("invoice", "payment", "item_photos"),
}  # fmt: skip


def of(cents: int, terms: Terms = PRINT, **more: Any) -> Terms:
    """The terms with one cost of so many cents."""
    return replace(terms, costs=(CostLine(kind="space", cents=cents),), **more)


def _kept(session: Session, row: T) -> T:
    """A row that can be read after its session is over."""
    session.expunge(row)
    return row


class House:
    """Two dealers, the people around their co-op money, and short ways to do what a test needs."""

    def __init__(self, engine: Engine, *, earned: int = 10_000_00, programme: dict[str, Any] | None = None) -> None:
        self.engine = engine
        self.dealer = make_dealer(engine)
        self.other_dealer = make_dealer(engine, code="04099", name="Far Away Cars", region="West")
        self.ids = {
            "dora": make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[self.dealer]),
            "otto": make_person(
                engine, "otto", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[self.other_dealer]
            ),
            "wes": make_person(engine, "wes", Role.COORDINATOR, scope_kind="regions", regions=["West"]),
        }  # fmt: skip
        for name, role in (
            ("cora", Role.COORDINATOR), ("mason", Role.MANAGER), ("mira", Role.MANAGER), ("finn", Role.FINANCE),
            ("ada", Role.ADMIN),
        ):  # fmt: skip
            self.ids[name] = make_person(engine, name, role)
        self.made = 0
        self.programme: int = self.do(
            set_programme, body=programme or BODY, effective_from=None, reason="New year", actor=self.mason
        )
        if earned:
            self.earn(earned)

    def __getattr__(self, name: str) -> Actor:
        if name.startswith("_") or name not in self.ids:
            raise AttributeError(name)
        found = actor_named(self.engine, name)
        setattr(self, name, found)
        return found

    def do(self, command: Any, *, now: datetime = NOW, **arguments: Any) -> Any:
        return run(command, bind=self.engine, now=now, **arguments)

    def earn(self, cents: int, *, on: date = date(2026, 4, 13), dealer: int = 0, now: datetime = NOW) -> int:
        """A purchase that earns so much at 2%."""
        self.made += 1
        one = Purchase(invoice_number=f"W-{self.made:04}", invoiced_on=on, cents=cents * 50)
        made: int = self.do(accrue, dealer_id=dealer or self.dealer, purchase=one, actor=self.cora, now=now)
        return made

    def ask(self, terms: Terms = PRINT, *, by: str = "dora", now: datetime = NOW, dealer: int = 0, **more: Any) -> int:
        self.made += 1
        more = {"form_key": f"r{self.made}", **more}
        made: int = self.do(
            ask, dealer_id=dealer or self.dealer, programme_id=self.programme, terms=terms, actor=getattr(self, by),
            now=now, **more,
        )  # fmt: skip
        return made

    def approved(self, terms: Terms = PRINT, *, by: str = "cora", now: datetime = NOW, **more: Any) -> int:
        """A request that was approved."""
        item = self.ask(terms, now=now)
        self.step("approve", item, by, now=now, **more)
        return item

    def claim(
        self, terms: Terms = PRINT, *, request: int | None = None, by: str = "dora",
        proofs: tuple[str, ...] | None = None, send: bool = True, now: datetime = NOW + 14 * DAY, **more: Any,
    ) -> int:  # fmt: skip
        self.made += 1
        given = PROOFS[terms.medium] if proofs is None else proofs
        terms = replace(terms, invoice_number=terms.invoice_number or f"I-{self.made}")
        owner = {"request_id": request} if request else {"dealer_id": self.dealer, "programme_id": self.programme}
        more = {"form_key": f"c{self.made}", **owner, **more}
        made: int = self.do(
            enter_claim, terms=terms, proofs=tuple((p, "") for p in given), send=send, actor=getattr(self, by), now=now,
            **more,
        )  # fmt: skip
        return made

    def step(self, name: str, item: int, by: str, *, now: datetime = NOW, version: int = 0, **more: Any) -> Any:
        seen = version or self.request(item).version
        return self.do(REQUESTS[name], item_id=item, seen_version=seen, actor=getattr(self, by), now=now, **more)

    def claim_step(
        self, name: str, item: int, by: str, *, now: datetime = NOW + 15 * DAY, version: int = 0, **more: Any
    ) -> Any:
        seen = version or self.claim_row(item).version
        return self.do(CLAIMS[name], item_id=item, seen_version=seen, actor=getattr(self, by), now=now, **more)

    def request(self, item: int) -> CoopRequest:
        with reading(self.engine) as session:
            return _kept(session, session.get_one(CoopRequest, item))

    def claim_row(self, item: int) -> CoopClaim:
        with reading(self.engine) as session:
            return _kept(session, session.get_one(CoopClaim, item))

    def fund(self, dealer: int = 0) -> CoopFund:
        with reading(self.engine) as session:
            query = select(CoopFund).where(CoopFund.dealer_id == (dealer or self.dealer))
            return _kept(session, session.scalars(query).one())

    def version(self) -> int:
        with reading(self.engine) as session:
            return session.get_one(CoopProgramme, self.programme).version

    def sound(self) -> None:
        """Every check of the area finds nothing."""
        with reading(self.engine) as session:
            found = {c.name: c.run(session) for c in CHECKS}
        assert found == {c.name: [] for c in CHECKS}
