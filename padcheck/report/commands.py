"""The shortest shell command that shows what a report found."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from padcheck.records import MISMATCH, UNVERIFIED, OpReport, Report

__all__ = ["shortest_command"]

#: Causes that follow from the resolved pads alone, whatever rule they came from.
_BY_PADS = {"PAD101", "PAD103", "PAD110"}
#: `padcheck conv` takes no more axes.
_MOST_AXES = 3


def shortest_command(
    report: Report,
    *,
    source: Any,
    target: Any = None,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    via: str | None = None,
    change_ordering: bool = False,
    static: bool = False,
    trust: bool = False,
) -> str | None:
    """`padcheck compare model.onnx model.tflite`, ready for a shell; None where there is none.

    The arguments are those that the report was made with. There is no command for a model in
    memory, nor for a callable; a convolution that pads zeros and was found wrong under SAME needs
    no model: `padcheck conv --input 224x224 --kernel 7 --stride 2 --padding 3`.
    """
    words: list[str] | None = None
    if report.command == "compare":
        sides = _sides(source, target, via, change_ordering)
        more = [*_shapes(input_shapes), *(["--trust"] if trust else [])]
        words = None if sides is None else ["compare", *sides, *more]
    elif report.command == "conv":
        words = _conv(report, static)
    elif report.command == "diagnose" and (path := _path(source)) is not None:
        more = [*_shapes(input_shapes), *(["--static"] if static else [])]
        words = _conv(report, static) or ["diagnose", path, *more]
    return None if words is None else shlex.join(["padcheck", *words])


def _path(model: Any) -> str | None:
    """A model's path as an argument; None for an object, or a path that has no line of its own."""
    if not isinstance(model, (str, os.PathLike)):
        return None
    path = os.fspath(model)
    if not isinstance(path, str) or not path.isprintable():
        return None
    return os.path.join(".", path) if path.startswith("-") else path


def _sides(source: Any, target: Any, via: str | None, change_ordering: bool) -> list[str] | None:
    paths = [_path(source)] + ([_path(target)] if via is None else [])
    known = [path for path in paths if path is not None]
    if len(known) < len(paths):
        return None
    converted = [] if via is None else ["--via", via]
    return [*known, *converted, *(["--change-ordering"] if via and change_ordering else [])]


def _shapes(shapes: Mapping[str, Sequence[int]] | None) -> Iterator[str]:
    for name, shape in (shapes or {}).items():
        yield from ("--input-shape", f"{name}={','.join(map(str, shape))}")


def _conv(report: Report, static: bool) -> list[str] | None:
    """`conv` of the one op that mismatches, if its geometry says it all."""
    if any(op.verdict == UNVERIFIED for op in report.ops):
        return None
    guilty = [op for op in report.ops if op.verdict == MISMATCH]
    if len(guilty) != 1 or not _is_plain(guilty[0]):
        return None
    (op,) = guilty
    words = ["conv", "--input", _sized(op.input_size), "--kernel", _short(op.kernel_size)]
    for option, numbers in (("--stride", op.stride), ("--dilation", op.dilation)):
        words += [option, _short(numbers)] if set(numbers or ()) != {1} else []
    words += _padding(op)
    words += ["--groups", str(op.group)] if op.group != 1 else []
    return [*words, *(["--static"] if static else [])]


def _is_plain(op: OpReport) -> bool:
    """Whether it is a convolution of known sizes whose causes follow from its pads.

    A fill other than 0 has a cause of its own, so that zeros need no looking at.
    """
    sizes = (op.input_size, op.kernel_size, op.stride, op.dilation, op.pad_before, op.pad_after)
    return (
        op.op_type == "Conv"
        and all(numbers is not None and None not in numbers for numbers in sizes)
        and len(op.input_size or ()) <= _MOST_AXES
        and bool(op.findings)
        and _BY_PADS.issuperset(op.findings)
        and not any("PAD998" in one.findings for one in op.lowerings.values())
    )


def _padding(op: OpReport) -> list[str]:
    """N, one per axis, or before and after per axis; [] where nothing is padded."""
    befores, afters = op.pad_before or (), op.pad_after or ()
    if befores == afters:
        return ["--padding", _short(befores, ",")] if any(befores) else []
    pairs = zip(befores, afters, strict=True)
    return ["--padding", ",".join(f"{before},{after}" for before, after in pairs)]


def _sized(numbers: Sequence[int | None] | None) -> str:
    return "x".join(map(str, numbers or ()))


def _short(numbers: Sequence[int | None] | None, sign: str = "x") -> str:
    """`3` where all axes agree, else `3x5`."""
    given = tuple(numbers or ())
    return sign.join(map(str, given[:1] if len(set(given)) == 1 else given))
