"""What the ADF reader hands over: lead drafts, what was odd about them, and refusals the sender can act on (3.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

Severity = Literal["warning", "error"]
Channel = Literal["phone", "email", "sms", "mail"]
Interest = Literal["buy", "lease", "sell", "trade-in", "test-drive"]

TRADE_INTERESTS: Final = frozenset({"sell", "trade-in"})
MAX_BYTES: Final = 2 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One thing that was not as it should be, and where: `path` is like `prospect[2]/vehicle[1]/year`.

    `warning`: the lead is kept and somebody may want to look; `error`: this prospect (or document) cannot be used.
    `value` is what was found, cut to 80 characters and never a personal number.
    """

    code: str
    severity: Severity
    path: str
    value: str
    message: str


@dataclass(frozen=True, kw_only=True)
class ExternalId:
    """A number another system gave: `source` and `value` are None where the document left them empty (Q25)."""

    source: str | None
    value: str | None
    sequence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount in cents with what it stands for: `kind` e.g. `downpayment`, `msrp`; `currency` is ISO 4217 or None."""

    kind: str
    cents: int
    currency: str | None = None
    limit: str | None = None


@dataclass(frozen=True, kw_only=True)
class Colour:
    """A colour combination; `preference` 1 is the favourite."""

    exterior: str | None = None
    interior: str | None = None
    preference: int | None = None


@dataclass(frozen=True, kw_only=True)
class VehicleOption:
    """An option asked for; `weighting` runs from -100 (must not have) to +100 (must have)."""

    name: str | None
    code: str | None = None
    stock: str | None = None
    weighting: int | None = None
    price: Money | None = None


@dataclass(frozen=True, kw_only=True)
class VehicleDraft:
    """A vehicle as read; empty elements are None. Texts keep the sender's spelling with white space collapsed.

    `interest` is one of the five ADF words, or the sender's own word in lower case when it is no known synonym;
    `interest_raw` and `status_raw` are as written (None when absent). `vin` is upper case without spaces and may be
    malformed (there is an issue then). `odometer` is a whole number in `odometer_units` (`mi` or `km`).
    `price_cents` is None for 0.00 and for relative prices.
    """

    interest: str = "buy"
    interest_raw: str | None = None
    status: str | None = None
    status_raw: str | None = None
    ids: tuple[ExternalId, ...] = ()
    year: int | None = None
    year_raw: str | None = None
    make: str | None = None
    model: str | None = None
    vin: str | None = None
    stock: str | None = None
    trim: str | None = None
    doors: str | None = None
    bodystyle: str | None = None
    transmission: str | None = None
    odometer: int | None = None
    odometer_units: str | None = None
    odometer_status: str | None = None
    condition: str | None = None
    condition_raw: str | None = None
    colours: tuple[Colour, ...] = ()
    image_url: str | None = None
    price_cents: int | None = None
    price_type: str | None = None
    currency: str | None = None
    price_raw: str | None = None
    price_comments: str | None = None
    options: tuple[VehicleOption, ...] = ()
    finance_method: str | None = None
    finance_amounts: tuple[Money, ...] = ()
    finance_balance: Money | None = None
    comments: str | None = None

    @property
    def is_trade(self) -> bool:
        """True for a vehicle the customer owns (trade-in or sell): it never becomes the wanted one (Q16)."""
        return self.interest in TRADE_INTERESTS

    @property
    def is_identified(self) -> bool:
        """True when the vehicle says anything about which vehicle it is."""
        return any((self.year, self.make, self.model, self.vin, self.stock, self.trim, self.bodystyle))

    @property
    def label(self) -> str:
        """`2026 Toyota Camry XSE`, or empty text."""
        return " ".join(str(part) for part in (self.year, self.make, self.model, self.trim) if part)


@dataclass(frozen=True, kw_only=True)
class EmailDraft:
    """An address as written and in its normal form (None when no mail can be sent to it)."""

    raw: str
    normal: str | None
    preferred: bool = False


@dataclass(frozen=True, kw_only=True)
class PhoneDraft:
    """A number as written and in E.164 (None when it cannot be dialled as written).

    `kind` is `voice`, `cellphone`, `fax` or `pager`; `place` is `home`, `work` or None; `time` is an ADF time or None.
    """

    raw: str
    e164: str | None
    kind: str = "voice"
    place: str | None = None
    time: str | None = None
    preferred: bool = False


@dataclass(frozen=True, kw_only=True)
class AddressDraft:
    """A postal address; `country` is a two-letter code when it could be told, `country_raw` as written."""

    kind: str | None = None
    streets: tuple[str, ...] = ()
    apartment: str | None = None
    city: str | None = None
    region: str | None = None
    postal: str | None = None
    country: str | None = None
    country_raw: str | None = None


@dataclass(frozen=True, kw_only=True)
class TimeframeDraft:
    """When the customer wants it; dates are ISO (`2026-12-01`) when readable, else None."""

    description: str | None = None
    earliest: str | None = None
    latest: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConsentDraft:
    """An opt-in (`given`) or opt-out found in the document, with the words it stands on (2.2 E)."""

    channel: Channel
    given: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class VendorDraft:
    """The dealer the lead is meant for: `name` is vendorname, else vendor/name, else the contact's name (Q12)."""

    name: str | None = None
    ids: tuple[ExternalId, ...] = ()
    url: str | None = None
    contact_name: str | None = None
    emails: tuple[EmailDraft, ...] = ()
    phones: tuple[PhoneDraft, ...] = ()
    address: AddressDraft | None = None


@dataclass(frozen=True, kw_only=True)
class ProviderDraft:
    """Who sent the lead: `name` is provider/name only, never the contact person's."""

    name: str | None = None
    service: str | None = None
    ids: tuple[ExternalId, ...] = ()
    url: str | None = None
    emails: tuple[EmailDraft, ...] = ()
    phones: tuple[PhoneDraft, ...] = ()
    contact_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class LeadDraft:
    """One prospect, read and understood; see the fields' own classes for units.

    `vehicles` are in document order as read; `wanted` and `trade_in` carry the meaning (Q16-Q18) and may be None.
    `requested_at` is what the sender said, in UTC; `requested_at_trusted` is False when it had no readable offset or
    is more than 7 days from the time of receipt, and no clock should then rest on it (Q20).
    `comments` is plain text with personal numbers and all: show and export `comments_masked` (Q27).
    `quarantine` is a sentence when the prospect cannot become a lead of its own; it may still update one (`resend`).
    """

    position: int = 1
    status: Literal["new", "resend"] = "new"
    status_raw: str | None = None
    ids: tuple[ExternalId, ...] = ()
    requested_at: datetime | None = None
    requested_at_raw: str | None = None
    requested_at_trusted: bool = False
    vehicles: tuple[VehicleDraft, ...] = ()
    wanted: VehicleDraft | None = None
    trade_in: VehicleDraft | None = None
    customer_name: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    company: str | None = None
    customer_ids: tuple[ExternalId, ...] = ()
    emails: tuple[EmailDraft, ...] = ()
    phones: tuple[PhoneDraft, ...] = ()
    address: AddressDraft | None = None
    timeframe: TimeframeDraft | None = None
    comments: str | None = None
    comments_masked: str | None = None
    sensitive: tuple[str, ...] = ()
    preferred_contact: Literal["phone", "email", "sms"] | None = None
    sell_option: Literal["trade", "sell", "either"] | None = None
    consents: tuple[ConsentDraft, ...] = ()
    vendor: VendorDraft = field(default_factory=VendorDraft)
    provider: ProviderDraft = field(default_factory=ProviderDraft)
    extras: tuple[tuple[str, str], ...] = ()
    finance_requested: bool = False
    test_drive: bool = False
    question: str | None = None
    quarantine: str | None = None
    issues: tuple[Issue, ...] = ()

    @property
    def vendor_name(self) -> str | None:
        return self.vendor.name

    @property
    def provider_name(self) -> str | None:
        return self.provider.name

    @property
    def provider_service(self) -> str | None:
        return self.provider.service

    @property
    def normal_emails(self) -> tuple[str, ...]:
        """The usable addresses, each once, in order."""
        return tuple(dict.fromkeys(email.normal for email in self.emails if email.normal))

    @property
    def e164_phones(self) -> tuple[str, ...]:
        """The dialable numbers, each once, in order; fax and pager numbers are left out."""
        talking = (phone for phone in self.phones if phone.kind not in ("fax", "pager"))
        return tuple(dict.fromkeys(phone.e164 for phone in talking if phone.e164))


@dataclass(frozen=True, kw_only=True)
class Document:
    """One readable document: its prospects in order, what was odd about the whole, and the SHA-256 of the raw bytes."""

    prospects: tuple[LeadDraft, ...]
    issues: tuple[Issue, ...]
    sha256: str
    repaired: bool


class NotReadable(Exception):  # noqa: N818 - a refusal, in the product's own words
    """A document refused as a whole.

    `code` is one of empty, too_large, encoding, dtd_forbidden, not_adf, text_around, several_documents, malformed,
    illegal_character, unknown_entity, too_deep, no_prospect, no_document; `line` and `column` count from 1 when known.
    """

    def __init__(
        self, code: str, message: str, *, value: str = "", line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        place = f"line {line}, column {column}" if line else ""
        self.problems: tuple[Issue, ...] = (
            Issue(code=code, severity="error", path=place, value=value[:80], message=message),
        )
