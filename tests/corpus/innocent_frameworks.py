"""Innocents that are calls of PyTorch, TensorFlow, Keras and onnxruntime."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from tests.corpus import onnx_boxes, tensorflow_boxes, torch_boxes
from tests.corpus.cases import RANKS, Box, Case, sizes, windowed

Array = np.ndarray


def cases() -> list[Case]:
    made: list[Case] = []
    for rank in RANKS:
        made += [*_torch(rank), *_tensorflow(rank), *_onnx(rank), *_transposed(rank)]
    return made


def _case(kind: str, title: str, given: dict[str, Any], box: Box) -> Case:
    return Case((), kind, title, given, box)


def _torch(rank: int) -> Iterator[Case]:
    given = {**windowed("conv", rank, 8, 3, 2, 1, 1), "bias": True}
    yield _case("conv", "torch", given, torch_boxes.conv(pads=1, stride=2))
    given = windowed("conv", rank, 8, 3, 2, 1, "same_upper")
    yield _case("conv", "F.pad for SAME", given, torch_boxes.conv(pads=(0, 1), stride=2))
    for k, d in ((2, 1), (3, 2), (4, 1), (2, 3)):
        given = windowed("conv", rank, 9, k, 1, d, "same_upper")
        same = torch_boxes.conv(pads="same", dilation=d)
        yield _case("conv", f"torch same k{k} d{d}", given, quiet(same))
    for mode, word in (("edge", "replicate"), ("reflect", "reflect"), ("wrap", "circular")):
        given = {**windowed("conv", rank, 8, 5, 1, 1, 2), "pad_mode": mode}
        yield _case("conv", f"F.pad {word}", given, torch_boxes.conv(pads=2, mode=word))
    given = {**windowed("conv", rank, 6, 3, 1, 1, 1), "channels": (3, 6), "group": 3}
    yield _case("conv", "torch depthwise", given, torch_boxes.conv(pads=1, group=3))
    given = {**windowed("conv", rank, 8, 3, 2, 1, 1), "activation": "relu6", "bias": True}
    clipped = torch_boxes.conv(
        pads=1, stride=2, after=lambda y: functional.hardtanh(y, min_val=0.0, max_val=6.0)
    )
    yield _case("conv", "relu6 as a hard tanh", given, clipped)
    given = {**windowed("conv", rank, 8, 3, 2, 1, 1), "epsilon": 1e-5}

    def normalized(y: torch.Tensor) -> torch.Tensor:
        return functional.batch_norm(y, torch.zeros(y.shape[1]), torch.ones(y.shape[1]))

    box = torch_boxes.conv(pads=1, stride=2, after=normalized)
    yield _case("conv", "torch normalization", given, box)
    given = windowed("max_pool", rank, 8, 3, 2, 1, 1)
    yield _case("max_pool", "torch", given, torch_boxes.max_pool(kernel=3, stride=2, pads=1))
    replicated = torch_boxes.max_pool(kernel=3, stride=2, pads=1, mode="replicate")
    yield _case("max_pool", "F.pad replicate", given, replicated)
    given = windowed("max_pool", rank, 8, 3, 2, 2, 1) | {"ceil_mode": True}
    dilated = torch_boxes.max_pool(kernel=3, stride=2, dilation=2, pads=1, ceil=True)
    yield _case("max_pool", "torch dilated with ceil_mode", given, dilated)
    for counted in (False, True):
        given = windowed("average_pool", rank, 8, 3, 2, 1, 1)
        given |= {"count_include_pad": counted, "ceil_mode": True}
        pool = torch_boxes.average_pool(kernel=3, stride=2, pads=1, counted=counted, ceil=True)
        yield _case("average_pool", f"torch with ceil_mode {counted}", given, pool)
    for p in (1, 2, 3):
        given = {**windowed("lp_pool", rank, 8, 3, 2, 1, 0), "p": p}
        yield _case("lp_pool", f"torch p{p}", given, torch_boxes.lp_pool(p=p, kernel=3, stride=2))


def quiet(box: Box) -> Box:
    """Without torch's warning that an odd total takes a copy of the input."""
    import warnings

    def silent(*arrays: Array) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return box(*arrays)

    return silent


def _tensorflow(rank: int) -> Iterator[Case]:
    for n in (8, 9):
        given = {**windowed("conv", rank, n, 3, 2, 1, "same_upper"), "bias": True}
        yield _case("conv", f"TF SAME at {n}", given, tensorflow_boxes.conv(stride=2))
        for kind in ("max_pool", "average_pool"):
            given = windowed(kind, rank, n, 3, 2, 1, "same_upper")
            pool = getattr(tensorflow_boxes, kind)(kernel=3, stride=2)
            yield _case(kind, f"TF SAME at {n}", given, pool)
    given = windowed("conv", rank, 9, 3, 2, 1, 1)
    yield _case("conv", "torch is TF SAME at odd sizes", given, tensorflow_boxes.conv(stride=2))
    given = windowed("conv", rank, 8, 3, 2, 1, 1)
    padded = tensorflow_boxes.conv(stride=2, pads=1)
    yield _case("conv", "tf.pad then VALID", given, padded)
    given = windowed("conv", rank, 8, 3, 1, 2, "same_upper")
    yield _case("conv", "TF by space to batch", given, tensorflow_boxes.conv(dilation=2))
    given = windowed("max_pool", rank, 8, 3, 2, 1, 1)
    padded = tensorflow_boxes.max_pool(kernel=3, stride=2, pads=1)
    yield _case("max_pool", "tf.pad of -inf then VALID", given, padded)
    given = {**windowed("average_pool", rank, 8, 3, 2, 1, 1), "count_include_pad": True}
    padded = tensorflow_boxes.average_pool(kernel=3, stride=2, pads=1)
    yield _case("average_pool", "tf.pad then VALID counts pads", given, padded)


def _onnx(rank: int) -> Iterator[Case]:
    pads, strides = [1] * (2 * rank), [2] * rank
    given = {**windowed("conv", rank, 8, 3, 2, 1, 1), "bias": True}
    box = onnx_boxes.box("Conv", rank, inputs=3, pads=pads, strides=strides)
    yield _case("conv", "onnxruntime", given, box)
    given = windowed("conv", rank, 8, 3, 2, 1, "same_lower")
    box = onnx_boxes.box("Conv", rank, inputs=2, auto_pad="SAME_LOWER", strides=strides)
    yield _case("conv", "onnxruntime SAME_LOWER", given, box)
    window = {"kernel_shape": [3] * rank, "strides": strides}
    given = windowed("max_pool", rank, 8, 3, 2, 1, 1) | {"ceil_mode": True}
    box = onnx_boxes.box("MaxPool", rank, pads=pads, ceil_mode=1, **window)
    yield _case("max_pool", "onnxruntime with ceil_mode", given, box)
    given = windowed("average_pool", rank, 8, 3, 2, 1, "same_upper")
    box = onnx_boxes.box("AveragePool", rank, auto_pad="SAME_UPPER", **window)
    yield _case("average_pool", "onnxruntime SAME_UPPER", given, box)
    given = windowed("lp_pool", rank, 8, 3, 2, 1, 1)
    box = onnx_boxes.box("LpPool", rank, pads=pads, p=2, **window)
    yield _case("lp_pool", "onnxruntime", given, box)


def _transposed(rank: int) -> Iterator[Case]:
    kind = "conv_transpose"
    given: dict[str, Any] = {"input_size": sizes(rank, 5), "kernel_size": 3, "stride": 2}
    right = {**given, "pads": 1, "output_padding": 1, "bias": True}
    box = torch_boxes.conv_transpose(pads=1, stride=2, output_padding=1)
    yield _case(kind, "torch", right, box)
    right = {**given, "pads": "same_upper"}
    yield _case(kind, "TF SAME", right, tensorflow_boxes.conv_transpose(stride=2))
    right = {**given, "kernel_size": 4, "pads": 1}
    yield _case(kind, "TF SAME is torch for k4", right, tensorflow_boxes.conv_transpose(stride=2))
    right = {**given, "pads": 1, "bias": True}
    box = onnx_boxes.box("ConvTranspose", rank, inputs=3, pads=[1] * (2 * rank), strides=[2] * rank)
    yield _case(kind, "onnxruntime", right, box)
    right = {**given, "pads": 1}

    def gradient(x: Array, w: Array) -> Array:
        size = [2 * n - 1 for n in x.shape[2:]]
        zeros = torch.zeros(x.shape[0], w.shape[1], *size, requires_grad=True)
        conv = getattr(functional, f"conv{x.ndim - 2}d")
        y = conv(zeros, torch.from_numpy(w), stride=2, padding=1)
        (made,) = torch.autograd.grad(y, zeros, torch.from_numpy(x))
        return made.numpy()

    yield _case(kind, "gradient of a convolution", right, gradient)
