"""What runs the lowerings of a sweep: worker processes, or for plain convolutions this one."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

from padcheck.checks.sweep.convs import ConvBench
from padcheck.checks.sweep.rules import framework_of
from padcheck.errors import FrameworkError, PadcheckError
from padcheck.frameworks import require, runner
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.worker import MAX_CRASHES, Worker
from padcheck.oracle import Expected, evaluate, fits
from padcheck.probes import Probe, make_probe
from padcheck.records import OpSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["InProcess", "Rig", "Workers"]

#: Expected outputs are let go of when they have more elements than this together.
_KEPT = 1 << 22


class Rig(Protocol):
    """What runs lowerings."""

    def probe(self, spec: OpSpec, seed: int) -> Probe: ...

    def expected(self, spec: OpSpec, probe: Probe, seed: int) -> Expected: ...

    def ask(self, spec: OpSpec, lowering: str, probe: Probe, seed: int) -> Future[NDArray[Any]]: ...

    def failure(self, lowering: str, error: PadcheckError) -> tuple[bool, str]:
        """Whether a failed run is the lowering's own doing, and the reason in words.

        To be asked once for every failure, in the order in which the runs were asked for.
        """

    def versions(self) -> dict[str, str]: ...

    def close(self) -> None: ...


class Workers:
    """One child process per framework, all started at once."""

    def __init__(self, lowerings: Sequence[str]) -> None:
        self._of = {lowering: framework_of(lowering) for lowering in lowerings}
        for name in self._of.values():
            require(name)
        self._workers = {name: Worker(name) for name in dict.fromkeys(self._of.values())}
        self._versions: dict[str, dict[str, str]] | None = None
        self._crashes = dict.fromkeys(self._workers, 0)

    def probe(self, spec: OpSpec, seed: int) -> Probe:
        return make_probe(spec, seed=seed)

    def expected(self, spec: OpSpec, probe: Probe, seed: int) -> Expected:
        return evaluate(spec, probe.x, probe.weight)

    def ask(self, spec: OpSpec, lowering: str, probe: Probe, seed: int) -> Future[NDArray[Any]]:
        return self._workers[self._of[lowering]].submit(spec, lowering, *probe.as_float32())

    def failure(self, lowering: str, error: PadcheckError) -> tuple[bool, str]:
        """A run that raised or ended its process; no more runs after a worker has given up."""
        name, said = self._of[lowering], str(error)
        if name not in self._loaded():
            return False, said
        died = said.startswith(f"{name}: the process ended (")
        if not died and not said.startswith(f"{name}: no answer within "):
            return True, f"raises: {said}"
        if self._crashes[name] >= MAX_CRASHES:
            return False, f"{name}: left unrun after {MAX_CRASHES} crashes"
        self._crashes[name] += 1
        return died, f"crashes: {said}" if died else said

    def _loaded(self) -> dict[str, dict[str, str]]:
        """framework -> its versions, for those that can be loaded; waits until they are."""
        if self._versions is None:
            self._versions = {}
            for name, worker in self._workers.items():
                with contextlib.suppress(PadcheckError):
                    self._versions[name] = worker.versions()
        return self._versions

    def versions(self) -> dict[str, str]:
        """Of every framework that can be loaded."""
        found: dict[str, str] = {}
        for versions in self._loaded().values():
            found |= versions
        return found

    def close(self) -> None:
        for worker in self._workers.values():
            worker.close()


class InProcess:
    """Plain convolutions under PyTorch, SAME and zeros + VALID, in this process."""

    def __init__(self) -> None:
        self._bench = ConvBench()
        self._whole: dict[tuple[Any, ...], Expected] = {}
        self._elements = 0

    def probe(self, spec: OpSpec, seed: int) -> Probe:
        return Probe(*self._bench.arrays(spec, seed), None, f"seed {seed}")

    def expected(self, spec: OpSpec, probe: Probe, seed: int) -> Expected:
        """The oracle's output, cut out of its output with stride 1 and every pad that can be read.

        Output o starts at `o * stride - pad_before`, and so does that one's output of this number
        plus `effective_kernel - 1`: one evaluation serves all strides and pads of a window.
        """
        edges = [window.effective_kernel - 1 for window in spec.windows]
        cuts = [
            slice(edge - before, edge - before + (size - 1) * stride + 1, stride)
            for edge, before, size, stride in zip(
                edges, spec.pad_before, spec.output_size, spec.stride, strict=True
            )
        ]
        ends = (n + edge for n, edge in zip(spec.input_size, edges, strict=True))
        if any(cut.start < 0 or cut.stop > end for cut, end in zip(cuts, ends, strict=True)):
            return evaluate(spec, probe.x, probe.weight)  # a window of nothing but pads
        key = (spec.input_size, spec.kernel_size, spec.dilation, seed)
        if key not in self._whole:
            whole = spec.with_pads([(edge, edge) for edge in edges]).replace(
                stride=(1,) * spec.rank
            )
            if not fits(whole):
                return evaluate(spec, probe.x, probe.weight)
            self._elements += 3 * math.prod(whole.output_size)
            if self._elements > _KEPT:
                self._whole.clear()
                self._elements = 3 * math.prod(whole.output_size)
            self._whole[key] = evaluate(whole, probe.x, probe.weight)
        known = self._whole[key]
        place: tuple[Any, ...] = (..., *cuts)
        return Expected(known.numerator[place], known.divisor)

    def ask(self, spec: OpSpec, lowering: str, probe: Probe, seed: int) -> Future[NDArray[Any]]:
        future: Future[NDArray[Any]] = Future()
        try:
            future.set_result(self._bench.run(spec, lowering, seed))
        except Exception as error:
            future.set_exception(FrameworkError(f"{framework_of(lowering)}: {one_line(error)}"))
        return future

    def failure(self, lowering: str, error: PadcheckError) -> tuple[bool, str]:
        return True, f"raises: {error}"

    def versions(self) -> dict[str, str]:
        return runner("torch").versions() | runner("tensorflow").versions()

    def close(self) -> None:
        """Nothing to end."""
