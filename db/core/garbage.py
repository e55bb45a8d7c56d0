"""Python's collector and work that makes a great many objects, all of which stay until it ends."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Let nobody look for rings of dead objects while the block runs; for work that ends within seconds.

    The rows of a file live until they are written, and each of the many looks at them finds nothing: a tenth of an
    import. What has no ring about it is freed at once all the same. Of two such blocks at once the one that began first
    turns the collector on again, so it is never left off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
