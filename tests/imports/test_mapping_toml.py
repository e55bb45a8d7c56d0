"""Mappings as TOML: hand-made ones are read strictly, saved ones come back equal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.core.problems import Refused
from db.imports.mapping import ColumnRule, Join, Mapping, dump_mapping, load_mapping
from db.imports.tabular import ReadOptions

HAND_MADE = """
kind = "leads"
title = "Olist funnel"
zone = "America/Sao_Paulo"
blank = "?"

[reading]
delimiter = ";"
header = false

[constants]
source = "olist"
year = 2018
open = true

[columns]
external_id = "mql_id"

[columns.received_at]
column = "first_contact_date"
format = "%d-%m-%Y"

[columns.customer_name]
columns = ["first", "last"]
separator = ", "

[columns.status]
column = "state"
values = { won = "sold", "not yet" = "new" }

[[joins]]
name = "closed"
file = "*closed_deals*"
key = "mql_id"
"""


def test_a_hand_made_mapping() -> None:
    assert load_mapping(HAND_MADE) == Mapping(
        kind="leads",
        title="Olist funnel",
        zone="America/Sao_Paulo",
        blank=("?",),
        reading=ReadOptions(delimiter=";", header=False),
        constants={"source": "olist", "year": "2018", "open": "true"},
        columns={
            "external_id": ColumnRule(columns=("mql_id",)),
            "received_at": ColumnRule(columns=("first_contact_date",), formats=("%d-%m-%Y",)),
            "customer_name": ColumnRule(columns=("first", "last"), separator=", "),
            "status": ColumnRule(columns=("state",), values={"won": "sold", "not yet": "new"}),
        },
        joins=(Join(name="closed", file="*closed_deals*", key="mql_id"),),
    )


@pytest.mark.parametrize(
    ("sentence", "toml", "expected"),
    [
        ("no TOML", "kind = ", [("", "not_toml")]),
        ("nothing", "", [("kind", "required"), ("title", "required")]),
        ("a misspelt key", 'kind="k"\ntitle="t"\ncolumn={}', [("column", "unknown_key")]),
        (
            "a misspelt key of a rule",
            'kind="k"\ntitle="t"\n[columns.a]\ncolumn="x"\nformt="y"',
            [("columns.a.formt", "unknown_key")],
        ),
        ("a rule without a column", 'kind="k"\ntitle="t"\n[columns.a]\nzone="UTC"', [("columns.a", "required")]),
        ("a number for a column", 'kind="k"\ntitle="t"\n[columns]\na = 3', [("columns.a", "wrong_type")]),
        ("a number for a title", 'kind="k"\ntitle=3', [("title", "wrong_type")]),
        ("a list of numbers", 'kind="k"\ntitle="t"\nblank=[1]', [("blank", "wrong_type")]),
        ("a table for a constant", 'kind="k"\ntitle="t"\n[constants]\na=[1]', [("constants.a", "wrong_type")]),
        ("constants that are none", 'kind="k"\ntitle="t"\nconstants=1', [("constants", "wrong_type")]),
        (
            "an unknown way with dates",
            'kind="k"\ntitle="t"\non_ambiguous_date="guess"',
            [("on_ambiguous_date", "wrong_value")],
        ),
        ("a join of one word", 'kind="k"\ntitle="t"\njoins="x"', [("joins", "wrong_type")]),
        ("half a join", 'kind="k"\ntitle="t"\n[[joins]]\nname="x"\nfile="y"', [("joins 1.key", "required")]),
        ("a header that is neither", 'kind="k"\ntitle="t"\nreading={header="no"}', [("reading.header", "wrong_type")]),
        ("very deep nesting", "a=" + "[" * 5_000, [("", "not_toml")]),
    ],
)
def test_what_is_wrong_is_named(sentence: str, toml: str, expected: list[tuple[str, str]]) -> None:
    with pytest.raises(Refused) as refused:
        load_mapping(toml)
    assert [(p.field, p.code) for p in refused.value.problems] == expected, sentence


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = texts.filter(bool)
lists = st.lists(names, max_size=3).map(tuple)
rules = st.builds(
    ColumnRule,
    columns=st.lists(names, min_size=1, max_size=3).map(tuple),
    separator=texts,
    formats=lists,
    zone=texts,
    values=st.dictionaries(texts, texts, max_size=3),
    blank=lists,
    default=texts,
    decimal_mark=st.sampled_from([".", ","]),
)
mappings = st.builds(
    Mapping,
    kind=names,
    title=names,
    columns=st.dictionaries(texts, rules, max_size=3),
    constants=st.dictionaries(texts, texts, max_size=3),
    joins=st.lists(
        st.builds(Join, name=names, file=names, key=names, other_key=texts, optional=st.booleans()), max_size=2
    ).map(tuple),
    zone=texts,
    blank=lists,
    on_ambiguous_date=st.sampled_from(["ask", "day_first", "month_first"]),
    reading=st.builds(ReadOptions, encoding=texts, delimiter=texts, header=st.booleans(), sheet=texts),
)


@settings(max_examples=200)
@given(mappings)
def test_a_saved_mapping_comes_back_equal(mapping: Mapping) -> None:
    assert load_mapping(dump_mapping(mapping)) == mapping


@settings(max_examples=200)
@given(st.text(alphabet='ab=[]{}"\n.#,1 ', max_size=60) | st.text(max_size=60))
def test_any_text_is_a_mapping_or_a_refusal(text: str) -> None:
    try:
        mapping = load_mapping(text)
    except Refused as refusal:
        problems = refusal.problems
    else:
        problems = ()
        assert mapping.kind
    assert all(problem.message for problem in problems)
