"""What customers and vehicles offer to the whole desk: search, imports, exports, checks, retention."""

from __future__ import annotations

from db.core.area import Area, ExportKind, SearchSource
from db.core.permissions import Permission
from db.customers.checks import CHECKS
from db.customers.customer_queries import found_customers
from db.customers.dealer_lines_queries import SOURCE
from db.customers.export_queries import CUSTOMER_COLUMNS, VISIT_COLUMNS, export_customers, export_visits
from db.customers.importing import KINDS
from db.customers.line_queries import SOURCES
from db.customers.own_holder import OWN
from db.customers.vehicle_export_queries import (
    OWNERSHIP_COLUMNS,
    VEHICLE_COLUMNS,
    export_ownerships,
    export_vehicles,
)
from db.customers.vehicle_queries import found_vehicles

AREA = Area(
    name="customers",
    title="Customers",
    search=(
        SearchSource(
            kind="customer", label="Customers", permission=Permission.CUSTOMERS_VIEW, load=found_customers
        ),
        SearchSource(kind="vehicle", label="Vehicles", permission=Permission.CUSTOMERS_VIEW, load=found_vehicles),
    ),
    imports=KINDS,
    exports=(
        ExportKind(
            name="customers", title="Customers", permission=Permission.CUSTOMERS_VIEW, columns=CUSTOMER_COLUMNS,
            rows=export_customers, has_personal_data=True,
        ),
        ExportKind(
            name="service_visits", title="Service visits", permission=Permission.CUSTOMERS_VIEW, columns=VISIT_COLUMNS,
            rows=export_visits, has_personal_data=True,
        ),
        ExportKind(
            name="vehicles", title="Vehicles", permission=Permission.CUSTOMERS_VIEW, columns=VEHICLE_COLUMNS,
            rows=export_vehicles, has_personal_data=True,
        ),
        ExportKind(
            name="ownerships", title="Owners and purchases", permission=Permission.CUSTOMERS_VIEW,
            columns=OWNERSHIP_COLUMNS, rows=export_ownerships, has_personal_data=True,
        ),
    ),
    checks=CHECKS,
    dealer=(SOURCE,),
    personal_data=(OWN,),
    customer=SOURCES,
)  # fmt: skip
