"""Reading contacts and promises: the names other areas and pages use."""

from __future__ import annotations

from db.contact_log.contact_queries import (
    LogFilters,
    ReportRow,
    Touch,
    count_reports,
    get_report,
    known_names,
    last_contacts,
    last_report,
    list_reports,
    people_in_log,
    touches,
)
from db.contact_log.promise_queries import (
    EarlierDay,
    PromiseFilters,
    PromiseRow,
    count_promises,
    dealer_reliability,
    get_promise,
    list_promises,
    open_by_dealer,
    owner_choices,
    promises_of_report,
)

__all__ = [
    "EarlierDay", "LogFilters", "PromiseFilters", "PromiseRow", "ReportRow", "Touch", "count_promises",
    "count_reports", "dealer_reliability", "get_promise", "get_report", "known_names", "last_contacts", "last_report",
    "list_promises", "list_reports", "open_by_dealer", "owner_choices", "people_in_log", "promises_of_report",
    "touches",
]  # fmt: skip
