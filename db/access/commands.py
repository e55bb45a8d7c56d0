"""Asking for access of a dealer's people, deciding it, and ending access directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.access import notices
from db.access.flow import ANSWER_MINUTES, FLOW
from db.access.people_queries import AccountRow, account_versions, get_account, get_accounts, name_by_email
from db.access.queries import NEW_ACCOUNT, REOPENED, get_request, what_granting_does
from db.access.rules import KINDS, ROLES, STATUSES_WITH_ACCOUNTS, suggested_username
from db.access.tables import AccessRequest
from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import due_at
from db.core import changes, search, timeline
from db.core.actor import Actor, Scope
from db.core.insert import insert_or_ignore
from db.core.labels import plural
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.dealers.queries import DealerDetail, get_dealer
from db.people import dealer_account_commands as accounts
from db.people.commands import NewPassword
from db.workflow.engine import begin_step, end_step


# ------------------------------------------------------------------------------------------------- asking
def submit_request(
    session: Session, *, dealer_id: int | None, kind: str, reason: str, form_key: str | None, actor: Actor,
    now: datetime, name: str = "", email: str = "", role: str = "", person_id: int | None = None,
) -> int:  # fmt: skip
    """Ask for a new account, another role or an end of access at a dealer; gives the request's id.

    The same `form_key` again gives the first. Problems: dealer_id, kind, name, email, role, person_id, reason.
    """
    actor.require(Permission.ACCESS_REQUEST)
    known = session.scalar(select(AccessRequest.id).where(AccessRequest.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason", longest=1000)
    if kind not in KINDS:
        problems.add("kind", "unknown_kind", "Choose what you ask for.")
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
    if dealer_id is None or kind not in KINDS:
        problems.refuse_if_any()
    assert dealer_id is not None
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    if kind == "new":
        name, email = _check_new(session, problems, dealer, name=name, email=email, role=role, actor=actor)
        person_id, wish = None, email.lower()
    else:
        person = _check_person(
            session, problems, dealer_id=dealer_id, kind=kind, person_id=person_id, role=role, now=now
        )  # fmt: skip
        name, email, role = person.name, person.email, role if kind == "change" else ""
        wish = f"person {person.person_id}"
    problems.refuse_if_any()
    (item_id,) = next_ids(session, AccessRequest, item_type="access_request", count=1)
    values: dict[str, Any] = {
        "id": item_id, "number": f"AR-{item_id:05}", "status": FLOW.initial, "version": 1, "is_open": True,
        "dealer_id": dealer_id, "region": dealer.facts.region, "submitted_by": actor.username, "created_at": now,
        "updated_at": now, "updated_by": actor.name, "kind": kind, "name": name, "email": email, "role": role,
        "person_id": person_id, "reason": reason, "answer": "", "decided_by": "", "submitted_name": actor.name,
        "due_at": due_at(calendar_for_dealer(session, None), now, ANSWER_MINUTES),
        "open_key": f"{dealer_id}:{wish}", "form_key": form_key,
    }  # fmt: skip
    if not insert_or_ignore(session, AccessRequest, values):
        raise Refused(_asked_already(kind))
    request = session.get_one(AccessRequest, item_id)
    search.index(
        session, kind="access_request", item_id=item_id, texts=[request.number, name, email, dealer.facts.name],
        dealer_id=dealer_id, region=request.region, is_new=True,
    )  # fmt: skip
    after = {"kind": kind, "name": name, "role": role, "person_id": person_id}
    _note(session, "submit_request", request, KINDS[kind].lower() + f" asked for {name}", actor=actor, now=now,
          after=after, reason=reason)  # fmt: skip
    notices.tell_requested(session, request, dealer=_label(dealer), by=actor, now=now)
    return item_id


def _check_new(
    session: Session, problems: Problems, dealer: DealerDetail, *, name: str, email: str, role: str, actor: Actor
) -> tuple[str, str]:
    """Name and address for a new account. Only accounts of this dealer are compared: others are not ours to tell."""
    name, email = accounts.check_account(problems, name=name, email=email, role=role)
    _check_status(problems, dealer)
    here = name_by_email(session, dealer_id=dealer.dealer_id, email=email, scope=actor.scope) if email else ""
    if here:
        problems.add("email", "has_access", f"{here} has access with this e-mail; ask for another role instead.")
    return name, email


def _check_status(problems: Problems, dealer: DealerDetail) -> None:
    if dealer.facts.status not in STATUSES_WITH_ACCOUNTS:
        problems.add(
            "dealer_id", "no_accounts_now", f"A dealer that is {dealer.facts.status} gets no new accounts."
        )  # fmt: skip


def _check_person(
    session: Session, problems: Problems, *, dealer_id: int, kind: str, person_id: int | None, role: str,
    now: datetime,
) -> AccountRow:  # fmt: skip
    """The account a wish is about; `NotFound` unless it has access to this very dealer."""
    if person_id is None:
        problems.add("person_id", "required", "Choose an account.")
        problems.refuse_if_any()
    here = Scope("dealers", dealer_ids=frozenset({dealer_id}))
    person = get_account(session, person_id=person_id or 0, scope=here, now=now)
    if not person.is_active:
        problems.add("person_id", "disabled", f"The account of {person.name} is disabled; ask for a new account.")
    elif kind == "change":
        accounts.check_role(problems, role)
        if role == person.role:
            problems.add("role", "same_role", f"{person.name} is {ROLES[role].lower()} already.")
    return person


def _asked_already(kind: str) -> Problem:
    field = "email" if kind == "new" else "person_id"
    return Problem(code="asked_already", field=field, message="An open request asks for this person already.")


# ------------------------------------------------------------------------------------------------- deciding
def grant(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, account: str
) -> NewPassword | None:
    """Carry a request out: the account is made, changed or closed in the same transaction.

    `account` is the choice the decider saw (`what_granting_does`); refused when it would be another one now. Gives
    the one-time password of a new or reopened account, to be shown once. Problems: account, role, dealer_id.
    """
    request = begin_step(session, FLOW, "grant", item_id=item_id, seen_version=seen_version, actor=actor)
    accounts.hold_dealers(session, [request.dealer_id])
    dealer = get_dealer(session, dealer_id=request.dealer_id, scope=actor.scope)
    row = get_request(session, item_id=item_id, actor=actor, now=now)
    found = what_granting_does(session, request=row, actor=actor)
    if found is None or not found.choice or found.choice != account:
        message = found.sentence if found is not None and not found.choice else (
            "The accounts have changed since you looked. Look again at what granting does."
        )  # fmt: skip
        raise Refused(Problem(code="account_changed", field="account", message=message))
    person_id, secret, said, before, after = _carry_out(session, request, dealer, account, actor=actor, now=now)
    changed = end_step(
        session, FLOW, "grant", request, actor=actor, now=now, person_id=person_id, open_key=None, decided_at=now,
        decided_by=actor.name,
    )  # fmt: skip
    _note(
        session, "grant", request, said, actor=actor, now=now, person_id=person_id, reason=request.reason,
        before=changed["before"] | before, after=changed["after"] | after,
    )  # fmt: skip
    notices.tell_decided(session, request, said="granted", by=actor, now=now)
    return secret


def _carry_out(
    session: Session, request: AccessRequest, dealer: DealerDetail, account: str, *, actor: Actor, now: datetime
) -> tuple[int, NewPassword | None, str, dict[str, Any], dict[str, Any]]:
    """What a grant does to the account: (person, one-time password, what was said, before, after)."""
    dealer_id, role = dealer.dealer_id, request.role
    if request.kind == "close":
        ended = accounts.end_access(
            session, person_id=request.person_id or 0, dealer_id=dealer_id, actor=actor, now=now
        )  # fmt: skip
        return ended.person_id, None, f"access of {ended.name} ended", {"access": True}, {"access": False}
    if request.kind == "change":
        had = accounts.change_account_role(
            session, person_id=request.person_id or 0, dealer_id=dealer_id, role=role, actor=actor, now=now
        )  # fmt: skip
        said = f"{request.name} is now {ROLES[role].lower()}"
        return request.person_id or 0, None, said, {"role": had}, {"role": role}
    problems = Problems()
    _check_status(problems, dealer)
    problems.refuse_if_any()
    gains: dict[str, Any] = {"access": True, "role": role}
    if account == NEW_ACCOUNT:
        made = accounts.open_account(
            session, dealer_id=dealer_id, name=request.name, email=request.email, role=role, zone=dealer.facts.zone,
            username=lambda taken: suggested_username(request.name, request.email, taken=taken), actor=actor, now=now,
        )  # fmt: skip
        return made.person_id, made, f"account {made.username} made for {made.name}", {"access": False}, gains
    choice, _, number = account.partition(":")
    known = int(number)
    if choice == REOPENED:
        made = accounts.reopen_account(
            session, person_id=known, dealer_id=dealer_id, role=role, actor=actor, now=now
        )  # fmt: skip
        return made.person_id, made, f"account {made.username} opened again", {"access": False}, gains
    accounts.add_dealer_to_account(session, person_id=known, dealer_id=dealer_id, role=role, actor=actor, now=now)
    return known, None, f"{request.name} may see this dealer too", {"access": False}, gains


def reject(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Refuse a request, with the reason whoever asked reads. Problems: note."""
    request = begin_step(session, FLOW, "reject", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "A reason", longest=1000)
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "reject", request, actor=actor, now=now, answer=note, open_key=None, decided_at=now,
        decided_by=actor.name,
    )  # fmt: skip
    _note(session, "reject", request, f"rejected for {request.name}", actor=actor, now=now, reason=note, **changed)
    notices.tell_decided(session, request, said="rejected", by=actor, now=now)


def withdraw(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Take a request back before it is decided: who asked for it, or somebody else who may ask for this dealer."""
    request = begin_step(session, FLOW, "withdraw", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if note.strip():
        note = problems.require(note, "note", "The reason", longest=1000)
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "withdraw", request, actor=actor, now=now, answer=note.strip(), open_key=None, decided_at=now,
        decided_by=actor.name,
    )  # fmt: skip
    _note(session, "withdraw", request, f"withdrawn for {request.name}", actor=actor, now=now, reason=note, **changed)
    notices.tell_decided(session, request, said="withdrawn", by=actor, now=now)


# ------------------------------------------------------------------------------------------------- ending directly
@dataclass(frozen=True)
class Ended:
    """How many people lost access: `names` in the order they were chosen."""

    names: tuple[str, ...]


def disable_access(
    session: Session, *, person_id: int, dealer_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> Ended:
    """End one person's access to one dealer at once: by the manufacturer, or by a manager of that dealer.

    Nobody ends their own. The last manager of a dealer may go (`last_managers` warns). Problems: reason.
    """
    actor.require(Permission.ACCESS_REVIEW)
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason", longest=1000)
    problems.refuse_if_any()
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    ended = accounts.end_access(
        session, person_id=person_id, dealer_id=dealer_id, seen_version=seen_version, actor=actor, now=now
    )  # fmt: skip
    _record_ends(session, "disable_access", [(ended, dealer)], reason=reason, actor=actor, now=now)
    return Ended((ended.name,))


def disable_flagged(
    session: Session, *, items: Sequence[tuple[int, int]], reason: str, actor: Actor, now: datetime
) -> Ended:
    """End the access of several doubtful accounts, (person, version drawn) each, at every dealer of the actor's scope.

    Refused as a whole when one has changed, is one's own, or is no longer doubtful (signed in meanwhile).
    """
    actor.require(Permission.ACCESS_REVIEW)
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason", longest=1000)
    if not items:
        problems.add("items", "required", "Choose at least one account.")
    problems.refuse_if_any()
    seen = dict(items)
    rows = get_accounts(session, person_ids=seen, scope=actor.scope, now=now)
    accounts.hold_dealers(session, [d.dealer_id for row in rows.values() for d in row.dealers])
    for person_id in seen:
        if person_id not in rows:
            raise NotFound("This account")
        row = rows[person_id]
        if row.is_active and not row.flags:
            problems.add("items", "not_doubtful", f"Nothing speaks against the account of {row.name} any more.")
    problems.refuse_if_any()
    ended = []
    for person_id in sorted(seen):
        version: int | None = seen[person_id]
        for named in rows[person_id].dealers:
            gone = accounts.end_access(
                session, person_id=person_id, dealer_id=named.dealer_id, seen_version=version, actor=actor, now=now
            )  # fmt: skip
            ended.append((gone, get_dealer(session, dealer_id=named.dealer_id, scope=actor.scope)))
            version = None  # from here on it is this command that changes the account
    _record_ends(session, "disable_flagged", ended, reason=reason, actor=actor, now=now)
    return Ended(tuple(rows[i].name for i in seen))


def _record_ends(
    session: Session, command: str, ended: Sequence[tuple[accounts.AccessEnded, DealerDetail]], *, reason: str,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """One entry for all that ended; at one dealer it names the person, at several only how many there were."""
    changes.touch(session, "access")
    people = {gone.person_id: gone.name for gone, _ in ended}
    dealers = {dealer.dealer_id for _, dealer in ended}
    who = next(iter(people.values())) if len(people) == 1 else plural(len(people), "person", "people")
    where = "" if len(dealers) > 1 else f" at {_label(ended[0][1])}"
    timeline.record(
        session, actor=actor, now=now, area="access", command=command, reason=reason,
        summary=f"Access of {who} ended{where}",
        items=[timeline.Item("person", gone.person_id, dealer.dealer_id) for gone, dealer in ended]
        + [timeline.Item("dealer", dealer_id, dealer_id) for dealer_id in sorted(dealers)],
        before={"access": True}, after={"access": False},
    )  # fmt: skip
    tell_ends(session, ended, reason=reason, actor=actor, now=now)


def tell_ends(
    session: Session, ended: Sequence[tuple[accounts.AccessEnded, DealerDetail]], *, reason: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Tell who decides at each dealer, and its managers, that somebody's access ended."""
    rows = account_versions(session, person_ids=[gone.person_id for gone, _ in ended])
    for gone, dealer in ended:
        notices.tell_ended(
            session, name=gone.name, person_id=gone.person_id, version=rows.get(gone.person_id, 0),
            dealer_id=dealer.dealer_id, region=dealer.facts.region, dealer=_label(dealer), reason=reason, by=actor,
            now=now,
        )  # fmt: skip


def _label(dealer: DealerDetail) -> str:
    return f"{dealer.facts.name} ({dealer.facts.code})"


def _note(
    session: Session, command: str, request: AccessRequest, said: str, *, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, reason: str = "",
    person_id: int | None = None,
) -> None:  # fmt: skip
    changes.touch(session, "access")
    items = [timeline.Item("access_request", request.id, request.dealer_id)]
    items.append(timeline.Item("dealer", request.dealer_id or 0, request.dealer_id))
    if person_id is not None:
        items.append(timeline.Item("person", person_id, request.dealer_id))
    timeline.record(
        session, actor=actor, now=now, area="access", command=command, summary=f"{request.number}: {said}",
        items=items, before=before, after=after, reason=reason,
    )  # fmt: skip


COMMANDS: dict[str, Callable[..., Any]] = {"grant": grant, "reject": reject, "withdraw": withdraw}
