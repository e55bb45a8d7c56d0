"""W03, W04, W05, W15, W28: the repair order, its odometer, its days, the window, and whether the type is taken."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from db.claims.lookup_rules import in_unit, miles_in
from db.claims.model import CLAIM_TYPES, ClaimFacts, Level, Result
from db.claims.money_rules import total_cents
from db.claims.policy_rules import Policy
from db.claims.say_rules import day, failed, money, passed
from db.core.labels import plural

_NO_ORDER_YET = "pre_authorization"
_BEFORE_SERVICE = ("pdi", "transport_damage", "recall")
"""Types whose work may come before the vehicle went into service."""
_NEEDED: dict[str, tuple[str, ...]] = {
    "pre_authorization": ("failed_on",), "pdi": ("ro_opened_on", "ro_closed_on"),
    "recall": ("ro_opened_on", "ro_closed_on"),
}  # fmt: skip
_DATES = {"failed_on": "failure", "ro_opened_on": "opening of the repair order",
          "ro_closed_on": "closing of the repair order"}  # fmt: skip


def w03_repair_order(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """A repair order has a number and one vehicle."""
    level, number, other = policy.rule("W03").level, facts.claim.ro_number.strip(), facts.vehicle.other_vin_of_ro
    if not number:
        text = "The number of the repair order is missing. Enter it as it stands on the repair order."
        return [
            failed("W03", level, "DATA_MISSING", text, observed="missing", limit="a number", field="ro_number")
        ]  # fmt: skip
    if other:
        text = (
            f"Repair order {number} was used for vehicle {other} already; one repair order is for one vehicle."
            " Open an order of its own for this vehicle."
        )
        return [failed("W03", level, "DUPLICATE", text, observed=other, limit="one vehicle", field="ro_number")]
    return [passed("W03", policy, f"Repair order {number} is used for this vehicle only.", observed=number)]


def w04_odometer(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """In is there, out is not below in, no more than a test drive lies between, and it never ran back."""
    claim, setting = facts.claim, policy.rule("W04")
    into, out, unit = claim.odometer_in, claim.odometer_out, claim.unit
    if into is None:
        text = "The odometer reading when the vehicle came in is missing. Enter it without tenths."
        return [
            failed("W04", "E", "ODOMETER_CONTRADICTS", text, observed="missing", limit="a reading",
                   field="odometer_in")
        ]  # fmt: skip
    if into < 0 or (out is not None and out < into):
        seen = f"{into:,} {unit} in" if out is None else f"{into:,} {unit} in, {out:,} {unit} out"
        text = f"The odometer shows {seen}; out is never below in, and neither below zero. Correct the readings."
        return [
            failed("W04", "E", "ODOMETER_CONTRADICTS", text, observed=seen, limit="out not below in",
                   field="odometer_in" if into < 0 else "odometer_out")
        ]  # fmt: skip
    found: list[Result] = []
    most = in_unit(setting.limits.get("test_drive", 50), "mi", unit)
    driven = 0 if out is None else out - into
    if driven > most:
        text = (
            f"{driven:,} {unit} were driven during the visit; a test drive is at most {most:,} {unit}."
            " Check the readings, or say in the note why."
        )
        found.append(
            failed("W04", setting.level, "ODOMETER_CONTRADICTS", text, observed=f"{driven:,} {unit}",
                   limit=f"{most:,} {unit}", field="odometer_out")
        )  # fmt: skip
    now, last = miles_in(facts), facts.vehicle.last_odometer
    if now is not None and last is not None and now < last:
        text = (
            f"The odometer shows {now:,} mi; {last:,} mi were read on {day(facts.vehicle.last_odometer_on)}."
            " It cannot run back: check the reading, or say in the note when it was replaced."
        )
        found.append(
            failed("W04", setting.level, "ODOMETER_CONTRADICTS", text, observed=f"{now:,} mi",
                   limit=f"not below {last:,} mi", field="odometer_in")
        )  # fmt: skip
    if found:
        return found
    text = f"The odometer came in at {into:,} {unit} and moved {driven:,} {unit} during the visit."
    return [passed("W04", policy, text, observed=f"{driven:,} {unit}", limit=f"{most:,} {unit}")]


def w05_dates(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """In service, failure, opened, closed, sent: each on or after the one before; the needed ones are there."""
    claim, level = facts.claim, policy.rule("W05").level
    needed = _NEEDED.get(claim.claim_type, tuple(_DATES))
    found = [
        failed("W05", level, "DATA_MISSING", f"The day of the {_DATES[n]} is missing. Enter it as on the repair order.",
               observed="missing", limit="a day", field=n)
        for n in needed
        if getattr(claim, n) is None
    ]  # fmt: skip
    service = None if claim.claim_type in _BEFORE_SERVICE else facts.vehicle.in_service_on
    chain: list[tuple[str, str, date | None]] = [
        ("", "the vehicle went into service", service), ("failed_on", "it failed", claim.failed_on),
        ("reported_on", "it was reported", claim.reported_on),
        ("ro_opened_on", "the repair order was opened", claim.ro_opened_on),
        ("ro_closed_on", "the repair order was closed", claim.ro_closed_on), ("", "the claim is sent", facts.today),
    ]  # fmt: skip
    if claim.reported_on and claim.ro_opened_on and claim.reported_on > claim.ro_opened_on:
        chain[2], chain[3] = chain[3], chain[2]  # it may be reported while the vehicle is in the workshop already
    known = [(n, what, on) for n, what, on in chain if on is not None]
    for (name, first, before), (field, then, after) in pairwise(known):
        if after < before:
            text = (
                f"On {day(after)} {then}, but on {day(before)} {first}: this order is not possible. Correct the days."
            )
            found.append(
                failed("W05", level, "DATES_CONTRADICT", text, observed=day(after), limit=f"not before {day(before)}",
                       field=field or name)
            )  # fmt: skip
    if found:
        return found
    return [passed("W05", policy, "The days follow each other.", observed=", ".join(day(on) for _, _, on in known))]


def w15_window(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Sent within the window of the state. Late with a reason a person decides; never denied where the law forbids."""
    closed, setting, state = facts.claim.ro_closed_on, policy.rule("W15"), facts.dealer.state
    if closed is None:
        return []  # W05 asks for it
    most = policy.windows.get(state) or policy.windows.get("") or setting.limits.get("days", 30)
    late_by = (facts.today - closed).days
    seen, limit = plural(late_by, "day"), plural(most, "day")
    if late_by <= most:
        text = f"The claim is sent {seen} after the repair order was closed; {limit} are allowed."
        return [passed("W15", policy, text, observed=seen, limit=limit)]
    late = f"The claim is sent {seen} after the repair order was closed; {limit} are allowed."
    level: Level
    if state in policy.never_untimely:
        level, then = "W", f"The law of {state} does not let it be denied for that; send the next one sooner."
    elif facts.claim.late_reason.strip():
        level, then = setting.level, "A reason is given. A person decides."
    else:
        level = "X" if setting.level == "A" else setting.level
        then = "Without a reason for the delay it is not paid: give the reason, then a person decides."
    return [
        failed("W15", level, "LATE_SUBMISSION", f"{late} {then}", observed=seen, limit=limit, field="late_reason")
    ]  # fmt: skip


def w28_type(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """The type is taken today; a supplement or debit refers to a settled claim of the same vehicle (2.1 B, E)."""
    claim, level = facts.claim, policy.rule("W28").level
    label = CLAIM_TYPES.get(claim.claim_type)
    if label is None:
        text = f"The type of claim {claim.claim_type[:24] or '(none)'} is not known. Choose one of the list."
        return [
            failed("W28", level, "DATA_MISSING", text, observed=claim.claim_type[:24] or "missing",
                   limit="a known type", field="claim_type")
        ]  # fmt: skip
    since = policy.disabled_types.get(claim.claim_type)
    if since is not None and facts.today >= since:
        text = (
            f"Claims of the type {label} are sent on {day(facts.today)} but taken no more since {day(since)}."
            " Do not send this claim, or choose another type."
        )
        return [
            failed("W28", level, "TYPE_NOT_ACCEPTED", text, observed=day(facts.today), limit=f"before {day(since)}",
                   field="claim_type")
        ]  # fmt: skip
    if claim.claim_type in ("add_credit", "debit"):
        return _original(facts, policy, label)
    limit = f"before {day(since)}" if since else "accepted"
    return [passed("W28", policy, f"The type {label} is accepted.", observed=label, limit=limit)]


def _original(facts: ClaimFacts, policy: Policy, label: str) -> list[Result]:
    one, level = facts.original, policy.rule("W28").level

    def fails(seen: str, wanted: str, sentence: str) -> list[Result]:
        return [
            failed("W28", level, "NO_ORIGINAL_FOR_DEBIT", sentence, observed=seen, limit=wanted,
                   field="original_number")
        ]  # fmt: skip

    if one is None or not one.is_known:
        seen = one.number if one is not None and one.number else "none"
        return fails(seen, "a claim of yours", f"A {label.lower()} needs its original; {seen} was found under the"
                     " number given. Name the claim it belongs to.")  # fmt: skip
    if not one.same_vehicle:
        return fails("another vehicle", "the same vehicle", f"{one.number} is for another vehicle; a {label.lower()} is"
                     " for the vehicle of its original. Correct the number or the VIN.")  # fmt: skip
    if not one.is_settled:
        return fails("not settled", "settled", f"{one.number} is not settled yet; a {label.lower()} follows a settled"
                     " claim. Wait for the decision.")  # fmt: skip
    total = total_cents(facts.claim.charges)
    if facts.claim.claim_type == "debit" and -total > one.net_approved_cents:
        net = money(one.net_approved_cents)
        return fails(money(-total), net, f"The debit takes back {money(-total)}; {one.number} was approved for {net}"
                     " net. Take back no more than that.")  # fmt: skip
    return [
        passed("W28", policy, f"{label} to {one.number}.", observed=money(total), limit=money(one.net_approved_cents))
    ]  # fmt: skip
