"""Files that are no models, and models that must not be read: ModelError, one line, and quickly."""

import os

import onnx
import pytest
from onnx import helper

from padcheck.errors import ModelError
from padcheck.frameworks.onnx.reader import read_model
from tests.frameworks.onnx.reader_models import W, X, ints, model, names, node, tensor, value

CONV = node("Conv", "x w", "y", name="conv")


def refusal(source):
    with pytest.raises(ModelError) as caught:
        read_model(source)
    text = str(caught.value)
    assert "\n" not in text
    return text


def written(folder, proto):
    path = folder / "m.onnx"
    path.write_bytes(proto.SerializeToString())
    return path


# files


def test_missing_file(tmp_path):
    path = tmp_path / "nowhere.onnx"
    assert refusal(path) == f"{path}: no such file; give the path of an .onnx file"


def test_folder(tmp_path):
    assert refusal(tmp_path) == f"{tmp_path}: is a folder; give the path of an .onnx file in it"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_pipe(tmp_path):
    path = tmp_path / "pipe.onnx"
    os.mkfifo(path)
    assert refusal(path) == f"{path}: is not a regular file; give the path of an .onnx file"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no such permissions here")
def test_unreadable_file(tmp_path, monkeypatch):
    from pathlib import Path

    path = written(tmp_path, model(CONV))

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refusal(path) == (
        f"{path}: cannot be read (Permission denied); check its path and permissions"
    )


def test_name_with_a_null_byte():
    assert "cannot be read" in refusal("a\0b.onnx")


def test_empty_file(tmp_path):
    path = tmp_path / "m.onnx"
    path.touch()
    assert refusal(path) == f"{path}: is empty; export or download the model again"


def test_truncated_file(tmp_path):
    path = tmp_path / "m.onnx"
    content = model(CONV, constants=[tensor("w", 4, 3, 3, 3)]).SerializeToString()
    path.write_bytes(content[: len(content) // 2])
    assert refusal(path) == (
        f"{path}: is not a binary ONNX model, or is cut short; export or download it again"
    )


@pytest.mark.parametrize(
    "content",
    [b"ir_version: 8\ngraph { node { op_type: 'Conv' } }\n", b"PK\x03\x04" + bytes(60), b"{}",
     bytes(range(256)), b"\xff" * 100, b"\x80\x04\x95", b"hello"],
)  # fmt: skip
def test_other_files(tmp_path, content):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: is not a")


def test_text_file_of_blanks_that_parses(tmp_path):
    """`\\x08\\x01` is a valid message: ir_version 1 and nothing else."""
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x01")
    assert refusal(path) == (
        f"{path}: is not an ONNX model: it has no graph; export it again, or give another file"
    )


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda proto: proto.ClearField("graph"), "it has no graph"),
        (lambda proto: proto.graph.ClearField("node"), "its graph has no nodes"),
        (lambda proto: proto.ClearField("opset_import"), "it names no opset"),
        (lambda proto: proto.ClearField("ir_version"), "it has no ir_version"),
    ],
)
def test_messages_that_are_no_models(spoil, why):
    proto = model(CONV)
    spoil(proto)
    assert refusal(proto) == (
        f"model in memory: is not an ONNX model: {why}; export it again, or give another file"
    )


@pytest.mark.parametrize("source", [None, 7, b"bytes", object()])
def test_other_objects(source):
    assert refusal(source) == (
        f"expected a path or an onnx.ModelProto but got model (type={type(source).__name__})"
    )


def test_file_of_two_gigabytes(tmp_path):
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.truncate(1 << 31)  # no blocks on disk, and none may be read
    assert refusal(path) == (
        f"{path}: is 2 GiB or more, which protobuf cannot parse; save it with external data"
    )


# external data


def external(location, name="w"):
    weight = tensor(name, 4, 3, 3, 3)
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    return weight


@pytest.mark.parametrize(
    "location",
    ["/etc/passwd", "../w.data", "a/../../w.data", "..\\w.data", "C:\\w.data", "\\\\host\\w", ""],
)
@pytest.mark.parametrize("in_memory", [True, False])
def test_external_data_outside_of_the_folder(tmp_path, location, in_memory):
    proto = model(CONV, constants=[external(location)])
    where = "model in memory" if in_memory else str(tmp_path / "m.onnx")
    assert refusal(proto if in_memory else written(tmp_path, proto)) == (
        f"{where}: tensor 'w': external_data.location: expected a file in the model's folder but "
        f"got {location!r}; put the data beside the model and save it again"
    )


def test_external_data_behind_a_link(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret").write_bytes(b"")
    (inside / "w.data").symlink_to(outside / "secret")
    path = written(inside, model(CONV, constants=[external("w.data")]))
    assert "expected a file in the model's folder but got 'w.data'" in refusal(path)


def test_download_cache_of_links(tmp_path):
    """A cache that links both the model and its data to one other folder is all right."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshot"
    blobs.mkdir()
    snapshot.mkdir()
    target = written(blobs, model(CONV, constants=[external("w.data")]))
    (blobs / "0123").write_bytes(b"")
    (snapshot / "m.onnx").symlink_to(target)
    (snapshot / "w.data").symlink_to(blobs / "0123")
    read = read_model(snapshot / "m.onnx")
    assert read.sites[0].spec.channels == (3, 4)
    assert read.notes == ()


@pytest.mark.parametrize("place", ["attribute", "branch", "function"])
def test_external_data_is_looked_for_everywhere(place):
    constant = node("Constant", "", "w", value=external("/etc/passwd", ""))
    if place == "attribute":
        proto = model(constant, CONV, constants=[])
    elif place == "branch":
        branch = helper.make_graph([constant, CONV], "b", [], names("y"))
        proto = model(node("If", "x", "y", then_branch=branch, else_branch=branch))
    else:
        opsets = [helper.make_opsetid("", 22)]
        function = helper.make_function("my", "F", ["x"], ["y"], [constant, CONV], opsets)
        proto = model(node("F", "x", "y", domain="my"), domains=["my"], functions=[function])
    assert "external_data.location" in refusal(proto)


def test_missing_external_data_is_no_error(tmp_path):
    """The weights are never read: a model of 8 TiB is as good as any."""
    weight = external("gone.data")
    weight.dims[:] = [1 << 20, 1 << 20, 1, 1]
    x = value("x", 1, 1 << 20, 8, 8)
    read = read_model(written(tmp_path, model(CONV, constants=[weight], inputs=[x])))
    assert read.sites[0].spec.channels == (1 << 20, 1 << 20)
    assert read.notes == (
        "external data 'gone.data' is not beside the model; only its shapes are used",
    )


# graphs


def test_cycle():
    proto = model(node("Relu", "b", "a", name="one"), node("Relu", "a", "b", name="two"))
    assert refusal(proto) == (
        "model in memory: node one: input: its output is needed to compute its own input; "
        "export the model again"
    )


def test_node_that_reads_itself():
    assert "node conv: input" in refusal(model(node("Conv", "y w", "y", name="conv")))


def test_cycle_through_a_body():
    branch = helper.make_graph([node("Relu", "y", "o")], "g", [], names("o"))
    proto = model(node("If", "x", "y", name="if", then_branch=branch, else_branch=branch))
    assert "node if: input" in refusal(proto)


def test_cycle_inside_a_body():
    branch = helper.make_graph([node("Relu", "o", "o", name="r")], "g", [], names("o"))
    proto = model(node("If", "x", "y", name="if", then_branch=branch, else_branch=branch))
    assert "/r: input" in refusal(proto)


@pytest.mark.parametrize("second", [node("Relu", "x", "y"), node("Constant", "", "y", value_int=1)])
def test_value_that_is_produced_twice(second):
    assert "value `y` is produced twice" in refusal(model(CONV, second))


def test_node_that_produces_an_initializer():
    assert "value `w` is produced twice" in refusal(model(CONV, node("Relu", "x", "w")))


def test_function_that_calls_itself():
    opsets = [helper.make_opsetid("my", 1)]
    again = [node("F", "a", "o", domain="my")]
    function = helper.make_function("my", "F", ["a"], ["o"], again, opsets)
    proto = model(
        node("F", "x", "y", name="call", domain="my"), domains=["my"], functions=[function]
    )
    assert "function `F` calls itself or is nested too deep" in refusal(proto)


def test_functions_that_multiply():
    """Thirty functions, each calling the one before twice: 2**30 nodes out of 2 KB."""
    opsets = [helper.make_opsetid("", 22), helper.make_opsetid("my", 1)]
    functions = [helper.make_function("my", "F0", ["a"], ["o"], [node("Relu", "a", "o")], opsets)]
    for i in range(30):
        calls = [
            node(f"F{i}", "a", "b", domain="my"),
            node(f"F{i}", "b", "o", domain="my"),
        ]
        functions.append(helper.make_function("my", f"F{i + 1}", ["a"], ["o"], calls, opsets))
    proto = model(node("F30", "x", "y", domain="my"), domains=["my"], functions=functions)
    assert "its functions expand to more than 50000 nodes" in refusal(proto)


def test_names_that_are_not_utf8(tmp_path):
    content = model(node("Conv", "x w", "y", name="name_of_it")).SerializeToString()
    path = tmp_path / "m.onnx"
    path.write_bytes(content.replace(b"name_of_it", b"name\xff\xfe\xfd_it"))
    assert refusal(path).endswith("; export the model again")


def test_names_with_control_characters_stay_on_one_line():
    site = read_model(model(node("Conv", "x w", "y", name="a\nb\x1b[31m", strides=[0]))).sites[0]
    assert site.name == "a\\nb\\x1b[31m"
    assert site.reason == "strides: expected 2 ints >= 1 but got [0]"


def test_very_long_names_are_cut():
    site = read_model(model(node("Conv", "x w", "y", name="n" * 100_000))).sites[0]
    assert len(site.name) < 300


def nested(depth):
    """A conv in that many bodies, built in place: protobuf would not parse so deep a message."""
    proto = model(CONV)
    graph = proto.graph
    for _ in range(depth):
        outer = graph.node.add(op_type="If", input=["x"], output=["z"], name="if")
        graph = outer.attribute.add(name="then_branch", type=onnx.AttributeProto.GRAPH).g
        graph.node.add().CopyFrom(CONV)
    return proto


def test_bodies_in_bodies():
    assert len(read_model(nested(30)).sites) == 31


def test_bodies_nested_without_end():
    assert "its graphs are nested more than 40 deep" in refusal(nested(500))


def test_input_that_is_no_tensor():
    sequence = onnx.ValueInfoProto(name="x")
    sequence.type.sequence_type.elem_type.tensor_type.elem_type = 1
    read = read_model(model(CONV, inputs=[sequence]))
    assert read.sites[0].is_dynamic
    assert read.inputs == {"x": ()}


def test_unknown_inputs_of_other_nodes_do_no_harm():
    nodes = [node("Relu", "", "a"), node("Loop", "", "b"), node("Add", "nothing x", "c"), CONV]
    read = read_model(model(*nodes, constants=[W, ints("unused", 1)], inputs=[X]))
    assert read.sites[0].spec.input_size == (8, 8)
