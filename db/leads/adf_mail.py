"""Where the ADF documents are in what was received: a file as it is, or the parts of a mail (spec p. 19, Q3, Q6)."""

from __future__ import annotations

import codecs
import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import Final, Literal

from db.leads.adf_draft import NotReadable

MAX_MAIL_BYTES: Final = 12 * 1024 * 1024
MOST_DOCUMENTS: Final = 100
Place = Literal["file", "part", "attachment", "body"]

_XML_TYPES: Final = frozenset(
    {"application/xml", "text/xml", "application/x-adf+xml", "application/adf+xml", "application/x-adf"}
)
_HEADER: Final = re.compile(
    rb"(?:From [^\n]{1,200}\r?\n)?(?:[A-Za-z][A-Za-z0-9-]{1,60}:[^\n]{0,2000}\r?\n(?:[ \t][^\n]{0,2000}\r?\n){0,30}){2}"
)
_MAIL_HEADERS: Final = re.compile(
    rb"(?im)^(?:from|to|subject|date|message-id|mime-version|content-type|received|return-path|delivered-to):"
)
_START: Final = re.compile(r"(?i)<(?:[A-Za-z_][\w.-]{0,60}:)?adf(?=[\s>/])")
_END: Final = re.compile(r"(?i)</(?:[A-Za-z_][\w.-]{0,60}:)?adf\s{0,20}>")
_BARE_START: Final = re.compile(r"(?i)<(?:[A-Za-z_][\w.-]{0,60}:)?prospect(?=[\s>/])")
_BARE_END: Final = re.compile(r"(?i)</(?:[A-Za-z_][\w.-]{0,60}:)?prospect\s{0,20}>")
_MARKED: Final = re.compile(rb"(?i)<(?:[A-Za-z_][\w.-]{0,60}:)?(?:adf|prospect)(?=[\s>/])")
_DTD: Final = re.compile(r"(?i)<!DOCTYPE\s+(?:adf|prospect)\b|<!ENTITY\b")
_DECLARED: Final = re.compile(r"(<\?xml[^>]{0,200}?)\s+encoding\s*=\s*[\"'][^\"'>]{0,60}[\"']", re.IGNORECASE)
_HTML_BREAK: Final = re.compile(r"(?i)<\s{0,3}(?:br|/p|/div|/li|/tr)\b[^<>]{0,300}>")
_HTML_TAG: Final = re.compile(
    r"(?i)</?(?:html|head|body|meta|title|p|div|span|pre|code|font|b|i|u|em|strong|a|table|tbody|tr|td|th|center|blockquote|tt|br|hr)"
    r"(?:\s[^<>]{0,2000})?/?>"
)
_HIDDEN: Final = re.compile(r"(?is)<(style|script|title)\b[^<>]{0,300}>[^<]{0,100000}</\1\s{0,5}>")


@dataclass(frozen=True, kw_only=True)
class MailPart:
    """One ADF document to hand to `adf.parse`: its bytes, the name to show for it, and where it was found.

    `sender` and `subject` are the mail's own, empty for a file; a bounce goes to the sender.
    """

    file_name: str
    raw: bytes
    place: Place
    sender: str = ""
    subject: str = ""


def is_mail(raw: bytes, *, file_name: str) -> bool:
    """True for .eml files and for anything that starts with mail headers."""
    if file_name.lower().endswith((".eml", ".mbox", ".mime")):
        return True
    head = raw[:20_000].lstrip(b"\r\n")
    return _HEADER.match(head) is not None and _MAIL_HEADERS.search(head) is not None


def documents_in(raw: bytes, *, file_name: str) -> list[MailPart]:
    """The ADF documents in a received file, in order; a file that is no mail is returned as it is.

    XML parts and .xml or .adf attachments come first; only without them are the bodies searched, plain text before
    HTML, escaped markup (`&lt;adf&gt;`) included. Nothing is ever fetched. Raises `NotReadable`
    (too_large, no_document) when a mail holds none.
    """
    if not is_mail(raw, file_name=file_name):
        if raw.startswith(b"\xd0\xcf\x11\xe0"):
            raise NotReadable("no_document", "This is an Outlook message file; save the mail as .eml and send that.")
        return _file(raw, file_name)
    if len(raw) > MAX_MAIL_BYTES:
        raise NotReadable("too_large", f"The mail has {len(raw):,} bytes; at most {MAX_MAIL_BYTES:,} are read.")
    message = BytesParser(policy=compat32).parsebytes(raw.lstrip(b"\r\n"))
    sender, subject = _header(message, "from"), _header(message, "subject")
    leaves = [part for part in message.walk() if not part.is_multipart()][:1000]
    xml_parts = list(_xml_parts(leaves, file_name))
    # An invoice in XML beside the lead is not the lead; it is handed on only when there is nothing else to judge.
    found = [part for part in xml_parts if _MARKED.search(part[1].replace(b"\x00", b""))]
    for content_type in () if found else ("text/plain", "text/html"):
        bodies = [part for part in leaves if _content_type(part) == content_type]
        texts = [text for part in bodies for text in slices(_text(part), is_html=content_type == "text/html")]
        found = [(file_name, text.encode("utf-8", "replace"), "body") for text in dict.fromkeys(texts)]
        if found:
            break
    found = found or xml_parts
    if not found:
        raise NotReadable("no_document", "The mail holds no ADF document, neither in its body nor as an attachment.")
    if len(found) > MOST_DOCUMENTS:
        raise NotReadable("too_large", f"The mail holds more than {MOST_DOCUMENTS} documents.")
    return [
        MailPart(file_name=name, raw=data, place=place, sender=sender, subject=subject) for name, data, place in found
    ]


def _file(raw: bytes, file_name: str) -> list[MailPart]:
    """A file as it is, except one that was escaped as a whole (`&lt;adf&gt;`), which is unescaped."""
    if b"<" not in raw and b"&lt;" in raw[:4000]:
        texts = slices(raw.decode("utf-8", "replace"))
        if texts:
            return [MailPart(file_name=file_name, raw=text.encode(), place="file") for text in texts]
    return [MailPart(file_name=file_name, raw=raw, place="file")]


def slices(text: str, *, is_html: bool = False) -> list[str]:
    """Every `<adf>…</adf>` in running text, the text around it left out (Q3); a bare prospect where there is no adf."""
    for candidate in _readings(text, is_html=is_html):
        for start, end in ((_START, _END), (_BARE_START, _BARE_END)):
            if found := _cut(candidate, start, end):
                return found
    return []


def _readings(text: str, *, is_html: bool) -> Iterator[str]:
    """The text as it is, then as what a mail program may have made of it: quoted, escaped once, escaped twice."""
    yield text
    if re.search(r"(?m)^>\s{0,5}(?:<|&lt;)", text):
        text = re.sub(r"(?m)^>[ \t]?", "", text)
        yield text
    if is_html or "&lt;" in text:
        if is_html:
            text = _HTML_TAG.sub("", _HTML_BREAK.sub("\n", _HIDDEN.sub("", text)))
        for _ in range(2):
            if "&" not in text:
                break
            text = html.unescape(text)
            yield text


def _cut(text: str, start: re.Pattern[str], end: re.Pattern[str]) -> list[str]:
    found: list[str] = []
    position = 0
    while (opened := start.search(text, position)) is not None and len(found) <= MOST_DOCUMENTS:
        closed = end.search(text, opened.end())
        # Without an end the rest is handed on, so that the refusal can name what is missing and where.
        stop = closed.end() if closed else len(text)
        declared = _DTD.search(text, position, opened.start())
        piece = text[declared.start() if declared else opened.start() : stop]
        if re.search(r"=3D[\"']", piece):
            piece = quopri.decodestring(piece.encode("utf-8")).decode("utf-8", "replace")
        found.append(piece)
        position = stop
    return found


def _xml_parts(leaves: list[Message], file_name: str) -> Iterator[tuple[str, bytes, Place]]:
    for part in leaves:
        name, kind = _file_name(part), _content_type(part)
        is_attached = name.lower().endswith((".xml", ".adf"))
        is_xml = kind in _XML_TYPES
        data = _payload(part)
        is_unnamed = kind == "application/octet-stream" and _START.search(data[:4000].decode("latin-1")) is not None
        if not data.strip() or not (is_attached or is_xml or is_unnamed):
            continue
        yield name or file_name, _in_utf8(data, part), "attachment" if is_attached else "part"


def _header(message: Message, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())[:300]
    except (ValueError, LookupError, TypeError):
        return ""


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError, UnicodeError):
        return ""
    return re.split(r"[\\/]", "".join(c for c in name if c.isprintable()))[-1][:200]


def _content_type(part: Message) -> str:
    try:
        return part.get_content_type()
    except (ValueError, LookupError, TypeError):
        return "text/plain"


def _payload(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AssertionError):
        return b""
    return data if isinstance(data, bytes) else b""


def _charset(part: Message) -> str:
    try:
        return codecs.lookup(str(part.get_content_charset() or "")).name
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""


def _text(part: Message) -> str:
    data, charset = _payload(part), _charset(part)
    for name in (charset, "utf-8", "cp1252"):
        try:
            if name:
                return data.decode(name).replace("\r\n", "\n")
        except (UnicodeError, LookupError, ValueError, AssertionError):
            continue
    return data.decode("latin-1").replace("\r\n", "\n")


def _in_utf8(data: bytes, part: Message) -> bytes:
    """An XML part in UTF-8: the part's charset goes before the document's own declaration (RFC 7303)."""
    charset = _charset(part)
    if charset in ("", "utf-8", "ascii") or data.startswith(
        (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    ):
        return data
    try:
        text = data.decode("cp1252" if charset == "iso8859-1" else charset)
    except (UnicodeError, LookupError, ValueError, AssertionError):
        return data
    if "\x00" in text[:10] or not isinstance(text, str):
        return data
    return _DECLARED.sub(r"\1", text, count=1).encode("utf-8", "replace")
