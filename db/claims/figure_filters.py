"""What figures of claims are narrowed by, as pages, exports and the command line say it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import wraps
from typing import Any, Final, TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer

_MEMORY: Final = "claim_figures"
Query = TypeVar("Query", bound=Callable[..., Any])


@contextmanager
def remembered(session: Session) -> Iterator[None]:
    """Within it every query marked with `once` reads the database once for the same question.

    For one screen read in one transaction: its figures share their counts. Nothing outlives the block.
    """
    session.info[_MEMORY] = {}
    try:
        yield
    finally:
        session.info.pop(_MEMORY, None)


def once(query: Query) -> Query:
    """A query whose answer may be kept within `remembered`; who asks must not change it."""

    @wraps(query)
    def ask(session: Session, **asked: Any) -> Any:
        memory = session.info.get(_MEMORY)
        if memory is None:
            return query(session, **asked)
        given = {
            **asked,
            "by": tuple(asked.get("by", ())),
            "filters": tuple(sorted((asked.get("filters") or {}).items())),
        }
        key = (query.__name__, tuple(sorted(given.items(), key=lambda one: one[0])))
        if key not in memory:
            memory[key] = query(session, **asked)
        return memory[key]

    return cast(Query, ask)


FILTERS: Final = ("from", "to", "region", "dealer", "type", "component", "model", "part")


def checked(session: Session, filters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Filters as they are asked with: days as days, a dealer as its id. Refused: unknown names and unreadable values.

    A dealer is an id, or its code as text (codes keep their leading zeros); an unknown code matches nothing. Several
    values are a tuple (of dealers: of ids).
    """
    found: dict[str, Any] = {}
    for name, given in (filters or {}).items():
        value = given
        if name not in FILTERS:
            message = f"Claims are narrowed by {', '.join(FILTERS)}, not by {name}."
            raise Refused(Problem(code="unknown_filter", field=name, message=message))
        if value is None or value in ("", (), []):
            continue
        if name in ("from", "to") and isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                message = f"{value} is no day: write it as 2026-01-31."
                raise Refused(Problem(code="bad_day", field=name, message=message)) from None
        if name == "dealer" and isinstance(value, str):
            value = session.scalar(select(Dealer.id).where(Dealer.code == value)) or 0
        found[name] = tuple(value) if isinstance(value, list) else value
    return found
