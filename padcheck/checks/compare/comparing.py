"""Two networks, held to each other: the steps in order, and their report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck import __version__
from padcheck.checks.compare.assembling import Judged, lone_op, pair_op
from padcheck.checks.compare.coarse import coarse_changes, shares
from padcheck.checks.compare.explaining import explain
from padcheck.checks.compare.feeds import described, made, pair_inputs, target_feeds
from padcheck.checks.compare.means import agreed
from padcheck.checks.compare.noise import Noise
from padcheck.checks.compare.outcome import Outcome
from padcheck.checks.compare.pairs import PairJudge
from padcheck.checks.compare.values import ValuesJudgement, compare_values
from padcheck.checks.compare.whole import Whole
from padcheck.errors import FrameworkError, ModelError, UsageError
from padcheck.matching import Matching, Pair, match
from padcheck.records import (
    UNVERIFIED,
    EndToEnd,
    OpReport,
    Report,
    printable,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.checks.survey import Progress
    from padcheck.frameworks.base import Network

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["Comparison"]

#: Ops on integers whose real numbers nothing in the file tells.
_RUNTIME_STEPS = ("ConvInteger",)


class Comparison:
    """A source and a target; `report` does the work, once.

    Raises ModelError for two models that have nothing to do with each other.
    """

    def __init__(
        self,
        source: Network,
        target: Network,
        *,
        input_shapes: Mapping[str, Sequence[int]] | None = None,
        inputs: Arrays | NDArray[Any] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._arrays = _by_name(source, inputs)
        try:
            self._inputs = pair_inputs(source, target, input_shapes, self._arrays)
        except ModelError:
            _matched(source, target)  # says so where there is more than that amiss
            raise
        self.source = source.at({pair.source.name: pair.shape for pair in self._inputs})
        self.target = target.at({pair.target.name: pair.target_shape for pair in self._inputs})
        self._progress = progress
        #: The source's node that a layer of the target was made from, where a converter says so.
        self.nodes: Mapping[str, str] = {}
        self.matching = _matched(self.source, self.target)
        self.rows: list[Judged] = []
        self.hypotheses: dict[int, ValuesJudgement] = {}
        self._values: list[tuple[Pair, ValuesJudgement]] = []

    def again(self, target: Network) -> Comparison:
        """The same source and inputs with another target."""
        shapes = {pair.source.name: pair.shape for pair in self._inputs}
        return Comparison(self.source, target, input_shapes=shapes, inputs=self._arrays)

    def report(self) -> Report:
        """Judges every pair, runs both models, explains the difference."""
        self._judge()
        whole = self._run()
        return Report(
            command="compare",
            padcheck=__version__,
            source=self.source.ref,
            target=self.target.ref,
            frameworks={**self.source.versions(), **self.target.versions()},
            ops=self._ops(agreed(whole)),
            findings=tuple(finding for row in self.rows for finding in row.findings),
            notes=tuple(dict.fromkeys((*self.source.notes, *self.target.notes))),
            end_to_end=whole,
        )

    def _judge(self) -> None:
        judge = PairJudge(self.source, self.target)
        pairs = self.matching.pairs
        for done, pair in enumerate(pairs, 1):
            row = Judged(pair, judge.judge(pair.sources, pair.targets))
            values = compare_values(self.source, self.target, pair.sources, pair.targets)
            self._values.append((pair, values))
            if values.findings:
                self.hypotheses[len(self.rows)] = values
            elif values.verdict == UNVERIFIED:
                row.doubt = values.reason
            row.remarks += [*values.notes, *self._origins(pair)]
            self.rows.append(row)
            if self._progress is not None:
                self._progress(done, len(pairs))

    def _origins(self, pair: Pair) -> Iterator[str]:
        """Where a converter says that it made a layer from another node than its partner."""
        names = [self.source.sites[index].name for index in pair.sources]
        for index in pair.targets:
            layer = self.target.sites[index].name
            node = self.nodes.get(layer)
            if node is not None and node not in names:
                yield f"{layer} was made from {node}"

    def _run(self) -> EndToEnd:
        feeds = made(self._inputs, self._arrays)
        told = tuple(described(self._inputs, self._arrays))
        try:
            _check_grids(self.source, self.target)
            whole = self._whole(feeds)
            found = explain(
                whole,
                self.rows,
                self.hypotheses,
                louder=lambda factor: self._whole(_louder(feeds, factor), whole.noise),
            )
        except FrameworkError as error:
            for index in self.hypotheses:
                self.rows[index].doubt = "its numbers differ; the models were not run"
            return EndToEnd(reason=str(error), inputs=told)
        outcome = Outcome(whole, found, self.rows, self.hypotheses)
        outcome.settle()
        return outcome.end_to_end(told)

    def _whole(self, feeds: Arrays, noise: Noise | None = None) -> Whole:
        return Whole(
            self.source,
            self.target,
            feeds,
            target_feeds(self._inputs, feeds),
            pairs=self.matching.pairs,
            coarse=coarse_changes(self.source, self.target, self._values),
            shares=shares(self.target, self._values),
            noise=noise,
        )

    def _ops(self, outputs_agree: bool) -> tuple[OpReport, ...]:
        ops: list[tuple[int, OpReport]] = [
            (row.pair.sources[0], pair_op(self.source, self.target, row)) for row in self.rows
        ]
        ops += [
            (index, lone_op(self.source.sites[index], reason, outputs_agree=outputs_agree))
            for index, reason in self.matching.lone_sources
        ]
        ops.sort(key=lambda each: each[0])
        theirs = [
            lone_op(self.target.sites[index], reason, in_target=True, outputs_agree=outputs_agree)
            for index, reason in self.matching.lone_targets
        ]
        return (*(op for _, op in ops), *theirs)


def _check_grids(*networks: Network) -> None:
    """Raises FrameworkError for a model that works out its integers' steps as it runs."""
    for network in networks:
        for site in network.sites:
            if site.op_type in _RUNTIME_STEPS:
                raise FrameworkError(
                    f"{site.name} ({site.op_type}) rounds its data to integers by steps that are "
                    "worked out as it runs: how far outputs may move is not known"
                )


def _matched(source: Network, target: Network) -> Matching:
    matching = match(source, target)
    if matching.related or matching.pairs:  # the same ops with other weights are told op by op
        return matching
    mine, theirs = (printable(each.ref.path or "model in memory") for each in (source, target))
    raise ModelError(
        f"not one weight in common with {theirs}: two models that have nothing to do with each "
        "other",
        where=mine,
    )


def _by_name(source: Network, inputs: Any) -> dict[str, Any]:
    if inputs is None:
        return {}
    if isinstance(inputs, Mapping):
        return dict(inputs)
    if len(source.inputs) != 1:
        names = ", ".join(printable(tensor.name) for tensor in source.inputs)
        raise UsageError(f"expected arrays by name for the inputs {names} but got one array")
    return {source.inputs[0].name: inputs}


def _louder(feeds: Arrays, factor: float) -> dict[str, Any]:
    return {
        name: array * array.dtype.type(factor) if array.dtype.kind == "f" else array
        for name, array in feeds.items()
    }
