"""Boxes with two faults in one op, and with one fault on some of its axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from tests.corpus import engine, tensorflow_boxes, torch_boxes
from tests.corpus.cases import RANKS, Box, Case, numpy_box, sizes, windowed
from tests.corpus.guilty_arrays import along_the_width, as_last
from tests.corpus.references import reference

_SAME = engine.same


def cases() -> list[Case]:
    made: list[Case] = []
    for rank in RANKS:
        made += [*_grid_and_value(rank), *_grid_and_array(rank), *_grid_and_fill(rank)]
        made += [*_others(rank), *_transposed(rank)]
    return [*made, *_axes()]


def _strided(rank: int, kind: str = "conv", **more: Any) -> dict[str, Any]:
    return {**windowed(kind, rank, 8, 3, 2, 1, 1), **more}


def _without_bias(box: Box) -> Box:
    return lambda x, w, b: box(x, w)


def _grid_and_value(rank: int) -> Iterator[Case]:
    own = numpy_box("conv", 3, 2, 1, _SAME)
    given = _strided(rank, bias=True)
    yield Case(("PAD101", "PAD904"), "conv", "SAME without bias", given, _without_bias(own))
    real = _without_bias(tensorflow_boxes.conv(stride=2))
    yield Case(("PAD101", "PAD904"), "conv", "TF SAME without bias_add", given, real)
    unpadded = _without_bias(torch_boxes.conv(stride=1))
    given = {**windowed("conv", rank, 6, 3, 1, 1, 1), "bias": True}
    yield Case(("PAD104", "PAD904"), "conv", "torch with nothing but a weight", given, unpadded)
    given = _strided(rank, epsilon=1e-5)
    shrunk = reference("conv", {**given, "pads": "same_upper", "epsilon": 1e-3})
    yield Case(("PAD101", "PAD905"), "conv", "SAME and another epsilon", given, shrunk)
    given = {**windowed("conv", rank, 6, 3, 1, 1, 1), "activation": "relu6"}
    loose = reference("conv", {**given, "pads": 0, "activation": "relu"})
    yield Case(("PAD104", "PAD906"), "conv", "VALID and relu", given, loose)
    given = _strided(rank)
    brain = numpy_box("conv", 3, 2, 1, _SAME)

    def stored(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        return torch.from_numpy(brain(x, w)).to(torch.bfloat16).float().numpy()

    yield Case(("PAD101", "PAD908"), "conv", "SAME in bfloat16", given, stored)
    given = {**windowed("conv", rank, 7, 4, 1, 1, "same_upper"), "bias": True}
    lower = _without_bias(reference("conv", {**given, "pads": "same_lower"}))
    yield Case(("PAD102", "PAD904"), "conv", "lower without bias", given, lower)


def _grid_and_array(rank: int) -> Iterator[Case]:
    given = _strided(rank)
    axes = tuple(range(2, rank + 2))
    same = numpy_box("conv", 3, 2, 1, _SAME)

    def flipped(x, w):
        return same(x, np.flip(w, axes))

    yield Case(("PAD101", "PAD902"), "conv", "SAME of a flipped kernel", given, flipped)
    last = tensorflow_boxes.conv(stride=2)
    yield Case(
        ("PAD101", "PAD901"),
        "conv",
        "TF SAME left channels last",
        given,
        lambda x, w: np.moveaxis(last(x, w), 1, -1),
    )
    given = windowed("conv", rank, 7, 3, 1, 1, 1)
    buffer = numpy_box("conv", 3, 1, 1, 0)
    yield Case(
        ("PAD104", "PAD901"),
        "conv",
        "VALID of a buffer read as NHWC",
        given,
        lambda x, w: buffer(as_last(x), w),
    )
    given = _strided(rank, bias=True, channels=(2, 3 + rank))
    wide = lambda x, w, b: along_the_width(same(x, w), b)  # noqa: E731
    yield Case(("PAD101", "PAD901"), "conv", "SAME and bias along the width", given, wide)
    given = {**windowed("conv", rank, 6, 3, 1, 1, 1), "bias": True, "channels": (2, 5 + rank)}
    sevens = numpy_box("conv", 3, 1, 1, 1, fill=7.0)
    filled = lambda x, w, b: along_the_width(sevens(x, w), b)  # noqa: E731
    title = "padded with 7 and bias along the width"
    yield Case(("PAD202", "PAD901"), "conv", title, given, filled)


def _grid_and_fill(rank: int) -> Iterator[Case]:
    given = _strided(rank, "max_pool")
    zeros = numpy_box("max_pool", 3, 2, 1, _SAME, fill=0.0)
    yield Case(("PAD101", "PAD201"), "max_pool", "SAME by zeros", given, zeros)

    def padded(x: np.ndarray) -> np.ndarray:
        pairs = [_SAME(n, 3, 2) for n in x.shape[2:]]
        return tensorflow_boxes.max_pool(kernel=3, stride=2, pads=pairs, fill=0.0)(x)

    yield Case(("PAD101", "PAD201"), "max_pool", "tf.pad of SAME then VALID", given, padded)
    given = _strided(rank, "average_pool")
    counted = numpy_box("average_pool", 3, 2, 1, _SAME, counted=True)
    yield Case(("PAD101", "PAD203"), "average_pool", "SAME counted", given, counted)
    given = {**_strided(rank, "average_pool"), "count_include_pad": True}
    real = tensorflow_boxes.average_pool(kernel=3, stride=2)
    yield Case(("PAD101", "PAD203"), "average_pool", "torch read as TF SAME", given, real)
    given = {**windowed("conv", rank, 8, 5, 2, 1, 2), "pad_mode": "reflect"}
    edge = numpy_box("conv", 5, 2, 1, _SAME, mode="edge")
    yield Case(("PAD101", "PAD204"), "conv", "SAME by edges", given, edge)
    given = windowed("conv", rank, 9, 5, 1, 1, 2)
    one_end = numpy_box("conv", 5, 1, 1, (2, 0), mode="edge")
    yield Case(("PAD105", "PAD202"), "conv", "before only and edges", given, one_end)
    given = windowed("average_pool", rank, 8, 3, 2, 1, 1)
    given["input_size"] = sizes(rank, 6, 2)
    given["pads"] = 0
    up = numpy_box("average_pool", 3, 2, 1, 0, ceil=True, whole=True)
    yield Case(("PAD301", "PAD203"), "average_pool", "rounded up and counted", given, up)


def _others(rank: int) -> Iterator[Case]:
    given = {**windowed("conv", rank, 7, 3, 1, 1, 1), "bias": True}
    right = reference("conv", given)

    def buffer(x, w, b):
        return right(as_last(x), w, 0 * b)

    yield Case(("PAD901", "PAD904"), "conv", "buffer and no bias", given, buffer)
    axes = tuple(range(2, rank + 2))

    def flipped(x, w, b):
        return right(x, np.flip(w, axes), 0 * b)

    yield Case(("PAD902", "PAD904"), "conv", "flipped and no bias", given, flipped)
    given = {**windowed("conv", rank, 9, 3, 1, 2, 2), "bias": True}
    lost = _without_bias(reference("conv", {**given, "dilation": 1}))
    yield Case(("PAD903", "PAD904"), "conv", "no dilation and no bias", given, lost)
    given = {**windowed("conv", rank, 6, 5, 1, 1, 2), "pad_mode": "reflect", "bias": True}
    wrapped = _without_bias(reference("conv", {**given, "pad_mode": "wrap"}))
    yield Case(("PAD204", "PAD904"), "conv", "wrapped and no bias", given, wrapped)
    given = {**windowed("conv", rank, 6, 3, 1, 1, 1), "bias": True}
    filled = _without_bias(numpy_box("conv", 3, 1, 1, 1, fill=7.0))
    yield Case(("PAD202", "PAD904"), "conv", "padded with 7 and no bias", given, filled)
    given = {**windowed("conv", rank, 6, 3, 1, 1, 1), "epsilon": 1e-3}
    turned = reference("conv", {**given, "epsilon": 1e-5})

    def box(x, w):
        return turned(x, np.flip(w, axes))

    yield Case(("PAD902", "PAD905"), "conv", "flipped and another epsilon", given, box)


def _transposed(rank: int) -> Iterator[Case]:
    given: dict[str, Any] = {"input_size": sizes(rank, 5), "kernel_size": 3, "stride": 2}
    given |= {"pads": 1, "output_padding": 1}
    real = tensorflow_boxes.conv_transpose(stride=2)
    biased = {**given, "bias": True}
    kind = "conv_transpose"
    yield Case(("PAD401", "PAD904"), kind, "TF SAME without bias", biased, _without_bias(real))
    axes = tuple(range(2, rank + 2))

    def flipped(x, w):
        return real(x, np.flip(w, axes).copy())

    yield Case(("PAD401", "PAD902"), kind, "TF SAME of a flipped kernel", given, flipped)
    short = _without_bias(torch_boxes.conv_transpose(pads=1, stride=2))
    yield Case(("PAD402", "PAD904"), kind, "nothing but a weight", biased, short)


def _axes() -> Iterator[Case]:
    """A fault on some axes, and another on the others."""
    for kind in ("conv", "max_pool", "average_pool", "lp_pool"):
        for rules, codes, title in (
            ([_SAME, 1], ("PAD101",), "SAME on axis 0"),
            ([1, _SAME], ("PAD101",), "SAME on axis 1"),
            ([0, 1], ("PAD104",), "lost on axis 0"),
            ([_SAME, 0], ("PAD101", "PAD104"), "SAME on axis 0 and lost on axis 1"),
            ([0, _SAME], ("PAD101", "PAD104"), "lost on axis 0 and SAME on axis 1"),
            ([2, _SAME], ("PAD101", "PAD105"), "doubled on axis 0 and SAME on axis 1"),
        ):
            box = numpy_box(kind, 3, 2, 1, rules)
            yield Case(codes, kind, title, _strided(2, kind), box)
        for rules, codes, title in (
            ([_SAME, 1, 1], ("PAD101",), "SAME on axis 0"),
            ([_SAME, _SAME, 1], ("PAD101",), "SAME on axes 0 and 1"),
            ([_SAME, 0, 1], ("PAD101", "PAD104"), "SAME on axis 0 and lost on axis 1"),
        ):
            box = numpy_box(kind, 3, 2, 1, rules)
            yield Case(codes, kind, title, _strided(3, kind), box)
