"""`--padcheck-model`: one item per op, under no xdist, `-n 0` and `-n 2`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from tests.pytest_plugin.conftest import Run
from tests.pytest_plugin.inner import models
from tests.pytest_plugin.inner import run as process
from tests.pytest_plugin.models import broken, chain, conv, max_pool, relu

STATIC = ("--padcheck-model", "m.onnx", "--padcheck-static")
AGAINST = ("--padcheck-model", "m.onnx", "--padcheck-against", "t.onnx")


@pytest.fixture
def model(project: Path) -> Path:
    """conv1 and pool are what SAME gives, conv2 is not, bad cannot be checked."""
    return chain(
        project / "m.onnx", conv("conv1"), conv("conv2", stride=2), max_pool("pool"), broken("bad")
    )


def pair(project: Path) -> None:
    """A source, and a target whose conv2 pads as SAME does."""
    chain(project / "m.onnx", conv("conv1"), conv("conv2", stride=2))
    chain(project / "t.onnx", conv("conv1"), conv("conv2", stride=2, auto_pad="SAME_UPPER"))


def words(result: pytest.RunResult) -> dict[str, str]:
    """{node id: the word for how it ended} of a run with `-v`, in its order."""
    told = {}
    for line in result.outlines:
        line = re.sub(r"^\[gw\d\] \[ *\d+%\] |\s+\[ *\d+%\]$", "", line).strip()
        plain = re.fullmatch(r"(\S+::\S+) ([A-Z][A-Z ]*(?:PAD\d+ ?)*)", line)
        spread = re.fullmatch(r"([A-Z][A-Z ]*(?:PAD\d+ ?)*) (\S+::\S+)", line)
        if plain:
            told[plain[1]] = plain[2]
        elif spread:
            told[spread[2]] = spread[1]
    return told


def count_line(result: pytest.RunResult) -> str:
    (line,) = (line for line in result.outlines if re.match(r"padcheck: \d+ ops?,", line))
    return line


def test_each_op_is_an_item_with_its_verdict(model: Path, run: Run, spread: list[str]) -> None:
    result = run(*STATIC, "-v", *spread)

    assert result.ret == 1
    assert words(result) == {
        "m.onnx::conv1": "EQUIVALENT",
        "m.onnx::conv2": "MISMATCH PAD101",
        "m.onnx::pool": "EQUIVALENT",
        "m.onnx::bad": "UNVERIFIED",
    }
    assert count_line(result) == "padcheck: 4 ops, 2 equivalent, 1 mismatch, 1 unverified"
    assert re.search(r"= 1 failed, 2 passed, 1 unverified in ", result.stdout.str())
    result.stdout.fnmatch_lines(["MISMATCH PAD101 m.onnx::conv2 - *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_comparison_has_two_items_more(project: Path, run: Run, spread: list[str]) -> None:
    pair(project)

    result = run(*AGAINST, "-v", *spread)

    assert result.ret == 1
    assert words(result) == {
        "m.onnx::conv1": "EQUIVALENT",
        "m.onnx::conv2": "MISMATCH PAD101",
        "m.onnx::target-ops": "EQUIVALENT",
        "m.onnx::end-to-end": "MISMATCH",
    }
    assert count_line(result) == "padcheck: 2 ops, 1 equivalent, 1 mismatch, 0 unverified"
    result.stdout.fnmatch_lines(["padcheck: m.onnx against t.onnx"])


def test_a_right_conversion_passes(project: Path, run: Run) -> None:
    chain(project / "m.onnx", conv("conv1"), conv("conv2", stride=2))
    chain(project / "t.onnx", conv("one"), conv("two", stride=2))

    result = run(*AGAINST)

    assert result.ret == 0
    result.assert_outcomes(passed=4)
    assert count_line(result) == "padcheck: 2 ops, 2 equivalent, 0 mismatch, 0 unverified"
    result.stdout.fnmatch_lines(["m.onnx ....*"])


def test_quiet_runs_use_letters(model: Path, run: Run) -> None:
    run(*STATIC).stdout.fnmatch_lines(["m.onnx .F.U*"])


def test_an_op_of_the_target_alone_is_target_ops(project: Path, run: Run) -> None:
    """Even one that is called as an op of the source: conv1, whose partner is another."""
    chain(project / "m.onnx", conv("conv1"), conv("conv2"))
    chain(project / "t.onnx", conv("a"), conv("b"), conv("conv1"))

    result = run(*AGAINST, "-v")

    assert words(result)["m.onnx::conv1"] == "EQUIVALENT"
    assert words(result)["m.onnx::target-ops"] == "UNVERIFIED"
    result.stdout.fnmatch_lines(["conv1 (of the target): no op of the source *"])


def test_ops_that_the_target_joins_are_items_of_their_own(project: Path, run: Run) -> None:
    split_and_joined(project)

    result = run(*AGAINST, "-v")

    assert words(result) == {
        "m.onnx::first": "MISMATCH PAD101",
        "m.onnx::second": "MISMATCH PAD101",
        "m.onnx::target-ops": "EQUIVALENT",
        "m.onnx::end-to-end": "MISMATCH",
    }
    assert count_line(result) == "padcheck: 1 op, 0 equivalent, 1 mismatch, 0 unverified"
    assert run(*AGAINST, "m.onnx::second", "--padcheck-allow", "PAD101").ret == 0


def split_and_joined(project: Path) -> None:
    """Two convolutions on halves of the channels; the target has one of two groups."""
    generator = np.random.default_rng(0)
    halves = [generator.normal(size=(2, 2, 3, 3)).astype(np.float32) for _ in range(2)]
    window = {"kernel_shape": [3, 3], "strides": [2, 2]}
    pads = {"pads": [1, 1, 1, 1]}
    split = [
        helper.make_node("Split", ["x"], ["a", "b"], "split", axis=1, num_outputs=2),
        helper.make_node("Conv", ["a", "w0"], ["c"], "first", **window, **pads),
        helper.make_node("Conv", ["b", "w1"], ["d"], "second", **window, **pads),
        helper.make_node("Concat", ["c", "d"], ["y"], "join", axis=1),
    ]
    joined = [
        helper.make_node(
            "Conv", ["x", "w"], ["y"], "both", group=2, auto_pad="SAME_UPPER", **window
        )
    ]
    for name, nodes, weights in (
        ("m.onnx", split, {f"w{number}": half for number, half in enumerate(halves)}),
        ("t.onnx", joined, {"w": np.concatenate(halves)}),
    ):
        graph = helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 8, 8])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(array, key) for key, array in weights.items()],
        )
        opset = [helper.make_opsetid("", 19)]
        save(helper.make_model(graph, opset_imports=opset, ir_version=9), project / name)


#: Lists another op for `two` than the one that is measured.
LISTING = """
from padcheck.pytest_plugin import measuring

read = measuring._read

def misread(path, *how):
    model, held = read(path, *how)
    return model, {**held, "ops": ["one", "three"]}

measuring._read = misread
"""


def test_no_op_is_lost_between_listing_and_measuring(tmp_path: Path) -> None:
    """What was measured and not listed is of target-ops; the reverse is unverified."""
    models(tmp_path)
    (tmp_path / "conftest.py").write_text(LISTING)
    pair = ("--padcheck-model=bad.onnx", "--padcheck-against=same.onnx")
    ran = process(tmp_path, "-p", "no:xdist", *pair, "--padcheck-json=session.json")
    assert ran.outcomes() == {
        "bad.onnx::one": "passed",
        "bad.onnx::three": "unverified",
        "bad.onnx::target-ops": "failed",
        "bad.onnx::end-to-end": "failed",
    }
    assert "PAD101 asymmetric_same: two: " in ran.told("target-ops of bad.onnx")


def test_shared_weights_are_told_apart(project: Path, run: Run) -> None:
    chain(project / "m.onnx", conv("one", weight=7), conv("two", stride=2, weight=7))
    chain(
        project / "t.onnx",
        conv("uno", weight=7),
        conv("due", stride=2, weight=7, auto_pad="SAME_UPPER"),
    )

    told = words(run(*AGAINST, "-v"))

    assert told["m.onnx::one"] == "EQUIVALENT"
    assert told["m.onnx::two"] == "MISMATCH PAD101"


def test_models_stand_in_the_order_of_the_options(project: Path, run: Run) -> None:
    chain(project / "b.onnx", conv("conv1"))
    chain(project / "a.onnx", conv("conv1"), conv("conv2"))
    chain(project / "as_a.onnx", conv("conv1"), conv("conv2"))
    chain(project / "as_b.onnx", conv("conv1"))
    models = ("--padcheck-model", "b.onnx", "--padcheck-model", "a.onnx")
    targets = ("--padcheck-against", "as_b.onnx", "--padcheck-against", "as_a.onnx")

    result = run(*models, *targets, "-v")

    assert result.ret == 0
    assert list(words(result)) == [
        *(f"b.onnx::{name}" for name in ("conv1", "target-ops", "end-to-end")),
        *(f"a.onnx::{name}" for name in ("conv1", "conv2", "target-ops", "end-to-end")),
    ]
    assert run(*models, *reversed(targets)).ret == 4  # no option has that value
    swapped = (targets[0], targets[3], targets[2], targets[1])
    assert run(*models, *swapped, "-q").ret == 1


def test_a_model_without_windows_says_so(project: Path, run: Run) -> None:
    chain(project / "m.onnx", relu("r"))

    result = run(*STATIC, "-rs")
    assert result.ret == 0
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED [[]1[]] m.onnx:1: m.onnx has no convolution and no pool"])
    chain(project / "t.onnx", relu("r"))
    result = run(*AGAINST, "-v")
    assert result.ret == 0
    assert words(result) == {
        "m.onnx::target-ops": "EQUIVALENT",
        "m.onnx::end-to-end": "EQUIVALENT",
    }


def test_items_and_tests_stand_side_by_side(model: Path, run: Run, project: Path) -> None:
    (project / "test_a.py").write_text("def test_a(): pass\n")

    told = words(run(*STATIC, "-v"))

    ops = ("conv1", "conv2", "pool", "bad")
    assert list(told) == ["test_a.py::test_a", *(f"m.onnx::{name}" for name in ops)]


def test_a_test_that_goes_elsewhere_moves_no_model(project: Path, run: Run) -> None:
    """Not even one that removes the folder it went to."""
    chain(project / "m.onnx", conv("conv1"))
    (project / "test_a.py").write_text(
        "import os\n\ndef test_a(tmp_path):\n    os.chdir(tmp_path)\n    os.rmdir(tmp_path)\n"
    )

    try:
        result = run(*STATIC, "--padcheck-json", "made.json")
    finally:
        os.chdir(project)

    result.assert_outcomes(passed=2)
    session = json.loads((project / "made.json").read_text())
    assert session["reports"][0]["source"]["path"] == "m.onnx"
