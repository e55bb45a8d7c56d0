"""What contacts and messages offer to the whole desk: lines on a customer's timeline, export, checks, retention."""

from __future__ import annotations

from db.core.area import Area, ExportKind
from db.core.permissions import Permission
from db.interactions.checks import CHECKS
from db.interactions.line_queries import COLUMNS, SOURCES, export_rows
from db.interactions.own_holder import OWN

AREA = Area(
    name="interactions",
    title="Contacts and messages",
    exports=(
        ExportKind(
            name="interactions", title="Contacts with customers", permission=Permission.CUSTOMERS_VIEW,
            columns=COLUMNS, rows=export_rows, has_personal_data=True,
        ),
    ),
    checks=CHECKS,
    personal_data=(OWN,),
    customer=SOURCES,
)  # fmt: skip
