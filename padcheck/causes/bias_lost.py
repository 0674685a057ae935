"""PAD904 bias_lost

What it finds:
    The bias left out, added twice or subtracted; or a constant of its own added to every output
    channel. Not padding.

Why outputs differ:
    Each channel is off by one number, the same at the border and in the interior. Over zeros an op
    returns its bias and nothing else, which shows it at once. Padding cannot do this: it touches
    the border alone. A bias of zeros, as layers have before training, hides it; a normalization
    that follows may hide it too.

    Measured in: onnx2keras 0.0.25 (a 1-D Conv with bias).

Example:
    A kernel of ones with bias 7 over 4 inputs with one pad at each end, and over zeros.

    >>> from padcheck.geometry import Window, read_window
    >>> taps = [read_window(o, Window(kernel_size=3), 1) for o in range(4)]
    >>> def conv(x, bias):
    ...     return [sum(x[i] for i in window if 0 <= i < 4) + bias for window in taps]
    >>> conv([1, 2, 3, 4], bias=7), conv([1, 2, 3, 4], bias=0)  # 7 apart, everywhere
    ([10, 13, 16, 14], [3, 6, 9, 7])
    >>> conv([0, 0, 0, 0], bias=7)
    [7, 7, 7, 7]

Use instead:
    Keras   `use_bias=True`, then `layer.set_weights([kernel, bias])`
    TF      `tf.nn.bias_add(y, bias)` after the convolution, which has no bias of its own
    PyTorch `bias=True`, then `conv.bias.copy_(bias)` under `torch.no_grad()`
    ONNX    the third input of Conv or ConvTranspose, or an Add after it, not both

Fix safety:
    changes-output. Restores the reference.

References:
    onnx2keras, Conv1D: https://github.com/gmalivenko/onnx2keras/pull/155
    ONNX Conv, input B: https://onnx.ai/onnx/operators/onnx__Conv.html
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import VALUE, Cause, Clues, listed
from padcheck.records import OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """The bias left out, added twice or subtracted; or another constant in each channel."""
    if reference.bias and reference.kind.has_weight:
        for factor in (0, 2, -1, 3, 0.5):
            yield reference.deviating(bias_factor=factor)
    if clues.offset:
        yield reference.deviating(offset=clues.offset)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    deviation = observed.deviation
    if deviation is not None and deviation.offset:
        return f"every channel is off by a constant of its own: {listed(deviation.offset)}"
    factor = deviation.bias_factor if deviation else 1
    known = {0.0: "lost", 2.0: "added twice", -1.0: "subtracted"}
    return f"bias is {known.get(factor, f'multiplied by {factor:g}')}"


CAUSE = Cause(
    code="PAD904",
    name="bias_lost",
    offers=_offers,
    message=_message,
    advice="add the reference's bias, once",
    family=VALUE,
    per_axis=False,
)
