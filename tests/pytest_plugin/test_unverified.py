"""What could not be checked: neither passed nor failed, and its own in every count."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from tests.pytest_plugin.everything import everything
from tests.pytest_plugin.inner import Bare, Ran, bare, spread, warm
from tests.pytest_plugin.models import Layer, broken, chain, conv

__all__ = ["bare", "everything", "warm"]

RAISING = """
import padcheck as pc
SPEC = pc.conv(input_size=8, kernel_size=3)

def raising(x, weight):
    raise ValueError("no kernel")

def test_a(padcheck):
    padcheck.assert_callable(SPEC, raising)
"""

TOO_LARGE = RAISING.replace("input_size=8", "input_size=(1 << 14, 1 << 14)")


def test_it_has_a_place_of_its_own(everything: Ran) -> None:
    _, _, own = everything.output.partition(f"{' UNVERIFIED ':=^80}\n")
    failures, _, _ = everything.output.partition(f"{' UNVERIFIED ':=^80}\n")
    assert "Unverified: " not in failures
    told = "E       Unverified: raising: the function raised ValueError: 50 % of\n"
    assert own.count(told) == 2
    told = everything.told("test_unverified")
    assert ">       padcheck.assert_callable(SPEC, raising)\n" in told
    assert "\nE         help: it is called as fn(x, weight) and returns one array" in told


def test_skipped_with_its_reason(everything: Ran) -> None:
    assert any(
        line.startswith("SKIPPED [1] test_calls.py:") and ": raising: too large to evaluate" in line
        for line in everything.lines()
    )


@spread
def test_it_fails_the_run_and_is_not_failed(bare: Bare, spread: tuple[str, ...]) -> None:
    bare.write(test_a=RAISING)
    ran = bare(*spread, "-v", "--padcheck-json=session.json")
    assert ran.code == 1
    assert ran.counts() == {"unverified": 1}
    assert any("UNVERIFIED" in line and "test_a.py::test_a" in line for line in ran.lines())
    assert ran.json()["verdict"] == "unverified"
    assert ran.outcomes() == {"test_a.py::test_a": "unverified"}
    again = bare(*spread, "--padcheck-unverified=skip")
    assert (again.code, again.counts()) == (1, {"unverified": 1})  # it raised, which is no skip
    bare.write(test_a=TOO_LARGE)
    skipped = bare(*spread, "--padcheck-unverified=skip", "--padcheck-json=session.json")
    assert (skipped.code, skipped.counts()) == (0, {"skipped": 1})
    assert skipped.json()["verdict"] == "unverified"
    assert "padcheck: 1 op, 0 equivalent, 0 mismatch, 1 unverified" in skipped.lines()


def test_a_mismatch_beside_it_is_no_reason_to_skip(bare: Bare) -> None:
    bare.write(
        test_a=TOO_LARGE + "\ndef test_b(padcheck): padcheck.assert_diagnosed('bad.onnx')\n",
    )
    ran = bare("-p", "no:xdist", "--padcheck-unverified=skip", "--padcheck-static")
    assert ran.counts() == {"failed": 1, "skipped": 1}


@pytest.mark.parametrize("style", ["line", "no"])
def test_less_where_that_is_asked(bare: Bare, style: str) -> None:
    bare.write(test_a=RAISING)
    ran = bare("-p", "no:xdist", f"--tb={style}")
    assert "reproduce: " not in ran.output
    assert f"{' UNVERIFIED ':=^80}" in ran.lines() or style == "no"
    (line,) = [line for line in ran.lines() if line.startswith("UNVERIFIED ")]
    assert line.startswith("UNVERIFIED test_a.py::test_a - raising: the function raised")


def test_a_test_marked_to_fail_may_be_unverified(bare: Bare) -> None:
    marked = RAISING.replace("def test_a", "@pytest.mark.xfail\ndef test_a")
    bare.write(test_a=f"import pytest\n{marked}")
    ran = bare("-p", "no:xdist", "--padcheck-json=session.json")
    assert (ran.code, ran.counts()) == (0, {"xfailed": 1})
    assert ran.json()["verdict"] == "equivalent"
    assert ran.json()["counts"]["expected"] == 1


def test_before_the_test_it_is_an_error(bare: Bare) -> None:
    fixture = RAISING.replace("def test_a", "@pytest.fixture\ndef before")
    bare.write(test_a=f"import pytest\n{fixture}\ndef test_a(before): pass\n")
    ran = bare("-p", "no:xdist", "--padcheck-json=session.json")
    assert (ran.code, ran.counts()) == (1, {"error": 1})
    assert ran.outcomes() == {"test_a.py::test_a": "error"}


def test_they_are_told_in_the_models_order(bare: Bare) -> None:
    """Whichever ran first."""
    bare.write(conftest="def pytest_collection_modifyitems(items): items.reverse()")
    chain(bare.folder / "c.onnx", conv("one"), broken("two"), broken("a"), broken("three"))
    ran = bare("-p", "no:xdist", "--padcheck-model=c.onnx", "--padcheck-static")
    assert ran.counts() == {"passed": 1, "unverified": 3}
    told = [line.split()[1] for line in ran.lines() if line.startswith("UNVERIFIED ")]
    assert told == ["c.onnx::two", "c.onnx::a", "c.onnx::three"]


def opened(path: Path, *layers: Layer) -> None:
    """Writes the model of these layers, with an open height."""
    model = onnx.load(chain(path, *layers))
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "h"
    onnx.save(model, path)


@spread
def test_a_text_of_several_is_told_once(bare: Bare, spread: tuple[str, ...]) -> None:
    opened(bare.folder / "open.onnx", conv("one"), conv("two"))
    pair = ("--padcheck-model=open.onnx", "--padcheck-against=open.onnx")
    ran = bare(*spread, *pair)
    assert ran.counts() == {"unverified": 4}
    assert ran.told("one of open.onnx and 3 more tests").startswith("input x: both models ")
    told = [line for line in ran.lines() if line.startswith("UNVERIFIED ")]
    assert len(told) == 1
    assert told[0].startswith("UNVERIFIED open.onnx::one and 3 more tests - input x: both ")


def test_advice_names_the_options_of_pytest(bare: Bare) -> None:
    """Both models of a comparison leave a size open; so does one whose strides are many cases."""
    opened(bare.folder / "open.onnx", conv("one"))
    pair = ("--padcheck-model=open.onnx", "--padcheck-against=open.onnx")
    ran = bare("-p", "no:xdist", *pair)
    assert ran.counts() == {"unverified": 3}
    assert "give them with --padcheck-input-shape x=1,2,N,8" in ran.output
    assert " --input-shape" not in ran.output
    assert bare("-p", "no:xdist", *pair, "--padcheck-input-shape=x=1,2,9,8").code == 0

    opened(bare.folder / "far.onnx", conv("one", stride=80, auto_pad="SAME_UPPER"))
    bare.write(test_a="def test_a(padcheck): padcheck.assert_diagnosed('far.onnx', static=True)")
    model = ("--padcheck-model=far.onnx", "--padcheck-static")
    for how, end in (("fail", "unverified"), ("skip", "skipped")):
        ran = bare("-p", "no:xdist", "-rs", f"--padcheck-unverified={how}", *model)
        assert ran.counts() == {end: 2}
        assert "were judged; give --padcheck-input-shape" in " ".join(ran.output.split())
        assert " --input-shape" not in ran.output
