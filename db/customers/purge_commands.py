"""Removing the personal data of customers nobody had to do with for years; what was counted stays countable (2.11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.core.search import SearchWord
from db.customers import record
from db.customers.holders import all_holders
from db.customers.purge_queries import judge
from db.customers.retention_rules import FEWEST_YEARS, MOST_YEARS, REMOVED, YEARS
from db.customers.tables import Consent, Customer, CustomerApart, CustomerKey, CustomerLink, CustomerMerge

MOST_AT_ONCE = 200


def purge_customers(
    session: Session, *, customer_ids: Sequence[int], reason: str, years: int = YEARS, actor: Actor, now: datetime
) -> int:
    """Anonymise up to 200 customers that are due; gives how many. One timeline entry names all of them.

    Each is judged again inside the transaction: one that was worked on since the list was drawn refuses the batch
    (`not_due`). Records merged into a customer go with it; a merge of it can no longer be taken back.
    """
    actor.require(Permission.CUSTOMERS_PURGE)
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason", longest=400)
    if not FEWEST_YEARS <= years <= MOST_YEARS:
        problems.add("years", "out_of_range", f"Choose {FEWEST_YEARS} to {MOST_YEARS} years.", rule="2.11")
    wanted = sorted(set(customer_ids))
    if not wanted:
        problems.add("customer_ids", "required", "Choose at least one customer.")
    elif len(wanted) > MOST_AT_ONCE:
        problems.add("customer_ids", "too_many", f"At most {MOST_AT_ONCE} at once.")
    problems.refuse_if_any()
    customers = [record.held(session, customer_id, actor=actor) for customer_id in wanted]
    verdicts = judge(session, customers, now=now, years=years)
    late = [
        Problem(code="not_due", message=f"{record.number(i)}: {v.why}", rule="2.11")
        for i, v in verdicts.items()
        if not v.is_due
    ]
    if late:
        raise Refused(*late[:20])
    everybody = _with_merged(session, wanted)
    for holder in all_holders():
        holder.anonymise(session, customer_ids=everybody, now=now)
    _anonymise(session, everybody, actor=actor, now=now)
    for customer in customers:
        session.expire(customer)
    record.note(
        session, "purge_customers", f"The personal data of {len(wanted):,} customers was removed", customers,
        actor=actor, now=now, reason=reason, areas=("leads",), extra={"years": years, "with_merged": len(everybody)},
    )  # fmt: skip
    return len(wanted)


def _with_merged(session: Session, ids: Sequence[int]) -> list[int]:
    """The customers and everything that was ever merged into them, however often."""
    found, fresh = set(ids), set(ids)
    while fresh:
        fresh = set(session.scalars(select(Customer.id).where(Customer.merged_into_id.in_(sorted(fresh))))) - found
        found |= fresh
    return sorted(found)


def _anonymise(session: Session, ids: Sequence[int], *, actor: Actor, now: datetime) -> None:
    """The customer's own records: no name, no way to reach or recognise, no search word, no memory of a merge."""
    for table in (CustomerKey, Consent):
        session.execute(
            delete(table).where(table.customer_id.in_(ids)).execution_options(synchronize_session=False)
        )  # fmt: skip
    for pair in (CustomerLink, CustomerApart):
        session.execute(
            delete(pair)
            .where(or_(pair.customer_id.in_(ids), pair.other_id.in_(ids)))
            .execution_options(synchronize_session=False)
        )
    session.execute(
        delete(SearchWord)
        .where(SearchWord.kind == "customer", SearchWord.item_id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(CustomerMerge)
        .where(or_(CustomerMerge.kept_id.in_(ids), CustomerMerge.gone_id.in_(ids)))
        .values(detail={"moved": {}, "filled": {}, "keys": [], "links": []}, reason="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Customer)
        .where(Customer.id.in_(ids))
        .values(
            name=REMOVED, first_name="", last_name="", street="", city="", postal_code="", country="", match_key="",
            purged_at=now, version=Customer.version + 1, updated_at=now, updated_by=actor.name,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def remains(session: Session) -> list[str]:
    """What a purge should have removed and did not, as sentences (`python -m db check`)."""
    found = []
    purged = select(Customer.id).where(Customer.purged_at.is_not(None))
    for what, ids in (
        ("still has a name", select(Customer.id).where(Customer.purged_at.is_not(None), Customer.name != REMOVED)),
        ("still has keys", select(CustomerKey.customer_id).where(CustomerKey.customer_id.in_(purged))),
        ("still has consents", select(Consent.customer_id).where(Consent.customer_id.in_(purged))),
        (
            "can still be searched for",
            select(SearchWord.item_id).where(SearchWord.kind == "customer", SearchWord.item_id.in_(purged)),
        ),
    ):
        numbers = sorted(set(session.scalars(ids.limit(40))))
        if numbers:
            found.append(f"customer {', '.join(map(record.number, numbers[:20]))} {what} after the purge")
    return found
