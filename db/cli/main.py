"""Reads a command line, runs it, and turns refusals into sentences and an exit code.

Exit codes: 0 done; 1 something is wrong (check, sweep); 2 not understood; 3 rows were rejected; 4 refused.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from db.core.problems import Refused

DONE, WRONG, MISUSED, REJECTED, REFUSED = 0, 1, 2, 3, 4
# A name of something that does not exist is a mistake in the command line, not a refusal of the desk.
NAMES_NOTHING = {"unknown_kind", "unknown_metric", "unknown_dimension", "unknown_scope"}


def build_parser() -> argparse.ArgumentParser:
    """Every command with its arguments."""
    from db.cli import customers, database, exports, imports, mail, people, reports

    parser = argparse.ArgumentParser(
        prog="python -m db",
        description="Work on the desk's database (DATABASE_URL; without it, var/dealer.db).",
        epilog="Exit codes: 0 done, 1 something is wrong, 2 not understood, 3 rows were rejected, 4 refused.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in (database, imports, exports, people, customers, reports, mail):
        group.add_commands(commands)
    return parser


def _version() -> str:
    try:
        return version("dealer-operations")
    except PackageNotFoundError:
        return "from the source folder"


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Run one command line at the moment `now`; gives the exit code. argparse itself ends the process with 2."""
    for stream in (sys.stdout, sys.stderr):
        # Names of people and places in any script must print, whatever the terminal says of itself.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    chosen = build_parser().parse_args(arguments)
    chosen.now = now
    try:
        code: int = chosen.run(chosen)
        sys.stdout.flush()
    except Refused as refusal:
        for problem in refusal.problems:
            print(problem.message, file=sys.stderr)
        return MISUSED if refusal.code in NAMES_NOTHING else REFUSED
    except KeyboardInterrupt:
        print("Stopped; nothing was changed.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of a pipe (head, less) went away; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        return REFUSED
    return code


def _sentence(error: Exception) -> str | None:
    """What to tell a person about a database that cannot be used; None for a mistake of the program."""
    from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

    from db.migrate import SchemaUnknown

    if isinstance(error, SchemaUnknown):
        return str(error)
    if isinstance(error, OperationalError | DatabaseError) and error.orig is not None:
        words = " ".join(str(error.orig).split())
        return f"The database cannot be used: {words}"
    if isinstance(error, SQLAlchemyError) and "Could not parse" in str(error):
        return (
            "DATABASE_URL is no address of a database, such as sqlite:///var/dealer.db or postgresql://user@host/name."
        )
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    return None
