"""A torch module to ONNX, in memory."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import logging
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import import_framework
from padcheck.frameworks.quiet import nowhere

if TYPE_CHECKING:
    import onnx
    import torch

__all__ = [
    "DYNAMO",
    "OPSETS",
    "TORCHSCRIPT",
    "export_code",
    "export_module",
    "export_versions",
    "exported",
    "quiet",
]

#: The two exporters of torch.onnx: by torch.export, and by tracing (`dynamo=False`).
DYNAMO, TORCHSCRIPT = "dynamo", "torchscript"

#: The lowest and the highest opset that each writes as asked [torch 2.13.0]. What is lower is
#: "a lower version than we have implementations for" of the first, and it writes 18; the second
#: takes any number, and is made for no more than these:
#: https://github.com/pytorch/pytorch/blob/v2.13.0/torch/onnx/_constants.py
OPSETS = {DYNAMO: (18, 23), TORCHSCRIPT: (7, 20)}

_AXES = ("depth", "height", "width")


def export_module(module: torch.nn.Module, example_inputs: tuple[Any, ...]) -> onnx.ModelProto:
    """The module in eval mode as `torch.onnx.export` writes it; its training flag is restored.

    Raises FrameworkError, with torch's version, when the exporter cannot.
    """
    import torch

    training = module.training
    module.eval()
    try:
        with quiet(), torch.no_grad():
            program = torch.onnx.export(module, example_inputs, dynamo=True, verbose=False)
        assert program is not None
        model: onnx.ModelProto = program.model_proto
        return model
    except Exception as error:
        line = str(error).strip().splitlines()[0] if str(error).strip() else ""
        raise FrameworkError(
            f"torch {torch.__version__}: cannot export {type(module).__name__} to ONNX "
            f"({type(error).__name__}: {line})"
        ) from error
    finally:
        module.train(training)


def exported(
    module: torch.nn.Module,
    shape: tuple[int, ...],
    exporter: str,
    *,
    opset: int,
    dynamic: bool = False,
) -> bytes:
    """A module of one input (N, C, *spatial) of this shape, exported: a model of x and y.

    `exporter` is DYNAMO or TORCHSCRIPT; `dynamic` leaves the batch and spatial sizes open.
    Raises what the exporter raises; where a step of it failed, what made that step fail.
    """
    export = {DYNAMO: _by_export, TORCHSCRIPT: _by_tracing}[exporter]
    torch = import_framework("torch", extra="torch")
    try:
        with quiet(), torch.no_grad():
            return export(module, torch.zeros(shape), opset, dynamic)
    except Exception as error:
        raise _innermost(error) from error


def _by_export(module: Any, x: Any, opset: int, dynamic: bool) -> bytes:
    torch = import_framework("torch", extra="torch")
    program = torch.onnx.export(
        module,
        (x,),
        dynamo=True,
        opset_version=opset,
        input_names=["x"],
        output_names=["y"],
        dynamic_shapes=(_axes(x.ndim - 2),) if dynamic else None,
        verbose=False,
    )
    model: bytes = program.model_proto.SerializeToString()
    return model


def _by_tracing(module: Any, x: Any, opset: int, dynamic: bool) -> bytes:
    torch = import_framework("torch", extra="torch")
    stored, axes = io.BytesIO(), _axes(x.ndim - 2)
    with nowhere(1):  # tracing writes there the graph that it cannot export [torch 2.13.0]
        torch.onnx.export(
            module,
            (x,),
            stored,
            dynamo=False,
            opset_version=opset,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": axes, "y": axes} if dynamic else None,
        )
    return stored.getvalue()


def _axes(rank: int) -> dict[int, str]:
    """The axes that are open, and their names."""
    return {0: "batch", **dict(enumerate(_AXES[-rank:], 2))}


def _innermost(error: BaseException) -> BaseException:
    """What an error was raised from: torch.onnx wraps its own with advice on reports."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def export_code(shape: tuple[int, ...], exporter: str, *, opset: int, dynamic: bool) -> list[str]:
    """Lines that make `model` from `layer` as `exported` does, from x itself unless sizes are
    open; need `torch`, by tracing also `io` and `onnx`.
    """
    axes = _axes(len(shape) - 2)
    example = f"torch.zeros({shape})" if dynamic else "torch.from_numpy(x)"
    given = [
        f"    layer, ({example},), {'' if exporter == DYNAMO else 'stored, '}",
        f'input_names=["x"], output_names=["y"], opset_version={opset}, ',
    ]
    if exporter == DYNAMO:
        sizes = f", dynamic_shapes=({axes},)" if dynamic else ""
        call = ["program = torch.onnx.export(", f"{''.join(given)}dynamo=True{sizes}", ")"]
        return [*call, "model = program.model_proto"]
    sizes = f', dynamic_axes={{"x": {axes}, "y": {axes}}}' if dynamic else ""
    call = ["torch.onnx.export(", f"{''.join(given)}dynamo=False{sizes}", ")"]
    return ["stored = io.BytesIO()", *call, "model = onnx.load_from_string(stored.getvalue())"]


def export_versions() -> dict[str, str]:
    """{"torch": version, "onnxscript": version}; loads torch."""
    torch = import_framework("torch", extra="torch")
    return {
        "torch": str(torch.__version__).partition("+")[0],
        "onnxscript": importlib.metadata.version("onnxscript"),
    }


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps the exporters' chatter off the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
