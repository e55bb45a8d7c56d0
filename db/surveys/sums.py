"""Returned surveys summed up by triggers, by kind and by whether they count (decision 0071); days are the dealer's.

By month and by day for regions, by month for dealers.
"""

from __future__ import annotations

from typing import Final

from db.core.rollups import Rollup

_OF: Final = {"kind": "{r}.kind", "is_counted": "{r}.is_counted"}
SUMS: Final = Rollup(
    source="survey",
    only="{r}.answered_on IS NOT NULL",
    measures={
        "surveys": "1",
        "indexed": "(CASE WHEN {r}.index_hundredths IS NOT NULL THEN 1 ELSE 0 END)",
        "index_total": "COALESCE({r}.index_hundredths, 0)",
        "index_squares": "COALESCE(CAST({r}.index_hundredths AS BIGINT) * {r}.index_hundredths, 0)",
        "answers": "{r}.answers",
        "tops": "{r}.tops",
        "promoters": "(CASE WHEN {r}.nps = 1 THEN 1 ELSE 0 END)",
        "passives": "(CASE WHEN {r}.nps = 0 THEN 1 ELSE 0 END)",
        "detractors": "(CASE WHEN {r}.nps = -1 THEN 1 ELSE 0 END)",
    },
    grains={
        "survey_month": {**_OF, "month": "MONTH({r}.answered_on)", "region": "{r}.region"},
        "survey_day": {**_OF, "answered_on": "{r}.answered_on", "region": "{r}.region"},
        "survey_dealer_month": {**_OF, "dealer_id": "{r}.dealer_id", "month": "MONTH({r}.answered_on)"},
    },
)
