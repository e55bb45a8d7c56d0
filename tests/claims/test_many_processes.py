"""Several processes enter, send and decide the same claims at once, on both databases (issue 5; 5,000: tests/bench)."""

from __future__ import annotations

from sqlalchemy import Engine

from tests.bench.claims_load import finish, prepare, race, wrong_with

CLAIMS, PROCESSES = 60, 4


def test_none_is_lost_and_none_is_doubled(engine: Engine):
    url = engine.url.render_as_string(hide_password=False)
    prepare(engine, claims=CLAIMS)
    told = race(url, processes=PROCESSES, claims=CLAIMS)
    finish(url)
    assert wrong_with(url, claims=CLAIMS) == []
    assert told["sent"] == CLAIMS
    assert told["decided"] <= CLAIMS
    # Two processes had each claim: where it was not too late already, the second was told why it may not.
    twice = sum(n for word, n in told.items() if word.startswith(("already", "sending", "deciding", "not there")))
    assert twice + told["sent"] + told["decided"] == 4 * CLAIMS
