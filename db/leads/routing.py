"""Which dealer gets a lead, and why each other one did not (domain-rules 2.2 C): pure, the same facts decide the same.

Rules in order, the first that leaves a candidate wins: the dealer named, the owner of the postal prefix, the nearest.
Then fairness among what is left; without any candidate the fallback queue, with its reason. No lead is ever lost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Final, Literal, NamedTuple, TypedDict

from db.core.geo import Place
from db.core.labels import plural
from db.leads.routing_network import DealerFacts, Network
from db.leads.routing_policy import Policy
from db.leads.routing_share import Load, least_loaded, take_turn

SHOWN: Final = 30
Rule = Literal["preferred_dealer", "territory", "nearest", "everywhere", "fallback"]

RULE_LABELS: Final[dict[str, str]] = {
    "preferred_dealer": "Dealer named by the customer",
    "territory": "Owner of the postal area",
    "nearest": "Nearest dealers",
    "everywhere": "All dealers in turn",
    "fallback": "Nobody could take it",
}
NOT_ACTIVE: Final = {
    "prospect": "is not a dealer yet",
    "onboarding": "has not finished onboarding",
    "suspended": "is suspended",
    "terminated": "is terminated",
}


@dataclass(frozen=True, kw_only=True)
class LeadFacts:
    """What routing knows of a lead.

    `named_dealer_id` is the dealer the document names, `named_by` how ("vendor id 02036"); `named_text` is what it said
    where no dealer of ours was found. `brand` is in comparable form and empty where it must not decide (no make, or a
    used car); `is_new` is True when the document says so. `excluded` dealers had their chance (a re-route).
    """

    named_dealer_id: int | None = None
    named_by: str = ""
    named_text: str = ""
    brand: str = ""
    brand_label: str = ""
    is_new: bool = False
    postal: str = ""
    place: Place | None = None
    excluded: frozenset[int] = frozenset()


class Candidate(TypedDict):
    """One dealer that was considered; `dropped_by` is empty for the chosen one, else the rule that took it out."""

    dealer_code: str
    dealer_name: str
    dropped_by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Where a lead goes and why. `dropped` counts the dealers left out by rule, shown or not.

    `pool` names the turn list and `credits` are the new values of that list (dealer id -> credit), to be stored.
    """

    rule: Rule
    dealer: DealerFacts | None
    why: str
    candidates: tuple[Candidate, ...]
    dropped: Mapping[str, int]
    distance_km: float | None = None
    is_in_territory: bool = False
    is_out_of_market: bool = False
    pool: str = ""
    credits: Mapping[int, int] = field(default_factory=dict)

    def as_stored(self, *, policy_version: int) -> dict[str, object]:
        """The explanation kept on the lead."""
        return {
            "policy_version": policy_version,
            "rule": self.rule,
            "dealer_code": self.dealer.code if self.dealer else "",
            "dealer_name": self.dealer.name if self.dealer else "",
            "why": self.why,
            "distance_km": None if self.distance_km is None else round(self.distance_km),
            "candidates": list(self.candidates),
            "dropped": dict(self.dropped),
        }


def decide(
    lead: LeadFacts,
    network: Network,
    policy: Policy,
    *,
    load: Load,
    credits: Mapping[str, Mapping[int, int]],
) -> Decision:
    """Choose a dealer for `lead`; `credits` are the turn lists by pool. Nothing is changed: the caller stores it."""
    work = _Work(lead, network, policy, load)
    named = network.by_id.get(lead.named_dealer_id) if lead.named_dealer_id is not None else None
    if named is not None:
        reason = work.barred(named, by_name=True)
        if reason is None:
            return work.chosen("preferred_dealer", named, f"{named.name} was named ({lead.named_by}).")
        work.drop(named, *reason)
    elif lead.named_text:
        work.notes.append(f"“{lead.named_text[:80]}” is no dealer of the network.")

    group, owners = network.owners(lead.postal)
    fit = work.fit(owners)
    if fit:
        return work.share("territory", fit, group, f"Postal area {group}", credits)

    reachable, group, what = work.reachable()
    fit = work.fit(reachable, what, lead.place)
    if fit:
        rule: Rule = "nearest" if lead.place else "everywhere"
        return work.share(rule, fit, group, what, credits)
    return work.nobody()


class _Split(NamedTuple):
    """Some dealers by what their make allows: those out of it with the reason, how many by rule, and the others."""

    unfit: dict[int, Candidate]
    counts: Counter[str]
    able: list[DealerFacts]


class _Work:
    """One decision in the making: who was dropped, by what, in the order of the rules."""

    def __init__(self, lead: LeadFacts, network: Network, policy: Policy, load: Load) -> None:
        self.lead, self.network, self.policy, self.load = lead, network, policy, load
        self.dropped: dict[int, Candidate] = {}
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        self.distances: Mapping[int, float] = {}
        if lead.place is not None:
            self.distances = network.distances(lead.place)
        self._known_unfit: dict[int, tuple[str, str] | None] = network.remembered("unfit", lead.brand, lead.brand_label)

    def drop(self, dealer: DealerFacts, rule: str, reason: str) -> None:
        if dealer.id not in self.dropped:
            self._leave(dealer.id, _dropped(dealer, rule, reason))

    def _leave(self, dealer_id: int, candidate: Candidate) -> None:
        self.dropped[dealer_id] = candidate
        self.counts[candidate["dropped_by"]] += 1

    def _leave_all(self, split: _Split) -> None:
        """Drop who is unfit; whoever was dropped before stays as and where it was."""
        before = self.dropped
        self.dropped = {**before, **split.unfit, **before} if before else dict(split.unfit)
        for rule, number in split.counts.items():
            self.counts[rule] += number
        for dealer_id in before:
            if dealer_id in split.unfit:
                self.counts[split.unfit[dealer_id]["dropped_by"]] -= 1

    def barred(self, dealer: DealerFacts, *, by_name: bool = False) -> tuple[str, str] | None:
        """Why this dealer may not have the lead whatever the distance (rules 2, 5), or None."""
        if by_name or self.lead.excluded:
            reason = self._unfit(dealer, by_name=by_name)
        else:
            reason = self._unfit_once(dealer)
        if reason is not None or (by_name and self.policy.named_dealer_beyond_capacity):
            return reason
        return self._full(dealer)

    def _unfit_once(self, dealer: DealerFacts) -> tuple[str, str] | None:
        """The same for all leads of this make, where nobody is named or excluded."""
        if dealer.id not in self._known_unfit:
            self._known_unfit[dealer.id] = self._unfit(dealer)
        return self._known_unfit[dealer.id]

    def _unfit(self, dealer: DealerFacts, *, by_name: bool = False) -> tuple[str, str] | None:
        """Why this dealer may not have a lead of this make, however little it carries, or None."""
        lead = self.lead
        if dealer.status != "active":
            return "status", f"{dealer.name} {NOT_ACTIVE.get(dealer.status, f'is {dealer.status}')}."
        if not dealer.takes_leads:
            return "status", f"{dealer.name} takes no leads at present."
        if dealer.id in lead.excluded:
            return "had_it", f"{dealer.name} had this lead and did not act in time."
        # A named dealer keeps a car of another make, unless it is said to be new and somebody else sells that make.
        binding = not by_name or (lead.is_new and lead.brand in self.network.sold_brands)
        if lead.brand and dealer.brands and lead.brand not in dealer.brands and binding:
            return "brand", f"{dealer.name} is not authorised for {lead.brand_label or lead.brand}."
        return None

    def _full(self, dealer: DealerFacts) -> tuple[str, str] | None:
        carries, today = self.load.open_leads.get(dealer.id, 0), self.load.today.get(dealer.id, 0)
        if dealer.cap and carries >= dealer.cap:
            return "capacity", f"{dealer.name} has {plural(carries, 'open lead')}, its cap is {dealer.cap}."
        if dealer.quota and today >= dealer.quota:
            return "capacity", f"{dealer.name} was given {plural(today, 'lead')} today, its quota is {dealer.quota}."
        if self._weight(dealer) <= 0:
            return "capacity", f"{dealer.name} has a share of 0."
        return None

    def _weight(self, dealer: DealerFacts) -> int:
        """The share of a dealer; one that answers too few of its leads in time gets a smaller one (rule 6)."""
        floor = self.policy.performance_floor_percent
        if floor is None or dealer.hit_rate is None or 100 * dealer.hit_rate >= floor:
            return dealer.weight * 100
        return dealer.weight * self.policy.performance_share_percent

    def fit(self, dealers: Sequence[DealerFacts], *among: object) -> list[DealerFacts]:
        """The dealers of a rule that nothing speaks against; the others are dropped with their reason.

        `among` names the same dealers for every lead, so that what their make allows is told once for all leads of it.
        """
        lead = self.lead
        known = self.network.remembered("dropped", lead.brand, lead.brand_label)
        if among and not lead.excluded:
            kinds = self.network.around("split", lead.brand, lead.brand_label, *among)
            split: _Split | None = kinds.get(len(dealers))
            if split is None:
                split = kinds[len(dealers)] = self._split(dealers, known)
            able = [dealer for dealer in split.able if dealer.id not in self.dropped]
            if all(self._full(dealer) is None for dealer in able):
                self._leave_all(split)
                return able
        kept, unfit = [], self._known_unfit
        for dealer in dealers:
            if dealer.id in self.dropped:
                continue
            reason = self.barred(dealer)
            if reason is None:
                kept.append(dealer)
            elif reason is not unfit.get(dealer.id):
                self.drop(dealer, *reason)  # what it carries changes from lead to lead
            else:
                if dealer.id not in known:
                    known[dealer.id] = _dropped(dealer, *reason)
                self._leave(dealer.id, known[dealer.id])
        return kept

    def _split(self, dealers: Sequence[DealerFacts], known: dict[int, Candidate]) -> _Split:
        split = _Split({}, Counter(), [])
        for dealer in dealers:
            reason = self._unfit_once(dealer)
            if reason is None:
                split.able.append(dealer)
                continue
            if dealer.id not in known:
                known[dealer.id] = _dropped(dealer, *reason)
            split.unfit[dealer.id] = known[dealer.id]
            split.counts[reason[0]] += 1
        return split

    def reachable(self) -> tuple[list[DealerFacts], str, str]:
        """The dealers of rule 3b: the nearest that may have it and those about as near; else who could come at all."""
        lead, policy = self.lead, self.policy
        if lead.place is None:
            able = [d for d in self.network.dealers if d.id not in self.dropped and self.barred(d) is None]
            if policy.without_place == "share" or len(able) == 1:
                return list(self.network.dealers), "", "No postal code or state: every dealer in turn"
            return [], "", ""
        if lead.place.precision == "state":
            # Within a state nobody is known to be nearer, so the dealers of the state take turns.
            local = [d for d in self.network.dealers if d.state == lead.place.state and d.id not in self.dropped]
            if any(self.barred(d) is None for d in local):
                return local, lead.place.state, f"In the customer's state ({lead.place.state})"
        near = self.network.by_distance(lead.place)
        limit = float(policy.nearest_km)
        for km, dealer in self._able_near(lead.place, bisect_right(near, limit, key=itemgetter(0))):
            if dealer.id not in self.dropped and self._full(dealer) is None:
                limit = min(limit, km + policy.nearest_band_km)
                break
        within = bisect_right(near, limit, key=itemgetter(0))
        known = self.network.around("within", lead.place)
        if within not in known:
            known[within] = [dealer for _, dealer in near[:within]]
        return known[within], lead.place.key, f"Near {lead.place.key}"

    def _able_near(self, place: Place, within: int) -> Iterable[tuple[float, DealerFacts]]:
        """Who of the `within` nearest dealers of a place may have leads of this make, nearest first."""
        near = self.network.by_distance(place)
        if self.lead.excluded:
            return ((km, dealer) for km, dealer in near[:within] if self._unfit(dealer) is None)
        known = self.network.around("able", self.lead.brand, self.lead.brand_label, place)
        if within not in known:
            known[within] = [(km, dealer) for km, dealer in near[:within] if self._unfit_once(dealer) is None]
        found: list[tuple[float, DealerFacts]] = known[within]
        return found

    def share(
        self, rule: Rule, fit: Sequence[DealerFacts], group: str, what: str, credits: Mapping[str, Mapping[int, int]]
    ) -> Decision:
        """Give it to one of several by the policy's fairness (rule 4)."""
        if len(fit) == 1:
            return self.chosen(rule, fit[0], f"{what}: {fit[0].name} is the only one that can take it.")
        weights = {dealer.id: self._weight(dealer) for dealer in fit}
        if self.policy.fairness == "least_load":
            chosen = self.network.by_id[least_loaded(weights, self.load.open_leads, [d.id for d in fit])]
            why = f"{what}: {chosen.name} carries least of {len(fit)} ({self.load.open_leads[chosen.id]} open)."
            return self.chosen(rule, chosen, why, others=fit, lost="carries more open leads for its share")
        pool = f"{rule}|{self.lead.brand[:40]}|{group[:20]}"
        winner, after = take_turn(weights, credits.get(pool, {}), [dealer.id for dealer in fit])
        chosen = self.network.by_id[winner]
        why = f"{what}: it was the turn of {chosen.name} among {len(fit)}."
        return self.chosen(rule, chosen, why, others=fit, lost="was not its turn", pool=pool, credits=after)

    def chosen(
        self, rule: Rule, dealer: DealerFacts, why: str, *, others: Sequence[DealerFacts] = (), lost: str = "",
        pool: str = "", credits: Mapping[int, int] | None = None,
    ) -> Decision:  # fmt: skip
        """The decision for a dealer, with everybody else's reason."""
        known = self.network.remembered("lost", lost)
        for other in others:
            if other.id != dealer.id and other.id not in self.dropped:
                if other.id not in known:
                    known[other.id] = _dropped(other, "fairness", f"{other.name} {lost}.")
                self._leave(other.id, known[other.id])
        best = Candidate(dealer_code=dealer.code, dealer_name=dealer.name, dropped_by="", reason=why)
        shown, counts = self._told(dealer, rule)
        group, owners = self.network.owners(self.lead.postal)
        return Decision(
            rule=rule, dealer=dealer, why=" ".join([*self.notes, why]), candidates=(best, *shown), dropped=counts,
            distance_km=self.distances.get(dealer.id), is_in_territory=bool(group) and dealer in owners,
            is_out_of_market=self._is_far(), pool=pool, credits=credits or {},
        )  # fmt: skip

    def nobody(self) -> Decision:
        """The fallback queue, with the reason in words."""
        shown, counts = self._told(None, "fallback")
        if not self.network.dealers:
            why = "There are no dealers yet."
        elif self.lead.place is None and not self.lead.postal:
            why = "Neither a dealer of ours nor a postal code or state was named."
        elif self.lead.place is None:
            why = "The postal code belongs to no place we know."
        elif self.lead.brand and self.network.sold_brands and self.lead.brand not in self.network.sold_brands:
            why = f"No dealer is authorised for {self.lead.brand_label or self.lead.brand}."
        elif not counts or set(counts) <= {"distance", "status"}:
            why = f"No active dealer within {self.policy.nearest_km} km."
        else:
            why = "Every dealer that could take it was left out: " + _summed(counts) + "."
        return Decision(
            rule="fallback", dealer=None, why=" ".join([*self.notes, why]), candidates=tuple(shown), dropped=counts,
            is_out_of_market=self._is_far(),
        )  # fmt: skip

    def _is_far(self) -> bool:
        if self.lead.place is None:
            return False
        near = self.network.by_distance(self.lead.place)
        return bool(near) and near[0][0] > self.policy.nearest_km

    def _told(self, winner: DealerFacts | None, rule: Rule) -> tuple[list[Candidate], dict[str, int]]:
        """Every other dealer with its reason, dropped ones first, then the nearest, at most `SHOWN`; counts of all."""
        counts = Counter(self.counts)
        shown = list(islice(self.dropped.values(), SHOWN))
        others = {"preferred_dealer": "preferred_dealer", "territory": "territory"}.get(rule, "distance")
        idle = self.network.idle - self.dropped.keys()
        counts["status"] += len(idle)
        counts[others] += len(self.network.dealers) - len(self.dropped) - len(idle) - (winner is not None)
        # An idle dealer's reason may depend on the lead; the others' is the same for every lead from this place.
        known = self.network.around("left out", others, self.lead.place)
        for dealer in self.network.ranked(self.lead.place):
            if len(shown) >= SHOWN:
                break
            if dealer.id in self.dropped or dealer is winner:
                continue
            if dealer.id in self.network.idle:
                shown.append(self._left_out(dealer, rule))
                continue
            if dealer.id not in known:
                known[dealer.id] = self._left_out(dealer, rule)
            shown.append(known[dealer.id])
        return shown, {rule: number for rule, number in sorted(counts.items()) if number}

    def _left_out(self, dealer: DealerFacts, rule: Rule) -> Candidate:
        km = self.distances.get(dealer.id)
        if dealer.status != "active" or not dealer.takes_leads:
            by, reason = self.barred(dealer) or ("status", "")
        elif rule == "preferred_dealer":
            by, reason = "preferred_dealer", f"Not {dealer.name}: another dealer was named."
        elif rule == "territory":
            by, reason = "territory", f"{dealer.name} does not own this postal area."
        elif self.lead.place is None:
            by, reason = "distance", f"{dealer.name}: where the customer lives is not known."
        elif km is None:
            by, reason = "distance", f"{dealer.name} has no position on the map."
        else:
            by, reason = "distance", f"{dealer.name} is {km:,.0f} km away."
        return _dropped(dealer, by, reason)


def _dropped(dealer: DealerFacts, rule: str, reason: str) -> Candidate:
    return Candidate(dealer_code=dealer.code, dealer_name=dealer.name, dropped_by=rule, reason=reason)


def _summed(counts: Mapping[str, int]) -> str:
    words = {
        "status": "not active", "brand": "not authorised for the brand", "capacity": "full", "distance": "too far away",
        "had_it": "had it before", "territory": "another postal area",
    }  # fmt: skip
    return ", ".join(f"{number:,} {words.get(rule, rule)}" for rule, number in sorted(counts.items()))
