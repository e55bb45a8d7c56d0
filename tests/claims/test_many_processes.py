"""Several processes enter, send and decide the same claims at once, on both databases (issue 5; 5,000: bench/)."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from sqlalchemy import Engine

from bench.claims_load import finish, prepare, work, wrong_with
from tests.support.at_once import at_once

CLAIMS, PROCESSES = 40, 4


def part(engine: Engine, *, index: int) -> Counter[str]:
    """What one process enters, sends and decides."""
    url = engine.url.render_as_string(hide_password=False)
    return work(url, index=index, processes=PROCESSES, claims=CLAIMS)


@pytest.mark.slow
def test_none_is_lost_and_none_is_doubled(engine: Engine):
    url = engine.url.render_as_string(hide_password=False)
    prepare(engine, claims=CLAIMS)
    # Forked: four interpreters of their own would spend most of the time importing.
    told: Counter[str] = Counter()
    for one in at_once(engine, *(partial(part, index=i) for i in range(PROCESSES))):
        told += one
    finish(url)
    assert wrong_with(url, claims=CLAIMS) == []
    assert told["sent"] == CLAIMS
    assert told["decided"] <= CLAIMS
    # Two processes had each claim: where it was not too late already, the second was told why it may not.
    twice = sum(n for word, n in told.items() if word.startswith(("already", "sending", "deciding", "not there")))
    assert twice + told["sent"] + told["decided"] == 4 * CLAIMS
