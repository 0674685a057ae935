"""Both exporters of torch.onnx: quiet, at the opset asked, sizes open or not."""

from __future__ import annotations

import onnx
import pytest
import torch

from padcheck.frameworks.torch.export import DYNAMO, OPSETS, TORCHSCRIPT, exported

BOTH = (DYNAMO, TORCHSCRIPT)


def layer() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.ZeroPad2d((0, 1, 0, 1)), torch.nn.Conv2d(2, 3, 3)).eval()


@pytest.mark.parametrize("exporter", BOTH)
@pytest.mark.parametrize("end", [0, 1])
def test_the_first_and_last_opset(exporter: str, end: int) -> None:
    opset = OPSETS[exporter][end]
    made = onnx.load_from_string(exported(layer(), (1, 2, 8, 9), exporter, opset=opset))
    assert [(entry.domain, entry.version) for entry in made.opset_import] == [("", opset)]
    assert (made.graph.input[0].name, made.graph.output[0].name) == ("x", "y")


@pytest.mark.parametrize(
    ("exporter", "dynamic"), [(DYNAMO, True), (TORCHSCRIPT, True), (TORCHSCRIPT, False)]
)
def test_open_sizes(exporter: str, dynamic: bool) -> None:
    model = exported(layer(), (2, 2, 8, 9), exporter, opset=18, dynamic=dynamic)
    shape = onnx.load_from_string(model).graph.input[0].type.tensor_type.shape
    names = [axis.dim_param or axis.dim_value for axis in shape.dim]
    assert names == (["batch", 2, "height", "width"] if dynamic else [2, 2, 8, 9])


@pytest.mark.parametrize(
    ("exporter", "error"),
    [
        # the error of the step that failed, and no advice on how to report it
        (DYNAMO, "tracing inferred a static shape of 12 for dimension"),
        (TORCHSCRIPT, "ONNX export of operator max_pool1d, dilation"),
    ],
)
def test_what_it_refuses_is_raised_and_not_printed(
    exporter: str, error: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pool = torch.nn.MaxPool1d(3, dilation=1 if exporter == DYNAMO else 2)
    opset = OPSETS[exporter][0]
    with pytest.raises(Exception, match=error) as raised:
        exported(pool, (2, 2, 12), exporter, opset=opset, dynamic=exporter == DYNAMO)
    assert "step" not in str(raised.value)
    assert capfd.readouterr() == ("", "")
