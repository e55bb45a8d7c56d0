"""Finding, locking and writing document rows: what every command of this area does alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, search, timeline
from db.core.actor import Actor
from db.core.labels import local_day, storable
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.dealers.tables import Dealer
from db.documents import rules, storage
from db.documents.tables import Document

ITEM = "document"
FULL = Problem(
    code="not_stored", field="file",
    message="The file could not be stored: the desk's disk refused it. Nothing was saved; tell your administrator.",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DealerRow:
    """What documents need to know of their dealer; `today` is the day at the dealer."""

    id: int
    code: str
    name: str
    region: str
    zone: str
    status: str
    today: date


def number_of(document_id: int) -> str:
    """How a document is called: D-000123."""
    return f"D-{document_id:06}"


def locked_dealer(session: Session, *, dealer_id: int, actor: Actor, now: datetime) -> DealerRow:
    """The dealer, locked so that two uploads for it follow one another; `NotFound` when absent or out of scope.

    The lock lets other records go on referring to the dealer meanwhile.
    """
    dealer = session.execute(
        select(Dealer.id, Dealer.code, Dealer.name, Dealer.region, Dealer.zone, Dealer.status)
        .where(Dealer.id == dealer_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    return DealerRow(**dealer._asdict(), today=local_day(now, dealer.zone))


def seen_document(session: Session, *, document_id: int, actor: Actor) -> Document:
    """One document to read; `NotFound` when absent or out of scope."""
    document = session.get(Document, document_id)
    if document is None or not actor.scope.allows(dealer_id=document.dealer_id, region=document.region):
        raise NotFound("This document")
    return document


def locked(session: Session, *, document_id: int, actor: Actor, now: datetime) -> tuple[Document, DealerRow]:
    """A document to change and its dealer, both locked, the dealer first; `NotFound` when absent or out of scope."""
    dealer_id = seen_document(session, document_id=document_id, actor=actor).dealer_id
    dealer = locked_dealer(session, dealer_id=dealer_id, actor=actor, now=now)
    document = session.scalars(
        select(Document).where(Document.id == document_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    return document, dealer


def refuse_stale(document: Document, seen_version: int) -> None:
    """`Stale` when the document changed since it was seen, naming who and when."""
    if document.version != seen_version:
        raise Stale(
            what=f"Document {number_of(document.id)}", changed_by=document.updated_by, changed_at=document.updated_at,
            status=rules.STATUS_LABELS[document.status].lower(),
        )  # fmt: skip


def already_sent(session: Session, form_key: str | None) -> int | None:
    """The document a form has made before, for a form that is sent twice."""
    if not form_key:
        return None
    found = session.scalar(select(Document.id).where(Document.form_key == form_key))
    if found is not None:
        timeline.repeated(session)
    return found


def content_key(dealer_id: int, document_type: str, sha256: str) -> str:
    """What makes the same bytes at the same dealer the same document; another type is another document."""
    return f"{dealer_id}:{document_type}:{sha256}"


def refuse_known(session: Session, key: str) -> None:
    """Refuse bytes that are there already, naming where; the caller holds the dealer's lock."""
    known = session.execute(
        select(Document.id, Document.title, Document.series_version).where(Document.content_key == key)
    ).one_or_none()
    if known is not None:
        sentence = (
            f'This file is already there as {number_of(known.id)} "{known.title}", version {known.series_version}.'
        )
        raise Refused(Problem(code="already_there", field="file", message=sentence))


def stored(session: Session, content: bytes) -> storage.Stored:
    """Put bytes into the store, as the last thing before their row; refused when the disk does not take them."""
    try:
        storage.claim(identity(session))
        return storage.save(content)
    except OSError as error:
        raise Refused(FULL) from error


def identity(session: Session) -> str:
    """What tells this database from others: the hash of its timeline's first entry; empty before there is one."""
    first = select(timeline.TimelineEntry.hash).where(timeline.TimelineEntry.seq == 1)
    return session.scalar(first) or ""


def plan_reminders(document: Document) -> None:
    """Set the day of the next reminder from scratch; only current documents have one."""
    document.reminded = None
    is_told = document.status == "current"
    document.remind_on = rules.next_reminder(
        document.expires_on, told=None, thresholds=rules.TYPES[document.document_type].remind_days
    ) if is_told else None  # fmt: skip


def cover_of(versions: Sequence[Document]) -> dict[int, date | None]:
    """From which day on each version of a series covers the dealer, by id; void ones are passed over."""
    found: dict[int, date | None] = {}
    before: tuple[date | None, date | None] | None = None
    for one in sorted(versions, key=lambda version: version.series_version):
        if one.status != "void":
            found[one.id] = rules.covered_from(one.effective_on, before)
            before = (found[one.id], one.expires_on)
    return found


def count_cover(session: Session, series_id: int) -> None:
    """Count the cover of a whole series again: a version's depends on the days of the one before."""
    session.flush()
    versions = session.scalars(select(Document).where(Document.series_id == series_id).with_for_update()).all()
    found = cover_of(versions)
    for one in versions:
        one.covered_from = found.get(one.id, one.covered_from)
    session.flush()


def end(document: Document, *, status: str, today: date) -> None:
    """Take a document out of force, and count how long it has to be kept from now on."""
    document.status, document.ended_on = status, today
    document.retention_until = rules.retention_until(
        document.document_type, ended_on=today, expires_on=document.expires_on
    )
    plan_reminders(document)


def revive(document: Document) -> None:
    """Bring the version before back into force, when the one after it was void."""
    document.status, document.ended_on = "current", None
    document.retention_until = rules.retention_until(
        document.document_type, ended_on=None, expires_on=document.expires_on
    )
    plan_reminders(document)


def tidy_texts(
    kind: rules.DocumentType, *, title: str, number: str, issuer: str, problems: Problems
) -> tuple[str, str, str]:
    """The texts as they are stored: single spaces, a title where the type needs one, else the type's own word."""
    title, number, issuer = (" ".join(storable(text or "").split()) for text in (title, number, issuer))
    if kind.needs_title and not any(c.isprintable() and not c.isspace() for c in title):
        problems.add("title", "required", f"Say what it is: {kind.label.lower()} can be many things.")
    for field, label, text in (("title", "The title", title), ("number", "The number", number),
                               ("issuer", "The issuer", issuer)):  # fmt: skip
        if len(text) > rules.LONGEST[field]:
            sentence = f"{label} has {len(text):,} characters; at most {rules.LONGEST[field]} fit."
            problems.add(field, "too_long", sentence)
    return title or kind.label, number, issuer


def touched(document: Document, *, actor: Actor, now: datetime) -> None:
    """Raise the version and note who changed the row."""
    document.version += 1
    document.updated_at, document.updated_by = now, actor.name


def index_words(session: Session, document: Document, *, is_new: bool = False) -> None:
    """What the search box finds it by."""
    search.index(
        session, kind=ITEM, item_id=document.id,
        texts=(number_of(document.id), document.title, document.number, document.issuer),
        dealer_id=document.dealer_id, region=document.region, is_new=is_new,
    )  # fmt: skip


def note(
    session: Session, command: str, documents: Sequence[Document], said: str, *, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, reason: str = "",
    is_change: bool = True,
) -> None:  # fmt: skip
    """The one timeline entry of a command, linked to its documents, their dealer and what they are evidence of."""
    items = [timeline.Item(ITEM, one.id, one.dealer_id) for one in documents]
    items += [timeline.Item("dealer", one.dealer_id, one.dealer_id) for one in documents]
    items += [
        timeline.Item(one.item_type, one.item_id, one.dealer_id)
        for one in documents
        if one.item_type and one.item_id is not None
    ]
    if is_change:
        changes.touch(session, "documents")
    timeline.record(
        session, actor=actor, now=now, area="documents", command=command, summary=said, items=dict.fromkeys(items),
        before=before, after=after, reason=reason,
    )  # fmt: skip


def words(document: Document) -> str:
    """A document in a sentence: Insurance "Garage policy" (D-000012)."""
    label = rules.LABELS.get(document.document_type, document.document_type)
    title = "" if document.title == label else f' "{document.title}"'
    return f"{label}{title} ({number_of(document.id)})"
