"""Hypothesis strategies that draw geometries (`pip install 'padcheck[hypothesis]'`).

    from hypothesis import given

    @given(spec=padcheck.strategies.convs(rank=2))
    def test_my_layer(spec):
        padcheck.assert_callable(spec, my_layer)

Every op drawn is one that the builder (`padcheck.conv` ...) makes, and has outputs. A failing one
shrinks to the plainest that still fails: few axes, then nothing besides the windows, explicit
pads, no dilation, stride 1, a small kernel, few pads, and at last a small input.

Each function takes `rank`, the number of spatial axes (1 to 3, any unless told), `max_size`, the
largest input size of an axis, and `policies`, of "explicit", "valid", "same_upper" (or "same"),
"same_lower" and, for convolutions, "causal"; all unless told. They raise UsageError for other
arguments, and MissingFramework without Hypothesis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from padcheck.errors import MissingFramework, UsageError
from padcheck.geometry import PadPolicy, at_least
from padcheck.records import OpKind, OpSpec

if TYPE_CHECKING:
    from types import ModuleType

    from hypothesis.strategies import SearchStrategy

__all__ = ["conv_transposes", "convs", "ops", "pools"]

_RANKS = (1, 2, 3)
_POOLS = (OpKind.MAX_POOL, OpKind.AVERAGE_POOL, OpKind.LP_POOL)
#: From the plainest on.
_CAUSAL = PadPolicy.CAUSAL
_OTHERS = (PadPolicy.EXPLICIT, PadPolicy.VALID, PadPolicy.SAME_UPPER, PadPolicy.SAME_LOWER)
_POLICIES = (*_OTHERS, _CAUSAL)

Words = Sequence[str] | str | None


def convs(
    *, rank: int | None = None, max_size: int = 12, policies: Words = None
) -> SearchStrategy[OpSpec]:
    """Convolutions: dilated, grouped, depthwise, with and without bias, of any stride.

    >>> padcheck.strategies.convs(rank=1, policies="explicit").example()
    padcheck.conv(input_size=9, kernel_size=3, stride=4, pads=(0, 2), bias=True)
    """
    __tracebackhide__ = True
    ranks, size = _ranks(rank), at_least("max_size", max_size, 1)
    chosen = _chosen(policies, _POLICIES)
    made: SearchStrategy[OpSpec] = _drawing().convs(ranks, size, chosen)
    return made


def conv_transposes(
    *, rank: int | None = None, max_size: int = 12, policies: Words = None
) -> SearchStrategy[OpSpec]:
    """Transposed convolutions: as `convs`, with `output_padding` where the pads are numbers."""
    __tracebackhide__ = True
    ranks, size = _ranks(rank), at_least("max_size", max_size, 1)
    chosen = _chosen(policies, _OTHERS)
    made: SearchStrategy[OpSpec] = _drawing().conv_transposes(ranks, size, chosen)
    return made


def pools(
    *,
    rank: int | None = None,
    max_size: int = 12,
    kinds: Words = None,
    policies: Words = None,
) -> SearchStrategy[OpSpec]:
    """Pools of `kinds` ("max_pool", "average_pool", "lp_pool"; all unless told), with and without
    `ceil_mode` and `count_include_pad`. Every window reads an input.
    """
    __tracebackhide__ = True
    ranks, size = _ranks(rank), at_least("max_size", max_size, 1)
    chosen = _chosen(policies, _OTHERS)
    wanted = _words("kinds", kinds, [kind.value for kind in _POOLS])
    made: SearchStrategy[OpSpec] = _drawing().pools(ranks, size, chosen, tuple(map(OpKind, wanted)))
    return made


def ops(
    *, rank: int | None = None, max_size: int = 12, policies: Words = None
) -> SearchStrategy[OpSpec]:
    """Convolutions, pools and transposed convolutions; those that have any of `policies`."""
    __tracebackhide__ = True
    drawing = _drawing()
    chosen = _chosen(policies, _POLICIES)
    others = tuple(policy.value for policy in chosen if policy is not _CAUSAL)
    made: SearchStrategy[OpSpec] = convs(rank=rank, max_size=max_size, policies=policies)
    if others:
        pooled = pools(rank=rank, max_size=max_size, policies=others)
        transposed = conv_transposes(rank=rank, max_size=max_size, policies=others)
        made = drawing.one_of(made, pooled, transposed)
    return made


def _drawing() -> ModuleType:
    try:
        from padcheck.strategies import drawing
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "hypothesis":
            raise
        how = "pip install 'padcheck[hypothesis]'"
        raise MissingFramework(f"hypothesis: not installed ({how})") from error
    return drawing


def _ranks(rank: int | None) -> tuple[int, ...]:
    if rank is None:
        return _RANKS
    if isinstance(rank, bool) or rank not in _RANKS:
        raise UsageError(f"expected a rank of 1, 2, 3 but got {rank!r}")
    return (rank,)


def _chosen(policies: Words, known: Sequence[PadPolicy]) -> tuple[PadPolicy, ...]:
    """The policies asked for, from the plainest on."""
    __tracebackhide__ = True
    words = _words("policies", policies, [policy.value for policy in known])
    return tuple(policy for policy in known if policy.value in words)


def _words(name: str, given: Words, known: Sequence[str]) -> tuple[str, ...]:
    """Those given, each once, in the order of `known`; raises UsageError for another or none."""
    __tracebackhide__ = True
    if given is None:
        return tuple(known)
    words = [given] if isinstance(given, str) else list(given)
    words = ["same_upper" if word == "same" else word for word in words]
    if not words or not all(word in known for word in words):
        raise UsageError(f"expected {name} of {', '.join(known)} but got {given!r}")
    return tuple(word for word in known if word in words)
