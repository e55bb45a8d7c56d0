"""Every command leaves exactly one entry, in its own transaction: carried out, denied, or neither (R36).

Carried out: each command of a whole story beside the entry it wrote. Denied: every command there is, asked by somebody
without a single right. Refused for what was typed: nothing changed, so nothing is noted. And an entry that cannot be
written takes the change with it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

import db
from db.core import actor as actors
from db.core import session as sessions
from db.core import timeline
from db.core.problems import Refused
from db.core.session import make_engine, reading, run
from db.core.timeline import TimelineEntry
from db.dealers.people_commands import add_contact
from db.dealers.tables import DealerContact
from tests.support.contents import contents
from tests.support.databases import migrate
from tests.support.tier import figure, is_long
from tests.trust import screens, territories
from tests.trust.territories import Land

SOURCES = {"app", "cli", "http", "sweep", "seed"}
CHANGES = ("change", "correct", "edit", "log_activity", "decide", "approve", "submit", "take")
"""Commands whose names begin so change a record that was there: they say what it was before and after."""


@dataclass(frozen=True)
class Call:
    """One command as it was asked for: by whom, when, and how many entries stood there before and after."""

    name: str
    actor: str
    source: str
    now: datetime
    before: int
    after: int
    outcome: str


def entries(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(TimelineEntry)) or 0


class Watch:
    """Stands in for `run` wherever it was imported, and notes every call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __call__(self, command: Callable[..., Any], *, bind: Engine | None = None, **more: Any) -> Any:
        engine = bind or sessions.engine()
        before, outcome = entries(engine), "done"
        try:
            return run(command, bind=bind, **more)
        except Refused as refusal:
            outcome = refusal.code
            raise
        finally:
            # What runs without somebody who acts is no command: it reads, or keeps house.
            if (actor := more.get("actor")) is not None:
                self.calls.append(
                    Call(
                        command.__name__, actor.username, actor.source, more["now"], before, entries(engine), outcome,
                    )
                )  # fmt: skip

    def put_in(self, patch: pytest.MonkeyPatch) -> None:
        """Take the place of `run` in every module that has it by name."""
        for name, module in list(sys.modules.items()):
            if name != __name__ and getattr(module, "run", None) is run and name != "db.core.session":
                patch.setattr(module, "run", self)


def build_story(engine: Engine) -> None:
    """The story whose commands are watched: three dealers, in the long tier the demo's half year."""
    if is_long():
        from seed.demo import build

        build(engine, now=datetime(2026, 11, 18, 18, 0, tzinfo=UTC), seed=11, leads=60)
    else:
        territories.build(engine)


def test_every_command_of_a_story_wrote_its_one_entry(
    sqlite_templates: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if is_long():
        import seed.demo  # noqa: F401 - its modules have `run` by name, too
    engine = make_engine(sqlite_templates.copy("migrated", migrate, to=tmp_path / "story.db"))
    watch = Watch()
    watch.put_in(monkeypatch)
    build_story(engine)
    with reading(engine) as session:
        written = {row.seq: row for row in session.scalars(select(TimelineEntry)).all()}
        session.expunge_all()
        report = timeline.verify(session)
    engine.dispose()
    assert report.first_bad is None
    wrong, unlike, named = [], [], Counter[str]()
    for call in watch.calls:
        number = call.after - call.before
        if call.outcome == "done":
            named[call.name] += 1
            if number == 0:
                continue  # the same form again, or a job that found nothing to do: changes nothing
        if number != (1 if call.outcome in ("done", *sessions.DENIED_CODES) else 0):
            wrong.append(f"{call.name} ({call.outcome}): {number} entries")
            continue
        entry = written.get(call.after)
        if number and entry is not None:
            said = (entry.actor, entry.source, entry.at)
            if said != (call.actor, call.source, call.now) or entry.at.utcoffset() != UTC.utcoffset(None):
                wrong.append(f"{call.name}: {said}, asked by {call.actor} at {call.now}")
            if entry.source not in SOURCES or not entry.summary:
                wrong.append(f"{call.name}: from {entry.source}, says {entry.summary!r}")
            if call.name.startswith(CHANGES) and not {"before", "after"} & set(entry.detail):
                unlike.append(call.name)
    done = sum(call.outcome == "done" for call in watch.calls)
    silent = sum(call.outcome == "done" and call.after == call.before for call in watch.calls)
    figure("R36", "commands of a story carried out", done)
    figure("R36", "kinds of commands carried out", len(named))
    figure("R36", "commands without exactly one true entry", len(wrong))
    assert not wrong, "\n".join(wrong[:20])
    assert sorted(set(unlike)) == [], "changes without what was before and after"
    assert silent <= done // 20, "almost every command changed something"
    assert len(named) >= 25


# ------------------------------------------------------------------------------------------------------------- denied
OWN = ("db.people.own_commands", "db.people.notifications")
"""What everybody may do with their own account."""


def commands() -> Iterator[Callable[..., Any]]:
    """Every public function of a commands module that takes a session, an actor and a moment."""
    for found in pkgutil.walk_packages(db.__path__, "db."):
        stem = found.name.rpartition(".")[2]
        if found.ispkg or not (stem == "commands" or stem.endswith("_commands")) or found.name in OWN:
            continue
        module = importlib.import_module(found.name)
        for name, thing in inspect.getmembers(module, inspect.isfunction):
            parameters = set(inspect.signature(thing).parameters)
            if (
                thing.__module__ == found.name
                and not name.startswith("_")
                and {"session", "actor", "now"} <= parameters
            ):
                yield thing


def test_a_denied_command_changes_nothing_and_leaves_one_entry(land: Land, monkeypatch: pytest.MonkeyPatch):
    """All commands there are, asked by somebody who sees everything and may do nothing."""
    engine = sessions.engine()
    monkeypatch.setattr(actors, "may", lambda role, permission: False)
    nobody = replace(land.desk["cora"], username="no.rights", name="No Rights")
    now = screens.moment()
    left_out = ("timeline_", "change_counter")
    before = {name: rows for name, rows in contents(engine).items() if not name.startswith(left_out)}
    denied, others, wrong = Counter[str](), Counter[str](), []
    for command in commands():
        number = entries(engine)
        given = screens.arguments_for(command, nobody, now, id_name="item_id", number=1)
        try:
            run(command, **given)
            code = "was carried out"
        except Refused as refusal:
            code = refusal.code
        except Exception as error:  # made-up arguments; or half of a command, which leaves no entry and is refused
            code = type(error).__name__
        name = f"{command.__module__}.{command.__name__}"
        if code != "not_allowed":
            others[code] += 1
            if entries(engine) != number or code == "was carried out":
                wrong.append(f"{name}: {code}, {entries(engine) - number} entries")
            continue
        denied[command.__module__.split(".")[1]] += 1
        with reading(engine) as session:
            newest = session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq.desc()).limit(1)).one()
            session.expunge_all()
        said = (newest.actor, newest.command, newest.at, newest.source, newest.detail.get("denied"))
        if entries(engine) != number + 1 or said != ("no.rights", command.__name__, now, "app", "not_allowed"):
            wrong.append(f"{name}: {entries(engine) - number} entries, {said}")
    after = {name: rows for name, rows in contents(engine).items() if not name.startswith(left_out)}
    figure("R36", "commands denied, each with one entry", denied.total())
    figure("R36", "commands denied without exactly one entry", len(wrong))
    assert not wrong, "\n".join(wrong[:20])
    assert [name for name in before if before[name] != after[name]] == []
    assert denied.total() >= 280, (denied, others)


# -------------------------------------------------------------------------------------- refused, and half a transaction
def test_a_refused_command_leaves_nothing(land: Land):
    engine, cora = sessions.engine(), land.desk["cora"]
    number = entries(engine)
    with pytest.raises(Refused):
        run(add_contact, dealer_id=land.own.dealer_id, name="", role="", actor=cora, now=screens.moment())
    assert entries(engine) == number


def test_an_entry_that_cannot_be_written_takes_the_change_with_it(land: Land, monkeypatch: pytest.MonkeyPatch):
    """The trail is written before the commit, in the same transaction (mutant: audit written after commit)."""
    engine, cora = sessions.engine(), land.desk["cora"]

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("no trail")

    monkeypatch.setattr(timeline, "write", fails)
    with pytest.raises(RuntimeError, match="no trail"):
        run(
            add_contact, dealer_id=land.own.dealer_id, name="Nobody Known", role="service_manager", actor=cora,
            now=screens.moment(),
        )  # fmt: skip
    with reading(engine) as session:
        assert session.scalar(select(DealerContact.id).where(DealerContact.name == "Nobody Known")) is None
