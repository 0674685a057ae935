"""An op as Keras layers: which have them, what they mean, and that they compute it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from padcheck.checks.suite import case_id, suite
from padcheck.errors import FrameworkError
from padcheck.frameworks import runner
from padcheck.frameworks.keras.layer import (
    layer_code,
    layer_of,
    layer_reason,
    layer_spec,
    outputs,
)
from padcheck.geometry import CAUSAL, SAME_LOWER, SAME_UPPER, VALID
from padcheck.records import OpKind, OpSpec, same_function
from tests.frameworks.brute import assert_computes, example
from tests.frameworks.grid import AVERAGE, CEIL, CONV, COUNTED, LP, MAX, TRANSPOSED, op

#: One of everything that Keras has a layer for; more than one input channel, since one alone
#: comes out wrong on some CPUs (`onednn-one-channel-one-column` of divergences.json).
LAYERS = [
    op(CONV, (8, 7), 3, 2, pads=SAME_UPPER, bias=True),
    op(CONV, (8, 6), (3, 2), 2, pads=((1, 0), (0, 2))),
    op(CONV, (8, 6), 3, 1, 2, pads=(1, 2), channels=(4, 6), group=2, bias=True),
    op(CONV, (8, 6), 3, pads=((-1, 2), (1, -2))),
    op(CONV, 9, 3, 2, pads=CAUSAL, bias=True),
    op(CONV, 9, 3, 1, 2, pads=CAUSAL, channels=(3, 3), group=3),
    op(CONV, 9, 4, 3, pads=SAME_UPPER, channels=(2, 4), group=2, bias=True),
    op(CONV, (7, 6), 3, 2, pads=(0, 1), channels=(3, 6), group=3, bias=True),
    op(CONV, (5, 4, 6), 3, 2, pads=(0, 1), channels=(2, 4), group=2),
    op(CONV, (5, 4, 6), 2, pads=(VALID, VALID, (1, 1))),
    op(TRANSPOSED, (4, 5), 3, 2, pads=SAME_UPPER, bias=True),
    op(TRANSPOSED, (4, 5), 3, 2, pads=(1, 1), output_padding=(1, 0), bias=True),
    op(TRANSPOSED, (4, 5), (2, 1), 3, bias=True),
    op(TRANSPOSED, (4, 5), 1, (3, 2), output_padding=(1, 0), bias=True),
    op(TRANSPOSED, (4, 5), 3, 1, 2, pads=(1, 2)),
    op(TRANSPOSED, 5, 4, 3, pads=(2, 0), bias=True),
    op(TRANSPOSED, (3, 2, 3), 3, 2, pads=SAME_UPPER),
    op(MAX, (8, 9), 3, 2, pads=SAME_UPPER),
    op(MAX, 9, 2, 3),
    op(AVERAGE, (8, 9), 3, 2, pads=SAME_UPPER),
    op(AVERAGE, (8, 9), (3, 2), 2, pads=((1, 0), (0, 2)), **COUNTED),
    op(AVERAGE, (5, 4, 6), 2, 2),
]


@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
@pytest.mark.parametrize("spec", LAYERS, ids=case_id)
def test_layers_compute_what_they_mean(spec: OpSpec, dynamic: bool) -> None:
    case = example(spec)
    model = layer_of(spec, case.weight, case.bias, dynamic=dynamic)
    sizes = (None,) * spec.rank if dynamic else spec.input_size
    assert model.input_shape == (None, *sizes, spec.channels[0])
    assert_computes(layer_spec(spec), case, _run(model, case.x), "layer_of")


@pytest.mark.parametrize("spec", LAYERS, ids=case_id)
def test_code_makes_the_same_model(spec: OpSpec) -> None:
    case = example(spec)
    names: dict[str, Any] = {"keras": keras, "np": np, "w": case.weight, "b": case.bias}
    exec("\n".join(layer_code(spec)), names)
    model = layer_of(spec, case.weight, case.bias)
    assert names["model"].input_shape == model.input_shape
    assert names["model"].output_shape == model.output_shape
    assert np.array_equal(_run(names["model"], case.x), _run(model, case.x))


@pytest.mark.parametrize("spec", LAYERS, ids=case_id)
def test_the_runner_gives_the_same_layer_by_layer(spec: OpSpec) -> None:
    meant, case = layer_spec(spec), example(spec)
    observed = runner("keras").run(meant, "tf_pad_valid", case.x, case.weight, case.bias)
    model = layer_of(spec, case.weight, case.bias)
    np.testing.assert_allclose(_run(model, case.x), observed, rtol=1e-6)


def test_a_dynamic_model_takes_other_sizes() -> None:
    spec = op(CONV, (8, 7), 4, 2, pads=SAME_UPPER)
    other = spec.resized((9, 4))
    case = example(other, batch=3)
    model = layer_of(spec, case.weight, None, dynamic=True)
    assert_computes(layer_spec(spec).resized((9, 4)), case, _run(model, case.x), "resized")


def _run(model: Any, x: np.ndarray) -> np.ndarray:
    return np.moveaxis(outputs(model, np.ascontiguousarray(np.moveaxis(x, 1, -1))), -1, 1)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (op(LP, 8, 3), "Keras has no layer for lp_pool with 1 spatial axes"),
        (op(CONV, (3, 3, 3, 3), 2), "Keras has no layer for conv with 4 spatial axes"),
        (op(CONV, (8, 8), 3, (2, 1), (1, 2)), "Keras layers refuse strides with dilation_rate"),
        (
            op(CONV, (8, 8), 3, 2, 2, channels=(2, 2), group=2),
            "Keras layers refuse strides with dilation_rate",
        ),
        (op(MAX, (8, 8), 3, 1, 2), "Keras pooling layers have no dilation"),
        (op(MAX, (8, 8), 3, 2, **CEIL), "Keras layers have no ceil_mode"),
        (op(CONV, 8, 3, pads=SAME_LOWER), "Keras layers have no SAME_LOWER"),
        (
            op(CONV, (8, 8), 3, pads=(SAME_UPPER, VALID)),
            "Keras layers have one padding for all axes",
        ),
        (op(CONV, (8, 8), 3, pads=CAUSAL), 'only Conv1D has padding="causal"'),
        (op(CONV, 8, 3, pads=(1, 1), pad_mode="edge"), "no Keras layer has edge pads"),
        (op(CONV, 8, 3, pads=(1, 1), pad_value=2.0), "Keras layers pad with 0"),
        (op(MAX, 8, 3, pads=(1, 1)), "Keras max pools have no pads but those of SAME"),
        (
            op(MAX, 8, 3, pads=SAME_UPPER, pad_value=0.0),
            "Keras max pools leave out the pads of SAME",
        ),
        (
            op(AVERAGE, 8, 3, pads=(1, 1)),
            "Keras averages leave out the pads of SAME, and count those of ZeroPadding",
        ),
        (
            op(AVERAGE, 8, 3, pads=SAME_UPPER, **COUNTED),
            "Keras averages leave out the pads of SAME, and count those of ZeroPadding",
        ),
        (op(TRANSPOSED, 5, 3, channels=(2, 2), group=2), "Conv1DTranspose has no groups"),
        (
            op(TRANSPOSED, (5, 5), 3, 1, (1, 2)),
            "Conv2DTranspose takes one dilation for all axes",
        ),
        (op(TRANSPOSED, 5, 3, 2, output_shape=(9,)), "Conv1DTranspose has no output_shape"),
        (
            op(TRANSPOSED, 5, 3, 2, pads=SAME_UPPER, output_padding=(1,)),
            'padding="same" says no crops for an output_padding',
        ),
        (
            op(TRANSPOSED, 5, 3, 2, output_padding=(2,)),
            "Conv1DTranspose takes no output_padding as long as strides",
        ),
        (op(TRANSPOSED, 5, 3, 2, pads=(0, -1)), "Cropping adds nothing"),
        (op(CONV, 2, 3), "the padded input is shorter than the window, so there is no output"),
        (
            op(TRANSPOSED, 1, 2, 2, pads=(1, 1)),
            "the padded input is shorter than the window, so there is no output",
        ),
    ],
    ids=lambda value: case_id(value) if isinstance(value, OpSpec) else "",
)
def test_what_has_no_layer(spec: OpSpec, reason: str) -> None:
    assert layer_reason(spec) == reason
    with pytest.raises(FrameworkError) as raised:
        layer_of(spec, None, None)
    assert str(raised.value) == reason


@pytest.mark.parametrize("pads", [VALID, (0, 0)])
def test_pools_without_pads_have_a_layer_whatever_their_pads_would_hold(pads: Any) -> None:
    assert layer_reason(op(MAX, 8, 3, pads=pads, pad_value=0.0)) is None
    assert layer_reason(op(AVERAGE, 8, 3, pads=pads)) is None
    assert layer_reason(op(AVERAGE, 8, 3, pads=pads, **COUNTED)) is None


@pytest.mark.parametrize(
    ("spec", "crops"),
    [
        (op(TRANSPOSED, 5, 3, 2, pads=(1, 0)), (1, 0)),
        (op(TRANSPOSED, 5, 2, 3), (0, -1)),
        (op(TRANSPOSED, 5, 1, 4, pads=(0, 2)), (0, -1)),
        (op(TRANSPOSED, 5, 1, 4, pads=(0, 2), output_padding=(1,)), (0, 1)),
        (op(TRANSPOSED, 5, 2, 3, pads=SAME_UPPER), (0, -1)),
    ],
    ids=lambda value: case_id(value) if isinstance(value, OpSpec) else "",
)
def test_a_transposed_conv_gives_n_times_stride_unless_told(
    spec: OpSpec, crops: tuple[int, int]
) -> None:
    assert layer_spec(spec).resolved_pads == (crops,)


def test_all_else_means_the_op_itself() -> None:
    with_layers = [spec for spec in suite() if layer_reason(spec) is None]
    assert len(with_layers) > 250
    for spec in with_layers:
        if spec.kind is not OpKind.CONV_TRANSPOSE:
            assert same_function(layer_spec(spec), spec), case_id(spec)


@pytest.mark.parametrize(
    ("spec", "dynamic", "code"),
    [
        (
            op(CONV, (8, 6), 3, 2, pads=((1, 0), (0, 2)), bias=True),
            False,
            (
                "model = keras.Sequential([",
                "    keras.Input((8, 6, 2)),",
                "    keras.layers.ZeroPadding2D(((1, 0), (0, 2))),",
                '    keras.layers.Conv2D(3, 3, strides=2, padding="valid"),',
                "])",
                "model.set_weights([np.moveaxis(w, (0, 1), (-1, -2)), b])",
            ),
        ),
        (
            op(CONV, 9, 3, pads=SAME_UPPER, channels=(2, 4), group=2),
            True,
            (
                "model = keras.Sequential([",
                "    keras.Input((None, 2)),",
                '    keras.layers.DepthwiseConv1D(3, padding="same", depth_multiplier=2, '
                "use_bias=False),",
                "])",
                "model.set_weights([np.moveaxis(w.reshape(2, 2, 3), (0, 1), (-2, -1))])",
            ),
        ),
        (
            op(TRANSPOSED, (4, 5), 3, 2, pads=(1, 1), output_padding=(1, 0)),
            False,
            (
                "model = keras.Sequential([",
                "    keras.Input((4, 5, 2)),",
                '    keras.layers.Conv2DTranspose(3, 3, strides=2, padding="valid", '
                "output_padding=(1, 0), use_bias=False),",
                "    keras.layers.Cropping2D(((1, 1), (1, 1))),",
                "])",
                "model.set_weights([np.moveaxis(w, (0, 1), (-1, -2))])",
            ),
        ),
        (
            op(MAX, 9, 2, 3),
            False,
            (
                "model = keras.Sequential([",
                "    keras.Input((9, 2)),",
                '    keras.layers.MaxPooling1D(2, strides=3, padding="valid"),',
                "])",
            ),
        ),
    ],
    ids=["pads", "depthwise", "transposed", "pool"],
)
def test_the_code_reads_as_people_write_it(
    spec: OpSpec, dynamic: bool, code: tuple[str, ...]
) -> None:
    assert layer_code(spec, dynamic=dynamic) == code
