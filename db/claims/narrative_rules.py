"""W09: complaint, cause and correction each say something of their own (the 3C rule, domain-rules 2.1 D)."""

from __future__ import annotations

from db.claims.lookup_rules import judged_as
from db.claims.model import ClaimFacts, JobDraft, Result
from db.claims.policy_rules import Policy
from db.claims.say_rules import failed, passed

_PARTS = ("complaint", "cause", "correction")
_SAY = {
    "complaint": "Write what the customer said.",
    "cause": "Say what was found and measured.",
    "correction": "Say what was done and how it was checked.",
}


def w09_narrative(facts: ClaimFacts, policy: Policy) -> list[Result]:
    """All three texts are long enough and different, job by job; goodwill says why beside it."""
    least = policy.rule("W09").limits.get("characters", 15)
    level = policy.rule("W09").level
    found: list[Result] = []
    if not facts.claim.jobs:
        text = "The claim has 0 jobs; at least one is needed. Add the complaint with its cause and correction."
        found.append(
            failed("W09", level, "NARRATIVE_INSUFFICIENT", text, observed="0 jobs", limit="1 job", field="jobs")
        )
    for job in facts.claim.jobs:
        found += _of_job(job, policy, least)
    if judged_as(facts) == "goodwill":
        size = len(facts.claim.goodwill_reason.strip())
        if size < least:
            text = (
                f"The reason for goodwill has {size} characters; at least {least} are needed."
                " Say why we should help this customer."
            )
            found.append(
                failed("W09", level, "NARRATIVE_INSUFFICIENT", text, observed=f"{size} characters",
                       limit=f"{least} characters", field="goodwill_reason")
            )  # fmt: skip
    return found


def _of_job(job: JobDraft, policy: Policy, least: int) -> list[Result]:
    level, at, limit = policy.rule("W09").level, f"Job {job.position}", f"{least} characters"
    texts = {name: " ".join(getattr(job, name).split()) for name in _PARTS}
    found = [
        failed(
            "W09", level, "NARRATIVE_INSUFFICIENT",
            f"{at}: the {name} has {len(text)} characters; at least {least} are needed. {_SAY[name]}",
            observed=f"{len(text)} characters", limit=limit, field=name, job=job.position,
        )
        for name, text in texts.items()
        if len(text) < least
    ]  # fmt: skip
    if found:
        return found
    seen: dict[str, str] = {}
    for name, text in texts.items():
        folded = text.casefold().rstrip(".! ")
        if folded in seen:
            said = text if len(text) <= 60 else f"{text[:57]}..."
            sentence = (
                f"{at}: {seen[folded]} and {name} say the same (“{said}”); each needs a text of its own. {_SAY[name]}"
            )
            found.append(
                failed("W09", level, "NARRATIVE_INSUFFICIENT", sentence, observed=said, limit="three different texts",
                       field=name, job=job.position)
            )  # fmt: skip
        seen.setdefault(folded, name)
    if found:
        return found
    shortest = min(len(text) for text in texts.values())
    text = f"{at}: complaint, cause and correction are told."
    return [passed("W09", policy, text, observed=f"{shortest} characters", limit=limit, job=job.position)]
