"""Known faults, put in one by one: each must be found by the test named beside it (reliability.md, "Mutants").

`python -m tests.mutants` copies the tree into a temporary folder, shows that the named test passes there, puts the
fault in, shows that the test fails now, and prints a table. It ends with 1 when a fault survives.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.support.paths import ROOT

Edit = tuple[str, str, str]
"""A file, the words in it (there exactly once), and the words that take their place."""
FAILED: Final = 1
"""What pytest ends with when a test failed; 2 to 5 mean that it could not be run."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One fault and the test that finds it; `test` are arguments of pytest."""

    name: str
    edits: tuple[Edit, ...]
    test: tuple[str, ...]


MUTANTS: Final = (
    Mutant(
        name="read-check-write fund",
        edits=(
            ("db/coop/record.py", "        .with_for_update(of=CoopFund)\n", ""),
            ("db/coop/ledger.py", "statement = statement.where(after >= 0)",
             "statement = statement.where(CoopFund.id == fund.id)\n        if fund.available_cents + delta < 0:\n"
             '            raise Refused(Problem(code="available", field="amount_cents", message="Too much."))'),
            ("db/coop/ledger.py", '"available_cents": after}', '"available_cents": fund.available_cents + delta}'),
        ),
        test=("tests/coop/test_at_once.py", "-k", "never_overspend and postgres"),
    ),
    Mutant(
        name="plain BEGIN",
        edits=(("db/core/session.py", '"BEGIN IMMEDIATE" if writer else "BEGIN"', '"BEGIN"'),),
        test=("tests/core/test_session.py", "-k", "400_read_modify_writes and sqlite"),
    ),
    Mutant(
        name="synchronous=OFF (kill -9 cannot find it: held by a test of the configuration)",
        edits=(("db/core/session.py", '"synchronous=FULL"', '"synchronous=OFF"'),),
        test=("tests/core/test_session.py", "-k", "promised_pragmas"),
    ),
    Mutant(
        name="version check removed",
        edits=(("db/workflow/engine.py", "if item.version != seen_version:", "if item.version < 0:"),),
        test=("tests/workflow/test_engine.py", "-k", "second_to_decide"),
    ),
    Mutant(
        name="idempotency key ignored",
        edits=(
            ("db/coop/fund_commands.py", 'key = f"allocation:{form_key}"',
             'key = f"allocation:{__import__(\'uuid\').uuid4().hex}"'),
        ),
        test=("tests/coop/test_at_once.py", "-k", "sent_again and sqlite"),
    ),
    Mutant(
        name="audit written after commit",
        edits=(
            ("db/core/session.py",
             "            finish(session, keeps_timeline=keeps_timeline)\n            _commit(session)\n",
             "            _commit(session)\n            finish(session, keeps_timeline=keeps_timeline)\n"
             "            _commit(session)\n"),
        ),
        test=("tests/core/test_session.py", "-k", "failure_at_the_very_end and sqlite"),
    ),
    Mutant(
        name="scope filter missing in one query",
        edits=(
            ("db/coop/claim_queries.py", "        .where(scope.where(CoopClaim.dealer_id, CoopClaim.region))\n", ""),
        ),
        test=("tests/coop/test_queries.py", "-k", "everybody_sees_exactly"),
    ),
    Mutant(
        name="scope filter missing, seen on the wire",
        edits=(
            ("db/coop/claim_queries.py", "        .where(scope.where(CoopClaim.dealer_id, CoopClaim.region))\n", ""),
        ),
        test=("tests/e2e/test_wire.py", "-k", "nothing_of_another_territory"),
    ),
    Mutant(
        name="hidden column sent",
        edits=(("components/tables.py", "    data = only(data, shown)\n", ""),),
        test=("tests/e2e/test_wire.py", "-k", "no_personal_data"),
    ),
    Mutant(
        name="version check of a draft removed",
        edits=(("db/claims/draft_commands.py", "if claim.version != seen_version:", "if False:"),),
        test=("tests/trust/test_two_people.py", "-k", "loses_an_update and sqlite and claim"),
    ),
    Mutant(
        name="kept answer without who asks",
        edits=(("pages/leads/board.py", "name, actor.scope, PERSONAL", "name, PERSONAL"),),
        test=("tests/trust/test_caches.py", "-k", "whoever_looked_before"),
    ),
    Mutant(
        name="cached query without scope",
        edits=(
            ("components/areas/coop_figures.py", "def look(scope: Scope,", "def look(_scope: Scope,"),
            ("components/areas/coop_figures.py", "overviews.look(session, scope=scope,",
             "overviews.look(session, scope=_scope,"),
        ),
        test=("tests/test_architecture.py", "-k", "scope_of_who_asks"),
    ),
    Mutant(
        name="early return for unknown user",
        edits=(("db/people/sign_in.py", "    is_match = passwords.matches(",
                "    if person is None:\n        return None\n    is_match = passwords.matches("),),
        test=("tests/people/test_sign_in.py", "-k", "costs_one_comparison and sqlite"),
    ),
    Mutant(
        name="resolve_entities=False without DTD ban",
        edits=(("db/leads/adf_decode.py", "    _forbid_dtd(text)\n", ""),),
        test=("tests/leads/test_adf_fuzz.py", "tests/leads/test_adf_corpus.py"),
    ),
    Mutant(
        name="float money",
        edits=(("db/core/types.py", "Cents = BigInteger\n", "from sqlalchemy import Float\n\nCents = Float\n"),),
        test=("tests/core/test_money.py", "-k", "whole_cents"),
    ),
    Mutant(
        name="export without neutralising",
        edits=(("db/core/export_files.py", 'return "\'" + text if _needs_guard(text) else text', "return text"),),
        test=("tests/imports/test_export_files.py", "-k", "spreadsheet_would_run"),
    ),
    Mutant(
        name="migration without transaction",
        edits=(
            ("db/migrate.py", "                command.upgrade(config, to)\n",
             '                connection.connection.driver_connection.execute("COMMIT")\n'
             "                command.upgrade(config, to)\n"),
        ),
        test=("tests/core/test_migrate.py", "-k", "that_fails_leaves_the_old and sqlite"),
    ),
    Mutant(
        name="answer before the commit is on the disk",
        edits=(
            ("db/core/session.py", "parsed, pool_pre_ping=True,",
             'parsed, connect_args={"options": "-c synchronous_commit=off"}, pool_pre_ping=True,'),
        ),
        test=("tests/durability/test_killed_writers.py", "-k", "stopped_at_once"),
    ),
    Mutant(
        name="connections used unchecked",
        edits=(("db/core/session.py", "parsed, pool_pre_ping=True,", "parsed, pool_pre_ping=False,"),),
        test=("tests/durability/test_database_restarted.py",),
    ),
    Mutant(
        name="a last visit waits for another writer",
        edits=(("db/core/session.py", "LITTLE_PATIENCE_MS = 500", "LITTLE_PATIENCE_MS = 30_000"),),
        test=("tests/durability/test_database_trouble.py", "-k", "noted_another_time"),
    ),
    Mutant(
        name="a full disk without words",
        edits=(("db/core/trouble.py", '"SQLITE_FULL": FULL, ', ""),),
        test=("tests/durability/test_database_trouble.py", "-k", "command_says and full"),
    ),
    Mutant(
        name="sessions of closed tabs stay",
        edits=(("server.py", "        left_sessions.let_go()\n", "        pass\n"),),
        test=("tests/durability/test_soak.py",),
    ),
)  # fmt: skip


def tracked() -> list[str]:
    """The project's files, new ones included; what git ignores is left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@contextmanager
def copy() -> Iterator[Path]:
    """A copy of the tree beside a link to ../shared, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        for name in tracked():
            target = tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
        if (ROOT.parent / "shared").is_dir():
            (Path(folder) / "shared").symlink_to((ROOT.parent / "shared").resolve())
        yield tree


def mutated(text: str, old: str, new: str) -> str:
    """`text` with the fault in it; ValueError unless the words are there exactly once."""
    if text.count(old) != 1:
        raise ValueError(f"{old!r} is there {text.count(old)} times, not once")
    return text.replace(old, new)


@contextmanager
def put_in(tree: Path, edits: Sequence[Edit]) -> Iterator[None]:
    """The fault in the copy for as long as the block runs; ValueError where the words to replace are not once there."""
    before = {name: (tree / name).read_text() for name, _old, _new in edits}
    try:
        for name, old, new in edits:
            path = tree / name
            try:
                path.write_text(mutated(path.read_text(), old, new))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        yield
    finally:
        for name, text in before.items():
            (tree / name).write_text(text)


def ends_with(tree: Path, test: Sequence[str]) -> int:
    """What pytest ends with in the copy."""
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *test]
    return subprocess.run(command, cwd=tree, capture_output=True, check=False).returncode


def tried(tree: Path, mutant: Mutant) -> str:
    """`killed`, or what is wrong in words."""
    if (code := ends_with(tree, mutant.test)) != 0:
        return f"the test does not pass without the fault (pytest ended with {code})"
    with put_in(tree, mutant.edits):
        code = ends_with(tree, mutant.test)
    return "killed" if code == FAILED else f"SURVIVED (pytest ended with {code})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every mutant, or those whose name holds `--only`; 0 when each was killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", default="", help="try those whose name holds these words")
    parser.add_argument("--json", type=Path, help="write the answers to this file too")
    asked = parser.parse_args(arguments)
    wanted = [mutant for mutant in MUTANTS if asked.only in mutant.name]
    survived, answers = 0, []
    with copy() as tree:
        for mutant in wanted:
            begun = time.monotonic()
            answer = tried(tree, mutant)
            seconds = round(time.monotonic() - begun, 1)
            survived += answer != "killed"
            at = datetime.now(UTC).isoformat(timespec="seconds")
            answers.append({"name": mutant.name, "answer": answer, "seconds": seconds, "at": at})
            print(f"{answer:10} {seconds:6.1f} s  {mutant.name}  [{' '.join(mutant.test)}]", flush=True)
            if asked.json:
                asked.json.write_text(json.dumps(answers), encoding="utf-8")
    print(f"{len(wanted) - survived} of {len(wanted)} killed")
    return 1 if survived or not wanted else 0


if __name__ == "__main__":
    raise SystemExit(main())
