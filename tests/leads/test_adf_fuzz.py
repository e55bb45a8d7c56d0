"""Damaged, cut and hostile documents: a `Document` or a `NotReadable`, never anything else, and never slowly (R17, R20)."""

# ruff: noqa: E501 - a document under test reads best on one line

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.leads.adf import Document, NotReadable, parse
from tests.leads.adf_examples import RECEIVED, adf, prospect
from tests.support.paths import shared
from tests.support.tier import figure, sized

FULL = adf(
    prospect(comments="<![CDATA[a <br/> b]]> & Date of Birth: 1980-01-02", after_contact="<timeframe>soon</timeframe>"),
    prospect(attributes=" status='resend'", name="<name part=full>José</name>", comments="x < y"),
).encode()
TOKENS = st.sampled_from(
    [
        *b"< > & &# &lt; ]]> <![CDATA[ <!-- --> <? ?> </ /> \" ' = <!DOCTYPE <comments> </comments> <adf> </adf> \x00 \xff "
        b"\xe2\x80\x9d <year>-1</year> <price>1e9</price> <optionname> </name> xmlns:".split(b" "),
        b"\n",
        b" ",
        b"<vehicle interest='trade-in'>",
    ]
)


def read(raw: bytes) -> str:
    try:
        document = parse(raw, received_at=RECEIVED)
    except NotReadable as refusal:
        return refusal.code or refusal.message
    assert isinstance(document, Document)
    assert document.prospects
    return "read"


@settings(max_examples=300)
@given(st.data())
def test_flipped_bytes_and_dropped_pieces(data: st.DataObject):
    raw = bytearray(FULL)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                raw[at] = data.draw(st.integers(0, 255))
            case 1:
                raw[at:at] = data.draw(TOKENS)
            case _:
                del raw[at : at + data.draw(st.integers(1, 20))]
    read(bytes(raw))


def test_every_beginning_of_a_document_is_refused_or_read():
    whole = FULL + b"\n"
    assert read(whole) == "read"
    for cut in range(len(FULL) - 1):
        assert read(FULL[:cut]) != "read", cut


@settings(max_examples=300)
@given(st.lists(TOKENS, max_size=40))
@example([])
def test_any_heap_of_markup(tokens: list[bytes]):
    read(b"".join(tokens))
    read(b"<adf><prospect>" + b"".join(tokens) + b"</prospect></adf>")


@settings(max_examples=150)
@given(st.text(max_size=200))
def test_any_text_in_every_field(text: str):
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    fields = "".join(
        f"<{name}>{safe}</{name}>"
        for name in (
            "year",
            "make",
            "model",
            "vin",
            "stock",
            "odometer",
            "condition",
            "price",
            "pricecomments",
            "comments",
        )
    )
    finance = f"<finance><method>{safe}</method><amount>{safe}</amount></finance><option><weighting>{safe}</weighting></option>"
    reached = f"<email>{safe}</email><phone type='cell'>{safe}</phone><address><street>{safe}</street><country>{safe}</country></address>"
    read(
        adf(
            prospect(
                date=f"<requestdate>{safe}</requestdate>",
                vehicle=f"<vehicle>{fields}{finance}</vehicle><vehicle interest='trade-in'>{fields}</vehicle>",
                name=f"<name>{safe}</name>",
                reached=reached,
                comments=safe,
                after_contact=f"<timeframe><earliestdate>{safe}</earliestdate></timeframe>",
            )
        ).encode("utf-8", "surrogatepass")
    )


def test_the_collected_documents_survive_a_thousand_random_wounds():
    files = sorted(shared("adf_documents", "docs").glob("*.xml"))
    dice = random.Random(2026)
    wounds = sized(fast=1_000, long=4_000)
    for _ in range(wounds):
        raw = bytearray(dice.choice(files).read_bytes())
        for _ in range(dice.randint(1, 5)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        read(bytes(raw))
    figure("R17", "injured files", wounds)


LARGE = 1_900_000
HEAVY = [
    ("instructions that are never closed", b"<?a" * (LARGE // 3)),
    ("comments that are never closed", b"<!--" * (LARGE // 4)),
    ("sections that are never closed", b"<adf><prospect><comments>&" + b"<![CDATA[" * (LARGE // 9)),
    ("tags that are never closed", b"<adf>" + b"<a b='" * (LARGE // 6)),
    ("bare brackets", b"<adf><prospect><comments>" + b"< " * (LARGE // 2) + b"</comments></prospect></adf>"),
    ("bare ampersands", b"<adf><prospect><comments>" + b"& " * (LARGE // 2) + b"</comments></prospect></adf>"),
    ("one endless line of spaces", b"<adf><prospect><comments>& test" + b" " * LARGE + b"</comments></prospect></adf>"),
    ("one endless word", b"<adf><prospect><comments>" + b"trade" * (LARGE // 5) + b"</comments></prospect></adf>"),
    ("one endless number", b"<adf><prospect><comments>card " + b"4 " * (LARGE // 2) + b"</comments></prospect></adf>"),
    ("endless hyphens", b"<adf><prospect><comments>income" + b" -" * (LARGE // 2) + b"</comments></prospect></adf>"),
    (
        "endless words of refusal",
        b"<adf><prospect><comments>" + b"no trade " * (LARGE // 9) + b"</comments></prospect></adf>",
    ),
    ("endless labels", b"<adf><prospect><comments>" + b"A: B, " * (LARGE // 6) + b"</comments></prospect></adf>"),
    ("endless attributes", b"<adf " + b"a=1 " * (LARGE // 4) + b"><prospect/></adf>"),
    ("endless depth", b"<adf>" + b"<a>" * (LARGE // 8) + b"</a>" * (LARGE // 8) + b"</adf>"),
    ("endless empty vehicles", b"<adf><prospect>" + b"<vehicle/>" * 20_000 + b"</prospect></adf>"),
    (
        "endless phones",
        b"<adf><prospect><customer>" + b"<phone>4195550188</phone>" * 20_000 + b"</customer></prospect></adf>",
    ),
    (
        "an endless phone",
        b"<adf><prospect><customer><phone>" + b"1 or " * (LARGE // 5) + b"</phone></customer></prospect></adf>",
    ),
    (
        "an endless address",
        b"<adf><prospect><customer><email>" + b"a@b," * (LARGE // 4) + b"</email></customer></prospect></adf>",
    ),
    (
        "an endless name",
        b"<adf><prospect><customer><name>" + b"van " * (LARGE // 4) + b"</name></customer></prospect></adf>",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("sentence", "raw"), HEAVY, ids=[row[0] for row in HEAVY])
def test_two_megabytes_made_to_be_slow_come_to_an_end(sentence: str, raw: bytes):
    # Each of these takes hours when any step of the reader is quadratic; the suite's own time limit is the measure.
    assert len(raw) <= 2 * 1024 * 1024
    read(raw)
