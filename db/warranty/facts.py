"""What warranty data say on one day, as frozen rows: the facts a claim is judged by (domain-rules 2.1 D, P3).

Fields carry the names of the facts of claims (db/claims/model.py), so that a loader only passes them on. Hours are
hundredths, money is cents, days are those of whoever asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class ComponentRow:
    """A component; `auth_class` is assembly, paint, corrosion, trim, tires or empty."""

    id: int
    code: str
    name: str
    system: str
    is_wear: bool
    is_major: bool
    auth_class: str
    is_active: bool


@dataclass(frozen=True, kw_only=True)
class OperationRow:
    """A labour operation as it holds on the day asked for; `hours` in hundredths, `models` empty for every model."""

    id: int
    code: str
    name: str
    kind: str
    hours: int
    component: str
    models: tuple[str, ...]
    year_from: int | None
    year_until: int | None
    skill: str
    needs_authorization: bool
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, kw_only=True)
class PartRow:
    """A part with its net price on the day asked for (`net_cents` None: no price that day)."""

    id: int
    number: str
    name: str
    component: str
    needs_authorization: bool
    repair_allowed: bool
    superseded_by: str
    is_active: bool
    net_cents: int | None


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """A plan a vehicle has from `starts_on` on; `distance` 0 is without limit, `components` empty all but excluded."""

    code: str
    name: str
    kind: str
    months: int
    distance: int
    unit: str
    deductible_cents: int
    components: tuple[str, ...]
    excluded: tuple[str, ...]
    starts_on: date
    contract_number: str = ""


@dataclass(frozen=True, kw_only=True)
class BlockRow:
    """A block in force: `kind` is blocked or void."""

    id: int
    kind: str
    reason: str
    since: date


@dataclass(frozen=True, kw_only=True)
class CampaignRow:
    """A campaign and one VIN's place on its list; `runs` is on the day asked for, `done_on` when it was remedied."""

    number: str
    is_known: bool = False
    id: int | None = None
    title: str = ""
    kind: str = "recall"
    starts_on: date | None = None
    ends_on: date | None = None
    runs: bool = False
    is_listed: bool = False
    done_on: date | None = None
    operations: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TechnicianRow:
    """A technician of one dealer on a day; `skills` are those certified that day, in order."""

    code: str
    is_known: bool = False
    is_active: bool = False
    name: str = ""
    skills: tuple[str, ...] = ()
