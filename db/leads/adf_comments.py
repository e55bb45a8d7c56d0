"""What a customer's free text says: labels, personal data, consent, the asked question, wishes (Q6, Q7, Q18, Q19, Q27)."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Final, Literal

from db.leads.adf_draft import Channel, ConsentDraft

LONGEST_READ: Final = 20_000
_BREAKS: Final = re.compile(r"(?i)<\s{0,3}(?:br|/p|/div|/li|/tr|/h[1-6]|hr)\b[^<>]{0,200}>")
_TAGS: Final = re.compile(
    r"(?i)</?(?:p|div|span|b|i|u|em|strong|font|a|ul|ol|li|table|thead|tbody|tr|td|th|h[1-6]|small|big|center|html|body|head"
    r"|blockquote|pre|code|img|sup|sub|label)(?:\s[^<>]{0,500})?/?>"
)


def plain(text: str) -> str:
    """Comment text as a person reads it: HTML line breaks become lines, formatting tags go, other markup stays text (Q28)."""
    if "<" in text:
        text = _TAGS.sub("", _BREAKS.sub("\n", text))
        text = re.sub(r"&(?:[A-Za-z]{2,10}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});", lambda m: html.unescape(m[0]), text)
    elif "&" in text:
        text = re.sub(
            r"&(?:nbsp|amp|quot|apos|lt|gt|#39|#160|[A-Za-z]{3,8}acute|[A-Za-z]tilde);",
            lambda m: html.unescape(m[0]),
            text,
        )
    lines = (" ".join(line.replace("\u00a0", " ").split()) for line in text.split("\n"))
    kept = "\n".join(line for line in lines if line)
    return "".join(c for c in kept if c == "\n" or c >= " ")


# --- Labels ------------------------------------------------------------------------------------------------------------

_LABELLED: Final = re.compile(r"(?P<label>[A-Za-z][A-Za-z0-9 /_().'-]{0,40}?) ?(?::|=| [-–] ) ?(?P<value>.*)")
_MOST_LABELS: Final = 300
_NEXT_LABEL: Final = re.compile(r", ?(?=[A-Z][A-Za-z0-9 /_-]{0,30}(?::| - ))")


@lru_cache(maxsize=4)  # small on purpose: it must not keep customers' texts around
def labels(text: str) -> tuple[tuple[str, str], ...]:
    """The `Label: value` pairs of plain text, label squeezed to lower-case letters; one a line, or several after commas."""
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


# --- Personal data (Q27) -----------------------------------------------------------------------------------------------

_SENSITIVE: Final = (
    (
        "dob",
        ("birth", "dob", "d.o.b", "born", "nacimiento", "naissance"),
        re.compile(
            r"(?i)\b(?:date ?of ?birth|birth ?(?:date|day)|d\.?o\.?b\.?|born(?: on)?|fecha de nacimiento|date de naissance)\b"
            r" ?[:=#-]{0,2} ?(\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}|\d{8}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}|\d{1,2} [A-Za-z]{3,9}\.? \d{4})"
        ),
    ),
    (
        "ssn",
        ("ssn", "s.s.n", "soc", "sin", "itin", "tax"),
        re.compile(
            r"(?i)\b(?:ssn|s\.s\.n\.?|soc(?:ial)?\.? ?sec(?:urity)?\.?(?: ?(?:number|no\.?|num|#))?|sin(?: ?(?:number|no\.?|#))?"
            r"|social insurance(?: number)?|itin|tax ?id)(?:\s?\([^()\n]{0,20}\))? ?(?:is|[:=#-]){0,2} ?(\d[\d -]{2,14}\d|[xX*]{3}[xX*\d -]{3,12}\d)"
        ),
    ),
    ("ssn", ("-",), re.compile(r"(?<![\d-])((?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4})(?![\d-])")),
    (
        "income",
        ("income", "salar", "wage", "earning", "ingres", "revenu"),
        re.compile(
            r"(?i)\b(?:(?:gross |net |annual |monthly |yearly |household |weekly |other |total )*(?:income|salary|wages?|earnings)"
            r"|ingresos(?: mensuales)?|revenu)\b(?: ?\([^()\n]{0,20}\))?(?: is| of| per (?:month|year))? ?[:=-]{0,2} ?([$€£]? ?\d[\d,. ]{0,14}\d?k?)"
        ),
    ),
    (
        "ip",
        (".",),
        re.compile(r"(?<![\d.])((?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d))(?![\d.])"),
    ),
    ("ip", ("ip",), re.compile(r"(?i)\bip(?: ?address)? ?[:=] ?([0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})")),
    (
        "account",
        ("account", "routing", "iban"),
        re.compile(
            r"(?i)\b(?:(?:bank |checking |savings )?account(?: ?(?:number|no\.?|#))|routing(?: ?(?:number|no\.?|#))?|iban) ?[:=#-]{0,2} ?"
            r"([A-Z]{0,2}\d[A-Z0-9 -]{4,33})"
        ),
    ),
    (
        "licence",
        ("licen", "dl"),
        re.compile(
            r"(?i)\b(?:driver'?s? ?licen[cs]e|dl|licencia de conducir)(?: ?(?:number|no\.?|num|#)){0,2} ?[:=#]{1,2} ?([A-Z0-9][A-Z0-9 -]{3,19})"
        ),
    ),
    (
        "national_id",
        ("dni", "cuit", "cuil", "curp", "passport", "national id"),
        re.compile(
            r"(?i)\b(?:dni|cuit|cuil|curp|passport|national id)(?: ?(?:number|no\.?|#)){0,2} ?[:=#]{0,2} ?([A-Z]{0,4}\d[\dA-Z.-]{5,19})"
        ),
    ),
)
_CARD: Final = re.compile(r"(?<![\d-])((?:\d[ -]?){13,18}\d)(?![\d-])")
_SENSITIVE_TAGS: Final = {
    "birthday": "dob", "birthdate": "dob", "dateofbirth": "dob", "dob": "dob",
    "ssn": "ssn", "sin": "ssn", "socialsecuritynumber": "ssn", "socialsecurity": "ssn", "taxid": "ssn",
    "income": "income", "monthlyincome": "income", "annualincome": "income", "salary": "income", "grossincome": "income",
    "ip": "ip", "ipaddress": "ip", "identification": "national_id", "nationalid": "national_id", "dni": "national_id",
    "passport": "national_id", "driverslicense": "licence", "driverlicense": "licence", "licensenumber": "licence",
    "creditcard": "card", "cardnumber": "card", "accountnumber": "account",
}  # fmt: skip
MASK: Final = "•••"


def sensitive_tag(name: str) -> str | None:
    """The kind of personal data an element of this (lower-case) name holds, or None (Q14)."""
    return _SENSITIVE_TAGS.get(name)


def _luhn(digits: str) -> bool:
    doubled = (int(d) * 2 if index % 2 else int(d) for index, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def mask(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with personal numbers replaced by `•••` (their label stays), and the kinds found, each once, sorted.

    Kinds: account, card, dob, income, ip, licence, national_id, ssn (Q27).
    """
    if not any(letter.isdigit() for letter in text):
        return text, ()
    kinds: set[str] = set()

    def card(found: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", found[1])
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
            start, end = found.start(1) - found.start(), found.end(1) - found.start()
            trailing = found[0][start:end]
            return found[0][:start] + MASK + trailing[len(trailing.rstrip()) :] + found[0][end:]

        text = pattern.sub(hidden, text)
    return text, tuple(sorted(kinds))


# --- Wishes ------------------------------------------------------------------------------------------------------------

Preference = Literal["phone", "email", "sms"]
_NO_CONTACT: Final = re.compile(
    r"(?i)\b(?:do not|don['’]?t|dont|never|no|please no|not|stop)\b(?: \w+){0,2}? (?:call|text|e-?mail|phone|sms)(?:s|ing|ed)?\b(?: me| us)?"
)
_ASKED_CHANNEL: Final = re.compile(
    r"(?i)\b(?:please|prefer(?:ably|red)?|best (?:way|reached|contact)|reach me|contact me|just|only)\b[^.?!\n]{0,30}?\b"
    r"(texts?|texting|sms|e-?mails?|call(?:s|ing)?|phone)\b(?! (?:number|address|of|the)\b)"
)
_PREFERENCE_LABEL: Final = re.compile(
    r"(?:prefer(?:r?ed)?(?:method|means|way|form|mode|type)?(?:of|to|for)?(?:be)?(?:contact(?:ed)?|communication)"
    r"(?:method|preference|by|type|via|channel)?|(?:customer)?contact(?:preference|method)s?|bestway(?:to|of)?(?:be)?(?:contact|reach)(?:ed|you|ing)*"
    r"|bestcontactmethod|contact(?:by|via)|communicationpreference|prefer(?:s|redcontact)?|howshouldwecontactyou|howto(?:contact|reach)(?:you|customer)?)"
)


def channel_of(text: str) -> Preference | None:
    """The channel a preference names, or None when it names none or several."""
    found: set[Preference] = set()
    if re.search(r"(?i)\b(?:text(?:s|ing)?|sms|whats ?app)\b|\(sms\)", text):
        found.add("sms")
    if re.search(r"(?i)e-?mail", text):
        found.add("email")
    if re.search(
        r"(?i)\b(?:phone|call(?:s|ing)?|voice|telephone|tel|cell(?:phone)?|mobile|tel[eé]fono|llamada)\b", text
    ):
        found.add("phone")
    if found == {"sms", "phone"} and re.search(r"(?i)\btext", text) and not re.search(r"(?i)\b(?:or|and|/|y)\b", text):
        return "sms"
    return next(iter(found)) if len(found) == 1 else None


def preferred_contact(text: str) -> Preference | None:
    """The preferred way to be reached, from a label or from plain words; None when unsaid or contradictory (Q19)."""
    for label, value in labels(text):
        if _PREFERENCE_LABEL.fullmatch(label) and (channel := channel_of(re.split(r"[,;]", value)[0])):
            return channel
    asked = {channel_of(found[1]) for found in _ASKED_CHANNEL.finditer(_NO_CONTACT.sub(" ", text[:LONGEST_READ]))}
    return asked.pop() if len(asked) == 1 else None


_OPT: Final = re.compile(
    r"(?i)^(?P<channel>e-?mail|phone|call|voice|text|sms|mail|postal|mobile|text message)s?(?: marketing| contact)? ?opt[- ]?(?P<dir>in|out)(?: status)? ?[:=-] ?"
    r"(?P<answer>yes|no|true|false|y|n|1|0|opted[- ]?in|opted[- ]?out)\b"
)
_OPT_REVERSED: Final = re.compile(
    r"(?i)^opt(?:ed)?[- ]?(?P<dir>in|out)(?: to| for| of)? (?P<channel>e-?mail|phone|call|voice|text|sms|mail|postal|text message)s?\b ?[:=-]? ?"
    r"(?P<answer>yes|no|true|false|y|n|1|0)?\b"
)
_OK_TO: Final = re.compile(
    r"(?i)^(?:ok(?:ay)?|consent|permission|may we|agree[sd]?) to (?P<channel>e-?mail|call|phone|text|sms)(?: me| you)? ?[:?=-] ?(?P<answer>yes|no|true|false|y|n|1|0)\b"
)
_AGREES: Final = re.compile(
    r"(?i)\bi (?:agree|consent|accept|give (?:my )?(?:permission|consent))\b[^.\n]{0,80}\b(?P<channel>texts?|sms|text messages?|calls?|e-?mails?)\b"
)
_REFUSES: Final = re.compile(
    r"(?i)\b(?:do not|don['’]?t|dont|please no|never|stop)\b (?:ever )?(?P<channel>text(?:s|ing)?|sms|call(?:s|ing)?|phone|e-?mail(?:s|ing)?)\b"
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
    r"(?i)\bopt|agree|consent|permission|ok(?:ay)? to|may we|accept|do not|don['’]?t|dont|please no|never|stop"
)


def consents(text: str) -> tuple[ConsentDraft, ...]:
    """Opt-ins and opt-outs, one per channel with the words they stand on; where both are said, the refusal counts."""
    found: dict[Channel, ConsentDraft] = {}
    if _CONSENT_HINT.search(text) is None:
        return ()
    for line in text[:LONGEST_READ].split("\n"):
        for piece in re.split(r", ?(?=[A-Z])|; ?", line):
            words = piece.strip()
            labelled = _OPT.search(words) or _OPT_REVERSED.search(words) or _OK_TO.search(words)
            if labelled is not None:
                answer = (labelled["answer"] or "yes").lower()
                given = answer[0] in "yt1" or answer.startswith("opted") and answer.endswith("in")
                if labelled.groupdict().get("dir", "in").lower() == "out" and not answer.startswith("opted"):
                    given = not given
                _note(found, labelled["channel"], given, words)
            else:
                for refused in _REFUSES.finditer(words):
                    _note(found, refused["channel"], False, words)
                agreed = _AGREES.search(words)
                if agreed is not None and not re.search(r"(?i)\bnot\b", agreed[0]):
                    _note(found, agreed["channel"], True, words)
    return tuple(found.values())


def _note(found: dict[Channel, ConsentDraft], word: str, given: bool, words: str) -> None:
    channel: Channel = next((name for start, name in _CHANNELS if word.lower().startswith(start)), "sms")
    if channel not in found or not given:
        found[channel] = ConsentDraft(channel=channel, given=given, text=words[:500])


_QUESTION: Final = re.compile(
    r"(?i)(?:¿|what(?:['’]?s)?|when|where|how|who|which|why|can (?:you|i|we)|could (?:you|i|we)|do you|does|is (?:it|this|that|the|there)|are (?:you|there|these)"
    r"|would you|will you|have you|may i)\b"
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


_NO_TRADE: Final = re.compile(
    r"(?i)\b(?:no|not|without|never|don['’]?t (?:have|want|need)|do not (?:have|want|need)|won['’]?t|isn['’]?t)\b(?: \w+){0,3}? trad(?:e|ing)(?:[- ]?ins?)?\b"
    r"|\btrad(?:e|ing)(?:[- ]?in)?(?: \w+){0,2} ?[:=?-] ?(?:no|none|n/?a|false|0)\b"
)
_SAYS_TRADE: Final = re.compile(
    r"(?i)\btrad(?:e|es|ed|ing)(?:[- ]?ins?)?\b(?! accelerator)|\bpart[- ]exchange\b|\btradein\b"
)


def says_trade(text: str) -> bool:
    """True when the customer speaks of a trade-in, and not only to say that there is none (Q16)."""
    if "trad" not in text.lower() and "exchange" not in text.lower():
        return False
    return _SAYS_TRADE.search(_NO_TRADE.sub(" ", text[:LONGEST_READ])) is not None


def sell_option(text: str) -> Literal["trade", "sell", "either"] | None:
    """Whether the owner wants to trade the vehicle in, sell it, or either, from a label or from plain words."""
    words = text[:LONGEST_READ]
    for label, value in labels(words):
        if label in ("options", "option", "selloption", "sellortrade", "tradeorsell", "wanttosellortrade", "intent"):
            trades, sells = re.search(r"(?i)\btrad", value), re.search(r"(?i)\b(?:sell|cash|buy ?out)\b", value)
            if re.fullmatch(r"(?i)(?:open|either|both|any)\b.{0,20}", value) or (trades and sells):
                return "either"
            if trades or sells:
                return "trade" if trades else "sell"
    trades = re.search(r"(?i)\btrad(?:e|ing)\b", _NO_TRADE.sub(" ", words))
    sells = re.search(
        r"(?i)\b(?:for|or|pay|take) cash\b|\bsell(?:ing)? (?:my|it|this|the|our|or|outright)\b|\bcash offer\b|\btrade or sell\b",
        words,
    )
    if trades and sells:
        return "either"
    return "sell" if sells else None


_MONEY_HINT: Final = re.compile(r"(?i)financ|loan|credit|approv|qualif|monthly")
_DRIVE_HINT: Final = re.compile(r"(?i)test|prueba|essai")


def wants_finance(text: str) -> bool:
    """True when financing is asked for or a credit application is sent; false when only cash or no financing is meant."""
    if _MONEY_HINT.search(text) is None:
        return False
    said = re.sub(
        r"(?i)\b(?:no|not|without|don['’]?t need|do not need|won['’]?t need)\b(?: \w+){0,2} (?:financ\w*|loan|credit)",
        " ",
        text[:LONGEST_READ],
    )
    said = re.sub(r"(?i)\b(?:financ\w*|loan)(?: \w+){0,2} ?[:=?-] ?(?:no|none|n/?a|false)\b", " ", said)
    return (
        re.search(
            r"(?i)\bfinanc(?:e|ed|ing|iaci[oó]n|iar|ement)\b|\bcredit app|\bpre-?(?:approv|qualif)|\bauto loan\b|\bmonthly (?:payment|income)",
            said,
        )
        is not None
    )


def wants_test_drive(text: str) -> bool:
    """True when a test drive or test ride is asked for."""
    if _DRIVE_HINT.search(text) is None:
        return False
    said = re.sub(
        r"(?i)\b(?:no|not|without|don['’]?t (?:want|need))\b(?: \w+){0,3} test[- ]?(?:drive|ride)",
        " ",
        text[:LONGEST_READ],
    )
    said = re.sub(r"(?i)\btest[- ]?(?:drive|ride)(?: \w+){0,2} ?[:=?-] ?(?:no|none|n/?a|false)\b", " ", said)
    return (
        re.search(r"(?i)\btest[- ]?(?:driv(?:e|ing)|rid(?:e|ing))\b|\bprueba de manejo\b|\bessai routier\b", said)
        is not None
    )
