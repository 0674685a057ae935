"""What runs the lowerings of a sweep: worker processes, or for plain convolutions this one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

from padcheck.checks.sweep.convs import ConvBench
from padcheck.checks.sweep.rules import framework_of
from padcheck.errors import FrameworkError, PadcheckError
from padcheck.frameworks import require, runner
from padcheck.frameworks.loading import one_line
from padcheck.frameworks.worker import Worker
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

    def versions(self) -> dict[str, str]: ...

    def close(self) -> None: ...


class Workers:
    """One child process per framework, all started at once."""

    def __init__(self, lowerings: Sequence[str]) -> None:
        self._of = {lowering: framework_of(lowering) for lowering in lowerings}
        for name in self._of.values():
            require(name)
        self._workers = {name: Worker(name) for name in dict.fromkeys(self._of.values())}

    def probe(self, spec: OpSpec, seed: int) -> Probe:
        return make_probe(spec, seed=seed)

    def expected(self, spec: OpSpec, probe: Probe, seed: int) -> Expected:
        return evaluate(spec, probe.x, probe.weight)

    def ask(self, spec: OpSpec, lowering: str, probe: Probe, seed: int) -> Future[NDArray[Any]]:
        return self._workers[self._of[lowering]].submit(spec, lowering, *probe.as_float32())

    def versions(self) -> dict[str, str]:
        """Of every framework that runs; a crashed one is left out."""
        found: dict[str, str] = {}
        for worker in self._workers.values():
            try:
                found |= worker.versions()
            except PadcheckError:
                continue
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

    def versions(self) -> dict[str, str]:
        return runner("torch").versions() | runner("tensorflow").versions()

    def close(self) -> None:
        """Nothing to end."""
