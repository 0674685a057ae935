"""The input size at which a whole network agrees with SAME."""

import onnx
import pytest
from onnx import TensorProto, helper

import padcheck
from padcheck.checks.network import agreeing_shapes
from padcheck.frameworks.onnx.reader import read_model
from tests.support import FIXTURES


def searched(model):
    read = read_model(model)
    return agreeing_shapes(
        read.sites, read.inputs, lambda shapes: read_model(model, input_shapes=shapes).sites
    )


def convs(size, *geometries):
    """A chain of 1-D convolutions, each (kernel, stride, pad)."""
    nodes, weights = [], []
    for number, (kernel, stride, pad) in enumerate(geometries):
        weights.append(helper.make_tensor(f"w{number}", 1, (1, 1, kernel), [1.0] * kernel))
        nodes.append(
            helper.make_node(
                "Conv",
                [f"x{number}", f"w{number}"],
                [f"x{number + 1}"],
                strides=[stride],
                pads=[pad, pad],
            )
        )
    x = helper.make_tensor_value_info("x0", TensorProto.FLOAT, (1, 1, size))
    y = helper.make_tensor_value_info(f"x{len(nodes)}", TensorProto.FLOAT, None)
    return helper.make_model(helper.make_graph(nodes, "g", [x], [y], weights))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("resnet_thin", (1, 3, 225, 225)),
        ("mobilenetv2_thin", (1, 3, 225, 225)),
        ("inception_block", (1, 3, 29, 29)),
        ("conv_3d", (1, 1, 9, 33, 33)),
    ],
)
def test_fixtures(name, shape):
    path = FIXTURES / f"{name}.onnx"
    (found,) = searched(path).items()
    assert found[1] == shape
    assert padcheck.diagnose(path, input_shapes=dict([found]), static=True).ok


def test_every_stage_must_be_odd():
    assert searched(convs(64, (3, 2, 1), (3, 2, 1), (3, 2, 1))) == {"x0": (1, 1, 65)}
    assert searched(convs(67, (3, 2, 1), (3, 2, 1), (3, 2, 1))) == {"x0": (1, 1, 73)}


def test_a_diagnosis_tells_it():
    report = padcheck.diagnose(convs(67, (3, 2, 1), (3, 2, 1), (3, 2, 1)))
    assert report.agrees_at == {"x0": (1, 1, 73)}


def test_none_where_all_is_right_already():
    assert searched(convs(65, (3, 2, 1))) is None


def test_none_where_an_op_agrees_nowhere():
    assert searched(convs(64, (3, 1, 2), (3, 2, 1))) is None


def test_none_where_a_size_is_open():
    model = convs(64, (3, 2, 1))
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "n"
    assert searched(onnx.ModelProto.FromString(model.SerializeToString())) is None
