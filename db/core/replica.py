"""A streaming standby that may answer reads (DATABASE_READ_URL), as long as it holds every change of the primary.

One sentence is the whole rule: **a read goes to the standby only when the standby has, at that moment, as many changes
as the primary** (the reads of one page run ask once, see `FRESH_SECONDS`). Each transaction of the desk raises a change
counter in its own commit, commits reach a standby in their order, and counters only grow; so a standby whose sum is not
behind has everything that was committed before, whoever wrote it and in whichever process. Nobody misses what they just
saved, no cache keeps an older number under a newer key, and a standby that lags, stands still or is gone costs speed,
never truth (decision 0075).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from itertools import count

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from db.core import changes
from db.core.changes import ChangeCounter

log = logging.getLogger("dealerdesk.replica")
PAUSE_SECONDS = 10.0
"""How long a standby that did not answer is left alone, so that not every click waits for it."""
FRESH_SECONDS = 0.05
"""How long the answer holds for the reads that follow in the same thread: those of one page run.

A write of this process ends it at once, and so does an answer that the standby is behind; what another process commits
may be missed so long.
"""

_SUM = select(func.coalesce(func.sum(ChangeCounter.n), 0))
# A standby that was promoted goes its own way: from then on it is no copy, and must not be asked.
_SUM_OF_COPY = select(func.pg_is_in_recovery(), _SUM.scalar_subquery())
_WHOSE = text("SELECT system_identifier, current_database() FROM pg_control_system()")


def count_housekeeping(session: Session) -> None:
    """Raise a counter of its own in a transaction that touches no area (drafts, sign-ins), so that it is seen too."""
    if not session.info.get("areas"):
        changes.touch(session, changes.HOUSEKEEPING)


class Standby:
    """One standby beside its primary; `engine` is None while it may not be asked."""

    def __init__(self, primary: Engine, copy: Engine) -> None:
        self._primary = primary
        # One statement each, without BEGIN and ROLLBACK around it.
        self._ask_primary = primary.execution_options(isolation_level="AUTOCOMMIT")
        self._ask_copy = copy.execution_options(isolation_level="AUTOCOMMIT")
        self._copy = copy
        self._is_of_primary = False
        self._not_before = 0.0
        self._is_lost = False
        self._noting = threading.Lock()
        self._numbers = count(1)
        self._last_write = 0
        self._thread = threading.local()
        self.asked: Counter[str] = Counter(standby=0, behind=0, lost=0)
        """How many reads went to the `standby`, and to the primary because it was `behind` or `lost`."""

    def current(self) -> Engine | None:
        """The standby's engine when it has every change the primary has now; None when the primary has to answer."""
        begun, last_write = time.monotonic(), self._last_write
        if begun < self._not_before:
            self.asked["lost"] += 1
            return None
        if (begun < getattr(self._thread, "until", 0.0)) and self._thread.last_write == last_write:
            self.asked["standby"] += 1
            return self._copy
        self._thread.until = 0.0
        with self._ask_primary.connect() as connection:  # an error here is the primary's, and the caller's
            if not self._is_of_primary:
                whose = tuple(connection.execute(_WHOSE).one())
            needed = connection.scalar(_SUM) or 0
        try:
            with self._ask_copy.connect() as connection:
                if not self._is_of_primary:
                    other = tuple(connection.execute(_WHOSE).one())
                    if other != whose:
                        self._lose("it is a copy of another database")
                        return None
                    self._is_of_primary = True
                is_copy, has = connection.execute(_SUM_OF_COPY).one()
        except SQLAlchemyError as error:
            self._lose(type(error).__name__)
            return None
        if not is_copy:
            self._lose("it is no standby any more")
            return None
        if self._is_lost:
            self._is_lost = False
            log.warning("the standby answers again")
        if has < needed:
            self.asked["behind"] += 1
            return None
        self.asked["standby"] += 1
        self._thread.until, self._thread.last_write = begun + FRESH_SECONDS, last_write
        return self._copy

    def note_write(self) -> None:
        """This process has committed something: whoever reads next in it, in whichever thread, asks anew."""
        self._last_write = next(self._numbers)

    def _lose(self, why: str) -> None:
        """Leave the standby alone for a while; says so once."""
        with self._noting:
            if not self._is_lost:
                log.warning("the standby is not asked, the primary answers all reads: %s", why)
            self._is_lost, self._is_of_primary = True, False
            self._not_before = time.monotonic() + PAUSE_SECONDS
        self.asked["lost"] += 1

    def dispose(self) -> None:
        """Close the connections to the standby."""
        self._copy.dispose()
