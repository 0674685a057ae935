"""PAD998 framework_diverges

What it finds:
    A framework does not do what its own rule says, at this version. padcheck predicts from the
    rule and measures by running; the two differ.

Why outputs differ:
    A kernel or a graph optimization has a bug, or a rule that is written down nowhere. No change of
    the model is to blame. Where the fault is another cause at work, that cause's page names the
    framework: PAD106, PAD107, PAD202, PAD204 and PAD402.

    Measured in: TensorFlow 2.21.0 (the TFLite interpreter: see the example;
    `tf.nn.depthwise_conv2d` with stride and dilation both above 1; `tf.nn.conv2d` with oneDNN and
    some CPUs, for batches, one input channel, stride above 1 on the last axis and an output 1
    wide), onnx 1.23.2 (ReferenceEvaluator: MaxPool with SAME_LOWER at most sizes, AveragePool and
    LpPool with SAME and dilations).

Example:
    The TFLite interpreter of TensorFlow 2.21.0 returns the bias alone for a SAME convolution
    whose kernel is shorter than its stride on one axis only: 8x8 inputs, kernel (3, 1), stride 2.
    The rule pads nothing there. Its reference kernels are right, and so is ai-edge-litert 2.3.0.

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
    TFLite, kernel shorter than the stride: https://github.com/tensorflow/tensorflow/issues/61815
    LiteRT, uneven strides: https://github.com/google-ai-edge/LiteRT/issues/9256
    Depthwise, stride and dilation: https://github.com/tensorflow/tensorflow/issues/100237
    onnxruntime pools with auto_pad and dilation: https://github.com/microsoft/onnxruntime/issues/20582
"""

from __future__ import annotations

__all__ = ["CODE", "NAME"]

CODE, NAME = "PAD998", "framework_diverges"
