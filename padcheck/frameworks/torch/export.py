"""A torch module to ONNX, in memory."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError

if TYPE_CHECKING:
    import onnx
    import torch

__all__ = ["export_module"]


def export_module(module: torch.nn.Module, example_inputs: tuple[Any, ...]) -> onnx.ModelProto:
    """The module in eval mode as `torch.onnx.export` writes it; its training flag is restored.

    Raises FrameworkError, with torch's version, when the exporter cannot.
    """
    import torch

    training = module.training
    module.eval()
    try:
        with _quiet(), torch.no_grad():
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


@contextlib.contextmanager
def _quiet() -> Any:
    """Keeps the exporter's chatter off the terminal."""
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
