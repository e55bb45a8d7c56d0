"""The command line: `python -m db --help`. The only file of db/ that reads the clock."""

from __future__ import annotations

import gc
import sys
from datetime import UTC, datetime

from db.cli.main import main
from db.core import logs

MANY = 50_000
"""New objects before Python looks for garbage: what a command loads is ten times the usual 700, and none of it dies."""

if __name__ == "__main__":
    gc.set_threshold(MANY, 10, 10)
    logs.set_up()
    sys.exit(main(sys.argv[1:], now=datetime.now(UTC)))
