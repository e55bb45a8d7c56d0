"""How a checklist stands: tables of cases, and slow models asked the same about random checklists."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.checklist import forecast_rules, graph_rules, rules
from db.checklist.model import Item, ItemSpec
from tests.checklist.models import TODAY, checklists, every_path, is_held_up


def item(code: str, status: str = "open", *waits: str, **more) -> Item:
    return Item(code=code, title=more.pop("title", code.upper()), status=status, depends_on=waits, **more)


def spec(code: str, *waits: str, **more) -> ItemSpec:
    values = {"title": code.title(), "section": "S", "stage": "one"} | more
    return ItemSpec(code=code, depends_on=waits, **values)


# ------------------------------------------------------------------------------------------------ readiness
READY = [
    ("nothing to wait for", [], 100),
    ("nothing done", [item("a"), item("b")], 0),
    ("half of the items", [item("a", "done"), item("b")], 50),
    ("by weight", [item("a", "done", weight=1), item("b", weight=3)], 25),
    ("waived counts as done", [item("a", "waived", weight=3), item("b", weight=1)], 75),
    ("a failed gate counts nothing", [item("a", "failed", is_gate=True), item("b", "done")], 50),
    ("rounded down", [item("a", "done"), item("b", "done"), item("c")], 66),
    ("all of it", [item("a", "done"), item("b", "waived")], 100),
    ("no weight at all: items count alike", [item("a", "done", weight=0), item("b", weight=0)], 50),
    ("an open item of no weight is not hidden by 100", [item("a", "done"), item("b", weight=0)], 99),
]


@pytest.mark.parametrize("items, percent", [c[1:] for c in READY], ids=[c[0] for c in READY])
def test_readiness(items, percent):
    assert rules.readiness(items) == percent


@given(checklists())
def test_readiness_is_100_only_when_nothing_is_left_and_grows_with_each_item_done(items):
    before = rules.readiness(items)
    assert 0 <= before <= 100
    assert (before == 100) == all(i.is_satisfied for i in items)
    for position, one in enumerate(items):
        if not one.is_satisfied:
            after = [*items[:position], replace(one, status="done"), *items[position + 1 :]]
            assert rules.readiness(after) >= before


# ------------------------------------------------------------------------------------------------ what waits on what
CHAINS = [
    ("nothing waits", [item("a")], "a", ""),
    ("one link", [item("deal", title="Signed agreement"), item("portal", "open", "deal", title="Portal access")],
     "portal", "Portal access waits on Signed agreement"),
    ("a whole chain", [item("a"), item("b", "open", "a"), item("c", "open", "b")], "c",
     "C waits on B, which waits on A"),
    ("done is no blocker", [item("a", "done"), item("b", "open", "a")], "b", ""),
    ("waived is no blocker, whatever it waited on", [item("a"), item("b", "waived", "a"), item("c", "open", "b")],
     "c", ""),
    ("failed is one", [item("a", "failed"), item("b", "open", "a")], "b", "B waits on A (failed)"),
    ("several", [item("a"), item("b"), item("c", "open", "a", "b")], "c", "C waits on A, and on 1 more"),
    ("what is done waits on nothing", [item("a"), item("b", "done", "a")], "b", ""),
    ("an unknown code is no blocker", [item("a", "open", "gone")], "a", ""),
]  # fmt: skip


@pytest.mark.parametrize("items, code, sentence", [c[1:] for c in CHAINS], ids=[c[0] for c in CHAINS])
def test_the_chain_in_words(items, code, sentence):
    by_code = {i.code: i for i in items}
    assert graph_rules.waits_on(by_code[code], by_code) == sentence


@given(checklists())
def test_blocked_is_whoever_has_something_unsatisfied_before_it(items):
    by_code = {i.code: i for i in items}
    for one in items:
        held = is_held_up(one, by_code)
        assert graph_rules.is_blocked(one, by_code) == held
        chain = graph_rules.chain(one, by_code)
        assert bool(graph_rules.waits_on(one, by_code)) == held
        if held:
            assert not graph_rules.is_blocked(chain[-1], by_code)  # it ends with what can be worked on now
            assert all(not link.is_satisfied for link in chain)


@given(checklists())
def test_an_order_to_work_in_has_everything_once_and_after_what_it_waits_on(items):
    placed = [i.code for i in graph_rules.in_order(items)]
    assert sorted(placed) == sorted(i.code for i in items)
    for one in items:
        assert all(placed.index(c) < placed.index(one.code) for c in one.depends_on)


CIRCLES = [
    ("none", [spec("a"), spec("b", "a")], ()),
    ("itself", [spec("a", "a")], ("a",)),
    ("two", [spec("a", "b"), spec("b", "a")], ("a", "b")),
    ("three, behind others", [spec("x"), spec("a", "x", "c"), spec("b", "a"), spec("c", "b")], ("a", "c", "b")),
    ("a diamond is none", [spec("a"), spec("b", "a"), spec("c", "a"), spec("d", "b", "c")], ()),
]


@pytest.mark.parametrize("items, circle", [c[1:] for c in CIRCLES], ids=[c[0] for c in CIRCLES])
def test_a_circle_is_named(items, circle):
    assert graph_rules.find_cycle(items) == circle


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_a_circle_is_found_exactly_when_no_order_exists(edges):
    waits = {n: tuple(f"i{b}" for a, b in edges if a == n) for n in range(7)}
    items = [item(f"i{n}", "open", *dict.fromkeys(waits[n])) for n in range(7)]
    circle = graph_rules.find_cycle(items)
    by_code = {i.code: i for i in items}
    for position, code in enumerate(circle):
        assert circle[(position + 1) % len(circle)] in by_code[code].depends_on
    if circle:
        with pytest.raises(ValueError, match="circle"):
            graph_rules.in_order(items)
    else:
        assert len(graph_rules.in_order(items)) == 7


def test_what_holds_up_most_comes_first_and_a_failed_gate_before_all():
    items = [item("a"), item("b"), item("c", "open", "b"), item("d", "open", "c")]
    assert graph_rules.holding_up(items) == (items[1], 2)
    failed = item("g", "failed", is_gate=True)
    assert graph_rules.holding_up([*items, failed]) == (failed, 0)
    assert graph_rules.holding_up([item("a", "done")]) is None


# ------------------------------------------------------------------------------------------------ due states
def day(number: int):
    return TODAY + timedelta(days=number)


DUE = [
    ("far ahead", item("a", due_on=day(4)), False, "open", 0),
    ("within three days", item("a", due_on=day(3)), False, "soon", 0),
    ("today is not late", item("a", due_on=day(0)), False, "soon", 0),
    ("yesterday is", item("a", due_on=day(-1)), False, "overdue", 1),
    ("blocked", item("a", due_on=day(2)), True, "blocked", 0),
    ("blocked and late is overdue", item("a", due_on=day(-8)), True, "overdue", 8),
    ("done in time", item("a", "done", due_on=day(0), done_on=day(0)), False, "done", 0),
    ("done late", item("a", "done", due_on=day(-2), done_on=day(-1)), False, "late", 0),
    ("waived", item("a", "waived", due_on=day(-2)), False, "waived", 0),
    ("failed", item("a", "failed", due_on=day(-2)), False, "failed", 2),
]


@pytest.mark.parametrize("one, blocked, state, late", [c[1:] for c in DUE], ids=[c[0] for c in DUE])
def test_due_states(one, blocked, state, late):
    assert rules.due_state(one, today=TODAY, is_blocked=blocked) == state
    assert rules.days_late(one, today=TODAY) == late


def test_gates_say_why_they_are_not_passed():
    items = [
        item("a"), item("g1", "done", is_gate=True), item("g2", "failed", is_gate=True, reason="No parking"),
        item("g3", "open", "a", is_gate=True), item("g4", is_gate=True),
        item("g5", "waived", is_gate=True, reason="Small"),
    ]  # fmt: skip
    assert [(g.code, g.state, g.why) for g in rules.gates(items)] == [
        ("g1", "passed", ""), ("g2", "failed", "No parking"), ("g3", "open", "Waits on A"),
        ("g4", "open", "Not reviewed yet"), ("g5", "passed", "Small"),
    ]  # fmt: skip
    assert rules.in_the_way(items) == [
        "Gate “G2” failed: No parking.", "Gate “G3” is open: waits on A.", "Gate “G4” is open.", "“A” is open.",
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ the longest way
def test_the_critical_path_is_the_longest_chain_with_its_days():
    items = [
        item("a", duration_days=5, ready_on=day(-2)), item("b", "open", "a", duration_days=10),
        item("c", "open", "a", duration_days=4), item("d", "open", "b", "c", duration_days=1), item("e", "done"),
    ]  # fmt: skip
    path = forecast_rules.critical_path(items, today=TODAY)
    assert [(s.code, s.days, s.ends_on) for s in path.steps] == [
        ("a", 3, day(3)),
        ("b", 10, day(13)),
        ("d", 1, day(14)),
    ]
    assert (path.days, path.ends_on) == (14, day(14))
    assert forecast_rules.critical_path([item("a", "done")], today=TODAY).ends_on == TODAY


LEFT = [
    ("not begun", item("a", duration_days=5), 5),
    ("some days are gone", item("a", duration_days=5, ready_on=day(-3)), 2),
    ("one day stays at least", item("a", duration_days=5, ready_on=day(-30)), 1),
    ("what takes no day needs none", item("a", duration_days=0, ready_on=day(-30)), 0),
    ("a failed gate begins anew", item("a", "failed", duration_days=5, ready_on=day(-3)), 5),
    ("done", item("a", "done", duration_days=5), 0),
]


@pytest.mark.parametrize("one, days", [c[1:] for c in LEFT], ids=[c[0] for c in LEFT])
def test_what_is_left_of_an_item(one, days):
    assert forecast_rules.remaining_days(one, one.duration_days, today=TODAY) == days


@given(checklists(most=7))
def test_the_critical_path_is_what_trying_every_path_gives(items):
    def days(one):
        return forecast_rules.remaining_days(one, one.duration_days, today=TODAY)

    path = forecast_rules.critical_path(items, today=TODAY)
    assert path.days == max((sum(map(days, way)) for way in every_path(items)), default=0)
    assert path.days == sum(s.days for s in path.steps)
    by_code = {i.code: i for i in items}
    for before, after in zip(path.steps, path.steps[1:], strict=False):
        assert before.code in by_code[after.code].depends_on


# ------------------------------------------------------------------------------------------------ forecasts
QUANTILES = [([5], 50, 5), ([1, 9], 50, 1), ([3, 1, 2], 50, 2), ([1, 2, 3, 4, 5], 80, 4), ([4, 4, 4, 40], 80, 40)]


@pytest.mark.parametrize("values, percent, found", QUANTILES)
def test_a_quantile_is_one_of_the_values(values, percent, found):
    assert forecast_rules.quantile(values, percent) == found


def test_three_earlier_runs_beat_the_plan_and_the_forecast_says_so():
    items = [item("a", duration_days=10, ready_on=TODAY), item("b", "open", "a", duration_days=10)]
    found = forecast_rules.forecast(items, {"a": [20, 4, 30], "b": [1, 1]}, today=TODAY, noun="earlier onboarding")
    assert [(s.code, s.days) for s in found.p50.steps] == [("a", 20), ("b", 10)]
    assert [(s.code, s.days) for s in found.p80.steps] == [("a", 30), ("b", 15)]
    assert [s.why for s in found.p50.steps] == [
        "half of 3 earlier onboardings took at most 20 days",
        "only 2 earlier onboardings to learn from, so the plan counts: 10 days",
    ]
    assert (found.p50.ends_on, found.p80.ends_on) == (day(30), day(45))


@given(
    checklists(),
    st.dictionaries(st.sampled_from([f"i{n}" for n in range(9)]), st.lists(st.integers(0, 60), max_size=6)),
)
def test_a_forecast_lies_ahead_and_caution_is_never_earlier(items, observed):
    found = forecast_rules.forecast(items, observed, today=TODAY)
    assert TODAY <= found.p50.ends_on <= found.p80.ends_on
    if all(i.is_satisfied for i in items):
        assert found.p80.days == 0


RISKS = [(10, 20, 30, "on_track"), (10, 30, 30, "on_track"), (10, 31, 30, "at_risk"), (31, 40, 30, "late")]


@pytest.mark.parametrize("p50, p80, target, risk", RISKS)
def test_risk(p50, p80, target, risk):
    assert forecast_rules.risk(p50=day(p50), p80=day(p80), target=day(target)) == risk


# ------------------------------------------------------------------------------------------------ templates
WRONG = [
    ("no item", [], "at least one item"),
    ("a bad code", [spec("A b")], "small letters"),
    ("a code twice", [spec("aa"), spec("aa")], "used 2 times"),
    ("no title", [spec("aa", title=" ")], "the title is needed"),
    ("no section", [spec("aa", section="")], "the section is needed"),
    ("an unknown stage", [spec("aa", stage="nine")], "the stage is one of one, two"),
    ("an unknown owner", [spec("aa", owner="nobody")], "the owner is one of"),
    ("an unknown proof", [spec("aa", evidence="song")], "the evidence is one of"),
    ("days below zero", [spec("aa", due_days=-1)], "from 0 to 999"),
    ("a heavy weight", [spec("aa", weight=101)], "from 0 to 100"),
    ("a second person without gate", [spec("aa", second_person=True)], "only a gate"),
    ("a gate of the dealer", [spec("aa", is_gate=True, owner="dealer")], "never by the dealer"),
    ("waits on nothing known", [spec("aa", "zz")], "which is no item"),
    ("a circle", [spec("aa", "bb"), spec("bb", "aa")], "in a circle: Aa waits on Bb waits on Aa"),
    ("itself", [spec("aa", "aa")], "waits on itself"),
    ("a later stage", [spec("aa", "bb"), spec("bb", stage="two")], "belongs to a later stage"),
    ("nothing is wrong", [spec("aa"), spec("bb", "aa", stage="two")], ""),
]


@pytest.mark.parametrize("items, sentence", [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_what_a_template_must_be(items, sentence):
    found = rules.template_problems(items, stages=("one", "two"))
    assert {p.field for p in found} <= {"items"}
    assert (sentence in " ".join(p.message for p in found)) if sentence else found == []


def test_a_new_version_says_what_it_changes():
    before = [spec("aa"), spec("bb", "aa", due_days=5), spec("cc")]
    after = [
        spec("bb", due_days=9, help="See the manual"), spec("aa"),
        spec("dd", title="Photo", section="Brand", due_days=1),
    ]  # fmt: skip
    assert rules.differences(before, after) == [
        "New: Photo (Brand, due after 1 day)",
        "Gone: Cc",
        "Bb: due days 5 → 9, waits on aa → nothing, another help text",
        "The order of the items is another one",
    ]
    assert rules.differences(before, before) == []
