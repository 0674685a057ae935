"""PAD903 attribute_lost

What it finds:
    Stride, dilation, window or group dropped, taken from one axis for all, or in reverse order; the
    p of an Lp pool changed. Not padding.

Why outputs differ:
    Windows start elsewhere, or their taps lie elsewhere, in the interior too. A stride or window
    that is lost shows in the shape; a dilation often does not. A lost group has every group read
    the channels of the first, or channels in another order: the shape is right and the numbers are
    not. Attributes that are equal on all axes hide an exchange of axes.

Example:
    Kernel 3, stride 3, dilation 1 and 2, over 9 inputs with one pad at each end.

    >>> from padcheck.geometry import Window, output_size, read_window
    >>> windows = [Window(kernel_size=3, stride=3, dilation=dilation) for dilation in (1, 2)]
    >>> [output_size(9, window, 1, 1) for window in windows]  # the shape hides it
    [3, 3]
    >>> [list(read_window(1, window, 1)) for window in windows]
    [[2, 3, 4], [2, 4, 6]]
    >>> output_size(9, Window(kernel_size=3, dilation=2), 1, 1)  # the stride lost does show
    7

Use instead:
    Keras   `strides=(2, 1)`, `dilation_rate=(1, 2)`, `groups=2`; one number stands for all axes
    TF      `strides=[1, 2, 1, 1]`, `dilations=[1, 1, 2, 1]`: batch and channels have entries too
    PyTorch `stride=(2, 1)`, `dilation=(1, 2)`, `groups=2`; a pool's stride defaults to its window
    ONNX    `strides=[2, 1]`, `dilations=[1, 2]`, `group=2`; left out, they are 1, for pools too

Fix safety:
    changes-output. Restores the reference.

References:
    Grouped convolution in TVM: https://github.com/apache/tvm/pull/5132
    Depthwise with stride and dilation: https://github.com/tensorflow/tensorflow/issues/57128
    Dilation in reverse order: https://github.com/tinygrad/tinygrad/pull/17805
    ONNX Conv: https://onnx.ai/onnx/operators/onnx__Conv.html
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import Cause, Clues, sizes_text
from padcheck.records import OpKind, OpSpec, Rearrangement

__all__ = ["CAUSE"]

_SPREAD = ("kernel_size", "stride", "dilation")


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Attributes dropped, taken from one axis for all, or in reverse order."""
    seen = {(reference.kernel_size, reference.stride, reference.dilation)}
    for faulty in (*_dropped(reference), *_misplaced(reference)):
        key = (faulty.kernel_size, faulty.stride, faulty.dilation)
        if key not in seen:
            seen.add(key)
            yield faulty
    if reference.group > 1:
        yield reference.deviating(rearranged=Rearrangement.GROUPS_FIRST)
        yield reference.deviating(rearranged=Rearrangement.GROUPS_INTERLEAVED)
    if reference.kind is OpKind.LP_POOL:
        for p in (1, 2, 3):
            if p != reference.p:
                yield reference.replace(p=p)


def _dropped(spec: OpSpec) -> Iterator[OpSpec]:
    """A dropped attribute is 1; the stride of a pool may also be its window."""
    ones = (1,) * spec.rank
    yield _fixed(spec, stride=ones)
    yield _fixed(spec, dilation=ones)
    yield _fixed(spec, stride=ones, dilation=ones)
    if not spec.kind.has_weight:
        yield _fixed(spec, stride=spec.kernel_size)


def _misplaced(spec: OpSpec) -> Iterator[OpSpec]:
    for name in _SPREAD[1:] if spec.kind.has_weight else _SPREAD:
        values: tuple[int, ...] = getattr(spec, name)
        for wrong in (values[::-1], values[:1] * spec.rank, values[-1:] * spec.rank):
            yield _fixed(spec, **{name: wrong})


def _fixed(spec: OpSpec, **changes: tuple[int, ...]) -> OpSpec:
    return spec.replace(**changes)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    parts = [
        f"{name} is {sizes_text(getattr(observed, name))}, "
        f"expected {sizes_text(getattr(reference, name))}"
        for name in _SPREAD
        if getattr(observed, name) != getattr(reference, name)
    ]
    if observed.p != reference.p:
        parts.append(f"p is {observed.p}, expected {reference.p}")
    how = observed.deviation.rearranged if observed.deviation else None
    if how is not None and observed.deviation != reference.deviation:
        parts.append(f"group is lost: {how.value}")
    return "; ".join(parts)


CAUSE = Cause(
    code="PAD903",
    name="attribute_lost",
    offers=_offers,
    message=_message,
    advice="carry the attribute over, for every axis",
)
