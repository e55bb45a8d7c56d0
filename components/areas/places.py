"""Regions and dealers for the filters of a page, read when a dealer changes and not with every click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from components.kept import kept
from db.core.actor import Scope
from db.dealers.queries import dealer_choices, regions


@dataclass(frozen=True, kw_only=True)
class Places:
    """Regions and dealers a person may choose from; the id of a dealer as text, with its name and code."""

    regions: tuple[str, ...]
    dealers: Mapping[str, str]


def places(scope: Scope, *, session: Any) -> Places:
    """What there is to choose from in a scope; `session` is that of the page's other questions."""

    def make() -> Places:
        dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, scope)}
        return Places(regions=tuple(regions(session, scope)), dealers=MappingProxyType(dealers))

    return kept(session, make, "places", scope, areas=("dealers",))
