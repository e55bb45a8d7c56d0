"""Programs in the search box and as a file: every version one may see, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.area import ExportKind, SearchResult, SearchSource
from db.core.export_files import ExportColumn
from db.core.labels import local_day
from db.core.permissions import Permission
from db.incentives.program_queries import list_versions, programs_by_id
from db.incentives.say_rules import day
from db.incentives.tier_rules import WHOLE

PAGE_FILE = "pages/incentives/programs.py"
PERIODS = {"month": "Month", "quarter": "Quarter", WHOLE: "Whole program"}


def found_programs(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Programs the search box found, in the order of the ids, without those this actor may not see."""
    return [
        SearchResult(
            kind="incentive_program", item_id=p.id, title=f"{p.code} {p.name}",
            subtitle=f"{p.kind} \N{MIDDLE DOT} {day(p.first)} to {day(p.last)}", page=PAGE_FILE,
            query={"program": str(p.id)},
        )
        for p in programs_by_id(session, ids=ids, actor=actor)
    ]  # fmt: skip


def program_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a version of the programs the filters keep; people of a dealership get no draft and no budget."""
    wanted = {name: str(filters.get(name) or "") for name in ("state", "kind", "text")}
    for p, v in list_versions(session, actor=actor, today=local_day(now, DESK_ZONE), **wanted):
        yield (
            p.code, v.program.name, p.kind, p.state_label, v.number, v.state.capitalize(), v.effective_from,
            v.program.program.first, v.program.program.last, PERIODS[v.program.period], v.program.stack_group,
            v.program.bulletin, v.program.budget_cents, p.committed_cents, p.units, p.earned_cents, " ".join(v.words),
            v.reason if not actor.role.is_dealer else "", v.published_by, v.published_at,
        )  # fmt: skip


SEARCH = SearchSource(
    kind="incentive_program", label="Incentive programs", permission=Permission.INCENTIVES_VIEW, load=found_programs,
    is_shared=True,
)  # fmt: skip
EXPORT = ExportKind(
    name="incentive_programs", title="Incentive programs with their versions", permission=Permission.INCENTIVES_VIEW,
    rows=program_rows,
    columns=(
        ExportColumn(name="code", label="Code"), ExportColumn(name="name", label="Name"),
        ExportColumn(name="kind", label="Kind"), ExportColumn(name="state", label="State"),
        ExportColumn(name="version", label="Version", kind="integer"),
        ExportColumn(name="version_state", label="State of the version"),
        ExportColumn(name="effective_from", label="Holds from", kind="date"),
        ExportColumn(name="first", label="First day", kind="date"),
        ExportColumn(name="last", label="Last day", kind="date"), ExportColumn(name="period", label="Summed up by"),
        ExportColumn(name="stack_group", label="Stack group"), ExportColumn(name="bulletin", label="Bulletin"),
        ExportColumn(name="budget", label="Budget", kind="money"),
        ExportColumn(name="committed", label="Committed", kind="money"),
        ExportColumn(name="units", label="Units of the program", kind="integer"),
        ExportColumn(name="earned", label="Earned with the program", kind="money"),
        ExportColumn(name="says", label="What it says"), ExportColumn(name="reason", label="Reason"),
        ExportColumn(name="published_by", label="Published by"),
        ExportColumn(name="published_at", label="Published at", kind="datetime"),
    ),
)  # fmt: skip
