"""The geometries that every framework is held to: small, named, the same on every run.

They are those at which real frameworks and converters went wrong, and each kind of op under
each policy besides.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator

from padcheck.checks.suite.convs import CONVS, MORE_CONVS
from padcheck.checks.suite.pools import AVERAGE_POOLS, LP_POOLS, MAX_POOLS, MORE_POOLS
from padcheck.checks.suite.products import BORDERS, GROUPED, POLICIES
from padcheck.checks.suite.transposed import MORE_TRANSPOSEDS, TRANSPOSEDS
from padcheck.checks.suite.words import KINDS
from padcheck.errors import UsageError
from padcheck.records import OpKind, OpSpec

__all__ = ["case_id", "geometries", "suite"]

_RANKS = (1, 2, 3)


def geometries(
    kind: OpKind | str | None = None, rank: int | None = None, level: str | None = None
) -> tuple[OpSpec, ...]:
    """The geometries that padcheck holds every framework to, for parametrized tests:

        @pytest.mark.parametrize("spec", padcheck.geometries("conv", rank=2), ids=str)
        def test_my_layer(spec):
            padcheck.assert_callable(spec, my_layer)

    About 600, small, the same on every run: where real frameworks and converters went wrong, and
    each kind of op under each policy. `kind` is "conv", "conv_transpose", "max_pool",
    "average_pool" or "lp_pool", `rank` the number of spatial axes; all unless told. `str` of each
    is another text, that stays what it is.

    With a `level`, the ops of the cases that `padcheck.grade` puts to a converter instead:
    "quick" (about 430), "standard" (1,460) or "deep" (6,300), each with those of the one before.

    Raises UsageError for another kind, rank or level.
    """
    __tracebackhide__ = True
    if level is None:
        return tuple(_labelled(spec) for spec in suite(kind, rank))
    from padcheck.checks.corpus import corpus  # late: it is made of the suite

    asked = dict.fromkeys(case.spec for case in corpus(level))
    return tuple(_labelled(spec) for spec in _chosen(asked, kind, rank))


@functools.cache
def _labelled(spec: OpSpec) -> OpSpec:
    return spec.labelled(case_id(spec))


def suite(kind: OpKind | str | None = None, rank: int | None = None) -> tuple[OpSpec, ...]:
    """All geometries, or those of one kind of op ("conv", "conv_transpose", "max_pool",
    "average_pool", "lp_pool") and of so many spatial axes.

    Raises UsageError for another kind or rank.

    >>> case_id(suite("conv", rank=2)[2])
    'conv(n=8x6, k=3x3, s=2x2, pads=(1,1)x(1,1))-c2-3-explicit'
    """
    __tracebackhide__ = True
    return _chosen(_all(), kind, rank)


def _chosen(
    specs: Iterable[OpSpec], kind: OpKind | str | None, rank: int | None
) -> tuple[OpSpec, ...]:
    __tracebackhide__ = True
    wanted = _kind(kind)
    if rank is not None and (isinstance(rank, bool) or rank not in _RANKS):
        raise UsageError(f"expected a rank of 1, 2, 3 but got {rank!r}")
    return tuple(
        spec
        for spec in specs
        if (wanted is None or spec.kind is wanted) and (rank is None or spec.rank == rank)
    )


def _kind(kind: OpKind | str | None) -> OpKind | None:
    __tracebackhide__ = True
    if kind is None:
        return None
    known = {member.value: member for member in KINDS}
    name = kind.value if isinstance(kind, OpKind) else kind
    if not isinstance(name, str) or name not in known:
        raise UsageError(f"expected a kind of {', '.join(known)} but got {name!r}")
    return known[name]


@functools.cache
def _all() -> tuple[OpSpec, ...]:
    """Each once, in order; two that share an id are the same op."""
    listed = (
        *(*CONVS, *MORE_CONVS, *TRANSPOSEDS, *MORE_TRANSPOSEDS),
        *(*MAX_POOLS, *AVERAGE_POOLS, *LP_POOLS, *MORE_POOLS),
        *(*POLICIES, *GROUPED, *BORDERS),
    )
    return tuple({case_id(spec): spec for spec in listed}.values())


def case_id(spec: OpSpec) -> str:
    """The name of a geometry: its windows and what they leave out, so that no two share one.

    It never changes once published: files of known divergences name cases by it.
    """
    return "-".join((spec.windowing, *_left_out(spec)))


def _left_out(spec: OpSpec) -> Iterator[str]:
    if spec.kind.has_weight:
        yield f"c{spec.channels[0]}-{spec.channels[1]}"
    if spec.bias:
        yield "bias"
    policies = [rule.policy.value for rule in spec.pads]
    yield "+".join(policies if len(set(policies)) > 1 else policies[:1])
    if spec.pad_mode != "constant":
        yield spec.pad_mode
    if spec.pad_value != (-math.inf if spec.kind is OpKind.MAX_POOL else 0.0):
        yield f"fill={spec.pad_value + 0.0:g}"
    if spec.kind is OpKind.LP_POOL and spec.p != 2:
        yield f"p={spec.p}"
    for name in ("output_padding", "output_shape"):
        if getattr(spec, name):
            yield f"{name}={'x'.join(map(str, getattr(spec, name)))}"
