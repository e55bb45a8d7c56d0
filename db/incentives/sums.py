"""The ledger of incentives summed up by triggers, so that its figures never read it (decision 0071).

By month and by day for region and program, by month for dealers: whole months come from the months, the days that are
left over from the days. Days are the desk's.
"""

from __future__ import annotations

from typing import Final

from db.core.rollups import Rollup


def _of(*kinds: str, sign: str = "") -> str:
    # The kind says the book, too (the CHECK of the ledger).
    return f"(CASE WHEN {{r}}.kind IN ({', '.join(repr(k) for k in kinds)}) THEN {sign}{{r}}.cents ELSE 0 END)"


SUMS: Final = Rollup(
    source="incentive_entry",
    measures={
        "entries": "1",
        "earned": _of("calculation"),
        "approved": _of("approval", "charge_back", "unwind"),
        "paid": _of("payment", "correction"),
        "taken_back": _of("charge_back", "unwind", sign="-"),
    },
    grains={
        "incentive_month": {
            "month": "MONTH({r}.on_day)", "region": "{r}.region", "program_id": "{r}.program_id",
        },
        "incentive_day": {"on_day": "{r}.on_day", "region": "{r}.region", "program_id": "{r}.program_id"},
        "incentive_dealer_month": {"dealer_id": "{r}.dealer_id", "month": "MONTH({r}.on_day)"},
    },
)  # fmt: skip
SALES: Final = Rollup(
    source="sale_report",
    only="{r}.condition = 'new' AND {r}.delivered_on IS NOT NULL AND {r}.unwound_on IS NULL",
    measures={"sold": "1"},
    grains={"sale_dealer_month": {"dealer_id": "{r}.dealer_id", "month": "MONTH({r}.delivered_on)"}},
)
"""New vehicles delivered and not unwound, by dealer and month of the delivery: what objectives are met with."""
