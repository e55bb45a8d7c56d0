"""Reason codes of decisions, as the dealer reads them (domain-rules 2.1 J)."""

from __future__ import annotations

from typing import Final

REASON_CODES: Final[dict[str, str]] = {
    "VIN_MISSING": "VIN is missing",
    "VIN_INVALID": "VIN is invalid",
    "VIN_NOT_FOUND": "VIN is not known",
    "WARRANTY_BLOCKED": "Warranty of the vehicle is blocked",
    "WARRANTY_VOID": "Warranty of the vehicle is void",
    "OUT_OF_TIME": "Outside the time covered",
    "OUT_OF_MILEAGE": "Outside the mileage covered",
    "LATE_SUBMISSION": "Sent too late",
    "LABOR_OP_NEEDS_AUTH": "Labour operation needs authorization",
    "LABOR_OP_INVALID": "Labour operation is not valid",
    "HOURS_EXCEED_FLATRATE": "Hours exceed the flat rate",
    "PART_NOT_ON_FILE": "Part is not on file",
    "PART_NEEDS_AUTH": "Part needs authorization",
    "PART_REPAIR_NOT_ALLOWED": "Part may not be repaired",
    "NO_ORIGINAL_FOR_DEBIT": "No original claim to debit",
    "BEYOND_POLICY": "Beyond policy",
    "DUPLICATE": "Claimed twice",
    "PREAUTH_MISSING": "Pre-authorization is missing",
    "DOC_MISSING": "Document is missing",
    "NARRATIVE_INSUFFICIENT": "Complaint, cause or correction do not say enough",
    "NOT_DEFECT": "No defect of the part",
    "WEAR_ITEM": "Wear item",
    "MODIFIED": "Vehicle was modified",
    "CAMPAIGN_VIN_NOT_LISTED": "VIN is not listed in the campaign",
    "TECH_NOT_CERTIFIED": "Technician is not certified",
    "RATE_ADJUSTED": "Rate or price adjusted",
    "CAP_APPLIED": "Reduced to the cap",
    "NOT_COVERED": "Component is not covered",
    "DATES_CONTRADICT": "Dates contradict each other",
    "ODOMETER_CONTRADICTS": "Odometer readings contradict each other",
    "TYPE_NOT_ACCEPTED": "This type of claim is not accepted",
    "DATA_MISSING": "Data are missing",
    "AUDIT_FINDING": "Finding of an audit",
    "OTHER": "Other reason",
}
