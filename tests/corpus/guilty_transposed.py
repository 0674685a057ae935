"""PAD401, PAD402, and what PAD104, PAD109, PAD902 to PAD908 make of transposed convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.corpus import engine, tensorflow_boxes, torch_boxes
from tests.corpus.cases import RANKS, Box, Case, sizes

_KIND = "conv_transpose"


def cases() -> list[Case]:
    made: list[Case] = []
    for rank in RANKS:
        made += [*_sides(rank), *_padded_input(rank), *_sizes(rank), *_pads(rank)]
    return made


def _given(rank: int, n: int, k: int, s: int, **more: Any) -> dict[str, Any]:
    return {"input_size": sizes(rank, n), "kernel_size": k, "stride": s, **more}


def cropped(rule: Any, s: int, d: int = 1, group: int = 1) -> Box:
    return lambda x, w, b=None: engine.conv_transpose(
        x, w, b, stride=s, dilation=d, crops=rule, group=group
    )


def _sides(rank: int) -> Iterator[Case]:
    """PAD401: the same size, cropped elsewhere."""

    def case(title: str, given: dict[str, Any], box: Box) -> Case:
        return Case(("PAD401",), _KIND, title, given, box)

    torch_like = _given(rank, 5, 3, 2, pads=1, output_padding=1)
    yield case("torch read as SAME", torch_like, cropped(engine.same_crops, 2))
    yield case("torch read as TF SAME", torch_like, tensorflow_boxes.conv_transpose(stride=2))
    wide = _given(rank, 4, 5, 2, pads=2, output_padding=1)
    yield case("wide torch read as TF SAME", wide, tensorflow_boxes.conv_transpose(stride=2))
    same = _given(rank, 5, 3, 2, pads="same_upper")
    yield case(
        "TF SAME read as torch",
        same,
        torch_boxes.conv_transpose(pads=1, stride=2, output_padding=1),
    )
    pairs = ((0, 1),) * rank
    yield case("pair swapped", _given(rank, 5, 3, 2, pads=pairs), cropped((1, 0), 2))
    lower = _given(rank, 5, 3, 2, pads="same_lower")
    yield case("lower read as TF SAME", lower, tensorflow_boxes.conv_transpose(stride=2))
    pairs = ((0, 2),) * rank
    yield case("all off the start", _given(rank, 4, 4, 2, pads=pairs), cropped((2, 0), 2))
    yield case("halved", _given(rank, 4, 4, 2, pads=pairs), cropped(1, 2))
    yield case("SAME off the end only", _given(rank, 4, 4, 2, pads=1), cropped((0, 2), 2))


def _padded_input(rank: int) -> Iterator[Case]:
    """PAD401: padding put around the input, as a convolution has it, not cropped off."""

    def box(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
        around = [(0, 0), (0, 0)] + [(1, 1)] * (x.ndim - 2)
        return torch_boxes.conv_transpose(stride=2)(np.pad(x, around), w, b)

    given = _given(rank, 4, 3, 2, pads=1)
    yield Case(("PAD401",), _KIND, "padded at the input", given, box)


def _sizes(rank: int) -> Iterator[Case]:
    """PAD402."""

    def case(title: str, given: dict[str, Any], box: Box) -> Case:
        return Case(("PAD402",), _KIND, title, given, box)

    plain = torch_boxes.conv_transpose(pads=1, stride=2)
    yield case("output_padding lost", _given(rank, 5, 3, 2, pads=1, output_padding=1), plain)
    bare = torch_boxes.conv_transpose(stride=2)
    yield case("only output_padding lost", _given(rank, 5, 3, 2, output_padding=1), bare)
    more = torch_boxes.conv_transpose(pads=1, stride=3, output_padding=1)
    given = _given(rank, 4, 3, 3, pads=1, output_padding=2)
    yield case("output_padding clamped", given, more)
    whole = tuple(2 * n for n in sizes(rank, 5))
    yield case("output_shape lost", _given(rank, 5, 3, 2, output_shape=whole), cropped(0, 2))
    given = _given(rank, 5, 3, 2, pads=1)
    yield case("TF SAME", given, tensorflow_boxes.conv_transpose(stride=2))
    yield case("SAME", given, cropped(engine.same_crops, 2))
    given = _given(rank, 5, 4, 2, pads=0)
    yield case("uncropped read as TF SAME", given, tensorflow_boxes.conv_transpose(stride=2))
    given = _given(rank, 5, 3, 2, pads="same_upper")
    yield case("SAME without output_padding", given, plain)
    given = _given(rank, 4, 2, 3, pads="same_upper")
    yield case("SAME too short for k below s", given, torch_boxes.conv_transpose(stride=3))


def _pads(rank: int) -> Iterator[Case]:
    """PAD104 and PAD109."""
    given = _given(rank, 5, 3, 2, pads=1)
    yield Case(("PAD104",), _KIND, "crops lost", given, torch_boxes.conv_transpose(stride=2))
    given = _given(rank, 5, 4, 2, pads=1)
    yield Case(("PAD104",), _KIND, "even crops lost", given, cropped(0, 2))
    orders: dict[int, list[tuple[str, list[tuple[int, int]], list[tuple[int, int]]]]] = {
        1: [],
        2: [
            ("axes exchanged", [(0, 0), (1, 1)], [(1, 1), (0, 0)]),
            ("begins and ends read as pairs", [(0, 1), (2, 2)], [(0, 2), (1, 2)]),
        ],
        3: [("axes reversed", [(0, 0), (1, 1), (2, 2)], [(2, 2), (1, 1), (0, 0)])],
    }
    for title, right, wrong in orders[rank]:
        given = _given(rank, 4, 5, 2, pads=tuple(right))
        yield Case(("PAD109",), _KIND, title, given, cropped(wrong, 2))
