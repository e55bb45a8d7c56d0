"""Whose signature a level still needs, and why somebody may not give it (domain-rules 2.0, 2.5; U17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.pricing.band_rules import Level


@dataclass(frozen=True, kw_only=True)
class Signed:
    """One signature that counts for the terms as they are: at which level, with which authority, by whom and for whom.

    `for_username` is the person whose authority a stand-in used; empty when it was the signer's own.
    """

    level: int
    permission: str
    username: str
    for_username: str = ""

    @property
    def hands(self) -> frozenset[str]:
        """Everybody whose hand is in it."""
        return frozenset({self.username, self.for_username} - {""})


@dataclass(frozen=True, kw_only=True)
class Authority:
    """What somebody may sign with: the permissions of a person, the own ones or those of a person stood in for."""

    username: str
    permissions: frozenset[str]
    is_own: bool = True


def missing(level: Level, signed: Iterable[Signed]) -> tuple[str, ...]:
    """The permissions a level still needs a signature with; empty when the level is complete."""
    given = {s.permission for s in signed if s.level == level.level}
    if level.mode == "any":
        return () if given & set(level.permissions) else level.permissions
    return tuple(p for p in level.permissions if p not in given)


@dataclass(frozen=True, kw_only=True)
class Right:
    """How somebody may sign now: with which permission, and for whom; `problem` (code) when not at all."""

    permission: str = ""
    for_username: str = ""
    problem: str = ""


SENTENCES = {
    "own_request": "You asked for this yourself, or stand in for who did; another person has to sign.",
    "own_signature": "You signed this level or the one before; nobody signs two levels in a row.",
    "no_authority": "This level is not yours to sign.",
}


def right_to_sign(
    level: Level, signed: Sequence[Signed], *, username: str, held: Sequence[Authority], submitted_by: str
) -> Right:
    """Whether a person may sign the level now; one's own authority goes before that of somebody stood in for.

    Neither the signer nor the person stood in for may have asked for the request, or have signed this level or the
    one before.
    """
    wanted = missing(level, signed)
    barred = {h for s in signed if s.level in (level.level, level.level - 1) for h in s.hands}
    problem = "no_authority"
    for authority in sorted(held, key=lambda a: not a.is_own):
        matching = [p for p in wanted if p in authority.permissions]
        if not matching:
            continue
        hands = {username, authority.username}
        if submitted_by in hands:
            problem = "own_request"
        elif hands & barred:
            problem = "own_signature" if problem != "own_request" else problem
        else:
            return Right(permission=matching[0], for_username="" if authority.is_own else authority.username)
    return Right(problem=problem)
