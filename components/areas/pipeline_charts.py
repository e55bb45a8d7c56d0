"""How a pipeline is drawn: bars by stage, days in each stage, a cohort's ladder; and how its values read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components import tables
from components.charts import pipeline as charts
from components.charts.base import draw, table
from db.core.labels import percent_label, plural
from db.leads.pipeline_queries import Pipeline, StepLine
from db.leads.pipeline_rules import BUCKETS, is_small

DASH = "–"
MEASURES = {"count": "Leads", "value": "Value"}


def money(cents: int | None, *, short: bool = False) -> str:
    """An amount in dollars: "$34,500"; short ones read "$1.2M" and "$345k"."""
    if cents is None:
        return DASH
    dollars = (cents + 50) // 100
    if short and dollars >= 999_500:
        return f"${dollars / 1e6:,.1f}M"
    return f"${dollars / 1000:,.0f}k" if short and dollars >= 1000 else f"${dollars:,}"


def days_label(days: float | None) -> str:
    """A number of days: "3.5 days", "1 day"."""
    if days is None:
        return DASH
    shown = f"{days:.1f}".removesuffix(".0")
    return f"{shown} day" if shown == "1" else f"{shown} days"


def draw_stages(found: Pipeline, *, measure: str, key: str = "pipe") -> str:
    """Bars by stage; gives back the stage that was clicked, or nothing."""
    lines = found.lines
    is_money = measure == "value"
    values = [line.value_cents / 100 if is_money else line.count for line in lines]
    picked = draw(
        charts.stage_bars(value_title="Value of open leads" if is_money else "Open leads", money=is_money),
        table(
            {
                "name": [line.name for line in lines], "stage": [line.label for line in lines],
                "order": list(range(len(lines))), "value": [float(v) for v in values],
                "label": [bar_label(line) if line.count else "" for line in lines],
                "hint": [_hint(line) for line in lines],
            }
        ),
        alt_text=f"Open leads by stage, {MEASURES[measure].lower()}", key=f"{key}_bars_{measure}", select=True,
    )  # fmt: skip
    return next((str(p["name"]) for p in picked.get("pick", []) if "name" in p), "")


def bar_label(line: Any) -> str:
    return f"{line.count:,} · {money(line.value_cents, short=True)}" if line.value_cents else f"{line.count:,}"


def _hint(line: Any) -> str:
    words = f"{plural(line.count, 'lead')}, {money(line.value_cents)}"
    if line.unvalued:
        words += f", {line.unvalued:,} without value"
    return f"{words}, weighted {money(line.weighted_cents)}" if line.weighted_cents is not None else words


def draw_ages(found: Pipeline, *, key: str = "pipe") -> tuple[str, str]:
    """How long leads stand in each stage; gives back the (stage, span) that was clicked, or nothing twice."""
    most = max((n for line in found.lines for n in line.by_bucket.values()), default=0) or 1
    cells = [(place, line, spot, b) for place, line in enumerate(found.lines) for spot, b in enumerate(BUCKETS)]
    picked = draw(
        charts.ages(),
        table(
            {
                "name": [line.name for _, line, _, _ in cells], "stage": [line.label for _, line, _, _ in cells],
                "order": [place for place, _, _, _ in cells], "bucket": [b.name for _, _, _, b in cells],
                "span": [b.label for _, _, _, b in cells], "span_order": [spot for _, _, spot, _ in cells],
                "label": [f"{line.by_bucket[b.name] or ''}" for _, line, _, b in cells],
                "strength": [line.by_bucket[b.name] / most for _, line, _, b in cells],
                "is_stale": [b.first >= line.stale_days for _, line, _, b in cells],
                "hint": [
                    f"{line.by_bucket[b.name]:,}" + (", stale" if b.first >= line.stale_days else "")
                    for _, line, _, b in cells
                ],
            }
        ),
        alt_text="Open leads by stage and days in the stage; amber is too long", key=f"{key}_ages", select=True,
    )  # fmt: skip
    for one in picked.get("cell", []):
        if "name" in one and "bucket" in one:
            return str(one["name"]), str(one["bucket"])
    return "", ""


def draw_ladder(lines: Sequence[StepLine]) -> None:
    """The cohort's ladder with the share of each step between two rungs."""
    rows: list[tuple[str, int | None, str, str]] = []
    for line in lines:
        if rows:
            rows.append((f"~{line.name}", None, "", f"↓ {_step_words(line)}"))
        rows.append((line.label, line.count, f"{line.count:,}", ""))
    draw(
        charts.ladder(),
        table(
            {
                "row": [r[0] for r in rows], "order": list(range(len(rows))), "count": [r[1] for r in rows],
                "label": [r[2] for r in rows], "step": [r[3] for r in rows],
            }
        ),
        alt_text="Leads of the cohort by the stage they reached, with the share of each step",
    )  # fmt: skip


def _step_words(line: StepLine) -> str:
    """A share people may read: of few leads only their number."""
    if not line.of:
        return DASH
    return f"{line.both:,} of {line.of:,}" if line.is_small else f"{100 * (line.share or 0):.1f}%"


def draw_steps(lines: Sequence[StepLine], *, beside: str, peers_sold: float | None) -> None:
    """The same in numbers: shares, of how many, peers, days."""
    whole, *steps = lines
    sold = steps[-1]
    overall = percent_label(sold.count, whole.count) if not is_small(whole.count) else f"{sold.count} of {whole.count}"
    columns: dict[str, list[Any]] = {
        "Step": [*(line.label for line in steps), "Sold of all"],
        "Share": [*(_step_words(line) for line in steps), overall],
        "Of": [*(line.of for line in steps), whole.count],
    }
    shown: dict[str, Any] = {
        "Step": tables.text("Step to", width=124),
        "Share": tables.text("Share", width=70, help="Of the leads of the stage before; fewer than ten make no share"),
        "Of": tables.number("Of", width=56, help="Leads of the stage before"),
    }
    if beside:
        columns["Peers"] = [*(_percent(line.peers) for line in steps), _percent(peers_sold)]
        shown["Peers"] = tables.text("Peers", width=66, help=beside)
    columns["Days"] = [*(DASH if line.days is None else f"{line.days:.1f}" for line in steps), DASH]
    shown["Days"] = tables.text("Days", width=56, help="Middle of the days this step took")
    tables.show(table(columns), key="pipe_steps", alt="Steps between stages", columns=shown)


def _percent(share: float | None) -> str:
    return DASH if share is None else f"{100 * share:.1f}%"
