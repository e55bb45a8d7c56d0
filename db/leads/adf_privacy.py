"""Personal numbers in free text: found by kind and hidden, the words around them kept (Q14, Q27)."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "•••"
_NUMBER: Final = r"(?: ?(?:number|no\.?|num|#)){0,2}"
_LINK: Final = r" ?(?:is|[:=#-]){0,2} ?"
_DATE: Final = (
    r"(\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}|\d{8}"
    r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}|\d{1,2} [A-Za-z]{3,9}\.? \d{4})"
)
_BYTE: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"

# Kind, words of which one must occur before the pattern is tried at all, pattern with the number as its first group.
_PATTERNS: Final = (
    (
        "dob",
        ("birth", "dob", "d.o.b", "born", "nacimiento", "naissance"),
        r"\b(?:date ?of ?birth|birth ?(?:date|day)|d\.?o\.?b\.?|born(?: on)?"
        r"|fecha de nacimiento|date de naissance)(?!\w)" + _LINK + _DATE,
    ),
    (
        "ssn",
        ("ssn", "s.s.n", "soc", "sin", "itin", "tax"),
        r"\b(?:ssn|s\.s\.n\.?|soc(?:ial)?\.? ?sec(?:urity)?\.?|sin|social insurance|itin|tax ?id)(?!\w)"
        + _NUMBER
        + r"(?: ?\([^()\n]{0,20}\))?"
        + _LINK
        + r"(\d[\d -]{2,14}\d|[xX*]{3}[xX*\d -]{3,12}\d)",
    ),
    ("ssn", ("-",), r"(?<![\d-])((?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4})(?![\d-])"),
    (
        "income",
        ("income", "salar", "wage", "earning", "ingres", "revenu"),
        r"\b(?:income|salary|wages?|earnings|ingresos(?: mensuales)?|revenu)\b(?: ?\([^()\n]{0,20}\))?"
        r"(?: of| per (?:month|year))?" + _LINK + r"([$€£]? ?\d[\d,. ]{0,14}\d?k?)",
    ),
    ("ip", (".",), rf"(?<![\d.])((?:{_BYTE}\.){{3}}{_BYTE})(?![\d.])"),
    ("ip", ("ip",), r"\bip(?: ?address)? ?[:=] ?([0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})"),
    (
        "account",
        ("account", "routing", "iban"),
        r"\b(?:account ?(?:number|no\.?|#)|routing" + _NUMBER + r"|iban)" + _LINK + r"([A-Z]{0,2}\d[A-Z0-9 -]{4,33})",
    ),
    (
        "licence",
        ("licen", "dl"),
        r"\b(?:driver'?s? ?licen[cs]e|dl|licencia de conducir)" + _NUMBER + r" ?[:=#]{1,2} ?([A-Z0-9][A-Z0-9 -]{3,19})",
    ),
    (
        "national_id",
        ("dni", "cuit", "cuil", "curp", "passport", "national id"),
        r"\b(?:dni|cuit|cuil|curp|passport|national id)" + _NUMBER + _LINK + r"([A-Z]{0,4}\d[\dA-Z.-]{5,19})",
    ),
)
_SENSITIVE: Final = tuple((kind, hints, re.compile(pattern, re.IGNORECASE)) for kind, hints, pattern in _PATTERNS)
_DIGIT: Final = re.compile(r"[0-9]")
_CARD: Final = re.compile(r"(?<![\d-])((?:\d[ -]?){13,18}\d)(?![\d-])")
_TAGS: Final = {
    word: kind
    for kind, words in {
        "dob": "birthday birthdate dateofbirth dob",
        "ssn": "ssn sin socialsecuritynumber socialsecurity taxid",
        "income": "income monthlyincome annualincome grossincome salary",
        "ip": "ip ipaddress",
        "national_id": "identification nationalid dni passport",
        "licence": "driverslicense driverlicense licensenumber",
        "card": "creditcard cardnumber",
        "account": "accountnumber",
    }.items()
    for word in words.split()
}


def sensitive_tag(name: str) -> str | None:
    """The kind of personal data an element of this folded name holds, or None (Q14)."""
    return _TAGS.get(name)


def mask(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with personal numbers replaced by `•••` (their label stays), and the kinds found, each once, sorted.

    Kinds: account, card, dob, income, ip, licence, national_id, ssn (Q27).
    """
    if not (_DIGIT.search(text) if text.isascii() else any(letter.isdigit() for letter in text)):
        return text, ()
    kinds: set[str] = set()

    def card(found: re.Match[str]) -> str:
        digits = "".join(letter for letter in found[1] if letter.isdigit())
        if not _luhn(digits) or len(set(digits)) == 1:
            return found[0]
        kinds.add("card")
        return MASK

    text = _CARD.sub(card, text)
    lowered = text.lower()
    for kind, hints, pattern in _SENSITIVE:
        if not any(hint in lowered for hint in hints):
            continue

        def hidden(found: re.Match[str], kind: str = kind) -> str:
            kinds.add(kind)
            begin, end = found.start(1) - found.start(), found.end(1) - found.start()
            number = found[0][begin:end]
            return found[0][:begin] + MASK + number[len(number.rstrip()) :] + found[0][end:]

        text = pattern.sub(hidden, text)
    return text, tuple(sorted(kinds))


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
