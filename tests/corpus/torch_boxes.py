"""Boxes that are PyTorch's own calls; pads are an int for both ends, or pairs through F.pad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

Box = Callable[..., np.ndarray]


def _nd(name: str, x: torch.Tensor) -> Any:
    return getattr(functional, f"{name}{x.ndim - 2}d")


def tensors(*arrays: np.ndarray | None) -> list[torch.Tensor | None]:
    return [None if a is None else torch.from_numpy(np.ascontiguousarray(a)) for a in arrays]


def flat(pairs: Sequence[tuple[int, int]] | tuple[int, int], rank: int) -> list[int]:
    """Pairs in F.pad's order: the last axis first."""
    listed = list(pairs) if isinstance(pairs[0], tuple) else [pairs] * rank
    return [end for pair in listed[::-1] for end in pair]  # type: ignore[union-attr]


def pad(x: torch.Tensor, pairs: Any, mode: str = "constant", value: float = 0.0) -> torch.Tensor:
    pairs = (pairs, pairs) if isinstance(pairs, int) else pairs
    if mode != "constant":
        return functional.pad(x, flat(pairs, x.ndim - 2), mode=mode)
    return functional.pad(x, flat(pairs, x.ndim - 2), value=value)


def conv(
    *,
    pads: Any = 0,
    stride: Any = 1,
    dilation: Any = 1,
    group: int = 1,
    mode: str = "constant",
    value: float = 0.0,
    after: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> Box:
    def box(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
        tx, tw, tb = tensors(x, w, b)
        assert tx is not None
        how = {"stride": stride, "dilation": dilation, "groups": group}
        if isinstance(pads, str) or (isinstance(pads, int) and mode == "constant" and not value):
            y = _nd("conv", tx)(tx, tw, tb, padding=pads, **how)
        else:
            y = _nd("conv", tx)(pad(tx, pads, mode, value), tw, tb, **how)
        return (y if after is None else after(y)).numpy()

    return box


def conv_transpose(
    *, pads: int = 0, stride: Any = 1, dilation: Any = 1, group: int = 1, output_padding: Any = 0
) -> Box:
    def box(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
        tx, tw, tb = tensors(x, w, b)
        assert tx is not None
        call = _nd("conv_transpose", tx)
        how = {"stride": stride, "padding": pads, "output_padding": output_padding}
        return call(tx, tw, tb, groups=group, dilation=dilation, **how).numpy()

    return box


def max_pool(
    *,
    kernel: Any,
    stride: Any = 1,
    dilation: Any = 1,
    pads: Any = 0,
    mode: str = "constant",
    value: float | None = None,
    ceil: bool = False,
) -> Box:
    def box(x: np.ndarray) -> np.ndarray:
        (tx,) = tensors(x)
        assert tx is not None
        inner = pads if isinstance(pads, int) and mode == "constant" and value is None else 0
        if inner != pads:
            tx = pad(tx, pads, mode, float("-inf") if value is None else value)
        call = _nd("max_pool", tx)
        made = call(tx, kernel, stride, padding=inner, dilation=dilation, ceil_mode=ceil)
        return made.numpy()

    return box


def average_pool(
    *, kernel: Any, stride: Any = 1, pads: int = 0, counted: bool = True, ceil: bool = False
) -> Box:
    """`counted` is True unless told otherwise, as in PyTorch."""

    def box(x: np.ndarray) -> np.ndarray:
        (tx,) = tensors(x)
        assert tx is not None
        call = _nd("avg_pool", tx)
        made = call(tx, kernel, stride, padding=pads, ceil_mode=ceil, count_include_pad=counted)
        return made.numpy()

    return box


def lp_pool(*, p: int = 2, kernel: Any, stride: Any = 1, ceil: bool = False) -> Box:
    def box(x: np.ndarray) -> np.ndarray:
        (tx,) = tensors(np.abs(x))
        assert tx is not None
        return _nd("lp_pool", tx)(tx, float(p), kernel, stride, ceil).numpy()

    return box
