"""PAD999 unexplained

What it finds:
    A difference that is measured and reproducible, and that none of the known causes reproduces.

Why outputs differ:
    Not known. The finding says where the wrong outputs lie and, for a convolution, which input
    the first wrong window really read.

Example:
    An op that reads every window one input early at one end only fits no rule here.

    >>> from padcheck.geometry import Window, read_window
    >>> list(read_window(0, Window(kernel_size=3), pad_before=1))
    [-1, 0, 1]

Use instead:
    Keras, TF, PyTorch, ONNX: compare with ZeroPadding + VALID, which leaves nothing to a rule.

Fix safety:
    maybe. There is no fix without a cause.

References:
    none
"""

from __future__ import annotations

__all__ = ["CODE", "NAME"]

CODE, NAME = "PAD999", "unexplained"
