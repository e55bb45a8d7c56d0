"""No page reads more than 5,000 rows in one run, and each asks as many questions of a large network as of a small one.

Nor does a question make SQLite work through a whole table of leads or claims: what it does is counted in instructions.

Both databases are made by the bulk seed; the larger one has more leads, claims and ledger entries than a page may read,
so a page that reads a whole table of them is found. Every cache is emptied before each page: this is its dearest run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import streamlit as st
from sqlalchemy import event, text

from components.navigation import PAGES
from db.core.permissions import Permission
from db.core.session import dispose, engine, make_engine
from seed.bulk.build import Size, build_bulk
from tests.support.clock import hold_clock
from tests.support.databases import migrate
from tests.support.users import actor_named, app_as

MOST_ROWS: Final = 5_000
NOW: Final = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
SIZES: Final = {
    "small": Size(dealers=48, leads=1_500, claims=1_500, ledger=1_500),
    "large": Size(dealers=96, leads=6_000, claims=5_500, ledger=6_000),
}
PEOPLE: Final = ("mason", "admin", "cora", "finn", "leah", "dana")
RECORDS: Final = {
    "lead": ("lead", "lead"), "customer": ("customer", "customer"), "vehicle": ("vehicle", "vehicle"),
    "claim": ("claim", "claim"), "dealer": ("dealer", "dealer"),
}  # fmt: skip
"""Pages of one record: the field of the address and the table its number is from."""
READS_MORE: Final[dict[str, str]] = {}
"""Pages that read more than they may, and why they still do."""
ASKS_MORE: Final[dict[str, tuple[int, str]]] = {}
"""Pages that ask more questions of more records: how many more at most, and why that has an end."""
MOST_WORK: Final = 60
"""Thousands of instructions: to look at each of 6,000 leads takes SQLite at least ten for each."""
WORKS_MORE: Final[dict[str, str]] = {
    "performance": "A median needs the minutes of each lead of its months; they come from an index, not from leads.",
    "funnel": "Medians between two stages need both moments of each lead; of the newest leads only, up to a limit.",
    "pipeline": "Medians between two stages need both moments of each lead; of the newest leads only, up to a limit.",
    "weekly_report": "Sums of claims by dealer and day: a row for nearly each claim, as few dealers send two on a day.",
}
"""Pages with a question that works through a table that grows with the leads, and why."""
VISIBLE: Final = [entry for entry in PAGES if entry.exists]


@dataclass
class Counted:
    """What one run of a page asked and read."""

    statements: list[str]
    rows: int = 0
    work: Counter[str] = field(default_factory=Counter)
    """How often SQLite did another thousand instructions, by statement."""


class Ear:
    """Counts what the process asks its database: each statement, and each row that is fetched from it."""

    def __init__(self) -> None:
        self.heard = Counted([])
        event.listen(engine(), "before_cursor_execute", self._asked)
        event.listen(engine(), "checkout", self._opened)

    def _asked(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.heard.statements.append(statement)

    def _opened(self, connection: Any, *_: Any) -> None:
        connection.row_factory = self._row  # SQLite calls it for each row it hands out
        connection.set_progress_handler(self._worked, 1_000)

    def _worked(self) -> int:
        if self.heard.statements:
            self.heard.work[self.heard.statements[-1]] += 1
        return 0  # go on

    def _row(self, _cursor: Any, row: Any) -> Any:
        self.heard.rows += 1
        return row

    def fresh(self) -> Counted:
        self.heard = Counted([])
        return self.heard


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Counted]]]:
    """Every page drawn once on the small and once on the large database."""
    folder = tmp_path_factory.mktemp("reads")
    with pytest.MonkeyPatch.context() as patch:
        hold_clock(patch, NOW)
        patch.setenv("DOCUMENTS_DIR", str(folder / "documents"))
        found = {}
        for name, size in SIZES.items():
            patch.setenv("DATABASE_URL", _made(folder, name, size))
            patch.setenv("VAR_DIR", str(folder))
            dispose()
            try:
                found[name] = _walk()
            finally:
                dispose()
        yield found


def _made(folder: Path, name: str, size: Size) -> str:
    path = folder / f"{name}.db"
    migrate(f"sqlite:///{path}")
    bind = make_engine(f"sqlite:///{path}")
    build_bulk(bind, now=NOW, seed=7, size=size, say=lambda _: None, aside=True)
    bind.dispose()
    return f"sqlite:///{path}"


def _reader(permission: Permission, actors: dict[str, Any]) -> str:
    return next(name for name, actor in actors.items() if actor.can(permission))


def _walk() -> dict[str, Counted]:
    actors = {name: actor_named(engine(), name) for name in PEOPLE}
    ear, apps, found = Ear(), {}, {}
    with engine().connect() as connection:
        numbers = {
            page: str(connection.scalar(text(f"SELECT max(id) FROM {table}"))) for page, (_, table) in RECORDS.items()
        }
    for entry in VISIBLE:
        who = _reader(entry.permission, actors)
        if who not in apps:
            apps[who] = app_as(who, timeout=60)
        app = apps[who]
        app.switch_page(entry.file)
        app.query_params.clear()
        if entry.url_path in RECORDS:
            app.query_params[RECORDS[entry.url_path][0]] = numbers[entry.url_path]
        st.cache_data.clear()
        heard = ear.fresh()
        app.run()
        ear.fresh()  # what the tab does before the next page is nobody's
        assert not app.exception, (entry.url_path, [str(one.value) for one in app.exception])
        found[entry.url_path] = heard
    return found


def _repeated(small: Counted, large: Counted, *, least: int = 1) -> str:
    """The statements the larger database was asked at least so many times more, without the starts of sessions."""
    asked = [s for s in dict.fromkeys(large.statements) if s != "BEGIN" and "sign_in_session" not in s]
    more = [s for s in asked if large.statements.count(s) - small.statements.count(s) >= least]
    return "\n".join(f"{small.statements.count(s)} -> {large.statements.count(s)}: {s[:300]}" for s in more[:5])


@pytest.mark.parametrize("page", [entry.url_path for entry in VISIBLE])
def test_a_page_reads_few_rows_and_asks_no_more_of_a_large_network(runs: dict[str, dict[str, Counted]], page: str):
    small, large = runs["small"][page], runs["large"][page]
    assert small.statements, "the page was drawn without a question: nothing was counted"
    is_more = large.rows > MOST_ROWS
    assert is_more == (page in READS_MORE), (
        f"{large.rows:,} rows read; READS_MORE: {READS_MORE.get(page, 'not listed')}"
    )
    if page in RECORDS:  # one record has more to it than another: each new kind of question is asked once
        assert not _repeated(small, large, least=2)
        return
    more = len(large.statements) - len(small.statements)
    most, _ = ASKS_MORE.get(page, (0, ""))
    told = f"{len(small.statements)} -> {len(large.statements)} statements, at most {most} more"
    assert more <= most, f"{told}\n{_repeated(small, large)}"
    assert more > 0 or page not in ASKS_MORE, f"{told}: it need not be listed any more"


@pytest.mark.parametrize("page", [entry.url_path for entry in VISIBLE])
def test_no_question_works_through_all_leads_or_claims(runs: dict[str, dict[str, Counted]], page: str):
    """The large network has twice the dealers and four times the leads: what grows like the leads reads all of them."""
    small, large = runs["small"][page], runs["large"][page]
    grown = {s: (small.work[s], n) for s, n in large.work.items() if n >= MOST_WORK and n >= 3 * max(small.work[s], 1)}
    is_more = bool(grown)
    told = "\n".join(f"{a},000 -> {b},000 instructions: {s[:400]}" for s, (a, b) in grown.items())
    assert is_more == (page in WORKS_MORE), told or f"{page} need not be listed any more"


@pytest.mark.slow
def test_the_large_network_has_more_than_a_page_may_read(runs: dict[str, dict[str, Counted]]):
    assert min(SIZES["large"].leads, SIZES["large"].claims, SIZES["large"].ledger) > MOST_ROWS
    assert sum(one.rows for one in runs["large"].values()) > MOST_ROWS, "rows are counted at all"


def test_what_is_listed_is_a_page_with_a_reason():
    listed = READS_MORE | WORKS_MORE | {page: why for page, (_, why) in ASKS_MORE.items()}
    assert set(listed) <= {entry.url_path for entry in VISIBLE}
    assert all(len(why) > 40 for why in listed.values())
