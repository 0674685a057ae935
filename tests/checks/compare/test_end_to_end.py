"""What whole models may be acquitted of, and what is blamed where only some of it is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import padcheck
from padcheck.checks.compare.outputs import OutputPair, judge_output
from padcheck.records import MISMATCH, Report, Tensor
from tests.checks.compare.small import EIGHT, conv, model, node, weights

FIXTURES = Path(__file__).parents[3] / "fixtures"
W1, W2, W3 = weights(4, 3, 3, 3), weights(5, 4, 3, 3), weights(5, 5, 3, 3)


def guilty(report: Report) -> list[str]:
    return [op.name for op in report.ops if op.verdict == MISMATCH]


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def two_outputs(first: str, second: str, outputs: Sequence[str]) -> onnx.ModelProto:
    nodes = [conv("one", "x", first), conv("two", first, second)]
    return model(nodes, EIGHT, outputs, w_one=W1, w_two=W2)


def test_an_output_that_one_side_lacks_is_unverified() -> None:
    both, one = two_outputs("a", "b", ["a", "b"]), two_outputs("a", "b", ["a"])
    for source, target, told in (
        (both, one, "the target has no such output"),
        (one, both, "the source has no such output"),
    ):
        report = padcheck.compare(source, target)
        assert report.exit_code == 3
        assert [each.verdict for each in report.end_to_end.outputs] == ["equivalent", "unverified"]
        assert report.end_to_end.outputs[1].notes == (told,)
        assert "1 output could not be compared" in str(report)


def test_outputs_in_another_order_are_paired_by_name_or_by_their_numbers() -> None:
    source = two_outputs("a", "b", ["a", "b"])
    for target in (two_outputs("a", "b", ["b", "a"]), two_outputs("p", "q", ["q", "p"])):
        assert padcheck.compare(source, target).exit_code == 0


def test_outputs_of_equal_names_are_not_paired_otherwise() -> None:
    twice = {"w_one": W3, "w_two": weights(5, 5, 1, 1)}
    inputs = {"x": (1, 5, 8, 8)}
    pads = {"pads": [0, 0, 0, 0]}
    straight = [conv("one", "x", "a"), conv("two", "x", "b", **pads)]
    crossed = [conv("one", "x", "b"), conv("two", "x", "a", **pads)]
    report = padcheck.compare(*(model(one, inputs, "ab", **twice) for one in (straight, crossed)))
    assert report.exit_code == 1


def silent(middle: str) -> onnx.ModelProto:
    nodes = [
        conv("one", "x", "a", "bias"),
        node("Relu", ["a"], ["r"]),
        node(middle, ["r"], ["m"]),
        node("Relu", ["m"], ["y"]),
    ]
    return model(nodes, EIGHT, ["y"], w_one=W1, bias=np.full(4, -1e4, np.float32))


def test_where_nothing_moves_equal_outputs_say_nothing() -> None:
    report = padcheck.compare(silent("Identity"), silent("Sin"))
    assert report.exit_code == 3
    (note,) = report.end_to_end.notes
    assert "nothing in the source moves with its weights" in note
    zeros = np.zeros(EIGHT["x"], np.float32)
    plain = two_outputs("a", "b", ["b"])
    assert padcheck.compare(plain, plain, inputs=zeros).exit_code == 3
    assert padcheck.compare(plain, plain).exit_code == 0


def saturated(*nodes: onnx.NodeProto, **constants: Any) -> onnx.ModelProto:
    after = [
        node("Flatten", ["a"], ["f"]),
        node("Mul", ["f", "much"], ["g"]),
        node("Softmax", ["g"], ["y"], axis=1),
    ]
    inputs = {"x": (1, 4, 6, 6)}
    return model([*nodes, *after], inputs, ["y"], much=np.float32(1e6), **constants)


def test_a_split_convolution_is_not_held_to_one_of_its_parts() -> None:
    weight = weights(8, 2, 3, 3)
    whole = saturated(conv("both", "x", "a", group=2), w_both=weight)
    parts = saturated(
        node("Split", ["x"], ["p", "q"], axis=1),
        conv("one", "p", "b"),
        conv("two", "q", "c"),
        node("Concat", ["b", "c"], ["a"], axis=1),
        w_one=weight[:4],
        w_two=weight[4:],
    )
    for pair in ((whole, parts), (parts, whole)):
        report = padcheck.compare(*pair)
        assert not report.findings
        assert report.exit_code == 3


def dense(*, transposed: bool, wrong: bool = False) -> onnx.ModelProto:
    """Two products with a weight each and no convolution."""
    held = {name: weights(512, 512) for name in ("v0", "v1")}
    held["v1"] = held["v1"][::-1].copy() if wrong else held["v1"]
    nodes = []
    for reads, name, gives in (("x", "v0", "h"), ("h", "v1", "y")):
        op = "Gemm" if transposed else "MatMul"
        nodes.append(node(op, [reads, name], [gives], **({"transB": 1} if transposed else {})))
    held = {name: one.T.copy() if transposed else one for name, one in held.items()}
    return model(nodes, {"x": (1, 512)}, ["y"], **held)


def test_models_without_a_convolution_are_compared_end_to_end() -> None:
    import keras

    layers = [keras.layers.Dense(512, use_bias=False) for _ in range(2)]
    net = keras.Sequential([keras.Input((512,)), *layers])
    for layer in layers:
        layer.set_weights([weights(512, 512)])
    source = dense(transposed=False)
    for target in (dense(transposed=True), net):
        report = padcheck.compare(source, target)
        assert report.exit_code == 0
        (output,) = report.end_to_end.outputs
        assert output.relative_l2 <= 0.3 * output.bound < 1e-4
    assert padcheck.compare(source, dense(transposed=True, wrong=True)).exit_code == 1


def activated(
    *, relu: bool = True, leak: float = 0.1, biased: bool = True, stride: int = 1, **words: Any
) -> onnx.ModelProto:
    """Three convolutions with a Relu, or a Max with 0, behind the first, and a leak behind the
    second.
    """
    nodes = [
        conv("one", "x", "a"),
        node("Relu", ["a"], ["r"]) if relu else node("Max", ["a", "zero"], ["r"]),
        conv("two", "r", "b", "bias", strides=[stride] * 2, **words),
        node("LeakyRelu", ["b"], ["l"], alpha=leak),
        conv("three", "l", "y"),
    ]
    bias = np.arange(5, dtype=np.float32) / 3 * biased
    held = {"w_one": W1, "w_two": W2, "w_three": W3, "bias": bias, "zero": np.float32(0)}
    return model(nodes, EIGHT, ["y"], **held)


def test_an_activation_in_other_words_is_blamed_for_nothing() -> None:
    source = activated()
    assert padcheck.compare(source, activated(relu=False)).exit_code == 0
    report = padcheck.compare(source, activated(relu=False, biased=False))
    assert guilty(report) == ["two"]
    assert codes(report) == ["PAD904"]
    whole = report.end_to_end
    assert (whole.first_divergence, whole.explained_by) == ("two", ("PAD904",))
    assert whole.residual_relative_l2 < 1e-6
    assert any("no difference in the end" in note for note in report.ops[0].notes)


def clipped(high: float | None, *pads: int) -> onnx.ModelProto:
    """Two convolutions with a Relu between them, or a clip that normal noise does not reach."""
    held = {"w_one": W1, "w_two": W2, "low": np.float32(0), "high": np.float32(high or 0)}
    clip = node("Clip", ["a", "low", "high"], ["r"]) if high else node("Relu", ["a"], ["r"])
    words = {"strides": [2, 2], "pads": pads or [1, 1, 1, 1]}
    return model(
        [conv("one", "x", "a"), clip, conv("two", "r", "y", **words)], EIGHT, ["y"], **held
    )


def test_a_clip_that_this_input_does_not_reach_is_blamed_beside_others() -> None:
    source = clipped(60.0)
    assert codes(padcheck.compare(source, clipped(None))) == ["PAD906"]
    report = padcheck.compare(source, clipped(None, 0, 0, 1, 1))
    assert codes(report) == ["PAD906", "PAD101"]
    whole = report.end_to_end
    assert set(whole.explained_by) == {"PAD101", "PAD906"}
    assert whole.residual_relative_l2 < 1e-6
    assert codes(padcheck.compare(source, clipped(60.0, 0, 0, 1, 1))) == ["PAD101"]


def scaled(factor: float, *, biased: bool = True) -> onnx.ModelProto:
    """Three convolutions, a factor of the first taken back by the second."""
    nodes = [
        conv("one", "x", "a"),
        node("Relu", ["a"], ["r"]),
        conv("two", "r", "b"),
        conv("three", "b", "y", "bias"),
    ]
    bias = np.arange(5, dtype=np.float32) * biased
    held = {"w_one": W1 * np.float32(factor), "w_two": W2 / np.float32(factor), "w_three": W3}
    return model(nodes, EIGHT, ["y"], bias=bias, **held)


def test_a_factor_that_moved_on_is_not_blamed_beside_a_lost_bias() -> None:
    assert padcheck.compare(scaled(1), scaled(2)).exit_code == 0
    report = padcheck.compare(scaled(1), scaled(2, biased=False))
    assert codes(report) == ["PAD904"]
    assert guilty(report) == ["three"]
    assert report.end_to_end.explained_by == ("PAD904",)


@pytest.mark.parametrize("relu", [True, False])
def test_what_no_op_explains_is_told_where_it_shows(relu: bool) -> None:
    report = padcheck.compare(activated(), activated(relu=relu, leak=0.3))
    assert guilty(report) == ["three"]
    assert codes(report) == ["PAD999"]
    assert "its very input differs" in report.findings[0].message
    whole = report.end_to_end
    assert (whole.first_divergence, whole.first_divergence_at_input) == ("three", True)
    assert whole.explained_by == ()
    assert whole.remaining == ("three",)


def test_what_is_left_beside_a_guilty_op_is_told_where_it_shows() -> None:
    source = activated(stride=2)
    report = padcheck.compare(source, activated(stride=2, pads=[0, 0, 1, 1], leak=0.3))
    assert guilty(report) == ["two", "three"]
    assert codes(report) == ["PAD101", "PAD999"]
    whole = report.end_to_end
    assert whole.first_divergence == "two"
    assert whole.explained_by == ("PAD101",)
    assert whole.remaining == ("three",)
    assert whole.after[0].verdict == MISMATCH


@pytest.mark.parametrize(("kind", "code"), [("right", 3), ("same", 1)])
def test_a_source_of_integers_says_nothing_of_how_floats_round(kind: str, code: int) -> None:
    report = padcheck.compare(
        FIXTURES / "mobilenetv2_thin_right_int8.tflite",
        FIXTURES / f"mobilenetv2_thin_{kind}.tflite",
    )
    assert report.exit_code == code
    assert set(codes(report)) == ({"PAD101"} if code == 1 else set())
    assert len(guilty(report)) == (5 if code == 1 else 0)
    assert report.end_to_end.verdict == "unverified"


@pytest.mark.parametrize(
    ("bound", "off", "verdict"),
    [
        (1e-6, 1e-7, "equivalent"),
        (1e-6, 1e-5, "mismatch"),
        (1.5, 0.9, "unverified"),
        (1.5, 2.0, "mismatch"),
        (1.5, 0.0, "equivalent"),
        (None, 0.9, "unverified"),
        (None, 0.0, "equivalent"),
    ],
)
def test_a_bound_as_large_as_the_output_acquits_nobody(
    bound: float | None, off: float, verdict: str
) -> None:
    pair = OutputPair(Tensor(name="y", shape=(4,)), Tensor(name="y", shape=(4,)))
    ones = np.ones(4, np.float64)
    assert judge_output(pair, ones, ones * (1 + off), bound).verdict == verdict


def of_bytes(kind: str) -> onnx.ModelProto:
    nodes = [node("Cast", ["x"], ["f"], to=1), conv("one", "f", "y")]
    return model(nodes, EIGHT, ["y"], types={"x": kind}, w_one=W1)


def test_an_input_of_bytes_on_either_side_is_given_bytes() -> None:
    pair = of_bytes("FLOAT"), of_bytes("UINT8")
    for source, target in (pair, pair[::-1]):
        assert padcheck.compare(source, target).exit_code == 0


def test_numbers_that_an_input_cannot_hold_are_refused() -> None:
    bytes_ = of_bytes("UINT8")
    image = np.full(EIGHT["x"], 0.5)
    with pytest.raises(padcheck.UsageError, match="expected numbers that uint8 holds"):
        padcheck.compare(bytes_, bytes_, inputs=image)
    assert padcheck.compare(bytes_, bytes_, inputs=np.rint(image * 300)).exit_code == 0
    with pytest.raises(padcheck.UsageError, match="expected real numbers but got complex64"):
        padcheck.compare(bytes_, bytes_, inputs=image.astype(np.complex64))
    with pytest.raises(padcheck.UsageError, match="a shape like 1x3x8x8 but got 3x8x8"):
        padcheck.compare(bytes_, bytes_, inputs=image[0])


def test_fewer_digits_are_no_fault_of_the_framework() -> None:
    """A Keras model that computes in float16: PAD908, and its framework does as it says."""
    import keras

    def net(policy: str) -> keras.Model:
        keras.utils.set_random_seed(0)
        x = keras.Input((8, 8, 3), batch_size=1, name="x")
        made = keras.layers.Conv2D(4, 3, padding="same", name="c", dtype=policy)(x)
        return keras.Model(x, keras.layers.Activation("linear", dtype="float32")(made))

    source, target = net("float32"), net("mixed_float16")
    target.set_weights(source.get_weights())
    report = padcheck.compare(source, target, inputs=np.ones((1, 8, 8, 3), np.float32))
    assert {finding.code for finding in report.findings} == {"PAD908"}
