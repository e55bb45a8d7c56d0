"""A flow as a Mermaid state diagram, made from its declaration."""

from __future__ import annotations

from db.workflow.spec import Flow

COLOURS = {
    "blue": "#DBEAFE", "green": "#D1FAE5", "orange": "#FEF3C7", "red": "#FEE2E2", "violet": "#EDE9FE",
    "gray": "#E5E7EB", "neutral": "#F1F5F9",
}  # fmt: skip


def diagram(flow: Flow, *, every_step: bool = False) -> str:
    """Mermaid text. Without `every_step` only the way forward: not what reopens, undoes, or starts from everywhere."""
    lines = ["stateDiagram-v2", "  direction TB" if not every_step else "  direction LR", f"  [*] --> {flow.initial}"]
    lines += [f'  state "{s.label}" as {s.name}' for s in flow.states]
    place = {s.name: n for n, s in enumerate(flow.states)}
    drawn: dict[tuple[str, str], list[str]] = {}
    for step in flow.steps:
        for source in step.sources:
            for target in step.targets:
                if source != target:
                    drawn.setdefault((source, target), []).append(step.label)
    if not every_step:
        # The nearest ways forward of each open state tell the story; the rest is in the table below.
        for state in flow.states:
            ahead = sorted((place[t], t) for s, t in drawn if s == state.name and place[t] > place[s])
            kept = {t for _, t in ahead[:2]} if not state.final else set()
            for edge in [e for e in drawn if e[0] == state.name and e[1] not in kept]:
                del drawn[edge]
    lines += [f"  {source} --> {target}: {' / '.join(labels)}" for (source, target), labels in drawn.items()]
    lines += [f"  {s.name} --> [*]" for s in flow.states if s.final]
    for tone in dict.fromkeys(s.tone for s in flow.states):
        lines.append(f"  classDef {tone} fill:{COLOURS[tone]},stroke:#94A3B8,color:#172033")
        lines += [f"  class {s.name} {tone}" for s in flow.states if s.tone == tone]
    return "\n".join(lines)
