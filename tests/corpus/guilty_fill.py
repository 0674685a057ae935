"""PAD201 to PAD204 and PAD301: what padding holds and counts for, and the last window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.corpus import engine, tensorflow_boxes, torch_boxes
from tests.corpus.cases import POOLS, RANKS, WINDOWED, Case, numpy_box, windowed

_MODES = ("edge", "reflect", "symmetric", "wrap")
_TORCH_MODES = {"edge": "replicate", "reflect": "reflect", "wrap": "circular"}


def cases() -> list[Case]:
    made: list[Case] = []
    for rank in RANKS:
        made += [*_zero_filled(rank), *_filled(rank), *_bordered(rank), *_counted(rank)]
        made += [*_swapped(rank), *_partial(rank)]
    return made


def _zero_filled(rank: int) -> Iterator[Case]:
    """PAD201."""
    for k, s, pads, rule in ((3, 1, 1, 1), (3, 2, 1, 1), (3, 2, "same_upper", engine.same)):
        given = windowed("max_pool", rank, 8, k, s, 1, pads)
        box = numpy_box("max_pool", k, s, 1, rule, fill=0.0)
        yield Case(("PAD201",), "max_pool", f"zeros s{s} {pads}", given, box)
    given = windowed("max_pool", rank, 8, 3, 2, 1, 1)
    padded = torch_boxes.max_pool(kernel=3, stride=2, pads=1, value=0.0)
    yield Case(("PAD201",), "max_pool", "F.pad then a pool", given, padded)
    padded = tensorflow_boxes.max_pool(kernel=3, stride=2, pads=1, fill=0.0)
    yield Case(("PAD201",), "max_pool", "tf.pad then VALID", given, padded)


def _filled(rank: int) -> Iterator[Case]:
    """PAD202: constants."""
    for kind in WINDOWED:
        given = windowed(kind, rank, 7, 3, 1, 1, 1)
        if kind == "average_pool":
            given["count_include_pad"] = True
        counted = {"counted": True} if kind == "average_pool" else {}
        for value in (5.0, 128.0, -3.0):
            box = numpy_box(kind, 3, 1, 1, 1, fill=value, **counted)
            yield Case(("PAD202",), kind, f"holds {value:g}", given, box)
    for value in (-7.0, 0.5, -2.1179):
        given = windowed("conv", rank, 8, 3, 2, 1, 1)
        yield Case(
            ("PAD202",),
            "conv",
            f"F.pad with {value:g}",
            given,
            torch_boxes.conv(pads=1, stride=2, value=value),
        )
    given = windowed("max_pool", rank, 7, 3, 1, 1, 1)
    yield Case(
        ("PAD202",),
        "max_pool",
        "tf.pad with a positive constant",
        given,
        tensorflow_boxes.max_pool(kernel=3, pads=1, fill=4.0),
    )


def _bordered(rank: int) -> Iterator[Case]:
    """PAD202: a border mode for a constant, and the reverse."""
    for kind in ("conv", "average_pool", "lp_pool"):
        given = windowed(kind, rank, 7, 5, 1, 1, 2)
        for mode in _MODES:
            box = numpy_box(kind, 5, 1, 1, 2, mode=mode)
            yield Case(("PAD202",), kind, f"{mode} for zeros", given, box)
        given = {**given, "pad_mode": "reflect"}
        zeros = numpy_box(kind, 5, 1, 1, 2)
        yield Case(("PAD202",), kind, "zeros for reflect", given, zeros)
        if kind == "average_pool":
            zeros = numpy_box(kind, 5, 1, 1, 2, counted=True)
            yield Case(("PAD202",), kind, "counted zeros for reflect", given, zeros)
    given = windowed("max_pool", rank, 7, 5, 1, 1, 2)
    yield Case(
        ("PAD202",),
        "max_pool",
        "wrap for -inf",
        given,
        numpy_box("max_pool", 5, 1, 1, 2, mode="wrap"),
    )
    for mode in ("replicate", "reflect", "circular"):
        given = windowed("conv", rank, 8, 3, 2, 1, 1)
        box = torch_boxes.conv(pads=1, stride=2, mode=mode)
        yield Case(("PAD202",), "conv", f"F.pad {mode}", given, box)


def _counted(rank: int) -> Iterator[Case]:
    """PAD203."""
    for n, k, s, pads in ((6, 3, 1, 1), (9, 3, 2, 1), (8, 3, 2, "same_upper")):
        given = windowed("average_pool", rank, n, k, s, 1, pads)
        rule = engine.same if pads == "same_upper" else pads
        own = numpy_box("average_pool", k, s, 1, rule, counted=True)
        yield Case(("PAD203",), "average_pool", f"counted {n} s{s}", given, own)
        given = {**given, "count_include_pad": True}
        own = numpy_box("average_pool", k, s, 1, rule)
        yield Case(("PAD203",), "average_pool", f"left out {n} s{s}", given, own)
    given = windowed("average_pool", rank, 8, 3, 2, 1, 1)
    pool = torch_boxes.average_pool(kernel=3, stride=2, pads=1)
    yield Case(("PAD203",), "average_pool", "torch counts unless told", given, pool)
    pool = tensorflow_boxes.average_pool(kernel=3, stride=2, pads=1)
    yield Case(("PAD203",), "average_pool", "tf.pad then VALID", given, pool)
    given = windowed("average_pool", rank, 8, 3, 2, 1, "same_upper")
    given["count_include_pad"] = True
    pool = tensorflow_boxes.average_pool(kernel=3, stride=2)
    yield Case(("PAD203",), "average_pool", "TF SAME leaves pads out", given, pool)
    for n, k, s, pads in ((6, 3, 2, 0), (9, 7, 3, 3)):
        for counted in (False, True):
            given = windowed("average_pool", rank, n, k, s, 1, pads)
            given |= {"ceil_mode": True, "count_include_pad": counted}
            own = numpy_box("average_pool", k, s, 1, pads, ceil=True, whole=True)
            title = f"overhang counted k{k} {'with' if counted else 'without'} pads"
            yield Case(("PAD203",), "average_pool", title, given, own)


def _swapped(rank: int) -> Iterator[Case]:
    """PAD204: every mode for every other, wide enough to tell them apart."""
    for kind in WINDOWED:
        for wanted in _MODES:
            given = {**windowed(kind, rank, 6, 5, 1, 1, 2), "pad_mode": wanted}
            for mode in _MODES:
                hidden = kind == "max_pool" and mode != "wrap"  # the window holds what was copied
                if mode == wanted or hidden:
                    continue
                box = numpy_box(kind, 5, 1, 1, 2, mode=mode)
                yield Case(("PAD204",), kind, f"{mode} for {wanted}", given, box)
    for wanted in _TORCH_MODES:
        for mode in _TORCH_MODES.values():
            if mode != _TORCH_MODES[wanted]:
                given = {**windowed("conv", rank, 8, 5, 2, 1, 2), "pad_mode": wanted}
                box = torch_boxes.conv(pads=2, stride=2, mode=mode)
                yield Case(("PAD204",), "conv", f"F.pad {mode} for {wanted}", given, box)


def _partial(rank: int) -> Iterator[Case]:
    """PAD301."""
    for kind in WINDOWED:
        given = windowed(kind, rank, 7, 3, 3, 1, 0)
        up = numpy_box(kind, 3, 3, 1, 0, ceil=True)
        yield Case(("PAD301",), kind, "rounded up", given, up)
    for kind in POOLS:
        given = windowed(kind, rank, 6, 3, 2, 1, 0) | {"ceil_mode": True}
        yield Case(("PAD301",), kind, "rounded down", given, numpy_box(kind, 3, 2, 1, 0))
        given = windowed(kind, rank, 5, 2, 2, 1, 1) | {"ceil_mode": True}
        kept: Any = numpy_box(kind, 2, 2, 1, 1, ceil=True, keep=True)
        yield Case(("PAD301",), kind, "empty window kept", given, kept)
    for kind, real in (
        ("max_pool", partial(torch_boxes.max_pool, kernel=3, stride=2)),
        ("average_pool", partial(torch_boxes.average_pool, kernel=3, stride=2)),
        ("lp_pool", partial(torch_boxes.lp_pool, kernel=3, stride=2)),
    ):
        given = windowed(kind, rank, 8, 3, 2, 1, 0)
        if kind != "lp_pool":  # torch's own Lp pool weighs a partial window too much
            yield Case(("PAD301",), kind, "torch rounds up", given, real(ceil=True))
        given = given | {"ceil_mode": True}
        yield Case(("PAD301",), kind, "torch rounds down", given, real(ceil=False))
