"""R18 beyond the collected documents: made in the same shapes from facts we know, many in one file, and again."""

from __future__ import annotations

import random
import re
import time
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from sqlalchemy import Engine

from db.core.area import SourceFile
from db.core.session import run
from db.imports.commands import run_import
from db.leads.adf import parse
from db.leads.intake_kinds import ADF
from db.leads.tables import Lead
from tests.leads.intake_examples import CLI, NOW, count, document, later, make_dealers, prospect
from tests.support.tier import figure, sized

MADE = sized(fast=60, long=2_000)
PROSPECTS = sized(fast=60, long=1_000)
FIRST = ("Rosa", "Łukasz", "D’Arcy", "Zoë", "Mary Ann", "José", "Søren", "Ann & Bob")
LAST = ("Alvarez", "van der Berg", "O'Neil", "Müller", "Smith-Jones", "Nguyễn")
CARS = (("2027", "Toyota", "Camry XSE"), ("2019", "Ford", "F-150"), ("2024", "Kia", "EV6"), ("2008", "Honda", "CR-V"))
HEADS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<?adf version="1.0"?>\n', "<?ADF VERSION '1.0'?>\n<?XML VERSION '1.0'?>\n",
    "", "\n\n  ", "\ufeff",
)  # fmt: skip


def shaped(dice: random.Random, xml: str) -> str:
    """The same document as another sender would write it: capitals, a namespace, no envelope, other heads."""
    head = dice.choice(HEADS)
    kind = dice.randrange(4)
    if kind == 1:
        xml = re.sub(r"(</?)([a-z]+)", lambda m: m[1] + m[2].capitalize(), xml)
    if kind == 2:
        xml = re.sub(r"(</?)([a-z]+)", r"\1a:\2", xml).replace("<a:adf>", '<a:adf xmlns:a="urn:adf">')
    if kind == 3:
        xml = xml.replace("<adf>", "").replace("</adf>", "")
    return head + xml


def test_documents_made_from_known_facts_come_back_whole():
    received, wrong = datetime(2026, 11, 22, 21, 0, tzinfo=UTC), []
    for n in range(MADE):
        dice = random.Random(f"adf {n}")
        first, last, (year, make, model) = dice.choice(FIRST), dice.choice(LAST), dice.choice(CARS)
        email, phone = f"rosa{n}@alvarez.example.com", f"312-555-{n % 10_000:04}"
        vendor, number = f"Lakeside {dice.choice(('Toyota', 'Ford & Sons', 'Kía'))}", f"CF-{n}"
        xml = (
            f"<adf><prospect><id source='CarFinder'>{number}</id><requestdate>2026-11-22T14:30:00-06:00</requestdate>"
            f"<vehicle interest='buy' status='new'><year>{year}</year><make>{make}</make><model>{model}</model>"
            "</vehicle>"
            f"<customer><contact><name part='first'>{escape(first)}</name><name part='last'>{escape(last)}</name>"
            f"<email>{email}</email><phone>{phone}</phone></contact></customer>"
            f"<vendor><vendorname>{escape(vendor)}</vendorname></vendor>"
            f"<provider><name>CarFinder</name></provider></prospect></adf>"
        )
        (draft,) = parse(shaped(dice, xml).encode(), received_at=received).prospects
        wanted = draft.wanted
        found = (
            draft.first_name, draft.last_name, [e.raw for e in draft.emails], [p.raw for p in draft.phones],
            wanted and (str(wanted.year), wanted.make, wanted.model), draft.vendor_name, draft.ids[0].value,
            draft.provider_name,
        )  # fmt: skip
        facts = (first, last, [email], [phone], (year, make, model), vendor, number, "CarFinder")
        if found != facts:
            wrong.append((n, found, facts))
    figure("R18", "other documents read back whole", MADE - len(wrong))
    figure("R18", "documents with a wrong field", len(wrong))
    assert wrong == []


def test_a_thousand_prospects_of_one_file_and_the_same_file_again(sqlite_engine: Engine):
    make_dealers(sqlite_engine)
    raw = document(
        *(
            prospect(name=f"Pat {n}", email=f"pat{n}@mail.com", phone="", number=f"P{n}", postal="75201")
            for n in range(PROSPECTS)
        )
    )

    def take(hours: int, name: str) -> int:
        files = [SourceFile(name=name, content=raw)]
        given: dict[str, Any] = {
            "kind": ADF,
            "files": files,
            "channel": "file",
            "actor": CLI,
            "now": later(hours=hours),
        }
        return int(run(run_import, bind=sqlite_engine, **given).created)

    begun = time.monotonic()
    assert take(0, "leads.xml") == PROSPECTS
    seconds = time.monotonic() - begun
    again = take(1, "leads.xml") + take(2, "renamed.xml")
    figure("R18", "prospects in one file", PROSPECTS)
    figure("R18", "seconds for 1,000 prospects", round(seconds * 1_000 / PROSPECTS, 2))
    figure("R18", "new leads of the same file again", again)
    assert again == 0
    assert count(sqlite_engine, Lead) == PROSPECTS


def test_a_thousand_equal_prospects_are_one_lead(sqlite_engine: Engine):
    make_dealers(sqlite_engine)
    files = [SourceFile(name="leads.xml", content=document(*[prospect(number="1")] * PROSPECTS))]
    run(run_import, bind=sqlite_engine, kind=ADF, files=files, channel="file", actor=CLI, now=NOW)
    leads = count(sqlite_engine, Lead)
    figure("R18", "leads of 1,000 equal prospects", leads)
    assert leads == 1
