"""The element tree of an ADF document with folded names, safe text access and a notebook for what is odd (Q21-Q23)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from db.core.contact import is_placeholder
from db.leads.adf_comments import plain
from db.leads.adf_draft import ExternalId, Issue, NotReadable, Severity
from db.leads.adf_privacy import mask

DEEPEST: Final = 100
_PUNCTUATION: Final = str.maketrans("", "", "-_.")
_ALIASES: Final = {
    "stocknumber": "stock", "stockno": "stock", "stocknum": "stock", "stockid": "stock",
    "modelyear": "year", "vehicleyear": "year", "mileage": "odometer", "vinnumber": "vin",
    "bodytype": "bodystyle", "body": "bodystyle", "colourcombination": "colorcombination",
    "exteriorcolour": "exteriorcolor", "interiorcolour": "interiorcolor",
    "comment": "comments", "notes": "comments", "note": "comments", "remarks": "comments", "message": "comments",
    "customercomments": "comments", "emailaddress": "email", "mail": "email",
    "zip": "postalcode", "zipcode": "postalcode", "postcode": "postalcode", "postal": "postalcode",
    "state": "regioncode", "province": "regioncode", "region": "regioncode", "statecode": "regioncode",
    "apt": "apartment",
    "dealername": "vendorname", "dealershipname": "vendorname", "dealership": "vendorname", "dealer": "vendor",
    "requestdatetime": "requestdate", "lead": "prospect",
}  # fmt: skip


def fold(name: str) -> str:
    """An element or attribute name without prefix, case and punctuation."""
    bare = name.rpartition("}")[2].rpartition(":")[2].lower()
    return bare.translate(_PUNCTUATION) or bare


def folded(root: Element) -> Element:
    """Fold all names of the tree in place; raises `NotReadable` (too_deep) when elements are nested absurdly deep."""
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise NotReadable("too_deep", f"The elements are nested more than {DEEPEST} deep.")
        below: list[Element] = []
        for element in level:
            name = fold(element.tag)
            element.tag = _ALIASES.get(name, name) if element is not root else name
            attributes = list(element.attrib.items())
            element.attrib.clear()
            for key, value in attributes:
                element.attrib.setdefault(fold(key), value)
            below.extend(element)
        level = below
    return root


def line(element: Element | None) -> str | None:
    """All text in `element` on one line; None when there is none or only a placeholder such as `N/A`."""
    if element is None:
        return None
    text = " ".join("".join(element.itertext()).split())
    return None if not text or is_placeholder(text) else text


def block(element: Element | None) -> str | None:
    """All text in `element` with its lines, HTML breaks included (Q6); None when there is none."""
    if element is None:
        return None
    parts: list[str] = []
    _collect(element, parts)
    text = plain("".join(parts))
    return None if not text or is_placeholder(text) else text


def _collect(element: Element, parts: list[str]) -> None:
    # The depth of the tree is limited by `folded`, so this recursion is too.
    parts.append(element.text or "")
    for child in element:
        if child.tag in ("br", "p", "div", "li", "tr"):
            parts.append("\n")
        _collect(child, parts)
        parts.append(child.tail or "")


def attribute(element: Element | None, *names: str) -> str | None:
    """The first non-empty attribute of these folded names."""
    if element is None:
        return None
    return next((value for name in names if (value := element.get(name, "").strip())), None)


def first(element: Element | None, *names: str) -> Element | None:
    """The first child of one of these names that has any text or children, else the first at all."""
    found = [child for child in element if child.tag in names] if element is not None else []
    return next((child for child in found if line(child)), found[0] if found else None)


def children(element: Element | None, *names: str) -> Iterator[Element]:
    """Every child of one of these names, in document order."""
    return (child for child in (element if element is not None else ()) if child.tag in names)


def wrapped(element: Element | None, name: str, wrapper: str) -> Iterator[Element]:
    """Children of this name, also those that a sender put into a wrapper such as `vehicles` or `options`."""
    for child in element if element is not None else ():
        if child.tag == name:
            yield child
        elif child.tag == wrapper:
            yield from children(child, name)


def ids_of(element: Element | None) -> tuple[ExternalId, ...]:
    """The `id` children: source, value and sequence as written, None where empty (Q25)."""
    return tuple(
        ExternalId(source=_clean(found.get("source")), value=line(found), sequence=_clean(found.get("sequence")))
        for found in children(element, "id")
    )


def _clean(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None


@dataclass
class Notes:
    """Collects the issues of one prospect."""

    base: str
    found: list[Issue] = field(default_factory=list)

    def add(self, code: str, path: str, value: str | None, message: str, *, severity: Severity = "warning") -> None:
        """Note one issue; the value is masked and cut so that no personal number leaks into logs and bounces."""
        shown = mask((value or "")[:200])[0][:80]
        issue = Issue(code=code, severity=severity, path=f"{self.base}/{path}", value=shown, message=message)
        if issue not in self.found[-20:]:
            self.found.append(issue)


def unknown_leaves(element: Element | None, known: Iterable[str]) -> Iterator[tuple[str, Element]]:
    """Children this reader has no place for, with their names: extensions kept beside the lead (Q13, Q14)."""
    names = frozenset(known)
    return ((child.tag, child) for child in (element if element is not None else ()) if child.tag not in names)
