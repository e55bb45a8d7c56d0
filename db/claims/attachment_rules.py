"""W25: the files a type of claim needs, and receipts of what others charged (domain-rules 2.1 D)."""

from __future__ import annotations

from db.claims.lookup_rules import in_order
from db.claims.model import ATTACHMENT_KINDS, CLAIM_TYPES, ClaimFacts, Result
from db.claims.money_rules import line_cents
from db.claims.policy_rules import Policy
from db.claims.say_rules import failed, money, passed, words

_RECEIPTS = ("receipt", "paid_receipt")


def w25_files(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """Each kind the type asks for, and a receipt for sublet, rental and freight from an amount on."""
    kind = facts.claim.claim_type
    needed, there, level = policy.attachments.get(kind, ()), set(facts.attachments), policy.rule("W25").level
    have = words([ATTACHMENT_KINDS.get(k, k).lower() for k in ATTACHMENT_KINDS if k in there]) or "no file"
    found = []
    for one in needed:
        if one not in there:
            name = ATTACHMENT_KINDS.get(one, one).lower()
            text = f"A {CLAIM_TYPES.get(kind, kind).lower()} claim needs a file: {name}. There is {have}. Attach it."
            found.append(
                failed("W25", level, "DOC_MISSING", text, observed=have, limit=name, field="attachments")
            )  # fmt: skip
    least = policy.receipts_from_cents
    for line in in_order(facts, "sublet", "rental", "freight"):
        cents = line_cents(line)
        if cents >= least and not there.intersection(_RECEIPTS):
            text = (
                f"Line {line.position}: {money(cents)} of {line.kind} needs its invoice, from {money(least)} on."
                " Attach the invoice."
            )
            found.append(
                failed("W25", level, "DOC_MISSING", text, observed=money(cents), limit=f"invoice from {money(least)}",
                       field="attachments", job=line.job, charge=line.position)
            )  # fmt: skip
    limit = words([ATTACHMENT_KINDS.get(k, k).lower() for k in needed]) or "none"
    return found or [passed("W25", policy, "The files this claim needs are attached.", observed=have, limit=limit)]
