"""Every step of the two flows of co-op by flow and name, and the other commands of the area."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from db.coop import claim_commands, claim_decide_commands, decide_commands, paper_commands, request_commands
from db.coop.claim_commands import enter_claim
from db.coop.fund_commands import accrue, adjust, allocate, forfeit, transfer
from db.coop.paper_commands import fetch_paper
from db.coop.pay_commands import make_payment
from db.coop.programme_commands import set_programme
from db.coop.programme_edit_commands import save_programme
from db.coop.remind_commands import remind
from db.coop.request_commands import ask

REQUESTS: Mapping[str, Callable[..., Any]] = {
    "submit": request_commands.submit, "approve": decide_commands.approve, "send_back": decide_commands.send_back,
    "deny": decide_commands.deny, "withdraw": request_commands.withdraw, "release": request_commands.release,
    "change": request_commands.change, "settle": decide_commands.settle, "lapse": request_commands.lapse,
    "add_papers": paper_commands.add_plan, "remove_paper": paper_commands.remove_plan,
}  # fmt: skip
CLAIMS: Mapping[str, Callable[..., Any]] = {
    "submit": claim_commands.submit, "approve": claim_decide_commands.approve,
    "send_back": claim_decide_commands.send_back, "deny": claim_decide_commands.deny, "void": claim_commands.void,
    "reverse": claim_decide_commands.reverse, "change": claim_commands.change, "add_proof": claim_commands.add_proof,
    "add_papers": paper_commands.add_papers, "remove_paper": paper_commands.remove_paper,
}  # fmt: skip
COMMANDS: Mapping[str, Mapping[str, Callable[..., Any]]] = {"coop_requests": REQUESTS, "coop_claims": CLAIMS}
__all__ = [
    "CLAIMS", "COMMANDS", "REQUESTS", "accrue", "adjust", "allocate", "ask", "enter_claim", "fetch_paper", "forfeit",
    "make_payment", "remind", "save_programme", "set_programme", "transfer",
]  # fmt: skip
