"""The shortest command: it runs as it stands, and finds the same."""

import dataclasses
import itertools
import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper

import padcheck
from padcheck.cli import cli
from padcheck.report.commands import shortest_command
from tests.support import FIXTURES
from tests.support import padcheck as run

MODEL = "fixtures/resnet_thin.onnx"


@pytest.fixture(scope="module")
def diagnosed():
    return padcheck.diagnose(FIXTURES / "resnet_thin.onnx", static=True)


@pytest.fixture(scope="module")
def compared():
    return padcheck.compare(FIXTURES / "three_faults.onnx", FIXTURES / "three_faults.keras")


def alone(report, name):
    return dataclasses.replace(
        report,
        ops=tuple(op for op in report.ops if op.name == name),
        findings=tuple(finding for finding in report.findings if finding.op == name),
    )


def one_conv(input_size, pads=None, *, group=1, **attributes):
    """A model of one Conv; `pads` as ONNX has them."""
    rank = len(input_size)
    channels = 2 * group
    kernel = attributes["kernel_shape"]
    shape = [channels, 2, *kernel]
    size = 1
    for number in shape:
        size *= number
    weight = helper.make_tensor("w", TensorProto.FLOAT, shape, [1.0] * size)
    if pads is not None:
        attributes["pads"] = pads
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="c", group=group, **attributes)
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)]
        for name, dims in (("x", [1, channels, *input_size]), ("y", [None] * (rank + 2)))
    ]
    graph = helper.make_graph([node], "g", *ends, [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def codes_of(command):
    """The codes of the op that a command reports, run in this process."""
    program, *words = shlex.split(command)
    assert program == "padcheck"
    result = CliRunner().invoke(cli, [*words, "--format", "json"])
    assert result.exit_code == 1, result.output
    (op,) = json.loads(result.output)["ops"]
    return op["findings"]


class TestCompare:
    def test_two_paths(self, compared):
        assert shortest_command(compared, source="m.onnx", target=Path("m.tflite")) == (
            "padcheck compare m.onnx m.tflite"
        )

    def test_shapes_and_trust(self, compared):
        command = shortest_command(
            compared,
            source="m.onnx",
            target="m.keras",
            input_shapes={"x": (1, 3, 225, 225), "a b": [1, 2]},
            trust=True,
        )
        assert command == (
            "padcheck compare m.onnx m.keras --input-shape x=1,3,225,225 "
            "--input-shape 'a b=1,2' --trust"
        )

    def test_a_converter_in_place_of_a_target(self, compared):
        via = {"source": "m.onnx", "via": "onnx2keras"}
        assert shortest_command(compared, **via) == "padcheck compare m.onnx --via onnx2keras"
        assert shortest_command(compared, **via, change_ordering=True) == (
            "padcheck compare m.onnx --via onnx2keras --change-ordering"
        )

    def test_names_are_quoted_for_the_shell(self, compared):
        command = shortest_command(compared, source="a b.onnx", target="-$(x).tflite")
        assert command == "padcheck compare 'a b.onnx' './-$(x).tflite'"

    def test_the_command_shows_the_same(self, compared):
        paths = {"source": "fixtures/three_faults.onnx", "target": "fixtures/three_faults.keras"}
        _, *words = shlex.split(shortest_command(compared, **paths))
        result = run(*words, "--format", "json")
        assert result.returncode == 1
        found = [finding["code"] for finding in json.loads(result.stdout)["findings"]]
        assert found == [finding.code for finding in compared.findings] != []


class TestNone:
    @pytest.mark.parametrize("target", [object(), b"TFL3", None])
    def test_for_a_target_in_memory(self, compared, target):
        assert shortest_command(compared, source="m.onnx", target=target) is None

    def test_for_a_source_in_memory(self, compared, diagnosed):
        assert shortest_command(compared, source=object(), target="m.tflite") is None
        assert shortest_command(compared, source=object(), via="onnx2keras") is None
        assert shortest_command(diagnosed, source=object()) is None

    def test_for_a_path_that_is_no_line(self, diagnosed):
        assert shortest_command(diagnosed, source="a\nb.onnx") is None

    def test_for_a_callable(self):
        spec = padcheck.conv(input_size=8, kernel_size=3)
        report = padcheck.check_callable(spec, lambda x, weight: x)
        assert shortest_command(report, source="m.onnx") is None


class TestDiagnose:
    def test_a_whole_model(self, diagnosed):
        assert shortest_command(diagnosed, source=MODEL) == f"padcheck diagnose {MODEL}"

    def test_options(self, diagnosed):
        shapes = {"x": (1, 3, 224, 224)}
        assert shortest_command(diagnosed, source=MODEL, input_shapes=shapes, static=True) == (
            f"padcheck diagnose {MODEL} --input-shape x=1,3,224,224 --static"
        )

    def test_one_conv_needs_no_model(self, diagnosed):
        report = alone(diagnosed, "node_Conv_291")
        assert shortest_command(report, source=MODEL, input_shapes={"x": (1, 3, 224, 224)}) == (
            "padcheck conv --input 224x224 --kernel 7 --stride 2 --padding 3"
        )

    def test_the_conv_command_shows_the_same(self, diagnosed):
        report = alone(diagnosed, "node_Conv_291")
        _, *words = shlex.split(shortest_command(report, source=MODEL))
        result = run(*words, "--format", "json")
        assert result.returncode == 1
        (op,) = json.loads(result.stdout)["ops"]
        assert op["findings"] == ["PAD101"]
        assert op["pad_before"] == [3, 3]
        assert op["lowerings"]["tf_same"]["measured"]
        assert op["lowerings"]["tf_same"]["pad_before"] == [2, 2]

    @pytest.mark.parametrize(
        ("model", "command"),
        [
            (
                one_conv([9, 8], [1, 2, 0, 3], kernel_shape=[3, 4], strides=[2, 1]),
                "padcheck conv --input 9x8 --kernel 3x4 --stride 2x1 --padding 1,0,2,3 --static",
            ),
            (
                one_conv([9, 9], [2, 1, 2, 1], kernel_shape=[2, 2], dilations=[2, 2]),
                "padcheck conv --input 9x9 --kernel 2 --dilation 2 --padding 2,1 --static",
            ),
            (
                one_conv([8], [3, 0], kernel_shape=[4], group=2),
                "padcheck conv --input 8 --kernel 4 --padding 3,0 --groups 2 --static",
            ),
            (
                one_conv([6, 6, 6], [1] * 6, kernel_shape=[3, 3, 3], strides=[2, 2, 2]),
                "padcheck conv --input 6x6x6 --kernel 3 --stride 2 --padding 1 --static",
            ),
            (
                one_conv([8], [-1, 2], kernel_shape=[2]),
                "padcheck conv --input 8 --kernel 2 --padding -1,2 --static",
            ),
        ],
    )
    def test_its_numbers(self, model, command):
        report = padcheck.diagnose(model, static=True)
        assert shortest_command(report, source="m.onnx", static=True) == command
        assert codes_of(command) == list(report.ops[0].findings)

    def test_it_finds_the_same_over_a_grid(self):
        tried = 0
        for n, k, s, pads in itertools.product(
            (7, 8), (1, 2, 3, 5), (1, 2, 3), ([0, 1], [1, 0], [1, 1], [2, 2], [4, 0], [0, 3])
        ):
            model = one_conv([n], pads, kernel_shape=[k], strides=[s])
            report = padcheck.diagnose(model, static=True)
            (op,) = report.ops
            if op.verdict != "mismatch":
                continue
            command = shortest_command(report, source="m.onnx", static=True)
            assert command.startswith("padcheck conv "), op
            assert codes_of(command) == list(op.findings), command
            tried += 1
        assert tried > 60

    def test_a_rule_that_the_pads_do_not_tell_needs_the_model(self):
        model = one_conv([8], kernel_shape=[3], strides=[2], auto_pad="SAME_LOWER")
        report = padcheck.diagnose(model, static=True)
        assert report.ops[0].findings == ("PAD102",)
        assert shortest_command(report, source="m.onnx") == "padcheck diagnose m.onnx"

    def test_an_open_size_needs_the_model(self):
        model = one_conv([8, 8], [1] * 4, kernel_shape=[3, 3], strides=[2, 2])
        model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "h"
        report = padcheck.diagnose(model, static=True)
        assert (report.verdict, report.ops[0].input_size) == ("mismatch", (None, 8))
        assert shortest_command(report, source="m.onnx") == "padcheck diagnose m.onnx"

    def test_a_pool_needs_the_model(self, diagnosed):
        report = alone(diagnosed, "node_max_pool2d")
        assert shortest_command(report, source=MODEL) == f"padcheck diagnose {MODEL}"

    def test_what_could_not_be_checked_needs_the_model(self, diagnosed):
        report = alone(diagnosed, "node_Conv_291")
        unread = dataclasses.replace(report.ops[0], name="b", verdict="unverified", lowerings={})
        report = dataclasses.replace(report, ops=(*report.ops, unread))
        assert shortest_command(report, source=MODEL) == f"padcheck diagnose {MODEL}"

    def test_what_a_framework_does_besides_needs_the_model(self, diagnosed):
        report = alone(diagnosed, "node_Conv_291")
        (op,) = report.ops
        torch = dataclasses.replace(op.lowerings["torch"], findings=("PAD998",))
        op = dataclasses.replace(op, lowerings={**op.lowerings, "torch": torch})
        report = dataclasses.replace(report, ops=(op,))
        assert shortest_command(report, source=MODEL) == f"padcheck diagnose {MODEL}"

    def test_a_mismatch_without_a_cause_needs_the_model(self, diagnosed):
        report = alone(diagnosed, "node_Conv_291")
        op = dataclasses.replace(report.ops[0], findings=())
        report = dataclasses.replace(report, ops=(op,), findings=())
        assert shortest_command(report, source=MODEL) == f"padcheck diagnose {MODEL}"

    def test_more_axes_than_the_command_takes_need_the_model(self, diagnosed):
        report = alone(diagnosed, "node_Conv_291")
        names = ("input_size", "kernel_size", "stride", "dilation", "pad_before", "pad_after")
        for rank, needed in ((3, False), (4, True)):
            sizes = {name: getattr(report.ops[0], name)[:1] * rank for name in names}
            op = dataclasses.replace(report.ops[0], **sizes)
            command = shortest_command(dataclasses.replace(report, ops=(op,)), source=MODEL)
            assert (command == f"padcheck diagnose {MODEL}") == needed


def test_a_conv_that_was_checked_in_memory():
    report = padcheck.check_conv(input_size=(9, 8), kernel_size=4, pads=2, static=True)
    command = shortest_command(report, source=None, static=True)
    assert command == "padcheck conv --input 9x8 --kernel 4 --padding 2 --static"
    assert codes_of(command) == ["PAD101"]
