"""Whatever is done to a model's bytes or attributes, a PadcheckError or Sites come out."""

from pathlib import Path

import onnx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper

from padcheck.errors import PadcheckError
from padcheck.frameworks.onnx.reader import read_model
from padcheck.records import Site
from tests.frameworks.onnx.reader_models import W, X, ints, model, names, node, tensor, value


def _small() -> onnx.ModelProto:
    """A Pad out of constants, a conv, a pool, a branch, a function: a bit of everything."""
    branch = helper.make_graph([node("Conv", "c w2", "t", name="in")], "b", [], names("t"))
    function = helper.make_function(
        "my", "F", ["a"], ["o"], [node("MaxPool", "a", "o", kernel_shape=[2, 2], strides=[2, 2])],
        [helper.make_opsetid("", 22)],
    )  # fmt: skip
    return model(
        node("Concat", "p1 p2", "p", axis=0),
        node("Pad", "x p", "a"),
        node("Conv", "a w", "b", strides=[2, 2], pads=[0, 1, 0, 1], auto_pad="NOTSET"),
        node("F", "b", "c", domain="my", name="call"),
        node("If", "go", "d", then_branch=branch, else_branch=branch),
        node("Shape", "d", "s"),
        node("Reshape", "d s", "e"),
        node("ConvTranspose", "e w3", "y", output_padding=[0, 0], group=1),
        inputs=[X, value("go", elem=9)],
        constants=[
            W, tensor("w2", 4, 4, 1, 1), tensor("w3", 4, 2, 2, 2), ints("p1", 0, 0, 1, 1),
            ints("p2", 0, 0, 2, 2),
        ],
        domains=["my"],
        functions=[function],
    )  # fmt: skip


SMALL = _small().SerializeToString()

HOSTILE = st.sampled_from(
    [0, -1, 1, 2, 7, 64, 65, 255, 1 << 24, (1 << 31) - 1, 1 << 31, 1 << 40, 1 << 62, -(1 << 63),
     (1 << 63) - 1]
)  # fmt: skip


def check(source: Path | onnx.ModelProto) -> None:
    sites, message = outcome(source)
    assert "\n" not in message
    for site in sites:
        assert (site.spec is None) == (site.reason is not None)
        assert "\n" not in site.name + (site.reason or "") + "".join(site.notes)
        assert site.spec is None or min(site.spec.output_size) >= 1
    assert len({site.name for site in sites}) == len(sites)


def outcome(source: Path | onnx.ModelProto) -> tuple[tuple[Site, ...], str]:
    """The sites, or the one error that may come instead."""
    try:
        return read_model(source).sites, ""
    except PadcheckError as error:
        return (), str(error)


def test_the_model_itself_is_read():
    sites = read_model(onnx.ModelProto.FromString(SMALL)).sites
    assert [site.name for site in sites] == ["b", "call/o", "d/else_branch/in",
                                             "d/then_branch/in", "y"]  # fmt: skip
    assert all(site.spec is not None and not site.is_dynamic for site in sites)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.binary(max_size=3),
                                st.integers(0, 3)), min_size=1, max_size=5))  # fmt: skip
def test_bytes_changed_put_in_and_taken_out(tmp_path, edits):
    content = bytearray(SMALL)
    for place, put_in, taken_out in edits:
        content[place : place + taken_out] = put_in
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    check(path)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_random_bytes(tmp_path, content):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    check(path)


@settings(max_examples=300)
@given(data=st.data())
def test_numbers_and_names_changed(data):
    proto = onnx.ModelProto.FromString(SMALL)
    for _ in range(data.draw(st.integers(1, 3))):
        data.draw(st.sampled_from([_change_attribute, _change_name, _change_dims]))(data, proto)
    check(proto)


def _nodes(proto: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [*proto.graph.node, *proto.functions[0].node]


def _change_attribute(data: st.DataObject, proto: onnx.ModelProto) -> None:
    chosen = data.draw(st.sampled_from(_nodes(proto)))
    names_ = ["strides", "pads", "dilations", "kernel_shape", "group", "auto_pad", "axis", "axes"]
    made = st.one_of(
        HOSTILE, st.lists(HOSTILE, min_size=1, max_size=5), st.floats(), st.text(max_size=3),
        st.lists(st.floats(), min_size=1, max_size=4),
    )  # fmt: skip
    name = data.draw(st.sampled_from(names_))
    for attribute in [one for one in chosen.attribute if one.name == name]:
        chosen.attribute.remove(attribute)
    chosen.attribute.append(helper.make_attribute(name, data.draw(made)))


def _change_name(data: st.DataObject, proto: onnx.ModelProto) -> None:
    chosen = data.draw(st.sampled_from(_nodes(proto)))
    values = sorted({name for one in _nodes(proto) for name in (*one.input, *one.output)} | {""})
    side = data.draw(st.sampled_from([chosen.input, chosen.output]))
    if side:
        side[data.draw(st.integers(0, len(side) - 1))] = data.draw(st.sampled_from(values))
    if data.draw(st.booleans()):
        ops = ["Conv", "MaxPool", "Pad", "Gather", "Loop", "Scan", "Expand", "Range", "Unsqueeze"]
        chosen.op_type = data.draw(st.sampled_from(ops))


def _change_dims(data: st.DataObject, proto: onnx.ModelProto) -> None:
    if data.draw(st.booleans()):
        dims = data.draw(st.sampled_from(list(proto.graph.initializer))).dims
        dims[:] = data.draw(st.lists(HOSTILE, max_size=5))
    else:
        size = data.draw(st.sampled_from(list(proto.graph.input[0].type.tensor_type.shape.dim)))
        size.dim_value = data.draw(HOSTILE)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(0, len(SMALL) - 1))
def test_cut_short(tmp_path, size):
    path = tmp_path / "m.onnx"
    path.write_bytes(SMALL[:size])
    check(path)
