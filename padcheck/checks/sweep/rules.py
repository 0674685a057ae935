"""What a sweep predicts: each lowering's dialect against the op itself, nothing run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from padcheck.checks.sweep.convs import ConvBench, predict_axis
from padcheck.errors import UsageError
from padcheck.frameworks import LOWERINGS, dialect, framework, names
from padcheck.geometry import SAME_UPPER, Window, output_size
from padcheck.records import UNVERIFIED, OpKind, OpSpec, same_function
from padcheck.records.grid import SweepGrid, rule_of
from padcheck.records.sweep import AGREES, SHAPE, SILENT

__all__ = [
    "Answer",
    "Plan",
    "framework_of",
    "known_lowerings",
    "plain_convs",
    "plan_of",
    "plan_of_conv",
    "predicted",
]


@dataclass(frozen=True, slots=True)
class Plan:
    """What one lowering should do to one op.

    `rule`: the op that it should compute, None where that is the op itself; `reason`: why its
    dialect has no words.
    """

    predicted: str
    rule: OpSpec | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One lowering of one geometry; `measured` is None where nothing came back.

    `asked`: whether it was to be run. `obeys`: False where it did not do what its own rule says.
    """

    predicted: str
    measured: str | None = None
    reason: str | None = None
    asked: bool = False
    obeys: bool = True


def known_lowerings(given: Sequence[str]) -> tuple[str, ...]:
    """Each once, in order; raises UsageError for none, or for one that no framework has."""
    wanted = tuple(dict.fromkeys(given))
    if not wanted:
        raise UsageError(f"expected at least one lowering of {', '.join(LOWERINGS)}")
    for lowering in wanted:
        framework_of(lowering)
    return wanted


def framework_of(lowering: str) -> str:
    """The framework that a sweep measures it with: TensorFlow without Keras where it can.

    A Keras model per geometry would take far longer, and computes the same [keras 3.15.1].
    """
    if lowering in framework("tensorflow").lowerings:
        return "tensorflow"
    if lowering in LOWERINGS:
        return LOWERINGS[lowering]
    dialect(lowering)  # raises UsageError where no package has it
    return next(name for name in names() if lowering in framework(name).lowerings)


def plan_of(spec: OpSpec, lowering: str) -> Plan:
    """What the lowering's dialect, in the framework that measures it, makes of an op."""
    made = dialect(lowering, framework_name=framework_of(lowering)).lower(spec, lowering)
    if made.spec is None:
        return Plan(UNVERIFIED, reason=made.reason or "no reason given")
    if same_function(spec, made.spec):
        return Plan(AGREES)
    outcome = SILENT if spec.output_size == made.spec.output_size else SHAPE
    return Plan(outcome, made.spec)


def plan_of_conv(spec: OpSpec, lowering: str) -> Plan:
    """`plan_of` for a plain convolution, the same on every axis, in less time.

    PyTorch and zeros + VALID are the op itself.
    """
    outcome = AGREES
    if lowering == "tf_same":
        outcome = predict_axis(spec.input_size[0], spec.windows[0], spec.resolved_pads[0])
    return Plan(outcome, None if outcome == AGREES else spec.with_rule(SAME_UPPER))


def predicted(grid: SweepGrid, lowerings: Sequence[str]) -> Iterator[tuple[Answer, ...] | None]:
    """One answer per lowering for every geometry, None for one without output."""
    if plain_convs(grid, lowerings):
        yield from _predicted_convs(grid, lowerings)
        return
    for point in grid.points():
        spec = grid.spec(point)
        if min(spec.output_size) < 1:
            yield None
            continue
        plans = [plan_of(spec, lowering) for lowering in lowerings]
        yield tuple(Answer(plan.predicted, reason=plan.reason) for plan in plans)


def plain_convs(grid: SweepGrid, lowerings: Sequence[str]) -> bool:
    """Whether SAME is all there is to predict, one axis standing for all."""
    return grid.kind is OpKind.CONV and set(lowerings) <= set(ConvBench.lowerings)


def _predicted_convs(
    grid: SweepGrid, lowerings: Sequence[str]
) -> Iterator[tuple[Answer, ...] | None]:
    """PyTorch and zeros + VALID are the op itself; SAME by its rule."""
    rows = {
        outcome: tuple(
            Answer(outcome if lowering == "tf_same" else AGREES) for lowering in lowerings
        )
        for outcome in (AGREES, SILENT, SHAPE)
    }
    for padding, dilation, stride in grid.maps:
        for kernel_size in grid.kernel_size:
            window = Window(kernel_size, stride, dilation)
            rule = rule_of(padding, window)
            for n in grid.input_size:
                pads = rule.resolve(n, window)
                sized = output_size(n, window, *pads) > 0
                yield rows[predict_axis(n, window, pads)] if sized else None
