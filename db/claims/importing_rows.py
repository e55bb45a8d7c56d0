"""Rows of a file as one claim: header, jobs and lines of money from columns, each problem at the row it belongs to.

One row may be a whole claim, or several rows of one claim number are, in any order: jobs by their number or by what
they say, money by columns (labour, parts, sublet ...) or one line a row. Amounts in cents, quantities in hundredths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from db.claims import draft_rules
from db.claims.model import CHARGE_KINDS, EXCLUSIONS, REPAIR_ACTIONS, ChargeDraft, ClaimDraft, JobDraft
from db.claims.money_rules import half_up, line_cents
from db.claims.narrative_split import replaces, split
from db.core import vin as vins
from db.core.problems import Problem, Problems
from db.imports.mapping import FieldKind, MappedRow, TargetField


def _field(name: str, label: str, *synonyms: str, kind: FieldKind = "text", help: str = "", **more: Any) -> TargetField:
    return TargetField(name=name, label=label, kind=kind, help=help, synonyms=synonyms, **more)


_HEADER: tuple[TargetField, ...] = (
    _field("external_number", "Claim number", "claim id", "claim no", "claim", required=True),
    _field("dealer_code", "Dealer code", "dealer id", "dealer", required=True, help="Leading zeros count."),
    _field("vin", "VIN or serial", "vin", "serial number", "chassis", required=True),
    _field("claim_type", "Type of claim", "claim kind", kind="choice", choices=draft_rules.ACTIVE_TYPES,
           help="Without it, a warranty repair."),
    _field("ro_number", "Repair order", "ro", "work order", "repair order number",
           help="Without one the claim number stands for it."),
    _field("claim_date", "Day of the claim", "date", "repair date", kind="date",
           help="Stands for each day below that is not in the file."),
    _field("ro_opened_on", "Repair order opened", "opened", "open date", "ro open date", kind="date"),
    _field("ro_closed_on", "Repair order closed", "closed", "close date", "ro close date", kind="date"),
    _field("failed_on", "Failed on", "failure date", "date of failure", kind="date"),
    _field("reported_on", "Reported on", "report date", kind="date"),
    _field("odometer_in", "Odometer", "mileage", "odometer in", "miles", kind="integer"),
    _field("odometer_out", "Odometer out", "mileage out", kind="integer"),
    _field("unit", "Unit", "odometer unit", kind="choice", choices=("mi", "km"), help="Without it, miles."),
    _field("technician", "Technician", "technician id", "tech id"),
    _field("advisor", "Adviser", "service advisor", "advisor"),
    _field("campaign_number", "Campaign", "recall", "recall number"),
    _field("contract_number", "Contract", "service contract"),
    _field("pre_auth_number", "Pre-authorization", "authorization number"),
    _field("exclusions", "What may exclude it", "exclusions", help="Several with commas: " + ", ".join(EXCLUSIONS)),
    _field("late_reason", "Why it is late", "late reason"),
    _field("goodwill_reason", "Why goodwill", "goodwill reason"),
)  # fmt: skip
_JOB: tuple[TargetField, ...] = (
    _field("job", "Job", "job number", "job no", "line of the repair order", kind="integer",
           help="Rows of one claim with the same number are one job."),
    _field("complaint", "Complaint", "customer complaint", "concern"),
    _field("cause", "Cause"),
    _field("correction", "Correction"),
    _field("notes", "Notes of the technician", "technician notes", help="Split into cause and correction."),
    _field("component", "Component", "component code"),
    _field("causal_part", "Causal part", "part number", "part", "failed part"),
    _field("failure_code", "Failure code", "trouble code", "dtc"),
    _field("operation", "Labour operation", "labor op", "labor operation", "op code"),
    _field("action", "What was done", "action", kind="choice", choices=tuple(REPAIR_ACTIONS),
           help="Without it, replacement where the correction says so, else repair."),
    _field("failed_serial", "Serial of the old part", "old serial"),
    _field("fitted_serial", "Serial of the new part", "new serial"),
)  # fmt: skip
_MONEY: tuple[TargetField, ...] = (
    _field("labour_hours", "Labour hours", "labor hours", "hours", kind="decimal"),
    _field("labour_rate", "Labour rate", "labor rate", "rate", kind="money",
           help="An hour; without it the dealer's rate of that day."),
    _field("labour", "Labour", "labor", "labour amount", "labor amount", kind="money", help="Needs its hours."),
    _field("part_quantity", "Pieces of the part", "part quantity", "part qty", kind="decimal"),
    _field("part_price", "Price of the part", "part price", "part net", kind="money",
           help="Net, a piece; without it the catalogue's price of that day."),
    _field("markup", "Markup in percent", "parts markup", kind="decimal"),
    _field("parts", "Parts", "parts amount", "material", kind="money", help="With its markup."),
    _field("sublet", "Sublet", "sublet amount", kind="money"),
    _field("rental_days", "Days of rental", "rental days", kind="decimal"),
    _field("rental", "Rental and transport", "rental", "rental amount", kind="money"),
    _field("freight", "Freight", "shipping", kind="money"),
    _field("misc", "Miscellaneous", "misc", "other charges", kind="money"),
    _field("tax", "Tax", "sales tax", kind="money"),
    _field("deductible", "Deductible", kind="money", help="What the customer pays; taken off, whatever its sign."),
    _field("line_kind", "Kind of line", "line type", "charge type", kind="choice", choices=tuple(CHARGE_KINDS),
           help="Where each row is one line of money."),
    _field("line_code", "Code of the line", "line code", "item code"),
    _field("line_text", "Text of the line", "line description", "item description"),
    _field("quantity", "Quantity of the line", "qty", kind="decimal"),
    _field("unit_price", "Price of the line", "unit price", kind="money"),
    _field("amount", "Amount of the line", "line amount", "line total", kind="money"),
)  # fmt: skip
FIELDS: tuple[TargetField, ...] = (*_HEADER, *_JOB, *_MONEY)

_LABELS: Final = {one.name: one.label for one in FIELDS}
_SAYS_JOB: Final = tuple(one.name for one in _JOB if one.name not in ("job", "action"))
_WHOLE_VISIT: Final = ("deductible",)
MOST_JOB: Final = 999


@dataclass
class Built:
    """A claim from rows. `problems` are by the place of a row in the group; `said` is odd, but taken all the same."""

    draft: ClaimDraft = field(default_factory=ClaimDraft)
    problems: dict[int, list[Problem]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def refuse(self, row: int, field: str, code: str, message: str) -> None:
        """Note a problem of a row."""
        self.problems.setdefault(row, []).append(Problem(field=field, code=code, message=message))


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _alike(name: str, value: Any) -> Any:
    """A value as it is compared with that of another row."""
    if not isinstance(value, str):
        return value
    return vins.clean(value) if name == "vin" else " ".join(value.split()).casefold()


def build(rows: Sequence[MappedRow]) -> Built:
    """The claim of these rows: a header that contradicts itself, or what no claim may hold, is a problem of its row."""
    built = Built()
    header, header_row = _header(rows, built)
    jobs, job_of, job_row = _jobs(rows, built)
    charges: list[ChargeDraft] = []
    charge_row: dict[int, int] = {}
    for n, row in enumerate(rows):
        place = job_of.get(n) or (1 if len(jobs) == 1 else 0)
        job = jobs[place - 1] if place else None
        for charge in _charges(row, n, job, built):
            position = len(charges) + 1
            charge_row[position] = n
            at = 0 if charge.kind in _WHOLE_VISIT else place
            charges.append(replace(charge, position=position, job=at))
    built.draft = draft_rules.tidy(ClaimDraft(**header, jobs=tuple(jobs), charges=tuple(charges)))
    found = Problems()
    draft_rules.check(built.draft, found)
    for problem in found.found:
        kind, _, rest = problem.field.partition(".")
        number = int(rest.partition(".")[0]) if rest else 0
        whose = {"jobs": job_row, "charges": charge_row}.get(kind, {})
        built.problems.setdefault(whose.get(number, header_row.get(kind, 0)), []).append(problem)
    return built


# ---- header ----------------------------------------------------------------------------------------------------------
def _header(rows: Sequence[MappedRow], built: Built) -> tuple[dict[str, Any], dict[str, int]]:
    """The columns of the header, and which row said each; every row may say it, none may say something else."""
    said: dict[str, Any] = {}
    who: dict[str, int] = {}
    for n, row in enumerate(rows):
        for name in (one.name for one in _HEADER):
            value = row.values.get(name)
            if _blank(value):
                continue
            if name not in said:
                said[name], who[name] = value, n
            elif _alike(name, said[name]) != _alike(name, value):
                first = rows[who[name]].row
                text = (
                    f"{_LABELS[name]}: {_short(value)} here, {_short(said[name])} in row {first:,} of the same claim."
                )
                built.refuse(n, name, "contradicts", text)
    day = said.get("claim_date")
    header: dict[str, Any] = {
        name: str(said.get(name) or "").strip()
        for name in ("vin", "technician", "advisor", "campaign_number", "contract_number", "pre_auth_number",
                     "late_reason", "goodwill_reason")
    }  # fmt: skip
    header |= {name: said.get(name) or day for name in ("ro_opened_on", "ro_closed_on", "failed_on", "reported_on")}
    header |= {
        "claim_type": said.get("claim_type") or "standard", "unit": said.get("unit") or "mi",
        "ro_number": str(said.get("ro_number") or said.get("external_number") or "").strip(),
        "odometer_in": said.get("odometer_in"), "odometer_out": said.get("odometer_out", said.get("odometer_in")),
        "exclusions": _exclusions(said, who, built),
    }  # fmt: skip
    return header, who


def _exclusions(said: dict[str, Any], who: dict[str, int], built: Built) -> tuple[str, ...]:
    given = [word.strip().casefold() for word in str(said.get("exclusions") or "").replace(";", ",").split(",")]
    unknown = [word for word in given if word and word not in EXCLUSIONS]
    if unknown:
        text = f'"{_short(unknown[0])}" excludes nothing; known are {", ".join(EXCLUSIONS)}.'
        built.refuse(who["exclusions"], "exclusions", "not_a_choice", text)
    return tuple(word for word in EXCLUSIONS if word in given)


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:39]}…"


# ---- jobs ------------------------------------------------------------------------------------------------------------
def _jobs(rows: Sequence[MappedRow], built: Built) -> tuple[list[JobDraft], dict[int, int], dict[int, int]]:
    """The jobs in the order they appear, the position of each row's job, and the first row of each job.

    A job is known by its number; without one, rows that say the same (or less) of a job are the same job.
    """
    said: list[dict[str, Any]] = []
    numbers: dict[int, int] = {}
    job_of: dict[int, int] = {}
    first: dict[int, int] = {}
    for n, row in enumerate(rows):
        own = {name: row.values[name] for name in (*_SAYS_JOB, "action") if not _blank(row.values.get(name))}
        number = row.values.get("job")
        if number is not None and not 0 <= number <= MOST_JOB:
            built.refuse(
                n, "job", "out_of_range", f"Job: a number lies between 0 and {MOST_JOB}; 0 is the whole visit."
            )
            continue
        if number == 0 or (number is None and not any(name in own for name in _SAYS_JOB)):
            continue
        place = numbers.get(number) if number is not None else _same(said, own)
        if place is None:
            said.append({})
            place = len(said)
            first[place] = n
        if number is not None:
            numbers[number] = place
        job_of[n] = place
        for name, value in own.items():
            before = said[place - 1].setdefault(name, value)
            if _alike(name, before) != _alike(name, value):
                text = f"{_LABELS[name]}: {_short(value)} here, {_short(before)} in row {rows[first[place]].row:,}"
                built.refuse(n, name, "contradicts", f"{text} of the same job.")
    for place, one in enumerate(said, 1):
        if not any(name in one for name in _SAYS_JOB):
            text = "Job: no row of this claim says anything of it (complaint, cause, part, operation ...)."
            built.refuse(first[place], "job", "empty", text)
    return [_job(n, one) for n, one in enumerate(said, 1)], job_of, first


def _same(said: Sequence[dict[str, Any]], own: dict[str, Any]) -> int | None:
    """The place of the job that says all a row says; None when it is another."""
    for place, one in enumerate(said, 1):
        if all(_alike(name, one.get(name)) == _alike(name, value) for name, value in own.items()):
            return place
    return None


def _job(position: int, said: dict[str, Any]) -> JobDraft:
    texts = {name: str(said.get(name) or "") for name in _SAYS_JOB if name != "notes"}
    if said.get("notes") and not (texts["cause"] and texts["correction"]):
        cause, correction = split(str(said["notes"]))
        texts["cause"], texts["correction"] = texts["cause"] or cause, texts["correction"] or correction
    usual = "replacement" if replaces(texts["correction"]) else "repair"
    return JobDraft(position=position, **texts, action=said.get("action") or usual)


# ---- money -----------------------------------------------------------------------------------------------------------
def _hundredths(value: Decimal | None) -> int | None:
    return None if value is None else int((value * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _charges(row: MappedRow, n: int, job: JobDraft | None, built: Built) -> Iterator[ChargeDraft]:
    """The lines of money of one row: by columns, and the row's own line."""
    v = row.values
    markup = _hundredths(v.get("markup")) or 0
    operation, part = (job.operation, job.causal_part) if job else ("", "")
    if v.get("labour") and v.get("labour_hours") is None:
        built.refuse(n, "labour", "hours_needed", "Labour: an amount needs its hours.")
    elif any(v.get(name) for name in ("labour_hours", "labour")):
        yield from _line(
            n, "labour", "labour", built, code=operation, quantity=_hundredths(v.get("labour_hours")),
            unit=v.get("labour_rate"), amount=v.get("labour"),
        )  # fmt: skip
    if any(v.get(name) for name in ("part_quantity", "part_price", "parts")):
        yield from _line(
            n, "parts", "parts", built, code=part, quantity=_hundredths(v.get("part_quantity")),
            unit=v.get("part_price"), amount=v.get("parts"), markup=markup,
        )  # fmt: skip
    for kind in ("sublet", "freight", "misc", "tax"):
        if v.get(kind):
            yield from _line(n, kind, kind, built, amount=v[kind])
    if v.get("rental"):
        yield from _line(
            n, "rental", "rental", built, code="RENTAL", quantity=_hundredths(v.get("rental_days")), amount=v["rental"]
        )
    if v.get("deductible"):
        yield from _line(n, "deductible", "deductible", built, amount=-abs(v["deductible"]))
    yield from _own_line(row, n, built, operation=operation, part=part, markup=markup)


def _own_line(row: MappedRow, n: int, built: Built, *, operation: str, part: str, markup: int) -> Iterator[ChargeDraft]:
    """The line a row is where a column says of which kind it is."""
    v, kind = row.values, row.values.get("line_kind")
    given = [name for name in ("quantity", "unit_price", "amount", "line_code", "line_text") if not _blank(v.get(name))]
    if kind is None:
        if given:
            text = f"{_LABELS[given[0]]}: say of which kind the line is ({_LABELS['line_kind']})."
            built.refuse(n, "line_kind", "required", text)
        return
    code = str(v.get("line_code") or {"labour": operation, "parts": part}.get(kind, "")).strip()
    unit, amount = v.get("unit_price"), v.get("amount")
    if kind == "deductible":
        unit, amount = (None if cents is None else -abs(cents) for cents in (unit, amount))
    if unit is None and amount is None and not (kind in ("labour", "parts") and code):
        built.refuse(n, "amount", "required", f"{CHARGE_KINDS[kind]}: the line has no amount.")
        return
    yield from _line(
        n, kind, "amount", built, code=code, text=str(v.get("line_text") or ""), unit=unit, amount=amount,
        quantity=_hundredths(v.get("quantity")), markup=markup if kind == "parts" else 0,
    )  # fmt: skip


def _line(
    n: int, kind: str, name: str, built: Built, *, code: str = "", text: str = "", quantity: int | None = None,
    unit: int | None = None, amount: int | None = None, markup: int = 0,
) -> Iterator[ChargeDraft]:  # fmt: skip
    """One line. An amount beside a price has to be what they come to; alone, the price follows from it, to the cent.

    A price is whole cents, so several pieces may come to a cent more or less than the amount: that is said.
    """
    label = CHARGE_KINDS[kind]
    if quantity is not None and quantity <= 0:
        built.refuse(n, name, "quantity", f"{label}: a quantity is above 0.")
        return
    # Labour without hours and without a price takes those of the catalogue (price_rules.fill), so it stays open here.
    wanted = quantity if quantity is not None else (0 if kind == "labour" and not unit and not amount else 100)
    both = bool(unit) and amount is not None
    if amount is not None and not unit and markup >= 0:
        unit = half_up(amount * 100 * 10_000, wanted * (10_000 + markup))
    line = ChargeDraft(
        position=1, kind=kind, code=code, description=text or ("" if code else label), quantity=wanted,
        unit_cents=unit or 0, markup=markup,
    )  # fmt: skip
    comes_to = line_cents(line)
    if amount is not None and comes_to != amount:
        words = f"{label}: {wanted / 100:,.2f} at {line.unit_cents / 100:,.2f} come to {comes_to / 100:,.2f}"
        words += f", and the file says {amount / 100:,.2f}."
        if both and abs(comes_to - amount) > 1:
            built.refuse(n, name, "adds_up", words)
            return
        built.said.append(words)
    yield line
