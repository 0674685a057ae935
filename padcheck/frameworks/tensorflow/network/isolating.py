"""One site of a frozen graph alone: its own nodes, fed with any input and any weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from padcheck.frameworks.lowering import NO_OUTPUT
from padcheck.frameworks.tensorflow.network.cutting import Part
from padcheck.frameworks.tensorflow.network.session import Session, refused, tensor_name
from padcheck.frameworks.tensorflow.network.site_cut import DATA, SIZES, WEIGHT, SiteCut
from padcheck.frameworks.tensorflow.network.windowed import WINDOWED, WindowedNode
from padcheck.frameworks.tf_ops import tensorflow
from padcheck.records import OpKind

if TYPE_CHECKING:
    import numpy as np

__all__ = ["isolate"]


def isolate(
    graph_def: Any,
    *,
    data: str,
    weight: str | None,
    output: str,
    rank: int,
    kind: OpKind,
    channels_last: bool,
    nodes: Sequence[str],
) -> Callable[[np.ndarray, np.ndarray | None], np.ndarray]:
    """`output` as a function of `data` and `weight`, tensors of `graph_def`; `rank` spatial axes.

    The function takes x (N, C, *spatial) and a weight as `OpSpec.weight_shape` says, None for a
    pool, both of any size, and gives (N, C, *spatial) in float32. What the op, one of `nodes`,
    and its data need besides is taken along as it is, but for what was worked out at one size:

    1. The output size of a transposed conv keeps its distance from n * stride.
    2. The pads that a space is batched with are topped up to a multiple of its blocks.

    An op of no output raises FrameworkError, as does one that reads more than its data.
    """
    index = {node.name: node for node in graph_def.node}
    ops = [index[name] for name in nodes if name in index and index[name].op in WINDOWED]
    if not ops or (kind.has_weight and len(ops) > 1):
        raise refused(f"expected one windowed op for `{output}` but got {len(ops)}")
    cut = SiteCut(index, tensor_name(data), tensor_name(output), Part(graph_def))
    windowed = [WindowedNode.of(op) for op in ops]
    if kind.has_weight:
        cut.open_weight(windowed[0], None if weight is None else tensor_name(weight))
    if windowed[0].is_transposed:
        cut.open_sizes(ops[0])
    cut.build(rank, windowed)
    return _Isolated(cut, windowed, rank=rank, channels_last=channels_last)


class _Isolated:
    """The function; its session starts with the first call."""

    def __init__(
        self, cut: SiteCut, ops: Sequence[WindowedNode], *, rank: int, channels_last: bool
    ) -> None:
        self._cut, self._ops = cut, ops
        self._rank, self._channels_last = rank, channels_last
        self._shapes = [
            (cut.shape_of(op.data, op.dtype), op.filter and cut.shape_of(op.filter, op.dtype))
            for op in ops
        ]
        space = cut.space
        self._space_shape = None if space is None else cut.shape_of(space.data, space.dtype)
        self._dtype = tensorflow().as_dtype(cut.dtype).as_numpy_dtype
        self._session: Session | None = None

    def __call__(self, x: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        import numpy as np

        if self._session is None:
            self._session = Session(self._cut.part.graph_def, optimizer="none")
        image = np.moveaxis(x, 1, -1) if self._channels_last else x
        feeds: dict[str, Any] = {DATA: np.ascontiguousarray(image, dtype=self._dtype)}
        if self._cut.kernel_rank:
            feeds[WEIGHT] = self._kernel(weight, x.shape[1])
        feeds |= self._batched(self._session, feeds)
        feeds |= self._sized(self._session, feeds)
        y = self._session.run([self._cut.output], feeds)[0]
        y = np.moveaxis(y, -1, 1) if self._channels_last else y
        return np.ascontiguousarray(y, dtype=np.float32)

    def _kernel(self, weight: np.ndarray | None, channels: int) -> np.ndarray:
        """(O, I/group, *k) -> (*k, I/group, O), or depthwise (C * m, 1, *k) -> (*k, C, m)."""
        import numpy as np

        if weight is None:
            raise refused(f"expected a weight for `{self._cut.output}`")
        if self._ops[0].op == "DepthwiseConv2dNative":
            split = weight.reshape(channels, -1, *weight.shape[2:])
            kernel = np.moveaxis(split, (0, 1), (-2, -1))
        else:
            kernel = np.moveaxis(weight, (0, 1), (-1, -2))
        if self._cut.lone_axis is not None and self._cut.kernel_rank > kernel.ndim:
            kernel = np.expand_dims(kernel, self._cut.lone_axis)
        return np.ascontiguousarray(kernel, dtype=self._dtype)

    def _batched(self, session: Session, feeds: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._cut.space is None or self._space_shape is None:
            return {}
        shape = session.run([self._space_shape], feeds)[0].tolist()
        return self._cut.space.fed(shape)  # rule 2

    def _sized(self, session: Session, feeds: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a transposed conv is to give; raises FrameworkError for an op of no output."""
        fed: dict[str, Any] = {}
        for op, (image, kernel) in zip(self._ops, self._shapes, strict=True):
            if op.padding == "SAME" and not op.is_transposed:
                continue
            names = [image] if kernel is None else [image, kernel]
            told = [self._cut.told] if op.is_transposed and self._cut.told else []
            shape, *rest = (array.tolist() for array in session.run([*names, *told], feeds))
            window = rest.pop(0) if kernel is not None else None
            if not op.has_output(shape, window):
                raise refused(NO_OUTPUT)
            if op.is_transposed:
                assert window is not None
                fed[SIZES] = op.output_sizes(shape, window, rest[0] if rest else None)  # rule 1
        return fed
