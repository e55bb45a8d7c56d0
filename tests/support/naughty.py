# ruff: noqa: E501, RUF001 - lists of texts, look-alikes among them
"""Texts that are likely to cause trouble where people type: signs by their kind, and the usual ways to break out.

Written by us, after the kinds the plan asks for (R24, R40): each hazard stands alone, and before and behind a name. NUL is
not among them: no browser lets it be typed, and commands drop it (db.core.labels.storable).
"""

from __future__ import annotations

import unicodedata

LINES = (
    "Ann\nERROR forged",
    "Ann\r\nBob",
    "\x1b[31mred\x1b[0m",
    "a\u2028b\u2029c\x85d",
    "tab\there",
    "\n",
    "\r",
    "\x1b]0;t\x07",
)
FORMATS = (
    "%s %d %(x)s",
    "{0} {x} ${y}",
    "{{7*7}}",
    "${7*7}",
    "%n%n%n",
    "{}",
    "%",
    "\\u0041",
    "&amp;amp;",
    "%00",
    "%2e%2e%2f",
)
EMPTY = (
    "",
    " ",
    "\u00a0",
    "\u3000",
    "\u200b",
    "\ufeff",
    "null",
    "None",
    "NULL",
    "undefined",
    "nil",
    "NaN",
    "true",
    "False",
)
NUMBERS = (
    "0",
    "-0",
    "1e309",
    "-1e309",
    "0x7f",
    "1_000",
    "1,000.50",
    "1.000,50",
    "١٢٣",
    "½",
    "∞",
    "9" * 40,
    "00012",
    "+1",
    "1/0",
)
MARKUP = (
    "<b>bold</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
    "</textarea><script>alert(1)</script>", '"><script>alert(1)</script>', "<a href='javascript:alert(1)'>x</a>",
    "javascript:alert(1)", "[x](javascript:alert(1))", "![x](https://example.test/p.png)", "<!-- open", "]]>",
    "<iframe src=javascript:alert(1)>", "<ScRiPt>alert(1)</sCrIpT>", "<style>*{display:none}</style>", "$$x^2$$",
    ":red[red]", ":material/home:", "# Heading", "`code`", "| a | b |", "<details open ontoggle=alert(1)>",
)  # fmt: skip
QUERIES = (
    "'", '"', "''", "' OR '1'='1", "1; DROP TABLE person; --", "x' UNION SELECT 1 --", "%", "_", "\\", "a*", "NEAR(", '"a" OR',
    "(((", "^", "~", "{col}: x",
)  # fmt: skip
PATHS = (
    "../../etc/passwd",
    "..\\..\\x",
    "/dev/null",
    "CON",
    "nul.txt",
    "file:///etc/passwd",
    "C:\\x",
    "~root",
)
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1+1", "\uff1d1+1")
SHAPES = (
    "e\u0301" * 20, "Z" + "\u0336" * 30 + "a", "\u202egnp.exe", "\u2066left\u2069", "שלום", "مرحبا", "田中さん", "한국어", "ÅÅ\u030a",
    "ﬁ ﬀ", "ß ẞ SS", "İ ı", "👩\u200d👩\u200d👧", "🇺🇸🇨🇦", "👍🏽", "𝔉𝔞𝔫𝔠𝔶", "ﷺ", "\U0010ffff", "\ue000", "x" * 3_000, "y " * 500,
)  # fmt: skip
# Every control, format and separator sign of the first plane there is a use for, and the ends of the private ones.
SIGNS = tuple(
    chr(code) for code in (*range(1, 0x300), *range(0x600, 0x610), *range(0x2000, 0x2070), *range(0xFFF0, 0xFFFE))
    if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zs", "Zl", "Zp", "Sk", "Pi", "Pf", "Cn")
)  # fmt: skip


def naughty() -> list[str]:
    """Every text once: each hazard as it is, behind and before a name, and each odd sign within one."""
    hazards = (*LINES, *FORMATS, *EMPTY, *NUMBERS, *MARKUP, *QUERIES, *PATHS, *FORMULAS, *SHAPES)
    found = [*hazards]
    for hazard in hazards:
        if 0 < len(hazard) < 200:
            found += [f"Ann {hazard}", f"{hazard} Bell"]
    for sign in SIGNS:
        found.append(f"Ann{sign}Bell")
    return list(dict.fromkeys(found))
