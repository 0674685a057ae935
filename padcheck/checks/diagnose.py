"""`diagnose`: what would break if this model were converted naively, where, and at which sizes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from padcheck import __version__
from padcheck.checks.assemble import NATURAL, assemble, wants_same
from padcheck.checks.cases import residue_cases
from padcheck.checks.experiment import DIAGNOSED
from padcheck.checks.judging import Judge
from padcheck.checks.lab import Lab
from padcheck.errors import UsageError
from padcheck.frameworks.onnx.reader import read_model
from padcheck.records import Finding, OpReport, Report, Site

if TYPE_CHECKING:
    import onnx
    import torch

    Model: TypeAlias = str | os.PathLike[str] | onnx.ModelProto | torch.nn.Module

__all__ = ["diagnose"]

#: Called with the number of ops judged so far and the number of all ops.
Progress = Callable[[int, int], None]


def diagnose(
    model: Model,
    example_inputs: Sequence[Any] | None = None,
    *,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    static: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Judges every windowed op of a model under PyTorch, Keras SAME and ZeroPadding + VALID.

    `model` is the path of an ONNX file, an `onnx.ModelProto`, or a `torch.nn.Module` with
    `example_inputs`, a tuple of tensors. `input_shapes` maps a graph input to its full shape,
    batch and channels included. `static` predicts only, and needs no framework.

    Raises ModelError for a model that cannot be read, UsageError for arguments that do not fit
    it, and MissingFramework unless `static`.
    """
    if static:
        read = read_model(_as_onnx(model, example_inputs), input_shapes=input_shapes)
        return _report(read, Judge(), {}, progress)
    with Lab(DIAGNOSED) as lab:
        read = read_model(_as_onnx(model, example_inputs), input_shapes=input_shapes)
        judge = Judge(lab)
        for site in read.sites:
            _prepare(site, judge)
        return _report(read, judge, lab, progress)


def _as_onnx(model: Any, example_inputs: Sequence[Any] | None) -> Any:
    """The model as `read_model` takes it; a torch module is exported in memory."""
    if isinstance(model, (str, os.PathLike)) or type(model).__name__ == "ModelProto":
        if example_inputs is not None:
            raise UsageError("expected example_inputs only with a torch.nn.Module")
        return model
    if not any(kind.__module__ == "torch.nn.modules.module" for kind in type(model).__mro__):
        raise UsageError(
            "expected a path, an onnx.ModelProto or a torch.nn.Module but got "
            f"model of type {type(model).__name__}"
        )
    if example_inputs is None:
        raise UsageError("expected example_inputs, a tuple of tensors, with a torch.nn.Module")
    from padcheck.frameworks.torch.export import export_module

    return export_module(model, tuple(example_inputs))


def _lowerings(site: Site) -> list[str]:
    """All of them, but SAME only for an op that reads padding."""
    return [name for name in DIAGNOSED if name != NATURAL or wants_same(site)]


def _prepare(site: Site, judge: Judge) -> None:
    if site.spec is None:
        return
    for lowering in _lowerings(site):
        for case in residue_cases(site):
            judge.prepare(case, lowering)


def _report(
    read: Any, judge: Judge, lab: Lab | dict[str, str], progress: Progress | None
) -> Report:
    ops: list[OpReport] = []
    findings: list[Finding] = []
    for site in read.sites:
        op, found = assemble(site, [] if site.spec is None else _lowerings(site), judge)
        ops.append(op)
        findings += found
        if progress is not None:
            progress(len(ops), len(read.sites))
    return Report(
        command="diagnose",
        padcheck=__version__,
        source=read.ref,
        frameworks=lab.versions() if isinstance(lab, Lab) else lab,
        ops=tuple(ops),
        findings=tuple(findings),
        notes=read.notes,
    )
