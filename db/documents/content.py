"""What an uploaded document is, found in its bytes and never believed from its name (R21, R22; ASVS 5.2.2)."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass

from db.core.labels import storable
from db.imports.safety import FileRefused, Limits, check_zip, content_kind, extension, shown_name, unpack

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
"""A picture of a telephone has 12 to 50 million; more unpacks to hundreds of megabytes."""
_LIMITS = Limits(file_bytes=MOST_BYTES)
_TAIL = 2048
_MARKUP = re.compile(r"\s*<(?:[A-Za-z!?/])")
_SCRIPT = re.compile(r"\s*#!")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|clock\$|com\d|lpt\d)(\..*)?")
_CONTROLS = {chr(code) for code in range(32)} - set("\t\n\r\f")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A format that is accepted: its media type and the endings a name may have."""

    media_type: str
    label: str
    endings: tuple[str, ...]


PDF = Kind(media_type="application/pdf", label="PDF", endings=(".pdf",))
PNG = Kind(media_type="image/png", label="PNG picture", endings=(".png",))
JPEG = Kind(media_type="image/jpeg", label="JPEG picture", endings=(".jpg", ".jpeg"))
XLSX = Kind(
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", label="Excel workbook",
    endings=(".xlsx",),
)  # fmt: skip
DOCX = Kind(
    media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document", label="Word document",
    endings=(".docx",),
)  # fmt: skip
TXT = Kind(media_type="text/plain", label="text", endings=(".txt",))
CSV = Kind(media_type="text/csv", label="CSV table", endings=(".csv",))
KINDS = (PDF, PNG, JPEG, XLSX, DOCX, TXT, CSV)
ENDINGS = tuple(ending for kind in KINDS for ending in kind.endings)
ACCEPTED = "PDF, PNG, JPEG, XLSX, DOCX, TXT or CSV"


@dataclass(frozen=True, kw_only=True)
class Examined:
    """An upload that was accepted: its kind by content, and its name as it may be shown and stored as text."""

    kind: Kind
    file_name: str


def examine(file_name: str, raw: bytes) -> Examined:
    """The kind of an upload; raises `FileRefused` (field `file`) with one sentence about what is wrong with it.

    Codes: empty, too_large, wrong_type (a format we do not keep, or a name that says another one), damaged, zip_bomb.
    """
    if not raw:
        raise FileRefused("empty", "The file is empty.")
    if len(raw) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise FileRefused("too_large", f"The file has {len(raw) / 1024 / 1024:.1f} MB; at most {most} MB can be kept.")
    name = tidy_name(file_name)
    ending = extension(name)
    kind = _kind_of(raw, ending)
    if ending not in kind.endings:
        said = f"its name ends with {ending}" if ending else "its name has no ending"
        raise FileRefused(
            "wrong_type",
            f"The file is a {kind.label}, but {said}. Rename it to end with {' or '.join(kind.endings)} if that is"
            " what you meant.",
        )
    return Examined(kind=kind, file_name=name)


def tidy_name(file_name: str) -> str:
    """An upload's name without folders, control characters and marks that turn the writing round; never empty."""
    return storable(shown_name(file_name))[:200]


def download_name(file_name: str, media_type: str) -> str:
    """A name every system can save under: plain characters, the ending of the true format, no device of Windows."""
    kind = next((one for one in KINDS if one.media_type == media_type), None)
    stem = tidy_name(file_name)
    if kind is not None:
        for ending in kind.endings:
            if stem.lower().endswith(ending):
                stem = stem[: -len(ending)]
    stem = re.sub(r'[<>:"/\\|?*%\x00-\x1f]+', "_", stem).strip(". ") or "document"
    if _RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    return stem[:120] + (kind.endings[0] if kind else ".bin")


def _kind_of(raw: bytes, ending: str) -> Kind:
    found = content_kind(raw)
    if found == "pdf":
        return _pdf(raw)
    if found == "zip":
        return _office(raw)
    if raw.startswith(b"\x89PNG"):
        return _picture(raw, "PNG", PNG)
    if raw.startswith(b"\xff\xd8\xff"):
        return _picture(raw, "JPEG", JPEG)
    if found:
        what = {"ole": "an old Office format", "program": "a program", "archive": "an archive"}.get(found, f"a {found}")
        raise FileRefused("wrong_type", f"The file is {what}. Documents are kept as {ACCEPTED}.")
    return _text(raw, CSV if ending in CSV.endings else TXT)


def _pdf(raw: bytes) -> Kind:
    if b"%%EOF" not in raw[-_TAIL:]:
        raise FileRefused("damaged", "The PDF is cut off: its end is missing. Save or scan it again.")
    return PDF


def _picture(raw: bytes, name: str, kind: Kind) -> Kind:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit is lower than the one Pillow warns about
            with Image.open(io.BytesIO(raw), formats=[name]) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    sentence = f"The picture has {width:,} × {height:,} points; at most {MOST_PIXELS:,} can be kept."
                    raise FileRefused("too_large", sentence)
                picture.verify()
    except Image.DecompressionBombError as error:
        raise FileRefused("too_large", f"The picture has more than {MOST_PIXELS:,} points.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, IndexError, OverflowError, EOFError) as error:
        raise FileRefused("damaged", f"The {kind.label} is damaged and cannot be opened.") from error
    # Verifying reads the heads of a JPEG only, so a transfer that broke off shows by the missing end mark.
    if kind is JPEG and b"\xff\xd9" not in raw[-_TAIL:]:
        raise FileRefused("damaged", "The JPEG picture is cut off: its end is missing.")
    return kind


def _office(raw: bytes) -> Kind:
    entries = check_zip(raw, _LIMITS)
    names = {entry.filename for entry in entries}
    kind = XLSX if "xl/workbook.xml" in names else DOCX if "word/document.xml" in names else None
    if kind is None or "[Content_Types].xml" not in names:
        raise FileRefused("wrong_type", f"The file is an archive. Documents are kept as {ACCEPTED}.")
    if any(name.rpartition("/")[2].lower().startswith("vbaproject") for name in names):
        raise FileRefused("wrong_type", f"The {kind.label} holds macros. Save it without them and try again.")
    for entry in entries:
        for _ in unpack(raw, entry):  # proves that no part is longer than the directory says
            pass
    return kind


def _text(raw: bytes, kind: Kind) -> Kind:
    not_kept = f"The file is no text and none of the formats we keep ({ACCEPTED})."
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused("wrong_type", f"{not_kept} A text has to be saved as UTF-8.") from error
    if any(control in text for control in _CONTROLS):
        raise FileRefused("wrong_type", not_kept)
    if _MARKUP.match(text):
        raise FileRefused("wrong_type", f"The file holds markup (HTML or XML). Documents are kept as {ACCEPTED}.")
    if _SCRIPT.match(text):
        raise FileRefused("wrong_type", f"The file is a program. Documents are kept as {ACCEPTED}.")
    return kind
