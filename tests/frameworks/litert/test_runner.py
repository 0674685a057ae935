"""LiteRT computes what its dialect says, and the dialect's code is what is converted."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks import dialect, framework, runner
from padcheck.frameworks.litert.build import constant, model_for
from padcheck.frameworks.tf_code import PADDED
from padcheck.frameworks.worker import Worker
from padcheck.records import OpKind, OpSpec
from tests.frameworks.brute import Example, assert_computes, example
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.grid import (
    AVERAGE,
    AVERAGE_POOLS,
    CONV,
    FILLED,
    GRID,
    LP,
    MAX,
    MAX_POOLS,
    TOO_WIDE,
    TRANSPOSED,
    name_of,
    op,
)

RUNNER = runner("litert")
DIALECT = dialect("litert_same")
LOWERINGS = framework("litert").lowerings
DEFAULT = ("litert_same", "litert_zeropad_valid")
OWN = ("litert_pad_valid", "litert_reference_pad_valid")


@pytest.mark.parametrize("lowering", LOWERINGS)
@pytest.mark.parametrize("spec", GRID, ids=name_of)
def test_computes_what_its_dialect_says(spec: OpSpec, lowering: str) -> None:
    """No geometry is known at which ai-edge-litert 2.3.0 diverges, on either kernels."""
    assert_conforms(RUNNER, DIALECT, spec, lowering)


@pytest.mark.parametrize("lowering", OWN)
@pytest.mark.parametrize("spec", [*FILLED, *TOO_WIDE], ids=name_of)
def test_computes_border_modes_and_fills(spec: OpSpec, lowering: str) -> None:
    assert_conforms(RUNNER, DIALECT, spec, lowering)


@pytest.mark.parametrize(
    ("spec", "lowering"),
    [
        *((spec, lowering) for lowering in DEFAULT for spec in GRID[::2]),
        *((spec, "litert_pad_valid") for spec in [*MAX_POOLS[::3], *AVERAGE_POOLS[::3]]),
        *((spec, "litert_pad_valid") for spec in FILLED[::3]),
    ],
    ids=name_of,
)
def test_code_computes_the_op(spec: OpSpec, lowering: str) -> None:
    lowered = DIALECT.lower(spec, lowering)
    if lowered.spec is None:
        return
    case = example(spec)
    observed = _run_code(lowered.code, spec, case)
    if spec.kind is OpKind.LP_POOL:
        observed = observed**spec.p
    assert_computes(lowered.spec, case, observed, "; ".join(lowered.code))


def _run_code(code: tuple[str, ...], spec: OpSpec, case: Example) -> np.ndarray:
    """The lines in a `tf.function`, converted and run, as a user would."""
    names = {"np": np, "tf": tf, "bias": case.bias}
    if case.weight is not None:
        names["kernel"] = np.moveaxis(case.weight, (0, 1), (-1, -2))
    if "epthwise" in "".join(code):
        kernel = case.weight.reshape(spec.channels[0], -1, *spec.kernel_size)
        names["kernel"] = np.moveaxis(kernel, (0, 1), (-2, -1))

    def model(x: tf.Tensor) -> tf.Tensor:
        scope = dict(names, x=x)
        for line in code:
            exec(line, scope)
        return scope["x"]

    x = np.ascontiguousarray(np.moveaxis(case.x, 1, -1))
    traced = tf.function(model, autograph=False).get_concrete_function(tf.constant(x))
    content = tf.lite.TFLiteConverter.from_concrete_functions([traced]).convert()
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return np.moveaxis(output, -1, 1)


@pytest.mark.parametrize("spec", [*GRID, *FILLED], ids=name_of)
def test_says_what_tensorflow_says(spec: OpSpec) -> None:
    tensorflow = framework("tensorflow").lowerings
    for mine, theirs in zip(LOWERINGS, tensorflow * 2, strict=True):
        lowered = DIALECT.lower(spec, mine)
        if lowered.spec is not None:
            expected = dialect(theirs, framework_name="tensorflow").lower(spec, theirs)
            assert lowered.spec == expected.spec


@pytest.mark.parametrize(
    ("spec", "lowering", "reason"),
    [
        (op(MAX, (5, 5, 5), 2), "litert_same", "LiteRT has no pools on 3 spatial axes"),
        (op(AVERAGE, (5, 5, 5), 2), "litert_same", "LiteRT has no pools on 3 spatial axes"),
        (op(TRANSPOSED, (5, 5), 2, 1, 2), "litert_same", "LiteRT's TRANSPOSE_CONV has no dilation"),
        (op(TRANSPOSED, 5, 2, 1, 2), "litert_same", "LiteRT's TRANSPOSE_CONV has no dilation"),
        (op(MAX, (5, 5), 2, 1, 2), "litert_same", "tf.nn.pool has no dilation with SAME"),
        (
            op(CONV, (6, 6, 6), 3, 1, (1, 2, 1)),
            "litert_zeropad_valid",
            "TensorFlow exchanges the last two dilations in the shape of a VALID Conv3D",
        ),
        (
            op(LP, (6, 6, 6), 3, 1, (1, 1, 2)),
            "litert_zeropad_valid",
            "TensorFlow exchanges the last two dilations in the shape of a VALID Conv3D",
        ),
    ],
    ids=name_of,
)
def test_what_it_has_no_words_for(spec: OpSpec, lowering: str, reason: str) -> None:
    """And the converter has none either: a reason that a release has mended fails here."""
    assert DIALECT.lower(spec, lowering).reason == reason
    case = example(spec)
    with pytest.raises(FrameworkError) as raised:
        RUNNER.run(spec, lowering, case.x, case.weight, None)
    assert str(raised.value).endswith(f": {reason}")
    if reason.startswith("tf.nn"):
        return
    padding = "SAME" if lowering == "litert_same" else "VALID"
    shape = (1, *spec.input_size, spec.channels[0])
    with pytest.raises(Exception, match=r"neither a custom op nor a flex op|inferred type"):
        model_for(spec, padding, shape, constant(case.weight), None)


@pytest.mark.parametrize("lowering", DEFAULT)
@pytest.mark.parametrize(
    "spec",
    [
        op(CONV, (6, 6, 6), (3, 1, 1), 1, (1, 2, 3)),
        op(CONV, (6, 6, 6), 3, 2, (2, 1, 1)),
        op(TRANSPOSED, (3, 4, 3), 2, 2, (1, 2, 3)),
    ],
    ids=name_of,
)
def test_dilations_on_three_axes_that_do_convert(spec: OpSpec, lowering: str) -> None:
    assert DIALECT.lower(spec, lowering).reason is None
    assert_conforms(RUNNER, DIALECT, spec, lowering)


def test_depthwise_with_stride_and_dilation_is_one_op() -> None:
    spec = op(CONV, (9, 8), 3, (2, 1), 2, pads=(1, 2), group=3, channels=(3, 6))
    assert DIALECT.lower(spec, "litert_same").code == (
        "x = tf.raw_ops.DepthwiseConv2dNative(input=x, filter=kernel, strides=(1, 2, 1, 1), "
        'padding="SAME", dilations=(1, 2, 2, 1))',
    )
    assert "DEPTHWISE_CONV_2D" in _ops(spec, reference=False)
    for lowering in LOWERINGS:
        assert_conforms(RUNNER, DIALECT, spec, lowering)


def test_the_default_kernels_are_those_of_xnnpack() -> None:
    spec = op(CONV, (9, 8), 3, 2, pads=(1, 1))
    assert _ops(spec, reference=False)[-1] == "DELEGATE"
    assert _ops(spec, reference=True) == ["CONV_2D"]


@pytest.mark.parametrize(
    ("spec", "ops"),
    [
        (op(MAX, (8, 9), 3, 2, pads=(1, 1)), ["PADV2", "MAX_POOL_2D"]),
        (op(CONV, (8, 9), 3, 2, pads=(1, 1), pad_value=5.0), ["PADV2", "CONV_2D"]),
        (op(CONV, (8, 9), 3, 2, pads=(1, 1)), ["PAD", "CONV_2D"]),
        (op(CONV, (8, 9), 3, pads=(1, 2), pad_mode="reflect"), ["MIRROR_PAD", "CONV_2D"]),
        (op(CONV, (8, 9), 3, pads=(1, 2), pad_mode="symmetric"), ["MIRROR_PAD", "CONV_2D"]),
        (op(CONV, (8, 9), 3, pads=(1, 2), pad_mode="wrap"), ["GATHER", "GATHER", "CONV_2D"]),
        (op(AVERAGE, (8, 9), 3, 2, pads=(1, 1)), ["PAD", "AVERAGE_POOL_2D", "MUL"]),
    ],
    ids=name_of,
)
def test_pads_are_ops_of_their_own(spec: OpSpec, ops: list[str]) -> None:
    assert _ops(spec, reference=True, padding=PADDED) == ops


def _ops(spec: OpSpec, *, reference: bool, padding: str = "SAME") -> list[str]:
    """The ops of the model after delegation."""
    shape = (1, *spec.input_size, spec.channels[0])
    model = model_for(spec, padding, shape, constant(example(spec).weight), None)
    resolver = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    return [entry["op_name"] for entry in interpreter._get_ops_details()]


def test_notes_say_how_it_is_converted_and_run() -> None:
    spec = op(CONV, (8, 8), 3)
    default, reference = (
        DIALECT.lower(spec, name).notes for name in ("litert_same", "litert_reference_same")
    )
    assert default[0] == reference[0]
    assert default[0].startswith("built by `tf.lite.TFLiteConverter.from_concrete_functions`")
    assert default[1] == "runs on the default kernels: XNNPACK where it takes the op"
    assert reference[1] == "runs on the reference kernels: `OpResolverType.BUILTIN_REF`"


def test_what_is_refused_is_a_framework_error() -> None:
    spec = op(CONV, (8, 8), 3)
    case = example(spec)
    with pytest.raises(FrameworkError, match=r"^litert 2\.\d+\.\d+: \w+Error: "):
        RUNNER.run(spec, "litert_same", case.x[:, :1], case.weight, None)


@pytest.mark.parametrize("kind", [CONV, MAX])
def test_an_op_without_output_is_not_run(kind: OpKind) -> None:
    spec = op(kind, (8, 8), 9)
    case = example(spec)
    with pytest.raises(FrameworkError, match="shorter than the window"):
        RUNNER.run(spec, "litert_zeropad_valid", case.x, case.weight, None)


def test_an_unknown_lowering_lists_the_known() -> None:
    spec = op(CONV, (8, 8), 3)
    message = r"expected a lowering of litert_same, .*litert_reference_\w+ but got 'tf_same'"
    with pytest.raises(UsageError, match=message):
        DIALECT.lower(spec, "tf_same")
    with pytest.raises(UsageError, match=message):
        RUNNER.run(spec, "tf_same", example(spec).x, None, None)


@pytest.mark.parametrize("spec", [op(CONV, (8, 9), 3, 2, bias=True), op(MAX, (8, 9), 3, 2)])
def test_the_same_op_may_be_run_with_other_numbers(spec: OpSpec) -> None:
    for seed in (1, 2, 1):
        case = example(spec, batch=seed, seed=seed)
        observed = RUNNER.run(spec, "litert_zeropad_valid", case.x, case.weight, case.bias)
        assert_computes(spec, case, observed, f"{spec} {seed}")


def test_in_a_child() -> None:
    spec = op(CONV, (9, 9), 3, 2, pads=(1, 1), bias=True)
    case = example(spec)
    with Worker("litert") as worker:
        observed = worker.run(spec, "litert_same", case.x, case.weight, case.bias)
        assert_computes(spec, case, observed, str(spec))
        assert list(worker.versions()) == ["litert", "tensorflow"]
