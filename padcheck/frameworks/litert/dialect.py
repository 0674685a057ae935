"""LiteRT's words for an op: what TensorFlow's converter makes of `tf` functions.

Plain ints; loads neither LiteRT nor TensorFlow. Facts:
https://ai.google.dev/edge/litert/conversion/tensorflow/ops_compatibility
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from padcheck.errors import UsageError
from padcheck.frameworks.tf_code import PADDED, computed_spec, no_output, no_words, statements
from padcheck.records import Lowered, OpKind, OpSpec

__all__ = ["DIALECT", "TFLITE_DIALECT", "LiteRTDialect"]

#: lowering -> (padding of the op, whether it runs on the reference kernels)
Kernels = Mapping[str, tuple[str, bool]]

_LITERT = {
    "litert_same": ("SAME", False),
    "litert_zeropad_valid": ("VALID", False),
    "litert_pad_valid": (PADDED, False),
    "litert_reference_same": ("SAME", True),
    "litert_reference_zeropad_valid": ("VALID", True),
    "litert_reference_pad_valid": (PADDED, True),
}

_TFLITE = {
    "tflite_same": ("SAME", False),
    "tflite_zeropad_valid": ("VALID", False),
    "tflite_pad_valid": (PADDED, False),
}

_CONVERTED = (
    "built by `tf.lite.TFLiteConverter.from_concrete_functions` with no optimizations and with "
    "LiteRT's builtin ops alone"
)
_DEFAULT = "runs on the default kernels: XNNPACK where it takes the op"
_REFERENCE = "runs on the reference kernels: `OpResolverType.BUILTIN_REF`"


class LiteRTDialect:
    """Lowerings to a model of one op; `kernels` has their names.

    `dilated_conv_3d`: whether the interpreter survives a dilated CONV_3D.
    """

    def __init__(self, kernels: Kernels, *, dilated_conv_3d: bool) -> None:
        self.lowerings: tuple[str, ...] = tuple(kernels)
        self._kernels = kernels
        self._dilated_conv_3d = dilated_conv_3d

    def lower(self, spec: OpSpec, lowering: str) -> Lowered:
        """What the converted model makes of the op: SAME_UPPER, zeros that are input to it, or
        the op itself.

        Raises UsageError for a lowering it does not have.
        """
        padding, reference = self.kernels_of(lowering)
        reason = self._no_words(spec, padding)
        if reason is not None:
            return Lowered(lowering=lowering, spec=None, reason=reason)
        return Lowered(
            lowering=lowering,
            spec=computed_spec(spec, padding),
            code=tuple(statements(spec, padding, dilated_depthwise=True)),
            notes=(_CONVERTED, _REFERENCE if reference else _DEFAULT),
        )

    def kernels_of(self, lowering: str) -> tuple[str, bool]:
        """(padding of the op, whether it runs on the reference kernels).

        Raises UsageError, with the known ones, for a lowering it does not have.
        """
        if lowering not in self._kernels:
            known = ", ".join(self.lowerings)
            raise UsageError(f"expected a lowering of {known} but got {lowering!r}")
        return self._kernels[lowering]

    def refusal(self, spec: OpSpec, padding: str) -> str | None:
        """Why the op cannot be run: no words for it, or no output at this size; or None."""
        return self._no_words(spec, padding) or no_output(spec, padding)

    def _no_words(self, spec: OpSpec, padding: str) -> str | None:
        """The first reason why there is no model of the op, or None."""
        return no_words(spec, padding) or next(self._unconverted(spec, padding), None)

    def _unconverted(self, spec: OpSpec, padding: str) -> Iterator[str]:
        """What tf.nn has and a model without TensorFlow's own kernels (Flex) has not.

        1. There are no pools on 3 axes.
        2. TRANSPOSE_CONV has no dilation; CONV_3D_TRANSPOSE has.
        3. The shape of a VALID Conv3D in a graph is worked out with the dilations of its last
           two axes exchanged, and the converter refuses the op where that tells
           [tensorflow 2.21.0].
        4. A dilated CONV_3D writes past its buffers in the interpreter inside tensorflow 2.21.0:
           glibc ends the process, or the values are wrong. Not in ai-edge-litert 2.3.0.
        """
        dilated = set(spec.dilation) != {1}
        if spec.kind is OpKind.CONV_TRANSPOSE:
            if spec.rank < 3 and dilated:  # rule 2
                yield "LiteRT's TRANSPOSE_CONV has no dilation"
        elif spec.rank == 3:
            if spec.kind in (OpKind.MAX_POOL, OpKind.AVERAGE_POOL):  # rule 1
                yield "LiteRT has no pools on 3 spatial axes"
            if dilated and not self._dilated_conv_3d:  # rule 4
                yield "TensorFlow's own interpreter corrupts its memory in a dilated CONV_3D"
            if padding != "SAME" and _told_by_exchange(spec):  # rule 3
                yield "TensorFlow exchanges the last two dilations in the shape of a VALID Conv3D"


def _told_by_exchange(spec: OpSpec) -> bool:
    depth, height, width = spec.dilation
    computed = computed_spec(spec, "VALID")
    exchanged = computed.replace(dilation=(depth, width, height))
    return exchanged.output_size != computed.output_size


DIALECT = LiteRTDialect(_LITERT, dilated_conv_3d=True)
TFLITE_DIALECT = LiteRTDialect(_TFLITE, dilated_conv_3d=False)
