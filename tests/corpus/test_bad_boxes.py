"""Boxes that give no output of the op: a verdict and a clear word, never a traceback."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
import torch

import padcheck
from tests.corpus import torch_boxes

_GIVEN = {"input_size": (8, 8), "kernel_size": 3, "stride": 2, "pads": 1}
_RIGHT = torch_boxes.conv(pads=1, stride=2)


def _of(change):
    return lambda x, w: change(_RIGHT(x, w))


def _raises(error):
    def box(x, w):
        raise error

    return box


def _one_nan(y):
    y[0, 0, 0, 0] = np.nan
    return y


_UNUSABLE = {
    "none": _of(lambda y: None),
    "text": _of(lambda y: "done"),
    "strings": _of(lambda y: y.astype(str)),
    "objects": _of(lambda y: np.array([object()] * 3)),
    "complex": _of(lambda y: y.astype(complex)),
    "booleans": _of(lambda y: y > 0),
    "ragged": _of(lambda y: [[1.0], [1.0, 2.0]]),
    "tuple of arrays": _of(lambda y: (y, y[:, :1])),
    "dictionary": _of(lambda y: {"y": y}),
    "dates": _of(lambda y: y.astype("datetime64[s]")),
    "empty": _of(lambda y: y[:0]),
    "no outputs": _of(lambda y: y[..., :0]),
    "scalar": _of(lambda y: y.sum()),
    "no batch": _of(lambda y: y[0]),
    "an axis more": _of(lambda y: y[..., None]),
    "a channel more": _of(lambda y: np.concatenate([y, y[:, :1]], axis=1)),
    "batch doubled": _of(lambda y: np.concatenate([y, y])),
    "all nan": _of(lambda y: np.full_like(y, math.nan)),
    "one nan": _of(_one_nan),
    "infinite": _of(lambda y: np.full_like(y, math.inf)),
}


@pytest.mark.parametrize("box", _UNUSABLE.values(), ids=_UNUSABLE)
def test_what_is_no_output_of_the_op_is_unexplained(box):
    report = padcheck.check_callable(padcheck.conv(**_GIVEN), box)
    assert report.verdict == "mismatch"
    assert [finding.code for finding in report.findings] == ["PAD999"]
    assert report.findings[0].proof.status == "unexplained"
    assert report.findings[0].message
    assert "Traceback" not in str(report)


def test_an_unusable_type_is_named():
    report = padcheck.check_callable(padcheck.conv(**_GIVEN), _UNUSABLE["none"])
    assert report.findings[0].message == (
        "the function returned NoneType, expected a float32 array"
    )


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no such\nthing"),
        RuntimeError(""),
        KeyError("x"),
        MemoryError(),
        AssertionError(),
        RecursionError("deep"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        StopIteration(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_box_that_raises_is_unverified(error):
    report = padcheck.check_callable(padcheck.conv(**_GIVEN), _raises(error))
    assert report.verdict == "unverified"
    assert f"the function raised {type(error).__name__}" in report.ops[0].reason
    assert "\n" not in report.ops[0].reason
    assert "Traceback" not in str(report)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=["stop", "exit"])
def test_a_user_can_still_stop_it(error):
    with pytest.raises(type(error)):
        padcheck.check_callable(padcheck.conv(**_GIVEN), _raises(error))


def test_a_box_of_other_arguments_is_unverified():
    report = padcheck.check_callable(padcheck.conv(**_GIVEN), lambda x: x)
    assert report.verdict == "unverified"
    assert "TypeError" in report.ops[0].reason


_USABLE = {
    "float64": _of(lambda y: y.astype(np.float64)),
    "int64": _of(lambda y: y.astype(np.int64)),
    "int32": _of(lambda y: y.astype(np.int32)),
    "big endian": _of(lambda y: y.astype(">f4")),
    "long double": _of(lambda y: y.astype(np.longdouble)),
    "nested lists": _of(lambda y: y.tolist()),
    "read only": _of(lambda y: np.broadcast_to(y, y.shape)),
    "torch": _of(torch.from_numpy),
    "torch float64": _of(lambda y: torch.from_numpy(y).double()),
    "tensorflow": _of(tf.constant),
    "memory": _of(lambda y: memoryview(y)),
}


@pytest.mark.parametrize("box", _USABLE.values(), ids=_USABLE)
def test_the_right_numbers_in_another_container_are_acquitted(box):
    report = padcheck.check_callable(padcheck.conv(**_GIVEN), box)
    assert report.verdict == "equivalent"
    assert all(finding.latent for finding in report.findings)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_short_float_is_rounding_and_not_padding(dtype):
    """Whether it shows depends on the numbers; it is never anything else."""
    given = {**_GIVEN, "epsilon": 1e-3}
    factor = 1 / math.sqrt(1 + 1e-3)

    def box(x, w):
        y = torch.from_numpy(_RIGHT(x, w)).double() * factor
        return y.to(getattr(torch, dtype))

    report = padcheck.check_callable(padcheck.conv(**given), box)
    assert [finding.code for finding in report.findings] == ["PAD908"]


def test_a_max_pool_in_float16_is_rounding_only():
    spec = padcheck.max_pool(input_size=(8, 8), kernel_size=3, pads=1)
    pool = torch_boxes.max_pool(kernel=3, pads=1)
    report = padcheck.check_callable(spec, lambda x: pool(x).astype(np.float16))
    assert report.verdict == "mismatch"
    assert [finding.code for finding in report.findings] == ["PAD908"]


def test_a_box_whose_answers_vary_is_not_explained_away():
    generator = np.random.default_rng(0)
    noisy = _of(lambda y: y + generator.integers(-3, 4, y.shape).astype(np.float32))
    report = padcheck.check_callable(padcheck.conv(**_GIVEN), noisy)
    assert [finding.code for finding in report.findings] == ["PAD999"]


@pytest.mark.parametrize(
    "change",
    [
        lambda x, w: (x, w[..., ::-1, :].copy() * [[[[1, 2, 1]]]]),
        lambda x, w: (x, w * (np.indices(w.shape).sum(axis=0) % 3 != 1)),
        lambda x, w: (np.roll(x, 3, axis=-1), w),
        lambda x, w: (np.abs(x), w),
        lambda x, w: (x, np.sort(w, axis=None).reshape(w.shape)),
    ],
    ids=["weights", "cropped weights", "rolled", "absolute", "sorted weights"],
)
def test_what_no_cause_explains_is_unexplained(change):
    def box(x, w):
        return _RIGHT(*(np.ascontiguousarray(a, np.float32) for a in change(x, w)))

    report = padcheck.check_callable(padcheck.conv(**_GIVEN), box)
    assert report.verdict == "mismatch"
    assert [finding.code for finding in report.findings] == ["PAD999"]
    assert report.findings[0].proof.status == "unexplained"
    assert report.findings[0].proof.residual != 0
