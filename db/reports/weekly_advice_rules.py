"""What a dealer is recommended to do: each recommendation is one rule with its number, its limit and its rows.

A rule looks at facts and says one of four things: it fires, it is quiet, too little was counted to judge, or there is
nothing of the kind. Nothing is recommended that a rule does not say, and every rule says what it looked at (P17).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from db.core.labels import minutes_label, percent_label, plural
from db.reports.pack_rules import amount
from db.reports.peer_rules import FEW
from db.reports.weekly_facts_rules import (
    BACK_DAYS,
    BACKORDERS,
    CONFIRM_HOURS,
    COOP_CENTS,
    EXPIRES_DAYS,
    IN_TIME,
    NEAR_DAYS,
    REASON_DAYS,
    RETURN_DAYS,
    SAME_REASON,
    SHOWN,
    TASKS,
    TIER_DAYS,
    TIER_UNITS,
    Answer,
    Facts,
    Standing,
    State,
    Verdict,
)
from db.reports.weekly_rules import MEAN_OF, is_few


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule: its name, where it stands in our rules, its condition in words, and where the thing is done."""

    id: str
    title: str
    source: str
    condition: str
    urgency: int
    page: str
    query: tuple[tuple[str, str], ...]
    judge: Callable[[Facts], Answer]
    of: str = ""  # the standing facts whose rows are shown


def _counted(name: str, least: int, action: Callable[[Standing], str], because: Callable[[Standing], str]) -> Callable[
    [Facts], Answer
]:  # fmt: skip
    """A rule that fires from so many records on."""

    def judge(facts: Facts) -> Answer:
        found = facts.of(name)
        if not found.count:
            return Answer(state="none")
        state: State = "fires" if found.count >= least else "quiet"
        return Answer(state=state, action=action(found), because=because(found))

    return judge


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _days(count: int) -> str:
    return plural(count, "day")


def _in_time(facts: Facts) -> Answer:
    figure = facts.figures.get("leads_in_time")
    if figure is None or not (figure.five.denominator or 0):
        return Answer(state="none")
    part, of = figure.now, "of the week"
    if part.value is None or is_few(figure.what, part):
        part, of = figure.five, f"of the week and the {MEAN_OF} before it"
    top, n = int(part.numerator or 0), int(part.denominator or 0)
    because = f"{top} of {plural(n, 'lead')} {of} {_was(top)} answered in time ({percent_label(top, n)})"
    if n < FEW:
        return Answer(state="few", because=f"{because}; fewer than {FEW}.")
    low = top / n < IN_TIME
    because += f"; {'below' if low else 'the limit is'} {IN_TIME:.0%}."
    action = "Answer new leads within their time"
    return Answer(state="fires" if low else "quiet", action=action, because=because)


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _drafts(facts: Facts) -> Answer:
    found = facts.of("claim_drafts")
    if not found.count:
        return Answer(state="none")
    left = found.worst
    end = "its time is over" if left < 0 else "today is the last day" if not left else f"{_days(left)} left"
    sentence = f"{plural(found.count, 'claim')} not sent yet; the nearest: {end} (told within {_days(NEAR_DAYS)})."
    state: State = "fires" if left <= NEAR_DAYS else "quiet"
    action = f"Send {plural(found.count, 'claim')} before the limit of days"
    return Answer(state=state, action=action, because=sentence)


def _returns(facts: Facts) -> Answer:
    found = facts.of("old_parts")
    if not found.count:
        return Answer(state="none")
    left = found.worst
    end = f"{_days(-left)} overdue" if left < 0 else "due today" if not left else f"due in {_days(left)}"
    state: State = "fires" if left <= RETURN_DAYS else "quiet"
    because = f"{plural(found.count, 'old part')} asked for; the first is {end}. What does not come is charged"
    because += f": {amount(found.cents, 'money')} in all." if found.cents else "."
    return Answer(state=state, action=f"Send in {plural(found.count, 'old part')}", because=because)


def _back(facts: Facts) -> Answer:
    found = facts.of("claims_back")
    if not found.count:
        return Answer(state="none")
    state: State = "fires" if found.worst >= BACK_DAYS else "quiet"
    because = f"{plural(found.count, 'claim')} came back to be corrected; the oldest waits for {_days(found.worst)}."
    action = f"Correct {plural(found.count, 'claim')} and send {'it' if found.count == 1 else 'them'} again"
    return Answer(state=state, action=action, because=because)


def _coop(facts: Facts) -> Answer:
    found = facts.of("coop_expiring")
    if not found.cents:
        return Answer(state="none")
    state: State = "fires" if found.cents >= COOP_CENTS else "quiet"
    money = amount(found.cents, "money")
    because = f"{money} of co-op money nobody has planned for expires within {_days(EXPIRES_DAYS)}, the first in "
    because += f"{_days(found.worst)}."
    return Answer(state=state, action=f"Plan {money} of co-op money", because=because)


def _volume(facts: Facts) -> Answer:
    found = facts.of("next_tier")
    if not found.count:
        return Answer(state="none")
    near = found.count <= TIER_UNITS and found.worst <= TIER_DAYS
    end = f"{_days(found.worst)} left" if found.worst else "today is the last day"
    because = f"{plural(found.count, 'unit')} to the next step of {found.word}, "
    because += f"{amount(found.cents, 'money')} at stake, {end}."
    action = f"Deliver and report {plural(found.count, 'unit')} more"
    return Answer(state="fires" if near else "quiet", action=action, because=because)


PEERED: Final = ("leads_in_time", "follow_up", "show_rate", "claim_first_pass")


def _peers(facts: Facts) -> Answer:
    known = [facts.figures[n] for n in PEERED if n in facts.figures and facts.figures[n].now.value is not None]
    ranked = [f for f in known if f.band in ("best", "upper", "lower", "worst")]
    if not ranked:
        return Answer(state="few" if known else "none")
    last = [f for f in ranked if f.band == "worst" and f.peers is not None]
    if not last:
        return Answer(state="quiet", because=f"{plural(len(ranked), 'figure')} beside peers, none in the last quarter.")
    figure = last[0]
    assert figure.peers is not None
    because = "; ".join(
        f"{f.what.title} {amount(f.now.value, f.what.unit)}, median {amount(f.peers.median, f.what.unit)}"
        for f in last if f.peers is not None
    ) + f" ({figure.group})."  # fmt: skip
    titles = " and ".join(f.what.title.lower() for f in last)
    return Answer(state="fires", action=f"Look into {titles}", because=because)


BOARD: Final = "pages/leads/board.py"
CLAIMS: Final = "pages/claims/claims.py"

ALL: Final[tuple[Rule, ...]] = (
    Rule(
        id="A01", title="Leads nobody has answered", source="2.2 A, B", urgency=1, of="unanswered",
        condition="Any open lead whose first action is past its time", page=BOARD,
        query=(("lead_view", "overdue"), ("lead_dealer", "{dealer}")),
        judge=_counted(
            "unanswered", 1, lambda s: f"Answer {plural(s.count, 'lead')} nobody has called",
            lambda s: f"{plural(s.count, 'open lead')} without a first action; the oldest is "
            f"{minutes_label(s.worst)} past its time.",
        ),
    ),
    Rule(
        id="A02", title="Leads answered late", source="2.2 B, 2.8", urgency=2, of="late",
        condition=f"Fewer than {IN_TIME:.0%} of at least {FEW} leads answered in time, of the week or else of five",
        page="pages/leads/performance.py", query=(("perf_dealer", "{dealer}"),), judge=_in_time,
    ),
    Rule(
        id="A03", title="No-shows to win back", source="2.2 G", urgency=1, of="no_shows",
        condition="Any customer who did not come and has no new appointment", page="pages/crm/appointments.py",
        query=(("appt_view", "missed"), ("appt_dealer", "{dealer}")),
        judge=_counted(
            "no_shows", 1, lambda s: f"Win back {plural(s.count, 'customer')} who did not come",
            lambda s: f"{plural(s.count, 'no-show')} without a new appointment; the oldest waits for {_days(s.worst)}.",
        ),
    ),
    Rule(
        id="A04", title="Appointments to confirm", source="2.2 G", urgency=1, of="unconfirmed",
        condition=f"Any appointment within {CONFIRM_HOURS} hours whose customer has not said yes",
        page="pages/crm/appointments.py", query=(("appt_dealer", "{dealer}"),),
        judge=_counted(
            "unconfirmed", 1, lambda s: f"Confirm {plural(s.count, 'appointment')}",
            lambda s: f"{plural(s.count, 'appointment')} within {CONFIRM_HOURS} hours {_is(s.count)} not confirmed; "
            f"the next in {minutes_label(s.worst)}.",
        ),
    ),
    Rule(
        id="A05", title="Follow-up overdue", source="2.2 E", urgency=2, of="tasks",
        condition=f"At least {TASKS} follow-up tasks past their time", page="pages/crm/today.py",
        query=(("today_view", "all"),),
        judge=_counted(
            "tasks", TASKS, lambda s: f"Do {plural(s.count, 'follow-up task')} that {_is(s.count)} overdue",
            lambda s: f"{plural(s.count, 'follow-up task')} past their time, the oldest for {_days(s.worst)}; told "
            f"from {TASKS} on.",
        ),
    ),
    Rule(
        id="A06", title="Unhappy customers to call", source="2.2b", urgency=1, of="alerts",
        condition="Any unhappy answer to a survey nobody has called about", page="pages/crm/surveys.py",
        query=(("svy_view", "Alerts"), ("svy_dealer", "{dealer}")),
        judge=_counted(
            "alerts", 1, lambda s: f"Call {plural(s.count, 'unhappy customer')}",
            lambda s: f"{plural(s.count, 'unhappy customer')} not called; the oldest waits for "
            f"{minutes_label(s.worst)}, the promise is 24 h.",
        ),
    ),
    Rule(
        id="A07", title="Vehicles that stand", source="2.11", urgency=1, of="vehicles_down",
        condition="Any vehicle-down line of a parts order past its promised day", page="pages/parts/backorders.py",
        query=(("bo_kind", "vehicle_down"), ("bo_dealer", "{dealer}")),
        judge=_counted(
            "vehicles_down", 1, lambda s: f"Ask about {plural(s.count, 'part')} that vehicles stand for",
            lambda s: f"{plural(s.count, 'vehicle-down line')} past the promised day, the oldest ordered "
            f"{_days(s.worst)} ago.",
        ),
    ),
    Rule(
        id="A08", title="Parts on backorder", source="2.11", urgency=3, of="backorders",
        condition=f"At least {BACKORDERS} other lines past their promised day", page="pages/parts/backorders.py",
        query=(("bo_dealer", "{dealer}"),),
        judge=_counted(
            "backorders", BACKORDERS, lambda s: f"Go through {plural(s.count, 'line')} on backorder",
            lambda s: f"{plural(s.count, 'line')} past the promised day, the oldest ordered {_days(s.worst)} ago; "
            f"told from {BACKORDERS} on.",
        ),
    ),
    Rule(
        id="A09", title="Claims back for one reason", source="2.1 J", urgency=2, of="same_reason",
        condition=f"One reason for at least {SAME_REASON} returns in {REASON_DAYS} days", page=CLAIMS,
        query=(("claims_dealer", "{dealer}"),),
        judge=_counted(
            "same_reason", SAME_REASON, lambda s: f"Keep “{s.word}” from coming back",
            lambda s: f"{plural(s.count, 'claim')} came back in {REASON_DAYS} days for one reason: {s.word}; told "
            f"from {SAME_REASON} on.",
        ),
    ),
    Rule(
        id="A10", title="Claims near their limit", source="2.1 D W15", urgency=1, of="claim_drafts", page=CLAIMS,
        condition=f"Any claim not sent with at most {NEAR_DAYS} days left of its state's window",
        query=(("claims_dealer", "{dealer}"),), judge=_drafts,
    ),
    Rule(
        id="A11", title="Claims to correct", source="2.1 C", urgency=2, of="claims_back", page=CLAIMS,
        condition=f"Any claim that came back at least {BACK_DAYS} days ago and was not sent again",
        query=(("claims_status", "returned"), ("claims_dealer", "{dealer}")), judge=_back,
    ),
    Rule(
        id="A12", title="Old parts to send in", source="2.1 G", urgency=2, of="old_parts",
        condition=f"Any old part asked for that is due within {RETURN_DAYS} days or overdue",
        page="pages/claims/parts_returns.py", query=(("pr_dealer", "{dealer}"),), judge=_returns,
    ),
    Rule(
        id="A13", title="Incentive claims without proof", source="2.4 I08", urgency=2, of="incentive_proof",
        condition="Any incentive claim that came back because something is missing",
        page="pages/incentives/incentive_claims.py", query=(("incq_status", "returned"), ("incq_dealer", "{dealer}")),
        judge=_counted(
            "incentive_proof", 1, lambda s: f"Complete {plural(s.count, 'incentive claim')}",
            lambda s: f"{plural(s.count, 'incentive claim')} lack{'s' if s.count == 1 else ''} something; "
            f"{amount(s.cents, 'money')} is claimed.",
        ),
    ),
    Rule(
        id="A14", title="Co-op money expiring", source="2.3", urgency=2, of="coop_expiring",
        condition=f"At least {amount(COOP_CENTS, 'money')} unplanned that expires within {EXPIRES_DAYS} days",
        page="pages/coop/coop_radar.py", query=(("crd_dealer", "{dealer}"),), judge=_coop,
    ),
    Rule(
        id="A15", title="Co-op claims to complete", source="2.3", urgency=2, of="coop_back",
        condition="Any co-op claim that came back for a proof or a fact", page="pages/coop/coop_claims.py",
        query=(("coopclm_dealer", "{dealer}"),),
        judge=_counted(
            "coop_back", 1, lambda s: f"Complete {plural(s.count, 'co-op claim')}",
            lambda s: f"{plural(s.count, 'co-op claim')} came back for a proof or a fact; "
            f"{amount(s.cents, 'money')} is payable for {'it' if s.count == 1 else 'them'}.",
        ),
    ),
    Rule(
        id="A16", title="Documents to renew", source="2.7", urgency=2, of="documents",
        condition=f"Any required document missing, expired, or expiring within {EXPIRES_DAYS} days",
        page="pages/network/documents.py", query=(("dealer", "{dealer}"),),
        judge=_counted(
            "documents", 1, lambda s: f"Renew {plural(s.count, 'document')}",
            lambda s: f"{plural(s.count, 'required document')} missing, expired or close to it: {s.word}.",
        ),
    ),
    Rule(
        id="A17", title="Certificates to renew", source="2.1 D W22", urgency=3, of="certificates",
        condition=f"Any certificate of a technician that expires within {EXPIRES_DAYS} days",
        page="pages/claims/warranty.py", query=(("wty_view", "technicians"),),
        judge=_counted(
            "certificates", 1, lambda s: f"Renew {plural(s.count, 'certificate')} of technicians",
            lambda s: f"{plural(s.count, 'certificate')} expire{'s' if s.count == 1 else ''} within "
            f"{_days(EXPIRES_DAYS)}, the first in {_days(s.worst)}; work without one is not paid.",
        ),
    ),
    Rule(
        id="A18", title="The next tier is near", source="2.4", urgency=2, of="next_tier",
        condition=f"At most {TIER_UNITS} units to the next step of a volume program that ends within {TIER_DAYS} days",
        page="pages/incentives/outlook.py", query=(("ino_dealer", "{dealer}"),), judge=_volume,
    ),
    Rule(
        id="A19", title="Behind its peers", source="P5, P18", urgency=3,
        condition=f"A share of at least {FEW} counted in the last quarter of the peers of the week",
        page="pages/reports/scorecard.py", query=(("scd_dealer", "{dealer}"),), judge=_peers,
    ),
)  # fmt: skip
"""Every rule, in the order of their numbers."""
RULES: Final[Mapping[str, Rule]] = {rule.id: rule for rule in ALL}


def judged(facts: Facts) -> tuple[Verdict, ...]:
    """What every rule says of a dealer, in the order of their numbers."""
    found = []
    for rule in ALL:
        answer, standing = rule.judge(facts), facts.of(rule.of)
        fires = answer.state == "fires"
        rows = standing.rows[:SHOWN] if fires else ()
        # Of co-op money and of a tier the rows are not what is counted.
        counted = standing.count if rule.of not in ("next_tier", "coop_expiring") else len(rows)
        found.append(
            Verdict(
                rule=rule.id, state=answer.state, action=answer.action if fires else "", because=answer.because,
                urgency=rule.urgency, page=rule.page if fires else "",
                query=tuple((k, v.format(dealer=facts.dealer_id)) for k, v in rule.query) if fires else (),
                rows=rows, more=max(0, counted - len(rows)) if fires else 0,
            )
        )  # fmt: skip
    return tuple(found)


def ordered(verdicts: tuple[Verdict, ...]) -> list[Verdict]:
    """What fired, most urgent first, of one urgency in the order of the rules' numbers."""
    return sorted((v for v in verdicts if v.state == "fires"), key=lambda v: (v.urgency, v.rule))
