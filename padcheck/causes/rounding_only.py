"""PAD908 rounding_only

What it finds:
    The right op, computed or stored in fewer digits: the exact outputs rounded to float16, bfloat16
    or integers, and nothing else. Not padding.

Why outputs differ:
    float16 holds integers up to 2048, bfloat16 up to 256; past that, sums are rounded. TF32, which
    GPUs may use for float32 convolutions, rounds the factors to 11 bits; and float32 sums depend on
    the order of their terms. Such differences are spread evenly, grow with the sum of |x * w|, and
    know no border. Small integers, as most of padcheck's probes are, give the same sums in TF32 and
    in any order: what differs there is a fault and no rounding.

Example:
    Sums through float16; then decimals and integers, added in two orders.

    >>> from struct import pack, unpack
    >>> [unpack("e", pack("e", total))[0] for total in (2047, 2048, 2049, 2051)]
    [2047.0, 2048.0, 2048.0, 2052.0]
    >>> (0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3)
    False
    >>> (1.0 + 2.0) + 3.0 == 1.0 + (2.0 + 3.0)
    True

Use instead:
    Keras   `dtype="float32"`; `keras.mixed_precision.set_global_policy("float32")`
    TF      `tf.config.experimental.enable_tensor_float_32_execution(False)`
    PyTorch `model.float()`; `torch.backends.cudnn.allow_tf32 = False`
    ONNX    float32 initializers; onnxruntime's CUDA option `use_tf32=0`

Fix safety:
    maybe. Fewer digits are often meant, and the network is as right as before: judge by its task,
    or compare against a bound that follows from the format.

References:
    TF32 in onnxruntime: https://github.com/microsoft/onnxruntime/issues/19288
    A switch for it: https://github.com/microsoft/onnxruntime/pull/19426
    TensorFlow: https://www.tensorflow.org/api_docs/python/tf/config/experimental/enable_tensor_float_32_execution
    PyTorch, numerical accuracy: https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.causes.base import VALUE, Cause, Clues
from padcheck.records import OpKind, OpSpec

__all__ = ["CAUSE"]


def _offers(reference: OpSpec, clues: Clues) -> Iterator[OpSpec]:
    if clues.dtype and reference.kind is not OpKind.LP_POOL:
        yield reference.deviating(dtype=clues.dtype)


def _message(reference: OpSpec, observed: OpSpec) -> str:
    dtype = observed.deviation.dtype if observed.deviation else ""
    return f"outputs are rounded to {dtype}, expected float32"


CAUSE = Cause(
    code="PAD908",
    name="rounding_only",
    offers=_offers,
    message=_message,
    advice="compute in float32",
    family=VALUE,
    per_axis=False,
    safety="maybe",
)
