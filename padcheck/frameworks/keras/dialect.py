"""Keras's words for an op: `padding="same"`, or pads before `padding="valid"`.

Plain ints; loads nothing of Keras. Facts: https://keras.io/api/layers/ and
https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from padcheck.errors import UsageError
from padcheck.frameworks.keras.backends import Backend
from padcheck.frameworks.keras.build import build_for, computed_spec
from padcheck.frameworks.keras.on_tensorflow import TENSORFLOW
from padcheck.frameworks.keras.on_torch import TORCH
from padcheck.frameworks.keras.spelled import layer_call
from padcheck.frameworks.keras.steps import Argument, KerasBuild, Step
from padcheck.frameworks.lowering import floor_pads, zero_padded
from padcheck.frameworks.spelling import call, real
from padcheck.geometry import Rounding
from padcheck.records import Lowered, OpKind, OpSpec, same_function

__all__ = ["DIALECT", "TORCH_DIALECT", "KerasDialect"]


@dataclass(frozen=True, slots=True)
class KerasDialect:
    """The lowerings of a backend, in Keras layers: the rules are the same on every one."""

    backend: Backend

    @property
    def lowerings(self) -> tuple[str, ...]:
        """`padding="same"`; ZeroPadding, or pads of the op's own, with `padding="valid"`."""
        return self.backend.lowerings

    def lower(self, spec: OpSpec, lowering: str) -> Lowered:
        """What Keras makes of the op: SAME_UPPER, zeros that are input to it, or the op itself.

        Raises UsageError for any other lowering.
        """
        if lowering not in self.lowerings:
            known = ", ".join(self.lowerings)
            raise UsageError(f"expected a lowering of {known} but got {lowering!r}")
        build = build_for(spec, lowering, self.backend)
        if build.reason is not None:
            return Lowered(lowering=lowering, spec=None, reason=build.reason)
        own = lowering == self.backend.zeropad_valid
        return Lowered(
            lowering=lowering,
            spec=computed_spec(spec, lowering, self.backend),
            code=_code(build, self.backend),
            notes=(*self._notes(spec, lowering), *build.notes),
            repair=self._repair(spec) if own else (),
        )

    def _notes(self, spec: OpSpec, lowering: str) -> Iterator[str]:
        if lowering == self.backend.same:
            yield from _same_notes(spec)
        else:
            yield from _pad_notes(spec)
        if lowering == self.backend.zeropad_valid:
            yield from _zero_notes(spec)

    def _repair(self, spec: OpSpec) -> tuple[str, ...]:
        """The code that pads with what the op wants, where zeros make it another op."""
        if same_function(spec, zero_padded(spec)):
            return ()
        build = build_for(spec, self.backend.pad_valid, self.backend)
        return _code(build, self.backend) if build.reason is None else ()


DIALECT = KerasDialect(TENSORFLOW)
TORCH_DIALECT = KerasDialect(TORCH)


def _code(build: KerasBuild, backend: Backend) -> tuple[str, ...]:
    """A list of layers, or statements on `x` where any step is more than a layer."""
    if not build.mask and all(step.is_layer and step.split == 1 for step in build.steps):
        return tuple(layer_call(step) for step in build.steps)
    lines = [line for step in build.steps for line in _statements(step, backend)]
    return (*_masked(build, backend), *lines, *(("x = x / mask",) if build.mask else ()))


def _masked(build: KerasBuild, backend: Backend) -> Iterator[str]:
    if build.mask:
        yield f"mask = {backend.module}.ones_like(x)"
    for step in build.mask:
        yield from _assigned(step, "mask")


def _assigned(step: Step, x: str, kernel: str = "") -> Iterator[str]:
    """Pads are named first: with all of them a call would be long."""
    if not step.name.endswith(".pad"):
        yield f"{x} = {_applied(step, x, kernel)}"
        return
    (_, pairs), (how, value) = step.arguments
    yield f"pads = {pairs}"
    yield f"{x} = {call(step.name, x, 'pads', **{how: _exact(value)})}"


def _statements(step: Step, backend: Backend) -> Iterator[str]:
    split = f"{backend.module}.split"
    if step.split == 1:
        yield from _assigned(step, "x", "kernel")
    elif step.is_layer:
        yield f"parts = {split}(x, {step.split}, axis=-1)"
        applied = _applied(step, "part")
        yield f"x = {backend.joined(f'[{applied} for part in parts]')}"
    else:
        pieces = f"{split}(x, {step.split}, axis=-1), {split}(kernel, {step.split}, axis=-1)"
        applied = _applied(step, "part", "piece")
        yield f"x = {backend.joined(f'[{applied} for part, piece in zip({pieces})]')}"
    if step.bias and not step.is_layer:
        yield f"x = {backend.biased('x')}"


def _applied(step: Step, x: str, kernel: str = "") -> str:
    if step.is_layer:
        return f"{layer_call(step)}({x})"
    arguments = dict(step.arguments)
    if step.name.endswith(".abs"):
        return f"{step.name}({x}) ** {arguments['p']}"
    if step.name == "root":
        return f"{x} ** (1 / {arguments['p']})"
    if step.name == "strided":
        strides = arguments["strides"]
        assert isinstance(strides, tuple)
        return f"{x}[:, {', '.join(f'::{stride}' for stride in strides)}]"
    return _function_call(step, [x, kernel] if step.weights else [x], arguments)


def _function_call(step: Step, inputs: list[str], arguments: dict[str, Argument]) -> str:
    spelt = {name: _exact(value) for name, value in arguments.items()}
    sizes = arguments.get("output_shape")
    if isinstance(sizes, tuple):
        listed = ", ".join(str(size) for size in sizes)
        spelt["output_shape"] = f"({inputs[0]}.shape[0], {listed})"
    return call(step.name, *inputs, **spelt)


def _exact(value: Argument) -> str:
    """Functions of tf want every number, so tuples stay tuples."""
    if isinstance(value, float):
        return real(value)
    return f'"{value}"' if isinstance(value, str) else str(value)


def _same_notes(spec: OpSpec) -> Iterator[str]:
    if spec.kind is OpKind.CONV_TRANSPOSE:
        if spec.output_padding or spec.output_shape:
            yield 'padding="same" always gives n * stride; output_padding and shape are lost'
        return
    if spec.rounding is Rounding.CEIL:
        yield 'padding="same" has no ceil_mode; its output size is ceil(n / stride)'
    if spec.kind is OpKind.AVERAGE_POOL and spec.count_include_pad and spec.reads_padding:
        yield 'padding="same" leaves pads out of the average, the reference counts them'


def _pad_notes(spec: OpSpec) -> Iterator[str]:
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return
    if any(rule.size_dependent for rule in spec.pads):
        at = "x".join(str(n) for n in spec.input_size)
        yield f"pads worked out for input size {at}"
    pads = floor_pads(spec)
    if pads != spec.resolved_pads and spec.rounding is Rounding.CEIL:
        yield "the pads after include the overhang of the last window (ceil_mode)"


def _zero_notes(spec: OpSpec) -> Iterator[str]:
    if not spec.reads_padding:
        return
    if spec.kind is OpKind.MAX_POOL:
        yield "a max pool takes ZeroPadding's zeros as values: not the reference, nor SAME"
    elif spec.kind is OpKind.AVERAGE_POOL:
        yield "an average counts ZeroPadding's zeros in its divisor, which SAME never does"
