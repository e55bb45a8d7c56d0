"""From bytes to text for the ADF reader: size, encoding, illegal characters and the ban on any DTD (3.4, Q29)."""

from __future__ import annotations

import codecs
import re
from typing import Final

from db.leads.adf_draft import MAX_BYTES, Issue, NotReadable

_DECLARED: Final = re.compile(
    rb"<\?xml[^>]{0,200}?encoding\s{0,20}=\s{0,20}[\"'\x93\x94]?\s{0,20}([A-Za-z0-9._:-]{1,40})", re.IGNORECASE
)
_ALLOWED: Final = re.compile(
    r"(?:utf-8|utf-16(?:-[lb]e)?|utf-32(?:-[lb]e)?|ascii|iso8859-\d{1,2}|cp125\d|cp437|cp850|koi8-[ru]|mac-roman"
    r"|gb2312|gbk|gb18030|big5|shift_jis|euc_jp|euc_kr)"
)
_WIDE: Final = re.compile(r"(?i)utf-?(?:16|32)|ucs-?[24]|unicode")
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MARKUP: Final = re.compile(r"(?i)<!--|<!\[CDATA\[|<\?|<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)\b")
_CLOSERS: Final = {"<!--": "-->", "<![cdata[": "]]>", "<?": "?>"}


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column of `offset` in `text`, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def text_of(raw: bytes) -> tuple[str, list[Issue]]:
    """The text of a document with Unix line ends, and warnings about its encoding.

    Raises `NotReadable` (empty, too_large, encoding, illegal_character, dtd_forbidden, not_adf).
    """
    if len(raw) > MAX_BYTES:
        raise NotReadable("too_large", f"The document has {len(raw):,} bytes; at most {MAX_BYTES:,} are read.")
    if not raw.strip(b" \t\r\n\x00"):
        raise NotReadable("empty", "The document is empty.")
    text, issues = _decode(raw)
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if not text.strip():
        raise NotReadable("empty", "The document is empty.")
    if "<" not in text:
        raise NotReadable(
            "not_adf", "The document holds no XML: there is not a single element in it.", value=text.strip()
        )
    _forbid_dtd(text)
    if (illegal := _ILLEGAL.search(text)) is not None:
        line, column = place_of(text, illegal.start())
        code_point = f"U+{ord(illegal[0]):04X}"
        raise NotReadable(
            "illegal_character",
            f"The character {code_point} is not allowed in XML.",
            value=code_point,
            line=line,
            column=column,
        )
    return text, issues


def _decode(raw: bytes) -> tuple[str, list[Issue]]:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if raw.startswith(mark):
            return _utf8(raw[3:]) if name == "utf-8-sig" else (_strictly(raw, name), [])
    head = raw[:4]
    if head[:3] == b"\0\0\0" or head[1:4] == b"\0\0\0":
        return _strictly(raw, "utf-32-be" if head[0] == 0 else "utf-32-le"), []
    if head[:1] == b"\0" or head[1:2] == b"\0":
        return _strictly(raw, "utf-16-be" if head[0] == 0 else "utf-16-le"), []
    found = _DECLARED.search(raw[:1024])
    declared = found[1].decode("ascii") if found else "utf-8"
    if _WIDE.match(declared):
        # A declaration that can be read byte by byte contradicts itself; such senders write UTF-8 (common with .NET).
        declared = "utf-8"
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        name = ""
    if _ALLOWED.fullmatch(name) is None:
        raise NotReadable("encoding", f"The encoding {declared} is not accepted; send UTF-8.", value=declared)
    if name in ("utf-8", "ascii"):
        return _utf8(raw)
    # Senders who declare ISO-8859-1 mean Windows-1252, as browsers also take it: curly quotes live in the difference.
    return _strictly(raw, "cp1252" if name == "iso8859-1" else name), []


def _strictly(raw: bytes, name: str) -> str:
    try:
        return raw.decode(name)
    except UnicodeDecodeError as error:
        raise NotReadable(
            "encoding", f"The document is not readable as {name.upper()}; send UTF-8.", value=error.reason
        ) from error


def _cp1252_byte(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252"), error.end


codecs.register_error("adf-cp1252", _cp1252_byte)


def _utf8(raw: bytes) -> tuple[str, list[Issue]]:
    """UTF-8, where single bytes that are no UTF-8 are taken as Windows-1252 with a warning."""
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError as error:
        start = error.start
    try:
        text = raw.decode("utf-8", errors="adf-cp1252")
    except UnicodeDecodeError as error:
        raise NotReadable(
            "encoding", "The document is neither UTF-8 nor Windows-1252; send UTF-8.", value=error.reason
        ) from error
    warning = Issue(
        code="encoding_guessed",
        severity="warning",
        path=f"byte {start + 1}",
        value=raw[start : start + 1].hex(),
        message="Some bytes are not UTF-8 and were read as Windows-1252; accented letters may be wrong.",
    )
    return text, [warning]


def _forbid_dtd(text: str) -> None:
    """Refuse any document type or entity declaration that is not plain text inside CDATA or a comment (Q29)."""
    position = 0
    unclosed: set[str] = set()
    while (found := _MARKUP.search(text, position)) is not None:
        closer = _CLOSERS.get(found[0].lower())
        if closer is None:
            line, column = place_of(text, found.start())
            raise NotReadable(
                "dtd_forbidden",
                "The document declares a document type or entities; for safety none is accepted.",
                value=found[0],
                line=line,
                column=column,
            )
        end = -1 if closer in unclosed else text.find(closer, found.end())
        # An unclosed section hides nothing: the rest is still searched, and the document is refused later.
        if end < 0:
            unclosed.add(closer)
        position = found.end() if end < 0 else end + len(closer)
