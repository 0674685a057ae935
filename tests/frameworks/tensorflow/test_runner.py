"""tf.nn computes what its dialect says, and the dialect's code is what tf.nn runs."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from padcheck.errors import FrameworkError
from padcheck.frameworks import dialect, runner
from padcheck.records import OpKind, OpSpec
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.grid import AVERAGE, CONV, FILLED, GRID, MAX, TOO_WIDE, name_of, op

RUNNER = runner("tensorflow")
DIALECT = dialect("tf_same", framework_name="tensorflow")
LOWERINGS = ("tf_same", "tf_zeropad_valid", "tf_pad_valid")
#: (op, lowering): border modes and fills too, where they are computed.
RUNS = [
    *((spec, lowering) for lowering in LOWERINGS for spec in GRID),
    *((spec, "tf_pad_valid") for spec in [*FILLED, *TOO_WIDE]),
]


@pytest.mark.parametrize(("spec", "lowering"), RUNS, ids=name_of)
def test_computes_what_its_dialect_says(spec: OpSpec, lowering: str) -> None:
    assert_conforms(RUNNER, DIALECT, spec, lowering)


@pytest.mark.parametrize(("spec", "lowering"), RUNS, ids=name_of)
def test_code_computes_the_op(spec: OpSpec, lowering: str) -> None:
    lowered = DIALECT.lower(spec, lowering)
    if lowered.spec is None:
        return
    case = example(spec)
    names = {"np": np, "tf": tf, "x": tf.constant(np.moveaxis(case.x, 1, -1)), "bias": case.bias}
    if case.weight is not None:
        names["kernel"] = np.moveaxis(case.weight, (0, 1), (-1, -2))
    if "depthwise" in "".join(lowered.code):
        kernel = case.weight.reshape(spec.channels[0], -1, *spec.kernel_size)
        names["kernel"] = np.moveaxis(kernel, (0, 1), (-2, -1))
    for line in lowered.code:
        exec(line, names)
    observed = np.moveaxis(names["x"].numpy(), -1, 1)
    if spec.kind is OpKind.LP_POOL:
        observed = observed**spec.p
    assert_computes(lowered.spec, case, observed, "; ".join(lowered.code))


@pytest.mark.parametrize("spec", [*GRID, *FILLED, *TOO_WIDE], ids=name_of)
def test_says_what_keras_says(spec: OpSpec) -> None:
    for lowering in LOWERINGS:
        theirs = dialect(lowering).lower(spec, lowering)
        if theirs.spec is not None:
            assert DIALECT.lower(spec, lowering).spec == theirs.spec


@pytest.mark.filterwarnings("ignore:When dilation rate is greater than 1:UserWarning")
def test_depthwise_with_stride_and_dilation_is_still_wrong_in_tf_nn() -> None:
    """Why `ops.depthwise_conv` avoids tf.nn.depthwise_conv2d [tensorflow 2.21.0].

    Fails where a release has mended it: the workaround can go then.
    """
    x = tf.reshape(tf.range(25.0), (1, 5, 5, 1))
    ones = tf.ones((2, 2, 1, 1))
    theirs = tf.nn.depthwise_conv2d(x, ones, (1, 2, 2, 1), "VALID", dilations=(2, 2))
    right = tf.nn.conv2d(x, ones, 2, "VALID", dilations=2)
    assert not np.array_equal(theirs.numpy(), right.numpy())


def test_one_channel_onto_one_column() -> None:
    """A batch of 2, one input channel, an output one wide and a stride along it.

    tensorflow 2.21.0 loses every second product with oneDNN, which it uses where the CPU
    suits; one lost and one not would be news.
    """
    x = tf.reshape(tf.constant([1.0, 2.0, 3.0, 4.0]), (2, 2, 1, 1))
    kernel = tf.constant([[[[10.0]], [[1.0]]]])
    y = tf.nn.conv2d(x, kernel, (1, 1, 2, 1), "SAME").numpy().ravel().tolist()
    assert y[::2] == [10.0, 30.0]
    right = [seen == wanted for seen, wanted in zip(y[1::2], (20.0, 40.0), strict=True)]
    assert all(right) or not any(right)  # what is lost is whatever was in memory


def test_what_tensorflow_refuses_is_a_framework_error() -> None:
    spec = op(CONV, (8, 8), 3)
    case = example(spec)
    with pytest.raises(FrameworkError, match=r"^tensorflow 2\.\d+\.\d+: \w+Error: "):
        RUNNER.run(spec, "tf_same", case.x[:, :1], case.weight, None)


@pytest.mark.parametrize("kind", [CONV, MAX])
def test_an_op_without_output_is_not_run(kind: OpKind) -> None:
    """TensorFlow 2.21.0 returns numbers for the conv and dies of the max pool."""
    spec = op(kind, (8, 8), 9)
    case = example(spec)
    with pytest.raises(FrameworkError, match="shorter than the window"):
        RUNNER.run(spec, "tf_zeropad_valid", case.x, case.weight, None)


@pytest.mark.parametrize("spec", [*GRID, *FILLED], ids=name_of)
def test_pads_of_its_own_are_the_op_itself(spec: OpSpec) -> None:
    lowered = DIALECT.lower(spec, "tf_pad_valid")
    assert lowered.spec == spec.with_pads(spec.resolved_pads)


@pytest.mark.parametrize("mode", ["REFLECT", "SYMMETRIC"])
def test_tensorflow_refuses_what_is_refused_as_too_wide(mode: str) -> None:
    widest = 4 if mode == "SYMMETRIC" else 3
    tf.pad(tf.ones((4,)), ((widest, 0),), mode=mode)
    with pytest.raises(tf.errors.InvalidArgumentError, match="paddings must be"):
        tf.pad(tf.ones((4,)), ((widest + 1, 0),), mode=mode)


def test_a_mirror_too_wide_is_a_reason() -> None:
    spec = op(CONV, (4, 5), 3, pads=((4, 0), (0, 0)), pad_mode="reflect")
    reason = DIALECT.lower(spec, "tf_pad_valid").reason
    assert reason == "reflect pads of an input of 4 are 3 wide at most, here 4"
    case = example(spec)
    with pytest.raises(FrameworkError, match=f": {reason}$"):
        RUNNER.run(spec, "tf_pad_valid", case.x, case.weight, None)


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (
            op(MAX, (8, 9), 3, 2, pads=(1, 1)),
            (
                'x = tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=float("-inf"))',
                'x = tf.nn.max_pool2d(x, ksize=3, strides=2, padding="VALID")',
            ),
        ),
        (
            op(AVERAGE, 8, 3, 2, pads=(1, 1)),
            (
                "mask = tf.ones_like(x)",
                "mask = tf.pad(mask, ((0, 0), (1, 1), (0, 0)))",
                'mask = tf.nn.avg_pool1d(mask, ksize=3, strides=2, padding="VALID")',
                "x = tf.pad(x, ((0, 0), (1, 1), (0, 0)))",
                'x = tf.nn.avg_pool1d(x, ksize=3, strides=2, padding="VALID")',
                "x = x / mask",
            ),
        ),
        (
            op(CONV, (8, 9), 3, pads=((1, 2), (0, 0)), pad_mode="edge"),
            (
                'x = tf.gather(x, np.pad(range(8), (1, 2), "edge"), axis=1)',
                'x = tf.nn.conv2d(x, kernel, strides=1, padding="VALID")',
            ),
        ),
        (
            op(CONV, (8, 9), 3, pads=((1, 2), (0, -1)), pad_mode="symmetric"),
            (
                'x = tf.pad(x, ((0, 0), (1, 2), (0, 0), (0, 0)), mode="SYMMETRIC")',
                "x = x[:, :, :-1]",
                'x = tf.nn.conv2d(x, kernel, strides=1, padding="VALID")',
            ),
        ),
    ],
    ids=name_of,
)
def test_code_with_pads_of_its_own(spec: OpSpec, code: tuple[str, ...]) -> None:
    assert DIALECT.lower(spec, "tf_pad_valid").code == code


def test_code_of_a_conv() -> None:
    spec = op(CONV, (224, 224), 3, 2, pads=(1, 1))
    assert DIALECT.lower(spec, "tf_same").code == (
        'x = tf.nn.conv2d(x, kernel, strides=2, padding="SAME")',
    )
    assert DIALECT.lower(spec, "tf_zeropad_valid").code == (
        "x = tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))",
        'x = tf.nn.conv2d(x, kernel, strides=2, padding="VALID")',
    )
