"""The explanation of a route as the text it is stored as, put together from parts that many leads have in common."""

from __future__ import annotations

import json
from typing import Final

from db.core.insert import Written
from db.leads.routing import Candidate, Decision

Texts = dict[int, tuple[Candidate, str]]
"""Dealers that are told of with many leads, by identity; each beside its text, so nothing else can have its address."""

_MOST: Final = 20_000
_NONE: Final = '"candidates": []'


def written(decision: Decision, texts: Texts, *, policy_version: int) -> Written:
    """The JSON of `Decision.as_stored`, letter by letter; `texts` remembers the dealers of one batch."""
    if len(texts) > _MOST:
        texts.clear()
    parts = []
    for one in decision.candidates:
        known = texts.get(id(one))
        if known is None:
            known = texts[id(one)] = one, json.dumps(one)
        parts.append(known[1])
    around = json.dumps(decision.as_stored(policy_version=policy_version) | {"candidates": []})
    # Quotes within a text are escaped, so the first such words are the name of the list.
    return Written(around.replace(_NONE, f"{_NONE[:-1]}{', '.join(parts)}]", 1))
