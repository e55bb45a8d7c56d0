"""Requests for access: the queue, one request with what granting it would do, my work and search; within scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import false, func, select, true
from sqlalchemy.orm import Session

from db.access.flow import FLOW
from db.access.people_queries import DEALER_ROLES, dealers_of
from db.access.rules import KINDS, ROLES
from db.access.tables import AccessRequest
from db.core.actor import Actor, Scope
from db.core.area import CAP, SearchResult, WorkCount, WorkLine
from db.core.keyset import beyond
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.people.tables import Person
from db.workflow.checks import available_steps

PAGE_FILE = "pages/network/access.py"
NEW_ACCOUNT, SAME_ACCOUNT, REOPENED, WIDENED = "new", "same", "reopen", "widen"


@dataclass(frozen=True, kw_only=True)
class RequestRow:
    """One request as the queue and its drawer show it."""

    id: int
    number: str
    status: str
    version: int
    submitted_by: str
    submitted_name: str
    created_at: datetime
    due_at: datetime | None
    dealer_id: int
    dealer_code: str
    dealer_name: str
    kind: str
    name: str
    email: str
    role: str
    person_id: int | None
    reason: str
    answer: str
    decided_at: datetime | None
    decided_by: str

    @property
    def kind_label(self) -> str:
        """What is wanted."""
        return KINDS[self.kind]

    @property
    def role_label(self) -> str:
        """The role that is wanted; empty when access is to end."""
        return ROLES.get(self.role, "")

    @property
    def dealer_label(self) -> str:
        """The dealer with its code."""
        return f"{self.dealer_name} ({self.dealer_code})"


def _select(scope: Scope) -> Any:
    r = AccessRequest
    return (
        select(
            r.id, r.number, r.status, r.version, r.submitted_by, r.submitted_name, r.created_at, r.due_at, r.dealer_id,
            Dealer.code.label("dealer_code"), Dealer.name.label("dealer_name"), r.kind, r.name, r.email, r.role,
            r.person_id, r.reason, r.answer, r.decided_at, r.decided_by,
        )
        .join(Dealer, Dealer.id == r.dealer_id)
        .where(scope.where(r.dealer_id, r.region))
    )  # fmt: skip


def list_requests(
    session: Session, *, scope: Scope, is_open: bool = True, dealer_id: int | None = None,
    after: tuple[datetime, int] | None = None, limit: int = 50,
) -> tuple[list[RequestRow], tuple[datetime, int] | None]:  # fmt: skip
    """One page: open ones due first, decided ones newest first; and the cursor of the next page or None."""
    r = AccessRequest
    moment = r.due_at if is_open else r.updated_at
    query = _select(scope).add_columns(moment.label("sort_at")).where(r.is_open == (true() if is_open else false()))
    if dealer_id is not None:
        query = query.where(r.dealer_id == dealer_id)
    if after is not None:
        query = query.where(beyond((moment, r.id), after, falls=not is_open))
    order = (moment, r.id) if is_open else (moment.desc(), r.id.desc())
    rows = session.execute(query.order_by(*order).limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return [_as_row(row) for row in rows[:limit]], (last.sort_at, last.id) if last else None


def _as_row(row: Any) -> RequestRow:
    values = row._asdict()
    values.pop("sort_at", None)
    return RequestRow(**values)


def count_requests(
    session: Session, *, scope: Scope, is_open: bool = True, dealer_id: int | None = None,
    due_before: datetime | None = None,
) -> int:  # fmt: skip
    """How many there are, counted up to `CAP` + 1."""
    r = AccessRequest
    wanted = [scope.where(r.dealer_id, r.region), r.is_open == (true() if is_open else false())]
    if dealer_id is not None:
        wanted.append(r.dealer_id == dealer_id)
    if due_before is not None:
        wanted.append(r.due_at < due_before)
    some = select(r.id).where(*wanted).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def get_request(session: Session, *, item_id: int, actor: Actor, now: datetime) -> RequestRow:
    """One request for its drawer; raises `NotFound`."""
    row = session.execute(_select(actor.scope).where(AccessRequest.id == item_id)).one_or_none()
    if row is None or not actor.can(Permission.ACCESS_VIEW):
        raise NotFound("This access request")
    return _as_row(row)


# ---- what granting would do ----------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Grantable:
    """What granting a request would do: `choice` goes back with the step, `sentence` says it to the decider.

    `choice` is empty when it cannot be granted as it is; then `sentence` says why.
    """

    choice: str
    label: str
    sentence: str
    dealers: tuple[str, ...] = ()


def what_granting_does(session: Session, *, request: RequestRow, actor: Actor) -> Grantable | None:
    """Which account a request would make or touch; None for those who do not decide requests."""
    if not actor.can(Permission.ACCESS_DECIDE):
        return None
    if request.kind == "close":
        return Grantable(choice=SAME_ACCOUNT, label="End access", sentence=f"{request.name} is signed out at once.")
    if request.kind == "change":
        mine = _dealers_in_scope(session, request.person_id, actor)
        sentence = f"{request.name} becomes {request.role_label.lower()}."
        if len(mine) > 1:
            sentence += " A role holds at every dealer of the account."
        return Grantable(choice=SAME_ACCOUNT, label="Change role", sentence=sentence, dealers=mine)
    same = accounts_with_email(session, email=request.email)
    if not same:
        return Grantable(
            choice=NEW_ACCOUNT, label="New account",
            sentence="A new account that sees this dealer only. You get its one-time password to hand over.",
        )  # fmt: skip
    return _for_known_address(session, request, same, actor)


def _for_known_address(session: Session, request: RequestRow, same: Sequence[Person], actor: Actor) -> Grantable:
    """The mail address belongs to an account: what can be done with that one."""
    account = next((p for p in same if p.is_active), same[0])
    if account.role not in DEALER_ROLES or account.scope_kind != "dealers":
        return Grantable(
            choice="",
            label="",
            sentence="This e-mail belongs to an account of the manufacturer. It cannot be used here.",
        )
    dealers = _dealers_in_scope(session, account.id, actor)
    known = {"dealers": dealers}
    # Somebody of a dealer outside of the decider's scope is not named, only what is needed to decide.
    who, username = (account.name, account.username) if dealers else ("somebody of another dealer", "that account")
    if not account.is_active:
        return Grantable(
            choice=f"{REOPENED}:{account.id}", label=f"Open {username} again",
            sentence="A disabled account with this e-mail is opened again, for this dealer only, with a"
            " new one-time password.", **known,
        )  # fmt: skip
    if account.role != request.role:
        return Grantable(
            choice="", label="", **known,
            sentence=f"This e-mail belongs to {who}, whose role is {ROLES[account.role].lower()}. An account"
            f" has one role: reject this and ask for that role, or for another role of the account.",
        )  # fmt: skip
    return Grantable(
        choice=f"{WIDENED}:{account.id}", label=f"Add dealer to {username}",
        sentence=f"This e-mail belongs to {who}. The account gets this dealer in"
        " addition; its password stays.", **known,
    )  # fmt: skip


def accounts_with_email(session: Session, *, email: str) -> Sequence[Person]:
    """Every account of a mail address, whoever's it is, oldest first; for who decides, never for who asks."""
    if not email:
        return []
    same = func.lower(Person.email) == func.lower(email)
    return session.scalars(select(Person).where(same).order_by(Person.id)).all()


def _dealers_in_scope(session: Session, person_id: int | None, actor: Actor) -> tuple[str, ...]:
    if person_id is None:
        return ()
    found = dealers_of(session, person_ids=[person_id], scope=actor.scope)
    return tuple(dealer.label for dealer in found.get(person_id, ()))


# ---- my work and search --------------------------------------------------------------------------------------------
def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """The open requests this actor may decide, due first; a request that was only asked for is nobody's work."""
    if not actor.can(Permission.ACCESS_DECIDE):
        return []
    rows, _ = list_requests(session, scope=actor.scope, limit=limit)
    lines = []
    for row in rows:
        steps = available_steps(FLOW, status=row.status, submitted_by=row.submitted_by, actor=actor)
        if not any(step.name == "grant" for step in steps):
            continue
        state = FLOW.state(row.status)
        lines.append(
            WorkLine(
                item_type="access_request", item_id=row.id, number=row.number, title=f"{row.kind_label}: {row.name}",
                status=state.label, tone=state.tone, due_at=row.due_at, why="Grant or reject", page=PAGE_FILE,
                query={"request": str(row.id)}, dealer=row.dealer_name,
            )
        )  # fmt: skip
    return lines


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many requests wait, for those who decide them."""
    if not actor.can(Permission.ACCESS_DECIDE):
        return []
    return [
        WorkCount(
            label="Access requests", count=count_requests(session, scope=actor.scope),
            overdue=count_requests(session, scope=actor.scope, due_before=now), page=PAGE_FILE,
            query={"access_view": "Requests"},
        )
    ]  # fmt: skip


def found_requests(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits as lines, in the order of `ids`; requests out of scope are left out."""
    rows: Mapping[int, Any] = {
        row.id: row for row in session.execute(_select(actor.scope).where(AccessRequest.id.in_(list(ids))))
    }
    return [
        SearchResult(
            kind="access_request", item_id=i, title=f"{rows[i].number} {KINDS[rows[i].kind]}: {rows[i].name}",
            subtitle=f"{rows[i].dealer_name} · {FLOW.state(rows[i].status).label}", page=PAGE_FILE,
            query={"request": str(i)},
        )
        for i in ids
        if i in rows
    ]  # fmt: skip
