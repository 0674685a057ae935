"""A layer plan as a torch.nn.Module, and the same as code."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.loading import import_framework
from padcheck.frameworks.spelling import call, real
from padcheck.frameworks.torch.build import FPad
from padcheck.frameworks.torch.dialect import f_pad_order
from padcheck.frameworks.torch.layer import LayerPlan, plan_of
from padcheck.geometry import Rounding
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import Case

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from torch.nn import Module

__all__ = ["layer_code", "module_of", "on_arrays"]

_OPS = {
    OpKind.CONV: "Conv",
    OpKind.CONV_TRANSPOSE: "ConvTranspose",
    OpKind.MAX_POOL: "MaxPool",
    OpKind.AVERAGE_POOL: "AvgPool",
    OpKind.LP_POOL: "LPPool",
}
#: Mode of F.pad -> the layer that calls it so.
_PADS = {"reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}


@dataclass(frozen=True, slots=True)
class _Module:
    """A module of torch.nn and its arguments; ints that all axes share are one int."""

    name: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]

    def make(self) -> Any:
        return getattr(_nn(), self.name)(*self.arguments, **self.keywords)

    def __str__(self) -> str:
        named = {key: _text(value) for key, value in self.keywords.items()}
        return call(f"torch.nn.{self.name}", *map(_text, self.arguments), **named)


def _nn() -> Any:
    return import_framework("torch", extra="torch").nn


def _text(value: Any) -> str:
    if isinstance(value, float):
        return real(value)
    return f'"{value}"' if isinstance(value, str) else str(value)


def _each(values: tuple[int, ...]) -> int | tuple[int, ...]:
    return values[0] if len(set(values)) == 1 else values


def _modules(case: Case, plan: LayerPlan) -> tuple[tuple[_Module, ...], int]:
    """All modules in order, and which of them is the op."""
    rank = case.spec.rank
    before = tuple(_pad(f_pad, rank) for f_pad in plan.before)
    after = tuple(_pad(f_pad, rank) for f_pad in plan.after)
    return (*before, _op(case.spec, plan), *after), len(before)


def _pad(f_pad: FPad, rank: int) -> _Module:
    order = f_pad_order(f_pad.pads)
    if f_pad.mode != "constant":
        return _Module(f"{_PADS[f_pad.mode]}{rank}d", (order,), {})
    if f_pad.fill == 0:
        return _Module(f"ZeroPad{rank}d", (order,), {})
    return _Module(f"ConstantPad{rank}d", (order, f_pad.fill), {})


def _op(spec: OpSpec, plan: LayerPlan) -> _Module:
    """The op, what is at PyTorch's default left out."""
    name = f"{_OPS[OpKind.AVERAGE_POOL if plan.summed else spec.kind]}{spec.rank}d"
    if spec.kind.has_weight:
        return _Module(name, (*spec.channels, _each(spec.kernel_size)), _of_conv(spec, plan))
    norm = (spec.p,) if spec.kind is OpKind.LP_POOL and not plan.summed else ()
    return _Module(name, (*norm, _each(spec.kernel_size)), _of_pool(spec, plan))


def _of_conv(spec: OpSpec, plan: LayerPlan) -> dict[str, Any]:
    keywords: dict[str, Any] = {}
    if set(spec.stride) != {1}:
        keywords["stride"] = _each(spec.stride)
    if isinstance(plan.padding, str):
        keywords["padding"] = plan.padding
    elif any(plan.padding):
        keywords["padding"] = _each(plan.padding)
    if any(plan.output_padding):
        keywords["output_padding"] = _each(plan.output_padding)
    if set(spec.dilation) != {1}:
        keywords["dilation"] = _each(spec.dilation)
    if spec.group != 1:
        keywords["groups"] = spec.group
    if not spec.bias:
        keywords["bias"] = False
    if plan.padding_mode != "zeros":
        keywords["padding_mode"] = plan.padding_mode
    return keywords


def _of_pool(spec: OpSpec, plan: LayerPlan) -> dict[str, Any]:
    """The stride is always said: PyTorch's default for it is the kernel."""
    keywords: dict[str, Any] = {"stride": _each(spec.stride)}
    if not isinstance(plan.padding, str) and any(plan.padding):
        keywords["padding"] = _each(plan.padding)
    if spec.kind is OpKind.MAX_POOL and set(spec.dilation) != {1}:
        keywords["dilation"] = _each(spec.dilation)
    if spec.rounding is Rounding.CEIL:
        keywords["ceil_mode"] = True
    if spec.kind is OpKind.AVERAGE_POOL and not spec.count_include_pad:
        keywords["count_include_pad"] = False
    if plan.summed:
        keywords["divisor_override"] = 1
    return keywords


def module_of(case: Case, weight: np.ndarray | None, bias: np.ndarray | None) -> Module:
    """The layer of a case that came from `layer_case`, with these numbers, in eval mode.

    `weight` is shaped as `OpSpec.weight_shape`, `bias` (C_out,), both float32 and copied.
    """
    torch = import_framework("torch", extra="torch")
    plan = plan_of(case)
    planned, place = _modules(case, plan)
    modules = [module.make() for module in planned]
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None:
            getattr(modules[place], name).data = torch.from_numpy(array.copy())
    layer = modules[0] if len(modules) == 1 else torch.nn.Sequential(*modules)
    if plan.absolute or plan.output_size:
        layer = _called(layer, plan)
    made: Module = layer.eval()
    return made


def _called(layer: Any, plan: LayerPlan) -> Any:
    """A module whose forward calls the layer as the plan says."""
    torch = import_framework("torch", extra="torch")

    class Layer(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Any) -> Any:
            if plan.output_size:
                return self.layer(x, output_size=plan.output_size)
            return self.layer(x.abs())

    return Layer()


def on_arrays(module: Module) -> Callable[[np.ndarray], np.ndarray]:
    """A module as a function of float32 arrays; it raises what the module raises."""
    torch = import_framework("torch", extra="torch")

    def run(x: np.ndarray) -> np.ndarray:
        with torch.no_grad(), warnings.catch_warnings():
            # padding="same" with even kernels warns that it copies its input
            warnings.simplefilter("ignore", UserWarning)
            output: np.ndarray = module(torch.from_numpy(x)).numpy()
        return output

    return run


def layer_code(case: Case) -> tuple[str, ...]:
    """Lines that make the same `layer` from `w` and `b`; `torch` is imported."""
    spec, plan = case.spec, plan_of(case)
    planned, place = _modules(case, plan)
    lone = len(planned) == 1
    lines = [f"{'layer' if lone else 'op'} = {planned[place]}"]
    for name, array in (("weight", "w"), ("bias", "b")):
        if spec.kind.has_weight and (name == "weight" or spec.bias):
            lines.append(f"{'layer' if lone else 'op'}.{name}.data = torch.from_numpy({array})")
    if not lone:
        parts = ["op" if at == place else str(module) for at, module in enumerate(planned)]
        lines.append(f"layer = torch.nn.Sequential({', '.join(parts)})")
    if plan.absolute or plan.output_size:
        lines += _called_code(plan)
    return (*lines, "layer.eval()")


def _called_code(plan: LayerPlan) -> list[str]:
    given = f"x, output_size={plan.output_size}" if plan.output_size else "x.abs()"
    return [
        "class Layer(torch.nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        "        self.layer = layer",
        "    def forward(self, x):",
        f"        return self.layer({given})",
        "layer = Layer()",
    ]
