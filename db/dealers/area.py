"""What dealers offer to the desk: search, import, export, and a check of what is derived."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING
from db.core.area import Area, Check, ExportKind, SearchSource
from db.core.export_files import ExportColumn
from db.core.export_files import ExportKind as ColumnKind
from db.core.permissions import Permission
from db.core.search import SearchWord
from db.dealers import importing, queries, record, rules
from db.dealers.tables import Dealer, DealerTerritory

_KINDS: dict[str, ColumnKind] = {
    "latitude": "decimal", "longitude": "decimal", "lead_weight": "integer", "lead_cap": "integer",
    "daily_quota": "integer", "takes_leads": "bool",
}  # fmt: skip


def check_dealers(session: Session) -> list[str]:
    """Dealers whose name key, region or search words are not those of their name, as sentences."""
    indexed = set(session.scalars(select(SearchWord.item_id).where(SearchWord.kind == "dealer").distinct()))
    found = []
    for number, code, name, key in session.execute(
        select(Dealer.id, Dealer.code, Dealer.name, Dealer.name_key).order_by(Dealer.id)
    ):
        if key != rules.name_key(name):
            found.append(f"dealer {code} is compared as {key!r}, its name gives {rules.name_key(name)!r}")
        if number not in indexed:
            found.append(f"dealer {code} cannot be found by the search box")
    return found


def check_territory(session: Session) -> list[str]:
    """Postal areas two dealers own without an end (data from before the rule), and areas that end before they begin."""
    found = [
        f"area {prefix} belongs to {', '.join(d.code for d in dealers)} at once"
        for prefix, dealers in queries.territory_conflicts(session, scope=EVERYTHING)
    ]
    rows = session.execute(
        select(Dealer.code, DealerTerritory.postal_prefix)
        .join(Dealer, Dealer.id == DealerTerritory.dealer_id)
        .where(DealerTerritory.valid_to < DealerTerritory.valid_from)
        .order_by(DealerTerritory.id)
    )
    return found + [f"area {prefix} of dealer {code} ends before it begins" for code, prefix in rows]


AREA = Area(
    name="dealers",
    title="Dealers",
    search=(
        SearchSource(
            kind="dealer", label="Dealers", permission=Permission.DEALERS_VIEW, load=queries.search_results
        ),
    ),
    imports=(importing.KIND,),
    exports=(
        ExportKind(
            name="dealers",
            title="Dealers",
            permission=Permission.DEALERS_VIEW,
            columns=tuple(
                ExportColumn(name=name, label=record.LABELS[name], kind=_KINDS.get(name, "text"))
                for name in queries.EXPORTED
            ),
            rows=queries.export_rows,
        ),
    ),
    checks=(Check(name="dealers", run=check_dealers), Check(name="territory", run=check_territory)),
)  # fmt: skip
