"""Finance pays the demo's claims week by week; supplements, debits, charge-backs after an audit, one taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from db.claim_payments.batch_commands import make_batch
from db.claim_payments.entry_commands import reverse_entry
from db.claim_payments.tables import ClaimEntry
from db.claims.attachment_commands import add_attachment
from db.claims.draft_commands import save_draft
from db.claims.model import ChargeDraft
from db.claims.record import draft_of
from db.claims.tables import Claim
from db.claims.version_commands import begin_debit, begin_supplement
from db.core.problems import Refused
from db.core.session import reading
from seed.claims import act, paper
from seed.story import Story

HOME = "00402"
WEEKS = 24
BACK = (
    # days before the end, dealer, percent of what was paid, reason, words
    (52, "00313", 100, "AUDIT_FINDING", "Audit of September: the old part was never shown, and no time was clocked."),
    (38, HOME, 40, "HOURS_EXCEED_FLATRATE", "Audit: two hours were clocked; three and a half were claimed."),
    (30, "00137", 30, "RATE_ADJUSTED", "Audit: the net price of the part is that of the list before."),
    (11, "00331", 100, "AUDIT_FINDING", "Audit: the receipt of the rental car is of another customer."),
)
SUPPLEMENTS = ((66, HOME), (44, "00501"), (9, HOME))
DEBITS = ((58, "00617"), (35, HOME))


def expect(story: Story) -> None:
    """Let finance pay every week what is due, and let what comes after a payment happen in its time."""
    for weeks in range(WEEKS, 0, -1):
        at = (story.until - timedelta(days=7 * weeks - 3)).replace(hour=16, minute=10)
        story.at(at, partial(_pay, story, f"demo-batch-{weeks}"))
    for days, code in SUPPLEMENTS:
        story.at(_hour(story, days, 18), partial(_supplement, story, code))
    for days, code in DEBITS:
        story.at(_hour(story, days, 18), partial(_debit, story, code))
    for days, code, share, reason, note in BACK:
        story.at(_hour(story, days, 17), partial(_charge_back, story, code=code, share=share, reason=reason, note=note))
    story.at(_hour(story, 24, 15), partial(_take_back, story))


def _hour(story: Story, days: int, hour: int) -> datetime:
    return (story.until - timedelta(days=days)).replace(hour=hour, minute=30)


def _pay(story: Story, key: str, now: datetime) -> None:
    finn = story.cast.named("finn")
    try:
        story.do(make_batch, due_until=now.date() + timedelta(days=28), form_key=key, actor=finn, now=now)
    except Refused:
        story.overtaken["make_batch"] += 1  # nothing is due


def _paid_claim(story: Story, code: str, *, after: int = 0) -> Any:
    """The latest paid repair of a dealer that nothing followed yet."""
    with reading(story.bind) as session:
        again = select(Claim.original_id).where(Claim.original_id.is_not(None))
        return session.execute(
            select(Claim.id, Claim.version, Claim.number, Claim.approved_cents, Claim.dealer_id, Claim.ro_number)
            .where(
                Claim.dealer_id == story.cast.id_of(code), Claim.status == "paid", Claim.claim_type == "standard",
                Claim.approved_cents > 150_00, Claim.id.not_in(again),
            )
            .order_by(Claim.paid_at.desc(), Claim.id.desc())
            .offset(after)
            .limit(1)
        ).first()  # fmt: skip


def _version(story: Story, begin: Any, claim: Any, now: datetime) -> tuple[int, Any]:
    actor = story.cast.manager(claim.dealer_id)
    key = f"{begin.__name__}:{claim.ro_number}"
    made = story.do(begin, claim_id=claim.id, form_key=key, actor=actor, now=now)
    with reading(story.bind) as session:
        row = session.get_one(Claim, made)
        return row.version, replace(draft_of(session, row))


def _send(story: Story, claim: Any, key: str, *, draft: Any, version: int, now: datetime) -> None:
    actor = story.cast.manager(claim.dealer_id)
    with reading(story.bind) as session:
        made = session.scalar(select(Claim.id).where(Claim.form_key == key)) or 0
    story.do(
        save_draft, dealer_id=claim.dealer_id, draft=draft, actor=actor, now=now, form_key="", claim_id=made,
        seen_version=version,
    )  # fmt: skip
    story.do(
        add_attachment, claim_id=made, kind="ro_copy", file_name=f"{claim.ro_number}-{key[6:11]}.pdf",
        content=paper(key), form_key=f"{key}:file"[:64], actor=actor, now=now,
    )  # fmt: skip
    act(story, "submit", made, actor=actor, now=now)


def _supplement(story: Story, code: str, now: datetime) -> None:
    """A line that was forgotten: the coolant or oil that went with the repair."""
    claim = _paid_claim(story, code)
    if claim is None:
        return
    version, draft = _version(story, begin_supplement, claim, now)
    extra = ChargeDraft(position=1, kind="misc", job=1, description="Fluids and shop supplies", unit_cents=38_40)
    draft = replace(draft, charges=(extra,), note="Fluids were left out of the first claim.")
    _send(story, claim, f"begin_supplement:{claim.ro_number}", draft=draft, version=version, now=now)


def _debit(story: Story, code: str, now: datetime) -> None:
    """The dealer gives back the part, which was in its own stock all the time."""
    claim = _paid_claim(story, code)
    if claim is None:
        return
    version, draft = _version(story, begin_debit, claim, now)
    parts = tuple(replace(c, position=n) for n, c in enumerate(
        [c for c in draft.charges if c.kind == "parts"] or draft.charges[:1], 1))  # fmt: skip
    draft = replace(draft, charges=parts, note="The part was charged twice by our parts counter.")
    _send(story, claim, f"begin_debit:{claim.ro_number}", draft=draft, version=version, now=now)


def _charge_back(story: Story, now: datetime, *, code: str, share: int, reason: str, note: str) -> None:
    claim = _paid_claim(story, code)
    if claim is None:
        return
    cents = (claim.approved_cents or 0) * share // 100
    for who in ("mason", "admin"):  # whoever signed the approval may not charge it back
        if act(story, "charge_back", claim.id, actor=story.cast.named(who), now=now, amount_cents=cents,
               reason_code=reason, note=note):  # fmt: skip
            return


def _take_back(story: Story, now: datetime) -> None:
    """The dealer showed the time clock: one charge-back was wrong."""
    with reading(story.bind) as session:
        entry = session.execute(
            select(ClaimEntry.id, ClaimEntry.username)
            .where(ClaimEntry.kind == "charge_back", ClaimEntry.dealer_id == story.cast.id_of(HOME))
            .order_by(ClaimEntry.id)
            .limit(1)
        ).first()
    if entry is None:
        return
    who = "admin" if entry.username == "mason" else "mason"
    story.do(
        reverse_entry, entry_id=entry.id, note="The dealer showed the time clock of both technicians.",
        actor=story.cast.named(who), now=now,
    )  # fmt: skip
