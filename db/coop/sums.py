"""Co-op summed up by triggers, so that its figures never read what grows (decisions 0071, 0087).

The ledger by month and by day for region, programme and medium, by month for dealers; its days are those of the entry's
dealer. Decisions and first payments by month of the desk, and how many whole days they took; what lots hold by the day
they end.
"""

from __future__ import annotations

from typing import Final

from db.core.rollups import Rollup


def _of(kind: str, *, reverses: bool = False) -> str:
    taken = f" WHEN {{r}}.kind = 'reversal' AND {{r}}.of_kind = '{kind}' THEN -{{r}}.cents" if reverses else ""
    return f"(CASE WHEN {{r}}.kind = '{kind}' THEN {{r}}.cents{taken} ELSE 0 END)"


# The programme of a fund never changes.
_PROGRAMME: Final = "(SELECT f.programme_id FROM coop_fund f WHERE f.id = {r}.fund_id)"
_PLACE: Final = {"region": "{r}.region", "programme_id": _PROGRAMME, "medium": "{r}.medium"}
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


# ---- decisions and payments ------------------------------------------------------------------------------------------
MINUTES_IN_DAYS: Final = 1440
_ITEM: Final = {"region": "COALESCE({r}.region, '')", "programme_id": _PROGRAMME, "medium": "{r}.medium"}


def _one(condition: str) -> str:
    return f"(CASE WHEN {condition} THEN 1 ELSE 0 END)"


_DECIDED: Final = {
    "decided": "1",
    "denied": _one("{r}.status = 'denied'"),
    "returned": _one("{r}.times_returned > 0"),
    "again": _one("{r}.times_sent > 1 OR {r}.times_returned > 0"),
}


def _by_month(name: str, source: str, day: str, measures: dict[str, str]) -> Rollup:
    month = {"month": f"MONTH({{r}}.{day})", **_ITEM}
    return Rollup(
        name=name, source=source, measures=measures, grains={f"{name}_month": month}, only=f"{{r}}.{day} IS NOT NULL"
    )


def _took(name: str, source: str, day: str, minutes: str) -> Rollup:
    keys = {
        "month": f"MONTH({{r}}.{day})", "region": _ITEM["region"], "medium": _ITEM["medium"],
        "days": f"{{r}}.{minutes} / {MINUTES_IN_DAYS}",
    }  # fmt: skip
    return Rollup(
        name=f"{name}_took", source=source, measures={"n": "1"}, grains={f"{name}_took": keys},
        only=f"{{r}}.{day} IS NOT NULL AND {{r}}.{minutes} IS NOT NULL",
    )  # fmt: skip


WAYS: Final = (
    _by_month("coop_request", "coop_request", "decided_on", _DECIDED),
    _by_month("coop_claim", "coop_claim", "decided_on", _DECIDED),
    _by_month(
        "coop_pay", "coop_claim", "first_paid_on",
        {
            "claims": "1", "dealer": "{r}.dealer_minutes", "desk": "{r}.desk_minutes",
            "finance": "COALESCE({r}.pay_minutes, 0)",
        },
    ),
    _took("coop_request", "coop_request", "decided_on", "took_minutes"),
    _took("coop_claim", "coop_claim", "decided_on", "took_minutes"),
    _took("coop_pay", "coop_claim", "first_paid_on", "pay_minutes"),
)  # fmt: skip
"""Decisions and first payments, on the desk's day."""
LOTS: Final = Rollup(
    source="coop_lot",
    measures={"left_cents": "{r}.left_cents"},
    grains={"coop_lot_day": {"expires_on": "{r}.expires_on", "region": "{r}.region", "programme_id": _PROGRAMME}},
    only="{r}.left_cents > 0",
)
"""What lots hold; those of closed funds are among them."""
ALL: Final = (SUMS, *WAYS, LOTS)
