"""Every step of an incentive claim by its name, and the other commands of the area."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from db.incentives.appeal_commands import appeal
from db.incentives.bulk_commands import approve_many
from db.incentives.claim_commands import claim_period, claim_sale, submit, void
from db.incentives.decide_commands import approve, deny, reverse, send_back, validate
from db.incentives.paper_commands import add_paper, fetch_paper, remove_paper
from db.incentives.program_commands import discard_draft, publish_program, recalculate_program, save_program
from db.incentives.sale_commands import correct_sale, report_sale, unwind_sale

COMMANDS: Mapping[str, Callable[..., Any]] = {
    "submit": submit, "void": void, "approve": approve, "deny": deny, "send_back": send_back, "validate": validate,
    "reverse": reverse, "appeal": appeal,
}  # fmt: skip
__all__ = [
    "COMMANDS", "add_paper", "approve_many", "claim_period", "claim_sale", "correct_sale", "discard_draft",
    "fetch_paper", "publish_program", "recalculate_program", "remove_paper", "report_sale", "save_program",
    "unwind_sale",
]  # fmt: skip
