"""Asking for another value of a term, of one dealer or of many at once; nothing holds until it is approved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.terms import notices, rules
from db.terms.proposals import Asked, as_problem, held_on, hold_terms, in_words, items_of, parties, refusals, store
from db.terms.rules import Value
from db.terms.tables import TermChange

MOST_AT_ONCE = 500
_MOST_NAMED = 10


def propose_change(
    session: Session, *, dealer_id: int, kind: str, value: Value, valid_from: date | None, reason: str = "",
    form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Ask for a value of one term from a day on (None: no value any more); gives the proposal's id.

    `value` is in the unit of the kind: cents, hundredths of a percent, days, pieces, hundredths of an hour, or a word.
    A day before the dealer's today is a correction and needs a reason. Problems: kind, value, valid_from, reason.
    """
    actor.require(Permission.TERMS_PROPOSE)
    # Nobody decides anything between our look at what holds and our proposal against it.
    hold_terms(session)
    if form_key is not None and (known := _sent_before(session, [form_key])):
        return known[0]
    found = parties(session, [dealer_id], scope=actor.scope, now=now)
    problems = Problems()
    chosen = rules.BY_NAME.get(kind)
    if chosen is None:
        problems.add("kind", "required", "Choose a term.")
    else:
        value = rules.check_value(chosen, value, problems)
    rules.check_day(valid_from, today=found[dealer_id].today, reason=reason, problems=problems)
    problems.refuse_if_any()
    assert chosen is not None
    assert valid_from is not None
    asked = [
        Asked(
            dealer_id=dealer_id, kind=chosen, value=value, valid_from=valid_from, reason=reason, form_key=form_key
        )
    ]  # fmt: skip
    held = held_on(session, [(dealer_id, chosen.name, valid_from)])
    (wrong,) = refusals(session, asked, known=found, held=held)
    wrong.refuse_if_any()
    (made,) = store(session, asked, known=found, held=held, actor=actor, now=now)
    base = held[dealer_id, chosen.name, valid_from].value
    changes.touch(session, "terms")
    timeline.record(
        session, actor=actor, now=now, area="terms", command="propose_change", reason=made.reason,
        summary=f"Proposed {in_words(made, dealer=found[dealer_id].label)}.", items=items_of([made]),
        before={chosen.name: rules.value_label(chosen, base)}, after={chosen.name: rules.value_label(chosen, value)},
        extra={"valid_from": valid_from, "changes_past": made.changes_past},
    )  # fmt: skip
    notices.tell_proposed(session, [made], by=actor, now=now)
    return made.id


def propose_many(
    session: Session, *, items: Sequence[tuple[int, Value]], kind: str, valid_from: date | None, reason: str = "",
    form_key: str | None = None, actor: Actor, now: datetime,
) -> list[int]:  # fmt: skip
    """Ask for one term of many dealers, as (dealer id, value): one proposal a dealer, all of them or none.

    Problems of single dealers stand at the field items, each naming its dealer; at most 500 at once.
    """
    actor.require(Permission.TERMS_PROPOSE)
    hold_terms(session)
    wanted = sorted(dict(items).items())
    if form_key is not None and (known := _sent_before(session, [f"{form_key}:{i}" for i, _ in wanted])):
        return known
    problems = Problems()
    chosen = rules.BY_NAME.get(kind)
    if chosen is None:
        problems.add("kind", "required", "Choose a term.")
    if not wanted:
        problems.add("items", "required", "Choose at least one dealer.")
    if len(wanted) > MOST_AT_ONCE:
        problems.add("items", "too_many", f"At most {MOST_AT_ONCE} dealers at once.")
    if valid_from is None:
        problems.add("valid_from", "required", "The first day is needed.")
    problems.refuse_if_any()
    assert chosen is not None
    assert valid_from is not None
    found = parties(session, [i for i, _ in wanted], scope=actor.scope, now=now)
    latest = max(party.today for party in found.values())
    rules.check_day(valid_from, today=latest, reason=reason, problems=problems)
    problems.refuse_if_any()
    asked = [
        Asked(
            dealer_id=i, kind=chosen, value=rules.check_value(chosen, value, problems), valid_from=valid_from,
            reason=reason, form_key=f"{form_key}:{i}" if form_key else None,
        )
        for i, value in wanted
    ]  # fmt: skip
    problems.found = as_problem(list(dict.fromkeys(problems.found)), "items")
    problems.refuse_if_any()
    held = held_on(session, [(i, chosen.name, valid_from) for i, _ in wanted])
    wrong = [p for one in refusals(session, asked, known=found, held=held) for p in one.found]
    if wrong:
        named = as_problem(list(dict.fromkeys(wrong))[:_MOST_NAMED], "items")
        if len(wrong) > _MOST_NAMED:
            named.append(Problem(field="items", code="more", message=f"And {len(wrong) - _MOST_NAMED:,} more."))
        raise Refused(*named)
    made = store(session, asked, known=found, held=held, actor=actor, now=now)
    changes.touch(session, "terms")
    timeline.record(
        session, actor=actor, now=now, area="terms", command="propose_many", reason=reason.strip(),
        summary=(
            f"Proposed {chosen.label.lower()} of {plural(len(made), 'dealer')} from {rules.day_label(valid_from)}."
        ),
        items=items_of(made),
        before={found[a.dealer_id].code: _label(a, held[a.dealer_id, chosen.name, valid_from].value) for a in asked},
        after={found[a.dealer_id].code: _label(a, a.value) for a in asked},
        extra={"kind": chosen.name, "valid_from": valid_from},
    )  # fmt: skip
    notices.tell_proposed(session, made, by=actor, now=now)
    return [change.id for change in made]


def _label(asked: Asked, value: Value) -> str:
    return rules.value_label(asked.kind, value)


def _sent_before(session: Session, keys: Sequence[str]) -> list[int]:
    """The ids of proposals that came with the same form before; then nothing is to be done."""
    if not keys:
        return []
    found = list(session.scalars(select(TermChange.id).where(TermChange.form_key.in_(keys)).order_by(TermChange.id)))
    if found:
        timeline.repeated(session)
    return found
