"""Repair of nearly well-formed ADF: what real senders get wrong is put right, the ambiguous is refused (3.2, 3.3).

Repaired: quotes and attributes, bare `&` and `<`, element case, undeclared prefixes, processing instructions.
Refused: illegal characters, unknown entities, `--` in comments, wrong or missing end tags.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring

from db.leads.adf_decode import place_of
from db.leads.adf_draft import NotReadable

FREE_TEXT: Final = frozenset(
    {"comments", "comment", "pricecomments", "notes", "note", "description", "message", "remarks"}
)
_LONGEST_PROLOG: Final = 50
_NAME: Final = re.compile(r"[A-Za-z_][\w.:-]*")
_DOUBLE: Final = "“”„«»"
_SINGLE: Final = "\u2018\u2019\u201a`"
_SPACE: Final = re.compile(r"\s*")
_END_TAG: Final = re.compile(r"</\s*([A-Za-z_][\w.:-]*)\s*>")
_UNQUOTED: Final = re.compile(rf"[^\s\"'<>={_DOUBLE}{_SINGLE}]+")
_CLOSING: Final = {
    '"': re.compile('["<]'),
    "'": re.compile("['<]"),
    **dict.fromkeys(_DOUBLE, re.compile(f'[{_DOUBLE}"<>]')),
    **dict.fromkeys(_SINGLE, re.compile(f"[{_SINGLE}'<>]")),
}
_SWALLOWED: Final = re.compile(r"(\S.*\S|\S)\s+([A-Za-z_][\w.:-]*)\s*=", re.DOTALL)
_SPEC_OPTION: Final = re.compile(r"([^<]{0,500})</name\s*>", re.IGNORECASE)
_AMPERSAND: Final = re.compile(
    r"&(?:#(?P<dec>\d{1,9});|#[xX](?P<hex>[0-9A-Fa-f]{1,8});|(?P<name>[A-Za-z_][\w.-]{0,60});"
    r"|(?P<none>;)|(?P<broken>[A-Za-z_]\w{0,60}\s{1,5}\w{1,60};))?"
)
_PREDEFINED: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})


def is_legal(code_point: int) -> bool:
    """True when XML 1.0 allows this character."""
    return (
        code_point in (9, 10, 13)
        or 0x20 <= code_point <= 0xD7FF
        or 0xE000 <= code_point <= 0xFFFD
        or 0x10000 <= code_point <= 0x10FFFF
    )


def prolog_end(text: str) -> int:
    """Where the root element starts: white space, processing instructions and comments before it are skipped (Q1)."""
    position = 0
    for _ in range(_LONGEST_PROLOG):
        found = _SPACE.match(text, position)
        position = found.end() if found else position
        if text.startswith("\ufeff", position):
            position += 1
        elif text.startswith("<?", position):
            end, bare = text.find("?>", position), text.find(">", position)
            if bare >= 0 and (end < 0 or bare < end) and text[bare + 1 :].lstrip()[:1] == "<":
                position = bare + 1
            elif end >= 0:
                position = end + 2
            else:
                raise _malformed(text, position, "A processing instruction is never closed.")
        elif text.startswith("<!--", position):
            position = _comment_end(text, position)
        else:
            return position
    raise _malformed(text, position, "There is too much before the root element.")


def repair(text: str, start: int) -> str:
    """Well-formed XML made from `text[start:]`, with element and attribute names in lower case and without prefixes.

    Raises `NotReadable` with the line and column of the first thing that cannot be put right without guessing.
    """
    out: list[str] = []
    position = start
    while position < len(text):
        bracket = text.find("<", position)
        if bracket < 0:
            out.append(_text(text, position, len(text)))
            break
        out.append(_text(text, position, bracket))
        if text.startswith("<!--", bracket):
            position = _comment_end(text, bracket)
        elif text.startswith("<![CDATA[", bracket):
            position = _cdata_end(text, bracket)
            out.append(text[bracket:position])
        elif text.startswith("<?", bracket):
            end = text.find("?>", bracket)
            if end < 0:
                raise _malformed(text, bracket, "A processing instruction is never closed.")
            position = end + 2
        elif (closing := _END_TAG.match(text, bracket)) is not None:
            out.append(f"</{_local(closing[1])}>")
            position = closing.end()
        elif (tag := _start_tag(text, bracket)) is not None:
            name, attributes, is_empty, position = tag
            out.append(f"<{name}{attributes}{'/' if is_empty else ''}>")
            if name in FREE_TEXT and not is_empty:
                position = _free_text(text, position, name, out)
            elif name == "optionname" and (printed := _SPEC_OPTION.match(text, position)) is not None:
                # The official document prints <optionname>Sport</name>, and senders copied it (3.2).
                out.append(_text(text, position, printed.end(1)) + "</optionname>")
                position = printed.end()
        else:
            out.append("&lt;")
            position = bracket + 1
    return "".join(out)


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower() or "_"


def _malformed(text: str, offset: int, message: str, *, code: str = "malformed", value: str = "") -> NotReadable:
    line, column = place_of(text, offset)
    return NotReadable(code, message, value=value, line=line, column=column)


def _comment_end(text: str, start: int) -> int:
    end = text.find("--", start + 4)
    if end < 0:
        raise _malformed(text, start, "A comment is never closed.")
    if not text.startswith("-->", end):
        raise _malformed(text, end, "A comment holds two hyphens in a row, which XML does not allow.", value="--")
    return end + 3


def _cdata_end(text: str, start: int) -> int:
    end = text.find("]]>", start)
    if end < 0:
        raise _malformed(text, start, "A CDATA section is never closed.")
    return end + 3


def _text(text: str, start: int, end: int) -> str:
    """Character data with bare ampersands escaped; references that name nothing are refused, never dropped (Q4, Q5)."""
    chunk = text[start:end]
    if "&" in chunk:

        def escaped(found: re.Match[str]) -> str:
            return _reference(text, start, chunk, found)

        chunk = _AMPERSAND.sub(escaped, chunk)
    return chunk.replace("]]>", "]]&gt;")


def _reference(text: str, start: int, chunk: str, found: re.Match[str]) -> str:
    offset = start + found.start()
    if found["dec"] or found["hex"]:
        code_point = int(found["dec"]) if found["dec"] else int(found["hex"], 16)
        if not is_legal(code_point):
            message = f"The reference {found[0]} stands for a character that is not allowed in XML."
            raise _malformed(text, offset, message, code="illegal_character", value=found[0])
        return found[0]
    if found["name"]:
        if found["name"].lower() in _PREDEFINED:
            return found[0].lower()
        message = f"{found[0]} is not a reference XML knows; write the character itself or its number (&#160;)."
        raise _malformed(text, offset, message, code="unknown_entity", value=found[0])
    if found["none"]:
        message = "&; names no character; write &amp; for an ampersand."
        raise _malformed(text, offset, message, code="unknown_entity", value="&;")
    if found["broken"]:
        # R&D and AT&T are bare ampersands; after a space or at the start of a text it is a broken reference.
        if found.start() > 0 and chunk[found.start() - 1].isalnum():
            return "&amp;" + found[0][1:]
        message = f"{found[0]} is not a reference XML knows: it holds a space. Write &amp; for an ampersand."
        raise _malformed(text, offset, message, code="unknown_entity", value=found[0])
    return "&amp;"


def _start_tag(text: str, start: int) -> tuple[str, str, bool, int] | None:
    """Name, attributes as text, whether it closes itself, and the offset after it; None when this `<` opens no tag."""
    name = _NAME.match(text, start + 1)
    if name is None:
        return None
    attributes: dict[str, str] = {}
    position = name.end()
    while True:
        space = _SPACE.match(text, position)
        position = space.end() if space else position
        if text.startswith(">", position) or text.startswith("/>", position):
            is_empty = text[position] == "/"
            shown = "".join(f' {key}="{value}"' for key, value in attributes.items())
            return _local(name[0]), shown, is_empty, position + 1 + is_empty
        key = _NAME.match(text, position)
        if key is None:
            return None
        equals = _SPACE.match(text, key.end())
        position = equals.end() if equals else key.end()
        if not text.startswith("=", position):
            position = key.end()
            continue
        value = _value(text, position + 1)
        if value is None:
            return None
        begin, end, position = value
        swallowed = _swallowed(text, begin, end, position)
        if swallowed is not None:
            # type="total currency="USD": the official example forgot a quote, so one value took in the next name (3.2).
            _keep(attributes, key[0], _text(text, begin, begin + swallowed.end(1)))
            key_text, value = swallowed[2], _value_until_quote(text, position)
            if value is None:
                return None
            begin, end, position = value
            _keep(attributes, key_text, _text(text, begin, end))
        else:
            _keep(attributes, key[0], _text(text, begin, end))


def _swallowed(text: str, begin: int, end: int, position: int) -> re.Match[str] | None:
    if end - begin > 200 or not text[position : position + 1].isalnum():
        return None
    return _SWALLOWED.fullmatch(text[begin:end])


def _keep(attributes: dict[str, str], key: str, value: str) -> None:
    if not key.lower().startswith("xmlns"):
        attributes.setdefault(_local(key), value.replace('"', "&quot;").replace("<", "&lt;"))


def _value(text: str, position: int) -> tuple[int, int, int] | None:
    """Start and end of an attribute value, and the offset after it."""
    space = _SPACE.match(text, position)
    position = space.end() if space else position
    closing = _CLOSING.get(text[position : position + 1])
    if closing is not None:
        end = closing.search(text, position + 1)
        return None if end is None or end[0] in "<>" else (position + 1, end.start(), end.end())
    bare = _UNQUOTED.match(text, position)
    if bare is None:
        return None
    stop = bare.end()
    if text[stop - 1] == "/" and text.startswith(">", stop):
        stop -= 1
    return (position, stop, stop) if stop > position else None


def _value_until_quote(text: str, position: int) -> tuple[int, int, int] | None:
    end = _CLOSING['"'].search(text, position)
    return None if end is None or end[0] == "<" else (position, end.start(), end.end())


def _free_text(text: str, start: int, name: str, out: list[str]) -> int:
    """Copy the body of a comment-like element; when it is not well-formed it becomes plain text (Q4, Q6)."""
    closing = re.compile(rf"</\s*(?:[\w.-]{{1,60}}:)?{re.escape(name)}\s*>", re.IGNORECASE)
    pieces: list[str] = []
    position = start
    end = closing.search(text, position)
    while end is not None:
        section = text.find("<![CDATA[", position, end.start())
        if section < 0:
            break
        pieces.append(_text(text, position, section))
        position = _cdata_end(text, section)
        pieces.append(text[section:position])
        if end.start() < position:
            end = closing.search(text, position)
    if end is None:
        raise _malformed(text, start, f"<{name}> is never closed.", value=name)
    pieces.append(_text(text, position, end.start()))
    body = "".join(pieces)
    if "<" in body:
        try:
            fromstring(f"<_>{body}</_>", forbid_dtd=True)
        except (ParseError, ValueError):
            body = "".join(_plain(piece) for piece in pieces)
    out.append(f"{body}</{name}>")
    return end.end()


def _plain(piece: str) -> str:
    if piece.startswith("<![CDATA["):
        return piece
    return piece.replace("<", "&lt;").replace(">", "&gt;")
