"""Refusals that explain themselves: a list of problems, each tied to its field and its rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from db.core.labels import storable


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason why a command was refused.

    `code` is stable and machine-readable (`too_long`, `not_allowed`, `stale` ...); `message` is a sentence for the
    person who typed; `field` is the name of the command's argument the sentence belongs to, or empty when it belongs
    to the whole; `rule` is the number of the business rule in domain-rules, where there is one.
    """

    code: str
    message: str
    field: str = ""
    rule: str = ""


class Refused(Exception):  # noqa: N818 - the product's own word for it, used in every sentence about commands
    """A command that was not carried out, with every problem found; the transaction is rolled back."""

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("a refusal needs at least one problem")
        super().__init__("; ".join(p.message for p in problems))
        self.problems = problems

    @property
    def code(self) -> str:
        """The code of the first problem."""
        return self.problems[0].code


LONGEST_TOLD = 80
"""Characters of a value that a refusal quotes."""
MOST_TOLD = 6
"""Fields of which a refusal quotes both values; of more it says how many."""


@dataclass(frozen=True, kw_only=True)
class Differing:
    """One field that is stored otherwise than it was typed; both values as people read them."""

    label: str
    stored: str
    typed: str

    def __str__(self) -> str:
        """ "Phone: stored “555 01”, yours “555 02”"."""
        return f"{self.label}: stored {_quoted(self.stored)}, yours {_quoted(self.typed)}"


def _quoted(value: str) -> str:
    text = " ".join(value.split())
    if len(text) > LONGEST_TOLD:
        text = text[: LONGEST_TOLD - 1] + "…"
    return f"“{text}”" if text else "empty"


def read_aloud(value: object) -> str:
    """A value of a form as people read it: yes and no, days with their month, lists with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(one) for one in value)
    return str(value)


def differing(labels: Mapping[str, str], stored: Mapping[str, object], typed: Mapping[str, object]) -> list[Differing]:
    """The fields of `typed` that are stored otherwise, in the order of `labels`."""
    return [
        Differing(label=label, stored=read_aloud(stored.get(name)), typed=read_aloud(typed[name]))
        for name, label in labels.items()
        if name in typed and read_aloud(typed[name]).split() != read_aloud(stored.get(name)).split()
    ]


class Stale(Refused):
    """A decision made on a screen that was out of date: says who changed the record, when, and both values.

    `changed_by` and `changed_at` (UTC) come from the record as it is now, so the screen can name the first decider.
    `differs` are the fields this person had typed otherwise than they are stored now (reliability.md R04).
    """

    def __init__(
        self, *, what: str, changed_by: str, changed_at: datetime, status: str = "", differs: Sequence[Differing] = ()
    ) -> None:
        sentence = f"{what} was changed by {changed_by} at {changed_at.astimezone(UTC):%H:%M} UTC"
        sentence += f" and is now {status}." if status else "."
        if differs:
            told = [str(one) for one in differs[:MOST_TOLD]]
            if len(differs) > MOST_TOLD:
                told.append(f"and {len(differs) - MOST_TOLD} more")
            sentence += " " + "; ".join(told) + "."
        sentence += " Nothing was saved; what you typed is still here."
        super().__init__(Problem(code="stale", message=sentence))
        self.changed_by = changed_by
        self.changed_at = changed_at
        self.differs = tuple(differs)


class NotFound(Refused):
    """A record that does not exist or that this actor may not see; both answer alike, so ids cannot be probed."""

    def __init__(self, what: str) -> None:
        super().__init__(Problem(code="not_found", message=f"{what} was not found."))


@dataclass
class Problems:
    """Collects problems field by field, then raises them all at once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, field_name: str, code: str, message: str, *, rule: str = "") -> None:
        """Note one problem of `field_name`."""
        self.found.append(Problem(field=field_name, code=code, message=message, rule=rule))

    def require(self, value: str | None, field_name: str, label: str, *, longest: int = 4000) -> str:
        """Return `value` stripped; note a problem when it is empty or longer than `longest` characters.

        A text of spaces and invisible characters only counts as empty.
        """
        text = storable(value or "").strip()
        if not any(c.isprintable() and not c.isspace() for c in text):
            self.add(field_name, "required", f"{label} is needed.")
        elif len(text) > longest:
            self.add(
                field_name,
                "too_long",
                f"{label} has {len(text):,} characters; at most {longest:,} fit.",
            )
        return text

    def refuse_if_any(self) -> None:
        """Raise `Refused` with everything noted so far, if anything was."""
        if self.found:
            raise Refused(*self.found)
