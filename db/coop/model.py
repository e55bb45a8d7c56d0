"""Co-op programmes as data: accrual, media with rates, caps, pre-approval and proofs, deadlines (domain-rules 2.3).

A programme is a pydantic model, so that a version is stored as JSON and read back with every field checked. Money is
cents, rates are hundredths of a percent (2% is 200), days are those of the dealer.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from db.coop.lot_rules import expires_on

Medium = Literal["print", "radio", "tv", "direct_mail", "outdoor", "wrap", "digital", "items", "event"]
MEDIA: Final[dict[str, str]] = {
    "print": "Print", "radio": "Radio", "tv": "TV", "direct_mail": "Direct mail", "outdoor": "Outdoor",
    "wrap": "Vehicle wrap", "digital": "Digital", "items": "Promotional items", "event": "Trade show",
}  # fmt: skip
Cost = Literal[
    "space", "printing", "postage", "goods", "fee", "agency_commission", "production", "special_position", "other"
]
COSTS: Final[dict[str, str]] = {
    "space": "Space or airtime", "printing": "Printing", "postage": "Postage", "goods": "Goods", "fee": "Stand or fee",
    "agency_commission": "Agency commission", "production": "Production", "special_position": "Special position charge",
    "other": "Other",
}  # fmt: skip
Proof = Literal[
    "invoice",
    "payment",
    "tear_sheet",
    "affidavit",
    "script",
    "video",
    "tv_script",
    "printer_invoice",
    "sample",
    "postal_receipt",
    "photo",
    "agency_invoice",
    "photos_all_sides",
    "analysis_report",
    "item_photos",
]
PROOFS: Final[dict[str, str]] = {
    "invoice": "Invoice", "payment": "Proof of payment", "tear_sheet": "Full tear sheet with date and name, no copy",
    "affidavit": "Notarized affidavit", "script": "Script with ANA/RAB certification", "video": "Video",
    "tv_script": "ANA/TVB script", "printer_invoice": "Printer's invoice", "sample": "Sample of the mailing",
    "postal_receipt": "Postal receipt", "photo": "Photo", "agency_invoice": "Agency's invoice",
    "photos_all_sides": "Photos of all sides", "analysis_report": "Analysis report",
    "item_photos": "Photos of the items",
}  # fmt: skip
UNFILED: Final = ("video",)
"""Proofs the store of files takes no file of (db.documents.content): a reference is enough for them."""
ALWAYS: Final = ("invoice", "payment")
"""Every medium needs these (domain-rules 2.3, ALL)."""

Amount = Annotated[int, Field(gt=0, le=100_000_000_00)]
Rate = Annotated[int, Field(ge=0, le=100_00)]
Days = Annotated[int, Field(ge=0, le=730)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Z0-9][A-Z0-9-]{1,29}$")]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MediumRule(_Frozen):
    """What one medium pays: the share of eligible cost, its caps, whether it asks first, and what proves it.

    `cap_cents` holds for a dealer's year; `cap_of_accrual` is a share of what the fund has accrued ("promotional items
    up to 30% of accrual"). Where both are set the lower one counts.
    """

    rate: Rate = 50_00
    cap_cents: Amount | None = None
    cap_of_accrual: Rate | None = None
    preapproval: bool = False
    proofs: tuple[Proof, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Every proof of the medium, those of all media first."""
        return (*ALWAYS, *(p for p in self.proofs if p not in ALWAYS))


_STANDARD: Final[dict[Medium, MediumRule]] = {
    "print": MediumRule(rate=50_00, proofs=("tear_sheet",)),
    "radio": MediumRule(rate=50_00, preapproval=True, proofs=("affidavit", "script")),
    "tv": MediumRule(rate=50_00, preapproval=True, proofs=("video", "affidavit", "tv_script")),
    "direct_mail": MediumRule(rate=50_00, proofs=("printer_invoice", "sample", "postal_receipt")),
    "outdoor": MediumRule(rate=50_00, proofs=("photo", "agency_invoice")),
    "wrap": MediumRule(rate=50_00, proofs=("photos_all_sides",)),
    "digital": MediumRule(rate=75_00, proofs=("analysis_report",)),
    "items": MediumRule(rate=50_00, cap_of_accrual=30_00, proofs=("item_photos",)),
    "event": MediumRule(rate=50_00, preapproval=True, proofs=("photo",)),
}  # fmt: skip


class Programme(_Frozen):
    """One version of a programme, whole. It covers purchases and activities of its `year`.

    A lot expires at the end of the month it was earned in plus `lot_months`. `models` names rates of accrual for
    models that differ. `approval_days` is how long a pre-approval holds, `claim_days` how long after the activity a
    claim is taken, `decide_days` what we promise for a decision. `remind_days` are the days before the last day of a
    lot on which the dealer is reminded of what is left of it, each once; none: nobody is reminded by the desk itself.
    `proof_files` says that a proof counts only as a file that was uploaded, not by its reference alone.
    """

    code: Code
    name: Word
    year: Annotated[int, Field(ge=2000, le=2100)]
    accrual: Rate = 2_00
    models: dict[Word, Rate] = {}
    lot_months: Annotated[int, Field(ge=1, le=36)] = 6
    media: dict[Medium, MediumRule] = dict(_STANDARD)
    ineligible: tuple[Cost, ...] = ("agency_commission", "production", "special_position")
    brand_share: Rate = 50_00
    mentions_per_30s: Annotated[int, Field(ge=0, le=30)] = 2
    minimum_cents: Annotated[int, Field(ge=0, le=1_000_000_00)] = 25_00
    approval_days: Days = 90
    claim_days: Days = 60
    decide_days: Days = 10
    remind_days: tuple[Annotated[int, Field(ge=1, le=365)], ...] = (60, 30)
    proof_files: bool = False

    @field_validator("remind_days")
    @classmethod
    def _in_order(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(days), reverse=True))

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.media:
            raise ValueError("a programme pays at least one medium")
        return self

    @property
    def last_day(self) -> date:
        """The last day any money of the year can be spent: that of what is earned in December."""
        return expires_on(date(self.year, 12, 31), self.lot_months)

    def covers(self, day: date) -> bool:
        """Whether an activity that ends on a day can be paid: from the first day of the year to `last_day`.

        What is earned late in the year lives into the next one, and would be worth nothing if only the year counted.
        """
        return date(self.year, 1, 1) <= day <= self.last_day

    def needs_file(self, proof: str) -> bool:
        """Whether a proof counts only as a file."""
        return self.proof_files and proof not in UNFILED

    def rate_of(self, model: str) -> int:
        """The rate of accrual for a model, whatever its capitals."""
        named = {name.casefold(): rate for name, rate in self.models.items()}
        return named.get(model.strip().casefold(), self.accrual)


def programme_to_json(programme: Programme) -> dict[str, Any]:
    """A programme as it is stored with its version."""
    return programme.model_dump(mode="json")


def programme_from_json(body: dict[str, Any]) -> Programme:
    """A stored programme; what an older version did not know has its default."""
    return Programme.model_validate(body)


def read_programme(body: dict[str, Any]) -> tuple[Programme | None, list[tuple[str, str]]]:
    """A programme from what a form or file holds, or (field, sentence) of everything that is wrong with it."""
    try:
        return Programme.model_validate(body), []
    except ValidationError as error:
        found = []
        for one in error.errors():
            bare = one["msg"].removeprefix("Value error, ")
            found.append((".".join(str(p) for p in one["loc"]), f"{bare[:1].upper()}{bare[1:]}."))
        return None, found
