"""What marketing spend offers to the whole desk."""

from __future__ import annotations

from db.core.area import Area, Check, ExportKind
from db.core.permissions import Permission
from db.marketing.checks import check_spend
from db.marketing.importing import KIND
from db.marketing.metrics_queries import METRICS
from db.marketing.queries import COLUMNS, export_rows

AREA = Area(
    name="marketing",
    title="Marketing spend",
    imports=(KIND,),
    exports=(
        ExportKind(
            name="marketing_spend", title="Marketing spend", permission=Permission.FUNNEL_VIEW, columns=COLUMNS,
            rows=export_rows,
        ),
    ),
    metrics=METRICS,
    checks=(Check(name="Marketing spend is said once", run=check_spend),),
)  # fmt: skip
