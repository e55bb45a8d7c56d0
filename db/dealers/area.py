"""What dealers offer to the desk: search, import, export, and a check of what is derived."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING
from db.core.area import Area, Check, DealerSource, ExportKind, SearchSource
from db.core.export_files import ExportColumn
from db.core.export_files import ExportKind as ColumnKind
from db.core.permissions import Permission
from db.core.search import SearchWord
from db.dealers import (
    importing,
    lines_queries,
    people,
    people_importing,
    people_queries,
    queries,
    record,
    rules,
)
from db.dealers.tables import Dealer, DealerContact, DealerGroup, DealerTerritory

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


def check_people(session: Session) -> list[str]:
    """People of dealers that cannot be found, or that have left and are still the primary contact; keys of groups."""
    indexed = set(session.scalars(select(SearchWord.item_id).where(SearchWord.kind == people.KIND).distinct()))
    found = []
    rows = session.execute(
        select(
            DealerContact.id, DealerContact.name, DealerContact.is_primary, DealerContact.left_on,
            DealerContact.region, Dealer.code, Dealer.region.label("of_dealer"),
        )
        .join(Dealer, Dealer.id == DealerContact.dealer_id)
        .order_by(DealerContact.id)
    )  # fmt: skip
    for row in rows:
        if row.id not in indexed:
            found.append(f"{row.name} of dealer {row.code} cannot be found by the search box")
        if row.is_primary and row.left_on is not None:
            found.append(f"{row.name} has left dealer {row.code} and is still its primary contact")
        if row.region != row.of_dealer:
            found.append(f"{row.name} of dealer {row.code} stands in the region {row.region}, the dealer does not")
    for name, key in session.execute(select(DealerGroup.name, DealerGroup.name_key).order_by(DealerGroup.id)):
        if key != rules.name_key(name):
            found.append(f"the group {name} is compared as {key!r}, its name gives {rules.name_key(name)!r}")
    return found


_PEOPLE_LABELS = people.LABELS | {"dealer": "Dealer", "dealer_name": "Dealer name", "account": "Account"}
_PEOPLE_KINDS: dict[str, ColumnKind] = {"is_primary": "bool", "left_on": "date"}

AREA = Area(
    name="dealers",
    title="Dealers",
    search=(
        SearchSource(
            kind="dealer", label="Dealers", permission=Permission.DEALERS_VIEW, load=queries.search_results
        ),
        SearchSource(
            kind=people.KIND, label="People of dealers", permission=Permission.DEALERS_VIEW,
            load=people_queries.search_results,
        ),
    ),
    imports=(importing.KIND, people_importing.KIND),
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
        ExportKind(
            name="dealer_contacts",
            title="People of dealers",
            permission=Permission.DEALERS_VIEW,
            columns=tuple(
                ExportColumn(name=name, label=_PEOPLE_LABELS[name], kind=_PEOPLE_KINDS.get(name, "text"))
                for name in people_queries.EXPORTED
            ),
            rows=people_queries.export_rows,
            has_personal_data=True,
            is_masked=False,
        ),
    ),
    checks=(
        Check(name="dealers", run=check_dealers), Check(name="people of dealers", run=check_people),
        Check(name="territory", run=check_territory),
    ),
    dealer=(
        DealerSource(
            name="dealers", label="Master data", permission=Permission.DEALERS_VIEW, lines=lines_queries.dealer_lines,
            signals=lines_queries.dealer_signals,
        ),
    ),
)  # fmt: skip
