"""A bad node in a good model: a Site with a reason that names the field; the others are read."""

import pytest
from onnx import TensorProto, helper

from padcheck.frameworks.onnx.reader import read_model
from tests.frameworks.onnx.reader_models import W, X, model, node, tensor, value

BIG = 1 << 62


def reasons(bad, *, inputs=(X,), constants=(W,), opset=22):
    """The reason for the bad node; makes sure that a good one after it is read."""
    good = node("Conv", "x2 w2", "z", name="good")
    proto = model(
        bad,
        good,
        inputs=[*inputs, value("x2", 1, 3, 8, 8)],
        constants=[*constants, tensor("w2", 4, 3, 3, 3)],
        opset=opset,
    )
    found = {site.name: site for site in read_model(proto).sites}
    assert found["good"].reason is None
    assert found["good"].spec.input_size == (8, 8)
    site = found["bad"]
    assert site.spec is None
    return site.reason


def conv(**attributes):
    return reasons(node("Conv", "x w", "y", name="bad", **attributes))


def pool(op_type="MaxPool", **attributes):
    kernel = {"kernel_shape": [3, 3], **attributes}
    return reasons(node(op_type, "x", "y", name="bad", **kernel))


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"strides": [0, 2]}, "strides: expected 2 ints >= 1 but got [0, 2]"),
        ({"strides": [1, -1]}, "strides: expected 2 ints >= 1 but got [1, -1]"),
        ({"strides": [1]}, "strides: expected 2 ints >= 1 but got [1]"),
        ({"strides": [1, 1, 1]}, "strides: expected 2 ints >= 1 but got [1, 1, 1]"),
        ({"strides": [1, BIG]}, f"strides: expected 2 ints >= 1 but got [1, {BIG}]"),
        ({"strides": 2}, "strides: expected ints but got int"),
        ({"strides": [1.5, 1.5]}, "strides: expected ints but got floats"),
        ({"strides": "11"}, "strides: expected ints but got string"),
        ({"dilations": [0, 1]}, "dilations: expected 2 ints >= 1 but got [0, 1]"),
        (
            {"dilations": [1 << 24, 1]},
            "dilations: expected a window of at most 1048576 but kernel 3 makes it 33554433",
        ),
        ({"pads": [1, 1]}, "pads: expected 4 ints in [-1048576, 1048576] but got [1, 1]"),
        (
            {"pads": [0, 0, 1 << 40, 0]},
            "pads: expected 4 ints in [-1048576, 1048576] but got [0, 0, 1099511627776, 0]",
        ),
        (
            {"pads": [0] * 1000},
            "pads: expected 4 ints in [-1048576, 1048576] but got [0, 0, 0, 0, 0, 0, 0, 0, ...]",
        ),
        ({"pads": [0.5] * 4}, "pads: expected ints but got floats"),
        (
            {"auto_pad": "SAME"},
            "auto_pad: expected one of NOTSET, VALID, SAME_UPPER, SAME_LOWER but got 'SAME'",
        ),
        ({"auto_pad": 1}, "auto_pad: expected string but got int"),
        ({"group": 0}, "group: expected int >= 1 but got 0"),
        ({"group": -3}, "group: expected int >= 1 but got -3"),
        ({"group": 3}, "group: expected a divisor of 4 channels but got 3"),
        ({"group": 2}, "input: expected 6 channels as the weight takes but got 3"),
        ({"group": 1.0}, "group: expected int but got float"),
        (
            {"kernel_shape": [5, 5]},
            "kernel_shape: expected [3, 3] as in the weight but got [5, 5]",
        ),
        (
            {"kernel_shape": [3]},
            "kernel_shape: expected 2 ints in [1, 1048576] but got [3]",
        ),
        (
            {"dilations": [4, 1]},
            "kernel_shape: expected a window of at most 8, the padded input, but it spans 9 "
            "on axis 0",
        ),
        (
            {"pads": [0, -3, 0, -3]},
            "kernel_shape: expected a window of at most 2, the padded input, but it spans 3 "
            "on axis 1",
        ),
    ],
    ids=str,
)
def test_attributes_of_a_conv(attributes, reason):
    assert conv(**attributes) == reason


@pytest.mark.parametrize("op_type", ["MaxPool", "AveragePool", "LpPool"])
@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"kernel_shape": [0, 3]}, "kernel_shape: expected 2 ints in [1, 1048576] but got [0, 3]"),
        ({"kernel_shape": [1 << 25, 3]},
         "kernel_shape: expected 2 ints in [1, 1048576] but got [33554432, 3]"),
        ({"kernel_shape": [3]}, "kernel_shape: expected 2 ints in [1, 1048576] but got [3]"),
        ({"kernel_shape": [1.5, 2.5]}, "kernel_shape: expected ints but got floats"),
        ({"kernel_shape": 3}, "kernel_shape: expected ints but got int"),
        ({"strides": [0, 0]}, "strides: expected 2 ints >= 1 but got [0, 0]"),
        ({"pads": [-1, 0, 0, 0]}, "pads: expected 4 ints in [0, 1048576] but got [-1, 0, 0, 0]"),
        ({"ceil_mode": 2}, "ceil_mode: expected int in [0, 1] but got 2"),
        ({"kernel_shape": [9, 9]},
         "kernel_shape: expected a window of at most 8, the padded input, but it spans 9 "
         "on axis 0"),
    ],
    ids=str,
)  # fmt: skip
def test_attributes_of_a_pool(op_type, attributes, reason):
    assert pool(op_type, **attributes) == reason


def test_pool_without_a_kernel():
    reason = reasons(node("MaxPool", "x", "y", name="bad"))
    assert reason == "kernel_shape: expected a list of ints but it is left out"


@pytest.mark.parametrize("p", [0, -1, 2.5])
def test_norm_of_no_order(p):
    assert pool("LpPool", p=p).startswith("p: expected int in [1, 1048576] but got ")


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"output_padding": [-1, 0]},
         "output_padding: expected 2 ints in [0, 1048576] but got [-1, 0]"),
        ({"output_shape": [3]}, "output_shape: expected 2 or 4 ints >= 0 but got [3]"),
        ({"output_shape": [0, 8]}, "output_shape: expected ints >= 1 but got [0, 8]"),
        ({"pads": [9, 9, 9, 9]},
         "pads: expected crops that leave an output but none is left"),
        ({"group": 2}, "group: expected a divisor of 3 channels but got 2"),
    ],
    ids=str,
)  # fmt: skip
def test_attributes_of_a_transposed_conv(attributes, reason):
    bad = node("ConvTranspose", "x v", "y", name="bad", **attributes)
    assert reasons(bad, constants=[tensor("v", 3, 2, 3, 3)]) == reason


def test_transposed_same_with_output_padding_and_open_sizes():
    bad = node(
        "ConvTranspose", "x v", "y", name="bad", auto_pad="SAME_UPPER", output_padding=[1, 1]
    )
    reason = reasons(bad, constants=[tensor("v", 3, 2, 3, 3)], inputs=[value("x", 1, 3, "h", 8)])
    assert reason == (
        "output_padding: expected none with auto_pad SAME where the input size is open but got "
        "[1, 1]"
    )


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ("", "input: expected a tensor but it is left out"),
        ("x", "W: expected a weight but it is left out"),
        ("x _", "W: expected a weight but it is left out"),
        ("_ w", "input: expected a tensor but it is left out"),
        ("x gone", "W: expected a weight but the model has no `gone`"),
        ("gone w", "input: expected a tensor but the model has no `gone`"),
    ],
)
def test_inputs_that_are_not_there(inputs, reason):
    assert reasons(node("Conv", inputs, "y", name="bad")) == reason


def test_conv_without_outputs():
    proto = model(node("Conv", "x w", "", name="bad"), node("Relu", "x", "y"))
    (site,) = read_model(proto).sites
    assert site.spec.input_size == (8, 8)


@pytest.mark.parametrize(
    ("dims", "reason"),
    [
        ((4, 3), "W: expected at least 3 dims but got [4, 3]"),
        ((), "W: expected at least 3 dims but got []"),
        ((4, 3, 0, 3), "W: expected kernel sizes in [1, 1048576] but got [0, 3]"),
        ((4, 3, -3, 3), "W: expected kernel sizes in [1, 1048576] but got [-3, 3]"),
        ((4, 3, BIG, 3), f"W: expected kernel sizes in [1, 1048576] but got [{BIG}, 3]"),
        ((0, 3, 3, 3), "W: expected channels >= 1 but got [0, 3, 3, 3]"),
        ((-4, 3, 3, 3), "W: expected channels >= 1 but got [-4, 3, 3, 3]"),
        ((BIG, 3, 3, 3), f"W: expected channels >= 1 but got [{BIG}, 3, 3, 3]"),
        ((4, 5, 3, 3), "input: expected 5 channels as the weight takes but got 3"),
        ((4, 3, 3, 3, 3), "input: expected 5 dims but got [1, 3, 8, 8]"),
        ((4, 3, 3), "input: expected 3 dims but got [1, 3, 8, 8]"),
    ],
    ids=str,
)
def test_weights(dims, reason):
    assert reasons(node("Conv", "x w", "y", name="bad"), constants=[tensor("w", *dims)]) == reason


def test_weight_of_unknown_shape():
    import onnx

    bad = node("Conv", "x w", "y", name="bad")
    untyped = onnx.ValueInfoProto(name="w")
    assert reasons(bad, inputs=[X, untyped], constants=[]) == (
        "W: expected a weight of known shape but `w` has none"
    )
    partly = value("w", "m", 3, 3, 3)
    assert reasons(bad, inputs=[X, partly], constants=[]) == (
        "W: expected known channels but got [m, 3, 3, 3]"
    )
    no_kernel = value("w", 4, 3, "k", None)
    assert reasons(bad, inputs=[X, no_kernel], constants=[]) == (
        "kernel_shape: expected known dims but got [k, ?] but it is left out"
    )


@pytest.mark.parametrize(
    ("dims", "reason"),
    [
        ((1, 3, 0, 8), "input: expected sizes in [1, 2147483648] but got [0, 8]"),
        ((1, 3, 8, BIG), f"input: expected sizes in [1, 2147483648] but got [8, {BIG}]"),
        ((1, 3), "input: expected 4 dims but got [1, 3]"),
        ((), "input: expected 4 dims but got []"),
        ((1, 3, 2, 2),
         "kernel_shape: expected a window of at most 2, the padded input, but it spans 3 "
         "on axis 0"),
    ],
    ids=str,
)  # fmt: skip
def test_sizes(dims, reason):
    assert reasons(node("Conv", "x w", "y", name="bad"), inputs=[value("x", *dims)]) == reason


def test_what_follows_a_bad_node_is_read_with_open_sizes():
    nodes = [
        node("Conv", "x w", "a", name="bad", strides=[0, 0]),
        node("MaxPool", "a", "y", kernel_shape=[2, 2]),
    ]
    bad, after = read_model(model(*nodes)).sites
    assert bad.spec is None
    assert after.dynamic == (True, True)


def test_tensor_that_claims_more_than_the_file_holds():
    """Dims of 2**60 elements and no bytes; nothing may be allocated for them."""
    huge = TensorProto(name="p", dims=[1 << 60], data_type=TensorProto.INT64)
    nodes = [node("Pad", "x p", "a"), node("Conv", "a w", "y")]
    (site,) = read_model(model(*nodes, constants=[W, huge])).sites
    assert site.spec is None
    assert site.reason == (
        "Pad `a` before it: its amounts are not constant, `p` is too large or cannot be read"
    )


def test_tensor_with_fewer_bytes_than_its_dims():
    short = TensorProto(name="p", dims=[8], data_type=TensorProto.INT64, raw_data=b"\0" * 9)
    nodes = [node("Pad", "x p", "a"), node("Conv", "a w", "y")]
    (site,) = read_model(model(*nodes, constants=[W, short])).sites
    assert site.spec is None
    assert "cannot be read" in site.reason


@pytest.mark.parametrize(
    "grow",
    [
        lambda i: node("Gather", f"r{i} r{i}", f"r{i + 1}"),
        lambda i: node("Unsqueeze", f"r{i} many", f"r{i + 1}"),
        lambda i: node("Concat", f"r{i} r{i}", f"r{i + 1}", axis=0),
        lambda i: node("Reshape", f"x r{i}", f"r{i + 1}"),
        lambda i: node("Expand", f"r{i} wide", f"r{i + 1}"),
    ],
    ids=["Gather", "Unsqueeze", "Concat", "Reshape", "Expand"],
)
def test_shapes_that_would_grow_without_bound(grow):
    resource = pytest.importorskip("resource")
    chain = [node("Identity", "x", "r0"), *(grow(i) for i in range(60))]
    constants = [
        W,
        helper.make_tensor("many", TensorProto.INT64, [8], list(range(8))),
        helper.make_tensor("wide", TensorProto.INT64, [64], [1 << 20] * 64),
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (site,) = read_model(model(*chain, node("Conv", "x w", "y"), constants=constants)).sites
    assert site.spec.input_size == (8, 8)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert kilobytes < 100_000
