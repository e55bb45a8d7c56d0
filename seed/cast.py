"""Who acts in the demo: the desk's people and each dealer's own, with the dealer's hours and habits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, select

from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import Calendar, is_open
from db.core.actor import Actor
from db.core.geo import distance_km, place_of
from db.core.session import reading
from db.dealers.tables import Dealer
from db.people.queries import actor_for
from seed.network import Network
from seed.places import PLACES, Place
from seed.styles import Style, styles


class Cast:
    """Everybody who can act, read once; calendars are read again by `refresh`."""

    def __init__(self, bind: Engine, made: Network, *, seed: int) -> None:
        self._bind, self._made = bind, made
        self._places = {made.dealers[place.code]: place for place in PLACES}
        self._styles = styles(seed)
        self._actors: dict[str, Actor] = {}
        self._by_id: dict[int, Actor] = {}
        self._calendars: dict[int | None, Calendar] = {}
        with reading(bind) as session:
            regions = session.execute(select(Dealer.id, Dealer.region)).all()
            for username in (*made.desk, *(name for names in made.staff.values() for name in names)):
                actor = actor_for(session, username=username)
                assert actor.user_id is not None
                self._actors[username] = self._by_id[actor.user_id] = actor
        self._regions: Mapping[int, str] = dict(regions)
        self.refresh()

    def refresh(self) -> None:
        """Read every dealer's calendar; under None the desk's own."""
        with reading(self._bind) as session:
            wanted: list[int | None] = [*self._places, None]
            self._calendars = {dealer_id: calendar_for_dealer(session, dealer_id) for dealer_id in wanted}

    def named(self, username: str) -> Actor:
        """The person of a user name."""
        return self._actors[username]

    def desk(self, region: str | None) -> Actor:
        """The coordinator of a region: Colin has the middle of the country, Cora everything."""
        colin = self._actors["colin"]
        return colin if region in colin.scope.regions else self._actors["cora"]

    def manager(self, dealer_id: int) -> Actor:
        """The manager of a dealer."""
        return self._actors[self._made.staff[dealer_id][0]]

    def sales(self, dealer_id: int, *, turn: int, assignee_id: int | None) -> Actor:
        """Who works a lead at a dealer: whom it was given to, else one of the sales people in turn."""
        if assignee_id is not None and assignee_id in self._by_id:
            return self._by_id[assignee_id]
        people = self._made.staff[dealer_id][1:]
        return self._actors[people[turn % len(people)]]

    def calendar(self, dealer_id: int | None) -> Calendar:
        """The hours of a dealer, or of the desk."""
        return self._calendars[dealer_id]

    def style(self, dealer_id: int) -> Style:
        """The habits of a dealer."""
        return self._styles[self._places[dealer_id].code]

    def region(self, dealer_id: int | None) -> str | None:
        """The region of a dealer."""
        return self._regions.get(dealer_id) if dealer_id is not None else None

    def id_of(self, code: str) -> int:
        """The id of a dealer by its code."""
        return self._made.dealers[code]

    def open_dealers(self, at: datetime) -> list[Place]:
        """The active dealers that are open at a moment, in the order of their codes."""
        return [
            place for i, place in self._places.items() if place.status == "active" and is_open(self._calendars[i], at)
        ]

    def nearest(self, postal_code: str, state: str) -> int:
        """The active dealer closest to a customer, however far."""
        home = place_of(postal_code, state, "US")
        active = {dealer_id: place for dealer_id, place in self._places.items() if place.status == "active"}
        if home is None:
            return min(active)
        return min(
            active,
            key=lambda i: distance_km(home.latitude, home.longitude, active[i].latitude, active[i].longitude),
        )


def turn_of(moment: datetime) -> int:
    """Whose turn it is, by when something happened; ids would not do, for PostgreSQL leaves some unused."""
    return int(moment.timestamp())
