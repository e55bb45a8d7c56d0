"""Where scratch databases of tests lie: in memory where the machine has room for them, else in the temporary folder.

A fresh PostgreSQL database is 1,300 files; on a disk it takes half a second to make, in memory a tenth of that.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")
LEAST_FREE: Final = 6 * 2**30
"""Bytes that have to be free; a whole run on two cores was seen to need less than two of the six GiB."""


def scratch_folder() -> Path:
    """The folder temporary folders are made in; TEST_SCRATCH names another one."""
    if given := os.environ.get("TEST_SCRATCH"):
        return Path(given)
    is_there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= LEAST_FREE
    return MEMORY if is_there else Path(tempfile.gettempdir())
