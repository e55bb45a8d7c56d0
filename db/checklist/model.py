"""A checklist as plain facts: what a template says of an item, and how an item of a running checklist stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Owner = Literal["coordinator", "finance", "manager", "field", "dealer"]
Evidence = Literal["none", "note", "date", "number", "document"]
ItemStatus = Literal["open", "done", "waived", "failed"]

OWNERS: dict[str, str] = {
    "coordinator": "Coordinator", "finance": "Finance", "manager": "Manager", "field": "Field staff",
    "dealer": "The dealer",
}  # fmt: skip
EVIDENCE: dict[str, str] = {
    "none": "Nothing", "note": "A note", "date": "A day", "number": "A number", "document": "A document",
}  # fmt: skip
ITEM_STATUSES: dict[str, str] = {"open": "Open", "done": "Done", "waived": "Waived", "failed": "Failed"}
SATISFIED = ("done", "waived")


@dataclass(frozen=True, kw_only=True)
class ItemSpec:
    """One item of a template. Days are calendar days: `due_days` after the anchor day, `duration_days` as planned.

    `stage` is the stage of the subject that cannot be left while the item is open; `depends_on` holds codes.
    `second_person` bars who did an item (no gate) it directly waits on; the area may bar more.
    """

    code: str
    title: str
    section: str
    stage: str = ""
    owner: str = "coordinator"
    due_days: int = 0
    duration_days: int = 1
    weight: int = 1
    depends_on: tuple[str, ...] = ()
    evidence: str = "none"
    is_gate: bool = False
    second_person: bool = False
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of a running checklist, as the rules need it. Days are those of the dealer's zone.

    `ready_on` is the day since which nothing it waits on is open (None while blocked), `done_on` the day it was done.
    """

    code: str
    title: str
    status: str = "open"
    weight: int = 1
    duration_days: int = 1
    depends_on: tuple[str, ...] = ()
    is_gate: bool = False
    stage: str = ""
    owner: str = "coordinator"
    due_on: date | None = None
    ready_on: date | None = None
    done_on: date | None = None
    reason: str = ""

    @property
    def is_satisfied(self) -> bool:
        """Whether nothing has to wait for it any more: done, or waived."""
        return self.status in SATISFIED
