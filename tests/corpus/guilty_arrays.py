"""PAD901 to PAD903: arrays in another order, kernels flipped, attributes lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.corpus import tensorflow_boxes, torch_boxes
from tests.corpus.cases import RANKS, Box, Case, windowed
from tests.corpus.references import reference

Array = np.ndarray
_KINDS = ("conv", "max_pool", "average_pool", "lp_pool", "conv_transpose")


def cases() -> list[Case]:
    made: list[Case] = []
    for rank in RANKS:
        made += [*_layouts(rank), *_weights(rank), *_flips(rank), *_losses(rank), *_groups(rank)]
        made += _biases(rank)
    return made


def _around(
    box: Box,
    x: Callable[[Array], Array] | None = None,
    w: Callable[[Array], Array] | None = None,
    y: Callable[[Array], Array] | None = None,
) -> Box:
    """A right box among arrays that are not."""

    def faulty(*arrays: Array) -> Array:
        changed = list(arrays)
        if x is not None:
            changed[0] = x(arrays[0])
        if w is not None:
            changed[1] = w(arrays[1])
        made = box(*(np.ascontiguousarray(array) for array in changed))
        return np.ascontiguousarray(made if y is None else y(made))

    return faulty


def as_last(x: Array) -> Array:
    """A channels-first buffer taken for a channels-last one."""
    return np.moveaxis(x.reshape(x.shape[0], *x.shape[2:], x.shape[1]), -1, 1)


def buffer_of_last(y: Array) -> Array:
    """A channels-last buffer taken for a channels-first one."""
    return np.moveaxis(y, 1, -1).reshape(y.shape)


def reverse(x: Array) -> Array:
    """Spatial axes in reverse order."""
    return x.transpose(0, 1, *range(x.ndim - 1, 1, -1))


def _layouts(rank: int) -> Iterator[Case]:
    """PAD901 of every kind."""
    for kind in _KINDS:
        given: dict[str, Any] = windowed(kind, rank, 7, 3, 1, 1, 1)
        right = reference(kind, given)
        moves: list[tuple[str, dict[str, Any]]] = [
            ("NCHW buffer read as NHWC", {"x": as_last}),
            ("NHWC output", {"y": lambda y: np.moveaxis(y, 1, -1)}),
            ("NHWC buffer handed over", {"y": buffer_of_last}),
        ]
        if rank > 1:
            moves.append(("output transposed", {"y": reverse}))
        for title, how in moves:
            yield Case(("PAD901",), kind, title, given, _around(right, **how))
        if rank > 1:
            cube = {**given, "input_size": (6,) * rank}
            box = _around(reference(kind, cube), x=reverse)
            yield Case(("PAD901",), kind, "input transposed", cube, box)


def _weights(rank: int) -> Iterator[Case]:
    """PAD901 of weights."""

    def buffer(w: Array) -> Array:
        out, per_group, *kernel = w.shape
        return np.moveaxis(w.reshape(*kernel, per_group, out), (-1, -2), (0, 1))

    for kind, channels in (("conv", (2, 3)), ("conv_transpose", (2, 3))):
        given = {**windowed(kind, rank, 7, 3, 1, 1, 1), "channels": channels}
        right = reference(kind, given)
        yield Case(("PAD901",), kind, "OIHW buffer read as HWIO", given, _around(right, w=buffer))
        square = {**given, "channels": (3, 3)}
        swapped = _around(reference(kind, square), w=lambda w: w.swapaxes(0, 1))
        yield Case(("PAD901",), kind, "in and out exchanged", square, swapped)
        if rank > 1:
            yield Case(("PAD901",), kind, "kernel transposed", given, _around(right, w=reverse))
    depthwise = {**windowed("conv", rank, 7, 3, 1, 1, 1), "channels": (3, 6), "group": 3}

    def multiplier_first(w: Array) -> Array:
        return w.reshape(2, 3, *w.shape[1:]).swapaxes(0, 1).reshape(w.shape)

    box = _around(reference("conv", depthwise), w=multiplier_first)
    yield Case(("PAD901",), "conv", "depthwise multiplier first", depthwise, box)


def along_the_width(y: Array, b: Array) -> Array:
    """`y` and a bias, along the last axis where that is as long."""
    wide = y.shape[-1] == len(b)
    return y + b.reshape((-1,) if wide else (-1, *(1,) * (y.ndim - 2)))


def _biases(rank: int) -> Iterator[Case]:
    """PAD901 of a bias, at an output as wide as it has channels."""
    for kind, width in (("conv", rank + 3), ("conv_transpose", 4 * rank + 11)):
        given = {**windowed(kind, rank, 8, 3, 2, 1, 1), "bias": True, "channels": (2, width)}
        bare = reference(kind, given)
        box = lambda x, w, b, bare=bare: along_the_width(bare(x, w), b)  # noqa: E731
        yield Case(("PAD901",), kind, "bias along the width", given, box)
    given = {**windowed("conv", rank, 6, 3, 1, 1, "same_upper"), "bias": True}
    given["channels"] = (2, given["input_size"][-1])
    yield Case(("PAD901",), "conv", "Keras channels first", given, _keras)


def _keras(x: Array, w: Array, b: Array) -> Array:
    import keras

    layer = getattr(keras.layers, f"Conv{x.ndim - 2}D")(
        len(b), w.shape[2:], padding="same", data_format="channels_first"
    )
    layer.build(x.shape)
    layer.set_weights([np.moveaxis(w, (0, 1), (-1, -2)), b])
    return np.asarray(layer(x))


def _flips(rank: int) -> Iterator[Case]:
    """PAD902: all axes, and one."""
    for kind in ("conv", "conv_transpose"):
        given = {**windowed(kind, rank, 7, 3, 2, 1, 1), "bias": True}
        right = reference(kind, given)
        for title, axes in (("all axes", range(2, rank + 2)), ("last axis", [rank + 1])):
            box = _around(right, w=lambda w, axes=tuple(axes): np.flip(w, axes))
            yield Case(("PAD902",), kind, title, given, box)
    given = windowed("conv", rank, 7, 3, 1, 1, 1)
    real = _around(torch_boxes.conv(pads=1), w=lambda w: np.flip(w, tuple(range(2, rank + 2))))
    yield Case(("PAD902",), "conv", "torch on a flipped kernel", given, real)
    given = {"input_size": (9,), "kernel_size": 3, "channels": (1, 2)}
    if rank == 1:
        yield Case(("PAD902",), "conv", "numpy convolves", given, _convolve)


def _convolve(x: Array, w: Array) -> Array:
    rows = [[np.convolve(line[0], kernel[0], "valid") for kernel in w] for line in x]
    return np.array(rows, dtype=np.float32)


def _losses(rank: int) -> Iterator[Case]:
    """PAD903: stride and dilation lost, or of another axis."""
    for kind in _KINDS:
        pads = 0 if kind == "conv_transpose" else 1
        strided = windowed(kind, rank, 9, 3, 2, 1, pads)
        lost = reference(kind, {**strided, "stride": 1})
        yield Case(("PAD903",), kind, "stride lost", strided, lost)
        spread = windowed(kind, rank, 9, 3, 1, 2, pads)
        lost = reference(kind, {**spread, "dilation": 1})
        yield Case(("PAD903",), kind, "dilation lost", spread, lost)
        if rank > 1:
            yield from _misplaced(kind, rank, strided)
    strided = windowed("conv", rank, 9, 3, 2, 1, 1)
    yield Case(("PAD903",), "conv", "torch without stride", strided, torch_boxes.conv(pads=1))
    same = {**windowed("conv", rank, 9, 3, 1, 2, "same_upper")}
    yield Case(("PAD903",), "conv", "TF SAME without dilation", same, tensorflow_boxes.conv())
    for kind in ("max_pool", "average_pool", "lp_pool"):
        given = windowed(kind, rank, 9, 3, 1, 1, 0)
        window = reference(kind, {**given, "stride": 3})
        yield Case(("PAD903",), kind, "stride is the window", given, window)
    given = windowed("max_pool", rank, 9, 3, 1, 1, 0)
    real = torch_boxes.max_pool(kernel=3, stride=None)
    yield Case(("PAD903",), "max_pool", "torch strides by the window", given, real)
    for wrong in (1, 3):
        given = windowed("lp_pool", rank, 9, 3, 2, 1, 1)
        lp = reference("lp_pool", {**given, "p": wrong})
        yield Case(("PAD903",), "lp_pool", f"p is {wrong}", given, lp)


def _misplaced(kind: str, rank: int, given: dict[str, Any]) -> Iterator[Case]:
    values = (1, 2, 2)[:rank]
    for name in ("stride", "dilation"):
        right = {**given, "stride": 1, name: values}
        first = reference(kind, {**right, name: 1})
        yield Case(("PAD903",), kind, f"{name} of axis 0 for all", right, first)
        turned = reference(kind, {**right, name: values[::-1]})
        yield Case(("PAD903",), kind, f"{name} reversed", right, turned)
    silent = {**given, "stride": 3, "dilation": values}
    turned = reference(kind, {**silent, "dilation": values[::-1]})
    yield Case(("PAD903",), kind, "dilation reversed under a stride", silent, turned)
    if kind.endswith("pool"):
        right = {**given, "kernel_size": (2, 3, 3)[:rank]}
        turned = reference(kind, {**right, "kernel_size": (3, 3, 2)[-rank:]})
        yield Case(("PAD903",), kind, "kernel reversed", right, turned)


def _groups(rank: int) -> Iterator[Case]:
    """PAD903: groups that read other groups' channels."""

    def first_group(x: Array) -> Array:
        half = x[:, : x.shape[1] // 2]
        return np.concatenate([half, half], axis=1)

    def interleaved(x: Array) -> Array:
        return np.concatenate([x[:, 0::2], x[:, 1::2]], axis=1)

    for kind in ("conv", "conv_transpose"):
        given = {**windowed(kind, rank, 6, 3, 1, 1, 1), "channels": (4, 6), "group": 2}
        right = reference(kind, given)
        for title, move in (("first for all", first_group), ("interleaved", interleaved)):
            yield Case(("PAD903",), kind, f"groups {title}", given, _around(right, x=move))
