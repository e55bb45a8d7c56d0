"""A view of a page under a name: which words of its address are kept, and how it reads in a list of kept reports.

A view is a kept report whose `spec` names a page; everything else of it is the address of that page (decision 0076).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from db.reports.period_rules import OWN, PERIODS, Span

PAGE: Final = "page"
LONGEST: Final = 120


@dataclass(frozen=True, kw_only=True)
class ViewPage:
    """A page whose views may be kept: its title, and the words its address is made of."""

    title: str
    fields: tuple[str, ...]
    prefix: str


VIEWS: Final[Mapping[str, ViewPage]] = {
    "overview": ViewPage(
        title="Overview", prefix="ovw",
        fields=(
            "ovw_period", "ovw_from", "ovw_until", "ovw_region", "ovw_dealer", "ovw_brand", "ovw_tier", "ovw_measure",
            "ovw_places",
        ),
    ),
}  # fmt: skip


def page_of(query: Mapping[str, Sequence[str]]) -> str:
    """The page a kept report is a view of; empty where it is one of the builder, or of a page there is not."""
    found = (list(query.get(PAGE, ())) or [""])[-1]
    return found if found in VIEWS else ""


def kept(page: str, query: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The words of an address that make a view of a page: one for each of its fields, what is empty left out."""
    words = {name: [w for w in query.get(name, ()) if w and len(w) <= LONGEST][-1:] for name in VIEWS[page].fields}
    return {PAGE: [page]} | {name: found for name, found in words.items() if found}


def word_of(query: Mapping[str, Sequence[str]], name: str) -> str:
    """The one word of a field; empty where there is none."""
    return (list(query.get(name, ())) or [""])[-1]


def fixed(page: str, query: Mapping[str, Sequence[str]], span: Span) -> dict[str, list[str]]:
    """The same view with the months it shows now, instead of a period that moves on with the days."""
    prefix = VIEWS[page].prefix
    months = {f"{prefix}_from": [f"{span.first:%Y-%m}"], f"{prefix}_until": [f"{span.last:%Y-%m}"]}
    return {name: list(words) for name, words in query.items()} | {f"{prefix}_period": [OWN]} | months


def describe_view(query: Mapping[str, Sequence[str]]) -> str:
    """A view in one line: "Overview, Mar 2026 to May 2026, East, gold"."""
    page = page_of(query)
    prefix = VIEWS[page].prefix
    said = [VIEWS[page].title, _period_words(query, prefix)]
    said += [word_of(query, f"{prefix}_{name}") for name in ("region", "brand", "tier")]
    if word_of(query, f"{prefix}_dealer"):
        said.append("one dealer")
    return ", ".join(word for word in said if word)


def _period_words(query: Mapping[str, Sequence[str]], prefix: str) -> str:
    period = word_of(query, f"{prefix}_period")
    if period != OWN:
        return PERIODS.get(period, "")
    ends = [_month_words(word_of(query, f"{prefix}_{end}")) for end in ("from", "until")]
    return " to ".join(dict.fromkeys(end for end in ends if end))


def _month_words(key: str) -> str:
    try:
        return f"{date.fromisoformat(f'{key}-01'):%b %Y}"
    except ValueError:
        return ""
