"""One input for two models: whose input is whose, at which shape, in which layout."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from padcheck.errors import ModelError, UsageError
from padcheck.records import Quantization, Tensor, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from padcheck.frameworks.base import Network

    Arrays = Mapping[str, NDArray[Any]]

__all__ = ["InputPair", "Permutation", "layouts", "made", "pair_inputs", "target_feeds"]

#: Axes of the source in the order of the target's.
Permutation = tuple[int, ...]

#: What a made input may hold at most.
MOST_ELEMENTS = 1 << 28
_SEED = 0
#: A quantized input's range holds so many standard deviations to each side of its middle.
DEVIATIONS = 4.5


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPair:
    """An input of the source and the target's that takes the same numbers.

    `shape` is the source's; `permutation` has the source's axes in the target's order.
    """

    source: Tensor
    target: Tensor
    shape: tuple[int, ...]
    permutation: Permutation

    @property
    def target_shape(self) -> tuple[int, ...]:
        """The shape of the target's input."""
        return tuple(self.shape[axis] for axis in self.permutation)


def layouts(rank: int, source_last: bool | None, target_last: bool | None) -> list[Permutation]:
    """The orders of axes that may take the source's tensor to the target's, likeliest first."""
    same = tuple(range(rank))
    if rank < 3:
        return [same]
    to_last, to_first = (0, *range(2, rank), 1), (0, rank - 1, *range(1, rank - 1))
    if source_last is None or target_last is None or source_last == target_last:
        return [same, to_last, to_first]
    return [to_first, same, to_last] if source_last else [to_last, same, to_first]


def pair_inputs(
    source: Network,
    target: Network,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    arrays: Arrays | None = None,
) -> tuple[InputPair, ...]:
    """Which input of the target takes what the source's take, and at which shapes.

    Inputs of equal names belong together; else they are paired in order, each with the first
    that its shape fits. An open batch is 1; any other size that one side leaves open is the
    other's. `input_shapes` and the shapes of `arrays` are by either side's names.

    Raises UsageError for a name or shape that fits neither, or a size that stays open, and
    ModelError for models whose inputs do not go together.
    """
    given = {name: tuple(array.shape) for name, array in (arrays or {}).items()}
    given |= {name: tuple(shape) for name, shape in (input_shapes or {}).items()}
    _known(source, target, given)
    if len(source.inputs) != len(target.inputs):
        raise ModelError(
            f"the source has {_listed(source.inputs)} and the target {_listed(target.inputs)}: "
            "not the same model"
        )
    left = list(target.inputs)
    pairs = []
    for one in source.inputs:
        found = next(_fitting(one, left, given), None)
        if found is None:
            raise ModelError(
                f"no input of the target takes what the source's does: {_told(one, given)} "
                f"against {', '.join(_told(other, given, one) for other in left)}"
            )
        pairs.append(found)
        left.remove(found.target)
    return tuple(pairs)


def _known(source: Network, target: Network, given: Mapping[str, tuple[int, ...]]) -> None:
    names = [tensor.name for tensor in (*source.inputs, *target.inputs)]
    for name in given:
        if name not in names:
            known = ", ".join(printable(each) for each in dict.fromkeys(names))
            raise UsageError(f"expected an input of the models ({known}) but got {name!r}")
        tensor = next(each for each in (*source.inputs, *target.inputs) if each.name == name)
        if tensor.shape is not None and len(tensor.shape) != len(given[name]):
            wanted = "x".join("?" if size is None else str(size) for size in tensor.shape)
            raise UsageError(
                f"input {printable(name)}: expected a shape like {wanted or '()'} but got "
                f"{'x'.join(map(str, given[name])) or '()'}"
            )


def _fitting(
    one: Tensor, left: Sequence[Tensor], given: Mapping[str, tuple[int, ...]]
) -> Iterator[InputPair]:
    """The pairs that an input may make, those of its own name first."""
    for other in sorted(left, key=lambda tensor: tensor.name != one.name):
        here, there = given.get(one.name), given.get(other.name)
        mine = here if here is not None else one.shape
        theirs = there if there is not None and other.name != one.name else other.shape
        rank = len(mine or theirs or ())
        for order in layouts(rank, one.channels_last, other.channels_last):
            shape = _agreed(mine, theirs, order)
            if shape is not None:
                sizes = _closed(one, shape)
                yield InputPair(source=one, target=other, shape=sizes, permutation=order)


def _agreed(
    mine: Sequence[Any] | None, theirs: Sequence[Any] | None, order: Permutation
) -> list[int | None] | None:
    """The shape in the source's order; None where the two contradict each other."""
    rank = len(order)
    back = (
        [None if theirs is None else theirs[order.index(axis)] for axis in range(rank)]
        if (theirs is None or len(theirs) == rank)
        else None
    )
    if back is None or (mine is not None and len(mine) != rank):
        return None
    shape: list[int | None] = []
    for axis in range(rank):
        sizes = {
            size
            for size in (None if mine is None else mine[axis], back[axis])
            if isinstance(size, int)
        }
        if len(sizes) > 1:
            return None
        shape.append(next(iter(sizes), None))
    return shape


def _closed(one: Tensor, shape: list[int | None]) -> tuple[int, ...]:
    """The shape with an open batch of 1; raises UsageError for any other open size."""
    sizes = [1 if axis == 0 and size is None else size for axis, size in enumerate(shape)]
    if any(size is None for size in sizes):
        text = ",".join("?" if size is None else str(size) for size in sizes)
        raise UsageError(
            f"input {printable(one.name)}: both models leave its sizes open ({text}); "
            f"give them with --input-shape {printable(one.name)}={text.replace('?', 'N')}"
        )
    return tuple(size for size in sizes if size is not None)


def _listed(inputs: Sequence[Tensor]) -> str:
    names = ", ".join(printable(tensor.name) for tensor in inputs)
    return f"{len(inputs)} input{'' if len(inputs) == 1 else 's'} ({names})"


def _told(
    tensor: Tensor, given: Mapping[str, tuple[int, ...]], beside: Tensor | None = None
) -> str:
    known = {} if beside is not None and beside.name == tensor.name else given
    shape = known.get(tensor.name, tensor.shape)
    text = "?" if shape is None else "x".join("?" if s is None else str(s) for s in shape)
    return f"{printable(tensor.name)} {text}"


def made(pairs: Sequence[InputPair], arrays: Arrays | None = None) -> dict[str, NDArray[Any]]:
    """The source's feeds: the given arrays, and for the others normal noise of a fixed seed.

    A quantized side is given numbers that its integers hold exactly. Other integers are 0 to 255
    for bytes, 0 and 1 else. Raises UsageError for an input too large.
    """
    generator = np.random.default_rng(_SEED)
    feeds = {}
    for pair in pairs:
        array = _given(pair, arrays or {})
        if array is None:
            elements = 1
            for size in pair.shape:
                elements *= size
            if elements > MOST_ELEMENTS:
                raise UsageError(
                    f"input {printable(pair.source.name)}: expected at most {MOST_ELEMENTS} "
                    f"elements but got {elements}"
                )
            array = _drawn(pair, generator)
        feeds[pair.source.name] = array
    return feeds


def _given(pair: InputPair, arrays: Arrays) -> NDArray[Any] | None:
    for tensor, back in ((pair.source, False), (pair.target, True)):
        if tensor.name in arrays:
            array = np.asarray(arrays[tensor.name])
            if back and tensor.name != pair.source.name:
                array = array.transpose(np.argsort(pair.permutation))
            for side in (pair.source, pair.target):
                _held(array, tensor.name, _dtype(side))
            return np.ascontiguousarray(array, dtype=_dtype(pair.source))
    return None


def _held(array: NDArray[Any], name: str, dtype: np.dtype[Any]) -> None:
    """Raises UsageError for numbers that an input of integers would cut short."""
    if array.dtype.kind not in "fiub":
        raise UsageError(f"input {printable(name)}: expected real numbers but got {array.dtype}")
    if dtype.kind == "f":
        return
    with np.errstate(invalid="ignore"):
        same = np.array_equal(array.astype(dtype), array)
    if not same:
        raise UsageError(
            f"input {printable(name)}: expected numbers that {dtype} holds but got {array.dtype} "
            "with others"
        )


def _drawn(pair: InputPair, generator: np.random.Generator) -> NDArray[Any]:
    quantized = next(
        (each.quantization for each in (pair.source, pair.target) if each.quantization), None
    )
    if quantized is not None:
        return _on_grid(quantized, generator.standard_normal(pair.shape))
    dtype = _dtype(pair.source)
    strict = dtype if dtype.kind != "f" else _dtype(pair.target)  # what either side can hold
    if strict.kind == "f":
        return generator.standard_normal(pair.shape, dtype=np.float32).astype(dtype)
    high = 256 if strict.itemsize == 1 and strict.kind == "u" else 2
    return generator.integers(0, high, pair.shape).astype(dtype)


def _on_grid(quantized: Quantization, normal: NDArray[Any]) -> NDArray[Any]:
    """Normal noise over the range of a quantized input, which such an input was calibrated for:
    its numbers are those of the grid, so that no side rounds them.
    """
    middle = (quantized.low + quantized.high) / 2
    spread = (quantized.high - quantized.low) / (2 * DEVIATIONS)
    stored = np.clip(np.rint(middle + spread * normal), quantized.low, quantized.high)
    made: NDArray[Any] = (quantized.scale * (stored - quantized.zero_point)).astype(np.float32)
    return made


def _dtype(tensor: Tensor) -> np.dtype[Any]:
    """What the network is given: real numbers for a quantized input."""
    return np.dtype(np.float32 if tensor.quantization is not None else tensor.dtype)


def target_feeds(pairs: Sequence[InputPair], feeds: Arrays) -> dict[str, NDArray[Any]]:
    """The same numbers for the target, in its names, layouts and types."""
    return {
        pair.target.name: np.ascontiguousarray(
            feeds[pair.source.name].transpose(pair.permutation), dtype=_dtype(pair.target)
        )
        for pair in pairs
    }


def described(pairs: Sequence[InputPair], arrays: Arrays | None) -> Iterator[str]:
    """What each input holds, in words."""
    for pair in pairs:
        shape = "x".join(map(str, pair.shape))
        given = pair.source.name in (arrays or {}) or pair.target.name in (arrays or {})
        what = "as given" if given else f"random, seed {_SEED}"
        moved = pair.permutation != tuple(itertools.chain(range(len(pair.shape))))
        order = f"; {'x'.join(map(str, pair.target_shape))} for the target" if moved else ""
        yield f"{printable(pair.source.name)} {shape}, {what}{order}"
