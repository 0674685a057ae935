"""The text report: readable at any width, complete, and without colour unless asked."""

import pytest

import padcheck
from padcheck.records import ModelRef, OpReport, Report
from padcheck.records.report import AxisSizes
from padcheck.report.drawing import Row, draw
from padcheck.report.text import render
from padcheck.report.wording import agreement
from tests.support import FIXTURES


@pytest.fixture(scope="module")
def report():
    return padcheck.diagnose(FIXTURES / "resnet_thin.onnx", static=True)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_wider_than_asked(report, width):
    assert max(map(len, render(report, width=width).splitlines())) <= width


def test_a_resnet_takes_a_page(report):
    assert len(render(report).splitlines()) < 100


def test_str_is_the_text(report):
    assert str(report) == render(report)
    assert report.verdict in str(report).splitlines()[0]


def test_colour_comes_only_from_the_paint(report):
    assert "\x1b" not in render(report)
    painted = render(report, paint=lambda text, colour: f"<{colour}>{text}</>")
    assert "<red>PAD101</>" in painted
    assert painted.replace("<red>", "").replace("</>", "") == render(report)


def test_every_guilty_op_is_named(report):
    text = str(report)
    for op in report.ops:
        if op.verdict == "mismatch":
            assert op.name in text


def test_what_was_not_checked_is_told_with_its_reason():
    ops = (
        OpReport(name="a", op_type="Conv", verdict="unverified", reason="strides: got [0, 2]"),
        OpReport(name="b", op_type="Conv", verdict="unverified", reason="strides: got [0, 2]"),
    )
    source = ModelRef(path="m.onnx", format="onnx")
    text = str(Report(command="diagnose", padcheck="0", source=source, ops=ops))
    assert "m.onnx: unverified" in text
    assert "2 of 2 ops could not be checked" in text
    assert "unverified: 2 ops (a, b): strides: got [0, 2]" in text


def test_a_model_without_windowed_ops_says_so():
    source = ModelRef(path="m.onnx", format="onnx")
    text = str(Report(command="diagnose", padcheck="0", source=source))
    assert "nothing to check" in text


def test_the_json_form_comes_back_the_same(report):
    assert Report.from_dict(report.to_dict()) == report


def test_unknown_keys_are_ignored(report):
    data = report.to_dict()
    data["later"] = data["ops"][0]["later"] = data["findings"][0]["later"] = 1
    assert Report.from_dict(data) == report


def test_a_drawing_marks_what_each_window_reads():
    rows = [Row(label="torch", starts=[-1, 1]), Row(label="same", starts=[0, 2])]
    lines = draw(rows, input_size=6, kernel_size=3, dilation=1, width=60)
    assert [line.rstrip() for line in lines] == [
        "input    .  0  1  2  3  4",
        "torch    x  x  x           window 0",
        "               x  x  x     window 1",
        "same        x  x  x        window 0",
        "                  x  x  x  window 1",
    ]


def test_a_drawing_that_does_not_fit_is_left_out():
    rows = [Row(label="torch", starts=[-1])]
    assert draw(rows, input_size=600, kernel_size=60, dilation=1, width=80) == []


def test_dilated_windows_have_gaps():
    rows = [Row(label="r", starts=[-2])]
    lines = draw(rows, input_size=9, kernel_size=3, dilation=2, width=60)
    assert lines[0] == "input    .  .  0  1  2"
    assert lines[1] == "r        x     x     x  window 0"


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ([AxisSizes(modulus=2, residues=(1,))] * 2, "at odd input sizes"),
        ([AxisSizes(modulus=2, residues=(0,))], "at even input sizes"),
        ([AxisSizes(modulus=1, residues=(0,))], "at every input size"),
        ([AxisSizes(modulus=3, residues=(), from_size=4)], "at no input size"),
        (
            [AxisSizes(modulus=4, residues=(1, 2), from_size=3)],
            "where input size % 4 is 1, 2 from 3 on",
        ),
        (
            [AxisSizes(modulus=1, residues=(0,)), None],
            "axis 0: at every input size; axis 1: not worked out, the window is too large",
        ),
        (None, "not worked out"),
    ],
)
def test_agreement_in_words(axes, words):
    assert agreement(axes) == words


@pytest.fixture(scope="module")
def mixed():
    """Two faults in one pool, a pool with one of them, an op that cannot be read, one that can."""
    from onnx import TensorProto, helper

    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    pool = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}
    nodes = [
        helper.make_node("AveragePool", ["x"], ["a"], "counted", count_include_pad=1, **pool),
        helper.make_node("AveragePool", ["x"], ["b"], "plain", **pool),
        helper.make_node("LpPool", ["x"], ["c"], "norm", **pool),
        helper.make_node("Conv", ["x", "w"], ["d"], "broken", strides=[2, 0]),
        helper.make_node("Conv", ["x", "w"], ["e"], "one end", pads=[0, 0, 1, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", [1, 2, 20, 20])],
        [value(name, None) for name in "abcde"],
        [helper.make_tensor("w", TensorProto.FLOAT, [3, 2, 3, 3], [1.0] * 54)],
    )
    opset = [helper.make_opsetid("", 19)]
    return padcheck.diagnose(helper.make_model(graph, opset_imports=opset), static=True)


def test_the_headline_tells_silent_from_loud(mixed):
    text = " ".join(str(mixed).split())
    assert "4 of 5 ops" in text
    assert "3 with the right shapes and wrong numbers, 1 with other shapes" in text


def test_two_faults_of_one_op_share_a_picture(mixed):
    text = str(mixed)
    assert "PAD203 pads_counted_in_average" in text
    assert "note: together with PAD101, above" in text
    assert text.count("(counted)") == 2


def test_long_code_goes_on_within_its_parentheses(mixed):
    text = str(mixed)
    assert max(map(len, text.splitlines())) <= 80
    call = text[text.index("layers.DepthwiseConv2D(") :].partition(")(x)")[0]
    compile(" ".join(call.split()) + ")", "code", "eval")


def test_an_op_that_cannot_be_read_stands_beside_the_others(mixed):
    assert "unverified: 1 op (broken): strides: expected 2 ints >= 1 but got [2, 0]" in str(mixed)
    assert mixed.counts == {"ops": 5, "equivalent": 0, "mismatch": 4, "unverified": 1}
