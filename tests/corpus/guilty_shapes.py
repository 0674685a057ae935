"""Faults on rectangular, grouped, depthwise and dilated ops, and on frameworks' own slips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.corpus import engine, onnx_boxes, tensorflow_boxes, torch_boxes
from tests.corpus.cases import RANKS, Case, sizes, windowed
from tests.corpus.references import reference

_CHANNELS = {
    "one channel": {"channels": (1, 1)},
    "grouped": {"channels": (4, 6), "group": 2},
    "depthwise": {"channels": (3, 3), "group": 3},
    "depthwise by 2": {"channels": (2, 4), "group": 2},
    "biased": {"bias": True},
    "clipped": {"activation": "relu6", "bias": True},
    "normalized": {"epsilon": 1e-3},
    "rectified": {"activation": "relu", "epsilon": 1e-5, "bias": True},
}

#: Anisotropic windows of 2 axes: (sizes, kernel, stride, dilation).
_RECTANGLES = {
    "tall": ((8, 9), (3, 5), (2, 1), 1),
    "wide": ((9, 8), (5, 3), (1, 2), 1),
    "column": ((8, 10), (3, 1), 2, 1),
    "row": ((8, 10), (1, 3), 2, 1),
    "dilated": ((12, 10), 3, 2, (1, 2)),
}


def cases() -> list[Case]:
    made = [case for rank in RANKS for case in (*_channels(rank), *_onnx(rank))]
    return [*made, *_rectangles(), *_boxes(), *_keras()]


def _faulty(code: str, kind: str, title: str, given: dict[str, Any], **slip: Any) -> Case:
    """The right op of other arguments."""
    return Case((code,), kind, title, given, reference(kind, {**given, **slip}))


def _channels(rank: int) -> Iterator[Case]:
    """What an op has besides its window hides nothing and changes no name."""
    for name, more in _CHANNELS.items():
        given = {**windowed("conv", rank, 8, 3, 2, 1, 1), **more}
        yield _faulty("PAD101", "conv", f"SAME {name}", given, pads="same_upper")
        given = {**windowed("conv", rank, 9, 3, 2, 1, 1), **more}
        yield _faulty("PAD104", "conv", f"lost {name}", given, pads=0)
        one_end = ((1, 0),) * rank
        yield _faulty("PAD105", "conv", f"before only {name}", given, pads=one_end)
        given = {**windowed("conv", rank, 8, 3, 2, 2, "same_upper"), **more}
        yield _faulty("PAD903", "conv", f"dilation lost {name}", given, dilation=1)
        given = {"input_size": sizes(rank, 5), "kernel_size": 3, "stride": 2, **more}
        given |= {"pads": 1, "output_padding": 1}
        lost: dict[str, Any] = {"pads": "same_upper", "output_padding": 0}
        yield _faulty("PAD401", "conv_transpose", f"SAME {name}", given, **lost)
        yield _faulty("PAD402", "conv_transpose", f"shorter {name}", given, output_padding=0)
    for many in (1, 3, 5):
        for kind in ("max_pool", "average_pool", "lp_pool"):
            given = {**windowed(kind, rank, 8, 3, 2, 1, 1), "channels": many}
            yield _faulty("PAD101", kind, f"SAME on {many} channels", given, pads="same_upper")


def _onnx(rank: int) -> Iterator[Case]:
    """What onnxruntime 1.31.1 does against the specification."""
    given = windowed("max_pool", rank, 8, 3, 1, 2, "same_upper")
    attributes: dict[str, Any] = {"kernel_shape": [3] * rank, "dilations": [2] * rank}
    box = onnx_boxes.box("MaxPool", rank, auto_pad="SAME_UPPER", **attributes)
    yield Case(("PAD106",), "max_pool", "onnxruntime leaves dilation out", given, box)
    given = windowed("conv", rank, 9, 1, 5, 1, "same_upper")
    box = onnx_boxes.box("Conv", rank, inputs=2, auto_pad="SAME_UPPER", strides=[5] * rank)
    yield Case(("PAD107",), "conv", "onnxruntime does not clamp", given, box)
    given = {"input_size": sizes(rank, 5), "kernel_size": 2, "stride": 3, "pads": "same_upper"}
    attributes = {"auto_pad": "SAME_UPPER", "strides": [3] * rank}
    box = onnx_boxes.box("ConvTranspose", rank, inputs=2, **attributes)
    yield Case(("PAD402",), "conv_transpose", "onnxruntime stays short", given, box)


def _rectangles() -> Iterator[Case]:
    """Windows that differ from axis to axis."""
    for name, (n, k, s, d) in _RECTANGLES.items():
        window = {"input_size": n, "kernel_size": k, "stride": s, "dilation": d}
        halves = [(size - 1) * gap // 2 for size, gap in zip(_two(k), _two(d), strict=True)]
        for kind in ("conv", "max_pool", "average_pool", "lp_pool"):
            given = {**window, "pads": tuple((half, half) for half in halves)}
            yield _faulty("PAD101", kind, f"{name} SAME", given, pads="same_upper")
            yield _faulty("PAD104", kind, f"{name} lost", given, pads=0)
            same = {**window, "pads": "same_upper"}
            yield _faulty("PAD101", kind, f"{name} SAME read as torch", same, pads=given["pads"])
    given = {"input_size": (8, 9), "kernel_size": (4, 5), "pads": ((1, 3), (2, 4))}
    for kind in ("conv", "max_pool", "average_pool", "lp_pool"):
        for title, pads in (
            ("ends exchanged", ((3, 1), (4, 2))),
            ("axes exchanged", ((2, 4), (1, 3))),
            ("begins and ends read as pairs", ((1, 2), (3, 4))),
        ):
            yield _faulty("PAD109", kind, f"rectangular {title}", given, pads=pads)


def _two(value: Any) -> tuple[int, ...]:
    return engine.per_axis(value, 2)


def _boxes() -> Iterator[Case]:
    """Windows of 3 axes that stride in two, and the taxonomy's causal video."""
    given: dict[str, Any] = {"input_size": (5, 8, 10), "kernel_size": (1, 3, 3)}
    given |= {"stride": (1, 2, 2), "pads": (0, 1, 1)}
    real = tensorflow_boxes.conv(stride=(1, 2, 2))
    yield Case(("PAD101",), "conv", "TF SAME on frames", given, real)
    given = {"input_size": (5, 6, 7), "kernel_size": 3, "pads": ((0, 1), (0, 1), (0, 1))}
    box = torch_boxes.conv(pads=[(1, 0), (1, 0), (1, 0)])
    yield Case(("PAD102",), "conv", "odd pads at the other end", given, box)
    given = {"input_size": (5, 6, 7), "kernel_size": 3, "pads": ((2, 0), (1, 1), (1, 1))}
    yield Case(("PAD103",), "conv", "causal video centred", given, torch_boxes.conv(pads="same"))


def _keras() -> Iterator[Case]:
    """Layers with their defaults."""
    import keras

    def box(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        layer = keras.layers.BatchNormalization()
        y = torch_boxes.conv(pads=1, stride=2)(x, w)
        return np.moveaxis(layer(np.moveaxis(y, 1, -1)).numpy(), -1, 1)

    given = {**windowed("conv", 2, 8, 3, 2, 1, 1), "epsilon": 1e-5}
    yield Case(("PAD905",), "conv", "Keras's default for torch's", given, box)

    def pool(x: np.ndarray) -> np.ndarray:
        padded = keras.layers.ZeroPadding2D(1)(np.moveaxis(x, 1, -1))
        return np.moveaxis(keras.layers.MaxPooling2D(3, 2)(padded).numpy(), -1, 1)

    given = windowed("max_pool", 2, 8, 3, 2, 1, 1)
    yield Case(("PAD201",), "max_pool", "ZeroPadding2D then MaxPooling2D", given, pool)

    def average(x: np.ndarray) -> np.ndarray:
        padded = keras.layers.ZeroPadding2D(1)(np.moveaxis(x, 1, -1))
        return np.moveaxis(keras.layers.AveragePooling2D(3, 2)(padded).numpy(), -1, 1)

    given = windowed("average_pool", 2, 8, 3, 2, 1, 1)
    yield Case(("PAD203",), "average_pool", "ZeroPadding2D then AveragePooling2D", given, average)

    def transposed(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        layer = keras.layers.Conv2DTranspose(w.shape[1], 3, 2, padding="same", use_bias=False)
        layer.build((None, *x.shape[2:], x.shape[1]))
        layer.set_weights([tensorflow_boxes.kernel_last(w).numpy()])
        return tensorflow_boxes.first(layer(tensorflow_boxes.last(x)))

    given = {"input_size": (5, 6), "kernel_size": 3, "stride": 2, "pads": 1, "output_padding": 1}
    yield Case(("PAD401",), "conv_transpose", "Keras same", given, transposed)
