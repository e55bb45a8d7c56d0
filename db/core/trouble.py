"""What is the matter with the database, in words for people: away, full, read-only, locked, busy (R10, R11).

Only what somebody can do something about; everything else is a mistake of the program and gets a reference number
(db/core/incidents.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


@dataclass(frozen=True)
class Trouble:
    """One kind of trouble: what it is and what to do. `is_away` when waiting for the database helps by itself."""

    kind: str
    what: str
    to_do: str
    is_away: bool = False

    @property
    def on_a_page(self) -> str:
        """What stands where the page should be."""
        return f"{self.what} {self.to_do}"

    @property
    def in_a_click(self) -> str:
        """What is told to the person whose click was not carried out."""
        return f"{self.what} Nothing was saved; what you typed is still here. {self.to_do}"


class MaybeSaved(OperationalError):  # noqa: N818 - says what is the matter
    """The database went away during the commit: nobody knows whether it was carried out."""


AWAY: Final = Trouble(
    "away", "The database cannot be reached.", "Try again in a moment; if it stays, tell your administrator.",
    is_away=True,
)  # fmt: skip
UNKNOWN: Final = Trouble(
    "unknown", "The database went away at the very moment of saving, so nobody knows yet whether this was saved.",
    "What you typed is still here: send it again in a moment. Nothing is ever stored twice.", is_away=True,
)  # fmt: skip
FULL: Final = Trouble(
    "full", "The disk of the database is full.",
    "Ask your administrator to make room on it; then try again.",
)  # fmt: skip
READ_ONLY: Final = Trouble(
    "read_only", "The database can only be read just now.",
    "Ask your administrator to allow the desk to write to it again; then try again.",
)  # fmt: skip
LOCKED: Final = Trouble(
    "locked", "Somebody else has been writing to the database for half a minute.",
    "Try again in a minute; if it stays, ask your administrator which program holds it.",
)  # fmt: skip
BUSY: Final = Trouble(
    "busy", "The desk has more to do than it can.", "Try again in a minute; if it stays, tell your administrator.",
)  # fmt: skip
DAMAGED: Final = Trouble(
    "damaged", "The disk of the database cannot be read or written.",
    "Tell your administrator at once, and do not restart anything before a look at the disk.",
)  # fmt: skip

# PostgreSQL's own names: class 08 is a broken connection, 57P0x a server that stops or starts.
_STATES: Final = {
    "57P01": AWAY, "57P02": AWAY, "57P03": AWAY, "57P05": AWAY, "53100": FULL, "53300": BUSY, "25006": READ_ONLY,
    "55P03": LOCKED, "58030": DAMAGED,
}  # fmt: skip
# The first that fits counts; SHMSIZE is what a full disk says to the first who opens the database.
_SQLITE: Final = {
    "SQLITE_FULL": FULL, "SQLITE_IOERR_SHMSIZE": FULL, "SQLITE_READONLY": READ_ONLY, "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED, "SQLITE_CANTOPEN": AWAY, "SQLITE_IOERR": DAMAGED, "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
}  # fmt: skip


def trouble_of(error: BaseException | None) -> Trouble | None:
    """What is the matter when this error was raised; None for everything that is not the database's own state."""
    if isinstance(error, PoolTimeout):
        return BUSY
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error, MaybeSaved):
        return UNKNOWN
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return AWAY if state.startswith("08") else _STATES.get(state)
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        # An extended name says more than its kind: SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT.
        return next((found for kind, found in _SQLITE.items() if name == kind or name.startswith(f"{kind}_")), None)
    # psycopg gives no state where there was no server to give one: refused, cut off, gone while it waited.
    is_postgres = type(error.orig).__module__.partition(".")[0] == "psycopg"
    return AWAY if error.connection_invalidated or (is_postgres and isinstance(error, OperationalError)) else None


def is_away(error: BaseException | None) -> bool:
    """Whether the database could not be reached, so that waiting for it helps."""
    found = trouble_of(error)
    return found is not None and found.is_away
