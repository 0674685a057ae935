"""PyTorch's words for an op. Plain ints; loads nothing of PyTorch.

Facts: torch.nn module documentation, https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

from collections.abc import Iterator

from padcheck.errors import UsageError
from padcheck.frameworks.lowering import PadPairs, floor_pads
from padcheck.frameworks.spelling import call, numbers, real
from padcheck.frameworks.torch.build import FPad, TorchBuild, build_for
from padcheck.geometry import Rounding
from padcheck.records import Lowered, OpKind, OpSpec

__all__ = ["DIALECT", "TorchDialect", "f_pad_order"]

_POOLS = {
    OpKind.MAX_POOL: "MaxPool",
    OpKind.AVERAGE_POOL: "AvgPool",
    OpKind.LP_POOL: "LPPool",
}


class TorchDialect:
    """The lowering `torch`: the same op, in explicit numbers for this input size."""

    lowerings: tuple[str, ...] = ("torch",)

    def lower(self, spec: OpSpec, lowering: str) -> Lowered:
        """The op itself with its pads worked out, and the modules that compute it.

        Raises UsageError for any lowering but "torch".
        """
        if lowering not in self.lowerings:
            raise UsageError(f"expected a lowering of torch but got {lowering!r}")
        build = build_for(spec)
        if build.reason is not None:
            return Lowered(lowering=lowering, spec=None, reason=build.reason)
        return Lowered(
            lowering=lowering,
            spec=spec.with_pads(spec.resolved_pads),
            code=tuple(_code(spec, build)),
            notes=tuple(_notes(spec, build)),
        )


DIALECT = TorchDialect()


def f_pad_order(pads: PadPairs) -> tuple[int, ...]:
    """(before, after) pairs in the order of F.pad: last axis first, flat."""
    return tuple(number for pair in reversed(pads) for number in pair)


def _code(spec: OpSpec, build: TorchBuild) -> Iterator[str]:
    """A lone module, or statements on `x` where it takes more than one."""
    layer = _layer(spec, build)
    if not _statements(spec, build):
        yield layer
        return
    x = "x.abs()" if spec.kind is OpKind.LP_POOL and spec.p % 2 else "x"
    if build.mask is not None:
        yield f"mask = {_f_pads('torch.ones_like(x)', build.mask)}"
    if build.before:
        yield f"x = {_f_pads(x, build.before)}"
        x = "x"
    if build.ones_conv:
        yield from _ones_conv(spec, build, x)
    elif build.mask is not None:
        yield f"x = {layer}(x) / {layer}(mask)"
    else:
        yield f"x = {layer}({x})"
    if any((axis.crop_before, axis.crop_after) != (0, 0) for axis in build.axes):
        yield f"x = x[..., {_slices(spec, build)}]"


def _statements(spec: OpSpec, build: TorchBuild) -> bool:
    odd_norm = spec.kind is OpKind.LP_POOL and spec.p % 2 == 1
    several = build.before or build.mask is not None or build.ones_conv or build.axes
    return bool(several) or odd_norm


def _layer(spec: OpSpec, build: TorchBuild) -> str:
    if spec.kind.has_weight:
        return _conv_layer(spec, build)
    name = f"nn.{_POOLS[spec.kind]}{spec.rank}d"
    kernel, stride = numbers(spec.kernel_size), numbers(spec.stride)
    ceil = True if build.ceil else None
    if spec.kind is OpKind.LP_POOL:
        return call(name, spec.p, kernel, stride=stride)
    padding = _padding(build)
    if spec.kind is OpKind.MAX_POOL:
        dilation = _unless_one(spec.dilation)
        return call(name, kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil)
    counts = spec.count_include_pad if not build.before and spec.reads_padding else None
    return call(
        name, kernel, stride=stride, padding=padding, ceil_mode=ceil, count_include_pad=counts
    )


def _conv_layer(spec: OpSpec, build: TorchBuild) -> str:
    transposed = spec.kind is OpKind.CONV_TRANSPOSE
    return call(
        f"nn.Conv{'Transpose' if transposed else ''}{spec.rank}d",
        *spec.channels,
        numbers(spec.kernel_size),
        stride=_unless_one(spec.stride),
        padding=_padding(build),
        output_padding=numbers(build.output_padding) if any(build.output_padding) else None,
        dilation=_unless_one(spec.dilation),
        groups=spec.group if spec.group != 1 else None,
        bias=None if spec.bias else False,
    )


def _unless_one(values: tuple[int, ...]) -> str | None:
    return None if set(values) == {1} else numbers(values)


def _padding(build: TorchBuild) -> str | None:
    """Left out where it is 0, unless F.pad stands before it: then 0 is said."""
    if isinstance(build.padding, str):
        return f'"{build.padding}"'
    return numbers(build.padding) if any(build.padding) or build.before else None


def _f_pads(x: str, f_pads: tuple[FPad, ...]) -> str:
    for f_pad in f_pads:
        order, fill = str(f_pad_order(f_pad.pads)), f_pad.fill
        if f_pad.mode != "constant":
            x = call("F.pad", x, order, mode=f'"{f_pad.mode}"')
        else:
            x = call("F.pad", x, order, value=None if fill == 0 else real(fill))
    return x


def _ones_conv(spec: OpSpec, build: TorchBuild, x: str) -> Iterator[str]:
    """A sum over a dilated window, which the pooling modules cannot take."""
    kernel = ", ".join(str(k) for k in spec.kernel_size)
    yield f"ones = torch.ones(x.shape[1], 1, {kernel})"

    def total(values: str) -> str:
        return call(
            f"F.conv{spec.rank}d",
            values,
            "ones",
            stride=_unless_one(spec.stride),
            dilation=numbers(spec.dilation),
            groups="x.shape[1]",
        )

    if spec.kind is OpKind.LP_POOL:
        yield f"x = {total(f'{x} ** {spec.p}')} ** (1 / {spec.p})"
    else:
        yield f"x = {total('x')} / {total('mask')}"


def _slices(spec: OpSpec, build: TorchBuild) -> str:
    return ", ".join(
        f"{axis.crop_before}:{axis.crop_before + size}"
        for axis, size in zip(build.axes, spec.output_size, strict=True)
    )


def _notes(spec: OpSpec, build: TorchBuild) -> Iterator[str]:
    if any(rule.size_dependent for rule in spec.pads) and build.padding != "same":
        at = "x".join(str(n) for n in spec.input_size)
        yield f"pads worked out for input size {at}; PyTorch has no SAME for this op"
    if spec.kind is OpKind.CONV_TRANSPOSE:
        if build.axes:
            yield "PyTorch's own padding= and output_padding= cannot express these crops"
    elif build.before:
        yield from _f_pad_notes(spec, build)
    if spec.kind is OpKind.LP_POOL and spec.p % 2:
        yield f"nn.LPPool{spec.rank}d takes x ** p, not abs(x) ** p, hence x.abs()"


def _f_pad_notes(spec: OpSpec, build: TorchBuild) -> Iterator[str]:
    yield "PyTorch's own padding= cannot express these pads"
    if build.ones_conv and spec.kind is OpKind.AVERAGE_POOL:
        yield f"nn.AvgPool{spec.rank}d has no dilation; a depthwise convolution with ones sums"
    alike = tuple((before, before) for before in spec.pad_before)
    symmetric = spec.with_pads(alike).replace(rounding=Rounding.FLOOR)
    plain = spec.kind is OpKind.CONV and spec.pad_mode == "constant" and spec.pad_value == 0
    if plain and min(spec.pad_before) >= 0 and symmetric.output_size == spec.output_size:
        padding = numbers(spec.pad_before)
        yield f"at this input size padding={padding} computes the same; at others it need not"
    if floor_pads(spec) != spec.resolved_pads:
        yield "the pads after include the overhang of the last window (ceil_mode)"
