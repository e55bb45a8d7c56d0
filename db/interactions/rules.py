"""Templates and messages: placeholders, what was edited, what a message counts for (domain-rules 2.2 A, decision 0037).

Pure functions over texts. A message is a response only where a person wrote it: an unedited template is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from db.core.problems import Problem

CHANNELS: Final[dict[str, str]] = {"email": "E-mail", "text": "Text message"}
CONSENT_CHANNEL: Final[dict[str, str]] = {"email": "email", "text": "sms"}
PLACEHOLDERS: Final[dict[str, str]] = {
    "first_name": "First name of the customer", "vehicle": "The vehicle they asked for, or own",
    "dealer": "Name of the dealer", "dealer_phone": "Telephone of the dealer",
    "salesperson": "Name of the person who looks after them", "appointment": "Day and time of the appointment",
}  # fmt: skip
SAMPLE: Final[dict[str, str]] = {
    "first_name": "Jane", "vehicle": "2026 Orion GT", "dealer": "Lone Pine Motors", "dealer_phone": "(518) 555-0100",
    "salesperson": "Sam Staff", "appointment": "Thu 2 Jul at 10:30",
}  # fmt: skip
LONGEST_NAME: Final = 80
LONGEST_SUBJECT: Final = 200
LONGEST_BODY: Final[dict[str, int]] = {"email": 3_500, "text": 640}
LEAST_WORDS: Final = 3
# What may stand where a placeholder was: a name or a day, not a sentence of its own.
MOST_WORDS_IN_PLACE: Final = 8

_BRACES = re.compile(r"\{([^{}\n]{0,60})\}")
_WORD = re.compile(r"\w+")


def placeholders_in(text: str) -> tuple[str, ...]:
    """What stands in braces, in order and once each, known or not."""
    return tuple(dict.fromkeys(found.strip() for found in _BRACES.findall(text)))


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A text with its placeholders filled; those of `missing` have no value and still stand in it in braces."""

    text: str
    missing: tuple[str, ...] = ()


def render(text: str, values: Mapping[str, str]) -> Rendered:
    """Fill the placeholders in one pass, so that braces within a value are never filled in turn."""
    missing: dict[str, None] = {}

    def fill(found: re.Match[str]) -> str:
        name = found.group(1).strip()
        value = " ".join(values.get(name, "").split())
        if not value:
            missing[name] = None
        return value or found.group(0)

    return Rendered(text=_BRACES.sub(fill, text), missing=tuple(missing))


def check_template(*, channel: str, name: str, subject: str, body: str) -> list[Problem]:
    """What is wrong with a template, by field; an unknown placeholder is named."""
    problems: list[Problem] = []

    def add(field: str, code: str, message: str) -> None:
        problems.append(Problem(field=field, code=code, message=message))

    if channel not in CHANNELS:
        add("channel", "required", "Choose e-mail or text message.")
    if not name:
        add("name", "required", "The name is needed.")
    elif len(name) > LONGEST_NAME:
        add("name", "too_long", f"At most {LONGEST_NAME} characters fit.")
    if channel == "email" and not subject:
        add("subject", "required", "The subject is needed.")
    if len(subject) > LONGEST_SUBJECT or "\n" in subject or "\r" in subject:
        add("subject", "too_long", f"The subject is one line of at most {LONGEST_SUBJECT} characters.")
    longest = LONGEST_BODY.get(channel, LONGEST_BODY["email"])
    if not body:
        add("body", "required", "The text is needed.")
    elif len(body) > longest:
        add("body", "too_long", f"The text has {len(body):,} characters; at most {longest:,} fit.")
    elif len([part for part in _parts(body) if part is not None]) < LEAST_WORDS:
        add("body", "too_short", f"Write at least {LEAST_WORDS} words beside the placeholders.")
    for field, text in (("subject", subject), ("body", body)):
        for unknown in placeholders_in(text):
            if unknown not in PLACEHOLDERS:
                known = ", ".join("{" + one + "}" for one in PLACEHOLDERS)
                add(field, "unknown_placeholder", f"{{{unknown}}} is no placeholder. There are: {known}.")
    return problems


def check_message(*, channel: str, subject: str, body: str) -> list[Problem]:
    """What is in the way of sending a text, by field: nothing in it, too long, or a placeholder without a value."""
    problems: list[Problem] = []
    if channel == "email" and not subject:
        problems.append(Problem(field="subject", code="required", message="The subject is needed."))
    if len(subject) > LONGEST_SUBJECT:
        sentence = f"At most {LONGEST_SUBJECT} characters fit."
        problems.append(Problem(field="subject", code="too_long", message=sentence))
    longest = LONGEST_BODY.get(channel, 0)
    if not _WORD.search(body):
        problems.append(Problem(field="body", code="required", message="Write something first."))
    elif len(body) > longest:
        sentence = f"The text has {len(body):,} characters; at most {longest:,} fit."
        problems.append(Problem(field="body", code="too_long", message=sentence))
    for field, text in (("subject", subject), ("body", body)):
        left = [one for one in placeholders_in(text) if one in PLACEHOLDERS]
        if left:
            words = ", ".join("{" + one + "}" for one in left)
            sentence = f"{words} has no value here: write it in or take it out."
            problems.append(Problem(field=field, code="missing_value", message=sentence))
    return problems


# ---- what was edited -----------------------------------------------------------------------------------------------
def _parts(template: str) -> list[str | None]:
    """The words of a template in order, None where a placeholder stands."""
    parts: list[str | None] = []
    at = 0
    for found in _BRACES.finditer(template):
        parts += _words(template[at : found.start()])
        parts.append(None)
        at = found.end()
    return [*parts, *_words(template[at:])]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def is_edited(template: str, text: str) -> bool:
    """Whether a person changed more than what stands in the placeholders.

    Words are compared, so that a comma, a blank line or a capital letter is no personal answer. In place of each
    placeholder up to `MOST_WORDS_IN_PLACE` words may stand, none included.
    """
    words = _words(text)
    reached = {0}
    for part in _parts(template):
        if part is None:
            reached = {min(at + n, len(words)) for at in reached for n in range(MOST_WORDS_IN_PLACE + 1)}
        else:
            reached = {at + 1 for at in reached if at < len(words) and words[at] == part}
        if not reached:
            return True
    return len(words) not in reached


def outcome_of(text: str, *, templates: Iterable[str], answers: bool) -> str:
    """The outcome a written message is logged with: template, sent or answered (2.2 A).

    `templates` are all texts it may have come from: a template that was copied by hand is still one.
    """
    if any(not is_edited(template, text) for template in templates):
        return "template"
    return "answered" if answers else "sent"


WHAT_IT_COUNTS: Final[dict[str, str]] = {
    "template": "An unedited template: it is logged and stops no clock.",
    "sent": "A personal message: it counts as first action.",
    "answered": "A personal answer: it counts as first action and as quality response.",
}


# ---- delivery ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How a mail stands: `state` is waiting, sent or failed; `words` are those of the last failure."""

    state: str
    label: str
    tone: str
    words: str = ""


def delivery_of(*, is_kept: bool, is_sent: bool, tries: int, error: str, most_tries: int) -> Delivery:
    """The state of a mail in the outbox; one that was tried `most_tries` times is left alone."""
    if not is_kept:
        return Delivery(state="removed", label="Removed", tone="gray")
    if is_sent:
        return Delivery(state="sent", label="Sent", tone="green")
    if tries >= most_tries:
        return Delivery(state="failed", label="Not delivered", tone="red", words=error)
    if error:
        return Delivery(state="waiting", label="Trying again", tone="orange", words=error)
    return Delivery(state="waiting", label="Waiting to be sent", tone="blue")
