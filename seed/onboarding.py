"""How dealers of the demo go live: eight before the first lead, which teach the forecast, and ten cases since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from sqlalchemy import select

from db.checklist.model import ItemSpec
from db.checklist.template_commands import publish_standard
from db.core.actor import Actor
from db.core.session import reading
from db.onboarding import item_commands
from db.onboarding.commands import COMMANDS, start_onboarding
from db.onboarding.flow import STAGES
from db.onboarding.jobs import run_reminders, run_summaries
from db.onboarding.rules import RESTART
from db.onboarding.tables import ChecklistItem, Onboarding
from db.onboarding.template_default import PURPOSE, STANDARD
from seed.network import JOINED
from seed.places import PLACES
from seed.story import Story

NOTES = ("Checked with the dealer", "Complete", "Seen on the visit", "All in order", "As agreed on the call")
PLACES_OF_PAPER = (
    "Paper in the dealer file, shelf 4",
    "Scan in the legal archive",
    "Original with the dealer, copy seen",
)
WITH_PEOPLE = frozenset(place.code for place in PLACES if place.status not in ("prospect", "terminated"))
FAILED = "The service lane has no room for two cars, and customer parking is not marked."


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of the story: began `began` days before its end, `pace` times the planned days for each item.

    `fails` is a gate that does not pass, `slow` items take four times as long; it ends `ends` days before the end.
    """

    code: str
    began: int
    pace: float
    target: int
    fails: str = ""
    slow: tuple[str, ...] = ()
    waived: dict[str, str] = field(default_factory=dict)
    ends: tuple[int, str, str] | None = None


CASES: tuple[Case, ...] = (
    Case(code="00131", began=33, pace=1.0, target=95),
    Case(code="00446", began=82, pace=1.35, target=112, slow=("dms", "photo_survey")),
    Case(code="00241", began=64, pace=0.86, target=70, waived={"digital_profile": "The group keeps its own page"}),
    Case(code="00352", began=46, pace=0.80, target=100, slow=("sales_certificate",)),
    Case(code="00452", began=71, pace=0.92, target=74, fails="facility_gate"),
    Case(code="00536", began=74, pace=0.80, target=100),
    Case(code="00635", began=7, pace=1.0, target=120),
    Case(code="00641", began=54, pace=1.2, target=75, slow=("floor_plan",)),
    Case(code="00359", began=47, pace=1.1, target=100, ends=(19, "withdraw", "The owners sell their site instead.")),
    Case(code="00428", began=38, pace=1.0, target=120, ends=(26, "decline", "Columbus serves the market well.")),
)  # fmt: skip


def _plan(rng: Random, case: Case) -> Iterator[tuple[float, str, str]]:
    """(days after the start, step or item command, item code) of a case that goes all the way, in the order of time."""
    ends: dict[str, float] = {}
    for item in STANDARD:
        begin = max((ends[d] for d in item.depends_on), default=0.0)
        days = max(0.3, item.duration_days * case.pace * rng.uniform(0.6, 1.35))
        ends[item.code] = begin + days * (4 if item.code in case.slow else 1)
    stage_end = {s: max(ends[i.code] for i in STANDARD if i.stage == s) for s in STAGES}
    events: list[tuple[float, str, str]] = []
    for item in STANDARD:
        name = "waive_item" if item.code in case.waived else "complete_item"
        events.append((ends[item.code], "fail_gate" if item.code == case.fails else name, item.code))
    reached = 0.0
    for stage in STAGES[:-1]:
        reached = max(reached, stage_end[stage]) + 0.05
        events.append((reached, "advance", stage))
    events.append((max(reached, stage_end["golive"]) + 1, "activate", ""))
    yield from sorted(events)


class Cases:
    """Carries cases out: dealers' managers do the dealer's part, coordinators ours, the manager reviews and decides."""

    def __init__(self, story: Story, *, seed: int) -> None:
        self.story, self.seed = story, seed
        self.specs: dict[str, ItemSpec] = {item.code: item for item in STANDARD}

    def _rng(self, code: str) -> Random:
        return Random(f"{self.seed}:onboarding:{code}")

    def begin(self, case: Case, now: datetime) -> Any:
        """Start a case; gives its id."""
        dealer_id = self.story.cast.id_of(case.code)
        again = tuple(name for name, _ in RESTART) if case.code == "00428" else ()
        return self.story.do(
            start_onboarding, dealer_id=dealer_id, target_on=now.date() + timedelta(days=case.target),
            prerequisites=again, actor=self._desk(dealer_id), now=now,
        )  # fmt: skip

    def _desk(self, dealer_id: int) -> Actor:
        return self.story.cast.desk(self.story.cast.region(dealer_id))

    def take(self, case: Case, case_id: int, name: str, code: str, now: datetime, *, is_past: bool) -> None:
        """One event of a case, as the person whose part it is."""
        mason, cast = self.story.cast.named("mason"), self.story.cast
        dealer_id = cast.id_of(case.code)
        with reading(self.story.bind) as session:
            row = session.execute(
                select(Onboarding.version, Onboarding.status, Onboarding.is_open).where(Onboarding.id == case_id)
            ).one()
            item = session.execute(
                select(ChecklistItem.id, ChecklistItem.version, ChecklistItem.evidence, ChecklistItem.owner,
                       ChecklistItem.is_gate)
                .join(Onboarding, Onboarding.checklist_id == ChecklistItem.checklist_id)
                .where(Onboarding.id == case_id, ChecklistItem.code == code)
            ).one_or_none()  # fmt: skip
        if not row.is_open:
            return
        if item is None or name in ("advance", "activate"):
            actor = mason if name == "activate" else self._desk(dealer_id)
            self.story.do(COMMANDS[name], item_id=case_id, seen_version=row.version, actor=actor, now=now)
            return
        rng = self._rng(f"{case.code}:{code}")
        values: dict[str, Any] = {}
        if name == "fail_gate":
            values["reason"] = FAILED
        elif name == "waive_item":
            values["reason"] = case.waived[code]
        elif item.evidence == "date":
            values["evidence_on"] = now.date() - timedelta(days=1)
        elif item.evidence == "number":
            values["evidence_number"] = {
                "credit_limit": "750000",
                "labor_rate": "142.50",
                "self_authorization": "2",
            }.get(code, str(rng.randrange(10_000, 99_999)))
        elif item.evidence == "document":
            values["evidence_note"] = rng.choice(PLACES_OF_PAPER)
        else:
            values["evidence_note"] = rng.choice(NOTES)
        actor = self._desk(dealer_id)
        if item.owner == "manager":
            actor = mason
        elif item.owner == "dealer" and not is_past and case.code in WITH_PEOPLE:
            actor = cast.manager(dealer_id)
        self.story.do(
            getattr(item_commands, name), item_id=item.id, seen_version=item.version, actor=actor, now=now, **values
        )


def settle(story: Story, *, start: datetime, seed: int) -> None:
    """The standard list, and the dealers that went live before the first lead (`start`, UTC)."""
    cases = Cases(story, seed=seed)
    began = _moment(start - timedelta(days=max(days for days, _ in JOINED.values()) + 20))
    story.do(publish_standard, purpose_name=PURPOSE, actor=story.cast.named("mason"), now=began)
    waiting: list[tuple[datetime, int, Case, int, str, str]] = []
    for position, (code, (days, pace)) in enumerate(JOINED.items()):
        case = Case(code=code, began=days, pace=pace, target=100)
        moment = _moment(start - timedelta(days=days))
        for number, (after, name, item) in enumerate(_plan(cases._rng(code), case)):
            waiting.append((_after(moment, after), 1000 * position + number, case, position, name, item))
    ids: dict[str, int] = {}
    # In the order of time: what one took, the forecast of the next one knows.
    for moment, _, case, _, name, item in sorted(waiting, key=lambda one: one[:2]):
        if case.code not in ids:
            ids[case.code] = cases.begin(case, _moment(start - timedelta(days=case.began)))
        cases.take(case, ids[case.code], name, item, is_past=True, now=moment)


def expect(story: Story, *, seed: int) -> None:
    """Let the cases of today begin in their time, and the sweep look at them every week."""
    cases = Cases(story, seed=seed)
    for case in CASES:
        story.at(_moment(story.until - timedelta(days=case.began)), partial(_run, cases, case))
    for days in range(105, 0, -7):
        story.at(story.until - timedelta(days=days, hours=1), partial(_sweep, story))


def _run(cases: Cases, case: Case, now: datetime) -> None:
    """Begin a case, and put everything that comes after it into the story."""
    case_id = cases.begin(case, now)
    for after, name, code in _plan(cases._rng(case.code), case):
        if case.fails and (name == "activate" or code == "golive_gate"):
            continue
        if case.code == "00241" and (name == "activate" or code == "golive_gate"):
            continue  # it waits for the review
        take = partial(cases.take, case, case_id, name, code, is_past=False)
        cases.story.at(_after(now, after), take)
    if case.ends is not None:
        days, name, reason = case.ends
        cases.story.at(cases.story.until - timedelta(days=days, hours=4), partial(_end, cases, case_id, name, reason))


def _end(cases: Cases, case_id: int, name: str, reason: str, now: datetime) -> None:
    story = cases.story
    actor = story.cast.named("mason" if name == "decline" else "cora")
    with reading(story.bind) as session:
        version = session.scalars(select(Onboarding.version).where(Onboarding.id == case_id)).one()
    story.do(COMMANDS[name], item_id=case_id, seen_version=version, note=reason, actor=actor, now=now)


def _sweep(story: Story, now: datetime) -> None:
    run_reminders(story.bind, now=now)


def close_day(story: Story) -> None:
    """What is true at the end: the sweep has derived every case for today."""
    run_reminders(story.bind, now=story.until)
    run_summaries(story.bind, now=story.until)


def _after(begun: datetime, days: float) -> datetime:
    """So many days later, between nine and five in New York: later days stay later, and so do later hours."""
    whole = int(days)
    return begun.replace(hour=14, minute=0) + timedelta(days=whole, hours=8 * (days - whole))


def _moment(day: datetime) -> datetime:
    """An afternoon hour in New York on that day."""
    return day.replace(hour=18, minute=5, second=0, microsecond=0)
