"""`check_conv`: one convolution, built in every framework, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from padcheck import __version__
from padcheck.checks.assemble import DIAGNOSED, assemble
from padcheck.checks.judging import Judge
from padcheck.errors import UsageError
from padcheck.geometry import CAUSAL, SAME_LOWER, SAME_UPPER, VALID, PadRule, at_least, explicit
from padcheck.records import ModelRef, OpKind, OpSpec, Report, Site

__all__ = ["check_conv"]

_POLICIES = {
    "valid": VALID,
    "same": SAME_UPPER,
    "same_upper": SAME_UPPER,
    "same_lower": SAME_LOWER,
    "causal": CAUSAL,
}

#: No framework counts further along one axis.
MOST_SIZE = (1 << 31) - 1
#: More padding or cropping than this at one end is taken for a mistake.
MOST_PAD = 1 << 20

Sizes = int | Sequence[int]
Pads = int | str | Sequence[int] | Sequence[Sequence[int]]


def check_conv(
    *,
    input_size: Sizes,
    kernel_size: Sizes,
    stride: Sizes = 1,
    pads: Pads = 0,
    dilation: Sizes = 1,
    group: int = 1,
    channels: tuple[int, int] = (2, 3),
    bias: bool = True,
    static: bool = False,
) -> Report:
    """Builds a convolution in PyTorch, as Keras SAME, and as ZeroPadding + VALID, and compares.

    Sizes are ints or one int per spatial axis; the longest says how many axes there are, up to
    3. `pads` is an int, one int per axis, a (before, after) pair per axis, flat or nested (2-D:
    top, bottom, left, right), or "valid", "same_upper" (or "same"), "same_lower", "causal".
    `channels` is (in, out). `static` predicts only, and needs no framework.

    Raises UsageError for arguments that do not fit, MissingFramework unless `static`.

    >>> check_conv(input_size=(6, 6), kernel_size=3, stride=2, pads=1, static=True).verdict
    'mismatch'
    """
    sizes = {
        "input_size": _tuple("input_size", input_size),
        "kernel_size": _tuple("kernel_size", kernel_size),
        "stride": _tuple("stride", stride),
        "dilation": _tuple("dilation", dilation),
    }
    spec = _spec(sizes, pads, group=group, channels=_pair(channels), bias=bias)
    site = Site(name="conv", op_type="Conv", spec=spec)
    if static:
        return _report(site, Judge(), {})
    from padcheck.checks.lab import Lab  # late: a static verdict starts no process

    with Lab(DIAGNOSED) as lab:
        judge = Judge(lab)
        for lowering in DIAGNOSED:
            judge.prepare(spec, lowering)
        return _report(site, judge, lab.versions())


def _report(site: Site, judge: Judge, frameworks: dict[str, str]) -> Report:
    op, findings = assemble(site, DIAGNOSED, judge)
    return Report(
        command="conv",
        padcheck=__version__,
        source=ModelRef(path=None, format="geometry"),
        frameworks=frameworks,
        ops=(op,),
        findings=tuple(findings),
    )


def _spec(
    sizes: dict[str, tuple[int, ...]],
    pads: Pads,
    *,
    group: int,
    channels: tuple[int, int],
    bias: bool,
) -> OpSpec:
    """The OpSpec, with every size spread over as many axes as the longest has."""
    rank = max(len(value) for value in sizes.values())
    if rank > 3:
        raise UsageError(f"expected 1 to 3 spatial axes but got {rank}")
    full: dict[str, Any] = {name: _spread(name, value, rank) for name, value in sizes.items()}
    spec = OpSpec(
        kind=OpKind.CONV,
        pads=_rules(pads, rank),
        group=at_least("group", group, 1),
        channels=channels,
        bias=bias,
        **full,
    )
    if min(spec.output_size) < 1:
        raise UsageError(f"no output: the window is larger than the padded input in {spec}")
    return spec


def _tuple(name: str, value: Sizes) -> tuple[int, ...]:
    values = tuple(value) if isinstance(value, Sequence) else (value,)
    numbers = tuple(at_least(name, item, 1) for item in values)
    if max(numbers, default=1) > MOST_SIZE:
        raise UsageError(f"expected ints <= {MOST_SIZE} but got {name}={max(numbers)}")
    return numbers


def _pair(channels: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(channels, Sequence) or len(channels) != 2:
        raise UsageError(f"expected (in, out) but got channels={channels!r}")
    return at_least("channels", channels[0], 1), at_least("channels", channels[1], 1)


def _pad(number: object) -> int:
    value = at_least("pads", number, -MOST_PAD)
    if value > MOST_PAD:
        raise UsageError(f"expected ints of at most {MOST_PAD} but got pads={value}")
    return value


def _spread(name: str, value: tuple[int, ...], rank: int) -> tuple[int, ...]:
    if len(value) not in (1, rank):
        raise UsageError(f"expected 1 or {rank} numbers but got {name}={value}")
    return value * rank if len(value) == 1 else value


def _rules(pads: Pads, rank: int) -> tuple[PadRule, ...]:
    """One rule per axis from what a user writes; see `check_conv`. Raises UsageError."""
    if isinstance(pads, str):
        pads = pads.lower()
        if pads not in _POLICIES:
            known = ", ".join(_POLICIES)
            raise UsageError(f"expected one of {known}, or numbers, but got pads={pads!r}")
        return (_POLICIES[pads],) * rank
    given = tuple(pads) if isinstance(pads, Sequence) else (pads,)
    nested = [tuple(item) if isinstance(item, Sequence) else (item,) for item in given]
    numbers = [tuple(_pad(number) for number in item) for item in nested]
    flat = [number for item in numbers for number in item]
    if len(flat) == 2 * rank and {len(item) for item in numbers} in ({1}, {2}):
        return tuple(explicit(*flat[2 * axis : 2 * axis + 2]) for axis in range(rank))
    if len(numbers) == len(flat) in (1, rank):
        return tuple(explicit(number, number) for number in flat * (rank // len(flat)))
    raise UsageError(
        f"expected 1 int, {rank} ints or {rank} (before, after) pairs but got pads={pads!r}"
    )
