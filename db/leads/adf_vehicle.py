"""One vehicle element of an ADF document, read as it stands (Q8-Q10, Q14)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element

from db.core import vin as vins
from db.leads import adf_values as values
from db.leads.adf_draft import Colour, Money, VehicleDraft, VehicleOption
from db.leads.adf_tree import Notes, attribute, block, children, first, ids_of, line, wrapped

KNOWN: Final = frozenset(
    {"id", "interest", "status", "year", "make", "model", "vin", "stock", "trim", "doors", "bodystyle", "transmission"}
    | {
        "odometer",
        "condition",
        "colorcombination",
        "imagetag",
        "price",
        "pricecomments",
        "option",
        "options",
        "finance",
    }
    | {"comments", "color", "exteriorcolor", "interiorcolor"}
)
_PRICE_TYPES: Final = frozenset({"quote", "offer", "msrp", "invoice", "call", "appraisal", "asking"})
_ODOMETER_STATUSES: Final = frozenset({"unknown", "rolledover", "replaced", "original"})


def vehicle_of(element: Element, notes: Notes, path: str, *, received_at: datetime) -> VehicleDraft:
    """Read one vehicle; whatever is outside the standard is kept as written where it can be, with a warning."""
    interest_raw = attribute(element, "interest") or line(first(element, "interest"))
    interest = values.word_of(interest_raw, values.INTERESTS)
    if interest_raw and interest is None:
        notes.add(
            "interest_unknown",
            f"{path}/@interest",
            interest_raw,
            "This interest is not in the standard; it is kept as written.",
        )
    status_raw = attribute(element, "status") or line(first(element, "status"))
    status = values.word_of(status_raw, values.STATUSES)
    if status_raw and status != status_raw.lower():
        notes.add("status_unknown", f"{path}/@status", status_raw, "A vehicle is either new or used in the standard.")
    year_raw = line(first(element, "year"))
    year = values.year_of(year_raw, today=received_at.date()) if year_raw else None
    if year_raw and year is None and re.search(r"[1-9]", year_raw):
        notes.add("year_invalid", f"{path}/year", year_raw, "This is no model year.")
    odometer, units, odometer_status = _odometer(element, notes, path)
    condition_raw = line(first(element, "condition"))
    price = first(element, "price")
    money = _money(price, notes, f"{path}/price", default="quote")
    finance = first(element, "finance")
    balance = first(finance, "balance")
    amounts = (
        _money(amount, notes, f"{path}/finance/amount", default="total") for amount in children(finance, "amount")
    )
    method = line(first(finance, "method"))
    return VehicleDraft(
        interest=interest or (" ".join(interest_raw.lower().split()) if interest_raw else "buy"),
        interest_raw=interest_raw,
        status=status,
        status_raw=status_raw,
        ids=ids_of(element),
        year=year,
        year_raw=year_raw,
        make=line(first(element, "make")),
        model=line(first(element, "model")),
        vin=_vin(element, year, notes, path),
        stock=line(first(element, "stock")),
        trim=line(first(element, "trim")),
        doors=line(first(element, "doors")),
        bodystyle=line(first(element, "bodystyle")),
        transmission=line(first(element, "transmission")),
        odometer=odometer,
        odometer_units=units,
        odometer_status=odometer_status,
        condition=values.word_of(condition_raw, values.CONDITIONS),
        condition_raw=condition_raw,
        colours=_colours(element),
        image_url=line(first(element, "imagetag")),
        price_cents=money.cents if money and money.cents > 0 else None,
        price_type=(attribute(price, "type") or "quote").lower() if line(price) else None,
        currency=_currency(price, notes, f"{path}/price") if line(price) else None,
        price_raw=line(price),
        price_comments=block(first(element, "pricecomments")),
        options=tuple(_option(option, notes, f"{path}/option") for option in wrapped(element, "option", "options")),
        finance_method=values.word_of(method, values.METHODS) or (method.lower() if method else None),
        finance_amounts=tuple(amount for amount in amounts if amount),
        finance_balance=_money(balance, notes, f"{path}/finance/balance", default="finance"),
        comments="\n".join(dict.fromkeys(text for found in children(element, "comments") if (text := block(found))))
        or None,
    )


def _vin(element: Element, year: int | None, notes: Notes, path: str) -> str | None:
    raw = line(first(element, "vin"))
    if raw is None or not (vin := vins.clean(raw)):
        return None
    if not vins.has_shape(vin):
        notes.add("vin_shape", f"{path}/vin", raw, "A VIN has 17 characters and none of I, O and Q.")
        return vin if len(vin) <= 30 else raw
    if not vins.check_ok(vin) and vin[0] in "12345":
        notes.add(
            "vin_check",
            f"{path}/vin",
            raw,
            f"Position 9 of this VIN should be {vins.check_digit(vin)}; one character is wrong.",
        )
    if year and vins.contradicts_year(vin, year):
        meant = " or ".join(str(found) for found in vins.model_years(vin))
        notes.add("vin_year", f"{path}/vin", raw, f"The VIN belongs to a {meant} model, the document says {year}.")
    return vin


def _odometer(element: Element, notes: Notes, path: str) -> tuple[int | None, str | None, str | None]:
    found = first(element, "odometer")
    text = line(found)
    if text is None:
        return None, None, None
    distance, units = values.odometer_of(text)
    if distance is None:
        notes.add("odometer_invalid", f"{path}/odometer", text, "This odometer reading is not a number.")
    said = attribute(found, "units", "unit")
    if said:
        units = values.word_of(said, values.ODOMETER_UNITS) or units
        if values.word_of(said, values.ODOMETER_UNITS) is None:
            notes.add("odometer_units", f"{path}/odometer/@units", said, "Distances are in mi or km.")
    status = (attribute(found, "status") or "").lower() or None
    if status and status not in _ODOMETER_STATUSES:
        notes.add("odometer_status", f"{path}/odometer/@status", status, "This odometer status is not in the standard.")
    return distance, units, status


def _currency(element: Element | None, notes: Notes, path: str) -> str | None:
    raw = attribute(element, "currency")
    if raw is None:
        return None
    if re.fullmatch(r"[A-Z]{3}", raw) is None:
        notes.add("currency_format", f"{path}/@currency", raw, "A currency is three capital letters (ISO 4217).")
    return raw.upper() if re.fullmatch(r"[A-Za-z]{3}", raw) else None


def _money(element: Element | None, notes: Notes, path: str, *, default: str) -> Money | None:
    """The amount of a price, amount or balance; None when empty, relative (`delta`) or not a number."""
    text = line(element)
    if element is None or text is None:
        return None
    kind = (attribute(element, "type") or default).lower()
    if default == "quote" and kind not in _PRICE_TYPES:
        notes.add("price_type", f"{path}/@type", kind, "This price type is not in the standard; it is kept as written.")
    if (attribute(element, "delta") or "absolute").lower() in ("relative", "percentage"):
        return None
    cents = values.cents_of(text)
    if cents is None:
        notes.add("amount_invalid", path, text, "This amount is not a number.")
        return None
    limit = attribute(element, "limit")
    return Money(
        kind=kind, cents=cents, currency=_currency(element, notes, path), limit=limit.lower() if limit else None
    )


def _colours(element: Element) -> tuple[Colour, ...]:
    found: list[Colour] = []
    for holder in children(element, "colorcombination"):
        exterior = line(first(holder, "exteriorcolor"))
        interior = line(first(holder, "interiorcolor"))
        wish = line(first(holder, "preference")) or ""
        if exterior or interior:
            preference = int(wish) if re.fullmatch(r"[0-9]{1,3}", wish) else None
            found.append(Colour(exterior=exterior, interior=interior, preference=preference))
    exterior = line(first(element, "exteriorcolor", "color"))
    interior = line(first(element, "interiorcolor"))
    if exterior or interior:
        found.append(Colour(exterior=exterior, interior=interior))
    return tuple(sorted(found, key=lambda colour: colour.preference or 1000))


def _option(element: Element, notes: Notes, path: str) -> VehicleOption:
    weight = line(first(element, "weighting")) or ""
    number = re.fullmatch(r"([+-]?[0-9]{1,3})%?", weight)
    weighting = int(number[1]) if number and abs(int(number[1])) <= 100 else None
    if weight and weighting is None:
        notes.add("weighting", f"{path}/weighting", weight, "A weighting runs from -100 to +100.")
    return VehicleOption(
        name=line(first(element, "optionname", "name")) or (line(element) if not len(element) else None),
        code=line(first(element, "manufacturercode")),
        stock=line(first(element, "stock")),
        weighting=weighting,
        price=_money(first(element, "price"), notes, f"{path}/price", default="quote"),
    )
