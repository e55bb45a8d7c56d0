"""The dealers of a moment as routing sees them, and what is the same for every lead of a make or a place: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from db.core.geo import Place, distances_km, points

_MOST_REMEMBERED: Final = 1_000
_MOST_AROUND: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class DealerFacts:
    """What routing knows of a dealer.

    `brands` in comparable form (empty: every make); `prefixes` are postal prefixes without spaces; `cap` and `quota` 0
    mean no limit; `hit_rate` is the share of its leads answered in time (None: too few to tell).
    """

    id: int
    code: str
    name: str
    status: str = "active"
    takes_leads: bool = True
    brands: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    state: str = ""
    region: str = ""
    zone: str = "America/New_York"
    calendar_id: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    weight: int = 1
    cap: int = 0
    quota: int = 0
    hit_rate: float | None = None


class Network:
    """The dealers of a moment, indexed; what does not change from lead to lead is worked out once a place and brand."""

    def __init__(self, dealers: Iterable[DealerFacts]) -> None:
        self.dealers = tuple(sorted(dealers, key=lambda d: d.code))
        self.by_id = {dealer.id: dealer for dealer in self.dealers}
        self.sold_brands = frozenset(brand for dealer in self.dealers for brand in dealer.brands)
        self._owners: dict[str, list[DealerFacts]] = {}
        for dealer in self.dealers:
            for prefix in dealer.prefixes:
                self._owners.setdefault(prefix, []).append(dealer)
        self.idle = frozenset(d.id for d in self.dealers if d.status != "active" or not d.takes_leads)
        self._placed = [d for d in self.dealers if d.latitude is not None and d.longitude is not None]
        self._points = points((d.latitude or 0.0, d.longitude or 0.0) for d in self._placed)
        self._unplaced = [d for d in self.dealers if d.latitude is None or d.longitude is None]
        self._nearby: dict[tuple[float, float], list[tuple[float, DealerFacts]]] = {}
        self._distances: dict[tuple[float, float], dict[int, float]] = {}
        self._remembered: dict[tuple[object, ...], dict[int, Any]] = {}
        self._around: dict[tuple[object, ...], dict[int, Any]] = {}

    def remembered(self, *what: object) -> dict[int, Any]:
        """What was worked out about dealers (by id) and is the same for every lead of one kind; `what` names it."""
        return _kept(self._remembered, what, most=_MOST_REMEMBERED)

    def around(self, *what: object) -> dict[int, Any]:
        """The same for what differs from place to place, which is more so it is kept apart."""
        return _kept(self._around, what, most=_MOST_AROUND)

    def owners(self, postal: str) -> tuple[str, tuple[DealerFacts, ...]]:
        """The longest prefix of a postal code somebody owns, and its owners by code; ("", ()) when there is none."""
        bare = "".join(postal.split()).upper()
        for length in range(len(bare), 0, -1):
            if found := self._owners.get(bare[:length]):
                return bare[:length], tuple(found)
        return "", ()

    def by_distance(self, place: Place) -> list[tuple[float, DealerFacts]]:
        """Every dealer with a known position, nearest first, with its distance in km; ties by code."""
        spot = (place.latitude, place.longitude)
        if spot not in self._nearby:
            measured = zip(distances_km(*spot, self._points), self._placed, strict=True)
            self._nearby[spot] = sorted(measured, key=itemgetter(0))  # stable: ties stay in the order of their codes
            self._distances[spot] = {dealer.id: km for km, dealer in self._nearby[spot]}
        return self._nearby[spot]

    def distances(self, place: Place) -> Mapping[int, float]:
        """The distance in km to each dealer with a known position."""
        self.by_distance(place)
        return self._distances[place.latitude, place.longitude]

    def ranked(self, place: Place | None) -> Iterator[DealerFacts]:
        """Every dealer once, nearest first, those without a position last; by code where no place is known."""
        if place is None:
            yield from self.dealers
            return
        yield from (dealer for _, dealer in self.by_distance(place))
        yield from self._unplaced


def _kept(store: dict[tuple[object, ...], dict[int, Any]], what: tuple[object, ...], *, most: int) -> dict[int, Any]:
    found = store.get(what)
    if found is None:
        if len(store) >= most:  # makes and places come from files, so there may be any number of them
            store.clear()
        found = store[what] = {}
    return found
