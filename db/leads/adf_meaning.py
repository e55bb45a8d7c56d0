"""Which vehicle is wanted and which is the customer's own: what feeds mean, not what they write (Q16-Q18)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from db.core import vin as vins
from db.leads import adf_values as values
from db.leads.adf_comments import labels, says_trade
from db.leads.adf_draft import VehicleDraft
from db.leads.adf_tree import Notes

_TRADE_PREFIX: Final = re.compile(
    r"(?:customer)?(?:tradein|trade|currentvehicle|myvehicle)(?:in|vehicle|info|details?)*"
)
_FIELDS: Final = {
    "year": "year", "modelyear": "year", "yr": "year",
    "make": "make", "brand": "make", "manufacturer": "make",
    "model": "model", "modelname": "model",
    "vin": "vin", "vinnumber": "vin",
    "mileage": "odometer", "odometer": "odometer", "miles": "odometer", "odometerreading": "odometer",
    "kilometers": "odometer",
    "condition": "condition", "trim": "trim", "color": "colour", "colour": "colour",
}  # fmt: skip
_SENTENCE: Final = re.compile(
    r"(?i)\btrad(?:e|ing)(?:[- ]?in)?(?: in)?(?: of)?:? (?:for |on )?(?:my |a |an |our |the )?"
    r"(?P<year>(?:19|20)\d{2}) (?P<make>[A-Za-z][A-Za-z-]+) "
    r"(?P<model>[A-Za-z0-9][\w-]*)"
)
_VEHICLE_TEXT: Final = re.compile(
    r"(?P<year>(?:19|20)\d{2}) (?P<make>[A-Za-z][A-Za-z-]+) (?P<model>[^,;()]{1,60}?)(?:[,;(].*)?"
)
_VALUE_MY_TRADE: Final = re.compile(
    r"(?i)\bvalue (?:my|your) trade\b|\btrade[- ]?in (?:value|valuation|appraisal)\b"
    r"|\bsell (?:my|your) (?:car|vehicle|truck|bike)\b|\btrade appraisal\b"
)


def without_fragment(text: str) -> str:
    """`text` without an opening parenthesis or bracket that is never closed, and what follows it (Q17)."""
    open_at: list[int] = []
    for position, letter in enumerate(text):
        if letter in "([":
            open_at.append(position)
        elif letter in ")]" and open_at:
            open_at.pop()
    if not open_at:
        return text
    kept = text[: open_at[0]].rstrip(" -,/")
    return kept or text.replace("(", "").replace("[", "").strip()


def spoken_case(text: str) -> str:
    """Words a form shouted in capitals, capitalised; words of up to three letters stay (`BMW`, `CR-V`)."""
    if not text.isupper():
        return text
    return re.sub(r"[A-Z0-9]{4,}", lambda word: word[0].capitalize(), text)


def wanted_of(vehicles: Sequence[VehicleDraft], notes: Notes) -> VehicleDraft | None:
    """The vehicle of interest: the first that is not the customer's own and says which it is, else None (Q16)."""
    candidates = [vehicle for vehicle in vehicles if not vehicle.is_trade]
    said = [vehicle for vehicle in candidates if vehicle.is_identified]
    said = said or [vehicle for vehicle in candidates if vehicle.comments or vehicle.price_cents or vehicle.image_url]
    return _without_fragments(said[0], vehicles, notes) if said else None


def trade_in_of(
    vehicles: Sequence[VehicleDraft],
    wanted: VehicleDraft | None,
    *,
    comments: str,
    heading: str,
    notes: Notes,
    received_at: datetime,
) -> VehicleDraft | None:
    """The customer's own vehicle, or None.

    A mirrored one (it repeats the wanted vehicle and says nothing of its own) is dropped unless the customer speaks of
    a trade (Q16). Blanks are filled from labelled comments: always from `Trade-in make: …`, and from plain `Make: …`
    only where an own vehicle was sent empty or the form itself values trades (`heading` holds the names the form gives
    itself), so the financed vehicle of a credit application never turns into a trade (Q18).
    """
    own = [vehicle for vehicle in vehicles if vehicle.is_trade]
    kept: VehicleDraft | None = None
    for vehicle in own:
        if not vehicle.is_identified:
            continue
        if wanted is not None and is_mirror(vehicle, wanted) and not says_trade(comments):
            path = f"vehicle[{vehicles.index(vehicle) + 1}]"
            notes.add(
                "trade_mirrored", path, vehicle.label, "This trade-in only repeats the wanted vehicle; it was left out."
            )
            continue
        kept = kept or vehicle
    text = "\n".join(part for part in (comments, *(vehicle.comments or "" for vehicle in own)) if part)
    values_trades = _VALUE_MY_TRADE.search(f"{heading}\n{text}") is not None
    empty_own = bool(own) and not any(vehicle.is_identified for vehicle in own)
    plain_labels = kept is None and (empty_own or (values_trades and wanted is None))
    derived = _from_comments(text, plain_labels=plain_labels, received_at=received_at)
    if kept is None and derived is not None and (derived.model or derived.make or derived.vin):
        kept = replace(derived, interest=own[0].interest if own else "trade-in", ids=own[0].ids if own else ())
        notes.add("trade_from_comments", "customer/comments", kept.label, "The trade-in was read from the comments.")
    elif kept is not None and derived is not None and _same_vehicle(kept, derived):
        kept = _filled(kept, derived)
    if kept is None:
        return None
    return replace(_without_fragments(kept, vehicles, notes), status=kept.status or "used")


def is_mirror(own: VehicleDraft, wanted: VehicleDraft) -> bool:
    """True when an own vehicle only echoes the wanted one: same VIN, or same model and no year, VIN or odometer."""
    if own.vin and wanted.vin and own.vin == wanted.vin:
        return True
    if own.year or own.vin or own.odometer or own.stock:
        return False
    if own.make and wanted.make and _key(own.make) != _key(wanted.make):
        return False
    mine, theirs = _key(own.model), _key(wanted.model)
    if not mine or not theirs:
        return not mine and bool(own.make) and _key(own.make) == _key(wanted.make)
    shorter, longer = sorted((mine, theirs), key=len)
    return f" {shorter} " in f" {longer} "


def _key(text: str | None) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", without_fragment(text or "").lower()))


def _without_fragments(vehicle: VehicleDraft, vehicles: Sequence[VehicleDraft], notes: Notes) -> VehicleDraft:
    model = without_fragment(vehicle.model) if vehicle.model else None
    trim = without_fragment(vehicle.trim) if vehicle.trim else None
    if (model, trim) == (vehicle.model, vehicle.trim):
        return vehicle
    path = f"vehicle[{vehicles.index(vehicle) + 1}]/model" if vehicle in vehicles else "customer/comments"
    notes.add(
        "model_truncated", path, vehicle.model, "The text was cut off by the sender; the unfinished part was left out."
    )
    return replace(vehicle, model=model, trim=trim)


def _same_vehicle(kept: VehicleDraft, derived: VehicleDraft) -> bool:
    return all(
        not theirs or not ours or _key(str(ours)) == _key(str(theirs))
        for ours, theirs in ((kept.year, derived.year), (kept.make, derived.make), (kept.model, derived.model))
    )


def _filled(kept: VehicleDraft, derived: VehicleDraft) -> VehicleDraft:
    return replace(
        kept,
        year=kept.year or derived.year,
        make=kept.make or derived.make,
        model=kept.model or derived.model,
        vin=kept.vin or derived.vin,
        trim=kept.trim or derived.trim,
        odometer=kept.odometer if kept.odometer is not None else derived.odometer,
        odometer_units=kept.odometer_units or derived.odometer_units,
        condition=kept.condition or derived.condition,
        condition_raw=kept.condition_raw or derived.condition_raw,
    )


def _from_comments(text: str, *, plain_labels: bool, received_at: datetime) -> VehicleDraft | None:
    found: dict[str, str] = {}
    for label, value in labels(text):
        prefix = _TRADE_PREFIX.match(label)
        rest = label[prefix.end() :] if prefix else label
        if prefix and not rest and (whole := _VEHICLE_TEXT.fullmatch(value)):
            for part, words in whole.groupdict().items():
                found.setdefault(part, words)
        elif (name := _FIELDS.get(rest)) and (prefix or plain_labels) and value and not _says_nothing(value):
            found.setdefault(name, value)
    if not found and (sentence := _SENTENCE.search(text)):
        found = sentence.groupdict()
    if not found:
        return None
    year = values.year_of(found.get("year", ""), today=received_at.date())
    odometer, units = values.odometer_of(found.get("odometer", ""))
    vin = vins.clean(found.get("vin", ""))
    condition = found.get("condition")
    return VehicleDraft(
        interest="trade-in",
        status="used",
        year=year,
        year_raw=found.get("year"),
        make=_cased(found.get("make")),
        model=_cased(found.get("model")),
        vin=vin if vins.has_shape(vin) else None,
        trim=_cased(found.get("trim")),
        odometer=odometer,
        odometer_units=units,
        # A described state that is no ADF word still says that the vehicle is not new.
        condition=(values.word_of(condition, values.CONDITIONS) or "used") if condition else None,
        condition_raw=condition,
    )


def _says_nothing(value: str) -> bool:
    return value.strip().lower() in ("", "n/a", "na", "none", "no", "-", "null", "unknown", "0")


def _cased(text: str | None) -> str | None:
    return spoken_case(" ".join(text.split()))[:100] or None if text else None
