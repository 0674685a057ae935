"""The torch networks that `make_fixtures.py` exports: small, seeded by the caller, in eval mode.

With `same=True` a network pads as TensorFlow does: `F.pad` by SAME's amounts, then a VALID op.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own habit)
from torch import Tensor, nn

__all__ = [
    "Causal1d",
    "Conv3d",
    "Decoder",
    "InceptionBlock",
    "MobileNetV2",
    "ResNet",
    "ThreeFaults",
]


def same_total(size: int, kernel: int, stride: int) -> int:
    """max(0, (ceil(size / stride) - 1) * stride + kernel - size), kept symbolic while a size is.

    The numerator stays positive: both exporters of torch 2.13.0 write `//` as ONNX's Div, which
    truncates, so `-(-size // stride)` would come out wrong for odd sizes.
    """
    total = ((size + stride - 1) // stride - 1) * stride + kernel - size
    if isinstance(total, Tensor):  # the legacy exporter traces sizes as tensors
        return torch.clamp(total, min=0)  # type: ignore[return-value]
    return torch.sym_max(total, 0)


class SamePad(nn.Module):
    """Zero-pads height and width as TensorFlow's SAME would; the extra row and column go last."""

    def __init__(self, kernel: int, stride: int, *, static: bool) -> None:
        super().__init__()
        self.kernel, self.stride, self.static = kernel, stride, static

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        if self.static:
            height, width = int(height), int(width)
        rows = same_total(height, self.kernel, self.stride)
        columns = same_total(width, self.kernel, self.stride)
        return F.pad(x, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])


class Pads:
    """How a network pads its strided ops: torch's own `padding=`, or `F.pad` as TensorFlow would.

    Both ways give modules with the same parameter names, so networks can share their weights.
    """

    def __init__(self, *, same: bool, static: bool) -> None:
        self.same, self.static = same, static

    def before(self, kernel: int, stride: int) -> tuple[nn.Module, int]:
        """The module in front of an op, and the op's own `padding=`."""
        if self.same and stride > 1 and kernel > 1:
            return SamePad(kernel, stride, static=self.static), 0
        return nn.Identity(), kernel // 2

    def conv(self, cin: int, cout: int, kernel: int, stride: int, groups: int = 1) -> nn.Sequential:
        """A convolution without bias and its batch norm."""
        pad, padding = self.before(kernel, stride)
        conv = nn.Conv2d(cin, cout, kernel, stride, padding, groups=groups, bias=False)
        return nn.Sequential(pad, conv, nn.BatchNorm2d(cout))

    def max_pool(self) -> nn.Sequential:
        """A 3x3 max pool of stride 2; zeros are safe as its padding because a ReLU comes before."""
        pad, padding = self.before(3, 2)
        return nn.Sequential(pad, nn.MaxPool2d(3, 2, padding))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside an identity or a strided 1x1 shortcut."""

    def __init__(self, cin: int, cout: int, stride: int, pads: Pads) -> None:
        super().__init__()
        self.body = nn.Sequential(
            pads.conv(cin, cout, 3, stride), nn.ReLU(), pads.conv(cout, cout, 3, 1)
        )
        projected = stride != 1 or cin != cout
        self.shortcut = pads.conv(cin, cout, 1, stride) if projected else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(x) + self.shortcut(x))


class ResNet(nn.Module):
    """ResNet-18 in shape, four channels wide: 7x7 stem, 3x3 max pool, four stages of two blocks."""

    def __init__(self, *, same: bool, static: bool, width: int = 4, blocks: int = 2) -> None:
        super().__init__()
        pads = Pads(same=same, static=static)
        stages, cin = [], width
        for stage in range(4):
            cout = width * 2**stage
            stages.append(BasicBlock(cin, cout, 1 if stage == 0 else 2, pads))
            stages += [BasicBlock(cout, cout, 1, pads) for _ in range(blocks - 1)]
            cin = cout
        self.stem = nn.Sequential(pads.conv(3, width, 7, 2), nn.ReLU(), pads.max_pool())
        self.stages = nn.Sequential(*stages)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(cin, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stages(self.stem(x)))


class InvertedResidual(nn.Module):
    """1x1 expansion, 3x3 depthwise, 1x1 projection; ReLU6 after the first two."""

    def __init__(self, cin: int, cout: int, stride: int, expansion: int, pads: Pads) -> None:
        super().__init__()
        hidden = cin * expansion
        expand = [pads.conv(cin, hidden, 1, 1), nn.ReLU6()] if expansion != 1 else []
        depthwise = [pads.conv(hidden, hidden, 3, stride, groups=hidden), nn.ReLU6()]
        self.body = nn.Sequential(*expand, *depthwise, pads.conv(hidden, cout, 1, 1))
        self.residual = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.residual else self.body(x)


class MobileNetV2(nn.Module):
    """MobileNetV2 in shape (stem and four depthwise convolutions of stride 2), thin."""

    # expansion, channels, repeats, stride
    SETTINGS = (
        (1, 4, 1, 1),
        (6, 4, 2, 2),
        (6, 8, 2, 2),
        (6, 8, 2, 2),
        (6, 12, 1, 1),
        (6, 16, 1, 2),
    )

    def __init__(self, *, same: bool, static: bool, width: int = 8) -> None:
        super().__init__()
        pads = Pads(same=same, static=static)
        layers: list[nn.Module] = [pads.conv(3, width, 3, 2), nn.ReLU6()]
        cin = width
        for expansion, cout, repeats, stride in self.SETTINGS:
            for index in range(repeats):
                step = stride if index == 0 else 1
                layers.append(InvertedResidual(cin, cout, step, expansion, pads))
                cin = cout
        self.features = nn.Sequential(*layers, pads.conv(cin, 64, 1, 1), nn.ReLU6())
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def conv_relu(cin: int, cout: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Sequential:
    """A convolution with bias, then ReLU."""
    return nn.Sequential(nn.Conv2d(cin, cout, kernel, stride, padding), nn.ReLU())


class Branches(nn.Module):
    """Runs branches on one input and joins their channels."""

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class InceptionBlock(nn.Module):
    """An Inception block (1x1, 3x3, 5x5, double 3x3, two pools) and two grid reductions."""

    def __init__(self) -> None:
        super().__init__()
        double = nn.Sequential(
            conv_relu(8, 6, 1), conv_relu(6, 8, 3, padding=1), conv_relu(8, 8, 3, padding=1)
        )
        average = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        block = [
            conv_relu(8, 8, 1),
            nn.Sequential(conv_relu(8, 6, 1), conv_relu(6, 8, 3, padding=1)),
            nn.Sequential(conv_relu(8, 4, 1), conv_relu(4, 8, 5, padding=2)),
            double,
            nn.Sequential(average, conv_relu(8, 8, 1)),
            nn.MaxPool2d(3, stride=1, padding=1),
        ]
        self.net = nn.Sequential(
            conv_relu(3, 8, 3, padding=1),
            Branches(block),  # 48 channels
            Branches([conv_relu(48, 8, 3, 2, padding=1), nn.MaxPool2d(3, 2, padding=1)]),  # 56
            Branches([conv_relu(56, 8, 3, 2), nn.MaxPool2d(3, 2)]),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class GatedBlock(nn.Module):
    """WaveNet's residual block: dilated causal convolution, tanh * sigmoid gate, 1x1, sum."""

    def __init__(self, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.pad_before = (kernel - 1) * dilation
        self.conv = nn.Conv1d(channels, 2 * channels, kernel, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.conv(F.pad(x, (self.pad_before, 0))).chunk(2, dim=1)
        return x + self.mix(torch.tanh(value) * torch.sigmoid(gate))


class Causal1d(nn.Module):
    """WaveNet in small: kernel sizes 2 and 3, dilations 1 to 8, padded on the left only."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        blocks = [GatedBlock(channels, 2 + i % 2, 2**i) for i in range(4)]
        self.net = nn.Sequential(nn.Conv1d(1, channels, 1), *blocks, nn.Conv1d(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Conv3d(nn.Module):
    """A video stem: a (1, 3, 3) kernel, cubes of 3 with stride 2, a 3-D max pool."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv3d(1, 4, (1, 3, 3), (1, 2, 2), (0, 1, 1)),
            nn.ReLU(),
            nn.Conv3d(4, 8, 3, 2, 1),
            nn.ReLU(),
            nn.MaxPool3d(3, 2, 1),
            nn.Conv3d(8, 8, 3, 1, 1),
            nn.Conv3d(8, 4, (3, 1, 1), 1, (1, 0, 0)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Decoder(nn.Module):
    """Doubles its size three times, each time with another transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.ConvTranspose2d(16, 12, 3, 2, 1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(12, 8, 4, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 4, 2, 2),
            nn.ReLU(),
            nn.Conv2d(4, 3, 3, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class ThreeFaults(nn.Module):
    """A max pool that reads and gives negative numbers, a strided convolution, another with bias.

    The first bias is low, so that whole windows at the border are negative: zeros would show.
    """

    def __init__(self) -> None:
        super().__init__()
        first = nn.Conv2d(3, 8, 3, padding=1)
        nn.init.constant_(first.bias, -1.0)
        self.net = nn.Sequential(
            first,
            nn.MaxPool2d(3, 2, 1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(8, 12, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(12, 6, 3, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(6, 4, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)
