"""What `python -m db check` verifies of documents: every row has its file, unchanged, and every file has its row."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.area import Check
from db.core.search import SearchWord
from db.core.timeline import TimelineEntry
from db.documents import records, storage
from db.documents.named_files import named_files
from db.documents.tables import Document

SETTLED = timedelta(hours=1)


def check_files(session: Session) -> list[str]:
    """Missing files, files that are not what was stored, files nobody names, and a folder of another database.

    A file is nobody's only when it is an hour older than the newest entry of the timeline as this check sees it: what
    is being uploaded meanwhile has its row later.
    """
    found = []
    names: set[str] = set()
    for one in named_files(session):
        names.add(one.stored_name)
        if one.is_purged:
            continue
        now = storage.sha256_of(one.stored_name)
        if now is None:
            found.append(f"{one.owner}: its file {one.stored_name} is missing")
        elif now != one.sha256:
            found.append(f"{one.owner}: its file {one.stored_name} is not what was stored")
    owner, own = storage.owner(), records.identity(session)
    if names and owner and owner != own:
        found.append("the folder of documents belongs to another database (its file .belongs-to says so)")
        return found
    newest = session.scalar(select(TimelineEntry.at).order_by(TimelineEntry.seq.desc()).limit(1))
    for file in storage.walk():
        if newest is not None and (file.is_part or file.stored_name not in names) and file.at < newest - SETTLED:
            found.append(f"no document names the file {file.path.name}; the sweep removes it after a day")
    return found


def check_series(session: Session) -> list[str]:
    """Series with two current versions or a wrong day of cover, missing search words, holds without a reason."""
    many = session.scalars(
        select(Document.series_id)
        .where(Document.status == "current")
        .group_by(Document.series_id)
        .having(func.count() > 1)
        .order_by(Document.series_id)
    )
    found = [f"series {number} has more than one current version" for number in many]
    series: dict[int, list[Document]] = {}
    for one in session.scalars(select(Document).order_by(Document.id)):
        series.setdefault(one.series_id, []).append(one)
    for versions in series.values():
        cover = records.cover_of(versions)
        wrong = [one for one in versions if one.id in cover and one.covered_from != cover[one.id]]
        found += [f"{records.number_of(one.id)} covers from another day than its versions say" for one in wrong]
    indexed = select(SearchWord.item_id).where(SearchWord.kind == records.ITEM)
    stray = session.scalars(select(Document.id).where(Document.id.not_in(indexed)).order_by(Document.id).limit(20))
    found += [f"{records.number_of(number)} cannot be found by the search box" for number in stray]
    unnamed = session.scalars(
        select(Document.id).where(Document.is_held.is_(True), Document.hold_reason == "").order_by(Document.id)
    )
    found += [f"{records.number_of(number)} is held without a reason" for number in unnamed]
    return found


CHECKS = (
    Check(name="document files", run=check_files),
    Check(name="document versions", run=check_series),
)
