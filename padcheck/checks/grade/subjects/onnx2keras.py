"""onnx2keras, unaided, in both orderings."""

from __future__ import annotations

import functools

from padcheck.checks.grade.subjects.callables import OnnxConverter
from padcheck.checks.grade.subjects.origins import Origin
from padcheck.frameworks.onnx2keras.bare import bare, forget
from padcheck.frameworks.onnx2keras.installed import converter
from padcheck.frameworks.returned import FIRST, LAST
from padcheck.records.case import Case

__all__ = ["channels_first", "channels_last"]


def channels_first() -> OnnxConverter:
    """As it is called by default."""
    return _grader("onnx2keras", FIRST, change_ordering=False)


def channels_last() -> OnnxConverter:
    """With change_ordering."""
    return _grader("onnx2keras-channels-last", LAST, change_ordering=True)


def _grader(name: str, layout: str, *, change_ordering: bool) -> OnnxConverter:
    more = ", change_ordering=True" if change_ordering else ""

    def call(case: Case) -> str:
        spec = case.spec
        sizes = (spec.channels[0], *((None,) * spec.rank if case.dynamic else spec.input_size))
        return f'onnx_to_keras(model, ["x"], [{sizes}], verbose=False{more})'

    origin = Origin(
        name=name,
        package="onnx2keras",
        call=call,
        distributions=("onnx2keras", "keras", "tensorflow"),
        load=converter,
        imports=("from onnx2keras import onnx_to_keras",),
    )
    convert = functools.partial(bare, change_ordering=change_ordering)
    return OnnxConverter(convert, name, layout, origin=origin, tidy=forget)
