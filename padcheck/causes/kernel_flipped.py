"""PAD902 kernel_flipped

What it finds:
    A weight reversed along one or more spatial axes: convolution where the reference correlates,
    or the reverse. Not padding.

Why outputs differ:
    In textbooks, Theano and `scipy.signal.convolve` a convolution reads the kernel backwards.
    PyTorch, TF, Keras and ONNX do not: what they call convolution is correlation. Weights carried
    over as they are then meet the inputs in reverse order, everywhere. A transposed convolution
    written as a convolution over a spread-out input needs the flip as well, which
    `jax.lax.conv_transpose` leaves out unless told. A kernel that is its own mirror image hides it.

Example:
    One kernel read forwards and backwards over 5 inputs.

    >>> from padcheck.geometry import Window, read_window
    >>> x, kernel = [1, 0, 0, 2, 0], [1, 2, 3]
    >>> windows = [read_window(o, Window(kernel_size=3), 0) for o in range(3)]
    >>> [sum(x[i] * w for i, w in zip(window, kernel)) for window in windows]
    [1, 6, 4]
    >>> [sum(x[i] * w for i, w in zip(window, kernel[::-1])) for window in windows]
    [3, 2, 4]

Use instead:
    Keras   `kernel[::-1, ::-1]` of (H, W, I, O) before `set_weights`
    TF      `tf.reverse(kernel, [0, 1])`
    PyTorch `weight.flip(2, 3)` of (O, I, H, W)
    ONNX    the initializer reversed in the file: `w[:, :, ::-1, ::-1]`

Fix safety:
    changes-output. Restores the reference; pads stay as they are.

References:
    Theano and TensorFlow: https://github.com/keras-team/keras/issues/3015
    JAX, conv_transpose: https://docs.jax.dev/en/latest/_autosummary/jax.lax.conv_transpose.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from padcheck.causes.base import ARRAY, Cause, Clues
from padcheck.records import OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    """Every set of axes that are longer than one tap, all of them first."""
    if not reference.kind.has_weight:
        return
    axes = [axis for axis, k in enumerate(reference.kernel_size) if k > 1]
    for count in range(len(axes), 0, -1):
        for chosen in combinations(axes, count):
            yield reference.deviating(flipped=chosen)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    flipped = observed.deviation.flipped if observed.deviation else ()
    axes = "axis" if len(flipped) == 1 else "axes"
    return f"kernel is flipped along {axes} {' and '.join(map(str, flipped))}"


CAUSE = Cause(
    code="PAD902",
    name="kernel_flipped",
    offers=_offers,
    message=_message,
    advice="flip the weight: frameworks correlate, they do not convolve",
    family=ARRAY,
    per_axis=False,
)
