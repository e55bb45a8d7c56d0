"""The ledger of co-op summed up by triggers, so that its figures never read it (decision 0071).

By month and by day for region, programme and medium, by month for dealers. Days are those of the entry's dealer.
"""

from __future__ import annotations

from typing import Final

from db.core.rollups import Rollup


def _of(kind: str, *, reverses: bool = False) -> str:
    taken = f" WHEN {{r}}.kind = 'reversal' AND {{r}}.of_kind = '{kind}' THEN -{{r}}.cents" if reverses else ""
    return f"(CASE WHEN {{r}}.kind = '{kind}' THEN {{r}}.cents{taken} ELSE 0 END)"


# The programme of a fund never changes.
_PLACE: Final = {
    "region": "{r}.region", "programme_id": "(SELECT f.programme_id FROM coop_fund f WHERE f.id = {r}.fund_id)",
    "medium": "{r}.medium",
}  # fmt: skip
SUMS: Final = Rollup(
    source="coop_entry",
    measures={
        "entries": "1",
        "accrued": _of("accrual", reverses=True),
        "reserved": _of("reserve"),
        "released": _of("release"),
        "approved": _of("claim", reverses=True),
        "paid": _of("payment"),
        "expired": _of("expiry"),
        "forfeited": _of("forfeit"),
    },
    grains={
        "coop_month": {"month": "MONTH({r}.on_day)", **_PLACE},
        "coop_day": {"on_day": "{r}.on_day", **_PLACE},
        "coop_dealer_month": {"dealer_id": "{r}.dealer_id", "month": "MONTH({r}.on_day)"},
    },
)
