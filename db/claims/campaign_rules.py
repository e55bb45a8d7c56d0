"""W23: a recall pays listed vehicles once, and only the work and parts of the campaign (domain-rules 2.1 D)."""

from __future__ import annotations

from db.claims.lookup_rules import in_order, key, operation_code, repair_day
from db.claims.model import CampaignFacts, ClaimFacts, Result
from db.claims.policy_rules import Policy
from db.claims.say_rules import day, failed, passed, words
from db.core import vin as vins


def w23_campaign(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Listed and not done yet, or nothing is paid; what is not of the campaign is not paid with it."""
    number, campaign = key(facts.claim.campaign_number), facts.campaign
    level, on = policy.rule("W23").level, repair_day(facts)
    if not number or campaign is None or not campaign.is_known:
        seen = f"campaign {number} is not on file" if number else "no campaign is named"
        text = f"For a recall {seen}; it needs one of ours. Enter the number of the campaign."
        return [
            failed("W23", "E", "DATA_MISSING", text, observed=number or "none", limit="a campaign on file",
                   field="campaign_number")
        ]  # fmt: skip
    vin = vins.clean(facts.claim.vin)
    why, seen, limit = "", "", ""
    if not campaign.is_listed:
        why, seen, limit = (
            f"the vehicle {vin} is not on its list, and only listed vehicles are paid",
            vin,
            "on the list",
        )
    elif campaign.done_on is not None:
        seen, limit = f"done on {day(campaign.done_on)}", "not done"
        why = f"its remedy was done on this vehicle on {day(campaign.done_on)} and is paid once"
    elif not campaign.runs:
        why, seen, limit = (
            f"it does not run on {day(on)}, and only work while it runs is paid",
            day(on),
            "while it runs",
        )
    if why:
        text = f"Campaign {number}: {why}. Check the number, or appeal with documents."
        return [
            failed("W23", level, "CAMPAIGN_VIN_NOT_LISTED", text, observed=seen, limit=limit, field="campaign_number")
        ]  # fmt: skip
    found = _foreign(facts, policy, campaign)
    if found:
        return found
    text = f"The vehicle is listed in campaign {number}, and its remedy is not done yet."
    return [passed("W23", policy, text, observed="listed, not done", limit="listed, not done")]


def _foreign(facts: ClaimFacts, policy: Policy, campaign: CampaignFacts) -> list[Result]:
    """Lines whose operation or part is not of the campaign; each is a line that is not paid."""
    level, found = policy.rule("W23").level, []
    for kind, allowed in (("labour", campaign.operations), ("parts", campaign.parts)):
        codes = {key(c) for c in allowed}
        for line in in_order(facts, kind):
            code = key(operation_code(facts, line)) if kind == "labour" else key(line.code)
            if code not in codes:
                what = "operation" if kind == "labour" else "part"
                limit = words(sorted(codes)) or f"no {what}"
                text = (
                    f"Line {line.position}: the {what} {code or '(none)'} is not of campaign {key(campaign.number)},"
                    f" which pays {limit}. Claim it on a claim of its own if it is under warranty."
                )
                found.append(
                    failed("W23", level, "BEYOND_POLICY", text, observed=code or "none", limit=limit, field="code",
                           job=line.job, charge=line.position, cents=0)
                )  # fmt: skip
    return found
