"""What a row of a file of sales comes to: claimable, claimed already, incomplete, refused; pure, over the checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from db.core.labels import plural
from db.incentives.facts import Check, Outcome

RESULTS: Final[dict[str, tuple[str, str]]] = {
    "claimable": ("Claimable", "green"), "incomplete": ("Incomplete", "orange"), "refused": ("Refused", "red"),
    "bad": ("Bad cell", "violet"), "claimed": ("Already claimed", "gray"),
}  # fmt: skip
"""What a row can come to, as a word and a tone, in the order a person works through them."""
ADDED: Final = ("Result", "Programs", "Amount", "Reasons")
"""The columns that are added to the file; a file that comes in with them gets them anew."""

MOST_NAMED: Final = 3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one program that pays a vehicle says of a sale. `claim` names the claim that stands already."""

    code: str
    outcome: Outcome
    cents: int
    chosen: bool
    checks: tuple[Check, ...]
    claim: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a row comes to: one of `RESULTS`, the programs it names or may claim, their cents, and why, in sentences."""

    result: str
    programs: tuple[str, ...] = ()
    cents: int = 0
    reasons: tuple[str, ...] = ()


def row_result(answers: Sequence[Answer], *, named: Sequence[str] = ()) -> Result:
    """The result of a row that can be read. A row that names programs is all of them or nothing.

    Without a name it is the legal set that pays most, as the form proposes it; what is claimed already stays out.
    """
    by_code = {a.code: a for a in answers}
    if named:
        return _of_named([by_code[code] for code in named if code in by_code])
    ready = [a for a in answers if a.chosen and a.outcome == "valid" and not a.claim]
    if ready:
        return _claimable(ready)
    claimed = [a for a in answers if a.claim]
    if claimed:
        return _claimed(claimed)
    returned = [a for a in answers if a.outcome == "returned"]
    if returned:
        return _stopped("incomplete", sorted(returned, key=_nearness), "missing")
    if answers:
        return _stopped("refused", answers, "fail")
    return Result(result="refused", reasons=("I03: no program that pays a vehicle runs on the day of this sale.",))


def _nearness(one: Answer) -> tuple[int, int, str]:
    """What lacks least comes first, then what pays most."""
    return sum(c.level == "missing" for c in one.checks), -one.cents, one.code


def _of_named(asked: Sequence[Answer]) -> Result:
    left = [a for a in asked if not a.claim]
    if not left:
        return _claimed(asked)
    failed = [a for a in left if a.outcome == "not_eligible"]
    if failed:
        return _stopped("refused", failed, "fail", of=asked)
    returned = [a for a in left if a.outcome == "returned"]
    if returned:
        return _stopped("incomplete", returned, "missing", of=asked)
    already = tuple(f"{a.code} is claimed already: {a.claim}." for a in asked if a.claim)
    found = _claimable(left)
    return Result(result=found.result, programs=found.programs, cents=found.cents, reasons=(*found.reasons, *already))


def _claimable(ready: Sequence[Answer]) -> Result:
    warned = says(ready, "warn")
    return Result(
        result="claimable", programs=tuple(a.code for a in ready), cents=sum(a.cents for a in ready), reasons=warned
    )


def _claimed(claimed: Sequence[Answer]) -> Result:
    reasons = tuple(f"{a.code} is claimed already: {a.claim}." for a in claimed)
    return Result(result="claimed", programs=tuple(a.code for a in claimed), reasons=reasons)


def _stopped(result: str, stopped: Sequence[Answer], level: str, *, of: Sequence[Answer] = ()) -> Result:
    return Result(result=result, programs=tuple(a.code for a in of or stopped), reasons=says(stopped, level))


def says(answers: Iterable[Answer], level: str) -> tuple[str, ...]:
    """The sentences of one level with the check and the programs that say them, each sentence once."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in answers:
        for check in one.checks:
            if check.level == level:
                found.setdefault((check.rule, check.sentence), []).append(one.code)
    shared = sorted(found.items(), key=lambda pair: -len(pair[1]))  # what stops most programs is said first
    return tuple(f"{_named(codes)} {rule}: {sentence}" for (rule, sentence), codes in shared)


def _named(codes: Sequence[str]) -> str:
    """Programs by their codes; many of them by their number: the row names them beside it."""
    return ", ".join(codes) if len(codes) <= MOST_NAMED else f"{len(codes)} programs"


def changed_rows(seen: str, now: str) -> tuple[str, ...]:
    """The numbers of the rows that are claimable in another way than when they were seen; of two `fingerprint`s."""
    one, other = ({p.split(":")[0]: p for p in text.split("|") if p} for text in (seen, now))
    return tuple(row for row in dict.fromkeys([*one, *other]) if one.get(row) != other.get(row))


def fingerprint(rows: Iterable[tuple[int, Result]]) -> str:
    """What is claimable in a file, in one text: row, programs, cents."""
    return "|".join(
        f"{row}:{'+'.join(r.programs)}:{r.cents}" for row, r in rows if r.result == "claimable"
    )  # fmt: skip


def count_sentence(counts: dict[str, int]) -> str:
    """ "500 rows: 412 claimable, 40 incomplete ..."."""
    parts = [f"{counts[name]:,} {label.lower()}" for name, (label, _) in RESULTS.items() if counts.get(name)]
    return f"{plural(sum(counts.values()), 'row')}: {', '.join(parts)}." if parts else "No row."
