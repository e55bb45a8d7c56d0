"""Two people at one record, step by step in every order: nothing is lost, and the second saver reads it all (R04).

An update is lost when it is written over by somebody who never saw it. Each interleaving is played against a model of
what must be stored; the browser's part of R04 is tests/e2e/test_two_tabs.py.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db.claims.decide_commands import LineDecision, decide_lines
from db.claims.draft_commands import save_draft
from db.claims.model import ClaimDraft
from db.claims.record import draft_of
from db.claims.tables import Claim, ClaimCharge
from db.core.actor import Actor
from db.core.permissions import Role
from db.core.problems import Stale
from db.core.session import reading, run
from db.dealers.people import LABELS, facts_of
from db.dealers.people_commands import add_contact, change_contact
from db.dealers.tables import DealerContact
from tests.claims.factories import claim_of, saved
from tests.claims.in_review import review
from tests.support.tier import figure, sized
from tests.support.users import actor_named, make_dealer, make_person

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
ROUNDS = sized(fast=24, long=200)
STEPS = 8
WORDS = ("Adaptor", "Bearing", "Casing", "Damper", "Elbow", "Flange", "Gasket", "Hinge", "Idler", "Joint")


@dataclass
class Record:
    """How one record is read, and saved by somebody who saw a version of it; `labels` name the fields both may edit."""

    labels: dict[str, str]
    read: Callable[[], tuple[int, dict[str, str]]]
    save: Callable[[Actor, int, dict[str, str], datetime], Any]


@dataclass
class Tab:
    """What one person has on the screen: the version seen, its values, and those values as typed over."""

    who: Actor
    version: int = 0
    seen: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)


@dataclass
class Count:
    """What all interleavings together showed."""

    interleavings: int = 0
    saved: int = 0
    refused: int = 0
    lost: int = 0


def _open(tab: Tab, record: Record) -> None:
    tab.version, stored = record.read()
    tab.seen, tab.typed = dict(stored), dict(stored)


def _say_all(refusal: Stale, stored: dict[str, str], tab: Tab, record: Record, *, by: str, at: datetime) -> None:
    """The refusal names who, when, and both values of every field that differs."""
    sentence = str(refusal)
    assert (refusal.changed_by, refusal.changed_at) == (by, at)
    assert by in sentence
    assert f"{at:%H:%M} UTC" in sentence
    for name, label in record.labels.items():
        if stored[name] != tab.typed[name]:
            assert f"{label}: stored “{stored[name]}”, yours “{tab.typed[name]}”" in sentence, sentence
        else:
            assert f"{label}: stored" not in sentence


def _play(record: Record, tabs: list[Tab], chance: random.Random, count: Count) -> None:
    """One interleaving: who opens, types or saves next is drawn; after each step the store is what the model says."""
    at, last = NOW, None
    for tab in tabs:
        _open(tab, record)
    expected = record.read()[1]
    for _ in range(STEPS):
        at += timedelta(minutes=chance.randint(1, 90))
        tab = chance.choice(tabs)
        move = chance.choice(("type", "type", "save", "save", "open"))
        if move == "open":
            _open(tab, record)
        elif move == "type":
            tab.typed[chance.choice(list(record.labels))] = f"{chance.choice(WORDS)} {chance.randint(1, 999)}"
        elif tab.typed != tab.seen:
            before = record.read()[1]
            mine = dict(tab.typed)
            try:
                record.save(tab.who, tab.version, mine, at)
            except Stale as refusal:
                count.refused += 1
                assert last is not None
                assert tab.typed == mine, "what was typed stays"
                _say_all(refusal, before, tab, record, by=last[0], at=last[1])
                assert record.read()[1] == before, "a refusal writes nothing"
                if chance.random() < 0.5:  # "Keep what I typed": the newer version was shown, and is replaced knowingly
                    tab.version, tab.seen = record.read()[0], before
            else:
                count.saved += 1
                count.lost += before != tab.seen
                expected, last = mine, (tab.who.name, at)
                _open(tab, record)
        assert record.read()[1] == expected
    count.interleavings += 1


def _at_once(record: Record, tabs: list[Tab], chance: random.Random, count: Count) -> None:
    """Both save the same version in the same moment: one is stored, the other reads what it was refused for."""
    at = NOW + timedelta(days=1, minutes=chance.randint(0, 600))
    for tab in tabs:
        _open(tab, record)
        for name in record.labels:
            tab.typed[name] = f"{chance.choice(WORDS)} of {tab.who.username} {chance.randint(1, 999)}"
    gate, refused = threading.Barrier(2), {}

    def go(tab: Tab) -> None:
        gate.wait()
        try:
            record.save(tab.who, tab.version, dict(tab.typed), at)
        except Stale as refusal:
            refused[tab.who.username] = refusal

    threads = [threading.Thread(target=go, args=(tab,)) for tab in tabs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(refused) == 1
    (loser,) = (tab for tab in tabs if tab.who.username in refused)
    (winner,) = (tab for tab in tabs if tab is not loser)
    stored = record.read()[1]
    assert stored == winner.typed
    _say_all(refused[loser.who.username], stored, loser, record, by=winner.who.name, at=at)
    count.interleavings, count.saved, count.refused = count.interleavings + 1, count.saved + 1, count.refused + 1


def _claim(engine: Engine, dealer_id: int, people: dict[str, Actor]) -> Record:
    """A draft of a claim: its repair order, adviser and note, the complaint of its job."""
    claim_id = saved(engine, dealer_id=dealer_id, actor=people["dora"], now=NOW)
    labels = {
        "advisor": "Adviser", "late_reason": "Why it is late", "note": "Note", "complaint": "Job 1, complaint",
        "correction": "Job 1, correction",
    }  # fmt: skip
    of_job = {"complaint", "correction"}

    def whole() -> tuple[int, ClaimDraft]:
        with reading(engine) as session:
            claim = session.get_one(Claim, claim_id)
            return claim.version, draft_of(session, claim)

    def read() -> tuple[int, dict[str, str]]:
        version, draft = whole()
        return version, {n: getattr(draft.jobs[0] if n in of_job else draft, n) for n in labels}

    def save(who: Actor, version: int, values: dict[str, Any], at: datetime) -> Any:
        draft = whole()[1]
        job = replace(draft.jobs[0], **{n: v for n, v in values.items() if n in of_job})
        draft = replace(draft, jobs=(job,), **{n: v for n, v in values.items() if n not in of_job})
        return run(
            save_draft, bind=engine, claim_id=claim_id, seen_version=version, dealer_id=dealer_id, draft=draft,
            form_key="", actor=who, now=at,
        )  # fmt: skip

    return Record(labels=labels, read=read, save=save)


def _contact(engine: Engine, dealer_id: int, people: dict[str, Actor]) -> Record:
    """A person of the dealer: name and note."""
    contact_id = run(
        add_contact, bind=engine, dealer_id=dealer_id, name="Ann Porter", role="service_manager", note="Calls back",
        actor=people["cora"], now=NOW,
    )  # fmt: skip
    labels = {name: LABELS[name] for name in ("name", "note")}

    def read() -> tuple[int, dict[str, str]]:
        with reading(engine) as session:
            contact = session.get_one(DealerContact, contact_id)
            facts = asdict(facts_of(contact))
            return contact.version, {name: facts[name] for name in labels}

    def save(who: Actor, version: int, values: dict[str, str], at: datetime) -> Any:
        return run(
            change_contact, bind=engine, contact_id=contact_id, seen_version=version, changes=values, actor=who, now=at
        )

    return Record(labels=labels, read=read, save=save)


def _people(engine: Engine) -> tuple[int, dict[str, Actor]]:
    dealer_id = make_dealer(engine)
    for name, role in (("dora", Role.DEALER_MANAGER), ("stan", Role.DEALER_STAFF)):
        make_person(engine, name, role, dealer_ids=[dealer_id])
    for name, role in (("cora", Role.COORDINATOR), ("mason", Role.MANAGER)):
        make_person(engine, name, role)
    return dealer_id, {name: actor_named(engine, name) for name in ("dora", "stan", "cora", "mason")}


@pytest.mark.parametrize(("make", "who"), [(_claim, ("dora", "stan")), (_contact, ("cora", "mason"))])
def test_no_order_of_two_editors_loses_an_update(engine: Engine, make: Any, who: tuple[str, str]):
    dealer_id, people = _people(engine)
    record = make(engine, dealer_id, people)
    count = Count()
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        tabs = [Tab(people[name]) for name in who]
        (_at_once if seed % 6 == 5 else _play)(record, tabs, chance, count)
    what = f"{make.__name__.strip('_')} on {engine.dialect.name}"
    figure("R04", f"interleavings, {what}", count.interleavings)
    figure("R04", f"lost updates, {what}", count.lost)
    assert count.interleavings == ROUNDS
    assert count.lost == 0
    assert count.saved >= ROUNDS // 2
    assert count.refused >= ROUNDS // 3, "both happened often"


def test_the_second_to_decide_on_lines_reads_who_decided_when_and_what(engine: Engine):
    """Two reviewers, one claim: the second one's amounts stand beside those that were approved."""
    dealer_id, people = _people(engine)
    claim_id = review(engine, dealer_id=dealer_id, actor=people["dora"], now=NOW)
    version = claim_of(engine, claim_id).version
    with reading(engine) as session:
        claimed = {
            c.position: c.claimed_cents for c in session.query(ClaimCharge).filter(ClaimCharge.claim_id == claim_id)
        }

    def decide(who: str, less: int, at: datetime) -> None:
        lines = [
            LineDecision(position=p, cents=c - less, reason_code="RATE_ADJUSTED" if less else "")
            for p, c in claimed.items()
        ]
        run(decide_lines, bind=engine, item_id=claim_id, seen_version=version, lines=lines, actor=people[who], now=at)

    decide("cora", 10_00, NOW + timedelta(minutes=5))
    with pytest.raises(Stale) as found:
        decide("mason", 20_00, NOW + timedelta(minutes=9))
    sentence = str(found.value)
    assert people["cora"].name in sentence
    assert "15:05 UTC" in sentence
    for position, cents in claimed.items():
        stored, mine = f"{(cents - 10_00) / 100:,.2f}", f"{(cents - 20_00) / 100:,.2f}"
        assert f"Line {position}: stored “{stored}”, yours “{mine}”" in sentence
    assert claim_of(engine, claim_id).approved_cents == sum(claimed.values()) - len(claimed) * 10_00
