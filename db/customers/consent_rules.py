"""Whether a customer may be contacted by a channel, and the words they agree to (domain-rules 2.2 E)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

CHANNELS: Final[dict[str, str]] = {
    "sms": "Text messages", "email": "E-mail", "phone": "Calls", "mail": "Post",
}  # fmt: skip
NEEDS_CONSENT: Final = frozenset({"sms"})
SOURCES: Final[dict[str, str]] = {
    "in_person": "In person", "phone": "On the phone", "email": "By e-mail", "form": "On a signed form",
    "web": "On a web form",
}  # fmt: skip
VERSION: Final = "2026-01"
WORDINGS: Final[dict[str, str]] = {
    "sms": "I agree to get text messages about my vehicle and my enquiries at this number. Message and data rates may"
    " apply. Consent is no condition of a purchase. I can reply STOP at any time.",
    "email": "I agree to get e-mail about my vehicle, my enquiries and offers. I can unsubscribe at any time.",
    "phone": "I agree to be called about my vehicle and my enquiries at this number.",
    "mail": "I agree to get letters about my vehicle and offers.",
}
REFUSED_WORDING: Final = "Asked not to be contacted by this channel."


@dataclass(frozen=True, kw_only=True)
class ConsentFact:
    """A permission or its withdrawal; `version` names the text, empty for words that came with a lead."""

    channel: str
    is_given: bool
    at: datetime
    wording: str = ""
    version: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class MayContact:
    """The answer with its reason; `latest` is the consent it stands on, None when nobody ever asked."""

    channel: str
    ok: bool
    why: str
    latest: ConsentFact | None = None


def may_contact(channel: str, consents: Iterable[ConsentFact]) -> MayContact:
    """Whether this channel may be used: the newest word counts; without any word, everything but text messages.

    Of a yes and a no at the same moment the no counts. A channel nobody knows is never allowed.
    """
    said = [c for c in consents if c.channel == channel]
    latest = max(said, key=lambda c: (c.at, not c.is_given), default=None)
    label = CHANNELS.get(channel)
    if label is None:
        return MayContact(channel=channel, ok=False, why="This channel is not known.", latest=latest)
    if latest is None:
        if channel in NEEDS_CONSENT:
            return MayContact(channel=channel, ok=False, why="No consent on record: do not text.")
        return MayContact(channel=channel, ok=True, why="Nobody has asked; answering an enquiry is allowed.")
    if latest.is_given:
        return MayContact(channel=channel, ok=True, why="The customer agreed.", latest=latest)
    return MayContact(channel=channel, ok=False, why="The customer said no.", latest=latest)
