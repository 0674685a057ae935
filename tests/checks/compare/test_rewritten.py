"""Whole networks written otherwise: nobody is blamed."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import padcheck
from tests.checks.compare.mutants import NETS, attribute, weight
from tests.checks.compare.rewritten import (
    REWRITTEN,
    channels_permuted,
    half_stored,
    scale_moved,
    wider_then_cropped,
)

Rewrite = Callable[[onnx.ModelProto], "onnx.ModelProto | None"]
CASES = [
    pytest.param(net, rewrite, id=f"{net}-{rewrite.__name__}")
    for net in NETS
    for rewrite in REWRITTEN
    if rewrite(NETS[net]()) is not None
]


@pytest.mark.parametrize(("net", "rewrite"), CASES)
def test_what_computes_the_same_is_the_same(net: str, rewrite: Rewrite) -> None:
    source = NETS[net]()
    target = rewrite(source)
    onnx.checker.check_model(target)
    report = padcheck.compare(source, target)
    assert report.exit_code == (3 if rewrite is wider_then_cropped else 0), str(report)
    assert all(finding.latent for finding in report.findings)
    if rewrite is half_stored:
        return
    back = padcheck.compare(target, source)
    assert back.exit_code == report.exit_code, str(back)


def test_what_something_else_makes_up_for_is_told() -> None:
    source = NETS["line"]()
    report = padcheck.compare(source, wider_then_cropped(source))
    told = {op.name: op.reason for op in report.ops if op.verdict == "unverified"}
    assert set(told) == {"causal", "dilated", "depth", "last"}
    assert all("makes up for that" in reason for reason in told.values())
    assert all("alone in the source" in finding.notes[0] for finding in report.findings)


@pytest.mark.parametrize("rewrite", [scale_moved, channels_permuted])
def test_a_fault_beside_it_is_named_all_the_same(rewrite: Rewrite) -> None:
    source = NETS["straight"]()
    target = attribute(rewrite(source), "stem", pads=None, auto_pad="SAME_UPPER")
    report = padcheck.compare(source, target)
    assert report.exit_code == 1
    assert {op.name: op.findings for op in report.ops if op.verdict == "mismatch"} == {
        "stem": ("PAD101",)
    }
    assert report.end_to_end.residual_relative_l2 < 1e-6


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("level", ["ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED"])
def test_what_onnxruntime_makes_of_it(net: str, level: str, tmp_path: Path) -> None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    options.optimized_model_filepath = str(tmp_path / "made.onnx")
    options.log_severity_level = 4
    source = NETS[net]()
    onnxruntime.InferenceSession(source.SerializeToString(), options)
    report = padcheck.compare(source, tmp_path / "made.onnx")
    fused = net == "line" and level == "ORT_ENABLE_EXTENDED"  # a Tanh into a FusedConv
    assert report.exit_code == (3 if fused else 0), str(report)


class Reader:
    """Normal noise to calibrate with."""

    def __init__(self, *shape: int) -> None:
        generator = np.random.default_rng(1)
        self._left = [generator.standard_normal(shape).astype(np.float32) for _ in range(20)]

    def get_next(self) -> dict[str, Any] | None:
        return {"x": self._left.pop()} if self._left else None


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def quantized(model: onnx.ModelProto, folder: Path, *, per_channel: bool) -> onnx.ModelProto:
    from onnxruntime import quantization

    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    onnx.save(model, folder / "plain.onnx")
    with quietly():
        quantization.quantize_static(
            folder / "plain.onnx",
            folder / "quantized.onnx",
            Reader(*shape),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=per_channel,
            weight_type=quantization.QuantType.QInt8,
        )
    return onnx.load(folder / "quantized.onnx")


@pytest.mark.parametrize("net", ["straight", "joined", "line", "solid", "shared"])
def test_quantized(net: str, tmp_path: Path) -> None:
    source = NETS[net]()
    target = quantized(source, tmp_path, per_channel=net != "joined")
    report = padcheck.compare(source, target)
    assert report.exit_code == 0, str(report)


def test_a_fault_that_was_quantized_along(tmp_path: Path) -> None:
    source = NETS["shared"]()
    faulty = attribute(source, "three", pads=None, auto_pad="SAME_UPPER")
    report = padcheck.compare(source, quantized(faulty, tmp_path, per_channel=True))
    assert report.exit_code == 1
    assert {op.name: op.findings for op in report.ops if op.verdict == "mismatch"} == {
        "three": ("PAD101",)
    }


def test_numbers_that_the_rounding_hides_are_told_all_the_same(tmp_path: Path) -> None:
    source = NETS["line"]()
    doubled = weight(source, "causal.b", lambda bias: bias * 2)
    report = padcheck.compare(source, quantized(doubled, tmp_path, per_channel=True))
    assert report.end_to_end.outputs[0].verdict == "equivalent"
    assert {op.name: op.findings for op in report.ops if op.verdict == "mismatch"} == {
        "causal": ("PAD904",)
    }


def test_numbers_that_no_input_shows_are_no_acquittal() -> None:
    """Behind a Relu that is never above 0."""
    source = weight(NETS["shared"](), "one.b", lambda bias: bias * 0 - 1e9)
    target = weight(source, "one.b", lambda bias: bias * 2)
    report = padcheck.compare(source, target)
    assert report.exit_code == 3
    assert [op.name for op in report.ops if op.verdict == "unverified"] == ["one"]
    assert "bias is added twice" in report.ops[0].reason
