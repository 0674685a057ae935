"""Where each site stands: the tensors at its ends, what leads to it, what it shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from padcheck.errors import ModelError
from padcheck.frameworks.litert.network.attributes import activation_of
from padcheck.frameworks.litert.network.graph import Graph
from padcheck.frameworks.litert.network.operators import windowed_of
from padcheck.frameworks.litert.network.records import OperatorInfo
from padcheck.frameworks.litert.network.sites import Reading, SiteReading
from padcheck.frameworks.litert.network.values import read_values
from padcheck.frameworks.litert.network.views import Views
from padcheck.records import Epilogue, Place

__all__ = ["read_places", "rounding_notes"]

#: What gives no negative number, whatever comes in.
_NEVER_NEGATIVE = ("ABS", "EXP", "LOGISTIC", "RELU", "RELU6", "RELU_0_TO_1", "SOFTMAX", "SQUARE")

#: What gives no negative number if none comes in.
_KEEPS_SIGN = (
    "AVERAGE_POOL_2D",
    "DEQUANTIZE",
    "EXPAND_DIMS",
    "MAX_POOL_2D",
    "QUANTIZE",
    "RESHAPE",
    "SQUEEZE",
    "TRANSPOSE",
)

_FUSING = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"}


def read_places(
    graph: Graph, sites: Sequence[SiteReading], views: Views
) -> tuple[Place | None, ...]:
    """One place per site, None where the site has no reading."""
    weights = Counter(
        source.buffer
        for one in sites
        if one.reading is not None and (source := graph.source(one.reading.weight)) is not None
    )
    before = _before(graph, sites)
    return tuple(
        None if one.reading is None else _place(graph, one.reading, views, weights, before[index])
        for index, one in enumerate(sites)
    )


def rounding_notes(graph: Graph, sites: Sequence[SiteReading]) -> tuple[str, ...]:
    """A word where data of floats meets a weight of integers.

    Source: the hybrid kernels of tensorflow/lite/kernels/conv.cc, and XNNPACK's qd8 operators.
    """
    count = 0
    for one in sites:
        if one.reading is None or one.reading.weight < 0:
            continue
        data = one.reading.operator.input(one.reading.windowed.data)
        weight = graph.tensor(one.reading.weight)
        count += weight.scales is not None and graph.tensor(data).type == "float32"
    if count == 0:
        return ()
    ops = "1 op has its" if count == 1 else f"{count} ops have their"
    return (f"{ops} weight in integers alone; LiteRT rounds the data to 8 bits as it runs",)


def _place(
    graph: Graph, reading: Reading, views: Views, weights: Counter[int], before: frozenset[int]
) -> Place:
    chain, ending, rank = reading.chain, reading.ending, reading.window.spec.rank
    source = graph.source(reading.weight)
    values = None
    if source is not None and _has_known_bias(graph, reading):
        values = partial(read_values, graph, reading)
    shared = None
    if source is not None and weights[source.buffer] > 1:
        shared = graph.names[source.index]
    return Place(
        data=views.name(chain.data, rank, chain.unit),
        output=views.name(chain.output, rank, chain.unit),
        tail=views.name(ending.tail, rank, chain.unit),
        channels_last=True,
        values=values,
        shared=shared,
        epilogue=Epilogue(
            clip=ending.clip, nodes=tuple(graph.names[one.output] for one in ending.operators)
        ),
        before=before,
        never_negative=_never_negative(graph, chain.data),
        quantization=graph.tensor(ending.tail).quantization,
    )


def _has_known_bias(graph: Graph, reading: Reading) -> bool:
    return reading.bias < 0 or graph.source(reading.bias) is not None


def _before(graph: Graph, sites: Sequence[SiteReading]) -> tuple[frozenset[int], ...]:
    """Per site, the sites whose outputs reach its data with no other site between."""
    owners: Mapping[int, int] = {
        one.reading.operator.output: index
        for index, one in enumerate(sites)
        if one.reading is not None
    }
    reached: dict[int, frozenset[int]] = {}
    for operator in graph.operators:
        sources = {reached.get(index, frozenset()) for index in graph.real_inputs(operator)}
        flows = sources.pop() if len(sources) == 1 else frozenset().union(*sources)
        if operator.name == "SHAPE":  # which tells nothing of the numbers
            flows = frozenset()
        for index in operator.outputs:
            reached[index] = frozenset({owners[index]}) if index in owners else flows
    return tuple(
        frozenset() if one.reading is None else reached.get(one.reading.chain.data, frozenset())
        for one in sites
    )


def _never_negative(graph: Graph, tensor: int) -> str | None:
    """The op that a tensor comes from, if that is never negative; through what keeps the sign."""
    for _ in range(len(graph.operators)):
        operator = graph.producers.get(tensor)
        if operator is None:
            return None
        word = _word(operator)
        if word is not None:
            return word
        if operator.name not in _KEEPS_SIGN or operator.input(0) < 0:
            return None
        tensor = operator.input(0)
    return None


def _word(operator: OperatorInfo) -> str | None:
    """RELU, ... for an op that gives no negative number, or its fused activation."""
    if operator.code is None:
        return None
    if operator.name in _NEVER_NEGATIVE:
        return operator.name
    windowed = windowed_of(operator)
    options = windowed.options if windowed is not None else _FUSING.get(operator.name)
    if options is None:
        return None
    try:
        activation = activation_of(operator, options)
    except ModelError:
        return None
    return activation if activation in ("RELU", "RELU6") else None
