"""Proposals as they are checked and stored, for the form, for many dealers at once and for imports alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import due_at
from db.core import search, timeline
from db.core.actor import Actor, Scope
from db.core.locks import hold
from db.core.numbering import next_ids
from db.core.problems import NotFound, Problem, Problems
from db.dealers.tables import Dealer
from db.terms import rules
from db.terms.flow import DECISION_MINUTES, FLOW
from db.terms.queries import held_rows
from db.terms.rules import Kind, Value
from db.terms.tables import DealerTerm, TermChange

ITEM = "term_change"
LOCK = "terms"
"""Held by everything that opens or closes a proposal, so that two of them see each other (locks.py)."""
_CHUNK = 400


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One value somebody asks for."""

    dealer_id: int
    kind: Kind
    value: Value
    valid_from: date
    reason: str = ""
    form_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Party:
    """The dealer of a proposal, as far as it matters here; `today` is the day it is there."""

    dealer_id: int
    code: str
    name: str
    region: str
    today: date

    @property
    def label(self) -> str:
        """The name with the code."""
        return f"{self.name} ({self.code})"


def hold_terms(session: Session) -> None:
    """Let nobody else open or decide a proposal until this transaction ends."""
    hold(session, LOCK)


def parties(session: Session, dealer_ids: Iterable[int], *, scope: Scope, now: datetime) -> dict[int, Party]:
    """The dealers of these ids; raises `NotFound` when one is absent or out of the scope."""
    ids = sorted(set(dealer_ids))
    found: dict[int, Party] = {}
    for start in range(0, len(ids), _CHUNK):
        for row in session.execute(
            select(Dealer.id, Dealer.code, Dealer.name, Dealer.region, Dealer.zone).where(
                Dealer.id.in_(ids[start : start + _CHUNK]), scope.where(Dealer.id, Dealer.region)
            )
        ):
            today = now.astimezone(ZoneInfo(row.zone)).date()
            found[row.id] = Party(dealer_id=row.id, code=row.code, name=row.name, region=row.region, today=today)
    if len(found) < len(ids):
        raise NotFound("This dealer" if len(ids) == 1 else "One of these dealers")
    return found


@dataclass(frozen=True, kw_only=True)
class Held:
    """What holds for a dealer and a term on a day, and who approved it."""

    value: Value
    by: str = ""


def held_on(session: Session, pairs: Iterable[tuple[int, str, date]]) -> dict[tuple[int, str, date], Held]:
    """What holds for each (dealer, term, day), read in few statements; pairs without a row have `Held(value=None)`."""
    wanted = sorted(set(pairs))
    found = {pair: Held(value=None) for pair in wanted}
    by_kind: dict[tuple[str, date], list[int]] = {}
    for dealer_id, kind, day in wanted:
        by_kind.setdefault((kind, day), []).append(dealer_id)
    for (kind, day), ids in by_kind.items():
        for start in range(0, len(ids), _CHUNK):
            some = DealerTerm.dealer_id.in_(ids[start : start + _CHUNK])
            rows = session.execute(held_rows(day, some, DealerTerm.kind == kind))
            for dealer_id, _, number, word, by in rows:
                found[dealer_id, kind, day] = Held(value=number if word is None else word, by=by)
    return found


def open_key(dealer_id: int, kind: str, valid_from: date) -> str:
    """The name of the one place an open proposal takes."""
    return f"{dealer_id}:{kind}:{valid_from.isoformat()}"


def refusals(
    session: Session, asked: Sequence[Asked], *, known: Mapping[int, Party], held: Mapping[tuple[int, str, date], Held]
) -> list[Problems]:
    """What is wrong with each of the proposals; the lock is held. Fields: value, valid_from, reason."""
    keys = sorted({open_key(a.dealer_id, a.kind.name, a.valid_from) for a in asked})
    taken: dict[str, tuple[str, str]] = {}
    for start in range(0, len(keys), _CHUNK):
        rows = session.execute(
            select(TermChange.open_key, TermChange.number, TermChange.submitted_name).where(
                TermChange.open_key.in_(keys[start : start + _CHUNK])
            )
        )
        taken.update({str(key): (number, who) for key, number, who in rows})
    found, seen = [], set()
    for one in asked:
        problems, party = Problems(), known[one.dealer_id]
        rules.check_day(one.valid_from, today=party.today, reason=one.reason, problems=problems)
        rules.check_value(one.kind, one.value, problems)
        key = open_key(one.dealer_id, one.kind.name, one.valid_from)
        now_held = held[one.dealer_id, one.kind.name, one.valid_from].value
        if not problems.found and one.value == now_held:
            sentence = (
                f"{one.kind.label} of {party.label} is {rules.value_label(one.kind, now_held)} on"
                f" {rules.day_label(one.valid_from)} already."
            )
            problems.add("value", "no_change", sentence)
        if key in taken:
            number, who = taken[key]
            problems.add("valid_from", "already_proposed", _already(one, party, f"{number} of {who}"))
        elif key in seen:
            problems.add("valid_from", "already_proposed", _already(one, party, "another one of these"))
        seen.add(key)
        found.append(problems)
    return found


def _already(one: Asked, party: Party, other: str) -> str:
    return (
        f"{one.kind.label} of {party.label} from {rules.day_label(one.valid_from)} is already asked for: {other}"
        " waits for a decision."
    )


def store(
    session: Session, asked: Sequence[Asked], *, known: Mapping[int, Party],
    held: Mapping[tuple[int, str, date], Held], actor: Actor, now: datetime, batch_id: int | None = None,
) -> list[TermChange]:  # fmt: skip
    """Write proposals that were checked, in order; their ids are set."""
    due = due_at(calendar_for_dealer(session, None), now, DECISION_MINUTES)
    made = []
    for number, one in zip(next_ids(session, TermChange, item_type=ITEM, count=len(asked)), asked, strict=True):
        party = known[one.dealer_id]
        base = held[one.dealer_id, one.kind.name, one.valid_from].value
        made.append(
            TermChange(
                id=number, number=f"TC-{number:06}", status=FLOW.initial, is_open=True, dealer_id=one.dealer_id,
                region=party.region, due_at=due, submitted_by=actor.username, submitted_name=actor.name, created_at=now,
                updated_at=now, updated_by=actor.name, kind=one.kind.name, valid_from=one.valid_from,
                number_value=_number(one.value), word=_word(one.value), base_number=_number(base),
                base_word=_word(base), changes_past=one.valid_from < party.today, reason=one.reason.strip(),
                open_key=open_key(one.dealer_id, one.kind.name, one.valid_from), form_key=one.form_key,
                batch_id=batch_id,
            )
        )  # fmt: skip
    session.add_all(made)
    session.flush()
    for change, one in zip(made, asked, strict=True):
        search.index(
            session, kind=ITEM, item_id=change.id, texts=(change.number, one.kind.label), dealer_id=one.dealer_id,
            region=change.region, is_new=True,
        )  # fmt: skip
    return made


def _number(value: Value) -> int | None:
    return value if isinstance(value, int) else None


def _word(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def value_of(change: TermChange) -> Value:
    """What a proposal asks for."""
    return change.number_value if change.word is None else change.word


def base_of(change: TermChange) -> Value:
    """What held on its day when it was asked for."""
    return change.base_number if change.base_word is None else change.base_word


def items_of(changes: Iterable[TermChange]) -> list[timeline.Item]:
    """The records an entry about proposals is about: each proposal, and each dealer once."""
    made = list(changes)
    dealers = dict.fromkeys(c.dealer_id for c in made if c.dealer_id is not None)
    return [
        *(timeline.Item(ITEM, c.id, c.dealer_id) for c in made),
        *(timeline.Item("dealer", dealer_id, dealer_id) for dealer_id in dealers),
    ]


def in_words(change: TermChange, *, dealer: str = "") -> str:
    """ "TC-000012: labour rate of Harbor (00101) 152.00 an hour from 1 Dec 2026"."""
    kind = rules.BY_NAME[change.kind]
    of = f" of {dealer}" if dealer else ""
    return (
        f"{change.number}: {kind.label.lower()}{of} {rules.value_label(kind, value_of(change))} from"
        f" {rules.day_label(change.valid_from)}"
    )


def as_problem(problems: Sequence[Problem], field: str) -> list[Problem]:
    """The same problems at one other field (forms for many dealers have one field for all)."""
    return [Problem(field=field, code=p.code, message=p.message, rule=p.rule) for p in problems]
