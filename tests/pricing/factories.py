"""A house with dealers, people and price requests, made through commands only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from db.core.actor import Actor
from db.core.permissions import Role
from db.core.session import reading, run
from db.pricing.checks import CHECKS
from db.pricing.commands import COMMANDS, add_away, send_request, set_budget
from db.pricing.request_queries import RequestPage, get_request
from db.pricing.tables import PriceRequest
from db.pricing.terms_rules import Terms
from tests.support.users import actor_named, make_dealer, make_person

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, 10:00 at the desk
DAY = timedelta(days=1)
# Bound by bound: 3% is level 1; margin 17.5%, 900.00 in all.
SMALL = Terms(
    subject="Roadster GT", list_cents=30_000_00, cost_cents=24_000_00, percent=3_00, units=1, reason="Showroom car"
)
FREE = replace(SMALL, percent=1_00)
LARGE = replace(SMALL, percent=8_00)  # level 2: manager and pricing
LEGAL = replace(SMALL, percent=8_00, legal_text=True)  # level 3


class House:
    """Two dealers, the people around their prices, and short ways to do what a test needs."""

    def __init__(self, engine: Engine, *, budget: int | None = 500_000_00) -> None:
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
            ("cora", Role.COORDINATOR), ("carl", Role.COORDINATOR), ("mason", Role.MANAGER), ("mira", Role.MANAGER),
            ("finn", Role.FINANCE), ("fay", Role.FINANCE), ("sally", Role.SALES_LEADER), ("drew", Role.DEALER_STAFF),
        ):  # fmt: skip
            more = {"dealer_ids": [self.dealer]} if role is Role.DEALER_STAFF else {}
            self.ids[name] = make_person(engine, name, role, **more)
        self.made = 0
        if budget is not None:
            for region in ("East", "West"):
                self.do(
                    set_budget, region=region, quarter="2026Q4", budget_cents=budget, seen_version=0, actor=self.mason
                )

    def __getattr__(self, name: str) -> Actor:
        if name.startswith("_") or name not in self.ids:
            raise AttributeError(name)
        found = actor_named(self.engine, name)
        setattr(self, name, found)
        return found

    def do(self, command: Any, *, now: datetime = NOW, **arguments: Any) -> Any:
        return run(command, bind=self.engine, now=now, **arguments)

    def send(self, terms: Terms = SMALL, *, by: str = "dora", now: datetime = NOW, dealer: int = 0) -> int:
        self.made += 1
        made: int = self.do(
            send_request, dealer_id=dealer or self.dealer, terms=terms, form_key=f"f{self.made}",
            actor=getattr(self, by), now=now,
        )  # fmt: skip
        return made

    def step(self, name: str, item: int, by: str, *, now: datetime = NOW, version: int = 0, **more: Any) -> Any:
        seen = version or self.row(item).version
        return self.do(COMMANDS[name], item_id=item, seen_version=seen, actor=getattr(self, by), now=now, **more)

    def approved(self, terms: Terms = SMALL, *, by: str = "dora", now: datetime = NOW, dealer: int = 0) -> int:
        """A request with all its signatures."""
        item = self.send(terms, by=by, now=now, dealer=dealer)
        for who in ("cora", "mason", "finn", "mira"):
            if self.row(item).status != "in_review":
                break
            self.step("approve", item, who, now=now)
        assert self.row(item).status == "approved"
        return item

    def away(
        self, who: str, stand_in: str | None, start: datetime, end: datetime, *, by: str = "", now: datetime = NOW
    ) -> int:
        made: int = self.do(
            add_away, person_id=self.ids[who], stand_in_id=self.ids[stand_in] if stand_in else None, starts_at=start,
            until_at=end, actor=getattr(self, by or who), now=now,
        )  # fmt: skip
        return made

    def row(self, item: int) -> PriceRequest:
        with reading(self.engine) as session:
            found = session.get_one(PriceRequest, item)
            session.expunge(found)  # what it was then stays readable
            return found

    def page(self, item: int, by: str, *, now: datetime = NOW) -> RequestPage:
        with reading(self.engine) as session:
            return get_request(session, item_id=item, actor=getattr(self, by), now=now)

    def count(self, table: Any) -> int:
        with reading(self.engine) as session:
            return len(session.scalars(select(table)).all())

    def sound(self) -> None:
        """Every check of the area finds nothing."""
        with reading(self.engine) as session:
            assert [sentence for check in CHECKS for sentence in check.run(session)] == []
