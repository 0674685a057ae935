"""PAD998 framework_diverges

What it finds:
    A framework does not do what its own rule says, at this version. padcheck predicts from the
    rule and measures by running; the two differ.

Why outputs differ:
    A kernel or a graph optimization has a bug, or a rule that is written down nowhere. No change of
    the model is to blame.

Example:
    LiteRT's default kernels in TensorFlow 2.21 return the bias alone for a SAME convolution
    whose kernel is shorter than its stride on one axis only; the rule pads nothing there.

    >>> from padcheck.geometry import SAME_UPPER, Window, read_window
    >>> window = Window(kernel_size=1, stride=2)
    >>> SAME_UPPER.resolve(8, window), list(read_window(1, window, 0))
    ((0, 0), [2])

Use instead:
    Keras, TF, PyTorch, ONNX: explicit pads and VALID take the least travelled rules out of play;
    then report the smallest case to the framework.

Fix safety:
    maybe. Another version may behave.

References:
    onnxruntime pools with auto_pad and dilation: https://github.com/microsoft/onnxruntime/issues/20582
"""

from __future__ import annotations

__all__ = ["CODE", "NAME"]

CODE, NAME = "PAD998", "framework_diverges"
