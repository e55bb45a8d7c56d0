"""A co-op programme in plain words, what two versions differ in, and what must be right before one is written (2.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from db.coop.claim_rules import claim_by
from db.coop.lot_rules import expires_on
from db.coop.model import ALWAYS, COSTS, MEDIA, PROOFS, UNFILED, MediumRule, Programme
from db.coop.say_rules import day, inside, money, rate, share_of
from db.core.labels import plural
from db.core.problems import Problems

_SAID = {
    "code": "2 to 30 letters, digits and hyphens are needed.", "name": "A name of at most 120 characters is needed.",
    "year": "A year from 2000 to 2100 is needed.", "accrual": "A rate lies between 0% and 100%.",
    "models": "Each model needs a name and a rate between 0% and 100%.",
    "lot_months": "Money lives for 1 to 36 months.", "media": "A programme pays at least one medium.",
    "brand_share": "A share lies between 0% and 100%.", "mentions_per_30s": "Give a number from 0 to 30.",
    "minimum_cents": "Give an amount between $0 and $1,000,000.", "approval_days": "Give a number from 0 to 730.",
    "claim_days": "Give a number from 0 to 730.", "decide_days": "Give a number from 0 to 730.",
    "remind_days": "Give days from 1 to 365.", "proof_files": "Say yes or no.",
    "ineligible": "Choose kinds of cost of the list.",
}  # fmt: skip
_SAID_OF_MEDIUM = {
    "rate": "A rate lies between 0% and 100%.", "cap_cents": "A cap is an amount above $0 and at most $100,000,000.",
    "cap_of_accrual": "A cap lies between 0% and 100%.", "proofs": "Choose proofs of the list.",
}  # fmt: skip


def sentences_of(wrong: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is wrong with the fields of a form in the words of the field: (field, sentence), each once."""
    found = []
    for field, said in wrong:
        parts = (field or "media").split(".")  # what is said of the whole is that no medium is paid
        if parts[0] == "media" and len(parts) > 2:
            found.append((".".join(parts[:3]), _SAID_OF_MEDIUM.get(parts[2], said)))
        else:
            found.append((parts[0] if parts[0] in _SAID else field, _SAID.get(parts[0], said)))
    return list(dict.fromkeys(found))


def _listed(words: Iterable[str], last: str = "and") -> str:
    found = list(words)
    return f" {last} ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)


def medium_sentence(medium: str, rule: MediumRule) -> str:
    """What one medium pays, in one sentence."""
    caps = [] if rule.cap_cents is None else [f"{money(rule.cap_cents)} a year"]
    if rule.cap_of_accrual is not None:
        caps.append(f"{rate(rule.cap_of_accrual)} of what was accrued")
    most = f", at most {_listed(caps, 'or')}" if caps else ""
    lower = ", whichever is less" if len(caps) > 1 else ""
    asks = "it has to be approved before" if rule.preapproval else "no approval is needed before"
    return f"{MEDIA[medium]} pays {rate(rule.rate)} of eligible cost{most}{lower}; {asks}."


def proof_sentence(medium: str, rule: MediumRule) -> str:
    """What proves an activity of a medium, beyond what every claim needs."""
    own = [inside(PROOFS[p]) for p in rule.needs if p not in ALWAYS]
    return f"{MEDIA[medium]} is proved by {_listed(own)}." if own else f"{MEDIA[medium]} needs no further proof."


def in_words(programme: Programme) -> tuple[str, ...]:
    """The programme as a dealer reads it, a sentence a rule; the first says what is earned."""
    sentences = [f"{rate(programme.accrual)} of every purchase in {programme.year} is set aside for advertising."]
    if programme.models:
        named = (f"{name} {rate(r)}" for name, r in sorted(programme.models.items()))
        sentences.append(f"Other rates by model: {_listed(named)}.")
    months = plural(programme.lot_months, "month")
    sentences.append(f"Money has to be spent within {months} after the month it was earned in, by its last day.")
    media = [(m, programme.media[m]) for m in MEDIA if m in programme.media]
    sentences += [medium_sentence(m, r) for m, r in media]
    unpaid = [inside(label) for m, label in MEDIA.items() if m not in programme.media]
    if unpaid:
        sentences.append(f"Not paid: {_listed(unpaid)}.")
    sentences.append(f"Every claim needs {_listed(inside(PROOFS[p]) for p in ALWAYS)}.")
    sentences += [proof_sentence(m, r) for m, r in media if any(p not in ALWAYS for p in r.proofs)]
    if programme.proof_files:
        but = _listed(inside(PROOFS[p]) for p in UNFILED)
        sentences.append(f"Each proof has to be there as a file; a reference is enough for a {but} only.")
    sentences.append(
        f"An approval holds for {plural(programme.approval_days, 'day')}; a claim is taken until "
        f"{plural(programme.claim_days, 'day')} after the activity; we decide within "
        f"{plural(programme.decide_days, 'day')}."
    )
    if programme.ineligible:
        sentences.append(f"Not eligible: {_listed(inside(COSTS[c]) for c in programme.ineligible)}.")
    sentences.append(f"Our brand has at least {rate(programme.brand_share)} of the space, and no competitor beside it.")
    if programme.mentions_per_30s:
        times = plural(programme.mentions_per_30s, "time")
        sentences.append(f"A radio spot names the brand {times} in every 30 seconds.")
    if programme.minimum_cents:
        sentences.append(f"A claim begins at {money(programme.minimum_cents)}.")
    if programme.remind_days:
        days = _listed(str(n) for n in programme.remind_days)
        sentences.append(f"The dealer is reminded {days} days before money expires.")
    else:
        sentences.append("Nobody is reminded automatically before money expires.")
    return tuple(sentences)


def changes_between(before: Programme, after: Programme) -> tuple[str, ...]:
    """What a version says differently, sentence by sentence: what is gone, then what is new."""
    old, new = in_words(before), in_words(after)
    named = [f"No longer: called {before.name}.", f"New: called {after.name}."] if before.name != after.name else []
    return (
        *named, *(f"No longer: {s}" for s in old if s not in new), *(f"New: {s}" for s in new if s not in old),
    )  # fmt: skip


def worked(programme: Programme) -> tuple[tuple[str, str], ...]:
    """The programme in numbers: (case, what it comes to) for a purchase and for an activity of each medium."""
    bought = date(programme.year, 4, 10)
    earned = share_of(100_000_00, programme.accrual)
    rows = [(
        f"A purchase of $100,000 on {day(bought)}",
        f"earns {money(earned)}, spent by {day(expires_on(bought, programme.lot_months))}",
    )]  # fmt: skip
    rows += [
        (f"The same of a {name}", f"earns {money(share_of(100_000_00, r))}")
        for name, r in sorted(programme.models.items())
    ]
    done = date(programme.year, 5, 12)
    rows.append((f"An activity over on {day(done)}", f"claimed by {day(claim_by(done, programme))}"))
    for medium, label in MEDIA.items():
        rule = programme.media.get(medium)  # type: ignore[call-overload]
        if rule is None:
            continue
        paid = share_of(1_000_00, rule.rate)
        if rule.cap_cents is not None:
            paid = min(paid, rule.cap_cents)
        rows.append((f"{label} for $1,000", f"pays {money(paid)}"))
    return tuple(rows)


def effect_of(first: date, today: date) -> str:
    """From when a version counts and what keeps the version it had, in a sentence."""
    said = f"It holds for purchases and activities from {day(first)} on; what was decided keeps the terms it had."
    if first < today:
        return f"{said} That day is past: open requests and claims since then are calculated by the new terms."
    return said


def check_programme(
    programme: Programme, problems: Problems, *, before: Programme | None = None, began: date | None = None,
    first: date | None = None,
) -> None:  # fmt: skip
    """Add a problem, at its field, for everything that contradicts itself or the version it follows."""
    for medium, rule in programme.media.items():
        at = f"media.{medium}"
        if not rule.rate:
            problems.add(f"{at}.rate", "pays_nothing", "It pays nothing; take the medium out instead.")
        if rule.cap_cents is not None and rule.cap_cents < programme.minimum_cents:
            problems.add(f"{at}.cap_cents", "below_minimum", f"A claim begins at {money(programme.minimum_cents)}.")
        if rule.cap_of_accrual == 0:
            problems.add(f"{at}.cap_of_accrual", "pays_nothing", "A cap of 0% pays nothing; take the medium out.")
    folded = [name.casefold() for name in programme.models]
    if len(set(folded)) != len(folded):
        problems.add("models", "twice", "A model is named twice.")
    if any(r.preapproval for r in programme.media.values()) and not programme.approval_days:
        problems.add("approval_days", "required", "An approval has to hold for at least one day.")
    if before is not None and began is not None and first is not None:
        if first < began:
            problems.add("effective_from", "before_newest", f"The newest version begins on {day(began)}.")
        if before == programme and first == began:
            problems.add("", "nothing", "Nothing was changed.")


def first_day(programme: Programme, effective_from: date | None) -> date:
    """The day a version begins: the year's first where none is given."""
    return effective_from or date(programme.year, 1, 1)


def next_start(year: int, today: date, began: date | None) -> date:
    """The day a new version suggests: tomorrow, within its year and never before the one it follows."""
    found = min(max(today + timedelta(days=1), date(year, 1, 1)), date(year, 12, 31))
    return max(found, began) if began is not None else found
