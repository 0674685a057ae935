"""Two ops in the same terms: the same axes, channels and groups; and back again."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from padcheck.records import OpKind, OpSpec

__all__ = [
    "KINDS",
    "Aligned",
    "aligned_specs",
    "in_terms_of",
    "incomparable",
    "joined",
    "part_of",
    "restored",
    "split_spec",
    "unfit",
    "without_axes",
]

_PER_AXIS = (
    "input_size",
    "kernel_size",
    "stride",
    "dilation",
    "pads",
    "output_padding",
    "output_shape",
)
#: What an op is besides its windows, channels and groups.
_WHOLE = (
    "kind",
    "rounding",
    "pad_value",
    "pad_mode",
    "count_include_pad",
    "p",
    "interpolation",
    "coordinates",
    "deviation",
)


#: Words for what an op is.
KINDS = {
    OpKind.MAX_POOL: "a max pool",
    OpKind.AVERAGE_POOL: "an average pool",
    OpKind.LP_POOL: "an Lp pool",
    OpKind.CONV: "a convolution",
    OpKind.CONV_TRANSPOSE: "a transposed convolution",
    OpKind.RESIZE: "a resize",
}


@dataclass(frozen=True, slots=True)
class Aligned:
    """Two specs of one rank, and the axes that either lost for it."""

    source: OpSpec
    target: OpSpec
    source_dropped: tuple[int, ...] = ()
    target_dropped: tuple[int, ...] = ()


def aligned_specs(source: OpSpec, target: OpSpec) -> Aligned | None:
    """Both with as many axes as the one that has fewer; None where that cannot be.

    An axis may go whose one output reads its one input. Of several, those go that leave equal
    windows and input sizes. A convolution of as many channels is taken in the target's groups:
    whether the weight is the same is another question. The maximum of one number is its average.
    """
    if source.kind.has_weight and source.channels == target.channels:
        source = source.replace(group=target.group)
    if source.kind is not target.kind and _takes_one(source) and _takes_one(target):
        target = target.replace(kind=source.kind, pad_value=source.pad_value)
    if source.rank == target.rank:
        return Aligned(source, target)
    if source.rank > target.rank:
        axes = _dropped(source, target)
        return None if axes is None else Aligned(without_axes(source, axes), target, axes, ())
    axes = _dropped(target, source)
    return None if axes is None else Aligned(source, without_axes(target, axes), (), axes)


def _takes_one(spec: OpSpec) -> bool:
    pool = spec.kind in (OpKind.MAX_POOL, OpKind.AVERAGE_POOL)
    return pool and set(spec.kernel_size) == {1} and not spec.reads_padding


def _dropped(larger: OpSpec, smaller: OpSpec) -> tuple[int, ...] | None:
    spare = [axis for axis in range(larger.rank) if _is_spare(larger, axis)]
    choices = list(itertools.combinations(spare, larger.rank - smaller.rank))

    def unlike(axes: tuple[int, ...]) -> tuple[bool, bool]:
        left = without_axes(larger, axes)
        return left.kernel_size != smaller.kernel_size, left.input_size != smaller.input_size

    return min(choices, key=unlike, default=None)


def _is_spare(spec: OpSpec, axis: int) -> bool:
    sizes = spec.input_size[axis], spec.kernel_size[axis], spec.output_size[axis]
    return sizes == (1, 1, 1) and spec.resolved_pads[axis] == (0, 0)


def without_axes(spec: OpSpec, axes: Sequence[int]) -> OpSpec:
    """The op with some axes fewer."""
    kept = [axis for axis in range(spec.rank) if axis not in axes]
    fields = {name: getattr(spec, name) for name in _PER_AXIS}
    return spec.replace(
        **{
            name: tuple(value[axis] for axis in kept) if value else ()
            for name, value in fields.items()
        }
    )


def in_terms_of(target: OpSpec, like: OpSpec) -> OpSpec:
    """`target` at the input size, channels and groups of `like`, without bias and deviation.

    Its rules are worked out anew; an output shape, which says nothing of another size, becomes
    the crops that it is.
    """
    fixed = target
    if target.output_shape and target.input_size != like.input_size:
        fixed = target.with_pads(target.resolved_pads)
    return fixed.replace(
        input_size=like.input_size,
        channels=like.channels,
        group=like.group,
        bias=False,
        deviation=None,
    )


def part_of(spec: OpSpec, count: int) -> OpSpec | None:
    """One of `count` equal parts of a grouped convolution; None where it has no such parts."""
    if not spec.kind.has_weight or spec.group % count:
        return None
    c_in, c_out = spec.channels
    return spec.replace(channels=(c_in // count, c_out // count), group=spec.group // count)


def joined(spec: OpSpec, count: int) -> OpSpec:
    """The grouped convolution that has `spec` as each of its `count` parts."""
    c_in, c_out = spec.channels
    return spec.replace(channels=(c_in * count, c_out * count), group=spec.group * count)


def split_spec(
    sources: Sequence[OpSpec], targets: Sequence[OpSpec]
) -> list[tuple[OpSpec, OpSpec]] | str:
    """Which op each part is held to: (source, target) specs; or why they do not go together.

    One grouped convolution against its parts, either way, or one op against one.
    """
    if len(sources) == len(targets) == 1:
        return [(sources[0], targets[0])]
    if len(sources) > 1 and len(targets) > 1:
        return f"{len(sources)} ops against {len(targets)}: expected one on either side"
    if len(sources) == 1:
        part = part_of(sources[0], len(targets))
        if part is None:
            return f"{sources[0]} has no {len(targets)} equal groups"
        return [(part, target) for target in targets]
    if part_of(targets[0], len(sources)) is None:
        return f"{targets[0]} has no {len(sources)} equal groups"
    return [(joined(source, len(sources)), targets[0]) for source in sources]


def restored(observed: OpSpec, source: OpSpec, dropped: Sequence[int]) -> OpSpec:
    """`observed`, which lacks some axes of `source`, as an op in the place of `source`.

    Pads are worked out at the source's input size and stay as they are from there on.
    """
    kept = [axis for axis in range(source.rank) if axis not in dropped]
    changes = {name: getattr(observed, name) for name in _WHOLE}
    for name in ("kernel_size", "stride", "dilation"):
        values = list(getattr(source, name))
        for axis, value in zip(kept, getattr(observed, name), strict=True):
            values[axis] = value
        changes[name] = tuple(values)
    sized = observed.resized([source.input_size[axis] for axis in kept])
    pairs = list(source.resolved_pads)
    for axis, pair in zip(kept, sized.resolved_pads, strict=True):
        pairs[axis] = pair
    return source.replace(**changes).with_pads(pairs)


def incomparable(source: OpSpec, target: OpSpec) -> str | None:
    """Why two ops that look different may be the same, and are not compared."""
    told = f"not compared: {KINDS[target.kind]} in place of {KINDS[source.kind]}"
    if source.kind.has_weight != target.kind.has_weight:
        return told
    if not source.kind.has_weight:
        return None
    if source.kind is not target.kind:  # the same, with stride 1 and a flipped weight
        return told if set(source.stride) == set(target.stride) == {1} else None
    if source.kernel_size == target.kernel_size:
        return None
    extents = [tuple(w.effective_kernel for w in spec.windows) for spec in (source, target)]
    if extents[0] == extents[1]:  # a dilation may be written into the weight
        return f"not compared: {target} in place of {source}"
    return None


def unfit(source: OpSpec, target: OpSpec) -> str | None:
    """Why the target's op cannot be fed with the weights of the source's."""
    if not source.kind.has_weight:
        return None
    alike = source.kernel_size == target.kernel_size and _grouping(source) == _grouping(target)
    if source.kind is not target.kind or not alike:
        return "not measured: its weight has another shape"
    return None


def _grouping(spec: OpSpec) -> str:
    if spec.group == 1:
        return "dense"
    return "depthwise" if spec.group == spec.channels[0] else "grouped"
