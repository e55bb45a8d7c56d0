"""What people do to one customer: each command works, explains its refusals, and stores nothing when it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.core import search, timeline
from db.core.actor import EVERYTHING
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.customers import customer_commands as commands
from db.customers.consent_rules import VERSION, WORDINGS
from db.customers.customer_queries import contact_allowed, get_customer
from db.customers.tables import Consent, CustomerKey, CustomerLink
from tests.customers.factories import customer, days, load_customer
from tests.leads.factories import NOW, Network, make_network


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def do(engine: Engine, command: Any, network: Network, **arguments: Any) -> Any:
    return run(command, bind=engine, **{"actor": network.coordinator, "now": NOW, **arguments})


def codes(engine: Engine, command: Any, network: Network, **arguments: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refusal:
        do(engine, command, network, **arguments)
    return [(p.field, p.code) for p in refusal.value.problems]


def keys(engine: Engine, customer_id: int) -> set[tuple[str, str]]:
    with reading(engine) as session:
        rows = session.execute(
            select(CustomerKey.kind, CustomerKey.value).where(CustomerKey.customer_id == customer_id)
        )
        return {(row[0], row[1]) for row in rows}


def found(engine: Engine, words: str) -> list[int]:
    with reading(engine) as session:
        return [hit.item_id for hit in search.find(session, words, kinds=("customer",), scope=EVERYTHING)]


def entries(engine: Engine) -> list[str]:
    with reading(engine) as session:
        rows = session.scalars(select(timeline.TimelineEntry).order_by(timeline.TimelineEntry.seq))
        return [f"{e.summary} {e.reason} {e.detail}" for e in rows]


# ------------------------------------------------------------------------------------------------------------- enter
def test_a_customer_is_entered_and_found(engine: Engine, network: Network):
    one = customer(engine, network, email="Jane+cars@Mail.example", postal_code="12207", city="Albany", state="NY")
    row = load_customer(engine, one)
    assert (row.first_name, row.last_name, row.dealer_id, row.region) == ("Jane", "Doe", network.north, "East")
    assert keys(engine, one) == {
        ("phone", "+12125550143"), ("email", "jane@mail.example"), ("name_postal", "jane doe|12207"),
    }  # fmt: skip
    assert found(engine, "jane d") == found(engine, "2125550143") == found(engine, f"C-{one:06}") == [one]


def test_somebody_who_is_known_is_not_entered_twice_and_other_dealers_have_their_own(engine: Engine, network: Network):
    one = customer(engine, network)
    assert customer(engine, network, name="J. Doe") == one
    assert customer(engine, network, dealer_id=network.south) != one
    assert load_customer(engine, one).name == "Jane Doe"


ENTRIES = [
    ("no name", {"name": " "}, [("name", "required")]),
    ("no dealer", {"dealer_id": None}, [("dealer_id", "required")]),
    ("a phone nobody can dial", {"phone": "12"}, [("phone", "bad_phone")]),
    ("an address nobody can write to", {"email": "jane@"}, [("email", "bad_email")]),
    ("nothing to recognise them by", {"phone": ""}, [("phone", "required")]),
    ("a city that is too long", {"city": "x" * 81}, [("city", "too_long")]),
]


@pytest.mark.parametrize(("changed", "problems"), [c[1:] for c in ENTRIES], ids=[c[0] for c in ENTRIES])
def test_what_is_refused_belongs_to_its_field(sqlite_engine: Engine, changed, problems):
    network = make_network(sqlite_engine)
    given = {"dealer_id": network.north, "name": "Jane Doe", "phone": "212-555-0143", **changed}
    assert codes(sqlite_engine, commands.enter_customer, network, **given) == problems
    assert entries(sqlite_engine) == []


def test_nobody_enters_a_customer_elsewhere(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    with pytest.raises(NotFound):
        customer(sqlite_engine, network, actor=network.south_staff)
    with pytest.raises(Refused, match="may not"):
        customer(sqlite_engine, network, actor=network.sales_leader)


# ------------------------------------------------------------------------------------------------------------ change
def test_two_people_change_different_fields_and_both_are_kept(engine: Engine, network: Network):
    one = customer(engine, network, city="Albany")
    seen = {"city": "Albany", "street": ""}
    do(engine, commands.change_customer, network, customer_id=one, original=seen, changes={"city": "Troy"})
    do(engine, commands.change_customer, network, customer_id=one, original=seen, changes={"street": "1 Elm"})
    row = load_customer(engine, one)
    assert (row.city, row.street, row.version) == ("Troy", "1 Elm", 3)


def test_the_same_field_twice_is_a_conflict_and_nothing_is_saved(engine: Engine, network: Network):
    one = customer(engine, network, city="Albany")
    seen = {"city": "Albany", "street": ""}
    do(engine, commands.change_customer, network, customer_id=one, original=seen, changes={"city": "Troy"})
    with pytest.raises(commands.ConflictingFields) as refusal:
        do(
            engine, commands.change_customer, network, customer_id=one, original=seen, actor=network.manager,
            changes={"city": "Utica", "street": "1 Elm"},
        )  # fmt: skip
    assert [(p.field, p.code) for p in refusal.value.problems] == [("city", "conflict")]
    assert "Cora Coordinator changed this" in str(refusal.value)
    row = load_customer(engine, one)
    assert (row.city, row.street) == ("Troy", "")


def test_a_new_name_is_found_and_the_old_key_still_recognises(engine: Engine, network: Network):
    one = customer(engine, network, postal_code="12207")
    do(
        engine, commands.change_customer, network, customer_id=one, original={"name": "Jane Doe"},
        changes={"name": "Jane Rivers"},
    )  # fmt: skip
    assert found(engine, "rivers") == [one]
    assert found(engine, "doe") == []
    assert {v for k, v in keys(engine, one) if k == "name_postal"} == {"jane doe|12207", "jane rivers|12207"}
    assert load_customer(engine, one).match_key


def test_the_timeline_never_holds_a_name_or_a_number(engine: Engine, network: Network):
    one = customer(engine, network, street="77 Sunset", postal_code="12207", email="jane@mail.example")
    do(
        engine, commands.change_customer, network, customer_id=one, original={"name": "Jane Doe"},
        changes={"name": "Jane Rivers"},
    )  # fmt: skip
    do(engine, commands.add_contact, network, customer_id=one, kind="phone", value="518-555-0188")
    written = "\n".join(entries(engine))
    assert "J. D." in written
    for secret in ("Jane", "Doe", "Rivers", "Sunset", "5550143", "555-0143", "5550188", "jane@mail", "12207"):
        assert secret not in written


# ------------------------------------------------------------------------------------------------------ ways to reach
def test_a_number_is_added_and_taken_off(engine: Engine, network: Network):
    one = customer(engine, network)
    do(engine, commands.add_contact, network, customer_id=one, kind="email", value="J.Doe+x@gmail.com")
    assert ("email", "jdoe@gmail.com") in keys(engine, one)
    assert codes(engine, commands.add_contact, network, customer_id=one, kind="email", value="jdoe@gmail.com") == [
        ("value", "known")
    ]
    with reading(engine) as session:
        page = get_customer(session, customer_id=one, actor=network.staff, now=NOW)
    assert {way.shown for way in page.contacts} == {"+12125550143", "j.doe+x@gmail.com"}
    phone, mail = (next(w.key_id for w in page.contacts if w.kind == kind) for kind in ("phone", "email"))
    do(engine, commands.remove_contact, network, customer_id=one, key_id=phone)
    assert codes(engine, commands.remove_contact, network, customer_id=one, key_id=mail) == [("", "last_key")]
    assert found(engine, "2125550143") == []


# ----------------------------------------------------------------------------------------------------------- consent
def test_consent_keeps_words_version_time_and_source(engine: Engine, network: Network):
    one = customer(engine, network)

    def allowed(channel: str) -> bool:
        with reading(engine) as session:
            return contact_allowed(session, customer_id=one, channel=channel, scope=network.staff.scope).ok

    assert not allowed("sms")
    do(
        engine, commands.set_consent, network, customer_id=one, channel="sms", is_given=True, source="form",
        actor=network.staff,
    )  # fmt: skip
    assert allowed("sms")
    with reading(engine) as session:
        kept = session.scalars(select(Consent)).one()
        assert (kept.wording, kept.version, kept.source, kept.by) == (
            WORDINGS["sms"], VERSION, "On a signed form", "Sam Staff",
        )  # fmt: skip
    later = NOW + days(1)
    do(engine, commands.set_consent, network, customer_id=one, channel="sms", is_given=False, source="phone", now=later)
    assert not allowed("sms")


@pytest.mark.parametrize(
    ("changed", "field"), [({"channel": "fax"}, "channel"), ({"source": ""}, "source")], ids=["channel", "source"]
)
def test_a_consent_without_its_facts_is_refused(sqlite_engine: Engine, changed, field):
    network = make_network(sqlite_engine)
    one = customer(sqlite_engine, network)
    given = {"customer_id": one, "channel": "sms", "is_given": True, "source": "form", **changed}
    assert [f for f, _ in codes(sqlite_engine, commands.set_consent, network, **given)] == [field]
    with reading(sqlite_engine) as session:
        assert session.scalars(select(Consent)).all() == []


# ------------------------------------------------------------------------------------------------------------- links
def test_a_household_is_linked_once_and_a_person_acts_for_a_business(engine: Engine, network: Network):
    ann = customer(engine, network, name="Ann Lee", phone="212-555-0101")
    bob = customer(engine, network, name="Bob Lee", phone="212-555-0102")
    firm = customer(engine, network, name="Lee LLC", phone="212-555-0103", is_business=True)
    do(engine, commands.link_customers, network, customer_id=bob, other_id=ann, kind="household")
    assert codes(engine, commands.link_customers, network, customer_id=ann, other_id=bob, kind="household") == [
        ("other_id", "known")
    ]
    do(engine, commands.link_customers, network, customer_id=ann, other_id=firm, kind="acts_for")
    assert codes(engine, commands.link_customers, network, customer_id=firm, other_id=bob, kind="acts_for") == [
        ("other_id", "no_business")
    ]
    with reading(engine) as session:
        page = get_customer(session, customer_id=firm, actor=network.coordinator, now=NOW)
        links = session.scalars(select(CustomerLink).order_by(CustomerLink.id)).all()
        assert [(one.customer_id, one.other_id) for one in links] == [(ann, bob), (ann, firm)]
    assert [(link.name, link.is_other_way) for link in page.links] == [("Ann Lee", True)]
    do(engine, commands.unlink_customers, network, customer_id=firm, link_id=page.links[0].link_id)
    with reading(engine) as session:
        assert get_customer(session, customer_id=firm, actor=network.coordinator, now=NOW).links == ()


def test_customers_of_two_dealers_are_not_linked(engine: Engine, network: Network):
    one, other = customer(engine, network), customer(engine, network, dealer_id=network.south)
    assert codes(engine, commands.link_customers, network, customer_id=one, other_id=other, kind="household") == [
        ("other_id", "other_dealer")
    ]


# ------------------------------------------------------------------------------------------------------------ reveal
def shown(engine: Engine, customer_id: int, actor: Any, now: Any = NOW) -> str:
    with reading(engine) as session:
        page = get_customer(session, customer_id=customer_id, actor=actor, now=now)
    return page.contacts[0].shown


def test_contact_data_is_masked_until_a_reason_is_given_and_then_for_half_an_hour(engine: Engine, network: Network):
    one = customer(engine, network)
    cora, mason = network.coordinator, network.manager
    assert shown(engine, one, cora) == "••• 43"
    assert codes(engine, commands.reveal_customer, network, customer_id=one, reason="curious") == [
        ("reason", "required")
    ]
    assert shown(engine, one, cora) == "••• 43"
    do(engine, commands.reveal_customer, network, customer_id=one, reason="recall", note="Campaign 12")
    assert shown(engine, one, cora) == "+12125550143"
    assert shown(engine, one, mason) == "••• 43"
    assert shown(engine, one, cora, NOW + days(1)) == "••• 43"
    assert "Recall or safety notice. Campaign 12" in entries(engine)[-1]


def test_people_of_the_dealer_see_it_and_a_sales_leader_cannot_ask(engine: Engine, network: Network):
    one = customer(engine, network)
    assert shown(engine, one, network.staff) == "+12125550143"
    assert shown(engine, one, network.sales_leader) == "••• 43"
    assert codes(
        engine, commands.reveal_customer, network, customer_id=one, reason="recall", actor=network.sales_leader
    ) == [("", "not_allowed")]
    with reading(engine) as session:
        page = get_customer(session, customer_id=one, actor=network.sales_leader, now=NOW)
    assert (page.name, page.may_reveal, page.is_masked) == ("J. D.", False, True)


# -------------------------------------------------------------------------------------------------------------- scope
CHANGES: list[tuple[Any, dict[str, Any]]] = [
    (commands.change_customer, {"original": {}, "changes": {"city": "Troy"}}),
    (commands.add_contact, {"kind": "phone", "value": "518-555-0188"}),
    (commands.remove_contact, {"key_id": 1}),
    (commands.set_consent, {"channel": "sms", "is_given": True, "source": "form"}),
    (commands.link_customers, {"other_id": 2, "kind": "household"}),
    (commands.unlink_customers, {"link_id": 1}),
]


@pytest.mark.parametrize(("command", "arguments"), CHANGES, ids=[c.__name__ for c, _ in CHANGES])
def test_a_customer_of_another_dealer_answers_as_none_at_all(sqlite_engine: Engine, command, arguments):
    network = make_network(sqlite_engine)
    one = customer(sqlite_engine, network)
    customer(sqlite_engine, network, name="Ann Lee", phone="212-555-0199")
    before = entries(sqlite_engine)
    for customer_id in (one, 999):
        with pytest.raises(NotFound, match="This customer was not found"):
            do(sqlite_engine, command, network, customer_id=customer_id, actor=network.south_staff, **arguments)
    assert entries(sqlite_engine) == before


@pytest.mark.parametrize(("command", "arguments"), CHANGES, ids=[c.__name__ for c, _ in CHANGES])
def test_who_only_reads_changes_nothing(sqlite_engine: Engine, command, arguments):
    network = make_network(sqlite_engine)
    one = customer(sqlite_engine, network)
    assert codes(sqlite_engine, command, network, customer_id=one, actor=network.sales_leader, **arguments) == [
        ("", "not_allowed")
    ]
