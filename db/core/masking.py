"""What people without need see instead of personal data (domain-rules 2.11: phone, e-mail, the last 8 of a VIN)."""

from __future__ import annotations

HIDDEN = "Hidden for your role"


def mask_name(name: str) -> str:
    """Initials: "Jane Doe" becomes "J. D."; empty stays empty."""
    return " ".join(f"{word[0].upper()}." for word in name.split()[:3] if word[0].isalnum())


def mask_email(address: str) -> str:
    """The first letter and the ending: "j•••@•••.example"."""
    local, at, domain = address.rpartition("@")
    if not at:
        return "•••"
    return f"{local[:1]}•••@•••.{domain.rpartition('.')[2]}"


def mask_phone(number: str) -> str:
    """The last two digits: "••• 43"."""
    digits = "".join(c for c in number if c.isdigit())
    return f"••• {digits[-2:]}" if len(digits) > 4 else "•••"


def mask_vin(vin: str) -> str:
    """A vehicle's make and kind without its serial part: the last 8 characters are hidden."""
    return vin[:-8] + "•" * 8 if len(vin) > 8 else "•" * len(vin)
