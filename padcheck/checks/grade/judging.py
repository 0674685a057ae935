"""One case put to a subject, and judged.

1. The reference is what the words that the subject reads mean; the box converts a model of its
   own for every probe and input size that the verdict asks for. A case with open sizes is
   converted at its own sizes alone, and judged at another one as well.
2. What the subject raises is a refusal. What it returns that is no array is a wrong shape.
3. Where the layer that was converted is not what its documentation says, both that and the
   documentation are right.
4. Where there is another way to run the same model, both are judged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.checks.blackbox import BlackBox
from padcheck.checks.grade.grader import Built, Grader, Refused
from padcheck.checks.grade.refusing import refused
from padcheck.errors import FrameworkError, GeometryError
from padcheck.oracle import Expected, evaluate
from padcheck.probes import Probe, compare, equals
from padcheck.records import EQUIVALENT, UNVERIFIED, Finding, OpSpec, Proof
from padcheck.records.case import (
    REFUSED,
    RIGHT,
    SHAPE,
    SILENT,
    UNVERIFIED_CASE,
    Case,
    Outcome,
)
from padcheck.verdict import Judgement, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PLAINLY", "Box", "Ran", "expected", "judged"]

#: The note of a case that only the plain way to run the model gets wrong.
PLAINLY = "wrong without optimization, right with it"


def judged(grader: Grader, asked: Case) -> Outcome | None:
    """What the subject makes of a case; None where it is no question for it."""
    case = grader.asks(asked)
    if isinstance(case, str):
        return None
    reference = grader.reference(case)
    outcome = _at(grader, case, reference)
    if case.dynamic and outcome.how == RIGHT and not reference.output_shape:  # rule 1
        moved = reference.resized([size + 1 for size in reference.input_size])
        other = _at(grader, case, moved)
        if other.how != RIGHT:
            sizes = "x".join(map(str, case.spec.input_size)), "x".join(map(str, moved.input_size))
            note = f"the model is made at {sizes[0]} with open sizes and run at {sizes[1]}"
            outcome = dataclasses.replace(other, notes=(*other.notes, note))
    return outcome


def _at(grader: Grader, case: Case, reference: OpSpec) -> Outcome:
    box = Box(grader, case)
    with np.errstate(all="ignore"):
        outcome = _outcome(case, box, judge(reference, box, op=case.op_type))
        ran = box.first
        if ran is None or outcome.how == UNVERIFIED_CASE:
            return outcome
        if ran.layer is not None:
            return _held_to_layer(outcome, reference, ran)
        if ran.plain is not None:
            return _held_to_plain(outcome, grader, reference, ran)
    return outcome


def _outcome(case: Case, box: Box, judgement: Judgement) -> Outcome:
    raised, notes = box.refused, () if box.note is None else (box.note,)
    if judgement.verdict == EQUIVALENT:
        return Outcome(case=case, how=RIGHT, notes=notes)
    if judgement.verdict == UNVERIFIED:
        if box.unusable is not None:  # rule 2
            found = _unusable(case, box.unusable)
            return Outcome(case=case, how=SHAPE, findings=(found,), said=box.unusable)
        if raised is not None and box.first is None:
            return Outcome(case=case, how=REFUSED, said=raised.said, stage=raised.stage)
        return Outcome(case=case, how=UNVERIFIED_CASE, said=judgement.reason)
    assert judgement.mismatch is not None
    return Outcome(
        case=case,
        how=SHAPE if judgement.mismatch.kind == "shape" else SILENT,
        findings=judgement.findings,
        mismatch=judgement.mismatch,
        explained_by=judgement.explained_by,
        notes=notes,
    )


def _held_to_layer(outcome: Outcome, reference: OpSpec, ran: Ran) -> Outcome:
    """Rule 3."""
    assert ran.layer is not None
    wanted = expected(reference, ran.probe)
    if isinstance(ran.layer, str):
        return dataclasses.replace(
            outcome, how=REFUSED, findings=(), said=ran.layer, stage="layer", notes=()
        )
    if equals(ran.layer, wanted):
        return outcome
    note = "the layer itself does not compute what its documentation says"
    case = outcome.case
    if outcome.how == RIGHT or _alike(ran.observed, ran.layer, wanted):
        return Outcome(case=case, how=RIGHT, notes=(*outcome.notes, note))
    shapes = ran.observed.shape != ran.layer.shape
    found = _unusable(case, "the output is neither the layer's nor what the layer should give")
    return Outcome(
        case=case,
        how=SHAPE if shapes else SILENT,
        findings=(found,),
        mismatch=compare(ran.observed, wanted),
        notes=(*outcome.notes, note),
    )


def _held_to_plain(outcome: Outcome, grader: Grader, reference: OpSpec, ran: Ran) -> Outcome:
    """Rule 4."""
    plain = ran.plain
    wanted = expected(reference, ran.probe)
    if isinstance(plain, str):
        return dataclasses.replace(outcome, notes=(*outcome.notes, f"unoptimized, it says {plain}"))
    assert plain is not None
    right = equals(plain, wanted)
    if outcome.how == RIGHT and not right:
        box = Box(grader, outcome.case, plainly=True)
        other = _outcome(outcome.case, box, judge(reference, box, op=outcome.case.op_type))
        return dataclasses.replace(other, notes=(*other.notes, PLAINLY))
    if outcome.how in (SILENT, SHAPE):
        note = "right without optimization" if right else "the same without optimization"
        if not right and not _alike(ran.observed, plain, wanted):
            note = "without optimization it is wrong in another way"
        return dataclasses.replace(outcome, notes=(*outcome.notes, note))
    return outcome


def expected(spec: OpSpec, probe: Probe) -> Expected:
    """The oracle's output for a probe."""
    return evaluate(spec, probe.x, probe.weight, probe.bias)


def _alike(one: NDArray[Any], other: NDArray[Any], wanted: Expected) -> bool:
    """Whether two outputs are the same integers over the op's own divisor."""
    if one.shape != other.shape:
        return False
    divisor = wanted.divisor if one.shape == wanted.shape else 1
    return np.array_equal(np.rint(one * divisor), np.rint(other * divisor), equal_nan=True)


def _unusable(case: Case, message: str) -> Finding:
    """PAD999 for an output that nothing can be said of."""
    return Finding(
        code="PAD999",
        name="unexplained",
        op=case.op_type,
        message=message,
        safety="maybe",
        proof=Proof(status="unexplained", residual=None),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Ran:
    """One run: what the box, the layer and the plain way gave, or what the latter two said.

    Outputs are (N, C, *spatial), those of Lp pools raised to the p-th power.
    """

    spec: OpSpec
    probe: Probe
    observed: NDArray[Any]
    layer: NDArray[Any] | str | None
    plain: NDArray[Any] | str | None


@dataclasses.dataclass(frozen=True, slots=True)
class _Refusal:
    stage: str
    said: str


class Box:
    """A subject as `box(spec, probe)` of `verdict.judge`; `first` is the first run that came to
    an end, `refused` what was raised last, `unusable` what was returned that is no array.

    `plainly`: the plain way in place of the subject's own.
    """

    def __init__(self, grader: Grader, case: Case, *, plainly: bool = False) -> None:
        self._grader, self._case, self._plainly = grader, case, plainly
        self.first: Ran | None = None
        self.refused: _Refusal | None = None
        self.unusable: str | None = None
        self.note: str | None = None

    def __call__(self, spec: OpSpec, probe: Probe) -> NDArray[Any]:
        self.refused = None
        case = self._made_at(spec)
        _, weight, bias = probe.as_float32()
        try:
            built = self._grader.build(case, weight, bias)
        except Refused as error:
            self.refused = _Refusal("convert", str(error))
            raise
        function = built.plain if self._plainly and built.plain is not None else built.run
        observed = self._run(function, spec, probe)
        if self.first is None:
            beside = self._beside(built, spec, probe)
            self.first = Ran(spec, probe, observed, *beside)
        return observed

    def _made_at(self, spec: OpSpec) -> Case:
        """The case to convert for a run at the sizes and channels of `spec`."""
        own = self._case.spec
        try:
            made = own if self._case.dynamic else own.resized(spec.input_size)
            made = made.replace(channels=spec.channels, group=spec.group, bias=spec.bias)
            if made == own:
                return self._case
            asked = self._grader.asks(self._case.replace(spec=made))
        except GeometryError as error:
            raise FrameworkError(str(error)) from error
        if isinstance(asked, str):
            raise FrameworkError(asked)
        return asked

    def _run(self, function: Callable[[Any], Any], spec: OpSpec, probe: Probe) -> NDArray[Any]:
        """The output in float64, by way of what any user's function may return."""

        def run(x: NDArray[Any], *rest: object) -> Any:
            try:
                return function(x)
            except (Refused, SystemExit) as error:
                found = error if isinstance(error, Refused) else refused(error, "")
                self.refused = _Refusal("run", str(found))
                raise found from error

        box = BlackBox(run, "channels_first")
        try:
            observed = box(spec, probe)
        except FrameworkError as error:
            if box.unusable:
                self.unusable = str(error)
            raise
        if box.dtype_note:
            self.note = box.dtype_note
        return observed

    def _beside(
        self, built: Built, spec: OpSpec, probe: Probe
    ) -> tuple[NDArray[Any] | str | None, NDArray[Any] | str | None]:
        """What the layer and the plain way give, or raise."""
        found: list[NDArray[Any] | str | None] = []
        unusable, note = self.unusable, self.note
        for function in (built.layer, built.plain):
            try:
                found.append(None if function is None else self._run(function, spec, probe))
            except FrameworkError as error:
                found.append(self.refused.said if self.refused else str(error))
        self.refused, self.unusable, self.note = None, unusable, note
        return found[0], found[1]
