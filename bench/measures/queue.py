"""Page 4,000 of a queue beside its first page: keyset paging, so nothing before it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from bench.figures import interleaved, ratio
from bench.people import who
from bench.results import Found
from bench.setting import Setting

NAME = "queue"
DEEP = 4_000
SIZE = 50


def measure(setting: Setting) -> Iterator[Found]:
    """A row for the queue of all claims and one for all leads."""
    with setting.engine() as engine:
        for title, (first, deep, page) in {"claims": claims(engine), "leads": leads(engine, setting)}.items():
            if page < 2:
                yield Found(key="queue.deep", of=title, note="there is only one page")
                continue
            found = interleaved({"first": first, "deep": deep}, times=setting.some(60), seconds=setting.long(6))
            note = f"page 1 {found['first']}, page {page:,} {found['deep']}"
            beside = ratio(found["deep"].p50, found["first"].p50)
            yield Found(key="queue.deep", of=f"{title}, page {page:,}", value=beside, note=note)


def _deep(session: Session, column: Any, key: Any) -> tuple[Any, int]:
    """The cursor after the page before page 4,000 (or the last full one), newest first, and that page's number."""
    rows = session.scalar(select(func.count()).where(column.is_not(None))) or 0
    page = min(DEEP, max(1, rows // SIZE))
    if page < 2:
        return None, 1
    at = session.execute(
        select(column, key).where(column.is_not(None)).order_by(column.desc(), key.desc())
        .offset(SIZE * (page - 1) - 1).limit(1)
    ).one()  # fmt: skip
    return (at[0], at[1]), page


def claims(engine: Engine) -> tuple[Callable[[], Any], Callable[[], Any], int]:
    """First page, deep page and its number of the list of all decided claims."""
    from db.claims.board_queries import ClaimFilters, list_claims
    from db.claims.tables import Claim
    from db.core.session import reading
    from db.people.sessions import person_actor

    person = who(engine)[0]
    with reading(engine) as session:
        actor = person_actor(session, person_id=person)
        cursor, page = _deep(session, Claim.decided_at, Claim.id)

    def ask(after: Any) -> Callable[[], Any]:
        def asked() -> Any:
            with reading(engine) as session:
                return list_claims(session, actor=actor, filters=ClaimFilters(view="decided"), after=after)

        return asked

    return ask(None), ask(cursor), page


def leads(engine: Engine, setting: Setting) -> tuple[Callable[[], Any], Callable[[], Any], int]:
    """First page, deep page and its number of the list of all leads."""
    from db.core.actor import EVERYTHING
    from db.core.session import reading
    from db.leads.queries import BoardFilters, list_board
    from db.leads.tables import Lead

    with reading(engine) as session:
        cursor, page = _deep(session, Lead.received_at, Lead.id)

    def ask(after: Any) -> Callable[[], Any]:
        def asked() -> Any:
            with reading(engine) as session:
                return list_board(
                    session, scope=EVERYTHING, filters=BoardFilters(view="all"), after=after, now=setting.now
                )

        return asked

    return ask(None), ask(cursor), page
