"""Repeating what commands wrote leaves the database they leave (tests/support/again.py)."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count

import pytest

from db.core.permissions import Role
from db.core.session import make_engine, reading
from db.core.timeline import verify
from tests.support import again
from tests.support.contents import contents
from tests.support.databases import migrate
from tests.support.users import actor_named, make_people, make_person

_numbers = count(1)


@pytest.fixture
def another(database_url, request, tmp_path):
    """`with another() as engine`: a second fresh database of the same kind."""

    @contextmanager
    def made():
        if database_url.startswith("sqlite"):
            templates = request.getfixturevalue("sqlite_templates")
            opened = make_engine(templates.copy("migrated", migrate, to=tmp_path / f"another-{next(_numbers)}.db"))
            yield opened
            opened.dispose()
        else:
            with request.getfixturevalue("postgres_templates").copy("migrated", migrate) as url:
                opened = make_engine(url)
                yield opened
                opened.dispose()

    return made


def test_a_repeated_database_is_the_one_that_was_built(engine, another, monkeypatch):
    monkeypatch.setattr(again, "_told", {})
    built = make_people(engine)
    assert again._told, "nothing was kept: everything is built each time"
    with another() as second:
        monkeypatch.setattr("tests.support.users.make_person", None)  # a command now would be an error
        assert make_people(second) == built
        assert contents(second) == contents(engine)
        with reading(second) as session:
            assert verify(session).first_bad is None
        assert actor_named(second, "coordinator") == actor_named(engine, "coordinator")
        # Numbers go on where the builder left them.
        assert make_person(second, "last", Role.ADMIN) == make_person(engine, "last", Role.ADMIN)


def test_a_database_with_somebody_in_it_is_built_upon(engine, monkeypatch):
    monkeypatch.setattr(again, "_told", {})
    first = make_person(engine, "first", Role.ADMIN)
    assert min(make_people(engine).values()) > first
    assert not again._told


def test_what_was_taken_back_is_not_repeated(engine, another, monkeypatch):
    monkeypatch.setattr(again, "_told", {})

    def build():
        with engine.connect() as connection:
            connection.exec_driver_sql("UPDATE timeline_head SET hash = 'x'")
            connection.rollback()
        return make_person(engine, "only", Role.ADMIN)

    again.again(engine, "one", build)
    with another() as second:
        again.again(second, "one", build)
        assert contents(second) == contents(engine)


def test_a_builder_may_begin_with_what_is_repeated(engine, another, monkeypatch):
    monkeypatch.setattr(again, "_told", {})

    def build(engine):
        return make_people(engine), make_person(engine, "more", Role.ADMIN)

    with another() as first:
        make_people(first)
    again.again(engine, "people and one", lambda: build(engine))
    with another() as second:
        again.again(second, "people and one", lambda: build(second))
        assert contents(second) == contents(engine)
