"""How alike two customers of one dealer are, as a score with its reasons (domain-rules 2.2 D, U10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

from db.core.contact import name_key, postal_key

LIKELY: Final = 60
POSSIBLE: Final = 40
SAME_EMAIL, SAME_PHONE, SAME_NAME_POSTAL, SAME_STREET, SAME_VEHICLE = 55, 45, 40, 15, 15
SAME_NAME, LIKE_NAME, SAME_LAST = 20, 15, 5
OTHER_FIRST_NAME, OTHER_KIND = -30, -25
_ALIKE: Final = 0.84
_SOUNDS: Final = str.maketrans({"k": "c", "q": "c", "z": "s", "y": "i", "w": "v"})
_FEWEST: Final = 3


@dataclass(frozen=True, kw_only=True)
class PersonFacts:
    """What is compared; `keys` as the desk stores them (email:…, phone:…, name:…|postal), `vins` owned ever."""

    customer_id: int
    name: str
    first_name: str = ""
    last_name: str = ""
    street: str = ""
    postal_code: str = ""
    is_business: bool = False
    keys: frozenset[str] = frozenset()
    vins: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """The score (0 to 100) and every reason with its points, the strongest first."""

    score: int
    reasons: tuple[tuple[str, int], ...] = field(default=())

    @property
    def word(self) -> str:
        """How sure the desk is."""
        return "Likely" if self.score >= LIKELY else "Possible" if self.score >= POSSIBLE else "Unlikely"

    @property
    def sentence(self) -> str:
        """The reasons as one line."""
        return ", ".join(reason for reason, _ in self.reasons) or "nothing in common"


def likeness(one: PersonFacts, other: PersonFacts) -> Likeness:
    """Compare two customers; the order of the two does not matter."""
    shared = {key.partition(":")[0] for key in one.keys & other.keys}
    reasons: list[tuple[str, int]] = []
    if "email" in shared:
        reasons.append(("same e-mail", SAME_EMAIL))
    if "phone" in shared:
        reasons.append(("same phone", SAME_PHONE))
    first, second = name_key(one.name), name_key(other.name)
    place, there = postal_key(one.postal_code), postal_key(other.postal_code)
    is_same_name = bool(first) and first == second
    if "name" in shared or (is_same_name and place and place == there):
        reasons.append(("same name and postal code", SAME_NAME_POSTAL))
    elif is_same_name:
        reasons.append(("same name", SAME_NAME))
    elif _is_alike(first, second):
        reasons.append(
            ("similar name" + (" and same postal code" if place and place == there else ""), _points(place, there))
        )
    elif _last(one) and _last(one) == _last(other):
        reasons.append(("same family name", SAME_LAST))
    street, road = name_key(one.street), name_key(other.street)
    if street and street == road and place == there:
        reasons.append(("same street", SAME_STREET))
    if one.vins & other.vins:
        reasons.append(("same vehicle", SAME_VEHICLE))
    if one.is_business != other.is_business:
        reasons.append(("one is a business", OTHER_KIND))
    elif not is_same_name and _other_person(one, other):
        reasons.append(("first names differ: perhaps one household", OTHER_FIRST_NAME))
    score = max(0, min(100, sum(points for _, points in reasons)))
    return Likeness(score=score, reasons=tuple(sorted(reasons, key=lambda r: (-r[1], r[0]))))


def _points(place: str, there: str) -> int:
    return LIKE_NAME + (15 if place and place == there else 0)


def _is_alike(first: str, second: str) -> bool:
    """Whether two names are one name typed in two ways: letters swapped, an initial, first and last name turned."""
    if not first or not second:
        return False
    ordered = " ".join(sorted(first.split())), " ".join(sorted(second.split()))
    if ordered[0] == ordered[1]:
        return True
    words, others = first.split(), second.split()
    if len(words) > 1 and len(others) > 1 and words[-1] == others[-1] and words[0][0] == others[0][0]:
        return len(words[0]) == 1 or len(others[0]) == 1 or _ratio(words[0], others[0]) >= 0.6
    return _ratio(ordered[0], ordered[1]) >= _ALIKE and words[0][:1] == others[0][:1]


def _ratio(one: str, other: str) -> float:
    # The longest common run depends on the order of the two; a likeness must not.
    first, second = sorted((one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _last(facts: PersonFacts) -> str:
    return name_key(facts.last_name) or (name_key(facts.name).split() or [""])[-1]


def _other_person(one: PersonFacts, other: PersonFacts) -> bool:
    first, second = _first(one), _first(other)
    if not first or not second or first == second or _is_alike(name_key(one.name), name_key(other.name)):
        return False
    return not (first.startswith(second) or second.startswith(first))


def _first(facts: PersonFacts) -> str:
    words = name_key(facts.name).split()
    return name_key(facts.first_name) or (words[0] if len(words) > 1 else "")


def match_key(name: str, postal: str) -> str:
    """Under which key lookalikes are looked for: the sound of the family name and the postal code; empty without both.

    It only finds candidates cheaply; `likeness` decides.
    """
    words = name_key(name).split()
    place = postal_key(postal)
    if not words or not place:
        return ""
    last = words[-1].translate(_SOUNDS)
    sound = last[0] + "".join(c for c in last[1:] if c not in "aeiouh")
    squeezed = "".join(c for i, c in enumerate(sound) if i == 0 or c != sound[i - 1])
    return f"{squeezed[:4]}|{place}"[:60]


def suggestions(
    pairs: Iterable[tuple[PersonFacts, PersonFacts]], *, least: int = POSSIBLE
) -> list[tuple[PersonFacts, PersonFacts, Likeness]]:
    """The pairs worth looking at, the likeliest first."""
    scored = [(one, other, likeness(one, other)) for one, other in pairs]
    wanted = [row for row in scored if row[2].score >= least]
    return sorted(wanted, key=lambda row: (-row[2].score, row[0].customer_id, row[1].customer_id))
