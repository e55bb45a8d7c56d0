"""Who the people of a dealer are: their roles, and what must be true of a person before it is stored."""

from __future__ import annotations

from datetime import date

from db.core.problems import Problems

ROLES: dict[str, str] = {
    "principal": "Dealer principal",
    "general_manager": "General manager",
    "sales_manager": "Sales manager",
    "service_manager": "Service manager",
    "parts_manager": "Parts manager",
    "warranty_administrator": "Warranty administrator",
    "accounting": "Accounting",
    "marketing": "Marketing",
    "other": "Other",
}
LONGEST_NAME = 120
LONGEST_NOTE = 1_000


def role_named(text: str) -> str | None:
    """The role a label or name means, whatever its case; None for one that is not in the list."""
    plain = " ".join(text.replace("_", " ").split()).casefold()
    return next((name for name, label in ROLES.items() if plain in (name.replace("_", " "), label.casefold())), None)


def person_key(name: str) -> str:
    """A person's name as it is compared within one dealer: without case and doubled spaces."""
    return " ".join(name.split()).casefold()


def check_person_name(name: str, problems: Problems) -> str:
    """The name with single spaces; a problem when it is empty or too long."""
    return problems.require(" ".join(name.split()), "name", "The name", longest=LONGEST_NAME)


def check_role(role: str, problems: Problems) -> str:
    """One of the roles of the list."""
    if role not in ROLES:
        problems.add(
            "role", "required" if not role else "unknown_role", f"The role is one of {', '.join(ROLES.values())}."
        )
    return role


def check_note(note: str, problems: Problems) -> str:
    """The note as it is kept; a problem when it is too long."""
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        sentence = f"The note has {len(note):,} characters; at most {LONGEST_NOTE:,} fit."
        problems.add("note", "too_long", sentence)
    return note


def check_left(left_on: date | None, *, today: date, is_primary: bool, problems: Problems) -> None:
    """A person leaves today or has left before (the dealer's day), and who has left is not the primary contact."""
    if left_on is not None and left_on > today:
        problems.add("left_on", "future", "The day somebody left cannot lie ahead.")
    if left_on is not None and is_primary:
        problems.add("is_primary", "has_left", "Somebody who has left cannot be the primary contact.")
