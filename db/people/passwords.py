"""Hashing and comparing passwords: bcrypt, with a hash before it where bcrypt would cut (R34)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from functools import lru_cache

import bcrypt

from db.people.rules import normalise

BCRYPT_BYTES = 72
# No letters that look alike: a one-time password is read aloud and typed once.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def _bytes(password: str) -> bytes:
    """What bcrypt gets. It refuses NUL and more than 72 bytes, so such passwords are hashed first and never cut."""
    raw = normalise(password).encode("utf-8", "surrogatepass")
    if len(raw) > BCRYPT_BYTES or b"\x00" in raw:
        return base64.b64encode(hashlib.sha256(raw).digest())
    return raw


def hash_password(password: str, *, cost: int) -> str:
    """The bcrypt hash to store; `cost` is the power of two of its rounds."""
    return bcrypt.hashpw(_bytes(password), bcrypt.gensalt(cost)).decode()


def matches(password: str, password_hash: str) -> bool:
    """Whether a password belongs to a stored hash; always takes one bcrypt computation."""
    return bcrypt.checkpw(_bytes(password), password_hash.encode())


@lru_cache(maxsize=4)
def nobodys_hash(cost: int) -> str:
    """A hash no password belongs to, compared for unknown users so that they take as long as known ones (R31)."""
    return hash_password(secrets.token_hex(16), cost=cost)


def cost_of(password_hash: str) -> int:
    """The cost a stored hash was made with."""
    return int(password_hash.split("$")[2])


def one_time_password() -> str:
    """Twenty letters and digits in groups of five (99 bits), good for one sign-in."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))
