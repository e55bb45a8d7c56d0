"""Splits one text of a technician into cause and correction (W09), where a file has only one."""

from __future__ import annotations

import re
from typing import Final

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_WORDS: Final = (
    r"(?:replaced|replacement|installed|swap|swapped|repaired|rebuilt|resealed|reflashed|reprogrammed|updated|adjusted|"
    r"cleaned|removed|r&r)"
)
_DONE: Final = re.compile(rf"(?i)^(?:new |(?:\S+ ){{0,3}}{_WORDS}\b)")
"""What was done stands among the first four words: "Replaced turbo", "Turbo assembly replaced", "TCM-3200 swap"."""
_NOT_DONE: Final = re.compile(r"(?i)\b(?:not|never|no|needs?|should|must|last|previously|before|found|recommend\w*)\b")
_REPLACED: Final = re.compile(r"(?i)\b(?:replac|swap|r&r|new )")


def replaces(correction: str) -> bool:
    """Whether a correction says that a part was replaced."""
    return _REPLACED.search(correction) is not None


def _is_done(sentence: str) -> bool:
    found = _DONE.match(sentence)
    return found is not None and _NOT_DONE.search(found.group()) is None


def split(notes: str) -> tuple[str, str]:
    """(cause, correction): the first sentence that begins with what was done is the correction, the rest the cause.

    Without such a sentence everything is the cause, and the correction stays empty: nothing is invented.
    """
    sentences = [s for s in _SENTENCE.split(notes.strip()) if s]
    for position, sentence in enumerate(sentences):
        if _is_done(sentence):
            return " ".join(sentences[:position] + sentences[position + 1 :]), sentence
    return " ".join(sentences), ""
