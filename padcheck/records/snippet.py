"""An op as the code that makes it, to be pasted: `padcheck.conv(input_size=(8, 8), ...)`.

1. What a builder takes is its argument; defaults are left out, and one number stands for all axes
   but in `input_size`, which says how many axes there are.
2. What no argument says (policies that differ from axis to axis, most deviations) follows as
   `.replace(field=...)`.
3. An op that no builder makes (one without outputs, say) is told as `padcheck.OpSpec(...)`.

Each evaluates to an equal spec where `padcheck` alone is imported.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Callable, Iterator
from typing import Any

from padcheck.geometry import VALID, PadPolicy, PadRule, Rounding, explicit
from padcheck.records.deviation import Deviation
from padcheck.records.spec import OpKind, OpSpec

__all__ = ["snippet"]

#: Builders take no more axes.
_MOST_AXES = 3
_CLIPS = {None: None, (0.0, math.inf): "relu", (0.0, 6.0): "relu6"}

_WINDOWED = ("stride", "dilation", "pads")
_PADDED = (*_WINDOWED, "pad_mode", "pad_value")
_WEIGHTED = ("group", "channels", "bias", "deviation")
_POOLED = ("rounding", "channels")

#: The fields that each builder has an argument for, besides input_size and kernel_size.
_TAKES: dict[OpKind, tuple[str, ...]] = {
    OpKind.CONV: (*_PADDED, *_WEIGHTED),
    OpKind.CONV_TRANSPOSE: (*_WINDOWED, "output_padding", "output_shape", *_WEIGHTED),
    OpKind.MAX_POOL: (*_PADDED, *_POOLED),
    OpKind.AVERAGE_POOL: (*_PADDED, "count_include_pad", *_POOLED),
    OpKind.LP_POOL: (*_WINDOWED, "pad_mode", "p", *_POOLED),
    OpKind.RESIZE: ("output_shape", "interpolation", "coordinates", "channels"),
}

Writer = Callable[[OpSpec], "dict[str, str] | None"]


def snippet(spec: OpSpec) -> str:
    """The code that makes `spec`. Raises nothing, however odd the spec."""
    try:
        return _built(spec) or _record(spec, "padcheck.OpSpec")  # rule 3
    except Exception:  # fields that do not fit together, as a traceback may show them
        return _record(spec, "padcheck.OpSpec")


def _built(spec: OpSpec) -> str | None:
    """The builder's call; None where the builder would refuse it."""
    plain = _plain(spec)
    unsaid = [name for name in _differing(spec, plain) if _written(spec, name) is None]
    base = dataclasses.replace(spec, **{name: plain[name] for name in unsaid})
    if not 1 <= spec.rank <= _MOST_AXES or min(base.output_size) < 1:
        return None
    said = {"input_size": _sizes(spec.input_size) if spec.rank == 1 else _code(spec.input_size)}
    if spec.kind is not OpKind.RESIZE:
        said["kernel_size"] = _sizes(spec.kernel_size)
    differing = set(_differing(base, plain))
    for name in _TAKES[spec.kind]:  # rule 1
        if name in differing:
            said |= _written(base, name) or {}
    call = f"padcheck.{spec.kind.value}({_arguments(said)})"
    rest = {name: _code(getattr(spec, name)) for name in unsaid}
    return f"{call}.replace({_arguments(rest)})" if rest else call  # rule 2


def _plain(spec: OpSpec) -> dict[str, Any]:
    """field -> what the builder makes of it when it is not told."""
    ones = (1,) * spec.rank
    resizes = spec.kind is OpKind.RESIZE
    plain = {
        field.name: field.default
        for field in dataclasses.fields(spec)
        if field.init and field.default is not dataclasses.MISSING
    }
    plain |= {"stride": ones, "dilation": ones, "channels": (2, 2)}
    plain["pads"] = (VALID if resizes else explicit(0, 0),) * spec.rank
    if resizes:
        plain["kernel_size"] = ones
    if spec.kind is OpKind.MAX_POOL:
        plain["pad_value"] = -math.inf
    if spec.kind.has_weight:
        plain["channels"] = (2, 3) if spec.group == 1 else (spec.group, spec.group)
    return plain


def _differing(spec: OpSpec, plain: dict[str, Any]) -> Iterator[str]:
    return (name for name, value in plain.items() if getattr(spec, name) != value)


def _written(spec: OpSpec, name: str) -> dict[str, str] | None:
    """argument -> code for a field; None where the builder has no words for its value."""
    if name not in _TAKES[spec.kind]:
        return None
    write = _WRITERS.get(name)
    return {name: _code(getattr(spec, name))} if write is None else write(spec)


def _pads(spec: OpSpec) -> dict[str, str] | None:
    first = spec.pads[0]
    policies = {rule.policy for rule in spec.pads}
    if any(rule.flaw is not None for rule in spec.pads) or len(policies) > 1:
        return None
    if first.policy is not PadPolicy.EXPLICIT:
        named = set(spec.pads) == {PadRule(first.policy)}
        return {"pads": f'"{first.policy.value}"'} if named else None
    pairs = [(rule.before, rule.after) for rule in spec.pads]
    if len(set(pairs)) == 1 and first.before == first.after:
        return {"pads": _code(first.before)}
    return {"pads": _code(pairs[0] if spec.rank == 1 else tuple(pairs))}


def _channels(spec: OpSpec) -> dict[str, str] | None:
    if spec.kind.has_weight:
        return {"channels": _code(spec.channels)}
    c_in, c_out = spec.channels
    return {"channels": _code(c_in)} if c_in == c_out >= 1 else None


def _deviation(spec: OpSpec) -> dict[str, str] | None:
    made = spec.deviation or Deviation()
    if made != Deviation(clip=made.clip, epsilon=made.epsilon) or made.clip not in _CLIPS:
        return None
    said = {} if made.clip is None else {"activation": f'"{_CLIPS[made.clip]}"'}
    if made.epsilon is not None:
        if not 0 <= made.epsilon < 1:
            return None
        said["epsilon"] = _code(made.epsilon)
    return said or None


def _fill(spec: OpSpec) -> dict[str, str] | None:
    return {"pad_value": _code(spec.pad_value)} if math.isfinite(spec.pad_value) else None


def _output_shape(spec: OpSpec) -> dict[str, str]:
    argument = "output_size" if spec.kind is OpKind.RESIZE else "output_shape"
    return {argument: _sizes(spec.output_shape)}


_WRITERS: dict[str, Writer] = {
    "stride": lambda spec: {"stride": _sizes(spec.stride)},
    "dilation": lambda spec: {"dilation": _sizes(spec.dilation)},
    "pads": _pads,
    "pad_value": _fill,
    "rounding": lambda spec: {"ceil_mode": "True"} if spec.rounding is Rounding.CEIL else None,
    "channels": _channels,
    "deviation": _deviation,
    "output_padding": lambda spec: (
        {"output_padding": _sizes(spec.output_padding)} if any(spec.output_padding) else None
    ),
    "output_shape": _output_shape,
    "interpolation": lambda spec: {"mode": _code(spec.interpolation)},
}


def _sizes(sizes: tuple[int, ...]) -> str:
    """One number where all axes agree."""
    return _code(sizes[0] if len(set(sizes)) == 1 else sizes)


def _arguments(said: dict[str, str]) -> str:
    return ", ".join(f"{name}={code}" for name, code in said.items())


def _record(record: Any, name: str) -> str:
    """A record by its constructor, fields at their defaults left out."""
    said = {
        field.name: _code(getattr(record, field.name))
        for field in dataclasses.fields(record)
        if field.init and getattr(record, field.name) != field.default
    }
    return f"{name}({_arguments(said)})"


def _code(value: Any) -> str:
    """A field's value; numbers of numpy's as plain ones."""
    if isinstance(value, enum.Enum):
        return f"{_home(value)}.{type(value).__name__}.{value.name}"
    if isinstance(value, PadRule) and value == explicit(value.before, value.after):
        return f"{_home(value)}.explicit({value.before}, {value.after})"
    if isinstance(value, PadRule) and value == PadRule(value.policy):
        return f"{_home(value)}.{value.policy.name}"
    if isinstance(value, (PadRule, Deviation)):
        return _record(value, f"{_home(value)}.{type(value).__name__}")
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_code, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, float) and math.isinf(value):
        return f'float("{value}")'
    return f'"{value}"' if isinstance(value, str) else str(value)


def _home(value: object) -> str:
    """`padcheck.geometry`, `padcheck.records`: where the class of `value` is public."""
    return ".".join(type(value).__module__.split(".")[:2])
