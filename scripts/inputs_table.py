"""Which inputs show a fault: the table in README.md, from padcheck's own evaluation."""

from __future__ import annotations

import numpy as np

import padcheck
from padcheck.geometry import SAME_LOWER, SAME_UPPER
from padcheck.oracle import evaluate
from padcheck.probes import make_probe
from padcheck.records import OpSpec, percent

#: Two outputs further apart than this share of the largest count as different.
FAR = 1e-6


def same(spec: OpSpec) -> OpSpec:
    return spec.with_rule(SAME_UPPER)


#: What is wrong -> the op, and the op that is computed instead.
FAULTS = {
    "`SAME` for PyTorch's padding, k3 s2 at 224": (
        padcheck.conv(input_size=(224, 224), kernel_size=3, stride=2, pads=1),
        same,
    ),
    "`SAME_LOWER` for `SAME_UPPER`, k4 at 64": (
        padcheck.conv(input_size=(64, 64), kernel_size=4, pads="same_upper"),
        lambda spec: spec.with_rule(SAME_LOWER),
    ),
    "max pool padded with 0, k3 s2 at 112": (
        padcheck.max_pool(input_size=(112, 112), kernel_size=3, stride=2, pads=1),
        lambda spec: spec.replace(pad_value=0.0),
    ),
    "average that counts its pads, k3 at 35": (
        padcheck.average_pool(input_size=(35, 35), kernel_size=3, pads=1),
        lambda spec: spec.replace(count_include_pad=True),
    ),
    "reflect for edge padding, k3 at 64": (
        padcheck.conv(input_size=(64, 64), kernel_size=3, pads=1, pad_mode="edge"),
        lambda spec: spec.replace(pad_mode="reflect"),
    ),
    "transposed conv cropped at the other end, k3 s2 at 32": (
        padcheck.conv_transpose(
            input_size=(32, 32), kernel_size=3, stride=2, pads=1, output_padding=1
        ),
        same,
    ),
}

INPUTS = ("N(0, 1)", "all ones", "after a ReLU", "padcheck's probe")


def table() -> str:
    """Markdown: per fault the share of outputs that differ under each input."""
    rows = [f"| fault | {' | '.join(INPUTS)} |", "|---|" + "---|" * len(INPUTS)]
    for name, (reference, faulty) in FAULTS.items():
        shares = [percent(share(reference, faulty(reference), kind)) for kind in INPUTS]
        rows.append(f"| {name} | {' | '.join(shares)} |")
    return "\n".join(rows)


def share(reference: OpSpec, faulty: OpSpec, kind: str) -> float:
    """The share of outputs that differ between two ops on one kind of input."""
    generator = np.random.default_rng(0)
    probe = make_probe(reference)
    x = generator.standard_normal(probe.x.shape)
    weight = generator.standard_normal(reference.weight_shape) if reference.weight_shape else None
    if kind == "all ones":
        x = np.ones_like(x)
    elif kind == "after a ReLU":
        x = np.maximum(x, 0.0)
    elif kind == "padcheck's probe":
        x, weight = probe.x, probe.weight
    one, other = (evaluate(spec, x, weight).values for spec in (reference, faulty))
    return float((np.abs(one - other) > FAR * np.abs(one).max()).mean())


if __name__ == "__main__":
    print(table())
