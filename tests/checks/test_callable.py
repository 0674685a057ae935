"""Functions held to an op: what is asked of them, what they may return, what the report says."""

import functools

import jsonschema
import numpy as np
import pytest
import torch

import padcheck
from padcheck.errors import UsageError
from padcheck.records import Report
from tests.test_cli import SCHEMA

SPEC = padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)


def conv(x, weight, bias=None, pads=(1, 1, 1, 1), stride=2):
    bias = None if bias is None else torch.tensor(bias)
    padded = torch.nn.functional.pad(torch.tensor(x), pads)
    return torch.nn.functional.conv2d(padded, torch.tensor(weight), bias, stride=stride)


def my_layer(x, weight, bias=None):
    return conv(x, weight, bias, pads=(0, 1, 0, 1))


def only(report):
    (finding,) = report.findings
    return finding


def test_the_flagship():
    report = padcheck.check_callable(SPEC, my_layer)
    assert (report.verdict, report.exit_code) == ("mismatch", 1)
    finding = only(report)
    assert (finding.code, finding.proof.status, finding.proof.residual) == ("PAD101", "proven", 0)
    text = str(report)
    assert text.startswith("mismatch\nmy_layer computes something else: right shapes")
    assert "PAD101 asymmetric_same: extra pad is at the bottom/right" in text
    assert "residual 0" in text
    assert "held to conv(n=8x8, k=3x3, s=2x2, pads=(1,1)x(1,1))" in text


def test_the_report_follows_the_schema_and_comes_back():
    report = padcheck.check_callable(SPEC, my_layer)
    data = report.to_dict()
    jsonschema.validate(data, SCHEMA)
    assert Report.from_dict(data) == report


def test_the_innocent_is_asked_once():
    report = padcheck.check_callable(SPEC, conv)
    assert (report.verdict, report.findings) == ("equivalent", ())
    assert report.ops[0].notes[1] == "called once"
    assert "conv computes the op at 8x8" in str(report)


def test_what_it_is_given():
    seen = []

    def spy(*arrays):
        seen.append([(array.shape, array.dtype, array.flags.writeable) for array in arrays])
        return conv(*arrays)

    spec = padcheck.conv(input_size=(8, 9), kernel_size=3, stride=2, pads=1, bias=True)
    assert padcheck.check_callable(spec, spy).ok
    kind = np.dtype("float32")
    assert seen == [
        [((2, 2, 8, 9), kind, True), ((3, 2, 3, 3), kind, True), ((3,), kind, True)],
    ]


@pytest.mark.parametrize("bias", [False, True])
def test_channels_last(bias):
    import tensorflow as tf

    def layer(x, kernel, *bias):
        assert kernel.shape == (3, 5, 2, 3)
        y = tf.nn.conv2d(x, kernel, 2, "SAME")
        return y + bias[0] if bias else y

    spec = padcheck.conv(
        input_size=(8, 11), kernel_size=(3, 5), stride=2, pads="same_upper", bias=bias
    )
    assert padcheck.check_callable(spec, layer, layout="channels_last").ok
    centred = spec.with_pads([(1, 1), (2, 2)])
    report = padcheck.check_callable(centred, layer, layout="channels_last")
    assert only(report).code == "PAD101"


def test_an_exception_leaves_it_unverified():
    def broken(x, weight):
        raise RuntimeError("no kernel\nfor this\x1b[31m")

    report = padcheck.check_callable(SPEC, broken)
    assert (report.verdict, report.exit_code) == ("unverified", 3)
    assert report.ops[0].reason == "the function raised RuntimeError: no kernel"
    assert only(report).code == "PAD999"
    assert "could not be checked" in str(report)


BAD = {
    "nothing": (lambda y: None, "returned NoneType"),
    "a text": (lambda y: "conv", "returned dtype <U4"),
    "complex": (lambda y: y.numpy().astype(complex), "returned dtype complex128"),
    "truth": (lambda y: y.numpy() > 0, "returned dtype bool"),
    "a ragged list": (lambda y: [[1], [2, 3]], "returned list"),
    "NaN": (lambda y: y * float("nan"), "96 of 96 outputs are NaN or infinite"),
    "no batch": (lambda y: y[0], r"output has shape \(3, 4, 4\), expected \(2, 3, 4, 4\)"),
    "nothing in it": (lambda y: y[:, :, :0], "output has shape"),
    "a number": (lambda y: 5.0, r"output has shape \(\), expected"),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD)
def test_what_is_no_output_is_a_finding(spoil, message):
    report = padcheck.check_callable(SPEC, lambda x, weight: spoil(conv(x, weight)))
    assert report.verdict == "mismatch"
    assert only(report).code == "PAD999"
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(only(report).message)


def pooled(dtype):
    spec = padcheck.max_pool(input_size=(4, 4), kernel_size=3, pads=1)
    kind = getattr(torch, dtype)
    return padcheck.check_callable(
        spec, lambda x: torch.nn.functional.max_pool2d(torch.tensor(x), 3, 1, 1).to(kind)
    )


@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_the_right_numbers_in_another_type_are_told_but_no_mismatch(dtype):
    report = pooled(dtype)
    assert report.verdict == "equivalent"
    assert (only(report).code, only(report).latent) == ("PAD908", True)
    assert only(report).message == f"the function returns {dtype}, expected float32"


def test_a_type_that_cannot_hold_them_is_named():
    report = pooled("float16")
    assert (report.verdict, only(report).code) == ("mismatch", "PAD908")
    assert only(report).message == "outputs are rounded to float16, expected float32"


def test_writing_into_the_inputs_harms_nobody():
    def careless(x, weight):
        y = my_layer(x.copy(), weight.copy())
        x[:], weight[:] = 0, 0
        return y

    assert only(padcheck.check_callable(SPEC, careless)).code == "PAD101"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("conv", my_layer), "expected an op made by padcheck.conv"),
        ((SPEC, 3), "expected a function but got fn of type int"),
        ((SPEC, my_layer, "NHWC"), "layout='NHWC'"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(UsageError, match=message):
        padcheck.check_callable(*arguments)


def test_assert_callable_returns_the_report_of_the_innocent():
    assert padcheck.assert_callable(SPEC, conv) == padcheck.check_callable(SPEC, conv)


def failing(*arguments):
    with pytest.raises(AssertionError) as caught:
        padcheck.assert_callable(*arguments)
    return caught


def test_assert_callable_raises_what_differs_and_the_call_that_gives_it():
    text = str(failing(SPEC, my_layer).value)
    told, _, call = text.rpartition("\nreproduce: ")
    assert told.startswith("PAD101 asymmetric_same: my_layer: extra pad is at the bottom/right")
    assert "pads=(0,1), but should be (1,1) [conv(n=8x8, k=3x3, s=2x2)]" in told
    assert call == (
        "padcheck.check_callable("
        "padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1), my_layer)"
    )
    again = eval(call, {"padcheck": padcheck, "my_layer": my_layer})
    assert again == padcheck.check_callable(SPEC, my_layer)


class Nameless:
    def __call__(self, x, weight):
        return my_layer(x, weight)

    @property
    def __name__(self):
        raise RuntimeError("no name")


@pytest.mark.parametrize(
    "fn",
    [lambda x, weight: my_layer(x, weight), functools.partial(my_layer), Nameless()],
    ids=["lambda", "partial", "nameless"],
)
def test_a_function_without_a_name_is_called_fn(fn):
    assert str(failing(SPEC, fn).value).endswith("pads=1), fn)")


def test_the_layout_is_part_of_the_call():
    def last(x, weight):
        return np.zeros((2, 4, 4, 3), np.float32)

    text = str(failing(SPEC, last, "channels_last").value)
    assert text.endswith('pads=1), last, layout="channels_last")')


def test_assert_callable_raises_for_what_could_not_be_checked():
    def broken(x, weight):
        raise RuntimeError("no kernel")

    text = str(failing(SPEC, broken).value)
    assert text.startswith("broken: the function raised RuntimeError: no kernel")


def test_assert_callable_refuses_wrong_arguments():
    with pytest.raises(UsageError, match="layout='NHWC'"):
        padcheck.assert_callable(SPEC, conv, "NHWC")


def test_tracebacks_end_where_the_user_asked():
    caught = failing(SPEC, my_layer)
    shown = caught.traceback.filter(caught)
    assert {entry.path.name for entry in shown} == {"test_callable.py"}


def test_an_op_too_large_is_unverified_without_a_call():
    spec = padcheck.conv(input_size=(1 << 14, 1 << 14), kernel_size=3)
    report = padcheck.check_callable(spec, lambda x, weight: pytest.fail("called"))
    assert report.verdict == "unverified"
    assert "too large" in report.ops[0].reason


@pytest.mark.parametrize(
    "spec",
    [spec for spec in padcheck.geometries() if not spec.reads_input]
    + [padcheck.conv(input_size=(1, 1), kernel_size=1, stride=2, pads=1)],
    ids=str,
)
def test_an_op_that_reads_padding_alone_is_held_to_what_that_gives(spec):
    def right(x, weight, bias=None):
        return np.zeros((len(x), spec.channels[1], *spec.output_size), np.float32)

    def reads(x, weight, bias=None):
        return right(x, weight) + x.sum()

    assert padcheck.check_callable(spec, right).ok
    assert padcheck.check_callable(spec, reads).verdict == "mismatch"
