"""`compare`: whether a converted model is the same model, and if not, which op and why.

1. Both models are opened (`opening`), their inputs paired (`feeds`), their ops matched
   (`padcheck.matching`).
2. Each pair is judged: its windows by running the target's own op on integers (`pairs`), its
   numbers as numbers (`values`).
3. Both models run on one input (`whole`); how far two right ones may lie apart is measured
   (`noise`), and where they part is looked for (`parting`).
4. The source, given the target's semantics where they differ (`given`), must give the target's
   output (`explaining`, `proving`, `hearing`).
5. What came of it is told as findings and numbers (`outcome`, `assembling`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.checks.survey import Progress
    from padcheck.records import Report

__all__ = ["VIA", "assert_equivalent", "compare"]

#: Converters that run in this process.
VIA = ("onnx2keras",)


def compare(
    source: Any,
    target: Any = None,
    *,
    example_inputs: Sequence[Any] | None = None,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    inputs: Mapping[str, NDArray[Any]] | NDArray[Any] | None = None,
    via: str | None = None,
    change_ordering: bool = False,
    fix: str | os.PathLike[str] | None = None,
    trust: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Whether `target` is the same model as `source`, op by op and end to end.

    Either is a path (.onnx, .keras, .h5, .tflite, a SavedModel folder) or an object: an
    `onnx.ModelProto`, a `keras.Model`, the bytes of a .tflite, a `torch.nn.Module` (the source,
    with `example_inputs`). `via="onnx2keras"` converts the source instead of taking a target,
    with `change_ordering` as that converter has it.

    `inputs`: arrays by input name, or one array for the one input; made up where not given.
    `input_shapes`: full shapes by input name. `fix`: where to write the target with its guilty ops
    repaired, once it compares as equivalent. `trust` runs code that a Keras file carries.

    Raises ModelError for a model that cannot be read or two that have nothing to do with each
    other, UsageError for arguments that do not fit, MissingFramework.
    """
    from padcheck.checks.compare.comparing import Comparison
    from padcheck.checks.compare.opening import exported, open_model

    if via is not None and via not in VIA:
        raise UsageError(f"expected a converter of {', '.join(VIA)} but got via={via!r}")
    if (target is None) == (via is None):
        raise UsageError("expected a target, or via=..., and not both")
    if change_ordering and via is None:
        raise UsageError("expected change_ordering only with via=...")
    source = exported(source, example_inputs)
    one = open_model(source, trust=trust)
    made = None
    if via is not None:
        from padcheck.checks.compare.converting import convert

        made = convert(one, source, via, change_ordering=change_ordering, input_shapes=input_shapes)
    two = open_model(target, trust=trust) if made is None else made.network
    if fix is not None:
        from padcheck.checks.compare.fixing import check_fix, fixed

        check_fix(fix, two.ref.format, one.ref.path)
    comparison = Comparison(one, two, input_shapes=input_shapes, inputs=inputs, progress=progress)
    if made is not None:
        comparison.nodes = made.nodes
    report = comparison.report()
    if fix is None:
        return report
    model = target if made is None else made.model
    return fixed(comparison, report, fix, model=model, trust=trust)


def assert_equivalent(source: Any, target: Any = None, **options: Any) -> Report:
    """The report of `compare(source, target, **options)`, if the two are the same model.

    Raises AssertionError with the report's text for a mismatch, and for what could not be checked.
    """
    __tracebackhide__ = True
    report = compare(source, target, **options)
    if not report.ok:
        raise AssertionError(str(report))
    return report
