"""Whole networks with one fault in one op: that op is named, for the right cause, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest

import padcheck
from padcheck.records import MISMATCH, Report
from tests.checks.compare.mutants import (
    NETS,
    attribute,
    copy,
    exchanged,
    node_of,
    reclipped,
    refilled,
    rewired,
    weight,
    without,
)

Fault = Callable[[onnx.ModelProto], onnx.ModelProto]


def pads(name: str, *amounts: int) -> Fault:
    return lambda model: attribute(model, name, pads=list(amounts), auto_pad=None)


def same(name: str, word: str = "SAME_UPPER") -> Fault:
    return lambda model: attribute(model, name, pads=None, auto_pad=word)


def lost(name: str, *attributes: str) -> Fault:
    return lambda model: attribute(model, name, **dict.fromkeys(attributes))


def set_to(name: str, **values: Any) -> Fault:
    return lambda model: attribute(model, name, **values)


def weighed(name: str, change: Callable[[Any], Any]) -> Fault:
    return lambda model: weight(model, name, change)


def another(name: str, op: str, **values: Any) -> Fault:
    return lambda model: rewired(model, name, op, **values)


def dropped(name: str) -> Fault:
    return lambda model: without(model, name)


def one_weight(array: Any, factor: float = 0.5) -> Any:
    array.reshape(-1)[np.abs(array).argmax()] *= factor
    return array


def flipped(array: Any) -> Any:
    return np.flip(array, tuple(range(2, array.ndim)))


def bias_doubled(array: Any) -> Any:
    return array * 2


def bias_off(array: Any) -> Any:
    array[1] += 0.1
    return array


GUILTY: list[tuple[str, str, str, Fault]] = [
    # where windows sit
    ("straight", "stem", "PAD101", same("stem")),
    ("upwards", "down", "PAD101", same("down")),
    ("straight", "pool", "PAD104", lost("pool", "pads")),
    ("straight", "groups", "PAD104", lost("groups", "pads")),
    ("straight", "groups", "PAD105", pads("groups", 1, 0, 1, 0)),
    ("straight", "groups", "PAD105", pads("groups", 0, 0, 1, 2)),
    ("straight", "wide", "PAD105", pads("wide", 2, 4, 2, 4)),
    ("straight", "wide", "PAD109", pads("wide", 2, 1, 2, 1)),
    ("straight", "stem", "PAD109", pads("stem", 3, 3, 2, 2)),
    ("joined", "last", "PAD102", same("last")),
    ("joined", "last", "PAD104", lost("last", "auto_pad")),
    ("line", "causal", "PAD103", pads("causal", 1, 1)),
    ("line", "dilated", "PAD104", lost("dilated", "pads")),
    ("solid", "time", "PAD103", pads("time", 1, 0, 0, 1, 0, 0)),
    ("solid", "stem", "PAD104", lost("stem", "pads")),
    ("borders", "third", "PAD105", pads("third", 2, 2, 2, 2)),
    ("shared", "three", "PAD101", same("three")),
    ("shared", "two", "PAD104", lost("two", "pads")),
    ("upwards", "up", "PAD104", lost("up", "pads")),
    ("upwards", "up", "PAD401", pads("up", 0, 0, 2, 2)),
    ("upwards", "odd", "PAD402", lost("odd", "output_padding")),
    ("line", "up", "PAD402", lost("up", "output_padding")),
    # what pads hold
    ("line", "peak", "PAD201", lambda model: refilled(model, "peak", 0.0)),
    ("joined", "peak", "PAD202", lambda model: refilled(model, "peak", 5.0)),
    ("borders", "peak", "PAD201", weighed("filled.value", lambda value: value * 0)),
    ("straight", "mean", "PAD203", set_to("mean", count_include_pad=1)),
    ("joined", "mean", "PAD203", lost("mean", "count_include_pad")),
    ("line", "mean", "PAD301", lost("mean", "ceil_mode")),
    ("straight", "pool", "PAD999", another("pool", "AveragePool", kernel_shape=[3, 3],
                                          strides=[2, 2], pads=[1, 1, 1, 1])),
    # attributes
    ("straight", "depth", "PAD903", lost("depth", "strides")),
    ("straight", "depth", "PAD903", set_to("depth", strides=[1, 2])),
    ("straight", "wide", "PAD903", set_to("wide", dilations=[2, 1])),
    ("joined", "last", "PAD903", lost("last", "strides")),
    ("solid", "peak", "PAD903", set_to("peak", strides=[1, 1, 2])),
    ("line", "last", "PAD903", lost("last", "strides")),
    # weights
    ("straight", "stem", "PAD902", weighed("stem.w", flipped)),
    ("line", "depth", "PAD902", weighed("depth.w", flipped)),
    ("upwards", "odd", "PAD902", weighed("odd.w", flipped)),
    ("solid", "last", "PAD902", weighed("last.w", flipped)),
    ("straight", "wide", "PAD901", weighed("wide.w", lambda array: array.swapaxes(2, 3))),
    ("joined", "right", "PAD901", weighed("right.w", lambda array: array.swapaxes(0, 1))),
    ("line", "dilated", "PAD901", weighed("dilated.w", lambda array: array.swapaxes(0, 1))),
    ("straight", "wide", "PAD999", weighed("wide.w", one_weight)),
    ("joined", "five", "PAD999", weighed("five.w", lambda array: one_weight(array, 1.01))),
    ("shared", "last", "PAD999", weighed("last.w", lambda array: one_weight(array, 1.0001))),
    # what follows
    ("straight", "depth", "PAD904", weighed("depth.b", lambda array: array * 0)),
    ("upwards", "groups", "PAD904", weighed("groups.b", bias_doubled)),
    ("joined", "one", "PAD904", weighed("one.b", lambda array: -array)),
    ("shared", "two", "PAD904", weighed("two.b", bias_off)),
    ("solid", "time", "PAD904", weighed("time.b", bias_off)),
    ("straight", "stem", "PAD905", set_to("stem_bn", epsilon=1e-3)),
    ("line", "depth", "PAD905", set_to("depth_bn", epsilon=1e-3)),
    ("straight", "depth", "PAD906", another("depth_six", "Relu")),
    ("straight", "groups", "PAD906", dropped("groups_relu")),
    ("shared", "one", "PAD906", lambda model: reclipped(model, "one_relu", 0.0, 1.0)),
    ("straight", "stem", "PAD999", another("stem_relu", "LeakyRelu", alpha=0.01)),
    ("shared", "two", "PAD999", another("two_relu", "Sigmoid")),
    ("line", "causal", "PAD999", another("causal_tanh", "Relu")),
]  # fmt: skip

#: Faults of no convolution or pool, and where they are told: at the first op that reads them, or
#: at the last one where none does.
ELSEWHERE: list[tuple[str, str, Fault]] = [
    ("upwards", "groups", set_to("larger", coordinate_transformation_mode="align_corners")),
    ("upwards", "groups", set_to("larger", mode="nearest")),
    ("upwards", "score", set_to("soft", axis=3)),
    ("upwards", "pool", set_to("up_leaky", alpha=0.3)),
    ("joined", "one", lambda model: exchanged(model, "sum", "Sub")),
    ("joined", "one", dropped("sum")),
    ("line", "dilated", dropped("causal_tanh")),
    ("straight", "point", weighed("fc.b", lambda array: array * 0)),
    ("borders", "first", set_to("mirror", mode="edge")),
]


def compared(source: onnx.ModelProto, target: onnx.ModelProto) -> Report:
    return padcheck.compare(source, target)


def guilty(report: Report) -> dict[str, tuple[str, ...]]:
    return {op.name: op.findings for op in report.ops if op.verdict == MISMATCH}


@pytest.fixture(scope="module", name="nets")
def _nets() -> dict[str, onnx.ModelProto]:
    return {name: make() for name, make in NETS.items()}


@pytest.mark.parametrize("net", NETS)
def test_a_network_is_the_same_as_itself(nets: dict[str, onnx.ModelProto], net: str) -> None:
    report = compared(nets[net], copy(nets[net]))
    assert report.exit_code == 0
    assert not report.findings


@pytest.mark.parametrize(("net", "op", "code", "fault"), GUILTY)
def test_one_fault_is_named_where_it_is(
    nets: dict[str, onnx.ModelProto], net: str, op: str, code: str, fault: Fault
) -> None:
    report = compared(nets[net], fault(nets[net]))
    assert report.exit_code == 1
    assert guilty(report) == {op: (code,)}
    assert {each.verdict for each in report.ops if each.name != op} == {"equivalent"}
    whole = report.end_to_end
    if code != "PAD999":
        assert whole.explained_by == (code,)
        assert whole.residual_relative_l2 < 1e-6
        assert {finding.proof.status for finding in report.findings} == {"proven"}
        assert not whole.remaining


@pytest.mark.parametrize(("net", "op", "fault"), ELSEWHERE)
def test_what_is_no_convolution_or_pool_is_told_where_the_two_part(
    nets: dict[str, onnx.ModelProto], net: str, op: str, fault: Fault
) -> None:
    report = compared(nets[net], fault(nets[net]))
    assert report.exit_code == 1
    assert guilty(report) == {op: ("PAD999",)}
    assert not report.end_to_end.explained_by


def test_two_weights_exchanged_are_both_named(nets: dict[str, onnx.ModelProto]) -> None:
    one, other = (node_of(nets["joined"], name).input[1] for name in ("left", "right"))
    model = exchanged_weights(nets["joined"], one, other)
    report = compared(nets["joined"], model)
    assert set(guilty(report)) == {"left", "right"}
    assert report.end_to_end.residual_relative_l2 < 1e-6


def exchanged_weights(model: onnx.ModelProto, one: str, other: str) -> onnx.ModelProto:
    made = copy(model)
    held = {each.name: each for each in made.graph.initializer}
    held[one].name, held[other].name = other, one
    return made
