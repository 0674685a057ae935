"""Small ONNX models with weights that have values, for the tests of ONNX networks."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from padcheck.frameworks.onnx.network import OnnxNetwork, open_network
from padcheck.records import Change, OpKind, Place, Site
from tests.support import FIXTURES

MODELS = sorted(path.name for path in FIXTURES.glob("*.onnx"))

#: What is given to models that leave their spatial sizes open.
OPEN_SIZE = 64


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal noise in float32."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def array(name: str, values: Any, dtype: Any = np.float32) -> onnx.TensorProto:
    """An initializer."""
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def close(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two outputs are equal but for float32's rounding, whatever their scale."""
    assert one.shape == other.shape
    finite = np.isfinite(other)
    if not (one[~finite] == other[~finite]).all():
        return False
    off = np.abs(one[finite] - other[finite])
    return bool(off.max() <= 1e-5 * np.abs(other[finite]).max())


@functools.cache
def fixture(name: str) -> OnnxNetwork:
    """A shipped model, at sizes that are all fixed."""
    network = open_network(FIXTURES / name)
    return network.at({one.name: closed(one.shape) for one in network.inputs})


def closed(shape: Iterable[Any] | None) -> tuple[int, ...]:
    """The shape with a batch of 1, and OPEN_SIZE for every other open size."""
    return tuple(
        size if isinstance(size, int) else OPEN_SIZE if axis else 1
        for axis, size in enumerate(shape or ())
    )


def feeds_of(network: OnnxNetwork) -> dict[str, np.ndarray]:
    """Noise for every input."""
    return {one.name: numbers(*closed(one.shape)) for one in network.inputs}


def read_places(network: OnnxNetwork) -> list[tuple[int, Site, Place]]:
    """Index, site and place of those that have one."""
    pairs = enumerate(zip(network.sites, network.places, strict=True))
    return [(index, site, place) for index, (site, place) in pairs if place is not None]


def own_change(site: Site, place: Place) -> Change:
    """What the site computes already, scale multiplied into the weight."""
    assert site.spec is not None
    clip, quantization = place.epilogue.clip, place.quantization
    if place.values is None:
        return Change(spec=site.spec, clip=clip, quantization=quantization)
    values = place.values()
    weight = values.weight
    if values.scale is not None:
        weight = weight * per_output(site, values.scale).astype(np.float32)
    return Change(
        spec=site.spec, weight=weight, offset=values.offset, clip=clip, quantization=quantization
    )


def per_output(site: Site, scale: np.ndarray) -> np.ndarray:
    """One number per output channel, shaped to be multiplied with the weight."""
    assert site.spec is not None
    ones = (1,) * site.spec.rank
    if site.spec.kind is OpKind.CONV:
        return scale.reshape(-1, 1, *ones)
    c_in, _ = site.spec.channels
    grouped = scale.reshape(site.spec.group, -1)
    return np.repeat(grouped, c_in // site.spec.group, axis=0).reshape(c_in, -1, *ones)


def own_changes(network: OnnxNetwork) -> Mapping[int, Change]:
    """`own_change` of every site."""
    return {index: own_change(site, place) for index, site, place in read_places(network)}
