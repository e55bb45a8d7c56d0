"""Reconciliations: the file comes in, each difference is explained by somebody, and closing settles what was found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.imports.commands import dry_run_import, run_import, undo_import
from db.incentives.recon_commands import close_reconciliation, explain, match_again, take_back
from db.incentives.recon_queries import (
    count_matches,
    count_reconciliations,
    current_reconciliation,
    get_match,
    get_reconciliation,
    kind_figures,
    list_accounts,
    list_matches,
    list_reconciliations,
)  # fmt: skip
from db.incentives.recon_store import unexplained_of
from db.incentives.recon_tables import Reconciliation, StatementLine
from db.incentives.tables import IncentiveClaim, SaleReport
from tests.imports.test_tabular import workbook
from tests.incentives.paying import LATER, PayHouse
from tests.support.again import begun
from tests.support.core import at_once
from tests.support.users import actor_named, make_person

CODE, OTHER = "04217", "04099"


@pytest.fixture
@begun
def house(sqlite_engine):
    return built(sqlite_engine)


def built(engine):
    """Two claims paid to one dealer, one to another; the file has one of them, and strange things."""
    found = PayHouse(engine)
    found.program = found.publish()
    found.claims = [found.approved(), found.approved(), found.approved(dealer_id=found.other_dealer)]
    found.pay()
    return found


def vin(house, number):
    claim = house.row(IncentiveClaim, house.claims[number])
    return {"program": "CASH-11", "vin": house.row(SaleReport, claim.sale_id).vin}


def code_of(house, dealer_id):
    with reading(house.engine) as session:
        return session.scalar(text("SELECT code FROM dealer WHERE id = :d"), {"d": dealer_id})


def messy(house):
    """A file with one of each difference."""
    mine = code_of(house, house.dealer)
    return house.take_file(
        ("T1", mine, "500.00", vin(house, 0)), ("T2", mine, "480.00", vin(house, 1)),
        ("T3", mine, "500.00", vin(house, 0)), ("T4", "99999", "12.34", {}),
        ("T5", mine, "70.00", {"program": "CASH-11", "period": "2026-10"}),
    )  # fmt: skip


def act(house, command, *, who="finn", number=1, now=LATER, **more):
    if command is not explain and command is not take_back:
        more.setdefault("seen_version", house.row(Reconciliation, number).version)
    return run(
        command, bind=house.engine, reconciliation_id=number, actor=getattr(house, who), now=now, **more
    )  # fmt: skip


WANTED = [
    ("amount_mismatch", -20_00, True), ("duplicate", 500_00, True), ("matched", 0, False), ("orphan", 12_34, True),
    ("paid_not_earned", 70_00, True), ("waiting", -500_00, False),
]  # fmt: skip


def test_a_file_that_agrees_is_closed_without_a_word(engine):
    house = built(engine)
    house.take_file(
        ("T1", code_of(house, house.dealer), "1000.00", {"memo": "IM-000001"}),
        ("T2", code_of(house, house.other_dealer), "500.01", vin(house, 2)),
    )
    assert house.reconcile(form_key="k") == house.reconcile(form_key="k") == 1
    assert house.matches() == [("matched", 0, False)] * 2
    act(house, close_reconciliation)
    assert house.reconcile() == 2
    assert house.matches(2) == []
    house.agrees()


def test_every_kind_of_difference_is_found_and_closes_only_with_a_reason(engine):
    house = built(engine)
    assert messy(house).created == 5
    house.reconcile()
    assert sorted(house.matches()) == WANTED
    with reading(engine) as session:
        assert unexplained_of(session, 1) == (4, 602_34)
    with pytest.raises(Refused, match=r"4 differences of \$602\.34 have no reason yet"):
        act(house, close_reconciliation)
    with pytest.raises(Refused, match="Choose a reason"):
        act(house, explain, matches=house.ids(), reason="")
    with pytest.raises(Refused, match="why it is written off"):
        act(house, explain, matches=house.ids(), reason="written_off")
    assert act(house, explain, matches=house.ids(), reason="bank_error", note="They know") == 0
    with reading(engine) as session:
        assert unexplained_of(session, 1) == (0, 0)
        rows = list_matches(session, reconciliation_id=1, actor=house.finn, state="explained")[0]
    assert {(r.reason_label, r.explained_by, r.explained_at) for r in rows} == {
        ("The bank or the DMS is wrong and corrects it", house.finn.name, LATER)
    }
    act(house, close_reconciliation)
    house.agrees()
    with pytest.raises(Refused, match="was closed by"):
        act(house, match_again)
    house.reconcile()
    assert house.matches(2) == [("waiting", -500_00, False)]  # settled lines are not looked at again


def test_reasons_stay_when_the_lines_are_matched_again(house):
    messy(house)
    house.reconcile()
    act(house, explain, matches=house.ids(), reason="bank_error")
    house.take_file(("T6", code_of(house, house.other_dealer), "500.00", vin(house, 2)))
    assert act(house, match_again) == 0
    assert ("waiting", -500_00, False) not in house.matches()
    house.take_file(("T7", code_of(house, house.dealer), "20.00", vin(house, 1)))
    assert act(house, match_again) == 0  # the two lines make up what differed; its reason is gone with it
    assert [m for m in house.matches() if m[0] == "amount_mismatch"] == []


def test_a_payment_the_next_file_has_is_asked_again_until_it_comes(house):
    late = LATER + timedelta(days=31)
    house.reconcile(now=late)
    assert house.matches() == [("earned_not_paid", -500_00, True)] * 3
    act(house, explain, matches=house.ids(), reason="timing", now=late)
    act(house, close_reconciliation, now=late)
    house.take_file(
        *((f"T{n}", code_of(house, d), "500.00", vin(house, n)) for n, d in enumerate(
            (house.dealer, house.dealer, house.other_dealer))), now=late,
    )  # fmt: skip
    house.reconcile(now=late)
    assert house.matches(2) == [("matched", 0, False)] * 3


def test_what_a_settled_file_paid_is_a_duplicate_in_the_next(house):
    mine = code_of(house, house.dealer)
    house.take_file(("T1", mine, "500.00", vin(house, 0)))
    house.reconcile()
    act(house, close_reconciliation)
    house.take_file(("T2", mine, "500.00", vin(house, 0)))
    house.reconcile()
    assert ("duplicate", 500_00, True) in house.matches(2)


def test_paid_and_then_unwound_is_paid_not_earned_until_it_nets(house):
    house.unwind(house.row(IncentiveClaim, house.claims[0]).sale_id)
    house.reconcile()
    assert ("paid_not_earned", 500_00, True) in house.matches()
    house.approved()
    house.pay()
    act(house, match_again)
    assert not [m for m in house.matches() if m[0] == "paid_not_earned"]


@pytest.mark.parametrize("who", ["cora", "mason", "sally", "dora"])
def test_only_finance_reconciles(house, who):
    for refuse in (lambda: house.reconcile(who=who), lambda: house.take_file(("T1", CODE, "1.00", {}), who=who)):
        with pytest.raises(Refused, match="may not do this"):
            refuse()
    with reading(house.engine) as session, pytest.raises(Refused):
        current_reconciliation(session, actor=getattr(house, who))


def test_finance_of_one_region_does_not_reconcile_and_sees_its_own(house):
    make_person(house.engine, "rita", Role.FINANCE, scope_kind="regions", regions=["West"])
    rita = actor_named(house.engine, "rita")
    messy(house)
    house.reconcile()
    with pytest.raises(Refused, match="whole network"):
        house.reconcile(who="rita")
    with pytest.raises(Refused, match="whole network"):
        house.take_file(("T9", CODE, "1.00", {}), who="rita")
    with reading(house.engine) as session:
        rows = list_matches(session, reconciliation_id=1, actor=rita)[0]
        assert [r.dealer_id for r in rows] == [house.other_dealer]
        assert count_matches(session, reconciliation_id=1, actor=rita) == 1
        assert get_reconciliation(session, reconciliation_id=1, actor=rita).unexplained_cents == 0
        assert sum(f.count for f in kind_figures(session, reconciliation_id=1, actor=rita)) == 1
        assert list_reconciliations(session, actor=rita)[0][0].open_count == 0
        assert count_reconciliations(session, actor=rita) == 1
        hidden = list_matches(session, reconciliation_id=1, actor=house.finn, kind="orphan")[0][0]
        with pytest.raises(NotFound):
            get_match(session, match_id=hidden.id, actor=rita)
        assert [r.dealer_id for r in list_accounts(session, actor=house.dora)[0]] == [house.dealer]


def test_a_stale_screen_is_told_who_was_faster(house):
    messy(house)
    house.reconcile()
    ids = house.ids()
    act(house, explain, matches=ids, reason="bank_error")
    with pytest.raises(Stale):
        act(house, explain, matches=ids, reason="recover", who="fred")
    seen = house.row(Reconciliation, 1).version - 1
    with pytest.raises(Stale):
        act(house, close_reconciliation, seen_version=seen)
    (one, *_) = ids
    act(house, take_back, match_id=one, seen_version=2)
    assert list(house.ids()) == [one]
    with pytest.raises(Refused, match="no reason to take back"):
        act(house, take_back, match_id=one, seen_version=3)


def test_one_reconciliation_is_open_at_a_time(engine):
    house = built(engine)
    actors = [house.finn, house.fred]

    def begin(number):
        try:
            return house.reconcile(who=actors[number].username)
        except Refused as refused:
            return refused.code

    assert sorted(map(str, at_once(begin, threads=2))) == ["1", "open"]


def test_the_file_is_taken_once_and_undone_until_it_is_used(house):
    first = messy(house)
    again = messy(house)
    assert (again.created, again.duplicates) == (0, 5)
    changed = house.take_file(("T1", code_of(house, house.dealer), "501.00", vin(house, 0)))
    assert (changed.created, changed.rejected) == (0, 1)
    refused = house.take_file(("T8", "x" * 41, "0.00", {}))
    assert refused.rejected == 1
    make_person(house.engine, "ada", Role.ADMIN)
    ask = {"bind": house.engine, "batch_id": first.batch_id, "reason": "Wrong file", "actor": house.ada, "now": LATER}
    house.reconcile()
    with pytest.raises(Refused, match="RC-000001 has used"):
        run(undo_import, **ask)
    with house.engine.begin() as connection:
        connection.execute(text("DELETE FROM incentive_match_line"))
    run(undo_import, **ask)
    with reading(house.engine) as session:
        assert session.scalars(select(StatementLine)).all() == []


def test_three_ways_and_the_drawer_say_where_each_cent_is(house):
    messy(house)
    house.reconcile()
    with reading(house.engine) as session:
        (mine, theirs) = list_accounts(session, actor=house.finn)[0]
        assert (mine.earned, mine.approved, mine.paid, mine.confirmed) == (1_000_00, 1_000_00, 1_000_00, 0)
        assert list_accounts(session, actor=house.finn, only_open=True)[0] == []
        page, cursor = list_accounts(session, actor=house.finn, limit=1)
        assert [*page, *list_accounts(session, actor=house.finn, limit=1, after=cursor)[0]] == [mine, theirs]
        row = list_matches(session, reconciliation_id=1, actor=house.finn, kind="amount_mismatch")[0][0]
        found = get_match(session, match_id=row.id, actor=house.finn)
        assert [(x.is_file, x.number, x.cents) for x in found.lines] == [
            (True, "T2", 480_00), (False, "IM-000001", 500_00),
        ]  # fmt: skip
    act(house, explain, matches=house.ids(), reason="bank_error")
    act(house, close_reconciliation)
    with reading(house.engine) as session:
        assert [r.confirmed for r in list_accounts(session, actor=house.finn)[0]] == [1_000_00, 0]


def test_a_workbook_with_other_headings_is_tried_first_and_changes_nothing(house):
    rows = [
        ["Transaction ID", "Payee", "Value date", "Credit", "Remittance"],
        ["BK-1", code_of(house, house.dealer), "2026-12-13", "1,000.00", "im-000001"],
        ["BK-2", "99999", "2026-12-13", "12.34", ""],
    ]
    ask = {
        "kind": "incentive_statement", "files": [SourceFile(name="bank.xlsx", content=workbook(rows))],
        "channel": "page", "actor": house.finn, "now": LATER,
    }  # fmt: skip
    tried = dry_run_import(house.engine, **ask)
    assert (tried.created, tried.rejected) == (2, 0)
    assert "1 row names a dealer we do not have: it will be an orphan." in tried.sentences
    assert house.count(StatementLine) == 0
    run(run_import, bind=house.engine, **ask)
    house.reconcile()
    assert sorted(house.matches()) == [("matched", 0, False), ("orphan", 12_34, True), ("waiting", -500_00, False)]


def test_a_refused_reconciliation_leaves_nothing(house):
    with pytest.raises(Refused, match="Between 0 and 365 days"):
        house.reconcile(days=366)
    assert house.count(Reconciliation) == 0
