"""PAD907 resize_coordinates

What it finds:
    A resize that samples its input at other coordinates: half_pixel, align_corners and asymmetric
    exchanged, or another rule for what is nearest. Not padding.

Why outputs differ:
    Output o samples the input at (o + 0.5) * n / m - 0.5 (half_pixel), o * (n - 1) / (m - 1)
    (align_corners) or o * n / m (asymmetric), for n inputs and m outputs. Linear resizing by
    another rule is a smooth shift of less than an input, everywhere; nearest takes other inputs
    here and there. Doubling by nearest is the same under half_pixel and asymmetric, and constant
    inputs hide it all.

    Defaults differ (measured with torch 2.13.0, TensorFlow 2.21.0, Keras 3.15.1, onnxruntime
    1.31.1). Linear is half_pixel in all four, and asymmetric in `tf.compat.v1.image`. Nearest is
    asymmetric and rounds down in torch; it is half_pixel in TF and Keras, with ties rounded up, as
    in torch's "nearest-exact"; and half_pixel in ONNX, with ties rounded down.

Example:
    3 inputs resized to 5 linearly: where each output samples, under the three rules.

    >>> [round((o + 0.5) * 3 / 5 - 0.5, 1) for o in range(5)]  # half_pixel
    [-0.2, 0.4, 1.0, 1.6, 2.2]
    >>> [o * 2 / 4 for o in range(5)]  # align_corners
    [0.0, 0.5, 1.0, 1.5, 2.0]
    >>> [round(o * 3 / 5, 1) for o in range(5)]  # asymmetric
    [0.0, 0.6, 1.2, 1.8, 2.4]

    8 inputs resized to 5 by nearest: the inputs that PyTorch, TF and ONNX take by default.

    >>> from math import ceil
    >>> [o * 8 // 5 for o in range(5)]  # PyTorch: asymmetric, rounded down
    [0, 1, 3, 4, 6]
    >>> [(2 * o + 1) * 8 // 10 for o in range(5)]  # TF: half_pixel, ties up
    [0, 2, 4, 5, 7]
    >>> [ceil(((2 * o + 1) * 8 - 10) / 10) for o in range(5)]  # ONNX: half_pixel, ties down
    [0, 2, 3, 5, 7]

Use instead:
    Keras   `keras.ops.image.resize(...)` is half_pixel; another rule has to be written out
    TF      `tf.image.resize` is half_pixel; `tf.compat.v1.image.resize_bilinear` takes the others
    PyTorch `F.interpolate(..., align_corners=False)` is half_pixel; "nearest-exact" to follow TF
    ONNX    `coordinate_transformation_mode` and `nearest_mode`, both spelled out

Fix safety:
    changes-output. Restores the reference; pads stay as they are.

References:
    ONNX Resize: https://onnx.ai/onnx/operators/onnx__Resize.html
    PyTorch: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    TensorRT and PyTorch: https://github.com/NVIDIA/TensorRT/issues/273
    tf2onnx, half_pixel_centers: https://github.com/onnx/tensorflow-onnx/pull/932
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import GRID, Cause, Clues
from padcheck.geometry import COORDINATES, INTERPOLATIONS
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Other coordinates first, then other ways to take the nearest, or to blend."""
    if reference.kind is not OpKind.RESIZE:
        return
    for coordinates in COORDINATES:
        if coordinates != reference.coordinates:
            yield reference.replace(coordinates=coordinates)
    for interpolation in INTERPOLATIONS:
        for coordinates in COORDINATES:
            if interpolation != reference.interpolation:
                yield reference.replace(interpolation=interpolation, coordinates=coordinates)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"resized by {_how(observed)}, expected {_how(reference)}"


def _how(spec: OpSpec) -> str:
    return f"{spec.interpolation}, {spec.coordinates}"


CAUSE = Cause(
    code="PAD907",
    name="resize_coordinates",
    offers=_offers,
    message=_message,
    advice="name the coordinate rule and the nearest rule",
    family=GRID,
    per_axis=False,
)
