"""The two kinds of files leads come in: ADF documents (also inside mails), and tables with a column mapping."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import EVERYTHING, Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.permissions import Permission
from db.imports import reading
from db.imports.mapping import Mapping
from db.leads import adf
from db.leads.adf_draft import LeadDraft, NotReadable
from db.leads.adf_mail import documents_in
from db.leads.intake import Newcomer, prefetch
from db.leads.intake_batch import IntakeBatch, intake_batch
from db.leads.intake_rows import FIELDS, RowLead, lead_of
from db.leads.intake_undo import undo
from db.leads.product_queries import in_words, unlisted_products


def apply_adf(
    session: Session, *, files: Sequence[SourceFile], mapping: Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Take in every prospect of every document; a document that cannot be read is one rejected row (row 0)."""
    outcomes: list[RowOutcome] = []
    with intake_batch(session, actor=actor, now=now, batch_id=batch_id) as batch:
        for file in files:
            outcomes += _file(batch, file, channel=channel)
    return outcomes


def _file(batch: IntakeBatch, file: SourceFile, *, channel: str) -> list[RowOutcome]:
    try:
        documents = documents_in(file.content, file_name=file.name)
    except NotReadable as refusal:
        return [_rejected(file.name, refusal)]
    outcomes: list[RowOutcome] = []
    number = 0
    for document in documents:
        name = file.name if document.place == "file" else f"{file.name}: {document.file_name}"
        try:
            prospects = adf.parse(document.raw, received_at=batch.now).prospects
        except NotReadable as refusal:
            outcomes.append(_rejected(name, refusal))
            continue
        prefetch(batch, [(draft, batch.now) for draft in prospects])
        for draft in prospects:
            number += 1
            outcomes.append(_take(batch, draft, channel=channel, file=name, row=number))
    return outcomes


def _take(batch: IntakeBatch, draft: LeadDraft, *, channel: str, file: str, row: int) -> RowOutcome:
    newcomer = Newcomer(batch, draft, received_at=batch.now, channel=channel, status=None, history=None)
    return newcomer.take(file=file, row=row, form_key=None)


def _rejected(file: str, refusal: NotReadable) -> RowOutcome:
    place = refusal.problems[0].path
    where = f" ({place})" if place else ""
    return RowOutcome(file=file, row=0, outcome="rejected", code=refusal.code, message=f"{refusal.message}{where}")


def apply_table(
    session: Session, *, files: Sequence[SourceFile], mapping: Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Take in every row; one that cannot be mapped, or that names nobody, is rejected with the reason."""
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS, zone=DESK_ZONE)
    reading.tell(session, *tables.sentences)
    leads: list[tuple[Any, RowLead]] = []
    for position, row in enumerate(tables.rows, start=1):
        leads.append((row, lead_of(row.values, position=position, now=now)))
    outcomes = list(tables.rejected)
    with intake_batch(session, actor=actor, now=now, batch_id=batch_id) as batch:
        prefetch(batch, [(lead.draft, lead.received_at) for _, lead in leads])
        for row, lead in leads:
            if lead.received_at > now:
                sentence = f"Received {lead.received_at:%-d %b %Y} lies in the future; check the date format."
                outcomes.append(
                    RowOutcome(file=row.file, row=row.row, outcome="rejected", code="in_the_future", message=sentence)
                )
                continue
            newcomer = Newcomer(
                batch, lead.draft, received_at=lead.received_at, channel=channel, status=lead.status,
                history=lead.history,
            )  # fmt: skip
            outcomes.append(newcomer.take(file=row.file, row=row.row, form_key=None))
    unlisted = in_words(unlisted_products(session, batch_id=batch_id, scope=EVERYTHING))
    if unlisted:
        reading.tell(session, unlisted)
    return sorted(outcomes, key=lambda outcome: (outcome.file, outcome.row))


ADF = ImportKind(
    name="adf",
    title="ADF leads",
    permission=Permission.LEADS_IMPORT,
    extensions=(".xml", ".adf", ".eml", ".txt"),
    apply=apply_adf,
    undo=undo,
    help="Leads as car sites send them: .xml and .adf files, or mails saved as .eml.",
)
TABLE = ImportKind(
    name="leads",
    title="Leads from a table",
    permission=Permission.LEADS_IMPORT,
    extensions=(".csv", ".tsv", ".txt", ".xlsx"),
    apply=apply_table,
    undo=undo,
    fields=FIELDS,
    help="Leads exported from another system, one a row. A lead that system has worked keeps its state and dates.",
)
KINDS = (ADF, TABLE)
