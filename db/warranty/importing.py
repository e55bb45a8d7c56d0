"""The kinds of files that bring warranty data in, each with dry run, a reason for every row refused, and undo."""

from __future__ import annotations

from typing import Any

from db.core.area import ImportKind
from db.core.permissions import Permission
from db.warranty import catalogue_importing as catalogue
from db.warranty import lists_importing as lists
from db.warranty.record import undo

_OURS, _THEIRS = Permission.WARRANTY_IMPORT, Permission.TECHNICIANS_EDIT


def _kind(name: str, title: str, apply: Any, fields: Any, help: str, *, ours: bool = True) -> ImportKind:
    return ImportKind(
        name=name, title=title, permission=_OURS if ours else _THEIRS, apply=apply, undo=undo, fields=fields, help=help,
        extensions=(".csv", ".tsv", ".txt", ".xlsx"),
    )  # fmt: skip


KINDS: tuple[ImportKind, ...] = (
    _kind(
        "warranty_components", "Components", catalogue.apply_components, catalogue.COMPONENT_FIELDS,
        "One row a component. Blank cells change nothing of a component that is there.",
    ),
    _kind(
        "warranty_plans", "Coverage plans", catalogue.apply_plans, catalogue.PLAN_FIELDS,
        "One row a plan and first day. A later first day makes the next version and ends the one before.",
    ),
    _kind(
        "warranty_operations", "Labour operations", catalogue.apply_operations, catalogue.OPERATION_FIELDS,
        "One row an operation and first day; hours as 2.5. A later first day ends the hours before.",
    ),
    _kind(
        "warranty_parts", "Parts and prices", catalogue.apply_parts, catalogue.PART_FIELDS,
        "One row a part, with a net price and its first day where the price changes.",
    ),
    _kind(
        "warranty_campaigns", "Campaigns and VINs", lists.apply_campaigns, lists.CAMPAIGN_FIELDS,
        "One row a campaign and VIN. VINs already on the list stay as they are.",
    ),
    _kind(
        "warranty_contracts", "Service contracts", lists.apply_coverage, lists.COVERAGE_FIELDS,
        "One row a vehicle and plan it has beside those of its model.",
    ),
    _kind(
        "technicians", "Technicians", lists.apply_technicians, lists.TECHNICIAN_FIELDS,
        "One row a technician and certificate, of the dealers you look after.", ours=False,
    ),
)  # fmt: skip
