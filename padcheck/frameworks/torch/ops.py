"""The convolution of PyTorch as a thin call on channels-first tensors, for sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.frameworks.loading import import_framework

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

__all__ = ["conv", "tensor"]


def tensor(array: Any) -> Tensor:
    """A float32 tensor with the array's numbers."""
    made: Tensor = import_framework("torch", extra="torch").from_numpy(array)
    return made


def conv(rank: int) -> Callable[..., Tensor]:
    """`run(x, weight, stride, dilation, pads)` for 1 to 3 spatial axes.

    x (N, I, *spatial), weight (O, I/group, *k), `pads` (before, after) per axis. Pads that
    `padding=` cannot express go through F.pad.
    """
    torch = import_framework("torch", extra="torch")
    pad = torch.nn.functional.pad
    kernel: Callable[..., Tensor] = (torch.conv1d, torch.conv2d, torch.conv3d)[rank - 1]

    def run(
        x: Tensor,
        weight: Tensor,
        stride: Sequence[int],
        dilation: Sequence[int],
        pads: Sequence[tuple[int, int]],
    ) -> Tensor:
        alike = [before for before, after in pads if before == after >= 0]
        if len(alike) == rank:
            return kernel(x, weight, None, stride, alike, dilation)
        x = pad(x, [number for pair in reversed(pads) for number in pair])
        return kernel(x, weight, None, stride, 0, dilation)

    return run
