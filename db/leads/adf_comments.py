"""What a customer's free text says: labels, consent, the asked question, wishes (Q6, Q7, Q16, Q18, Q19)."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Final, Literal

from db.leads.adf_draft import Channel, ConsentDraft

LONGEST_READ: Final = 20_000
Preference = Literal["phone", "email", "sms"]

_BREAKS: Final = re.compile(r"<\s{0,3}(?:br|/p|/div|/li|/tr|/h[1-6]|hr)\b[^<>]{0,200}>", re.IGNORECASE)
_TAGS: Final = re.compile(
    r"</?(?:p|div|span|b|i|u|em|strong|font|a|ul|ol|li|table|thead|tbody|tr|td|th|h[1-6]|small|big|center|html|body|head"
    r"|blockquote|pre|code|img|sup|sub|label)(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
_REFERENCE: Final = re.compile(r"&(?:[A-Za-z]{2,10}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")


def plain(text: str) -> str:
    """Comment text as a person reads it: HTML breaks become lines, formatting goes, other markup stays (Q6, Q28)."""
    if "<" in text:
        text = _TAGS.sub("", _BREAKS.sub("\n", text))
    if "&" in text:
        text = _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    kept = "\n".join(line for line in lines if line)
    return _CONTROL.sub("", kept)


# --- Labels -----------------------------------------------------------------------------------------------------------

_MOST_LABELS: Final = 300
_LABELLED: Final = re.compile(r"(?P<label>[A-Za-z][A-Za-z0-9 /_().'-]{0,40}?) ?(?::|=| [-–] ) ?(?P<value>.*)")
_NEXT_LABEL: Final = re.compile(r", ?(?=[A-Z][A-Za-z0-9 /_-]{0,30}(?::| - ))")


@lru_cache(maxsize=4)  # small on purpose: it must not keep customers' texts around
def labels(text: str) -> tuple[tuple[str, str], ...]:
    """The `Label: value` pairs of plain text, one a line or several after commas; labels squeezed to small letters."""
    pairs: list[tuple[str, str]] = []
    for line in text[:LONGEST_READ].split("\n"):
        for piece in _NEXT_LABEL.split(line):
            found = _LABELLED.fullmatch(piece.strip())
            while found is not None and len(pairs) < _MOST_LABELS:
                value = found["value"].strip()
                pairs.append(("".join(c for c in found["label"].lower() if "a" <= c <= "z"), value))
                # "Customer Comments: PreferredMethod - text": the value is labelled once more.
                found = _LABELLED.fullmatch(value)
    return tuple(pairs)


# --- Preferred contact ------------------------------------------------------------------------------------------------

_PREFERENCE_LABEL: Final = re.compile(
    r"prefer(?:r?ed)?(?:method|means|way|form|mode|type)?(?:of|to|for)?(?:be)?(?:contact(?:ed)?|communication)"
    r"(?:method|preference|by|type|via|channel)?"
    r"|(?:customer)?contact(?:preference|method)s?"
    r"|bestway(?:to|of)?(?:be)?(?:contact|reach)(?:ed|you|ing)?(?:you)?"
    r"|bestcontactmethod|contact(?:by|via)|communicationpreference|prefers?"
    r"|how(?:should|can)?we(?:contact|reach)you|howto(?:contact|reach)(?:you|customer)?"
)
_NOT_BY: Final = re.compile(
    r"\b(?:do not|don['’]?t|dont|never|no|not|stop)\b(?: \w+){0,2}? (?:call|text|e-?mail|phone|sms)(?:s|ing|ed)?\b"
    r"(?: me| us)?",
    re.IGNORECASE,
)
_ASKED: Final = re.compile(
    r"\b(?:please|prefer(?:ably|red)?|best (?:way|reached|contact)|reach me|contact me|only)\b[^.?!\n]{0,30}?\b"
    r"(texts?|texting|sms|e-?mails?|call(?:s|ing)?|phone)\b(?! (?:number|address|of|the|when|if|about)\b)"
    r"|\b(text|e-?mail|call) me\b",
    re.IGNORECASE,
)
_SMS: Final = re.compile(r"\b(?:text(?:s|ing)?|sms|whats ?app)\b", re.IGNORECASE)
_EMAIL: Final = re.compile(r"e-?mail|correo", re.IGNORECASE)
_PHONE: Final = re.compile(
    r"\b(?:(?:cell ?|home ?|work ?|mobile ?|tele)?phone|call(?:s|ing)?|voice|tel|cell|mobile|tel[eé]fono|llamada)\b",
    re.IGNORECASE,
)


def channel_of(text: str) -> Preference | None:
    """The channel a preference names, or None when it names none or several (`text message to cell` is one)."""
    found: set[Preference] = set()
    if _SMS.search(text):
        found.add("sms")
    if _EMAIL.search(text):
        found.add("email")
    if _PHONE.search(text):
        found.add("phone")
    if found == {"sms", "phone"} and re.search(r"(?i)\b(?:or|and|y|o)\b|/", text) is None:
        return "sms"
    return next(iter(found)) if len(found) == 1 else None


def preferred_contact(text: str) -> Preference | None:
    """The preferred way to be reached, from a label or from plain words; None when unsaid or contradictory (Q19)."""
    for label, value in labels(text):
        if _PREFERENCE_LABEL.fullmatch(label) and (channel := channel_of(re.split(r"[,;]", value)[0])):
            return channel
    wishes = _ASKED.finditer(_NOT_BY.sub(" ", text[:LONGEST_READ]))
    asked = {channel_of(found[1] or found[2]) for found in wishes}
    both = re.search(r"(?i)\b(?:call|text|e-?mail|phone) (?:or|and) (?:call|text|e-?mail|phone)\b", text)
    return asked.pop() if len(asked) == 1 and both is None else None


# --- Consent ----------------------------------------------------------------------------------------------------------

_WAYS: Final = r"(?P<channel>e-?mail|phone|call|voice|text message|text|sms|mail|postal|mobile)s?"
_ANSWER: Final = r"(?P<answer>yes|no|true|false|y|n|1|0|opted[- ]?in|opted[- ]?out)\b"
_OPT: Final = re.compile(
    rf"{_WAYS}(?: marketing| contact)? ?opt[- ]?(?P<way>in|out)(?: status)? ?[:=-] ?{_ANSWER}", re.IGNORECASE
)
_OPT_REVERSED: Final = re.compile(
    rf"opt(?:ed)?[- ]?(?P<way>in|out)(?: to| for| of)? {_WAYS}\b ?[:=-]? ?(?:{_ANSWER})?", re.IGNORECASE
)
_OK_TO: Final = re.compile(
    rf"(?P<way>ok|okay|consent|permission|may we|agree[sd]?) to {_WAYS}(?: me| you)? ?[:?=-] ?{_ANSWER}", re.IGNORECASE
)
_AGREES: Final = re.compile(
    r"\bi (?:agree|consent|accept|give (?:my )?(?:permission|consent))\b[^.\n]{0,80}\b"
    r"(?P<channel>text messages?|texts?|sms|calls?|e-?mails?)\b",
    re.IGNORECASE,
)
_REFUSES: Final = re.compile(
    r"\b(?:do not|don['’]?t|dont|please no|never|stop)\b (?:ever )?"
    r"(?P<channel>text(?:s|ing)?|sms|call(?:s|ing)?|phone|e-?mail(?:s|ing)?)\b",
    re.IGNORECASE,
)
_CHANNELS: Final[tuple[tuple[str, Channel], ...]] = (
    ("e", "email"),
    ("ph", "phone"),
    ("c", "phone"),
    ("v", "phone"),
    ("ma", "mail"),
    ("po", "mail"),
)
_CONSENT_HINT: Final = re.compile(
    r"\bopt|agree|consent|permission|ok(?:ay)? to|may we|accept|do not|don['’]?t|dont|please no|never|stop",
    re.IGNORECASE,
)


def consents(text: str) -> tuple[ConsentDraft, ...]:
    """Opt-ins and opt-outs, one per channel with the words they stand on; where both are said, the refusal counts."""
    found: dict[Channel, ConsentDraft] = {}
    if _CONSENT_HINT.search(text) is None:
        return ()
    for line in text[:LONGEST_READ].split("\n"):
        for piece in re.split(r", ?(?=[A-Z])|; ?", line):
            words = piece.strip()
            labelled = _OPT.match(words) or _OPT_REVERSED.match(words) or _OK_TO.match(words)
            if labelled is not None:
                _note(found, labelled["channel"], _is_given(labelled), words)
                continue
            for refused in _REFUSES.finditer(words):
                _note(found, refused["channel"], False, words)
            agreed = _AGREES.search(words)
            if agreed is not None and re.search(r"(?i)\bnot\b", agreed[0]) is None:
                _note(found, agreed["channel"], True, words)
    return tuple(found.values())


def _is_given(labelled: re.Match[str]) -> bool:
    answer, is_out = (labelled["answer"] or "yes").lower(), labelled["way"].lower() == "out"
    if answer.startswith("opted"):
        return answer.endswith("in")
    return (answer[0] in "yt1") is not is_out


def _note(found: dict[Channel, ConsentDraft], word: str, given: bool, words: str) -> None:
    channel: Channel = next((name for start, name in _CHANNELS if word.lower().startswith(start)), "sms")
    if channel not in found or not given:
        found[channel] = ConsentDraft(channel=channel, given=given, text=words[:500])


# --- Questions and wishes ---------------------------------------------------------------------------------------------

_QUESTION: Final = re.compile(
    r"(?:¿|what(?:['’]?s)?|when|where|how|who|which|why|can (?:you|i|we)|could (?:you|i|we)|do you|does"
    r"|is (?:it|this|that|the|there)|are (?:you|there|these)|would you|will you|have you|may i)\b",
    re.IGNORECASE,
)
_NO: Final = r"\b(?:no|not|without|never|(?:don['’]?t|do not|won['’]?t) (?:have|want|need)|isn['’]?t)\b"
_NAY: Final = r"(?: \w+){0,2} ?[:=?-] ?(?:no|none|n/?a|false|0)\b"
_NO_TRADE: Final = re.compile(
    rf"{_NO}(?: \w+){{0,3}}? trad(?:e|ing)(?:[- ]?ins?)?\b|\btrad(?:e|ing)(?:[- ]?in)?{_NAY}", re.IGNORECASE
)
_TRADE: Final = re.compile(
    r"\btrad(?:e|es|ed|ing)(?:[- ]?ins?)?\b(?! accelerator)|\bpart[- ]exchange\b|\btradein\b", re.IGNORECASE
)
_SELL: Final = re.compile(
    r"\b(?:for|or|pay|take) cash\b|\bsell(?:ing)? (?:my|it|this|the|our|or|outright)\b"
    r"|\bcash offer\b|\btrade or sell\b",
    re.IGNORECASE,
)
_SELL_LABELS: Final = frozenset({"options", "option", "selloption", "sellortrade", "tradeorsell", "intent"})
_NO_FINANCE: Final = re.compile(
    rf"{_NO}(?: \w+){{0,2}} (?:financ\w*|loan|credit)|\b(?:financ\w*|loan){_NAY}", re.IGNORECASE
)
_FINANCE: Final = re.compile(
    r"\bfinanc(?:e|ed|ing|iaci[oó]n|iar|ement)\b|\bcredit app|\bpre-?(?:approv|qualif)|\bauto loan\b"
    r"|\bmonthly (?:payment|income)",
    re.IGNORECASE,
)
_FINANCE_HINT: Final = re.compile(r"financ|loan|credit|approv|qualif|monthly", re.IGNORECASE)
_NO_DRIVE: Final = re.compile(
    rf"{_NO}(?: \w+){{0,3}} test[- ]?(?:drive|ride)|\btest[- ]?(?:drive|ride){_NAY}", re.IGNORECASE
)
_DRIVE: Final = re.compile(
    r"\btest[- ]?(?:driv(?:e|ing)|rid(?:e|ing))\b|\bprueba de manejo\b|\bessai routier\b", re.IGNORECASE
)


def question(text: str) -> str | None:
    """The first question the customer asks, at most 300 characters; a line that merely labels a value is none."""
    for line in text[:LONGEST_READ].split("\n"):
        for sentence in re.split(r"(?<=[.!?]) ", line):
            words = sentence.strip()
            labelled = re.match(r"(?:[A-Za-z][A-Za-z ]{0,30}): ", words)
            asked = words[labelled.end() :] if labelled else words
            if "://" in asked or len(asked) < 5:
                continue
            if asked.endswith("?") or _QUESTION.match(asked):
                return asked[:300]
    return None


def says_trade(text: str) -> bool:
    """True when the customer speaks of a trade-in, and not only to say that there is none (Q16)."""
    lowered = text[:LONGEST_READ].lower()
    if "trad" not in lowered and "exchange" not in lowered:
        return False
    return _TRADE.search(_NO_TRADE.sub(" ", lowered)) is not None


def sell_option(text: str) -> Literal["trade", "sell", "either"] | None:
    """Whether the owner wants to trade the vehicle in, sell it, or either, from a label or from plain words."""
    words = text[:LONGEST_READ]
    for label, value in labels(words):
        if label in _SELL_LABELS:
            trades = re.search(r"(?i)\btrad", value) is not None
            sells = re.search(r"(?i)\b(?:sell|cash|buy ?out)\b", value) is not None
            if re.match(r"(?i)(?:open|either|both|any)\b", value) or (trades and sells):
                return "either"
            if trades or sells:
                return "trade" if trades else "sell"
    if _SELL.search(words) is None:
        return None
    return "either" if says_trade(words) else "sell"


def wants_finance(text: str) -> bool:
    """True when financing is asked for or a credit application is sent, not when it is only declined."""
    if _FINANCE_HINT.search(text) is None:
        return False
    return _FINANCE.search(_NO_FINANCE.sub(" ", text[:LONGEST_READ])) is not None


def wants_test_drive(text: str) -> bool:
    """True when a test drive or test ride is asked for, not when it is only declined."""
    return _DRIVE.search(_NO_DRIVE.sub(" ", text[:LONGEST_READ])) is not None
