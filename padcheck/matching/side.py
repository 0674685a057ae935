"""One side while it is being matched: what can be matched, and who stands before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from padcheck.matching.signature import Signature, sign, squeezed

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from padcheck.matching.pairs import Sided
    from padcheck.records import OpSpec, OpValues, Place, Site

__all__ = ["Side"]


class Side:
    """Sites and places, the neighbours of each, the pair it is in, and its weight's signature."""

    def __init__(self, sided: Sided) -> None:
        self.sites: tuple[Site, ...] = sided.sites
        self.places: tuple[Place | None, ...] = sided.places
        count = len(self.sites)
        self.before: list[tuple[int, ...]] = [()] * count
        self.after: list[list[int]] = [[] for _ in range(count)]
        for index, place in enumerate(self.places):
            earlier = sorted(place.before) if place is not None else []
            self.before[index] = tuple(other for other in earlier if 0 <= other < index)
            for other in self.before[index]:
                self.after[other].append(index)
        self.pair: list[int | None] = [None] * count
        self.signatures: dict[int, Signature] = {}
        for index, values in self.weights(range(count)):
            made = sign(self.spec(index), values)
            if made is not None:
                self.signatures[index] = made

    def spec(self, index: int) -> OpSpec:
        """The spec of a site that was read."""
        spec = self.sites[index].spec
        assert spec is not None
        return spec

    def weights(self, indices: range | list[int]) -> Iterator[tuple[int, OpValues]]:
        """The numbers of those sites that have some, one after the other."""
        for index in indices:
            place, spec = self.places[index], self.sites[index].spec
            if place is None or spec is None or place.values is None or not spec.kind.has_weight:
                continue
            values = place.values()
            if values.weight.shape == spec.weight_shape:
                yield index, values

    def readable(self, index: int) -> bool:
        """Whether a site can be matched at all."""
        return self.sites[index].spec is not None and self.places[index] is not None

    def free(self) -> list[int]:
        """The sites that can be matched and are in no pair."""
        indices = range(len(self.sites))
        return [index for index in indices if self.pair[index] is None and self.readable(index)]

    def label(self, index: int) -> str:
        """The kind and the window of a site."""
        spec = self.sites[index].spec
        return "?" if spec is None else f"{spec.kind.value} {squeezed(spec.kernel_size)}"

    def geometry(self, index: int) -> Hashable:
        """Channels, and taps, step and size of each axis, without axes of one element."""
        spec = self.spec(index)
        axes = zip(spec.kernel_size, spec.stride, spec.dilation, spec.input_size, strict=True)
        return spec.channels, spec.group, *(axis for axis in axes if axis[0] > 1 or axis[3] > 1)
