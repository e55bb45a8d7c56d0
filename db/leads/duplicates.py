"""Whether a lead has been here before: resend, same wish, new wish, after close, or new (domain-rules 2.2 D)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from db.core.contact import name_key

WINDOW_DAYS: Final = 30
Outcome = Literal["identical", "resend", "same_person_same_vehicle", "same_person_new_vehicle", "after_close", "new"]


@dataclass(frozen=True, kw_only=True)
class VehicleFacts:
    """The wanted vehicle as far as it is told; empty text and None where it is not."""

    vin: str = ""
    stock: str = ""
    year: int | None = None
    make: str = ""
    model: str = ""

    @property
    def is_named(self) -> bool:
        """Whether it says which vehicle is meant; a year alone does not."""
        return bool(self.vin or self.stock or self.make or self.model)

    @property
    def label(self) -> str:
        """ "2026 Toyota Camry", else the VIN or stock number."""
        words = " ".join(str(part) for part in (self.year, self.make, self.model) if part)
        return words or self.vin or self.stock


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What a document says about person, wish and place.

    `external_ids` are (source, id) pairs with the source in comparable form (empty when nobody named it); `keys` as
    `contact.person_keys` gives them; `dealer_id` is the dealer it is meant for (None: none of ours was named) and
    `vendor_key` that dealer's name in comparable form. `has_moment` is True where the content names a moment or a
    number, so that equal content can only be the same document.
    """

    external_ids: frozenset[tuple[str, str]] = frozenset()
    is_resend: bool = False
    keys: frozenset[str] = frozenset()
    name: str = ""
    vehicle: VehicleFacts = field(default_factory=VehicleFacts)
    received_at: datetime
    dealer_id: int | None = None
    vendor_key: str = ""
    content_hash: str = ""
    has_moment: bool = False


@dataclass(frozen=True, kw_only=True)
class Known:
    """A lead we have: `dealer_ids` are its dealer and the one it named, `hashes` those of all its documents."""

    lead_id: int
    number: str
    status: str
    is_open: bool
    received_at: datetime
    external_ids: frozenset[tuple[str, str]] = frozenset()
    hashes: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    name: str = ""
    vehicle: VehicleFacts = field(default_factory=VehicleFacts)
    dealer_ids: frozenset[int] = frozenset()
    vendor_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a new arrival is. `lead_id` is the lead it belongs to, or (new wish, after close) the one it follows."""

    outcome: Outcome
    lead_id: int | None
    why: str
    warnings: tuple[str, ...] = ()

    @property
    def joins(self) -> bool:
        """Whether it becomes part of a lead we have instead of a lead of its own."""
        return self.outcome in ("identical", "resend", "same_person_same_vehicle")


def classify(new: Arrival, known: Iterable[Known], *, window_days: int = WINDOW_DAYS) -> Verdict:
    """What `new` is, beside the leads it shares any key, id or content with.

    Leads of other dealers never count: two dealers may each have the same person's wish. The window is measured
    between the times of receipt.
    """
    newest = sorted(known, key=lambda k: (k.is_open, k.received_at, k.lead_id), reverse=True)
    here = [k for k in newest if same_dealer(new, k)]
    within = timedelta(days=window_days)

    for lead in here:
        in_window = abs(new.received_at - lead.received_at) <= within
        if new.content_hash and new.content_hash in lead.hashes and (lead.is_open or in_window or new.has_moment):
            return Verdict(
                outcome="identical", lead_id=lead.lead_id, why=f"The same document is already lead {lead.number}."
            )

    warnings: list[str] = []
    for lead in here:
        numbers = sorted(new.external_ids & lead.external_ids)
        if not numbers:
            continue
        if _plainly_others(new, lead, has_source=any(source for source, _ in numbers)):
            source, number = numbers[0]
            named = f" of {source}" if source else ""
            warnings.append(f"Number {number}{named} is also on lead {lead.number}, but that is another person.")
            continue
        return Verdict(
            outcome="resend", lead_id=lead.lead_id, why=f"Number {numbers[0][1]} was sent before as lead {lead.number}."
        )

    same_person = [(lead, shared) for lead in here if (shared := new.keys & lead.keys)]
    for lead, shared in same_person if new.is_resend else ():
        in_window = abs(new.received_at - lead.received_at) <= within
        if same_vehicle(new.vehicle, lead.vehicle) and (lead.is_open or in_window):
            why = f"Marked as sent again; {_by(shared)} of lead {lead.number}."
            return Verdict(outcome="resend", lead_id=lead.lead_id, why=why, warnings=tuple(warnings))

    return _among(new, same_person, within=within, window_days=window_days, warnings=tuple(warnings))


def _among(
    new: Arrival,
    same_person: Sequence[tuple[Known, frozenset[str]]],
    *,
    within: timedelta,
    window_days: int,
    warnings: tuple[str, ...],
) -> Verdict:
    recent = [(k, shared) for k, shared in same_person if abs(new.received_at - k.received_at) <= within]
    for lead, shared in recent:
        if lead.is_open and same_vehicle(new.vehicle, lead.vehicle):
            wish = "the same vehicle" if new.vehicle.is_named and lead.vehicle.is_named else "no other vehicle named"
            why = f"{_by(shared).capitalize()} of open lead {lead.number}, {wish}, within {window_days} days."
            return Verdict(outcome="same_person_same_vehicle", lead_id=lead.lead_id, why=why, warnings=warnings)
    for lead, shared in recent:
        if lead.is_open:
            wishes = f"now {new.vehicle.label}, then {lead.vehicle.label}"
            why = f"{_by(shared).capitalize()} of open lead {lead.number}, but another vehicle ({wishes})."
            return Verdict(outcome="same_person_new_vehicle", lead_id=lead.lead_id, why=why, warnings=warnings)
    closed = [(k, shared) for k, shared in same_person if not k.is_open]
    for lead, shared in closed:
        why = f"{_by(shared).capitalize()} of lead {lead.number}, which is closed."
        return Verdict(outcome="after_close", lead_id=lead.lead_id, why=why, warnings=warnings)
    for lead, shared in same_person:
        days = abs(new.received_at - lead.received_at).days
        why = f"{_by(shared).capitalize()} of lead {lead.number}, but {days} days apart (more than {window_days})."
        return Verdict(outcome="new", lead_id=lead.lead_id, why=why, warnings=warnings)
    return Verdict(outcome="new", lead_id=None, why="Nobody we know yet.", warnings=warnings)


def same_dealer(new: Arrival, lead: Known) -> bool:
    """Whether both belong to one dealer; a side that names none fits any. Unknown dealers are told apart by name."""
    if new.dealer_id is not None:
        return not lead.dealer_ids or new.dealer_id in lead.dealer_ids
    return not (new.vendor_key and lead.vendor_key and new.vendor_key != lead.vendor_key)


def same_vehicle(one: VehicleFacts, other: VehicleFacts) -> bool:
    """VIN equal, or stock equal, or make and model equal in compatible years; true when one side names no vehicle.

    Two VINs that differ are two vehicles whatever else agrees.
    """
    if not one.is_named or not other.is_named:
        return True
    if one.vin and other.vin:
        return one.vin == other.vin
    if one.stock and other.stock and _plain(one.stock) == _plain(other.stock):
        return True
    if one.year and other.year and one.year != other.year:
        return False
    make, model = (_plain(one.make), _plain(other.make)), (_plain(one.model), _plain(other.model))
    makes_agree = not all(make) or make[0] == make[1]
    return makes_agree and all(model) and _models_agree(*model)


def _models_agree(one: str, other: str) -> bool:
    """Equal, or one continues the other with a trim ("Camry", "Camry XLE")."""
    return one == other or one.startswith(f"{other} ") or other.startswith(f"{one} ")


def _plain(text: str) -> str:
    return name_key(text)


def _plainly_others(new: Arrival, lead: Known, *, has_source: bool) -> bool:
    """Whether an equal number cannot mean the same person: no shared key and another name.

    A number whose source nobody named proves little, so there a shared key or the same name is needed.
    """
    if new.keys & lead.keys:
        return False
    names = (_plain(new.name), _plain(lead.name))
    if not all(names):
        return not has_source
    return names[0] != names[1]


def _by(keys: frozenset[str]) -> str:
    kinds = {key.partition(":")[0] for key in keys}
    words = {"email": "same e-mail", "phone": "same phone", "name": "same name and postal code"}
    return " and ".join(word for kind, word in words.items() if kind in kinds)
