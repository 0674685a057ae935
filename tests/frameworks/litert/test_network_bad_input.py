"""A .tflite file that is damaged, hostile, or none at all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from padcheck.errors import FrameworkError, ModelError
from padcheck.frameworks.litert.network import open_network
from padcheck.frameworks.litert.network.flatwriting import Writer, new_model, packed
from padcheck.frameworks.litert.network.schema import schema
from padcheck.records import OpSpec
from tests.frameworks.litert.network_models import model
from tests.support import ROOT

#: Opens and runs what is left of a model, in a process of its own, so that a crash is seen.
SWEEP = """
import random, sys, warnings
import numpy as np
from padcheck.errors import FrameworkError, ModelError
from padcheck.frameworks.litert.network import open_network
warnings.simplefilter("error")
how, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(path, "rb") as file:
    data = file.read()
rng = random.Random(0)
seen = {"ModelError": 0, "FrameworkError": 0, "ran": 0}
for number in range(count):
    if how == "cut":
        damaged = data[: len(data) * number // count]
    else:
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 4))):
            damaged[rng.randrange(len(damaged))] = rng.choice((0, 1, 127, 128, 255))
    try:
        opened = open_network(bytes(damaged))
        for place in opened.places:
            if place is not None and place.values is not None:
                place.values()
        if sum(np.prod([n or 1 for n in one.shape or ()]) for one in opened.inputs) < 1 << 16:
            feeds = {
                one.name: np.ones([n or 1 for n in one.shape or ()], one.dtype)
                for one in opened.inputs
            }
            opened.run(feeds)
        word = "ran"
    except (ModelError, FrameworkError) as error:
        assert str(error) and "\\n" not in str(error), repr(str(error))
        word = type(error).__name__
    seen[word] += 1
print(seen["ModelError"], seen["FrameworkError"], seen["ran"])
"""


def swept(how: str, data: bytes, folder: Path, count: int) -> tuple[int, int, int]:
    """How many of `count` damaged models gave a ModelError, a FrameworkError, or ran."""
    path = folder / "net.tflite"
    path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", SWEEP, how, str(path), str(count)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, second, third = map(int, done.stdout.split())
    return first, second, third


@pytest.mark.parametrize("name", ["images", "int8"])
def test_cut_off_anywhere_it_is_refused(name: str, tmp_path: Path) -> None:
    assert swept("cut", model(name), tmp_path, 300) == (300, 0, 0)


@pytest.mark.parametrize("name", ["images", "int8", "signals", "padded"])
def test_whatever_bytes_are_changed_nothing_else_is_raised(name: str, tmp_path: Path) -> None:
    refused, failed, ran = swept("change", model(name), tmp_path, 100)
    assert refused > 10
    assert ran > 10
    assert refused + failed + ran == 100


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty; convert or download the model again"),
        (b"TFL3", "is no TensorFlow Lite model: bytes 4 to 7 are not `TFL3`"),
        (b"\x08\x07ONNX and so on", "is no TensorFlow Lite model"),
        (b"\x18\0\0\0TFL3", "is truncated or damaged; convert or download the model again"),
        (b"\xff\xff\xff\xffTFL3" + bytes(100), "is truncated or damaged"),
        (b"\x08\0\0\0TFL3" + bytes(100), "expected a graph but it has none"),
    ],
)
def test_what_is_no_model(data: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=rf"net\.tflite: {problem}"):
        open_network(path)
    with pytest.raises(ModelError, match=f"^model in memory: {problem}"):
        open_network(data)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.tflite: no such file; give the path of a"):
        open_network(tmp_path / "none.tflite")
    with pytest.raises(ModelError, match=r"is a folder; give the path of a \.tflite file in it"):
        open_network(tmp_path)
    with pytest.raises(ModelError, match=r"or the bytes of a .tflite but got model \(type=int\)"):
        open_network(3)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="cannot be read"):
        open_network("a\0b")


def net(change: Callable[[Any, Any], None] | None = None) -> bytes:
    """x (1, 6, 6, 2) -> PAD -> CONV_2D, changed before it is written."""
    words = schema()
    made = new_model()
    writer = Writer(made)
    x = writer.tensor("x", (1, 6, 6, 2))
    padded = writer.tensor("padded", (1, 8, 8, 2))
    y = writer.tensor("y", (1, 6, 6, 3))
    amounts = writer.constant("amounts", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    weight = writer.constant("weight", np.ones((3, 3, 3, 2), np.float32))
    bias = writer.constant("bias", np.ones(3, np.float32))
    writer.op("PAD", [x, amounts], padded, words.PadOptionsT(), "PadOptions")
    options = words.Conv2DOptionsT(padding=1, strideH=1, strideW=1)
    writer.op("CONV_2D", [padded, weight, bias], y, options, "Conv2DOptions")
    writer.graph.inputs, writer.graph.outputs = [x], [y]
    writer.graph.operators = writer.operators
    if change is not None:
        change(made, writer.graph)
    return packed(made)


def test_the_net_itself_is_read() -> None:
    (site,) = open_network(net()).sites
    assert str(site.spec) == "conv(n=6x6, k=3x3, pads=(1,1)x(1,1))"
    assert (site.name, site.folded) == ("y", ("padded",))


def changed(operator: int, **fields: Any) -> Callable[[Any, Any], None]:
    def change(_: Any, graph: Any) -> None:
        for name, value in fields.items():
            owner = graph.operators[operator]
            setattr(owner if hasattr(owner, name) else owner.builtinOptions, name, value)

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (changed(1, inputs=[1, 9, 5]), r"node CONV_2D #1: inputs: expected tensors in \[-1, 6\)"),
        (changed(1, inputs=[-2, 4, 5]), "node CONV_2D #1: inputs: expected tensors"),
        (changed(1, outputs=[-1]), r"node CONV_2D #1: outputs: expected tensors in \[0, 6\)"),
        (changed(1, opcodeIndex=7), "node #1: opcode_index: expected less than 2 but got 7"),
        (changed(0, inputs=[2, 3]), "PAD #0: inputs: expected a tensor made before but `y` is"),
        (changed(1, outputs=[1]), "node CONV_2D #1: outputs: expected a new tensor but `padded`"),
        (changed(1, inputs=[1, 4, 2]), "CONV_2D #1: inputs: expected a tensor made before"),
    ],
)
def test_a_graph_that_holds_not_together(change: Any, problem: str) -> None:
    with pytest.raises(ModelError, match=f"^model in memory: .*{problem}"):
        open_network(net(change))


def on_tensor(index: int, **fields: Any) -> Callable[[Any, Any], None]:
    def change(_: Any, graph: Any) -> None:
        for name, value in fields.items():
            setattr(graph.tensors[index], name, value)

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (on_tensor(0, shape=[1, -6, 6, 2]), "node x: shape: expected sizes >= 0 but got"),
        (on_tensor(0, shape=[1] * 40), "node x: shape: expected 32 axes at most"),
        (on_tensor(0, shape=[1, 1 << 20, 1 << 20, 2]), "node x: shape: expected at most 26843545"),
        (on_tensor(4, buffer=99), "node weight: buffer: expected less than 4"),
    ],
)
def test_a_tensor_that_cannot_be(change: Any, problem: str) -> None:
    with pytest.raises(ModelError, match=f"^model in memory: {problem}"):
        open_network(net(change))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed(1, strideH=0), r"stride: expected ints in \[1, 65536\] but got \[0, 1\]"),
        (changed(1, strideW=-3), r"stride: expected ints in \[1, 65536\] but got \[1, -3\]"),
        (changed(1, dilationHFactor=1 << 20), "dilation: expected ints in"),
        (changed(1, dilationHFactor=1 << 16), "dilation: expected a window of at most 65536"),
        (changed(1, padding=5), r"padding: expected SAME \(0\) or VALID \(1\) but got 5"),
        (changed(1, fusedActivationFunction=77), "fused_activation: expected a known activation"),
        (changed(1, builtinOptions=None, builtinOptionsType=0), "expected Conv2DOptions"),
        (changed(1, inputs=[1, -1, -1]), "W: expected a weight but it is left out"),
        (changed(1, inputs=[-1, 4, 5]), "input: expected a tensor but it is left out"),
        (changed(1, outputs=[2, 2][:0]), "outputs: expected 1 but got 0"),
        (on_tensor(4, shape=[3, 0, 3, 2]), "W: expected sizes >= 1 but got"),
        (on_tensor(4, shape=[3, 9, 1, 2]), "filter: expected a window of at most 8"),
        (on_tensor(4, shape=[3, 3, 3, 4]), "input: expected 4 channels as the weight takes"),
        (on_tensor(4, shape=[27, 2]), "W: expected 4 known dims but got"),
    ],
)
def test_a_bad_op_is_unread_with_its_reason(change: Any, reason: str) -> None:
    import re

    (site,) = open_network(net(change)).sites
    assert site.spec is None
    assert site.reason is not None
    assert re.search(reason, site.reason), site.reason


def test_a_weight_of_another_size_than_its_shape() -> None:
    opened = open_network(net(on_tensor(4, shape=[5, 3, 3, 2])))
    (place,) = opened.places
    assert place is not None
    assert place.values is not None
    with pytest.raises(ModelError, match=r"node weight: buffer: expected 360 bytes but got 216"):
        place.values()
    with pytest.raises(FrameworkError, match=r"^litert 2"):
        opened.run({"x": np.ones((1, 6, 6, 2), np.float32)})


@pytest.mark.parametrize(
    ("amounts", "problem"),
    [
        ([[0, 0], [1, 1], [1, 1], [1, 0]], "it pads the batch or the channels"),
        ([[1, 0], [1, 1], [1, 1], [0, 0]], "it pads the batch or the channels"),
        ([[0, 0], [-1, 1], [1, 1], [0, 0]], "it crops"),
    ],
)
def test_a_pad_that_is_no_ops_own_stays_apart(amounts: list[list[int]], problem: str) -> None:
    def change(made: Any, graph: Any) -> None:
        data = np.array(amounts, np.int32).reshape(-1).view(np.uint8)
        made.buffers[graph.tensors[3].buffer].data = data

    (site,) = open_network(net(change)).sites
    assert isinstance(site.spec, OpSpec)
    assert str(site.spec) == "conv(n=8x8, k=3x3, pads=(0,0)x(0,0))"
    assert site.notes == (f"PAD `padded` before it is not taken in: {problem}",)


def test_a_pad_that_others_read_stays_apart() -> None:
    def change(_: Any, graph: Any) -> None:
        graph.outputs = [2, 1]

    opened = open_network(net(change))
    assert str(opened.sites[0].spec) == "conv(n=8x8, k=3x3, pads=(0,0)x(0,0))"
    assert opened.sites[0].notes == (
        "PAD `padded` before it is not taken in: something else reads it too",
    )
    place = opened.places[0]
    assert place is not None
    assert place.data == "padded"


def test_same_is_worked_out_on_the_padded_size() -> None:
    opened = open_network(net(changed(1, padding=0)))
    assert str(opened.sites[0].spec) == "conv(n=8x8, k=3x3, pads=(1,1)x(1,1))"
    assert "SAME is worked out on the padded size" in opened.sites[0].notes[0]


def test_tables_that_point_at_one_another_are_bounded() -> None:
    def change(_: Any, graph: Any) -> None:
        graph.operators[0].inputs = [0, 3] + [0] * (1 << 20)

    with pytest.raises(ModelError, match=r"^model in memory: has more than 1048576 entries"):
        open_network(net(change))


def test_names_steer_no_terminal() -> None:
    (site,) = open_network(net(on_tensor(2, name="a\x1b[2Jb\nc"))).sites
    assert site.name == r"a\x1b[2Jb\nc"
    opened = open_network(net(on_tensor(1, name="x")))
    assert opened.sites[0].folded == ("x#1",)
