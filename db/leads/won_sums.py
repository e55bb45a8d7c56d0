"""Won and lost leads summed up by triggers by the month of the decision (decisions 0040, 0071).

The month is that of `decided_on`, a day where the dealer is. A region of nobody is '', a dealer of nobody 0.
"""

from __future__ import annotations

from typing import Final

from db.core.rollups import Rollup

_WON = "{r}.sold_at IS NOT NULL AND {r}.status NOT IN ('bad', 'duplicate', 'held')"


def _if(condition: str, value: str = "1") -> str:
    return f"(CASE WHEN {condition} THEN {value} ELSE 0 END)"


SUMS: Final = Rollup(
    source="lead",
    only="{r}.decided_on IS NOT NULL",
    measures={
        "won": _if(_WON),
        "lost": _if("{r}.sold_at IS NULL AND {r}.status = 'lost'"),
        "cents": _if(_WON, "COALESCE({r}.value_cents, 0)"),
        "without_value": _if(f"{_WON} AND {{r}}.value_cents IS NULL"),
    },
    grains={
        "lead_won_month": {
            "month": "MONTH({r}.decided_on)", "region": "COALESCE({r}.region, '')", "source": "{r}.source",
            "product": "{r}.product",
        },
        # Not called region, as columns are that follow a dealer which moves: its leads move these sums already.
        "lead_won_dealer_month": {
            "dealer_id": "COALESCE({r}.dealer_id, 0)", "month": "MONTH({r}.decided_on)",
            "place": "COALESCE({r}.region, '')",
        },
    },
)  # fmt: skip
