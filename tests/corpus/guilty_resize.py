"""PAD907: resizing by another rule; and what is innocent of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.corpus import resizing
from tests.corpus.cases import RANKS, Box, Case

_RULES = ("half_pixel", "align_corners", "asymmetric")
_SCALES = (((5, 6, 7), (8, 11, 9)), ((9, 8, 7), (5, 5, 4)))


def cases() -> list[Case]:
    return [case for rank in RANKS for case in (*_coordinates(rank), *_modes(rank), *_real(rank))]


def innocents() -> list[Case]:
    return [case for rank in RANKS for case in _innocent(rank)]


def _given(rank: int, scale: int, mode: str, coordinates: str) -> dict[str, Any]:
    before, after = _SCALES[scale]
    sizes = {"input_size": before[:rank], "output_size": after[:rank]}
    return {**sizes, "mode": mode, "coordinates": coordinates}


def _case(title: str, given: dict[str, Any], box: Box) -> Case:
    return Case(("PAD907",), "resize", title, given, box)


def _coordinates(rank: int) -> Iterator[Case]:
    for scale, way in enumerate(("larger", "smaller")):
        for wanted in _RULES:
            for taken in _RULES:
                if wanted != taken:
                    given = _given(rank, scale, "linear", wanted)
                    box = resizing.own(given["output_size"], "linear", taken)
                    yield _case(f"{way} {taken} for {wanted}", given, box)
    given = {"input_size": (5, 6, 7)[:rank], "output_size": (1,) * rank}
    box = resizing.own((1,) * rank, "linear", "pytorch_half_pixel")
    yield _case("one output of pytorch_half_pixel", given, box)


def _modes(rank: int) -> Iterator[Case]:
    for wanted, taken in (
        (("nearest_up", "half_pixel"), ("nearest_floor", "asymmetric")),
        (("linear", "half_pixel"), ("nearest_floor", "asymmetric")),
        (("nearest", "half_pixel"), ("nearest", "align_corners")),
    ):
        given = _given(rank, 0, *wanted)
        box = resizing.own(given["output_size"], *taken)
        yield _case(f"{' '.join(taken)} for {' '.join(wanted)}", given, box)


def _real(rank: int) -> Iterator[Case]:
    given = _given(rank, 0, "linear", "half_pixel")
    sizes = given["output_size"]
    corners = resizing.by_torch(sizes, "linear", align_corners=True)
    yield _case("torch align_corners", given, corners)
    given = _given(rank, 0, "linear", "align_corners")
    centres = resizing.by_torch(sizes, "linear", align_corners=False)
    yield _case("torch without align_corners", given, centres)
    given = _given(rank, 0, "nearest_up", "half_pixel")
    yield _case("torch nearest for nearest-exact", given, resizing.by_torch(sizes, "nearest"))
    if rank == 2:
        given = _given(2, 0, "linear", "half_pixel")
        old = resizing.by_old_tensorflow(sizes)
        yield _case("TensorFlow 1 without half_pixel_centers", given, old)
        old = resizing.by_old_tensorflow(sizes, align_corners=True)
        yield _case("TensorFlow 1 align_corners", given, old)
        given = _given(2, 0, "linear", "align_corners")
        yield _case("tf.image.resize", given, resizing.by_tensorflow(sizes, "bilinear"))
        given = _given(2, 0, "nearest_floor", "asymmetric")
        yield _case("tf.image.resize nearest", given, resizing.by_tensorflow(sizes, "nearest"))


def _innocent(rank: int) -> Iterator[Case]:
    for scale, way in enumerate(("larger", "smaller")):
        given = _given(rank, scale, "linear", "half_pixel")
        sizes = given["output_size"]
        boxes = {
            "torch linear": resizing.by_torch(sizes, "linear", align_corners=False),
            "numpy interp": resizing.own(sizes, "linear", "half_pixel"),
        }
        if rank == 2:
            boxes["tf.image.resize"] = resizing.by_tensorflow(sizes, "bilinear")
            boxes["TensorFlow 1"] = resizing.by_old_tensorflow(sizes, half_pixel_centers=True)
        for title, box in boxes.items():
            yield Case((), "resize", f"{way} {title}", given, box)
        given = _given(rank, scale, "linear", "align_corners")
        box = resizing.by_torch(sizes, "linear", align_corners=True)
        yield Case((), "resize", f"{way} torch align_corners", given, box)
        given = _given(rank, scale, "nearest_floor", "asymmetric")
        yield Case((), "resize", f"{way} torch nearest", given, resizing.by_torch(sizes, "nearest"))
        given = _given(rank, scale, "nearest_up", "half_pixel")
        exact = resizing.by_torch(sizes, "nearest-exact")
        yield Case((), "resize", f"{way} torch nearest-exact", given, exact)
    doubled = {"input_size": (4, 5, 6)[:rank], "output_size": (8, 10, 12)[:rank]}
    given = {**doubled, "mode": "nearest_up"}
    twice = resizing.by_torch(doubled["output_size"], "nearest")
    yield Case((), "resize", "any nearest agrees at twice the size", given, twice)
