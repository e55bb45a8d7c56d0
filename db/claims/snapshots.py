"""Facts and policies as JSON and back, so that a decision can be replayed with the very facts it was made on."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from db.claims.model import ClaimDraft, ClaimFacts, Result
from db.claims.policy_rules import Policy

# Reading and writing both go through the declared types: a field that is renamed fails loudly in the tests.
_FACTS = TypeAdapter(ClaimFacts)
_POLICY = TypeAdapter(Policy)
_RESULTS = TypeAdapter(list[Result])
_DRAFT = TypeAdapter(ClaimDraft)


def facts_to_json(facts: ClaimFacts) -> dict[str, Any]:
    """The facts as they are kept with a run."""
    found: dict[str, Any] = _FACTS.dump_python(facts, mode="json")
    return found


def facts_from_json(body: dict[str, Any]) -> ClaimFacts:
    """The facts of a run; raises pydantic's ValidationError for something that never was one."""
    return _FACTS.validate_python(body, strict=False)


def policy_to_json(policy: Policy) -> dict[str, Any]:
    """A policy as it is stored."""
    found: dict[str, Any] = _POLICY.dump_python(policy, mode="json")
    return found


def policy_from_json(body: dict[str, Any]) -> Policy:
    """A stored policy; what an older version did not know yet has its default."""
    return _POLICY.validate_python(body, strict=False)


def results_to_json(results: tuple[Result, ...]) -> list[dict[str, Any]]:
    """The results of a run as they are stored."""
    found: list[dict[str, Any]] = _RESULTS.dump_python(list(results), mode="json")
    return found


def results_from_json(body: list[dict[str, Any]]) -> tuple[Result, ...]:
    """The stored results of a run."""
    return tuple(_RESULTS.validate_python(body, strict=False))


def draft_to_json(draft: ClaimDraft) -> dict[str, Any]:
    """A draft as it stands on the screen."""
    found: dict[str, Any] = _DRAFT.dump_python(draft, mode="json")
    return found


def draft_from_json(body: dict[str, Any]) -> ClaimDraft:
    """A draft that was kept; raises pydantic's ValidationError (a ValueError) for something that never was one."""
    return _DRAFT.validate_python(body, strict=False)
