"""`fix`: the target rewritten, compared again, and only then written; else why not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest

import padcheck
from padcheck.errors import UsageError
from padcheck.records import Report
from tests.checks.compare.one_node import N2, conv, pad, pool, via
from tests.support import FIXTURES
from tests.support import padcheck as command

ONE, TWO = {"pads": (1, 1, 1, 1)}, {"strides": (2, 2)}


def fixed(source: str, target: str, path: Path) -> Report:
    return padcheck.compare(FIXTURES / source, FIXTURES / target, fix=path)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("resnet_thin.onnx", "resnet_thin_same.keras"),
        ("resnet_thin.onnx", "resnet_thin_tf_pads.onnx"),
        ("three_faults.onnx", "three_faults.keras"),
    ],
)
def test_the_repaired_file_is_the_same_model(source: str, target: str, tmp_path: Path) -> None:
    path = tmp_path / f"repaired{Path(target).suffix}"
    report = fixed(source, target, path)
    assert (report.verdict, report.fixed) == ("mismatch", str(path))
    assert report.notes[-1] == "the repaired target was compared again and is equivalent"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    if path.suffix == ".keras":
        keras.saving.load_model(path, compile=False, safe_mode=True)
    else:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    again = padcheck.compare(FIXTURES / source, path)
    assert (again.exit_code, again.findings) == (0, ())


@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
@pytest.mark.parametrize(
    ("code", "model"),
    [
        ("PAD104", lambda: conv(3, 3, bias=True, auto_pad="SAME_LOWER", **TWO)),
        ("PAD105", lambda: conv(3, 3, 3, pads=(2, 1, 1, 0, 1, 1))),
        ("PAD201", lambda: pool("MaxPool", 3, 3, **ONE, **TWO)),
        ("PAD301", lambda: pool("MaxPool", 3, 3, ceil_mode=1, **TWO)),
        ("PAD104", lambda: pool("AveragePool", 3, 3, auto_pad="SAME_UPPER", **TWO)),
    ],
    ids=["auto_pad", "3-D", "max", "ceil_mode", "mean"],
)
def test_what_onnx2keras_does_wrong_is_repaired(
    code: str, model: Any, last: bool, tmp_path: Path
) -> None:
    path = tmp_path / "repaired.keras"
    report = via(model(), last=last, fix=path)
    assert [each.code for each in report.findings] == [code]
    assert report.fixed == str(path)
    again = padcheck.compare(model(), path)  # no trust: loaded in safe mode
    assert (again.exit_code, again.findings) == (0, ())


@pytest.mark.parametrize(
    ("reason", "model"),
    [
        ("layer y: a Lambda takes no pads", lambda: conv(3, pads=(2, 0))),
        ("layer y: a Lambda takes no bias", lambda: conv(3, pads=(1, 1), bias=True)),
        ("y: its dilation is 1x1", lambda: conv(3, 3, dilations=(1, 2))),
        (
            "layer y: a Conv2DTranspose takes no pads",
            lambda: conv(3, 3, op="ConvTranspose", auto_pad="SAME_UPPER", **TWO),
        ),
        ("layer y: an average that leaves out", lambda: pool("AveragePool", 3, 3, **ONE, **TWO)),
        ("y: an average over a last", lambda: pool("AveragePool", 3, 3, ceil_mode=1, **TWO)),
        ("op would still differ", lambda: conv(3, 3, out=N2[1], bias=True, **ONE)),
        ("no layer is known to be wrong", lambda: pad(2, 2, 2, 2, mode="edge")),
    ],
)
def test_what_cannot_be_repaired_is_told_and_nothing_written(
    reason: str, model: Any, tmp_path: Path
) -> None:
    report = via(model(), fix=tmp_path / "repaired.keras")
    assert report.verdict == "mismatch"
    assert report.fixed is None
    assert report.notes[-1].startswith("not repaired: ")
    assert reason in report.notes[-1]
    assert report.notes[-1].endswith("; nothing was written")
    assert not list(tmp_path.iterdir())


def test_nothing_to_repair(tmp_path: Path) -> None:
    report = via(conv(3, 3, **ONE), fix=tmp_path / "repaired.keras")
    assert report.ok
    assert report.notes[-1] == "nothing to repair, so nothing was written"
    assert not list(tmp_path.iterdir())


def test_the_target_in_memory_stays_as_it_is(tmp_path: Path) -> None:
    model = keras.saving.load_model(FIXTURES / "three_faults.keras", compile=False)
    x = np.random.default_rng(0).standard_normal((1, *model.input_shape[1:])).astype(np.float32)
    before = np.asarray(model(x))
    path = tmp_path / "repaired.keras"
    assert padcheck.compare(FIXTURES / "three_faults.onnx", model, fix=path).fixed == str(path)
    np.testing.assert_array_equal(np.asarray(model(x)), before)


def test_the_target_may_be_written_over_and_the_source_may_not(tmp_path: Path) -> None:
    source, target = tmp_path / "source.onnx", tmp_path / "target.keras"
    shutil.copy(FIXTURES / "three_faults.onnx", source)
    shutil.copy(FIXTURES / "three_faults.keras", target)
    assert padcheck.compare(source, target, fix=target).fixed == str(target)
    assert padcheck.compare(source, target).ok
    before = source.read_bytes()
    with pytest.raises(UsageError, match=r"is the source, which is not written over$"):
        padcheck.compare(source, source, fix=source)
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("missing/repaired.keras", "--fix: no such folder: "),
        ("repaired.onnx", "--fix: expected a file that ends with .keras but got "),
        ("repaired", "--fix: expected a file that ends with .keras but got "),
        ("folder.keras", "--fix: expected a file but "),
    ],
)
def test_a_path_that_cannot_be_written(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(UsageError, match=f"^{text}"):
        fixed("three_faults.onnx", "three_faults.keras", tmp_path / name)


@pytest.mark.parametrize("target", ["resnet_thin_same.tflite", "resnet_thin_same_saved_model"])
def test_a_format_that_cannot_be_rewritten(target: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        fixed("resnet_thin.onnx", target, tmp_path / "repaired.tflite")
    kind = "tflite" if target.endswith(".tflite") else "savedmodel"
    assert str(caught.value) == (
        f"--fix: a {kind} target cannot be rewritten; without --fix the report says what to "
        "change in the model that it is converted from"
    )


def test_the_command_line(tmp_path: Path) -> None:
    onnx.save(pool("MaxPool", 3, 3, **ONE, **TWO), tmp_path / "pool.onnx")
    words = ("compare", "pool.onnx", "--via", "onnx2keras", "--fix")
    done = command(*words, "pool.keras", cwd=tmp_path)
    assert done.returncode == 1
    assert "PAD201 zero_filled_max_pool" in done.stdout
    assert "pool.keras" in done.stdout
    again = command("compare", "pool.onnx", "pool.keras", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    refused = command(*words, "no/pool.keras", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("padcheck: error: --fix: no such folder: ")
    assert refused.stderr.count("\n") == 1
