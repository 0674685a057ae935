"""The table of subjects: strings only, so that listing them loads none.

Other packages register a subject with an entry point in the group `padcheck.subjects` that names
a `Subject` record, or a converter: any function that takes an `onnx.ModelProto`. Nothing of
theirs is loaded before its name is asked for.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from padcheck.errors import FrameworkError, MissingFramework, UsageError
from padcheck.frameworks.loading import entry_points_of, is_installed, loaded, with_foreign
from padcheck.frameworks.registration import (
    KERAS,
    LITERT,
    ONNX,
    ONNX2KERAS,
    ORT,
    TENSORFLOW,
    TORCH,
    Package,
)

__all__ = ["BUILT_IN", "ENTRY_POINTS", "Subject", "names", "require", "subject", "why_missing"]

ENTRY_POINTS = "padcheck.subjects"

ONNXSCRIPT = Package("onnxscript", ("onnxscript",))
JAX = Package("jax", ("jax",))
TF2ONNX = Package("tf2onnx", ("tf2onnx",))
ONNX2TORCH = Package("onnx2torch", ("onnx2torch",))
ONNX2TF = Package("onnx2tf", ("onnx2tf",))

_HERE = "padcheck.checks.grade.subjects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something to grade.

    `about`: one line. `grader`: "module:attribute" of what returns a `Grader` when it is called.
    `packages`: what it needs; `hint`: the command that installs it. `environment`: variables,
    name and value, that its process is given. `is_converter`: `grader` is itself a function
    that takes an `onnx.ModelProto`.
    """

    name: str
    about: str
    grader: str
    packages: tuple[Package, ...] = ()
    hint: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    is_converter: bool = False


def _extra(name: str) -> str:
    return f"pip install 'padcheck[{name}]'"


BUILT_IN = (
    Subject(
        name="onnx2keras",
        about="ONNX to Keras, channels first",
        grader=f"{_HERE}.onnx2keras:channels_first",
        packages=(ONNX2KERAS, KERAS, TENSORFLOW, ONNX),
        hint=_extra("onnx2keras"),
    ),
    Subject(
        name="onnx2keras-channels-last",
        about="ONNX to Keras, with change_ordering",
        grader=f"{_HERE}.onnx2keras:channels_last",
        packages=(ONNX2KERAS, KERAS, TENSORFLOW, ONNX),
        hint=_extra("onnx2keras"),
    ),
    Subject(
        name="torch.onnx",
        about="PyTorch layers to ONNX by torch.export (dynamo)",
        grader=f"{_HERE}.torch_onnx:dynamo",
        packages=(TORCH, ONNXSCRIPT, ONNX, ORT),
        hint=_extra("torch,onnxruntime"),
    ),
    Subject(
        name="torch.onnx-torchscript",
        about="PyTorch layers to ONNX by tracing (dynamo=False)",
        grader=f"{_HERE}.torch_onnx:torchscript",
        packages=(TORCH, ONNX, ORT),
        hint=_extra("torch,onnxruntime"),
    ),
    Subject(
        name="onnxruntime",
        about="ONNX models at the default optimization",
        grader=f"{_HERE}.onnxruntime:OnnxRuntimeGrader",
        packages=(ORT, ONNX),
        hint=_extra("onnxruntime"),
    ),
    Subject(
        name="litert",
        about="Keras layers through TensorFlow's converter, default kernels",
        grader=f"{_HERE}.litert:default_kernels",
        packages=(LITERT, TENSORFLOW, KERAS),
        hint=_extra("litert"),
    ),
    Subject(
        name="litert-reference",
        about="Keras layers through TensorFlow's converter, reference kernels",
        grader=f"{_HERE}.litert:reference_kernels",
        packages=(LITERT, TENSORFLOW, KERAS),
        hint=_extra("litert"),
    ),
    Subject(
        name="keras-torch",
        about="Keras layers on the torch backend",
        grader=f"{_HERE}.keras_backends:on_torch",
        packages=(KERAS, TORCH),
        hint=_extra("keras-torch"),
        environment=(("KERAS_BACKEND", "torch"),),
    ),
    Subject(
        name="keras-jax",
        about="Keras layers on the jax backend",
        grader=f"{_HERE}.keras_backends:on_jax",
        packages=(KERAS, JAX),
        hint=_extra("keras-jax"),
        environment=(("KERAS_BACKEND", "jax"), ("JAX_PLATFORMS", "cpu")),
    ),
    Subject(
        name="tf2onnx",
        about="Keras layers to ONNX",
        grader=f"{_HERE}.tf2onnx:Tf2OnnxGrader",
        packages=(TF2ONNX, TENSORFLOW, KERAS, ONNX, ORT),
        hint=_extra("tf2onnx"),
    ),
    Subject(
        name="onnx2torch",
        about="ONNX to PyTorch",
        grader=f"{_HERE}.onnx2torch:Onnx2TorchGrader",
        packages=(ONNX2TORCH, TORCH, ONNX),
        hint="pip install 'padcheck[onnx2torch]', and a torchvision built for that torch",
    ),
    Subject(
        name="onnx2tf",
        about="ONNX to TensorFlow and TFLite",
        grader=f"{_HERE}.onnx2tf:Onnx2TfGrader",
        packages=(ONNX2TF, TENSORFLOW, ONNX),
        hint="pip install onnx2tf padcheck, in an environment of its own",
    ),
)


@functools.cache
def _entry_points() -> dict[str, str]:
    return entry_points_of(ENTRY_POINTS)


def names() -> tuple[str, ...]:
    """The subjects known, built in first; loads none."""
    return with_foreign((entry.name for entry in BUILT_IN), _entry_points())


def subject(name: str) -> Subject:
    """The record of one subject; raises UsageError, with the known ones, for another name, and
    FrameworkError for an entry point that cannot be loaded.
    """
    for entry in BUILT_IN:
        if entry.name == name:
            return entry
    if name not in _entry_points():
        raise UsageError(
            f"expected a subject of {', '.join(names())}, or module:function, but got {name!r}"
        )
    where = _entry_points()[name]
    with contextlib.redirect_stdout(sys.stderr):  # ours is for the scorecard
        found = loaded(name, where)
    if isinstance(found, Subject):
        return found
    if not callable(found):
        raise FrameworkError(f"{name}: {where} is no converter and no Subject")
    return Subject(name=name, about=f"the converter {where}", grader=where, is_converter=True)


def why_missing(entry: Subject) -> str | None:
    """What is not installed, with the command that installs it; None if all is there."""
    missing = [package.module for package in entry.packages if not is_installed(package.module)]
    return f"{', '.join(missing)} not installed ({entry.hint})" if missing else None


def require(entry: Subject) -> None:
    """Raises MissingFramework, one line with what to do, unless all its packages are there."""
    why = why_missing(entry)
    if why is not None:
        raise MissingFramework(f"{entry.name}: {why}")


def listed() -> Iterator[tuple[str, str, str | None]]:
    """(name, about, why it is missing) of every subject, in order."""
    for name in names():
        try:
            entry = subject(name)
        except FrameworkError as error:
            yield name, "", str(error)
            continue
        yield name, entry.about, why_missing(entry)
