"""What the routing rules can be set to, with defaults (domain-rules 2.2 B-D); stored as JSON, one version a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from db.core.contact import name_key
from db.core.problems import Problem, Problems

Fairness = Literal["weighted", "least_load"]
WithoutPlace = Literal["fallback", "share"]
BreachAction = Literal["escalate", "reroute"]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One version of the routing rules. Distances in km, targets in working minutes unless they say otherwise.

    `performance_floor_percent` (None: off): a dealer that answered fewer of its leads in time gets only
    `performance_share_percent` of its share. `sources` maps names senders use to the source leads are counted under.
    """

    nearest_km: int = 250
    nearest_band_km: int = 15
    fairness: Fairness = "weighted"
    without_place: WithoutPlace = "fallback"
    named_dealer_beyond_capacity: bool = True
    used_cars_need_brand: bool = False
    stay_with_dealer: bool = True
    performance_floor_percent: int | None = None
    performance_share_percent: int = 50
    performance_days: int = 30
    performance_least_leads: int = 10
    duplicate_window_days: int = 30
    historic_after_days: int = 7
    first_action_minutes: int = 15
    hot_first_action_minutes: int = 5
    first_quality_minutes: int = 60
    wall_clock_hours: int = 24
    breach_action: BreachAction = "escalate"
    sources: Mapping[str, str] = field(default_factory=dict)

    def as_content(self) -> dict[str, Any]:
        """The policy as it is stored."""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {"sources": dict(self.sources)}

    def source_of(self, name: str) -> str:
        """The source a sender's name counts under: by the synonyms, else the name itself, at most 80 characters."""
        text = " ".join(name.split())
        synonyms = {name_key(key): value for key, value in self.sources.items()}
        return (synonyms.get(name_key(text)) or text)[:80]


DEFAULT = Policy()

_LIMITS: dict[str, tuple[str, int, int]] = {
    "nearest_km": ("The greatest distance", 1, 5_000),
    "nearest_band_km": ("The distance that counts as equally near", 0, 1_000),
    "performance_share_percent": ("The reduced share", 1, 100),
    "performance_days": ("The days performance is measured over", 1, 366),
    "performance_least_leads": ("The least number of leads to judge by", 1, 10_000),
    "duplicate_window_days": ("The window for duplicates", 0, 366),
    "historic_after_days": ("The age from which a lead is history", 1, 366),
    "first_action_minutes": ("The first-action target", 1, 10_000),
    "hot_first_action_minutes": ("The first-action target of hot leads", 1, 10_000),
    "first_quality_minutes": ("The quality-response target", 1, 10_000),
    "wall_clock_hours": ("The wall-clock limit", 1, 720),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "fairness": get_args(Fairness),
    "without_place": get_args(WithoutPlace),
    "breach_action": get_args(BreachAction),
}
_SWITCHES = ("named_dealer_beyond_capacity", "used_cars_need_brand", "stay_with_dealer")


def problems_with(content: Mapping[str, Any]) -> list[Problem]:
    """Everything wrong with a policy somebody wants to save, each tied to its field."""
    problems = Problems()
    known = {one.name for one in fields(Policy)}
    for name in sorted(set(content) - known):
        problems.add(name, "unknown_setting", f"There is no setting “{name}”.")
    for name, (label, least, most) in _LIMITS.items():
        value = content.get(name, getattr(DEFAULT, name))
        if not _is_number(value) or not least <= value <= most:
            problems.add(name, "out_of_range", f"{label} must be a whole number from {least:,} to {most:,}.")
    for name, allowed in _CHOICES.items():
        if content.get(name, getattr(DEFAULT, name)) not in allowed:
            problems.add(name, "unknown_choice", f"Choose one of: {', '.join(allowed)}.")
    for name in _SWITCHES:
        if not isinstance(content.get(name, True), bool):
            problems.add(name, "unknown_choice", "Choose yes or no.")
    floor = content.get("performance_floor_percent")
    if floor is not None and (not _is_number(floor) or not 1 <= floor <= 100):
        problems.add("performance_floor_percent", "out_of_range", "The floor must be from 1 to 100 percent, or empty.")
    _check_sources(content.get("sources", {}), problems)
    found = problems.found
    if not found and content.get("hot_first_action_minutes", 5) > content.get("first_action_minutes", 15):
        sentence = "Hot leads cannot wait longer than other leads."
        found.append(Problem(field="hot_first_action_minutes", code="out_of_range", message=sentence))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_sources(sources: Any, problems: Problems) -> None:
    if not isinstance(sources, Mapping):
        problems.add("sources", "wrong_shape", "Source names are pairs of a sender's name and the source it counts as.")
        return
    for name, source in sources.items():
        if not isinstance(source, str) or not source.strip() or len(source) > 80 or not name_key(str(name)):
            problems.add("sources", "wrong_shape", f"“{name}” needs a source name of 1 to 80 characters.")


def from_content(content: Mapping[str, Any]) -> Policy:
    """The policy of stored content; settings added since take their defaults, unknown ones are passed over."""
    known = {one.name for one in fields(Policy)}
    return Policy(**{name: value for name, value in content.items() if name in known})
