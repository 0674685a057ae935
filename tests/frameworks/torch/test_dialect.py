"""PyTorch's words: what `padding=` can say, and the F.pad line where it cannot."""

from __future__ import annotations

import pytest

from padcheck.frameworks import dialect
from padcheck.geometry import SAME_UPPER, Rounding
from padcheck.records import Lowered, OpSpec
from tests.frameworks.grid import AVERAGE, CONV, LP, MAX, TRANSPOSED, op

CANNOT = "PyTorch's own padding= cannot express these pads"


def lower(spec: OpSpec) -> Lowered:
    return dialect("torch").lower(spec, "torch")


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (
            op(CONV, (224, 224), 7, 2, pads=(3, 3), channels=(3, 64)),
            "nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)",
        ),
        (
            op(CONV, (8, 9), (3, 5), pads=((1, 1), (2, 2)), bias=True),
            "nn.Conv2d(2, 3, (3, 5), padding=(1, 2))",
        ),
        (
            op(CONV, 8, 2, pads=(0, 1), bias=True),
            'nn.Conv1d(2, 3, 2, padding="same")',
        ),
        (
            op(CONV, 8, 3, 1, 2, pads=(2, 2), group=2, channels=(2, 4)),
            "nn.Conv1d(2, 4, 3, padding=2, dilation=2, groups=2, bias=False)",
        ),
        (
            op(MAX, (8, 8), 3, 2, pads=(1, 1), rounding=Rounding.CEIL),
            "nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)",
        ),
        (
            op(AVERAGE, (8, 8), 3, 2, pads=(1, 1)),
            "nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)",
        ),
        (op(AVERAGE, (8, 8), 2, 2), "nn.AvgPool2d(2, stride=2)"),
        (op(LP, (8, 8), 2, 2), "nn.LPPool2d(2, 2, stride=2)"),
        (
            op(TRANSPOSED, (5, 5), 3, 2, pads=(1, 1), output_padding=(1, 1), bias=True),
            "nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1)",
        ),
    ],
)
def test_a_lone_module(spec: OpSpec, code: str) -> None:
    lowered = lower(spec)
    assert lowered.code == (code,)
    assert lowered.notes == ()


def test_pads_of_a_tensorflow_export() -> None:
    lowered = lower(op(CONV, (224, 224), 3, 2, pads=(0, 1), channels=(3, 32)))
    assert lowered.code == (
        "x = F.pad(x, (0, 1, 0, 1))",
        "x = nn.Conv2d(3, 32, 3, stride=2, padding=0, bias=False)(x)",
    )
    assert lowered.notes == (CANNOT,)


def test_f_pad_takes_the_last_axis_first() -> None:
    lowered = lower(op(CONV, (8, 9), 3, 2, pads=((1, 2), (3, 4))))
    assert lowered.code[0] == "x = F.pad(x, (3, 4, 1, 2))"


def test_same_is_worked_out_for_its_size_and_says_so() -> None:
    lowered = lower(op(CONV, (224, 224), 3, 2, pads=SAME_UPPER))
    assert lowered.spec is not None
    assert lowered.spec.resolved_pads == ((0, 1), (0, 1))
    assert lowered.notes[0] == (
        "pads worked out for input size 224x224; PyTorch has no SAME for this op"
    )


def test_an_unread_pad_is_told() -> None:
    """(1, 0) reads what (1, 1) reads at 8 with k3 s2."""
    lowered = lower(op(CONV, (8, 8), 3, 2, pads=(1, 0)))
    assert lowered.code[0] == "x = F.pad(x, (1, 0, 1, 0))"
    assert lowered.notes == (
        CANNOT,
        "at this input size padding=1 computes the same; at others it need not",
    )


def test_a_max_pool_is_padded_with_minus_infinity() -> None:
    lowered = lower(op(MAX, (8, 8), 3, 2, pads=(0, 1)))
    assert lowered.code == (
        'x = F.pad(x, (0, 1, 0, 1), value=float("-inf"))',
        "x = nn.MaxPool2d(3, stride=2, padding=0)(x)",
    )


def test_an_average_leaves_uneven_pads_out_by_a_mask() -> None:
    lowered = lower(op(AVERAGE, (8, 8), 3, 2, pads=(0, 1)))
    assert lowered.code == (
        "mask = F.pad(torch.ones_like(x), (0, 1, 0, 1))",
        "x = F.pad(x, (0, 1, 0, 1))",
        "x = nn.AvgPool2d(3, stride=2, padding=0)(x) / nn.AvgPool2d(3, stride=2, padding=0)(mask)",
    )


def test_a_border_is_cropped_after_it_is_made() -> None:
    lowered = lower(op(CONV, 4, 1, pads=(-1, 1), pad_mode="wrap"))
    assert lowered.code == (
        'x = F.pad(F.pad(x, (0, 1), mode="circular"), (-1, 0))',
        "x = nn.Conv1d(2, 3, 1, padding=0, bias=False)(x)",
    )


def test_an_average_that_reads_past_a_crop_has_a_mask() -> None:
    spec = op(AVERAGE, 6, 3, 2, pads=(0, -2), rounding=Rounding.CEIL, count_include_pad=True)
    assert lower(spec).code == (
        "mask = F.pad(F.pad(torch.ones_like(x), (0, -2), value=1.0), (0, 1))",
        "x = F.pad(x, (0, -1))",
        "x = nn.AvgPool1d(3, stride=2, padding=0)(x) / nn.AvgPool1d(3, stride=2, padding=0)(mask)",
    )


def test_crops_of_tensorflow() -> None:
    lowered = lower(op(TRANSPOSED, (5, 5), 3, 2, pads=(0, 1)))
    assert lowered.code == (
        "x = nn.ConvTranspose2d(2, 3, 3, stride=2, bias=False)(x)",
        "x = x[..., 0:10, 0:10]",
    )
    assert lowered.notes == (
        "PyTorch's own padding= and output_padding= cannot express these crops",
    )


def test_the_overhang_is_told() -> None:
    lowered = lower(op(MAX, (8, 8), 3, 2, pads=(0, 1), rounding=Rounding.CEIL))
    assert "the pads after include the overhang" not in "".join(lowered.notes)
    lowered = lower(op(MAX, (9, 9), 4, 4, pads=(0, 1), rounding=Rounding.CEIL))
    assert lowered.notes[-1] == (
        "the pads after include the overhang of the last window (ceil_mode)"
    )
