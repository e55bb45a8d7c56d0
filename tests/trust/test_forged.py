"""Nothing a browser makes up is accepted: other ids, extra fields, steps skipped, forms of others, old screens (R30).

Each case is drawn from a seed and played as somebody of a dealership; accepted is what changes a record, or shows a
text of another territory. `FORGED_SEED` replays a run.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from db import catalog
from db.claims.draft_commands import save_draft
from db.core.actor import Actor
from db.core.base import Base
from db.core.permissions import may
from db.core.problems import Refused
from db.core.session import engine, run
from db.customers.customer_commands import change_customer, enter_customer
from db.dealers.commands import change_dealer
from db.dealers.people_commands import change_contact
from db.leads.intake_commands import enter_lead
from db.parts.order_commands import place_order
from db.pricing.request_commands import send_request
from tests.claims.factories import CLAIM
from tests.pricing.factories import SMALL
from tests.support.contents import contents
from tests.support.tier import figure, sized
from tests.trust import canaries, screens
from tests.trust.canaries import Canaries
from tests.trust.territories import Land, Territory
from tests.trust.test_audit import commands as all_commands

SERVICE = sized(fast=50, long=400)
PAGES = sized(fast=10, long=100)
SEED = int(os.environ.get("FORGED_SEED", "30"))
STEPS: dict[str, tuple[str, Any]] = {
    "claim": ("claims", "db.claims.commands"), "lead": ("leads", "db.leads.commands"),
    "price_request": ("price_requests", "db.pricing.commands"), "promise": ("promises", "db.contact_log.commands"),
    "term_change": ("term_changes", "db.terms.commands"),
}  # fmt: skip
JUNK = (
    "-1",
    "0",
    "1e9",
    "1 OR 1=1",
    "';--",
    "../../etc/passwd",
    "9" * 40,
    "null",
    "\u202e1",
    "%00",
    "[1]",
    "1,2",
    "NaN",
)
EXTRA = (
    "id",
    "version",
    "dealer_id",
    "region",
    "created_at",
    "updated_by",
    "is_admin",
    "role",
    "scope_kind",
    "status_",
)
DRAWERS = (
    "_customer_drawer", "_dealer_drawer", "_dealer_person", "_contact_drawer", "campaign_open", "coopfund_open",
    "tpl_open", "_onb_item", "parts_line_open", "quality_review_open", "_crm_visit_open", "_crm_facts_open",
    "_wtt_open", "_price_form", "claims_open", "leads_open", "_terms_propose", "_coop_claim_form",
)  # fmt: skip
"""Keys under which pages remember which record is open."""
HOUSEKEEPING = ("timeline_", "sign_in", "change_counter", "draft", "export_log", "person")


@dataclass
class Forger:
    """Who forges, what is foreign, and the dice."""

    land: Land
    who: Actor
    marks: Canaries
    dice: random.Random
    now: datetime

    def place(self) -> Territory:
        """Another territory."""
        return self.dice.choice((self.land.near, self.land.far))

    def foreign(self, table: str) -> int:
        """A record of another territory."""
        number = screens.foreign_id(engine(), table, self.place())
        assert number is not None, table
        return number


def _step(f: Forger) -> str:
    """Any step of any queue on somebody else's record."""
    table, (flow_name, _) = f.dice.choice(list(STEPS.items()))
    command = f.dice.choice(list(_commands_of(table).values()))
    return _try(f, command, table, f.foreign(table), flow_name)


def _commands_of(table: str) -> dict[str, Callable[..., Any]]:
    import importlib

    found: dict[str, Callable[..., Any]] = importlib.import_module(STEPS[table][1]).COMMANDS
    return found


def _try(f: Forger, command: Callable[..., Any], _table: str, number: int, _flow: str, **more: Any) -> str:
    given = screens.arguments_for(command, f.who, f.now, id_name="item_id", number=number) | more
    return _asked(f, command, **given)


def _asked(f: Forger, command: Callable[..., Any], **given: Any) -> str:
    """The code of the refusal, or what was wrong."""
    try:
        result = run(command, **given)
    except Refused as refusal:
        told = f.marks.found_in(str(refusal).encode())
        return f"accepted: the refusal tells {told}" if told else refusal.code
    except TypeError:
        return "unknown_argument"
    return f"accepted: {command.__name__} gave {result!r}"


def _own_record(f: Forger) -> tuple[str, Any, Any]:
    """The table, the flow and (id, status, version) of one of the records of one's own."""
    table = f.dice.choice(["claim", "lead", "price_request"])
    flow = next(flow for area in catalog.AREAS for flow in area.flows if flow.table.__tablename__ == table)
    columns = Base.metadata.tables[table].c
    with engine().connect() as connection:
        rows = connection.execute(
            select(columns.id, columns.status, columns.version).where(columns.dealer_id == f.land.own.dealer_id)
        ).all()
    item = f.dice.choice(rows)
    return table, flow, item


def _skipped(f: Forger) -> str:
    """A step of one's own record that its state does not lead to."""
    table, flow, item = _own_record(f)
    closed = [s for s in flow.steps if item.status not in s.sources and s.name in _commands_of(table)]
    if not closed:
        return "nothing_closed"
    step = f.dice.choice(closed)
    return _try(f, _commands_of(table)[step.name], table, item.id, flow.name, seen_version=item.version)


def _replayed(f: Forger) -> str:
    """An old screen of one's own record: a version that is over, or one that never was."""
    table, flow, item = _own_record(f)
    open_ones = [
        s for s in flow.steps
        if item.status in s.sources and s.name in _commands_of(table) and not s.by_job and may(f.who.role, s.permission)
    ]  # fmt: skip
    if not open_ones:
        return "nothing_open"
    step = f.dice.choice(open_ones)
    seen = item.version + f.dice.choice((-1, 1, 7, 1000))
    return _try(f, _commands_of(table)[step.name], table, item.id, flow.name, seen_version=seen)


def _extra(f: Forger) -> str:
    """Fields no form has: of the record, of its owner, of the person."""
    field, value = f.dice.choice(EXTRA), f.dice.choice((1, "all", f.land.far.dealer_id, True))
    cora = f.land.desk["cora"]
    kind = f.dice.randrange(4)
    if kind == 0:
        number = screens.foreign_id(engine(), "dealer_contact", f.land.own)
        return _asked(
            f, change_contact, contact_id=number, seen_version=1, changes={field: value}, actor=cora, now=f.now
        )
    if kind == 1:
        changes = {field if field != "region" else "region_": value}
        return _asked(
            f, change_dealer, dealer_id=f.land.own.dealer_id, seen_version=1, changes=changes, actor=cora, now=f.now
        )
    if kind == 2:
        number = screens.foreign_id(engine(), "customer", f.land.own)
        return _asked(
            f, change_customer, customer_id=number, original={}, changes={field: value}, actor=f.who, now=f.now
        )
    command = f.dice.choice(list(all_commands()))
    given = screens.arguments_for(command, f.who, f.now, id_name="item_id", number=1)
    return _asked(f, command, **given, **{f"{field}_forged": value})


def _planted(f: Forger) -> str:
    """A new record at somebody else's dealer."""
    dealer = f.place().dealer_id
    common: dict[str, Any] = {"actor": f.who, "now": f.now, "dealer_id": dealer}
    return f.dice.choice(
        [
            lambda: _asked(f, enter_lead, customer_name="Forged Jane", email="f@forged.example", **common),
            lambda: _asked(f, enter_customer, name="Forged Jane", phone="2125550111", **common),
            lambda: _asked(f, save_draft, draft=CLAIM, form_key=f"forged{f.dice.random()}", **common),
            lambda: _asked(f, place_order, kind="stock", lines=[{"part": "BR-100", "quantity": 1}], **common),
            lambda: _asked(f, send_request, terms=SMALL, form_key=f"forged{f.dice.random()}", **common),
        ]
    )()


def _borrowed(f: Forger) -> str:
    """The key of a form somebody of another territory sent."""
    place = f.place()
    common: dict[str, Any] = {"actor": f.who, "now": f.now, "dealer_id": f.land.own.dealer_id}
    key = f"{place.word}-c1"
    return _asked(f, save_draft, draft=CLAIM, form_key=key, **common)


KINDS = (_step, _skipped, _replayed, _extra, _planted, _borrowed)


def _address(f: Forger) -> tuple[str, Any]:
    """Any page, with ids and nonsense in its address."""
    page, name = f.dice.choice(sorted(set(catalog.OPENED_BY.values())))
    places = [
        n for p in (f.land.near, f.land.far) for at, k, n in screens.addresses(engine(), p) if (at, k) == (page, name)
    ]
    value = f.dice.choice([*map(str, places), f.dice.choice(JUNK)])
    query = {name: value}
    for other in ("dealer", "region", "scope", "role", "user"):
        query.setdefault(other, f.dice.choice((str(f.land.far.dealer_id), "04021", "West", "all", "admin")))
    return f"{page}?{name}={value}", screens.opened_with(f.who.username, page, query)


def _state(f: Forger) -> tuple[str, Any]:
    """Any page, told that a record of another territory is open on it."""
    entry = f.dice.choice([e for e in screens.PAGES if e.exists and may(f.who.role, e.permission)])
    app = screens.app_as(f.who.username, page=entry.file)
    number = f.foreign(f.dice.choice(("customer", "dealer", "claim", "lead", "parts_order", "document")))
    for key in f.dice.sample(DRAWERS, 6):
        app.session_state[key] = number
    return f"{entry.file} opens {number}", app.run()


def test_nothing_forged_is_accepted(land: Land):
    who = land.own.manager
    marks = canaries.foreign(engine(), who.scope, words=(land.near.word, land.far.word))
    f = Forger(land, who, marks, random.Random(SEED), screens.moment())

    def records() -> dict[str, Any]:
        return {name: rows for name, rows in contents(engine()).items() if not name.startswith(HOUSEKEEPING)}

    before, accepted, answers = records(), [], Counter[str]()
    for number in range(SERVICE):
        kind = KINDS[number % len(KINDS)]
        code = kind(f)
        answers[f"{kind.__name__} {code.partition(':')[0]}"] += 1
        if code.startswith("accepted"):
            accepted.append(f"{kind.__name__}: {code}")
    for number in range(PAGES):
        what, app = (_address, _state)[number % 2](f)
        answers["page"] += 1
        if found := marks.found_in(screens.drawn(app)):
            accepted.append(f"{what} shows {found[:3]}")
    after = records()
    accepted += [f"{name} changed" for name in before if before[name] != after[name]]
    figure("R30", "forged inputs tried", SERVICE + PAGES)
    figure("R30", "forged inputs accepted", len(accepted))
    assert accepted == [], (SEED, answers)
    assert sized(fast=60, long=500) <= SERVICE + PAGES
    told = {key.split()[1] for key in answers if " " in key}
    assert {"not_found", "wrong_state", "stale"} <= told, answers
