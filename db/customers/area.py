"""What customers and vehicles offer to the whole desk: search, imports, exports, checks, retention."""

from __future__ import annotations

from db.core.area import Area, ExportKind, SearchSource
from db.core.permissions import Permission
from db.customers.checks import CHECKS
from db.customers.customer_queries import found_customers
from db.customers.export_queries import CUSTOMER_COLUMNS, VISIT_COLUMNS, export_customers, export_visits
from db.customers.importing import KINDS
from db.customers.line_queries import SOURCES
from db.customers.own_holder import OWN
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
    ),
    checks=CHECKS,
    personal_data=(OWN,),
    customer=SOURCES,
)  # fmt: skip
