"""The command line: `python -m db --help`. The only file of db/ that reads the clock."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from db.cli.main import main
from db.core import logs

if __name__ == "__main__":
    logs.set_up()
    sys.exit(main(sys.argv[1:], now=datetime.now(UTC)))
