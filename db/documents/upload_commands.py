"""Bringing documents in: a new one, and the renewal of one that is there."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.documents import content as contents
from db.documents import records, rules, storage
from db.documents.records import DealerRow
from db.documents.tables import Document
from db.imports.safety import FileRefused


def add_document(
    session: Session, *, dealer_id: int, document_type: str, file_name: str, content: bytes | None, title: str = "",
    number: str = "", issuer: str = "", effective_on: date | None = None, expires_on: date | None = None,
    item_type: str = "", item_id: int | None = None, form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Keep a new document of a dealer and give its id; the same `form_key` again gives the first.

    `item_type` and `item_id` name the record it is evidence of ("checklist_item"). `expires_on` is the last day it is
    good for, in the dealer's zone. Problems: document_type, title, number, issuer, effective_on, expires_on, file
    (already_there for bytes this dealer has under the same type).
    """
    actor.require(Permission.DOCUMENTS_ADD)
    dealer = records.locked_dealer(session, dealer_id=dealer_id, actor=actor, now=now)
    known = records.already_sent(session, form_key)
    if known is not None:
        return known
    problems = Problems()
    kind = rules.check_type(document_type, problems)
    title, number, issuer = records.tidy_texts(kind, title=title, number=number, issuer=issuer, problems=problems)
    rules.check_dates(kind, effective_on, expires_on, problems, today=dealer.today)
    examined = _examined(file_name, content, problems)
    problems.refuse_if_any()
    assert examined is not None
    assert content is not None
    document = Document(
        status="current", document_type=kind.name, title=title, number=number, issuer=issuer, series_version=1,
        effective_on=effective_on, expires_on=expires_on, covered_from=effective_on, item_type=item_type,
        item_id=item_id,
    )  # fmt: skip
    _keep(session, document, dealer, examined, content, form_key=form_key, actor=actor, now=now)
    records.note(
        session, "add_document", [document], f"{records.words(document)} of {dealer.name} was added.", actor=actor,
        now=now, after=_facts(document),
    )  # fmt: skip
    return document.id


def renew_document(
    session: Session, *, document_id: int, seen_version: int, file_name: str, content: bytes | None,
    effective_on: date | None = None, expires_on: date | None = None, number: str | None = None,
    issuer: str | None = None, title: str | None = None, form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Keep the next version of a document and give its id; the one before becomes superseded, and both stay.

    Texts that are not given stay as they were. Refused for a document that is not current (`wrong_state`); other
    problems as in `add_document`.
    """
    actor.require(Permission.DOCUMENTS_ADD)
    old, dealer = records.locked(session, document_id=document_id, actor=actor, now=now)
    known = records.already_sent(session, form_key)
    if known is not None:
        return known
    records.refuse_stale(old, seen_version)
    if old.status != "current":
        state = rules.STATUS_LABELS[old.status].lower()
        sentence = f"Only the current version can be renewed; {records.number_of(old.id)} is {state}."
        raise Refused(Problem(code="wrong_state", message=sentence))
    problems = Problems()
    kind = rules.TYPES[old.document_type]
    title, number, issuer = records.tidy_texts(
        kind, title=old.title if title is None else title, number=old.number if number is None else number,
        issuer=old.issuer if issuer is None else issuer, problems=problems,
    )  # fmt: skip
    rules.check_dates(kind, effective_on, expires_on, problems, today=dealer.today)
    examined = _examined(file_name, content, problems)
    problems.refuse_if_any()
    assert examined is not None
    assert content is not None
    document = Document(
        status="current", document_type=kind.name, title=title, number=number, issuer=issuer, series_id=old.series_id,
        series_version=_newest(session, old.series_id) + 1, effective_on=effective_on, expires_on=expires_on,
        covered_from=effective_on, item_type=old.item_type, item_id=old.item_id,
    )  # fmt: skip
    _keep(session, document, dealer, examined, content, form_key=form_key, actor=actor, now=now)
    records.end(old, status="superseded", today=dealer.today)
    records.touched(old, actor=actor, now=now)
    records.count_cover(session, old.series_id)
    records.note(
        session, "renew_document", [document, old],
        f"{records.words(document)} of {dealer.name} was renewed: version {document.series_version}.", actor=actor,
        now=now, before={"version": old.series_version, "expires_on": old.expires_on}, after=_facts(document),
    )  # fmt: skip
    return document.id


def _examined(file_name: str, content: bytes | None, problems: Problems) -> contents.Examined | None:
    if content is None:
        problems.add("file", "required", "Choose a file.")
        return None
    try:
        return contents.examine(file_name, content)
    except FileRefused as refusal:
        problems.found += refusal.problems
        return None


def _newest(session: Session, series_id: int) -> int:
    """The last number given in a series, void versions included."""
    newest = select(Document.series_version).where(Document.series_id == series_id)
    return session.scalars(newest.order_by(Document.series_version.desc()).limit(1)).one()


def _keep(
    session: Session, document: Document, dealer: DealerRow, examined: contents.Examined, content: bytes, *,
    form_key: str | None, actor: Actor, now: datetime,
) -> storage.Stored:  # fmt: skip
    """Store the bytes, then the row: what fails afterwards leaves a file without a row, never a row without a file."""
    import hashlib

    key = records.content_key(dealer.id, document.document_type, hashlib.sha256(content).hexdigest())
    records.refuse_known(session, key)
    kept = records.stored(session, content)
    (document.id,) = next_ids(session, Document, item_type=records.ITEM, count=1)
    document.series_id = document.series_id or document.id
    document.dealer_id, document.region = dealer.id, dealer.region
    document.file_name, document.media_type = examined.file_name, examined.kind.media_type
    document.stored_name, document.size, document.sha256 = kept.stored_name, kept.size, kept.sha256
    document.content_key, document.form_key = key, form_key
    document.is_held = False
    document.retention_until = rules.retention_until(
        document.document_type, ended_on=None, expires_on=document.expires_on
    )
    document.version = 1
    document.uploaded_by, document.uploaded_by_name = actor.username, actor.name
    document.created_at = document.updated_at = now
    document.updated_by = actor.name
    records.plan_reminders(document)
    session.add(document)
    session.flush()
    records.index_words(session, document, is_new=True)
    return kept


def _facts(document: Document) -> dict[str, object]:
    names = (
        "document_type", "title", "number", "issuer", "effective_on", "expires_on", "series_version", "file_name",
        "media_type", "size", "sha256",
    )  # fmt: skip
    return {name: getattr(document, name) for name in names}
