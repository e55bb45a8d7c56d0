"""The policy of signing in: what a password must be, when tries are locked out, when a session is over.

Source: reliability.md E (R31-R34), OWASP ASVS 5.0 chapters 6 and 7. No composition rule: length, and no listed word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from db.core.problems import Problem

SHORTEST_PASSWORD = 15
LONGEST_PASSWORD = 200
# What must be left of a password when everything easily guessed has been taken out of it.
OWN_CHARACTERS = 6
# A one-time password given out by an administrator is good for this long, and for one sign-in.
ONE_TIME_PASSWORD_DAYS = 7

# Nobody learns from this sentence whether the account exists, is disabled, or is locked for now (R31).
REFUSED = (
    "This user name and password do not let you in. Check both and try again, or wait 15 minutes "
    "if you have tried several times."
)
PASSWORD_ADVICE = (
    f"At least {SHORTEST_PASSWORD} characters; spaces and every kind of letter are welcome. A few unrelated words "
    "are easy to remember and hard to guess."
)

# The words passwords are most often built from, with the product's and the trade's own.
COMMON_WORDS = frozenset(
    """
    password passwort passw0rd passwd letmein welcome changeme default secret iloveyou sunshine princess monkey dragon
    football baseball basketball superman batman master shadow michael jennifer jordan hunter killer trustno1 qwerty
    qwertz azerty asdf zxcv qazwsx login admin administrator root guest user test demo abcd summer winter spring autumn
    monday friday january december america liverpool chelsea starwars pokemon computer internet whatever freedom flower
    cheese access hello lovely family money mustang corvette ferrari mercedes harley toyota honda ford chevrolet
    hyundai nissan lexus subaru mazda tesla dealer dealership dealerdesk desk sales leads automotive vehicle
    """.split()  # noqa: SIM905 - a list of words reads better as a text
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
)
_LOOKALIKES = str.maketrans("013457@$!", "oieastasi")


def normalise(password: str) -> str:
    """The one form of a password that is hashed: Unicode NFKC, without spaces at its ends (NIST SP 800-63B 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password).strip()


def squeeze(text: str) -> str:
    """Letters and digits only, lower-case: how words are compared with a password."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def stems(*texts: str) -> set[str]:
    """The words of some names that may not carry a password: each of four letters or more, and each name squeezed."""
    found = {squeeze(text) for text in texts}
    for text in texts:
        found.update(squeeze(word) for word in re.split(r"[\W_]+", text))
    return {word for word in found if len(word) >= 4}


def check_password(password: str, *, words: Iterable[str] = ()) -> list[Problem]:
    """What is wrong with a new password; `words` are squeezed names it may not be built from (R34)."""
    text = normalise(password)

    def problem(code: str, message: str) -> list[Problem]:
        return [Problem(field="password", code=code, message=message, rule="R34")]

    if len(text) < SHORTEST_PASSWORD:
        return problem(
            "too_short", f"The password needs at least {SHORTEST_PASSWORD} characters; this one has {len(text)}."
        )
    if len(text) > LONGEST_PASSWORD:
        return problem("too_long", f"The password has {len(text)} characters; at most {LONGEST_PASSWORD} fit.")
    if len(_own_part(text, words)) < OWN_CHARACTERS:
        return problem(
            "easily_guessed",
            "This password is easily guessed: it is made of common words, names known here, or a simple pattern. "
            "Try a few unrelated words.",
        )
    return []


def _own_part(text: str, words: Iterable[str]) -> str:
    """What is left of a password when listed words, runs along the keyboard and repetitions are taken out."""
    plain = _cut_words(squeeze(text), words)
    # As typed, with letters for digits, and one after the other: "w1nt3rwinter1234567" is two words and a row.
    forms = (
        plain,
        _cut_words(squeeze(text.translate(_LOOKALIKES)), words),
        _cut_words(plain.translate(_LOOKALIKES), words),
    )
    smallest = min((form.replace(" ", "") for form in forms), key=len)
    # Symbols count for what they are, but a password of symbols only repeats itself as easily.
    symbols = "".join(c for c in text if not c.isalnum() and not c.isspace())
    left = _without_repetition(smallest) + _without_repetition(symbols)
    return left if smallest or len(set(symbols)) >= OWN_CHARACTERS else ""


def _cut_words(squeezed: str, words: Iterable[str]) -> str:
    """A text with a space for each listed word, year and run along the keyboard."""
    known = {*COMMON_WORDS, *words}
    listed = sorted(known | {word.translate(_LOOKALIKES) for word in known}, key=len, reverse=True)
    for word in listed:
        squeezed = squeezed.replace(word, " ")
    squeezed = re.sub(r"(19|20)\d\d", " ", squeezed)
    for row in (*_ROWS, *(r[::-1] for r in _ROWS)):
        for length in range(len(row), 3, -1):
            for start in range(len(row) - length + 1):
                squeezed = squeezed.replace(row[start : start + length], " ")
    return squeezed


def _without_repetition(text: str) -> str:
    """A text that is one short piece over and over counts as that piece: `ababab...` is `ab`."""
    for length in range(1, len(text) // 2 + 1):
        piece = text[:length]
        if (piece * (len(text) // length + 1))[: len(text)] == text:
            return piece
    return text


def locked_until(
    failures: Sequence[datetime], *, tries: int, window_minutes: int, locked_minutes: int
) -> datetime | None:
    """Until when further tries are refused: `locked_minutes` after the newest failure that made `tries` in the window.

    `failures` are the moments of recorded tries, oldest first. Tries made while locked are not recorded, so the owner
    is free again even while somebody keeps guessing (R32).
    """
    window = timedelta(minutes=window_minutes)
    until = None
    for last in range(tries - 1, len(failures)):
        if failures[last] - failures[last - tries + 1] <= window:
            until = failures[last] + timedelta(minutes=locked_minutes)
    return until


def session_is_over(
    *, now: datetime, seen_at: datetime, expires_at: datetime, ended_at: datetime | None, idle_minutes: int
) -> str:
    """Why a session no longer counts ("ended", "idle", "too old"), or an empty text while it does (R33)."""
    if ended_at is not None:
        return "ended"
    if now >= expires_at:
        return "too old"
    if now - seen_at >= timedelta(minutes=idle_minutes):
        return "idle"
    return ""


USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,79}")


def tidy_username(typed: str) -> str:
    """A user name as it is stored and compared: trimmed, lower-case."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()
