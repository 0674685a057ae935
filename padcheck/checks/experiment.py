"""`check_conv`: one convolution, built in every framework, side by side."""

from __future__ import annotations

from padcheck import __version__
from padcheck.checks.arguments import Pads, Sizes
from padcheck.checks.assemble import DIAGNOSED, assemble
from padcheck.checks.builders import conv
from padcheck.checks.judging import Judge
from padcheck.records import ModelRef, Report, Site

__all__ = ["check_conv"]


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
    spec = conv(
        input_size=input_size,
        kernel_size=kernel_size,
        stride=stride,
        dilation=dilation,
        pads=pads,
        group=group,
        channels=channels,
        bias=bias,
    )
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
