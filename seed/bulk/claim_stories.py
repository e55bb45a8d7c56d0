"""What becomes of one claim of the bulk: decisions in the order of time, who holds it, what each line is worth."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from seed.bulk.network import House
from seed.places import REGIONS

DENIED = ("OUT_OF_TIME", "OUT_OF_MILEAGE", "NOT_DEFECT", "WEAR_ITEM", "NOT_COVERED", "DUPLICATE", "MODIFIED")
DENIED_SHARES = (24, 16, 20, 13, 12, 9, 6)
REDUCED = ("HOURS_EXCEED_FLATRATE", "RATE_ADJUSTED", "CAP_APPLIED", "PREAUTH_MISSING")
RETURNED = ("DOC_MISSING", "NARRATIVE_INSUFFICIENT", "DATA_MISSING", "DATES_CONTRADICT")
AUTO = ("system:app", "Desk", 0)
COLINS = REGIONS[3:5]
"""The regions one of the coordinators looks after; the others decide everywhere."""
DECIDERS = (("cora", "Cora Whitman", 1), ("mason", "Mason Okafor", 2), ("colin", "Colin Reyes", 1))


class Story:
    """What becomes of one claim: decisions in the order of time, who holds it, what each line is worth."""

    def __init__(
        self, *, at: int, end: int, house: House, kind: str, claimed: int, charges: list[tuple[Any, ...]],
        payments: Sequence[int], rng: Random,
    ) -> None:  # fmt: skip
        self.end, self.charges, self.claimed, self.house = end, charges, claimed, house
        self.deciders = [d for d in DECIDERS if d[0] != "colin" or house.region in COLINS]
        self.status, self.entered, self.received, self.by = "in_review", at, at, "Desk"
        self.first: int | None = None
        self.decided: int | None = None
        self.approved: int | None = None
        self.before: int | None = None
        self.suggested: int = claimed
        self.decided_by = self.decided_kind = self.signed_by = self.reason = self.appeal = self.finding = ""
        self.outcome, self.level, self.signed_level, self.returns, self.appeals = "review", 1, 0, 0, 0
        self.decisions: list[tuple[Any, ...]] = []
        self.holds: list[tuple[str, str, int, int | None]] = []
        self.cut: tuple[int, str] | None = None
        self.sent_back: list[tuple[str, int]] = []
        age, draw = end - at, rng.random()
        if age < 12 * 86_400 and draw < 0.06:
            self.status, self.outcome = "draft", ""
            self.hold("dealer", "draft", at, None)
            return
        self.hold("dealer", "draft", at, at)
        if draw > 0.992 and age > 86_400:
            self.status, self.outcome, self.entered, self.finding = "void", "returned", at + 40_000, "DATA_MISSING"
            self.hold("dealer", "returned", at, at + 40_000)
            self.returns = 1
            self.sent_back.append(("DATA_MISSING", at))
            return
        if draw < 0.09 and not self._send_back(at, rng):
            return
        self._decide(kind, rng)
        if self.status in ("denied", "partially_approved"):
            self._appeal(payments, rng)

    def hold(self, holder: str, status: str, since: int, until: int | None) -> None:
        """Somebody holds the claim."""
        self.holds.append((holder, status, since, until))

    def _send_back(self, at: int, rng: Random) -> bool:
        """Return it; false when the dealer has not sent it again by now."""
        why = rng.choice(RETURNED)
        back = at + rng.randint(600, 200_000)
        if back >= self.end:
            self.hold("us", "in_review", at, None)
            return False
        self.hold("us", "in_review", at, back)
        self.returns, self.finding = 1, why
        self.sent_back.append((why, back))
        user, name, level = rng.choice(self.deciders)
        self.decisions.append(("return", "person", level, back, user, name, None, why))
        again = back + int(rng.lognormvariate(12.2, 0.9))
        if again >= self.end:
            self.status, self.entered, self.reason, self.by, self.outcome = "returned", back, why, name, "returned"
            self.hold("dealer", "returned", back, None)
            return False
        self.hold("dealer", "returned", back, again)
        self.received = self.entered = again
        return True

    def _decide(self, kind: str, rng: Random) -> None:
        since = self.received
        if kind != "goodwill" and rng.random() < 0.66 and self.claimed < 250_000:
            self.outcome = "pay"
            self._stands("approve", since, AUTO, "")
            return
        self.level = 1 if self.claimed < 100_000 else 2
        self.finding = self.finding or rng.choice(REDUCED)
        waits = int(rng.lognormvariate(12.35, 0.8))
        at = since + waits
        if at >= self.end:
            draw = rng.random()
            self.status = "in_review" if draw < 0.82 else "with_engineering" if draw < 0.91 else "pending_part"
            moved = since if self.status == "in_review" else since + min(waits, self.end - since) // 2
            holder = {"in_review": "us", "with_engineering": "engineering", "pending_part": "dealer"}[self.status]
            if moved > since:
                self.hold("us", "in_review", since, moved)
            self.entered = moved
            self.hold(holder, self.status, moved, None)
            return
        self.hold("us", "in_review", since, at)
        user, name, level = rng.choice([d for d in self.deciders if d[2] >= self.level])
        draw = rng.random()
        what = "deny" if draw < 0.2 else "partial" if draw < 0.44 else "approve"
        why = ""
        if what == "deny":
            why = rng.choices(DENIED, DENIED_SHARES)[0]
            self.finding = why
        elif what == "partial":
            why = rng.choice(REDUCED)
            self.finding = why
        self._stands(what, at, (user, name, level), why)

    def _stands(self, what: str, at: int, who: tuple[str, str, int], why: str) -> None:
        user, name, level = who
        how = "auto" if who == AUTO else "person"
        self.status = {"approve": "approved", "partial": "partially_approved", "deny": "denied"}[what]
        self.decided = self.entered = at
        self.first = self.first if self.first is not None else at
        self.decided_by, self.decided_kind, self.by, self.reason = name, how, name, why
        if how == "person":
            self.signed_by, self.signed_level = user, level
        self.cut = None
        if what == "approve":
            self.approved = self.claimed
        elif what == "deny":
            self.approved = 0
        else:
            line = self.charges[0][6]
            self.cut = (line * 70 // 100, why)
            self.approved = self.claimed - line + self.cut[0]
        self.decisions.append((what, how, level, at, user, name, self.approved, why))

    def _appeal(self, payments: Sequence[int], rng: Random) -> None:
        if rng.random() > 0.14 or self.decided is None:
            return
        asked = self.decided + rng.randint(86_400, 9 * 86_400)
        if asked >= self.end:
            return
        if self.status != "denied" and any(self.decided + 3_600 < paid <= asked for paid in payments):
            return  # it was paid by then
        person = self.house.people[0]
        self.before, self.appeals, self.appeal = self.approved or 0, 1, "pending"
        if self.status == "partially_approved":
            self.hold("finance", self.status, self.decided, asked)
        self.decisions.append(("appeal", "person", 0, asked, person.username, person.name, None, ""))
        self.received = asked
        decided = asked + rng.randint(86_400, 12 * 86_400)
        if decided >= self.end:
            self.status, self.entered, self.by = "appealed", asked, person.name
            self.hold("us", "appealed", asked, None)
            return
        self.hold("us", "appealed", asked, decided)
        before = "deny" if self.status == "denied" else "partial"
        wins = rng.random() < 0.35
        self.appeal = "overturned" if wins else "upheld"
        other = next(d for d in reversed(self.deciders) if d[0] != self.signed_by)
        self._stands("approve" if wins else before, decided, other, "" if wins else self.reason)

    def pay(self, at: int) -> None:
        """It is on a credit memo."""
        self.status, self.entered, self.by = "paid", at, "Finn Castellan"

    def charge_back(self, at: int) -> None:
        """An audit takes it back."""
        self.status, self.entered, self.by = "charged_back", at, "Mason Okafor"
        self.decisions.append(("charge_back", "person", 2, at, "mason", "Mason Okafor", self.approved, "AUDIT_FINDING"))

    def lines(self) -> list[tuple[Any, ...]]:
        """The charges with what was approved of each and why it is less."""
        found = []
        for position, charge in enumerate(self.charges):
            ok: int | None = None
            why = ""
            if self.decided is not None:
                ok = charge[6]
                if self.approved == 0:
                    ok, why = 0, self.reason
                elif self.cut is not None and position == 0:
                    ok, why = self.cut
            found.append((*charge, ok, why))
        return found

    def losses(self) -> list[tuple[str, str, int, int]]:
        """What the claim cost the dealer, by reason."""
        found = [("returned", why, 0, at) for why, at in self.sent_back]
        if self.decided is not None and self.approved is not None and self.approved < self.claimed:
            word = "denied" if self.approved == 0 else "reduced"
            found.append((word, self.reason or "OTHER", self.claimed - self.approved, self.decided))
        return found
