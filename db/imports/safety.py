"""What an uploaded file must be before anything reads it: small enough, of one kind, and not a bomb (U15, R21, R22)."""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from db.core.problems import Problem, Refused

_CHUNK = 256 * 1024
_WHOLE_FILE_RATIO_FLOOR = 1024 * 1024
"""Entries below one megabyte cannot hurt, and tiny repetitive parts compress very well, so the ratio starts here."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF-", "pdf"),
    (b"%!PS", "postscript"),
    (b"\x89PNG\r\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"BM\x00", "picture"),
    (b"II*\x00", "picture"),
    (b"MM\x00*", "picture"),
    (b"RIFF", "media"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"SQLite format 3\x00", "database"),
    (b"PAR1", "parquet"),
    (b"{\\rtf", "rich text"),
)
_MARKUP = re.compile(r"\s*<(?:[A-Za-z!?])")
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{"\]])')
_OTHER_TEXT = re.compile(r"\s*(?:#!\s*/|BEGIN:(?:VCARD|VCALENDAR)|-----BEGIN |\{\\rtf|%PDF-|%!PS)")
_FEW_CONTROLS = 8
_TEXT_CONTROLS = {"\t", "\n", "\r", "\f", "\x0b"}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How large an upload may be: bytes, unpacked bytes, entries and cells are counts; `ratio` is unpacked / packed."""

    file_bytes: int = 10 * 1024 * 1024
    unpacked_bytes: int = 100 * 1024 * 1024
    ratio: int = 100
    entries: int = 1_000
    cells: int = 500_000
    """Cells of a workbook, which is packed: a small file can hold very many."""
    text_cells: int = 1_000_000
    """Cells of a text file, which is not packed: its size in bytes already bounds it."""
    rows: int = 250_000
    columns: int = 1_000
    cell_chars: int = 32_767
    """The longest cell; the same as a spreadsheet's own limit, so that every export can be imported again."""


class FileRefused(Refused):
    """A file that was not read at all; `code` is stable, `message` is for the person who chose the file (U15)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(Problem(code=code, message=message, field="file", rule="U15"))

    @property
    def message(self) -> str:
        """The sentence for the person."""
        return self.problems[0].message


def shown_name(file_name: str) -> str:
    """The name of an upload as it may be shown and stored as text: no folders, no invisible characters, at most 120.

    It is for people only; a file is never stored under a name that came from outside (R22).
    """
    last = re.split(r"[/\\]", file_name)[-1]
    visible = "".join(ch for ch in last if unicodedata.category(ch) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}).strip()
    if len(visible) > 120:
        visible = visible[:100] + "…" + visible[-19:]
    return visible or "file"


def extension(file_name: str) -> str:
    """The last extension in lower case with its dot, or an empty string."""
    name = shown_name(file_name).rstrip(". ")
    stem, dot, last = name.rpartition(".")
    return f".{last.strip().lower()}" if dot and stem else ""


def check_size(raw: bytes, limits: Limits) -> None:
    """Refuse an empty file (`no_rows`) and one over the limit (`too_large`)."""
    if not raw:
        raise FileRefused("no_rows", "The file is empty.")
    if len(raw) > limits.file_bytes:
        size, most = len(raw) / 1024 / 1024, limits.file_bytes / 1024 / 1024
        raise FileRefused("too_large", f"The file has {size:.1f} MB; at most {most:g} MB can be imported at once.")


def content_kind(raw: bytes) -> str:
    """What the first bytes say the file is (`zip`, `pdf`, `picture` …); an empty string when they say nothing."""
    for magic, kind in _MAGIC:
        if raw.startswith(magic):
            return kind
    return ""


def check_text(text: str) -> None:
    """Refuse decoded text that is not a table: markup, JSON, other formats, or binary data (`not_a_table`)."""
    head = text[:4096].lstrip("\ufeff")
    if _MARKUP.match(head):
        raise FileRefused("not_a_table", "The file holds markup (XML or HTML), not a table.")
    if _JSON.match(head):
        raise FileRefused("not_a_table", "The file holds JSON, not a table.")
    if _OTHER_TEXT.match(head):
        raise FileRefused("not_a_table", "The file is of another kind, not a table.")
    sample = text[:65_536]
    controls = sum(1 for ch in sample if ch < " " and ch not in _TEXT_CONTROLS)
    if controls > _FEW_CONTROLS and controls * 20 > len(sample):
        raise FileRefused("not_a_table", "The file holds binary data, not a table.")


def check_zip(raw: bytes, limits: Limits) -> list[zipfile.ZipInfo]:
    """The entries of a zip file whose directory stays within the limits; nothing is unpacked (R21).

    Refuses with `zip_bomb` (entries, unpacked size, ratio), `wrong_type` (password) or `damaged`.
    """
    # Reading a directory costs time per entry, so a directory of hundreds of thousands is stopped before it is parsed.
    if raw.count(b"PK\x01\x02") > limits.entries * 4:
        raise FileRefused("zip_bomb", f"The file holds more than {limits.entries:,} parts.")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError, struct.error, NotImplementedError) as error:
        raise FileRefused("damaged", "The file is damaged and cannot be opened.") from error
    if len(entries) > limits.entries:
        raise FileRefused("zip_bomb", f"The file holds {len(entries):,} parts; at most {limits.entries:,} are allowed.")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes:
        most = limits.unpacked_bytes / 1024 / 1024
        raise FileRefused("zip_bomb", f"The file unpacks to {unpacked / 1024 / 1024:,.0f} MB; at most {most:g} MB.")
    for entry in entries:
        too_tight = entry.file_size > limits.ratio * max(entry.compress_size, 1)
        if too_tight and entry.file_size > _WHOLE_FILE_RATIO_FLOOR:
            raise FileRefused("zip_bomb", f"A part of the file unpacks to more than {limits.ratio} times its size.")
        if entry.flag_bits & 0x1:
            raise FileRefused("wrong_type", "The file is protected by a password. Save it without one and try again.")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileRefused("damaged", "The file is packed in a way that spreadsheets do not use.")
    if unpacked > limits.ratio * len(raw) and unpacked > _WHOLE_FILE_RATIO_FLOOR:
        raise FileRefused("zip_bomb", f"The file unpacks to more than {limits.ratio} times its size.")
    return entries


def unpack(raw: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of one entry in chunks, stopping as soon as they exceed what the directory declared.

    The directory of a zip file can lie and other readers inflate until the stream ends, so the true length and the
    checksum are proved here before any other reader sees the file. Raises `FileRefused` with `zip_bomb` or `damaged`.
    """
    start = entry.header_offset
    if raw[start : start + 4] != b"PK\x03\x04" or len(raw) < start + 30:
        raise FileRefused("damaged", "The file is damaged and cannot be opened.")
    name_length, extra_length = struct.unpack("<HH", raw[start + 26 : start + 30])
    begin = start + 30 + name_length + extra_length
    packed = memoryview(raw)[begin : begin + entry.compress_size]
    size = checksum = 0
    for chunk in _inflate(packed) if entry.compress_type == zipfile.ZIP_DEFLATED else _slices(packed):
        size += len(chunk)
        if size > entry.file_size:
            raise FileRefused("zip_bomb", "A part of the file is larger than the file says.")
        checksum = zlib.crc32(chunk, checksum)
        yield chunk
    if size != entry.file_size or checksum != entry.CRC:
        raise FileRefused("damaged", "The file is damaged and cannot be opened.")


def _slices(packed: memoryview) -> Iterator[bytes]:
    for begin in range(0, len(packed), _CHUNK):
        yield bytes(packed[begin : begin + _CHUNK])


def _inflate(packed: memoryview) -> Iterator[bytes]:
    machine = zlib.decompressobj(-15)
    try:
        for piece in _slices(packed):
            rest = piece
            while rest and not machine.eof:
                chunk = machine.decompress(rest, _CHUNK)
                rest = machine.unconsumed_tail
                if chunk:
                    yield chunk
        # Output that still waits inside the machine is drawn in bounded pieces too: flush() alone has no limit.
        while not machine.eof:
            chunk = machine.decompress(b"", _CHUNK)
            if not chunk:
                break
            yield chunk
    except zlib.error as error:
        raise FileRefused("damaged", "The file is damaged and cannot be opened.") from error
