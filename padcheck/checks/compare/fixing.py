"""`--fix`: the target with its guilty ops repaired, compared again, and only then written.

1. A Keras model gets ZeroPadding (or pads of -inf) and VALID in place of SAME, and lost biases; an
   ONNX model gets explicit pads, and the source's numbers where its own differ.
2. The repaired model is compared with the source; it is written if nothing is left, and not
   otherwise.
3. Other formats cannot be rewritten: what to change is in the findings' help.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from padcheck.checks.compare.aligning import in_terms_of
from padcheck.checks.compare.assembling import Judged
from padcheck.checks.compare.carried import carried
from padcheck.checks.compare.comparing import Comparison
from padcheck.checks.compare.opening import open_model
from padcheck.checks.compare.own import own_change
from padcheck.errors import FrameworkError, UsageError
from padcheck.geometry import Rounding
from padcheck.records import MISMATCH, Change, OpKind, OpSpec, Report

__all__ = ["check_fix", "fixed"]

_KERAS = ("keras", "h5")
#: What an ending means for the file that is written.
_ENDINGS = {".keras": _KERAS, ".onnx": ("onnx",)}


def check_fix(path: str | os.PathLike[str], target_format: str, source: str | None = None) -> None:
    """Raises UsageError for a file that the repaired target cannot be written to.

    `source`: the path of the source, which is not to be written over.
    """
    if target_format not in (*_KERAS, "onnx"):
        raise UsageError(
            f"--fix: a {target_format} target cannot be rewritten; without --fix the report says "
            "what to change in the model that it is converted from"
        )
    suffix = Path(path).suffix.lower()
    if target_format not in _ENDINGS.get(suffix, ()):
        wanted = "onnx" if target_format == "onnx" else "keras"
        raise UsageError(f"--fix: expected a file that ends with .{wanted} but got {path}")
    if not Path(path).resolve().parent.is_dir():
        raise UsageError(f"--fix: no such folder: {Path(path).resolve().parent}")
    if Path(path).is_dir():
        raise UsageError(f"--fix: expected a file but {path} is a folder")
    if source is not None and Path(path).exists() and os.path.samefile(path, source):
        raise UsageError(f"--fix: {path} is the source, which is not written over")


def fixed(
    comparison: Comparison,
    report: Report,
    path: str | os.PathLike[str],
    *,
    model: Any = None,
    trust: bool = False,
) -> Report:
    """The report, with the file that was written, or with a note on why none was.

    `model` is the target as it was given: a path or an object.
    """
    guilty = [row for row in comparison.rows if row.verdict == MISMATCH]
    if not guilty:
        if report.verdict == MISMATCH:
            return _noted(
                report, "not repaired: no layer is known to be wrong; nothing was written"
            )
        return _noted(report, "nothing to repair, so nothing was written")
    try:
        if comparison.target.ref.format == "onnx":
            network: Any = _onnx(comparison, guilty)
            save = network.save
        else:
            repaired = _keras(comparison, guilty, model, trust)
            network = open_model(repaired, trust=trust)
            save = _keras_saver(repaired)
        again = comparison.again(network).report()
        if not again.ok:
            left = [op.name for op in again.ops if op.verdict == MISMATCH]
            told = f"{', '.join(left[:4])} would still differ" if left else f"still {again.verdict}"
            return _noted(report, f"not repaired: {told}; nothing was written")
        save(path)
    except FrameworkError as error:
        return _noted(report, f"not repaired: {error}; nothing was written")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    done = _noted(report, "the repaired target was compared again and is equivalent")
    return dataclasses.replace(done, fixed=str(path))


def _noted(report: Report, note: str) -> Report:
    return dataclasses.replace(report, notes=(*report.notes, note))


def _onnx(comparison: Comparison, guilty: list[Judged]) -> Any:
    """The target with the source's windows, and its numbers where they differ."""
    source, target = comparison.source, comparison.target
    changes: dict[int, Change] = {}
    for row in guilty:
        spec = source.sites[row.pair.sources[0]].spec
        theirs = None
        if row.numbers:
            theirs = carried(
                [target.sites[index] for index in row.pair.targets],
                [source.sites[index] for index in row.pair.sources],
                [place for place in (source.places[i] for i in row.pair.sources) if place],
            )
        for position, index in enumerate(row.pair.targets):
            change = own_change(target, index)
            name = target.sites[index].name
            if change is None or spec is None or (row.numbers and theirs is None):
                raise FrameworkError(f"{name}: its numbers cannot be rewritten")
            if row.windows.verdict == MISMATCH:
                if spec.rank != change.spec.rank:
                    raise FrameworkError(f"{name}: has {change.spec.rank} axes, not {spec.rank}")
                change = dataclasses.replace(change, spec=in_terms_of(spec, change.spec))
            if theirs is not None:
                place = source.places[row.pair.sources[0]]
                change = dataclasses.replace(
                    change,
                    weight=theirs[position].weight,
                    offset=theirs[position].offset,
                    clip=change.clip if place is None else place.epilogue.clip,
                )
            changes[index] = change
    return target.altered(changes)


def _keras(comparison: Comparison, guilty: list[Judged], model: Any, trust: bool) -> Any:
    from padcheck.frameworks.keras.repair import Repair, repair

    fixes = {}
    for row in guilty:
        name = comparison.target.sites[row.pair.targets[0]].name
        spec = comparison.source.sites[row.pair.sources[0]].spec
        if spec is None or len(row.pair.targets) != 1 or len(row.pair.sources) != 1:
            raise FrameworkError(f"{name}: stands for an op that is split")
        pads = None
        if row.windows.verdict == MISMATCH:
            pads = _pads(row.windows.source or spec, row.windows.target, name)
        fixes[name] = Repair(
            pads=pads,
            fill=spec.pad_value,
            counted=spec.count_include_pad,
            bias=_bias(comparison, row) if row.numbers else None,
        )
    if isinstance(model, (str, os.PathLike)):
        from padcheck.frameworks.tensorflow.network import load_keras_model

        model = load_keras_model(model, trust=trust)
    try:
        return repair(model, fixes)
    except UsageError as error:  # an op of a Lambda or the like
        raise FrameworkError(f"{', '.join(fixes)}: no layers of their own ({error})") from error


def _pads(source: OpSpec, target: OpSpec | None, name: str) -> tuple[tuple[int, int], ...]:
    """What a VALID op is to be padded with to compute `source`.

    Pads alone do not change a stride or a dilation, nor what an average is divided by in a last
    window that is not whole. Raises FrameworkError for these.
    """
    for word in ("kernel_size", "stride", "dilation"):
        there = None if target is None else getattr(target, word)
        if there != getattr(source, word):
            told = "unknown" if there is None else "x".join(map(str, there))
            raise FrameworkError(f"{name}: its {word} is {told}, and only pads are repaired")
    if source.kind is OpKind.CONV_TRANSPOSE or source.rounding is Rounding.FLOOR:
        return source.resolved_pads
    if source.kind is OpKind.AVERAGE_POOL:
        raise FrameworkError(f"{name}: an average over a last window that is not whole")
    sized = zip(
        source.input_size, source.output_size, source.windows, source.resolved_pads, strict=True
    )
    return tuple(
        (before, max(after, (outputs - 1) * window.stride + window.effective_kernel - n - before))
        for n, outputs, window, (before, after) in sized
    )


def _bias(comparison: Comparison, row: Judged) -> Any:
    """The layer's bias for the source's offset; raises FrameworkError for other numbers."""
    name = comparison.target.sites[row.pair.targets[0]].name
    if any(finding.code != "PAD904" for finding in row.numbers):
        raise FrameworkError(f"{name}: its numbers differ in more than a bias")
    pair = row.pair
    sides: list[Any] = []
    for network, index in (
        (comparison.source, pair.sources[0]),
        (comparison.target, pair.targets[0]),
    ):
        site, place = network.sites[index], network.places[index]
        numbers = None if place is None else carried((site,), (site,), (place,))
        if place is None or place.values is None or numbers is None:
            raise FrameworkError(f"{name}: its numbers are not known")
        sides.append((numbers[0].offset, place.values().scale))
    (wanted, _), (there, scale) = sides
    return (wanted - there) / (1.0 if scale is None else scale)


def _keras_saver(model: Any) -> Any:
    def save(path: str | os.PathLike[str]) -> None:
        from padcheck.frameworks.keras.repair import save as write

        write(model, path)

    return save
