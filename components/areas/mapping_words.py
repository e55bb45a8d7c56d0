"""Date formats and translations as people write them in the mapping grid, and as a mapping keeps them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from db.core.problems import Problem, Refused

# The longest first, so that MMM is not read as MM and M. Case tells months (MM) from minutes (mm).
_TOKENS = (
    ("YYYY", "%Y"), ("YY", "%y"), ("MMMM", "%B"), ("MMM", "%b"), ("MM", "%m"), ("M", "%m"), ("DDDD", "%A"),
    ("DDD", "%a"), ("DD", "%d"), ("D", "%d"), ("HH", "%H"), ("H", "%H"), ("hh", "%I"), ("h", "%I"), ("mm", "%M"),
    ("ss", "%S"), ("AM", "%p"), ("PM", "%p"), ("Z", "%z"),
)  # fmt: skip
_BACK = {
    "%Y": "YYYY", "%y": "YY", "%B": "MMMM", "%b": "MMM", "%m": "MM", "%A": "DDDD", "%a": "DDD", "%d": "DD", "%H": "HH",
    "%I": "hh", "%M": "mm", "%S": "ss", "%p": "AM", "%z": "Z",
}  # fmt: skip
_TOKEN = re.compile("|".join(token for token, _ in _TOKENS))
_READ = dict(_TOKENS)


def read_formats(text: str, *, field: str, label: str) -> tuple[str, ...]:
    """Formats such as "DD/MM/YYYY HH:mm" (several divided by a bar) as the mapping keeps them; refused at `field`."""
    found = []
    for part in (one.strip() for one in text.split("|")):
        if not part:
            continue
        template = part if "%" in part else _TOKEN.sub(lambda match: _READ[match.group()], part)
        if "%" not in part and re.search(r"[A-SU-Za-su-z]", re.sub(r"%.", "", template)):
            sentence = f"{label}: “{part[:40]}” is not a date format such as DD/MM/YYYY."
            raise Refused(Problem(field=field, code="bad_format", message=sentence))
        found.append(template)
    return tuple(found)


def format_text(template: str) -> str:
    """A format of a mapping as people write it; one with rarer parts stays as it is."""
    codes = re.findall(r"%.", template)
    if any(code not in _BACK for code in codes):
        return template
    return re.sub(r"%.", lambda match: _BACK[match.group()], template)


def read_translation(text: str, *, field: str, label: str) -> dict[str, str]:
    """Pairs such as "Won = sold; Lost = closed"; refused, at `field`, where a pair has no equals sign."""
    found = {}
    for pair in (one.strip() for one in text.split(";")):
        if not pair:
            continue
        word, sign, meaning = pair.partition("=")
        if not sign or not word.strip():
            sentence = f"{label}: “{pair[:40]}” is not a pair such as Won = sold."
            raise Refused(Problem(field=field, code="not_a_pair", message=sentence))
        found[word.strip()] = meaning.strip()
    return found


def translation_text(values: Mapping[str, str]) -> str:
    """Translations as people write them."""
    return "; ".join(f"{word} = {meaning}" for word, meaning in values.items())
