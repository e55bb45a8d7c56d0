"""Coming in through a provider: who is let in, how often, and that everything after the door is the same (R29-R33)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from db.core.actor import system_actor
from db.core.permissions import Role
from db.core.problems import Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.people import commands, own_commands, sessions, sign_in, single_sign_on
from db.people.single_sign_on import Arrival
from db.people.single_sign_on_rules import TOO_OFTEN, UNKNOWN, Answer
from db.people.tables import Person, PersonIdentity, SignInSession
from tests.support.again import begun
from tests.support.users import NOW, PASSWORD, actor_named, make_person

MINUTE = timedelta(minutes=1)
SEED = system_actor("seed")
ISSUER = "https://id.example"


@pytest.fixture
@begun
def cora(engine: Engine) -> int:
    return make_person(engine, "cora", Role.COORDINATOR, email="Cora@Example.test")


def answer(nonce: str = "1", *, at=NOW, **more) -> Answer:
    given = {"provider": "acme", "issuer": ISSUER, "subject": "00u1", "email": "cora@example.TEST"}
    return Answer(**(given | {"nonce": nonce, "issued_at": at} | more))


def come(engine: Engine, what: Answer, *, at=None) -> Arrival:
    return single_sign_on.arrive(engine, answer=what, browser="a test", now=at or what.issued_at)


def links(engine: Engine) -> list[tuple[int, str, str]]:
    with reading(engine) as session:
        found = session.execute(
            select(PersonIdentity.person_id, PersonIdentity.subject, PersonIdentity.linked_by).order_by(
                PersonIdentity.id
            )
        )
        return [(person_id, subject, by) for person_id, subject, by in found]


def refused(engine: Engine, what: Answer) -> None:
    before = links(engine)
    assert come(engine, what) == Arrival(said=UNKNOWN)
    assert links(engine) == before
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(SignInSession)) == 0


# ----------------------------------------------------------------------------------------------------- who is let in
def test_a_verified_email_links_once_and_the_subject_counts_from_then_on(engine: Engine, cora: int):
    first = come(engine, answer())
    assert first.person_id == cora
    assert links(engine) == [(cora, "00u1", "verified e-mail")]
    # Their e-mail changes at both ends: the subject is still the same person.
    assert come(engine, answer("2", email="other@example.test")).person_id == cora
    assert come(engine, answer("3", email="")).person_id == cora
    with reading(engine) as session:
        entry = session.execute(
            select(TimelineEntry.command, TimelineEntry.actor, TimelineEntry.detail)
            .order_by(TimelineEntry.seq.desc())
            .limit(1)
        ).one()
        ways = session.scalars(select(SignInSession.way)).all()
    assert (entry.command, entry.actor) == ("link_by_email", "system:app")
    assert entry.detail["after"] == {"issuer": ISSUER, "subject": "00u1"}
    assert ways == ["acme"] * 3


def test_nobody_is_made_and_nobody_unknown_let_in(engine: Engine, cora: int):
    refused(engine, answer(email="stranger@example.test"))
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_an_email_nobody_verified_counts_for_nothing(engine: Engine, cora: int):
    refused(engine, answer(email=""))  # what `read_answer` makes of it


def test_people_without_an_email_are_not_meant_by_no_email(engine: Engine):
    make_person(engine, "nomail", Role.FINANCE, email="")
    refused(engine, answer(email=""))


def test_two_people_with_one_email(engine: Engine, cora: int):
    make_person(engine, "cora2", Role.MANAGER, email="cora@example.test")
    refused(engine, answer())


@pytest.mark.parametrize("disabled", ["cora", "cora2"])
def test_an_email_of_a_disabled_person(engine: Engine, cora: int, disabled: str):
    """Neither theirs, nor the one of somebody else who has it, too."""
    both = {"cora": cora} | (
        {"cora2": make_person(engine, "cora2", Role.MANAGER, email="cora@example.test")} if disabled == "cora2" else {}
    )
    run(commands.disable_person, bind=engine, person_id=both[disabled], actor=SEED, now=NOW)
    refused(engine, answer())


def test_a_disabled_person_who_was_linked(engine: Engine, cora: int):
    come(engine, answer())
    run(commands.disable_person, bind=engine, person_id=cora, actor=SEED, now=NOW)
    assert come(engine, answer("2")) == Arrival(said=UNKNOWN)


def test_who_gets_the_address_later_does_not_get_the_account(engine: Engine, cora: int):
    come(engine, answer())
    assert come(engine, answer("2", subject="00u2")) == Arrival(said=UNKNOWN)
    assert come(engine, answer("3", issuer="https://other.example", subject="00u1")).person_id == cora
    assert len(links(engine)) == 2


def test_answers_at_once_link_once(engine: Engine, cora: int):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: come(engine, answer(str(n))), range(4)))
    assert {one.person_id for one in found if one.opened} == {cora}
    assert len(links(engine)) == 1


# ------------------------------------------------------------------------------------------------- how often
def test_an_answer_opens_one_session(engine: Engine, cora: int):
    """Streamlit's cookie brings the same answer again after a sign-out, or to who stole it."""
    assert come(engine, answer()).opened is not None
    assert come(engine, answer()) == Arrival()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: come(engine, answer("2")), range(4)))
    assert len([one for one in found if one.opened]) == 1


def test_an_old_answer_opens_none(engine: Engine, cora: int):
    assert come(engine, answer(), at=NOW + 6 * MINUTE) == Arrival()
    assert links(engine) == []


def test_ten_refusals_lock_the_subject_and_nobody_else(engine: Engine, cora: int):
    """R32, without locking the colleagues of who tries, or the password of who is meant."""
    for n in range(10):
        assert come(engine, answer(str(n), email="stranger@example.test")).said == UNKNOWN
    assert come(engine, answer("10")).said == TOO_OFTEN
    assert come(engine, answer("11", subject="00u2")).person_id == cora
    assert sign_in.verify(engine, username="cora", password=PASSWORD, source="203.0.113.7", now=NOW) == cora
    later = NOW + 16 * MINUTE
    assert come(engine, replace(answer("12", at=later), email="stranger@example.test")).said == UNKNOWN


def test_a_locked_password_does_not_lock_the_provider(engine: Engine, cora: int):
    for _ in range(10):
        sign_in.verify(engine, username="cora", password="wrong", source="203.0.113.7", now=NOW)
    assert come(engine, answer()).person_id == cora


# ------------------------------------------------------------------------------------- the same after the door
def account(engine: Engine, arrival: Arrival, *, at=NOW) -> sessions.Account | None:
    assert arrival.opened is not None
    with reading(engine) as session:
        return sessions.find_account(session, now=at, session_id=arrival.opened.session_id)


def test_the_session_ends_like_any_other(engine: Engine, cora: int):
    came = come(engine, answer())
    found = account(engine, came)
    assert found is not None
    assert (found.person_id, found.way) == (cora, "acme")
    assert account(engine, came, at=NOW + 30 * MINUTE) is None, "idle"
    with writing(engine, keeps_timeline=False) as session:
        sessions.touch(session, session_id=found.session_id, now=NOW + timedelta(hours=11, minutes=45))
    assert account(engine, came, at=NOW + timedelta(hours=11, minutes=59)) is not None
    assert account(engine, came, at=NOW + timedelta(hours=12)) is None, "too old"

    again = come(engine, answer("2"))
    run(own_commands.sign_out_everywhere, bind=engine, actor=actor_named(engine, "cora"), now=NOW)
    assert account(engine, again) is None, "ended everywhere"
    third = come(engine, answer("3"))
    run(commands.change_role, bind=engine, person_id=cora, role="manager", actor=SEED, now=NOW)
    changed = account(engine, third)
    assert changed is not None
    assert changed.actor.role == Role.MANAGER, "at the next action"
    run(commands.disable_person, bind=engine, person_id=cora, actor=SEED, now=NOW)
    assert account(engine, third) is None, "disabled"


def test_a_one_time_password_nobody_used_is_no_hurdle(engine: Engine):
    person_id = make_person(engine, "newbie", Role.FINANCE, must_change=True)
    came = come(engine, answer(email="newbie@example.test"))
    found = account(engine, came)
    assert found is not None
    assert not found.must_change_password
    with writing(engine, keeps_timeline=False) as session:
        by_password = sessions.open_session(session, person_id=person_id, source="", now=NOW)
    found = account(engine, Arrival(opened=by_password))
    assert found is not None
    assert found.must_change_password


# --------------------------------------------------------------------------------------------------- administrators
def test_an_administrator_links_where_the_email_cannot(engine: Engine, cora: int):
    run(single_sign_on.link_person, bind=engine, person_id=cora, issuer=ISSUER, subject="s-7", actor=SEED, now=NOW)
    came = come(engine, answer(subject="s-7", email=""))
    assert came.person_id == cora
    run(single_sign_on.link_person, bind=engine, person_id=cora, issuer=ISSUER, subject="s-8", actor=SEED, now=NOW)
    assert account(engine, came) is None, "whoever came as the subject before is out"
    assert come(engine, answer("2", subject="s-7", email="")) == Arrival(said=UNKNOWN)
    other = make_person(engine, "other", Role.FINANCE)
    with pytest.raises(Refused) as refusal:
        run(single_sign_on.link_person, bind=engine, person_id=other, issuer=ISSUER, subject="s-8", actor=SEED, now=NOW)
    assert refusal.value.code == "taken"
    with pytest.raises(Refused) as refusal:
        run(single_sign_on.link_person, bind=engine, person_id=other, issuer=" ", subject="", actor=SEED, now=NOW)
    assert {p.field for p in refusal.value.problems} == {"issuer", "subject"}
    run(single_sign_on.unlink_person, bind=engine, person_id=cora, actor=SEED, now=NOW)
    assert links(engine) == []
    with pytest.raises(Refused, match="not linked"):
        run(single_sign_on.unlink_person, bind=engine, person_id=cora, actor=SEED, now=NOW)


def only(engine: Engine, person_id: int, value: bool = True, *, seen_version: int | None = None) -> None:
    run(
        single_sign_on.set_single_sign_on_only, bind=engine, person_id=person_id, only=value, actor=SEED, now=NOW,
        seen_version=seen_version,
    )  # fmt: skip


def test_single_sign_on_only(engine: Engine, cora: int):
    with writing(engine, keeps_timeline=False) as session:
        before = sessions.open_session(session, person_id=cora, source="", now=NOW)
    only(engine, cora)
    assert account(engine, Arrival(opened=before)) is None
    assert sign_in.verify(engine, username="cora", password=PASSWORD, source="", now=NOW) is None
    assert come(engine, answer()).person_id == cora
    only(engine, cora, False)
    assert sign_in.verify(engine, username="cora", password=PASSWORD, source="", now=NOW) == cora
    with pytest.raises(Stale):
        only(engine, cora, seen_version=1)


def test_somebody_gets_in_when_the_provider_is_away(engine: Engine):
    first, second = (make_person(engine, name, Role.ADMIN) for name in ("anna", "alan"))
    only(engine, first)
    with pytest.raises(Refused, match="last administrator with a password"):
        only(engine, second)


STEPS = [
    (single_sign_on.link_person, {"issuer": ISSUER, "subject": "s"}),
    (single_sign_on.unlink_person, {}),
    (single_sign_on.set_single_sign_on_only, {"only": True}),
]


@pytest.mark.parametrize(("command", "given"), STEPS, ids=[step[0].__name__ for step in STEPS])
def test_only_administrators_may(sqlite_engine: Engine, command, given):
    for role in Role:
        person_id = make_person(sqlite_engine, role.value, role)
        if role is Role.ADMIN:
            continue
        with pytest.raises(Refused) as refusal:
            run(
                command, bind=sqlite_engine, person_id=person_id, actor=actor_named(sqlite_engine, role.value),
                now=NOW, **given,
            )  # fmt: skip
        assert refusal.value.code == "not_allowed"
    assert links(sqlite_engine) == []
