"""A file of leads gives what its rows give one by one, by a number of statements that does not grow with it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.engine import make_url

import db.tables  # noqa: F401 - loads every table
from db.core.actor import EVERYTHING, Scope
from db.core.area import SourceFile
from db.core.base import Base
from db.core.permissions import Permission, Role
from db.core.session import make_engine, reading, run, writing
from db.dealers.tables import Dealer
from db.imports.commands import BatchResult, run_import
from db.leads.intake_kinds import TABLE
from db.leads.rollup import differences
from db.leads.tables import Lead
from db.leads.won_sums import SUMS
from db.people.queries import people_by_place, people_to_tell
from db.people.tables import Notification, Person
from tests.leads.factories import make_person
from tests.leads.intake_examples import CLI, NOW, make_dealers

COLUMNS = (
    "Lead number", "Source", "Received", "First name", "Last name", "E-mail", "Telephone", "State", "Postal code",
    "Make", "Model", "Year", "New or used", "VIN", "Trade-in", "Dealer code", "Dealer name", "Comments", "Status",
    "First contact", "Closed", "Value",
)  # fmt: skip
# What a lead, its customer and its first tasks are made of, and what is counted of them.
TABLES = (
    "lead", "lead_contact", "lead_vehicle", "lead_key", "lead_activity", "customer", "customer_key", "consent",
    "search_word", "routing_pointer", "cadence_run", "cadence_task", "lead_month", "lead_dealer_month",
    "lead_won_month", "lead_won_dealer_month",
)  # fmt: skip
# Numbers of rows that nothing refers to across these tables, and the import a row came with.
OWN = {"batch_id", "run_id"}


def rows_of(seed: int, many: int) -> list[list[str]]:
    """Rows of all kinds: people new, known, unreachable or of the past, sent twice, for named and for far dealers."""
    dice = Random(seed)
    made: list[list[str]] = []
    for _ in range(many):
        if made and dice.random() < 0.15:
            made.append(list(dice.choice(made)))
            continue
        past = dice.random() < 0.15
        first = dice.choice(("Ann", "Bo", "Cy"))
        worked = dice.choice(("sold", "lost", "contacted"))
        row = {
            "Lead number": f"N-{dice.randrange(many)}" if dice.random() < 0.7 else "",
            "Source": dice.choice(("Web", "Fair", "Cars.com", "")),
            "Received": "2026-05-02 10:00" if past else dice.choice(("", "2026-11-20 16:00", "2027-03-01 10:00")),
            "First name": first,
            "Last name": dice.choice(("Ash", "Birk", "Cole", "Élan", "")),
            "E-mail": dice.choice((f"{first}.{dice.randrange(12)}@mail.com".lower(), "", "no")),
            "Telephone": dice.choice((f"(212) 555-{dice.randrange(12):04}", "", "12")),
            "State": dice.choice(("NY", "TX", "CA", "")),
            "Postal code": dice.choice(("10001", "75201", "90001", "", "ZZ9")),
            "Make": dice.choice(("Toyota", "Ford", "Halden", "")),
            "Model": dice.choice(("Camry", "Focus", "")),
            "Year": dice.choice(("2026", "2019", "")),
            "New or used": dice.choice(("new", "used", "")),
            "VIN": dice.choice(("4T1DAACK5SU123456", "", "", "WRONG")),
            "Trade-in": dice.choice(("2015 Honda Civic", "", "")),
            "Dealer code": dice.choice(("00101", "00301", "00999", "", "", "")),
            "Dealer name": dice.choice(("Harbor Toyota", "", "", "")),
            "Comments": dice.choice(("Please call.", "My card is 4111 1111 1111 1111", "")),
        }
        if past:
            row |= {"Status": worked, "First contact": "2026-05-03 10:00", "Closed": "2026-05-09 10:00"}
            row["Value"] = "24000"
        made.append([row.get(column, "") for column in COLUMNS])
    return made


def take(engine: Engine, rows: list[list[str]], *, dry_run: bool = False) -> BatchResult:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([COLUMNS, *rows])
    files = [SourceFile(name="leads.csv", content=out.getvalue().encode())]
    if dry_run:
        with writing(engine, keeps_timeline=False) as session:
            return run_import(session, kind=TABLE, files=files, channel="file", actor=CLI, now=NOW, dry_run=True)
    return run(run_import, bind=engine, kind=TABLE, files=files, channel="file", actor=CLI, now=NOW)


def stored(engine: Engine, table: str) -> list[str]:
    """Every row of a table, without what only tells one import from another, in one order."""
    target = Base.metadata.tables[table]
    columns = [c for c in target.columns if c.name not in OWN and (c.name != "id" or table in ("lead", "customer"))]
    with reading(engine) as session:
        rows = session.execute(select(*columns)).all()
    return sorted(json.dumps(dict(row._mapping), default=str, sort_keys=True) for row in rows)


def prepare(engine: Engine) -> None:
    """Four dealers, one that is soon full and one that may have one lead a day, and people who are told."""
    dealers = make_dealers(engine)
    with writing(engine, keeps_timeline=False) as session:
        session.get_one(Dealer, dealers["00102"]).lead_cap = 4
        session.get_one(Dealer, dealers["00201"]).daily_quota = 2
        make_person(session, "cora", "Cora", Role.COORDINATOR, EVERYTHING)
        make_person(session, "eve", "Eve", Role.COORDINATOR, Scope("regions", regions=frozenset({"South"})))
        for code in ("00101", "00102", "00201"):
            own = Scope(dealer_ids=frozenset({dealers[code]}))
            make_person(session, f"s{code}", f"Staff {code}", Role.DEALER_STAFF, own)
            make_person(session, f"m{code}", f"Manager {code}", Role.DEALER_MANAGER, own)


@pytest.fixture
def pair(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two databases that are the same, with the same network."""
    shutil.copyfile(make_url(sqlite_url).database or "", tmp_path / "other.db")
    made = [make_engine(url) for url in (sqlite_url, f"sqlite:///{tmp_path / 'other.db'}")]
    for engine in made:
        prepare(engine)
    yield made[0], made[1]
    for engine in made:
        engine.dispose()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_file_gives_what_its_rows_give_one_by_one(pair: tuple[Engine, Engine], seed: int):
    whole, single = pair
    rows = rows_of(seed, 45)
    together = take(whole, rows)
    alone = [take(single, [row]).outcomes[0] for row in rows]

    def said(outcome: Any) -> tuple[Any, ...]:
        undo = {k: v for k, v in (outcome.undo or {}).items() if not isinstance(v, list) and k != "activity"}
        return outcome.outcome, outcome.code, outcome.message, outcome.item_id, outcome.dealer_id, str(undo)

    assert [said(o) for o in together.outcomes] == [said(o) for o in alone]
    assert [o.row for o in together.outcomes] == list(range(2, len(rows) + 2))
    # The rows hold every fate there is, else the comparison proves less than it says.
    assert {"created", "duplicate", "rejected"} <= {o.outcome for o in alone}
    assert {"in_the_future", "held", "unassigned"} <= {o.code for o in alone}
    for table in TABLES:
        assert stored(whole, table) == stored(single, table), table
    with reading(whole) as session:
        assert not differences(session)
        assert not SUMS.differences(session)


def test_a_file_tells_the_same_people_in_one_line_each(pair: tuple[Engine, Engine]):
    whole, single = pair
    rows = [*rows_of(3, 10), *plain_rows(9, of="few")]
    take(whole, rows)
    for row in rows:
        take(single, [row])
    told = []
    for engine in pair:
        with reading(engine) as session:
            query = select(Person.username, Notification.kind).join(Person, Person.id == Notification.person_id)
            told.append(Counter(session.execute(query).all()))
    assert set(told[0]) == set(told[1]) != set()
    assert set(told[0].values()) == {1}
    assert told[1].total() > told[0].total()


def test_a_dry_run_says_the_same_and_leaves_nothing(pair: tuple[Engine, Engine]):
    whole, single = pair
    rows = rows_of(4, 40)
    before = {table: stored(whole, table) for table in (*TABLES, "notification", "outbox_mail", "import_row")}
    tried, done = take(whole, rows, dry_run=True), take(single, rows)
    assert [(o.outcome, o.code, o.message) for o in tried.outcomes] == [
        (o.outcome, o.code, o.message) for o in done.outcomes
    ]
    assert {table: stored(whole, table) for table in before} == before


@contextmanager
def statements(engine: Engine) -> Iterator[Counter[str]]:
    found: Counter[str] = Counter()

    def note(*args: Any) -> None:
        found[" ".join(args[2].split())[:80]] += 1

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


# Each group of people has telephone numbers of its own.
AREAS = {"warm": "212", "few": "310", "many": "415", "here": "617", "f0": "718", "f1": "303", "f2": "512"}


def plain_rows(number: int, *, of: str) -> list[list[str]]:
    """That many people nobody knows, for all dealers in turn."""
    places = (("NY", "10001"), ("TX", "75201"), ("CA", "90001"))
    made = []
    for n in range(number):
        state, postal = places[n % 3]
        row = {
            "Lead number": f"{of}-{n}", "Source": "Web", "First name": f"P{n}", "Last name": of,
            "E-mail": f"{of}{n}@mail.com" if n % 3 else "", "Telephone": f"({AREAS[of]}) 555-{n:04}", "State": state,
            "Postal code": postal,
        }  # fmt: skip
        if n % 2:
            row |= {"Make": "Toyota", "Model": "Camry"}
        made.append([row.get(column, "") for column in COLUMNS])
    return made


def test_four_times_the_leads_take_no_more_statements(engine: Engine):
    prepare(engine)
    take(engine, plain_rows(12, of="warm"))
    with statements(engine) as few:
        assert take(engine, plain_rows(60, of="few")).created == 60
    with statements(engine) as many:
        assert take(engine, plain_rows(240, of="many")).created == 240
    assert many.total() <= few.total() + 4, many - few
    assert many.total() < 120


def test_a_document_that_joins_a_lead_takes_a_bounded_number_of_statements(sqlite_engine: Engine):
    prepare(sqlite_engine)
    rows = plain_rows(20, of="here")
    take(sqlite_engine, rows)
    again = [[f"again-{n}", "Fair", *row[2:]] for n, row in enumerate(rows)]
    with statements(sqlite_engine) as one:
        take(sqlite_engine, again[:1])
    with statements(sqlite_engine) as twenty:
        assert take(sqlite_engine, again[1:]).duplicates == 19
    assert twenty.total() - one.total() <= 18 * 12


def test_people_of_many_places_are_those_of_each(engine: Engine):
    prepare(engine)
    with reading(engine) as session:
        dealers = session.execute(select(Dealer.id, Dealer.region)).all()
        places: list[tuple[int | None, str | None]] = [*((i, r) for i, r in dealers), (None, None), (None, "South")]
        for permission in (Permission.LEADS_WORK, Permission.LEADS_ASSIGN):
            for roles in ((Role.DEALER_STAFF, Role.DEALER_MANAGER), (Role.COORDINATOR, Role.MANAGER)):
                found = people_by_place(session, places=places, permission=permission, roles=roles)
                for dealer_id, region in places:
                    one = people_to_tell(session, dealer_id=dealer_id, region=region, permission=permission)
                    held = session.scalars(select(Person.id).where(Person.role.in_([r.value for r in roles])))
                    assert found[dealer_id, region] == sorted(set(one) & set(held))


def test_a_turn_is_taken_once_a_lead_whatever_the_file(sqlite_engine: Engine):
    """Two dealers of one place keep their shares over files of any size: within one lead for each list of turns."""
    prepare(sqlite_engine)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        for dealer in session.scalars(select(Dealer)):
            dealer.lead_cap = dealer.daily_quota = 0
    for number, size in enumerate((1, 7, 20)):
        take(sqlite_engine, [row for row in plain_rows(3 * size, of=f"f{number}") if row[7] == "NY"])
    with reading(sqlite_engine) as session:
        given = Counter(session.scalars(select(Lead.dealer_id).where(Lead.state == "NY")))
    assert given.total() == 28
    assert len(given) == 2
    assert max(given.values()) - min(given.values()) <= 2  # a list of turns for Toyota, and one for no make
