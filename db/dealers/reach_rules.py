"""How a dealer and its people are reached: telephone numbers and e-mail addresses in one form (domain-rules P3)."""

from __future__ import annotations

import re
import unicodedata

from db.core.problems import Problems

LONGEST_PHONE = 30
LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]")
_EXTENSION = re.compile(r"(?ai)\s*(?:;ext=|(?<![a-z])extension|(?<![a-z])ext\.?|(?<![a-z])x|#)\s*(\d{1,6})\s*$")
_NANP = re.compile(r"(?a)1?([2-9]\d{2})([2-9]\d{2})(\d{4})")


def normal_phone(text: str) -> str:
    """A number of the United States or Canada as `+14195550188`, an extension as ` x12` behind it; others as typed."""
    typed = " ".join(unicodedata.normalize("NFKC", text).split())
    found = _EXTENSION.search(typed)
    number = typed[: found.start()] if found else typed
    if re.fullmatch(r"(?a)[+\d\s().\-/]*", number) is None or ("+" in number and not number.startswith("+1")):
        return typed
    match = _NANP.fullmatch(re.sub(r"\D", "", number))
    if match is None:
        return typed
    return f"+1{''.join(match.groups())}" + (f" x{found[1]}" if found else "")


def phone_label(phone: str) -> str:
    """A stored number as people write it: `(419) 555-0188`, `(419) 555-0188 x12`; others as they are."""
    number, _, extension = phone.partition(" x")
    if re.fullmatch(r"(?a)\+1\d{10}", number) is None:
        return phone
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}" + (f" x{extension}" if extension else "")


def check_phone(text: str, problems: Problems, *, field: str = "phone") -> str:
    """The number in its stored form, or empty; a problem when it is too long or has hardly a digit."""
    phone = normal_phone(text)
    if len(phone) > LONGEST_PHONE:
        sentence = f"The phone number has {len(phone):,} characters; at most {LONGEST_PHONE} fit."
        problems.add(field, "too_long", sentence)
    elif phone and sum(ch.isdigit() for ch in phone) < 5:
        problems.add(field, "bad_phone", f'"{phone}" is no telephone number.')
    return phone


def check_email(text: str, problems: Problems, *, field: str = "email") -> str:
    """The address in lower case, or empty; a problem for what no mail can be sent to."""
    email = unicodedata.normalize("NFKC", text).strip().lower()
    if len(email) > LONGEST_EMAIL:
        sentence = f"The e-mail address has {len(email):,} characters; at most {LONGEST_EMAIL} fit."
        problems.add(field, "too_long", sentence)
    elif email and _EMAIL.fullmatch(email) is None:
        problems.add(field, "bad_email", "The e-mail address must look like name@example.com.")
    return email


def phone_texts(phone: str) -> tuple[str, ...]:
    """The ways people type a stored number into a search box: without the country, and in its usual groups."""
    number = phone.partition(" x")[0]
    if re.fullmatch(r"(?a)\+1\d{10}", number) is None:
        return (phone,)
    return (number[2:], f"{number[2:5]} {number[5:8]}-{number[8:]}")
