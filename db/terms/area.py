"""What terms offer to the whole desk."""

from __future__ import annotations

from db.core.area import Area, Check, DealerSource, ExportKind, SearchSource, WorkSource
from db.core.permissions import Permission
from db.terms import importing
from db.terms.checks import check_terms
from db.terms.flow import FLOW
from db.terms.proposals import ITEM
from db.terms.queries import COLUMNS, export_rows
from db.terms.work_queries import dealer_lines, dealer_signals, found_changes, work_counts, work_lines

AREA = Area(
    name="terms",
    title="Terms",
    flows=(FLOW,),
    work=(WorkSource(name="terms", permission=Permission.TERMS_VIEW, lines=work_lines, counts=work_counts),),
    search=(SearchSource(kind=ITEM, label="Proposed terms", permission=Permission.TERMS_VIEW, load=found_changes),),
    imports=(importing.KIND,),
    exports=(
        ExportKind(
            name="terms", title="Terms in force", permission=Permission.TERMS_VIEW, columns=COLUMNS, rows=export_rows
        ),
    ),
    checks=(Check(name="terms", run=check_terms),),
    dealer=(
        DealerSource(
            name="terms", label="Terms", permission=Permission.TERMS_VIEW, lines=dealer_lines, signals=dealer_signals
        ),
    ),
)  # fmt: skip
