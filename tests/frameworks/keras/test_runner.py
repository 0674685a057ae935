"""Keras computes what its dialect says, and the dialect's code is what Keras runs."""

from __future__ import annotations

import pytest

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks import dialect, runner
from padcheck.frameworks.lowering import zero_padded
from padcheck.records import OpKind, OpSpec, same_function
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.grid import (
    AVERAGE,
    CONV,
    COUNTED,
    FILLED,
    GRID,
    LP,
    MAX,
    TOO_WIDE,
    name_of,
    op,
)
from tests.frameworks.keras.running import run_code

RUNNER = runner("keras")
DIALECT = dialect("tf_same")
LOWERINGS = ("tf_same", "tf_zeropad_valid", "tf_pad_valid")
#: (op, lowering): border modes and fills too, where they are computed.
RUNS = [
    *((spec, lowering) for lowering in LOWERINGS for spec in GRID),
    *((spec, "tf_pad_valid") for spec in [*FILLED, *TOO_WIDE]),
]

#: keras 3.15.1 says so of every grouped conv: it compiles a new function for each.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:keras")


@pytest.mark.parametrize(("spec", "lowering"), RUNS, ids=name_of)
def test_computes_what_its_dialect_says(spec: OpSpec, lowering: str) -> None:
    assert_conforms(RUNNER, DIALECT, spec, lowering)


@pytest.mark.parametrize(("spec", "lowering"), RUNS, ids=name_of)
def test_code_computes_the_op(spec: OpSpec, lowering: str) -> None:
    lowered = DIALECT.lower(spec, lowering)
    if lowered.spec is None:
        return
    case = example(spec)
    observed = run_code(lowered.code, spec, case)
    assert_computes(lowered.spec, case, observed, "; ".join(lowered.code))


@pytest.mark.parametrize("spec", [*GRID, *FILLED], ids=name_of)
def test_repair_is_there_where_zeros_make_another_op(spec: OpSpec) -> None:
    zeros, own = (DIALECT.lower(spec, lowering) for lowering in LOWERINGS[1:])
    if own.spec is not None:
        right = same_function(spec, zero_padded(spec))
        assert zeros.repair == (() if right else own.code)
    assert own.repair == ()


def test_a_dilated_pool_has_no_same() -> None:
    lowered = DIALECT.lower(op(MAX, (13, 12), 3, 1, 2, pads=(2, 2)), "tf_same")
    assert lowered.spec is None
    assert lowered.reason == "Keras pooling layers have no dilation, and tf.nn.pool none with SAME"


def test_what_keras_refuses_is_a_framework_error() -> None:
    spec = op(CONV, (8, 8), 3)
    case = example(spec)
    with pytest.raises(FrameworkError, match=r"^keras 3\.\d+\.\d+: \w+Error: "):
        RUNNER.run(spec, "tf_same", case.x, case.weight[..., :2], None)


@pytest.mark.parametrize("kind", [CONV, MAX])
def test_an_op_without_output_is_not_run(kind: OpKind) -> None:
    """TensorFlow 2.21.0 returns numbers for the conv and dies of the max pool."""
    spec = op(kind, (8, 8), 9)
    case = example(spec)
    with pytest.raises(FrameworkError, match="shorter than the window"):
        RUNNER.run(spec, "tf_zeropad_valid", case.x, case.weight, None)


def test_an_unknown_lowering_lists_the_known() -> None:
    spec = op(AVERAGE, (8, 8), 3)
    message = "expected a lowering of tf_same, tf_zeropad_valid, tf_pad_valid but got 'torch'"
    with pytest.raises(UsageError, match=message):
        RUNNER.run(spec, "torch", example(spec).x, None, None)


def test_the_same_op_may_be_run_with_other_weights() -> None:
    spec = op(CONV, (8, 9), 3, 2, pads=(1, 1), bias=True)
    for seed in (1, 2):
        case = example(spec, batch=seed, seed=seed)
        observed = RUNNER.run(spec, "tf_zeropad_valid", case.x, case.weight, case.bias)
        assert_computes(spec, case, observed, f"{spec} {seed}")


@pytest.mark.parametrize(
    ("spec", "lowering", "code"),
    [
        (
            op(CONV, (224, 224), 3, 2, pads=(1, 1), channels=(3, 64), bias=True),
            "tf_same",
            ('layers.Conv2D(64, 3, strides=2, padding="same")',),
        ),
        (
            op(CONV, (224, 224), 3, 2, pads=(1, 1), channels=(3, 64), bias=True),
            "tf_zeropad_valid",
            (
                "layers.ZeroPadding2D(((1, 1), (1, 1)))",
                'layers.Conv2D(64, 3, strides=2, padding="valid")',
            ),
        ),
        (
            op(CONV, 12, 3, 2, pads=(2, 0), channels=(2, 2)),
            "tf_zeropad_valid",
            (
                "layers.ZeroPadding1D((2, 0))",
                'layers.Conv1D(2, 3, strides=2, padding="valid", use_bias=False)',
            ),
        ),
        (
            op(MAX, (8, 9), 3, 2, pads=(1, 1)),
            "tf_same",
            ('layers.MaxPooling2D(3, strides=2, padding="same")',),
        ),
    ],
)
def test_code(spec: OpSpec, lowering: str, code: tuple[str, ...]) -> None:
    assert DIALECT.lower(spec, lowering).code == code


def test_zero_padding_before_a_max_pool_is_not_passed_off_as_the_op() -> None:
    lowered = DIALECT.lower(op(MAX, (8, 8), 3, 2, pads=(1, 1)), "tf_zeropad_valid")
    assert lowered.spec is not None
    assert lowered.spec.pad_value == 0.0
    assert lowered.notes == (
        "a max pool takes ZeroPadding's zeros as values: not the reference, nor SAME",
    )
    assert lowered.repair == (
        "pads = ((0, 0), (1, 1), (1, 1), (0, 0))",
        'x = tf.pad(x, pads, constant_values=float("-inf"))',
        'x = layers.MaxPooling2D(3, strides=2, padding="valid")(x)',
    )


def test_zero_padding_before_an_average_pool_is_counted() -> None:
    lowered = DIALECT.lower(op(AVERAGE, (8, 8), 3, 2, pads=(1, 1)), "tf_zeropad_valid")
    assert lowered.spec is not None
    assert lowered.spec.count_include_pad
    assert lowered.notes == (
        "an average counts ZeroPadding's zeros in its divisor, which SAME never does",
    )


@pytest.mark.parametrize(
    ("spec", "code", "notes"),
    [
        (
            op(AVERAGE, (8, 8), 3, 2, pads=(1, 1), **COUNTED),
            (
                "layers.ZeroPadding2D(((1, 1), (1, 1)))",
                'layers.AveragePooling2D(3, strides=2, padding="valid")',
            ),
            (),
        ),
        (
            op(AVERAGE, (8, 8), 3, 2, pads=(1, 1)),
            (
                "mask = tf.ones_like(x)",
                "mask = layers.ZeroPadding2D(((1, 1), (1, 1)))(mask)",
                'mask = layers.AveragePooling2D(3, strides=2, padding="valid")(mask)',
                "x = layers.ZeroPadding2D(((1, 1), (1, 1)))(x)",
                'x = layers.AveragePooling2D(3, strides=2, padding="valid")(x)',
                "x = x / mask",
            ),
            ("divided by the average of a mask of what is counted",),
        ),
        (
            op(CONV, 8, 3, 2, pads=(2, 1), pad_mode="reflect"),
            (
                "pads = ((0, 0), (2, 1), (0, 0))",
                'x = tf.pad(x, pads, mode="REFLECT")',
                'x = layers.Conv1D(3, 3, strides=2, padding="valid", use_bias=False)(x)',
            ),
            (),
        ),
        (
            op(CONV, 8, 3, 2, pads=(2, -1), pad_mode="wrap"),
            (
                'x = tf.gather(x, indices=np.pad(range(8), (2, 0), "wrap"), axis=1)',
                "x = layers.Cropping1D((0, 1))(x)",
                'x = layers.Conv1D(3, 3, strides=2, padding="valid", use_bias=False)(x)',
            ),
            ("tf.pad has no mode for 'wrap' pads; `tf.gather` repeats the inputs",),
        ),
    ],
    ids=name_of,
)
def test_pads_of_its_own(spec: OpSpec, code: tuple[str, ...], notes: tuple[str, ...]) -> None:
    lowered = DIALECT.lower(spec, "tf_pad_valid")
    assert (lowered.code, lowered.notes) == (code, notes)
    assert lowered.spec == spec


def test_an_lp_pool_on_three_axes_is_a_reason() -> None:
    lowered = DIALECT.lower(op(LP, (4, 4, 4), 2), "tf_same")
    assert lowered.reason == "Keras has no Lp pooling, and no DepthwiseConv3D"
