"""Every command of claims, their money and their investigations, asked at every stage by everybody: one table (R25).

A row says who may, at which stages, whose own claim is refused, what a stale screen and senseless input are told. One
walker carries the rows out; a refusal has its sentence and leaves nothing behind but, for want of a right, its entry.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import date
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

import db.claim_payments
import db.claims
import db.investigations
from db.claim_payments import batch_commands, entry_commands, print_commands
from db.claims import bulk_commands, decide_commands, policy_commands, settle_commands, version_commands
from db.claims.commands import COMMANDS
from db.claims.decision_rules import LineDecision
from db.claims.flow import FLOW
from db.claims.policy_rules import DEFAULT
from db.claims.settle_commands import LineBack
from db.claims.tables import Claim
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import DENIED_CODES, finish, run
from db.investigations import commands as looks
from db.investigations.tables import Investigation
from tests.claims.stages import LATER, WHY, Stages
from tests.support.tier import figure

A, M, C, F = Role.ADMIN, Role.MANAGER, Role.COORDINATOR, Role.FINANCE
D, S, L = Role.DEALER_MANAGER, Role.DEALER_STAFF, Role.SALES_LEADER
WHO = {A: "ada", M: "mira", C: "carl", F: "fred", D: "dora", S: "stella", L: "sal"}
DESK, BOSSES, ENTERS = {A, M, C}, {A, M}, {A, M, C, D, S}

REVIEW, WAITING = {"in_review", "appealed"}, {"pending_part", "pending_preauth", "with_engineering"}
TURN = {"draft", "returned", "rejected"}
SETTLED = {"approved", "partially_approved", "paid", "adjusted"}
STATES = {s.name for s in FLOW.states}

SENTENCES = {
    "not_found": r"was not found\.",
    "not_allowed": r"may not do this|only somebody who looks after all",
    "stale": r"was changed by .+ at \d\d:\d\d UTC and is now .+\. Nothing was saved; what you typed is still here\.|"
    r"The claim policy was changed by",
    "wrong_state": r"is not possible while this (claim|investigation) is|is not settled; only what was approved",
    "own_request": r"You submitted this claim yourself; another person|You posted this entry yourself; another person",
    "own_signature": r"You signed .+ another person has to|You made the decision that is appealed",
    "below_signature": r"was signed at level 2; level 3 has to take this step\.",
    "batch_only": r"with a batch", "not_due": r"Silence does not approve WC-|has not run out",
    "no_open_preauth": r"names no open pre-authorization", "is_appeal": r"an appeal is decided, not returned",
    "appeals_used": r"was appealed already; 1 appeal a claim is the most", "yours": r"is yours already",
    "unknown_person": r"Choose (a person who may decide|somebody who may look)", "unknown_reason": r"Choose a reason",
    "required": r"is needed\.|Choose", "too_long": r"[Aa]t most .+ fit", "amount": r"(?i)more than nothing",
    "above_paid": r"All versions of WC-\d+ were paid \$700\.00 only", "above_claim": r"not more than claimed",
    "incomplete": r"Each charge needs a decision", "nothing_left": r"Nothing (would|is left)",
    "skipped": r"WC-\d{6}[-\d]*: .+|A claim: This claim was not found", "version_open": r"is still being worked on",
    "nothing": r"There is nothing to pay", "changed": r"Since you looked, what is payable changed to \$",
    "not_reversible": r"Only a charge-back or a charge for a part", "reversed": r"was taken back already",
    "open_already": r"IN-\d+ is open already", "done_today": r"were looked at for .+ already",
    "unknown_line": r"There is no line 9", "too_many": r"At most 200",
}  # fmt: skip
"""What a person reads for each code; a code without a sentence here fails the walker."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One more way to be refused: by whom, with what other arguments, and the code."""

    why: str
    code: str
    who: str = "carl"
    more: Callable[[Stages], dict[str, Any]] = lambda w: {}
    at: Callable[[Stages], int] | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is expected of one command. `id_name` is the argument that names the record, empty where there is none."""

    command: Callable[..., Any]
    roles: set[Role]
    states: set[str] = field(default_factory=set)
    of: str = "claims"
    id_name: str = "item_id"
    is_versioned: bool = True
    four_eyes: bool = False
    inputs: Callable[[Stages, int], dict[str, Any]] = lambda w, i: {}
    codes: dict[str, str] = field(default_factory=dict)
    """States in which it is possible by the flow, but refused for another reason."""
    stranger: str = "wes"
    stranger_code: str = "not_found"
    by: Role = M
    """Whose attempts walk through the states."""
    cases: tuple[Case, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.command.__module__}.{self.command.__name__}"

    @property
    def first(self) -> str:
        """A state in which it works."""
        return next(s for s in ("in_review", "paid", *sorted(self.states)) if s in self.states and s not in self.codes)


def because(*fields: str, **more: Any) -> Callable[[Stages, int], dict[str, Any]]:
    given = {"note": "For a reason", "reason_code": "NOT_DEFECT"} | more
    return lambda w, i: {name: given[name] for name in (*fields, *more)}


def no_note(*, code: str = "required", who: str = "mira") -> Case:
    return Case(why="no note", code=code, who=who, more=lambda w: {"note": " \u200b"})


NO_CODE = Case(why="no reason", code="unknown_reason", who="mira", more=lambda w: {"reason_code": "BECAUSE"})
LONG = Case(why="long note", code="too_long", who="mira", more=lambda w: {"note": "x" * 2_001})
SIGNED = (
    Case(why="the same person again", code="own_signature", who="mason", at=lambda w: w.signed),
    Case(why="an equal below it", code="below_signature", who="carl", at=lambda w: w.signed),
)
DECIDED_BEFORE = Case(why="made the decision appealed", code="own_signature", who="mason", at=lambda w: w.appeal_signed)


def lines(w: Stages, i: int) -> list[LineDecision]:
    """Every charge of a claim in full."""
    with Session(w.engine) as session:
        charges = decide_commands.charges_of(session, i)
        return [LineDecision(position=c.position, cents=c.claimed_cents) for c in charges]


def small(w: Stages, i: int) -> dict[str, Any]:
    return {"lines": [LineBack(position=1, cents=1_00)], **WHY}


SIGNER = Case(why="signed it himself", code="own_signature", who="mason", at=lambda w: w.by_mason)
CHARGE_BACKS = (
    NO_CODE, no_note(), SIGNER,
    Case(why="a coordinator", code="not_allowed", who="cora"),
)  # fmt: skip
ROWS = (
    # ---- the dealer's own steps
    Row(command=COMMANDS["submit"], roles=ENTERS, states=TURN, stranger="otto"),
    Row(
        command=COMMANDS["void"], roles=ENTERS, states=TURN, inputs=because("note"), stranger="otto",
        cases=(no_note(),),
    ),
    Row(
        command=COMMANDS["appeal"], roles=ENTERS, states={"denied", "partially_approved"}, inputs=because("note"),
        stranger="otto", by=D,
        cases=(
            no_note(), LONG,
            Case(why="a second time", code="appeals_used", who="dora", at=lambda w: w.appealed_twice),
        ),
    ),
    # ---- deciding
    Row(
        command=COMMANDS["approve"], roles=DESK, states=REVIEW | WAITING, four_eyes=True,
        cases=(*SIGNED, DECIDED_BEFORE, LONG),
    ),
    Row(
        command=decide_commands.decide_lines, roles=DESK, states=REVIEW | WAITING, four_eyes=True,
        inputs=lambda w, i: {"lines": lines(w, i)},
        cases=(
            *SIGNED, DECIDED_BEFORE, LONG, Case(why="no lines", code="incomplete", more=lambda w: {"lines": []}),
            Case(
                why="more than claimed", code="above_claim",
                more=lambda w: {"lines": [LineDecision(position=1, cents=10**7)]},
            ),
            Case(
                why="nothing", code="nothing_left",
                more=lambda w: {"lines": [LineDecision(position=1, cents=0, reason_code="NOT_DEFECT")]},
            ),
        ),
    ),
    Row(
        command=COMMANDS["deny"], roles=DESK, states=REVIEW | WAITING, four_eyes=True,
        inputs=because("note", "reason_code"), cases=(*SIGNED, DECIDED_BEFORE, NO_CODE, no_note(), LONG),
    ),
    Row(
        command=COMMANDS["send_back"], roles=DESK, states={"in_review"} | WAITING, four_eyes=True,
        inputs=because("note", "reason_code"),
        cases=(SIGNED[1], NO_CODE, no_note(), LONG),
    ),
    Row(
        command=COMMANDS["await_part"], roles=DESK, states=REVIEW, four_eyes=True, inputs=because("note"),
        cases=(no_note(), LONG),
    ),
    Row(
        command=COMMANDS["ask_engineering"], roles=DESK, states=REVIEW, four_eyes=True, inputs=because("note"),
        cases=(no_note(), LONG),
    ),
    Row(command=COMMANDS["resume"], roles=DESK, states=WAITING, cases=(LONG,)),
    Row(
        command=COMMANDS["await_preauth"], roles=DESK, states={"in_review"}, codes={"in_review": "no_open_preauth"},
    ),
    Row(
        command=bulk_commands.approve_many, roles=DESK, states=REVIEW | WAITING, id_name="items", four_eyes=True,
        stranger_code="skipped",
        cases=(
            Case(why="none", code="required", more=lambda w: {"items": []}),
            Case(why="too many", code="too_many", more=lambda w: {"items": [(i, 1) for i in range(201)]}),
            Case(why="signed himself", code="skipped", who="mason", at=lambda w: w.signed),
            Case(why="above authority", code="skipped", who="carl", at=lambda w: w.large),
        ),
    ),
    # ---- whose it is
    Row(
        command=COMMANDS["take"], roles=DESK, states=REVIEW | WAITING, four_eyes=True,
        cases=(Case(why="has it", code="yours", who="carl", at=lambda w: w.taken),),
    ),
    Row(
        command=COMMANDS["hand_over"], roles=DESK, states=REVIEW | WAITING, four_eyes=True,
        inputs=lambda w, i: {"assignee_id": w.mason.user_id},
        cases=(
            Case(why="finance", code="unknown_person", more=lambda w: {"assignee_id": w.finn.user_id}),
            Case(why="its dealer", code="unknown_person", more=lambda w: {"assignee_id": w.dora.user_id}),
            Case(why="another region", code="unknown_person", more=lambda w: {"assignee_id": w.wes.user_id}),
            Case(why="nobody", code="unknown_person", more=lambda w: {"assignee_id": 99_999}),
            Case(why="the signer", code="unknown_person", at=lambda w: w.signed, who="mira"),
            Case(
                why="who decided before the appeal", code="unknown_person", who="mira", at=lambda w: w.appeal_signed,
            ),
        ),
    ),
    # ---- silence and money
    Row(
        command=COMMANDS["deem_approved"], roles=DESK, states=REVIEW | WAITING,
        codes=dict.fromkeys(REVIEW | WAITING, "not_due"),
    ),
    Row(
        command=COMMANDS["pay"], roles={A, F}, states={"approved", "partially_approved"}, stranger="fay", by=F,
        codes={"approved": "batch_only", "partially_approved": "batch_only"},
    ),
    Row(
        command=COMMANDS["adjust"], roles=DESK, states={"paid", "adjusted"},
        codes={"paid": "batch_only", "adjusted": "batch_only"},
    ),
    Row(
        command=COMMANDS["charge_back"], roles=BOSSES, states={"paid", "adjusted"}, stranger="wanda", four_eyes=True,
        inputs=because("note", "reason_code", amount_cents=1_00),
        cases=(
            *CHARGE_BACKS,
            Case(why="nothing", code="amount", who="mira", more=lambda w: {"amount_cents": 0}),
            Case(why="less than nothing", code="amount", who="mira", more=lambda w: {"amount_cents": -1}),
            Case(why="more than paid", code="above_paid", who="mira", more=lambda w: {"amount_cents": 700_01}),
        ),
    ),
    Row(
        command=settle_commands.charge_back_lines, roles=BOSSES, states={"paid", "adjusted"}, stranger="wanda",
        four_eyes=True, inputs=small,
        cases=(
            *CHARGE_BACKS,
            Case(why="no line", code="required", who="mira", more=lambda w: {"lines": []}),
            Case(
                why="one twice", code="required", who="mira",
                more=lambda w: {"lines": [LineBack(position=1, cents=1)] * 2},
            ),
            Case(
                why="no such line", code="unknown_line", who="mira",
                more=lambda w: {"lines": [LineBack(position=9, cents=1)]},
            ),
            Case(
                why="more than approved", code="amount", who="mira",
                more=lambda w: {"lines": [LineBack(position=1, cents=280_01)]},
            ),
            Case(
                why="nothing of a line", code="amount", who="mira",
                more=lambda w: {"lines": [LineBack(position=1, cents=0)]},
            ),
        ),
    ),
    # ---- further versions
    Row(
        command=version_commands.begin_supplement, roles=ENTERS, states=SETTLED, id_name="claim_id",
        is_versioned=False, inputs=lambda w, i: {"form_key": f"s{i}"}, stranger="otto",
        codes={"paid": "version_open"},
    ),
    Row(
        command=version_commands.begin_debit, roles=ENTERS, states=SETTLED, id_name="claim_id", is_versioned=False,
        inputs=lambda w, i: {"form_key": f"d{i}"}, stranger="otto", codes={"paid": "version_open"},
    ),
    # ---- the policy
    Row(
        command=policy_commands.publish_policy, roles=BOSSES, id_name="", is_versioned=False, stranger="wanda",
        stranger_code="not_allowed",
        inputs=lambda w, i: {
            "policy": changed(DEFAULT, appeals=2), "effective_from": date(2027, 1, 1), "reason": "Decided",
            "seen_version": 90, "form_key": None,
        },
        cases=(
            Case(why="an old screen", code="stale", who="mira", more=lambda w: {"seen_version": 1}),
            Case(why="no reason", code="required", who="mira", more=lambda w: {"reason": " "}),
            Case(why="no day", code="required", who="mira", more=lambda w: {"effective_from": None}),
        ),
    ),
    # ---- paying
    Row(
        command=batch_commands.make_batch, roles={A, F}, id_name="", is_versioned=False, stranger="fay",
        stranger_code="nothing", inputs=lambda w, i: {"dealer_ids": [w.other_dealer]},
        cases=(
            Case(why="another sum", code="changed", who="finn", more=lambda w: {"seen_entries": 1, "seen_cents": 1}),
            Case(why="nothing due", code="nothing", who="finn", more=lambda w: {"due_until": date(2020, 1, 1)}),
            Case(why="a dealer in debt", code="nothing", who="finn", more=lambda w: {"dealer_ids": [w.dealer]}),
        ),
    ),
    Row(
        command=entry_commands.reverse_entry, roles=BOSSES, id_name="entry_id", of="charged", is_versioned=False,
        states={"charge_back"}, stranger="wanda", inputs=because("note"),
        cases=(
            no_note(),
            Case(why="posted it himself", code="own_request", who="mason"),
            Case(why="an approval", code="not_reversible", who="mira", at=lambda w: w.approval),
            Case(why="no such entry", code="not_found", who="mira", at=lambda w: 99_999),
            Case(why="taken back before", code="reversed", who="mira", at=lambda w: w.reversed),
        ),
    ),
    Row(
        command=print_commands.print_memo, roles={A, M, C, D, F}, id_name="memo_id", of="memos", is_versioned=False,
        states={"memo"}, stranger="otto",
    ),
    # ---- investigations
    Row(
        command=looks.open_investigation, roles=DESK, id_name="", is_versioned=False,
        inputs=lambda w, i: {"dealer_id": w.dealer, "because": "It looks odd", "form_key": "new"},
        cases=(
            Case(why="no reason", code="required", more=lambda w: {"because": " "}),
            Case(why="open already", code="open_already", more=lambda w: {"claim_id": w.looked_at}),
            Case(why="no such claim", code="not_found", more=lambda w: {"claim_id": 99_999}),
            Case(why="a key of another's scope", code="not_found", who="wes", more=lambda w: {"form_key": "look"}),
        ),
    ),
    Row(command=looks.take, roles=DESK, states={"flagged"}, of="looks"),
    Row(
        command=looks.close, roles=DESK, states={"flagged", "looking"}, of="looks",
        inputs=because("note", outcome="unfounded"),
        cases=(no_note(who="carl"), Case(why="no outcome", code="required", more=lambda w: {"outcome": "maybe"})),
    ),
    Row(
        command=looks.hand_over, roles=DESK, states={"flagged", "looking"}, of="looks",
        inputs=lambda w, i: {"assignee_id": w.mason.user_id},
        cases=(
            Case(why="finance", code="unknown_person", more=lambda w: {"assignee_id": w.finn.user_id}),
            Case(why="nobody", code="unknown_person", more=lambda w: {"assignee_id": None}),
        ),
    ),
    Row(
        command=looks.reopen, roles=DESK, states={"closed"}, of="looks", inputs=because("note"),
        cases=(
            no_note(who="carl"),
            Case(why="another is open", code="open_already", at=lambda w: w.closed_before),
        ),
    ),
    Row(
        command=looks.scan, roles=DESK, id_name="", is_versioned=False, inputs=lambda w, i: {"day": date(2026, 11, 25)},
        cases=(Case(why="twice a day", code="done_today", more=lambda w: {"day": w.scanned}),),
    ),
)  # fmt: skip

WITHIN = {
    "db.claim_payments.entry_commands.post_part_debit": "part_returns calls it within its own command",
    "db.claim_payments.entry_commands.post_part_credit": "part_returns calls it within its own command",
    "db.claim_payments.entry_commands.post_reversal": "part_returns calls it within its own command",
}
ELSEWHERE = {"db.claims.draft_commands", "db.claims.attachment_commands", "db.claims.typed_commands"}
"""Asked in tests/claims/test_entering.py; what a person typed and did not save yet: in test_entry_queries.py."""


def commands_of_the_areas() -> Iterator[str]:
    """Every command: keyword arguments only after the session, among them who acts and when."""
    for package in (db.claims, db.claim_payments, db.investigations):
        for one in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            if not one.name.endswith(("commands", ".preauth")) or one.name in ELSEWHERE:
                continue
            module = importlib.import_module(one.name)
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if name.startswith("_") or function.__module__ != one.name:
                    continue
                first, *rest = inspect.signature(function).parameters.values()
                if first.name == "session" and all(p.kind is p.KEYWORD_ONLY for p in rest):
                    asked = {p.name for p in rest}
                    if {"actor", "now"} <= asked and "event" not in asked:
                        yield f"{one.name}.{name}"


def test_every_command_has_a_row():
    rows = [r.name for r in ROWS]
    assert len(rows) == len(set(rows))
    assert sorted({*rows, *WITHIN}) == sorted(commands_of_the_areas())
    assert all(row.states <= STATES for row in ROWS if row.of == "claims")


# ---- the walker ------------------------------------------------------------------------------------------------------
class World(Stages):
    """The stages, with the few records the cases of the table need."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.taken = self.sent()
        self.step("take", self.taken, who="carl")
        self.large = self.sent(cents=3_000_00)
        self.approved(dealer_id=self.other_dealer)
        self.by_mason = self.claims["adjusted"]
        with Session(engine) as session:
            look = session.get_one(Investigation, self.looks["flagged"])
            self.looked_at = look.claim_id
        self.look("close", self.looks["flagged"], outcome="unfounded", note="Nothing in it")
        self.closed_before = self.looks["flagged"]
        new: dict[str, Any] = {"dealer_id": self.dealer, "because": "Again", "actor": self.cora, "now": LATER}
        self.looks["flagged"] = run(
            looks.open_investigation, bind=engine, claim_id=self.looked_at, form_key="look", **new
        )
        self.scanned = date(2026, 11, 1)
        run(looks.scan, bind=engine, day=self.scanned, actor=self.cora, now=LATER)
        self.commits, self.before = observer(engine), everything(engine)


def observer(engine: Engine) -> Callable[[], int]:
    """A number that changes whenever anybody commits anything."""
    connection = engine.raw_connection()
    return lambda: int(connection.cursor().execute("PRAGMA data_version").fetchone()[0])


WATCHED = ("claim", "credit_memo", "payment_batch", "investigation", "dealer_scan", "notification")


def everything(engine: Engine) -> dict[str, list[Any]]:
    """All rows of the areas in question, and of notices."""
    with engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        return {n: list(connection.execute(text(f'SELECT * FROM "{n}"'))) for n in names if n.startswith(WATCHED)}


def records(w: World, row: Row) -> dict[str, int]:
    if not row.id_name:
        return {}
    if row.of == "charged":
        return {"charge_back": w.charged}
    if row.of == "memos":
        return {"memo": w.memo}
    return w.looks if row.of == "looks" else w.claims


def version_of(w: World, row: Row, item_id: int) -> int:
    table = Investigation if row.of == "looks" else Claim
    with Session(w.engine) as session:
        found = session.get(table, item_id)
        return found.version if found is not None else 1


def arguments(w: World, row: Row, item_id: int, *, behind: int = 0, **more: Any) -> dict[str, Any]:
    given = row.inputs(w, item_id)
    if row.is_versioned:
        seen = version_of(w, row, item_id) - behind
        given |= {"items": [(item_id, seen)]} if row.id_name == "items" else {"item_id": item_id, "seen_version": seen}
    elif row.id_name:
        given[row.id_name] = item_id
    return given | more


def works(w: World, row: Row, who: str, given: dict[str, Any]) -> str:
    """ "" when it works and leaves exactly one entry, else the code; never committed."""
    with Session(w.engine.execution_options(writer=True), expire_on_commit=False) as session:
        try:
            row.command(session, actor=getattr(w, who), now=LATER, **given)
            finish(session)  # exactly one entry in the timeline
        except Refused as refusal:
            return refusal.code
        finally:
            session.rollback()
    return ""


def refused(w: World, row: Row, who: str, given: dict[str, Any]) -> tuple[str, str]:
    """The code and the sentence of a refusal that stored nothing; ("", what was wrong) where it did not refuse."""
    seen = w.commits()
    try:
        run(row.command, bind=w.engine, actor=getattr(w, who), now=LATER, **given)
    except Refused as refusal:
        code, sentence = refusal.code, str(refusal)
        if w.commits() != seen and (code not in DENIED_CODES or everything(w.engine) != w.before):
            return "", f"refused with {code}, but something was stored"
        return code, sentence
    w.before = everything(w.engine)
    return "", "was carried out"


def walk(w: World, row: Row) -> Iterator[tuple[str, str, str]]:
    """(what was tried, expected, found) of everything a row says."""
    there = records(w, row)
    first = there[row.first] if row.states - row.codes.keys() else next(iter(there[s] for s in row.states), 0)

    def refuses(what: str, code: str, who: str, given: dict[str, Any]) -> tuple[str, str, str]:
        found, sentence = refused(w, row, who, given)
        if found != code:
            return what, code, found or sentence
        return (
            what,
            f"{code}: a sentence",
            f"{code}: " + ("a sentence" if re.search(SENTENCES[code], sentence) else sentence),
        )

    usual = next(iter(row.codes.values()), "") if not row.states - row.codes.keys() else ""
    for role, who in WHO.items():
        given = arguments(w, row, first)
        if role not in row.roles:
            yield refuses(f"{role} at {row.states and row.first if not usual else ''}", "not_allowed", who, given)
        else:
            yield f"{role}", usual, works(w, row, who, given)
    for state, item_id in there.items():
        who = WHO[row.by] if row.by in row.roles else WHO[next(iter(sorted(row.roles)))]
        given = arguments(w, row, item_id)
        expected = row.codes.get(state, "") if state in row.states else "wrong_state"
        if expected and row.id_name == "items":
            expected = "skipped"
        if expected:
            yield refuses(state, expected, who, given)
        else:
            yield state, "", works(w, row, who, given)
    yield refuses("out of scope", row.stranger_code, row.stranger, arguments(w, row, first))
    if row.id_name == "item_id":
        yield refuses("no such record", "not_found", WHO[row.by], arguments(w, row, 99_999))
    if row.is_versioned:
        code = "skipped" if row.id_name == "items" else "stale"
        yield refuses("an old screen", code, WHO[row.by], arguments(w, row, first, behind=1))
    if row.four_eyes:
        code = "skipped" if row.id_name == "items" else "own_request"
        own = w.own["in_review" if "in_review" in row.states else "paid"]
        yield refuses("their own claim", code, "mason", arguments(w, row, own))
    for case in row.cases:
        item_id = case.at(w) if case.at is not None else first
        yield refuses(case.why, case.code, case.who, arguments(w, row, item_id, **case.more(w)))


def test_every_row_is_walked(sqlite_engine: Engine):
    w = World(sqlite_engine)
    cells = [(row.name, *cell) for row in ROWS for cell in walk(w, row)]
    wrong = [
        f"{name}, {what}: expected {expected or 'it works'}, found {found or 'it works'}"
        for name, what, expected, found in cells
        if expected != found
    ]
    figure("R25", "cells carried out", len(cells))
    figure("R25", "cells with another answer", len(wrong))
    assert wrong == [], "\n".join(wrong)
