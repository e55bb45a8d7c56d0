"""Brand and product line of a wish: the bounded words leads are reported by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.contact import name_key
from db.leads.tables import ProductLine

OTHER: Final = "Other"
NOT_STATED: Final = "Not stated"

_BRANDS: Final = {
    "alfa": "Alfa Romeo", "bmw": "BMW", "chevy": "Chevrolet", "gmc": "GMC", "harley": "Harley-Davidson",
    "harley davidson": "Harley-Davidson", "ktm": "KTM", "mercedes": "Mercedes-Benz", "mercedes benz": "Mercedes-Benz",
    "mb": "Mercedes-Benz", "mini cooper": "MINI", "mini": "MINI", "rolls royce": "Rolls-Royce", "vw": "Volkswagen",
    "landrover": "Land Rover", "range rover": "Land Rover", "mclaren": "McLaren", "infiniti": "INFINITI",
}  # fmt: skip


def brand_of(make: str | None) -> str:
    """A make as brands are written: "VW" and "volkswagen" are both "Volkswagen"; at most 40 characters."""
    text = " ".join((make or "").split())
    known = _BRANDS.get(name_key(text))
    if known:
        return known
    return (text.title() if text.islower() or (text.isupper() and len(text) > 3) else text)[:40]


def brand_key(make: str | None) -> str:
    """A make in comparable form."""
    return name_key(brand_of(make))


@dataclass(frozen=True, kw_only=True)
class Line:
    """A product line: `models` are the beginnings of model names, in comparable form."""

    name: str
    brand: str
    models: tuple[str, ...]


def list_lines(session: Session) -> list[Line]:
    """Every product line by name, with its words in comparable form; they belong to the desk, so there is no scope."""
    rows = session.execute(select(ProductLine.name, ProductLine.brand, ProductLine.models).order_by(ProductLine.name))
    return [
        Line(name=name, brand=brand_key(brand), models=tuple(name_key(m) for m in models))
        for name, brand, models in rows
    ]


def product_of(lines: Iterable[Line], *, make: str | None, model: str | None, given: str = "") -> str:
    """The product line of a wish, `Other` when none fits, `Not stated` when no vehicle or product is named.

    `given` is what the sender itself calls the product: a line of that name wins, else it is read as a model.
    """
    lines = list(lines)
    for line in lines:
        if given and name_key(line.name) == name_key(given):
            return line.name
    brand, wanted = brand_key(make), name_key(model or "") or name_key(given)
    if not brand and not wanted:
        return NOT_STATED
    fitting = [
        (len(start), line.name)
        for line in lines
        if not brand or not line.brand or line.brand == brand
        for start in line.models
        if start and (wanted == start or wanted.startswith(f"{start} "))
    ]
    return max(fitting)[1] if fitting else OTHER
