"""Damaged files never raise anything but a refusal, and every row that was read is accepted or rejected (R17)."""

from __future__ import annotations

import io
import random
import time
import tracemalloc

import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from db.imports.mapping import ColumnRule, Mapping, TargetField, apply, problems_with, suggest
from db.imports.tabular import FileRefused, Sheet, read_table
from tests.support.paths import shared
from tests.support.tier import figure, sized

FIELDS = (
    TargetField(name="code", label="Code", required=True),
    TargetField(name="name", label="Name"),
    TargetField(name="when", label="When", kind="datetime"),
    TargetField(name="day", label="Day", kind="date"),
    TargetField(name="price", label="Price", kind="money"),
    TargetField(name="count", label="Count", kind="integer"),
    TargetField(name="email", label="E-mail", kind="email"),
    TargetField(name="phone", label="Phone", kind="phone"),
    TargetField(name="stage", label="Stage", kind="choice", choices=("won", "lost")),
    TargetField(name="new", label="New", kind="bool"),
)
SMALL = (
    "code,name,when,price,email,stage\r\n"
    '00123,"Zoë, Müller",03-04-2018 10:15,"1,234.50",zoe@example.com,won\r\n'
    '00124,"said ""hi""\nand left",13-04-2018 23:59,-5,ann@example.com,lost\r\n'
    "00125,,,,,\r\n"
).encode()
INSERTS = (
    b'"',
    b",",
    b"\r",
    b"\n",
    b"\0",
    b"\xff",
    b";",
    b"\t",
    b"=1+1,",
    b"\xef\xbb\xbf",
    b"'",
    b"\xc3",
    b"x" * 40_000,
    b"y" * 1_000_000,
)
INJURIES = sized(fast=40, long=1_000)


def accounted(raw: bytes, name: str) -> Sheet | None:
    """Read, map, and check that every row is there once: with values, or with a line and a reason."""
    refusal = None
    try:
        sheet = read_table(raw, file_name=name)
    except FileRefused as error:
        refusal = error
    if refusal:
        assert refusal.code
        assert refusal.message.endswith(".")
        return None
    for row in sheet.rows:
        assert set(row.cells) == set(sheet.columns)
        assert all("\0" not in cell for cell in row.cells.values())
        "".join(row.cells.values()).encode()
    columns = {
        target.name: ColumnRule(columns=(sheet.columns[n % len(sheet.columns)],)) for n, target in enumerate(FIELDS)
    }
    mapping = Mapping(kind="leads", title="Fuzz", columns=columns, zone="America/Chicago")
    assert problems_with(mapping, FIELDS, sheet.columns) == []
    mapped = list(apply(mapping, FIELDS, sheet))
    assert [row.row for row in mapped] == [row.row for row in sheet.rows]
    assert [row.row for row in mapped] == sorted({row.row for row in mapped})
    accepted = [row for row in mapped if not row.problems]
    rejected = [row for row in mapped if row.problems]
    assert len(accepted) + len(rejected) == len(sheet.rows)
    assert all(problem.code and problem.message.endswith(".") for row in rejected for problem in row.problems)
    suggest(sheet.columns, FIELDS)
    return sheet


def mutated(raw: bytes, seed: int) -> bytes:
    """A few random injuries: flipped bytes, cuts, lost columns, other delimiters, encodings and line ends."""
    dice = random.Random(seed)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(raw) + 1)
        match dice.randrange(9):
            case 0:
                data = bytearray(raw)
                for _ in range(dice.randint(1, 20)):
                    if data:
                        data[dice.randrange(len(data))] = dice.randrange(256)
                raw = bytes(data)
            case 1:
                raw = raw[:at]
            case 2:
                raw = raw[:at] + dice.choice(INSERTS) + raw[at:]
            case 3:
                raw = raw.replace(b",", dice.choice([b";", b"\t", b"|", b",,", b""]))
            case 4:
                raw = raw.decode("utf-8", "replace").encode(dice.choice(["cp1252", "utf-16", "utf-16-be"]), "replace")
            case 5:
                raw = raw.replace(b"\n", dice.choice([b"\r", b"\r\n", b"\n\n", b""]))
            case 6:
                lines = raw.split(b"\n")
                dice.shuffle(lines)
                raw = b"\n".join(lines)
            case 7:
                raw = b"\n".join(b'"' + line.replace(b'"', b'""') + b'"' for line in raw.split(b"\n"))
            case 8:
                raw = b"\n".join(line[dice.randint(0, 3) :] + b"," + line[:5] for line in raw.split(b"\n"))
    return raw


@pytest.mark.parametrize(
    "path",
    [
        ("dealers_toyota_us", "dealers_directory.csv"),
        ("olist_funnel", "olist_closed_deals_dataset.csv"),
        ("crm_sales", "sales_pipeline.csv"),
        ("warranty_claims_text", "warranty_claims.csv"),
    ],
)
def test_injured_real_files(path: tuple[str, str]) -> None:
    """Seeded injuries of the first 20,000 bytes of each file; the seed is in the failure."""
    raw = shared(*path).read_bytes()[:20_000]
    read, raised, slowest, peak = 0, [], 0.0, 0
    for seed in range(INJURIES):
        content = mutated(raw, seed)
        is_weighed = seed % 25 == 0  # tracing slows the reader down, so that not every file is weighed
        if is_weighed:
            tracemalloc.start()
        begun = time.monotonic()
        try:
            read += accounted(content, path[1]) is not None
        except Exception as error:
            raised.append((seed, repr(error)))
        if is_weighed:
            peak = max(peak, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        else:
            slowest = max(slowest, time.monotonic() - begun)
    figure("R17", "injured files", INJURIES)
    figure("R17", "unhandled exceptions", len(raised))
    figure("R17", "slowest file, seconds", round(slowest, 2))
    figure("R17", "peak MB of a file", round(peak / 2**20, 1))
    assert raised == []
    assert read > INJURIES // 4, "most injuries leave a file that can be read, or the test proves little"


@settings(max_examples=200)
@given(st.integers(min_value=0, max_value=2**32))
def test_injured_small_files(seed: int) -> None:
    accounted(mutated(SMALL, seed), "leads.csv")


@settings(max_examples=200)
@given(st.binary(max_size=400))
@example(b"a,b\n\xff\xfe\n")
@example(b'"')
@example(b"\xff\xfe")
@example(b"\xff\xfe\x00\x00a")
@example("\ufeff\ufeffa,b\n1,2".encode())
def test_any_bytes(raw: bytes) -> None:
    accounted(raw, "leads.csv")


@settings(max_examples=200)
@given(st.text(alphabet="ab\",;\n\r\t|' =\0é1-/:\u2028", max_size=200))
@example("\0\r\0")
def test_any_text_of_troublesome_characters(text: str) -> None:
    accounted(text.encode(), "leads.txt")


def _workbook() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Data")
    for number in range(30):
        sheet.write_row(number, 0, [f"a{number}", number, f"name {number}", "2018-02-01"])
    book.close()
    return out.getvalue()


WORKBOOK = _workbook()


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, len(WORKBOOK)),
)
def test_injured_workbooks(flips: list[tuple[int, int]], keep: int) -> None:
    data = bytearray(WORKBOOK)
    for at, value in flips:
        data[at] = value
    accounted(bytes(data), "leads.xlsx")
    accounted(bytes(data[:keep]), "leads.xlsx")


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(min_value=0, max_value=2**32))
def test_injured_sheets_inside_sound_zips(seed: int) -> None:
    """The zip is whole, so the injury reaches the readers of the parts."""
    import zipfile

    dice = random.Random(seed)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(out, "w") as new:
        victim = dice.choice(["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"])
        for name in old.namelist():
            data = bytearray(old.read(name))
            for _ in range(dice.randint(1, 6) if name == victim else 0):
                at = dice.randrange(len(data))
                data[at : at + dice.choice([0, 1, 5])] = dice.choice(
                    [b"9", b"x", b"<", b'"', b"-1", b"9999999999", b"&#0;"]
                )
            new.writestr(name, bytes(data))
    accounted(out.getvalue(), "leads.xlsx")
