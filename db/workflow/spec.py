"""What every queue declares once: states, steps, who may, four eyes, inputs, due times. Frozen data, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from db.core.permissions import Permission

if TYPE_CHECKING:
    from db.workflow.tables import QueueItem

Tone = Literal["neutral", "blue", "green", "orange", "red", "violet", "gray"]


@dataclass(frozen=True, kw_only=True)
class State:
    """A stage in the life of a record. `final` states are closed; in `paused` ones no clock runs."""

    name: str
    label: str
    tone: Tone = "neutral"
    final: bool = False
    paused: bool = False
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One thing a step asks for; its name is the command's argument of the same name."""

    name: str
    label: str
    kind: Literal["text", "choice", "bool", "dealer", "person", "moment", "money", "date"] = "text"
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A way from some states to others. The command of the same name carries it out.

    `targets` holds the states it may lead to; empty means the state stays. `four_eyes` bars the person who submitted
    the record (and, for a dealer's record, anybody of that dealer) from taking it; `own_only` bars everybody else;
    `other_hands` bars the person who signed the level before (domain-rules 2.0; the record's `signed_by`).
    `by_job` steps are never buttons.
    """

    name: str
    label: str
    sources: tuple[str, ...]
    permission: Permission
    targets: tuple[str, ...] = ()
    four_eyes: bool = False
    own_only: bool = False
    other_hands: bool = False
    inputs: tuple[Input, ...] = ()
    icon: str = ""
    routine: bool = False
    by_job: bool = False
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Sla:
    """A promise about time. `minutes` are working minutes of the record's calendar unless `wall_clock` is set."""

    name: str
    label: str
    minutes: int
    warn_at: tuple[int, ...] = (50, 80)
    wall_clock: bool = False
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The whole declaration of one queue."""

    name: str
    title: str
    item_label: str
    table: type[QueueItem]
    states: tuple[State, ...]
    initial: str
    steps: tuple[Step, ...]
    slas: tuple[Sla, ...] = ()
    rule: str = ""
    index: dict[str, State] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.index.update({s.name: s for s in self.states})

    def state(self, name: str) -> State:
        """The state of that name; KeyError when the flow has none."""
        return self.index[name]

    def step(self, name: str) -> Step:
        """The step of that name; KeyError when the flow has none."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(f"{self.name} has no step {name!r}")

    @property
    def open_states(self) -> tuple[str, ...]:
        """Names of the states that are not final."""
        return tuple(s.name for s in self.states if not s.final)
