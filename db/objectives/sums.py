"""Objectives of all segments of a dealer and month added up by triggers (decision 0071)."""

from __future__ import annotations

from typing import Final

from db.core.rollups import Rollup

SUMS: Final = Rollup(
    source="sales_objective",
    measures={
        "segments": "1",
        "agreed_segments": "(CASE WHEN {r}.objective IS NOT NULL THEN 1 ELSE 0 END)",
        "parts": "CAST({r}.share AS BIGINT) * {r}.registrations",
        "agreed": "COALESCE({r}.objective, 0)",
    },
    grains={"objective_dealer_month": {"dealer_id": "{r}.dealer_id", "month": "MONTH({r}.month)"}},
)
