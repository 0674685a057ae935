"""TensorFlow's words for an op, without Keras: `tf.nn` with SAME, or pads and VALID.

Plain ints; loads nothing of TensorFlow. Facts:
https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
"""

from __future__ import annotations

from padcheck.errors import UsageError
from padcheck.frameworks.tf_code import PADDED, computed_spec, no_output, no_words, statements
from padcheck.records import Lowered, OpSpec

__all__ = ["DIALECT", "PADDINGS", "TensorFlowDialect", "refusal"]

#: lowering -> the padding that its op is given.
PADDINGS = {"tf_same": "SAME", "tf_zeropad_valid": "VALID", "tf_pad_valid": PADDED}


class TensorFlowDialect:
    """The lowerings of PADDINGS, in functions of `tf`."""

    lowerings: tuple[str, ...] = tuple(PADDINGS)

    def lower(self, spec: OpSpec, lowering: str) -> Lowered:
        """What tf.nn makes of the op: SAME_UPPER, zeros that are input to it, or the op itself.

        Raises UsageError for any other lowering.
        """
        if lowering not in self.lowerings:
            known = ", ".join(self.lowerings)
            raise UsageError(f"expected a lowering of {known} but got {lowering!r}")
        padding = PADDINGS[lowering]
        reason = no_words(spec, padding)
        if reason is not None:
            return Lowered(lowering=lowering, spec=None, reason=reason)
        return Lowered(
            lowering=lowering,
            spec=computed_spec(spec, padding),
            code=tuple(statements(spec, padding)),
        )


DIALECT = TensorFlowDialect()


def refusal(spec: OpSpec, lowering: str) -> str | None:
    """Why the lowering cannot be run: no words for it, or no output at this size; or None."""
    padding = PADDINGS[lowering]
    return no_words(spec, padding) or no_output(spec, padding)
