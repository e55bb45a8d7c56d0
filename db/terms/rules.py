"""Terms between the manufacturer and a dealer: which there are, what a value may be, and which one holds on a day.

Every term is dated, so that a claim or an invoice of the past is priced with the rate of its own date (domain-rules P3,
2.1 W12 and W13). Numbers are whole: cents, hundredths of a percent, days, pieces, hundredths of an hour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal

from db.core.problems import Problems

Unit = Literal["word", "money", "rate", "percent", "days", "count", "hours"]
Value = int | str | None
"""A value in the unit of its kind; None is "no value"."""

TIERS = ("Platinum", "Gold", "Silver", "Bronze")
"""The standings a dealer can have, the best first."""

CORRECTION_REASON = 15
FIRST_DAY = date(2000, 1, 1)
FURTHEST = timedelta(days=3 * 366)
LONGEST_REASON = 1_000
NO_VALUE = "No value"
NOTHING = frozenset({"none", "no value", "no", "-", "–", "n/a"})
SMALLEST = {"money": 2, "rate": 2, "percent": 2, "hours": 2, "days": 0, "count": 0}
"""Decimal places people type for each unit; the stored number is whole."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of term. `lowest` and `highest` bound the number, `suggestion` is only shown in the form."""

    name: str
    label: str
    unit: Unit
    lowest: int = 0
    highest: int = 0
    suggestion: Value = None
    choices: tuple[str, ...] = ()
    short: str = ""
    help: str = ""

    @property
    def head(self) -> str:
        """The heading of a narrow column."""
        return self.short or self.label


_MATRIX = "domain-rules 2.1, authorization matrix"
KINDS: tuple[Kind, ...] = (
    Kind(name="tier", label="Tier", unit="word", choices=TIERS, help="The dealer's standing"),
    Kind(
        name="labour_rate", label="Labour rate", unit="rate", lowest=20_00, highest=500_00,
        help="What one hour of warranty work is paid, on the date of the repair (W12)",
    ),
    Kind(
        name="parts_markup", label="Parts markup", unit="percent", lowest=0, highest=150_00, suggestion=40_00,
        help="What is added to the net price of a part, on the date of the repair (W13)",
    ),
    Kind(
        name="credit_limit", label="Credit limit", unit="money", lowest=0, highest=100_000_000_00,
        help="What the dealer may owe at most",
    ),
    Kind(
        name="payment_terms", label="Payment terms", unit="days", lowest=0, highest=180, suggestion=30,
        help="Days from invoice to payment",
    ),
    Kind(
        name="auth_assembly", label="Self-authorization: assembly", short="Auth. assembly", unit="money",
        highest=100_000_00, suggestion=2_500_00, help=f"What the dealer repairs without asking ({_MATRIX})",
    ),
    Kind(
        name="auth_paint", label="Self-authorization: paint", short="Auth. paint", unit="money", highest=100_000_00,
        suggestion=500_00, help=f"What the dealer repairs without asking ({_MATRIX})",
    ),
    Kind(
        name="auth_corrosion", label="Self-authorization: corrosion", short="Auth. corrosion", unit="money",
        highest=100_000_00, suggestion=500_00, help=f"What the dealer repairs without asking ({_MATRIX})",
    ),
    Kind(
        name="auth_trim", label="Self-authorization: trim, glass, upholstery", short="Auth. trim, glass", unit="money",
        highest=100_000_00, suggestion=500_00, help=f"What the dealer repairs without asking ({_MATRIX})",
    ),
    Kind(
        name="auth_goodwill", label="Self-authorization: goodwill", short="Auth. goodwill", unit="money",
        highest=100_000_00, suggestion=500_00, help=f"What the dealer grants without asking ({_MATRIX})",
    ),
    Kind(
        name="auth_tires", label="Self-authorization: tires", short="Auth. tires", unit="count", highest=20,
        suggestion=2, help=f"Tires on one repair order without asking ({_MATRIX})",
    ),
    Kind(
        name="auth_other_labour", label="Self-authorization: other labour", short="Auth. other labour", unit="hours",
        highest=100_00, suggestion=1_00, help=f"Hours of other labour without asking ({_MATRIX})",
    ),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
NEEDED = ("labour_rate", "parts_markup", "credit_limit")
"""Terms an active dealer cannot well be without: claims and orders are priced with them."""


# ---- which value holds -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class TermRow:
    """One recorded value of one term; `recorded` says in which order rows were added."""

    valid_from: date
    recorded: int
    number: int | None = None
    word: str | None = None

    @property
    def value(self) -> Value:
        """The number or the word."""
        return self.number if self.word is None else self.word


def row_on(rows: Iterable[TermRow], on: date) -> TermRow | None:
    """The row that holds on a day: the latest beginning up to it, of one day the one recorded last."""
    begun = [row for row in rows if row.valid_from <= on]
    return max(begun, key=lambda row: (row.valid_from, row.recorded)) if begun else None


def value_on(rows: Iterable[TermRow], on: date) -> Value:
    """The value of a term on a day; None before its first row and while it has no value."""
    row = row_on(rows, on)
    return row.value if row is not None else None


# ---- what people type ------------------------------------------------------------------------------------------------
def find_kind(text: str) -> Kind | None:
    """The kind somebody names: by its name or label, whatever case and signs."""
    wanted = _bare(text)
    return next((k for k in KINDS if wanted in {_bare(k.name), _bare(k.label)}), None) if wanted else None


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold().replace("labour", "labor")).strip()


def read_value(kind: Kind, text: str, problems: Problems, *, field: str = "value") -> Value:
    """What somebody typed as a value of this kind ("145", "$1,500.00", "40%", "gold"); "none" is no value.

    Money and percent are rounded half up to two places. Empty and unreadable texts are noted at `field`.
    """
    text = " ".join(text.split())
    if not text:
        problems.add(field, "required", f"{kind.label} is needed; write none to end it.")
        return None
    if text.casefold() in NOTHING:
        return None
    if kind.unit == "word":
        return check_value(kind, text, problems, field=field)
    written = re.sub(r"(?i)[\s$,%]|usd|days?|net|hours?|/?\s*hr?\b|per", "", text)
    try:
        typed = Decimal(written)
        if not typed.is_finite() or abs(typed) > Decimal("1e13"):
            raise InvalidOperation
    except InvalidOperation:
        problems.add(
            field, "not_a_number", f'"{text[:40]}" is no value of {kind.label.lower()}, such as {example(kind)}.'
        )
        return None
    whole = (typed * 10 ** SMALLEST[kind.unit]).to_integral_value(ROUND_HALF_UP)
    if kind.unit in ("days", "count") and whole != typed:
        problems.add(field, "not_whole", f"{kind.label} is a whole number.")
        return None
    return check_value(kind, int(whole), problems, field=field)


def check_value(kind: Kind, value: Value, problems: Problems, *, field: str = "value") -> Value:
    """A value within the bounds of its kind, a word in its own spelling; a problem at `field` for anything else."""
    if value is None:
        return None
    if kind.unit == "word":
        known = {choice.casefold(): choice for choice in kind.choices}
        if not isinstance(value, str) or value.casefold() not in known:
            problems.add(field, "unknown_word", f"{kind.label} is one of {', '.join(kind.choices)}.")
            return None
        return known[value.casefold()]
    if isinstance(value, str | bool):
        problems.add(field, "not_a_number", f"{kind.label} is a number, such as {example(kind)}.")
        return None
    if not kind.lowest <= value <= kind.highest:
        low, high = number_label(kind, kind.lowest), number_label(kind, kind.highest)
        problems.add(field, "out_of_range", f"{kind.label} lies between {low} and {high}.")
    return value


def check_day(valid_from: date | None, *, today: date, reason: str, problems: Problems) -> bool:
    """Whether a change is of the past, as of the dealer's `today`; that needs a reason people can understand later.

    Problems belong to valid_from and reason.
    """
    if len(reason) > LONGEST_REASON:
        problems.add("reason", "too_long", f"A reason has at most {LONGEST_REASON:,} characters.")
    if valid_from is None:
        problems.add("valid_from", "required", "The first day is needed.")
        return False
    if valid_from < FIRST_DAY:
        problems.add("valid_from", "too_early", f"Terms begin on {day_label(FIRST_DAY)} or later.")
    elif valid_from > today + FURTHEST:
        problems.add("valid_from", "too_late", "At most three years ahead.")
    is_past = valid_from < today
    if is_past and len(reason.strip()) < CORRECTION_REASON:
        sentence = f"A change of the past needs a reason of at least {CORRECTION_REASON} characters."
        problems.add("reason", "too_short", sentence, rule="domain-rules P3")
    return is_past


def raised(value: int, hundredths_of_percent: int) -> int:
    """A number raised (or lowered) by a share, rounded half up away from zero."""
    exact = Decimal(value) * (10_000 + hundredths_of_percent) / 10_000
    return int(exact.to_integral_value(ROUND_HALF_UP))


# ---- words -----------------------------------------------------------------------------------------------------------
def example(kind: Kind) -> str:
    """A value as somebody would type it."""
    if kind.suggestion is not None:
        return typed_label(kind, kind.suggestion)
    return {"word": TIERS[1], "rate": "145.00", "money": "250,000.00"}.get(kind.unit, "30")


def _places(value: int, places: int) -> str:
    return f"{Decimal(value).scaleb(-places):,.{places}f}"


def typed_label(kind: Kind, value: Value) -> str:
    """A value as it stands in a form: a bare number or word."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _places(value, SMALLEST[kind.unit])


def number_label(kind: Kind, value: int) -> str:
    """A number with its unit: "145.00 an hour", "40.00%", "30 days", "1.00 h"."""
    bare = _places(value, SMALLEST.get(kind.unit, 0))
    if kind.unit == "days":
        return f"{bare} day" if value == 1 else f"{bare} days"
    return bare + {"rate": " an hour", "percent": "%", "count": " a repair order", "hours": " h"}.get(kind.unit, "")


def value_label(kind: Kind, value: Value) -> str:
    """A value for people; "No value" where there is none."""
    if value is None:
        return NO_VALUE
    return value if isinstance(value, str) else number_label(kind, value)


def difference_label(kind: Kind, old: Value, new: Value) -> str:
    """What a change means: "+7.00 an hour (+4.8%)", "one tier up", "first value", "ends"."""
    if old == new:
        return "No difference"
    if old is None:
        return "First value"
    if new is None:
        return "Ends the value"
    if isinstance(old, str) or isinstance(new, str):
        if old in kind.choices and new in kind.choices:
            steps = kind.choices.index(str(old)) - kind.choices.index(str(new))
            tiers = "tier" if abs(steps) == 1 else "tiers"
            return f"{abs(steps)} {tiers} {'up' if steps > 0 else 'down'}"
        return "Another word"
    sign = "+" if new > old else "\N{MINUS SIGN}"
    # A share of a share would be read wrong: 37.5% to 60% is 22.5 points, and 60% more.
    words = sign + number_label(kind, abs(new - old)).replace("%", " points")
    if old == 0:
        return words
    share = (Decimal(abs(new - old)) * 100 / abs(old)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{words} ({sign}{share:,}%)"


def day_label(day: date) -> str:
    """ "1 Dec 2026"."""
    return f"{day.day} {day:%b %Y}"
