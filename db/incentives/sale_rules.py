"""Checks of the sale itself: vehicle, days, sale type, dealer, region, unwound (domain-rules 2.4, I01, I03-I07, I13).

Each gives one answer in a sentence, with the paper that proves it. Days are those of the dealer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from db.core.labels import plural
from db.incentives.facts import Check, Level, SaleFacts
from db.incentives.model import DEALER_STATUSES, DOCUMENTS, SALE_TYPES, Certified, PriceProtection, Program, Window
from db.incentives.say_rules import day, words

VERSIONS: dict[str, int] = {f"I{n:02}": 1 for n in range(1, 15)} | {"I09": 2}
"""The version of each rule, kept with every answer: raise it when a rule starts to answer differently."""


def check(rule: str, level: Level, sentence: str, *, observed: str = "", limit: str = "", document: str = "") -> Check:
    """One answer, with the version of its rule and the paper by its name."""
    return Check(
        rule=rule, version=VERSIONS[rule], level=level, sentence=sentence, observed=observed, limit=limit,
        document=DOCUMENTS.get(document, document),
    )  # fmt: skip


def proof_label(sale: SaleFacts, kind: str) -> str:
    """A kind of paper with the file or reference the sale has of it: "Registration (scan.pdf)"."""
    label, name = DOCUMENTS.get(kind, kind), dict(sale.proofs).get(kind, "")
    return f"{label} ({name})" if name else label


def with_proofs(checks: Sequence[Check], sale: SaleFacts) -> tuple[Check, ...]:
    """The same answers; one that passed names the paper of this sale that proves it."""
    by_label = {DOCUMENTS.get(kind, kind): proof_label(sale, kind) for kind in sale.documents}
    return tuple(
        replace(c, document=by_label[c.document], sentence=f"{c.sentence} Proof: {by_label[c.document]}.")
        if c.level == "pass" and c.document in by_label and by_label[c.document] not in c.sentence else c
        for c in checks
    )  # fmt: skip


def _within(found: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or found.strip().casefold() in {w.casefold() for w in wanted}


def allowed(days: int) -> str:
    """ "10 are allowed", "1 is allowed", "it has to be the same day"."""
    return "it has to be the same day" if not days else f"{days:,} {'is' if days == 1 else 'are'} allowed"


def days_label(window: Window) -> str:
    """ "1 Nov 2026 to 30 Nov 2026"."""
    return f"{day(window.first)} to {day(window.last)}"


def i01_vehicle(sale: SaleFacts, program: Program) -> Check:
    """The vehicle is one of the program's and stood in the dealer's stock when it was sold."""
    paper = "invoice"
    if not sale.vin_ok and not (program.eligible.any_serial and sale.vin):
        return check("I01", "missing", f"{sale.vin} is no valid VIN.", observed=sale.vin, limit="17 characters")
    wanted = program.eligible
    if sale.condition not in wanted.conditions:
        only = words(wanted.conditions, "or")
        return check("I01", "fail", f"Only {only} vehicles are eligible.", observed=sale.condition, limit=only)
    if wanted.vins and sale.vin.upper() not in {v.upper() for v in wanted.vins}:
        return check(
            "I01", "fail", f"{sale.vin} is not on the program's list of VINs.", observed=sale.vin,
            limit=plural(len(wanted.vins), "VIN"),
        )  # fmt: skip
    for label, found, list_ in (
        ("make", sale.make, wanted.makes), ("model", sale.model, wanted.models), ("trim", sale.trim, wanted.trims),
        ("model year", str(sale.year or ""), tuple(str(y) for y in wanted.years)),
    ):  # fmt: skip
        if list_ and not found:
            return check("I01", "missing", f"The {label} of {sale.vin} is not known.", limit=words(list_, "or"))
        if not _within(found, list_):
            sentence = f"{found} is not an eligible {label}: {words(list_, 'or')}."
            return check("I01", "fail", sentence, observed=found, limit=words(list_, "or"), document=paper)
    return _stock(sale, program, paper)


def _stock(sale: SaleFacts, program: Program, paper: str) -> Check:
    if sale.sold_before:
        sentence = f"{sale.vin} was not in stock: it was sold already with {sale.sold_before}."
        return check("I01", "fail", sentence, observed=sale.sold_before, limit="in stock", document=paper)
    if sale.stocked_on is None:
        sentence = "The day the vehicle came into stock is missing."
        return check("I01", "missing", sentence, limit="in stock when sold", document=paper)
    if sale.delivered_on and sale.stocked_on > sale.delivered_on:
        sentence = f"The vehicle came into stock on {day(sale.stocked_on)}, after it was delivered."
        return check(
            "I01", "fail", sentence, observed=day(sale.stocked_on), limit=day(sale.delivered_on), document=paper
        )
    rule = program.rule
    if isinstance(rule, PriceProtection):
        first = rule.changed_on - timedelta(days=rule.stocked_within_days)
        held = first <= sale.stocked_on <= rule.changed_on and (
            sale.delivered_on is None or sale.delivered_on >= rule.changed_on
        )
        if not held:
            limit = f"in stock on {day(rule.changed_on)}, since {day(first)} or later"
            sentence = f"The price fell on {day(rule.changed_on)}; the vehicle has to stand in stock then, {limit}."
            return check("I01", "fail", sentence, observed=day(sale.stocked_on), limit=limit, document=paper)
    what = " ".join(str(w) for w in (sale.year, sale.make, sale.model) if w) or sale.vin
    sentence = f"{what} is eligible and has stood in stock since {day(sale.stocked_on)}."
    return check("I01", "pass", sentence, observed=day(sale.stocked_on), limit="eligible, in stock", document=paper)


def i03_delivered(sale: SaleFacts, program: Program) -> Check:
    """The delivery, not the contract, lies in the program's window."""
    limit = days_label(program.deliveries)
    if sale.delivered_on is None:
        return check("I03", "missing", "The vehicle is not delivered yet.", limit=limit, document="odometer")
    observed = day(sale.delivered_on)
    if not program.deliveries.holds(sale.delivered_on):
        also = ""
        if sale.contract_on and program.deliveries.holds(sale.contract_on):
            also = f" The contract of {day(sale.contract_on)} does not count."
        sentence = f"Delivered on {observed}; the program takes deliveries from {limit}.{also}"
        return check("I03", "fail", sentence, observed=observed, limit=limit, document="odometer")
    return check(
        "I03", "pass", f"Delivered on {observed}, within the program.", observed=observed, limit=limit,
        document="odometer",
    )  # fmt: skip


def i04_reported(sale: SaleFacts, program: Program) -> Check:
    """The sale was reported in time after the delivery, and within the window of reports where there is one."""
    limit = f"{plural(program.report_days, 'day')} after the delivery"
    if sale.delivered_on is None or sale.reported_on is None:
        return check("I04", "missing", "The delivery was not reported yet.", limit=limit)
    took = (sale.reported_on - sale.delivered_on).days
    after = plural(took, "day")
    if took < 0:
        return check(
            "I04", "missing", "It was reported before the delivery; report it again.", observed=day(sale.reported_on),
            limit=limit,
        )  # fmt: skip
    if took > program.report_days:
        sentence = f"Reported {after} after the delivery; {allowed(program.report_days)}."
        return check("I04", "fail", sentence, observed=after, limit=limit)
    if program.reports and not program.reports.holds(sale.reported_on):
        limit = days_label(program.reports)
        sentence = f"Reported on {day(sale.reported_on)}; reports count from {limit}."
        return check("I04", "fail", sentence, observed=day(sale.reported_on), limit=limit)
    said = "Reported on the day of the delivery." if not took else f"Reported {after} after the delivery."
    return check("I04", "pass", said, observed=after, limit=limit)


def i05_sale_type(sale: SaleFacts, program: Program) -> Check:
    """The type of sale is one the program takes; resale, export and fleet are taken only where it says so."""
    allowed = [SALE_TYPES[t] for t in program.eligible.sale_types]
    observed = SALE_TYPES.get(sale.sale_type, sale.sale_type)
    limit = words(allowed, "or")
    if not sale.sale_type:
        return check("I05", "missing", "The type of sale is missing.", limit=limit, document="buyers_order")
    if sale.sale_type not in program.eligible.sale_types:
        sentence = f"{observed} is excluded; the program takes {limit}."
        return check("I05", "fail", sentence, observed=observed, limit=limit, document="buyers_order")
    return check("I05", "pass", f"{observed} is taken.", observed=observed, limit=limit, document="buyers_order")


def i06_dealer(sale: SaleFacts, program: Program) -> Check:
    """The dealer is active, takes part, and has a tier of the program; a certified sale needs the certificate."""
    name, wanted = sale.dealer_name or sale.dealer_code, program.eligible
    if sale.dealer_status not in DEALER_STATUSES:
        sentence = f"{name} is {sale.dealer_status}, not active."
        return check("I06", "fail", sentence, observed=sale.dealer_status, limit="active")
    if not _within(sale.dealer_code, wanted.enrolled):
        return check(
            "I06", "fail", f"{name} is not enrolled in this program.", observed="not enrolled", limit="enrolled"
        )
    if wanted.tiers and not _within(sale.tier, wanted.tiers):
        limit = words(wanted.tiers, "or")
        had = f"had the tier {sale.tier}" if sale.tier else "had no tier"
        return check("I06", "fail", f"{name} {had}; the program is for {limit}.", observed=sale.tier, limit=limit)
    rule = program.rule
    if isinstance(rule, Certified):
        limit = words(rule.certificates, "or")
        if not sale.certificates:
            sentence = f"The certificate of whoever sold it is missing: {limit}."
            return check("I06", "missing", sentence, limit=limit, document="certificate")
        held = [c for c in sale.certificates if _within(c, rule.certificates)]
        if not held:
            observed = words(sale.certificates)
            sentence = f"{observed} is not one of the certificates asked for: {limit}."
            return check("I06", "fail", sentence, observed=observed, limit=limit, document="certificate")
        sentence = f"{name} is active; whoever sold it holds {held[0]}."
        return check("I06", "pass", sentence, observed=held[0], limit=limit, document="certificate")
    takes_part = "is enrolled" if wanted.enrolled else "takes part"
    return check("I06", "pass", f"{name} is active and {takes_part}.", observed=sale.tier or "active", limit="active")


def i07_region(sale: SaleFacts, program: Program) -> Check:
    """The dealer lies in a region of the program."""
    wanted = program.eligible.regions
    if not wanted:
        return check("I07", "pass", "The program holds in every region.", observed=sale.region)
    limit = words(wanted, "or")
    if not _within(sale.region, wanted):
        sentence = f"The dealer lies in {sale.region or 'no region'}; the program is for {limit}."
        return check("I07", "fail", sentence, observed=sale.region, limit=limit)
    return check("I07", "pass", f"{sale.region} is a region of the program.", observed=sale.region, limit=limit)


def i13_not_unwound(sale: SaleFacts, program: Program) -> Check:
    """The sale stands; an unwound one pays nothing, whatever was approved before."""
    if sale.unwound_on is not None:
        sentence = f"The sale was unwound on {day(sale.unwound_on)}."
        return check("I13", "fail", sentence, observed=day(sale.unwound_on), limit="stands")
    return check("I13", "pass", "The sale stands.", observed="stands", limit="stands")


COUNTING = (i01_vehicle, i03_delivered, i04_reported, i05_sale_type, i06_dealer, i07_region, i13_not_unwound)
"""What a sale has to pass to count for a program at all."""
