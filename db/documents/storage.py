"""The folder of uploaded files, shared by all processes: generated names, whole files only (decision 0021).

A file is written, forced to the disk and given its name before its row is committed. A transaction that fails leaves a
file nobody names; it is found by the check and removed by the sweep. Nothing here knows what a document is.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.core.settings import settings

ORPHAN_HOURS = 24
"""How long a file nobody names is left alone: its transaction may still be under way, or a backup being restored."""
_NAME = re.compile(r"[0-9a-f]{32}")
_PART = ".part"
_OWNER = ".belongs-to"
_CLEARED = ".cleared-at"
_FORCED: ContextVar[bool] = ContextVar("forced", default=True)


class FileMissing(Exception):  # noqa: N818 - says what is the matter
    """There is no file of this name, or it cannot be read."""


@dataclass(frozen=True)
class Stored:
    """A file in the store."""

    stored_name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Found:
    """A file lying in the folder; `is_part` for one that was never finished. `at` is when it was last written, UTC."""

    stored_name: str
    path: Path
    at: datetime
    is_part: bool = False


def _path(stored_name: str) -> Path:
    if not _NAME.fullmatch(stored_name):
        raise ValueError(f"not a name of the store: {stored_name!r}")
    return settings().documents / stored_name[:2] / stored_name[2:4] / stored_name


@contextmanager
def unforced() -> Iterator[None]:
    """Within this block the system may write files to the disk when it likes: for a demo nobody works with yet."""
    token = _FORCED.set(False)
    try:
        yield
    finally:
        _FORCED.reset(token)


def _sync_folder(folder: Path) -> None:
    if not _FORCED.get():
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _made_folder(folder: Path) -> Path:
    """The folder, with every new level above it forced to the disk, too."""
    if not folder.exists():
        _made_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)
    return folder


def save(content: bytes) -> Stored:
    """Keep some bytes under a new name; once this returns they survive a crash. OSError when the disk is full."""
    name = secrets.token_hex(16)
    path = _path(name)
    _made_folder(path.parent)
    part = path.with_name(name + _PART)
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            if _FORCED.get():
                os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return Stored(name, len(content), hashlib.sha256(content).hexdigest())


def load(stored_name: str) -> bytes:
    """The bytes of a file; raises `FileMissing`."""
    try:
        return _path(stored_name).read_bytes()
    except OSError as error:
        raise FileMissing(stored_name) from error


def remove(stored_name: str) -> bool:
    """Take a file away; False when it was not there."""
    path = _path(stored_name)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    _sync_folder(path.parent)
    return True


def sha256_of(stored_name: str) -> str | None:
    """The hash of a file as it lies there now, or None when it is missing; reads it piece by piece."""
    try:
        with _path(stored_name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def walk() -> Iterator[Found]:
    """Every file of the store, unfinished ones too; other things in the folder are left out."""
    for path in sorted(settings().documents.glob("??/??/*")):
        name = path.name.removesuffix(_PART)
        if _NAME.fullmatch(name):
            try:
                at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            except FileNotFoundError:  # another process finished or removed it just now
                continue
            yield Found(name, path, at, is_part=path.name.endswith(_PART))


# ---- whose folder it is ----------------------------------------------------------------------------------------------
def claim(identity: str) -> None:
    """Note in a new folder which database it belongs to, so that no other one ever clears it up."""
    note = settings().documents / _OWNER
    if identity and not note.exists():
        _made_folder(note.parent)
        note.write_text(identity + "\n", encoding="ascii")


def owner() -> str:
    """The database this folder belongs to; empty when nobody said so yet."""
    try:
        return (settings().documents / _OWNER).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def is_clearing_due(now: datetime, *, every: timedelta) -> bool:
    """Whether the folder was last cleared so long ago; notes `now` when it was. Two at once do no harm."""
    note = settings().documents / _CLEARED
    try:
        last = datetime.fromisoformat(note.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        last = None
    if last is not None and timedelta(0) <= now - last < every:
        return False
    note.write_text(now.astimezone(UTC).isoformat() + "\n", encoding="ascii")
    return True
