"""A weekly report as a mail: what to do first with its numbers, then the figures, and where to read it whole."""

from __future__ import annotations

from collections.abc import Sequence

from db.core.labels import plural
from db.reports.weekly_advice_rules import RULES
from db.reports.weekly_facts_rules import URGENCIES, Verdict
from db.reports.weekly_queries import Weekly
from db.reports.weekly_rules import Figure, moved, told, week_label


def subject(reports: Sequence[Weekly]) -> str:
    """The one line of the mail: "Your week 16 to 22 Nov 2026: 3 things to do"."""
    number = sum(len(r.advice) for r in reports)
    what = plural(number, "thing") + " to do" if number else "nothing to do"
    return f"Your week {week_label(reports[0].week)}: {what}"


def mail_text(reports: Sequence[Weekly]) -> str:
    """The reports of one person in plain letters, one dealer after the other."""
    parts = [_one(report) for report in reports]
    return ("\n\n" + "-" * 60 + "\n\n").join(parts) + "\n\nStop these mails there, too."


def _one(report: Weekly) -> str:
    lines = [f"{report.name} ({report.code}), week of {week_label(report.week)}", ""]
    if report.advice:
        lines.append("What to do")
        for number, one in enumerate(report.advice, start=1):
            lines += _advice(number, one)
        if report.further:
            named = ", ".join(f"{v.rule} {RULES[v.rule].title}" for v in report.further)
            lines.append(f"Also: {named}.")
    else:
        lines.append("No rule found anything to do.")
    known = [f for f in report.figures if f.now.value is not None]
    if known:
        lines += ["", "The week in figures", *(_figure(f) for f in known)]
    if report.said:
        lines += ["", "What they say", *(f"- {s.text}" for s in report.said)]
    return "\n".join([*lines, "", "Read it with its rows on the page Weekly report."])


def _advice(number: int, one: Verdict) -> list[str]:
    rule = RULES[one.rule]
    found = [f"{number}. {one.action} ({URGENCIES[one.urgency].lower()})", f"   Because: {one.because}"]
    found += [f"   - {row.label}{f': {row.words}' if row.words else ''}" for row in one.rows[:3]]
    found.append(f"   Rule {rule.id}, {rule.title}: {rule.condition} ({rule.source})")
    return found


def _figure(figure: Figure) -> str:
    what = figure.what
    change = moved(what, figure.now, figure.before)
    return f"- {what.title}: {told(what, figure.now)}{f' ({change} on the week before)' if change else ''}"
