"""Which concrete ops stand for a site: one per residue class where a size is open, and small
enough to be run.
"""

from __future__ import annotations

import math

from padcheck.geometry import PadPolicy
from padcheck.oracle import MAX_ELEMENTS
from padcheck.probes import probe_spec
from padcheck.records import OpKind, OpSpec, Site

__all__ = ["MOST_CASES", "pads_anything", "residue_cases", "runnable"]

#: Residue classes that are judged one by one; a stride above has its first ones judged.
MOST_CASES = 64
#: Probes with more elements than this are run at a smaller size of the same residue.
_COMFORTABLE = MAX_ELEMENTS >> 2


def pads_anything(spec: OpSpec) -> bool:
    """Whether the op's rules ask for any padding or crop, read or not, at some size."""
    if spec.kind is OpKind.CONV_TRANSPOSE:
        return spec.reads_padding
    return any(
        rule.policy is not PadPolicy.VALID and (rule.size_dependent or pair != (0, 0))
        for rule, pair in zip(spec.pads, spec.resolved_pads, strict=True)
    )


def residue_cases(site: Site) -> tuple[OpSpec, ...]:
    """The site's op at one size for each residue of its open axes; itself when none is open.

    The axes move together, so that s cases cover the residues of every axis. An op that pads
    nothing is VALID at every size, and one case stands for all.
    """
    spec = site.spec
    assert spec is not None
    if not site.is_dynamic or not pads_anything(spec):
        return (spec,)
    strides = [s for s, is_open in zip(spec.stride, site.dynamic, strict=True) if is_open]
    count = min(max(strides), MOST_CASES)
    return tuple(
        spec.resized(
            [
                size + more if is_open else size
                for size, is_open in zip(spec.input_size, site.dynamic, strict=True)
            ]
        )
        for more in range(count)
    )


def runnable(spec: OpSpec) -> OpSpec:
    """The op to probe for `spec`: few channels, and a smaller size if that shows the same.

    Every rule is periodic in the input size with the stride as its period once the input
    exceeds the window and the pads, so the size keeps its residue.
    """
    small = probe_spec(spec)
    elements = max(small.channels) * max(math.prod(spec.input_size), math.prod(spec.output_size))
    if elements <= _COMFORTABLE or spec.output_shape:
        return small
    sizes = []
    for axis, (n, window) in enumerate(zip(spec.input_size, spec.windows, strict=True)):
        before, after = spec.resolved_pads[axis]
        enough = 4 * (window.effective_kernel + abs(before) + abs(after) + window.stride)
        surplus = max(0, n - max(enough, 64)) // window.stride
        sizes.append(n - surplus * window.stride)
    return small.resized(sizes)
