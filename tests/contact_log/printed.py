"""Reads the text of our own PDF pages back: they are simple enough that no library is needed."""

from __future__ import annotations

import re
import zlib


def count_pages(content: bytes) -> int:
    """How many pages a PDF has."""
    return len(re.findall(rb"/Type /Page\b(?!s)", content))


def text_of(content: bytes) -> str:
    """The texts of a page, one a line, in the order they were written."""
    assert count_pages(content) == 1
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S):
        try:
            drawn = zlib.decompress(stream)
        except zlib.error:
            continue
        for text in re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", drawn, re.S):
            found.append(re.sub(rb"\\(.)", rb"\1", text).decode("cp1252"))
    return "\n".join(found)
