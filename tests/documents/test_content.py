"""What an upload is: found in its bytes, refused with one sentence, under a name that can do no harm (R21, R22)."""

from __future__ import annotations

import random
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.documents import content
from db.imports.safety import FileRefused
from tests.documents.examples import huge_png, jpeg, office, pdf, png
from tests.support.tier import figure

GOOD = {
    ".pdf": pdf(), ".png": png(), ".jpg": jpeg(), ".jpeg": jpeg(), ".xlsx": office(),
    ".docx": office("word/document.xml"), ".txt": "Grüße, 東京\nsecond line".encode(),
    ".csv": b"\xef\xbb\xbfa,b\n1,2\n",
}  # fmt: skip
SAMPLES = [*GOOD.values(), b"MZ\x90\x00", b"\x7fELF", b"<html><script>", b"#!/bin/sh\n", huge_png(9000, 9000)]


@pytest.mark.parametrize("ending", GOOD)
def test_each_format_is_kept_under_its_own_type(ending: str):
    found = content.examine(f"paper{ending.upper()}", GOOD[ending])
    assert ending in found.kind.endings


BAD = [
    ("empty", b"", "a.pdf", "empty"),
    ("over ten megabytes", pdf() + b" " * content.MOST_BYTES + b"%%EOF", "a.pdf", "too_large"),
    ("a cut PDF", pdf()[:30], "a.pdf", "damaged"),
    ("a program called PDF", b"MZ\x90\x00" + b"\0" * 60, "a.pdf", "wrong_type"),
    ("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 60, "a.xlsx", "wrong_type"),
    ("a picture called PDF", png(), "a.pdf", "wrong_type"),
    ("a PDF called picture", pdf(), "a.png", "wrong_type"),
    ("a workbook called Word", office(), "a.docx", "wrong_type"),
    ("a PDF without an ending", pdf(), "a", "wrong_type"),
    ("a PDF that could be run", pdf(), "a.pdf.exe", "wrong_type"),
    ("a picture with a broken byte", png()[:40] + b"\xff" + png()[41:], "a.png", "damaged"),
    ("half a photo", jpeg()[: len(jpeg()) // 2], "a.jpg", "damaged"),
    ("a picture of 400 million points", huge_png(20_000, 20_000), "a.png", "too_large"),
    ("a picture of 81 million points", huge_png(9_000, 9_000), "a.png", "too_large"),
    ("a GIF", b"GIF89a" + b"\0" * 40, "a.png", "wrong_type"),
    ("a plain archive", office("readme.txt"), "a.xlsx", "wrong_type"),
    ("macros", office(xl_x=b"x", vbaProject_bin=b"x"), "a.xlsx", "wrong_type"),
    ("a zip bomb", office(xl_big=b"\0" * 30_000_000), "a.xlsx", "zip_bomb"),
    ("half a workbook", office()[:120], "a.xlsx", "damaged"),
    ("a web page called text", b"  <!DOCTYPE html><script>alert(1)</script>", "a.txt", "wrong_type"),
    ("a vector picture", b"<svg xmlns='x' onload='y'/>", "a.svg", "wrong_type"),
    ("a shell script", b"#!/bin/sh\nrm -rf /\n", "a.txt", "wrong_type"),
    ("bytes called text", b"\x00\x01\x02\x03", "a.txt", "wrong_type"),
    ("Latin letters in another code", "Grüße".encode("latin-1"), "a.txt", "wrong_type"),
    ("an archive", b"\x1f\x8b" + b"\0" * 30, "a.gz", "wrong_type"),
    ("a script for the browser", b"alert(1)", "a.js", "wrong_type"),
]  # fmt: skip


@pytest.mark.parametrize("raw, name, code", [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_the_rest_is_refused_with_a_sentence(raw: bytes, name: str, code: str):
    with pytest.raises(FileRefused) as refusal:
        content.examine(name, raw)
    (problem,) = refusal.value.problems
    assert (problem.code, problem.field) == (code, "file")
    assert problem.message.endswith(".")
    figure("R22", "contents refused for their ending", 1)


@given(st.binary(max_size=400), st.sampled_from(content.ENDINGS))
def test_whatever_arrives_is_kept_or_refused_and_never_breaks(raw: bytes, ending: str):
    try:
        found = content.examine(f"x{ending}", raw)
    except FileRefused:
        return
    assert ending in found.kind.endings


@given(st.sampled_from(SAMPLES), st.integers(0, 2**32), st.sampled_from(content.ENDINGS))
def test_mutated_files_never_break_it(sample: bytes, seed: int, ending: str):
    rng, raw = random.Random(seed), bytearray(sample)
    for _ in range(rng.randint(1, 8)):
        kind = rng.randrange(3)
        if kind == 0 and raw:
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        elif kind == 1:
            del raw[rng.randrange(len(raw) + 1) :]
        else:
            raw += rng.randbytes(rng.randint(1, 20))
    with suppress(FileRefused):
        content.examine(f"x{ending}", bytes(raw))


HOSTILE = [
    "../../etc/passwd.pdf", "..\\..\\windows\\win.ini.pdf", "/abs/olute.pdf", "C:\\x.pdf", "%2e%2e%2fx.pdf",
    "a\x00b.pdf",
    "CON.pdf", "nul.pdf", "COM1.pdf", "lpt9.txt.pdf", "exe\u202efdp.pdf", "\u200bzero.pdf", "x" * 300 + ".pdf", ".pdf",
    "a\r\nSet-Cookie: x.pdf", '"quoted".pdf', "a;b|c&d.pdf", "<b>.pdf", "a:stream.pdf", "trailing. .pdf", "…",
    "\ud800.pdf",
    "é\u0301.pdf", "=cmd|' /C calc'!A0.pdf", "-rf.pdf", "~root.pdf", "$HOME.pdf", "`id`.pdf", "a?b*c.pdf",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_can_do_harm(name: str):
    shown, saved = content.tidy_name(name), content.download_name(name, content.PDF.media_type)
    assert shown
    assert not any(unicodedata.category(ch) in {"Cc", "Cf", "Cs"} for ch in shown)
    assert "/" not in shown
    assert "\\" not in shown
    shown.encode()
    assert saved.endswith(".pdf")
    assert len(saved) <= 130
    assert not set(saved) & set('<>:"/\\|?*%')
    assert saved.rpartition(".")[0].partition(".")[0].upper() not in {"CON", "NUL", "COM1", "LPT9"}


@given(st.text(max_size=60))
@example("a\u2028b")
def test_any_name_is_shown_and_saved(name: str):
    assert content.tidy_name(name).encode()
    assert content.download_name(name, content.PNG.media_type).endswith(".png")
