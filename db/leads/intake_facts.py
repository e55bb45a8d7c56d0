"""What a lead draft says, in the forms the desk stores and compares: pure, the same draft gives the same facts."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from db.core.contact import name_key, person_keys
from db.core.geo import Place, place_of, state_code, state_of_postal
from db.dealers.rules import name_key as dealer_key
from db.leads.adf_draft import ExternalId, LeadDraft, VehicleDraft
from db.leads.duplicates import Arrival, VehicleFacts

NOBODY: Final = "Name not given"
PAID_PRICES: Final = frozenset({"quote", "offer", "msrp", "asking"})
LARGEST_VALUE: Final = 1_000_000_000  # ten million, in cents
_FEWEST_DIGITS: Final = 7
_NOT_CONTENT: Final = frozenset({"position", "issues", "requested_at_trusted"})


def clip(text: str | None, longest: int) -> str:
    """Text fit for a column: no NUL (PostgreSQL keeps none), at most `longest` characters; None is empty text."""
    return (text or "").replace("\0", "")[:longest]


def clip_or_none(text: str | None, longest: int) -> str | None:
    """The same, where nothing stays nothing."""
    return clip(text, longest) or None


def plain(value: Any) -> Any:
    """A draft's value fit for JSON: dataclasses as their fields without the empty ones, moments as ISO text."""
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        return value.replace("\0", "") if "\0" in value else value
    if kind is int:
        return value
    names = getattr(kind, "__dataclass_fields__", None)
    if names is not None:
        return _plain_fields(value, names)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    return value


def _plain_fields(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """The fields of a dataclass that say something; most say nothing or a text, so those need no further call."""
    found: dict[str, Any] = {}
    for name in names:
        one = getattr(value, name)
        if one is None or one in ("", ()):
            continue
        said = one if type(one) is str and "\0" not in one else plain(one)
        if said not in _EMPTY:
            found[name] = said
    return found


_EMPTY: Final[tuple[Any, ...]] = (None, [], {}, "")


_UNSAID: Final = {one.name: getattr(LeadDraft(), one.name) for one in dataclasses.fields(LeadDraft)}
_PLAIN_UNSAID: Final = {name: plain(value) for name, value in _UNSAID.items()}


def said(draft: LeadDraft) -> dict[str, Any]:
    """Every field of a draft fit for JSON; most say nothing, and what they then are is known."""
    found = dict(_PLAIN_UNSAID)
    for name, unsaid in _UNSAID.items():
        value = getattr(draft, name)
        if value is not unsaid:
            found[name] = plain(value) if name not in _MEANT else _plain_meant(value, draft, found["vehicles"])
    return found


_MEANT: Final = frozenset({"wanted", "trade_in"})


def _plain_meant(meant: VehicleDraft, draft: LeadDraft, vehicles: Sequence[Any]) -> Any:
    """What a vehicle of the document means is mostly the vehicle itself, which is before it among the fields."""
    for one, said_of_it in zip(draft.vehicles, vehicles, strict=True):
        if one is meant:
            return said_of_it
    return plain(meant)


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of everything a prospect has `said`; its place in the file and what we thought of it do not count."""
    counted = {name: value for name, value in content.items() if name not in _NOT_CONTENT}
    return hashlib.sha256(json.dumps(counted, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def source_key(text: str | None) -> str:
    """The source of a provider's number in comparable form."""
    return name_key(text or "")


def external_ids(draft: LeadDraft) -> list[tuple[str, ExternalId]]:
    """(comparable source, number) of each number that has a value; without a source the provider's name stands in."""
    return [
        (source_key(one.source or draft.provider_name), one) for one in draft.ids if one.value and one.value.strip()
    ]


def external_key(source: str, number: str) -> str:
    """How a provider's number is stored for looking up."""
    return f"{source[:190]}|{number.strip()}"[:400]


@dataclass(frozen=True, kw_only=True)
class Reachable:
    """Whether anybody could answer: by an address or number that works, or at least one a person can make sense of."""

    can_be_answered: bool
    has_name: bool
    has_anything: bool


def reachable(draft: LeadDraft) -> Reachable:
    """What a prospect can be reached by (3.4): a number we cannot dial counts when it has seven digits or more."""
    dialable = any(
        phone.e164 or sum(letter.isdigit() for letter in phone.raw) >= _FEWEST_DIGITS
        for phone in draft.phones
        if phone.kind not in ("fax", "pager")
    )
    has_name = bool(draft.customer_name and draft.customer_name.strip()) or bool(draft.company)
    return Reachable(
        can_be_answered=bool(draft.normal_emails) or dialable,
        has_name=has_name,
        has_anything=has_name or bool(draft.emails or draft.phones),
    )


def customer_name(draft: LeadDraft) -> str:
    """Whom to ask for: the name, else the company, else `Name not given`."""
    return clip(" ".join((draft.customer_name or draft.company or "").split()), 200) or NOBODY


def postal_of(draft: LeadDraft) -> str:
    """The customer's postal code as written."""
    return clip((draft.address.postal if draft.address else None) or "", 20).strip()


def country_of(draft: LeadDraft) -> str:
    """The customer's country: its two-letter code, the text as written where it is no known one, empty when absent.

    Some senders put the postal code there; what holds a digit is no country.
    """
    if draft.address is None:
        return ""
    written = draft.address.country or draft.address.country_raw or ""
    return "" if any(c.isdigit() for c in written) else written


def state_of(draft: LeadDraft) -> str:
    """The customer's state or province, from the postal code or else the address; empty abroad."""
    if country_of(draft).upper() not in ("", "US", "CA", "PR", "VI", "GU", "AS", "MP"):
        return ""
    return state_of_postal(postal_of(draft)) or state_code(draft.address.region if draft.address else "")


def place(draft: LeadDraft) -> Place | None:
    """About where the customer lives."""
    region = (draft.address.region if draft.address else None) or ""
    return place_of(postal_of(draft), region, country_of(draft))


def vehicle_facts(vehicle: VehicleDraft | None) -> VehicleFacts:
    """The wanted vehicle as duplicates compare it."""
    if vehicle is None:
        return VehicleFacts()
    return VehicleFacts(
        vin=vehicle.vin or "", stock=vehicle.stock or "", year=vehicle.year, make=vehicle.make or "",
        model=vehicle.model or "",
    )  # fmt: skip


def vendor_key(name: str | None) -> str:
    """A dealer's name in comparable form, a leading "the" left out."""
    return dealer_key(name).removeprefix("the ") if name else ""


def arrival(draft: LeadDraft, *, received_at: datetime, dealer_id: int | None, content: Mapping[str, Any]) -> Arrival:
    """The draft, which said `content`, as `duplicates.classify` sees it."""
    return Arrival(
        external_ids=frozenset(
            (source_key_, one.value.strip()) for source_key_, one in external_ids(draft) if one.value
        ),
        is_resend=draft.status == "resend",
        keys=person_keys(
            emails=draft.normal_emails,
            phones=draft.e164_phones,
            name=draft.customer_name or "",
            postal=postal_of(draft),
        ),
        name=draft.customer_name or "",
        vehicle=vehicle_facts(draft.wanted),
        received_at=received_at,
        dealer_id=dealer_id,
        vendor_key=vendor_key(draft.vendor_name),
        content_hash=content_hash(content),
        has_moment=draft.requested_at is not None or bool(external_ids(draft)),
    )


def wants(draft: LeadDraft) -> str:
    """The wish in one line for lists: "2026 Toyota Camry XLE"."""
    if draft.wanted is not None and (draft.wanted.label or draft.wanted.stock or draft.wanted.vin):
        return clip(draft.wanted.label or draft.wanted.stock or draft.wanted.vin, 200)
    if draft.trade_in is not None and draft.trade_in.label:
        word = "Sell" if draft.trade_in.interest == "sell" else "Trade in"
        return clip(f"{word} {draft.trade_in.label}", 200)
    return "Financing" if draft.finance_requested else ""


def wanted_by(draft: LeadDraft) -> date | None:
    """The latest date the customer named, else the earliest."""
    if draft.timeframe is None:
        return None
    for text in (draft.timeframe.latest, draft.timeframe.earliest):
        if text:
            try:
                return date.fromisoformat(text[:10])
            except ValueError:
                continue
    return None


def timeframe(draft: LeadDraft) -> str:
    """When the customer wants it, in words."""
    if draft.timeframe is None:
        return ""
    dates = [day for day in (draft.timeframe.earliest, draft.timeframe.latest) if day]
    return clip(draft.timeframe.description or " – ".join(dates), 200)


_UNTOLD: Final[tuple[Any, ...]] = (None, [], {}, "", False)
_IN_COLUMNS: Final = frozenset(
    {"position", "vehicles", "wanted", "trade_in", "emails", "phones", "comments", "comments_masked", "issues", "ids"}
)


def details(draft: LeadDraft, content: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the document `said` that has no column of its own; numbers without a value included."""
    found: dict[str, Any] = {
        name: value for name, value in content.items() if name not in _IN_COLUMNS and value not in _UNTOLD
    }
    found["external_ids"] = [{"source": one.source, "value": one.value, "sequence": one.sequence} for one in draft.ids]
    return found


def contact_rows(draft: LeadDraft) -> list[dict[str, Any]]:
    """Rows of lead_contact, e-mails first, each as written and in its normal form."""
    emails = [
        {
            "kind": "email", "raw": clip(one.raw, 254), "normal": clip_or_none(one.normal, 254), "label": "",
            "best_time": "", "is_preferred": one.preferred,
        }
        for one in draft.emails
    ]  # fmt: skip
    phones = [
        {
            "kind": "phone", "raw": clip(one.raw, 254), "normal": clip_or_none(one.e164, 254),
            "label": clip(one.kind, 20), "best_time": clip(one.time, 20), "is_preferred": one.preferred,
        }
        for one in draft.phones
    ]  # fmt: skip
    return [{"position": number, **row} for number, row in enumerate((*emails, *phones), start=1)]


def vehicle_rows(draft: LeadDraft) -> list[dict[str, Any]]:
    """Rows of lead_vehicle in document order; one that was only read from the comments comes last.

    The wanted vehicle and the trade-in are stored as they were understood, with what was written kept beside.
    """
    roles: dict[int, tuple[str, VehicleDraft]] = {}
    added: list[tuple[str, VehicleDraft]] = []
    for role, meant in (("wanted", draft.wanted), ("trade_in", draft.trade_in)):
        if meant is None:
            continue
        at = _index_of(meant, draft, taken=set(roles))
        if at is None:
            added.append((role, meant))
        else:
            roles[at] = (role, meant)
    listed = [(*roles.get(at, ("other", raw)), raw) for at, raw in enumerate(draft.vehicles)]
    listed += [(role, meant, None) for role, meant in added]  # type: ignore[misc]
    return [_vehicle_row(position, role, meant, raw) for position, (role, meant, raw) in enumerate(listed, start=1)]


def _index_of(meant: VehicleDraft, draft: LeadDraft, *, taken: set[int]) -> int | None:
    """Which vehicle of the document a meaning stands for: itself, an equal one, or the one it was made from."""
    free = [at for at in range(len(draft.vehicles)) if at not in taken]
    for at in free:
        if draft.vehicles[at] is meant:
            return at
    for at in free:
        if draft.vehicles[at] == meant:
            return at
    same_kind = [at for at in free if draft.vehicles[at].interest == meant.interest]
    for at in same_kind:
        one = draft.vehicles[at]
        if one.ids == meant.ids and one.year == meant.year and (one.vin, one.stock) == (meant.vin, meant.stock):
            return at
    return same_kind[0] if same_kind and meant.is_trade else None


def _vehicle_row(position: int, role: str, meant: VehicleDraft, raw: VehicleDraft | None) -> dict[str, Any]:
    rest = plain(meant)
    if raw is not None and raw is not meant and raw != meant:
        rest["as_written"] = plain(raw)
    if raw is None:
        rest["read_from_comments"] = True
    return {
        "position": position, "role": role, "interest": clip(meant.interest, 20), "condition": clip(meant.status, 20),
        "year": clip_or_none(str(meant.year) if meant.year else meant.year_raw, 10),
        "make": clip_or_none(meant.make, 80), "model": clip_or_none(meant.model, 120),
        "trim": clip_or_none(meant.trim, 80), "vin": clip_or_none(meant.vin, 40),
        "stock": clip_or_none(meant.stock, 40), "odometer": meant.odometer,
        "odometer_units": clip(meant.odometer_units, 5), "price_cents": meant.price_cents, "details": rest,
    }  # fmt: skip


def named_price(draft: LeadDraft) -> int | None:
    """What the vehicle somebody wants is said to cost, in cents: the lead's value until a price is agreed.

    Only a price a customer would pay counts (no invoice or appraisal), in dollars; nothing is derived from the model.
    """
    wanted = draft.wanted
    if wanted is None or wanted.price_cents is None or wanted.price_type not in PAID_PRICES:
        return None
    known = (wanted.currency or "USD").upper() == "USD" and 0 < wanted.price_cents <= LARGEST_VALUE
    return wanted.price_cents if known else None


def warnings(draft: LeadDraft) -> list[dict[str, str]]:
    """What was odd about the document, for people."""
    return [
        {"code": issue.code, "message": clip(issue.message, 500), "path": clip(issue.path, 200)}
        for issue in draft.issues
    ]


def key_rows(draft: LeadDraft, arrival: Arrival) -> list[dict[str, Any]]:
    """Rows of lead_key: how a later document recognises this lead."""
    numbers = {
        external_key(source, one.value or ""): (one.source or "", one.value or "")
        for source, one in external_ids(draft)
    }
    rows = [
        {"kind": "external", "value": value, "source": clip(source, 200), "external_id": clip(number, 200)}
        for value, (source, number) in numbers.items()
    ]
    return [*rows, {"kind": "content", "value": arrival.content_hash, "source": "", "external_id": ""}]
