"""What may be decided, line by line and by whom, as tables: authority, limits, reasons, signatures (2.1 D, E)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.claims.decision_rules import (
    LONGEST_LINE_NOTE,
    Line,
    LineDecision,
    check_lines,
    decision_word,
    is_less,
    job_rejected,
    limits_of,
    signature,
    suggested_lines,
    takes_back,
)
from db.claims.policy_rules import DEFAULT
from db.claims.reason_rules import REASON_CODES
from db.claims.signatures import highest_level, own_levels
from db.core.actor import EVERYTHING, Actor
from db.core.permissions import Role
from db.core.problems import Refused

ONE_LEVEL = replace(DEFAULT, authority=DEFAULT.authority[:1])
TWO_LEVELS = replace(DEFAULT, authority=(DEFAULT.authority[0], replace(DEFAULT.authority[2], level=2)))


# ---- who may sign ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "role, highest, own",
    [
        (Role.DEALER_STAFF, 0, ()), (Role.DEALER_MANAGER, 0, ()), (Role.SALES_LEADER, 0, ()), (Role.FINANCE, 0, ()),
        (Role.COORDINATOR, 1, (0, 1)), (Role.MANAGER, 3, (2, 3)), (Role.ADMIN, 3, (2, 3)),
    ],
)  # fmt: skip
def test_what_a_role_may_sign_and_what_waits_for_it(role: Role, highest: int, own: tuple[int, ...]):
    actor = Actor(user_id=1, username="x", name="X", role=role, scope=EVERYTHING)
    assert (highest_level(DEFAULT, actor), own_levels(DEFAULT, actor)) == (highest, own)


C, M = 1, 3  # the highest levels of a coordinator and of a manager
SIGNATURES = [
    # highest, cents, signed before -> level, decides, next; or the problem
    (0, 1, 0, "no_authority"), (0, 0, 2, "no_authority"),
    (C, 0, 0, (1, True, 0)), (C, 1_000_00, 0, (1, True, 0)), (C, 1_000_01, 0, (1, False, 2)),
    (C, 5_000_00, 0, (1, False, 2)), (C, 5_000_01, 0, (1, False, 2)), (C, 10**9, 0, (1, False, 2)),
    (C, -1_000_00, 0, (1, True, 0)), (C, -1_000_01, 0, (1, False, 2)),
    (C, 1, 1, "below_signature"), (C, 0, 2, "below_signature"), (C, 0, 3, "below_signature"),
    (M, 1_00, 0, (1, True, 0)), (M, 1_000_01, 0, (2, True, 0)), (M, 5_000_00, 0, (2, True, 0)),
    (M, 5_000_01, 0, (2, False, 3)), (M, -5_000_01, 0, (2, False, 3)),
    (M, 5_000_00, 1, (2, True, 0)), (M, 5_000_01, 1, (2, False, 3)), (M, 1_00, 1, (2, True, 0)),
    (M, 5_000_01, 2, (3, True, 0)), (M, 10**9, 2, (3, True, 0)), (M, 1_00, 2, (3, True, 0)), (M, 0, 2, (3, True, 0)),
    (M, 1_00, 3, (3, True, 0)), (2, 1_00, 2, "below_signature"),
]  # fmt: skip


@pytest.mark.parametrize("highest, cents, signed, expected", SIGNATURES)
def test_a_signature_by_role_amount_and_the_signature_before(highest: int, cents: int, signed: int, expected: object):
    found = signature(DEFAULT, highest=highest, cents=cents, signed_level=signed)
    assert (found.problem or (found.level, found.decides, found.following)) == expected
    assert found.needed == DEFAULT.level_for(abs(cents))


@pytest.mark.parametrize(
    "policy, highest, cents, signed, expected",
    [
        (ONE_LEVEL, 1, 10**9, 0, (1, True, 0)),
        (TWO_LEVELS, 1, 10**9, 0, (1, False, 2)), (TWO_LEVELS, 2, 10**9, 0, (1, False, 2)),
        (TWO_LEVELS, 2, 10**9, 1, (2, True, 0)),
        # Signed while the policy had a level more: the last one left decides; nobody waits for one that is gone.
        (TWO_LEVELS, 2, 10**9, 2, (2, True, 0)), (TWO_LEVELS, 2, 10**9, 3, (2, True, 0)),
        (TWO_LEVELS, 1, 1_00, 2, "below_signature"), (ONE_LEVEL, 1, 1_00, 1, (1, True, 0)),
    ],
)  # fmt: skip
def test_other_policies_than_the_default(policy, highest, cents, signed, expected):
    found = signature(policy, highest=highest, cents=cents, signed_level=signed)
    assert (found.problem or (found.level, found.decides, found.following)) == expected


@given(cents=st.integers(-(10**8), 10**8), highest=st.sampled_from([1, 3]), signed=st.integers(0, 2))
def test_no_signature_decides_above_its_authority_or_twice_on_one_level(cents: int, highest: int, signed: int):
    found = signature(DEFAULT, highest=highest, cents=cents, signed_level=signed)
    if found.problem:
        assert signed >= highest
        return
    assert signed < found.level <= highest
    if not found.decides:
        assert found.following == found.level + 1
        return
    limit = next(a.up_to_cents for a in DEFAULT.authority if a.level == found.level)
    assert limit is None or abs(cents) <= limit
    assert limit is not None or signed == 2  # the last level never stands alone


# ---- what a line may be approved for ---------------------------------------------------------------------------------
LABOUR = Line(position=1, job=1, kind="labour", claimed_cents=300_00)
PART = Line(position=2, job=1, kind="parts", claimed_cents=420_00)
OFF = Line(position=3, job=0, kind="deductible", claimed_cents=-50_00)
BACK = Line(position=1, job=1, kind="labour", claimed_cents=-300_00)
KEPT, KEPT_OFF, KEPT_BACK = (replace(x, before=b) for x, b in ((LABOUR, 100_00), (OFF, -60_00), (BACK, -200_00)))

LINES = [
    # line, cents -> what the charge stores, whether it is less; or the code it is refused with
    (LABOUR, 300_00, ("approve", False)), (LABOUR, 299_99, ("reduce", True)), (LABOUR, 0, ("reject", True)),
    (LABOUR, 300_01, "above_claim"), (LABOUR, -1, "below_least"),
    (OFF, -50_00, ("approve", False)), (OFF, 0, ("approve", False)), (OFF, -80_00, ("reduce", True)),
    (OFF, 1, "above_claim"),
    (BACK, -300_00, ("approve", False)), (BACK, -299_99, ("reduce", True)), (BACK, 0, ("reject", True)),
    (BACK, -300_01, "below_least"), (BACK, 1, "above_claim"),
    (KEPT, 100_00, ("reduce", True)), (KEPT, 99_99, "below_least"), (KEPT, 0, "below_least"),
    (KEPT, 300_01, "above_claim"),
    (KEPT_OFF, -60_00, ("reduce", True)), (KEPT_OFF, -60_01, "below_least"), (KEPT_OFF, -50_00, ("approve", False)),
    (KEPT_BACK, -200_00, ("reduce", True)), (KEPT_BACK, -200_01, "below_least"), (KEPT_BACK, 0, ("reject", True)),
    (replace(LABOUR, claimed_cents=0), 0, ("approve", False)), (replace(LABOUR, claimed_cents=0), 1, "above_claim"),
]  # fmt: skip


@pytest.mark.parametrize("line, cents, expected", LINES)
def test_a_line_within_its_limits(line: Line, cents: int, expected: object):
    decided = LineDecision(position=line.position, cents=cents, reason_code="RATE_ADJUSTED")
    # A second line carries the total, so that only the line itself is in question.
    carries = Line(position=9, job=9, kind="sublet", claimed_cents=1_000_00)
    less = LineDecision(position=9, cents=500_00, reason_code="RATE_ADJUSTED")
    try:
        check_lines([line, carries], [decided, less])
        found: object = (decision_word(line, cents), is_less(line, cents))
    except Refused as refusal:
        (problem,) = refusal.problems
        found = problem.code
        assert problem.field == "lines"
        assert problem.message.startswith(f"Line {line.position}: ")
    assert found == expected
    least, most = limits_of(line)
    assert (isinstance(expected, str)) == (cents > most or (least is not None and cents < least))


# ---- all lines together ----------------------------------------------------------------------------------------------
def said(*cents: int, code: str = "RATE_ADJUSTED", note: str = "") -> list[LineDecision]:
    return [LineDecision(position=i, cents=c, reason_code=code, note=note) for i, c in enumerate(cents, 1)]


TOGETHER = [
    ("whole", [LABOUR, PART], said(300_00, 420_00, code=""), ""),
    ("part", [LABOUR, PART], said(300_00, 1), ""),
    ("one is missing", [LABOUR, PART], said(300_00), "incomplete"),
    ("one too many", [LABOUR], said(300_00, 0), "incomplete"),
    ("one twice", [LABOUR, PART], [*said(300_00), *said(300_00)], "incomplete"),
    ("nothing said", [LABOUR], [], "incomplete"),
    ("no reason", [LABOUR], said(299_99, code=""), "reason"),
    ("no such reason", [LABOUR], said(299_99, code="BECAUSE"), "reason"),
    ("another reason", [LABOUR], said(299_99, code="OTHER", note="  "), "note"),
    ("another reason, said", [LABOUR], said(299_99, code="OTHER", note="As agreed by phone"), ""),
    ("long", [LABOUR], said(299_99, note="x" * LONGEST_LINE_NOTE), ""),
    ("too long", [LABOUR], said(299_99, note="x" * (LONGEST_LINE_NOTE + 1)), "too_long"),
    ("all rejected", [LABOUR, PART], said(0, 0), "nothing_left"),
    ("only the deductible is left", [LABOUR, PART, OFF], said(0, 0, -50_00), "nothing_left"),
    ("the deductible takes all", [LABOUR, PART, OFF], said(50_00, 0, -50_00), "nothing_left"),
    ("deductible forgiven, total the same", [LABOUR, PART, OFF], said(250_00, 420_00, 0), ""),
    ("deductible forgiven above the claim", [LABOUR, PART, OFF], said(300_00, 420_00, 0), "above_claim"),
    ("a debit in full", [BACK], said(-300_00, code=""), ""),
    ("a debit in part", [BACK], said(-100_00), ""),
    ("a debit in part needs a reason", [BACK], said(-100_00, code=""), "reason"),
    ("a debit of nothing", [BACK], said(0), "nothing_left"),
    ("a debit may not add", [BACK], said(1), "above_claim"),
    ("goodwill: a share of each line", [LABOUR, PART], said(240_00, 336_00, code="CAP_APPLIED"), ""),
    ("goodwill beyond the share claimed", [replace(LABOUR, claimed_cents=240_00)], said(240_01), "above_claim"),
    (
        "a deductible above the lines",
        [replace(LABOUR, claimed_cents=30_00), replace(OFF, position=2)],
        said(30_00, -50_00),
        "nothing_left",
    ),
    ("an empty claim", [replace(LABOUR, claimed_cents=0)], said(0, code=""), ""),
]


@pytest.mark.parametrize("lines, decisions, code", [c[1:] for c in TOGETHER], ids=[c[0] for c in TOGETHER])
def test_lines_together(lines: list[Line], decisions: list[LineDecision], code: str):
    if not code:
        check_lines(lines, decisions)
        return
    with pytest.raises(Refused) as refusal:
        check_lines(lines, decisions)
    assert [p.code for p in refusal.value.problems] == [code]


def test_every_line_that_is_wrong_is_named_at_once():
    with pytest.raises(Refused) as refusal:
        check_lines([LABOUR, PART, OFF], said(300_01, 1, 5, code=""))
    assert [(p.code, p.message.split(":")[0]) for p in refusal.value.problems] == [
        ("above_claim", "Line 1"), ("reason", "Line 2"), ("above_claim", "Line 3"),
    ]  # fmt: skip


def test_a_job_is_rejected_as_a_whole_but_for_the_deductible_and_what_stood_before():
    other = Line(position=4, job=2, kind="parts", claimed_cents=10_00)
    lines = [KEPT, PART, OFF, other]
    found = job_rejected(lines, said(300_00, 420_00, -50_00, 10_00, code=""), job=1, reason_code="WEAR_ITEM", note="n")
    assert [(d.cents, d.reason_code) for d in found] == [
        (100_00, "WEAR_ITEM"), (0, "WEAR_ITEM"), (-50_00, ""), (10_00, ""),
    ]  # fmt: skip
    check_lines(lines, [*found[:3], found[3]])


# ---- whatever is suggested can be approved ---------------------------------------------------------------------------
amounts = st.integers(0, 10_000_00)


@st.composite
def claims(draw: st.DrawFn) -> tuple[list[Line], list[LineDecision]]:
    """Lines as they are stored (each with what stood before, or none), and any suggestion for them."""
    is_debit = draw(st.booleans())
    appealed = draw(st.booleans())
    lines, wanted = [], []
    for position in range(1, draw(st.integers(1, 5)) + 1):
        kind = "labour" if is_debit else draw(st.sampled_from(["labour", "parts", "deductible"]))
        claimed = draw(amounts)
        claimed = -claimed if is_debit or kind == "deductible" else claimed
        before = None
        if appealed:
            before = draw(st.integers(min(claimed, 0) if kind != "deductible" else claimed * 2, max(claimed, 0)))
        lines.append(Line(position=position, job=1, kind=kind, claimed_cents=claimed, before=before))
        if draw(st.booleans()):
            cents = draw(st.integers(-20_000_00, 20_000_00))
            code = draw(st.sampled_from(["", "BECAUSE", "WEAR_ITEM", "OTHER"]))
            wanted.append(
                LineDecision(position=position, cents=cents, reason_code=code, note=draw(st.text(max_size=9)))
            )
    return lines, wanted


DEEPER_BEFORE = [
    Line(position=1, job=1, kind="deductible", claimed_cents=-1, before=-2),
    Line(position=2, job=1, kind="deductible", claimed_cents=-1, before=0),
    Line(position=3, job=1, kind="labour", claimed_cents=2, before=2),
]


@example((DEEPER_BEFORE, []))
@given(claims())
def test_what_is_suggested_is_within_the_limits_and_says_why(made: tuple[list[Line], list[LineDecision]]):
    lines, wanted = made
    found = suggested_lines(lines, wanted)
    assert [d.position for d in found] == [x.position for x in lines]
    for line, decided in zip(lines, found, strict=True):
        least, most = limits_of(line)
        assert decided.cents <= most
        assert least is None or decided.cents >= least
        if is_less(line, decided.cents):
            assert decided.reason_code in REASON_CODES
            assert decided.reason_code != "OTHER" or decided.note.strip()
    stood = sum(x.before or 0 for x in lines)
    claimed, approved = sum(x.claimed_cents for x in lines), sum(d.cents for d in found)
    if takes_back(lines):
        assert approved <= 0
    else:
        assert approved <= max(claimed, stood, 0)  # with more deducted than claimed nothing is paid
    if approved > 0 and stood <= claimed:
        check_lines(lines, found)
