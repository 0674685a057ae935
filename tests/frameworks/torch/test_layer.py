"""A case as PyTorch layers: the words a user would write, and what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from padcheck.checks.suite import suite
from padcheck.checks.suite.words import AVERAGE, CEIL, CONV, COUNTED, LP, MAX, TRANSPOSED, op
from padcheck.frameworks.torch.layer import layer_case
from padcheck.frameworks.torch.modules import layer_code, module_of, on_arrays
from padcheck.geometry import CAUSAL, SAME_LOWER, SAME_UPPER, VALID
from padcheck.oracle import evaluate
from padcheck.probes import compare, make_probe
from padcheck.records import OpKind, OpSpec
from padcheck.records.case import NODE, OWN, SPLIT, Case


def asked(spec: OpSpec, **more: Any) -> Case:
    case = layer_case(Case(spec=spec, **more))
    assert isinstance(case, Case)
    return case


@pytest.mark.parametrize(
    ("spec", "padding", "code"),
    [
        (op(CONV, (8, 9), 3, 2, pads=(1, 1)), OWN, "Conv2d(2, 3, 3, stride=2, padding=1, {})"),
        (op(CONV, 8, 2, pads=SAME_UPPER), OWN, 'Conv1d(2, 3, 2, padding="same", {})'),
        (op(CONV, 8, 2, pads=(0, 1)), OWN, "Sequential(torch.nn.ZeroPad1d((0, 1)), op)"),
        (op(CONV, 8, 3, 2, pads=SAME_UPPER), OWN, "Sequential(torch.nn.ZeroPad1d((0, 1)), op)"),
        (op(CONV, 8, 3, pads=SAME_LOWER), OWN, "Conv1d(2, 3, 3, padding=1, {})"),
        (op(CONV, 8, 3, pads=CAUSAL), OWN, "Sequential(torch.nn.ZeroPad1d((2, 0)), op)"),
        (op(CONV, 8, 3, 2, pads=VALID), OWN, 'Conv1d(2, 3, 3, stride=2, padding="valid", {})'),
        (op(CONV, 8, 3, pads=(1, 1)), NODE, "Sequential(torch.nn.ZeroPad1d((1, 1)), op)"),
        (op(CONV, 8, 3, pads=(3, 2)), SPLIT, "Sequential(torch.nn.ZeroPad1d((2, 1)), op)"),
        (
            op(CONV, 8, 3, pads=(1, 1), pad_mode="edge"),
            OWN,
            'Conv1d(2, 3, 3, padding=1, {}, padding_mode="replicate")',
        ),
        (
            op(CONV, (8, 8), 3, pads=((1, 2), (0, 1)), pad_mode="wrap"),
            OWN,
            "Sequential(torch.nn.CircularPad2d((0, 1, 1, 2)), op)",
        ),
        (
            op(MAX, 8, 3, 2, pads=(0, 1)),
            OWN,
            'Sequential(torch.nn.ConstantPad1d((0, 1), float("-inf")), op)',
        ),
        (
            op(MAX, 8, 3, 2, pads=(1, 1), **CEIL),
            OWN,
            "MaxPool1d(3, stride=2, padding=1, ceil_mode=True)",
        ),
        (
            op(AVERAGE, 8, 3, 1, pads=(1, 1)),
            NODE,
            "AvgPool1d(3, stride=1, padding=1, count_include_pad=False)",
        ),
        (
            op(AVERAGE, 8, 3, 1, pads=(1, 1), **COUNTED),
            NODE,
            "Sequential(torch.nn.ZeroPad1d((1, 1)), op)",
        ),
        (
            op(LP, (8, 9), 3, 2, pads=(0, 1)),
            OWN,
            "Sequential(torch.nn.ZeroPad2d((0, 1, 0, 1)), op)",
        ),
        (
            op(TRANSPOSED, 5, 3, 2, pads=SAME_LOWER),
            OWN,
            "ConvTranspose1d(2, 3, 3, stride=2, padding=1, output_padding=1, {})",
        ),
        (
            op(TRANSPOSED, 5, 3, 2, pads=SAME_UPPER),
            OWN,
            "Sequential(op, torch.nn.ZeroPad1d((0, -1)))",
        ),
    ],
)
def test_a_user_would_write(spec: OpSpec, padding: str, code: str) -> None:
    lines = layer_code(asked(spec, padding=padding))
    layer = next(line for line in lines if line.startswith("layer = "))
    assert layer == "layer = torch.nn." + code.format("bias=False")


def test_what_the_call_is_given() -> None:
    shaped = asked(op(TRANSPOSED, (4, 4), 3, 2, pads=SAME_LOWER, output_shape=(8, 7)))
    assert "        return self.layer(x, output_size=(8, 7))" in layer_code(shaped)
    cubed = asked(op(LP, 8, 3, 2, p=3))
    assert "        return self.layer(x.abs())" in layer_code(cubed)
    summed = asked(op(LP, (6, 6), 3, 2, pads=(1, 1), p=1))
    pool = "layer = torch.nn.AvgPool2d(3, stride=2, padding=1, divisor_override=1)"
    assert layer_code(summed)[0] == pool


def test_equal_layers_are_equal_questions() -> None:
    asymmetric = asked(op(CONV, 8, 3, 2, pads=(0, 1)), padding=NODE)
    assert asked(op(CONV, 8, 3, 2, pads=(0, 1))) == asymmetric
    assert asked(op(CONV, 8, 3, 2, pads=SAME_UPPER)) == asymmetric
    padless = asked(op(MAX, 8, 2), padding=NODE)
    assert padless == asked(op(MAX, 8, 2, pads=VALID, pad_value=0.0))
    transposed = asked(op(TRANSPOSED, 5, 3, 2, pads=(1, 0)))
    assert transposed == asked(op(TRANSPOSED, 5, 3, 2, pads=(1, 1), output_padding=(1,)))


@pytest.mark.parametrize(
    ("spec", "dynamic", "reason"),
    [
        (
            op(CONV, 8, 3, 2, pads=SAME_UPPER),
            True,
            "PyTorch has no layer whose padding depends on the input size",
        ),
        (
            op(MAX, 8, 3, 2, pads=(0, 1), **CEIL),
            True,
            "PyTorch has no layer whose overhang depends on the input size",
        ),
        (
            op(AVERAGE, 8, 3, pads=(0, 1)),
            False,
            "torch.nn.AvgPool1d leaves out no pads but its own, and those are alike at both ends",
        ),
        (op(LP, 8, 3, 1, 2), False, "torch.nn.LPPool1d has no dilation"),
        (
            op(CONV, 8, 3, pads=(1, 1), pad_mode="symmetric"),
            False,
            "PyTorch has no layer for 'symmetric' pads",
        ),
        (
            op(CONV, 4, 3, pads=(4, 4), pad_mode="reflect"),
            False,
            "reflect pads of an input of 4 are 3 wide at most, here 4",
        ),
    ],
)
def test_no_words(spec: OpSpec, dynamic: bool, reason: str) -> None:
    assert layer_case(Case(spec=spec, dynamic=dynamic)) == reason


def _sampled() -> list[Case]:
    """Every seventh geometry, its pads in turn in the op, before it, and in both."""
    specs = [spec for spec in suite() if max(spec.input_size) < 60][::7]
    cases = [
        layer_case(Case(spec=spec, dynamic=at % 2 == 1, padding=(OWN, NODE, SPLIT)[at % 3]))
        for at, spec in enumerate(specs)
    ]
    return [case for case in cases if isinstance(case, Case)]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
def test_layers_and_their_code_compute_the_case() -> None:
    cases = _sampled()
    assert len(cases) > 55
    for case in cases:
        assert layer_case(case) == case
        sizes = case.spec.input_size, tuple(n + 3 for n in case.spec.input_size)
        for size in sizes[: 1 + case.dynamic]:
            spec = case.spec.resized(size)
            probe = make_probe(spec, batch=2)
            x, weight, bias = probe.as_float32()
            y = on_arrays(module_of(case, weight, bias))(x)
            names: dict[str, Any] = {"torch": torch, "w": weight, "b": bias}
            exec("\n".join(layer_code(case)), names)
            with torch.no_grad():
                assert np.array_equal(names["layer"](torch.from_numpy(x)).numpy(), y), case
            power = y**spec.p if spec.kind is OpKind.LP_POOL else y
            wanted = evaluate(spec, probe.x, probe.weight, probe.bias)
            assert compare(power, wanted).equal, (case, size)


def test_the_numbers_are_copied() -> None:
    weight = np.ones((3, 2, 3), np.float32)
    module = module_of(asked(op(CONV, 8, 3)), weight, None)
    weight[:] = 0
    assert on_arrays(module)(np.ones((1, 2, 8), np.float32)).max() == 6
    assert not module.training
