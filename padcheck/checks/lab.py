"""Running lowerings: one child process per framework, all started at once."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.frameworks import LOWERINGS, require
from padcheck.frameworks.worker import Worker
from padcheck.probes import Probe, make_probe
from padcheck.records import OpSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Lab"]

#: Outputs with more elements are let go of once they are used.
_KEPT = 1 << 16


class Lab:
    """Workers for some lowerings; a context manager.

    Raises MissingFramework at once when a framework is not installed. `ask` starts a run and
    `box` gives a callable that waits for it, so that frameworks work while others are judged.
    """

    def __init__(self, lowerings: Iterable[str]) -> None:
        names = dict.fromkeys(LOWERINGS[lowering] for lowering in lowerings)
        for name in names:
            require(name)
        self._workers = {name: Worker(name) for name in names}
        self._asked: dict[tuple[OpSpec, str, str], Any] = {}

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child processes."""
        for worker in self._workers.values():
            worker.close()

    def versions(self) -> dict[str, str]:
        """Name -> version of every framework that runs here; a crashed one is left out."""
        found: dict[str, str] = {}
        for worker in self._workers.values():
            try:
                found |= worker.versions()
            except FrameworkError:
                continue
        return found

    def ask(self, spec: OpSpec, lowering: str) -> None:
        """Starts one lowering of `spec` on its default probe."""
        self._future(spec, lowering, make_probe(spec))

    def box(self, lowering: str) -> Callable[[OpSpec, Probe], NDArray[Any]]:
        """A black box for `verdict.judge`; runs nothing twice, unless its output is large."""

        def run(spec: OpSpec, probe: Probe) -> NDArray[Any]:
            result: NDArray[Any] = self._future(spec, lowering, probe).result()
            if result.size > _KEPT:
                del self._asked[spec, lowering, probe.name]
            return result

        return run

    def _future(self, spec: OpSpec, lowering: str, probe: Probe) -> Any:
        key = (spec, lowering, probe.name)
        if key not in self._asked:
            worker = self._workers[LOWERINGS[lowering]]
            self._asked[key] = worker.submit(spec, lowering, *probe.as_float32())
        return self._asked[key]
