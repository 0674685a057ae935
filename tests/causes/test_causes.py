"""The table of codes, and every cause's documentation."""

import doctest
import importlib

import pytest

from padcheck.causes import CODES, all_causes, cause, documentation
from padcheck.errors import UsageError

SECTIONS = [
    "What it finds:",
    "Why outputs differ:",
    "Example:",
    "Use instead:",
    "Fix safety:",
    "References:",
]


@pytest.mark.parametrize("code", CODES)
def test_the_docstring_has_its_sections_in_order_and_starts_with_code_and_name(code):
    text = documentation(code)
    assert text.splitlines()[0] == f"{code} {CODES[code]}"
    heads = [line.strip() for line in text.splitlines() if line.startswith("    ") is False]
    assert [head for head in heads if head.endswith(":")] == SECTIONS


@pytest.mark.parametrize("code", CODES)
def test_use_instead_speaks_to_every_framework(code):
    _, _, rest = documentation(code).partition("Use instead:")
    advice, _, _ = rest.partition("Fix safety:")
    for word in ("Keras", "TF", "PyTorch", "ONNX"):
        assert word in advice


@pytest.mark.parametrize("code", CODES)
def test_the_example_runs(code):
    module = importlib.import_module(f"padcheck.causes.{CODES[code]}")
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("code", CODES)
def test_lines_fit_a_terminal(code):
    lines = [line for line in documentation(code).splitlines() if "http" not in line]
    assert max(map(len, lines)) <= 100


def test_causes_agree_with_the_table():
    for known in all_causes():
        assert CODES[known.code] == known.name
        assert cause(known.code) is known


@pytest.mark.parametrize("spelling", ["PAD101", "pad101", "101", "asymmetric_same", " PAD101 "])
def test_a_code_may_be_spelt_in_several_ways(spelling):
    assert documentation(spelling) == documentation("PAD101")


def test_an_unknown_code_lists_the_known():
    with pytest.raises(UsageError, match=r"expected one of PAD101, .* but got code='PAD000'"):
        documentation("PAD000")
