"""PAD904 to PAD906 and PAD908: what becomes of the values of an output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from tests.corpus import tensorflow_boxes, torch_boxes
from tests.corpus.cases import POOLS, RANKS, Box, Case, windowed
from tests.corpus.references import reference

Array = np.ndarray
_CONVS = ("conv", "conv_transpose")


def cases() -> list[Case]:
    made: list[Case] = []
    for rank in RANKS:
        made += [*_biases(rank), *_epsilons(rank), *_real_epsilons(rank), *_clips(rank)]
        made += [*_real_clips(rank), *_roundings(rank)]
    return made


def after(box: Box, change: Callable[[Array], Array]) -> Box:
    return lambda *arrays: change(box(*arrays))


def column(numbers: Any, like: Array) -> Array:
    """One number per channel, shaped to be broadcast."""
    return np.asarray(numbers, np.float32).reshape(1, -1, *(1,) * (like.ndim - 2))


def _biases(rank: int) -> Iterator[Case]:
    """PAD904."""
    for kind in _CONVS:
        given = {**windowed(kind, rank, 6, 3, 1, 1, 1), "bias": True}
        right = reference(kind, given)
        for title, factor in (("lost", 0), ("added twice", 2), ("subtracted", -1)):

            def box(x, w, b, right=right, factor=factor):
                return right(x, w, factor * b)

            yield Case(("PAD904",), kind, title, given, box)
        bare = windowed(kind, rank, 6, 3, 1, 1, 1)
        shifted = after(reference(kind, bare), lambda y: y + column([1, -2, 3], y))
        yield Case(("PAD904",), kind, "invented", bare, shifted)
    given = {**windowed("conv", rank, 8, 3, 2, 1, "same_upper"), "bias": True}
    real = tensorflow_boxes.conv(stride=2)
    yield Case(("PAD904",), "conv", "TF without bias_add", given, lambda x, w, b: real(x, w))


def _epsilons(rank: int) -> Iterator[Case]:
    """PAD905."""
    for kind in _CONVS:
        for wanted, taken in ((1e-5, 1e-3), (1e-3, 1e-5), (1e-3, 1e-6), (1e-3, None)):
            given = {**windowed(kind, rank, 6, 3, 1, 1, 1), "epsilon": wanted}
            box = reference(kind, {**given, "epsilon": taken})
            yield Case(("PAD905",), kind, f"{taken} for {wanted}", given, box)
        given = windowed(kind, rank, 6, 3, 1, 1, 1)
        scaled = after(reference(kind, given), lambda y: y * column([0.95, 0.8, 0.9], y))
        yield Case(("PAD905",), kind, "a ratio for each channel", given, scaled)


def _real_epsilons(rank: int) -> Iterator[Case]:
    """PAD905 by the frameworks' own batch normalizations and their own defaults."""
    given = {**windowed("conv", rank, 8, 3, 2, 1, 1), "epsilon": 1e-3, "bias": True}

    def normalized(y: torch.Tensor) -> torch.Tensor:
        zero, one = torch.zeros(y.shape[1]), torch.ones(y.shape[1])
        return functional.batch_norm(y, zero, one, training=False)

    box = torch_boxes.conv(pads=1, stride=2, after=normalized)
    yield Case(("PAD905",), "conv", "torch's default for Keras's", given, box)


def _clips(rank: int) -> Iterator[Case]:
    """PAD906."""
    for kind in _CONVS:
        for wanted, taken in (
            ("relu6", "relu"),
            ("relu6", None),
            ("relu", "relu6"),
            ("relu", None),
        ):
            given = {**windowed(kind, rank, 6, 3, 1, 1, 1), "activation": wanted}
            box = reference(kind, {**given, "activation": taken})
            yield Case(("PAD906",), kind, f"{taken} for {wanted}", given, box)
    for kind in (*_CONVS, *POOLS):
        given = windowed(kind, rank, 6, 3, 1, 1, 1)
        saturated = after(reference(kind, given), lambda y: np.clip(y, -128, 127))
        if kind in _CONVS:
            yield Case(("PAD906",), kind, "int8 saturation", given, saturated)
    for kind in ("max_pool", "average_pool"):
        given = windowed(kind, rank, 6, 3, 1, 1, 1)
        rectified = after(reference(kind, given), lambda y: np.maximum(y, 0))
        yield Case(("PAD906",), kind, "relu added", given, rectified)


def _real_clips(rank: int) -> Iterator[Case]:
    """PAD906 by torch's own activations."""
    for wanted, call in (("relu6", functional.relu), ("relu", functional.relu6)):
        given = {**windowed("conv", rank, 8, 3, 2, 1, 1), "activation": wanted, "bias": True}
        box = torch_boxes.conv(pads=1, stride=2, after=call)
        yield Case(("PAD906",), "conv", f"torch {call.__name__} for {wanted}", given, box)


def _roundings(rank: int) -> Iterator[Case]:
    """PAD908: an output stored in fewer bits."""

    def half(y: Array) -> Array:
        with np.errstate(over="ignore"):
            return y.astype(np.float16).astype(np.float32)

    def brain(y: Array) -> Array:
        return torch.from_numpy(y).to(torch.bfloat16).float().numpy()

    for kind in (*_CONVS, "average_pool"):
        given = windowed(kind, rank, 8, 5, 1, 1, 2)
        for title, change in (("bfloat16", brain), ("float16", half)):
            if title == "float16" and kind != "average_pool":
                given = {**given, "epsilon": 1e-3}  # integers up to 2048 are exact in float16
            right = reference(kind, given)
            yield Case(("PAD908",), kind, f"{title} stored", given, after(right, change))
    given = windowed("average_pool", rank, 8, 3, 1, 1, 1)
    cut = after(reference("average_pool", given), np.trunc)
    yield Case(("PAD908",), "average_pool", "integers stored", given, cut)
