"""Words people read, as tables of cases; problems and settings, which speak to people too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from db.core.labels import (
    change_label,
    count_label,
    days_label,
    minutes_label,
    moment_label,
    moment_words,
    percent_label,
    plural,
    points_label,
    relative_label,
    storable,
)
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.core.settings import ROOT, settings
from tests.support.core import NOW

NAN = float("nan")


@pytest.mark.parametrize(
    "minutes, label",
    [
        (None, "–"), (NAN, "–"), (0, "0 min"), (0.4, "0 min"), (45, "45 min"), (59.4, "59 min"), (59.6, "1 h"),
        (60, "1 h"), (61, "1 h 01 min"), (185, "3 h 05 min"), (1439, "23 h 59 min"), (1439.6, "1 d"), (1440, "1 d"),
        (1499, "1 d"), (1500, "1 d 1 h"), (3120, "2 d 4 h"), (525_600, "365 d"), (-5, "-5 min"),
    ],
)  # fmt: skip
def test_durations(minutes: float | None, label: str) -> None:
    assert minutes_label(minutes) == label


@pytest.mark.parametrize(
    "change, say, label",
    [
        (0.04, days_label, "No change"), (-2.04, days_label, "-2.0 d"),
        (None, points_label, None), (0.013, points_label, "+1.3 pp"), (-0.2, points_label, "-20.0 pp"),
        (0.0004, points_label, "No change"), (-0.0004, points_label, "No change"), (0.0, minutes_label, "No change"),
        (-0.4, minutes_label, "No change"), (-185, minutes_label, "-3 h 05 min"), (0.5, "{:,.1f}".format, "+0.5"),
        (1234, "{:,.0f}".format, "+1,234"),
    ],
)  # fmt: skip
def test_how_a_number_moved_has_its_sign_and_says_when_it_reads_the_same(change, say, label) -> None:
    assert change_label(change, say) == label


@pytest.mark.parametrize(
    "shift, label",
    [
        (timedelta(0), "now"), (timedelta(seconds=59), "now"), (timedelta(seconds=-59), "now"),
        (timedelta(minutes=1), "in 1 min"), (timedelta(minutes=12), "in 12 min"), (timedelta(hours=-3), "3 h ago"),
        (timedelta(days=-2, hours=-4), "2 d 4 h ago"), (timedelta(days=30), "in 30 d"), (None, "–"),
    ],
    ids=str,
)  # fmt: skip
def test_distances_from_now(shift: timedelta | None, label: str) -> None:
    assert relative_label(None if shift is None else NOW + shift, NOW) == label


def test_distances_do_not_depend_on_the_zones_they_are_written_in() -> None:
    assert relative_label((NOW + timedelta(minutes=5)).astimezone(timezone(timedelta(hours=9))), NOW) == "in 5 min"


@pytest.mark.parametrize(
    "moment, zone, now, label",
    [
        (datetime(2026, 6, 29, 14, 45, tzinfo=UTC), "America/New_York", None, "Mon 29 Jun 2026, 10:45"),
        (datetime(2026, 6, 29, 14, 45, tzinfo=UTC), "America/New_York", NOW, "Today, 10:45"),
        (datetime(2026, 6, 30, 3, 59, tzinfo=UTC), "America/New_York", NOW, "Today, 23:59"),
        (datetime(2026, 6, 30, 4, 0, tzinfo=UTC), "America/New_York", NOW, "Tue 30 Jun, 00:00"),
        (datetime(2026, 6, 3, 4, 0, tzinfo=UTC), "America/New_York", NOW, "Wed 3 Jun, 00:00"),
        (datetime(2027, 1, 1, 4, 59, tzinfo=UTC), "America/New_York", NOW, "Thu 31 Dec, 23:59"),
        (datetime(2027, 1, 1, 5, 0, tzinfo=UTC), "America/New_York", NOW, "Fri 1 Jan 2027, 00:00"),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/New_York", NOW, "Sun 1 Nov, 01:30"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/New_York", NOW, "Sun 1 Nov, 01:30"),
        (datetime(2026, 6, 29, 14, 45, tzinfo=UTC), "Asia/Kolkata", NOW, "Today, 20:15"),
        (None, "America/New_York", NOW, "–"),
    ],
    ids=str,
)
def test_moments_in_the_viewers_zone(moment: datetime | None, zone: str, now: datetime | None, label: str) -> None:
    assert moment_label(moment, zone, now=now) == label
    assert moment_words(moment, zone, now=now) == label.replace("Today", "today")


@pytest.mark.parametrize(
    "count, label", [(0, "0"), (37, "37"), (999, "999"), (1000, "1,000"), (1001, "1,000+"), (5_000_000, "1,000+")]
)
def test_capped_counts(count: int, label: str) -> None:
    assert count_label(count) == label
    assert count_label(51, cap=50) == "50+"


@pytest.mark.parametrize(
    "arguments, label",
    [
        ((1, "lead"), "1 lead"), ((0, "lead"), "0 leads"), ((2, "lead"), "2 leads"), ((1234, "lead"), "1,234 leads"),
        ((2, "entry", "entries"), "2 entries"), ((1, "entry", "entries"), "1 entry"),
    ],
)  # fmt: skip
def test_plurals(arguments: tuple[Any, ...], label: str) -> None:
    assert plural(*arguments) == label


@pytest.mark.parametrize(
    "part, whole, digits, label",
    [
        (1, 3, 1, "33.3%"), (2, 3, 0, "67%"), (0, 5, 1, "0.0%"), (5, 5, 1, "100.0%"), (5, 0, 1, "–"), (5, None, 1, "–"),
        (None, 5, 1, "–"), (NAN, 5, 1, "–"), (5, NAN, 1, "–"),
    ],
)  # fmt: skip
def test_shares(part: float | None, whole: float | None, digits: int, label: str) -> None:
    assert percent_label(part, whole, digits) == label


@pytest.mark.parametrize(
    "text, kept", [("Ann\nLee", "Ann\nLee"), ("a\x00b", "a␀b"), ("\ud83dx\ude00", "\ufffdx\ufffd"), ("😀", "😀")]
)
def test_text_both_databases_keep(text: str, kept: str) -> None:
    assert storable(text) == kept
    assert storable(storable(text)) == kept


# ------------------------------------------------------------------------------------------------------------ problems
def test_problems_are_collected_and_raised_at_once() -> None:
    problems = Problems()
    assert problems.require(" Ann ", "name", "Name") == "Ann"
    assert problems.require("a\x00b", "code", "Code") == "a␀b"
    problems.refuse_if_any()
    for nothing in (None, "", "  \t\n ", "\u200b\ufeff", "\u2060 \u200d"):
        problems.require(nothing, "note", "Note")
    problems.require("x" * 4001, "reason", "Reason")
    assert problems.require("x" * 10, "short", "Short", longest=10) == "x" * 10
    problems.add("when", "past", "This is in the past.", rule="domain-rules 2.2 E")
    with pytest.raises(Refused) as refusal:
        problems.refuse_if_any()
    assert [(p.field, p.code) for p in refusal.value.problems] == [("note", "required")] * 5 + [
        ("reason", "too_long"), ("when", "past"),
    ]  # fmt: skip
    assert refusal.value.code == "required"
    assert "Reason has 4,001 characters; at most 4,000 fit." in str(refusal.value)


def test_a_refusal_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="at least one problem"):
        Refused()


def test_a_stale_decision_names_who_was_first_and_when() -> None:
    zone = timezone(timedelta(hours=-4))
    stale = Stale(
        what="Lead L-000123", changed_by="Cora", changed_at=datetime(2026, 6, 29, 10, 2, tzinfo=zone), status="lost"
    )
    assert str(stale).startswith("Lead L-000123 was changed by Cora at 14:02 UTC and is now lost.")
    assert (stale.code, stale.changed_by, stale.changed_at) == (
        "stale",
        "Cora",
        datetime(2026, 6, 29, 14, 2, tzinfo=UTC),
    )
    assert isinstance(stale, Refused)


def test_what_is_absent_and_what_is_hidden_read_the_same() -> None:
    assert NotFound("This lead").problems == (Problem(code="not_found", message="This lead was not found."),)


# ------------------------------------------------------------------------------------------------------------ settings
@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`environment(NAME="value")` gives the settings read from just these variables."""

    def read(**variables: str) -> Any:
        for name in ("DATABASE_URL", "VAR_DIR", "BCRYPT_COST", "SWEEP_SECONDS", "BEHIND_HTTPS", "SIGN_IN_TRIES"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return settings()

    yield read
    settings.cache_clear()


def test_settings_have_safe_defaults(environment: Any) -> None:
    found = environment()
    assert (found.var, found.database_url) == (ROOT / "var", f"sqlite:///{ROOT / 'var' / 'dealer.db'}")
    assert (found.bcrypt_cost, found.session_idle_minutes, found.session_absolute_hours) == (12, 30, 12)
    assert (found.sign_in_tries, found.sign_in_window_minutes, found.sign_in_locked_minutes) == (10, 5, 15)
    assert not found.behind_https


def test_settings_follow_the_environment(environment: Any) -> None:
    found = environment(VAR_DIR="/data", BCRYPT_COST=" 14 ", SIGN_IN_TRIES="5", SWEEP_SECONDS="0", BEHIND_HTTPS="True")
    assert (found.var, found.database_url) == (Path("/data"), "sqlite:////data/dealer.db")
    assert (found.bcrypt_cost, found.sign_in_tries, found.sweep_seconds, found.behind_https) == (14, 5, 0, True)
    empty = environment(VAR_DIR="", DATABASE_URL="", BCRYPT_COST="")
    assert (empty.var, empty.bcrypt_cost) == (ROOT / "var", 12)
    assert environment(DATABASE_URL="postgresql://h/d").database_url == "postgresql://h/d"


@pytest.mark.parametrize("value", ["twelve", "-1", "0", "1.5", "1e3"])
def test_a_number_that_is_none_is_named(environment: Any, value: str) -> None:
    with pytest.raises(ValueError, match="SIGN_IN_TRIES must be a whole number"):
        environment(SIGN_IN_TRIES=value)
