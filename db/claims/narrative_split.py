"""Splits one text of a technician into cause and correction (W09), where a file has only one."""

from __future__ import annotations

import re
from typing import Final

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_DONE: Final = re.compile(
    r"(?i)^(replaced|installed|swap|swapped|repaired|reflashed|reprogrammed|updated|adjusted|cleaned|r&r|new )"
)


def split(notes: str) -> tuple[str, str]:
    """(cause, correction): the first sentence that begins with what was done is the correction, the rest the cause.

    Without such a sentence everything is the cause, and the correction stays empty: nothing is invented.
    """
    sentences = [s for s in _SENTENCE.split(notes.strip()) if s]
    for position, sentence in enumerate(sentences):
        if _DONE.match(sentence):
            return " ".join(sentences[:position] + sentences[position + 1 :]), sentence
    return " ".join(sentences), ""
