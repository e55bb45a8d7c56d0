"""How codes and numbers of warranty data are written: upper case, without spaces around."""

from __future__ import annotations

from db.core.labels import storable


def clean_code(text: object) -> str:
    """ "tc-5000 " is TC-5000; single spaces inside stay."""
    return " ".join(storable(str(text or "")).split()).upper()


def clean_codes(texts: object) -> list[str]:
    """The distinct codes of a list or of a text such as "E1205, E1206; E1300", in their order."""
    if isinstance(texts, str):
        texts = texts.replace(";", ",").replace("|", ",").replace("\n", ",").split(",")
    if not isinstance(texts, list | tuple):
        return []
    return list(dict.fromkeys(code for code in map(clean_code, texts) if code))
