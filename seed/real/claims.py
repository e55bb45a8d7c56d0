"""The heavy-truck claims: 25 dealers, 500 claims judged by the rules, the queue as it shows them, some decided."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import func, select

from db.claim_payments.tables import ClaimEntry
from db.claims.board_queries import ClaimFilters, count_views, levels_of, list_claims
from db.claims.commands import COMMANDS
from db.claims.decide_commands import decide_lines
from db.claims.decision_rules import LineDecision
from db.claims.flow import FLOW
from db.claims.policy_commands import publish_policy
from db.claims.policy_rules import DEFAULT, Policy
from db.claims.tables import Claim, ClaimCharge, ClaimFinding, ClaimJob, ClaimRun
from db.core.actor import Actor, system_actor
from db.core.area import SourceFile
from db.core.contact import email_normal, phone_e164
from db.core.geo import state_code
from db.core.session import reading, run
from db.dealers.rules import name_key
from db.dealers.tables import Dealer
from db.exports import run_export
from db.imports.commands import BatchResult
from db.imports.mapping import load_mapping
from db.people.commands import add_person
from db.people.queries import actor_for
from seed.real import Desk, Fact
from seed.warranty import MAIN

# What the set leaves out is set up for the trial: the parts' names and prices are those of the demo.
COMPONENTS = {
    "ENG-TURBO": "Turbocharger", "TRN-CTRL": "Transmission control", "BRK-COMP": "Air compressor",
    "EXH-MANI": "Exhaust manifold", "STR-GEAR": "Steering gear",
}  # fmt: skip
AS_WRITTEN = 40
"""So many rows are tried before anything is set up."""
SERIALS = (
    'kind = "vehicles"\ntitle = "Serials"\n[columns]\nvin = "serial_number"\n[constants]\nvin_reason = "equipment"\n'
)


def claims(desk: Desk) -> list[Fact]:
    """500 claims: none lost, what is odd listed, judged, shown by the queue, and decided by people through commands."""
    files = desk.files("warranty_claims.csv")
    rows = _rows(desk)
    _dealers(desk, rows)
    some = _table("some.csv", list(rows[0]), [list(row.values()) for row in rows[:AS_WRITTEN]])
    untouched = desk.bring_in("claims", [some], mapping=desk.mapping(), dry_run=True)
    vehicles = _set_up(desk, files)
    batch = desk.bring_in("claims", files, mapping=desk.mapping())
    again = desk.bring_in("claims", files, mapping=desk.mapping())
    return [
        desk.known("rows", batch.created, "claims created"),
        desk.fact("rejected", 0, batch.rejected),
        desk.fact("imported again: already there", desk.answers["rows"], again.duplicates),
        *_stored(desk),
        *_listed(desk, batch, rows),
        desk.fact("serials made vehicles, and seen again", [496, 4], [vehicles.created, vehicles.duplicates]),
        desk.fact("as written, no serial is a VIN: not processed", AS_WRITTEN, _judged(untouched)["rejected"]),
        *_queue(desk, batch),
        *suppliers(desk),
    ]


def _rows(desk: Desk, name: str = "warranty_claims.csv") -> list[dict[str, str]]:
    with (desk.data / desk.name / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _table(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> SourceFile:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return SourceFile(name=name, content=text.getvalue().encode())


# ---- what the set leaves out -----------------------------------------------------------------------------------------
def _dealers(desk: Desk, rows: Sequence[dict[str, str]]) -> None:
    """The 25 dealers by their codes; where they are, the set does not say."""
    codes = sorted({row["dealer_id"] for row in rows})
    table = _table("dealers.csv", ("Code", "Trade name", "State"), [(c, f"Truck dealer {c}", "OH") for c in codes])
    desk.bring_in("dealers", [table])


def _set_up(desk: Desk, files: list[SourceFile]) -> BatchResult:
    """Parts with prices, the serials as equipment, and a policy for claims of parts taken over from elsewhere."""
    first = "2015-01-01"
    for kind, header, lines in (
        ("warranty_components", ("Code", "Name"), list(COMPONENTS.items())),
        ("warranty_plans", ("Code", "Name", "Kind", "Months", "Distance", "Valid from"),
         [("TRUCK", "Truck components", "basic", 60, 500_000, first)]),
        ("warranty_parts", ("Part number", "Name", "Component", "Net price", "Valid from"),
         [(number, name, code, net, first) for code, (number, name, net) in MAIN.items()]),
    ):  # fmt: skip
        desk.bring_in(kind, [_table(f"{kind}.csv", header, lines)])
    run(
        publish_policy, bind=desk.engine, policy=policy_of_parts(), effective_from=date.fromisoformat(first),
        reason="Claims of parts name serials, not vehicles, and come without papers", seen_version=DEFAULT.version,
        form_key=None, actor=system_actor("seed"), now=desk.now,
    )  # fmt: skip
    return desk.bring_in("vehicles", files, mapping=load_mapping(SERIALS))


def policy_of_parts() -> Policy:
    """The default but for three things: a serial only warns, cover nobody knows is not asked for, and no file is."""
    rules = dict(DEFAULT.rules)
    rules["W01"] = replace(rules["W01"], level="W")
    rules["W06"] = replace(rules["W06"], enabled=False)
    return replace(DEFAULT, rules=rules, attachments={**DEFAULT.attachments, "standard": ()})


# ---- as published ----------------------------------------------------------------------------------------------------
def _stored(desk: Desk) -> list[Fact]:
    """What the database holds, beside the answers."""
    with reading(desk.engine) as session:
        parts = dict(session.execute(select(ClaimJob.causal_part, func.count()).group_by(ClaimJob.causal_part)).all())
        dealers = session.scalar(select(func.count(Claim.dealer_id.distinct())))
        numbers = session.execute(select(func.count(), func.count(Claim.external_number.distinct()))).one()
        days = session.execute(select(func.min(Claim.ro_closed_on), func.max(Claim.ro_closed_on))).one()
        serials = session.scalar(select(func.count(Claim.vin.distinct()))) or 0
        runs = session.scalar(select(func.count(ClaimRun.claim_id.distinct())))
        linked = session.scalar(select(func.count()).where(Claim.vehicle_id.is_not(None)))
        codes = set(session.scalars(select(Dealer.code).where(Dealer.id.in_(select(Claim.dealer_id)))))
    return [
        desk.known("dealers", dealers),
        desk.fact("dealers by their own codes", desk.answers["dealers"], len(codes)),
        *desk.all_of("by_part", parts, "claims for"),
        desk.known("duplicate_claim_ids", numbers[0] - numbers[1]),
        desk.known("duplicate_serials", numbers[0] - serials),
        desk.known("claim_date_range", [day.isoformat() for day in days]),
        desk.fact("judged by the rules", desk.answers["rows"], runs),
        desk.fact("tied to their vehicle", desk.answers["rows"], linked),
    ]


def _listed(desk: Desk, batch: BatchResult, rows: Sequence[dict[str, str]]) -> list[Fact]:
    """Whether the import lists the odd rows themselves, not only their number."""
    year = [n for n, row in enumerate(rows, 2) if row["claim_id"][3:7] != row["claim_date"][:4]]
    serials = [row["serial_number"] for row in rows]
    serial = [n for n, one in enumerate(serials, 2) if one in serials[: n - 2]]

    def told(code: str) -> list[int]:
        return [o.row for o in batch.warnings if code in o.code and o.message]

    words = " ".join(batch.sentences)
    return [
        desk.known("claim_year_in_id_differs_from_date", len(told("year_differs")), "another year in the number"),
        desk.fact("another year in the number: the very rows listed", True, told("year_differs") == year),
        desk.known("duplicate_serials", len(told("serial_again")), "serial again"),
        desk.fact("serial again: the very rows listed", serial, told("serial_again")),
        desk.fact("told in the result", ["265", "4"], re.findall(r"([\d,]+) claims with", words)),
    ]


def _judged(batch: BatchResult) -> Counter[str]:
    """States by the words of an import: how many rows came to each."""
    labels = {f": {state.label.lower()}.": state.name for state in FLOW.states}
    return Counter(name for o in batch.outcomes for words, name in labels.items() if words in o.message)


# ---- the queue -------------------------------------------------------------------------------------------------------
def _person(desk: Desk, username: str, role: str) -> Actor:
    run(
        add_person, bind=desk.engine, username=username, name=username.title(), role=role, scope_kind="all",
        without_password=True, actor=system_actor("seed"), now=desk.now,
    )  # fmt: skip
    with reading(desk.engine) as session:
        return actor_for(session, username=username)


def _counts(found: Mapping[str, int]) -> str:
    """Numbers by state as one line."""
    return ", ".join(f"{name} {n:,}" for name, n in sorted(found.items()))


def _states(desk: Desk) -> Counter[str]:
    with reading(desk.engine) as session:
        return Counter(dict(session.execute(select(Claim.status, func.count()).group_by(Claim.status)).all()))


def _walk(desk: Desk, actor: Actor, view: str) -> tuple[int, int]:
    """The claims a view shows, page by page, and how many different ones."""
    found: list[int] = []
    after: Any = None
    with reading(desk.engine) as session:
        filters = ClaimFilters(view=view, levels=levels_of(session, actor=actor, now=desk.now))
        while True:
            page, after = list_claims(session, actor=actor, filters=filters, after=after)
            found += [row.id for row in page]
            if after is None:
                return len(found), len(set(found))


def _counted(desk: Desk, actor: Actor) -> dict[str, int]:
    with reading(desk.engine) as session:
        filters = ClaimFilters(levels=levels_of(session, actor=actor, now=desk.now))
        return count_views(session, actor=actor, filters=filters)


def _queue(desk: Desk, batch: BatchResult) -> list[Fact]:
    """The counters and pages of the queue before and after a coordinator and a manager decided a handful."""
    total = desk.answers["rows"]
    before = _states(desk)
    cora, mason = _person(desk, "cora", "coordinator"), _person(desk, "mason", "manager")
    shown = _counted(desk, cora)
    said = _judged(batch)
    with reading(desk.engine) as session:
        found = session.scalar(select(func.count(ClaimFinding.claim_id.distinct())))
    exported = run(run_export, bind=desk.engine, kind="claims", file_format="csv", actor=cora, now=desk.now).row_count
    facts = [
        desk.fact("states add up", total, sum(before.values())),
        desk.fact("states as the import told them", _counts(said), _counts(before)),
        desk.fact("queue: waits for us", before["in_review"], shown["waiting"]),
        desk.fact("queue: all", total, shown["all"]),
        desk.fact("queue: all its pages", (total, total), _walk(desk, cora, "all")),
        desk.fact("queue: pages of what waits", (before["in_review"],) * 2, _walk(desk, cora, "waiting")),
        desk.fact("claims with a finding", total, found),
        desk.fact("export: rows", total, exported),
    ]
    return [*facts, *_decided(desk, cora, mason, before)]


def _in_review(desk: Desk, number: int, *, level: int) -> list[int]:
    """Claims that wait for a level, those due first, with money to decide on."""
    with reading(desk.engine) as session:
        return list(
            session.scalars(
                select(Claim.id)
                .where(Claim.status == "in_review", Claim.level == level, Claim.claimed_cents > 0)
                .order_by(Claim.due_at, Claim.id)
                .limit(number)
            )
        )


def _step(desk: Desk, name: str, claim_id: int, actor: Actor, **more: Any) -> Any:
    with reading(desk.engine) as session:
        version = session.scalar(select(Claim.version).where(Claim.id == claim_id))
    command = decide_lines if name == "reduce" else COMMANDS[name]
    return run(
        command, bind=desk.engine, item_id=claim_id, seen_version=version, actor=actor, now=desk.now, **more
    )  # fmt: skip


def _halves(desk: Desk, claim_id: int) -> list[LineDecision]:
    with reading(desk.engine) as session:
        lines = session.scalars(
            select(ClaimCharge).where(ClaimCharge.claim_id == claim_id).order_by(ClaimCharge.position)
        )
        return [
            LineDecision(
                position=c.position, cents=c.claimed_cents // 2, reason_code="BEYOND_POLICY", note="Half of it."
            )
            for c in lines
        ]


def _decided(desk: Desk, cora: Actor, mason: Actor, before: Counter[str]) -> list[Fact]:
    """Two approved, two reduced, two denied, two returned; two above the coordinator's authority signed twice."""
    small, large = _in_review(desk, 8, level=1), _in_review(desk, 2, level=2)
    said = {"reason_code": "NOT_DEFECT", "note": "The part was tested and works."}
    plan = ("approve", "reduce", "deny", "send_back") * 2
    came = Counter(
        _step(
            desk, name, claim_id, cora,
            **({"lines": _halves(desk, claim_id), "note": "Half of it."} if name == "reduce" else {}),
            **(said if name in ("deny", "send_back") else {}),
        )
        for name, claim_id in zip(plan, small, strict=True)
    )  # fmt: skip
    signed = [_step(desk, "approve", claim_id, cora) for claim_id in large]
    passed_on = [_step(desk, "approve", claim_id, mason) for claim_id in large]
    after = _states(desk)
    shown = _counted(desk, cora)
    with reading(desk.engine) as session:
        decided = select(Claim.id).where(Claim.decided_kind == "person")
        approved = session.scalar(select(func.sum(Claim.approved_cents)).where(Claim.id.in_(decided)))
        by_line = session.scalar(select(func.sum(ClaimCharge.approved_cents)).where(ClaimCharge.claim_id.in_(decided)))
        owed = session.scalar(select(func.sum(ClaimEntry.cents)).where(ClaimEntry.claim_id.in_(decided)))
    moved = {name: after[name] - before[name] for name in sorted({*after, *before}) if after[name] != before[name]}
    return [
        desk.fact(
            "decided by a coordinator", "approved 2, denied 2, partially_approved 2",
            _counts({str(state): n for state, n in came.items() if state}),
        ),
        desk.fact("above the authority: signed, then decided", "in_review approved",
                  " ".join(sorted({*signed}) + sorted({*passed_on}))),
        desk.fact("states that changed", "approved 4, denied 2, in_review -10, partially_approved 2, returned 2",
                  _counts(moved)),
        desk.fact("states add up after deciding", desk.answers["rows"], sum(after.values())),
        desk.fact("queue: waits for us after deciding", after["in_review"], shown["waiting"]),
        desk.fact("money: claims, their lines and the ledger", [approved] * 2, [by_line, owed]),
    ]  # fmt: skip


# ---- suppliers -------------------------------------------------------------------------------------------------------
def suppliers(desk: Desk) -> list[Fact]:
    """12 suppliers: not stored, for the desk keeps no suppliers; what it keeps of dealers and people reads them all.

    Judged: a supplier recovery names its supplier in words; an importer would fill a table nobody uses. The set is
    worth its faults: phones, e-mails, states and company names in different styles.
    """
    rows = _rows(desk, "suppliers.csv")
    phones = [phone_e164(row["PHONE"]) for row in rows]
    states = {row["SUPPLIER_ID"]: state_code(row["STATE"]) for row in rows}
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(name_key(row["COMPANY_NAME"]), []).append(row["SUPPLIER_ID"])
    return [
        desk.fact("suppliers: phones read, all styles", 12, sum(bool(phone) for phone in phones)),
        desk.fact("suppliers: e-mails read", 12, sum(email_normal(row["EMAIL"]) is not None for row in rows)),
        desk.fact("suppliers: states by code or name, one is German", ["SUP-010"],
                  [number for number, code in states.items() if not code]),
        desk.fact("suppliers: the same company twice", [["SUP-001", "SUP-007"], ["SUP-002", "SUP-011"]],
                  [ids for ids in names.values() if len(ids) > 1]),
    ]  # fmt: skip
