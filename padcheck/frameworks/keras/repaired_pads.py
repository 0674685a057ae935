"""Pads before a layer of a functional model: which layers take them, and what holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from padcheck.errors import FrameworkError
from padcheck.geometry import SAME_UPPER, Window

if TYPE_CHECKING:
    from padcheck.frameworks.keras.repair import Repair

__all__ = ["Padder", "refusal"]

_CONVS = ("Conv", "DepthwiseConv", "SeparableConv")
_MAX = ("MaxPooling",)
_AVERAGE = ("AveragePooling",)


def refusal(keras: Any, layer: Any, fix: Repair) -> str | None:
    """Why Keras cannot express `fix` for `layer`; None if it can, as far as the layer tells.

    1. Only layers that take `padding="valid"` and need no crop of their output are padded.
    2. Only convolutions have a bias.
    3. Pads are added, one pair per spatial axis.
    """
    rank = _rank(keras, layer, _CONVS)
    if fix.bias is not None and rank is None:  # rule 2
        return f"a {type(layer).__name__} takes no bias"
    if fix.pads is None:
        return None
    rank = _rank(keras, layer, (*_CONVS, *_MAX, *_AVERAGE))
    if rank is None:  # rule 1
        return f"a {type(layer).__name__} takes no pads"
    if len(fix.pads) != rank:  # rule 3
        return f"expected {rank} pairs of pads but got {fix.pads}"
    if any(size < 0 for pair in fix.pads for size in pair):
        return f"negative pads {fix.pads} are a crop"
    return None


def _rank(keras: Any, layer: Any, kinds: tuple[str, ...]) -> int | None:
    for rank in (1, 2, 3):
        for kind in kinds:
            made = getattr(keras.layers, f"{kind}{rank}D", None)
            if made is not None and isinstance(layer, made):
                return rank
    return None


class Padder:
    """Pads what goes into the layers it was told of; its own layers are named at the end."""

    def __init__(self, keras: Any) -> None:
        self._keras = keras
        self._fixes: dict[int, Repair] = {}
        self._pads: dict[int, Any] = {}
        self._added: list[tuple[Any, str]] = []

    def expect(self, layer: Any, fix: Repair) -> None:
        """Tells what the new `layer` is to read."""
        if fix.pads is not None:
            self._fixes[id(layer)] = fix

    def padded(self, layer: Any, x: Any) -> Any:
        """What `layer` is to be called with instead of `x`, a KerasTensor of the new model.

        1. Pads that a layer right before adds are taken away.
        2. An average that leaves pads out has them as SAME would add them, or not at all.
        3. Zeros are a ZeroPadding; anything else is `keras.ops.pad`, which a .keras file holds
           as an operation [3.15.1].
        """
        fix = self._fixes.get(id(layer))
        if fix is None or fix.pads is None:
            return x
        x = self._bare(x)  # rule 1
        if not any(map(any, fix.pads)):
            return x
        if not fix.counted and _rank(self._keras, layer, _AVERAGE):  # rule 2
            self._as_same(layer, x, fix.pads)
            return x
        if fix.fill == 0:  # rule 3
            if id(layer) not in self._pads:
                self._pads[id(layer)] = self._add(self._zeros(layer, fix.pads), layer.name)
            return self._pads[id(layer)](x)
        return self._filled(layer, x, fix.pads, fix.fill)

    @property
    def count(self) -> int:
        """How many layers wait for their names."""
        return len(self._added)

    def rename(self, model: Any, since: int) -> None:
        """Names those of `model`: "<name>_pad", or with a number after it where that is taken."""
        taken = {operation.name for operation in model.operations}
        for added, name in self._added[since:]:
            wanted, count = f"{name}_pad", 1
            while wanted in taken:
                count += 1
                wanted = f"{name}_pad_{count}"
            taken.add(wanted)
            added.name = wanted
        del self._added[since:]

    def _add(self, operation: Any, name: str) -> Any:
        """Keeps an operation for `rename`; until then no other has its name."""
        operation.name = f"{name}_padcheck_{len(self._added)}"
        self._added.append((operation, name))
        return operation

    def _bare(self, x: Any) -> Any:
        layers = self._keras.layers
        zeros = (layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D)
        before = x._keras_history.operation
        while isinstance(before, zeros) or type(before).__name__ == "Pad":
            x = before.input
            before = x._keras_history.operation
        return x

    def _zeros(self, layer: Any, pads: tuple[tuple[int, int], ...]) -> Any:
        """A ZeroPadding in the layer's own data format; the 1-D one takes a pair."""
        made = getattr(self._keras.layers, f"ZeroPadding{len(pads)}D")
        words = {"data_format": layer.data_format, "dtype": layer.dtype_policy}
        if len(pads) == 1 and layer.data_format == "channels_last":
            del words["data_format"]  # older than 3.7 does not know it
        return made(pads[0] if len(pads) == 1 else pads, **words)

    def _filled(self, layer: Any, x: Any, pads: tuple[tuple[int, int], ...], fill: float) -> Any:
        first = layer.data_format == "channels_first"
        every = ((0, 0), (0, 0), *pads) if first else ((0, 0), *pads, (0, 0))
        y = self._keras.ops.pad(x, every, constant_values=fill)
        self._add(y._keras_history.operation, layer.name)
        return y

    def _as_same(self, layer: Any, x: Any, pads: tuple[tuple[int, int], ...]) -> None:
        """Sets `padding="same"` where that is the same pads; raises FrameworkError elsewhere."""
        first = layer.data_format == "channels_first"
        sizes = x.shape[2:] if first else x.shape[1:-1]
        windows = [Window(k, s, 1) for k, s in zip(layer.pool_size, layer.strides, strict=True)]
        if None not in sizes:
            same = tuple(SAME_UPPER.resolve(n, w) for n, w in zip(sizes, windows, strict=True))
            if same == pads:
                layer.padding = "same"
                return
        raise FrameworkError(
            f"keras {self._keras.__version__}: layer {layer.name}: an average that leaves out "
            f"pads of {pads} is none of Keras's: padding=same adds others, and ZeroPadding "
            "is counted"
        )
