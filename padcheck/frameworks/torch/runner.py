"""PyTorch at work, on the CPU, in float32."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError, UsageError
from padcheck.frameworks.loading import import_framework, translated
from padcheck.frameworks.torch.build import FPad, TorchBuild, build_for
from padcheck.frameworks.torch.dialect import f_pad_order
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    import numpy as np
    import torch

__all__ = ["TorchRunner"]


class TorchRunner:
    """Carries out the plan of `build_for` with torch.nn.functional."""

    lowerings: tuple[str, ...] = ("torch",)

    def versions(self) -> dict[str, str]:
        """{"torch": version}; loads torch."""
        return {"torch": str(_torch().__version__).partition("+")[0]}

    def run(
        self,
        spec: OpSpec,
        lowering: str,
        x: np.ndarray,
        weight: np.ndarray | None,
        bias: np.ndarray | None,
    ) -> np.ndarray:
        """The output (N, C, *spatial) of `spec` as PyTorch computes it.

        Raises UsageError for a lowering other than "torch", FrameworkError for what PyTorch
        raises or has no words for.
        """
        if lowering not in self.lowerings:
            raise UsageError(f"expected a lowering of torch but got {lowering!r}")
        torch = _torch()
        version = self.versions()["torch"]
        build = build_for(spec)
        if build.reason is not None:
            raise FrameworkError(f"torch {version}: {build.reason}")
        with translated("torch", version), torch.inference_mode(), warnings.catch_warnings():
            # padding='same' with even kernels warns that it copies its input
            warnings.simplefilter("ignore", UserWarning)
            arrays = [None if a is None else torch.from_numpy(_owned(a)) for a in (weight, bias)]
            result = _compute(spec, build, torch.from_numpy(_owned(x)), *arrays)
            output: np.ndarray = result.contiguous().numpy()
            return output


@functools.cache
def _torch() -> Any:
    return import_framework("torch", extra="torch")


def _owned(array: np.ndarray) -> np.ndarray:
    """Contiguous, writable float32: what from_numpy takes without a warning."""
    import numpy as np

    return np.require(array, np.float32, ["C", "W"])


def _compute(
    spec: OpSpec,
    build: TorchBuild,
    x: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
) -> torch.Tensor:
    if spec.kind is OpKind.LP_POOL and spec.p % 2:
        x = x.abs()
    mask = None
    if build.mask is not None:
        mask = _f_pads(_torch().ones_like(x), build.mask)
    x = _f_pads(x, build.before)
    if spec.kind is OpKind.CONV:
        return _conv(spec, build, x, weight, bias)
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return _conv_transpose(spec, build, x, weight, bias)
    if build.ones_conv:
        return _ones_conv(spec, x, mask)
    pooled = _pool(spec, build, x)
    return pooled if mask is None else pooled / _pool(spec, build, mask)


def _f_pads(x: torch.Tensor, f_pads: tuple[FPad, ...]) -> torch.Tensor:
    pad = _torch().nn.functional.pad
    for f_pad in f_pads:
        filled = {"value": f_pad.fill} if f_pad.mode == "constant" else {"mode": f_pad.mode}
        x = pad(x, f_pad_order(f_pad.pads), **filled)
    return x


def _conv(spec: OpSpec, build: TorchBuild, x: torch.Tensor, weight: Any, bias: Any) -> torch.Tensor:
    conv = getattr(_torch().nn.functional, f"conv{spec.rank}d")
    result: torch.Tensor = conv(
        x, weight, bias, spec.stride, build.padding, spec.dilation, spec.group
    )
    return result


def _conv_transpose(
    spec: OpSpec, build: TorchBuild, x: torch.Tensor, weight: Any, bias: Any
) -> torch.Tensor:
    conv = getattr(_torch().nn.functional, f"conv_transpose{spec.rank}d")
    result: torch.Tensor = conv(
        x,
        weight,
        bias,
        spec.stride,
        build.padding,
        build.output_padding,
        spec.group,
        spec.dilation,
    )
    if not build.axes:
        return result
    crop = tuple(
        slice(axis.crop_before, axis.crop_before + size)
        for axis, size in zip(build.axes, spec.output_size, strict=True)
    )
    return result[(..., *crop)]


def _pool(spec: OpSpec, build: TorchBuild, x: torch.Tensor) -> torch.Tensor:
    functional = _torch().nn.functional
    kernel, stride, padding = spec.kernel_size, spec.stride, build.padding
    result: torch.Tensor
    if spec.kind is OpKind.MAX_POOL:
        pool = getattr(functional, f"max_pool{spec.rank}d")
        result = pool(x, kernel, stride, padding, spec.dilation, build.ceil)
        return result
    if spec.kind is OpKind.AVERAGE_POOL:
        pool = getattr(functional, f"avg_pool{spec.rank}d")
        counts = bool(build.before) or spec.count_include_pad
        result = pool(x, kernel, stride, padding, build.ceil, counts)
        return result
    pool = getattr(functional, f"lp_pool{spec.rank}d")
    if spec.rank == 1:
        result = pool(x, float(spec.p), kernel[0], stride[0])
    else:
        result = pool(x, float(spec.p), kernel, stride)
    return result**spec.p


def _ones_conv(spec: OpSpec, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    if spec.kind is OpKind.LP_POOL:
        return _window_sum(spec, x**spec.p)
    total = _window_sum(spec, x)
    return total if mask is None else total / _window_sum(spec, mask)


def _window_sum(spec: OpSpec, values: torch.Tensor) -> torch.Tensor:
    channels = values.shape[1]
    ones = _torch().ones(channels, 1, *spec.kernel_size)
    conv = getattr(_torch().nn.functional, f"conv{spec.rank}d")
    result: torch.Tensor = conv(
        values, ones, stride=spec.stride, dilation=spec.dilation, groups=channels
    )
    return result
