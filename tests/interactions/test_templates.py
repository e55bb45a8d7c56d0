"""Templates: of the network and of dealers, changed version by version, retired; whose they are is asked every time."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.interactions.queries import TemplateFilters, get_draft, get_template, list_templates, template_versions
from db.interactions.template_commands import edit_template, set_template_active
from tests.interactions.factories import BODY, SUBJECT, drafted, send, template
from tests.leads.factories import NOW, Network, make_network, minutes, receive
from tests.leads.looks import entries
from tests.support.again import begun


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


@pytest.fixture
@begun
def lite(sqlite_engine: Engine) -> tuple[Engine, Network]:
    return sqlite_engine, make_network(sqlite_engine)


def edit(engine: Engine, template_id: int, actor: Any, *, seen: int = 1, **other: Any) -> None:
    given = {"name": "Thank you", "subject": SUBJECT, "body": BODY + " Yours, {salesperson}"} | other
    run(
        edit_template, bind=engine, template_id=template_id, seen_version=seen, actor=actor, now=NOW + minutes(5),
        **given,
    )  # fmt: skip


def active(engine: Engine, template_id: int, actor: Any, *, is_active: bool, seen: int = 1) -> None:
    run(
        set_template_active, bind=engine, template_id=template_id, seen_version=seen, is_active=is_active,
        actor=actor, now=NOW,
    )  # fmt: skip


def test_every_version_stays_readable(engine: Engine, network: Network):
    made = template(engine, network, form_key="k")
    assert template(engine, network, form_key="k") == made  # a double click
    edit(engine, made, network.manager)
    with reading(engine) as session:
        line = get_template(session, template_id=made, actor=network.coordinator)
        versions = template_versions(session, template_id=made, actor=network.coordinator)
    assert (line.version, line.updated_by) == (2, "Max Manager")
    assert [(v.version, v.body == BODY, v.by) for v in versions] == [
        (2, False, "Max Manager"),
        (1, True, "Cora Coordinator"),
    ]
    assert entries(engine)[-1].summary == "Message template “Thank you” changed (body)"


def test_the_second_of_two_is_told_who_was_first(engine: Engine, network: Network):
    made = template(engine, network)
    edit(engine, made, network.manager)
    with pytest.raises(Stale, match="Max Manager"):
        edit(engine, made, network.coordinator, body=BODY + " Bye for now")
    with pytest.raises(Stale):
        active(engine, made, network.coordinator, is_active=False)


def test_a_retired_template_is_offered_to_nobody_until_it_is_taken_back(lite):
    engine, network = lite
    made, lead = template(engine, network), receive(engine, dealer_id=network.north)
    active(engine, made, network.coordinator, is_active=False)
    with reading(engine) as session:
        draft = get_draft(session, channel="email", lead_id=lead, actor=network.staff, now=NOW)
        assert draft.templates == ()
        everything = TemplateFilters()
        assert list_templates(session, actor=network.coordinator, filters=everything) == []
        retired = list_templates(session, actor=network.coordinator, filters=TemplateFilters(is_active=False))
    assert [one.template_id for one in retired] == [made]
    with pytest.raises(Refused) as refused:
        edit(engine, made, network.coordinator, seen=2)
    assert refused.value.code == "retired"
    with pytest.raises(Refused):
        active(engine, made, network.coordinator, is_active=False, seen=2)
    active(engine, made, network.coordinator, is_active=True, seen=2)
    with reading(engine) as session:
        assert len(list_templates(session, actor=network.coordinator, filters=everything)) == 1


WRONG = [
    ("an unknown placeholder", {"body": BODY + " {price}"}, "unknown_placeholder"),
    ("nothing changed", {"body": BODY}, "same"),
    ("no name", {"name": " "}, "required"),
]


@pytest.mark.parametrize(("why", "given", "code"), WRONG, ids=[case[0] for case in WRONG])
def test_a_change_that_is_refused_changes_nothing(lite, why, given, code):
    engine, network = lite
    made = template(engine, network)
    with pytest.raises(Refused) as refused:
        edit(engine, made, network.coordinator, **given)
    assert refused.value.code == code
    with reading(engine) as session:
        assert get_template(session, template_id=made, actor=network.coordinator).version == 1


def test_a_dealer_writes_its_own_and_reads_those_of_the_network(lite):
    engine, network = lite
    dan = network.dealer_manager
    common = template(engine, network)
    own = template(engine, network, dealer_id=network.north, name="Ours", actor=dan)
    other = template(engine, network, dealer_id=network.south, name="Theirs")
    for dealer_id, error in ((None, Refused), (network.south, NotFound)):
        with pytest.raises(error):
            template(engine, network, dealer_id=dealer_id, actor=dan)
    with reading(engine) as session:
        rows = list_templates(session, actor=dan, filters=TemplateFilters())
        assert [(r.template_id, r.may_edit) for r in rows] == [(common, False), (own, True)]
        with pytest.raises(NotFound):
            get_template(session, template_id=other, actor=dan)
        with pytest.raises(NotFound):
            template_versions(session, template_id=other, actor=dan)
    with pytest.raises(NotFound, match="This template was not found"):
        edit(engine, other, dan)
    with pytest.raises(Refused, match="whole network"):
        edit(engine, common, dan)
    edit(engine, own, dan)
    for actor in (network.staff, network.sales_leader, network.finance):
        with pytest.raises(Refused) as refused:
            edit(engine, own, actor, seen=2)
        assert refused.value.code == "not_allowed"


def test_a_template_of_another_dealer_starts_no_message(lite):
    engine, network = lite
    other = template(engine, network, dealer_id=network.south)
    lead = receive(engine, dealer_id=network.north)
    with reading(engine) as session:
        assert get_draft(session, channel="email", lead_id=lead, actor=network.staff, now=NOW).templates == ()
    with pytest.raises(Refused) as refused:
        send(engine, network, lead_id=lead, template_id=other)
    assert refused.value.problems[0].field == "template_id"


def test_use_is_counted_within_ones_own_dealers(lite):
    engine, network = lite
    made = template(engine, network)
    north, south = receive(engine, dealer_id=network.north), receive(engine, dealer_id=network.south)
    subject, body = drafted(engine, network, made, lead_id=north)
    send(engine, network, lead_id=north, subject=subject, body=body, template_id=made)
    send(engine, network, lead_id=south, template_id=made, form_key="f2", actor=network.south_staff)
    counted = []
    for actor in (network.coordinator, network.dealer_manager):
        with reading(engine) as session:
            line = get_template(session, template_id=made, actor=actor)
        counted.append((line.used, line.used_unedited))
    assert counted == [(2, 1), (1, 1)]
