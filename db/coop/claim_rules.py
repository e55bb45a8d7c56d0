"""The checks of a claim: pre-approval, proofs, deadline, year, minimum (domain-rules 2.3).

What is missing comes back to the dealer ("return"), what can never be right is denied ("deny"), what only somebody with
the right to make an exception may let pass is "exception".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from db.coop.model import MEDIA, PROOFS, Programme
from db.coop.say_rules import day, inside, money

Outcome = Literal["ok", "return", "deny", "exception"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check with what it found, in a sentence."""

    code: str
    label: str
    outcome: Outcome
    sentence: str

    @property
    def ok(self) -> bool:
        """Whether nothing is in the way."""
        return self.outcome == "ok"


@dataclass(frozen=True, kw_only=True)
class Approved:
    """The pre-approval a claim rests on: days of the dealer; `from_day` is that of the approval."""

    from_day: date
    until: date
    medium: str


@dataclass(frozen=True, kw_only=True)
class ClaimFacts:
    """What is asked of a claim. `activity_on` is the last day of the activity, `today` the day it is sent.

    `files` are the names of the files of each proof that has some.
    """

    medium: str
    activity_on: date
    today: date
    proofs: Collection[str]
    approval: Approved | None
    payable_cents: int
    eligible_cents: int
    brand_problem: str = ""
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def claim_by(activity_on: date, programme: Programme) -> date:
    """The last day a claim is taken."""
    return activity_on + timedelta(days=programme.claim_days)


def valid_until(approved_on: date, programme: Programme) -> date:
    """The last day of a pre-approval."""
    return approved_on + timedelta(days=programme.approval_days)


def missing_proofs(programme: Programme, medium: str, proofs: Collection[str]) -> tuple[str, ...]:
    """The proofs of a medium that are not there, in the order of the matrix."""
    return tuple(p for p in programme.media[medium].needs if p not in proofs)  # type: ignore[index]


def unfiled_proofs(
    programme: Programme, medium: str, proofs: Collection[str], files: Collection[str]
) -> tuple[str, ...]:
    """The proofs that are there by a reference only while the programme asks for the file."""
    needs = programme.media[medium].needs  # type: ignore[index]
    return tuple(p for p in needs if p in proofs and p not in files and programme.needs_file(p))


def _proofs(programme: Programme, facts: ClaimFacts) -> Check:
    """What is missing, what needs its file, and the file that proves each proof that is there."""
    needs = programme.media[facts.medium].needs  # type: ignore[index]
    lost = missing_proofs(programme, facts.medium, facts.proofs)
    bare = unfiled_proofs(programme, facts.medium, facts.proofs, facts.files)
    said = [f"Missing: {', '.join(inside(PROOFS[p]) for p in lost)}."] if lost else []
    if bare:
        said.append(f"A file is needed, a reference is not enough: {', '.join(inside(PROOFS[p]) for p in bare)}.")
    filed = [f"{inside(PROOFS[p])} by {', '.join(facts.files[p])}" for p in needs if facts.files.get(p)]
    if said:
        said += [f"Proved: {'; '.join(filed)}."] if filed else []
        return Check(code="C02", label="Proof of performance", outcome="return", sentence=" ".join(said))
    named = [inside(PROOFS[p]) for p in needs if not facts.files.get(p)]
    by = [*filed, *([f"by reference: {', '.join(named)}"] if named else [])] if filed else []
    sentence = f"Every proof of the medium is there{': ' if by else ''}{'; '.join(by)}."
    return Check(code="C02", label="Proof of performance", outcome="ok", sentence=sentence)


def _preapproval(programme: Programme, facts: ClaimFacts) -> Check:
    name, given = MEDIA[facts.medium], facts.approval
    label = "Pre-approval"
    if given is None:
        if programme.media[facts.medium].preapproval:  # type: ignore[index]
            said = f"{name} has to be approved before; this was not."
            return Check(code="C01", label=label, outcome="exception", sentence=said)
        return Check(code="C01", label=label, outcome="ok", sentence=f"{name} need not be approved before.")
    if given.medium != facts.medium:
        said = f"{MEDIA[given.medium]} was approved, {name} is claimed."
        return Check(code="C01", label=label, outcome="exception", sentence=said)
    if facts.activity_on < given.from_day and programme.media[facts.medium].preapproval:  # type: ignore[index]
        said = f"The activity of {day(facts.activity_on)} was over before the approval of {day(given.from_day)}."
        return Check(code="C01", label=label, outcome="exception", sentence=said)
    if facts.activity_on > given.until:
        said = f"The approval held until {day(given.until)}; the activity was on {day(facts.activity_on)}."
        return Check(code="C01", label=label, outcome="exception", sentence=said)
    return Check(code="C01", label=label, outcome="ok", sentence=f"Approved on {day(given.from_day)}.")


def _days(programme: Programme) -> str:
    return f"{programme.code} pays for what ends from {day(date(programme.year, 1, 1))} to {day(programme.last_day)}"


def check_claim(programme: Programme, facts: ClaimFacts) -> tuple[Check, ...]:
    """Every check in order."""
    found = [_preapproval(programme, facts)]
    found.append(_proofs(programme, facts))
    last = claim_by(facts.activity_on, programme)
    late = facts.today > last
    said = f"A claim was taken until {day(last)}." if late else f"Claimed in time, by {day(last)}."
    found.append(Check(code="C03", label="Deadline", outcome="deny" if late else "ok", sentence=said))
    other = not programme.covers(facts.activity_on)
    said = f"{_days(programme)}; the activity was on {day(facts.activity_on)}."
    found.append(
        Check(
            code="C04", label="Period", outcome="deny" if other else "ok",
            sentence=said if other else f"{_days(programme)}.",
        )
    )  # fmt: skip
    ahead = facts.activity_on > facts.today
    said = f"The activity ends on {day(facts.activity_on)}; claim it afterwards."
    found.append(
        Check(
            code="C05", label="Done", outcome="return" if ahead else "ok",
            sentence=said if ahead else "The activity is over.",
        )
    )  # fmt: skip
    if facts.brand_problem:
        found.append(Check(code="C06", label="Brand rules", outcome="deny", sentence=facts.brand_problem))
    else:
        found.append(Check(code="C06", label="Brand rules", outcome="ok", sentence="The brand is shown as agreed."))
    if not facts.eligible_cents and not facts.brand_problem:
        found.append(Check(code="C07", label="Amount", outcome="deny", sentence="No cost of it is eligible."))
    elif facts.payable_cents < programme.minimum_cents and not facts.brand_problem:
        said = f"{money(facts.payable_cents)} is payable; a claim begins at {money(programme.minimum_cents)}."
        found.append(Check(code="C07", label="Amount", outcome="return", sentence=said))
    else:
        said = f"{money(facts.payable_cents)} is payable."
        found.append(Check(code="C07", label="Amount", outcome="ok", sentence=said))
    return tuple(found)


def worst(checks: Collection[Check]) -> Outcome:
    """What the checks lead to: denied before returned, returned before an exception is asked for."""
    outcomes = {c.outcome for c in checks}
    order: tuple[Outcome, ...] = ("deny", "return", "exception")
    return next((o for o in order if o in outcomes), "ok")


def kept(checks: Collection[Check]) -> list[dict[str, Any]]:
    """Checks as JSON keeps them."""
    return [asdict(c) for c in checks]


def read_kept(body: Collection[dict[str, Any]]) -> tuple[Check, ...]:
    """Checks as they were kept."""
    return tuple(Check(**one) for one in body)


def open_codes(body: Collection[dict[str, Any]]) -> list[str]:
    """The codes of kept checks that stand in the way, in their order: what figures count returns by."""
    return [c.code for c in read_kept(body) if not c.ok and c.outcome != "exception"]
