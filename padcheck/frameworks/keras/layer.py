"""An op as Keras layers, written as people write them: ZeroPadding where needed, and one layer.

For every backend: no functions of any. Only `layer_of` loads Keras.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.keras.making import kernels, made_layer, set_weights
from padcheck.frameworks.keras.single import (
    conv_layer,
    depthwise_layer,
    layer_unless_zero,
    pool_layer,
    strided_and_dilated,
    transposed_layer,
    zero_steps,
)
from padcheck.frameworks.keras.spelled import layer_call
from padcheck.frameworks.keras.steps import Step
from padcheck.frameworks.lowering import MOST_AXES, NO_OUTPUT
from padcheck.frameworks.padding import Padding
from padcheck.geometry import PadPolicy, Rounding
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["layer_code", "layer_of", "layer_reason", "layer_spec", "outputs"]

_POOLS = (OpKind.MAX_POOL, OpKind.AVERAGE_POOL)
_EXPLICIT = {PadPolicy.EXPLICIT, PadPolicy.VALID}


def layer_reason(spec: OpSpec) -> str | None:
    """Why Keras documents no layers for an op; None where it does.

    Rules (keras.io/api/layers):
    1. There are one to three spatial axes, convolutions, max and average pools.
    2. Strides with dilation are refused, in depthwise and transposed layers too.
    3. Pools have no dilation, and nothing has ceil_mode.
    4. All axes share one `padding`: "valid", "same" (the odd element after), "causal" (Conv1D).
    5. ZeroPadding adds zeros, which an average counts and a max pool takes as values.
    6. Conv*DTranspose has no groups, one dilation for all axes, and output_padding < strides.
    """
    if spec.rank > MOST_AXES or not (spec.kind.has_weight or spec.kind in _POOLS):  # rule 1
        return f"Keras has no layer for {spec.kind.value} with {spec.rank} spatial axes"
    if strided_and_dilated(spec):  # rule 2
        return "Keras layers refuse strides with dilation_rate"
    if spec.kind in _POOLS and max(spec.dilation) > 1:  # rule 3
        return "Keras pooling layers have no dilation"
    if spec.rounding is Rounding.CEIL and spec.kind is not OpKind.CONV_TRANSPOSE:
        return "Keras layers have no ceil_mode"
    reason = _policy_reason(spec)
    if reason is not None:
        return reason
    reason = _transposed_reason(spec) if _is_transposed(spec) else _fill_reason(spec)
    if reason is not None:
        return reason
    return NO_OUTPUT if 0 in layer_spec(spec).output_size else None


def _policy_reason(spec: OpSpec) -> str | None:
    """Rule 4."""
    policies = {rule.policy for rule in spec.pads}
    if PadPolicy.SAME_LOWER in policies:
        return "Keras layers have no SAME_LOWER"
    if len(policies) > 1 and not policies <= _EXPLICIT:
        return "Keras layers have one padding for all axes"
    if PadPolicy.CAUSAL in policies and (spec.kind is not OpKind.CONV or spec.rank > 1):
        return 'only Conv1D has padding="causal"'
    return None


def _fill_reason(spec: OpSpec) -> str | None:
    """Rule 5, and what only functions pad with."""
    explicit = not _same(spec) and any(pair != (0, 0) for pair in spec.resolved_pads)
    if not explicit and not _same(spec):
        return None
    if spec.pad_mode != "constant":
        return f"no Keras layer has {spec.pad_mode} pads"
    if spec.kind is OpKind.MAX_POOL:
        return "Keras max pools have no pads but those of SAME" if explicit else _sentinel(spec)
    if spec.pad_value != 0:
        return "Keras layers pad with 0"
    if spec.kind is OpKind.AVERAGE_POOL and spec.count_include_pad is not explicit:
        return "Keras averages leave out the pads of SAME, and count those of ZeroPadding"
    return None


def _sentinel(spec: OpSpec) -> str | None:
    return None if spec.pad_value == -math.inf else "Keras max pools leave out the pads of SAME"


def _transposed_reason(spec: OpSpec) -> str | None:
    """Rule 6."""
    name = f"Conv{spec.rank}DTranspose"
    if spec.group > 1:
        return f"{name} has no groups"
    if len(set(spec.dilation)) > 1:
        return f"{name} takes one dilation for all axes"
    if spec.output_shape:
        return f"{name} has no output_shape"
    if _same(spec):
        extra = any(spec.output_padding)
        return 'padding="same" says no crops for an output_padding' if extra else None
    if any(value >= stride for value, stride in zip(_extra(spec), spec.stride, strict=True)):
        return f"{name} takes no output_padding as long as strides"
    if min(min(rule.before, rule.after) for rule in spec.pads) < 0:
        return "Cropping adds nothing"
    return None


def _is_transposed(spec: OpSpec) -> bool:
    return spec.kind is OpKind.CONV_TRANSPOSE


def _same(spec: OpSpec) -> bool:
    return spec.pads[0].policy is PadPolicy.SAME_UPPER


def _extra(spec: OpSpec) -> tuple[int, ...]:
    return spec.output_padding or (0,) * spec.rank


def layer_spec(spec: OpSpec) -> OpSpec:
    """What the layers mean by Keras's documentation. Assumes `layer_reason` is None.

    The op itself; but Conv*DTranspose "valid" gives n * stride, not less, unless it is told an
    output_padding.
    """
    if not _is_transposed(spec) or _same(spec):
        return spec
    pads = [(rule.before, rule.after) for rule in spec.pads]
    if any(_extra(spec)):
        ends = [after - extra for (_, after), extra in zip(pads, _extra(spec), strict=True)]
    else:
        ends = [
            after - max(window.stride - window.effective_kernel, 0)
            for (_, after), window in zip(pads, spec.windows, strict=True)
        ]
    return spec.with_pads([(before, end) for (before, _), end in zip(pads, ends, strict=True)])


def _steps(spec: OpSpec) -> tuple[Step, ...]:
    """The layers, in order; those with `weights` are one. Assumes `layer_reason` is None."""
    padding = "same" if _same(spec) else "valid"
    if _is_transposed(spec):
        told = spec.output_padding if any(_extra(spec)) else None
        crops = tuple((rule.before, rule.after) for rule in spec.pads)
        cropping = layer_unless_zero(f"Cropping{spec.rank}D", "cropping", crops)
        return transposed_layer(spec, padding, told), *(() if _same(spec) else cropping)
    if spec.pads[0].policy is PadPolicy.CAUSAL:
        return (conv_layer(spec, "causal"),)
    before = () if _same(spec) else zero_steps(Padding(spec.resolved_pads))
    return *before, _window(spec, padding)


def _window(spec: OpSpec, padding: str) -> Step:
    if not spec.kind.has_weight:
        return pool_layer(spec, padding)
    if spec.rank < 3 and spec.group == spec.channels[0] > 1:
        return depthwise_layer(spec, padding)
    return conv_layer(spec, padding)


def layer_of(
    spec: OpSpec,
    weight: np.ndarray | None,
    bias: np.ndarray | None,
    *,
    dynamic: bool = False,
) -> Any:
    """The layers as a built `keras.Sequential`, on (N, *spatial, C), of the backend in use.

    `weight` float32 as `OpSpec.weight_shape` says, None for a pool; `bias` (O,) or None.
    `dynamic`: the input's spatial sizes are open; its batch is in any case.

    Raises FrameworkError where there are no such layers, and what Keras raises.
    """
    import keras

    reason = layer_reason(spec)
    if reason is not None:
        raise FrameworkError(reason)
    steps = _steps(spec)
    sizes = (None,) * spec.rank if dynamic else spec.input_size
    shape = (*sizes, spec.channels[0])
    with keras.device("cpu:0"):
        layers = [made_layer(keras, step) for step in steps]
        model = keras.Sequential([keras.Input(shape, dtype="float32"), *layers])
        for step, layer in zip(steps, layers, strict=True):
            if step.weights and weight is not None:
                set_weights(layer, kernels(spec, step, weight)[0], bias)
        return model


def outputs(model: Any, values: np.ndarray) -> np.ndarray:
    """What a model gives for (N, *spatial, C), called eagerly on the CPU."""
    import keras

    with keras.device("cpu:0"):
        given: np.ndarray = keras.ops.convert_to_numpy(model(values))
    return given


def layer_code(spec: OpSpec, *, dynamic: bool = False) -> tuple[str, ...]:
    """The lines that make the same `model` of the arrays `w` and `b` (float32, channels first).

    For code that has `import numpy as np` and `import keras`. Assumes `layer_reason` is None.
    """
    sizes = ("None",) * spec.rank if dynamic else spec.input_size
    shape = ", ".join(map(str, (*sizes, spec.channels[0])))
    lines = [f"keras.Input(({shape}))", *(f"keras.{layer_call(step)}" for step in _steps(spec))]
    model = ("model = keras.Sequential([", *(f"    {line}," for line in lines), "])")
    return *model, *_weight_code(spec)


def _weight_code(spec: OpSpec) -> tuple[str, ...]:
    if not spec.kind.has_weight:
        return ()
    kernel, ends = "w", "(-1, -2)"
    if any(step.weights == "depthwise" for step in _steps(spec)):
        shape = (spec.channels[0], spec.channels[1] // spec.channels[0], *spec.kernel_size)
        kernel, ends = f"w.reshape{shape}", "(-2, -1)"
    numbers = f"np.moveaxis({kernel}, (0, 1), {ends})" + (", b" if spec.bias else "")
    return (f"model.set_weights([{numbers}])",)
