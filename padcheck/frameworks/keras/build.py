"""How Keras is made to compute an op: a chain of steps, most of them one layer each.

The one plan that the dialect spells as code and the runner carries out. Plain ints. Where Keras
has no layer for an op the step is a function of its backend, and a note says so.
"""

from __future__ import annotations

from padcheck.frameworks.keras.backends import Backend
from padcheck.frameworks.keras.single import (
    conv_layer,
    crop_steps,
    depthwise_layer,
    layer_unless_zero,
    pool_layer,
    strided_and_dilated,
    transposed_layer,
    window_arguments,
    zero_steps,
)
from padcheck.frameworks.keras.steps import KerasBuild, Step
from padcheck.frameworks.lowering import (
    floor_pads,
    same_upper,
    transposed_axes,
    zero_padded,
)
from padcheck.frameworks.padding import Padding, padded_op, padded_spec
from padcheck.records import OpKind, OpSpec

__all__ = ["build_for", "computed_spec"]


def computed_spec(spec: OpSpec, lowering: str, backend: Backend) -> OpSpec:
    """The op that the plan computes. Assumes lowering is one of the backend's."""
    if lowering == backend.same:
        return same_upper(spec)
    return zero_padded(spec) if lowering == backend.zeropad_valid else padded_spec(spec)


def build_for(spec: OpSpec, lowering: str, backend: Backend) -> KerasBuild:
    """The plan for one op at its input size. Assumes lowering is one of the backend's."""
    padding = "same" if lowering == backend.same else "valid"
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _transposed(spec, padding, backend)
    window = _window(spec, padding, backend)
    if lowering == backend.pad_valid:
        return _padded(spec, window, backend)
    if lowering == backend.zeropad_valid:
        return _after(KerasBuild(steps=tuple(zero_steps(Padding(floor_pads(spec))))), window)
    return window


def _window(spec: OpSpec, padding: str, backend: Backend) -> KerasBuild:
    if spec.kind is OpKind.CONV:
        return _conv(spec, padding, backend)
    if spec.kind is OpKind.LP_POOL:
        return _lp_pool(spec, padding, backend)
    if set(spec.dilation) != {1}:
        return backend.dilated_pool(spec, padding)
    return KerasBuild(steps=(pool_layer(spec, padding),))


def _after(before: KerasBuild, build: KerasBuild) -> KerasBuild:
    if build.reason is not None:
        return build
    return KerasBuild(
        steps=(*before.steps, *build.steps), mask=before.mask, notes=(*before.notes, *build.notes)
    )


def _padded(spec: OpSpec, window: KerasBuild, backend: Backend) -> KerasBuild:
    """Pads of the op's own first; an average is divided by its averaged mask."""
    plan = padded_op(spec)
    if plan.reason is not None:
        return KerasBuild(reason=plan.reason)
    before = _pad_steps(plan.padding, spec.input_size, backend)
    if plan.mask is None:
        return _after(before, window)
    ones = [_pad_steps(padding, spec.input_size, backend) for padding in plan.mask]
    mask = (*(step for build in ones for step in build.steps), *window.steps)
    note = "divided by the average of a mask of what is counted"
    return _after(KerasBuild(steps=before.steps, mask=mask, notes=(*before.notes, note)), window)


def _pad_steps(padding: Padding, input_size: tuple[int, ...], backend: Backend) -> KerasBuild:
    """The backend's own words where ZeroPadding is not enough."""
    if padding.is_zeros:
        return KerasBuild(steps=tuple(zero_steps(padding)))
    made = backend.pad(padding, input_size)
    return KerasBuild(steps=(*made.steps, *crop_steps(padding)), notes=made.notes)


def _conv(spec: OpSpec, padding: str, backend: Backend) -> KerasBuild:
    """Rules (keras.io/api/layers/convolution_layers):

    1. Depthwise layers exist for 1 and 2 axes; they take stride with dilation as well.
    2. Conv layers refuse stride with dilation, the backend's functions do not.
    """
    if spec.rank < 3 and spec.group == spec.channels[0] > 1:
        return KerasBuild(steps=(depthwise_layer(spec, padding),))  # rule 1
    if strided_and_dilated(spec):
        return backend.conv(spec, padding)  # rule 2
    return KerasBuild(steps=(conv_layer(spec, padding),))


def _lp_pool(spec: OpSpec, padding: str, backend: Backend) -> KerasBuild:
    """|x| ** p summed by a depthwise convolution with ones, and the root taken."""
    if spec.rank > 2:
        return KerasBuild(reason=f"Keras has no Lp pooling, and no DepthwiseConv{spec.rank}D")
    total = Step(
        name=f"DepthwiseConv{spec.rank}D",
        arguments=(
            *window_arguments(spec, padding),
            ("depthwise_initializer", "ones"),
            ("use_bias", False),
        ),
    )
    power = Step(name=f"{backend.module}.abs", arguments=(("p", spec.p),))
    root = Step(name="root", arguments=(("p", spec.p),))
    return KerasBuild(
        steps=(power, total, root),
        notes=("Keras has no Lp pooling; a depthwise convolution with ones sums abs(x) ** p",),
    )


def _transposed(spec: OpSpec, padding: str, backend: Backend) -> KerasBuild:
    """Rules (keras.io Conv2DTranspose; measured, keras 3.15.1):

    1. "same" leaves n * stride, "valid" max(full, n * stride) elements.
    2. There is no output_padding with crops of one's own, so "valid" is cropped afterwards.
    3. Stride with dilation is refused, but by the backend's function it is taken.
    4. There are no groups: they are split.
    """
    steps, notes = [], []
    axes = transposed_axes(spec, at_least_stride=True)  # rule 1
    inputs = tuple((axis.zeros_before, axis.zeros_after) for axis in axes)
    crops = tuple((axis.crop_before, axis.crop_after) for axis in axes)
    if padding == "valid":
        steps += list(layer_unless_zero(f"ZeroPadding{spec.rank}D", "padding", inputs))
    if strided_and_dilated(spec):
        added = inputs if padding == "valid" else ((0, 0),) * spec.rank
        steps.append(backend.transposed(spec, padding, added))  # rule 3
        notes.append(backend.takes_both)
    else:
        steps.append(transposed_layer(spec, padding))
    if padding == "valid":  # rule 2
        steps += list(layer_unless_zero(f"Cropping{spec.rank}D", "cropping", crops))
    if spec.group > 1:  # rule 4
        notes.append(f"Keras Conv{spec.rank}DTranspose has no groups, so they are split")
    return KerasBuild(steps=tuple(steps), notes=tuple(notes))
