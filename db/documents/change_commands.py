"""What is done to documents that are there: dates corrected, made void, held, purged, taken out; what is required."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import event, false, select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused, Stale
from db.documents import content as contents
from db.documents import records, rules, storage
from db.documents.tables import Document, DocumentRequirement


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file somebody takes: `name` is safe to save under on every system."""

    name: str
    media_type: str
    content: bytes


def correct_dates(
    session: Session, *, document_id: int, seen_version: int, effective_on: date | None, expires_on: date | None,
    reason: str, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Correct the days of a document; the timeline keeps the old ones. Problems: effective_on, expires_on, reason."""
    actor.require(Permission.DOCUMENTS_MANAGE)
    document, dealer = records.locked(session, document_id=document_id, actor=actor, now=now)
    records.refuse_stale(document, seen_version)
    _refuse_void(document)
    problems = Problems()
    rules.check_dates(rules.TYPES[document.document_type], effective_on, expires_on, problems, today=dealer.today)
    reason = problems.require(reason, "reason", "The reason", longest=rules.LONGEST["reason"])
    if (effective_on, expires_on) == (document.effective_on, document.expires_on):
        problems.add("expires_on", "unchanged", "These are the days it has already.")
    problems.refuse_if_any()
    before = {"effective_on": document.effective_on, "expires_on": document.expires_on}
    document.effective_on, document.expires_on = effective_on, expires_on
    document.retention_until = rules.retention_until(
        document.document_type, ended_on=document.ended_on, expires_on=expires_on
    )
    records.plan_reminders(document)
    records.touched(document, actor=actor, now=now)
    records.count_cover(session, document.series_id)
    records.note(
        session, "correct_dates", [document], f"The days of {records.words(document)} were corrected.", actor=actor,
        now=now, before=before, after={"effective_on": effective_on, "expires_on": expires_on}, reason=reason,
    )  # fmt: skip


def void_document(
    session: Session, *, document_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> None:
    """Declare a document never valid (wrong file, wrong dealer); it stays, with the reason. Problems: reason.

    When it was a renewal, the version before is current again.
    """
    actor.require(Permission.DOCUMENTS_MANAGE)
    document, dealer = records.locked(session, document_id=document_id, actor=actor, now=now)
    records.refuse_stale(document, seen_version)
    _refuse_void(document)
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=rules.LONGEST["reason"])
    problems.refuse_if_any()
    was = document.status
    records.end(document, status="void", today=dealer.today)
    document.void_reason, document.content_key = reason, None
    records.touched(document, actor=actor, now=now)
    involved = [document]
    back = _version_before(session, document) if was == "current" else None
    if back is not None:
        records.revive(back)
        records.touched(back, actor=actor, now=now)
        involved.append(back)
    records.count_cover(session, document.series_id)
    again = f" {records.number_of(back.id)} (version {back.series_version}) is current again." if back else ""
    records.note(
        session, "void_document", involved, f"{records.words(document)} was made void.{again}", actor=actor, now=now,
        before={"status": was}, after={"status": "void"}, reason=reason,
    )  # fmt: skip


def _refuse_void(document: Document) -> None:
    if document.status == "void":
        sentence = f"{records.number_of(document.id)} is void; nothing about it changes any more."
        raise Refused(Problem(code="wrong_state", message=sentence))


def _version_before(session: Session, document: Document) -> Document | None:
    return session.scalars(
        select(Document)
        .where(Document.series_id == document.series_id, Document.status == "superseded")
        .order_by(Document.series_version.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()


# ---- holds -----------------------------------------------------------------------------------------------------------
def set_hold(
    session: Session, *, document_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> None:
    """Keep the file whatever its retention says: a dispute, an audit, a termination. Problems: reason."""
    actor.require(Permission.DOCUMENTS_MANAGE)
    document, _ = records.locked(session, document_id=document_id, actor=actor, now=now)
    records.refuse_stale(document, seen_version)
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=rules.LONGEST["reason"])
    problems.refuse_if_any()
    if document.is_held:
        raise Refused(Problem(code="wrong_state", message=f"{records.number_of(document.id)} is held already."))
    _hold([document], reason, actor=actor, now=now)
    session.flush()
    records.note(
        session, "set_hold", [document], f"{records.words(document)} is held.", actor=actor, now=now, reason=reason,
        before={"is_held": False}, after={"is_held": True},
    )  # fmt: skip


def release_hold(
    session: Session, *, document_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> None:
    """Let the retention of a document count again. Problems: reason."""
    actor.require(Permission.DOCUMENTS_MANAGE)
    document, _ = records.locked(session, document_id=document_id, actor=actor, now=now)
    records.refuse_stale(document, seen_version)
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=rules.LONGEST["reason"])
    problems.refuse_if_any()
    if not document.is_held:
        raise Refused(Problem(code="wrong_state", message=f"{records.number_of(document.id)} is not held."))
    document.is_held = False
    records.touched(document, actor=actor, now=now)
    session.flush()
    records.note(
        session, "release_hold", [document], f"{records.words(document)} is no longer held.", actor=actor, now=now,
        reason=reason, before={"is_held": True, "hold_reason": document.hold_reason}, after={"is_held": False},
    )  # fmt: skip


def hold_dealer(
    session: Session, *, dealer_id: int, reason: str, only_new: bool = False, actor: Actor, now: datetime
) -> int:
    """Hold every document of a dealer that is not held yet (termination, audit); gives how many. Problems: reason.

    With `only_new` those whose hold somebody released are left alone.
    """
    actor.require(Permission.DOCUMENTS_MANAGE)
    dealer = records.locked_dealer(session, dealer_id=dealer_id, actor=actor, now=now)
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=rules.LONGEST["reason"])
    problems.refuse_if_any()
    unheld = select(Document).where(Document.dealer_id == dealer_id, Document.is_held == false())
    if only_new:
        unheld = unheld.where(Document.held_since.is_(None))
    documents = session.scalars(unheld.order_by(Document.id).with_for_update()).all()
    if not documents:
        sentence = f"There is nothing to hold: every document of {dealer.name} is held already, or there is none."
        raise Refused(Problem(code="wrong_state", message=sentence))
    _hold(documents, reason, actor=actor, now=now)
    session.flush()
    many = f"{len(documents):,} document{'' if len(documents) == 1 else 's'}"
    records.note(
        session, "hold_dealer", documents, f"{many} of {dealer.name} are held.", actor=actor, now=now, reason=reason,
        before={"is_held": False}, after={"is_held": True},
    )  # fmt: skip
    return len(documents)


def _hold(documents: Sequence[Document], reason: str, *, actor: Actor, now: datetime) -> None:
    for document in documents:
        document.is_held, document.hold_reason = True, reason
        document.held_by, document.held_since = actor.name, now
        records.touched(document, actor=actor, now=now)


# ---- the file --------------------------------------------------------------------------------------------------------
def purge_file(session: Session, *, document_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Remove the file of a document whose retention has ended; the record stays and says so.

    Refused while it is held (`held`), has to be kept (`retained`) or is gone already (`wrong_state`).
    """
    actor.require(Permission.DOCUMENTS_MANAGE)
    document, dealer = records.locked(session, document_id=document_id, actor=actor, now=now)
    records.refuse_stale(document, seen_version)
    name = records.number_of(document.id)
    if document.purged_at is not None:
        raise Refused(Problem(code="wrong_state", message=f"The file of {name} was removed before."))
    if document.is_held:
        since = f"{document.held_since:%Y-%m-%d}" if document.held_since else "before"
        sentence = f"{name} is held by {document.held_by} since {since}: {document.hold_reason}"
        raise Refused(Problem(code="held", message=sentence, rule="domain-rules P20"))
    until = document.retention_until
    if until is None or until >= dealer.today:
        when = f"until {until:%Y-%m-%d}" if until else "as long as it is in force"
        years = rules.TYPES[document.document_type].retention_years
        sentence = f"{name} has to be kept {when} ({years} years after it ends)."
        raise Refused(Problem(code="retained", message=sentence, rule="domain-rules P20"))
    document.purged_at = now
    records.touched(document, actor=actor, now=now)
    session.flush()
    stored_name = document.stored_name
    # Only once the row says so: a rollback must not cost the file. Where this fails, the sweep removes it.
    event.listen(session, "after_commit", lambda _session: storage.remove(stored_name), once=True)
    records.note(
        session, "purge_file", [document], f"The file of {records.words(document)} was removed.", actor=actor, now=now,
        before={"sha256": document.sha256, "retention_until": until}, after={"purged_at": now},
    )  # fmt: skip


def fetch_document(session: Session, *, document_id: int, actor: Actor, now: datetime) -> Fetched:
    """The file of a document, for somebody who may see it; the timeline keeps who took it.

    Refused with `purged`, `file_missing` or `file_changed` (its hash is not the one that was stored).
    """
    actor.require(Permission.DOCUMENTS_VIEW)
    document = records.seen_document(session, document_id=document_id, actor=actor)
    name = records.number_of(document.id)
    if document.purged_at is not None:
        sentence = f"The file of {name} was removed on {document.purged_at:%Y-%m-%d}; its record is kept."
        raise Refused(Problem(code="purged", message=sentence))
    content = verified(document)
    records.note(
        session, "fetch_document", [document], f"{records.words(document)} was downloaded.", actor=actor, now=now,
        is_change=False,
    )  # fmt: skip
    return Fetched(
        name=contents.download_name(document.file_name, document.media_type), media_type=document.media_type,
        content=content,
    )  # fmt: skip


def verified(document: Document) -> bytes:
    """The bytes of a document, proved to be those that were stored."""
    import hashlib

    name = records.number_of(document.id)
    try:
        content = storage.load(document.stored_name)
    except storage.FileMissing as error:
        sentence = f"The file of {name} is missing in the store. Tell your administrator: python -m db check names it."
        raise Refused(Problem(code="file_missing", message=sentence)) from error
    if hashlib.sha256(content).hexdigest() != document.sha256:
        sentence = f"The file of {name} is not the one that was stored. It is not handed out; tell your administrator."
        raise Refused(Problem(code="file_changed", message=sentence))
    return content


# ---- what is required ------------------------------------------------------------------------------------------------
def save_requirement(
    session: Session, *, dealer_status: str, document_types: Sequence[str], seen_version: int, reason: str = "",
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Decide which documents dealers of one status have to have; gives the new version.

    `seen_version` is 0 while the default of the program is in force. Only people who see every dealer decide it.
    Problems: dealer_status, document_types.
    """
    actor.require(Permission.DOCUMENTS_MANAGE)
    if not actor.scope.is_all:
        sentence = "What is required holds for the whole network; somebody who sees every dealer has to change it."
        raise Refused(Problem(code="not_allowed", message=sentence, rule=Permission.DOCUMENTS_MANAGE))
    problems = Problems()
    if dealer_status not in rules.REQUIRING_STATUSES:
        problems.add("dealer_status", "unknown_status", "Choose onboarding, active or suspended.")
    unknown = sorted(set(document_types) - set(rules.TYPES))
    if unknown:
        problems.add("document_types", "unknown_type", f"There is no document type {', '.join(unknown)}.")
    problems.refuse_if_any()
    row = session.scalars(
        select(DocumentRequirement).where(DocumentRequirement.dealer_status == dealer_status).with_for_update()
    ).one_or_none()
    if (row.version if row else 0) != seen_version:
        raise _stale(row, now)
    before = list(rules.required_types(dealer_status, {dealer_status: row.document_types} if row else {}))
    after = list(rules.required_types(dealer_status, {dealer_status: document_types}))
    if row is None:
        values = {
            "dealer_status": dealer_status, "document_types": after, "version": 1, "updated_at": now,
            "updated_by": actor.name,
        }  # fmt: skip
        if not insert_or_ignore(session, DocumentRequirement, values):
            raise _stale(None, now)
    else:
        row.document_types, row.version = after, row.version + 1
        row.updated_at, row.updated_by = now, actor.name
        session.flush()
    named = ", ".join(rules.LABELS[name] for name in after) or "nothing"
    changes.touch(session, "documents")
    timeline.record(
        session, actor=actor, now=now, area="documents", command="save_requirement",
        summary=f"What {dealer_status} dealers have to have: {named}.",
        before={"document_types": before}, after={"document_types": after}, reason=reason.strip(),
    )  # fmt: skip
    return seen_version + 1


def _stale(row: DocumentRequirement | None, now: datetime) -> Stale:
    who, when = (row.updated_by, row.updated_at) if row else ("somebody else", now)
    return Stale(what="What is required", changed_by=who, changed_at=when)
