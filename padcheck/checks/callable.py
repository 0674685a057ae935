"""`check_callable` and `assert_callable`: any function on arrays, held to an op."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck import __version__
from padcheck.checks.blackbox import LAYOUTS, BlackBox
from padcheck.errors import UsageError
from padcheck.records import (
    EQUIVALENT,
    MISMATCH,
    UNVERIFIED,
    Deviation,
    Finding,
    LoweringReport,
    ModelRef,
    OpKind,
    OpReport,
    OpSpec,
    Proof,
    Report,
    printable,
)
from padcheck.records.case import OP_TYPES
from padcheck.verdict import Judgement, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CALLABLE", "assert_callable", "check_callable", "reproduced"]

#: The one lowering in the report of a callable.
CALLABLE = "callable"

_OP_TYPES = {**OP_TYPES, OpKind.RESIZE: "Resize"}


def check_callable(
    spec: OpSpec, fn: Callable[..., NDArray[Any]], layout: str = "channels_first"
) -> Report:
    """Whether `fn` computes `spec`, and if not, why.

    `fn(x, weight)`, `fn(x, weight, bias)` for an op with a bias, `fn(x)` for a pool: float32
    arrays in, an array out. Under "channels_first" x is (N, C, *spatial) and weight is
    (O, I/group, *kernel), (I, O/group, *kernel) when transposed; under "channels_last" they are
    (N, *spatial, C), (*kernel, I/group, O) and (*kernel, O/group, I).

    It is called with small integers, first at the input size of `spec`, then, where that does not
    tell the possible causes apart, at others. An exception leaves the op unverified; what it
    returns that is no output of this op is a finding. Raises UsageError for bad arguments.
    """
    if not isinstance(spec, OpSpec):
        raise UsageError(f"expected an op made by padcheck.conv(...) and the like but got {spec!r}")
    if not callable(fn):
        raise UsageError(f"expected a function but got fn of type {type(fn).__name__}")
    if layout not in LAYOUTS:
        raise UsageError(f"expected one of {', '.join(LAYOUTS)} but got layout={layout!r}")
    box = BlackBox(fn, layout)
    name = _name(fn)
    with np.errstate(all="ignore"):
        judgement = judge(spec, box, op=name, lowering=CALLABLE)
    if judgement.verdict == UNVERIFIED and box.calls:
        told = _told(judgement.reason or "", name, _called_with(spec, layout))
        verdict = MISMATCH if box.unusable else UNVERIFIED
        reason = None if box.unusable else judgement.reason
        judgement = Judgement(verdict, findings=(told,), reason=reason)
    elif judgement.verdict == EQUIVALENT and box.dtype_note:
        told = _rounded(box.dtype_note, name)
        judgement = Judgement(EQUIVALENT, judgement.mismatch, findings=(told,))
    return _report(spec, name, judgement, box)


def assert_callable(
    spec: OpSpec, fn: Callable[..., NDArray[Any]], layout: str = "channels_first"
) -> Report:
    """The report of `check_callable(spec, fn, layout)`, if `fn` computes `spec`.

    Raises AssertionError, with what differs and the call that reproduces it, for a mismatch
    and for what could not be checked; UsageError for bad arguments.
    """
    __tracebackhide__ = True
    report = check_callable(spec, fn, layout)
    if not report.ok:
        from padcheck.report.failure import failure_text

        raise AssertionError(failure_text(report, command=reproduced(spec, fn, layout)))
    return report


def reproduced(spec: OpSpec, fn: Callable[..., Any], layout: str) -> str:
    """The call of `check_callable` as code; `fn` where the function has no name of its own."""
    try:
        name = str(fn.__name__)
    except Exception:  # as in `_name`
        name = "fn"
    name = name if name.isidentifier() and not keyword.iskeyword(name) else "fn"
    more = "" if layout == "channels_first" else f', layout="{layout}"'
    return f"padcheck.check_callable({spec!r}, {name}{more})"


def _name(fn: Callable[..., Any]) -> str:
    try:
        return printable(str(fn.__name__))
    except Exception:  # an object without a name, or with one that cannot be told
        return type(fn).__name__


def _called_with(spec: OpSpec, layout: str) -> str:
    """What the function is given, and what it should return."""
    kind = "*spatial, C" if layout == "channels_last" else "C, *spatial"
    given = ["x"] + (["weight"] if spec.kind.has_weight else [])
    given += ["bias"] if spec.kind.has_weight and spec.bias else []
    return f"it is called as fn({', '.join(given)}) and returns one array (N, {kind})"


def _told(message: str, name: str, help_: str) -> Finding:
    """A box that gave nothing to compare."""
    return Finding(
        code="PAD999",
        name="unexplained",
        op=name,
        lowering=CALLABLE,
        message=message,
        help=help_,
        safety="maybe",
        proof=Proof(status="unexplained", residual=None),
    )


def _rounded(message: str, name: str) -> Finding:
    """The right numbers in another type: nothing that these probes can show."""
    return Finding(
        code="PAD908",
        name="rounding_only",
        op=name,
        lowering=CALLABLE,
        message=message,
        help="return float32",
        safety="maybe",
        latent=True,
        proof=Proof(status="proven"),
    )


def _report(spec: OpSpec, name: str, judgement: Judgement, box: BlackBox) -> Report:
    codes = tuple(dict.fromkeys(finding.code for finding in judgement.findings))
    op = OpReport(
        name=name,
        op_type=_OP_TYPES[spec.kind],
        verdict=judgement.verdict,
        reason=judgement.reason,
        input_size=spec.input_size,
        output_size=spec.output_size,
        kernel_size=spec.kernel_size,
        stride=spec.stride,
        dilation=spec.dilation,
        group=spec.group,
        channels=spec.channels,
        parameters=spec.parameters,
        pad_before=spec.pad_before,
        pad_after=spec.pad_after,
        lowerings={CALLABLE: _lowering(spec, judgement, codes)},
        findings=codes,
        notes=(
            f"held to {spec}{_besides(spec)}",
            "called once" if box.calls == 1 else f"called {box.calls} times",
        ),
    )
    return Report(
        command="check_callable",
        padcheck=__version__,
        source=ModelRef(path=None, format="callable"),
        ops=(op,),
        findings=judgement.findings,
    )


def _besides(spec: OpSpec) -> str:
    """What the op's own text leaves out."""
    parts = [f"{spec.channels[0]} to {spec.channels[1]} channels"]
    parts += ["bias"] if spec.bias else []
    deviation = spec.deviation or Deviation()
    if deviation.epsilon is not None:
        parts.append(f"normalized with epsilon {deviation.epsilon:g}")
    if deviation.clip is not None:
        low, high = deviation.clip
        parts.append(f"clipped to {low:g} and {high:g}")
    return f", {', '.join(parts)}"


def _lowering(spec: OpSpec, judgement: Judgement, codes: tuple[str, ...]) -> LoweringReport:
    made = judgement.explained_by or spec
    mismatch = judgement.mismatch
    return LoweringReport(
        verdict=judgement.verdict,
        pad_before=made.pad_before,
        pad_after=made.pad_after,
        output_size=spec.output_size if mismatch is None else mismatch.observed_shape[2:],
        grid_shift=spec.grid_shift(made),
        predicted=UNVERIFIED,
        measured=mismatch is not None,
        mismatched=None if mismatch is None else mismatch.share,
        max_abs_diff=None if mismatch is None else mismatch.max_abs_diff,
        findings=codes,
        reason=judgement.reason,
    )
