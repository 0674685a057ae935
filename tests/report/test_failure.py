"""The text of a failing test: the gist on one line, then why, and how to see it again."""

import dataclasses

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

import padcheck
from padcheck.records import OpReport, Report
from padcheck.report.failure import failure_text, gist
from padcheck.report.observed import call
from tests.report import comparisons
from tests.support import FIXTURES

CONV = padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)


@pytest.fixture(scope="module")
def shifted():
    return padcheck.compare(FIXTURES / "resnet_thin.onnx", FIXTURES / "resnet_thin_same.tflite")


@pytest.fixture(scope="module")
def three_faults():
    return padcheck.compare(FIXTURES / "three_faults.onnx", FIXTURES / "three_faults.keras")


@pytest.fixture(scope="module")
def diagnosed():
    return padcheck.diagnose(FIXTURES / "resnet_thin.onnx")


def alone(report, *names, whole=False):
    """The report on some ops."""
    return dataclasses.replace(
        report,
        ops=tuple(op for op in report.ops if op.name in names),
        findings=tuple(finding for finding in report.findings if finding.op in names),
        end_to_end=report.end_to_end if whole else None,
        agrees_at=None,
    )


def bad_strides():
    """A Conv that cannot be read, and one that can."""
    weight = helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 3, 3], [1.0] * 9)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="bad", strides=[0, 2]),
        helper.make_node("Conv", ["x", "w"], ["y"], name="good", pads=[1, 1, 1, 1]),
    ]
    shape = [1, 1, 8, 8]
    ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name in ("x", "y")]
    graph = helper.make_graph(nodes, "g", *ends, [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def same(x, weight):
    padded = torch.nn.functional.pad(torch.tensor(x), (0, 1, 0, 1))
    return torch.nn.functional.conv2d(padded, torch.tensor(weight), stride=2).numpy()


class TestOneOp:
    def test_of_a_comparison_to_the_letter(self, shifted):
        report = alone(shifted, "node_Conv_291")
        command = "padcheck compare resnet_thin.onnx " + 5 * "a_long_folder/" + "x.tflite"
        assert failure_text(report, command=command) == (
            "PAD101 asymmetric_same: node_Conv_291 -> conv_01: extra pad is at the bottom/right: "
            "pads (2,3), expected (3,3)\n"
            "\n"
            "  Conv k7x7 s2x2 at 224x224: node_Conv_291 -> conv_01\n"
            "\n"
            "    input           .  .  .  0  1  2  3  4  5  6\n"
            "    source (3,3)    x  x  x  x  x  x  x           window 0\n"
            "                          x  x  x  x  x  x  x     window 1\n"
            "    target (2,3)       x  x  x  x  x  x  x        window 0\n"
            "                             x  x  x  x  x  x  x  window 1\n"
            "\n"
            "  note: pads: reference (3,3), observed (2,3)\n"
            "  note: grid shift: (1, 1) input elements\n"
            "  note: 100.00 % of outputs wrong, interior 100.00 %, border 100.00 %\n"
            "  note: seen: the interior is right after a shift of the windows by (1, 1)\n"
            "  note: proven: PAD101 reproduces all 37632 outputs exactly, residual 0; rivals\n"
            "        ruled out at conv(n=7x7, k=7x7, s=2x2, pads=(3,3)x(3,3))\n"
            "  note: the two are the same op at odd input sizes\n"
            "  note: matched by weights\n"
            "  help: in the target (changes-output), for conv_01\n"
            "      # in the Keras model that it is converted from; then convert again\n"
            "      layers.ZeroPadding2D(((3, 3), (3, 3)))\n"
            '      layers.Conv2D(4, 7, strides=2, padding="valid")\n'
            "\n"
            "pads=(2,3), but should be (3,3) [conv(n=224x224, k=7x7, s=2x2)]\n"
            "\n"
            f"reproduce: {command}"
        )

    def test_a_fill_is_told_by_the_share_of_wrong_outputs(self, three_faults):
        lines = failure_text(alone(three_faults, "node_max_pool2d")).splitlines()
        assert lines[0] == (
            "PAD201 zero_filled_max_pool: node_max_pool2d -> max_pool_01: padding of the max pool "
            "holds 0, expected -inf"
        )
        assert lines[-1] == (
            "wrong_outputs=9.08 %, but should be 0.00 % [max_pool(n=32x32, k=3x3, s=2x2)]"
        )

    def test_what_is_no_geometry_is_told_by_its_message(self, three_faults):
        lines = failure_text(alone(three_faults, "node_conv2d_2")).splitlines()
        assert lines[0] == "PAD904 bias_lost: node_conv2d_2 -> conv_03: bias is lost"
        assert lines[-1] == "bias is lost [conv(n=8x8, k=3x3)]"

    def test_of_a_diagnosis_same_leads_and_the_rest_is_a_note(self, diagnosed):
        text = failure_text(alone(diagnosed, "node_max_pool2d"))
        first, *rest = text.split("\n\n")
        assert first == (
            "PAD101 asymmetric_same: node_max_pool2d: extra pad is at the bottom/right: "
            "pads (0,1), expected (1,1)"
        )
        assert rest[-2:] == [
            "note: PAD201 zero_filled_max_pool: ZeroPadding+VALID is not the same op for\n"
            "      MaxPool k3x3 s2x2 at 112x112: 1 op (node_max_pool2d): padding of the max\n"
            "      pool holds 0, expected -inf; pad with -inf, or let the pool pad",
            "pads=(0,1), but should be (1,1) [max_pool(n=112x112, k=3x3, s=2x2)]",
        ]

    def test_of_a_conv_has_the_code_of_each_build(self):
        report = padcheck.check_conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1)
        text = failure_text(report)
        assert text.splitlines()[0] == (
            "PAD101 asymmetric_same: conv: extra pad is at the bottom/right: pads (0,1), "
            "expected (1,1)"
        )
        assert (
            "ZeroPadding+VALID\n"
            "    layers.ZeroPadding2D(((1, 1), (1, 1)))\n"
            '    layers.Conv2D(3, 3, strides=2, padding="valid")\n'
            "\n"
            "pads=(0,1), but should be (1,1) [conv(n=8x8, k=3x3, s=2x2)]"
        ) in text

    def test_with_two_causes_names_both(self):
        both = padcheck.conv(input_size=(8, 8), kernel_size=3, stride=2, pads=1, bias=True)
        report = padcheck.check_callable(both, lambda x, weight, bias: same(x, weight))
        assert gist(report) == (
            "PAD101 asymmetric_same: <lambda>: extra pad is at the bottom/right: pads (0,1), "
            "expected (1,1); also PAD904 bias_lost"
        )


class TestACallable:
    def test_the_gist_names_the_function(self):
        text = failure_text(padcheck.check_callable(CONV, same))
        assert text.splitlines()[0] == (
            "PAD101 asymmetric_same: same: extra pad is at the bottom/right: pads (0,1), "
            "expected (1,1)"
        )
        assert text.endswith("\n\npads=(0,1), but should be (1,1) [conv(n=8x8, k=3x3, s=2x2)]")

    def test_another_output_size_has_a_line_of_its_own(self):
        def layer(x, weight):
            return torch.nn.functional.conv2d(
                torch.tensor(x), torch.tensor(weight), stride=2
            ).numpy()

        assert failure_text(padcheck.check_callable(CONV, layer)).splitlines()[-2:] == [
            "pads=(0,0), but should be (1,1) [conv(n=8x8, k=3x3, s=2x2)]",
            "output_size=3x3, but should be 4x4 [conv(n=8x8, k=3x3, s=2x2)]",
        ]

    def test_a_transposed_op_has_crops(self):
        spec = padcheck.conv_transpose(
            input_size=4, kernel_size=3, stride=2, pads=1, output_padding=1
        )

        def layer(x, weight):
            return torch.nn.functional.conv_transpose1d(
                torch.tensor(x), torch.tensor(weight), stride=2, padding=1
            ).numpy()

        assert failure_text(padcheck.check_callable(spec, layer)).splitlines()[-2:] == [
            "crops=(1,1), but should be (1,0) [conv_transpose(n=4, k=3, s=2)]",
            "output_size=7, but should be 8 [conv_transpose(n=4, k=3, s=2)]",
        ]

    def test_unexplained(self):
        lines = failure_text(padcheck.check_callable(CONV, lambda x, w: same(x, w) ** 2))
        assert lines.splitlines()[0] == (
            "PAD999 unexplained: <lambda>: outputs differ and no known cause reproduces them"
        )
        assert lines.splitlines()[-1] == (
            "wrong_outputs=100.00 %, but should be 0.00 % [conv(n=8x8, k=3x3, s=2x2)]"
        )

    def test_what_returns_nothing_is_told_how_it_is_called(self):
        assert failure_text(padcheck.check_callable(CONV, lambda x, weight: None)) == (
            "PAD999 unexplained: <lambda>: the function returned NoneType, expected a float32 "
            "array\n"
            "\n"
            "  Conv k3x3 s2x2 at 8x8\n"
            "  help: it is called as fn(x, weight) and returns one array (N, C, *spatial)\n"
            "\n"
            "the function returned NoneType, expected a float32 array "
            "[conv(n=8x8, k=3x3, s=2x2)]"
        )

    def test_one_that_raises_is_unverified(self):
        def layer(x, weight):
            raise ValueError("no such\nlayer\x1b[31m")

        report = padcheck.check_callable(CONV, layer)
        assert gist(report) == "layer: the function raised ValueError: no such"
        assert "help: it is called as fn(x, weight)" in failure_text(report)


class TestSeveralOps:
    def test_are_counted(self, shifted, three_faults, diagnosed):
        assert gist(shifted) == "5 of 21 layers mismatch: PAD101 asymmetric_same"
        assert gist(diagnosed) == "5 of 21 ops mismatch: PAD101 asymmetric_same"
        assert gist(three_faults) == (
            "3 of 5 layers mismatch: PAD201 zero_filled_max_pool, PAD101 asymmetric_same, "
            "PAD904 bias_lost"
        )

    def test_are_counted_without_those_of_the_target(self, three_faults):
        lone = dataclasses.replace(
            three_faults.ops[0], name="lone", of_target=True, verdict="unverified", reason="r"
        )
        both = dataclasses.replace(three_faults, ops=(*three_faults.ops, lone))
        assert gist(both) == gist(three_faults)

    def test_have_the_blocks_of_the_reports_page(self, shifted, three_faults, diagnosed):
        for report in (shifted, three_faults, diagnosed):
            blocks = [part for part in failure_text(report).split("\n\n") if "PAD" in part[:4]]
            assert blocks
            assert all(block in str(report) for block in blocks)

    def test_each_has_its_line_and_equal_ones_share_it(self, shifted, three_faults):
        told = [line for line in failure_text(shifted).splitlines() if "but should be" in line]
        assert told == [
            "pads=(2,3), but should be (3,3) [conv(n=224x224, k=7x7, s=2x2)]",
            "pads=(0,1), but should be (1,1) [max_pool(n=112x112, k=3x3, s=2x2)]",
            "pads=(0,1), but should be (1,1) [conv(n=56x56, k=3x3, s=2x2)]",
            "pads=(0,1), but should be (1,1) [conv(n=28x28, k=3x3, s=2x2)]",
            "pads=(0,1), but should be (1,1) [conv(n=14x14, k=3x3, s=2x2)]",
        ]
        pair = alone(shifted, "node_Conv_311")
        (op,), (finding,) = pair.ops, pair.findings
        twin = dataclasses.replace(op, name="twin"), dataclasses.replace(finding, op="twin")
        doubled = dataclasses.replace(pair, ops=(op, twin[0]), findings=(finding, twin[1]))
        assert failure_text(doubled).count("but should be") == 1

    def test_many_lines_are_counted(self, shifted):
        (op,), (finding,) = (
            getattr(alone(shifted, "node_Conv_311"), x) for x in ("ops", "findings")
        )
        names = [f"c{at}" for at in range(20)]
        many = dataclasses.replace(
            alone(shifted),
            ops=tuple(
                dataclasses.replace(op, name=n, input_size=(4 + 2 * int(n[1:]), 8)) for n in names
            ),
            findings=tuple(dataclasses.replace(finding, op=name) for name in names),
        )
        lines = failure_text(many).splitlines()
        assert sum("but should be" in line for line in lines) == 12
        assert lines[-1] == "and 8 more"

    def test_the_outputs_follow(self, three_faults):
        assert (
            "bias is lost [conv(n=8x8, k=3x3)]\n"
            "\n"
            "the two part at node_max_pool2d (target: max_pool_01): inputs equal, outputs\n"
            "  differ by 43 %\n"
            "\n"
            "end to end on x 1x3x32x32, random, seed 0; 1x32x32x3 for the target:\n"
        ) in failure_text(three_faults)

    def test_outputs_that_agree_are_not_told(self, shifted):
        right = dataclasses.replace(shifted, end_to_end=comparisons.RIGHT)
        assert "end to end" not in failure_text(right)


class TestOutputsAlone:
    def test_one_output(self, shifted):
        text = failure_text(alone(shifted, whole=True))
        assert text.splitlines()[0] == (
            "output differs: y -> output_0 (22 % of the output), explained by PAD101"
        )
        assert "\ny -> output_0" in text

    def test_several(self):
        assert gist(comparisons.not_finite()) == (
            "2 of 2 outputs differ: y -> predictions (not finite)"
        )

    def test_that_could_not_be_run(self):
        whole = comparisons.unsure().end_to_end
        report = dataclasses.replace(comparisons.equal(), end_to_end=whole)
        assert gist(report) == (
            "end to end: tensorflow: not installed (pip install 'padcheck[tensorflow]')"
        )

    def test_that_could_not_be_compared(self, shifted):
        (output,) = shifted.end_to_end.outputs
        unsure = dataclasses.replace(output, verdict="unverified", notes=())
        whole = dataclasses.replace(shifted.end_to_end, outputs=(unsure,))
        report = dataclasses.replace(alone(shifted), end_to_end=whole)
        assert gist(report) == "output y -> output_0: could not be compared"


class TestNotChecked:
    def test_one_op_is_all_in_the_gist(self):
        report = padcheck.diagnose(bad_strides(), static=True)
        (op,) = alone(report, "bad").ops
        assert op.verdict == "unverified"
        assert failure_text(alone(report, "bad"), command="padcheck diagnose m.onnx") == (
            f"bad: {op.reason}\n\nreproduce: padcheck diagnose m.onnx"
        )

    def test_several_are_told_by_reason(self):
        assert failure_text(comparisons.unsure()).split("\n\n")[:2] == [
            "3 of 4 layers unverified: no layer of the target has these weights "
            "(and 2 other reasons)",
            "unverified: 1 layer (b): no layer of the target has these weights\n"
            "unverified: 1 layer (c -> c_conv): weight is no constant\n"
            "unverified: 1 layer of the target (extra): no layer of the source has these\n"
            "    weights\n"
            "note: Resize is not compared",
        ]

    def test_a_reason_that_several_have_is_told_once(self, three_faults):
        reason = "weight is no constant"
        ops = tuple(
            dataclasses.replace(op, verdict="unverified", reason=reason)
            for op in three_faults.ops[:3]
        )
        report = dataclasses.replace(three_faults, ops=ops, findings=(), end_to_end=None)
        assert gist(report) == f"3 of 3 layers unverified: {reason}"

    def test_of_the_target(self):
        report = comparisons.unsure()
        (lone,) = (op for op in report.ops if op.of_target)
        assert gist(dataclasses.replace(report, ops=(lone,), end_to_end=None)) == (
            "extra (of the target): no layer of the source has these weights"
        )

    def test_beside_a_mismatch_follows_it(self):
        text = failure_text(comparisons.remainder())
        assert text.index("PAD904") < text.index("unverified: 1 layer (c): no partner")


def test_a_latent_difference_is_a_note():
    report = padcheck.compare(FIXTURES / "resnet_thin.onnx", FIXTURES / "resnet_thin_right.tflite")
    assert failure_text(report) == (
        "equivalent: nothing differs\n"
        "\n"
        "note: latent: PAD201 zero_filled_max_pool: node_max_pool2d -> max_pool_01:\n"
        "      padding of the max pool holds 0, expected -inf; cannot show here: the\n"
        "      input comes from Relu, which gives no negative number"
    )


def test_a_latent_difference_of_a_callable_is_a_note():
    def half(x, weight):
        y = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(weight), stride=2, padding=1)
        return (y.numpy() / 64).astype(np.float64) * 64

    report = padcheck.check_callable(CONV, half)
    assert (report.verdict, report.findings[0].latent) == ("equivalent", True)
    first, note = failure_text(report).split("\n\n")
    assert first == "equivalent: nothing differs"
    message = report.findings[0].message
    assert " ".join(note.split()) == f"note: latent: PAD908 rounding_only: half: {message}"


@pytest.mark.parametrize("width", [80, 120])
def test_causes_are_no_wider_than_asked(shifted, diagnosed, width):
    for report in (shifted, diagnosed):
        first, *lines = failure_text(report, width=width).splitlines()
        assert max(len(line) for line in lines if "but should be" not in line) <= width
        assert first == gist(report)


def test_the_gist_is_one_printable_line(shifted):
    report = alone(shifted, "node_Conv_291")
    (op,), (finding,) = report.ops, report.findings
    name = "a\x1b[2J\nb"
    hostile = dataclasses.replace(
        report,
        ops=(dataclasses.replace(op, name=name, target_name="c\u2028d"),),
        findings=(dataclasses.replace(finding, op=name, message="two\n  lines\x07"),),
    )
    assert gist(hostile) == ("PAD101 asymmetric_same: a\\x1b[2J\\nb -> c\\u2028d: two lines\\x07")


def test_a_call_leaves_out_what_is_one():
    op = OpReport(
        name="a",
        op_type="DEPTHWISE_CONV_2D",
        verdict="mismatch",
        input_size=(None, 8),
        kernel_size=(1, 3),
        stride=(1, 1),
        dilation=(2, 2),
        group=4,
    )
    assert call(op) == "DEPTHWISE_CONV_2D(n=?x8, k=1x3, d=2x2, group=4)"


def test_a_mismatch_without_a_finding_has_a_gist(shifted):
    (op,) = alone(shifted, "node_Conv_291").ops
    bare = Report(command="compare", padcheck="0", source=shifted.source, ops=(op,))
    assert failure_text(bare) == "mismatch: node_Conv_291 -> conv_01"


def test_a_latent_difference_beside_a_mismatch_is_not_blamed_for_it():
    report = padcheck.check_callable(CONV, same)
    latent = dataclasses.replace(
        report.findings[0], code="PAD908", name="rounding_only", message="float64", latent=True
    )
    both = dataclasses.replace(report, findings=(*report.findings, latent))
    assert gist(both) == gist(report)
    assert "\n\nnote: latent: PAD908 rounding_only: same: float64" in failure_text(both)


@pytest.mark.parametrize(("rule", "should"), [("NOTSET", "(1,1)"), ("SAME_LOWER", "(1,0)")])
def test_of_an_open_size_the_case_that_was_judged_is_told(rule, should):
    weight = helper.make_tensor("w", TensorProto.FLOAT, [2, 2, 3, 3], [1.0] * 36)
    how = {"pads": [1] * 4} if rule == "NOTSET" else {"auto_pad": rule}
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="c", strides=[2, 2], **how)
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)]
        for name, shape in (("x", [1, 2, "h", 8]), ("y", [None] * 4))
    ]
    graph = helper.make_graph([node], "g", *ends, [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    report = padcheck.diagnose(model, static=True)
    assert report.ops[0].output_size == (None, 4)
    text = failure_text(report)
    assert text.endswith(f"\n\npads=(0,1), but should be {should} [conv(n=?x8, k=3x3, s=2x2)]")
    assert "output_size=" not in text


def test_pads_that_moved_the_windows_are_told_whatever_the_cause(shifted):
    report = alone(shifted, "node_Conv_291")
    finding = dataclasses.replace(report.findings[0], code="PAD904", name="bias_lost")
    text = failure_text(dataclasses.replace(report, findings=(finding,)))
    assert text.endswith("pads=(2,3), but should be (3,3) [conv(n=224x224, k=7x7, s=2x2)]")


def test_a_message_is_printable_where_it_stands_for_what_differs(three_faults):
    report = alone(three_faults, "node_conv2d_2")
    finding = dataclasses.replace(report.findings[0], message="bias \x1b[31mis\x07 lost")
    text = failure_text(dataclasses.replace(report, findings=(finding,)))
    assert text.endswith(" [conv(n=8x8, k=3x3)]")
    assert text.replace("\n", "").isprintable()


def test_unread_pads_at_the_end_are_not_blamed(three_faults):
    report = alone(three_faults, "node_conv2d_2")
    (op,) = report.ops
    seen = dataclasses.replace(op.lowerings["target"], pad_after=(0, 0))
    report = dataclasses.replace(report, ops=(dataclasses.replace(op, lowerings={"target": seen}),))
    assert failure_text(report).splitlines()[-1] == "bias is lost [conv(n=8x8, k=3x3)]"
