"""R01 to R42 of the reliability plan: what is measured, what must come out, and the tests that show it.

`tests/reliability.py` runs them and `docs/reliability.md` is made from what they report (decision 0078). A row is met
when its tests pass and every `Goal` holds of the figures they reported (tests/support/tier.py: `figure`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tests.support.paths import ROOT

Ways = Literal["=", "<=", ">="]
MINUTES: Final = 150
"""What the long tier may take in all on two cores."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A figure the tests of a row report under the name `what`, and the bound it must keep.

    A figure that is reported several times (two databases, many cases) is the worst of them, or their sum.
    `is_size` says how much was tried: a fast run need not reach it.
    """

    what: str
    way: Ways
    bound: float
    is_sum: bool = False
    is_size: bool = False


def zero(what: str) -> Goal:
    """None of these may be found."""
    return Goal(what=what, way="=", bound=0)


def size(what: str, bound: float, *, is_sum: bool = False) -> Goal:
    """At least this many must be tried in the long tier."""
    return Goal(what=what, way=">=", bound=bound, is_sum=is_sum, is_size=True)


def every(what: str, bound: float) -> Goal:
    """Reported case by case, they must come to exactly this many."""
    return Goal(what=what, way="=", bound=bound, is_sum=True)


def most(what: str, bound: float) -> Goal:
    """Never more than this."""
    return Goal(what=what, way="<=", bound=bound)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the plan. `tests` are files, folders or node ids of pytest; `minutes` its share of the long tier."""

    number: str
    measure: str
    target: str
    tests: tuple[str, ...]
    goals: tuple[Goal, ...] = ()
    database: str = "both"
    minutes: float = 2
    processes: int = 2
    """2: its tests go to two processes. 1: they measure time or start servers, and run one after the other."""
    profile: str = ""
    """How many examples Hypothesis takes in the long tier where a test does not say (tests/conftest.py)."""


TAMPERING: Final = "tests/core/test_timeline_tampering.py"
AT_ONCE: Final = "tests/coop/test_at_once.py"

MONEY: Final = (
    Row(
        number="R01",
        measure="8 processes decide 50 requests each on one co-op fund that holds half of what they ask for",
        target="20 seeds; overspent 0; what the fund holds = approved lines; all 400 answered, none with a lock",
        tests=(f"{AT_ONCE}::test_eight_processes_on_one_fund_never_overspend",),
        goals=(
            size("decisions a seed", 400), size("seeds", 20), zero("overspent cents"),
            zero("cents off the approved lines"), zero("decisions not answered"),
        ),
        minutes=6, processes=1,
    ),
    Row(
        number="R02",
        measure="Random lives of a co-op fund against a model, and of claims with their payments; invariants each step",
        target="3,000 runs of 50 steps, half of them on each database, 1,000 lives of claims; 0 violations",
        tests=("tests/coop/test_ledger_model.py", "tests/claims/test_money_machine.py"),
        goals=(size("runs of the fund", 3_000, is_sum=True), size("steps a run", 50), size("lives of claims", 1_000)),
        minutes=18,
    ),
    Row(
        number="R03",
        measure="Forms sent again by 16 threads, half of them with another amount under the same key",
        target="10,000 submissions; 1 effect a key; another content refused every time; keys kept 24 h and longer",
        tests=(
            f"{AT_ONCE}::test_forms_sent_again_take_effect_once",
            f"{AT_ONCE}::test_a_key_is_kept_longer_than_a_day",
            f"{AT_ONCE}::test_one_request_asked_by_many_at_once_is_one",
        ),
        goals=(
            size("submissions", 10_000), zero("effects too many"), zero("other contents taken"),
            Goal(what="hours a key was kept", way=">=", bound=24),
        ),
        minutes=1.5,
    ),
    Row(
        number="R04",
        measure="Two tabs change one claim, in every order",
        target="200 orders and 5 in a browser; 0 updates lost; the second sees who, when and both; typed text kept 5/5",
        tests=("tests/trust/test_two_people.py", "tests/e2e/test_two_tabs.py",),
        goals=(size("rounds of two browsers", 5), zero("lost updates in two browsers"),),
        minutes=1.5, processes=1,
    ),
    Row(
        number="R05",
        measure="Pairs that want the same: claim number, VIN and operation, lead, one decision, one's own decision",
        target="5,000 pairs; 1 winner each; 0 decided their own; at most 5 tries; 99 of 100 answered within 1 s",
        tests=(
            "tests/test_pairs.py", "tests/claims/test_at_once.py", "tests/claims/test_many_processes.py",
            "tests/leads/test_http_intake.py::test_many_senders_of_one_lead_at_once_make_one_lead",
            "tests/workflow/test_engine.py::test_of_two_who_decide_at_once_one_wins",
            "tests/core/test_session.py::test_400_read_modify_writes_of_8_threads_are_all_answered_and_none_is_lost",
        ),
        goals=(
            size("pairs", 5_000, is_sum=True), zero("pairs without exactly one winner"), zero("own decided"),
            most("tries", 5), most("p99 seconds", 1),
        ),
        minutes=6, processes=1,
    ),
    Row(
        number="R06",
        measure="Every function that splits an amount, in three currencies; columns and arithmetic of money",
        target="100,000 totals; the parts are the total; 0 floats in columns of money, 0 in its arithmetic",
        tests=("tests/test_splits.py", "tests/core/test_money.py", "tests/test_money_arithmetic.py"),
        goals=(
            size("totals split", 100_000, is_sum=True), zero("splits that are not their total"),
            zero("columns of money that are no whole cents"), zero("floats in arithmetic of money"),
        ),
        database="none", minutes=1.5,
    ),
)  # fmt: skip

DURABILITY: Final = (
    Row(
        number="R07",
        measure="The writer is killed (SIGKILL) at random moments",
        target="100 rounds, 10,000 acknowledged; 0 lost; 0 commands without their entry; the file intact",
        tests=(
            "tests/durability/test_killed_writers.py::test_killed_writers_lose_nothing_they_were_told",
            "tests/durability/test_killed_writers.py::test_an_answer_before_the_commit_would_be_found",
            "tests/documents/test_crash.py",
        ),
        goals=(
            size("kills", 100), size("acknowledged", 10_000), zero("acknowledged and lost"),
            zero("rows without their entry in the timeline"),
        ),
        database="SQLite", minutes=5, processes=1,
    ),
    Row(
        number="R08",
        measure="PostgreSQL is stopped at once under 4 writers",
        target="10 rounds; 0 acknowledged lost",
        tests=(
            "tests/durability/test_killed_writers.py::test_a_database_stopped_at_once_loses_nothing_it_acknowledged",
        ),
        goals=(
            size("immediate stops", 10), zero("acknowledged and lost"),
            zero("rows without their entry in the timeline"),
        ),
        database="PostgreSQL", minutes=4, processes=1,
    ),
    Row(
        number="R09",
        measure="The app is killed in the middle of an import of 10,000 rows",
        target="30 rounds; 0 rows or all; the batch says which; repeating works, 0 doubled",
        tests=("tests/imports/test_crash.py",),
        goals=(size("kills, each leaving nothing or everything", 30, is_sum=True),),
        minutes=6,
    ),
    Row(
        number="R10",
        measure="The database restarts while a form is half typed, and while nobody works",
        target="at most 1 failed action, told in plain words; typed text kept; working 10 s after; no reload",
        tests=("tests/durability/test_database_restarted.py",),
        goals=(
            most("failed actions, each with a plain sentence", 1), most("seconds until the page works again", 10),
            zero("failed actions after an idle restart"),
        ),
        database="PostgreSQL", minutes=2, processes=1,
    ),
    Row(
        number="R11",
        measure="Disk full, file read-only, lock held for 60 s",
        target="told within 35 s; 0 partial writes; recovers by itself",
        tests=("tests/durability/test_database_trouble.py",),
        database="SQLite", minutes=2, processes=1,
    ),
    Row(
        number="R12",
        measure="Backup under 5 writers and restore; move from SQLite to PostgreSQL",
        target="rows and hashes of each table equal; the chain verifies; 200,000 rows within 5 minutes",
        tests=("tests/test_backup.py",),
        goals=(
            size("rows moved from SQLite to PostgreSQL", 200_000), zero("tables whose count or hash differs"),
            most("seconds of backup and restore", 300),
        ),
        minutes=4,
    ),
    Row(
        number="R13",
        measure="Upgrade from every released schema, and killed in the middle",
        target="100,000 rows, 10 kills; counts and invariants equal; old or new schema, never between; within 120 s",
        tests=("tests/test_migrations.py", "tests/core/test_migrate.py"),
        goals=(size("kills in the middle of a migration", 10), most("seconds of the upgrade", 120),),
        minutes=5,
    ),
    Row(
        number="R14",
        measure="Soak: 30 people for 8 hours packed into 75 minutes, and 1,000 sessions opened and closed",
        target="43,200 runs; 0 exceptions; sessions gone in 180 s; heap <= 1 MB in 10,000 runs; memory <= +150 MB",
        tests=("tests/durability/test_soak.py",),
        goals=(
            size("script runs", 43_200), size("sessions opened and closed", 1_000), zero("exceptions on pages"),
            most("minutes", 75), most("heap growth, MB in 10,000 runs", 1), most("RSS growth, MiB", 150),
            most("seconds until no session was left", 180),
        ),
        database="SQLite", minutes=29, processes=1,
    ),
    Row(
        number="R15",
        measure="Working time against a walk minute by minute: clock changes, leap day, holidays, 20 places and times",
        target="10,000 intervals equal; incident_sla: 395 missed",
        tests=(
            "tests/calendar/test_oracle.py", "tests/calendar/test_properties.py",
            "tests/pages/test_real_sets.py::test_incidents_met_and_missed_stand_on_the_overview",
        ),
        goals=(
            size("intervals compared", 10_000, is_sum=True), zero("intervals that differ"),
            Goal(what="incidents missed", way="=", bound=395),
        ),
        database="SQLite", minutes=1,
    ),
    Row(
        number="R16",
        measure="Starting with settings a desk must not have",
        target="each of 8 kinds refused with the reason: key, account, errors, schema, secrets, sites, hosts, TLS",
        tests=("tests/test_unsafe.py",),
        goals=(
            Goal(what="bad configurations refused", way=">=", bound=8, is_sum=True), zero("bad configurations served"),
            zero("default accounts"),
        ),
        database="SQLite", minutes=1,
    ),
)  # fmt: skip

FILES: Final = (
    Row(
        number="R17",
        measure="Injured files: bytes, cuts, columns, delimiters, code pages, line ends, huge cells; read and imported",
        target="10,000 files; 0 exceptions; 0 half batches; rows in = accepted + rejected + known; 5 s and 300 MB each",
        tests=(
            "tests/imports/test_tabular_fuzz.py", "tests/imports/test_fuzzed_batches.py",
            "tests/leads/test_adf_fuzz.py",
        ),
        goals=(
            size("injured files", 10_000, is_sum=True), zero("unhandled exceptions"), zero("half-applied batches"),
            zero("rows not accounted for"), most("slowest file, seconds", 5), most("peak MB of a file", 300),
        ),
        database="SQLite", minutes=3,
    ),
    Row(
        number="R18",
        measure="The collected ADF documents, and others made in the same shapes",
        target="40/40 read, 0 wrong fields; 18/18 refused with reason; 1,000 prospects in 10 s; same file again: 0 new",
        tests=("tests/leads/test_adf_corpus.py", "tests/leads/test_adf_many.py"),
        goals=(
            Goal(what="documents read", way="=", bound=40), zero("documents with a wrong field"),
            Goal(what="documents refused with a reason", way="=", bound=18),
            size("other documents read back whole", 500, is_sum=True), most("seconds for 1,000 prospects", 10),
            zero("new leads of the same file again"), Goal(what="leads of 1,000 equal prospects", way="=", bound=1),
        ),
        database="SQLite", minutes=1.5,
    ),
    Row(
        number="R19",
        measure="Reading CSV and XLSX: csv-spectrum, code pages, quoted and shifted rows, leading zeros, day or month",
        target="12/12; short rows repaired or listed, none as NaN; 332 codes keep their zero; doubtful dates asked for",
        tests=("tests/imports/test_tabular.py", "tests/imports/test_mapping_dates.py"),
        goals=(
            every("csv-spectrum files read as published", 12),
            Goal(what="codes with their leading zero", way="=", bound=332),
            Goal(what="doubtful real dates guessed", way="=", bound=0),
        ),
        database="none", minutes=0.5,
    ),
    Row(
        number="R20",
        measure="Hostile XML",
        target="11/11 refused; 1 s and 50 MB each; 0 files or connections opened",
        tests=("tests/leads/test_adf_corpus.py::test_hostile_documents_are_refused_without_touching_a_file_or_the_network",
               "tests/leads/test_adf_fuzz.py::test_two_megabytes_made_to_be_slow_come_to_an_end"),
        goals=(
            Goal(what="hostile documents refused", way="=", bound=11), most("slowest refusal, seconds", 1),
            most("most memory, MB", 50), zero("files or connections opened"),
        ),
        database="none", minutes=0.5, processes=1,
    ),
    Row(
        number="R21",
        measure="Archives and workbooks made to exhaust the reader",
        target="refused before they are read: 1 s and 50 MB each",
        tests=("tests/imports/test_tabular_refusals.py", "tests/documents/test_content.py"),
        goals=(
            Goal(what="bombs refused", way=">=", bound=8, is_sum=True), most("slowest refusal, seconds", 1),
            most("most memory, MB", 50),
        ),
        database="none", minutes=1, processes=1,
    ),
    Row(
        number="R22",
        measure="Hostile names of uploads, and contents that are not what their ending says",
        target="50/50 kept under generated names inside the store; 20/20 refused; downloads under safe names",
        tests=("tests/documents/test_content.py", "tests/documents/test_hostile_names.py"),
        goals=(
            Goal(what="hostile names kept inside the store", way=">=", bound=50), zero("files outside the store"),
            Goal(what="contents refused for their ending", way=">=", bound=20, is_sum=True),
        ),
        database="SQLite", minutes=0.5,
    ),
    Row(
        number="R23",
        measure="Cells a spreadsheet would run, in the writers and in every export of the desk",
        target="0 cells begin a formula; numbers stay numbers; exported and imported again equal; built-in export off",
        tests=("tests/imports/test_export_files.py", "tests/test_every_export.py",
               "tests/test_config.py::test_the_file_itself_says_it"),
        goals=(
            zero("cells that begin a formula"), Goal(what="payloads", way=">=", bound=12),
            Goal(what="exports asked", way=">=", bound=1), zero("exports that were not asked"),
        ),
        database="SQLite", minutes=1,
    ),
    Row(
        number="R24",
        measure="Naughty strings through the text fields of the desk: stored, shown, exported, searched",
        target="all strings; 0 exceptions; stored = shown = exported; 0 scripts run; 0 SQL from strings",
        tests=(
            "tests/test_naughty_strings.py", "tests/e2e/test_naughty_names.py", "tests/test_architecture.py",
        ),
        goals=(
            size("strings", 400), size("text fields", 10), zero("unhandled exceptions"),
            zero("strings changed on the way"), zero("scripts run"), size("names shown in a browser", 200),
        ),
        database="SQLite", minutes=5,
    ),
)  # fmt: skip

RIGHTS: Final = (
    Row(
        number="R25",
        measure="Every role, command and state against a table written by hand",
        target="every cell carried out; a denial changes 0 rows and leaves 1 entry; no command without a row",
        tests=("tests/test_permissions.py", "tests/claims/test_every_command.py", "tests/core/test_permissions.py",
               "tests/core/test_timeline.py::test_a_denied_command_leaves_one_entry_and_nothing_else"),
        goals=(
            Goal(what="cells carried out", way=">=", bound=1_000, is_sum=True), zero("cells with another answer"),
        ),
        minutes=1.5,
    ),
    Row(
        number="R26",
        measure="A word planted in each territory, looked for on every page, search, export and message of others",
        target="2,000 pairs of person and screen; 0 foreign words; foreign ids answer like absent ones",
        tests=("tests/trust/test_screens.py", "tests/test_own_dealers.py",),
        goals=(
            size("pairs of person and screen", 2_000, is_sum=True), zero("canaries of other territories shown"),
        ),
        database="SQLite", minutes=3,
    ),
    Row(
        number="R27",
        measure="The same on the wire: what the server sends to a browser",
        target="0 foreign words; 0 hidden columns; personal data masked where the role says so",
        tests=("tests/e2e/test_wire.py",),
        goals=(
            zero("canaries of other territories in a frame"), zero("columns sent and not shown"),
            zero("personal data sent to a role without need"),
        ),
        database="SQLite", minutes=1.5, processes=1,
    ),
    Row(
        number="R28",
        measure="What is kept for one person and read by the next, roles swapped",
        target="0 leaks; everything that is kept is kept for a scope",
        tests=("tests/trust/test_caches.py", "tests/test_kept.py", "tests/test_architecture.py",),
        database="SQLite", minutes=4,
    ),
    Row(
        number="R29",
        measure="Role, territory or account taken away while signed in",
        target="holds from the next action, at most 1 rerun later",
        tests=("tests/pages/test_access.py", "tests/people/test_sessions.py"),
        goals=(Goal(what="changes tried", way=">=", bound=6, is_sum=True), most("reruns until it holds", 1)),
        minutes=1,
    ),
    Row(
        number="R30",
        measure="Forged input: foreign ids, extra fields, steps left out, an old form sent again",
        target="0 of 500 accepted",
        tests=("tests/trust/test_forged.py",),
        goals=(size("forged inputs tried", 500), zero("forged inputs accepted"),),
        database="SQLite", minutes=1.5,
    ),
)  # fmt: skip

SIGNING_IN: Final = (
    Row(
        number="R31",
        measure="200 refusals each: unknown, wrong password, locked, disabled; one sentence and one time for all",
        target="same text; medians within 5 ms; who measures tells them apart no better than 0.6 (AUC)",
        tests=("tests/people/test_sign_in.py::test_every_refusal_costs_one_comparison_and_says_the_same",
               "tests/people/test_sign_in_times.py",
               "tests/pages/test_access.py::test_whatever_is_wrong_the_sentence_is_the_same"),
        goals=(
            size("refusals of each kind", 200), most("medians apart, ms", 5), most("AUC", 0.6),
        ),
        minutes=2.5, processes=1,
    ),
    Row(
        number="R32",
        measure="1,000 guesses from 50 sources, the server restarted in between",
        target="at most 10 looked at in 5 minutes, by account and by source; a restart forgets nothing; free after 15",
        tests=("tests/people/test_sign_in.py", "tests/people/test_rules.py::test_lockout"),
        goals=(size("guesses", 1_000), most("guesses looked at in five minutes", 10),
               Goal(what="minutes until the owner is free again", way="=", bound=15)),
        minutes=0.5,
    ),
    Row(
        number="R33",
        measure="12 kinds of bad cookies; idle and absolute end of a session",
        target="12/12 refused; idle 30 minutes, absolute 12 hours; keys of 32 random bytes; cookies HttpOnly, SameSite",
        tests=("tests/people/test_sessions.py", "tests/people/test_door.py", "tests/e2e/test_sign_in.py"),
        goals=(Goal(what="bad cookies refused", way=">=", bound=12, is_sum=True), zero("bad cookies taken")),
        minutes=2,
    ),
    Row(
        number="R34",
        measure="Passwords of 15 to 200 characters, other alphabets, spaces, listed words, words of the desk",
        target="64 taken; nothing cut above 72 bytes; listed ones refused; no rule of composition",
        tests=("tests/people/test_passwords.py", "tests/people/test_rules.py"),
        goals=(
            zero("passwords cut"), Goal(what="listed passwords tried", way=">=", bound=1_000),
            zero("listed passwords taken"),
        ),
        database="none", minutes=0.5,
    ),
    Row(
        number="R35",
        measure="Forced errors on every page; a lead with personal data in every field, at DEBUG",
        target="a reference number and nothing else; 0 of 17 secrets in any log",
        tests=("tests/trust/test_errors.py", "tests/core/test_logs.py",),
        goals=(
            zero("secret values on a page or in a log, of 17"),
            zero("secret values in the log of an import at DEBUG, of 17"),
        ),
        database="SQLite", minutes=1,
    ),
)  # fmt: skip

TRAIL: Final = (
    Row(
        number="R36",
        measure="Every command, carried out, failed and denied, leaves its entry",
        target="exactly 1 entry in the same transaction: who, when (UTC), before and after, from where",
        tests=("tests/trust/test_audit.py", "tests/core/test_timeline.py",),
        goals=(
            zero("commands without exactly one true entry"), zero("commands denied without exactly one entry"),
        ),
        minutes=6,
    ),
    Row(
        number="R37",
        measure="Random edits, deletions, swaps and insertions in a chain of 10,000 entries; its end cut off",
        target="1,000/1,000 found with the first wrong number; a cut end found against the exported head; 2 s",
        tests=(TAMPERING, "tests/core/test_head_file.py"),
        goals=(
            size("entries", 10_000), size("tamperings", 1_000, is_sum=True),
            zero("tamperings not found at their number"), most("seconds to verify", 2), zero("cut ends not found"),
        ),
        minutes=6, processes=2,
    ),
    Row(
        number="R38",
        measure="8 processes write one chain",
        target="4,000 entries; no fork, no gap",
        tests=(f"{TAMPERING}::test_eight_processes_write_one_chain_without_fork_or_gap",
               f"{TAMPERING}::test_eight_threads_write_one_chain_while_it_is_verified"),
        goals=(size("entries", 4_000), zero("forks"), zero("gaps")),
        minutes=1, processes=1,
    ),
    Row(
        number="R39",
        measure="UPDATE and DELETE on the trail with the app's own connection",
        target="every statement refused",
        tests=("tests/core/test_timeline.py::test_the_app_itself_cannot_change_the_trail",),
        goals=(
            Goal(what="statements refused", way=">=", bound=16, is_sum=True), zero("statements carried out"),
        ),
        minutes=0.5,
    ),
    Row(
        number="R40",
        measure="Line breaks, escapes and naughty strings in what is logged and recorded",
        target="1 event = 1 line = 1 entry; reads back equal",
        tests=("tests/core/test_logs.py",
               "tests/core/test_timeline.py::test_what_people_type_comes_back_unchanged_and_stays_one_entry",
               "tests/test_naughty_strings.py::test_one_event_is_one_line"),
        goals=(
            size("strings", 400), zero("strings of more than one line"), zero("strings changed on the way"),
        ),
        minutes=0.5,
    ),
)  # fmt: skip

SUPPLY: Final = (
    Row(
        number="R41",
        measure="What the server is allowed to do, in the file and as Streamlit reads it",
        target="10/10 settings",
        tests=("tests/test_config.py",),
        goals=(Goal(what="settings as wanted", way=">=", bound=10, is_sum=True),),
        database="none", minutes=0.5,
    ),
    Row(
        number="R42",
        measure="Pins, what is installed against them, by hash in an empty environment; known holes, licences, imports",
        target="all exact, 0 unpinned, 0 without hash; streamlit >= 1.54, starlette >= 1.1; every licence told; "
               "0 other imports",
        tests=("tests/test_config.py",),
        goals=(
            zero("packages that are not pinned"), zero("packages without a hash"),
            size("packages installed by hash", 60), zero("imports outside of the requirements"),
            zero("packages without a licence"),
        ),
        database="none", minutes=1.5,
    ),
)  # fmt: skip

GROUPS: Final = {
    "Money and concurrency": MONEY, "Durability and operation": DURABILITY, "Import, upload, export": FILES,
    "Permissions": RIGHTS, "Signing in": SIGNING_IN, "Trail": TRAIL, "Supply chain and configuration": SUPPLY,
}  # fmt: skip
ROWS: Final = tuple(row for rows in GROUPS.values() for row in rows)
RULES: Final = Row(
    number="rules",
    measure="The pure rules of every area, 5,000 examples of Hypothesis each",
    target="no example that breaks a rule, in what is left of the time",
    tests=tuple(sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").glob("*/test_*rules*.py"))),
    database="none", minutes=30, profile="thorough",
)  # fmt: skip
"""Beside the plan: run last, and never counted among its rows."""
