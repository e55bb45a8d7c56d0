"""The person (or job) who acts, and the dealers that person may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, false, true

from db.core.permissions import Permission, Role, may
from db.core.problems import Problem, Refused

Source = Literal["app", "cli", "http", "sweep", "seed"]


@dataclass(frozen=True)
class Scope:
    """Which dealers an actor may see: all, those of some regions, or a list. Hashable: part of cache keys."""

    kind: Literal["all", "regions", "dealers"] = "dealers"
    regions: frozenset[str] = frozenset()
    dealer_ids: frozenset[int] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether nothing is hidden."""
        return self.kind == "all"

    def where(self, dealer_id: Any, region: Any) -> ColumnElement[bool]:
        """The SQL condition for a table with these dealer and region columns.

        A record without a dealer (an unassigned lead) belongs to its region and to people who see all.
        """
        if self.kind == "all":
            return true()
        if self.kind == "regions":
            return region.in_(sorted(self.regions)) if self.regions else false()
        return dealer_id.in_(sorted(self.dealer_ids)) if self.dealer_ids else false()

    def allows(self, *, dealer_id: int | None, region: str | None) -> bool:
        """The same question as `where`, for one record already read."""
        if self.kind == "all":
            return True
        if self.kind == "regions":
            return region is not None and region in self.regions
        return dealer_id is not None and dealer_id in self.dealer_ids

    def describe(self) -> str:
        """For people: "All dealers", "East, West", "3 dealers"."""
        if self.kind == "all":
            return "All dealers"
        if self.kind == "regions":
            return ", ".join(sorted(self.regions)) or "No region"
        return f"{len(self.dealer_ids)} dealer" + ("" if len(self.dealer_ids) == 1 else "s")


EVERYTHING = Scope("all")


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: `username` signs timeline entries, `name` is shown, `zone` is the IANA zone times are shown in."""

    user_id: int | None
    username: str
    name: str
    role: Role
    scope: Scope = field(default_factory=Scope)
    source: Source = "app"
    zone: str = "America/New_York"

    def can(self, permission: Permission) -> bool:
        """Whether this actor's role was granted `permission`."""
        return may(self.role, permission)

    def require(self, permission: Permission) -> None:
        """Refuse (code `not_allowed`) unless granted; every command calls this first."""
        if not self.can(permission):
            raise Refused(
                Problem(
                    code="not_allowed",
                    message=f"Your role ({self.role.label}) may not do this.",
                    rule=permission,
                )
            )


def system_actor(source: Source = "sweep") -> Actor:
    """The desk itself: jobs, intake over HTTP, the command line; sees everything, is named in the timeline."""
    names = {
        "sweep": "Automatic",
        "cli": "Command line",
        "http": "Lead intake",
        "seed": "Demo data",
        "app": "Desk",
    }
    return Actor(
        user_id=None,
        username=f"system:{source}",
        name=names[source],
        role=Role.ADMIN,
        scope=EVERYTHING,
        source=source,
    )
