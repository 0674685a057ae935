"""onnxruntime with auto_pad: what the operators' text promises, and where it does otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from padcheck.errors import FrameworkError
from padcheck.frameworks import dialect, runner
from padcheck.geometry import SAME_LOWER, SAME_UPPER, VALID, PadRule
from padcheck.records import OpSpec
from tests.frameworks.brute import example
from tests.frameworks.divergence import assert_as_known, ops
from tests.frameworks.grid import (
    AVERAGE,
    CEIL,
    CONV,
    COUNTED,
    GRID,
    LP,
    MAX,
    TRANSPOSED,
    name_of,
    op,
)
from tests.frameworks.onnx.auto_pads import (
    AUTO_PADS,
    DILATED,
    FARTHEST,
    NEGATIVE,
    POOLS,
    ROUNDED_UP,
    SAME,
    SHORT,
)

LOWERING = "onnxruntime_auto_pad"
RUNNER = runner("onnx")
DIALECT = dialect(LOWERING)

#: onnxruntime 1.31.1
DIVERGES = {
    # Conv refuses auto_pad with dilation
    **dict.fromkeys(ops((CONV,), SAME, DILATED), "raises"),
    op(CONV, (11, 9), 2, 1, 3, SAME_UPPER): "raises",
    op(CONV, (11, 9), 4, 1, 2, SAME_UPPER): "raises",
    op(CONV, (9, 8), 3, 2, 2, SAME_UPPER, bias=True): "raises",
    op(CONV, (9, 8), 3, 2, 2, SAME_UPPER, group=3, channels=(3, 6), bias=True): "raises",
    # pools leave dilation out of the total, and give fewer outputs than ceil(n / s)
    **dict.fromkeys(ops(POOLS, SAME, DILATED), "shape"),
    **dict.fromkeys(ops((AVERAGE,), SAME, DILATED[1:2], **COUNTED), "shape"),
    op(LP, (8, 9), 3, 2, 2, SAME_UPPER): "shape",
    # MaxPool refuses the negative total that it comes to where the stride passes the kernel
    **dict.fromkeys(ops((MAX,), SAME, NEGATIVE), "raises"),
    # a negative total is halved and kept: the first window starts behind the first input
    **dict.fromkeys(ops((CONV,), (SAME_UPPER,), [FARTHEST]), "values"),
    **dict.fromkeys(ops((AVERAGE, LP), SAME, [FARTHEST]), "values"),
    op(CONV, (9, 9), 1, 5, 1, SAME_UPPER): "values",
    op(MAX, (9, 8), 2, 3, 1, SAME_UPPER): "raises",
    # ConvTranspose gives (n - 1) * s + k outputs where that is fewer than n * s
    **dict.fromkeys(ops((TRANSPOSED,), SAME, SHORT), "shape"),
    op(TRANSPOSED, (3, 4), 1, 2, 1, SAME_UPPER, bias=True): "shape",
    # ceil_mode adds a partial window to VALID; the formula does not
    **dict.fromkeys(ops(POOLS, (VALID,), ROUNDED_UP, **CEIL), "shape"),
}


@pytest.mark.parametrize("spec", [*GRID, *AUTO_PADS], ids=name_of)
def test_computes_what_onnx_promises_but_for_what_is_known(spec: OpSpec) -> None:
    assert_as_known(RUNNER, DIALECT, spec, LOWERING, DIVERGES)


def test_what_is_known_is_run() -> None:
    assert set(DIVERGES) <= {*GRID, *AUTO_PADS}


def _reads(spec: OpSpec) -> list[float]:
    """What an op of one tap reads of 0, 1, 2, ..."""
    x = np.arange(spec.input_size[0], dtype=np.float32).reshape(1, 1, -1)
    weight = np.ones((1, 1, 1), np.float32) if spec.kind is CONV else None
    observed: list[float] = RUNNER.run(spec, LOWERING, x, weight, None).ravel().tolist()
    return observed


def test_a_negative_total_moves_the_grid() -> None:
    conv = op(CONV, 9, 1, 5, pads=SAME_UPPER, channels=(1, 1))
    assert _reads(conv) == [1, 6]
    assert _reads(conv.with_rule(SAME_LOWER)) == [0, 5]
    assert _reads(op(AVERAGE, 9, 1, 5, pads=SAME_UPPER, channels=(1, 1))) == [1, 6]


def test_a_dilated_max_pool_has_6_outputs_for_8() -> None:
    spec = op(MAX, 8, 3, 1, 2, SAME_UPPER)
    assert DIALECT.lower(spec, LOWERING).spec.output_size == (8,)  # type: ignore[union-attr]
    case = example(spec)
    assert RUNNER.run(spec, LOWERING, case.x, None, None).shape[2:] == (6,)


@pytest.mark.parametrize(
    ("spec", "size", "pads"),
    [
        (op(CONV, 9, 3, 2, 2, SAME_UPPER), 5, (2, 2)),
        (op(CONV, 8, 3, 2, 1, SAME_LOWER), 4, (1, 0)),
        (op(MAX, 9, 1, 5, 1, SAME_UPPER), 2, (0, 0)),
        (op(AVERAGE, 9, 3, 4, 1, VALID, **CEIL), 2, (0, 0)),
        (op(TRANSPOSED, 4, 2, 3, 1, SAME_LOWER), 12, (0, -1)),
        (op(TRANSPOSED, 4, 4, 2, 1, SAME_UPPER, output_padding=(1,)), 8, (1, 1)),
        (op(TRANSPOSED, 4, 4, 2, 1, VALID, output_padding=(1,)), 11, (0, -1)),
        (op(TRANSPOSED, 4, 3, 2, 1, SAME_UPPER, output_shape=(6,)), 6, (1, 2)),
        (op(TRANSPOSED, 4, 3, 2, 1, SAME_LOWER, output_shape=(6,)), 6, (2, 1)),
    ],
    ids=name_of,
)
def test_what_the_text_promises(spec: OpSpec, size: int, pads: tuple[int, int]) -> None:
    promised = DIALECT.lower(spec, LOWERING).spec
    assert promised is not None
    assert promised.output_size == (size,)
    assert promised.resolved_pads == (pads,)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (
            op(CONV, (8, 8), 3, pads=(1, 1)),
            "auto_pad is one of VALID, SAME_UPPER, SAME_LOWER; there is none for explicit pads",
        ),
        (
            op(MAX, (8, 8), 3, pads=(SAME_UPPER, SAME_LOWER)),
            "auto_pad is one policy for all axes",
        ),
        (
            op(CONV, (8, 8), 3, pads=SAME_UPPER, pad_mode="reflect"),
            "auto_pad has no mode for 'reflect' pads",
        ),
        (
            op(MAX, (8, 8), 3, pads=SAME_UPPER, pad_value=0.0),
            "auto_pad holds -inf, so none is left for pads of 0",
        ),
    ],
)
def test_what_auto_pad_cannot_say_is_a_reason(spec: OpSpec, reason: str) -> None:
    assert DIALECT.lower(spec, LOWERING).reason == reason
    with pytest.raises(FrameworkError, match=f": {reason}$"):
        RUNNER.run(spec, LOWERING, example(spec).x, example(spec).weight, None)


@pytest.mark.parametrize("rule", [SAME_UPPER, SAME_LOWER, VALID])
def test_what_no_tap_reads_is_no_reason(rule: PadRule) -> None:
    spec = op(MAX, (9, 9), 1, 2, pads=rule, pad_value=0.0)
    assert DIALECT.lower(spec, LOWERING).reason is None
    assert DIALECT.lower(spec.with_pads([(0, 0)] * 2), LOWERING).reason is not None


def test_code() -> None:
    spec = op(TRANSPOSED, (4, 5), 3, 2, pads=SAME_LOWER, output_shape=(8, 9), bias=True)
    assert DIALECT.lower(spec, LOWERING).code == (
        'helper.make_node("ConvTranspose", ["x", "w", "b"], ["y"], kernel_shape=[3, 3], '
        "strides=[2, 2], auto_pad='SAME_LOWER', output_shape=[8, 9])",
    )


def test_notes() -> None:
    lowered = DIALECT.lower(op(MAX, (8, 9), 3, 2, pads=VALID, **CEIL), LOWERING)
    assert lowered.notes == ("by ONNX's formulas ceil_mode changes nothing beside auto_pad",)
