"""Draws, reviews, coaching and figures through commands and queries, with who may and who may not."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from db import catalog
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.quality import coaching_commands, commands, form_commands
from db.quality.attempt_queries import attempts
from db.quality.coaching_queries import get_note, list_notes
from db.quality.form_queries import form_in_use, list_forms
from db.quality.jobs import run_follow_ups
from db.quality.metrics_queries import compute
from db.quality.review_queries import ReviewFilters, get_review, list_reviews, scores, weak_items
from db.quality.reviewer_queries import drift
from db.quality.rules import DEFAULT_ITEMS
from db.quality.sample_commands import draw_sample, second_look
from db.quality.sample_queries import get_sample, list_samples
from db.quality.speed_queries import by_hour, leads_behind, person_choices, speed
from db.quality.tables import CoachingNote, QualityReview
from tests.leads.factories import NOW, make_network, minutes, receive, step, within
from tests.support.again import begun

DAY = timedelta(days=1)
MONTH = {"from": date(2026, 6, 1), "to": date(2026, 6, 30)}
ALL_YES = {i.key: "yes" for i in DEFAULT_ITEMS}


@pytest.fixture
@begun
def desk(sqlite_engine):
    return made(sqlite_engine)


@pytest.fixture
@begun
def both(engine):
    return made(engine)


def made(engine) -> Any:
    """Six leads of north: three answered by sam, one by kim (late), one open, one never; one of south by sue."""
    net = make_network(engine)
    ids = []
    for number, (who, after, outcome) in enumerate(
        ((net.staff, 4, "reached"), (net.staff, 12, "reached"), (net.staff, 200, "voicemail"),
         (net.colleague, 45, "reached"))
    ):  # fmt: skip
        lead = receive(engine, dealer_id=net.north, assignee_id=who.user_id, email=f"a{number}@mail.example", phone="")
        step(engine, "log_activity", lead, actor=who, now=NOW + minutes(after), kind="call", outcome=outcome)
        ids.append(lead)
    waiting = receive(engine, dealer_id=net.north, assignee_id=net.colleague.user_id, email="w@mail.example", phone="")
    never = receive(
        engine, dealer_id=net.north, assignee_id=net.staff.user_id, received_at=NOW - 3 * DAY, email="n@mail.example",
        phone="",
    )  # fmt: skip
    south = receive(engine, dealer_id=net.south, assignee_id=net.south_staff.user_id, email="s@mail.example", phone="")
    step(engine, "log_activity", south, actor=net.south_staff, now=NOW + minutes(2), kind="call", outcome="reached")
    return SimpleNamespace(
        engine=engine, net=net, leads=ids, waiting=waiting, never=never, south=south, at=NOW + minutes(300)
    )


def ask(desk, query, **arguments):
    with reading(desk.engine) as session:
        return query(session, **arguments)


def draw(desk, actor=None, **other):
    values = {"dealer_id": desk.net.north, "from_day": date(2026, 6, 1), "to_day": date(2026, 6, 29), "seed": 17}
    return run(
        draw_sample, bind=desk.engine, actor=actor or desk.net.dealer_manager, now=desk.at, **(values | other)
    )  # fmt: skip


def reviews(desk, actor=None, status="drawn"):
    return ask(desk, list_reviews, actor=actor or desk.net.manager, filters=ReviewFilters(status=status))[0]


def score(desk, row, actor=None, answers=None, comments=None, **other):
    actor = actor or desk.net.dealer_manager
    form = ask(desk, form_in_use, actor=actor)
    values = {"item_id": row.id, "seen_version": row.version, "form_id": form.id, "answers": answers or ALL_YES}
    run(
        commands.review, bind=desk.engine, actor=actor, now=desk.at + DAY, comments=comments or {}, **(values | other)
    )  # fmt: skip


def code_of(refusal):
    return refusal.value.code


# ---- speed
def test_speed_counts_each_lead_once_in_its_bucket(both):
    (whole,) = ask(both, speed, actor=both.net.manager, filters=MONTH | {"dealer": both.net.north}, now=both.at)
    assert whole.counts == {"m5": 1, "m15": 1, "m60": 1, "day": 1, "waiting": 1, "never": 1}
    assert (whole.total, whole.due, whole.answered, whole.quick) == (6, 5, 4, 2)
    assert (whole.median, whole.p90) == (12, 200)
    (quality,) = ask(
        both, speed, actor=both.net.manager, filters=MONTH | {"dealer": both.net.north}, clock="first_quality",
        now=both.at
    )  # fmt: skip
    assert quality.counts == {"m5": 1, "m15": 1, "m60": 1, "waiting": 2, "never": 1}


def test_speed_by_person_dealer_source_and_hour(both):
    north = MONTH | {"dealer": both.net.north}
    lines = ask(both, speed, actor=both.net.dealer_manager, filters=north, by="person", now=both.at)
    assert [(s.label, s.total) for s in lines] == [("Sam Staff", 4), ("Kim Colleague", 2)]
    lines = ask(both, speed, actor=both.net.manager, filters=MONTH, by="dealer", now=both.at)
    assert [(s.label, s.total) for s in lines] == [("North Motors", 6), ("South Motors", 1)]
    lines = ask(both, speed, actor=both.net.manager, filters=MONTH, by="source", now=both.at)
    assert [(s.label, s.total) for s in lines] == [("autosite", 7)]
    cells = ask(both, by_hour, actor=both.net.manager, filters=north, now=both.at)
    assert [(c.weekday, c.hour, c.leads, c.quick, c.never) for c in cells] == [(0, 10, 4, 2, 0), (4, 10, 1, 0, 1)]
    assert ask(both, person_choices, actor=both.net.manager, filters=north) == ["Kim Colleague", "Sam Staff"]


@pytest.mark.parametrize("bucket, n", [("", 6), ("m5", 1), ("waiting", 1), ("never", 1), ("later", 0)])
def test_the_leads_behind_a_number_are_those_it_counted(desk, bucket, n):
    rows, following = ask(
        desk, leads_behind, actor=desk.net.dealer_manager, filters=MONTH, bucket=bucket, now=desk.at
    )  # fmt: skip
    assert (len(rows), following) == (n, None)


def test_leads_behind_a_number_come_in_pages(desk):
    first, following = ask(desk, leads_behind, actor=desk.net.manager, filters=MONTH, limit=4, now=desk.at)
    rest, end = ask(desk, leads_behind, actor=desk.net.manager, filters=MONTH, limit=4, after=following, now=desk.at)
    assert (len(first), len(rest), end) == (4, 3, None)
    assert len({r.id for r in (*first, *rest)}) == 7


def test_staff_see_only_their_own_even_when_they_ask_for_a_colleague(desk):
    sam = desk.net.staff
    for filters in (MONTH, MONTH | {"person": "Kim Colleague"}, MONTH | {"dealer": desk.net.south}):
        (whole,) = ask(desk, speed, actor=sam, filters=filters, now=desk.at)
        assert whole.total == (0 if "dealer" in filters else 4)
        rows, _ = ask(desk, leads_behind, actor=sam, filters=filters, now=desk.at)
        assert {r.person for r in rows} <= {"Sam Staff"}
        assert ask(desk, attempts, actor=sam, filters=filters).leads == whole.total


def test_a_namesake_does_not_see_the_others_leads(desk):
    from dataclasses import replace

    twin = replace(desk.net.colleague, name="Sam Staff")
    (whole,) = ask(desk, speed, actor=twin, filters=MONTH, now=desk.at)
    assert whole.total == 2  # kim's own: one answered, one waiting


def test_a_dealer_manager_sees_no_other_dealer_and_a_sales_leader_no_person(desk):
    (whole,) = ask(desk, speed, actor=desk.net.dealer_manager, filters=MONTH, now=desk.at)
    assert whole.total == 6
    (other,) = ask(desk, speed, actor=desk.net.dealer_manager, filters=MONTH | {"dealer": desk.net.south}, now=desk.at)
    assert other.total == 0
    with pytest.raises(Refused) as refusal:
        ask(desk, speed, actor=desk.net.sales_leader, filters=MONTH, by="person", now=desk.at)
    assert code_of(refusal) == "not_allowed"
    rows, _ = ask(desk, leads_behind, actor=desk.net.sales_leader, filters=MONTH, now=desk.at)
    assert {r.person for r in rows} == {"–"}
    assert "Jane Doe" not in {r.customer_name for r in rows}
    with pytest.raises(Refused):
        ask(desk, speed, actor=desk.net.finance, filters=MONTH, now=desk.at)


# ---- attempts
def test_attempts_and_who_was_given_up(both):
    step(both.engine, "lose", both.leads[2], actor=both.net.staff, now=both.at, reason="not_interested")
    found = ask(both, attempts, actor=both.net.dealer_manager, filters=MONTH)
    assert (found.leads, found.attempts, found.contacted) == (6, 4, 3)
    assert dict(found.groups) == {"None": 2, "1": 4, "2": 0, "3–4": 0, "5–7": 0, "8 and more": 0}
    assert dict(found.kinds)["Calls"] == 4
    assert found.before_contact == ((1, 3),)
    assert (found.given_up, found.closed_unreached) == (1, 1)
    rows, _ = ask(both, leads_behind, actor=both.net.dealer_manager, filters=MONTH, given_up=True, now=both.at)
    assert [r.id for r in rows] == [both.leads[2]]


# ---- draws
def test_a_draw_takes_each_persons_share_and_repeats(both):
    sample = draw(both, per_person=2)
    row = ask(both, get_sample, sample_id=sample, actor=both.net.manager)
    assert [(s.person, len(s.population), len(s.drawn)) for s in row.strata] == [
        ("Kim Colleague", 1, 1), ("Sam Staff", 3, 2)
    ]  # fmt: skip
    assert row.repeats
    assert row.words(row.strata[1]).startswith("2 of 3 responses of Sam Staff in")
    assert {r.lead_id for r in reviews(both)} == {lead for s in row.strata for lead in s.drawn}
    draw(both, per_person=2)  # what is left: one of sam
    assert len(reviews(both)) == 4
    with pytest.raises(Refused) as refusal:
        draw(both)
    assert code_of(refusal) == "nothing_to_draw"
    assert [c.run for c in catalog.checks() if c.name.startswith("Response reviews")]


def test_a_double_click_draws_once(both):
    assert draw(both, form_key="k", per_person=1) == draw(both, form_key="k", per_person=1)
    assert len(reviews(both)) == 2


WRONG = [
    ({"dealer_id": None}, "dealer_id"), ({"from_day": None}, "from_day"), ({"to_day": date(2026, 5, 1)}, "to_day"),
    ({"from_day": date(2025, 1, 1)}, "to_day"), ({"seed": 0}, "seed"), ({"per_person": 21}, "per_person"),
    ({"focus": "best"}, "focus"),
]  # fmt: skip


@pytest.mark.parametrize("wrong, field", WRONG)
def test_a_draw_that_is_refused_says_where(desk, wrong, field):
    with pytest.raises(Refused) as refusal:
        draw(desk, **wrong)
    assert refusal.value.problems[0].field == field
    assert reviews(desk) == []


def test_draws_of_late_ones_say_so_and_do_not_count(desk):
    draw(desk, focus="late")
    rows = reviews(desk)
    assert {r.lead_id for r in rows} == {desk.leads[2], desk.leads[3]}
    score(desk, rows[0])
    assert ask(desk, scores, actor=desk.net.manager)[0].estimate.n == 0
    assert not reviews(desk, status="reviewed")[0].counts


def test_who_may_draw_and_where(desk):
    for actor in (desk.net.staff, desk.net.sales_leader, desk.net.finance):
        with pytest.raises(Refused) as refusal:
            draw(desk, actor)
        assert code_of(refusal) == "not_allowed"
    with pytest.raises(NotFound):
        draw(desk, dealer_id=desk.net.south)
    draw(desk, desk.net.manager, dealer_id=desk.net.south)
    assert ask(desk, list_samples, actor=desk.net.dealer_manager) == []
    with pytest.raises(NotFound):
        ask(desk, get_sample, sample_id=1, actor=desk.net.dealer_manager)


# ---- reviews
def test_a_review_from_the_draw_to_the_score(both):
    draw(both)
    row = reviews(both)[0]
    score(both, row, answers=ALL_YES | {"price": "na", "reason": "no"}, comments={"reason": "None given"})
    (done,) = reviews(both, status="reviewed")
    assert (done.score, done.raw_score, done.answered, done.counts) == (96, 96, True, True)  # 86 of 90
    page = ask(both, get_review, item_id=row.id, actor=both.net.manager, now=both.at)
    assert page.said == {"reason": "None given"}
    assert [c.is_reviewed for c in page.contacts] == [True]
    (line,) = ask(both, scores, actor=both.net.manager)
    assert (line.estimate.n, line.estimate.mean, line.answered, line.asked) == (1, 96.0, 1, 1)
    (text, met, n), *_ = ask(both, weak_items, actor=both.net.manager)
    assert (text, met, n) == ("It gave a reason to buy from this dealer", 0, 1)
    (metric,) = ask(both, compute, name="response_quality", scope=both.net.manager.scope, by=("dealer",), now=both.at)
    assert (metric["dealer"], metric["value"]) == ("00101", 96)


def test_a_failed_critical_item_is_zero_and_needs_a_word(desk):
    draw(desk)
    row = reviews(desk)[0]
    with pytest.raises(Refused) as refusal:
        score(desk, row, answers=ALL_YES | {"tone": "no"})
    assert refusal.value.problems[0].field == "comments"
    score(desk, row, answers=ALL_YES | {"tone": "no"}, comments={"tone": "Sarcastic"})
    (done,) = reviews(desk, status="reviewed")
    assert (done.score, done.raw_score) == (0, 95)


BAD_ANSWERS = [({}, "answers"), ({"personal": "yes"}, "answers"), (ALL_YES | {"made_up": "yes"}, "answers"),
               (dict.fromkeys(ALL_YES, "na"), "answers")]  # fmt: skip


@pytest.mark.parametrize("answers, field", BAD_ANSWERS)
def test_answers_that_are_refused_store_nothing(desk, answers, field):
    draw(desk)
    row = reviews(desk)[0]
    with pytest.raises(Refused) as refusal:
        score(desk, row, answers=answers or {"personal": "perhaps"})
    assert {p.field for p in refusal.value.problems} == {field}
    assert len(reviews(desk)) == 4


def test_nobody_scores_their_own_response_nor_the_same_twice(both):
    net = both.net
    lead = receive(both.engine, dealer_id=net.north, email="own@mail.example", phone="")
    step(
        both.engine,
        "log_activity",
        lead,
        actor=net.dealer_manager,
        now=NOW + minutes(9),
        kind="call",
        outcome="reached",
    )
    draw(both, net.manager)
    own = next(r for r in reviews(both) if r.lead_id == lead)
    for take in (lambda: score(both, own), lambda: run(
        commands.skip, bind=both.engine, item_id=own.id, seen_version=own.version, actor=net.dealer_manager,
        now=both.at,
        reason_text="Mine",
    )):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            take()
        assert code_of(refusal) == "own_request"
    assert own.id not in {r.id for r in ask(both, list_reviews, actor=net.dealer_manager, not_own=True)[0]}
    score(both, own, net.coordinator)
    second = run(second_look, bind=both.engine, review_id=own.id, actor=net.manager, now=both.at)
    assert run(second_look, bind=both.engine, review_id=own.id, actor=net.manager, now=both.at) == second
    again = next(r for r in reviews(both) if r.id == second)
    for who in (net.coordinator, net.dealer_manager):
        with pytest.raises(Refused) as refusal:
            score(both, again, who)
        assert code_of(refusal) == "own_request"
    score(both, again, net.manager, answers=ALL_YES | {"reason": "no"})
    assert ask(both, scores, actor=net.manager)[0].estimate.n == 1  # a second look changes no score
    assert [(d.reviewer, d.pairs, d.difference) for d in ask(both, drift, actor=net.manager)] == [
        ("Cora Coordinator", 1, None), ("Max Manager", 1, None)
    ]  # fmt: skip


def test_a_stale_screen_and_a_wrong_state(desk):
    draw(desk)
    row = reviews(desk)[0]
    run(
        commands.skip, bind=desk.engine, item_id=row.id, seen_version=row.version, actor=desk.net.manager, now=desk.at,
        reason_text="No note",
    )  # fmt: skip
    with pytest.raises(Stale, match="Max Manager"):
        score(desk, row)
    with pytest.raises(Refused) as refusal:
        score(desk, row, seen_version=2)
    assert code_of(refusal) == "wrong_state"
    with pytest.raises(Refused) as refusal:
        run(commands.take_back, bind=desk.engine, item_id=row.id, seen_version=2, actor=desk.net.coordinator,
            now=desk.at, reason_text="Was wrong")  # fmt: skip
    assert code_of(refusal) == "not_allowed"
    run(commands.take_back, bind=desk.engine, item_id=row.id, seen_version=2, actor=desk.net.manager, now=desk.at,
        reason_text="Was wrong")  # fmt: skip
    assert row.id in {r.id for r in reviews(desk)}


def test_who_sees_which_review(desk):
    draw(desk)
    draw(desk, desk.net.manager, dealer_id=desk.net.south)
    for row in reviews(desk):
        score(desk, row, desk.net.manager)
    seen = {a.username: {r.person for r in reviews(desk, a, "reviewed")} for a in (
        desk.net.manager, desk.net.dealer_manager, desk.net.staff, desk.net.sales_leader)}  # fmt: skip
    assert seen == {
        "max": {"Sam Staff", "Kim Colleague", "Sue South"}, "dan": {"Sam Staff", "Kim Colleague"}, "sam": {"Sam Staff"},
        "leo": set(),
    }  # fmt: skip
    kims = next(r for r in reviews(desk, status="reviewed") if r.person == "Kim Colleague")
    for actor in (desk.net.staff, desk.net.sales_leader, within(desk.net.dealer_manager, dealer_ids=frozenset({99}))):
        with pytest.raises(NotFound):
            ask(desk, get_review, item_id=kims.id, actor=actor, now=desk.at)
    (own,) = ask(desk, scores, actor=desk.net.staff, by="person")
    assert (own.label, own.estimate.n) == ("Sam Staff", 3)
    assert [s.label for s in ask(desk, scores, actor=desk.net.dealer_manager, by="dealer")] == ["North Motors"]
    with pytest.raises(Refused):
        ask(desk, scores, actor=desk.net.sales_leader, by="person")
    # out of scope answers like absent
    sues = next(r for r in reviews(desk, status="reviewed") if r.person == "Sue South")
    with pytest.raises(NotFound):
        score(desk, sues, desk.net.dealer_manager)


# ---- the checklist
def test_a_new_version_is_drafted_and_used_by_reviews_from_then_on(both):
    net = both.net
    draw(both)
    first, second = reviews(both)[:2]
    score(both, first)
    draft = run(form_commands.draft_form, bind=both.engine, actor=net.manager, now=both.at)
    assert run(form_commands.draft_form, bind=both.engine, actor=net.manager, now=both.at) == draft
    with pytest.raises(Refused) as refusal:
        run(form_commands.activate_form, bind=both.engine, form_id=draft, seen_version=1, reason_text="New",
            actor=net.manager, now=both.at)  # fmt: skip
    assert code_of(refusal) == "unchanged"
    items = [{"key": "a", "text": "Answered", "weight": 5, "is_answer": True}, {"text": "Nice", "weight": 5.0}]
    run(form_commands.save_form, bind=both.engine, form_id=draft, seen_version=1, items=items, actor=net.manager,
        now=both.at)  # fmt: skip
    with pytest.raises(Stale):
        run(form_commands.save_form, bind=both.engine, form_id=draft, seen_version=1, items=items, actor=net.manager,
            now=both.at)  # fmt: skip
    old = ask(both, form_in_use, actor=net.manager)
    run(form_commands.activate_form, bind=both.engine, form_id=draft, seen_version=2, reason_text="Shorter",
        actor=net.manager, now=both.at)  # fmt: skip
    with pytest.raises(Refused) as refusal:
        score(both, second, form_id=old.id)
    assert refusal.value.problems[0].field == "form_id"
    score(both, second, answers={"a": "yes", "item_2": "no"})
    done = {r.id: r.score for r in reviews(both, status="reviewed")}
    assert done == {first.id: 100, second.id: 50}
    assert [(f.number, f.status) for f in ask(both, list_forms, actor=net.manager)] == [(2, "active"), (1, "retired")]
    with pytest.raises(Refused):
        run(form_commands.draft_form, bind=both.engine, actor=net.coordinator, now=both.at)
    with reading(both.engine) as session:
        assert [s for c in catalog.checks() if c.name.startswith("Response reviews") for s in c.run(session)] == []


def test_the_check_notices_a_score_its_answers_do_not_give(desk):
    draw(desk)
    score(desk, reviews(desk)[0])
    from db.core.session import writing

    with writing(desk.engine, keeps_timeline=False) as session:
        row = session.get_one(QualityReview, reviews(desk, status="reviewed")[0].id)
        row.score = 55
    (check,) = [c for c in catalog.checks() if c.name.startswith("Response reviews")]
    with reading(desk.engine) as session:
        assert check.run(session) == [f"review {row.number}: its answers do not give its score"]


# ---- coaching
def write(desk, actor=None, **other):
    values = {
        "dealer_id": desk.net.north, "person_id": desk.net.staff.user_id, "note": "Name the price.",
        "agreed": "Price in the first answer", "follow_up_day": date(2026, 7, 20), "metric": "in_15",
    }  # fmt: skip
    return run(
        coaching_commands.write_note, bind=desk.engine, actor=actor or desk.net.dealer_manager, now=desk.at,
        **(values | other),
    )  # fmt: skip


def note_of(desk, note, actor=None):
    return ask(desk, get_note, item_id=note, actor=actor or desk.net.manager, now=desk.at)


def take(desk, name, note_id, actor, *, now=None, version=None, **inputs):
    with reading(desk.engine) as session:
        seen = version or session.get_one(CoachingNote, note_id).version
    run(coaching_commands.COMMANDS[name], bind=desk.engine, item_id=note_id, seen_version=seen, actor=actor,
        now=now or desk.at + DAY, **inputs)  # fmt: skip


def test_coaching_from_the_note_to_its_computed_result(both):
    net, note = both.net, write(both, form_key="k")
    assert write(both, form_key="k") == note
    assert (note_of(both, note).then_value, note_of(both, note).then_n) == (
        50,
        4,
    )
    take(both, "acknowledge", note, net.staff)
    later = both.at + 22 * DAY
    with reading(both.engine) as session:
        lines = [w for w in catalog.work_lines(session, actor=net.dealer_manager, now=later) if w.number == "CN-000001"]
        assert [w.why for w in lines] == ["Follow up"]
        assert [
            w for w in catalog.work_lines(session, actor=net.staff, now=later) if w.item_type == "coaching_note"
        ] == []
    assert run_follow_ups(both.engine, now=later) == 1
    assert run_follow_ups(both.engine, now=later) == 0
    for number in range(3):
        at = both.at + (2 + number) * DAY
        lead = receive(both.engine, dealer_id=net.north, received_at=at, email=f"q{number}@mail.example", phone="")
        step(both.engine, "log_activity", lead, actor=net.staff, now=at + minutes(3), kind="call", outcome="reached")
    take(both, "follow_up", note, net.dealer_manager, now=later, note="Two calls heard")
    done = note_of(both, note)
    assert (done.status, done.now_value, done.now_n, done.result) == ("followed_up", 100, 3, "better")
    with pytest.raises(Refused) as refusal:
        take(both, "drop", note, net.dealer_manager, reason_text="Too late")
    assert code_of(refusal) == "wrong_state"


def test_a_note_is_read_by_the_person_their_manager_and_the_desk_only(desk):
    net, note = desk.net, write(desk)
    for actor in (net.staff, net.dealer_manager, net.coordinator, net.manager):
        assert note_of(desk, note, actor).note == "Name the price."
    for actor in (net.colleague, net.south_staff, net.sales_leader, net.finance):
        with pytest.raises(NotFound):
            note_of(desk, note, actor)
        assert ask(desk, list_notes, actor=actor, now=desk.at) == ([], None)
    for actor in (net.colleague, net.sales_leader):
        with pytest.raises((NotFound, Refused)):
            take(desk, "acknowledge", note, actor)
    with pytest.raises(Refused) as refusal:
        take(desk, "acknowledge", note, net.dealer_manager)
    assert code_of(refusal) == "not_yours"
    with pytest.raises(Refused) as refusal:
        take(desk, "follow_up", note, net.staff)
    assert code_of(refusal) == "not_allowed"
    with reading(desk.engine) as session:
        from db.core.outbox import OutboxMail
        from db.core.timeline import TimelineEntry

        told = [e.summary + str(e.detail) for e in session.query(TimelineEntry).filter_by(area="quality")]
        mails = [m.subject + m.body for m in session.query(OutboxMail)]
    assert told
    assert mails
    assert not [t for t in (*told, *mails) if "price" in t.lower()]


WRONG_NOTES = [
    ({"dealer_id": None}, "dealer_id"), ({"person_id": None}, "person_id"), ({"note": " "}, "note"),
    ({"agreed": ""}, "agreed"), ({"follow_up_day": None}, "follow_up_day"),
    ({"follow_up_day": date(2026, 6, 29)}, "follow_up_day"), ({"follow_up_day": date(2027, 6, 29)}, "follow_up_day"),
    ({"metric": "luck"}, "metric"), ({"review_id": 99}, "review_id"), ({"lead_id": 99}, "lead_id"),
]  # fmt: skip


@pytest.mark.parametrize("wrong, field", WRONG_NOTES)
def test_a_note_that_is_refused_says_where(desk, wrong, field):
    with pytest.raises(Refused) as refusal:
        write(desk, **wrong)
    assert [p.field for p in refusal.value.problems] == [field]


def test_nobody_coaches_themselves_others_people_or_other_dealers(desk):
    net = desk.net
    for wrong in ({"person_id": net.dealer_manager.user_id}, {"person_id": net.south_staff.user_id}):
        with pytest.raises(Refused) as refusal:
            write(desk, **wrong)
        assert refusal.value.problems[0].field == "person_id"
    with pytest.raises(NotFound):
        write(desk, dealer_id=net.south)
    for actor in (net.staff, net.sales_leader):
        with pytest.raises(Refused):
            write(desk, actor)
    about_dan = write(desk, net.manager, person_id=net.dealer_manager.user_id)
    with pytest.raises(Refused) as refusal:
        take(desk, "follow_up", about_dan, net.dealer_manager)
    assert code_of(refusal) == "own_request"


def test_a_stale_note_is_not_taken(desk):
    note = write(desk)
    take(desk, "acknowledge", note, desk.net.staff)
    with pytest.raises(Stale):
        take(desk, "drop", note, desk.net.manager, version=1, reason_text="Moved")
    take(desk, "drop", note, desk.net.manager, reason_text="Moved")
    assert note_of(desk, note).status == "dropped"


@pytest.mark.parametrize("role", [r for r in Role if r not in (Role.SALES_LEADER, Role.FINANCE)])
def test_work_lists_do_not_fail_for_any_role(desk, role):
    draw(desk)
    write(desk)
    actor = desk.net.as_role(role)
    with reading(desk.engine) as session:
        kinds = {w.item_type for w in catalog.work_lines(session, actor=actor, now=desk.at)} & {
            "quality_review", "coaching_note"
        }  # fmt: skip
    assert kinds == ({"coaching_note"} if role is Role.DEALER_STAFF else {"quality_review"})
