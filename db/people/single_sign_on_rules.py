"""What the desk makes of a provider's answer: whom it means, and whether it may open a session (decision 0077).

The protocol (state, nonce, PKCE, signature, issuer, expiry) is Streamlit's and Authlib's work. What is asked here once
more is what a faulty provider or a raised version could let through, and what only the desk knows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

FRESH = timedelta(minutes=5)
"""How old an answer may be. Streamlit keeps it in a cookie for 30 days, which must not be a sign-in of 30 days."""
LEEWAY = timedelta(minutes=2)
"""How far the provider's clock may be ahead."""

# One sentence for every reason: who can make a provider say something must not learn which addresses have accounts.
UNKNOWN = (
    "No desk account belongs to this sign-in; ask your administrator for one, or to link yours. If you have a "
    "password, it still lets you in."
)
TOO_OFTEN = "This sign-in was tried too often; wait 15 minutes."
NOT_VALID = "The answer of the sign-in service was not valid, so nobody was signed in. Try again."


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Whom a provider means. `email` is empty unless the provider says that it has verified it."""

    provider: str
    issuer: str
    subject: str
    email: str
    nonce: str
    issued_at: datetime

    @property
    def digest(self) -> str:
        """What is stored of the answer, so that it is good for one session."""
        parts = (self.issuer, self.subject, self.nonce, self.issued_at.isoformat())
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def read_answer(claims: Mapping[str, Any], *, client_id: str, now: datetime) -> Answer | None:
    """The answer in the claims of an identity token; None unless it is whole, for us, and still good at `now`."""
    issuer, subject, nonce = (claims.get(name) for name in ("iss", "sub", "nonce"))
    if not (_is_text(issuer, 300) and _is_text(subject, 255) and _is_text(nonce, 500) and client_id):
        return None
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        return None
    if claims.get("azp") not in (None, client_id):
        return None
    issued_at, expires_at = (_moment(claims.get(name)) for name in ("iat", "exp"))
    if issued_at is None or expires_at is None or expires_at + LEEWAY <= now:
        return None
    email = claims.get("email")
    # Only the truth itself: a provider that leaves the claim away, or writes it as text, has not said that it checked.
    is_verified = claims.get("email_verified") is True and _is_text(email, 254)
    return Answer(
        provider=str(claims.get("provider") or ""), issuer=str(issuer), subject=str(subject),
        email=str(email).strip() if is_verified else "", nonce=str(nonce), issued_at=issued_at,
    )  # fmt: skip


def is_fresh(answer: Answer, *, now: datetime) -> bool:
    """Whether an answer may still open a session: younger than `FRESH`, and not from the future."""
    return -LEEWAY <= now - answer.issued_at <= FRESH


def is_new(claims: Mapping[str, Any], *, now: datetime) -> bool:
    """Whether claims that are worth nothing have just come in, so that the person should be told."""
    issued_at = _moment(claims.get("iat"))
    return issued_at is not None and -LEEWAY <= now - issued_at <= FRESH


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest and value.isprintable()


def _moment(value: Any) -> datetime | None:
    """Seconds since 1970 as a moment; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
