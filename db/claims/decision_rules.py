"""What a person may decide: amounts line by line, whose signature is enough, what an appeal may change. No database.

Money is whole cents. An approved amount never exceeds the claimed one, for each line and in total (domain-rules 2.1 E);
an appeal never takes away what was approved before (decision 0047).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from db.claims.policy_rules import Policy
from db.claims.reason_rules import REASON_CODES
from db.core.problems import Problems

LONGEST_LINE_NOTE = 500
FALLBACK_REASON = "RATE_ADJUSTED"
"""Why the rules suggest less, where they named no code of their own."""


@dataclass(frozen=True, kw_only=True)
class LineDecision:
    """What was decided for one charge: its amount, and why where that is less than claimed."""

    position: int
    cents: int
    reason_code: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One charge as the decider finds it; `before` is what was approved for it before an appeal, else None."""

    position: int
    job: int
    kind: str
    claimed_cents: int
    before: int | None = None


def decision_word(line: Line, cents: int) -> str:
    """approve, reduce or reject, as the charge stores it."""
    if cents == line.claimed_cents or (line.kind == "deductible" and cents > line.claimed_cents):
        return "approve"
    return "reject" if cents == 0 else "reduce"


def is_less(line: Line, cents: int) -> bool:
    """Whether the dealer gets less for this line than it claimed, so that it needs a reason."""
    return abs(cents) < abs(line.claimed_cents) if line.kind != "deductible" else cents < line.claimed_cents


def limits_of(line: Line) -> tuple[int | None, int]:
    """The least (None: any) and the most that can be approved for a line.

    A deductible is taken off: it may be forgiven or made larger. Lines of a debit are negative: at most as deep as
    asked for, and less of it may be taken back. After an appeal nothing falls below what stood before.
    """
    if line.kind == "deductible":
        return line.before, 0
    if line.claimed_cents < 0:
        return line.claimed_cents if line.before is None else line.before, 0
    return max(0, line.before or 0), line.claimed_cents


def takes_back(lines: Iterable[Line]) -> bool:
    """Whether these are the lines of a debit."""
    return any(x.claimed_cents < 0 and x.kind != "deductible" for x in lines)


def check_lines(lines: Sequence[Line], decisions: Sequence[LineDecision]) -> None:
    """Refuse what cannot be approved, each line with its own sentence; Problems: lines."""
    problems = Problems()
    known = {x.position: x for x in lines}
    if sorted(d.position for d in decisions) != sorted(known):
        problems.add("lines", "incomplete", "Each charge needs a decision.")
        problems.refuse_if_any()
    for decision in decisions:
        line = known[decision.position]
        least, most = limits_of(line)
        if decision.cents > most:
            problems.add(
                "lines", "above_claim", f"Line {line.position}: not more than claimed can be approved.",
                rule="domain-rules 2.1 E",
            )  # fmt: skip
        elif least is not None and decision.cents < least:
            word = "was approved before the appeal" if line.before is not None else "nothing"
            problems.add(
                "lines", "below_least", f"Line {line.position}: not less than {word} can be approved.",
                rule="decision 0047",
            )  # fmt: skip
        elif is_less(line, decision.cents) and decision.reason_code not in REASON_CODES:
            problems.add("lines", "reason", f"Line {line.position}: less than claimed needs a reason.")
        elif is_less(line, decision.cents) and decision.reason_code == "OTHER" and not decision.note.strip():
            problems.add("lines", "note", f"Line {line.position}: another reason needs a note that says which.")
        if len(decision.note) > LONGEST_LINE_NOTE:
            problems.add("lines", "too_long", f"Line {line.position}: at most {LONGEST_LINE_NOTE} characters fit.")
    problems.refuse_if_any()
    claimed, approved = sum(x.claimed_cents for x in lines), sum(d.cents for d in decisions)
    if takes_back(lines):
        if approved == 0:
            problems.add(
                "lines", "nothing_left", "Nothing would be taken back: deny the debit with its reason instead."
            )
    elif approved > claimed:
        problems.add("lines", "above_claim", "The total would be more than was claimed.", rule="domain-rules 2.1 E")
    elif approved < 0 or (approved == 0 and claimed > 0):
        problems.add("lines", "nothing_left", "Nothing would be paid: deny the claim with its reason instead.")
    problems.refuse_if_any()


def suggested_lines(
    lines: Sequence[Line], suggestion: Iterable[LineDecision], *, fallback: str = FALLBACK_REASON
) -> list[LineDecision]:
    """A suggestion made fit to be approved: within the limits of each line, with a reason where it is less."""
    wanted = {d.position: d for d in suggestion}
    found = []
    for line in lines:
        one = wanted.get(line.position) or LineDecision(position=line.position, cents=line.claimed_cents)
        least, most = limits_of(line)
        cents = min(one.cents, most)
        cents = cents if least is None else max(cents, least)
        if not is_less(line, cents):
            found.append(LineDecision(position=line.position, cents=cents))
            continue
        found.append(_with_reason(replace(one, cents=cents, note=one.note[:LONGEST_LINE_NOTE]), fallback))
    return found if takes_back(lines) else _within_total(lines, found, fallback)


def _with_reason(decision: LineDecision, fallback: str) -> LineDecision:
    known = decision.reason_code in REASON_CODES and (decision.reason_code != "OTHER" or decision.note.strip())
    return decision if known else replace(decision, reason_code=fallback)


def _within_total(lines: Sequence[Line], found: list[LineDecision], fallback: str) -> list[LineDecision]:
    """A forgiven deductible must not lift the total above the claim: it is charged again, or a line gives way.

    What stood before an appeal stays; it never came to more than the claim.
    """
    over = sum(d.cents for d in found) - sum(x.claimed_cents for x in lines)
    forgiven = [i for i, x in enumerate(lines) if x.kind == "deductible"]
    others = [i for i, x in reversed(list(enumerate(lines))) if x.kind != "deductible"]
    for i in (*forgiven, *others):
        if over <= 0:
            break
        line, decision = lines[i], found[i]
        is_deductible = line.kind == "deductible"
        # What was taken off more deeply before an appeal may be taken off as deeply again.
        least = line.claimed_cents if is_deductible else 0
        if line.before is not None:
            least = line.before if is_deductible else max(least, line.before)
        taken = min(over, max(0, decision.cents - least))
        lowered = replace(decision, cents=decision.cents - taken)
        found[i] = _with_reason(lowered, fallback) if is_less(line, lowered.cents) else lowered
        over -= taken
    return found


def job_rejected(
    lines: Sequence[Line], decisions: Sequence[LineDecision], *, job: int, reason_code: str, note: str = ""
) -> list[LineDecision]:
    """The same decisions with every line of one job rejected for one reason."""
    of_job = {x.position: x for x in lines if x.job == job and x.kind != "deductible"}
    return [
        LineDecision(
            position=d.position, cents=max(0, of_job[d.position].before or 0), reason_code=reason_code, note=note
        )
        if d.position in of_job
        else d
        for d in decisions
    ]


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What one person's approval of an amount is worth: at which level it counts, and whether it decides.

    `problem` says why it cannot be given at all; `following` is the level that has to sign next.
    """

    level: int = 0
    decides: bool = False
    needed: int = 0
    following: int = 0
    problem: str = ""


def counted_level(policy: Policy, signed_level: int) -> int:
    """What a signature counts today: one of a level the policy has no more stands below the last of those left."""
    levels = [a.level for a in policy.authority]
    return min(signed_level, levels[-2] if len(levels) > 1 else 0)


def signature(policy: Policy, *, highest: int, cents: int, signed_level: int) -> Signature:
    """Whether a signature decides an amount (domain-rules 2.0, authorization matrix of 2.1 D).

    `highest` is the highest level the person may sign (0: none), `signed_level` that of the signature before (0: none).
    Whoever signs next stands above it. The last of several levels is a second signature: the level below comes first.
    """
    levels = [a.level for a in policy.authority]
    signed_level = counted_level(policy, signed_level)
    needed = policy.level_for(abs(cents))
    if highest <= 0:
        return Signature(needed=needed, problem="no_authority")
    if highest <= signed_level:
        return Signature(needed=needed, problem="below_signature")
    reach, last = highest, levels[-1]
    below = levels[-2] if len(levels) > 1 else 0
    if needed == last and reach >= last and below and signed_level < below:
        reach = below
    if reach >= needed:
        above = next(x for x in levels if x > signed_level)
        return Signature(level=max(needed, above), decides=True, needed=needed)
    return Signature(level=reach, needed=needed, following=next(x for x in levels if x > reach))
