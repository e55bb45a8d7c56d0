"""The demo's incentive programs, of every kind of rule, as a person would draft them; their days follow the end."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from seed.places import MAKE

CUSTOMER = "customer"
"""The stack group of what is paid for where the customer comes from: one of them a sale."""
PROOF = {"label": "Proof of the delivery", "accepted": ["registration", "title"]}
ORDER = {"label": "Order", "accepted": ["buyers_order"]}
TRADE = {"label": "Previous vehicle", "accepted": ["trade_title"]}


def month_of(day: date, back: int = 0) -> date:
    """The first day of the month so many months before a day's."""
    number = day.year * 12 + day.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)


def end_of(first: date) -> date:
    """The last day of a month."""
    return first.replace(day=monthrange(first.year, first.month)[1])


def tiers(*pairs: tuple[int, int]) -> list[dict[str, int]]:
    """Tiers from (unit, dollars)."""
    return [{"from_units": n, "cents": dollars * 100} for n, dollars in pairs]


def _days(first: date, last: date) -> dict[str, str]:
    return {"first": first.isoformat(), "last": last.isoformat()}


def programs(end: date) -> list[dict[str, Any]]:
    """What is published at the beginning of the story, six months before its end."""
    first, last = month_of(end, 5), end_of(month_of(end))
    half = _days(first, last)
    year = f"{end.year % 100:02}"
    any_year: dict[str, Any] = {"program": half, "eligible": {"makes": [MAKE]}}
    return [
        any_year | {
            "code": f"VOLUME-{year}", "name": "Volume bonus", "bulletin": f"B-{year}-01",
            "checklist": ["Stock counted"],
            "rule": {"kind": "stair_step", "method": "retroactive", "tiers": tiers((1, 0), (6, 200), (12, 350))},
        },
        any_year | {
            "code": f"VANS-{year}", "name": "Vans, step by step", "bulletin": f"B-{year}-02", "period": "quarter",
            "eligible": {"makes": [MAKE], "models": ["Carrier", "Carrier High Roof"]},
            "rule": {"kind": "stair_step", "method": "incremental", "tiers": tiers((1, 150), (4, 400), (8, 700))},
        },
        any_year | {
            "code": f"GROWTH-{year}", "name": "Growth on last year", "bulletin": f"B-{year}-03", "period": "quarter",
            "rule": {"kind": "growth", "baseline": "year_before", "min_percent": 500, "cents": 250_00},
        },
        any_year | {
            "code": f"CASH-{year}", "name": "Customer cash", "bulletin": f"B-{year}-04", "stack_group": CUSTOMER,
            "rule": {"kind": "customer_cash", "cents": 750_00}, "documents": [PROOF, ORDER], "budget_cents": 90_000_00,
            "checklist": ["Signed by the customer", "Shown on the order"],
        },
        any_year | {
            "code": f"LOYAL-{year}", "name": "Welcome back", "bulletin": f"B-{year}-05", "stack_group": CUSTOMER,
            "rule": {"kind": "loyalty", "cents": 900_00, "makes": [MAKE]}, "documents": [PROOF, TRADE],
        },
        any_year | {
            "code": f"CONQUEST-{year}", "name": "From another make", "bulletin": f"B-{year}-06",
            "rule": {"kind": "conquest", "cents": 1_200_00, "own_makes": [MAKE], "max_years": 10},
            "documents": [PROOF, TRADE], "stack_group": CUSTOMER, "budget_cents": 60_000_00,
        },
        any_year | {
            "code": f"TRADE-{year}", "name": "Trade-in bonus", "bulletin": f"B-{year}-07", "documents": [TRADE],
            "rule": {"kind": "trade_in", "cents": 300_00, "max_years": 8}, "caps": {"dealer_units": 10},
        },
        any_year | {
            "code": f"GRAD-{year}", "name": "Graduates and military", "bulletin": f"B-{year}-08", "exclusive": True,
            "rule": {"kind": "affinity", "cents": 1_500_00, "groups": ["graduate", "military"]},
            "documents": [{"label": "Group of the customer", "accepted": ["diploma", "military_id"]}],
        },
        any_year | {
            "code": f"LEASE-{year}", "name": "Lease pull-ahead", "bulletin": f"B-{year}-09",
            "rule": {"kind": "lease_pull_ahead", "max_payments": 3, "max_payment_cents": 450_00,
                     "ends_within_days": 120},
            "documents": [{"label": "Previous lease", "accepted": ["lease_statement"]}],
        },
        any_year | {
            "code": f"EV-CERT-{year}", "name": "Certified EV sale", "bulletin": f"B-{year}-10",
            "eligible": {"makes": [MAKE], "models": ["Nova EV", "Nova EV Long Range"]},
            "rule": {"kind": "certified", "cents": 250_00, "certificates": ["EV-1", "EV-2"]},
        },
        any_year | {
            "code": f"SPIFF-{year}", "name": "Vega spiff", "bulletin": f"B-{year}-11",
            "eligible": {"makes": [MAKE], "models": ["Vega", "Vega Touring", "Vega XL"]},
            "rule": {"kind": "per_unit", "cents": 100_00}, "caps": {"dealer_cents": 2_000_00},
        },
        any_year | {
            "code": f"ATLAS-{year}", "name": "Atlas price protection", "bulletin": f"B-{year}-12",
            "eligible": {"makes": [MAKE], "models": ["Atlas 1500", "Atlas 2500"]},
            "rule": {"kind": "price_protection", "changed_on": (end - timedelta(days=70)).isoformat(),
                     "stocked_within_days": 120, "by_model": {"Atlas 1500": 800_00, "Atlas 2500": 1_200_00}},
            "documents": [{"label": "Stock invoice", "accepted": ["invoice"]}],
        },
        any_year | {
            "code": f"LYRA-{year}", "name": "Lyra dealer cash", "bulletin": f"B-{year}-13",
            "program": _days(month_of(end, 2), last), "stack_group": "dealer",
            "eligible": {"makes": [MAKE], "models": ["Lyra", "Lyra Sport"]}, "documents": [PROOF],
            "rule": {"kind": "dealer_cash", "cents": 450_00}, "budget_cents": 9_000_00,
        },
    ]  # fmt: skip


def changed(end: date) -> list[tuple[int, str, str, dict[str, Any], date]]:
    """Later versions: days before the end, code, reason, what is different, first day."""
    year = f"{end.year % 100:02}"
    first = month_of(end)
    return [
        (60, f"CASH-{year}", "Competitors pay more since summer.", {"rule": {"kind": "customer_cash", "cents": 850_00}},
         end - timedelta(days=55)),
        (max(1, (end - first).days), f"VOLUME-{year}", "One more tier for the last month.", {
            "rule": {"kind": "stair_step", "method": "retroactive",
                     "tiers": tiers((1, 0), (6, 200), (12, 350), (18, 550))}}, first),
    ]  # fmt: skip


def drafts(end: date) -> list[tuple[str, str, dict[str, Any], date | None]]:
    """What is drafted and not published: by whom, the reason, the body, the first day of a later version."""
    following = end_of(month_of(end)) + timedelta(days=1)
    ahead = _days(following, end_of(following))
    year, next_year = f"{end.year % 100:02}", f"{following:%y-%m}"
    cash = next(p for p in programs(end) if p["code"] == f"CASH-{year}")
    return [
        ("leah", "Next month's volume, paid from the seventh unit on.", {
            "code": f"VOLUME-{next_year}", "name": "Volume bonus, new tiers", "program": ahead,
            "bulletin": f"B-{next_year}", "eligible": {"makes": [MAKE]}, "budget_cents": 40_000_00,
            "rule": {"kind": "stair_step", "method": "retroactive", "tiers": tiers((1, 0), (7, 400), (12, 800))},
        }, None),
        ("cora", "Lyra sells without it; the larger models need more.", cash | {
            "eligible": {"makes": [MAKE], "models": ["Orion", "Orion Hybrid", "Vega", "Vega Touring", "Vega XL",
                                                     "Atlas 1500", "Atlas 2500"]},
            "rule": {"kind": "customer_cash", "cents": 1_000_00}}, end),
    ]  # fmt: skip
