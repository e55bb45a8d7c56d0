"""Texts as the fonts every PDF reader has can show them (cp1252): a print never stops at a letter."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans(
    {
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "\u0131": "i", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ŋ": "n",
        "Ŋ": "N", "ĸ": "k", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2212": "-", "\u2192": "->",
        "\u2190": "<-", "\u2264": "<=", "\u2265": ">=",
    }
)  # fmt: skip


def printable(text: object) -> str:
    """A text as the page's fonts can show it, on one line: accents the fonts lack are dropped, other signs become "?".

    Control characters, line breaks and invisible signs become one space or nothing.
    """
    out = []
    for ch in unicodedata.normalize("NFC", str(text)).translate(_LETTERS):
        category = unicodedata.category(ch)
        if ch.isspace() or category == "Cc":
            out.append(" ")
        elif category == "Cf":
            continue
        elif _is_known(ch):
            out.append(ch)
        else:
            plain = "".join(c for c in unicodedata.normalize("NFKD", ch) if _is_known(c) and c != " ")
            out.append(plain or ("" if unicodedata.combining(ch) else "?"))
    return " ".join("".join(out).split())


def _is_known(ch: str) -> bool:
    try:
        code = ch.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return code[0] >= 0x20 and code[0] != 0x7F and not unicodedata.category(ch).startswith("C")
