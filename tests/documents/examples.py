"""Files and documents that the tests of this area share."""

from __future__ import annotations

import io
import zipfile
import zlib
from datetime import UTC, date, datetime
from typing import Any

from PIL import Image
from sqlalchemy import Engine

from db.core.actor import Actor, Scope
from db.core.permissions import Role
from db.core.session import reading, run
from db.documents import commands
from db.documents.queries import DocumentRow, get_document
from tests.support.core import actor
from tests.support.users import make_dealer

NOW = datetime(2026, 6, 29, 13, 0, tzinfo=UTC)  # nine o'clock in New York
TODAY = date(2026, 6, 29)
CORA = actor(Role.COORDINATOR, username="cora")
FINN = actor(Role.FINANCE, username="finn")


def dana(*dealers: int, username: str = "dana", role: Role = Role.DEALER_MANAGER) -> Actor:
    """A person of some dealerships."""
    return actor(role, username=username, scope=Scope("dealers", dealer_ids=frozenset(dealers)))


def regional(*regions: str) -> Actor:
    """A coordinator of some regions."""
    return actor(Role.COORDINATOR, username="rita", scope=Scope("regions", regions=frozenset(regions)))


def pdf(text: str = "one") -> bytes:
    """The least that is a PDF; another text is another file."""
    return f"%PDF-1.4\n1 0 obj<</T({text})>>endobj\ntrailer<<>>\n%%EOF\n".encode()


def png(size: tuple[int, int] = (8, 8), colour: str = "red") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def jpeg() -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "blue").save(out, "JPEG")
    return out.getvalue()


def office(main: str = "xl/workbook.xml", **more: bytes) -> bytes:
    """The least that is an Office file; `more` adds parts (underscores stand for dots)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(main, "<workbook/>")
        for name, content in more.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A picture that says it is very large, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def add(engine: Engine, dealer_id: int | None = None, *, by: Actor = CORA, now: datetime = NOW, **other: Any) -> int:
    """One document; a licence that is good for a year unless told otherwise."""
    values: dict[str, Any] = {
        "dealer_id": make_dealer(engine) if dealer_id is None else dealer_id, "document_type": "licence",
        "title": "Dealer licence", "effective_on": date(2026, 1, 1), "expires_on": date(2026, 12, 31),
        "file_name": "licence.pdf",
    } | other  # fmt: skip
    values.setdefault("content", pdf(f"{values['expires_on']}"))
    return run(commands.add_document, bind=engine, actor=by, now=now, **values)


def renew(
    engine: Engine, document_id: int, *, seen: int = 1, by: Actor = CORA, now: datetime = NOW, **other: Any
) -> int:
    """The next version of a document."""
    values: dict[str, Any] = {
        "effective_on": date(2027, 1, 1), "expires_on": date(2027, 12, 31), "file_name": "licence-2027.pdf",
        "content": pdf("two"),
    } | other  # fmt: skip
    return run(
        commands.renew_document, bind=engine, document_id=document_id, seen_version=seen, actor=by, now=now, **values
    )


def do(
    engine: Engine, name: str, document_id: int, *, seen: int = 1, by: Actor = CORA, now: datetime = NOW, **other: Any
) -> Any:
    """One command on a document that was seen in a version."""
    return run(
        getattr(commands, name), bind=engine, document_id=document_id, seen_version=seen, actor=by, now=now, **other
    )


def fetch(engine: Engine, document_id: int, *, by: Actor = CORA, now: datetime = NOW) -> commands.Fetched:
    """The file of a document."""
    return run(commands.fetch_document, bind=engine, document_id=document_id, actor=by, now=now)


def seen(engine: Engine, document_id: int, *, by: Actor = CORA, now: datetime = NOW) -> DocumentRow:
    """A document as it is shown."""
    with reading(engine) as session:
        return get_document(session, document_id=document_id, scope=by.scope, now=now)
