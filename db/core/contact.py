"""How a person is reached and recognised: phone numbers, e-mail addresses, names and matching keys (2.2 D)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# Calling code, trunk prefix dropped after it, and how many digits a national number has.
_COUNTRIES: Final[dict[str, tuple[str, str, range]]] = {
    "AR": ("54", "0", range(10, 12)),
    "AT": ("43", "0", range(7, 14)),
    "AU": ("61", "0", range(9, 10)),
    "BE": ("32", "0", range(8, 10)),
    "BR": ("55", "0", range(10, 12)),
    "CH": ("41", "0", range(9, 10)),
    "CL": ("56", "", range(9, 10)),
    "CO": ("57", "", range(10, 11)),
    "DE": ("49", "0", range(7, 12)),
    "ES": ("34", "", range(9, 10)),
    "FR": ("33", "0", range(9, 10)),
    "GB": ("44", "0", range(9, 11)),
    "IE": ("353", "0", range(8, 10)),
    "IN": ("91", "0", range(10, 11)),
    "IT": ("39", "", range(8, 12)),
    "JP": ("81", "0", range(9, 11)),
    "MX": ("52", "", range(10, 11)),
    "NL": ("31", "0", range(9, 10)),
    "NZ": ("64", "0", range(8, 11)),
    "PT": ("351", "", range(9, 10)),
    "PY": ("595", "0", range(8, 10)),
    "SE": ("46", "0", range(7, 10)),
    "UY": ("598", "0", range(8, 9)),
    "ZA": ("27", "0", range(9, 10)),
}
_NANP: Final = frozenset({"US", "CA", "PR", "VI", "GU", "BS", "BM", "JM", "DO", "TT", "BB"})
_EXTENSION: Final = re.compile(
    r"(?i)(?:\bext(?:ension)?\b|\bx(?=[\s.:]?\d)|(?<=\d)x(?=\d)|#|;ext=)[\s.:#=]*\d{1,7}\s*$"
)
_SEVERAL: Final = re.compile(r"(?i)\s*(?:/|;|,|\||\bor\b|\band\b)\s*")
_PHONE_CHARACTERS: Final = re.compile(r"[+\d\s().\-\u2010-\u2015/\[\]*_:]+")
_LOCAL_PART: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+)*"
)
_DOMAIN_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOP_LEVEL: Final = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")
_DOTLESS_DOMAINS: Final = frozenset({"gmail.com", "googlemail.com"})
_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "sr.", "sra", "mme", "herr", "frau"})
_SUFFIXES: Final = frozenset({"jr", "sr", "ii", "iii", "iv", "v", "md", "phd", "esq", "dds", "cpa"})
_PARTICLES: Final = frozenset(
    {"van", "von", "der", "den", "de", "del", "della", "la", "las", "los", "le", "di", "da", "do", "dos", "das", "du"}
    | {"st", "st.", "bin", "ibn", "al", "el", "ter", "ten", "mac", "mc"}
)
_PLACEHOLDERS: Final = frozenset(
    {
        "n/a",
        "none",
        "null",
        "unknown",
        "undefined",
        "-",
        "--",
        "---",
        ".",
        "not provided",
        "not available",
    }
)


def is_placeholder(text: str) -> bool:
    """True for what forms send instead of nothing: `N/A`, `none`, `null`, `-` and the like."""
    return text.strip().casefold() in _PLACEHOLDERS


def _nanp(digits: str) -> str | None:
    """A ten-digit North American number in E.164: area and exchange start with 2-9, not all digits alike."""
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    if len(digits) != 10 or digits[0] in "01" or digits[3] in "01" or digits[1:3] == "11" or len(set(digits)) == 1:
        return None
    return f"+1{digits}"


def _international(digits: str) -> str | None:
    """Digits that begin with a calling code, checked for the countries whose lengths are known, else 8-15 digits."""
    if digits.startswith("1"):
        return _nanp(digits) if len(digits) == 11 else None
    for code, trunk, lengths in _COUNTRIES.values():
        if digits.startswith(code):
            national = digits[len(code) :]
            if trunk and national.startswith(trunk) and len(national) - len(trunk) in lengths:
                national = national[len(trunk) :]
            return f"+{code}{national}" if len(national) in lengths and len(set(national)) > 1 else None
    return f"+{digits}" if 8 <= len(digits) <= 15 and digits[:1] not in ("", "0") else None


def phone_e164(raw: str, *, country: str = "US") -> str | None:
    """The number in E.164 (`+14195550188`), or None when it cannot be dialled as written (3.4).

    `country` is the two-letter code of the dealer, used when the number carries no calling code. Extensions are
    dropped; of several numbers in one field the first good one is taken.
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    text = re.sub(r"(?i)^(?:tel(?:ephone)?|phone|cell|mobile|fax)?\s*[:.]\s*|^tel:", "", text)
    whole = _one_phone(text, country.upper())
    if whole is None and _SEVERAL.search(text):
        return next((found for part in _SEVERAL.split(text) if (found := _one_phone(part, country.upper()))), None)
    return whole


def _one_phone(text: str, country: str) -> str | None:
    text = _EXTENSION.sub("", text.replace("(0)", "")).strip()
    if not text or len(text) > 40 or _PHONE_CHARACTERS.fullmatch(text) is None or "+" in text.lstrip("(")[1:]:
        return None
    digits = "".join(letter for letter in text if letter in "0123456789")
    if text.startswith(("+", "(+")):
        return _international(digits)
    if country in _NANP:
        if digits.startswith("011") and len(digits) > 11:
            return _international(digits[3:])
        return _nanp(digits)
    if digits.startswith("00"):
        return _international(digits[2:])
    if country not in _COUNTRIES:
        return None
    code, trunk, lengths = _COUNTRIES[country]
    national = digits[len(trunk) :] if trunk and digits.startswith(trunk) else digits
    if len(national) in lengths and len(set(national)) > 1:
        return f"+{code}{national}"
    return _international(digits) if digits.startswith(code) else None


def phone_texts(number: str) -> list[str]:
    """The ways people type a number into a search box: whole, without the country, and in its usual groups."""
    if not number.startswith("+1") or len(number) != 12:
        return [number]
    area, exchange, line = number[2:5], number[5:8], number[8:]
    return [number, f"{area}{exchange}{line}", f"{area} {exchange}-{line}"]


def email_normal(raw: str) -> str | None:
    """The address in lower case, or None when no mail can be sent to it; `Jane <j@x.com>` and `mailto:` are read too.

    The +tag stays, because mail is sent to this form; `email_key` drops it for matching.
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if (bracketed := re.search(r"<([^<>\s]{3,254})>\s*$", text)) is not None:
        text = bracketed[1]
    text = re.sub(r"(?i)^mailto:", "", text).strip(" \t\r\n<>\"'").rstrip(".,;: ")
    if re.search(r"[\s,;]", text):
        return next((found for part in re.split(r"[\s,;]+", text)[:5] if (found := _one_email(part))), None)
    return _one_email(text)


def _one_email(text: str) -> str | None:
    local, at, domain = text.rpartition("@")
    if not at or not local or len(local) > 64 or len(text) > 254 or _LOCAL_PART.fullmatch(local) is None:
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    labels = domain.lower().split(".")
    if len(labels) < 2 or _TOP_LEVEL.fullmatch(labels[-1]) is None:
        return None
    if not all(_DOMAIN_LABEL.fullmatch(label) for label in labels):
        return None
    return f"{local.lower()}@{'.'.join(labels)}"


def email_key(normal: str, *, ignore_gmail_dots: bool = True) -> str:
    """What two spellings of one mailbox have in common (2.2 D): no +tag, and no dots in a Gmail name."""
    local, _, domain = normal.lower().rpartition("@")
    local = local.split("+", 1)[0] or local
    if domain in _DOTLESS_DOMAINS:
        domain = "gmail.com"
        local = local.replace(".", "") if ignore_gmail_dots else local
    return f"{local}@{domain}"


@dataclass(frozen=True, kw_only=True)
class PersonName:
    """A name taken apart; each part is empty text when there is none."""

    first: str = ""
    middle: str = ""
    last: str = ""
    suffix: str = ""


def split_name(full: str) -> PersonName:
    """Take a whole name apart (Q26): the last word is the family name, with its particles; one word is a first name.

    `Doe, John Q.` is read the other way round, titles are dropped, `Jr`, `III` and the like become the suffix.
    """
    text = " ".join(full.split())
    before, comma, after = text.partition(",")
    suffix = ""
    if comma and _bare(after) in _SUFFIXES:
        text, suffix = before, after.strip()
    elif comma and before.strip() and after.strip():
        text = f"{after.replace(',', ' ')} {before}"
        family = len(before.split())
        words = _untitled(text.split())
        if len(words) > family:
            return PersonName(first=words[0], middle=" ".join(words[1:-family]), last=" ".join(words[-family:]))
    words = _untitled(text.replace(",", " ").split())
    if not suffix and len(words) > 2 and _bare(words[-1]) in _SUFFIXES:
        suffix = words.pop()
    if len(words) < 2:
        return PersonName(first=" ".join(words), suffix=suffix)
    start = len(words) - 1
    while start > 1 and words[start - 1].casefold() in _PARTICLES:
        start -= 1
    return PersonName(first=words[0], middle=" ".join(words[1:start]), last=" ".join(words[start:]), suffix=suffix)


def _bare(word: str) -> str:
    return word.strip().replace(".", "").casefold()


def _untitled(words: list[str]) -> list[str]:
    while len(words) > 1 and (_bare(words[0]) in _TITLES and words[0].casefold() != "sr"):
        words = words[1:]
    return words


@lru_cache(maxsize=8_192)
def name_key(name: str) -> str:
    """A name for comparing: no accents, no case, no punctuation, single spaces; other scripts are kept."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    letters = "".join(" " if c in "-_,/" else c for c in plain if not unicodedata.combining(c))
    return " ".join("".join(c for c in letters if c.isalnum() or c.isspace()).split())


def postal_key(postal: str) -> str:
    """A postal code for comparing: five digits of a ZIP+4, otherwise letters and digits in upper case."""
    bare = "".join(c for c in postal.upper() if c.isalnum())
    return bare[:5] if bare.isdigit() and len(bare) == 9 else bare


def person_keys(*, emails: Iterable[str], phones: Iterable[str], name: str, postal: str) -> frozenset[str]:
    """Every key by which this person can be recognised (2.2 D): `email:…`, `phone:…`, `name:…|postal`.

    `emails` are normal forms and `phones` E.164; a name alone recognises nobody.
    """
    keys = {f"email:{email_key(email)}" for email in emails}
    keys.update(f"phone:{phone}" for phone in phones)
    person, place = name_key(name), postal_key(postal)
    if " " in person and place:
        keys.add(f"name:{person}|{place}")
    return frozenset(keys)
