"""`make bench`: how fast the desk answers, as medians of repeated runs; goals are in docs/scale.md.

Fills a scratch SQLite database with a bulk of leads (100,000, or the number given), so that growth shows; nothing here
is an assertion, for a busy machine must not fail a build.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

EMPTY_PAGE = "import streamlit as st\nst.title('Empty')\n"


def median_ms(action: Callable[[], Any], *, times: int = 15) -> float:
    """Median wall time of an action in milliseconds, after one run that warms it."""
    action()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def fill(url: str, leads: int, now: datetime) -> None:
    """The demo network's dealers and people, 400 leads through commands, then copies of them by SQL up to `leads`."""
    from sqlalchemy import text

    from db.core.session import make_engine
    from db.leads import rollup
    from seed.demo import build
    from tests.bench import onboardings

    engine = make_engine(url)
    build(engine, now=now, seed=20261122, leads=400)
    onboardings.fill(engine, now=now)
    with engine.execution_options(writer=True).begin() as connection:
        columns = [row[1] for row in connection.execute(text("PRAGMA table_info(lead)"))]
        kept = [c for c in columns if c not in ("id", "number", "form_key")]
        for statement in rollup.drop_statements("sqlite"):
            connection.execute(text(statement))
        have = connection.execute(text("SELECT count(*) FROM lead")).scalar_one()
        while have < leads:
            listed = ", ".join(kept)
            newest = connection.execute(text("SELECT max(id) FROM lead")).scalar_one()
            # fixed SQL: the names of the columns come from the schema
            copy = (
                f"INSERT INTO lead (number, {listed}) SELECT 'B{newest}-' || id, {listed} "
                f"FROM lead WHERE id <= {newest} LIMIT {leads - have}"
            )
            connection.execute(text(copy))
            have = connection.execute(text("SELECT count(*) FROM lead")).scalar_one()
        for statement in rollup.trigger_statements("sqlite"):
            connection.execute(text(statement))
        rollup.rebuild(connection)
        connection.execute(text("ANALYZE"))
    engine.dispose()


def data_layer(now: datetime) -> list[tuple[str, float]]:
    """The queries behind the pages."""
    from db.core.actor import EVERYTHING
    from db.core.session import reading
    from db.leads import pipeline_queries as pipeline
    from db.leads.queries import BoardFilters, board_counts, funnel, list_board, months_before
    from tests.bench import onboardings

    def board() -> Any:
        with reading() as session:
            return list_board(session, scope=EVERYTHING, filters=BoardFilters(), now=now)

    def far_board() -> Any:
        with reading() as session:
            cursor = (now - timedelta(days=2), 10**9)
            return list_board(session, scope=EVERYTHING, filters=BoardFilters(), after=cursor, now=now)

    def counts() -> Any:
        with reading() as session:
            return board_counts(session, scope=EVERYTHING, filters=BoardFilters(), now=now)

    def by(*dims: str) -> Callable[[], Any]:
        def ask() -> Any:
            with reading() as session:
                return funnel(session, scope=EVERYTHING, by=dims, now=now)

        return ask

    months = months_before(now.date().replace(day=1), 6)
    span = {"from": months[0], "to": months[-1]}

    def of_pipeline(ask: Callable[..., Any], **more: Any) -> Callable[[], Any]:
        def asked() -> Any:
            with reading() as session:
                return ask(session, scope=EVERYTHING, **more)

        return asked

    is_open: dict[str, Any] = {"filters": {}, "now": now}
    pipelines = [
        ("Pipeline, open by stage and age", of_pipeline(pipeline.open_pipeline, weighing=None, **is_open)),
        ("Pipeline, open of one line", of_pipeline(
            pipeline.open_pipeline, weighing=None, filters={"product": "Orion"}, now=now
        )),
        ("Pipeline, conversion by cohort", of_pipeline(pipeline.cohort, filters=span)),
        ("Pipeline, days between stages", of_pipeline(pipeline.speed, filters=span)),
        ("Pipeline, all dealers", of_pipeline(pipeline.dealer_rows, filters=span, now=now, weighing=None)),
        ("Pipeline, 50 leads of a stage", of_pipeline(pipeline.pipeline_leads, stage="contacted", **is_open)),
    ]  # fmt: skip
    from db.leads.won_queries import days_to_win, won_rows
    from db.reports.funnel_queries import funnel_of, scorecards

    year = {"from": months_before(now.date().replace(day=1), 12)[0], "to": months[-1]}
    pipelines += [
        ("Funnel page, ladder of a year", of_pipeline(funnel_of, filters=year, now=now)),
        ("Funnel page, won by quarter", of_pipeline(won_rows, by=("quarter",), filters=year)),
        ("Funnel page, won by source", of_pipeline(won_rows, by=("source",), filters=year)),
        ("Funnel page, days to win", of_pipeline(days_to_win, filters=year)),
        ("Funnel page, cost by source", of_pipeline(scorecards, filters=year, now=now)),
    ]
    return [
        *((name, median_ms(ask, times=7)) for name, ask in pipelines),
        ("Board, first page of 50", median_ms(board)),
        ("Board, a page far down", median_ms(far_board)),
        ("Board, capped counts", median_ms(counts)),
        ("Funnel by month", median_ms(by("month"), times=7)),
        ("Funnel by state", median_ms(by("state"), times=7)),
        ("Funnel by dealer", median_ms(by("dealer"), times=7)),
        *((name, median_ms(action)) for name, action in onboardings.data_layer(now)),
    ]


def pages() -> list[tuple[str, float]]:
    """A rerun of each page without a browser, beside an empty page."""
    import gc

    from streamlit.testing.v1 import AppTest

    from tests.support.users import app_as

    gc.collect()
    gc.freeze()  # as the server does after its imports
    empty = AppTest.from_string(EMPTY_PAGE).run()
    found = [("Empty page", median_ms(empty.run))]
    for page in (
        "work/my_work.py",
        "leads/board.py",
        "leads/performance.py",
        "network/dealers.py",
        "network/pipeline.py",
        "crm/funnel.py",
        "network/onboarding.py",
    ):
        app = app_as("cora", page=page)
        assert not app.exception, page
        found.append((f"Page {page}", median_ms(lambda app=app: app.run(), times=7)))  # type: ignore[misc]
        if page == "crm/funnel.py":
            for view in ("won", "costs", "back"):
                app.segmented_control(key="fun_view").set_value(view).run()
                found.append((f"Page {page}, {view}", median_ms(lambda app=app: app.run(), times=7)))  # type: ignore[misc]
        if page == "network/onboarding.py":
            app.segmented_control(key="onb_shape").set_value("table").run()
            found.append((f"Page {page}, table", median_ms(lambda app=app: app.run(), times=7)))  # type: ignore[misc]
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--leads", type=int, default=100_000)
    leads = parser.parse_args().leads
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        os.environ.update(DATABASE_URL=url, VAR_DIR=folder, BCRYPT_COST="4")
        from db.migrate import upgrade

        upgrade(url)
        print(f"Filling a scratch database with {leads:,} leads ...", flush=True)
        fill(url, leads, now)
        print(f"\n{'medians, ms':<34}{'ms':>9}")
        for name, taken in [*data_layer(now), *pages()]:
            print(f"{name:<34}{taken:>9.1f}")


if __name__ == "__main__":
    main()
