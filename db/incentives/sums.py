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


def _grains(name: str, day: str) -> dict[str, dict[str, str]]:
    of = {"region": "COALESCE({r}.region, '')", "program_id": "{r}.program_id"}
    return {
        f"{name}_month": {"month": f"MONTH({day})", **of},
        f"{name}_day": {"on_day": day, **of},
        f"{name}_dealer": {"month": f"MONTH({day})", "dealer_id": "{r}.dealer_id", "program_id": "{r}.program_id"},
    }


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
UNITS: Final = Rollup(
    source="incentive_unit",
    only="{r}.is_counted AND {r}.delivered_on IS NOT NULL",
    measures={
        "units": "1", "claimed": "CASE WHEN {r}.is_claimed THEN 1 ELSE 0 END",
        "earning": "CASE WHEN {r}.is_earning THEN 1 ELSE 0 END",
    },
    grains=_grains("incentive_unit", "{r}.delivered_on"),
)  # fmt: skip
"""Sales that count, by the day of delivery: how many, how many claimed, how many that earn (decision 0081)."""
PAID: Final = Rollup(
    source="incentive_payout",
    only="{r}.cents > 0",
    measures={"accounts": "1", "units": "{r}.units", "cents": "{r}.cents"},
    grains=_grains("incentive_payout", "{r}.first_on"),
)
"""Vehicles and volumes paid for, by the desk's day of the first payment."""
DECIDED: Final = Rollup(
    source="incentive_claim",
    only="{r}.status IN ('approved', 'partially_approved', 'denied') AND {r}.decided_on IS NOT NULL",
    measures={
        "decided": "1", "denied": "CASE WHEN {r}.status = 'denied' THEN 1 ELSE 0 END",
        "by_checks": "CASE WHEN {r}.decided_kind = 'checks' THEN 1 ELSE 0 END",
    },
    grains=_grains("incentive_decided", "{r}.decided_on"),
)  # fmt: skip
"""Claims by the desk's day they were decided, as they stand today."""
