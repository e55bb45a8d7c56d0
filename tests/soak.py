"""R14, a working day in an hour: `python -m tests.soak --actions 43200 --sessions 1000 --users 30 [--url URL]`.

Serves the app on a port of its own with a look inside (tests/support/measured.py), lets people click through every page
they may see over Streamlit's own websocket while other tabs are opened and closed, and watches what the process holds.
Without --url a demo network is made in a scratch folder; the database of --url is worked in, so give it its own.

Ends with 1 when a limit is missed. "Heap" is what Python's small-object allocator has in use plus what malloc has in
use (larger objects of Python, and of C), after a full garbage collection; its slope is the least-squares line after
warm-up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import make_url

from bench.client import Answer, Tab
from bench.people import sign_in
from bench.served import resident_mib
from components.page_table import PAGES
from db.core.permissions import Role
from db.core.session import make_engine, reading
from db.dealers.tables import Dealer
from tests.support.paths import ROOT
from tests.support.ports import free_port
from tests.support.serving import Served, serving
from tests.support.tier import figure

ROLES = (
    Role.MANAGER, Role.COORDINATOR, Role.FINANCE, Role.SALES_LEADER, Role.DEALER_MANAGER, Role.DEALER_STAFF,
)  # fmt: skip
CHOICES = ("selectbox", "radio", "button_group", "multiselect", "checkbox")
STAYS = 12
"""Clicks on one page before the next one is opened."""
WARM = 0.3
"""The part of the run in which caches, compiled statements and connections are filled; slopes are taken after it."""
SAMPLES = 24
SESSIONS_GONE_SECONDS = 180
PATHS = tuple("" if page.default else page.url_path for page in PAGES if page.exists and not page.hidden)
TROUBLE_WORDS = ("could not be shown", "did not work and nothing was saved", "cannot be reached")


@dataclass(frozen=True)
class Sample:
    """What the process held after so many runs."""

    runs: int
    heap: int
    small: int
    rss: float
    files: int
    connections: int
    threads: int
    sessions: int


@dataclass
class Seen:
    """What the run saw."""

    runs: int = 0
    opened: int = 0
    written: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)
    pages: Counter[str] = field(default_factory=Counter)
    logged: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    gone_after: float = float("inf")

    def take(self, answer: Answer, where: str) -> None:
        """Count the runs of an answer and keep what went wrong in it."""
        self.runs += max(1, answer.runs)
        self.pages[where] += 1
        self.errors += [f"{where}: {one}" for one in answer.errors]
        self.errors += [f"{where}: {one}" for one in answer.said if any(words in one for words in TROUBLE_WORDS)]

    @property
    def warm(self) -> list[Sample]:
        """The samples after warm-up."""
        return [one for one in self.samples if one.runs >= WARM * self.runs] or self.samples

    def slope(self, of: Callable[[Sample], float]) -> float:
        """How much something grows in 10,000 runs, after warm-up."""
        points = [(one.runs, of(one)) for one in self.warm]
        middle = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
        spread = sum((x - middle[0]) ** 2 for x, _ in points)
        return 10_000 * sum((x - middle[0]) * (y - middle[1]) for x, y in points) / spread if spread else 0.0

    @property
    def heap_slope(self) -> float:
        """MB of heap in 10,000 runs."""
        return self.slope(lambda one: one.heap / 1e6)


class Person(Tab):
    """A tab that can also go to another page, as a click on the list of pages does."""

    async def go(self, path: str) -> Answer:
        """Open another page in the same session."""
        self.path, self.query = path, ""
        self.fields.clear()
        return await self._ask(page=path)


class Look:
    """Reads the process from outside and from within."""

    def __init__(self, served: Served, port: int, database: str) -> None:
        self.pid, self.address = served.process.pid, f"http://127.0.0.1:{port}"
        self.is_file = make_url(database).get_backend_name() == "sqlite"
        self.words = Path(make_url(database).database or "").name if self.is_file else ""
        self.port = make_url(database).port or 5432

    def within(self) -> dict[str, int]:
        """What the process says of itself."""
        with urllib.request.urlopen(self.address, timeout=120) as answer:
            found: dict[str, int] = json.load(answer)
        return found

    def files(self) -> list[str]:
        """What its file handles point to."""
        found = []
        for one in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                found.append(str(one.readlink()))
            except OSError:
                continue
        return found

    def _connections(self, files: list[str]) -> int:
        if self.is_file:
            return sum(Path(one).name == self.words for one in files)
        inodes = {one[8:-1] for one in files if one.startswith("socket:[")}
        lines = Path(f"/proc/{self.pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        rows = [line.split() for line in lines]
        return sum(row[9] in inodes and int(row[2].rpartition(":")[2], 16) == self.port for row in rows)

    def sample(self, runs: int) -> Sample:
        """All of it at this moment."""
        told, files = self.within(), self.files()
        return Sample(
            runs=runs, heap=told["small"] + told["malloc"], small=told["small"], rss=resident_mib(self.pid),
            files=len(files), connections=self._connections(files), threads=told["threads"],
            sessions=told["sessions"],
        )  # fmt: skip


async def _click(tab: Person, chance: random.Random) -> Answer:
    """Choose something in a list, or run the page again: nothing that is written, no step of a record."""
    fields = [
        one for one in tab.fields.values() if one.kind in CHOICES and not one.disabled and not one.form
        and (one.options or one.kind == "checkbox")
    ]  # fmt: skip
    if not fields or chance.random() < 0.1:
        return await tab.rerun()
    one = chance.choice(fields)
    if one.kind == "checkbox":
        one.value = not one.value
    elif one.kind in ("multiselect", "button_group"):
        one.value = [chance.choice(one.options)]
    else:
        one.value = chance.choice(one.options)
    return await tab._ask(changed=one)


async def _log_a_call(tab: Person, seen: Seen, number: int) -> int:
    """A real write: a call noted on the page of the dealer that is open, where this person may; gives the runs."""
    note = next((one for one in tab.fields.values() if one.id.rpartition("-")[2].startswith("dl_note_")), None)
    button = next((one for one in tab.fields.values() if one.id.endswith("-dl_log")), None)
    if note is None or button is None:
        return 0
    note.value = f"Soak call {number}"
    button.pressed = True
    answer = await tab._ask(changed=button)
    seen.take(answer, "write")
    seen.written += any("Logged" in said for said in answer.said)
    return 1


async def _work(
    url: str, cookie: str, seen: Seen, *, chance: random.Random, actions: int, dealers: Sequence[int]
) -> None:
    """One person at work: page after page, clicking on each."""
    async with Person(url, cookie=cookie) as tab:
        seen.take(tab.first, "home")
        done = 1
        while done < actions:
            if chance.random() < 0.15:
                tab.query = f"dealer={chance.choice(dealers)}"
                tab.path = "dealer"
                tab.fields.clear()
                seen.take(await tab._ask(page="dealer"), "dealer")
                done += 1 + await _log_a_call(tab, seen, done)
                continue
            path = chance.choice(PATHS)
            seen.take(await tab.go(path), path)
            done += 1
            for _ in range(min(STAYS, actions - done)):
                seen.take(await _click(tab, chance), path)
                done += 1


async def _visit(url: str, cookies: list[str], seen: Seen, *, chance: random.Random, sessions: int, over: asyncio.Event,
                 share: Callable[[], float]) -> None:  # fmt: skip
    """Tabs that are opened and closed, spread over the whole run; when the others are done, without a pause."""
    for number in range(sessions):
        while share() < number / sessions and not over.is_set():
            await asyncio.sleep(0.05)
        path = chance.choice(PATHS)
        async with Person(url, path, cookie=chance.choice(cookies)) as tab:
            seen.take(tab.first, path)
            seen.opened += 1


async def _first_visit(url: str, cookie: str) -> None:
    """The first page a process serves loads all that pages use; what it holds then is the start."""
    async with Person(url, cookie=cookie):
        pass


async def _drive(served: Served, look: Look, seen: Seen, *, cookies: list[str], actions: int, sessions: int,
                 seconds: float, say: Callable[[str], None], dealers: Sequence[int]) -> None:  # fmt: skip
    chance, over, worked, began = random.Random(14), asyncio.Event(), asyncio.Event(), time.monotonic()

    def share() -> float:
        return min(1.0, seen.runs / actions)

    async def watch() -> None:
        taken = 0
        while not over.is_set():
            if share() >= taken / SAMPLES:
                sample = await asyncio.to_thread(look.sample, seen.runs)
                seen.samples.append(sample)
                taken += 1
                say(f"{time.monotonic() - began:6.0f} s, {seen.runs:6,} runs, {seen.opened:4} opened, heap "
                    f"{sample.heap / 1e6:.1f} MB, RSS {sample.rss:.0f} MiB, {sample.files} files, "
                    f"{sample.connections} connections, {sample.threads} threads, {sample.sessions} sessions, "
                    f"{len(seen.errors)} errors")  # fmt: skip
            await asyncio.sleep(0.1)

    each = max(2, -(-(actions - sessions) // len(cookies)))
    watching = asyncio.create_task(watch())
    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            group.create_task(
                _visit(served.url, cookies, seen, chance=chance, sessions=sessions, over=worked, share=share)
            )
            async with asyncio.TaskGroup() as people:
                for number, cookie in enumerate(cookies):
                    own = random.Random(f"{number}")
                    people.create_task(_work(served.url, cookie, seen, chance=own, actions=each, dealers=dealers))
            worked.set()
    except TimeoutError:
        say(f"the time is up after {seconds:.0f} s")
    finally:
        over.set()
        await watching
    seen.seconds = time.monotonic() - began


def _wait_for_the_end(look: Look, seen: Seen, most: float) -> None:
    """Measure how long the process keeps sessions whose tabs are all closed."""
    began = time.monotonic()
    while time.monotonic() - began < most:
        if look.within()["sessions"] == 0:
            seen.gone_after = time.monotonic() - began
            return
        time.sleep(1)


def dealers_of(url: str) -> list[int]:
    """Ids of the dealers there are."""
    engine = make_engine(url)
    try:
        with reading(engine) as session:
            return list(session.scalars(select(Dealer.id).order_by(Dealer.id).limit(40)))
    finally:
        engine.dispose()


def incidents(log: str) -> list[str]:
    """The lines of a log that tell of something that went wrong."""
    return [
        line
        for line in log.splitlines()
        if '"level": "error"' in line or '"level": "critical"' in line or "Traceback" in line
    ]


def soak(url: str, *, actions: int, sessions: int, users: int, seconds: float = 4_500.0,
         gone_within: float = SESSIONS_GONE_SECONDS, ttl: int | None = None,
         say: Callable[[str], None] = lambda line: None) -> Seen:  # fmt: skip
    """Drive `actions` script runs by `users` people and `sessions` tabs opened and closed; gives what was seen.

    `seconds` bounds the driving. `ttl` is how long a lost connection may come back (the product's setting if None).
    """
    seen, port = Seen(), free_port()
    cookies = [
        cookie for number in range(users) for cookie in sign_in(url, roles=(ROLES[number % len(ROLES)],))
    ]  # fmt: skip
    environment = {"MEASURED_PORT": str(port), "SWEEP_SECONDS": "30"}
    if ttl is not None:
        environment["STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL"] = str(ttl)
    with serving(url, environment, program="tests.support.measured") as served:
        look = Look(served, port, url)
        asyncio.run(_first_visit(served.url, cookies[0]))
        seen.samples.append(look.sample(0))
        asyncio.run(_drive(served, look, seen, cookies=cookies, actions=actions, sessions=sessions, seconds=seconds,
                           say=say, dealers=dealers_of(url)))  # fmt: skip
        _wait_for_the_end(look, seen, gone_within)
        seen.samples.append(look.sample(seen.runs))
        seen.logged = incidents(served.log())
        if kept := os.environ.get("SOAK_LOG"):
            Path(kept).write_text(served.log())
    return seen


def missed(seen: Seen) -> list[str]:
    """Each limit of R14 that was missed, in a sentence; the figures are written down on the way."""
    first, last = seen.warm[0], seen.samples[-1]
    rss = max(one.rss for one in seen.samples) - seen.samples[0].rss
    figures: dict[str, tuple[float, float]] = {
        "exceptions on pages": (len(seen.errors), 0),
        "exceptions in the log": (len(seen.logged), 0),
        "seconds until no session was left": (round(seen.gone_after, 1), SESSIONS_GONE_SECONDS),
        "heap growth, MB in 10,000 runs": (round(seen.heap_slope, 2), 1.0),
        "RSS growth, MiB": (round(rss, 1), 150.0),
        "file handles more than after warm-up": (last.files - first.files, 5),
        # The pool's 10 and its 20 more; SQLite closes a file only when no connection of the process holds a lock on it.
        "database connections at the end": (last.connections, 30),
    }
    for what, value in (
        ("script runs", seen.runs), ("sessions opened and closed", seen.opened), ("commands written", seen.written),
        ("minutes", round(seen.seconds / 60, 1)), ("pages visited", len(seen.pages)),
    ):  # fmt: skip
        figure("R14", what, value)
    for what, (value, _) in figures.items():
        figure("R14", what, value)
    return [f"{what}: {value} (at most {most})" for what, (value, most) in figures.items() if value > most]


@contextmanager
def _database(given: str) -> Iterator[str]:
    """The given database, or a demo network of its own that is gone after the block."""
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{folder}/dealer.db"
        settings = {"DATABASE_URL": url, "VAR_DIR": folder, "BCRYPT_COST": "4"}
        print("Making a demo network ...", flush=True)
        command = [sys.executable, "-m", "seed", "--ensure", "--leads", "300"]
        subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True, stdout=subprocess.DEVNULL)
        yield url


def main() -> int:
    """The command line; 0 when every limit was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--actions", type=int, default=43_200, help="script runs")
    parser.add_argument("--sessions", type=int, default=1_000, help="tabs opened and closed meanwhile")
    parser.add_argument("--users", type=int, default=30, help="people at work at the same time")
    parser.add_argument("--url", default="", help="a database with people in it that may be worked in")
    parser.add_argument("--minutes", type=float, default=75, help="the most it may take")
    options = parser.parse_args()
    with _database(options.url) as url:
        seen = soak(
            url, actions=options.actions, sessions=options.sessions, users=options.users, seconds=60 * options.minutes,
            say=lambda line: print(line, flush=True),
        )  # fmt: skip
    for line in sorted({*seen.errors, *seen.logged})[:20]:
        print(line[:600])
    found = missed(seen)
    print(f"{seen.runs:,} runs in {seen.seconds / 60:.1f} min, {seen.opened:,} sessions, {seen.written} writes; "
          f"heap {seen.heap_slope:+.2f} MB in 10,000 runs (small objects "
          f"{seen.slope(lambda one: one.small / 1e6):+.2f}); "
          f"sessions gone after {seen.gone_after:.0f} s")  # fmt: skip
    print("\n".join(found) or "Every limit was kept.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
