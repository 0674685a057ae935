"""Bodies of If, Loop and Scan, model-local functions, and the order of nodes."""

import onnx
import pytest
from onnx import helper

from padcheck.frameworks.onnx.reader import read_model
from padcheck.geometry import explicit
from tests.frameworks.onnx.reader_models import (
    W,
    X,
    ints,
    model,
    names,
    node,
    sites,
    tensor,
    value,
)

CONDITION = value("c", elem=onnx.TensorProto.BOOL)
COUNT = value("n", elem=onnx.TensorProto.INT64)


def body(*nodes, inputs=(), outputs=(), constants=()):
    return helper.make_graph(
        nodes, "body", names(*inputs), names(*outputs), initializer=list(constants)
    )


def test_branches_see_what_is_around_them():
    inner = tensor("v", 2, 3, 5, 5)
    then = body(node("Conv", "x w", "a", name="conv1"), outputs=["a"])
    other = body(node("Conv", "x v", "b", name="conv1"), outputs=["b"], constants=[inner])
    either = node("If", "c", "z", name="if_node", then_branch=then, else_branch=other)
    found = sites(model(either, inputs=[X, CONDITION], outputs=["z"]))
    assert found["if_node/then_branch/conv1"].spec.channels == (3, 4)
    assert found["if_node/else_branch/conv1"].spec.kernel_size == (5, 5)
    assert found["if_node/then_branch/conv1"].spec.input_size == (8, 8)


def test_what_both_branches_agree_on_goes_on():
    then = body(node("Conv", "x w", "a"), outputs=["a"])
    other = body(node("Conv", "x w", "b", pads=[0, 1, 0, 1]), outputs=["b"])
    either = node("If", "c", "z", then_branch=then, else_branch=other)
    after = node("MaxPool", "z", "y", kernel_shape=[2, 2])
    site = sites(model(either, after, inputs=[X, CONDITION]))["y"]
    assert site.dynamic == (False, True)
    assert site.spec.input_size[0] == 6


def test_branch_in_a_branch():
    inner = body(node("Conv", "x w", "a"), outputs=["a"])
    nested = node("If", "c", "b", name="in", then_branch=inner, else_branch=inner)
    outer = body(nested, outputs=["b"])
    either = node("If", "c", "y", name="out", then_branch=outer, else_branch=outer)
    found = sites(model(either, inputs=[X, CONDITION]))
    assert "out/then_branch/in/else_branch/a" in found
    assert len(found) == 4


def test_pad_in_a_branch_is_taken_in():
    then = body(
        node("Pad", "x p", "a", name="pad"), node("Conv", "a w", "b", name="conv"), outputs=["b"]
    )
    either = node("If", "c", "y", name="if", then_branch=then, else_branch=then)
    proto = model(either, inputs=[X, CONDITION], constants=[W, ints("p", 0, 0, 1, 1, 0, 0, 1, 1)])
    site = sites(proto)["if/then_branch/conv"]
    assert site.folded == ("if/then_branch/pad",)
    assert site.spec.pads == (explicit(1, 1), explicit(1, 1))


def loop(*nodes, carried="o"):
    graph = body(
        *nodes,
        node("Identity", "going", "still"),
        inputs=["i", "going", "v"],
        outputs=["still", carried, "s"],
    )
    return node("Loop", "n c x", "last all", name="loop", body=graph)


def looped(*nodes):
    constants = [tensor("w", 3, 3, 3, 3)]
    after = node("MaxPool", "last", "y", kernel_shape=[2, 2])
    proto = model(
        loop(*nodes), after, inputs=[X, CONDITION, COUNT], constants=constants, outputs=["y", "all"]
    )
    return sites(proto)


def test_loop_that_keeps_its_shape():
    conv = node("Conv", "v w", "o", name="conv", pads=[1, 1, 1, 1])
    found = looped(conv, node("Relu", "o", "s"))
    assert found["loop/body/conv"].spec.input_size == (8, 8)
    assert found["loop/body/conv"].dynamic == (False, False)
    assert found["y"].spec.input_size == (8, 8)


def test_loop_that_shrinks_has_open_sizes():
    found = looped(node("Conv", "v w", "o", name="conv"), node("Relu", "o", "s"))
    assert found["loop/body/conv"].dynamic == (True, True)
    assert found["y"].dynamic == (True, True)


def test_scan_sees_slices():
    graph = body(node("Conv", "slice w", "o", name="conv"), inputs=["slice"], outputs=["o"])
    scan = node("Scan", "frames", "all", name="scan", num_scan_inputs=1, body=graph)
    after = node("AveragePool", "all", "y", kernel_shape=[2, 2, 2])
    found = sites(model(scan, after, inputs=[value("frames", 7, 1, 3, 9, 8)]))
    assert found["scan/body/conv"].spec.input_size == (9, 8)
    assert found["y"].spec.input_size == (4, 7, 6)  # frames on the first of all five axes


def test_scan_with_axes():
    graph = body(node("Conv", "slice w", "o", name="conv"), inputs=["slice"], outputs=["o"])
    scan = node(
        "Scan", "frames", "y", name="scan", num_scan_inputs=1, scan_input_axes=[-1], body=graph
    )
    found = sites(model(scan, inputs=[value("frames", 1, 3, 9, 8, 7)]))
    assert found["scan/body/conv"].spec.input_size == (9, 8)


# functions


def block(**more):
    """A function with a Pad, a Conv whose stride comes from the call, and a value of its own."""
    stride = onnx.AttributeProto(name="strides", type=onnx.AttributeProto.INTS)
    stride.ref_attr_name = "step"
    conv = node("Conv", "p b", "o", name="conv")
    conv.attribute.append(stride)
    nodes = [
        node("Constant", "", "amounts", value_ints=[0, 0, 1, 1, 0, 0, 1, 1]),
        node("Pad", "a amounts", "p", name="pad"),
        conv,
    ]
    opsets = [helper.make_opsetid("", 22)]
    return helper.make_function("my", "Block", ["a", "b"], ["o"], nodes, opsets, ["step"], **more)


def test_functions_are_read_at_each_call():
    calls = [
        node("Block", "x w", "a", name="one", domain="my", step=[2, 2]),
        node("Block", "x w", "y", name="two", domain="my"),
    ]
    found = sites(model(*calls, domains=["my"], functions=[block()]))
    assert list(found) == ["one/conv", "two/conv"]
    assert found["one/conv"].folded == ("one/pad",)
    assert found["one/conv"].spec.stride == (2, 2)
    assert found["two/conv"].spec.stride == (1, 1)


def test_calls_of_one_name_do_not_mix():
    calls = [
        node("Block", "x w", "a", name="b", domain="my"),
        node("Block", "a v", "y", name="b", domain="my"),
    ]
    constants = [W, tensor("v", 5, 4, 3, 3)]
    found = sites(model(*calls, domains=["my"], functions=[block()], constants=constants))
    assert list(found) == ["b/conv", "b#2/conv"]
    assert found["b#2/conv"].spec.channels == (4, 5)


def test_function_in_a_function():
    inner = block()
    outer = helper.make_function(
        "my",
        "Stage",
        ["a", "b"],
        ["o"],
        [node("Block", "a b", "o", name="call", domain="my", step=[2, 2])],
        [helper.make_opsetid("my", 1)],
    )
    call = node("Stage", "x w", "y", name="stage", domain="my")
    (name,) = sites(model(call, domains=["my"], functions=[inner, outer]))
    assert name == "stage/call/conv"


def test_branch_in_a_function_sees_its_values():
    branch = body(node("Conv", "r b", "o", name="conv"), outputs=["o"])
    function = helper.make_function(
        "my",
        "Choice",
        ["a", "b", "if_"],
        ["out"],
        [
            node("Relu", "a", "r"),
            node("If", "if_", "out", name="if", then_branch=branch, else_branch=branch),
        ],
        [helper.make_opsetid("", 22)],
    )
    call = node("Choice", "x w c", "y", name="call", domain="my")
    found = sites(model(call, domains=["my"], functions=[function], inputs=[X, CONDITION]))
    assert found["call/if/then_branch/conv"].spec.input_size == (8, 8)


def test_default_of_a_functions_attribute():
    default = helper.make_attribute("step", [4, 4])
    function = block(attribute_protos=[default])
    del function.attribute[:]
    call = node("Block", "x w", "y", name="b", domain="my")
    found = sites(model(call, domains=["my"], functions=[function]))
    assert found["b/conv"].spec.stride == (4, 4)


def test_functions_with_an_opset_of_their_own():
    """Pad-2 takes its amounts as an attribute, in a model of opset 22."""
    nodes = [
        node("Pad", "a", "p", name="pad", pads=[0, 0, 0, 0, 0, 0, 1, 1]),
        node("MaxPool", "p", "o", kernel_shape=[2, 2], name="pool"),
    ]
    function = helper.make_function("my", "Old", ["a"], ["o"], nodes, [helper.make_opsetid("", 9)])
    call = node("Old", "x", "y", name="old", domain="my")
    found = sites(model(call, domains=["my"], functions=[function]))
    assert found["old/pool"].folded == ("old/pad",)
    assert found["old/pool"].spec.resolved_pads == ((0, 1), (0, 1))


# order


def test_nodes_in_any_order():
    nodes = [node("Conv", "a w", "y"), node("Relu", "x", "a")]
    assert sites(model(*nodes))["y"].spec.input_size == (8, 8)


def test_sites_are_in_order_of_execution():
    w = tensor("w", 3, 3, 3, 3)
    nodes = [node("Conv", "b w", "y"), node("Conv", "x w", "a"), node("Relu", "a", "b")]
    assert list(sites(model(*nodes, constants=[w]))) == ["a", "y"]


@pytest.mark.parametrize("count", [2, 400])
def test_long_graphs(count):
    chain = [node("Relu", f"r{i}" if i else "x", f"r{i + 1}") for i in range(count)]
    last = node("Conv", f"r{count} w", "y")
    assert sites(model(*chain, last))["y"].spec.input_size == (8, 8)


def test_many_computed_pads_in_a_row_stay_linear():
    """Each pads by its own size modulo 2, so no one is known before those above it."""
    nodes, last = [], "x"
    for i in range(60):
        nodes += [
            node("Shape", last, f"s{i}", start=3, end=4),
            node("Mod", f"s{i} two", f"r{i}"),
            node("Concat", f"zeros r{i}", f"p{i}", axis=0),
            node("Pad", f"{last} p{i}", f"a{i}", name=f"pad{i}"),
            node("Conv", f"a{i} w", f"c{i}", name=f"conv{i}", pads=[1, 1, 1, 1]),
        ]
        last = f"c{i}"
    constants = [tensor("w", 3, 3, 3, 3), ints("two", 2), ints("zeros", *[0] * 7)]
    found = read_model(
        model(*nodes, constants=constants, inputs=[value("x", 1, 3, 9, 9)], outputs=[last])
    ).sites
    assert [site.folded for site in found] == [(f"pad{i}",) for i in range(60)]
    assert found[0].spec.pad_after == (1, 2)
    assert found[-1].spec.input_size == (9, 10)
