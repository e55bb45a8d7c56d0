"""What the sweep does for documents: remind in time, hold what belongs to terminated dealers, clear the store.

Every job may run twice, or in two processes at once: each record is claimed by one guarded UPDATE.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, exists, select, update
from sqlalchemy.orm import Session

from db.core.actor import system_actor
from db.core.area import Job
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.dealers.tables import Dealer
from db.documents import records, rules, storage
from db.documents.change_commands import hold_dealer
from db.documents.named_files import named_files
from db.documents.tables import Document
from db.people.notifications import notify
from db.people.queries import people_to_tell

MOST_A_SWEEP = 500
CLEAR_EVERY = timedelta(hours=1)


# ---- reminders -------------------------------------------------------------------------------------------------------
def run_reminders(bind: Engine | None, *, now: datetime) -> int:
    """Tell who can act that a document ends: 90, 60, 30 and 7 days before and on its last day; gives how many were due.

    Days are counted at the dealer. After a pause the nearest threshold alone is told (domain-rules 2.11). Dealers that
    are terminated are left out: nothing of theirs has to be renewed.
    """
    with reading(bind) as session:
        waiting = session.execute(
            select(Document.id, Document.remind_on, Dealer.zone)
            .join(Dealer, Dealer.id == Document.dealer_id)
            # Somewhere it is tomorrow already; the day at the dealer decides below.
            .where(Document.remind_on <= now.date() + timedelta(days=1), Dealer.status != "terminated")
            .order_by(Document.remind_on, Document.id)
            .limit(MOST_A_SWEEP)
        ).all()
    told = 0
    for document_id, day, zone in waiting:
        if day is not None and day <= local_day(now, zone):
            with writing(bind, keeps_timeline=False) as session:
                told += _remind(session, document_id, now=now)
    return told


def _remind(session: Session, document_id: int, *, now: datetime) -> int:
    """Claim one reminder and tell it; 0 when somebody else did, or the document changed meanwhile."""
    document = session.get(Document, document_id)
    if document is None or document.expires_on is None or document.remind_on is None:
        return 0
    zone = session.scalar(select(Dealer.zone).where(Dealer.id == document.dealer_id)) or "UTC"
    today = local_day(now, zone)
    thresholds = rules.TYPES[document.document_type].remind_days
    due = rules.reminder_due(document.expires_on, today, told=document.reminded, thresholds=thresholds)
    if due is None:
        return 0
    claimed = session.scalar(
        update(Document)
        .where(
            Document.id == document_id, Document.status == "current", Document.remind_on == document.remind_on,
            Document.expires_on == document.expires_on,
        )
        .values(
            reminded=due, remind_on=rules.next_reminder(document.expires_on, told=due, thresholds=thresholds)
        )
        .returning(Document.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if claimed is None:
        return 0
    _tell(session, document, due, now=now, left=(document.expires_on - today).days)
    return 1


def _tell(session: Session, document: Document, threshold: int, *, now: datetime, left: int) -> None:
    dealer = session.execute(select(Dealer.code, Dealer.name).where(Dealer.id == document.dealer_id)).one()
    label = rules.LABELS[document.document_type]
    verb = "expired" if left < 0 else "expires"
    title = f"{label} of {dealer.name} {verb} {rules.left_words(left)}"
    assert document.expires_on is not None
    body = (
        f"{records.words(document)} of {dealer.name} ({dealer.code}) is good until {document.expires_on.day} "
        f"{document.expires_on:%b %Y}. "
        "Upload the new one on the page Documents, with Renew."
    )
    # Everybody who may upload: the dealer's managers, and the desk's people who look after the dealer.
    people = people_to_tell(
        session, dealer_id=document.dealer_id, region=document.region, permission=Permission.DOCUMENTS_ADD
    )
    notify(
        session, person_ids=people, kind="document", title=title, body=body, item_type=records.ITEM,
        item_id=document.id, dedupe_key=f"document:{document.id}:{document.expires_on}:{threshold}", now=now, mail=True,
    )  # fmt: skip


# ---- holds -----------------------------------------------------------------------------------------------------------
def run_holds(bind: Engine | None, *, now: datetime) -> int:
    """Hold every document of terminated dealers that was never held; gives how many dealers.

    A hold somebody released stays released: such a document has been held before (domain-rules P20).
    """
    with reading(bind) as session:
        never = exists().where(
            Document.dealer_id == Dealer.id, Document.held_since.is_(None), Document.is_held.is_(False)
        )
        ids = session.scalars(
            select(Dealer.id).where(Dealer.status == "terminated", never).order_by(Dealer.id).limit(MOST_A_SWEEP)
        ).all()
    held = 0
    for dealer_id in ids:
        try:
            run(
                hold_dealer, bind=bind, dealer_id=dealer_id, reason="The dealer was terminated.", only_new=True,
                actor=system_actor(), now=now,
            )  # fmt: skip
            held += 1
        except Refused:  # somebody else was faster
            continue
    return held


# ---- the store -------------------------------------------------------------------------------------------------------
def run_clearing(bind: Engine | None, *, now: datetime) -> int:
    """Remove files no row names (older than `ORPHAN_HOURS`) and files of purged documents; gives how many.

    Once an hour at most. Nothing is touched in a folder that belongs to another database.
    """
    with reading(bind) as session:
        own = records.identity(session)
    if not own or storage.owner() != own or not storage.is_clearing_due(now, every=CLEAR_EVERY):
        return 0
    limit = now - timedelta(hours=storage.ORPHAN_HOURS)
    found = list(storage.walk())
    removed = 0
    # Read after the folder was listed: a file listed above has its row by now, or will never have one.
    with reading(bind) as session:
        rows = {one.stored_name: one.is_purged for one in named_files(session)}
    for file in found:
        is_orphan = file.is_part or file.stored_name not in rows
        is_purged = not file.is_part and rows.get(file.stored_name, False)
        if is_purged or (is_orphan and file.at < limit):
            file.path.unlink(missing_ok=True)
            removed += 1
    return removed


JOBS = (
    Job(name="Remind of documents that expire", run=run_reminders),
    Job(name="Hold documents of terminated dealers", run=run_holds),
    Job(name="Clear the store of documents", run=run_clearing),
)
