"""What an area offers to the desk as a whole. `db/catalog.py` lists the areas; my work, search, notifications, imports,
exports, metrics, the sweep and the checks find everything there, without being edited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from db.core.permissions import Permission

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.core.actor import Actor
    from db.core.events import Follower
    from db.core.export_files import ExportColumn
    from db.imports.mapping import Mapping as ColumnMapping
    from db.imports.mapping import TargetField
    from db.workflow.spec import Flow


# ---- my work -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class WorkLine:
    """One record that waits for somebody. `page` and `query` say where a click leads (a path under pages/)."""

    item_type: str
    item_id: int
    number: str
    title: str
    status: str
    tone: str
    due_at: datetime | None
    why: str
    page: str
    query: Mapping[str, str]
    dealer: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkCount:
    """A queue as it waits for this actor: `count` is capped at `CAP` + 1, shown as "1,000+"."""

    label: str
    count: int
    overdue: int
    page: str
    query: Mapping[str, str] = field(default_factory=dict)


CAP = 1000


@dataclass(frozen=True, kw_only=True)
class WorkSource:
    """What of an area waits for an actor, due first, and what changed since a moment."""

    name: str
    permission: Permission
    lines: Callable[..., list[WorkLine]]  # (session, *, actor, now, limit)
    counts: Callable[..., list[WorkCount]]  # (session, *, actor, now)


# ---- search --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """One record found by the search box."""

    kind: str
    item_id: int
    title: str
    subtitle: str
    page: str
    query: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SearchSource:
    """A kind of record the search box finds; `load` turns ids into results, leaving out what the actor may not see.

    `is_shared`: records of this kind that belong to no dealer and no region (a part, a campaign) are everybody's who
    has the permission. Otherwise they are found by people who see the whole network only (an unassigned lead).
    """

    kind: str
    label: str
    permission: Permission
    load: Callable[..., list[SearchResult]]  # (session, *, ids, actor)
    is_shared: bool = False


# ---- what an area knows of one dealer --------------------------------------------------------------------------------
DealerKind = Literal["overdue", "promised", "open", "changed"]


@dataclass(frozen=True, kw_only=True)
class DealerLine:
    """One thing to know before calling a dealer (P1). `at` is when it is due, or when it happened for "changed".

    `title` is a whole thought ("Insurance certificate expires"), `detail` says more; `page` and `query` lead to it.
    """

    kind: DealerKind
    title: str
    detail: str = ""
    at: datetime | None = None
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One reason why a dealer needs looking after, as a sentence; `risk` weighs more than `watch`."""

    level: Literal["watch", "risk"]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class DealerSource:
    """What an area says of a dealer: lines for Dealer 360 and its brief, signals for the health of the whole network.

    `lines` answers for one dealer the caller may see; `since` is the last logged contact (None: never), for what
    changed. `signals` answers for all dealers of a scope with a bounded number of statements, never one a dealer.
    """

    name: str
    label: str
    permission: Permission
    lines: Callable[..., list[DealerLine]] | None = None  # (session, *, dealer_id, actor, now, since)
    signals: Callable[..., Mapping[int, Sequence[Signal]]] | None = None  # (session, *, scope, now)


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """A first time that shows a new dealer has come alive (domain-rules 2.7): its moment by dealer.

    `first` gives {dealer_id: (moment, what happened)} for the dealers where it has happened.
    """

    name: str
    label: str
    within_days: int
    first: Callable[..., Mapping[int, tuple[datetime, str]]]  # (session, *, dealer_ids)


# ---- what an area keeps of a customer ------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """What an area keeps of customers, for retention and purge (domain-rules 2.11).

    `facts` gives {customer_id: (how much is still open, the newest activity)}; `keeps` the SQL condition on a
    customer's id for something open or newer than a moment; `anonymise` takes everything personal out of the area's
    own records of some customers and keeps what is counted.
    """

    name: str
    facts: Callable[..., Mapping[int, tuple[int, datetime | None]]]  # (session, *, customer_ids)
    keeps: Callable[..., Any]  # (customer_id column, *, cutoff) -> ColumnElement[bool]
    anonymise: Callable[..., None]  # (session, *, customer_ids, now)


@dataclass(frozen=True, kw_only=True)
class CustomerLine:
    """One thing that happened between a customer and the dealer, for the one timeline of the customer.

    `title` is a whole thought ("Call: spoke with the customer"), `note` what was written, `badges` are (word, tone);
    `page` and `query` lead to the record. Texts hold no contact data.
    """

    at: datetime
    title: str
    by: str = ""
    note: str = ""
    icon: str = ":material/circle:"
    badges: tuple[tuple[str, str], ...] = ()
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CustomerSource:
    """What an area adds to the timeline of one customer the caller may see; newest first, at most `limit` lines."""

    name: str
    label: str
    permission: Permission
    lines: Callable[..., list[CustomerLine]]  # (session, *, customer_id, actor, limit)


# ---- imports -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file as it was uploaded, posted or read from disk."""

    name: str
    content: bytes


@dataclass(kw_only=True)
class RowOutcome:
    """What became of one row or document; `undo` is what the kind's own undo needs to take it back."""

    file: str
    row: int
    outcome: Literal["created", "updated", "duplicate", "rejected"]
    code: str = ""
    message: str = ""
    item_type: str = ""
    item_id: int | None = None
    dealer_id: int | None = None
    undo: dict[str, Any] | None = None


class ImportApply(Protocol):
    """Applies files inside the caller's transaction and tells of every row. A dry run is the same call, rolled back."""

    def __call__(
        self, session: Session, *, files: Sequence[SourceFile], mapping: ColumnMapping | None, batch_id: int,
        channel: str, actor: Actor, now: datetime,
    ) -> list[RowOutcome]: ...  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ImportKind:
    """A kind of file that can be brought in. `fields` is empty for documents that need no column mapping (ADF)."""

    name: str
    title: str
    permission: Permission
    extensions: tuple[str, ...]
    apply: ImportApply
    undo: Callable[..., int]  # (session, *, batch_id, rows, actor, now) -> records taken back; raises Refused
    fields: tuple[TargetField, ...] = ()
    help: str = ""


# ---- exports -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class ExportKind:
    """A table that can be taken out. `rows` yields tuples in the order of `columns`; `documents` is for JSON lines.

    `is_masked` says that a kind hides its personal data from people without `personal_data.view`; business contacts
    are shown to everybody who may see the dealer, so there it is False and each export counts as one of personal data.
    `sheets` adds sheets of its own in front of the rows of a workbook.
    """

    name: str
    title: str
    permission: Permission
    columns: tuple[ExportColumn, ...]
    rows: Callable[..., Any]  # (session, *, actor, scope, filters: Mapping[str, Any], now) -> Iterable[tuple]
    documents: Callable[..., Any] | None = None  # same arguments -> Iterable[dict], for --format jsonl
    has_personal_data: bool = False
    is_masked: bool = True
    sheets: Callable[..., None] | None = None  # (book of xlsxwriter, rows)

    def shows_personal_data(self, actor: Actor) -> bool:
        """Whether a file for this actor holds personal data: then its purpose is asked for, and the log says so."""
        return self.has_personal_data and (not self.is_masked or actor.can(Permission.PERSONAL_DATA_VIEW))


# ---- metrics -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class MetricDefinition:
    """A number with its definition: what is counted, over what, what is left out, and where the rule stands.

    `owner` answers for the number: whom to ask when it looks wrong. `parts` is what numerator and denominator are
    counted in: "money" for both in cents, "minutes" for a numerator of minutes; "" says that an amount is an amount
    over a number, and everything else numbers.
    """

    name: str
    title: str
    formula: str
    numerator: str
    denominator: str = ""
    excluded: str = ""
    unit: Literal["count", "percent", "minutes", "money", "days"] = "count"
    rule: str = ""
    better: Literal["up", "down", "none"] = "up"
    owner: str = ""
    parts: Literal["", "money", "minutes"] = ""

    @property
    def top_unit(self) -> str:
        """The unit of the numerator."""
        return self.parts or ("money" if self.unit == "money" else "count")

    @property
    def bottom_unit(self) -> str:
        """The unit of the denominator."""
        return "money" if self.parts == "money" else "count"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric of the catalogue. `compute` gives rows of {dims..., "numerator", "denominator", "value"}.

    Asked for through `db.catalog`, every metric takes the filters from, to (days, both included), region and dealer
    (code), one value or several (decision 0064). `period` says what the days choose: records by their own day, whole
    months they touch, or nothing, because the metric tells what stands now. A record counts once in each of `dims`,
    so that counts and amounts add up to the whole, but for those in `overlaps`. `most_dims` may be asked together.
    """

    definition: MetricDefinition
    dims: tuple[str, ...]
    compute: Callable[..., list[dict[str, Any]]]  # (session, *, scope, by, filters, now)
    permission: Permission
    period: Literal["days", "months", "now"] = "days"
    overlaps: tuple[str, ...] = ()
    most_dims: int = 9

    @property
    def is_sum(self) -> bool:
        """Whether values of parts add up to the value of the whole: a plain count or amount, over nothing."""
        return self.definition.unit in ("count", "money") and not self.definition.denominator


# ---- jobs and checks -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Job:
    """Something the sweep does; `run` opens its own transactions and may run in two processes at once."""

    name: str
    run: Callable[..., int]  # (bind, *, now) -> how many records it worked on


@dataclass(frozen=True, kw_only=True)
class Check:
    """Something `python -m db check` verifies; gives back sentences about what is wrong.

    `rebuild` counts derived numbers anew, for `python -m db rebuild-rollups`; None where nothing can be derived.
    """

    name: str
    run: Callable[[Session], list[str]]
    rebuild: Callable[[Session], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Area:
    """One area's offers."""

    name: str
    title: str
    flows: tuple[Flow, ...] = ()
    work: tuple[WorkSource, ...] = ()
    search: tuple[SearchSource, ...] = ()
    imports: tuple[ImportKind, ...] = ()
    exports: tuple[ExportKind, ...] = ()
    metrics: tuple[Metric, ...] = ()
    jobs: tuple[Job, ...] = ()
    checks: tuple[Check, ...] = ()
    dealer: tuple[DealerSource, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    personal_data: tuple[PersonalData, ...] = ()
    customer: tuple[CustomerSource, ...] = ()
    followers: tuple[Follower, ...] = ()
