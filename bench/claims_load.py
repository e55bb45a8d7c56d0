"""Many processes submit and decide the same claims at once: none may be lost, none doubled (issue 5, R05).

`python -m bench.claims_load [--claims 5000] [--processes 8]` runs it on a scratch SQLite database and on a
scratch PostgreSQL server; the suite runs the same with fewer (tests/claims/test_many_processes.py). Every claim is
entered, sent and decided by two processes, with the same form key and on the same version: exactly one may succeed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, func, select

from db import catalog  # noqa: F401 - followers listen
from db.claims.commands import COMMANDS
from db.claims.draft_commands import save_draft
from db.claims.tables import Claim, ClaimAttachment, ClaimDecision, ClaimHold, ClaimJob, ClaimRun
from db.core.actor import Actor
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import make_engine, reading, run, writing
from db.core.timeline import verify
from tests.claims.factories import LABOUR, PART, draft
from tests.support.users import actor_named, make_dealer, make_person
from tests.warranty.factories import add_vehicle, warranty_data

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
DEALERS = 12
ROOT = Path(__file__).resolve().parents[2]
DEAR = (LABOUR, replace(PART, unit_cents=900_00))
"""1,560.00: above what is paid without a person, within what a manager may decide."""
_VINS = "1HGCM82633A{:06}"


def prepare(engine: Engine, *, claims: int) -> None:
    """Dealers, their people, two deciders a process, warranty data and a vehicle for each claim."""
    ids = [make_dealer(engine, code=f"{7000 + n:05}", name=f"Load Motors {n}") for n in range(DEALERS)]
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=ids)
    for name in ("mia", "max"):
        make_person(engine, name, Role.MANAGER)
    warranty_data(engine)
    for n in range(claims):
        add_vehicle(engine, _VINS.format(n))


def work(url: str, *, index: int, processes: int, claims: int) -> Counter[str]:
    """What one process does: enters and sends its share and its neighbour's, then decides them in another order."""
    engine = make_engine(url)
    with reading(engine) as session:
        from db.dealers.tables import Dealer

        dealers = list(session.scalars(select(Dealer.id).where(Dealer.name.like("Load %")).order_by(Dealer.id)))
    dora, decider = actor_named(engine, "dora"), actor_named(engine, ("mia", "max")[index % 2])
    mine = [n for n in range(claims) if n % processes in (index, (index + 1) % processes)]
    chance = random.Random(index)
    told: Counter[str] = Counter()
    chance.shuffle(mine)
    for n in mine:
        _send(engine, n, dealer_id=dealers[n % len(dealers)], actor=dora, told=told)
    chance.shuffle(mine)
    for n in mine:
        _decide(engine, n, actor=decider, deny=chance.random() < 0.3, told=told)
    engine.dispose()
    return told


def _send(engine: Engine, n: int, *, dealer_id: int, actor: Actor, told: Counter[str]) -> None:
    entered = draft(vin=_VINS.format(n), ro_number=f"RO-{n}", charges=DEAR, exclusions=("modified",))
    claim_id = run(
        save_draft, bind=engine, dealer_id=dealer_id, draft=entered, actor=actor, now=NOW, form_key=f"load-{n}"
    )  # fmt: skip
    with reading(engine) as session:
        version, status = session.execute(select(Claim.version, Claim.status).where(Claim.id == claim_id)).one()
    if status != "draft":
        told["already sent"] += 1
        return
    _attach(engine, claim_id)
    try:
        run(COMMANDS["submit"], bind=engine, item_id=claim_id, seen_version=version, actor=actor, now=NOW)
        told["sent"] += 1
    except Refused as refusal:
        told[f"sending {refusal.code}"] += 1


def _attach(engine: Engine, claim_id: int) -> None:
    """The repair order every claim needs (W25), as an upload leaves it; the bytes do not matter here."""
    with writing(engine, keeps_timeline=False) as session:
        claim = session.get_one(Claim, claim_id)
        session.add(
            ClaimAttachment(
                claim_id=claim_id, dealer_id=claim.dealer_id, region=claim.region, kind="ro_copy", size=1,
                file_name="ro.pdf", stored_name=uuid4().hex, sha256=uuid4().hex * 2, media_type="application/pdf",
                uploaded_at=NOW, uploaded_by="Load",
            )
        )  # fmt: skip


def _decide(engine: Engine, n: int, *, actor: Actor, deny: bool, told: Counter[str]) -> None:
    with reading(engine) as session:
        found = session.execute(
            select(Claim.id, Claim.version, Claim.status).where(Claim.form_key == f"load-{n}")
        ).one_or_none()
    if found is None or found.status != "in_review":
        told["not there to decide" if found is None else "already decided"] += 1
        return
    step = "deny" if deny else "approve"
    more: dict[str, Any] = {"reason_code": "MODIFIED", "note": "Modified."} if deny else {}
    try:
        run(COMMANDS[step], bind=engine, item_id=found.id, seen_version=found.version, actor=actor, now=NOW, **more)
        told["decided"] += 1
    except Refused as refusal:
        told[f"deciding {refusal.code}"] += 1


def race(url: str, *, processes: int, claims: int) -> Counter[str]:
    """Start the processes, wait for them, and add up what they tell; raises when one of them failed."""
    command = [sys.executable, "-m", "bench.claims_load", "--work", url]
    started = [
        subprocess.Popen(
            [*command, "--index", str(i), "--processes", str(processes), "--claims", str(claims)],
            cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(processes)
    ]  # fmt: skip
    told: Counter[str] = Counter()
    failed = []
    for one in started:
        said, errors = one.communicate()
        if one.returncode:
            failed.append(errors[-2000:])
        else:
            told.update(json.loads(said.strip().splitlines()[-1]))
    if failed:
        raise RuntimeError("\n".join(failed))
    return told


def finish(url: str) -> None:
    """Decide what a process left because its neighbour had not sent it yet."""
    engine = make_engine(url)
    with reading(engine) as session:
        left = session.execute(select(Claim.id, Claim.version).where(Claim.status == "in_review")).all()
    mia = actor_named(engine, "mia")
    for claim_id, version in left:
        run(COMMANDS["approve"], bind=engine, item_id=claim_id, seen_version=version, actor=mia, now=NOW)
    engine.dispose()


def wrong_with(url: str, *, claims: int) -> list[str]:
    """What was lost or doubled, as sentences; an empty list is what we want."""
    engine = make_engine(url)
    found = []
    with reading(engine) as session:
        counts = dict(session.execute(select(Claim.status, func.count()).group_by(Claim.status)).all())
        total = sum(counts.values())
        if total != claims:
            found.append(f"{total} claims are there instead of {claims}")
        open_ones = {k: v for k, v in counts.items() if k not in ("approved", "partially_approved", "denied")}
        if open_ones:
            found.append(f"not decided: {open_ones}")
        final = ("approve", "partial", "deny")
        decisions = (
            select(ClaimDecision.claim_id).where(ClaimDecision.kind.in_(final)).group_by(ClaimDecision.claim_id)
        )  # fmt: skip
        doubled = session.scalars(decisions.having(func.count() != 1)).all()
        decided = len(session.scalars(decisions).all())
        if doubled or decided != claims:
            found.append(f"{len(doubled)} claims decided more than once, {decided} decided at all")
        for name, query in {
            "runs": select(func.count()).select_from(ClaimRun),
            "jobs": select(func.count()).select_from(ClaimJob),
            "keys of repair orders": select(func.count(func.distinct(ClaimJob.ro_key))),
        }.items():
            count = session.scalar(query)
            if count != claims:
                found.append(f"{count} {name} instead of {claims}")
        held = session.scalar(select(func.count()).where(ClaimHold.until.is_(None)))
        waiting = sum(counts.get(s, 0) for s in ("approved", "partially_approved"))
        if held != waiting:
            found.append(f"{held} claims are held by somebody, {waiting} are open")
        approved = session.scalar(select(func.sum(Claim.approved_cents))) or 0
        by_decision = session.scalar(
            select(func.sum(ClaimDecision.approved_cents)).where(ClaimDecision.kind.in_(final))
        )  # fmt: skip
        if approved != (by_decision or 0):
            found.append(f"claims come to {approved}, their decisions to {by_decision}")
        report = verify(session)
        if report.first_bad is not None:
            found.append(f"timeline entry {report.first_bad}: {report.message}")
    engine.dispose()
    return found


def main() -> int:
    """The command line: the whole race on both databases, or (`--work`) one process of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.claims_load", description=__doc__)
    parser.add_argument("--claims", type=int, default=5000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--work", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--index", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        told = work(options.work, index=options.index, processes=options.processes, claims=options.claims)
        print(json.dumps(told))
        return 0
    return 1 if any(_whole(kind, options) for kind in ("sqlite", "postgresql")) else 0


def _whole(kind: str, options: argparse.Namespace) -> list[str]:
    from db.migrate import upgrade
    from tests.support.postgres import PostgresServer

    with tempfile.TemporaryDirectory() as folder:
        server = None
        url = f"sqlite:///{Path(folder) / 'load.db'}"
        if kind == "postgresql":
            server = PostgresServer()
            server.start()
            url = server.url
        try:
            upgrade(url)
            engine = make_engine(url)
            prepare(engine, claims=options.claims)
            engine.dispose()
            began = time.perf_counter()
            told = race(url, processes=options.processes, claims=options.claims)
            taken = time.perf_counter() - began
            finish(url)
            wrong = wrong_with(url, claims=options.claims)
        finally:
            if server is not None:
                server.stop()
                server.remove()
    print(
        f"{kind}: {options.claims:,} claims, {options.processes} processes, {taken:.0f} s; {dict(sorted(told.items()))}"
    )
    print("  nothing lost, nothing doubled" if not wrong else "  WRONG: " + "; ".join(wrong))
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
