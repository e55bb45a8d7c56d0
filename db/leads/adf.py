"""ADF leads: bytes in, lead drafts or an explained refusal out; no database, no clock, no network (3.1-3.4)."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from db.leads.adf_decode import place_of, text_of
from db.leads.adf_draft import Document, Issue, LeadDraft, NotReadable
from db.leads.adf_read import prospect_of
from db.leads.adf_repair import prolog_end, repair
from db.leads.adf_tree import folded

__all__ = ["Document", "Issue", "LeadDraft", "NotReadable", "bounce_text", "parse"]

_ROOT: Final = re.compile(r"<\s{0,5}([A-Za-z_][\w.:-]{0,100})")
_ROOTS: Final = frozenset({"adf", "prospect"})
_EXPAT: Final = {
    2: "The markup is broken here.",
    3: "The document ends before its first element.",
    4: "The markup is broken here.",
    5: "The document ends in the middle of a tag or text.",
    7: "This end tag does not match the element that is open.",
    8: "This tag carries the same attribute twice.",
    9: "There is more after the end of the document.",
    11: "This reference names nothing XML knows.",
    27: "This prefix is not declared.",
}


def parse(raw: bytes, *, received_at: datetime, country: str = "US") -> Document:
    """Read one ADF document of at most 2 MB.

    `received_at` (aware) is when it arrived, `country` the dealer's two-letter code. Raises `NotReadable` when the
    document as a whole cannot be used; a prospect that cannot become a lead is returned with `quarantine` set.
    """
    if received_at.tzinfo is None:
        raise ValueError("received_at must know its zone")
    text, issues = text_of(raw)
    start = _root_start(text)
    root, is_repaired = _tree(text, start, issues)
    prospects = _prospects(folded(root))
    if not prospects:
        raise NotReadable("no_prospect", "The document holds no prospect, so there is no lead in it.")
    return Document(
        prospects=tuple(
            prospect_of(element, position=number, received_at=received_at, country=country)
            for number, element in enumerate(prospects, start=1)
        ),
        issues=tuple(issues),
        sha256=hashlib.sha256(raw).hexdigest(),
        repaired=is_repaired or any(issue.code == "encoding_guessed" for issue in issues),
    )


def _root_start(text: str) -> int:
    start = prolog_end(text)
    found = _ROOT.match(text, start)
    if found is not None:
        name = found[1].rpartition(":")[2].lower()
        if name in _ROOTS:
            return start
        line, column = place_of(text, start)
        raise NotReadable(
            "not_adf",
            f"The root element is <{found[1][:40]}>; an ADF document starts with <adf>.",
            value=found[1],
            line=line,
            column=column,
        )
    if re.search(r"(?i)<(?:[\w.-]{1,60}:)?(?:adf|prospect)[\s>/]", text) is not None:
        line, column = place_of(text, start)
        raise NotReadable(
            "text_around",
            "There is text before the root element.",
            value=text[start:].strip(),
            line=line,
            column=column,
        )
    raise NotReadable("not_adf", "The document holds no <adf> element.", value=text.strip())


def _tree(text: str, start: int, issues: list[Issue]) -> tuple[Element, bool]:
    """The element tree, and whether anything had to be repaired to get it (with a warning that says so)."""
    try:
        root = fromstring(text[start:], forbid_dtd=True)
    except DefusedXmlException as error:
        raise NotReadable(
            "dtd_forbidden", "The document declares a document type or entities; for safety none is accepted."
        ) from error
    except (ParseError, ValueError) as error:
        problem = _problem(text, start, error)
        if problem.code == "several_documents":
            raise problem from error
    else:
        if _prolog_is_sound(text[:start]):
            return root, False
        issues.append(
            _warning(
                "prolog_repaired", "line 1", "The lines before the root element are not XML; they were passed over."
            )
        )
        return root, True
    try:
        root = fromstring(repair(text, start), forbid_dtd=True)
    except NotReadable as refusal:
        raise refusal from problem
    except (ParseError, ValueError, DefusedXmlException) as error:
        # The place in the sender's own text helps; a place in our repaired text would not.
        raise problem from error
    issues.append(
        _warning(
            "repaired",
            problem.problems[0].path,
            f"The XML had to be repaired before it could be read. {problem.message}",
        )
    )
    return root, True


def _warning(code: str, path: str, message: str) -> Issue:
    return Issue(code=code, severity="warning", path=path, value="", message=message)


def _prolog_is_sound(prolog: str) -> bool:
    if not prolog.strip():
        return True
    try:
        fromstring(f"{prolog}<adf/>", forbid_dtd=True)
    except (ParseError, ValueError, DefusedXmlException):
        return False
    return True


def _problem(text: str, start: int, error: Exception) -> NotReadable:
    if not isinstance(error, ParseError):
        return NotReadable("malformed", "The markup is broken.")
    code, (row, column) = error.code, error.position
    first_line, first_column = place_of(text, start)
    line = first_line + row - 1
    column = column + 1 if row > 1 else first_column + column
    message = _EXPAT.get(code, "The markup is broken here.")
    kind = "malformed"
    if code == 9:
        lines = text[start:].split("\n")
        rest = "\n".join([lines[row - 1][error.position[1] :], *lines[row:]]).lstrip() if row <= len(lines) else ""
        is_second = rest.startswith("<") and not rest.startswith("</")
        kind = "several_documents" if is_second else "text_around"
        message = "There is a second root element." if is_second else "There is text after the end of the document."
    elif code == 11:
        kind = "unknown_entity"
    return NotReadable(kind, message, line=line, column=column)


def _prospects(root: Element) -> list[Element]:
    if root.tag == "prospect":
        return [root]
    found: list[Element] = []
    level = [root]
    while level:
        below: list[Element] = []
        for element in level:
            if element.tag == "prospect":
                found.append(element)
            else:
                below.extend(element)
        level = below
    if not found and any(child.tag in ("customer", "vehicle") for child in root):
        return [root]
    return found


_ADVICE: Final = {
    "empty": "Send the lead again with the ADF document in it.",
    "too_large": "Send at most 2 MB a document; split a long list of leads into several.",
    "encoding": "Save the document as UTF-8 and name that encoding in its first line.",
    "dtd_forbidden": "Remove the DOCTYPE and every entity declaration, then send it again.",
    "not_adf": "Send a document whose root element is <adf>.",
    "no_document": "Put the ADF document in the body of the mail or attach it as .xml or .adf.",
    "text_around": "Send the <adf> element alone, without text before or after it.",
    "several_documents": "Put all prospects into one <adf> element, or send one document a file.",
    "malformed": "Check that every element is closed and correctly nested, then send it again.",
    "illegal_character": "Remove control characters and references to them, then send it again.",
    "unknown_entity": "Write the character itself or its number, for example &#160; for a fixed space and &amp; for &.",
    "too_deep": "Send a document that follows the ADF structure.",
    "no_prospect": "Put at least one <prospect> into the document.",
    "no_contact_point": "Add a phone number or an e-mail address of the customer and send the lead again.",
}


def bounce_text(refusal: NotReadable | LeadDraft, *, file_name: str) -> str:
    """What the sender is told: what was wrong, where, and what to do; plain text, no customer data."""
    if isinstance(refusal, LeadDraft):
        reasons = [issue for issue in refusal.issues if issue.severity == "error"]
        told = f'Prospect {refusal.position} in "{file_name}" was not accepted as a lead.'
        code = reasons[0].code if reasons else ""
        what, where = refusal.quarantine or "", reasons[0].path if reasons else ""
    else:
        told = f'The document "{file_name}" was not accepted, and no lead was created from it.'
        code, what, where = refusal.code, refusal.message, refusal.problems[0].path
    lines = [told, "", f"Reason: {what}"]
    if where:
        lines.append(f"Place: {where}")
    lines += [f"What to do: {_ADVICE.get(code, 'Correct it and send it again.')}", f"Code: {code}"]
    return "\n".join(lines) + "\n"
