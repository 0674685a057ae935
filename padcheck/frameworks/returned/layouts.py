"""Where a model has its channels, told by the shapes that it declares. Plain ints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["FIRST", "LAST", "Layout", "Shape", "layout_by"]

FIRST, LAST = "channels_first", "channels_last"

#: The batch first; None where a size is open.
Shape = tuple["int | None", ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the channels of what goes in and of what comes out are."""

    input: str = FIRST
    output: str = FIRST


def layout_by(
    shape: Sequence[int | None] | None, channels: int, sizes: Sequence[int | None]
) -> str | None:
    """The one layout in which a tensor of so many channels and of these spatial sizes (None:
    any) has this shape; None where both fit, or neither.

    1. A size that the shape leaves open fits any.
    2. Where both fit, it is the one whose channels are told while those of the other are open.

    >>> layout_by((None, 2, 8, 9), 2, (8, 9)), layout_by((None, 2, 8, 2), 2, (None, None))
    ('channels_first', None)
    """
    if shape is None or len(shape) != len(sizes) + 2:
        return None
    first, last = (channels, *sizes), (*sizes, channels)
    fitting = [name for name, one in ((FIRST, first), (LAST, last)) if _fits(shape[1:], one)]
    if len(fitting) == 2:  # rule 2
        fitting = [name for name, axis in ((FIRST, 1), (LAST, -1)) if shape[axis] is not None]
    return fitting[0] if len(fitting) == 1 else None


def _fits(shape: Sequence[int | None], wanted: Sequence[int | None]) -> bool:
    """Rule 1."""
    pairs = zip(shape, wanted, strict=True)
    return all(one is None or other is None or one == other for one, other in pairs)
