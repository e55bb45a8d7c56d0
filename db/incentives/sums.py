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
