"""At which input size the whole network agrees with SAME: every op of it at once.

Each op's input size follows from the network's, so the model's shapes are worked out anew for
one size after the other, without running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from padcheck.checks.assemble import NATURAL
from padcheck.errors import PadcheckError
from padcheck.frameworks import lower
from padcheck.records import OpSpec, Site, agreement_of, same_function

__all__ = ["STEPS", "agreeing_shapes"]

#: Input sizes tried above the model's own: a period of networks that halve five times, and one.
STEPS = 33

Shapes = dict[str, tuple[int, ...]]


def agreeing_shapes(
    sites: Sequence[Site],
    inputs: Mapping[str, Sequence[int | str | None]],
    sites_at: Callable[[Shapes], Sequence[Site]],
) -> Shapes | None:
    """The nearest larger input shapes at which SAME is right for every op that reads padding.

    All spatial sizes grow together. None when SAME is right as it is, when some op agrees at no
    size, when a spatial size is open, or when none of STEPS sizes will do.
    """
    guilty = [site.spec for site in sites if site.spec is not None and not _agrees(site.spec)]
    fixed = {name: dims for name, dims in inputs.items() if len(dims) > 2}
    if not guilty or not fixed or any(_never(spec) for spec in guilty):
        return None
    if any(site.spec is None or site.is_dynamic for site in sites):
        return None
    for more in range(1, STEPS + 1):
        shapes = {name: _grown(dims, more) for name, dims in fixed.items()}
        try:
            moved = sites_at(shapes)
        except PadcheckError:
            continue
        specs = [site.spec for site in moved]
        if all(spec is not None and _agrees(spec) for spec in specs):
            return shapes
    return None


def _grown(dims: Sequence[int | str | None], more: int) -> tuple[int, ...]:
    """The shape with its spatial sizes enlarged; an open batch becomes 1."""
    batch, channels, *spatial = [size if isinstance(size, int) else 1 for size in dims]
    return (batch, channels, *(size + more for size in spatial))


def _agrees(spec: OpSpec) -> bool:
    """Whether SAME is the op, or would not be used because no padding is read."""
    same = lower(spec, NATURAL).spec
    return not spec.reads_padding or (same is not None and same_function(spec, same))


def _never(spec: OpSpec) -> bool:
    """Whether some axis agrees at no size at all."""
    same = lower(spec, NATURAL).spec
    if same is None:
        return True
    found = [agreement_of(spec, same, axis) for axis in range(spec.rank)]
    return any(axis is not None and axis.never for axis in found)
