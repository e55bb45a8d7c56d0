"""What was brought in: batches with honest counts, the raw files, what became of each row, and saved mappings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, Json, UtcDateTime


class ImportBatch(Base):
    """One import, applied whole or not at all: read = created + updated + duplicates + rejected."""

    __tablename__ = "import_batch"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    channel: Mapped[str] = mapped_column(String(20), nullable=False)  # file, page, http, mail
    status: Mapped[str] = mapped_column(String(20), nullable=False)  # applied, undone
    rows_read: Mapped[int] = mapped_column(Integer, nullable=False)
    created: Mapped[int] = mapped_column(Integer, nullable=False)
    updated: Mapped[int] = mapped_column(Integer, nullable=False)
    duplicates: Mapped[int] = mapped_column(Integer, nullable=False)
    rejected: Mapped[int] = mapped_column(Integer, nullable=False)
    mapping: Mapped[str] = mapped_column(Text, nullable=False, default="")
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False, index=True)
    imported_by: Mapped[str] = mapped_column(String(80), nullable=False)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    # Since when files and messages are gone (retention.py); it cannot be undone any more.
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportFile(Base):
    """A file of a batch exactly as it arrived."""

    __tablename__ = "import_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), nullable=False, index=True)
    name: Mapped[str] = mapped_column(String(300), nullable=False)
    sha256: Mapped[str] = mapped_column(String(64), nullable=False, index=True)
    size: Mapped[int] = mapped_column(Integer, nullable=False)
    content: Mapped[bytes] = mapped_column(LargeBinary, nullable=False)
    batch: Mapped[ImportBatch] = relationship()


class ImportRow(Base):
    """What became of one row. Rejected rows always have a line and a reason; `undo` holds what an undo needs."""

    __tablename__ = "import_row"
    __table_args__ = (
        Index("ix_import_row_batch", "batch_id", "outcome", "id"),
        Index("ix_import_row_item", "item_type", "item_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), nullable=False)
    file: Mapped[str] = mapped_column(String(300), nullable=False)
    row: Mapped[int] = mapped_column(Integer, nullable=False)
    outcome: Mapped[str] = mapped_column(String(12), nullable=False)  # created, updated, duplicate, rejected
    code: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    message: Mapped[str] = mapped_column(Text, nullable=False, default="")
    item_type: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    item_id: Mapped[int | None] = mapped_column(BigInteger)
    undo: Mapped[dict[str, Any] | None] = mapped_column(Json)
    batch: Mapped[ImportBatch] = relationship()


class SavedMapping(Base):
    """A column mapping kept for the next file of the same sender."""

    __tablename__ = "saved_mapping"
    __table_args__ = (Index("uq_saved_mapping_kind_title", "kind", "title", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), nullable=False)
    title: Mapped[str] = mapped_column(String(120), nullable=False)
    toml: Mapped[str] = mapped_column(Text, nullable=False)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    updated_by: Mapped[str] = mapped_column(String(80), nullable=False)
