"""What rounding would hide, what one size would, and what must not be called proven."""

import numpy as np
import pytest
import torch

import padcheck

F = torch.nn.functional
GIVEN = {"input_size": (8, 8), "kernel_size": 3, "pads": 1}


def right(x, weight, bias=None):
    bias = None if bias is None else torch.tensor(bias)
    return F.conv2d(torch.tensor(x), torch.tensor(weight), bias, padding=1)


def noise(y, size):
    return y + torch.tensor(np.random.default_rng(0).uniform(-size, size, y.shape)).float()


def codes(report):
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize("constant", [0.01, 0.1, 0.3, 0.49, 0.6])
def test_a_small_constant_is_a_bias(constant):
    report = padcheck.check_callable(padcheck.conv(**GIVEN), lambda x, w: right(x, w) + constant)
    assert (report.verdict, codes(report)) == ("mismatch", ["PAD904"])


def test_torchs_default_bias_is_seen():
    def layer(x, weight):
        module = torch.nn.Conv2d(2, 3, 3, padding=1)
        module.weight.data = torch.tensor(weight)
        module.bias.data = torch.tensor([0.158, -0.139, 0.044])
        return module(torch.tensor(x))

    assert codes(padcheck.check_callable(padcheck.conv(**GIVEN), layer)) == ["PAD904"]


@pytest.mark.parametrize("pool", ["max", "average"])
def test_a_small_constant_on_a_pool(pool):
    spec = getattr(padcheck, f"{pool}_pool")(input_size=(8, 8), kernel_size=2)
    fn = {"max": F.max_pool2d, "average": F.avg_pool2d}[pool]
    report = padcheck.check_callable(spec, lambda x: fn(torch.tensor(x), 2, 1) + 0.1)
    assert report.verdict == "mismatch"


def test_noise_is_a_mismatch_where_float32_makes_none():
    report = padcheck.check_callable(padcheck.conv(**GIVEN), lambda x, w: noise(right(x, w), 0.49))
    assert (report.verdict, codes(report)) == ("mismatch", ["PAD999"])
    report = padcheck.check_callable(padcheck.conv(**GIVEN), lambda x, w: noise(right(x, w), 0.01))
    assert report.verdict == "equivalent"


@pytest.mark.parametrize("activation", [F.silu, F.gelu, F.hardswish, F.softplus])
@pytest.mark.parametrize("reference", [None, "relu", "relu6"])
def test_another_activation_is_no_clip(activation, reference):
    spec = padcheck.conv(**GIVEN, activation=reference)
    report = padcheck.check_callable(spec, lambda x, w: activation(right(x, w)))
    assert report.verdict == "mismatch"
    assert "proven" not in {f.proof.status for f in report.findings if f.code == "PAD906"}


@pytest.mark.parametrize("bound", [5.6, 5.9, 6.3])
def test_a_bound_that_rounds_to_the_right_one(bound):
    spec = padcheck.conv(**GIVEN, activation="relu6")
    report = padcheck.check_callable(spec, lambda x, w: right(x, w).clamp(0, bound))
    assert codes(report) == ["PAD906"]
    assert f"within 0 and {bound}" in report.findings[0].message


@pytest.mark.parametrize("seen", [None, 1e-5])
def test_an_epsilon_behind_a_clip(seen):
    spec = padcheck.conv(**GIVEN, activation="relu6", epsilon=1e-3)
    scale = 1.0 if seen is None else (1 + seen) ** 0.5
    report = padcheck.check_callable(spec, lambda x, w: F.relu6(right(x, w) / scale))
    assert codes(report) == ["PAD905"]


def test_an_epsilon_folded_into_the_weight():
    def folded(epsilon):
        return lambda x, w: right(x, w / np.float32((1 + epsilon) ** 0.5))

    spec = padcheck.conv(**GIVEN, epsilon=1e-5)
    assert padcheck.check_callable(spec, folded(1e-5)).ok
    assert codes(padcheck.check_callable(spec, folded(1e-3))) == ["PAD905"]


def test_a_clip_does_not_hide_a_lost_bias():
    spec = padcheck.conv(**GIVEN, bias=True)
    report = padcheck.check_callable(spec, lambda x, w, b: F.relu6(right(x, w)))
    assert sorted(codes(report)) == ["PAD904", "PAD906"]


def test_a_lost_bias_and_another_epsilon():
    spec = padcheck.conv(**GIVEN, bias=True, epsilon=1e-3)
    report = padcheck.check_callable(spec, lambda x, w, b: right(x, w) / (1 + 1e-5) ** 0.5)
    assert sorted(codes(report)) == ["PAD904", "PAD905"]


@pytest.mark.parametrize("factor", [2.0, 1 / 255, 0.5])
def test_a_factor_is_no_epsilon(factor):
    report = padcheck.check_callable(padcheck.conv(**GIVEN), lambda x, w: right(x, w) * factor)
    assert codes(report) == ["PAD999"]
    assert f"every channel is off by a constant factor: {factor:.7g}" in str(report)


@pytest.mark.parametrize("fill", [-60.0, -100.0, -1e4, -65504.0, 0.0, 5.0])
def test_a_low_fill_of_a_max_pool(fill):
    def pool(x):
        return F.max_pool2d(F.pad(torch.tensor(x), (1, 1, 1, 1), value=fill), 3, 1)

    report = padcheck.check_callable(padcheck.max_pool(**GIVEN), pool)
    assert codes(report) == ["PAD201" if fill == 0 else "PAD202"]


def test_a_global_max_pool_can_be_checked():
    spec = padcheck.max_pool(input_size=(7, 7), kernel_size=7)
    pooled = lambda x: F.max_pool2d(torch.tensor(x), 7)  # noqa: E731
    assert padcheck.check_callable(spec, pooled).ok
    assert not padcheck.check_callable(spec, lambda x: pooled(x) + 1).ok


def test_a_box_that_looks_at_the_first_item_of_a_batch():
    report = padcheck.check_callable(
        padcheck.conv(**GIVEN), lambda x, w: right(x[:1], w).expand(len(x), -1, -1, -1)
    )
    assert report.verdict == "mismatch"


def asymmetric(pads, stride=2):
    return lambda x, w: F.conv2d(F.pad(torch.tensor(x), pads), torch.tensor(w), stride=stride)


def test_every_axis_is_seen_at_another_residue():
    """At 8x9, VALID along the second axis is SAME's end lost; at 8x8 it is not."""
    spec = padcheck.conv(input_size=(8, 9), kernel_size=3, stride=2, pads=1)
    report = padcheck.check_callable(spec, asymmetric((0, 0, 0, 1)))
    assert sorted(codes(report)) == ["PAD101", "PAD104"]


def test_same_on_one_axis_where_the_other_agrees_by_its_size():
    def box(x, w):
        high = x.shape[2]
        total = max((-(-high // 2) - 1) * 2 + 3 - high, 0)
        pads = (1, 1, total // 2, total - total // 2)
        return F.conv2d(F.pad(torch.tensor(x), pads), torch.tensor(w), stride=2)

    spec = padcheck.conv(input_size=(10, 7), kernel_size=3, stride=2, pads=1)
    finding = padcheck.check_callable(spec, box).findings[0]
    assert (finding.code, finding.proof.status) == ("PAD101", "proven")
    assert finding.message.endswith("pads (0,1)x(1,1), expected (1,1)")


@pytest.mark.parametrize(
    ("crops", "wrong", "code"),
    [
        (((1, 1), (1, 1)), ((2, 2), (2, 2)), "PAD105"),
        (((1, 1), (1, 1)), ((1, 0), (1, 0)), "PAD105"),
        (((0, 1), (2, 0)), ((1, 0), (0, 2)), "PAD401"),
    ],
)
def test_crops_of_a_transposed_conv(crops, wrong, code):
    spec = padcheck.conv_transpose(input_size=(6, 6), kernel_size=4, stride=2, pads=crops)

    def box(x, w):
        full = F.conv_transpose2d(torch.tensor(x), torch.tensor(w), stride=2).numpy()
        (top, bottom), (left, right_) = wrong
        high, wide = full.shape[2:]
        return full[:, :, top : high - bottom, left : wide - right_]

    assert codes(padcheck.check_callable(spec, box)) == [code]


def test_a_box_that_does_not_repeat_itself():
    calls = []

    def box(x, w):
        calls.append(1)
        return right(x, w) + len(calls) % 2 * 7

    report = padcheck.check_callable(padcheck.conv(**GIVEN), box)
    assert codes(report) == ["PAD999"]
    assert report.findings[0].message == "the same input gives other numbers each time"


def test_resizing_in_float32_is_no_fault():
    for n, m in (((34, 80), (99, 51)), ((17, 129), (100, 33))):
        spec = padcheck.resize(input_size=n, output_size=m)
        report = padcheck.check_callable(
            spec, lambda x, m=m: F.interpolate(torch.tensor(x), m, mode="bilinear")
        )
        assert report.ok, str(report)


@pytest.mark.parametrize("p", [2, 3, 7, 10])
def test_norms_of_higher_powers(p):
    spec = padcheck.lp_pool(input_size=(8, 8), kernel_size=2, p=p)
    pool = lambda x: F.lp_pool2d(torch.tensor(np.abs(x)), p, 2, 1)  # noqa: E731
    assert padcheck.check_callable(spec, pool).ok
    assert padcheck.check_callable(
        padcheck.lp_pool(input_size=8, kernel_size=2, p=99), pool
    ).verdict == ("unverified")
