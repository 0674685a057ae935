"""TensorFlow's own interpreter computes what its dialect says, but for known divergences."""

from __future__ import annotations

import numpy as np
import pytest

from padcheck.errors import FrameworkError
from padcheck.frameworks import dialect, runner
from padcheck.geometry import SAME_UPPER
from padcheck.records import OpSpec
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.conformance import assert_conforms
from tests.frameworks.grid import CONV, FILLED, GRID, LP, TRANSPOSED, name_of, op

RUNNER = runner("tflite")
DIALECT = dialect("tflite_same")
LITERT = runner("litert")

#: SAME conv: the raw total is negative on one axis and not on the other, so that XNNPACK reads
#: nothing but padding [tensorflow 2.21.0; github.com/google/XNNPACK/pull/10655].
ONE_AXIS_SHORT = [
    op(CONV, (8, 10), (3, 1), 2, pads=SAME_UPPER),
    op(CONV, (8, 10), (1, 3), 2, pads=((0, 0), (1, 1))),
    op(CONV, (8, 1), (2, 1), 4, pads=((1, 2), (3, -1))),
    op(CONV, (8, 10), (1, 3), 2, pads=SAME_UPPER, bias=True),
    op(CONV, (8, 10), (3, 1), 2, group=3, channels=(3, 6), bias=True),
    op(CONV, 3, 2, 3, bias=True),
    op(LP, 3, 2, 3),
]

#: SAME transposed conv on 3 axes that crops (1, 1) from the first and nothing before the second
#: [tensorflow 2.21.0].
CROPPED_IN_DEPTH = [
    op(TRANSPOSED, (1, 2, 1), (3, 1, 1), (1, 3, 1)),
    op(TRANSPOSED, (1, 4, 3), (3, 1, 1)),
    op(TRANSPOSED, (1, 2, 2), 3, (1, 2, 2)),
]

#: lowering -> what it computes wrongly; each is asserted to be wrong still.
DIVERGES = {
    "tflite_same": ONE_AXIS_SHORT + CROPPED_IN_DEPTH,
    "tflite_zeropad_valid": [],
    "tflite_pad_valid": [],
}


@pytest.mark.parametrize("lowering", DIALECT.lowerings)
@pytest.mark.parametrize("spec", GRID, ids=name_of)
def test_computes_what_its_dialect_says(spec: OpSpec, lowering: str) -> None:
    if spec not in DIVERGES[lowering]:
        assert_conforms(RUNNER, DIALECT, spec, lowering)


@pytest.mark.parametrize("spec", FILLED, ids=name_of)
def test_computes_border_modes_and_fills(spec: OpSpec) -> None:
    assert_conforms(RUNNER, DIALECT, spec, "tflite_pad_valid")


@pytest.mark.parametrize("spec", DIVERGES["tflite_same"], ids=name_of)
def test_what_diverges_still_does_and_not_in_litert(spec: OpSpec) -> None:
    lowered = DIALECT.lower(spec, "tflite_same")
    assert lowered.spec is not None
    case = example(spec)
    observed = RUNNER.run(spec, "tflite_same", case.x, case.weight, case.bias)
    with pytest.raises(AssertionError, match="wrong="):
        assert_computes(lowered.spec, case, observed, str(spec))
    for lowering in ("litert_same", "litert_reference_same"):
        assert_computes(
            lowered.spec,
            case,
            LITERT.run(spec, lowering, case.x, case.weight, case.bias),
            f"{lowering} {spec}",
        )


@pytest.mark.parametrize("spec", ONE_AXIS_SHORT, ids=name_of)
def test_where_one_axis_is_short_the_bias_is_left(spec: OpSpec) -> None:
    case = example(spec)
    observed = RUNNER.run(spec, "tflite_same", case.x, case.weight, case.bias)
    bias = np.zeros(observed.shape[1]) if case.bias is None else case.bias
    expected = np.broadcast_to(bias.reshape(1, -1, *(1,) * spec.rank), observed.shape)
    assert np.array_equal(observed, expected)


@pytest.mark.parametrize("spec", [op(CONV, (1, 1, 1), 1, 1, (1, 1, 2)), op(LP, (5, 5, 5), 2, 1, 2)])
def test_what_corrupts_its_memory_is_not_run(spec: OpSpec) -> None:
    reason = "TensorFlow's own interpreter corrupts its memory in a dilated CONV_3D"
    assert DIALECT.lower(spec, "tflite_same").reason == reason
    case = example(spec)
    with pytest.raises(FrameworkError, match=rf"^tflite 2\.\d+\.\d+: {reason}$"):
        RUNNER.run(spec, "tflite_same", case.x, case.weight, None)
    assert_conforms(LITERT, dialect("litert_same"), spec, "litert_same")
