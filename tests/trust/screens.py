"""Everything one person can look at: pages and their views, records by address, search, exports, figures, errors.

Each look gives a name and what it was given; a refusal is content too, for its words may not tell of others either.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, select

from components import auth
from components.page_table import PAGES
from db import catalog
from db.core.actor import Actor
from db.core.base import Base
from db.core.problems import Refused
from db.core.session import engine, reading, run
from db.exports import run_export
from tests.support import walk
from tests.support.users import app_as, drawn, open_tab
from tests.trust.territories import Land, Territory

ABSENT = 10**6
"""An id no record has."""
TABLE_OF = {"sale": "sale_report"}
"""Kinds of records whose table is called otherwise."""
Look = tuple[str, bytes]


def words(app: Any) -> list[str]:
    """What is written on the page, without the list of pages."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "info", "warning", "metric")
    return [str(one.value) for kind in kinds for one in app.main.get(kind) if hasattr(one, "value")]


def page_looks(actor: Actor, *, views: bool, only: tuple[str, ...] = ()) -> Iterator[Look]:
    """Every page the role may open and, with `views`, every choice of its switches."""
    for entry in PAGES:
        if not entry.exists or not actor.can(entry.permission) or (only and entry.url_path not in only):
            continue
        app = app_as(actor.username, page=entry.file)
        assert not app.exception, (entry.file, app.exception)
        yield entry.url_path, drawn(app)
        if views:
            yield from _views(app, entry.url_path)


def _views(app: Any, path: str) -> Iterator[Look]:
    for key, options in [(group.key, list(group.options)) for group in app.get("button_group") if group.key]:
        for option in options[:8]:
            here = [group for group in app.get("button_group") if group.key == key]
            if not here:
                break
            here[0].set_value(option).run()
            assert not app.exception, (path, key, option, app.exception)
            yield f"{path} {key}={option}", drawn(app)


def foreign_id(bind: Engine, table_name: str, place: Territory) -> int | None:
    """A record of this dealer, or None where the table has none."""
    table = Base.metadata.tables.get(table_name)
    if table is None:
        return None
    if table_name == "dealer":
        return place.dealer_id
    if "dealer_id" not in table.columns:
        return None
    with bind.connect() as connection:
        return connection.scalar(select(table.c.id).where(table.c.dealer_id == place.dealer_id).limit(1))


def addresses(bind: Engine, place: Territory) -> Iterator[tuple[str, str, int]]:
    """(page file, name in the address, id) of every kind of record of a dealer that has a page."""
    for kind, (page, name) in catalog.OPENED_BY.items():
        number = foreign_id(bind, TABLE_OF.get(kind, kind), place)
        if number is not None:
            yield page, name, number


def opened(username: str, page: str, name: str, number: int) -> Any:
    """A page by address with the id of a record."""
    return opened_with(username, page, {name: str(number)})


def opened_with(username: str, page: str, query: Mapping[str, str]) -> Any:
    """A page as a link in a mail opens it: by address, signed in, and no other page before it."""
    app = app_as(None, page=page)
    for name, value in query.items():
        app.query_params[name] = value
    app.session_state[auth.SESSION] = open_tab(engine(), username)
    return app.run()


def search_looks(actor: Actor, texts: list[str]) -> Iterator[Look]:
    """What the search box finds for each text."""
    with reading() as session:
        for text in texts:
            found = catalog.search_everything(session, text, actor=actor)
            shown = [f"{r.title} {r.subtitle} {r.query}" for results in found.values() for r in results]
            yield f"search {text}", "\n".join(shown).encode()


def export_looks(actor: Actor, now: datetime) -> Iterator[Look]:
    """Every file this person may take out."""
    for kind in catalog.all_exports():
        try:
            made = run(run_export, kind=kind.name, file_format="csv", purpose="A test", actor=actor, now=now)
        except Refused as refusal:
            yield f"export {kind.name} refused", str(refusal).encode()
        else:
            yield f"export {kind.name}", made.content


def figure_looks(actor: Actor, now: datetime) -> Iterator[Look]:
    """Every metric by each of its dimensions, what waits, and the signals of dealers."""
    first = now.date().replace(day=1).isoformat()
    for metric in catalog.all_metrics():
        if not actor.can(metric.permission):
            continue
        for dim in metric.dims:
            with reading() as session:
                try:
                    rows: Any = metric.compute(
                        session,
                        scope=actor.scope,
                        by=(dim,),
                        filters={"from": first, "to": now.date().isoformat()},
                        now=now,
                    )
                except Refused as refusal:
                    rows = str(refusal)
            yield f"metric {metric.definition.name} by {dim}", repr(rows).encode()
    with reading() as session:
        yield "work", repr(catalog.work_lines(session, actor=actor, now=now, limit=500)).encode()
        yield "counts", repr(catalog.work_counts(session, actor=actor, now=now)).encode()
        yield "signals", repr(catalog.dealer_signals(session, actor=actor, now=now)).encode()


# ------------------------------------------------------------------------------------- records by their id, in the db
IDS = {
    "claim_id": "claim", "lead_id": "lead", "customer_id": "customer", "dealer_id": "dealer", "contact_id":
    "dealer_contact", "document_id": "document", "survey_id": "survey", "sale_id": "sale_report", "order_id":
    "parts_order", "fund_id": "coop_fund", "campaign_id": "coop_campaign", "template_id": "message_template",
    "report_id": "contact_report", "spend_id": "marketing_spend", "request_id": "coop_request",
}  # fmt: skip
"""The table an argument of this name refers to."""
ITEMS = {
    "db.claims": "claim", "db.leads": "lead", "db.coop": "coop_request", "db.pricing": "price_request", "db.parts":
    "parts_order", "db.appointments": "appointment", "db.surveys": "survey_alert", "db.terms": "term_change",
    "db.access": "access_request", "db.quality": "coaching_note", "db.contact_log": "promise", "db.part_returns":
    "part_return", "db.investigations": "investigation", "db.incentives": "incentive_claim", "db.claim_payments":
    "claim",
}  # fmt: skip
"""The table of `item_id` by package."""


def table_for(module: str, argument: str) -> str | None:
    """Which table an id argument of a function means, as far as it can be told."""
    if argument == "item_id":
        return ITEMS.get(".".join(module.split(".")[:2]))
    return IDS.get(argument)


def queries() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of a queries module that reads within a scope or for an actor."""
    for name, query in walk.queries():
        if set(inspect.signature(query).parameters) & {"scope", "actor"}:
            yield name, query


def _made_up(name: str, kind: str, now: datetime) -> Any:
    """A harmless value for an argument that has none, by its annotation."""
    if name == "now":
        return now
    if name in ("on", "day", "month", "today") or "date" in kind:
        return date(2026, 11, 2) if "datetime" not in kind else now
    if "Sequence" in kind or "Collection" in kind or "Iterable" in kind or "tuple" in kind:
        return ()
    if "Mapping" in kind or "dict" in kind:
        return {}
    if "bool" in kind:
        return False
    if "int" in kind:
        return 1
    if "str" in kind:
        return "x"
    return None


def arguments_for(
    function: Callable[..., Any], actor: Actor, now: datetime, *, id_name: str, number: int
) -> dict[str, Any]:
    """Arguments to ask for one record by its id, everything else made up."""
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "session":
            continue
        if name == "actor":
            given[name] = actor
        elif name == "scope":
            given[name] = actor.scope
        elif name == id_name:
            given[name] = number
        elif parameter.default is inspect.Parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            given[name] = _made_up(name, str(parameter.annotation), now)
    return given


def answer(function: Callable[..., Any], **arguments: Any) -> str:
    """What a query gives, or the words of its refusal; what a made-up argument breaks is its type of error."""
    with reading() as session:
        try:
            return repr(function(session, **arguments))
        except Refused as refusal:
            return f"refused: {refusal}"
        except Exception as error:
            return f"{type(error).__name__}"


def same_words(text: str, *numbers: int) -> str:
    """The answer without the id that was asked for, and without the minute figures are of: it passes between looks."""
    for number in numbers:
        text = re.sub(rf"\b{number}\b", "#", text)
    return re.sub(r"(:gray\[As of\] [^\n]*)\b\d{1,2}:\d\d", r"\1now", text)


def moment() -> datetime:
    """Now, for everything that is looked at in one test."""
    return datetime.now(UTC)


__all__ = ["Land", "addresses", "answer", "drawn", "opened", "queries"]
