"""Processes that log contacts as fast as they can and write down, after each answer, what they were told."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from db.contact_log.contact_commands import log_contact
from db.contact_log.tables import ContactReport
from db.core.permissions import Role
from db.core.session import make_engine, reading, run
from db.core.timeline import TimelineEntry, TimelineLink, verify
from db.core.trouble import is_away, trouble_of
from tests.support.users import actor_named, make_dealer, make_person

MOST_SECONDS = 600  # a guard against waiting forever, no promise about time


def make_desk(url: str) -> int:
    """A dealer and somebody who logs contacts; gives the dealer's id."""
    engine = make_engine(url)
    try:
        make_person(engine, "cora", Role.COORDINATOR)
        return make_dealer(engine)
    finally:
        engine.dispose()


def _write(url: str, told: str, name: str, dealer_id: int) -> None:
    """Log contact after contact; a command without a clear answer is sent again with the same form key."""
    file = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    engine = make_engine(url)
    actor = actor_named(engine, "cora")

    def note(word: str, key: str) -> None:
        os.write(file, f"{word} {key}\n".encode())

    number = 0
    while True:
        key = f"{name}-{number}"
        number += 1
        while True:
            try:
                run(
                    log_contact, bind=engine, dealer_id=dealer_id, summary=f"Call {key}", form_key=key, actor=actor,
                    now=datetime.now(UTC),
                )  # fmt: skip
            except DBAPIError as error:
                if not is_away(error):
                    note("broken", key)
                    raise
                note(getattr(trouble_of(error), "kind", ""), key)
                time.sleep(random.uniform(0.02, 0.1))
            else:
                note("saved", key)
                break


@dataclass
class Writers:
    """Processes at work on one database; `told` is what they were told so far, by word."""

    url: str
    dealer_id: int
    file: Path

    def start(self, names: Sequence[str]) -> list[BaseProcess]:
        """Start one process a name; forked, so that it is at work at once."""
        context = multiprocessing.get_context("fork")
        started: list[BaseProcess] = []
        for name in names:
            arguments = (self.url, str(self.file), name, self.dealer_id)
            process = context.Process(target=_write, args=arguments, daemon=True)
            process.start()
            started.append(process)
        return started

    def told(self) -> list[tuple[str, str]]:
        """(word, key) of every answer, in the order they came."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [(word, key) for word, _, key in (line.partition(" ") for line in lines)]

    def keys(self, word: str) -> list[str]:
        """The keys of the answers of one kind."""
        return [key for said, key in self.told() if said == word]

    def wait_for(self, saved: int, processes: Sequence[BaseProcess]) -> None:
        """Return when so many were acknowledged; raises when a writer has ended, or nothing comes."""
        ends = time.monotonic() + MOST_SECONDS
        while len(self.keys("saved")) < saved:
            assert all(one.is_alive() for one in processes), f"a writer ended: {Counter(w for w, _ in self.told())}"
            assert time.monotonic() < ends, f"not {saved} acknowledged after {MOST_SECONDS} s"
            time.sleep(0.005)


def kill(processes: Sequence[BaseProcess]) -> None:
    """SIGKILL, by the ids of what we started."""
    for one in processes:
        one.kill()
    for one in processes:
        one.join()


@dataclass(frozen=True)
class Found:
    """What the database holds after all that."""

    keys: Counter[str]
    without_entry: int
    entries: int
    chain_is_whole: bool

    def lost(self, saved: Sequence[str]) -> list[str]:
        """What was acknowledged and is not there."""
        return [key for key in saved if not self.keys[key]]

    def twice(self) -> list[str]:
        """What is there more than once."""
        return [key for key, number in self.keys.items() if number > 1]


def look(engine: Engine) -> Found:
    """Count rows, entries, and rows without their entry; verify the chain."""
    with reading(engine) as session:
        # By what was said, not by the key, whose uniqueness the database keeps.
        keys = Counter(words.removeprefix("Call ") for words in session.scalars(select(ContactReport.summary)))
        entry = select(TimelineLink.item_id).where(TimelineLink.item_type == "contact_report")
        without = session.scalar(select(func.count()).select_from(ContactReport).where(ContactReport.id.not_in(entry)))
        entries = session.scalar(
            select(func.count()).select_from(TimelineEntry).where(TimelineEntry.command == "log_contact")
        )
        report = verify(session)
    return Found(keys=keys, without_entry=without or 0, entries=entries or 0, chain_is_whole=report.first_bad is None)
