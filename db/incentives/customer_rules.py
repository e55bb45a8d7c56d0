"""Checks of the customer: the proof is one of the program's papers, and where he comes from (I08, I09; U22)."""

from __future__ import annotations

from datetime import timedelta

from db.core.labels import plural
from db.incentives.facts import Check, Earlier, SaleFacts
from db.incentives.model import (
    AFFINITIES,
    DOCUMENTS,
    Affinity,
    Conquest,
    LeasePullAhead,
    Loyalty,
    Program,
    Requirement,
    TradeIn,
)
from db.incentives.sale_rules import check, proof_label
from db.incentives.say_rules import day, money, words


def accepted_label(one: Requirement) -> str:
    """The papers of a requirement in words."""
    return words([DOCUMENTS[d] for d in one.accepted], "or")


def i08_proof(sale: SaleFacts, program: Program) -> Check:
    """Each proof asked for is there as a paper of the program's own list; another paper is charged back in an audit."""
    rule = program.rule
    if isinstance(rule, Affinity) and sale.affinity not in rule.groups:
        limit = words([AFFINITIES[g] for g in rule.groups], "or")
        if not sale.affinity:
            return check("I08", "missing", f"The group of the customer is missing: {limit}.", limit=limit)
        observed = AFFINITIES.get(sale.affinity, sale.affinity)
        return check(
            "I08", "fail", f"{observed} is not a group of the program: {limit}.", observed=observed, limit=limit
        )
    if not program.documents:
        return check("I08", "none", "No paper of the customer is asked for.")
    proved = []
    for one in program.documents:
        limit = accepted_label(one)
        found = [d for d in sale.documents if d in one.accepted]
        if found:
            proved.append(found[0])
            continue
        given = words([DOCUMENTS.get(d, d) for d in sale.documents])
        if given:
            sentence = f"{one.label}: {given} is not accepted. The program accepts {limit}."
        else:
            sentence = f"{one.label} is missing. The program accepts {limit}."
        return check("I08", "missing", sentence, observed=given, limit=limit, document=one.accepted[0])
    papers = words([proof_label(sale, d) for d in proved])
    asked = words([one.label for one in program.documents])
    return check("I08", "pass", f"{asked}: proved by {papers}.", observed=papers, limit=asked, document=papers)


def i09_previous(sale: SaleFacts, program: Program) -> Check:
    """What the customer drove before: another make (conquest), ours (loyalty), not too old, or a lease that ends."""
    rule = program.rule
    if isinstance(rule, LeasePullAhead):
        return _lease(sale, rule)
    if not isinstance(rule, Loyalty | Conquest | TradeIn):
        return check("I09", "none", "Nothing is asked of the previous vehicle.")
    if not isinstance(rule, TradeIn):
        on_file = _on_file(sale, rule)
        if on_file is not None:
            return on_file
    paper = "trade_title"
    makes = "any make" if not rule.makes else words(rule.makes, "or")
    if not sale.trade_make:
        return check("I09", "missing", "The previous vehicle is missing.", limit=makes, document=paper)
    make = sale.trade_make.strip()
    if isinstance(rule, Conquest) and make.casefold() in {m.casefold() for m in rule.own_makes}:
        sentence = f"The customer comes from {make}, which is ours; a conquest comes from another make."
        return check("I09", "fail", sentence, observed=make, limit="another make", document=paper)
    if rule.makes and make.casefold() not in {m.casefold() for m in rule.makes}:
        sentence = f"The customer comes from {make}; the program is for {makes}."
        return check("I09", "fail", sentence, observed=make, limit=makes, document=paper)
    if isinstance(rule, Loyalty):
        return check("I09", "pass", f"The customer has owned {make}.", observed=make, limit=makes, document=paper)
    if sale.trade_year is None:
        return check("I09", "missing", "The model year of the trade-in is missing.", observed=make, document=paper)
    base = (sale.delivered_on or sale.today).year
    oldest = base - rule.max_years
    limit = f"model year {oldest} or newer"
    if sale.trade_year < oldest:
        years = plural(rule.max_years, "year")
        sentence = f"The trade-in is of {sale.trade_year}; it has to be of {oldest} or newer ({years})."
        return check("I09", "fail", sentence, observed=str(sale.trade_year), limit=limit, document=paper)
    ours = _still_ours(sale, rule)
    if ours:
        sentence = (
            f"The trade-in is a {make} of {sale.trade_year}; the customer on file still has {ours}, which is ours."
        )
        return check("I09", "warn", sentence, observed=str(sale.trade_year), limit=limit, document=paper)
    sentence = f"The trade-in is a {make} of {sale.trade_year}, not older than {plural(rule.max_years, 'model year')}."
    return check("I09", "pass", sentence, observed=str(sale.trade_year), limit=limit, document=paper)


def _said(one: Earlier) -> str:
    return f"a {' '.join(str(w) for w in (one.year, one.make, one.model) if w)}"


def _still_ours(sale: SaleFacts, rule: Loyalty | Conquest | TradeIn) -> str:
    if not isinstance(rule, Conquest):
        return ""
    own = {m.casefold() for m in rule.own_makes}
    return next((_said(e) for e in sale.earlier if e.until is None and e.make.casefold() in own), "")


def _on_file(sale: SaleFacts, rule: Loyalty | Conquest) -> Check | None:
    """What the chosen customer's earlier vehicles answer by themselves; None: the trade-in that was typed decides."""
    wanted = {m.casefold() for m in rule.makes}
    makes = words(rule.makes, "or") if rule.makes else "another make"
    if isinstance(rule, Loyalty):
        if sale.trade_make.strip().casefold() in wanted:
            return None
        had = next((e for e in sale.earlier if e.make.casefold() in wanted), None)
        if had is None:
            return None
        sentence = f"The customer on file has had {_said(had)} since {day(had.since)}."
        return check("I09", "pass", sentence, observed=had.make, limit=makes, document="trade_title")
    if sale.trade_make or not sale.earlier:
        return None
    own = {m.casefold() for m in rule.own_makes}
    other = next(
        (e for e in sale.earlier if e.make.casefold() not in own and (not wanted or e.make.casefold() in wanted)), None
    )
    ours = _still_ours(sale, rule)
    if other is None or other.year is None:
        has = f"; on file the customer has {ours}, which is ours" if ours else ""
        sentence = f"The previous vehicle is missing{has}."
        return check("I09", "missing", sentence, observed=ours, limit=makes, document="trade_title")
    oldest = (sale.delivered_on or sale.today).year - rule.max_years
    limit = f"model year {oldest} or newer"
    if other.year < oldest:
        sentence = f"The customer on file comes from {_said(other)}; it has to be of {oldest} or newer."
        return check("I09", "fail", sentence, observed=str(other.year), limit=limit, document="trade_title")
    also = f"; the customer still has {ours}, which is ours" if ours else ""
    sentence = f"The customer on file comes from {_said(other)}, since {day(other.since)}{also}."
    return check(
        "I09", "warn" if ours else "pass", sentence, observed=str(other.year), limit=limit, document="trade_title"
    )


def _lease(sale: SaleFacts, rule: LeasePullAhead) -> Check:
    paper, limit = "lease_statement", f"ends within {plural(rule.ends_within_days, 'day')} of the delivery"
    if sale.lease_ends_on is None or not sale.waived_payments or not sale.payment_cents:
        sentence = "The previous lease is missing: its end, the payments waived and their amount."
        return check("I09", "missing", sentence, limit=limit, document=paper)
    base = sale.delivered_on or sale.today
    observed = day(sale.lease_ends_on)
    if not base <= sale.lease_ends_on <= base + timedelta(days=rule.ends_within_days):
        within = f"within {plural(rule.ends_within_days, 'day')} of the delivery"
        sentence = f"The previous lease ends on {observed}; it has to end {within}."
        return check("I09", "fail", sentence, observed=observed, limit=limit, document=paper)
    number = min(sale.waived_payments, rule.max_payments)
    amount = money(min(sale.payment_cents, rule.max_payment_cents))
    taken = f"{plural(number, 'payment')} of {amount} {'is' if number == 1 else 'are'} taken over"
    sentence = f"The previous lease ends on {observed}; {taken}."
    return check("I09", "pass", sentence, observed=observed, limit=limit, document=paper)
