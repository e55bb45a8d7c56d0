"""What the imports offer to the desk: proof that no row was lost or counted twice."""

from __future__ import annotations

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from db.core.area import Area, Check
from db.imports.retention import CHECK, JOBS
from db.imports.tables import ImportBatch, ImportFile, ImportRow


def check_counts(session: Session) -> list[str]:
    """Batches whose counts do not add up, or are not those of their rows (U14), as sentences."""
    names = {"created": "created", "updated": "updated", "duplicates": "duplicate", "rejected": "rejected"}
    counted = (
        select(
            ImportRow.batch_id,
            func.count().label("rows_read"),
            *(func.sum(case((ImportRow.outcome == outcome, 1), else_=0)).label(n) for n, outcome in names.items()),
        )
        .group_by(ImportRow.batch_id)
        .subquery()
    )
    columns = ("rows_read", *names)
    query = select(
        ImportBatch.id,
        *(getattr(ImportBatch, name) for name in columns),
        *(func.coalesce(counted.c[name], 0) for name in columns),
    ).outerjoin(counted, counted.c.batch_id == ImportBatch.id)
    found = []
    for number, *counts in session.execute(query.order_by(ImportBatch.id)):
        said, true = counts[: len(columns)], [int(count) for count in counts[len(columns) :]]
        if said != true:
            found.append(f"batch {number} says {dict(zip(columns, said, strict=True))}, its rows give {true}")
        elif said[0] != sum(said[1:]):
            found.append(f"batch {number} read {said[0]} rows, but {sum(said[1:])} are accounted for")
    return found


def check_files(session: Session) -> list[str]:
    """Raw files that are no longer what arrived, as sentences."""
    import hashlib

    found = []
    for number, name, sha256, size, content in session.execute(
        select(ImportFile.id, ImportFile.name, ImportFile.sha256, ImportFile.size, ImportFile.content)
        .order_by(ImportFile.id)
        .execution_options(yield_per=20)
    ):
        is_kept = len(content) == size
        if (content and not is_kept) or (is_kept and hashlib.sha256(content).hexdigest() != sha256):
            found.append(f"raw file {number} ({name}) was changed after it arrived")
    return found


AREA = Area(
    name="imports",
    title="Imports",
    checks=(
        Check(name="import counts", run=check_counts),
        Check(name="raw files", run=check_files),
        CHECK,
    ),
    jobs=JOBS,
)
