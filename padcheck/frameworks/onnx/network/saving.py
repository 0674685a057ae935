"""Writes a program to a file, whole or not at all."""

from __future__ import annotations

import os
import tempfile

from padcheck.errors import FrameworkError
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.onnx.network.program import Program

__all__ = ["save_program"]


def save_program(program: Program, path: str | os.PathLike[str]) -> None:
    """Checks the model with onnx and puts its file in place; weights go into the file.

    Raises FrameworkError for what onnx finds wrong (2 GiB and more included), and OSError.
    """
    import onnx

    try:
        model = program.whole()
        onnx.checker.check_model(model)
        content = model.SerializeToString()
    except Exception as error:  # CheckFailure, ValueError, whatever protobuf raises
        raise FrameworkError(f"onnx {onnx.__version__}: {one_line(error)}") from error
    target = os.path.realpath(path)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".padcheck-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(target: str) -> int:
    """The permissions of the file in place, or those of a new one."""
    if os.path.exists(target):
        return os.stat(target).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
