"""Dealers, people and files that the tests of dealers, imports and the command line share."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING, Actor, Scope
from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.session import reading, run
from db.dealers import commands, record
from db.dealers.queries import find_dealer_by_code
from db.dealers.record import DealerFacts
from db.dealers.tables import Dealer
from db.imports.commands import BatchResult, run_import
from tests.support.core import NOW, actor

HEADER = ("code", "name", "state", "region", "city", "lat", "long")
ADMIN = actor(Role.ADMIN, username="ada", user_id=None)
COORDINATOR = actor(Role.COORDINATOR, username="cora")
STAFF = actor(Role.DEALER_STAFF, username="stan", scope=Scope("dealers", dealer_ids=frozenset({1})))


def regional(*regions: str, username: str = "rita", role: Role = Role.COORDINATOR) -> Actor:
    """A person who looks after some regions."""
    return actor(role, username=username, scope=Scope("regions", regions=frozenset(regions)))


def row(code: str = "00042", **other: Any) -> dict[str, str]:
    """A line of a dealer file; `None` leaves a cell blank."""
    values = {"code": code, "name": f"Dealer {code}", "state": "TX", "region": "South", "city": "Austin"} | other
    return {name: "" if value is None else str(value) for name, value in values.items()}


def csv_file(
    rows: Iterable[Mapping[str, str]], *, name: str = "dealers.csv", header: Iterable[str] = HEADER
) -> SourceFile:
    """A CSV file of dealers."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(header), restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return SourceFile(name=name, content=out.getvalue().encode())


def bring_in(engine: Engine, *files: SourceFile, by: Actor = ADMIN, **other: Any) -> BatchResult:
    """Import dealer files."""
    arguments: dict[str, Any] = {"kind": "dealers", "files": files, "channel": "page", "actor": by, "now": NOW} | other
    return run(run_import, bind=engine, **arguments)


def batch_of(result: BatchResult) -> int:
    """The number of the batch an import made."""
    assert result.batch_id is not None
    return result.batch_id


def enter(engine: Engine, code: str = "00001", *, by: Actor = ADMIN, **other: Any) -> int:
    """Enter one dealer by hand."""
    values: dict[str, Any] = {"code": code, "name": f"Dealer {code}", "state": "TX", "region": "South"} | other
    values.setdefault("status", "active")
    return run(commands.add_dealer, bind=engine, actor=by, now=NOW, **values)


def id_of(engine: Engine, code: str) -> int:
    """The id of the dealer with a code."""
    with reading(engine) as session:
        found = find_dealer_by_code(session, code=code, scope=EVERYTHING)
    assert found is not None
    return found.dealer_id


def facts_by_code(engine: Engine) -> dict[str, DealerFacts]:
    """Every stored dealer as facts."""
    with reading(engine) as session:
        return all_facts(session)


def all_facts(session: Session) -> dict[str, DealerFacts]:
    """Every stored dealer as facts."""
    dealers = session.scalars(select(Dealer)).all()
    return {facts.code: facts for facts in record.facts_of(session, dealers).values()}


__all__ = ["ADMIN", "COORDINATOR", "EVERYTHING", "NOW", "STAFF"]
