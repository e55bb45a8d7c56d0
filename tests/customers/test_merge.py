"""Two customers that are one: everything hangs on one record, and undoing gives both back exactly (2.2 D, U10)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from db.core import search
from db.core.actor import EVERYTHING
from db.core.problems import NotFound, Refused
from db.core.session import reading, run, writing
from db.customers.customer_commands import change_customer, link_customers, set_consent
from db.customers.customer_queries import get_customer
from db.customers.duplicate_queries import duplicates_of, list_duplicates
from db.customers.merge_commands import keep_apart, merge_customers, undo_merge
from db.customers.tables import Consent, Customer, CustomerKey, CustomerLink
from db.customers.vehicle_commands import record_purchase
from db.customers.vehicle_tables import Ownership, Purchase, ServiceVisit
from db.leads.rollup import differences
from db.leads.tables import Lead
from tests.customers.factories import LAST_YEAR, OTHER_VIN, customer, load_customer, vehicle, visit
from tests.leads.factories import NOW, Network, make_network, receive, within

MOVED = (Consent, Ownership, Purchase, ServiceVisit, Lead)


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def pair(engine: Engine, network: Network) -> tuple[int, int]:
    """Jane twice, each with a lead, a vehicle, a visit, a consent and a relative."""
    kept = customer(engine, network, postal_code="12207")
    gone = customer(
        engine, network, name="Jane M Doe", phone="518-555-0188", email="jd@home.example", postal_code="12207",
        street="1 Elm", city="Albany",
    )  # fmt: skip
    for number, one in enumerate((kept, gone)):
        receive(engine, dealer_id=network.north, customer_id=one)
        vin = (OTHER_VIN, "1HGCM82633A004352")[number]
        owned = vehicle(engine, network, one, vin=vin)
        run(
            record_purchase, bind=engine, dealer_id=network.north, customer_id=one, vin=vin, bought_on=LAST_YEAR,
            condition="used", actor=network.staff, now=NOW,
        )  # fmt: skip
        visit(engine, network, owned, ro=f"R{number}", customer_id=one)
        run(
            set_consent, bind=engine, customer_id=one, channel="sms", is_given=bool(number), source="form",
            actor=network.staff, now=NOW,
        )  # fmt: skip
        relative = customer(engine, network, name=f"Kid{number} Ray", phone=f"212-555-010{number}")
        run(
            link_customers, bind=engine, customer_id=one, other_id=relative, kind="household", actor=network.staff,
            now=NOW,
        )  # fmt: skip
    return kept, gone


def merge(engine: Engine, network: Network, kept: int, gone: int, **other: Any) -> int:
    versions = load_customer(engine, kept).version, load_customer(engine, gone).version
    arguments = {"seen_versions": versions, "reason": "Same person", "actor": network.coordinator, "now": NOW, **other}
    return int(run(merge_customers, bind=engine, keep_id=kept, gone_id=gone, **arguments))


def undo(engine: Engine, network: Network, merge_id: int, **other: Any) -> int:
    arguments = {"reason": "Two people", "actor": network.coordinator, "now": NOW, **other}
    return int(run(undo_merge, bind=engine, merge_id=merge_id, **arguments))


def snapshot(engine: Engine) -> dict[str, list[str]]:
    """Everything that hangs on customers, but for versions, who changed them last and ids of links."""
    with reading(engine) as session:
        columns = [c for c in Customer.__table__.c if c.name not in ("version", "updated_at", "updated_by")]
        held = {"customer": sorted(map(repr, session.execute(select(*columns)).all()))}
        for table in MOVED:
            held[table.__tablename__] = sorted(map(repr, session.execute(select(table.id, table.customer_id)).all()))
        for other in (CustomerKey, CustomerLink):
            own = [c for c in other.__table__.c if c.name != "id"]
            held[other.__tablename__] = sorted(map(repr, session.execute(select(*own)).all()))
        held["words"] = sorted(
            map(repr, session.execute(select(search.SearchWord.word, search.SearchWord.item_id).distinct()).all())
        )
        return held


def test_the_kept_record_has_everything(engine: Engine, network: Network):
    kept, gone = pair(engine, network)
    merge(engine, network, kept, gone)
    with reading(engine) as session:
        for table in MOVED:
            assert set(session.scalars(select(table.customer_id))) == {kept}, table.__tablename__
        page = get_customer(session, customer_id=kept, actor=network.staff, now=NOW)
        old = get_customer(session, customer_id=gone, actor=network.staff, now=NOW)
        hits = search.find(session, "518-555-0188", kinds=("customer",), scope=EVERYTHING)
        assert differences(session) == []
    assert {way.shown for way in page.contacts} == {"+12125550143", "+15185550188", "jd@home.example"}
    assert (page.name, page.facts["street"], page.facts["city"]) == ("Jane Doe", "1 Elm", "Albany")
    assert len(page.links) == 2
    assert [m.number for m in page.merges] == [f"C-{gone:06}"]
    assert (old.merged_into, old.contacts) == (kept, ())
    assert [hit.item_id for hit in hits] == [kept]


def test_undoing_gives_both_back_exactly(engine: Engine, network: Network):
    kept, gone = pair(engine, network)
    before = snapshot(engine)
    merge_id = merge(engine, network, kept, gone)
    assert snapshot(engine) != before
    assert undo(engine, network, merge_id) == gone
    assert snapshot(engine) == before
    with reading(engine) as session:
        assert differences(session) == []


def test_what_came_since_stays_and_what_was_changed_since_is_kept(engine: Engine, network: Network):
    kept, gone = pair(engine, network)
    merge_id = merge(engine, network, kept, gone)
    run(
        change_customer, bind=engine, customer_id=kept, original={"city": "Albany"}, changes={"city": "Troy"},
        actor=network.staff, now=NOW,
    )  # fmt: skip
    newer = receive(engine, dealer_id=network.north, customer_id=kept)
    undo(engine, network, merge_id)
    row = load_customer(engine, kept)
    assert (row.street, row.city) == ("", "Troy")
    with reading(engine) as session:
        assert session.get_one(Lead, newer).customer_id == kept


def test_a_merge_is_taken_back_once_and_in_order(engine: Engine, network: Network):
    kept, gone = pair(engine, network)
    third = customer(engine, network, name="J Doe", phone="212-555-0177")
    first = merge(engine, network, kept, gone)
    second = merge(engine, network, third, kept)
    with pytest.raises(Refused, match=f"merged into C-{third:06}"):
        undo(engine, network, first)
    undo(engine, network, second)
    undo(engine, network, first)
    with pytest.raises(Refused, match="taken back already"):
        undo(engine, network, first)


def test_never_across_dealers(engine: Engine, network: Network):
    one, other = customer(engine, network), customer(engine, network, dealer_id=network.south)
    before = snapshot(engine)
    with pytest.raises(Refused, match="two dealers stay apart"):
        merge(engine, network, one, other)
    assert snapshot(engine) == before
    with reading(engine) as session:
        assert list_duplicates(session, actor=network.coordinator) == []


def refused(engine: Engine, network: Network, kept: int, gone: int, **other: Any) -> str:
    with pytest.raises(Refused) as refusal:
        merge(engine, network, kept, gone, **other)
    return refusal.value.code


def test_a_merge_is_refused_with_its_reason(engine: Engine, network: Network):
    kept, gone = pair(engine, network)
    before = snapshot(engine)
    assert refused(engine, network, kept, kept) == "same_customer"
    assert refused(engine, network, kept, gone, reason=" ") == "required"
    assert refused(engine, network, kept, gone, seen_versions=(1, 99)) == "stale"
    assert refused(engine, network, kept, gone, actor=network.staff) == "not_allowed"
    assert refused(engine, network, kept, gone, actor=network.south_staff) == "not_allowed"
    manager = within(network.dealer_manager, dealer_ids=frozenset({network.south}))
    assert refused(engine, network, kept, gone, actor=manager) == "not_found"
    assert snapshot(engine) == before


def test_a_merged_record_is_changed_no_more(engine: Engine, network: Network):
    kept, gone = pair(engine, network)
    merge(engine, network, kept, gone)
    with pytest.raises(Refused, match=f"merged into C-{kept:06}"):
        run(
            change_customer, bind=engine, customer_id=gone, original={}, changes={"city": "x"}, actor=network.staff,
            now=NOW,
        )  # fmt: skip


# ------------------------------------------------------------------------------------------------------- suggestions
def lookalikes(engine: Engine, network: Network, dealer_id: int = 0) -> tuple[int, int]:
    one = customer(
        engine, network, name="John Smith", phone="212-555-0111", postal_code="12207", street="1 Elm",
        dealer_id=dealer_id,
    )  # fmt: skip
    other = customer(
        engine, network, name="Jon Smyth", phone="212-555-0112", postal_code="12207", street="1 Elm",
        dealer_id=dealer_id,
    )  # fmt: skip
    return one, other


def test_lookalikes_are_suggested_with_their_reason_until_somebody_decides(engine: Engine, network: Network):
    one, other = lookalikes(engine, network)
    with reading(engine) as session:
        (found,) = list_duplicates(session, actor=network.staff)
        assert len(duplicates_of(session, customer_id=other, actor=network.staff)) == 1
    assert {found.left.customer_id, found.right.customer_id} == {one, other}
    assert found.likeness.word == "Possible"
    assert "same street" in found.likeness.sentence
    run(
        keep_apart, bind=engine, customer_id=other, other_id=one, reason="Father and son", actor=network.dealer_manager,
        now=NOW,
    )  # fmt: skip
    with reading(engine) as session:
        assert list_duplicates(session, actor=network.staff) == []
        assert duplicates_of(session, customer_id=one, actor=network.staff) == []
    with pytest.raises(Refused, match="decided this already"):
        run(keep_apart, bind=engine, customer_id=one, other_id=other, actor=network.dealer_manager, now=NOW)


def test_two_records_with_one_key_are_suggested(engine: Engine, network: Network):
    one = customer(engine, network)
    other = customer(engine, network, name="Jane Doe", phone="518-555-0188")
    with writing(engine, keeps_timeline=False) as session:
        session.add(CustomerKey(customer_id=other, kind="phone", value="+12125550143"))
    with reading(engine) as session:
        (found,) = list_duplicates(session, actor=network.coordinator)
    assert (found.likeness.word, found.left.customer_id) == ("Likely", one)
    assert found.likeness.sentence == "same phone, same name"


def test_suggestions_stay_within_the_scope_and_are_masked(engine: Engine, network: Network):
    one, _ = lookalikes(engine, network)
    lookalikes(engine, network, dealer_id=network.south)
    with reading(engine) as session:
        assert len(list_duplicates(session, actor=network.coordinator)) == 2
        assert len(list_duplicates(session, actor=network.south_staff)) == 1
        assert len(list_duplicates(session, actor=network.coordinator, dealer_id=network.north)) == 1
        with pytest.raises(NotFound):
            duplicates_of(session, customer_id=one, actor=network.south_staff)
        assert list_duplicates(session, actor=network.sales_leader)[0].left.name == "J. S."


def test_a_removed_or_merged_customer_is_no_lookalike(engine: Engine, network: Network):
    _, other = lookalikes(engine, network)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Customer).where(Customer.id == other).values(purged_at=NOW))
    with reading(engine) as session:
        assert list_duplicates(session, actor=network.coordinator) == []
