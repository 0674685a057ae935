"""PAD201 zero_filled_max_pool

What it finds:
    A max pool whose padding holds 0 instead of -inf, as ZeroPadding followed by a VALID pool
    makes it.

Why outputs differ:
    Where every real input of a border window is negative, the 0 wins. After a Relu nothing is
    negative and nothing shows; before one, or with signed activations, the border is wrong.

    A model may be built that way: Keras 3.15.1 has ResNet50V2 pad with zeros before its first max
    pool, which no Relu precedes. Then the side that pads with -inf is the one to change.

Example:
    >>> window = [-5, -3]  # two real inputs and one pad
    >>> max([float("-inf"), *window]), max([0, *window])
    (-3, 0)

Use instead:
    Keras   `layers.MaxPooling2D(..., padding="same")` where SAME is right; else pad with -inf
    TF      `tf.pad(x, pads, constant_values=float("-inf"))`, then a VALID pool
    PyTorch `MaxPool2d(..., padding=1)`, which pads with -inf
    ONNX    the pool's own `pads`; a Pad node needs -inf as its value

Fix safety:
    changes-output at the border only, and only where all inputs of a window are negative.

References:
    PyTorch on -inf padding: https://github.com/pytorch/pytorch/issues/33382
    ZeroPadding before MaxPool: https://github.com/AxisCommunications/onnx-to-keras/issues/31
    The ResNets of Keras: https://github.com/tensorflow/tensorflow/issues/48105
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import FILL, Cause, Clues
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    constant = reference.pad_mode == "constant"
    if reference.kind is OpKind.MAX_POOL and constant and reference.pad_value != 0.0:
        yield reference.replace(pad_value=0.0)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    return f"padding of the max pool holds {observed.pad_value:g}, expected {reference.pad_value:g}"


CAUSE = Cause(
    code="PAD201",
    name="zero_filled_max_pool",
    offers=_offers,
    message=_message,
    advice="pad with -inf, or let the pool pad",
    family=FILL,
)
