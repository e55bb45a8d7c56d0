"""Programmes, funds and lots of the bulk's co-op money, as they are played."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from db.coop.model import Programme
from db.coop.programme_commands import set_programme
from db.core.actor import Actor
from db.core.session import run
from seed.bulk.network import House
from seed.bulk.sink import Sink

DAYS = 725
COLUMNS = ("accrued", "allocated", "reserved", "approved", "expired", "paid")


def publish(bind: Engine, *, now: datetime, author: Actor, at: datetime) -> dict[int, int]:
    """A programme for each year the entries touch, by commands; gives their ids by year."""
    found = {}
    for year in range((now - timedelta(days=DAYS)).year, now.year + 1):
        terms = Programme(code=f"COOP-{year}", name=f"Local advertising {year}", year=year, accrual=2_00)
        found[year] = run(
            set_programme, bind=bind, body=terms.model_dump(mode="json"), effective_from=None, reason="The new year",
            actor=author, now=at,
        )  # fmt: skip
    return found


@dataclass(kw_only=True)
class Lot:
    """Money that came in and expires together."""

    id: int
    entry: int
    earned: date
    expires: date
    cents: int
    left: int
    held: int = 0
    used: int = 0
    expired: int = 0


@dataclass(kw_only=True)
class Fund:
    """One dealer's year as it is played."""

    id: int
    year: int
    house: House
    lots: list[Lot] = field(default_factory=list)
    book: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLUMNS, 0))
    began: int = 0

    @property
    def available(self) -> int:
        """What can be asked for now."""
        b = self.book
        return b["accrued"] + b["allocated"] - b["reserved"] - b["approved"] - b["expired"]


@dataclass(kw_only=True)
class Memo:
    """A credit memo as it fills."""

    id: int
    house: House
    at: int
    cents: int = 0
    lines: int = 0


def open_tables(sink: Sink) -> None:
    """Which columns the rows of co-op bring."""
    sink.open("coop_fund", ("id", "programme_id", "dealer_id", "region", "period", "available_cents",
                            *(f"{name}_cents" for name in COLUMNS), "created_at"), currency="USD")  # fmt: skip
    sink.open("coop_purchase", ("id", "fund_id", "dealer_id", "region", "invoice_number", "invoiced_on", "cents",
                                "accrued_cents", "entry_id", "created_at"),
              rate=2_00, version_number=1)  # fmt: skip
    sink.open("coop_lot", ("id", "fund_id", "dealer_id", "region", "entry_id", "earned_on", "expires_on", "cents",
                           "left_cents", "held_cents", "used_cents", "expired_cents"))  # fmt: skip
    sink.open("coop_entry", ("id", "entry_key", "fund_id", "dealer_id", "region", "kind", "cents", "reserve_cents",
                             "request_id", "claim_id", "medium", "at", "on_day", "username", "by",
                             "reason"))  # fmt: skip
    sink.open("coop_request", (
        "id", "number", "status", "is_open", "dealer_id", "region", "due_at", "submitted_by", "created_at",
        "updated_at", "updated_by", "fund_id", "medium", "activity", "vendor", "starts_on", "ends_on", "costs",
        "cost_cents", "calculation", "payable_cents", "submitted_name", "submitted_at", "decided_at", "decided_by",
        "approved_on", "valid_until", "lapses_on", "approved_cents", "reserved_cents", "reason_code",
    ), version=2)  # fmt: skip
    sink.open("coop_claim", (
        "id", "number", "status", "is_open", "dealer_id", "region", "due_at", "submitted_by", "created_at",
        "updated_at", "updated_by", "fund_id", "request_id", "claim_key", "medium", "activity", "vendor",
        "invoice_number", "starts_on", "ends_on", "costs", "cost_cents", "checks", "calculation", "payable_cents",
        "submitted_name", "submitted_at", "submitted_on", "decided_at", "decided_by", "approved_cents",
        "reserve_cents", "reason_code",
    ), brand_share=80_00, competitor=0, version=2)  # fmt: skip
    sink.open("coop_proof", ("claim_id", "dealer_id", "region", "kind", "reference", "added_at", "added_by"))
    sink.open("coop_draw", ("lot_id", "request_id", "claim_id", "cents"))
    sink.open("coop_batch", ("id", "number", "made_at", "memos", "lines", "cents"), made_by="Finn Castellan",
              username="finn", left_out="[]")  # fmt: skip
    sink.open("coop_memo", ("id", "number", "batch_id", "dealer_id", "region", "issued_at", "issued_on", "cents",
                            "lines"), issued_by="Finn Castellan", currency="USD")  # fmt: skip
    sink.open("coop_memo_line", ("memo_id", "entry_id", "claim_id", "dealer_id", "region", "cents"))
    sink.open("search_word", ("word", "kind", "item_id", "dealer_id", "region"))
