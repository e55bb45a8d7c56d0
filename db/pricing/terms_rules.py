"""The terms of a request as they were typed, checked field by field, with the discount as percent or as an amount."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from db.core.labels import plural, storable
from db.core.problems import Problems
from db.pricing.band_rules import DEFAULT, WHOLE, Asked, Policy, discount_of, money, percent, share

KINDS: Final = {"vehicle": "Vehicle", "parts": "Parts"}
REPEATS: Final = {"one_time": "One-time", "program": "Program"}
LONGEST_REASON: Final = 1_000
MOST_UNITS: Final = 10_000
MOST_CENTS: Final = 100_000_000_00


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is asked for: prices of one unit in cents; the discount as a percentage (hundredths) or as cents, not both.

    `kind` is vehicle or parts; `repeats` is one_time or program; `valid_days` is how long an approval holds.
    """

    kind: str = "vehicle"
    subject: str = ""
    list_cents: int | None = None
    cost_cents: int | None = None
    percent: int | None = None
    discount_cents: int | None = None
    units: int | None = 1
    repeats: str = "one_time"
    valid_days: int | None = None
    legal_text: bool = False
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Sound:
    """Terms that were checked: nothing is missing, the discount is cents of one unit."""

    kind: str
    subject: str
    list_cents: int
    cost_cents: int
    discount_cents: int
    units: int
    repeats: str
    valid_days: int
    legal_text: bool
    reason: str

    @property
    def total_cents(self) -> int:
        """What it costs as a whole."""
        return self.discount_cents * self.units

    @property
    def percent(self) -> int:
        """The discount in hundredths of a percent of the list price, rounded half up."""
        return share(self.discount_cents, self.list_cents)

    @property
    def margin(self) -> int:
        """What is left between cost and net price, in hundredths of a percent of the net price."""
        net = self.list_cents - self.discount_cents
        return share(net - self.cost_cents, net)

    def asked(self, budget_left: int | None) -> Asked:
        """What the bands look at."""
        return Asked(
            list_cents=self.list_cents, cost_cents=self.cost_cents, discount_cents=self.discount_cents,
            units=self.units, legal_text=self.legal_text, budget_left=budget_left,
        )  # fmt: skip

    def words(self) -> str:
        """ "4% off Roadster GT, 3 units, $2,400 in all"."""
        return f"{percent(self.percent)} off {self.subject}, {plural(self.units, 'unit')}, {money(self.total_cents)}"


def subject_key(text: str) -> str:
    """What makes two requests speak of the same model or part: case and spaces do not count."""
    return " ".join(storable(text).casefold().split())[:120]


def check_terms(terms: Terms, problems: Problems, *, policy: Policy = DEFAULT) -> Sound | None:
    """The terms made sound, or None with every problem noted at its field."""
    before = len(problems.found)
    if terms.kind not in KINDS:
        problems.add("kind", "required", "Choose vehicle or parts.")
    if terms.repeats not in REPEATS:
        problems.add("repeats", "required", "Choose one-time or program.")
    subject = problems.require(terms.subject, "subject", "The model or part", longest=120)
    reason = problems.require(terms.reason, "reason", "A reason", longest=LONGEST_REASON)
    _positive(terms.list_cents, "list_cents", "The list price", problems)
    if terms.cost_cents is None:
        problems.add("cost_cents", "required", "The cost of one unit is needed: the margin is one of the bounds.")
    elif not 0 <= terms.cost_cents <= MOST_CENTS:
        problems.add("cost_cents", "out_of_range", "The cost is not a sensible amount.")
    if terms.units is None or not 1 <= terms.units <= MOST_UNITS:
        problems.add("units", "out_of_range", f"Between 1 and {MOST_UNITS:,} units.")
    days = policy.valid_days if terms.valid_days is None else terms.valid_days
    if not 1 <= days <= policy.longest_valid_days:
        problems.add("valid_days", "out_of_range", f"An approval holds 1 to {policy.longest_valid_days} days.")
    discount = _discount(terms, problems)
    if len(problems.found) > before:
        return None
    assert terms.list_cents is not None
    assert terms.cost_cents is not None
    assert terms.units is not None
    return Sound(
        kind=terms.kind, subject=" ".join(subject.split()), list_cents=terms.list_cents, cost_cents=terms.cost_cents,
        discount_cents=discount, units=terms.units, repeats=terms.repeats, valid_days=days,
        legal_text=terms.legal_text, reason=reason,
    )  # fmt: skip


def _positive(cents: int | None, field: str, label: str, problems: Problems) -> None:
    if cents is None:
        problems.add(field, "required", f"{label} is needed.")
    elif not 0 < cents <= MOST_CENTS:
        problems.add(field, "out_of_range", f"{label} is not a sensible amount.")


def _discount(terms: Terms, problems: Problems) -> int:
    """The discount of one unit in cents."""
    if (terms.percent is None) == (terms.discount_cents is None):
        code = "required" if terms.percent is None else "both"
        problems.add("percent", code, "Give the discount in percent or as an amount, one of the two.")
        return 0
    if terms.percent is not None:
        if not 0 < terms.percent <= WHOLE:
            problems.add("percent", "out_of_range", "The discount lies above 0 and up to 100 percent.")
            return 0
        found = discount_of(terms.list_cents or 0, terms.percent)
        if terms.list_cents and found == 0:
            problems.add("percent", "nothing", "This is less than one cent.")
        return found
    amount = terms.discount_cents or 0
    if amount <= 0:
        problems.add("discount_cents", "out_of_range", "The discount is above 0.")
    elif terms.list_cents and amount > terms.list_cents:
        problems.add("discount_cents", "out_of_range", "The discount is more than the list price.")
    return amount


def typed_again(sound: Sound) -> Terms:
    """Sound terms as a form shows them again; the discount as the amount it was."""
    return Terms(**asdict(sound))
