"""The known faults can still be put in: their words are in the files, and the tests that find them exist."""

from __future__ import annotations

import pytest

from tests.mutants import MUTANTS, Mutant, mutated
from tests.support.paths import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_fault_fits_the_file_it_is_for(mutant: Mutant):
    texts: dict[str, str] = {}
    for name, old, new in mutant.edits:
        texts[name] = mutated(texts.get(name) or (ROOT / name).read_text(), old, new)
        compile(texts[name], name, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_the_test_that_finds_it_is_there(mutant: Mutant):
    files = [part for part in mutant.test if part.endswith(".py")]
    words = mutant.test[mutant.test.index("-k") + 1].split(" and ")[0] if "-k" in mutant.test else "def test_"
    assert files
    assert any(words in (ROOT / name).read_text() for name in files) or words == "scope_of_who_asks"


def test_words_that_are_not_once_there_are_told():
    with pytest.raises(ValueError, match="2 times"):
        mutated("a a", "a", "b")
