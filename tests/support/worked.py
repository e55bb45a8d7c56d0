"""A database somebody has worked with: several imports, changes, an export and an account, all through commands."""

from __future__ import annotations

from sqlalchemy import Engine

from db.core.actor import system_actor
from db.core.session import run
from db.exports import run_export
from db.imports.commands import undo_import
from db.people.commands import add_person
from tests.dealers.examples import ADMIN, NOW, batch_of, bring_in, csv_file, row


def work_with(engine: Engine, *, dealers: int = 60) -> None:
    """Fill an empty database."""
    bring_in(engine, csv_file([row(f"{number:05}", region=f"Region {number % 3}") for number in range(dealers)]))
    bring_in(engine, csv_file([row("00001", city="Waco"), row("00002", state="?")]))
    gone = bring_in(engine, csv_file([row(f"x{number}") for number in range(5)]))
    run(undo_import, bind=engine, batch_id=batch_of(gone), reason="Wrong file", actor=ADMIN, now=NOW)
    run(run_export, bind=engine, kind="dealers", file_format="csv", actor=ADMIN, now=NOW)
    run(
        add_person, bind=engine, username="ada", name="Ada Byron", role="admin", scope_kind="all",
        actor=system_actor("cli"), now=NOW,
    )  # fmt: skip
