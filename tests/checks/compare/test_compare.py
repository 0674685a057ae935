"""`compare` on the shipped models: who is blamed, who is not, and that it is the whole story."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import padcheck
from padcheck.records import MISMATCH, Report

FIXTURES = Path(__file__).parents[3] / "fixtures"
FORMS = (".keras", "_saved_model", ".tflite")
GUILTY = {
    "resnet_thin": [
        "node_Conv_291",
        "node_max_pool2d",
        "node_Conv_301",
        "node_Conv_311",
        "node_Conv_321",
    ],
    "mobilenetv2_thin": [
        "node_Conv_441",
        "node_Conv_449",
        "node_Conv_461",
        "node_Conv_473",
        "node_Conv_491",
    ],
}


def compared(source: str, target: str, **options: Any) -> Report:
    return padcheck.compare(FIXTURES / source, FIXTURES / target, **options)


def guilty(report: Report) -> list[str]:
    return [op.name for op in report.ops if op.verdict == MISMATCH]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("net", GUILTY)
def test_a_right_conversion_is_acquitted(net: str, form: str) -> None:
    report = compared(f"{net}.onnx", f"{net}_right{form}")
    assert report.verdict == "equivalent"
    assert report.exit_code == 0
    assert all(finding.latent for finding in report.findings)
    (output,) = report.end_to_end.outputs
    assert output.relative_l2 <= 0.3 * output.bound


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("net", GUILTY)
def test_a_naive_conversion_is_blamed_where_it_is_wrong_and_nowhere_else(
    net: str, form: str
) -> None:
    report = compared(f"{net}.onnx", f"{net}_same{form}")
    assert report.exit_code == 1
    assert guilty(report) == GUILTY[net]
    assert {finding.code for finding in report.findings} == {"PAD101"}
    assert {finding.proof.status for finding in report.findings} == {"proven"}
    assert {finding.proof.residual for finding in report.findings} == {0.0}
    whole = report.end_to_end
    assert whole.outputs[0].relative_l2 > 0.1
    assert whole.explained_by == ("PAD101",)
    assert whole.residual_relative_l2 < 1e-3
    assert whole.after[0].verdict == "equivalent"
    assert whole.first_divergence == GUILTY[net][0]
    assert not whole.remaining


@pytest.mark.parametrize(("kind", "verdict"), [("right", "equivalent"), ("same", "mismatch")])
def test_integers_are_held_to_their_own_rounding(kind: str, verdict: str) -> None:
    report = compared("mobilenetv2_thin.onnx", f"mobilenetv2_thin_{kind}_int8.tflite")
    assert report.verdict == verdict
    assert guilty(report) == ([] if kind == "right" else GUILTY["mobilenetv2_thin"])
    if kind == "same":
        assert report.end_to_end.residual_relative_l2 < 0.1 < report.end_to_end.outputs[0].bound


def test_three_faults_at_once_are_all_named() -> None:
    report = compared("three_faults.onnx", "three_faults.keras")
    found = {finding.op: (finding.code, finding.proof.status) for finding in report.findings}
    assert found == {
        "node_max_pool2d": ("PAD201", "proven"),
        "node_conv2d_1": ("PAD101", "proven"),
        "node_conv2d_2": ("PAD904", "proven"),
    }
    assert report.end_to_end.residual_relative_l2 < 1e-6
    assert set(report.end_to_end.explained_by) == {"PAD201", "PAD101", "PAD904"}


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("resnet_thin_same.keras", "resnet_thin.onnx"),
        ("resnet_thin_right.keras", "resnet_thin_same.keras"),
        ("resnet_thin_right.tflite", "resnet_thin_same.keras"),
        ("resnet_thin_right_saved_model", "resnet_thin_same.tflite"),
        ("resnet_thin.onnx", "resnet_thin_tf_pads.onnx"),
        ("resnet_thin.onnx", "resnet_thin_tf_pads_legacy.onnx"),
    ],
)
def test_either_side_may_be_of_any_format(source: str, target: str) -> None:
    report = compared(source, target)
    assert len(guilty(report)) == 5
    assert {each.code for each in report.findings if not each.latent} == {"PAD101"}
    assert report.end_to_end.residual_relative_l2 < 1e-5


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("resnet_thin.onnx", "resnet_thin_legacy.onnx"),
        ("resnet_thin_tf_pads.onnx", "resnet_thin_same.tflite"),
        ("mobilenetv2_thin_tf_pads_legacy.onnx", "mobilenetv2_thin_same.keras"),
        ("mobilenetv2_thin_right.tflite", "mobilenetv2_thin_right_saved_model"),
        ("cifar10_cnn.onnx", "cifar10_cnn.keras"),
        ("three_faults.keras", "three_faults.keras"),
    ],
)
def test_the_same_model_in_two_files(source: str, target: str) -> None:
    report = compared(source, target)
    assert report.ok, str(report)


def test_objects_in_memory() -> None:
    import torch
    from keras.saving import load_model

    proto = onnx.load(FIXTURES / "resnet_thin.onnx")
    model = load_model(FIXTURES / "resnet_thin_same.keras", compile=False)
    assert len(guilty(padcheck.compare(proto, model))) == 5
    content = (FIXTURES / "resnet_thin_right.tflite").read_bytes()
    assert padcheck.compare(proto, content).ok

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3, 2, 1), torch.nn.ReLU()).eval()
    example = (torch.zeros(1, 2, 8, 8),)
    same = padcheck.compare(net, _exported(net, example), example_inputs=example)
    assert same.ok


def _exported(net: Any, example: Any) -> onnx.ModelProto:
    from padcheck.frameworks.torch.export import export_module

    return export_module(net, example)


def _scaled(name: str, factor: float) -> onnx.ModelProto:
    """The model with all weights made smaller and its biases gone: outputs near 0."""
    model = onnx.load(FIXTURES / name)
    biases = {node.input[2] for node in model.graph.node if node.op_type == "Conv"}
    weights = {node.input[1] for node in model.graph.node if node.op_type == "Conv"}
    for tensor in model.graph.initializer:
        if tensor.name in biases | weights:
            array = numpy_helper.to_array(tensor)
            made = array * 0 if tensor.name in biases else array * np.float32(factor)
            tensor.CopyFrom(numpy_helper.from_array(made, tensor.name))
    return model


def test_outputs_near_zero_are_judged_as_strictly() -> None:
    right = _scaled("mobilenetv2_thin.onnx", 0.15)
    for node in right.graph.node:  # what adds to the output besides
        if node.op_type == "Gemm":
            name = node.input[2]
    for model in (right, wrong := _scaled("mobilenetv2_thin_tf_pads.onnx", 0.15)):
        for tensor in model.graph.initializer:
            if tensor.name == name:
                zeros = np.zeros_like(numpy_helper.to_array(tensor))
                tensor.CopyFrom(numpy_helper.from_array(zeros, name))
    import onnxruntime

    session = onnxruntime.InferenceSession(right.SerializeToString())
    (output,) = session.run(None, {"x": np.ones((1, 3, 224, 224), np.float32)})
    assert 0 < np.abs(output).max() < 1e-15

    report = padcheck.compare(right, wrong)
    assert report.end_to_end.outputs[0].max_abs_diff < 1e-15
    assert report.end_to_end.outputs[0].verdict == "mismatch"
    assert len(guilty(report)) == 5
    assert report.end_to_end.residual_relative_l2 < 1e-5
    assert padcheck.compare(right, right).ok


def test_a_given_input_is_used() -> None:
    ones = np.ones((1, 3, 224, 224), np.float32)
    report = compared("resnet_thin.onnx", "resnet_thin_right.keras", inputs=ones)
    assert report.end_to_end.inputs == ("x 1x3x224x224, as given; 1x224x224x3 for the target",)
    last = np.ones((1, 224, 224, 3), np.float32)
    by_name = compared("resnet_thin.onnx", "resnet_thin_right.keras", inputs={"image": last})
    assert by_name.end_to_end.outputs[0].max_abs_diff == report.end_to_end.outputs[0].max_abs_diff


def test_an_open_size_is_that_of_the_other_side() -> None:
    report = compared("resnet_thin_dynamic.onnx", "resnet_thin_same.tflite")
    assert len(guilty(report)) == 5
    assert compared("resnet_thin_dynamic.onnx", "resnet_thin_legacy.onnx").ok


def test_where_both_are_open_the_size_must_be_given() -> None:
    both = ("resnet_thin_dynamic.onnx", "resnet_thin_tf_pads_dynamic.onnx")
    with pytest.raises(padcheck.UsageError, match=r"--input-shape x=1,3,N,N"):
        compared(*both)
    shape = {"x": (1, 3, 224, 224)}
    assert len(guilty(compared(*both, input_shapes=shape))) == 5
    odd = {"x": (1, 3, 225, 225)}
    assert compared(*both, input_shapes=odd).ok


def test_two_models_that_have_nothing_to_do_with_each_other() -> None:
    with pytest.raises(padcheck.ModelError, match="nothing to do with each other"):
        compared("conv_3d.onnx", "causal_1d.onnx")
    with pytest.raises(padcheck.ModelError, match="no input of the target takes"):
        compared("mobilenetv2_thin.onnx", "three_faults.keras")


def test_the_report_survives_json() -> None:
    import json

    report = compared("three_faults.onnx", "three_faults.keras")
    again = Report.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False)))
    assert again == report


def test_assert_equivalent() -> None:
    same = FIXTURES / "resnet_thin_same.keras"
    with pytest.raises(AssertionError, match="PAD101 asymmetric_same") as raised:
        padcheck.assert_equivalent(FIXTURES / "resnet_thin.onnx", same)
    assert "5 of 21 layers read shifted pixels" in str(raised.value)
    assert len(raised.traceback.filter(raised)) == 1  # of padcheck's own frames, none
    assert padcheck.assert_equivalent(same, same).ok
