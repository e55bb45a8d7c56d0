"""What the entry form says of a draft: each finding at the field it is about, and how many things stand in the way.

The findings are those of adjudication itself (W01 to W28); here they only find their place. What was not typed yet is
"open" until the dealer tries to send, so that an empty form is no wall of errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from db.claims.draft_rules import LABELS
from db.claims.model import ChargeDraft, ClaimDraft, JobDraft, Result
from db.claims.rule_book import RULE_BOOK
from db.core.labels import plural

BLOCKS, OPEN, DENIES, PERSON, CORRECTS, WARNS = "blocks", "open", "denies", "person", "corrects", "warns"
WEIGHTS: Final[dict[str, str]] = {"E": BLOCKS, "X": DENIES, "A": PERSON, "R": CORRECTS, "W": WARNS}
ORDER: Final = (BLOCKS, OPEN, DENIES, PERSON, CORRECTS, WARNS)
WORDS: Final[dict[str, str]] = {
    BLOCKS: "Blocks sending", OPEN: "To fill in", DENIES: "Would be denied", PERSON: "A person decides",
    CORRECTS: "Amount corrected", WARNS: "Warning",
}  # fmt: skip
FIELDS: Final[dict[str, str]] = {
    **LABELS,
    "dealer_id": "Dealer", "claim_type": "Type", "ro_opened_on": "Opened", "ro_closed_on": "Closed",
    "failed_on": "Failed", "reported_on": "Reported", "odometer_in": "Odometer in", "odometer_out": "Odometer out",
    "exclusions": "What speaks against it", "attachments": "Files", "jobs": "Jobs", "charges": "Lines",
    "action": "What was done", "quantity": "Quantity", "unit_cents": "Each", "original_number": "Original claim",
}  # fmt: skip
"""How a field is called where somebody is sent to it."""
SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "vehicle": ("dealer_id", "claim_type", "vin", "original_number"),
    "repair": ("ro_number", "ro_opened_on", "ro_closed_on", "failed_on", "reported_on", "odometer_in", "odometer_out",
               "technician", "advisor", "pre_auth_number", "campaign_number", "contract_number"),
    "reasons": ("exclusions", "late_reason", "goodwill_reason", "note"),
    "jobs": ("jobs",), "lines": ("charges",), "files": ("attachments",),
}  # fmt: skip
"""The sections of the form by the name of their anchor, with the fields of each."""
_SECTION_OF = {field: section for section, fields in SECTIONS.items() for field in fields}


@dataclass(frozen=True, kw_only=True)
class Note:
    """One finding at its place: how it weighs, the rule with its title, the sentence, and field, job or line."""

    weight: str
    rule: str
    title: str
    sentence: str
    field: str = ""
    job: int = 0
    charge: int = 0

    @property
    def section(self) -> str:
        """The anchor of the section it is drawn in."""
        if self.field == "attachments":
            return "files"
        if self.charge:
            return "lines"
        return "jobs" if self.job else _SECTION_OF.get(self.field, "vehicle")

    @property
    def where(self) -> str:
        """The field in words, with the number of its job or line."""
        name = FIELDS.get(self.field, "")
        at = f"Line {self.charge}" if self.charge else f"Job {self.job}" if self.job else ""
        return ", ".join(part for part in (at, name.lower() if at and name != "VIN" else name) if part) or self.title


def _is_blank(draft: ClaimDraft, result: Result) -> bool:
    """Whether the finding is about something nobody typed yet."""
    if result.field in ("attachments", "jobs"):
        return True
    one: Any = draft
    if result.charge:
        one = next((c for c in draft.charges if c.position == result.charge), None)
    elif result.job:
        one = next((j for j in draft.jobs if j.position == result.job), None)
    return one is not None and getattr(one, result.field, 0) in (None, "", ())


def notes_of(results: Iterable[Result], draft: ClaimDraft, *, revealed: bool) -> tuple[Note, ...]:
    """The failed results of a tidy draft at their places, the weightiest first; the same sentence once a place.

    `revealed` (somebody tried to send, or it came back) turns what is open into what blocks.
    """
    found: dict[tuple[str, str, int, int], Note] = {}
    for r in results:
        if r.passed:
            continue
        weight = WEIGHTS[r.level]
        if weight == BLOCKS and not revealed and _is_blank(draft, r):
            weight = OPEN
        title = RULE_BOOK[r.rule].title if r.rule in RULE_BOOK else r.rule
        note = Note(weight=weight, rule=r.rule, title=title, sentence=r.sentence, field=r.field, job=r.job,
                    charge=r.charge)  # fmt: skip
        found.setdefault((r.sentence, r.field, r.job, r.charge), note)
    return tuple(sorted(found.values(), key=lambda n: (ORDER.index(n.weight), n.job, n.charge, n.rule)))


def blocking(notes: Iterable[Note]) -> int:
    """How many things keep the draft from being sent; what is still open is one of them."""
    return sum(n.weight in (BLOCKS, OPEN) for n in notes)


def count_line(notes: Sequence[Note]) -> str:
    """The notes in one line: "2 things block sending, 1 warning"; a sentence of its own when there are none."""
    counts = {weight: sum(n.weight == weight for n in notes) for weight in ORDER}
    said = {
        BLOCKS: f"{plural(counts[BLOCKS], 'thing')} {'blocks' if counts[BLOCKS] == 1 else 'block'} sending",
        OPEN: f"{counts[OPEN]:,} still to fill in",
        DENIES: f"{plural(counts[DENIES], 'reason')} to deny",
        PERSON: f"{counts[PERSON]:,} for a person to decide",
        CORRECTS: f"{plural(counts[CORRECTS], 'amount')} corrected",
        WARNS: plural(counts[WARNS], "warning"),
    }  # fmt: skip
    line = ", ".join(said[weight] for weight in ORDER if counts[weight])
    return line or "No rule finds anything"


def _says_something(one: JobDraft | ChargeDraft) -> bool:
    if isinstance(one, ChargeDraft):
        return bool(one.code.strip() or one.description.strip() or one.unit_cents)
    texts = (getattr(one, name) for name in one.__dataclass_fields__ if name not in ("position", "action"))
    return any(text.strip() for text in texts)


def kept_places(rows: Sequence[JobDraft | ChargeDraft]) -> tuple[int, ...]:
    """The places (from 1) of the rows that are stored: the n-th job or line of the tidy draft was typed at the n-th."""
    return tuple(place for place, one in enumerate(rows, 1) if _says_something(one))
