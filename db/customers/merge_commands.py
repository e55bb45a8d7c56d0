"""Two records of one dealer that are one person: merged whole, and taken back exactly (2.2 D, U10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.base import Base
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.customers import record
from db.customers.tables import Customer, CustomerApart, CustomerKey, CustomerLink, CustomerMerge

_BLANKS: Final = ("first_name", "last_name", "street", "city", "state", "postal_code", "country")
# These know a customer in ways of their own and are moved by hand below, or not at all.
_BY_HAND: Final = frozenset({"customer", "customer_key", "customer_link", "customer_apart", "customer_merge"})


def merge_customers(
    session: Session, *, keep_id: int, gone_id: int, seen_versions: tuple[int, int], reason: str, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Make one record of two; gives the id of the merge, which `undo_merge` takes back.

    The kept record gets everything that hangs on the other: leads, consents, vehicles, visits, keys, links. Only its
    blanks are filled. `seen_versions` are those of the kept and the other record on the screen. Problems: reason.
    """
    actor.require(Permission.CUSTOMERS_MERGE)
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason", longest=400)
    if keep_id == gone_id:
        problems.add("gone_id", "same_customer", "A customer cannot be merged with itself.")
    problems.refuse_if_any()
    kept, gone = record.two_held(session, keep_id, gone_id, actor=actor)
    _check(kept, gone, seen_versions)
    moved = _move_children(session, gone.id, kept.id)
    filled = {n: getattr(gone, n) for n in _BLANKS if not getattr(kept, n) and getattr(gone, n)}
    before = {n: getattr(kept, n) for n in filled}
    for name, value in filled.items():
        setattr(kept, name, value)
    detail = {
        "moved": moved, "filled": {n: [before[n], filled[n]] for n in filled}, "keys": _move_keys(session, gone, kept),
        "links": _move_links(session, gone.id, kept.id),
    }  # fmt: skip
    gone.merged_into_id = kept.id
    if gone.hold_reason and not kept.hold_reason:
        kept.hold_reason, detail["hold"] = gone.hold_reason, gone.hold_reason
    merge = CustomerMerge(
        kept_id=kept.id, gone_id=gone.id, reason=reason, detail=detail, merged_at=now, merged_by=actor.name
    )
    session.add(merge)
    for one in (kept, gone):
        record.touched(one, actor=actor, now=now)
    session.flush()
    record.follow(session, kept)
    record.reindex(session, gone)
    record.note(
        session, "merge_customers", f"{record.number(gone.id)} was merged into {record.number(kept.id)}", [kept, gone],
        actor=actor, now=now, reason=reason, areas=("leads",),
        extra={"moved": {name: len(ids) for name, ids in moved.items() if ids}, "filled": sorted(filled)},
    )  # fmt: skip
    return merge.id


def undo_merge(session: Session, *, merge_id: int, reason: str, actor: Actor, now: datetime) -> int:
    """Take a merge back; gives the id of the record that stands again. Problems: reason.

    What came to the kept record since stays there, and what was filled in goes again unless somebody changed it.
    """
    actor.require(Permission.CUSTOMERS_MERGE)
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason", longest=400)
    problems.refuse_if_any()
    merge = session.get(CustomerMerge, merge_id, with_for_update=True)
    gone_id = merge.gone_id if merge is not None else 0
    gone = record.held(session, gone_id, actor=actor, any_state=True)
    assert merge is not None
    if merge.undone_at is not None or gone.merged_into_id != merge.kept_id:
        raise Refused(Problem(code="not_merged", message="This merge was taken back already."))
    kept = record.held(session, merge.kept_id, actor=actor)  # refused when it was itself merged away or removed
    detail = merge.detail
    _move_back(session, detail["moved"], kept.id, gone.id)
    _keys_back(session, detail["keys"], kept.id, gone.id)
    _links_back(session, detail["links"], kept.id, gone.id)
    for name, (before, filled) in detail["filled"].items():
        if getattr(kept, name) == filled:
            setattr(kept, name, before)
    if detail.get("hold") and kept.hold_reason == detail["hold"]:
        kept.hold_reason = ""
    gone.merged_into_id = None
    merge.undone_at, merge.undone_by = now, actor.name
    for one in (kept, gone):
        record.touched(one, actor=actor, now=now)
    session.flush()
    for one in (kept, gone):
        record.follow(session, one)
    record.note(
        session, "undo_merge", f"{record.number(gone.id)} and {record.number(kept.id)} are two customers again",
        [kept, gone], actor=actor, now=now, reason=reason, areas=("leads",),
    )  # fmt: skip
    return gone.id


def keep_apart(
    session: Session, *, customer_id: int, other_id: int, reason: str = "", actor: Actor, now: datetime
) -> None:
    """Note that two lookalikes are two people, so that nobody is asked again."""
    actor.require(Permission.CUSTOMERS_MERGE)
    if customer_id == other_id:
        raise Refused(Problem(code="same_customer", message="Choose two customers."))
    customer, other = record.two_held(session, customer_id, other_id, actor=actor)
    first, second = sorted((customer.id, other.id))
    words = (reason or "").strip()[:200]
    row = {
        "customer_id": first, "other_id": second, "reason": words, "created_at": now, "created_by": actor.name,
    }  # fmt: skip
    if not insert_or_ignore(session, CustomerApart, row):
        raise Refused(Problem(code="known", message="Somebody has decided this already."))
    record.note(
        session, "keep_apart", f"{record.number(first)} and {record.number(second)} are two customers",
        [customer, other], actor=actor, now=now, reason=words,
    )  # fmt: skip


def _check(kept: Customer, gone: Customer, seen_versions: tuple[int, int]) -> None:
    if kept.dealer_id != gone.dealer_id:
        sentence = "These belong to two dealers; customers of two dealers stay apart."
        raise Refused(Problem(code="other_dealer", field="gone_id", message=sentence, rule="2.2 D"))
    for customer, seen in zip((kept, gone), seen_versions, strict=True):
        if customer.version != seen:
            sentence = (
                f"{record.number(customer.id)} was changed by {customer.updated_by or 'somebody'} since you looked."
                " Nothing was merged; look again."
            )
            raise Refused(Problem(code="stale", message=sentence))


def _move_children(session: Session, source: int, target: int) -> dict[str, list[int]]:
    moved = {}
    for table, name in record.references():
        if table.name in _BY_HAND:
            continue
        column = table.c[name]
        ids = list(session.scalars(select(table.c.id).where(column == source).order_by(table.c.id)))
        moved[f"{table.name}.{name}"] = ids
        if ids:
            session.execute(update(table).where(column == source).values({name: target}))
    session.expire_all()
    return moved


def _move_back(session: Session, moved: dict[str, list[int]], source: int, target: int) -> None:
    for place, ids in moved.items():
        table, _, name = place.partition(".")
        found = Base.metadata.tables.get(table)
        if found is None or not ids:
            continue
        # What was moved on or deleted since is nobody's business here.
        session.execute(update(found).where(found.c.id.in_(ids), found.c[name] == source).values({name: target}))
    session.expire_all()


def _move_keys(session: Session, gone: Customer, kept: Customer) -> list[list[Any]]:
    """Hang the keys on the kept record; gives [kind, value, raw, whether the kept one got it by this]."""
    rows = []
    for key in record.keys_stored(session, gone.id):
        row = {"customer_id": kept.id, "kind": key.kind, "value": key.value, "raw": key.raw}
        rows.append([key.kind, key.value, key.raw, insert_or_ignore(session, CustomerKey, row)])
        session.delete(key)
    session.flush()
    return rows


def _keys_back(session: Session, rows: list[list[Any]], source: int, target: int) -> None:
    for kind, value, raw, was_new in rows:
        insert_or_ignore(session, CustomerKey, {"customer_id": target, "kind": kind, "value": value, "raw": raw})
        if was_new:
            found = session.scalars(
                select(CustomerKey).where(
                    CustomerKey.customer_id == source, CustomerKey.kind == kind, CustomerKey.value == value
                )
            ).one_or_none()
            if found is not None:
                session.delete(found)
    session.flush()


def _move_links(session: Session, source: int, target: int) -> list[list[Any]]:
    """Links of the one that goes, made again from the one that stays; gives [other, kind, way, was new, by]."""
    rows = []
    for link in session.scalars(
        select(CustomerLink).where((CustomerLink.customer_id == source) | (CustomerLink.other_id == source))
    ).all():
        is_first = link.customer_id == source
        other = link.other_id if is_first else link.customer_id
        was_new = other != target and insert_or_ignore(
            session, CustomerLink, _link((target, other), link.kind, is_first, link.created_at, link.created_by)
        )
        rows.append([other, link.kind, is_first, was_new, link.created_by, link.created_at.isoformat()])
        session.delete(link)
    session.flush()
    return rows


def _links_back(session: Session, rows: list[list[Any]], source: int, target: int) -> None:
    for other, kind, is_first, was_new, by, at in rows:
        made = _link((target, other), kind, is_first, datetime.fromisoformat(at), by)
        insert_or_ignore(session, CustomerLink, made)
        if was_new:
            now_there = _link((source, other), kind, is_first, datetime.fromisoformat(at), by)
            found = session.scalars(
                select(CustomerLink).where(
                    CustomerLink.customer_id == now_there["customer_id"], CustomerLink.kind == kind,
                    CustomerLink.other_id == now_there["other_id"],
                )
            ).one_or_none()  # fmt: skip
            if found is not None:
                session.delete(found)
    session.flush()


def _link(ends: tuple[int, int], kind: str, is_first: bool, at: datetime, by: str) -> dict[str, Any]:
    one, other = ends
    first, second = (one, other) if is_first else (other, one)
    if kind == "household":
        first, second = sorted((one, other))
    return {"customer_id": first, "other_id": second, "kind": kind, "created_at": at, "created_by": by}
