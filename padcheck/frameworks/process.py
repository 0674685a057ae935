"""One child process: starting it, speaking with it, ending it, and how it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks import framework as record_of
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.wire import receive, send

__all__ = ["CHILD_ENVIRONMENT", "Child"]

#: What the child's framework sees, beside its record's own variables; the parent's environment
#: stays as it is.
CHILD_ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
    # Idle OpenMP threads that spin between jobs double the time of small ones [torch 2.13.0]
    "OMP_WAIT_POLICY": "PASSIVE",
}


class Child:
    """A process that runs `main(argument)` of a module, and its two pipes.

    Unless told otherwise the module is `child` and the argument a framework. `environment`:
    variables of its own; `path`: folders that it finds modules in besides. Its stderr goes to a
    file that is read after a crash. Raises FrameworkError where no process can be started.
    """

    def __init__(
        self,
        argument: str,
        *,
        module: str = "padcheck.frameworks.child",
        environment: Mapping[str, str] | None = None,
        path: Sequence[str] = (),
    ) -> None:
        if environment is None:
            environment = dict(record_of(argument).environment)
        self.ready = False
        self.timed_out = False
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115, closed by reap
        # The child sees the parent's sys.path and nothing else: not the working folder.
        code = (
            f"import sys; sys.path[:] = {[*path, *map(str, sys.path)]!r}; "
            f"from {module} import main; main(sys.argv[1])"
        )
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code, argument],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env={**os.environ, **CHILD_ENVIRONMENT, **environment},
            )
        except OSError as error:
            self._stderr.close()
            raise FrameworkError(f"{argument}: cannot start ({one_line(error)})") from error

    def ask(self, packed: bytes | None) -> Any:
        """Sends (None: nothing) and receives; raises OSError or EOFError for a child that died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if packed is not None:
            send(self._process.stdin, packed)
        return receive(self._process.stdout)

    def kill(self) -> None:
        """Ends the process at once; it keeps nothing that needs saving."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def time_out(self) -> None:
        """Ends the process because it took too long."""
        self.timed_out = True
        self.kill()

    def reap(self) -> str:
        """Ends the process, closes the pipes and returns how it ended."""
        try:  # its pipe may close a moment before its exit code is there
            self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        epitaph = self._epitaph()
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            with contextlib.suppress(OSError, AttributeError):
                stream.close()  # type: ignore[union-attr]
        return epitaph

    def _epitaph(self) -> str:
        """How it ended, with the last line it left on stderr."""
        code = self._process.returncode
        how = f"signal {_signal_name(-code)}" if code < 0 else f"exit code {code}"
        self._stderr.seek(max(0, self._stderr.seek(0, os.SEEK_END) - 2000))
        lines = self._stderr.read().decode(errors="replace").split("\n")
        last = [line.strip() for line in lines if line.strip()]
        return f"{how}: {last[-1][:200]}" if last else how


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
