"""W01, W02, W08: the VIN is well formed, the vehicle is known and free, nothing is excluded (domain-rules 2.1 D)."""

from __future__ import annotations

from db.claims.model import EXCLUSIONS, ClaimFacts, Result
from db.claims.policy_rules import Policy
from db.claims.say_rules import failed, passed
from db.core import vin as vins

_NORTH_AMERICA = "12345"
_EXCLUSION_CODES = {"modified": "MODIFIED"}


def w01_vin(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """17 characters without I, O and Q; the check digit of a North American VIN only warns."""
    level, vin = policy.rule("W01").level, vins.clean(facts.claim.vin)
    wanted = "17 characters without I, O and Q"
    if not vin:
        text = "The VIN is missing. Enter the 17 characters from the vehicle."
        return [failed("W01", level, "VIN_MISSING", text, observed="missing", limit=wanted, field="vin")]
    if not vins.has_shape(vin):
        wrong = sorted(set(vin) & set("IOQ"))
        what = f"has {len(vin)} characters" if len(vin) != 17 else "has a character no VIN has"
        if wrong:
            what += f" and the letter {', '.join(wrong)}" if len(vin) != 17 else f" ({', '.join(wrong)})"
        text = f"The VIN {vin[:40]} {what}; a VIN has {wanted}. Compare it with the vehicle."
        return [failed("W01", level, "VIN_INVALID", text, observed=vin[:40], limit=wanted, field="vin")]
    if vin[0] in _NORTH_AMERICA and not vins.check_ok(vin):
        due = vins.check_digit(vin)
        text = f"The check digit of VIN {vin} is {vin[8]}; {due} was expected. Compare it with the vehicle."
        return [failed("W01", "W", "VIN_INVALID", text, observed=vin[8], limit=due, field="vin")]
    return [passed("W01", policy, "The VIN is well formed.", observed=vin, limit=wanted, field="vin")]


def w02_vehicle(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Known, and not blocked (a person looks at it) or void (denied)."""
    vehicle = facts.vehicle
    vin = vins.clean(facts.claim.vin)[:40] or "–"
    if not vehicle.is_known:
        text = (
            f"The vehicle {vin} is not on file; only vehicles on file are covered. Report its sale or correct the VIN."
        )
        return [
            failed("W02", policy.rule("W02").level, "VIN_NOT_FOUND", text, observed=f"{vin}: not on file",
                   limit="on file", field="vin")
        ]  # fmt: skip
    because = f" ({vehicle.block_reason.strip().rstrip('.')})" if vehicle.block_reason.strip() else ""
    if vehicle.block == "void":
        text = (
            f"The warranty of {vin} is void{because}; nothing is paid for it. Appeal with documents if this is wrong."
        )
        return [failed("W02", "X", "WARRANTY_VOID", text, observed="void", limit="no block", field="vin")]
    if vehicle.block:
        text = f"The warranty of {vin} is blocked{because}; a claim needs one that is not. A person decides."
        return [failed("W02", "A", "WARRANTY_BLOCKED", text, observed="blocked", limit="no block", field="vin")]
    return [passed("W02", policy, "The vehicle is on file and its warranty is not blocked.", observed=vin)]


def w08_exclusions(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Whatever may exclude the warranty is looked at by a person, never denied by itself."""
    named = [e for e in EXCLUSIONS if e in facts.claim.exclusions]
    if not named:
        return [passed("W08", policy, "Nothing that excludes the warranty is named.", observed="none", limit="none")]
    return [
        failed(
            "W08", policy.rule("W08").level, _EXCLUSION_CODES.get(e, "BEYOND_POLICY"),
            f"The claim names: {EXCLUSIONS[e].lower()}. This may exclude the warranty, so a person decides; attach"
            " photos that show it.",
            observed=EXCLUSIONS[e].lower(), limit="none", field="exclusions",
        )
        for e in named
    ]  # fmt: skip
